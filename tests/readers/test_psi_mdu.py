"""PSI MDU files: the real one as other programs read it, built ones field by field."""

from __future__ import annotations

import datetime
import pickle
import struct
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import expected_files
from mdu_bytes import (
    COUNTERS,
    HEADER,
    SETTINGS,
    TAGS,
    WIDTHS,
    Mdu,
    Tag,
    settings_size,
    small_counts,
    small_mdu,
    tags_offset,
)

from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.readers.psi_mdu import FORMAT, read_psi_mdu
from musrcu.readers.registry import read

EXPECTED = {name: facts for name, facts in expected_files().items() if "psi-mdu/" in name}
REAL = pytest.mark.parametrize("name", sorted(EXPECTED) or ["psi-mdu"])
KINDS = pytest.mark.parametrize("kind", sorted(TAGS))


def written(folder: Path, content: bytes, name: str = "x.mdu") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def run_of(folder: Path, mdu: Mdu) -> Run:
    return read_psi_mdu(written(folder, mdu.content()))


def with_tag(mdu: Mdu, place: int, **changes: Any) -> Mdu:
    """The file with one tag changed."""
    tags = list(mdu.tags)
    tags[place] = replace(tags[place], **changes)
    return replace(mdu, tags=tuple(tags))


# Real files -------------------------------------------------------------------------------------


@REAL
def test_real_counts(real: Path, name: str) -> None:
    facts, run = EXPECTED[name], read(real / name)
    assert run.counts.shape == (1, facts["n_histograms"], facts["n_bins"])
    assert run.counts.sum(axis=2)[0].tolist() == facts["counts_per_histogram"]
    assert run.counts.sum() == facts["total_counts"]
    assert run.counts[0][:, [0, 100, 1000, -1]].tolist() == facts["probe_bins_0_100_1000_last"]
    highest = [[int(row.max()), int(row.argmax())] for row in run.counts[0]]
    assert highest == facts["max_count_and_bin_per_histogram"]


@REAL
def test_real_bins(real: Path, name: str) -> None:
    facts, run = EXPECTED[name], read(real / name)
    assert run.t0.tolist() == facts["t0_bin"]
    assert run.first_good.tolist() == facts["first_good_bin"]
    assert run.last_good.tolist() == [min(k, facts["n_bins"] - 1) for k in facts["last_good_bin"]]
    assert 1e3 * run.bin_width == pytest.approx(facts["bin_width_ns"], rel=1e-7)
    events = [
        int(row[first : last + 1].sum())
        for row, first, last in zip(run.counts[0], run.first_good, run.last_good, strict=True)
    ]
    assert events == facts["events_in_header_per_histogram"]
    assert sum(events) == facts["events_in_header_total"]
    assert list(run.header["Label"]) == facts["scaler_names"]
    assert list(run.header["TagScaler"]) == facts["scalers"]


@REAL
def test_real_metadata(real: Path, name: str) -> None:
    facts, run = EXPECTED[name], read(real / name)
    assert (run.facility, run.instrument) == (facts["facility"], facts["instrument"])
    assert (run.number, run.title, run.sample) == tuple(
        facts[key] for key in ("run_number", "title", "sample")
    )
    assert run.orientation == facts["orientation"]
    assert list(run.labels) == facts["histogram_labels"]
    assert run.field == float(facts["field_text"].removesuffix("G"))
    assert run.header["field"] == facts["field_text"]
    for found, key in ((run.start, "start"), (run.stop, "stop")):
        moment = datetime.datetime.strptime(facts[key], "%d-%b-%y %H:%M:%S")
        assert found == moment.isoformat()
    assert run.source == "continuous"
    assert run.dead_time is run.good_frames is None
    assert (run.format, run.path) == ("psi-mdu", real / name)
    assert run.warnings == ()


@REAL
def test_real_temperature(real: Path, name: str) -> None:
    facts, run = EXPECTED[name], read(real / name)
    sensors = run.temperature.sensors
    assert [s.mean for s in sensors] == pytest.approx(facts["mean_temperatures_K"], rel=1e-6)
    assert [s.spread for s in sensors] == pytest.approx(facts["std_temperatures_K"], rel=1e-6)
    assert {sensor.n_readings for sensor in sensors} == {None}
    assert run.temperature.mean == pytest.approx(facts["mean_temperatures_K"][0], rel=1e-6)
    assert run.temperature.error is None
    assert run.temperature.nominal == float(facts["temperature_text"].removesuffix("K"))


