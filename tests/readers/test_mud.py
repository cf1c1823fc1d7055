"""TRIUMF MUD files: real ones as another program reads them, built ones field by field."""

from __future__ import annotations

import datetime
import pickle
import re
import struct
from pathlib import Path
from typing import Any

import mud_bytes as mb
import numpy as np
import pytest
from conftest import expected_files

from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.readers.mud import read_mud
from musrcu.readers.registry import read

EXPECTED = {name: facts for name, facts in expected_files().items() if "mud/" in name}
REAL = pytest.mark.parametrize("name", sorted(EXPECTED) or ["mud"])


def written(folder: Path, content: bytes) -> Path:
    path = folder / "x.msr"
    path.write_bytes(content)
    return path


def run_of(folder: Path, **changes: Any) -> Run:
    """The small run with another run description."""
    return read_mud(written(folder, mb.small_file(**changes)))


def run_with(folder: Path, *variables: bytes, **changes: Any) -> Run:
    """The small run with other logged variables."""
    members = {**mb.small_members(**changes), "variables": mb.group(mb.VARIABLES, variables)}
    return read_mud(written(folder, mb.whole(list(members.values()))))


def one_of(folder: Path, counts: list[int], data: bytes | None = None, **changes: Any) -> Run:
    """A run of one histogram."""
    return read_mud(written(folder, mb.one_histogram(counts, data, **changes)))


# Real files -------------------------------------------------------------------------------------


@REAL
def test_real_counts(real: Path, name: str) -> None:
    facts, run = EXPECTED[name], read(real / name)
    assert run.counts.shape == (1, facts["n_histograms"], facts["n_bins"])
    assert run.counts.sum(axis=2)[0].tolist() == facts["counts_per_histogram"]
    assert run.counts.sum() == facts["total_counts"]
    assert run.counts[0, :, 100:110].tolist() == facts["bins_100_to_109"]
    highest = [[int(row.max()), int(row.argmax())] for row in run.counts[0]]
    assert highest == facts["max_count_and_bin_per_histogram"]


@REAL
def test_real_bins(real: Path, name: str) -> None:
    facts, run = EXPECTED[name], read(real / name)
    for key, expected in (
        ("t0_bin", "t0_bin"), ("t0_ps", "t0_ps"), ("goodBin1", "first_good_bin"),
        ("goodBin2", "last_good_bin"), ("bkgd1", "background_bin_1"),
        ("bkgd2", "background_bin_2"), ("nEvents", "events_in_header_per_histogram"),
    ):  # fmt: skip
        assert [one[key] for one in run.header["histograms"]] == facts[expected], key
    assert run.t0.tolist() == [k - 1 for k in facts["t0_bin"]]
    assert run.first_good.tolist() == [k - 1 for k in facts["first_good_bin"]]
    assert run.last_good.tolist() == [k - 1 for k in facts["last_good_bin"]]
    assert {one["fsPerBin"] for one in run.header["histograms"]} == {facts["femtoseconds_per_bin"]}
    assert 1e-6 * run.bin_width == pytest.approx(facts["seconds_per_bin"], rel=1e-7)


@REAL
def test_real_t0_is_a_bin_centre(real: Path, name: str) -> None:
    """t0_ps counts from the beginning of the first bin, so that a centre is half a bin behind."""
    facts, run = EXPECTED[name], read(real / name)
    picoseconds = 1e6 * run.bin_width * (run.t0 + 0.5)
    assert picoseconds.tolist() == pytest.approx(facts["t0_ps"], abs=1)


