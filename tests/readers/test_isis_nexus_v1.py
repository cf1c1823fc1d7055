"""ISIS NeXus version 1: small files built field by field, and damaged ones."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damage import outcome
from nexus_tree import (
    BEAM,
    HISTOGRAMS,
    N_BINS,
    N_DETECTORS,
    OLD_DETECTOR,
    ROWS,
    RUN,
    small_counts,
    small_old_tree,
    write_tree,
)

from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.readers.isis_nexus_v1 import FORMAT, read_isis_nexus_v1
from musrcu.readers.registry import read

ONE: dict[str, Any] = {
    ROWS: small_counts()[1],
    f"{ROWS}@number": np.int32(4),
    f"{RUN}/switching_states": np.array([1], np.int32),
    f"{OLD_DETECTOR}/deadtimes": np.full(4, 0.01, np.float32),
    f"{BEAM}/frames_good": None,
    f"{BEAM}/frames_period": None,
    f"{BEAM}/frames_period_daq": None,
    f"{BEAM}/frames_period_raw": None,
    f"{BEAM}/period_type": None,
    f"{BEAM}/period_labels": None,
}
"""One period, frames as the oldest files have them."""


def run_of(folder: Path, at: dict[str, Any] | None = None) -> Run:
    """The small run with some values of its tree replaced."""
    return read_isis_nexus_v1(write_tree(folder, at, small_old_tree()))


def refused(folder: Path, at: dict[str, Any]) -> str:
    path = write_tree(folder, at, small_old_tree())
    with pytest.raises(ReadError) as caught:
        read_isis_nexus_v1(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    return str(caught.value)


def warned(run: Run, text: str) -> bool:
    return any(text in warning for warning in run.warnings)


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
    assert (run.temperature.nominal, run.field, run.orientation) == (4.2, 20.0, "l")
    assert (run.number, run.title, run.sample) == (1234, "a title", "silver")
    assert (run.start, run.stop) == ("2010-05-27T14:30:56", "2010-05-27T14:35:04")
    assert (run.facility, run.source, run.instrument) == ("ISIS", "pulsed", "EMU")
    assert run.header[f"/{ROWS}@t0_bin"] == 10
    assert run.header[f"/{BEAM}/period_labels"] == "on;off"
    assert run.warnings == ()


def test_sniff(tmp_path: Path) -> None:
    path = write_tree(tmp_path, None, small_old_tree())
    assert FORMAT.sniff(path.read_bytes()[:16], path)
    assert not FORMAT.sniff(b"", path)
    assert read(path).format == "isis-nexus-v1"


@pytest.mark.parametrize("states", [2, -2])
def test_periods_are_blocks_of_rows(tmp_path: Path, states: int) -> None:
    at = {f"{RUN}/switching_states": np.array([states])}
    assert np.array_equal(run_of(tmp_path, at).counts, small_counts())


def test_counts_with_an_axis_of_periods(tmp_path: Path) -> None:
    assert np.array_equal(run_of(tmp_path, {ROWS: small_counts()}).counts, small_counts())
    at = {ROWS: small_counts(), f"{RUN}/switching_states": np.array([3])}
    assert "counts hold 2 periods, the entry names 3" in refused(tmp_path, at)


@pytest.mark.parametrize("field", ["deadtimes", "grouping"])
def test_one_list_for_all_periods(tmp_path: Path, field: str) -> None:
    group, name = (OLD_DETECTOR, "dead_time") if field == "deadtimes" else (HISTOGRAMS, "grouping")
    run = run_of(tmp_path, {f"{group}/{field}": np.array([3.0, 2.0, 1.0, 4.0])})
    values = getattr(run, name)
    assert np.array_equal(np.broadcast_to(values, (2, 4)), [[3, 2, 1, 4]] * 2)


# Time zero --------------------------------------------------------------------------------------

NO_AXIS: dict[str, Any] = {f"{HISTOGRAMS}/corrected_time": None}


@pytest.mark.parametrize(
    "at, t0, sentence",
    [
        # the data acquisition of before 2006: raw times from 0, corrected ones by the bin number
        (
            {
                f"{HISTOGRAMS}/raw_time": np.arange(50, dtype=np.float32) * 0.016,
                f"{HISTOGRAMS}/corrected_time": (np.arange(50) - 9).astype(np.float32) * 0.016,
                f"{HISTOGRAMS}/time_zero": np.array([0.278], np.float32),
            },
            9.0,
            "time_zero 0.278 us would be bin index 16.88, corrected_time puts it at 9.00",
        ),
        (NO_AXIS, 8.75, ""),
        (NO_AXIS | {f"{ROWS}@t0_bin": None}, 8.75, ""),
        (
            NO_AXIS | {f"{HISTOGRAMS}/time_zero": np.array([0.278])},
            9.0,
            "time_zero 0.278 us would be bin index 16.88, t0_bin puts it at 9.00; t0_bin is used",
        ),
        (NO_AXIS | {f"{HISTOGRAMS}/time_zero": None}, 9.0, "t0 = 9 bins from t0 bin 10"),
        ({f"{HISTOGRAMS}/time_zero": None}, 8.75, ""),
        (
            NO_AXIS | {f"{HISTOGRAMS}/time_zero": [np.nan]},
            9.0,
            "time_zero is nan; taken as unknown",
        ),
        ({f"{HISTOGRAMS}/time_zero": [5.0], f"{HISTOGRAMS}/time_zero@available": 0}, 8.75, ""),
        # one more time than bins: edges
        ({f"{HISTOGRAMS}/corrected_time": np.arange(51) * 0.016 - 0.148}, 8.75, ""),
    ],
)
def test_time_zero(tmp_path: Path, at: dict[str, Any], t0: float, sentence: str) -> None:
    run = run_of(tmp_path, at)
    assert run.t0 == pytest.approx([t0] * 4, abs=1e-5)
    assert warned(run, sentence) if sentence else run.warnings == ()


def test_time_zero_of_each_detector(tmp_path: Path) -> None:
    each = np.array([0.148, 0.132, 0.148, 0.164])
    run = run_of(tmp_path, {f"{HISTOGRAMS}/time_zero": each})
    assert run.t0 == pytest.approx([8.75, 7.75, 8.75, 9.75])
    assert run.warnings == ()


def test_no_time_zero_at_all(tmp_path: Path) -> None:
    at = NO_AXIS | {f"{HISTOGRAMS}/time_zero": None, f"{ROWS}@t0_bin": None}
    assert "time_zero, corrected_time and t0_bin are all missing" in refused(tmp_path, at)


# Frames -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "at, frames, sentence",
    [
        ({f"{BEAM}/frames_period_daq": None}, [100, 200], ""),
        (
            {f"{BEAM}/frames_period_daq": None, f"{BEAM}/frames_period": None},
            [110, 220],
            "the raw frames, 330 in all (instrument/beam/frames_good is 300)",
        ),
        (
            {
                f"{BEAM}/frames_period_daq": None,
                f"{BEAM}/frames_period": None,
                f"{BEAM}/frames_period_raw": None,
            },
            None,
            "frames_good is 300 for 2 periods, how it divides is not said",
        ),
        ({f"{BEAM}/frames_good": np.array([301])}, [100, 200], "frames_good is 301, the periods"),
        # a third period during which nothing is stored
        (
            {
                f"{BEAM}/period_type": np.array([1, 2, 1]),
                f"{BEAM}/frames_period_daq": None,
                f"{BEAM}/frames_period": np.array([100, 0, 200]),
                f"{BEAM}/period_labels": "on;dwell;off",
            },
            [100, 200],
            "",
        ),
    ],
)
def test_frames_of_periods(
    tmp_path: Path, at: dict[str, Any], frames: list[int] | None, sentence: str
) -> None:
    run = run_of(tmp_path, at)
    assert (None if run.good_frames is None else run.good_frames.tolist()) == frames
    assert run.period_labels == ("on", "off")
    assert warned(run, sentence) if sentence else run.warnings == ()


def test_frames_of_one_period(tmp_path: Path) -> None:
    run = run_of(tmp_path, ONE)
    assert run.good_frames is not None and run.good_frames.tolist() == [150]
    run = run_of(tmp_path, ONE | {f"{BEAM}/frames_good": np.array([120])})
    assert run.good_frames is not None and run.good_frames.tolist() == [120]


@pytest.mark.parametrize(
    "frames, reads, duration, counts, expected",
    [
        (50, 20, "1:00:00", 30, 1000),  # 30 counts a frame are impossible, 1.5 are not
        (50, 20, "3600", 30, 1000),
        (50, 20, "3600", 3, 50),  # 3 counts a frame are what a detector sees
        (50, 20, "00:00:10", 30, 50),  # 1000 frames do not fit into 10 s
        (50, 20, "a while", 30, 1000),  # start and stop are 248 s apart
        (50, 1, "3600", 30, 50),
        (50, 2, "3600", 300, 50),  # 150 counts a frame are as impossible as 300
    ],
)
def test_frames_of_one_read_or_of_all(
    tmp_path: Path, frames: int, reads: int, duration: str, counts: int, expected: int
) -> None:
    """Converters of 2001 stored the frames of one read of the data acquisition."""
    at = ONE | {
        ROWS: np.full((4, N_BINS), frames * counts // N_BINS, np.int32),
        f"{BEAM}/frames": np.array([frames], np.int32),
        f"{BEAM}/daereads": np.array([reads], np.int32),
        f"{RUN}/duration": duration,
        f"{OLD_DETECTOR}/deadtimes": np.full(4, 0.001, np.float32),
    }
    run = run_of(tmp_path, at)
    assert run.good_frames is not None and run.good_frames.tolist() == [expected]
    assert warned(run, f"{frames} frames a read times {reads} reads are used") == (
        expected != frames
    )
    assert warned(run, "'a while', no time") == (duration == "a while")


def test_frames_by_dead_time(tmp_path: Path) -> None:
    """A dead time by which more than half the counts were lost shows the same."""
    at = ONE | {
        ROWS: np.full((4, N_BINS), 1, np.int32),
        f"{BEAM}/frames": np.array([50], np.int32),
        f"{BEAM}/daereads": np.array([20], np.int32),
        f"{OLD_DETECTOR}/deadtimes": np.full(4, 0.5, np.float32),
    }
    run = run_of(tmp_path, at)
    assert run.good_frames is not None and run.good_frames.tolist() == [1000]


# Metadata ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, number, sentence",
    [
        ("EMU03087.nxs", 3087, "missing or 0; 3087 is taken from the name of the file"),
        ("emu00003087.NXS", 3087, "3087 is taken"),
        ("HIFI03087.nxs", None, "missing or 0; taken as unknown"),
        ("EMU03087_again.nxs", None, "taken as unknown"),
        ("EMU.nxs", None, "taken as unknown"),
        ("EMU000.nxs", None, "taken as unknown"),
    ],
)
def test_run_number_of_the_file_name(
    tmp_path: Path, name: str, number: int | None, sentence: str
) -> None:
    path = write_tree(tmp_path, {f"{RUN}/number": np.array([0])}, small_old_tree())
    run = read(path.rename(tmp_path / name))
    assert run.number == number
    assert warned(run, sentence)


@pytest.mark.parametrize(
    "lab, facility, source, sentence",
    [
        ("ISIS", "ISIS", "pulsed", ""),
        ("Rutherford Appleton Laboratory", "ISIS", "pulsed", ""),
        ("J-PARC MUSE", "J-PARC", "pulsed", ""),
        ("Paul Scherrer Institute", "PSI", "continuous", ""),
        ("PSI", "PSI", "continuous", ""),
        ("TRIUMF", "TRIUMF", "continuous", ""),
        ("Central Laboratory", "Central Laboratory", "pulsed", "which is not known"),
        (None, None, "pulsed", "lab is missing; the source is taken as pulsed"),
        ("n/a", None, "pulsed", "lab is missing"),
    ],
)
def test_facility(
    tmp_path: Path, lab: str | None, facility: str | None, source: str, sentence: str
) -> None:
    run = run_of(tmp_path, {f"{RUN}/lab": lab})
    assert (run.facility, run.source) == (facility, source)
    assert warned(run, sentence) if sentence else run.warnings == ()


@pytest.mark.parametrize("kind", ["Continuous Muon Source", "Pulsed Muon Source"])
def test_kind_of_source_as_stated(tmp_path: Path, kind: str) -> None:
    run = run_of(tmp_path, {f"{RUN}/lab": "XYZ", f"{RUN}/instrument/source/type": kind})
    assert (run.facility, run.source) == ("XYZ", kind.split()[0].lower())
    run = run_of(tmp_path, {f"{RUN}/instrument/source/type": kind})
    assert run.source == kind.split()[0].lower()
    assert warned(run, "it is taken as continuous") == kind.startswith("C")


def test_a_continuous_source_needs_no_frames(tmp_path: Path) -> None:
    at = ONE | {
        f"{RUN}/lab": "PSI",
        f"{BEAM}/frames": None,
        f"{OLD_DETECTOR}/deadtimes": None,
    }
    run = run_of(tmp_path, at)
    assert (run.good_frames, run.dead_time, run.warnings) == (None, None, ())


@pytest.mark.parametrize(
    "state, field, doubtful",
    [("TF", 0.0, True), ("TF", 20.0, False), ("ZF", 20.0, True), ("ZF", 0.0, False),
     ("ZF", 0.1, False), ("LF", 0.0, False), ("n/a", 20.0, False)],
)  # fmt: skip
def test_state_of_the_field(tmp_path: Path, state: str, field: float, doubtful: bool) -> None:
    at = {f"{RUN}/sample/magnetic_field_state": state, f"{RUN}/sample/magnetic_field": [field]}
    run = run_of(tmp_path, at)
    assert run.field == field
    assert warned(run, f"magnetic_field_state {state} and a field of {field:g} G") == doubtful
    assert run.header[f"/{RUN}/sample/magnetic_field_state"] == state


def test_old_start_and_lower_case_units(tmp_path: Path) -> None:
    at = {
        f"{RUN}/start_time": "1999-11-19 10:45:26",
        f"{RUN}/sample/temperature@units": "kelvin",
        f"{RUN}/sample/magnetic_field@units": "gauss",
        f"{RUN}/IDF_version": None,
        f"{RUN}/idf_version": np.array([1]),
    }
    run = run_of(tmp_path, at)
    assert (run.start, run.temperature.nominal, run.field) == ("1999-11-19T10:45:26", 4.2, 20.0)
    assert run.warnings == ()


@pytest.mark.parametrize(
    "at, sentence",
    [
        ({f"{RUN}/IDF_version": None}, "has no IDF_version; read as version 1"),
        ({f"{RUN}/switching_states": None, ROWS: small_counts()[0]}, "has no switching_states"),
        ({f"{ROWS}@number": np.int32(9)}, "has number 9 but holds 8"),
        ({f"{ROWS}@length": np.int32(49)}, "has length 49 but holds 50"),
        ({f"{OLD_DETECTOR}/deadtimes@available": 0}, "no dead times"),
        ({f"{OLD_DETECTOR}/deadtimes": np.zeros(4)}, "is all 0"),
        ({f"{OLD_DETECTOR}/deadtimes": np.ones(5)}, "5 values for 2 periods of 4 detectors"),
        ({f"{HISTOGRAMS}/raw_time": np.arange(50) * 0.016 + 0.018}, "the first bin at 0.01 us"),
    ],
)
def test_doubt(tmp_path: Path, at: dict[str, Any], sentence: str) -> None:
    at = {f"{OLD_DETECTOR}/deadtimes": np.full(4, 0.01)} | at
    at |= {f"{BEAM}/frames_period_daq": None} if f"{RUN}/switching_states" in at else {}
    assert warned(run_of(tmp_path, at), sentence)


@pytest.mark.parametrize(
    "at, sentence",
    [
        ({f"{RUN}/IDF_version": np.array([2])}, "IDF_version is 2, expected 1"),
        ({f"{RUN}/switching_states": np.array([3])}, "8 rows of counts are no multiple of 3"),
        ({f"{RUN}/switching_states": np.array([0])}, "switching_states is 0, expected the number"),
        ({f"{RUN}/switching_states": np.array([1e9])}, "switching_states is 1e+09"),
        ({ROWS: None}, "no histograms: histogram_data_1/counts is missing"),
        ({ROWS: np.zeros(50, int)}, "counts have shape (50,)"),
        ({ROWS: small_counts().reshape(8, 50) - 1}, "bin index 0 holds -1 counts"),
        ({f"{HISTOGRAMS}/resolution": np.array([0])}, "bin width 0 is not above 0"),
        ({f"{ROWS}@last_good_bin": 51}, "good bins 14 to 51 of detector 1"),
        ({f"{RUN}/analysis": "TOFRAW"}, "definition 'TOFRAW'; expected definition muonTD"),
    ],
)
def test_refused(tmp_path: Path, at: dict[str, Any], sentence: str) -> None:
    assert sentence in refused(tmp_path, at)


# Damage -----------------------------------------------------------------------------------------


def test_cut_and_flipped(tmp_path: Path) -> None:
    content = write_tree(tmp_path, None, small_old_tree()).read_bytes()
    path = tmp_path / "damaged.nxs"
    for length in np.linspace(0, len(content) - 1, 60).astype(int):
        path.write_bytes(content[:length])
        with pytest.raises(ReadError, match=r"damaged\.nxs"):
            read_isis_nexus_v1(path)
    chance = random.Random(20260202)
    outcomes = set()
    for _ in range(200):
        damaged = bytearray(content)
        place = chance.randrange(chance.choice([4000, len(content)]))
        damaged[place] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        outcomes.add(type(outcome(path, reader=read_isis_nexus_v1)))
    assert outcomes == {Run, str}