@REAL
def test_real_statistics(real: Path, name: str) -> None:
    """The numbers that a person read out of the file with other means."""
    run = read(real / name)
    assert {key: run.header[key] for key in ("time", "EPositron", "EMuon", "EVeto", "EAccepted")} \
        == {"time": 3701832, "EPositron": 84772425, "EMuon": 266697520, "EVeto": 4276597,
            "EAccepted": 28811880}  # fmt: skip
    assert (run.header["preps"], run.header["posps"]) == (10740000, 10740000)
    assert (run.header["preb"], run.header["posb"]) == (17184, 17184)
    stored = [run.header["HistogramScaler"][place] for place in range(2, 7)]
    assert stored == run.counts.sum(axis=2)[0].tolist()


# Every field ------------------------------------------------------------------------------------


@KINDS
def test_every_field_of_header_settings_and_statistics(tmp_path: Path, kind: str) -> None:
    mdu = small_mdu(kind)
    run = run_of(tmp_path, mdu)
    expected: dict[str, Any] = {}
    for name, (_, _, value) in HEADER.items():
        value = mdu.header.get(name, value)
        expected[name] = value.decode().strip() if isinstance(value, bytes) else value
    expected |= {"FmtId": kind, "NumBytesSettings": settings_size(kind)}
    expected |= {"NumBytesStatistics": tags_offset(kind) - 512 - settings_size(kind)}
    code = run.header["resolutioncode"]
    expected |= {**SETTINGS, "resolutioncode": code, **COUNTERS}
    assert {name: run.header[name] for name in expected} == expected
    assert run.header["TagScaler"] == tuple(range(1001, 1001 + TAGS[kind]))
    assert run.header["Label"][:7] == ("Veto", "M", "Forward", "Backward", "Right", "Left", "Clock")
    assert run.header["Type"][:8] == tuple("VMPPPPCN")
    for name, value in (("Rawminps", 7), ("Rawmaxps", 8000), ("Rawminb", 9), ("Rawmaxb", 10000),
                        ("Histominps", 11), ("Histomaxps", 12000), ("Histominb", 0)):  # fmt: skip
        assert run.header[name][2] == value, name
    assert run.header["raw"] == mdu.content()[: tags_offset(kind)]
    assert run.header["unlisted"] == ()


@KINDS
@pytest.mark.parametrize("begin", [0, 3])
def test_what_the_fields_mean(tmp_path: Path, kind: str, begin: int) -> None:
    path = written(tmp_path, small_mdu(kind, begin).content(), "tdc_dolly_2010_74242.mdu")
    run = read_psi_mdu(path)
    counts = small_counts(4)
    counts[:, :begin] = 0
    np.testing.assert_array_equal(run.counts[0], counts)
    assert run.bin_width == pytest.approx(WIDTHS[kind], rel=1e-15)
    assert run.t0.tolist() == [39, 41, 43, 39]  # (t0b + 1) * 2 - 1
    assert run.first_good.tolist() == [45, 47, 49, 45]
    assert run.last_good.tolist() == [480, 482, 484, 486]
    assert run.labels == ("Forward", "Backward", "Right", "Left")
    assert (run.number, run.sample, run.orientation) == (74242, "Cu(NO3)2pz", "a || beam")
    assert run.title == "a title of exactly sixty-two characters, SIMULATED, 0123456789"
    assert run.field == 3000.0
    assert (run.start, run.stop) == ("1996-02-28T23:58:07", "1996-02-29T01:02:03")
    assert run.duration == 3836.0
    assert (run.facility, run.instrument) == ("PSI", "Dolly")
    assert run.temperature.nominal == 20.0
    assert (run.temperature.mean, run.temperature.spread) == (20.03125, 0.0625)
    assert [(s.mean, s.spread) for s in run.temperature.sensors] == [
        (20.03125, 0.0625),
        (20.0625, 0.125),
    ]
    assert run.warnings == ()


@pytest.mark.parametrize(
    ("kind", "code", "picoseconds"),
    [("M3", 6, 19.53125), ("M3", 7, 39.0625), ("M3", 8, 78.125), ("M3", 9, 156.25),
     ("M3", 10, 312.5), ("M3", 11, 625.0), ("T4", 25, 24.4140625), ("T4", 100, 97.65625),
     ("T5", 200, 195.3125), ("T5", 800, 781.25)],
)  # fmt: skip
def test_bin_width(tmp_path: Path, kind: str, code: int, picoseconds: float) -> None:
    run = run_of(tmp_path, small_mdu(kind).changed(resolutioncode=code, HistoResolution=1))
    assert 1e6 * run.bin_width == pytest.approx(picoseconds, rel=1e-15)


