"""The table of instruments against real files and against the conventions of the facilities."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import expected_files

from musrcu.calibration.calibrate import calibrate
from musrcu.containers.run import Run
from musrcu.errors import MusrcuWarning, ReductionError
from musrcu.instrument_table import ANY, GEOMETRIES, INSTRUMENTS, Geometry, Instrument
from musrcu.instruments import default_pair, find_instrument
from musrcu.readers.registry import read
from musrcu.reduction.selection import select_detectors

FACTS = {
    name: facts
    for name, facts in expected_files().items()
    if name.startswith(("psi-bin/", "psi-mdu/", "isis-"))
}
LABELLED = {name: facts for name, facts in FACTS.items() if any(facts.get("histogram_labels", ()))}
GPS = ["Forw", "Back", "Up", "Down", "Righ"]


def groups_of(facts: dict[str, Any]) -> list[int]:
    """The grouping of one period; files with two hold it once or twice."""
    values = list(facts.get("grouping", {}).get("values", ()))
    half = values[: len(values) // 2]
    return half if half * 2 == values else values


def in_table(facts: dict[str, Any]) -> bool:
    """Whether file and table both know the pair."""
    instrument, groups = find_instrument(facts.get("instrument")), groups_of(facts)
    known = [pair.n_detectors for pair in instrument.pairs] if instrument else []
    return any(groups) and len(groups) in known


GROUPED = {name: groups_of(facts) for name, facts in FACTS.items() if in_table(facts)}


@pytest.mark.parametrize("name", sorted(LABELLED) or ["psi"])
def test_labels_of_real_files(real: Path, name: str) -> None:
    facts = LABELLED[name]
    labels = facts["histogram_labels"]
    forward, backward, origin = default_pair(facts["instrument"], labels, None)
    instrument = find_instrument(facts["instrument"])
    assert instrument is not None and instrument.facility == "PSI"
    against = instrument.name != "GPD"  # muons of its decay channel are polarised along the beam
    assert (forward[:4], backward[:4]) == (("Back", "Forw") if against else ("Forw", "Back"))
    assert f"spin points {'against' if against else 'along'} the beam" in origin
    # the order in the table is that of the file, one being truncated (Righ, Rite, Right)
    assert [label[:2] for label in labels] == [
        label[:2] for label in instrument.detectors[: len(labels)]
    ]


@pytest.mark.parametrize("name", ["EMU00114062.nxs_v2", "HIFI00183810.nxs"])
def test_isis_files(real: Path, name: str) -> None:
    run = read(real / "isis-nexus-v2" / name)
    grouping = None if run.grouping is None else run.grouping.tolist()
    forward, backward, _ = default_pair(run.instrument, run.labels, grouping)
    half = run.n_detectors // 2
    assert select_detectors(forward, run.labels) == tuple(range(1, half + 1))
    assert select_detectors(backward, run.labels) == tuple(range(half + 1, run.n_detectors + 1))
    # where the table and the file both know the pair, they agree
    assert default_pair(run.instrument, run.labels, None)[:2] == (forward, backward)


@pytest.mark.parametrize("name", sorted(GROUPED) or ["isis"])
def test_table_agrees_with_grouping_in_real_files(real: Path, name: str) -> None:
    groups, instrument = GROUPED[name], FACTS[name]["instrument"]
    labels = [""] * len(groups)
    from_file = default_pair(instrument, labels, groups)
    assert from_file[2] == "groups 1 (forward) and 2 of 2 in the file"
    assert default_pair(instrument, labels, None)[:2] == from_file[:2]


SOURCES = {"PSI": "continuous", "ISIS": "pulsed", "TRIUMF": "continuous"}
IN_HALVES = {"EMU", "MuSR", "HiFi", "ARGUS"}


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda instrument: instrument.name)
def test_entry(instrument: Instrument) -> None:
    assert instrument.evidence
    assert instrument.source == SOURCES[instrument.facility]
    assert instrument.pairs
    assert instrument.forward and instrument.backward
    assert all(re.search(r"[{]run[}].*[.][a-z]", template) for template in instrument.files)
    for pair in instrument.pairs:
        labels = [""] * (pair.n_detectors or len(instrument.detectors))
        both = select_detectors(pair.forward, labels) + select_detectors(pair.backward, labels)
        assert len(set(both)) == len(both)
        if instrument.name in IN_HALVES and pair.geometry == "longitudinal":
            assert sorted(both) == list(range(1, pair.n_detectors + 1))
        if pair.n_detectors == ANY and pair.geometry == "longitudinal":
            names = instrument.named(pair.forward), instrument.named(pair.backward)
            spin, other = ("Back", "Forw") if instrument.spin == "Back" else ("Forw", "Back")
            assert names[0].startswith(spin) and names[1].startswith(other)


def test_what_no_run_proves_is_doubted() -> None:
    """Pairs of instruments of which no file is at hand, and those that a run contradicts."""
    proved = {"GPS", "Dolly", "GPD", "EMU", "MuSR", "MUT", "HiFi", "M20", "LTF", "FLAME"}
    for instrument in INSTRUMENTS:
        doubted = [pair for pair in instrument.pairs if pair.doubt]
        assert doubted or instrument.name in proved
        if "not verified" in instrument.evidence and instrument.name not in ("LTF", "FLAME"):
            assert len(doubted) == len(instrument.pairs)


def test_names_are_unique() -> None:
    names = sorted(
        name.casefold() for found in INSTRUMENTS for name in (found.name, *found.aliases)
    )
    assert all(first != second for first, second in pairwise(names))


@pytest.mark.parametrize(
    "name, found",
    [("gps", "GPS"), ("MUSR", "MuSR"), (" HIFI ", "HiFi"), ("hal9500", "HAL-9500"), ("ltf", "LTF")],
)
def test_find_in_any_case(name: str, found: str) -> None:
    instrument = find_instrument(name)
    assert instrument is not None and instrument.name == found


@pytest.mark.parametrize("name", [None, "", "nonsense"])
def test_find_nothing(name: str | None) -> None:
    assert find_instrument(name) is None


def test_ltf_admits_that_it_is_not_verified() -> None:
    ltf = find_instrument("LTF")
    assert ltf is not None and "not verified: no LTF file is public" in ltf.evidence


@pytest.mark.parametrize(
    "labels, pair",
    [
        (GPS, ("Back", "Forw")),
        (["Back", "Forw"], ("Back", "Forw")),
        (["Forward", "Backward", "Up"], ("Backward", "Forward")),
        (["FORW", "back "], ("back", "FORW")),
        (["F", "B"], ("B", "F")),
        (["Fwd", "Bwd"], ("Bwd", "Fwd")),
        (["Forw", "Forw_veto", "Back"], ("Back", "Forw")),
        (["Forw,1", "Back"], ("Back", "1")),
    ],
)
def test_labels_decide(labels: list[str], pair: tuple[str, str]) -> None:
    forward, backward, origin = default_pair("GPS", labels, None)
    assert (forward, backward) == pair
    assert origin
    for unknown in (None, "nonsense"):  # where the spin points follows from the instrument alone
        with pytest.warns(MusrcuWarning, match="is taken to point against the beam, at Back, as"):
            found = default_pair(unknown, labels, None)
        assert found[:2] == pair
        assert "as on GPD, A has the other sign; pass forward= and backward=" in found[2]
        default_pair(unknown, GPS, None, "transverse")  # warns of nothing
    first = {select_detectors(text, labels) for text in pair}
    assert len(first) == 2


@pytest.mark.parametrize(
    "labels, sentence",
    [
        (["Up", "Down"], "GPS: no detector is called Back among 1 Up, 2 Down"),
        (["Forw", "Up"], "no detector is called Back"),
        (["Forw", "Back", "Back"], "2 detectors are called Back"),
        (["Forw_1", "Forw_2", "Back"], "2 detectors are called Forw"),
    ],
)
def test_labels_that_do_not_decide(labels: list[str], sentence: str) -> None:
    with pytest.raises(ReductionError, match=r"pass forward= and backward=") as caught:
        default_pair("GPS", labels, None)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "name, pair", [("GPS", ("2", "1")), ("LTF", ("2", "1")), ("GPD", ("2", "1"))]
)
def test_without_labels_the_table_is_doubted(name: str, pair: tuple[str, str]) -> None:
    with pytest.warns(MusrcuWarning, match="the file has no labels, so check it"):
        assert default_pair(name, [""] * 4, None)[:2] == pair


def test_grouping() -> None:
    labels = [""] * 6
    groups = [2, 2, 1, 0, 1, 1]
    forward, backward, origin = default_pair("nonsense", labels, groups)
    assert (forward, backward) == ("3,5-6", "1-2")
    assert origin == "groups 1 (forward) and 2 of 2 in the file"
    assert default_pair(None, labels, [7, 7, 7, 4, 4, 4])[:2] == ("4-6", "1-3")


def test_more_than_two_groups_yield_to_the_table() -> None:
    rings = [1 + k // 8 for k in range(64)]
    assert default_pair("MUSR", [""] * 64, rings)[:2] == ("33-64", "1-32")
    with pytest.warns(MusrcuWarning, match="groups 1 .forward. and 2 of 8"):
        assert default_pair("nonsense", [""] * 64, rings)[:2] == ("1-8", "9-16")


@pytest.mark.parametrize(
    "name, n_detectors, groups, sentence",
    [
        ("EMU", 64, None, "EMU with 64 detectors: its default pair is known for 32 or 96"),
        ("EMU", 64, [0] * 64, "EMU with 64 detectors"),
        ("EMU", 64, [1] * 64, "EMU with 64 detectors"),
        ("LEM", 10, None, "LEM with 10 detectors: its default pair is known for 4 or 8 or 16"),
        ("HAL-9500", 9, None, "HAL-9500 with 9 detectors: its default pair is known for 17"),
        (None, 4, None, "the file has neither labels nor groups"),
        ("CHRONUS", 606, None, "no default pair for CHRONUS with 606 detectors"),
    ],
)
def test_nothing_known(
    name: str | None, n_detectors: int, groups: list[int] | None, sentence: str
) -> None:
    with pytest.raises(ReductionError, match="pass forward= and backward=") as caught:
        default_pair(name, [""] * n_detectors, groups)
    assert sentence in str(caught.value)


RING = [f"F{k}" for k in range(1, 9)] + [f"B{k}" for k in range(1, 9)]
HALVES = ["Forw", "Back", "Up_B", "Up_F", "Down_B", "Down_F", "Right_B", "Right_F"]
LEM_LABELS = [f"e+ {side} {end}" for end in ("D(F)", "U(B)") for side in ("Left", "Top", "Right")]


@pytest.mark.parametrize(
    "name, labels, pair",
    [
        ("GPS", [*GPS, "Left"], ("Up", "Down")),
        ("GPS", HALVES, ("Up_B,Up_F", "Down_B,Down_F")),
        ("GPS", ["Forw", "Back", "Rite", "Left"], ("Rite", "Left")),
        (None, ["forw", "back", "down ", "UP"], ("UP", "down")),
        ("M20", ["Back", "Forw", "Up", "Down"], ("Up", "Down")),
        ("nonsense", ["F", "B", "L", "R"], ("R", "L")),
    ],
)
def test_transverse_by_label(name: str | None, labels: list[str], pair: tuple[str, str]) -> None:
    forward, backward, origin = default_pair(name, labels, None, "transverse")
    assert (forward, backward) == pair
    assert "across the beam" in origin
    select_detectors(forward, labels)


@pytest.mark.parametrize(
    "name, labels, pair",
    [
        ("MuSR", [""] * 64, ("9-16,57-64", "25-32,41-48")),
        ("HIFI", [""] * 64, ("5-13,52-60", "21-29,36-44")),
        ("EMU", [""] * 96, ("1-24,49-72", "25-48,73-96")),
        ("HAL", ["MV", *RING], ("2", "6")),
        ("LEM", [*LEM_LABELS, "e+ Bottom D(F)", "e+ Bottom U(B)"], ("1,5", "3,7")),
        ("LEM", [""] * 16, ("1,5", "3,7")),
        ("LEM", ["e+ Left", "e+ Top", "e+ Right", "e+ Bottom"], ("1", "3")),
        ("Dolly", ["Forw", "Back", "Left", "Rite"], ("Rite", "Left")),
        ("LTF", ["Forw", "Back", "Rite", "Left"], ("Rite", "Left")),
        ("M15", ["Back", "Forw", "Right", "Left"], ("Right", "Left")),
    ],
)
def test_transverse_pairs_that_no_run_proves_warn(
    name: str, labels: list[str], pair: tuple[str, str]
) -> None:
    with pytest.warns(MusrcuWarning, match="check it"):
        found = default_pair(name, labels, None, "transverse")
    assert found[:2] == pair


@pytest.mark.parametrize("name", ["LEM", "HAL"])
def test_where_the_spin_is_usually_rotated_the_transverse_pair_is_the_default(name: str) -> None:
    labels = ["MV", *RING] if name == "HAL" else [""] * 8
    for geometry in GEOMETRIES:
        with pytest.warns(MusrcuWarning, match="pair taken without proof"):
            found = default_pair(name, labels, None, geometry)
            usual = default_pair(name, labels, None)
        assert (usual == found) == (geometry == "transverse")


def test_groups_of_a_file_are_not_taken_to_lie_across_the_beam() -> None:
    halves = [2] * 16 + [1] * 16
    assert default_pair("MUT", [""] * 32, halves)[:2] == ("17-32", "1-16")
    assert default_pair("MUT", [""] * 32, halves, "transverse")[:2] == ("9-16", "17-24")
    with pytest.raises(
        ReductionError, match="no default transverse pair for EMU with 32 detectors"
    ):
        default_pair("EMU", [""] * 32, halves, "transverse")


@pytest.mark.parametrize(
    "labels, sentence",
    [
        (["Forw", "Back"], "no detectors are called Up and Down, or Right and Left, among 1 Forw"),
        (["Up_R", "Down_R", "Up_S", "Down_S"], "2 detectors are called Up among 1 Up_R"),
        (["Up_F", "Up_B", "Up_M", "Down"], "3 detectors are called Up"),
    ],
)
def test_no_transverse_pair(labels: list[str], sentence: str) -> None:
    with pytest.raises(ReductionError, match="pass forward= and backward=") as caught:
        default_pair("M20", labels, None, "transverse")
    assert sentence in str(caught.value)


def test_unknown_geometry() -> None:
    with pytest.raises(ReductionError, match="geometry = 'TF'; expected longitudinal or transv"):
        default_pair("GPS", GPS, None, "TF")  # type: ignore[arg-type]


def phase(run: Run, detectors: str, field: float, stop: float) -> float:
    """Phase of the precession of a group, degrees; 0 where it starts at its highest."""
    pulsed = run.source == "pulsed"
    members = select_detectors(detectors, run.labels)
    size = run.n_bins - int(run.t0.max()) - 1
    rows = [run.counts[0, d - 1, int(run.t0[d - 1]) :][:size] for d in members]
    level = 0.0
    if not pulsed:
        level = sum(run.counts[0, d - 1, 5 : int(0.8 * run.t0[d - 1])].mean() for d in members)
    time = np.arange(size) * run.bin_width
    shown = (time > (0.3 if pulsed else 0.03)) & (time < stop)
    time, counts = time[shown], np.sum(rows, axis=0)[shown]
    angle = 2 * np.pi * 0.01355388 * field * time
    columns = np.stack([np.ones_like(time), np.cos(angle), np.sin(angle)], axis=1)
    weight = 1 / np.sqrt(np.maximum(counts, 1.0))
    decaying = columns * (np.exp(-time / 2.197) * weight)[:, None]
    _, cosine, sine = np.linalg.lstsq(decaying, (counts - level) * weight, rcond=None)[0]
    return float(np.degrees(np.arctan2(-sine, cosine)))  # cos(2 pi nu t + phase)


PACKAGE = {".root": "uproot", ".NXS": "pyhdf"}


@pytest.mark.filterwarnings("ignore:pair taken without proof")
@pytest.mark.parametrize(
    "name, field, stop, geometry",
    [
        ("psi-bin/deltat_pta_gpd_0423.bin", 98.0, 3.0, "longitudinal"),
        ("psi-bin/deltat_tdc_gps_0432.bin", 29.5, 6.0, "longitudinal"),
        ("psi-bin/deltat_pta_gps_3114.bin", 125.0, 0.5, "transverse"),
        ("musrroot/lem12_his_2466.root", 48.4, 6.0, "transverse"),
        ("isis-hdf4/MUT53578.NXS", 19.95, 10.0, "longitudinal"),
        ("isis-hdf4/MUT53578.NXS", 19.95, 10.0, "transverse"),
    ],
)
def test_the_spin_points_to_forward(
    real: Path, name: str, field: float, stop: float, geometry: Geometry
) -> None:
    """In a transverse field the group that the spin points to starts high, the other one low."""
    pytest.importorskip(PACKAGE.get(Path(name).suffix, "numpy"))
    run = read(real / name)
    forward, backward, _ = default_pair(run.instrument, run.labels, None, geometry)
    assert abs(phase(run, forward, field, stop)) < 45
    assert abs(phase(run, backward, field, stop)) > 135


@pytest.mark.parametrize(
    "name, field, sides, phases",
    [
        ("mud/000006.msr", 304.1, ["Up_S", "Right_S", "Down_S", "Left_S"], [9, -81, -174, 95]),
        ("musrroot/lem12_his_2466.root", 48.0, ["1,5", "2,6", "3,7", "4,8"], [5, -78, -174, 98]),
        ("isis-hdf4/MUT53578.NXS", 19.99, ["1-8", "9-16", "25-32", "17-24"], [43, -39, -140, 146]),
    ],
)
def test_phases_that_the_evidence_states(
    real: Path, name: str, field: float, sides: list[str], phases: list[int]
) -> None:
    pytest.importorskip(PACKAGE.get(Path(name).suffix, "numpy"))
    run = read(real / name)
    found = [phase(run, side, field, 6.0) for side in sides]
    apart = (np.subtract(found, phases) + 180) % 360 - 180
    assert np.abs(apart).max() < 6
    instrument = find_instrument(run.instrument)
    assert instrument is not None
    assert all(str(one) in instrument.evidence for one in phases)


def test_phases_of_a_calibration_are_those_of_the_evidence(real: Path) -> None:
    """The sign too: the table and ``calibrate --detectors`` both mean cos(2 pi nu t + phase)."""
    pytest.importorskip("pyhdf")
    run = read(real / "isis-hdf4/MUT53578.NXS")
    found = calibrate(run, detectors=True)
    mean = [np.mean(np.unwrap(found.phases[k : k + 8], period=360)) for k in (0, 8, 24, 16)]
    assert mean == pytest.approx([43, -39, -140, 146], abs=1)
    alone = [phase(run, one, found.field, 6.0) for one in ("1-8", "9-16", "25-32", "17-24")]
    assert mean == pytest.approx(alone, abs=5)


def test_back_starts_high_on_m20(real: Path) -> None:
    """In zero field the ratio Back to Forw falls, as that of a relaxing spin at Back does."""
    run = read(real / "mud" / "000100.msr")
    assert default_pair(run.instrument, run.labels, None)[:2] == ("Back", "Forw")
    start = int(run.t0[0]) + 20
    early, late = (run.counts[0, :2, k : k + 400].sum(axis=-1) for k in (start, start + 4000))
    assert early[0] / early[1] > 1.1 * late[0] / late[1]