@REAL
def test_real_metadata(real: Path, name: str) -> None:
    facts, run = EXPECTED[name], read(real / name)
    assert (run.facility, run.instrument) == (facts["facility"], facts["area"])
    assert (run.number, run.title, run.sample) == tuple(
        facts[key] for key in ("run_number", "title", "sample")
    )
    assert run.header["apparatus"] == facts["apparatus"]
    assert run.header["method"].replace("µ", "mu") == facts["method"]
    assert run.header["temperature"] == facts["temperature_text"]
    assert run.header["field"] == facts["field_text"]
    assert (run.orientation or "") == facts["orientation"]
    assert list(run.labels) == facts["histogram_labels"]
    for iso, key in ((run.start, "start_epoch_s"), (run.stop, "stop_epoch_s")):
        assert datetime.datetime.fromisoformat(iso or "").timestamp() == facts[key]
        assert (iso or "").endswith("+00:00")
    assert run.duration == facts["duration_s"] == run.header["elapsedSec"]
    assert run.field == float(facts["field_text"].split("(")[0].removesuffix("G"))
    assert (run.source, run.format, run.path) == ("continuous", "mud", real / name)
    assert run.dead_time is run.good_frames is run.grouping is None
    assert dict(run.logs) == {}


@REAL
def test_real_temperature(real: Path, name: str) -> None:
    """The text is either a set point or the rounded mean and spread of the sample's sensor."""
    facts, run = EXPECTED[name], read(real / name)
    parts = re.fullmatch(r"([\d.]+)(?:\(([\d.]+)\))?K", facts["temperature_text"])
    assert parts is not None
    if parts[2] is None:
        assert (run.temperature.nominal, run.temperature.mean) == (float(parts[1]), None)
        return
    assert run.temperature.nominal is run.temperature.error is None
    assert f"{run.temperature.mean:.2f}({run.temperature.spread:.2f})K" == facts["temperature_text"]


def test_real_sensors(real: Path) -> None:
    """Run 45674 quotes the second sensor of the sample; the third reads nothing and is none."""
    run = read(real / "mud/045674.msr")
    assert [sensor.name for sensor in run.temperature.sensors] == [
        "/Sample/read_A", "/Sample/read_B"
    ]  # fmt: skip
    assert run.temperature.mean == run.temperature.sensors[1].mean
    assert "/Shield/read_1" in [one["name"] for one in run.header["variables"]]


@REAL
def test_real_doubts(real: Path, name: str) -> None:
    run = read(real / name)
    if "045674" not in name:
        assert run.warnings == ()
        return
    beta, events = run.warnings
    assert "beta-NMR run and no muons (method 'TD-BNQR', area 'BNQR')" in beta
    assert "header says 10 ns and the variable 'Dwell time (ms)' 10 ms a bin" in beta
    assert "histogram 1: 1956263936 in the header, 23431100143 in its bins" in events
    assert "rounded to single precision" in events


# What the fields mean ---------------------------------------------------------------------------


def test_a_sound_file_raises_no_doubt(tmp_path: Path) -> None:
    run = read(written(tmp_path, mb.small_file()))
    assert run.warnings == ()
    np.testing.assert_array_equal(run.counts[0], mb.small_counts())
    assert run.counts.dtype == np.int64
    assert run.t0.tolist() == [39.0] * 4
    assert run.first_good.tolist() == [42] * 4
    assert run.last_good.tolist() == [499] * 4
    assert run.bin_width == 390.625e-6
    assert run.labels == mb.LABELS