@pytest.mark.parametrize(
    ("kind", "resolution", "code", "factor", "doubt"),
    [("M3", 3, 11, 1, False), ("M3", 4, 11, 2, False), ("M3", 2, 8, 4, False),
     ("M3", 2, 11, 1, True), ("M3", 2**30, 11, 1, True), ("T4", 1, 200, 1, False),
     ("T5", 7, 25, 7, False), ("T4", 0, 200, 1, True), ("T5", -1, 25, 1, True),
     ("T5", 2**31 - 1, 25, 1, True)],
)  # fmt: skip
def test_bins_of_the_converted_file(
    tmp_path: Path, kind: str, resolution: int, code: int, factor: int, doubt: bool
) -> None:
    mdu = small_mdu(kind).changed(HistoResolution=resolution, resolutioncode=code)
    run = run_of(tmp_path, mdu)
    assert run.t0.tolist() == [(t0b + 1) * factor - 1 for t0b in (19, 20, 21, 19)]
    assert run.first_good.tolist() == [(tfb + 1) * factor - 1 for tfb in (22, 23, 24, 22)]
    assert run.last_good.tolist() == [min(tlb * factor, 499) for tlb in (240, 241, 242, 243)]
    assert any("HistoResolution" in text for text in run.warnings) == doubt


@KINDS
def test_histograms_that_are_not_listed(tmp_path: Path, kind: str) -> None:
    """M3 leaves them out, and those behind are still read right; T4 and T5 keep them."""
    mdu = small_mdu(kind).changed(DetectorNumberList=b"2 4 05", NumberOfDetectors=3)
    run = run_of(tmp_path, mdu)
    kept = [0, 2, 3] if kind == "M3" else [0, 1, 2, 3]
    np.testing.assert_array_equal(run.counts[0], small_counts(4)[kept])
    labels = ("Forward", "Backward", "Right", "Left")
    assert run.labels == tuple(labels[k] for k in kept)
    assert run.header["unlisted"] == (() if kind == "M3" else (2,))
    said = "the histograms of tags 3 Backward are not in the list of detectors and are left out"
    assert run.warnings == ((said,) if kind == "M3" else ())


def test_m3_without_a_list_takes_all(tmp_path: Path) -> None:
    run = run_of(tmp_path, small_mdu().changed(DetectorNumberList=b"", NumberOfDetectors=0))
    np.testing.assert_array_equal(run.counts[0], small_counts(4))
    assert run.warnings == ("no histogram is in the list of detectors; all are taken",)


@KINDS
def test_histograms_of_different_lengths(tmp_path: Path, kind: str) -> None:
    """Nothing is lost and nothing is read from the neighbour."""
    extra = 1 if kind == "M3" else 0
    mdu = small_mdu(kind)
    mdu = with_tag(mdu, 3, counts=np.pad(small_counts(4)[1, :300], (0, extra)))
    run = run_of(tmp_path, mdu)
    assert run.counts.shape == (1, 4, 500)
    expected = small_counts(4)
    expected[1, 300:] = 0
    np.testing.assert_array_equal(run.counts[0], expected)
    assert run.last_good.tolist() == [480, 299, 484, 486]
    assert any("fewer bins than 500 are stored of histogram 2" in text for text in run.warnings)


def test_the_bin_too_many_of_m3(tmp_path: Path) -> None:
    mdu = small_mdu()
    counts = np.append(small_counts(4)[2], 7)
    run = run_of(tmp_path, with_tag(mdu, 4, counts=counts))
    np.testing.assert_array_equal(run.counts[0], small_counts(4))
    assert run.warnings == (
        "the bin behind the last one, which is not used, is not empty in histogram 3",
    )


def hal_9500(bins: int = 400_000) -> Mdu:
    labels = ["MV", *(f"F{k}" for k in range(1, 9)), *(f"B{k}" for k in range(1, 9))]
    tags = tuple(
        Tag(label, "P", (np.arange(bins) + 31 * k) % 1009, t0b=200 + k, tfb=220, tlb=3999)
        for k, label in enumerate(labels)
    )
    numbers = b" ".join(b"%d" % k for k in range(17))
    return Mdu(
        "T5", tags,
        {"HistoResolution": 100, "NumberOfDetectors": 17, "DetectorNumberList": numbers},
    )  # fmt: skip


