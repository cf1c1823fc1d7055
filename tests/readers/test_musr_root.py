"""MusrRoot and LEM ROOT files: against other programs, and files built byte by byte."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import expected_files
from hypothesis import given, settings
from hypothesis import strategies as st
from musr_root_files import (
    GENERATIONS,
    LEM_TEXTS,
    N_BINS,
    NAMES,
    RUN_INFO,
    T0,
    counts,
    decays,
    detector_info,
    directories,
    folders,
    header,
    lem,
)
from root_bytes import Directory, Thing, folder, histogram, root_file

from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.readers.registry import read
from musrcu.readers.root_classes import guarded_file_class

uproot = pytest.importorskip("uproot", reason="uproot (extra root) is not installed")

from musrcu.readers.musr_root import read_musr_root  # noqa: E402

REAL = {name: facts for name, facts in expected_files().items() if name.startswith("musrroot/")}
SIMULATED = "musrroot/09042.root"


def written(folder_: Path, content: bytes, name: str = "run.root") -> Path:
    path = folder_ / name
    path.write_bytes(content)
    return path


def run_of(folder_: Path, changes: Mapping[str, str | None] | None = None) -> Run:
    return read_musr_root(written(folder_, folders(header(changes))))


def others(run: Run) -> list[str]:
    """Warnings but for that of the copies, which every file of LEM has."""
    assert sum("never add them" in text for text in run.warnings) == 1
    return [text for text in run.warnings if "never add them" not in text]


def sentence(folder_: Path, content: bytes) -> str:
    path = written(folder_, content)
    with pytest.raises(ReadError) as caught:
        read(path)
    text = str(caught.value)
    assert text.startswith(str(path))
    assert "\n" not in text
    return text


# Real files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(REAL) or ["musrroot"])
def test_real_counts(real: Path, name: str) -> None:
    facts, run = REAL[name], read(real / name)
    flat = run.counts.reshape(-1, run.n_bins)
    assert run.counts.dtype == np.int64
    assert flat.shape == (facts["n_histograms"], facts["n_bins"])
    assert flat.sum(axis=1).tolist() == facts["counts_per_histogram"]
    for row, (content, place) in zip(flat, facts["max_count_and_bin_per_histogram"], strict=True):
        assert row[place] == content == row.max()


@pytest.mark.parametrize("name", sorted(set(REAL) - {"musrroot/lem08_his_2279.root"}))
def test_real_musr_root(real: Path, name: str) -> None:
    facts, run = REAL[name], read(real / name)
    n = run.n_detectors
    for found, stored in ((run.t0, "t0_bin"), (run.first_good, "first_good_bin"),
                          (run.last_good, "last_good_bin")):  # fmt: skip
        assert found.tolist() == facts[stored][:n] == facts[stored][n:]
    assert list(run.labels) == facts["detector_labels"][:n]
    assert run.bin_width == pytest.approx(1e-3 * facts["bin_width_ns"], rel=1e-15)
    assert (run.number, run.title, run.sample) == (
        facts["run_number"], facts["title"], facts["sample"],
    )  # fmt: skip
    # the other program reads the number of "1 mK" and not its unit
    factor = 1e-3 if name == SIMULATED else 1.0
    assert run.temperature.value == pytest.approx(factor * facts["temperature_K"], rel=1e-15)
    assert run.field == facts["field_G"]
    assert (run.start, run.stop) == tuple(
        facts[which].replace(" ", "T") for which in ("start", "stop")
    )
    assert run.comment == (None if facts["comment"] == "n/a" else facts["comment"])
    assert run.orientation is None
    assert (run.facility, run.source) == (facts["facility"], "continuous")


def test_real_file_of_2012(real: Path) -> None:
    run = read(real / "musrroot/lem12_his_2466.root")
    assert (run.instrument, run.period_labels) == (
        "LEM", ("normal (NPP)", "post-pileup rejected (PPC)"),
    )  # fmt: skip
    assert len(run.warnings) == 1
    assert "never add them" in run.warnings[0]
    # 11.999 +- 0.009 K is mean and standard deviation of the 87 readings in the same file
    log = run.logs["Sample Temperature"]
    assert (log.values.mean(), log.values.std()) == pytest.approx((11.999, 0.009), abs=5e-4)
    assert run.temperature.spread == 0.009
    assert run.temperature.error == pytest.approx(0.009 / np.sqrt(87))
    assert run.header["RunInfo/Implantation Energy"] == "5.5672411919 keV"
    assert run.header["RunInfo/Sample HV"] == "8.69548 +- 0.00006 kV"
    assert run.header["RunInfo/Setup"] == "Sample, WEW, LowTemp-2"
    assert run.header["RunSummary"].startswith("0000 Sun Jun  3 13:22:00 2012 Run 2466 started.")


def test_real_file_of_2008(real: Path) -> None:
    name = "musrroot/lem08_his_2279.root"
    facts, run = REAL[name], read(real / name)
    numbers = facts["lem_header_numbers"]
    assert {key: run.header[key] for key in numbers} == numbers
    assert run.header["fTimeZero"] == tuple(facts["lem_header_arrays"]["fTimeZero"])
    assert run.header["fLemSetup"] == facts["setup"]
    assert run.t0.tolist() == facts["lem_header_arrays"]["fTimeZero"][:4]
    assert run.first_good.tolist() == run.t0.tolist()
    assert run.last_good.tolist() == [66600] * 4
    assert run.bin_width == pytest.approx(1e-3 * numbers["fTimeResolution"], rel=1e-15)
    assert (run.number, run.title) == (facts["run_number"], facts["title"])
    assert run.temperature.mean == numbers["fSampleTemperature"]
    assert run.temperature.spread == numbers["fSampleTemperatureError"]
    assert run.temperature.sensors[0].n_readings == 155
    assert run.field == numbers["fSampleBField"]
    assert (run.start, run.stop) == ("2008-09-30T02:39:23", "2008-09-30T03:56:20")
    assert run.duration == numbers["fStopTime"] - numbers["fStartTime"]
    assert (run.facility, run.instrument) == (facts["facility"], facts["instrument"])
    assert run.labels == ("e+ Left", "e+ Top", "e+ Right", "e+ Bottom")


def test_real_logs(real: Path) -> None:
    run = read(real / "musrroot/lem08_his_2279.root")
    log = run.logs["Sample Temperature"]
    assert log.seconds.tolist() == [30.0 * k for k in range(155)]
    assert log.values.mean() == pytest.approx(run.header["fSampleTemperature"], rel=1e-7)
    assert log.values.std() == pytest.approx(run.header["fSampleTemperatureError"], rel=1e-5)
    held = run.logs["Sample B field from ZeroFlux"].during(0, run.duration)
    assert held is not None
    assert held.mean == pytest.approx(run.header["fSampleBField"], abs=2e-3)
    assert "dummy" not in run.logs


def test_simulated_data_are_said_to_be(real: Path) -> None:
    run = read(real / SIMULATED)
    assert any("simulated" in text and "analyticFakeData" in text for text in run.warnings)
    truth = [line.split(" - ", 1)[1] for line in REAL[SIMULATED]["simulation_truth"]]
    named = dict(line.split(": ", 1) for line in truth)
    assert run.header["FakeFct/Def"] == named["Def"]
    assert run.header["FakeFct/B"] == named["B"]
    assert run.header["FakeFct/A"] == tuple(float(part) for part in named["A"].split(";"))
    assert any("holds no counts" in text for text in run.warnings)
    assert any("1970-01-01" in text for text in run.warnings)


# Three generations ------------------------------------------------------------------------------


@pytest.mark.parametrize("generation", sorted(GENERATIONS))
def test_a_run_reads_the_same_in_every_generation(tmp_path: Path, generation: str) -> None:
    run = read(written(tmp_path, GENERATIONS[generation]()))
    expected = [[counts(period, detector) for detector in range(2)] for period in range(2)]
    np.testing.assert_array_equal(run.counts, expected)
    assert run.t0.tolist() == [T0 + 0.25, T0 + 0.5]
    assert run.first_good.tolist() == ([5, 5] if generation == "lem" else [6, 6])
    assert run.last_good.tolist() == [N_BINS - 1] * 2
    assert run.labels == NAMES
    assert run.period_labels == ("normal (NPP)", "post-pileup rejected (PPC)")
    assert run.same_decays
    assert run.bin_width == pytest.approx(0.1953125e-3, rel=1e-15)
    assert (run.facility, run.instrument, run.number) == ("PSI", "LEM", 2466)
    assert run.title == "Cu: T=12.0 K, E=5.57 keV"
    assert (run.temperature.mean, run.temperature.spread) == (12.0, 0.009)
    assert run.temperature.nominal == (None if generation == "lem" else 12.1)
    assert run.temperature.error == pytest.approx(0.009 / 2)
    assert run.field == 49.11
    assert (run.start, run.stop) == ("2012-06-03T13:22:00", "2012-06-03T14:04:38")
    assert run.header["RunSummary"] == "0000 Run 2466 started.\n0001 T = 12: K"
    log = run.logs["Sample Temperature"]
    assert log.seconds.tolist() == [0, 30, 60, 90]
    assert log.values.tolist() == pytest.approx([11.99, 12.0, 12.01, 12.0])
    assert len(run.warnings) == 1
    assert "never add them" in run.warnings[0]
    assert run.format == "musr-root"


def test_directories_written_by_uproot(tmp_path: Path) -> None:
    """The newest layout by another program: texts with / and : are names of keys."""
    path = tmp_path / "flame.root"
    sections = header({"Instrument": "flame -@0", "RedGreen Offsets": "0 -@5"})
    with uproot.recreate(path) as file:
        module = file.mkdir("histos").mkdir("DecayAnaModule")
        for detector in range(2):
            edges = np.arange(N_BINS + 1) - 0.5
            made = np.array(counts(0, detector), np.float32)
            module[f"hDecay{detector + 1:03d}"] = (made, edges)
        made_in, position = {"": file.mkdir("RunHeader")}, 0
        for section, lines in sections.items():
            above = ""
            for name in section.split("/"):
                place = f"{above}/{name}"
                if place not in made_in:
                    made_in[place] = made_in[above].mkdir(name)
                above = place
            for line in lines:
                leaf(file, made_in[above], f"{position:03d} - {line}")
                position += 1
    run = read(path)
    np.testing.assert_array_equal(run.counts, [[counts(0, 0), counts(0, 1)]])
    assert run.header["RunInfo/Generic Validator URL"].startswith("http://lmu.web.psi.ch/")
    assert (run.instrument, run.number, run.sample) == ("FLAME", 2466, "Cu")
    assert run.t0.tolist() == [T0 + 0.25, T0 + 0.5]
    assert (run.labels, run.period_labels) == (NAMES, ("",))
    assert "left out" not in " ".join(run.warnings)


def leaf(file: Any, directory: Any, text: str) -> None:
    """A TObjString whose key bears its text; ``directory[text]`` would take / for a path."""
    sink, cascading = file.file.sink, directory._cascading
    string = uproot.writing.identify.to_TObjString(text)
    raw = string.serialize(name=text)
    cascading.add_object(sink, "TObjString", text, "Collectable string class", raw, len(raw))


# What the header means --------------------------------------------------------------------------


def test_header_keeps_every_entry(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    for name, line in RUN_INFO.items():
        value = line.rsplit(" -@", 1)[0]
        typed = {"Run Number": 2466, "No of Histos": 2, "RedGreen Offsets": (0, 20)}
        assert run.header[f"RunInfo/{name}"] == typed.get(name, value)
    assert run.header["DetectorInfo/Detector021/Time Zero Bin"] == T0 + 0.25
    assert run.header["SampleEnvironmentInfo/Cryo"] == "Konti-2"


@pytest.mark.parametrize(
    ("typed", "microseconds"),
    [("0.1953125 ns; TDC CAEN V1190 -@3", 0.1953125e-3), ("195.3125 ps -@3", 0.1953125e-3),
     ("0.001 us", 0.001), ("24.4140625 ps -@3", 24.4140625e-6)],
)  # fmt: skip
def test_time_resolution(tmp_path: Path, typed: str, microseconds: float) -> None:
    run = run_of(tmp_path, {"Time Resolution": typed})
    assert run.bin_width == pytest.approx(microseconds, rel=1e-15)


@pytest.mark.parametrize("typed", [None, "0.1953125 -@3", "n/a -@0", "0 ns -@3", "2 sec -@3",
                                   "nan ns -@3", "0.2 K -@3", "1e30 ns -@3"])  # fmt: skip
def test_a_time_resolution_is_never_guessed(tmp_path: Path, typed: str | None) -> None:
    text = sentence(tmp_path, folders(header({"Time Resolution": typed})))
    assert "RunInfo/Time Resolution is" in text
    assert "expected a width" in text


@pytest.mark.parametrize(
    ("typed", "mean", "spread", "nominal", "doubt"),
    [("3.21 +- 0.05 K; SP: 3.2; CF1", 3.21, 0.05, 3.2, None),
     ("50.5 +- 0.5 mK; SP: 50", 0.0505, 0.0005, 0.05, None),
     ("1 mK", 0.001, None, None, None),
     ("n/a", None, None, None, None),
     ("0 K", None, None, None, "never set"),
     ("-3 +- 1 K", None, None, None, "below zero"),
     ("20 C", None, None, None, "no number with a known unit"),
     ("cold", None, None, None, "no number with a known unit"),
     ("1e27 K", None, None, None, "no number")],
)  # fmt: skip
def test_temperature(
    tmp_path: Path,
    typed: str,
    mean: float | None,
    spread: float | None,
    nominal: float | None,
    doubt: str | None,
) -> None:
    run = run_of(tmp_path, {"Sample Temperature": f"{typed} -@3"})
    found = run.temperature
    assert (found.mean, found.spread, found.nominal) == (
        pytest.approx(mean), pytest.approx(spread), pytest.approx(nominal),
    )  # fmt: skip
    # the readings of the file are those of another temperature: how many they are says nothing
    assert found.error is None
    assert [str(doubt) in text for text in others(run)] == ([True] if doubt else [])


@pytest.mark.parametrize(
    ("typed", "gauss", "doubt"),
    [("350.002 +- 0.005 G; SP: 350; WXY", 350.002, None), ("0.3 T", 3000.0, None),
     ("-20 mT", -200.0, None), ("0 G", 0.0, None), ("n/a", None, None),
     ("1000 T", None, "never set"), ("5 A", None, "no number with a known unit")],
)  # fmt: skip
def test_field(tmp_path: Path, typed: str, gauss: float | None, doubt: str | None) -> None:
    run = run_of(tmp_path, {"Sample Magnetic Field": f"{typed} -@3"})
    assert run.field == pytest.approx(gauss)
    assert [str(doubt) in text for text in others(run)] == ([True] if doubt else [])


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [("Instrument", "n/a", {"instrument": None}), ("Instrument", "flame", {"instrument": "FLAME"}),
     ("Instrument", "MuX", {"instrument": "MuX"}), ("Run Number", "-1", {"number": None}),
     ("Run Title", "", {"title": None}), ("Comment", "hello", {"comment": "hello"}),
     ("Sample Orientation", "a || b", {"orientation": "a || b"}),
     ("Laboratory", "n/a", {"facility": None})],
)  # fmt: skip
def test_texts(tmp_path: Path, name: str, value: str, found: dict[str, Any]) -> None:
    run = run_of(tmp_path, {name: f"{value} -@0"})
    assert {key: getattr(run, key) for key in found} == found


DOUBTS: list[tuple[dict[str, str | None], str]] = [
    ({"Run Start Time": "yesterday -@0"}, "the start of the run, 'yesterday', is no date"),
    ({"Run Stop Time": "2012-06-03 13:00:00 -@0"}, "stops (2012-06-03T13:00:00) before it starts"),
    ({"Run Start Time": "1970-01-01 00:00:00 -@0"}, "as if the date was never set"),
    ({"Generator": "analyticFakeData -@0"}, "the data are simulated"),
    ({"Muon Source": "computer -@0"}, "the data are simulated"),
    ({"RedGreen Offsets": "0 -@5"}, "does not announce histograms 21, 22"),
    ({"RedGreen Offsets": "0; 10; 20 -@5"}, "no histogram of the red/green offset 10"),
    ({"No of Histos": None}, "does not say how many histograms the run has; 2 are read"),
    ({"No of Histos": "1 -@1"}, "does not announce histograms 2, 22, left out"),
]


@pytest.mark.parametrize(("changes", "doubt"), DOUBTS)
def test_doubt_is_a_warning(tmp_path: Path, changes: dict[str, str | None], doubt: str) -> None:
    assert any(doubt in text for text in run_of(tmp_path, changes).warnings)


# Which histograms -------------------------------------------------------------------------------


def test_periods_that_are_no_copies(tmp_path: Path) -> None:
    """Red and green are different decays: no warning of copies, and other names."""
    other = [100, 4000, *range(100, 100 + N_BINS - 2)]
    things = [*decays()[:2], histogram("hDecay011", other), histogram("hDecay012", other)]
    sections = header({"RedGreen Offsets": "0; 10 -@5", "Instrument": "GPS -@0"})
    for k in (1, 2):
        sections[f"DetectorInfo/Detector{10 + k:03d}"] = detector_info(k, f"green {k}")
    run = read_musr_root(written(tmp_path, folders(sections, things)))
    assert run.period_labels == ("red/green offset 0", "red/green offset 10")
    np.testing.assert_array_equal(run.counts[1], [other, other])
    assert run.warnings == ()


def test_an_offset_with_another_t0_is_left_out(tmp_path: Path) -> None:
    sections = header()
    sections["DetectorInfo/Detector022"][3] = "Time Zero Bin: 9.0 -@2"
    run = read_musr_root(written(tmp_path, folders(sections)))
    assert run.counts.shape == (1, 2, N_BINS)
    assert run.period_labels == ("",)
    assert any("offset 20 are left out: their t0 differ" in text for text in run.warnings)


def test_copies_that_hold_more_are_doubtful(tmp_path: Path) -> None:
    things = decays()
    things[3] = histogram("hDecay022", [10_000] * N_BINS)
    run = read_musr_root(written(tmp_path, folders(histograms=things)))
    assert any("is no part of period 1" in text for text in run.warnings)


def test_histo_number_is_not_believed(tmp_path: Path) -> None:
    """The name of the section decides; in simulated files the number is 0."""
    sections = header()
    sections["DetectorInfo/Detector001"][1] = "Histo Number: 2 -@1"
    sections["DetectorInfo/Detector002"][1] = "Histo Number: 0 -@1"
    run = read_musr_root(written(tmp_path, folders(sections)))
    assert run.t0.tolist() == [T0 + 0.25, T0 + 0.5]
    assert run.labels == NAMES


@pytest.mark.parametrize(
    ("index", "line", "doubt"),
    [(2, "Histo Length: 99 -@1", "another length than 20 bins to histogram 1"),
     (3, "Time Zero Bin: 20.0 -@2", "t0 lies outside the histogram in histogram 1"),
     (3, "Time Zero Bin: -2.0 -@2", "t0 lies outside the histogram in histogram 1"),
     (3, "Time Zero Bin: 0.0 -@2", "t0 is 0, never set, in histogram 1"),
     (4, "First Good Bin: 2 -@1", "first good bin lies before t0 in histogram 1"),
     (5, "Last Good Bin: 6 -@1", "last good bin is not behind the first in histogram 1"),
     (5, "Last Good Bin: 21 -@1", "last good bin lies behind the histogram in histogram 1")],
)  # fmt: skip
def test_doubtful_bins(tmp_path: Path, index: int, line: str, doubt: str) -> None:
    sections = header({"RedGreen Offsets": "0 -@5"})
    sections["DetectorInfo/Detector001"][index] = line
    run = read_musr_root(written(tmp_path, folders(sections, decays()[:2])))
    assert any(doubt in text for text in run.warnings)


def test_a_last_good_bin_of_the_length_is_the_last(tmp_path: Path) -> None:
    sections = header()
    sections["DetectorInfo/Detector001"][5] = f"Last Good Bin: {N_BINS} -@1"
    run = read_musr_root(written(tmp_path, folders(sections)))
    assert run.last_good.tolist() == [N_BINS - 1] * 2
    assert len(run.warnings) == 1


def changed(thing: Thing, place: int = 0) -> list[Thing]:
    things = decays()
    things[place] = thing
    return things


WHOLE = [100.0] * N_BINS
REFUSED: list[tuple[Callable[[], bytes], str]] = [
    (lambda: root_file([]), "without a muon run (it holds nothing)"),
    (lambda: root_file([folder("tree", [])]), "(it holds tree); expected RunHeader"),
    (lambda: root_file([folder("RunInfo", [])]), "holds no TLemRunHeader"),
    (lambda: root_file([folder("RunHeader", [])]), "holds no histos/DecayAnaModule"),
    (lambda: folders(histograms=[]), "holds no decay histogram"),
    (lambda: folders(histograms=decays()[1:]), "histogram 1 is missing"),
    (lambda: folders(histograms=decays()[:3]), "histogram 22 is missing"),
    (lambda: folders(header({"No of Histos": "3 -@1"})), "histogram 3 is missing"),
    (lambda: folders(header({"No of Histos": "999999999 -@1"})), "cannot be"),
    (lambda: folders(header({"RedGreen Offsets": "0; -20 -@5"})), "cannot be"),
    (lambda: folders({"RunInfo": header()["RunInfo"]}), "Detector001/Time Zero Bin (missing)"),
    (lambda: folders(histograms=changed(histogram("hDecay001", WHOLE[:-1]))),
     "histogram 2 has 20 bins, the first one 19"),
    (lambda: folders(histograms=changed(histogram("hDecay001", [-1, *WHOLE[1:]]))),
     "histogram 1, bin index 0 holds -1, expected a whole number"),
    (lambda: folders(histograms=changed(histogram("hDecay002", [0, 0.5, *WHOLE[2:]]), 1)),
     "histogram 2, bin index 1 holds 0.5"),
    (lambda: folders(histograms=changed(histogram("hDecay002", [float("nan"), *WHOLE[1:]]), 1)),
     "histogram 2, bin index 0 holds nan"),
    (lambda: folders(histograms=changed(histogram("hDecay001", [1e20, *WHOLE[1:]]))),
     "holds 1e+20"),
    (lambda: folders(histograms=changed(histogram("hDecay001", WHOLE, bins=500))),
     "TH1F of 500 bins holds 22 contents, expected 502"),
    (lambda: folders(histograms=changed(histogram("hDecay001", WHOLE, bins=-2))),
     "TH1F of -2 bins"),
    (lambda: lem(wholes={"fNHist": 5}), "histograms 3, 4, 5 are missing"),
    (lambda: lem(numbers={"fTimeResolution": float("nan")}), "Time Resolution is 'missing'"),
    (lambda: lem(zeros=(-1.0,) * 32), "Detector001/Time Zero Bin (missing)"),
    (lambda: root_file([folder("histos", []), Directory("RunHeader", [])]), "holds no histos/"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "found"), REFUSED)
def test_refused(tmp_path: Path, content: Callable[[], bytes], found: str) -> None:
    assert found in sentence(tmp_path, content())


def test_doubtful_histograms(tmp_path: Path) -> None:
    things = [
        histogram("hDecay001", counts(0, 0), entries=1.0),
        histogram("hDecay002", [2**24, *counts(0, 1)[1:]]),
        histogram("hDecay021", counts(1, 0), low=0.0, high=float(N_BINS)),
        histogram("hDecay022", counts(1, 1), outside=(13, 2)),
    ]
    run = read_musr_root(written(tmp_path, folders(histograms=things)))
    assert run.counts.sum(axis=2)[1].tolist() == [sum(counts(1, 0)), sum(counts(1, 1))]
    assert run.warnings[:3] == (
        "the axis of histogram 21 does not run from -0.5 to 19.5",
        "histogram 2 reached 16777216 counts in a bin, where ROOT stops counting",
        "the counts of histogram 1 do not sum to how often it was filled; they were changed since",
    )


def test_histograms_that_were_not_filled_event_by_event(tmp_path: Path) -> None:
    """Converters set contents: the entries of no histogram fit, and none is doubted."""
    things = [
        histogram(f"hDecay{number:03d}", counts(period, k), entries=133200)
        for period, k, number in ((0, 0, 1), (0, 1, 2), (1, 0, 21), (1, 1, 22))
    ]
    assert len(read_musr_root(written(tmp_path, folders(histograms=things))).warnings) == 1


def test_lem_texts(tmp_path: Path) -> None:
    typed = LEM_TEXTS | {"fStartTimeString": "03 Run Start Time: Son Jun  3 13:22:00 2012 CEST"}
    run = read_musr_root(written(tmp_path, lem(texts=typed)))
    assert run.start is None
    assert any("is no date and time" in text for text in run.warnings)


# Logs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [{"axis_title": "channel"}, {"axis_title": ""}, {"entries": 0}, {"entries": 7},
     {"entries": 2}, {"entries": 2.5}, {"high": -15}, {"high": float("nan")}],
)  # fmt: skip
def test_a_histogram_without_a_time_is_no_log(tmp_path: Path, changes: dict[str, Any]) -> None:
    sound = {"entries": 3, "low": -15, "high": 165, "axis_title": "time (sec since SOR)"}
    values = [1.0, 2.0, 3.0, 0.0, 0.0, 0.0]
    channels = [
        histogram("good", values, **sound),
        histogram("odd", values, **(sound | changes)),
    ]
    run = read_musr_root(written(tmp_path, folders(channels=channels)))
    assert list(run.logs) == ["good"]
    assert run.logs["good"].seconds.tolist() == [0, 30, 60]


def test_readings_that_are_no_numbers_are_left_out(tmp_path: Path) -> None:
    values = [1.0, float("nan"), 3.0, 0.0]
    channel = histogram("x", values, entries=3, low=-5, high=35, axis_title="time (s)")
    run = read_musr_root(written(tmp_path, folders(channels=[channel])))
    assert run.logs["x"].seconds.tolist() == [0, 20]
    assert run.logs["x"].values.tolist() == [1, 3]


def test_logs_are_read_when_looked_at_and_travel(tmp_path: Path) -> None:
    path = written(tmp_path, folders())
    run = read_musr_root(path)
    sent = pickle.loads(pickle.dumps(run))  # noqa: S301
    assert list(sent.logs) == ["Sample Temperature"]
    path.unlink()
    with pytest.raises(ReadError, match="run.root cannot be opened"):
        run.logs["Sample Temperature"]


# The package ------------------------------------------------------------------------------------


def test_without_uproot_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded_file_class.cache_clear()
    monkeypatch.setitem(sys.modules, "uproot", None)
    assert 'pip install "musrcu[root]"' in sentence(tmp_path, folders())
    monkeypatch.undo()
    guarded_file_class.cache_clear()
    assert read(written(tmp_path, folders())).number == 2466


def test_other_files_do_not_import_uproot(tmp_path: Path) -> None:
    path = written(tmp_path, b"1Nxx", "a.bin")
    code = (
        "import sys, musrcu.readers.registry as r\n"
        f"try: r.read({str(path)!r})\n"
        "except r.ReadError: pass\n"
        "assert r.find_format and 'musrcu.readers.musr_root' in sys.modules\n"
        "assert not {'uproot', 'awkward', 'cramjam'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_more_counts_than_allowed_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, folders())
    needed = 8 * 4 * N_BINS
    unpacked = 16_384
    with pytest.raises(ReadError, match=r"pass max_bytes=\d+"):
        read(path, max_bytes=needed - 1)
    assert read(path, max_bytes=max(needed, unpacked)).counts.nbytes == needed


# Any layout -------------------------------------------------------------------------------------

WIDTHS = {"0.{} ns": 1e-4, "{}00 ps": 1e-4, "0.00{} us": 1e-3, "{}.0e-2 µs; TDC": 1e-2}


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_is_built_reads_back(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    draw = data.draw
    n, bins = draw(st.integers(1, 5)), draw(st.integers(1, 12))
    offsets = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True))
    offsets = [10 * offset for offset in offsets]
    rows = st.lists(st.integers(0, 2**24 - 1), min_size=bins, max_size=bins)
    made = {(o, k): draw(rows) for o in offsets for k in range(n)}
    zeros = [draw(st.floats(0.5, 1e4).map(lambda x: round(x, 6))) for _ in range(n)]
    width, digit = draw(st.sampled_from(sorted(WIDTHS))), draw(st.integers(1, 9))
    sections = header({
        "No of Histos": f"{n} -@1",
        "RedGreen Offsets": "; ".join(map(str, offsets)) + draw(st.sampled_from([" -@5", ""])),
        "Time Resolution": width.format(digit) + " -@3",
        "Run Title": draw(st.sampled_from([None, "n/a -@0", "a: b/c -@0 d -@0"])),
        "Run Number": draw(st.sampled_from([None, "77 -@1", "77"])),
        "Sample Temperature": draw(st.sampled_from([None, "5 K -@3", "5.0 +- 0.1 K"])),
    })  # fmt: skip
    for o, k in made:
        sections[f"DetectorInfo/Detector{o + k + 1:03d}"] = [
            f"Time Zero Bin: {zeros[k]:.6f} -@2", f"Name: d{k} -@0",
        ]  # fmt: skip
    things = [histogram(f"hDecay{o + k + 1:03d}", row) for (o, k), row in made.items()]
    build = draw(st.sampled_from([folders, directories]))
    path = tmp_path_factory.mktemp("built") / "x.root"
    path.write_bytes(build(sections, draw(st.permutations(things))))
    run = read(path)
    expected = [[made[o, k] for k in range(n)] for o in offsets]
    np.testing.assert_array_equal(run.counts, expected)
    assert run.t0.tolist() == zeros
    assert run.labels == tuple(f"d{k}" for k in range(n))
    assert run.bin_width == pytest.approx(digit * WIDTHS[width], rel=1e-12)
    title = sections["RunInfo"][3] if "Run Title" in sections["RunInfo"][3] else None
    assert run.title == (None if title is None or "n/a" in title else "a: b/c -@0 d")
    assert (run.number is None) == all("Run Number" not in line for line in sections["RunInfo"])
    assert run.temperature.value == (
        5.0 if any("Sample Temp" in line for line in sections["RunInfo"]) else None
    )