def test_what_the_description_means(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    for key, value in mb.DESCRIPTION.items():
        assert run.header[key] == value, key
    assert (run.facility, run.instrument, run.number) == ("TRIUMF", "M15", 4242)
    assert (run.title, run.sample) == ("a run, SIMULATED", "Cu(NO3)2pz")
    assert run.orientation == "a || beam"
    assert run.comment == "Shift: quiet"
    assert run.field == 1000.0
    assert (run.start, run.stop) == ("2010-08-28T09:18:42+00:00", "2010-08-28T09:41:57+00:00")
    assert run.header["scalers"] == (
        {"total": 4000, "recent": 20, "label": "TM"},
        {"total": 3999, "recent": 19, "label": "mu_stop"},
    )
    assert run.header["comments"][0]["author"] == "nobody"
    assert run.header["variables"][1] == {
        "low": 6.79, "high": 6.81, "mean": 6.795414, "stddev": 0.0021, "skewness": 0.25,
        "name": "/Magnet/field", "description": "Sample reading", "units": "T",
    }  # fmt: skip


def test_what_was_never_set_is_unknown(tmp_path: Path) -> None:
    blank: dict[str, Any] = {
        key: 0 if isinstance(value, int) else "" for key, value in mb.DESCRIPTION.items()
    }
    members = mb.small_members(**blank)
    run = read_mud(written(tmp_path, mb.whole([members["run"], members["histograms"]])))
    assert run.facility == "TRIUMF"
    unknown = (run.instrument, run.number, run.title, run.sample, run.orientation, run.comment,
               run.field, run.start, run.stop, run.duration, run.temperature.value)  # fmt: skip
    assert set(unknown) == {None}
    assert run.warnings == ()


def test_a_description_of_1994_ends_before_temperature_and_field(tmp_path: Path) -> None:
    members = mb.small_members()
    body = members["run"][12:].removesuffix(mb.text("6.795(0.002)K") + mb.text("1000.0G"))
    short = mb.section(mb.RUN, 1, body)
    run = read_mud(written(tmp_path, mb.whole([short, members["histograms"]])))
    assert (run.header["experimenter"], run.header["field"]) == ("nobody", "")
    assert (run.field, run.temperature.value) == (None, None)


def test_texts_of_newer_files_may_be_utf8(tmp_path: Path) -> None:
    run = run_of(tmp_path, method="TD-µSR".encode(), title=b"a\0b", sample="é".encode("latin-1"))
    assert (run.header["method"], run.title, run.sample) == ("TD-µSR", "a", "é")


@pytest.mark.parametrize(
    ("code", "width"),
    [(0, 78.125e-6), (3, 625e-6), (15, 2.56), (16, 48.828125e-6), (19, 390.625e-6), (28, 0.2),
     (390625, 390.625e-6), (781250, 781.25e-6), (976562, 976.562e-6)],
)  # fmt: skip
def test_bin_width(tmp_path: Path, code: int, width: float) -> None:
    run = one_of(tmp_path, [1] * 500, fsPerBin=code)
    assert run.bin_width == pytest.approx(width, rel=1e-12)
    assert run.warnings == ()


@pytest.mark.parametrize(
    ("t0_bin", "t0_ps", "t0", "doubt"),
    [
        (40, 15430, 39.0, ""),
        (40, 0, 39.0, ""),
        (1, 195, 0.0, ""),
        (40, 15600, 39.0, "t0_ps and t0_bin disagree in histogram 1: 15600 ps against 15430 ps"),
        (0, 15430, 39.0, "t0_bin is 0, never set, in histogram 1; t0 is taken from t0_ps"),
        (0, 0, 0.0, "t0 was never set in histogram 1 and stands at the first bin"),
        (501, 0, 500.0, "t0 lies outside the histogram in histogram 1"),
    ],
)
def test_t0(tmp_path: Path, t0_bin: int, t0_ps: int, t0: float, doubt: str) -> None:
    run = one_of(tmp_path, [1] * 500, t0_bin=t0_bin, t0_ps=t0_ps, goodBin1=500, title="Back")
    assert run.t0.tolist() == pytest.approx([t0], abs=0.01)
    others = [one for one in run.warnings if "good bin" not in one]
    assert [doubt in one for one in others] == ([True] if doubt else [])


@pytest.mark.parametrize(
    ("stored", "good", "doubt"),
    [
        ((43, 500), (42, 499), ""),
        ((43, 400), (42, 399), ""),
        ((0, 0), (40, 499), "the good bins were never set in histogram 1"),
        ((0, 400), (40, 399), "the good bins were never set in histogram 1"),
        ((43, 0), (42, 499), "the good bins were never set in histogram 1"),
        ((43, 501), (42, 499), "the last good bin lies behind the histogram in histogram 1"),
        ((39, 500), (38, 499), "the first good bin lies before t0 in histogram 1"),
        ((43, 42), (42, 41), "the last good bin is not behind the first in histogram 1"),
    ],
)
def test_good_bins(
    tmp_path: Path, stored: tuple[int, int], good: tuple[int, int], doubt: str
) -> None:
    run = one_of(tmp_path, [1] * 500, goodBin1=stored[0], goodBin2=stored[1])
    assert (int(run.first_good[0]), int(run.last_good[0])) == good
    assert [doubt in one for one in run.warnings] == ([True] if doubt else [])


def test_shorter_histograms_are_filled_up(tmp_path: Path) -> None:
    short = mb.histogram(2, [2] * 300, goodBin2=300)
    members = [mb.run_description(), mb.group(mb.HISTOGRAMS, mb.histogram(1, [1] * 500) + short)]
    run = read_mud(written(tmp_path, mb.whole(members)))
    assert run.counts.sum(axis=2).tolist() == [[500, 600]]
    assert run.last_good.tolist() == [499, 299]
    assert any("histogram 2 of 300 bins" in text and "zeros" in text for text in run.warnings)


def test_histograms_are_taken_by_number(tmp_path: Path) -> None:
    second, first = mb.histogram(7, [2] * 500, title="B"), mb.histogram(3, [1] * 500, title="A")
    members = [mb.run_description(), mb.group(mb.HISTOGRAMS, [*second, *first])]
    run = read_mud(written(tmp_path, mb.whole(members)))
    assert (run.labels, run.counts[0, :, 0].tolist()) == (("A", "B"), [1, 2])
    assert any("numbered 3, 7" in text for text in run.warnings)


@pytest.mark.parametrize(
    ("events", "doubt"),
    [
        (500, ""),
        (501, "histogram 1: 501 in the header, 500 in its bins): counts changed"),
    ],
)
def test_the_event_count_is_a_checksum(tmp_path: Path, events: int, doubt: str) -> None:
    run = one_of(tmp_path, [1] * 500, nEvents=events)
    assert [doubt in one for one in run.warnings] == ([True] if doubt else [])


def test_event_counts_of_32_bits(tmp_path: Path) -> None:
    """A sum that outgrew its field is no doubt; one that was rounded before is named."""
    counts = [4 * 10**9 + k for k in range(500)]
    assert one_of(tmp_path, counts).warnings == ()
    rounded = int(np.float32(sum(counts))) % 2**32
    assert rounded != sum(counts) % 2**32
    (text,) = one_of(tmp_path, counts, nEvents=rounded).warnings
    assert "rounded to single precision" in text


def test_a_converted_file_says_that_it_is_one(tmp_path: Path) -> None:
    run = run_of(tmp_path, lab="PSI", area="PSI2MUD", das="MODAS", apparatus="")
    assert (run.facility, run.instrument) == ("PSI", None)
    assert any("psi2mud" in text and "65536" in text for text in run.warnings)


def test_a_muon_method_is_not_beta_nmr(tmp_path: Path) -> None:
    for method, area, beta in (
        ("TD-µSR", "M20B", False), ("TD-BNMR", "", True), ("TD-bnqr", "X", True),
        ("", "BNMR", True), ("TD-ßNMR", "M20", False), ("SUBNMRX", "M9B", False),
    ):  # fmt: skip
        warnings = run_of(tmp_path, method=method, area=area).warnings
        assert any("beta-NMR" in text for text in warnings) == beta, (method, area)


def test_reversed_times(tmp_path: Path) -> None:
    run = run_of(tmp_path, timeEnd=1282987121)
    assert run.duration is None
    assert any("stops (2010-08-28T09:18:41+00:00) before it starts" in one for one in run.warnings)


def test_several_comments(tmp_path: Path) -> None:
    members = mb.small_members()
    notes = [mb.comment(1, "a", "Beam", "off"), mb.comment(2, "b", "", "on"),
             mb.comment(3, "c", "", "")]  # fmt: skip
    members["comments"] = mb.group(mb.COMMENT, notes)
    run = read_mud(written(tmp_path, mb.whole(list(members.values()))))
    assert run.comment == "Beam: off\non"
    assert len(run.header["comments"]) == 3


# Temperature and field --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "gauss", "doubtful"),
    [
        ("0.132(0.024)G", 0.132, False), ("1000.0G", 1000.0, False), ("300 G", 300.0, False),
        ("0.1(0.001)T", 1000.0, False), ("-2.5(0.1) kG", -2500.0, False),
        ("20(1)mT", 200.0, False), ("1.5 T", 15000.0, False), ("ZF", None, True),
        ("5(1)A", None, True), ("50(1)G LF", 50.0, True), ("2 T (coil)", 20000.0, False),
        ("150", 150.0, True), ("", None, False),
        ("9" * 400 + "(1)G", None, True),
    ],
)  # fmt: skip
def test_field_text(tmp_path: Path, typed: str, gauss: float | None, doubtful: bool) -> None:
    run = run_of(tmp_path, field=typed)
    assert run.field == (None if gauss is None else pytest.approx(gauss))
    assert bool(run.warnings) == doubtful
    assert run.header["field"] == typed