def test_a_file_as_of_hal_9500(tmp_path: Path) -> None:
    """27 MB: recognised by its labels, read without looking at single bins, not copied."""
    path = written(tmp_path, hal_9500().content(), "no_token.mdu")
    start = time.process_time()
    run = read_psi_mdu(path)
    assert time.process_time() - start < 0.5  # a loop over the bins takes seconds
    assert run.counts.shape == (1, 17, 400_000)
    assert run.counts.nbytes == 17 * 400_000 * 4
    for k in range(17):
        np.testing.assert_array_equal(run.counts[0, k], (np.arange(400_000) + 31 * k) % 1009)
    assert run.t0.tolist() == [(201 + k) * 100 - 1 for k in range(17)]
    assert set(run.last_good.tolist()) == {399_900}
    assert (run.instrument, run.warnings) == ("HAL-9500", ())
    assert run.labels[0] == "MV"
    assert run.labels[-1] == "B8"
    assert not run.counts.flags.writeable


def test_the_name_of_the_file_comes_before_the_labels(tmp_path: Path) -> None:
    content = hal_9500(bins=4100).content()
    assert read_psi_mdu(written(tmp_path, content, "tdc_hifi_2014_1.mdu")).instrument == "HAL-9500"
    assert read_psi_mdu(written(tmp_path, content, "tdc_gps_2014_1.mdu")).instrument == "GPS"
    few = run_of(tmp_path, small_mdu("T5", labels=("MV", "F1", "F2", "B1")))
    assert few.instrument is None


def test_counts_may_not_take_more_than_is_allowed(tmp_path: Path) -> None:
    path = written(tmp_path, small_mdu().content())
    assert read(path, max_bytes=8000).counts.nbytes == 8000
    with pytest.raises(ReadError, match=r"x\.mdu declares 8000 bytes .* pass max_bytes=8000"):
        read(path, max_bytes=7999)


def test_a_run_can_be_sent_to_another_process(tmp_path: Path) -> None:
    run = run_of(tmp_path, small_mdu("T4"))
    again = pickle.loads(pickle.dumps(run))  # noqa: S301
    np.testing.assert_array_equal(again.counts, run.counts)
    assert again.header == run.header


@pytest.mark.parametrize(
    ("means", "spreads", "sensors", "doubt"),
    [
        (b"", b"", [], ""),
        (b"20", b"", [(20.0, None)], ""),
        (b"20 20.1 20.2 20.3 99", b"0.5", [(20.0, 0.5)] + [(20.1, None), (20.2, None),
                                                         (20.3, None)], ""),
        (b"0.0 20.1", b"0.1 0.2", [(20.1, 0.2)], ""),
        (b"20.5", b"0.2", [(20.5, 0.2)], "20.5 K differs from the set point 20 K"),
        (b"20 n/a", b"0.1", [(20.0, 0.1)], "the mean temperatures are '20 n/a'"),
        (b"-9 20", b"0.1 0.2", [(20.0, 0.2)], "a temperature sensor reads -9 K"),
        (b"nan 20", b"0.1 0.2", [(20.0, 0.2)], "a temperature sensor reads nan K"),
        (b"20 25", b"", [(20.0, None), (25.0, None)], "temperature sensors read 20, 25 K"),
        (b"25", b"", [(25.0, None)], "25 K differs from the set point 20 K"),
    ],
)  # fmt: skip
def test_temperatures(
    tmp_path: Path, means: bytes, spreads: bytes, sensors: list[Any], doubt: str
) -> None:
    run = run_of(tmp_path, small_mdu().changed(MeanTemp=means, TempDev=spreads))
    assert [(s.mean, s.spread) for s in run.temperature.sensors] == sensors
    assert run.temperature.value == (sensors[0][0] if sensors else 20.0)
    assert len(run.warnings) == bool(doubt)
    assert doubt in "".join(run.warnings)


# Refusals and doubt -----------------------------------------------------------------------------

