"""The table of instruments against real files and against the conventions of the facilities."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import expected_files

from musrcu.errors import MusrcuWarning, ReductionError
from musrcu.instruments import INSTRUMENTS, default_pair, find_instrument
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
    assert (forward[:4], backward[:4]) == ("Back", "Forw")
    assert "spin points against the beam" in origin
    instrument = find_instrument(facts["instrument"])
    assert instrument is not None and instrument.facility == "PSI"
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


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda instrument: instrument.name)
def test_entry(instrument: Any) -> None:
    assert instrument.evidence
    assert instrument.facility in ("PSI", "ISIS")
    assert instrument.source == {"PSI": "continuous", "ISIS": "pulsed"}[instrument.facility]
    assert (instrument.forward is None) == (instrument.pairs == ())
    if instrument.facility == "PSI" and instrument.pairs:
        assert instrument.forward.startswith("Back") and instrument.backward.startswith("Forw")
    for pair in instrument.pairs:
        labels = [""] * (pair.n_detectors or len(instrument.detectors))
        both = select_detectors(pair.forward, labels) + select_detectors(pair.backward, labels)
        assert len(set(both)) == len(both)
        if pair.n_detectors:
            assert sorted(both) == list(range(1, pair.n_detectors + 1))


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
@pytest.mark.parametrize("instrument", ["GPS", None, "nonsense"])
def test_labels_decide(instrument: str | None, labels: list[str], pair: tuple[str, str]) -> None:
    forward, backward, origin = default_pair(instrument, labels, None)
    assert (forward, backward) == pair
    assert origin
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
    "name, pair", [("GPS", ("2", "1")), ("LTF", ("2", "1")), ("GPD", ("1", "2"))]
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
        ("LEM", 16, None, "the spin may be rotated"),
        ("HAL-9500", 17, None, "no pair along the spin is known"),
        (None, 4, None, "the file has neither labels nor groups"),
        ("ARGUS", 192, None, "no default pair for ARGUS with 192 detectors"),
    ],
)
def test_nothing_known(
    name: str | None, n_detectors: int, groups: list[int] | None, sentence: str
) -> None:
    with pytest.raises(ReductionError, match="pass forward= and backward=") as caught:
        default_pair(name, [""] * n_detectors, groups)
    assert sentence in str(caught.value)