@pytest.mark.parametrize(
    ("typed", "nominal", "mean", "spread", "doubtful"),
    [
        ("300K", 300.0, None, None, False),
        ("50 mK", 0.05, None, None, False),
        ("150.47(0.06)K", None, 150.47, 0.06, False),
        ("150.47(6)K", None, 150.47, 0.06, False),
        ("150(2)K", None, 150.0, 2.0, False),
        ("25.0(0.5)mK", None, 0.025, 0.0005, False),
        ("RT", None, None, None, True),
        ("20(1)C", None, None, None, True),
        ("-3(1)K", None, None, None, True),
        ("", None, None, None, False),
    ],
)
def test_temperature_text_without_sensors(
    tmp_path: Path, typed: str, nominal: float | None, mean: float | None, spread: float | None,
    doubtful: bool,
) -> None:  # fmt: skip
    found = (run := run_with(tmp_path, temperature=typed)).temperature
    assert found.nominal == nominal
    assert found.mean == (None if mean is None else pytest.approx(mean))
    assert found.spread == (None if spread is None else pytest.approx(spread))
    assert found.error is None
    assert bool(run.warnings) == doubtful


def sensor(number: int, name: str, mean: float, stddev: float = 0.001, units: str = "K") -> bytes:
    return mb.variable(number, name, units, mean=mean, stddev=stddev)