ERRORS = [
    ("M3", {"FmtId": b"M4"}, 0, "FmtId = 'M4', expected M3, T4 or T5"),
    ("M3", {"FmtId": b"T5"}, 500, "NumBytesSettings = 1012 bytes, expected 1972 in format T5"),
    ("T5", {"BinSize": 2}, 492, "BinSize = 2 bytes, expected 4"),
    ("T5", {"NumBytesHeader": 520}, 496, "NumBytesHeader = 520 bytes, expected 512"),
    ("T4", {"NumBytesTag": 64}, 504, "NumBytesTag = 64 bytes, expected 60"),
    ("T5", {"NumBytesStatistics": 336}, 508, "NumBytesStatistics = 336 bytes, expected 328"),
    ("M3", {"resolutioncode": 12}, 548, "resolution code 12, expected one of 6, 7, 8, 9, 10, 11"),
    ("T4", {"resolutioncode": 11}, 548, "resolution code 11, expected one of 25, 100, 200, 800"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "changes", "offset", "sentence"), ERRORS)
def test_refused(
    tmp_path: Path, kind: str, changes: dict[str, Any], offset: int, sentence: str
) -> None:
    path = written(tmp_path, small_mdu(kind).changed(**changes).content())
    with pytest.raises(ReadError) as caught:
        read_psi_mdu(path)
    assert str(caught.value).startswith(f"{path} at byte {offset}: ")
    assert sentence in str(caught.value)


RECORDS = [
    ({"kind": "Q"}, 12, "record of tag 3 has type 'Q', expected one of"),
    ({"begin": -1}, 40, "begins at bin -1, expected 0 to 1048576"),
    ({"begin": 2**20 + 1, "end": 2**20 + 500}, 40, "begins at bin 1048577"),
    ({"end": -2}, 44, "ends at bin -2, before its first, 0"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "offset", "sentence"), RECORDS)
def test_refused_tags(tmp_path: Path, changes: dict[str, Any], offset: int, sentence: str) -> None:
    """The same in settings and record, so that only the value itself is odd."""
    mdu = small_mdu("T4")
    content = bytearray(mdu.content())
    record = mdu.tags[3].record(**changes)
    place = tags_offset("T4") + 3 * 60 + 2000
    assert content[place : place + 8] == b"Backward"
    content[564 + 3 * 60 : 564 + 4 * 60] = content[place : place + 60] = record
    path = written(tmp_path, bytes(content))
    with pytest.raises(ReadError) as caught:
        read_psi_mdu(path)
    assert str(caught.value).startswith(f"{path} at byte {place + offset}: ")
    assert sentence in str(caught.value)


