"""``--period`` of every verb, on a file of two periods thrown here: a precession, on and off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command import Musrcu
from nexus_tree import COUNTS, DETECTOR, ENTRY, PERIODS, write_tree

import musrcu as mu

N_BINS, FIELD = 900, 20.0
NU = FIELD * 0.01355388
AMPLITUDES = (0.20, 0.14)
"""Total asymmetries of the periods on and off."""
PAIR = ("--forward", "1-2", "--backward", "3-4")


def thrown(n_periods: int) -> np.ndarray:
    """(period, 4, bin) counts: detectors 1 and 2 forward, t0 at 0.148 us, no dead time."""
    rng = np.random.default_rng(31)
    time = (np.arange(N_BINS) + 0.5) * 0.016 - 0.148
    wave = np.cos(2 * np.pi * NU * time)
    decay = np.where(time >= 0, 4000 * np.exp(-np.maximum(time, 0) / 2.197), 0.0)
    means = [[(1 + sign * a * wave) * decay for sign in (1, 1, -1, -1)] for a in AMPLITUDES]
    return rng.poisson(np.array(means[:n_periods])).astype(np.int32)


def written(folder: Path, n_periods: int) -> Path:
    folder.mkdir()
    edges = np.arange(N_BINS + 1, dtype=np.float32) * np.float32(0.016)
    changes = {
        COUNTS: thrown(n_periods),
        f"{COUNTS}@last_good_bin": np.int32(N_BINS - 10),
        f"{DETECTOR}/raw_time": edges,
        f"{DETECTOR}/corrected_time": edges[:-1] + np.float32(0.008 - 0.148),
        f"{DETECTOR}/dead_time": None,
        f"{DETECTOR}/grouping": None,
    }
    if n_periods == 1:
        changes |= {f"{PERIODS}/{name}": None for name in ("type", "good_frames_daq", "labels")}
        changes |= {
            f"{PERIODS}/number": np.array([1], np.int32),
            f"{PERIODS}/good_frames": np.array([300], np.int32),
            f"{PERIODS}/raw_frames": np.array([330], np.int32),
            f"{ENTRY}/instrument/dae/period_index": np.array([1], np.int32),
        }
    return write_tree(folder, changes)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("periods") / "two", 2)


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("periods") / "one", 1)


def test_the_default_is_printed(musrcu: Musrcu, two: Path, here: Path) -> None:
    sentence = "none was chosen, so the first of 2 (1 on, 2 off); see period= (--period)"
    words = (*PAIR, "--model", "cosine")
    assert f"select_periods(period=1, label=on): {sentence}" in musrcu("fit", two, *words).out
    assert sentence in musrcu("reduce", two, *PAIR).out
    assert sentence in musrcu("calibrate", two, *PAIR).out
    found = musrcu("fit", two, *words, "--json").json
    assert found["reduction"]["select_periods"] == {"note": sentence, "period": 1, "label": "on"}
    assert sentence not in musrcu("fit", two, *words, "--period", "1").out
    scanned = musrcu("scan", two, *PAIR)
    assert f"select_periods: period = 1, label = on: {sentence}" in scanned.out


@pytest.mark.parametrize(
    ("period", "amplitude", "told"),
    [
        ("1", 0.20, 1),
        ("2", 0.14, 2),
        ("OFF", 0.14, 2),
        ("1+2", 0.17, "1+2"),
        ("all", 0.17, "1+2"),
        ("1-2", 0.06, "1-2"),
        ("on - off", 0.06, "1-2"),
        ("off-on", -0.06, "2-1"),
    ],
)
def test_the_amplitude_of_a_choice(
    musrcu: Musrcu, two: Path, period: str, amplitude: float, told: int | str
) -> None:
    words = ("--model", "cosine", "--fix", "phi1=0", "--start", f"nu1={NU}", "--json")
    found = musrcu("fit", two, *PAIR, *words, "--period", period).json
    fitted = found["parameters"]["A1"]
    assert abs(fitted["value"] - amplitude) < 4 * fitted["error"] < 0.02
    stage = "subtract_periods" if "-" in str(told) else "select_periods"
    assert found["reduction"][stage]["period"] == told
    assert found["recipe"]["reduction"]["period"] in (period, told)


def test_a_difference_is_reduced_and_drawn(musrcu: Musrcu, two: Path, here: Path) -> None:
    csv = musrcu("reduce", two, *PAIR, "--period", "1-2").out
    assert "# step: subtract_periods(period=1-2, label=on - off): difference of the" in csv
    for name in ("a.csv", "a.nxs"):
        assert musrcu("reduce", two, *PAIR, "--period", "1-2", "-o", name).code == 0
    assert musrcu("plot", two, *PAIR, "--period", "1-2", "-o", "a.svg").code == 0
    asymmetry = mu.reduce(mu.read(two), mu.Reduction(forward="1-2", backward="3-4", period="1-2"))
    assert "periods 1-2 (on - off)" in mu.plot.asymmetry(asymmetry).get_title("left")


@pytest.mark.parametrize("period", ["", "0", "-2", "1+1", "1+", "1.5", "+"])
def test_no_period(musrcu: Musrcu, two: Path, period: str) -> None:
    done = musrcu("reduce", two, *PAIR, f"--period={period}")
    assert (done.code, done.out) == ((1, "") if period == "-2" else (2, ""))
    assert "is not a period from 1, a label, a sum" in done.err or "nothing to subtract" in done.err


def test_a_period_that_the_run_does_not_have(musrcu: Musrcu, two: Path) -> None:
    done = musrcu("reduce", two, *PAIR, "--period", "1-3")
    assert done.code == 1
    assert done.complaint == "musrcu: EMU 1234: period 3 asked for, it has 1 to 2 (1 on, 2 off)"


def test_the_calibration_of_a_difference(
    musrcu: Musrcu, two: Path, single: Path, here: Path
) -> None:
    """From all counts that are named; from a run of one period whatever is named."""
    done = musrcu("calibrate", two, *PAIR, "--period", "1-2")
    assert done.code == 1
    assert "is a difference of asymmetries, there are no counts of it" in done.complaint
    words = ("--model", "cosine", "--period", "1-2", "--json", "--calibration")
    for run, recipe in (
        (two, mu.Reduction(forward="1-2", backward="3-4", period="1+2")),
        (single, mu.Reduction(forward="1-2", backward="3-4")),
    ):
        found = musrcu("fit", two, *PAIR, *words, run).json
        assert found["recipe"]["calibration"] == mu.calibrate(mu.read(run), recipe).to_dict()
        assert found["recipe"]["reduction"]["period"] == "1-2"
        musrcu("init", two, "--script", *PAIR, *words[:-2], "--calibration", run, "-o", "s.py",
               "--force")  # fmt: skip
        text = Path("s.py").read_text()
        assert ('period="1+2")' in text) == (run is two)
        assert 'period="1-2"' in text


def test_a_scan_file_of_a_difference(musrcu: Musrcu, two: Path, single: Path, here: Path) -> None:
    text = (
        f'[data]\nruns = ["{two.as_posix()}"]\ncalibration = "{single.as_posix()}"\n'
        '[reduction]\nforward = "1-2"\nbackward = "3-4"\nperiod = "on - off"\n'
        '[fit]\nordered = "cosine"\nparamagnetic = "constant"\n'
    )
    Path("scan.toml").write_text(text)
    done = musrcu("scan", "scan.toml")
    assert "subtract_periods: period = 1-2, label = on - off: difference of the asymm" in done.out
    assert "A1" in done.out