SENSORS = [
    # the one that the text quotes, whatever it is called
    ("5.00(0.02)K", [("/Sample/read_A", 5.1), ("/Mix/read", 5.004)], 5.004, 0),
    # the first of the device Sample, though its channel has another name
    ("5K", [("/Diffuser/sample_read", 4.0), ("/Sample/read_A", 5.01)], 5.01, 0),
    ("", [("/Diffuser/read", 4.0), ("/sample2/x", 5.0), ("/sample3/y", 6.0)], 5.0, 0),
    # the only one
    ("5K", [("/Cryo/read", 4.96)], 4.96, 0),
    # none: the text is measured, or the set point is all there is
    ("5.00(0.02)K", [("/Cryo/read", 4.0), ("/Flow/read", 3.0)], 5.0, 1),
    ("", [("/Cryo/read", 4.0), ("/Flow/read", 3.0)], None, 1),
    # the sensor against the text
    ("5K", [("/Sample/read", 7.0)], 7.0, 1),
    ("5.00(0.02)K", [("/Sample/read", 7.0)], 7.0, 1),
]


@pytest.mark.parametrize(("typed", "sensors", "mean", "doubts"), SENSORS)
def test_the_sensor_of_the_sample(
    tmp_path: Path, typed: str, sensors: list[tuple[str, float]], mean: float | None, doubts: int
) -> None:
    made = [sensor(k, name, value, 0.02) for k, (name, value) in enumerate(sensors, 1)]
    run = run_with(tmp_path, *made, temperature=typed)
    assert run.temperature.mean == (None if mean is None else pytest.approx(mean))
    assert len(run.temperature.sensors) == len(sensors)
    assert len(run.warnings) == doubts


def test_what_is_no_sensor(tmp_path: Path) -> None:
    """Other units, set points, and what was never read."""
    never = mb.variable(5, "/Shield/read", mean=0, stddev=0, low=0, high=0, skewness=0)
    run = run_with(
        tmp_path, sensor(1, "/Heater/current", 2.0, units="A"), sensor(2, "/Sample/setpoint", 5.0),
        mb.variable(3, "/Sample/x", description="Set point"), sensor(4, "/Mix/r", 6.5, units="mK"),
        never, temperature="7mK",
    )  # fmt: skip
    (found,) = run.temperature.sensors
    assert found.name == "/Mix/r"
    assert (found.mean, found.spread) == pytest.approx((0.0065, 1e-6))
    assert len(run.header["variables"]) == 5