@pytest.mark.parametrize("changes", [{"kind": "M"}, {"begin": 1}, {"end": 400}])
def test_a_record_that_is_not_the_one_of_the_settings(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    mdu = small_mdu("T4")
    content = bytearray(mdu.content())
    content[564 + 3 * 60 : 564 + 4 * 60] = mdu.tags[3].record(**changes)
    path = written(tmp_path, bytes(content))
    place = tags_offset("T4") + 3 * 60 + 2000
    with pytest.raises(ReadError, match=rf"byte {place}: record of tag 3 .* the settings say"):
        read_psi_mdu(path)


def test_no_histogram(tmp_path: Path) -> None:
    mdu = Mdu("T4", (Tag("M", "M"), Tag("Forw", "P")))
    with pytest.raises(ReadError, match="no tag has a positron histogram"):
        run_of(tmp_path, mdu)


def test_tags_without_a_letter_are_none(tmp_path: Path) -> None:
    mdu = with_tag(small_mdu("T4"), 6, kind="\0")
    assert run_of(tmp_path, mdu).warnings == ()


@pytest.mark.parametrize(
    ("length", "sentence"),
    [(300, "header ends early: expected 512 bytes, found 300"),
     (1000, "settings ends early: expected 1012 bytes, found 488"),
     (1600, "statistics ends early: expected 200 bytes, found 76"),
     (1750, "record of tag 0 ends early: expected 60 bytes, found 26"),
     (2000, "histogram of tag 2 ('Forward') ends early: expected 2000 bytes, found 96")],
)  # fmt: skip
def test_a_cut_file_names_stage_and_tag(tmp_path: Path, length: int, sentence: str) -> None:
    path = written(tmp_path, small_mdu("T4").content()[:length])
    with pytest.raises(ReadError) as caught:
        read(path)
    assert str(caught.value) == f"{path} at byte {length}: {sentence}"


def test_negative_counts_are_refused(tmp_path: Path) -> None:
    content = bytearray(small_mdu("T4", begin=3).content())
    place = tags_offset("T4") + 5 * 60 + 2 * 4 * 497 + 4 * 120
    struct.pack_into("<i", content, place, -1)
    with pytest.raises(ReadError, match=rf"byte {place}: histogram of tag 4, bin 123 \(from 0\)"):
        read_psi_mdu(written(tmp_path, bytes(content)))


DOUBTS = [
    ({"BinOffset": 5}, "BinOffset = 5"),
    ({"NumberOfDetectors": 5}, "speaks of 5 detectors and lists 4"),
    ({"DetectorNumberList": b"2 3 4 5 16"}, "the list of detectors holds '16', expected numbers"),
    ({"DetectorNumberList": b"2 3 4 5 x"}, "the list of detectors holds 'x'"),
    ({"StartDate": b"32-FEB-1996"}, "the start of the run, '32-FEB-1996 23:58:07'"),
    ({"StartDate": b"01-MAR-1996"}, "stops (1996-02-29T01:02:03) before it starts"),
    ({"RunTitle": b" " * 20 + b"150"}, "has no unit"),
    ({"HOverFlowBits": 0b1000}, "the file says that bins overflowed in histogram 2"),
    ({"HistogramScaler": [0] * 16}, "the histogram scalers are all 0"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), DOUBTS)
def test_doubt_is_a_warning(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    run = run_of(tmp_path, small_mdu().changed(**changes))
    assert len(run.warnings) == 1
    assert sentence in run.warnings[0]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"t0b": 0}, "t0 is 0, never set, in histogram 2"),
        ({"t0b": 250}, "t0 lies outside the histogram in histogram 2"),
        ({"t0b": -3}, "t0 lies outside the histogram in histogram 2"),
        ({"t0b": 30}, "the first good bin lies before t0 in histogram 2"),
        ({"tlb": 20}, "the last good bin is not behind the first in histogram 2"),
        ({"tlb": 251}, "the last good bin lies behind the histogram in histogram 2"),
    ],
)
def test_doubtful_bins(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    warnings = run_of(tmp_path, with_tag(small_mdu("T5"), 3, **changes)).warnings
    assert sentence in warnings
    run = run_of(tmp_path, with_tag(small_mdu("T5"), 3, tlb=250))
    assert (run.last_good[1], run.warnings) == (499, ())  # one past the end, as in real files


def test_no_label(tmp_path: Path) -> None:
    assert run_of(tmp_path, small_mdu(labels=("", "", ""))).warnings == (
        "no histogram has a label",
    )


@KINDS
@pytest.mark.parametrize("detector", range(4))
def test_a_changed_count_is_a_warning_unless_the_scaler_overflowed(
    tmp_path: Path, kind: str, detector: int
) -> None:
    mdu = small_mdu(kind)
    for flags, said in ((0, True), (1 << detector + 2, False), (1 << detector, True)):
        content = bytearray(mdu.changed(HSOverFlowBits=flags).content())
        place = content.index(mdu.tags[detector + 2].record(), tags_offset(kind)) + 60 + 4 * 200
        (count,) = struct.unpack_from("<i", content, place)
        struct.pack_into("<i", content, place, count + 1)
        run = read_psi_mdu(written(tmp_path, bytes(content)))
        total = int(small_counts(4)[detector].sum())
        assert run.warnings == (
            (f"the histogram scalers do not fit histogram {detector + 1} (histogram "
             f"{detector + 1}: {total} in the statistics, {total + 1} in the bins); counts changed "
             "since the file was written",) if said else ()
        )  # fmt: skip


def test_a_scaler_that_ran_over_still_fits(tmp_path: Path) -> None:
    mdu = small_mdu()
    counts = np.full(501, 2**24)
    assert counts.sum() > 2**32
    assert run_of(tmp_path, with_tag(mdu, 2, counts=counts)).warnings == (
        "the bin behind the last one, which is not used, is not empty in histogram 1",
    )


def test_sniffer() -> None:
    date = b"23-DEC-2008\0"
    for head, ours in ((b"M3" + date, True), (b"T4" + date, True), (b"T5" + date + b"00", True),
                       (b"T523-DEC-2008 00", True), (b"M4" + date, False), (b"T4\0", True),
                       (b"T5 = 12 K and so", False), (b"M3", False), (b"M", False), (b"", False),
                       (b"m3" + date, False)):  # fmt: skip
        assert FORMAT.sniff(head, Path("x.mdu")) is ours, head
