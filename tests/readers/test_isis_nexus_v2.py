"""ISIS NeXus version 2: small files built field by field, and damaged ones."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from damage import outcome
from nexus_tree import (
    COUNTS,
    DETECTOR,
    ENTRY,
    N_BINS,
    N_DETECTORS,
    N_PERIODS,
    PERIODS,
    SAMPLE,
    small_counts,
    small_tree,
    write_tree,
)

from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.readers.isis_nexus_v2 import FORMAT, read_isis_nexus_v2
from musrcu.readers.registry import read

N_CUTS, N_FLIPS = 200, 300


def run_of(folder: Path, **changes: Any) -> Run:
    """The small run with some values of its tree replaced, ``at={path: value}``."""
    return read_isis_nexus_v2(write_tree(folder, changes.get("at")))


def refused(folder: Path, at: dict[str, Any]) -> str:
    path = write_tree(folder, at)
    with pytest.raises(ReadError) as caught:
        read_isis_nexus_v2(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def warned(run: Run, text: str) -> bool:
    return any(text in warning for warning in run.warnings)


# Real files -------------------------------------------------------------------------------------


def test_real_file_cut_and_flipped(real: Path, tmp_path: Path) -> None:
    content = (real / "isis-nexus-v2/EMU00005989_v2.nxs").read_bytes()
    survives(content, tmp_path, N_CUTS, N_FLIPS)


# Small files ------------------------------------------------------------------------------------


def test_what_another_program_invents_is_unknown(tmp_path: Path) -> None:
    """MuonDataLib 0.13 fills these in where an event file says nothing."""
    invented: dict[str, Any] = {
        f"{SAMPLE}/name": b"sample name: test",
        f"{SAMPLE}/temperature": np.array([5.5], np.float32),
        f"{SAMPLE}/magnetic_field": np.array([4.4], np.float32),
    }
    run = run_of(tmp_path, at=invented)
    assert (run.sample, run.temperature.value, run.field) == (None, None, None)
    assert warned(run, "5.5 K and 4.4 G, which MuonDataLib writes where nothing is known")
    cold = run_of(tmp_path, at=invented | {f"{SAMPLE}/name": b"silver"})
    assert (cold.sample, cold.temperature.value, cold.field) == ("silver", 5.5, 4.4)


def test_small_file(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    assert np.array_equal(run.counts, small_counts())
    assert run.counts.dtype == np.int64
    assert run.bin_width == 0.016
    assert run.t0.tolist() == pytest.approx([8.75] * N_DETECTORS, abs=1e-12)
    assert (run.first_good.tolist(), run.last_good.tolist()) == ([13] * 4, [44] * 4)
    assert run.dead_time is not None
    assert run.dead_time.tolist() == (np.arange(1, 9).reshape(2, 4) / 1024).tolist()
    assert run.good_frames is not None and run.good_frames.tolist() == [100, 200]
    assert run.period_labels == ("on", "off")
    assert run.grouping is not None and run.grouping.tolist() == [1, 1, 2, 2]
    assert (run.temperature.nominal, run.field) == (4.2, -20.0)
    assert (run.number, run.title, run.sample) == (1234, "a title", "silver")
    assert run.header[f"/{COUNTS}@t0_bin"] == 10
    assert run.header[f"/{PERIODS}/labels"] == "on;dwell;off"
    assert run.warnings == ()


def test_sniff(tmp_path: Path) -> None:
    path = write_tree(tmp_path)
    assert FORMAT.sniff(path.read_bytes()[:16], path)
    assert not FORMAT.sniff(b"1N", path)
    assert not FORMAT.sniff(b"", path)
    assert read(path).format == "isis-nexus-v2"


@pytest.mark.parametrize(
    "where, field, unknown",
    [
        (f"{ENTRY}/title", "title", None),
        (f"{ENTRY}/notes", "comment", None),
        (f"{ENTRY}/run_number", "number", None),
        (f"{ENTRY}/start_time", "start", None),
        (f"{ENTRY}/end_time", "stop", None),
        (f"{SAMPLE}/name", "sample", None),
        (f"{SAMPLE}/magnetic_field", "field", None),
        (f"{DETECTOR}/orientation", "orientation", None),
        (f"{DETECTOR}/dead_time", "dead_time", None),
        (f"{DETECTOR}/grouping", "grouping", None),
        (f"{PERIODS}/labels", "period_labels", ("", "")),
    ],
)
def test_missing_is_unknown(tmp_path: Path, where: str, field: str, unknown: object) -> None:
    assert getattr(run_of(tmp_path, at={where: None}), field) == unknown
    if where.endswith(("title", "notes", "sample/name", "orientation", "labels")):
        assert getattr(run_of(tmp_path, at={where: np.array([b" "])}), field) == unknown


@pytest.mark.parametrize("text", [np.array([b"Ag\0\0"]), np.bytes_(b"Ag "), "Ag", ["Ag", "Cu"]])
def test_kinds_of_text(tmp_path: Path, text: Any) -> None:
    assert run_of(tmp_path, at={f"{SAMPLE}/name": text}).sample == "Ag"


def test_latin_and_unicode_text(tmp_path: Path) -> None:
    assert run_of(tmp_path, at={f"{ENTRY}/title": "5 µs"}).title == "5 µs"
    assert run_of(tmp_path, at={f"{ENTRY}/title": np.bytes_(b"5 \xb5s")}).title == "5 µs"


@pytest.mark.parametrize("kind", [np.int32, np.uint16, np.int64, ">i4", np.float64])
def test_kinds_of_counts(tmp_path: Path, kind: Any) -> None:
    run = run_of(tmp_path, at={COUNTS: small_counts().astype(kind)})
    assert np.array_equal(run.counts, small_counts())


def test_scalars_and_arrays(tmp_path: Path) -> None:
    plain = {
        f"{ENTRY}/IDF_version": np.uint32(2),
        f"{ENTRY}/definition": "muonTD",
        f"{ENTRY}/run_number": np.uint64(1234),
        f"{SAMPLE}/temperature": 4.2,
        f"{DETECTOR}/resolution": 16000.0,
        f"{DETECTOR}/time_zero": np.float64(0.148),
    }
    run, usual = run_of(tmp_path, at=plain), run_of(tmp_path)
    assert (run.number, run.temperature.nominal) == (1234, 4.2)
    assert np.array_equal(run.t0, usual.t0)
    each = np.array([0.148, 0.148, 0.164, 0.18])
    assert run_of(tmp_path, at={f"{DETECTOR}/time_zero": each}).t0 == pytest.approx(
        [8.75, 8.75, 9.75, 10.75]
    )


def test_two_dimensional_counts_are_one_period(tmp_path: Path) -> None:
    at = {
        COUNTS: small_counts()[1],
        f"{DETECTOR}/dead_time": np.full(4, 0.01),
        f"{DETECTOR}/grouping": np.array([2, 2, 1, 0]),
        f"{ENTRY}/instrument/dae/period_index": np.array([1]),
        f"{PERIODS}/type": np.array([1]),
        f"{PERIODS}/good_frames": None,
        f"{PERIODS}/good_frames_daq": None,
        f"{PERIODS}/labels": None,
    }
    run = run_of(tmp_path, at=at)
    assert np.array_equal(run.counts, small_counts()[1:])
    assert run.good_frames is not None and run.good_frames.tolist() == [300]
    assert run.grouping is not None and run.grouping.tolist() == [2, 2, 1, 0]
    assert run.warnings == ()


# Time axis --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value, unit",
    [
        (16000, "picoseconds"),
        (16000, "pico.second"),
        (16.0, "ns"),
        (16.0, "nano.second"),
        (0.016, "µs"),
        (0.016, "microsecond"),
        (16000, None),
    ],
)
def test_units_of_the_bin_width(tmp_path: Path, value: float, unit: str | None) -> None:
    at = {f"{DETECTOR}/resolution": np.array([value]), f"{DETECTOR}/resolution@units": unit}
    assert run_of(tmp_path, at=at).bin_width == pytest.approx(0.016, rel=1e-12)


def test_bin_width_elsewhere(tmp_path: Path) -> None:
    none = {f"{DETECTOR}/resolution": None}
    converter = {
        **none,
        f"{DETECTOR}/histogram_resolution": np.array([16.0], np.float32),
        f"{DETECTOR}/histogram_resolution@units": "nano.second",
    }
    assert run_of(tmp_path, at=converter).bin_width == 0.016
    run = run_of(tmp_path, at=none)
    assert run.bin_width == pytest.approx(0.016, rel=1e-6)
    assert warned(run, "has no resolution; bin width 0.016 us")
    assert "bin width unknown" in refused(tmp_path, none | {f"{DETECTOR}/raw_time": None})


def test_bin_width_contradicted(tmp_path: Path) -> None:
    run = run_of(tmp_path, at={f"{DETECTOR}/resolution": np.array([20000])})
    assert run.bin_width == 0.02
    assert warned(run, "bins of 0.02 us, raw_time has steps of 0.016 us")


@pytest.mark.parametrize(
    "at, sentence",
    [
        ({f"{DETECTOR}/resolution": np.array([0])}, "bin width 0 is not above 0"),
        ({f"{DETECTOR}/resolution": np.array([-16])}, "bin width -16 is not above 0"),
        ({f"{DETECTOR}/resolution@units": "Gauss"}, "'Gauss' is no unit of time"),
        (
            {f"{DETECTOR}/resolution": [7], f"{DETECTOR}/resolution@units": None},
            "has no unit and raw_time has steps of 0.016 us",
        ),
        ({f"{DETECTOR}/raw_time": np.arange(7.0)}, "7 times for 50 bins"),
        ({f"{DETECTOR}/time_zero": np.arange(3.0)}, "time_zero has 3 values, expected 1 or 4"),
        ({f"{DETECTOR}/time_zero": np.array([5.0])}, "time zero is bin 312 to 312 of 50 bins"),
        ({f"{COUNTS}@last_good_bin": 51}, "good bins 14 to 51 of detector 1 are not within"),
        ({f"{COUNTS}@first_good_bin": 45}, "good bins 45 to 45 of detector 1"),
        ({f"{COUNTS}@first_good_bin": -3}, "good bins -3 to 45"),
        ({f"{COUNTS}@first_good_bin": "many"}, "first_good_bin is 'many'"),
    ],
)
def test_impossible_time_axis(tmp_path: Path, at: dict[str, Any], sentence: str) -> None:
    assert sentence in refused(tmp_path, at)


def test_t0_without_time_zero(tmp_path: Path) -> None:
    no_zero = {f"{DETECTOR}/time_zero": None}
    assert run_of(tmp_path, at=no_zero).t0 == pytest.approx([8.75] * 4, abs=1e-5)
    no_axis = {**no_zero, f"{DETECTOR}/corrected_time": None}
    run = run_of(tmp_path, at=no_axis)
    assert run.t0.tolist() == [9.0] * 4
    assert warned(run, "t0 = 9 bins from t0 bin 10 (counted from 1)")
    unavailable = {f"{DETECTOR}/time_zero@available": 0, f"{DETECTOR}/corrected_time": None}
    assert run_of(tmp_path, at=unavailable).t0.tolist() == [9.0] * 4
    nothing = {**no_axis, f"{COUNTS}@t0_bin": None}
    assert "time_zero, corrected_time and t0_bin are all missing" in refused(tmp_path, nothing)


def test_bins_beside_counts(tmp_path: Path) -> None:
    """The converter any2many stores one number a detector."""
    at = {
        f"{DETECTOR}/time_zero": None,
        f"{DETECTOR}/corrected_time": None,
        f"{COUNTS}@t0_bin": None,
        f"{COUNTS}@first_good_bin": None,
        f"{COUNTS}@last_good_bin": None,
        f"{DETECTOR}/time_zero_bin": np.array([16, 17, 16, 16]),
        f"{DETECTOR}/first_good_bin": np.array([23, 24, 23, 23]),
        f"{DETECTOR}/last_good_bin": np.array([50, 50, 49, 50]),
    }
    run = run_of(tmp_path, at=at)
    assert run.t0.tolist() == [15, 16, 15, 15]
    assert run.first_good.tolist() == [22, 23, 22, 22]
    assert run.last_good.tolist() == [49, 49, 48, 49]


def test_bins_counted_from_zero(tmp_path: Path) -> None:
    """MuonDataLib numbers the bins of converted events from 0."""
    at = {
        f"{DETECTOR}/time_zero": None,
        f"{DETECTOR}/corrected_time": None,
        f"{COUNTS}@t0_bin": 0,
        f"{COUNTS}@first_good_bin": 0,
        f"{COUNTS}@last_good_bin": 49,
    }
    run = run_of(tmp_path, at=at)
    assert run.t0.tolist() == [-0.5] * 4  # the left edge of the first bin
    assert (run.first_good[0], run.last_good[0]) == (0, 49)
    run = run_of(tmp_path, at=at | {f"{COUNTS}@last_good_bin": 50})
    assert run.last_good[0] == 49 and warned(run, "last_good_bin 50 of bins 0 to 49")


def test_good_bins_missing(tmp_path: Path) -> None:
    run = run_of(tmp_path, at={f"{COUNTS}@first_good_bin": None, f"{COUNTS}@last_good_bin": None})
    assert (run.first_good[0], run.last_good[0]) == (9, N_BINS - 1)
    assert warned(run, "no first_good_bin") and warned(run, "no last_good_bin")


@pytest.mark.parametrize(
    "at, sentence",
    [
        ({f"{COUNTS}@t0_bin": 40}, "t0 bin 40 (counted from 1) but time_zero 0.148 us"),
        ({f"{COUNTS}@first_good_bin": 3}, "first good bin index 2 of detector 1 before"),
        ({f"{DETECTOR}/corrected_time": np.arange(50) * 0.016}, "corrected_time from 0 us"),
        ({f"{DETECTOR}/corrected_time": np.arange(9.0)}, "corrected_time has 9 times"),
        ({f"{DETECTOR}/raw_time": np.zeros(51)}, "does not increase"),
        ({f"{DETECTOR}/raw_time@units": "bins"}, "'bins' is no unit of time, expected"),
        ({f"{DETECTOR}/raw_time": "from the start"}, "expected numbers; raw_time is not used"),
        ({f"{DETECTOR}/corrected_time@units": "bins"}, "the like; corrected_time is not used"),
        ({f"{DETECTOR}/spectrum_index": "all"}, "expected numbers; taken as unknown"),
    ],
)
def test_doubtful_time_axis(tmp_path: Path, at: dict[str, Any], sentence: str) -> None:
    assert warned(run_of(tmp_path, at=at), sentence)


# Frames, periods, dead times, groups -----------------------------------------------------------


NO_DAQ: dict[str, Any] = {f"{PERIODS}/good_frames_daq": None}
NO_GOOD: dict[str, Any] = {**NO_DAQ, f"{PERIODS}/good_frames": None}


@pytest.mark.parametrize(
    "at, frames, sentence",
    [
        (NO_DAQ, [100, 200], ""),
        (NO_DAQ | {f"{ENTRY}/instrument/dae/period_index": None}, [100, 200], ""),
        (NO_GOOD, [110, 220], "the raw frames, 330 in all (good_frames is 300)"),
        (NO_GOOD | {f"{PERIODS}/raw_frames": None}, None, "is 300 for 2 periods, how it divides"),
        (NO_GOOD | {f"{PERIODS}/raw_frames": None, f"{ENTRY}/good_frames": None}, None, "no good"),
        ({f"{PERIODS}/good_frames_daq": np.array([1, 2, 3])}, [100, 200], "has 3 entries"),
        ({f"{PERIODS}/good_frames_daq": np.array([100, 201])}, [100, 201], "periods sum to 301"),
        (
            {f"{PERIODS}/good_frames_daq": np.array([0, 300])},
            None,
            "0 good frames for 34900 counts",
        ),
        ({f"{PERIODS}/good_frames_daq": np.array([-1, 301])}, None, "-1 good frames"),
        ({f"{PERIODS}/good_frames_daq": np.array([0.5, 1])}, [100, 200], "no whole numbers"),
        ({f"{PERIODS}/type": np.array([1, 1, 1])}, [100, 200], "names 3 stored periods, counts"),
    ],
)
def test_good_frames(
    tmp_path: Path, at: dict[str, Any], frames: list[int] | None, sentence: str
) -> None:
    run = run_of(tmp_path, at=at)
    assert (None if run.good_frames is None else run.good_frames.tolist()) == frames
    assert warned(run, sentence) if sentence else run.warnings == ()


@pytest.mark.parametrize("labels", [["on", "dwell", "off"], np.array([b"on;dwell ", b"off"])])
def test_period_labels_as_several_texts(tmp_path: Path, labels: Any) -> None:
    run = run_of(tmp_path, at={f"{PERIODS}/labels": labels})
    assert run.period_labels == ("on", "off") and run.warnings == ()


@pytest.mark.parametrize(
    "where, values, field, first",
    [
        (f"{ENTRY}/title", ["one", "two"], "title", "one"),
        (f"{SAMPLE}/name", np.array([b"Ag", b"Cu"]), "sample", "Ag"),
        (f"{SAMPLE}/magnetic_field", np.array([[1, 2], [3, 4]]), "field", 1.0),
        (f"{ENTRY}/run_number", np.array([5, 6]), "number", 5),
    ],
)
def test_the_first_of_several(
    tmp_path: Path, where: str, values: Any, field: str, first: Any
) -> None:
    run = run_of(tmp_path, at={where: values})
    assert getattr(run, field) == first
    assert run.warnings == (
        f"/{where} holds {np.size(values)} values, expected one; the first is used",
    )


def test_period_labels_that_do_not_fit(tmp_path: Path) -> None:
    run = run_of(tmp_path, at={f"{PERIODS}/labels": "one"})
    assert run.period_labels == ("", "") and warned(run, "names 1 periods, counts hold 2")


@pytest.mark.parametrize(
    "at, expected, sentence",
    [
        ({f"{DETECTOR}/dead_time@available": 0}, None, "no dead times"),
        ({f"{DETECTOR}/dead_time": np.zeros(8)}, None, "is all 0"),
        ({f"{DETECTOR}/dead_time": np.full(8, np.nan)}, None, "is not all finite"),
        ({f"{DETECTOR}/dead_time": np.ones(5)}, None, "5 values for 2 periods of 4 detectors"),
        ({f"{DETECTOR}/dead_time": np.ones(2)}, None, "expected 4 or (2, 4); taken as unknown"),
        ({f"{DETECTOR}/dead_time": np.ones((8, 2))}, None, "values of shape (8, 2) for 2 periods"),
        ({f"{DETECTOR}/dead_time": "long"}, None, "expected numbers; taken as unknown"),
        ({f"{DETECTOR}/dead_time@units": "bins"}, None, "'bins' is no unit of time"),
        ({f"{DETECTOR}/dead_time": np.full(1, 0.02)}, 0.02, ""),
        ({f"{DETECTOR}/dead_time": np.float64(0.02)}, 0.02, ""),
        (
            {f"{DETECTOR}/dead_time": np.full(4, -10.0), f"{DETECTOR}/dead_time@units": "ns"},
            -0.01,
            "",
        ),
        ({f"{DETECTOR}/dead_time": np.full(4, 0.01)}, 0.01, ""),
    ],
)
def test_dead_time(
    tmp_path: Path, at: dict[str, Any], expected: float | None, sentence: str
) -> None:
    run = run_of(tmp_path, at=at)
    if expected is None:
        assert run.dead_time is None and warned(run, sentence) and len(run.warnings) == 1
    else:
        assert run.dead_time is not None and run.warnings == ()
        assert run.dead_time == pytest.approx(np.full((N_PERIODS, N_DETECTORS), expected))


@pytest.mark.parametrize("shape", [(8,), (2, 4), (1, 2, 4), (2, 4, 1)])
@pytest.mark.parametrize("turned", [False, True])
def test_values_per_period_and_detector(
    tmp_path: Path, shape: tuple[int, ...], turned: bool
) -> None:
    """As the shape says: an array of (detector, period) must not be read along its lines."""
    meant = np.arange(1, 9).reshape(2, 4)
    stored = meant.T.reshape(shape[::-1]) if turned and len(shape) > 1 else meant.reshape(shape)
    at = {f"{DETECTOR}/dead_time": stored / 1024, f"{DETECTOR}/grouping": stored}
    run = run_of(tmp_path, at=at)
    assert run.dead_time is not None and run.dead_time.tolist() == (meant / 1024).tolist()
    assert run.grouping is not None and run.grouping.tolist() == [1, 2, 3, 4]


def test_as_many_periods_as_detectors(tmp_path: Path) -> None:
    """Nothing tells the axes apart then: they are those of the definition, (period, detector)."""
    values = np.arange(1, 17).reshape(4, 4)
    counts = np.ones((4, 4, N_BINS), int)
    at = {COUNTS: counts, f"{DETECTOR}/dead_time": values / 1024}
    run = run_of(tmp_path, at=at)
    assert run.dead_time is not None and run.dead_time.tolist() == (values / 1024).tolist()


def test_grouping(tmp_path: Path) -> None:
    assert run_of(tmp_path, at={f"{DETECTOR}/grouping@available": 0}).grouping is None
    assert run_of(tmp_path, at={f"{DETECTOR}/grouping": np.zeros(4, int)}).grouping is None
    run = run_of(tmp_path, at={f"{DETECTOR}/grouping": np.arange(8)})
    assert run.grouping is not None and run.grouping.tolist() == [0, 1, 2, 3]
    assert warned(run, "differs between periods")
    assert warned(run_of(tmp_path, at={f"{DETECTOR}/grouping": np.full(4, -1)}), "holds -1")
    run = run_of(tmp_path, at={f"{DETECTOR}/grouping": np.ones(12)})
    assert run.grouping is None and warned(run, "grouping holds 12 values for 2 periods of 4")
    run = run_of(tmp_path, at={f"{DETECTOR}/grouping": "all in one"})
    assert run.grouping is None and warned(run, "grouping: holds values of type")


# Metadata ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "at, temperature, field, sentence",
    [
        (
            {f"{SAMPLE}/temperature@units": None, f"{SAMPLE}/magnetic_field@units": None},
            4.2,
            -20,
            "",
        ),
        ({f"{SAMPLE}/temperature@units": "mK"}, 0.0042, -20, ""),
        ({f"{SAMPLE}/temperature@units": "Celsius"}, None, -20, "is 4.2 in 'Celsius'"),
        ({f"{SAMPLE}/temperature": "warm"}, None, -20, "holds 'warm', expected a number"),
        ({f"{SAMPLE}/temperature": None, f"{SAMPLE}/temperature_1": [0.0]}, 0.0, -20, ""),
        ({f"{SAMPLE}/magnetic_field@units": "mT"}, 4.2, -200, ""),
        ({f"{SAMPLE}/magnetic_field": None, f"{SAMPLE}/magnetic_field_1": [0.0]}, 4.2, 0.0, ""),
        ({f"{SAMPLE}/magnetic_field@units": "Ampere"}, 4.2, None, "is -20 in 'Ampere'"),
        ({f"{SAMPLE}/temperature": [np.nan]}, None, -20, "temperature is nan; taken as unknown"),
        ({f"{SAMPLE}/temperature": "inf"}, None, -20, "temperature is inf; taken as unknown"),
        ({f"{SAMPLE}/temperature": [-1.0]}, None, -20, "is -1 Kelvin, which cannot be"),
        ({f"{SAMPLE}/magnetic_field": [np.inf]}, 4.2, None, "magnetic_field is inf; taken as"),
        (
            {f"{SAMPLE}/magnetic_field": [1e308], f"{SAMPLE}/magnetic_field@units": "T"},
            4.2,
            None,
            "is 1e+308 T, which cannot be",
        ),
    ],
)
def test_temperature_and_field(
    tmp_path: Path,
    at: dict[str, Any],
    temperature: float | None,
    field: float | None,
    sentence: str,
) -> None:
    run = run_of(tmp_path, at=at)
    assert run.temperature.nominal == pytest.approx(temperature)
    assert run.field == pytest.approx(field)
    assert warned(run, sentence) if sentence else run.warnings == ()


@pytest.mark.parametrize(
    "at, sentence",
    [
        ({f"{ENTRY}/run_number": np.array([0])}, "run_number is missing or 0"),
        ({f"{ENTRY}/start_time": "yesterday"}, "'yesterday', no ISO 8601 time"),
        ({f"{ENTRY}/instrument/source/name": "Mars"}, "is 'Mars', which is not known"),
        ({f"{ENTRY}/instrument/source/name": "n/a"}, "name is missing; the source is taken as"),
        ({f"{ENTRY}/IDF_version": None}, "has no IDF_version"),
        ({f"{DETECTOR}/spectrum_index": np.arange(11, 15)}, "runs from 11 to 14"),
    ],
)
def test_doubtful_metadata(tmp_path: Path, at: dict[str, Any], sentence: str) -> None:
    assert warned(run_of(tmp_path, at=at), sentence)


def test_start_with_a_blank(tmp_path: Path) -> None:
    run = run_of(tmp_path, at={f"{ENTRY}/start_time": "2005-12-03 17:08:05"})
    assert run.start == "2005-12-03T17:08:05"


# Other files, and damage ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "at, sentence",
    [
        ({f"{ENTRY}/definition": "TOFRAW"}, "definition 'TOFRAW'; expected definition muonTD or"),
        ({f"{ENTRY}/definition": None}, "definition missing; expected definition"),
        ({f"{ENTRY}/IDF_version": np.array([1])}, "IDF_version is 1, expected 2"),
        ({f"{ENTRY}/IDF_version": np.array([3])}, "IDF_version is 3, expected 2"),
        ({COUNTS: None}, "instrument/detector_1/counts is missing"),
        (
            {COUNTS: None, f"{ENTRY}/detector_1/event_id": np.arange(5)},
            "holds single events",
        ),
        ({COUNTS: np.zeros(50, int)}, "counts have shape (50,)"),
        ({COUNTS: np.zeros((1, 1, 4, 50), int)}, "counts have shape (1, 1, 4, 50)"),
        ({COUNTS: np.zeros((2, 0, 50), int)}, "counts have shape (2, 0, 50)"),
        ({COUNTS: np.full((2, 4, 50), b"x")}, "counts are of type |S1"),
        ({COUNTS: np.full((2, 4, 50), 0.5)}, "not all whole numbers"),
        ({COUNTS: np.full((2, 4, 50), np.nan)}, "not all whole numbers"),
        *[
            ({COUNTS: np.full((2, 4, 50), many)}, f"a bin holds {many:g} counts, expected at most")
            for many in (1e300, np.inf, 2**62, np.uint64(2**64 - 1))
        ],
        ({f"{DETECTOR}/time_zero": [1e308]}, "time zero is bin inf"),
        ({f"{DETECTOR}/resolution": [1e-308]}, "time zero is bin inf"),
        ({f"{COUNTS}@t0_bin": 1e19}, "t0_bin is 1e+19, expected a bin number"),
        ({COUNTS: small_counts() - 1}, "period 1, detector 1, bin index 0 holds -1 counts"),
        ({f"{DETECTOR}/spectrum_index": np.arange(5)}, "5 entries for 4 histograms"),
    ],
)
def test_refused(tmp_path: Path, at: dict[str, Any], sentence: str) -> None:
    text = refused(tmp_path, at)
    assert sentence in text
    assert "\n" not in text


@pytest.mark.parametrize(
    "where", [COUNTS, f"{COUNTS}@first_good_bin", f"{COUNTS}@last_good_bin", f"{COUNTS}@t0_bin",
              *(f"{DETECTOR}/{name}" for name in (
                  "raw_time", "resolution", "time_zero", "corrected_time", "dead_time", "grouping",
                  "spectrum_index")),
              f"{PERIODS}/good_frames_daq", f"{ENTRY}/run_number"]
)  # fmt: skip
def test_odd_numbers_give_a_run_or_one_sentence(tmp_path: Path, where: str) -> None:
    """No warning of NumPy and no traceback, whatever number stands there."""
    stored = np.asarray(small_tree()[where])
    for odd in (np.nan, np.inf, -np.inf, 1e308, -1e308, 1e-308, 1e19, 2**62, -(2**63)):
        several = np.full(stored.shape, odd)
        one = stored.astype(float)
        one.flat[-1] = odd
        for k, values in enumerate((several, one)):
            folder = tmp_path / f"{odd}-{k}"
            folder.mkdir()
            path = write_tree(folder, {where: values[()] if "@" in where else values})
            try:
                read_isis_nexus_v2(path)
            except ReadError as error:
                assert "\n" not in str(error)


def test_histograms_under_another_name(tmp_path: Path) -> None:
    """Names do not decide: files exist whose histograms lie in detector_1_events."""
    at = {COUNTS: None, f"{DETECTOR}/grouping": None, f"{DETECTOR}/dead_time": None}
    other = f"{ENTRY}/detector_1_events"
    moved = {
        f"{other}/counts": small_counts(),
        f"{other}/counts@t0_bin": 10,
        f"{other}/resolution": 16000,
    }
    run = run_of(tmp_path, at=at | moved)
    assert np.array_equal(run.counts, small_counts())
    assert warned(run, f"/{other} is read")


def test_hdf5_of_other_programs(tmp_path: Path) -> None:
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["image"] = np.zeros(3)
    with pytest.raises(ReadError, match=r"without a NeXus entry \(it holds image\)"):
        read(path)


def test_entry_under_another_name(tmp_path: Path) -> None:
    with h5py.File(write_tree(tmp_path), "r+") as file:
        file.move(ENTRY, "run_1234")
    assert read_isis_nexus_v2(tmp_path / "small.nxs").number == 1234


def test_not_hdf5_and_missing(tmp_path: Path) -> None:
    path = tmp_path / "x.nxs"
    with pytest.raises(ReadError, match="cannot be opened: No such file"):
        read_isis_nexus_v2(path)
    path.write_bytes(b"something else altogether")
    with pytest.raises(ReadError, match="expected .* of an HDF5 file"):
        read_isis_nexus_v2(path)


def test_no_link_out_of_the_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    other = write_tree(tmp_path / "elsewhere")
    text = refused(tmp_path, {COUNTS: h5py.ExternalLink(str(other), COUNTS)})
    assert "a link out of the file; not followed" in text
    detour = {
        f"{ENTRY}/outside": h5py.ExternalLink(str(other), "/"),
        COUNTS: h5py.SoftLink(f"/{ENTRY}/outside/{COUNTS}"),
    }
    assert "a link out of the file; not followed" in refused(tmp_path, detour)
    title = {f"{ENTRY}/title": h5py.ExternalLink(str(other), f"{ENTRY}/title")}
    run = run_of(tmp_path, at=title)
    assert run.title is None and warned(run, "title is a link out of the file")


def test_links_inside_the_file(tmp_path: Path) -> None:
    absolute = {f"{ENTRY}/here": small_counts(), COUNTS: h5py.SoftLink(f"/{ENTRY}/here")}
    assert np.array_equal(run_of(tmp_path, at=absolute).counts, small_counts())
    relative = {f"{DETECTOR}/here": small_counts(), COUNTS: h5py.SoftLink("here")}
    assert np.array_equal(run_of(tmp_path, at=relative).counts, small_counts())
    circle = {COUNTS: h5py.SoftLink("there"), f"{DETECTOR}/there": h5py.SoftLink("counts")}
    assert "leads in circles" in refused(tmp_path, circle)
    assert "counts is missing" in refused(tmp_path, {COUNTS: h5py.SoftLink("nowhere")})


def test_counts_in_another_file_are_not_read(tmp_path: Path) -> None:
    path = write_tree(tmp_path, {COUNTS: None})
    raw = tmp_path / "raw.dat"
    raw.write_bytes(small_counts().tobytes())
    with h5py.File(path, "r+") as file:
        file.create_dataset(
            COUNTS, small_counts().shape, "<i4", external=[(str(raw), 0, raw.stat().st_size)]
        )
    with pytest.raises(ReadError, match="lie in another file"):
        read_isis_nexus_v2(path)
    layout = h5py.VirtualLayout(shape=small_counts().shape, dtype="<i4")
    layout[:] = h5py.VirtualSource(str(tmp_path / "source.h5"), "c", small_counts().shape)
    with h5py.File(path, "r+") as file:
        del file[COUNTS]
        file.create_virtual_dataset(COUNTS, layout)
    with pytest.raises(ReadError, match="it is a virtual data set"):
        read_isis_nexus_v2(path)


@pytest.mark.parametrize("shape", [(2, 64, 2**24), (1, 2**20, 2**20)])
def test_counts_that_are_not_there(tmp_path: Path, shape: tuple[int, int, int]) -> None:
    path = write_tree(tmp_path, {COUNTS: None})
    with h5py.File(path, "r+") as file:
        file.create_dataset(COUNTS, shape, "i4", chunks=(1, 1, 4096), compression="gzip")
    with pytest.raises(ReadError, match="bytes, of which only 0 are stored"):
        read_isis_nexus_v2(path)


def survives(content: bytes, folder: Path, n_cuts: int, n_flips: int) -> None:
    """Cut at many lengths and changed at many places, a file is a Run or a ReadError."""
    path = folder / "damaged.nxs"
    for length in np.linspace(0, len(content) - 1, n_cuts).astype(int):
        path.write_bytes(content[:length])
        with pytest.raises(ReadError, match=r"damaged\.nxs"):
            read_isis_nexus_v2(path)
    chance = random.Random(20260101)
    outcomes = set()
    for _ in range(n_flips):
        damaged = bytearray(content)
        place = chance.randrange(chance.choice([4000, len(content)]))
        damaged[place] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        outcomes.add(type(outcome(path, reader=read_isis_nexus_v2)))
    assert outcomes == {Run, str}


def test_small_file_cut_and_flipped(tmp_path: Path) -> None:
    survives(write_tree(tmp_path).read_bytes(), tmp_path, N_CUTS, N_FLIPS)