@pytest.mark.parametrize("value", [-4.0, 1.7e38])
def test_a_sensor_that_reads_no_temperature_is_left_out(tmp_path: Path, value: float) -> None:
    largest = struct.pack("<4H", 0x7FFF, 0xFFFF, 0xFFFF, 0xFFFF)
    raw = sensor(1, "/Sample/read", -4.0)
    if value > 0:
        raw = raw.replace(mb.vax_double(-4.0), largest)
    run = run_with(tmp_path, raw, temperature="5K")
    assert run.temperature.sensors == ()
    assert any("'/Sample/read'" in text and "left out" in text for text in run.warnings)


# Histories --------------------------------------------------------------------------------------


def test_histories_are_logs(tmp_path: Path) -> None:
    begin = mb.DESCRIPTION["timeBegin"]
    times = [begin - 5, begin + 10, begin + 30]
    reals = b"".join(map(mb.vax_double, (5.0, 5.5, -6.25)))
    singles = b"".join(map(mb.vax_float, (0.125, 1e10, -3.0)))
    made = [
        mb.variable(1, "/a", "K"), mb.array(1, reals, times, 3, 8, 2),
        mb.variable(2, "/b", ""), mb.array(2, singles, times, 3, 4, 2),
        mb.variable(3, "/c", "G"), mb.array(3, mb.pack([0, 300, 7]), times, 3, 0, 1),
        mb.variable(4, "/no times", "G"), mb.array(4, mb.pack([1]), None, 1, 0, 1),
        mb.variable(5, "/texts", "G"), mb.array(5, b"ab", [begin], 1, 2, 3),
        mb.array(6, reals, times, 3, 8, 2),
    ]  # fmt: skip
    members = mb.small_members()
    members["variables"] = mb.group(mb.HISTORIES, made)
    run = read_mud(written(tmp_path, mb.whole(list(members.values()))))
    assert "not read yet" in repr(run.logs)
    for copy in (run, pickle.loads(pickle.dumps(run))):  # noqa: S301
        assert sorted(copy.logs) == ["/a", "/b", "/c"]
        assert copy.logs["/a"].seconds.tolist() == [-5, 10, 30]
        assert copy.logs["/a"].values.tolist() == [5.0, 5.5, -6.25]
        assert copy.logs["/b"].values.tolist() == [0.125, np.float32(1e10), -3.0]
        assert copy.logs["/c"].values.tolist() == [0.0, 300.0, 7.0]
        assert [copy.logs[name].unit for name in sorted(copy.logs)] == ["K", None, "G"]


# Refusals ---------------------------------------------------------------------------------------


def refused(folder: Path, content: bytes, **options: Any) -> str:
    path = written(folder, content)
    with pytest.raises(ReadError) as caught:
        read_mud(path, **options)
    text = str(caught.value)
    assert text.startswith(str(path))
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (mb.INTEGRAL, "a time-integral run"),
        (0x02030000, "a beta-NMR run of the older kind"),
        (0x03010000, "Rutherford Appleton Laboratory"),
        (0x05050505, "of an unknown kind 0x05050505"),
    ],
)
def test_other_kinds_are_refused(tmp_path: Path, kind: int, sentence: str) -> None:
    content = mb.whole(list(mb.small_members().values()), kind)
    text = refused(tmp_path, content)
    assert sentence in text
    assert "expected a time-differential muon run" in text
    with pytest.raises(ReadError, match=sentence):
        read(tmp_path / "x.msr")


def histograms(*sections: bytes) -> bytes:
    return mb.whole([mb.run_description(), mb.group(mb.HISTOGRAMS, sections)])


