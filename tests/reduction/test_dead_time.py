"""Dead time: the table, the truth behind simulated losses, real files, and what is refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from run_of import decay, run_of

from musrcu.containers.run import Run
from musrcu.errors import MusrcuWarning, ReductionError
from musrcu.readers.registry import read
from musrcu.reduction.dead_time import correct_dead_time
from musrcu.reduction.recipe import Reduction, reduce

FRAMES = 20_000


def pulsed(counts: Any, **more: Any) -> Run:
    options = {"source": "pulsed", "facility": "ISIS", "bin_width": 0.016, "good_frames": [FRAMES]}
    return run_of(counts, **(options | more))


@pytest.mark.parametrize(
    ("n", "tau", "frames", "true", "sigma"),
    [
        (1000, 0.010, 10_000, 1066.666666667, 33.730961708),
        (250, 0.012, 1000, 307.692307692, 19.460170216),
    ],
)
def test_the_table(n: int, tau: float, frames: int, true: float, sigma: float) -> None:
    """Reference: n/(1-x) and sqrt(n)/(1-x), checked by a frame-by-frame simulation."""
    run = pulsed([[n], [0]], good_frames=[frames])
    if n * tau / (frames * 0.016) > 0.1:
        with pytest.warns(MusrcuWarning, match="dead-time loss 0.19 is large"):
            fixed = correct_dead_time(run, dead_time=tau)
    else:
        fixed = correct_dead_time(run, dead_time=tau)
    assert fixed.counts[0, 0, 0] == pytest.approx(true, rel=2e-12)
    assert fixed.variance is not None
    assert np.sqrt(fixed.variance[0, 0, 0]) == pytest.approx(sigma, rel=1e-10)
    assert fixed.counts[0, 1, 0] == fixed.variance[0, 1, 0] == 0


def lossy(truth: np.ndarray, tau: np.ndarray, width: float, frames: int) -> np.ndarray:
    """Counts that are left: mu / (1 + mu tau / (frames dt)), the exact inverse."""
    return truth / (1 + truth * tau[:, None] / (frames * width))


def test_the_truth_behind_20_ns_comes_back() -> None:
    """Exact expected counts, every detector with a dead time of its own about 20 ns."""
    rates = np.array([0.3, 0.6, 1.2, 0.9])  # counts a frame in each detector
    truth = np.array([decay(2000, 0.016, rate * FRAMES) for rate in rates])
    tau = np.array([0.020, 0.019, 0.021, -0.020])
    run = pulsed(lossy(truth, tau, 0.016, FRAMES), dead_time=[tau])
    np.testing.assert_allclose(correct_dead_time(run).counts[0], truth, rtol=1e-13)


def test_the_truth_behind_20_ns_with_poisson_counts() -> None:
    """Counts drawn about the losses: chi-square of truth - corrected in the quoted errors."""
    frames, tau = 20_000_000, np.full(2, 0.020)
    truth = np.array([decay(1000, 0.016, 0.5 * frames)] * 2)
    rng = np.random.default_rng(20)
    drawn = rng.poisson(lossy(truth, tau, 0.016, frames))
    run = pulsed(drawn, good_frames=[frames], dead_time=[tau])
    fixed = correct_dead_time(run)
    assert fixed.variance is not None
    used = truth > 50
    pull = ((fixed.counts[0] - truth) / np.sqrt(fixed.variance[0]))[used]
    # drawn with Poisson spread, sqrt(n)/(1-x) is right to first order in x < 0.005
    assert abs(pull.mean()) < 4 / np.sqrt(pull.size)
    assert abs(pull.std() - 1) < 4 / np.sqrt(2 * pull.size) + 0.01
    # all early bins together: seen without the correction, gone with it
    early = (slice(None), slice(0, 100))
    error = np.sqrt(fixed.variance[0][early].sum())
    assert truth[early].sum() - drawn[early].sum() > 10 * error
    assert abs(fixed.counts[0][early].sum() - truth[early].sum()) < 3 * error


def test_frame_by_frame() -> None:
    """Positrons of single frames, each lost within 20 ns of the last one that was counted."""
    rng, frames, tau, width, n = np.random.default_rng(3), 20_000, 0.020, 0.016, 400
    drawn, counted = np.zeros(n), np.zeros(n)
    life = 2.1969811
    for _ in range(frames):
        times = np.sort(rng.exponential(life, rng.poisson(5.0)))
        ready = -np.inf
        for t in times:
            place = int(t / width)
            if place >= n:
                break
            drawn[place] += 1
            if t >= ready:
                counted[place] += 1
                ready = t + tau
    truth = 5.0 * frames * -np.diff(np.exp(-np.arange(n + 1) * width / life))
    run = pulsed([counted, counted], good_frames=[frames])
    fixed = correct_dead_time(run, dead_time=tau)
    assert fixed.variance is not None
    early = slice(5, 65)  # after the first dead times, while the rate is high
    error = np.sqrt(fixed.variance[0, 0, early].sum())
    assert drawn[early].sum() - counted[early].sum() > 6 * error  # the losses are seen
    # the formula takes the rate of the same bin: good to the losses squared
    room = 0.002 * truth[early].sum()
    assert abs(fixed.counts[0, 0, early].sum() - truth[early].sum()) < 3 * error + room


def test_the_frames_of_each_period_count() -> None:
    truth = np.array([decay(500, 0.016, 8000.0)] * 2)
    tau = np.full(2, 0.02)
    counts = np.array([lossy(truth, tau, 0.016, 5000), lossy(truth, tau, 0.016, 9000)])
    run = pulsed(counts, good_frames=[5000, 9000], dead_time=[tau, tau])
    fixed = correct_dead_time(run)
    np.testing.assert_allclose(fixed.counts[0], truth, rtol=1e-13)
    np.testing.assert_allclose(fixed.counts[1], truth, rtol=1e-13)
    assert fixed.history[-1].options["frames"] == [5000, 9000]


def test_hifi_183810(real: Path) -> None:
    """Largest loss about 0.018 with the frames of each period, half of it with all 40969."""
    path = real / "isis-nexus-v2" / "HIFI00183810.nxs"
    with h5py.File(path) as file:
        detector = file["raw_data_1/instrument/detector_1"]
        counts, tau = detector["counts"][()], detector["dead_time"][()].reshape(2, 64, 1)
    loss = counts * tau / (0.016 * np.array([20486, 20483])[:, None, None])
    fixed = correct_dead_time(read(path))
    np.testing.assert_allclose(fixed.counts, counts / (1 - loss), rtol=1e-6)  # float32 in the file
    assert loss.max(axis=(1, 2)) == pytest.approx([0.01826, 0.01759], abs=1e-5)
    assert fixed.history[-1].options["frames"] == [20486, 20483]
    assert fixed.history[-1].note == "largest loss 1.8 %"


def test_musr_15189_against_the_formula(real: Path) -> None:
    """Asymmetry of period 1, dead time corrected: recomputed here from the bare arrays."""
    path = real / "isis-nexus-v1" / "MUSR00015189_hdf5.nxs"
    with h5py.File(path) as file:
        run = file["run"]
        n = run["histogram_data_1/counts"][()].astype(float)  # 64 of each of two periods
        tau = run["instrument/detector/deadtimes"][()].astype(float)[:, None]
        time = run["histogram_data_1/raw_time"][()].astype(float)
        frames, other = run["instrument/beam/frames_period_daq"][()].astype(float)
    assert frames == other == 2500
    dt = float(np.median(np.diff(time)))
    lost = n * tau / (dt * frames)
    filled = slice(41 - 1, 41 - 1 + 400)  # first_good_bin 41, counted from 1
    true, variance = (n / (1 - lost))[:, filled], (n / (1 - lost) ** 2)[:, filled]
    f, b = (true[rows].sum(axis=0) for rows in (slice(32, 64), slice(0, 32)))
    var_f, var_b = (variance[rows].sum(axis=0) for rows in (slice(32, 64), slice(0, 32)))
    value = (f - 1.1 * b) / (f + 1.1 * b)
    error = 2 * 1.1 * np.sqrt(b**2 * var_f + f**2 * var_b) / (f + 1.1 * b) ** 2
    recipe = Reduction(forward="33-64", backward="1-32", alpha=1.1, packing=1, period=1)
    found = reduce(read(path), recipe)
    np.testing.assert_allclose(found.value[:400], value, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(found.error[:400], error, rtol=1e-5)
    # it moves every early bin the same way by a tenth of its error
    raw = reduce(read(path), dataclasses.replace(recipe, dead_time="none"))
    assert lost.max() > 0.01
    moved = (found.value - raw.value)[:30] / found.error[:30]
    assert abs(moved.mean()) > 0.1
    step = found.history.find("correct_dead_time")
    assert step is not None
    assert step.note == f"largest loss {100 * lost.max():.2g} %"


def test_emu_114062_keeps_negative_dead_times(real: Path) -> None:
    """26 of its 96 detectors have one; their counts go down."""
    run = read(real / "isis-nexus-v2" / "EMU00114062.nxs_v2")
    assert run.dead_time is not None
    negative = run.dead_time[0] < 0
    assert negative.sum() == 26
    fixed = correct_dead_time(run)
    change = fixed.counts[0].sum(axis=1) - run.counts[0].sum(axis=1)
    alive = run.counts[0].sum(axis=1) > 0
    assert (change[negative & alive] < 0).all()
    assert (change[~negative] >= 0).all()
    loss = run.counts[0] * run.dead_time[0][:, None] / (17752 * 0.016)
    np.testing.assert_allclose(fixed.counts[0], run.counts[0] / (1 - loss), rtol=1e-12)


def test_without_dead_times_the_history_says_so(real: Path) -> None:
    run = read(real / "psi-bin" / "deltat_pta_gps_4255.bin")
    fixed = correct_dead_time(run)
    assert str(fixed.history[-1]) == "correct_dead_time(): not applied: none known"
    assert fixed.counts is run.counts
    assert fixed.variance is None
    lines = str(reduce(run, Reduction(packing=10)).history).split("\n")
    assert lines[0] == "correct_dead_time(): not applied: none known"


def test_not_applied_is_not_corrected_already() -> None:
    run = correct_dead_time(pulsed([[100, 50], [90, 40]]))
    assert run.history[-1].note == "not applied: none known"
    again = correct_dead_time(run, dead_time=0.01)
    assert again.history[-1].note.startswith("largest loss")
    with pytest.raises(ReductionError, match="SIM 7: the dead time was corrected already"):
        correct_dead_time(again, dead_time=0.01)
    reduced = reduce(run, Reduction(forward="1", backward="2", packing=1))
    assert reduced.value.size == 2


def test_without_frames_there_is_no_rate() -> None:
    run = run_of([[100, 50]], dead_time=[[0.01]])
    note = "not applied: the good frames are unknown, so there is no rate"
    assert correct_dead_time(run).history[-1].note == note
    with pytest.raises(ReductionError, match="dead times were given but the good frames are unk"):
        correct_dead_time(run, dead_time=0.01)


@pytest.mark.parametrize("frames", [0, -5])
def test_no_frames(frames: int) -> None:
    run = pulsed(np.ones((2, 1, 3)), good_frames=[100, frames], dead_time=[[0.01], [0.01]])
    with pytest.raises(ReductionError, match=f"period 2 has {frames} frames"):
        correct_dead_time(run)


@pytest.mark.parametrize("frames", [0, 2])
def test_a_period_that_is_not_used_stops_nothing(frames: int) -> None:
    """Without frames, or with so few that the loss is beyond belief: 900 * 0.01 / (2 * 0.016)."""
    counts = np.array([decay(900, 0.016, FRAMES)] * 2)
    known = {"dead_time": [[0.01] * 2], "good_frames": [FRAMES]}
    alone = reduce(pulsed(counts, **known), Reduction(forward=1, backward=2, packing=5))
    several = pulsed(
        np.array([counts] * 3),
        dead_time=[[0.01] * 2] * 3,
        good_frames=[FRAMES, frames, FRAMES],
        period_labels=("a", "b", "c"),
    )
    pair = Reduction(forward=1, backward=2, packing=5)
    for period in (1, "c", "1+3"):
        chosen = reduce(several, dataclasses.replace(pair, period=period))
        assert "period 2, not used, left as it is" in str(chosen.history)
        if period != "1+3":
            np.testing.assert_array_equal(chosen.error, alone.error)
    assert np.isfinite(reduce(several, dataclasses.replace(pair, period="1-3")).value).all()
    for period in (2, "1+2", "3-2"):
        with pytest.raises(ReductionError, match=r"period 2 has 0 frames|is beyond 0\.5"):
            reduce(several, dataclasses.replace(pair, period=period))


@pytest.mark.parametrize("sign", [1, -1])
def test_limits_of_the_loss(sign: int) -> None:
    def at(loss: float) -> Run:
        return pulsed([[1, 1000], [1, 1]], dead_time=[[sign * loss * FRAMES * 0.016 / 1000, 0.0]])

    correct_dead_time(at(0.099))
    with pytest.warns(MusrcuWarning, match="period 1, detector 1, bin 1: dead-time loss"):
        correct_dead_time(at(0.101))
    with pytest.warns(MusrcuWarning, match="is large .its dead time is .* us.; (check|a neg)"):
        correct_dead_time(at(0.499))
    for loss in (0.501, 1.0, 30.0):
        with pytest.raises(ReductionError, match=r"is beyond 0.5 .*check both numbers"):
            correct_dead_time(at(loss))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_dead_time_that_is_no_number(value: float) -> None:
    run = pulsed([[1, 2], [3, 4]], dead_time=[[0.01, value]])
    with pytest.raises(ReductionError, match="period 1, detector 2: the dead time is (nan|inf)"):
        correct_dead_time(run)
    with pytest.raises(ReductionError, match="detector 2: the dead time is"):
        correct_dead_time(pulsed([[1, 2], [3, 4]]), dead_time=[0.01, value])


def test_given_dead_times_of_the_wrong_number() -> None:
    with pytest.raises(ReductionError, match="3 dead times; expected one for all, or 2, one"):
        correct_dead_time(pulsed([[1, 2], [3, 4]]), dead_time=[0.01, 0.01, 0.01])


@pytest.mark.parametrize("given", [0.01, [0.01, 0.01], [[0.01, 0.01]]])
def test_given_dead_times_replace_the_files_own(given: Any) -> None:
    run = pulsed([[100, 50], [90, 40]], dead_time=[[0.3, 0.4]])
    fixed = correct_dead_time(run, dead_time=given)
    loss = run.counts * 0.01 / (FRAMES * 0.016)
    np.testing.assert_allclose(fixed.counts, run.counts / (1 - loss), rtol=1e-15)
    assert fixed.history[-1].options["dead_time"] == "given"