HEAD, DATA = mb.histogram(1, [1] * 500)
OTHER_WIDTH = mb.histogram(2, [1] * 500, fsPerBin=781250)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (histograms(HEAD), "no data of histogram 1"),
        (histograms(DATA), "the file has no histogram"),
        (mb.whole([HEAD, DATA]), "no run description"),
        (histograms(HEAD, DATA, HEAD), "a second header of histogram 1"),
        (histograms(HEAD, DATA, DATA), "second data of histogram 1"),
        (histograms(HEAD, DATA, *OTHER_WIDTH), "histogram 2 has fsPerBin = 781250, histogram 1"),
        (histograms(HEAD[:40], DATA), "a section of kind"),
        (mb.one_histogram([]), "histogram 1 has no bins"),
        (mb.one_histogram([1], bytesPerBin=3), "bytesPerBin = 3, expected 0, 1, 2 or 4"),
        (mb.one_histogram([1] * 9, mb.pack([1] * 8)), "8 bins in 11 bytes, expected 9 bins"),
        (mb.one_histogram([1] * 9, mb.pack([1] * 10)), "hold 10 bins or more, expected 9"),
        (mb.one_histogram([1] * 9, b"\x09\0\x03" + bytes(27)), "says 3 bytes for a bin"),
        (mb.one_histogram([1] * 9, b"\x09\0\x04" + bytes(35)), "expected 39 bytes or more"),
        (mb.one_histogram([1] * 9, bytes(17), bytesPerBin=2), "expected 18 bytes or more"),
        (mb.small_file()[:-1][:-40], "end at byte"),
        (b"1N" + bytes(200), "no MUD file"),
        (bytes(11), "ends early"),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    assert sentence in refused(tmp_path, content)


def test_doubts_about_the_tree(tmp_path: Path) -> None:
    good, members = mb.small_file(), list(mb.small_members().values())
    for content, sentence in (
        (good[:-12], "the end mark is missing"),
        (good[:-1], "the end mark is missing"),
        (good + b"more", "4 bytes behind the end mark"),
        (mb.whole(members, num=7), "declares 7 members, it has 5"),
        (mb.whole([*members, members[0].replace(struct.pack("<I", 1), struct.pack("<I", 2), 1)]),
         "2 run descriptions"),
        (histograms(HEAD, DATA, mb.histogram(2, [1])[1]), "data of a histogram 2, but no header"),
        (mb.one_histogram([1] * 9, mb.pack([1] * 9) + b"\0"), "leave 1 bytes of its data over"),
        (mb.one_histogram([1] * 500, nBytes=7), "has 503 bytes of data, its header says 7"),
        (mb.whole([mb.run_description(), mb.group(0x01020002, [HEAD, DATA])]), "holds no counts"),
        (mb.one_histogram([1] * 500, title=""), "no histogram has a label"),
    ):  # fmt: skip
        run = read_mud(written(tmp_path, content))
        assert any(sentence in text for text in run.warnings), sentence


def test_unknown_and_fixed_sections_are_skipped(tmp_path: Path) -> None:
    members = [mb.section(0x01099999, 4, b"whatever"), *mb.small_members().values()]
    content = mb.section(0x01010002, 1, struct.pack("<2I", 1, 1)) + mb.whole(members)
    run = read(written(tmp_path, content))
    assert run.warnings == ()
    np.testing.assert_array_equal(run.counts[0], mb.small_counts())


def test_zeros_take_no_bytes_so_that_the_declared_size_decides(tmp_path: Path) -> None:
    """3 bytes may stand for 65535 bins: 2 MB of them are read when they are allowed."""
    data = struct.pack("<HB", 50000, 0) * 5
    content = mb.one_histogram([0] * 250000, data)
    assert "declares 2000000 bytes of counts" in refused(tmp_path, content, max_bytes=1_999_999)
    run = read_mud(written(tmp_path, content), max_bytes=2_000_000)
    assert run.counts.shape == (1, 1, 250000)
    assert not run.counts.any()
    two = mb.histogram(2, [1], fsPerBin=390625)
    content = histograms(*mb.histogram(1, [0] * 250000, data), *two)
    assert "declares 4000000 bytes" in refused(tmp_path, content, max_bytes=2_000_000)
