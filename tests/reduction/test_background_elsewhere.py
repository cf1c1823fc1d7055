"""Backgrounds from late times, from another run, left to a fit; and what they do when left in."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_of import decay, pair_of, run_of

from musrcu.containers.counts import Counts
from musrcu.containers.run import Run
from musrcu.errors import MusrcuWarning, ReductionError
from musrcu.readers.registry import read
from musrcu.reduction.asymmetry import form_asymmetry
from musrcu.reduction.background import subtract_background
from musrcu.reduction.grouping import group
from musrcu.reduction.recipe import Reduction, grouped_counts, reduce
from musrcu.reduction.reference import measure_background

LIFETIME = 2.1969811
PERIOD = {"PSI": 0.01975, "TRIUMF": 0.04337}


def normal(pulls: np.ndarray) -> None:
    """Of n pulls: mean and width as a unit normal has them, within four of their errors."""
    n = pulls.size
    assert abs(pulls.mean()) < 4 / math.sqrt(n)
    assert abs(pulls.std() - 1) < 4 / math.sqrt(2 * n)
    assert abs((np.abs(pulls) < 1).mean() - 0.6827) < 4 * math.sqrt(0.6827 * 0.3173 / n)


def test_the_level_before_t0_has_normal_pulls_and_its_error_is_common() -> None:
    """1000 windows: the level is right within its error, and so is the mean of all bins after.

    What is left in the bins after the subtraction does not average out: over 10^5 bins their mean
    is off by the one error of the level, 40 times what their own noise would leave.
    """
    rng = np.random.default_rng(41)
    level, bins = np.array([30.0, 9.0]), 600
    pulls, left = [], []
    for _ in range(1000):
        drawn = rng.poisson(level[:, None], (2, bins)).astype(float)
        exact = np.tile(level[:, None], (1, bins))  # of as many later bins as one likes
        counts = pair_of(*np.hstack([drawn, exact]), bin_width=0.001, t0=[bins, bins])
        found = subtract_background(counts)
        assert found.background is not None and found.background_error is not None
        pulls.append((found.background - level) / found.background_error)
        left.append(found.values[:, bins:].mean(axis=1) / found.background_error)
    for side in range(2):
        normal(np.array(pulls)[:, side])
        normal(np.array(left)[:, side])


@pytest.mark.parametrize("facility", ["PSI", "TRIUMF"])
@pytest.mark.parametrize("dt", [0.0001953125, 0.000625, 0.001, 0.00125])
@pytest.mark.parametrize("width", [0.09875, 0.100, 0.110, 0.1975, 0.200, 0.314])
def test_what_rounding_to_bins_leaves_of_a_modulation(
    facility: str, dt: float, width: float
) -> None:
    """A modulation leaves m |sinc(w/P)| at the window w that was taken, at most m dt / (2 w)."""
    period, zero = PERIOD[facility], 3000
    counts = pair_of(np.ones(3100), np.ones(3100), bin_width=dt, t0=[zero] * 2, facility=facility)
    last = -0.02 - dt
    n_wanted = math.floor(width / dt)
    window = (last - (n_wanted - 1) * dt, last)
    found = subtract_background(counts, before_t0=window).history[-1].options["before_t0"]
    taken = (round((found[1] - found[0]) / dt) + 1) * dt
    k = math.floor(n_wanted * dt / period + 1e-9)
    assert taken == pytest.approx(k * period, abs=dt / 2 + 1e-12)
    x = math.pi * taken / period
    assert abs(math.sin(x) / x) <= dt / (2 * taken) * (1 + 1e-9)


def test_windows_of_the_table_become_whole_periods() -> None:
    """98.75, 100 and 110 ns are taken as five periods of PSI; 197.5 and 200 ns as ten."""
    dt = 0.00025
    counts = pair_of(np.ones(2400), np.ones(2400), bin_width=dt, t0=[2000, 2000])
    for width, taken in ((98.75, 98.75), (100, 98.75), (110, 98.75), (197.5, 197.5), (200, 197.5)):
        window = (-0.02 - width / 1e3, -0.02 - dt)
        found = subtract_background(counts, before_t0=window).history[-1].options["before_t0"]
        assert found[1] - found[0] + dt == pytest.approx(taken / 1e3, abs=1e-9)


def test_a_background_left_in_halves_the_asymmetry_at_tau_ln_200() -> None:
    """A (1 + b exp(t/tau) / N0)^-1 with b / N0 = 0.005: half at 11.640303116108 us."""
    half = LIFETIME * math.log(200)
    assert half == pytest.approx(11.640303116108, abs=1e-12)
    dt, true = 0.01, 0.2
    t = half - 5.0 + dt * np.arange(1000)  # bin 500 lies there
    law = np.exp(-t / LIFETIME)
    rows = 1e9 * np.array([law * (1 + true) + 0.005, law * (1 - true) + 0.005])
    counts = pair_of(*rows, bin_width=dt, t0=[0, 0])
    counts = counts.replace(time=t)
    assert form_asymmetry(counts).value[500] == pytest.approx(true / 2, rel=1e-12)
    without = subtract_background(counts, given=(5e6, 5e6))
    np.testing.assert_allclose(form_asymmetry(without).value, true, rtol=1e-9)


def test_no_counts_before_t0_are_no_certain_zero() -> None:
    """The error is that of one count, so that a fit never takes the level as exact."""
    counts = pair_of(np.zeros(900), np.ones(900), bin_width=0.001, t0=[500, 500])
    found = subtract_background(counts)
    assert found.background is not None and found.background_error is not None
    start, stop = found.history[-1].options["before_t0"]
    n = round((stop - start) / 0.001) + 1
    np.testing.assert_allclose(found.background, [0, 1])
    np.testing.assert_allclose(found.background_error, [1 / n, 1 / math.sqrt(n)])


def late_counts(level: tuple[float, float], rng: np.random.Generator, **changes: Any) -> Counts:
    """A pulsed run of 32 us with a constant asymmetry of 0.2, drawn bin by bin."""
    n, dt = 2000, 0.016
    law = np.exp(-np.arange(n) * dt / LIFETIME)
    means = [1.2 * 800 * law + level[0], 0.8 * 800 * law + level[1]]
    return pair_of(*rng.poisson(means), bin_width=dt, source="pulsed", t0=[0, 0], **changes)


@pytest.mark.parametrize("level", [(0.5, 0.2), (8.0, 5.0), (0.02, 0.02)])
def test_a_late_level_has_normal_pulls(level: tuple[float, float]) -> None:
    rng = np.random.default_rng(7)
    pulls = []
    for _ in range(400):
        found = subtract_background(late_counts(level, rng), late=(8.0, 31.0))
        assert found.background is not None and found.background_error is not None
        pulls.append((found.background - level) / found.background_error)
    for side in range(2):
        normal(np.array(pulls)[:, side])


def test_a_late_level_of_next_to_nothing_has_errors_that_are_not_too_small() -> None:
    """Where the truth is 0, or 4 counts in all 1440 bins, an error is never below one count."""
    rng, level, pulls = np.random.default_rng(9), np.array([0.0, 0.003]), []
    for _ in range(300):
        found = subtract_background(late_counts((0.0, 0.003), rng), late=(8.0, 31.0))
        assert found.background is not None and found.background_error is not None
        assert (found.background_error > 1 / 1440).all()
        pulls.append((found.background - level) / found.background_error)
    spread = np.array(pulls)
    assert (spread.std(axis=0) < 1.15).all()
    assert (np.abs(spread.mean(axis=0)) < 0.35).all()


def test_the_late_step_says_what_was_done() -> None:
    found = subtract_background(late_counts((8.0, 5.0), np.random.default_rng(1)), late=(8, 99))
    step = found.history[-1]
    assert step.note == "fit of a decay and a flat level to late times"
    assert step.options["late"] == [pytest.approx(8.0), pytest.approx(1999 * 0.016)]
    np.testing.assert_allclose(step.options["per_bin"], found.background)
    np.testing.assert_allclose(step.options["error"], found.background_error)
    np.testing.assert_allclose(found.variance[:, 500] - found.values[:, 500], found.background)


def test_what_the_late_fit_does_not_describe_is_said() -> None:
    t = np.arange(2000) * 0.016
    odd = 1000 * np.exp(-t / LIFETIME) + 40 * (1 + np.sin(t))
    counts = pair_of(odd, odd, bin_width=0.016, source="pulsed")
    with pytest.warns(MusrcuWarning) as said:
        note = subtract_background(counts, late=(7.0, 31.0)).history[-1].note
    assert "it does not describe them (probability" in note
    (sentence,) = (str(one.message) for one in said)
    assert "may be wrong by many errors: a decay and a flat level do not describe it" in sentence
    with pytest.warns(MusrcuWarning, match=r"\(probability < 1e-300\)"):
        found = subtract_background(counts.replace(values=100 * counts.values), late=(7.0, 31.0))
    assert "(probability < 1e-300)" in found.history[-1].note


def test_an_early_window_takes_a_relaxing_asymmetry_for_background() -> None:
    """Exact counts: 0.2 exp(-0.3 t) moves the level by many errors before three lifetimes."""
    t = np.arange(2000) * 0.016
    a = 0.2 * np.exp(-0.3 * t)
    rows = [1e4 * np.exp(-t / LIFETIME) * (1 + s * a) + 5.0 for s in (1, -1)]
    counts = pair_of(*rows, bin_width=0.016, source="pulsed")
    with pytest.warns(MusrcuWarning, match="begins 1.8 muon lifetimes after t0"):
        early = subtract_background(counts, late=(4.0, 9.6))
    late = subtract_background(counts, late=(12.0, 31.0))
    for found, worst in ((early, 99), (late, 1)):
        assert found.background is not None and found.background_error is not None
        off = np.abs(found.background - 5.0) / found.background_error
        assert (off < worst).all()
        assert (off > 5).all() == (found is early)


@pytest.mark.parametrize(
    ("window", "sentence"),
    [
        ((8.0, 10.0), "less than a muon lifetime"),
        ((40.0, 50.0), "0 us of good bins in the late window"),
        ((3.0, 2.0), "must lie after t0"),
        ((-1.0, 2.0), "must lie after t0"),
        ((12.0, 14.5), "cannot tell background from decay"),
    ],
)
def test_late_windows_that_tell_nothing_are_refused(window: Any, sentence: str) -> None:
    t = np.arange(2000) * 0.016
    few = np.random.default_rng(3).poisson(20 * np.exp(-t / LIFETIME))
    counts = pair_of(few, few, bin_width=0.016, source="pulsed")
    with pytest.raises(ReductionError, match=sentence):
        subtract_background(counts, late=window)


def test_a_late_window_without_counts_is_refused() -> None:
    counts = pair_of(np.zeros(2000), np.ones(2000), bin_width=0.016, source="pulsed")
    with pytest.raises(ReductionError, match="a group has no counts in the late window"):
        subtract_background(counts, late=(8.0, 31.0))


def empty_run(level: float, frames: int | None, rng: np.random.Generator, **more: Any) -> Run:
    """Two banks of three detectors that see nothing but noise."""
    drawn = rng.poisson(level, (6, 2000))
    options = {"bin_width": 0.016, "source": "pulsed", "facility": "ISIS", "number": 9}
    if frames is not None:
        options["good_frames"] = np.array([frames])
    return run_of(drawn, **(options | more))


PAIR = Reduction(forward="1-3", backward="4,5")


def test_a_reference_run_scales_with_frames_and_has_normal_pulls() -> None:
    """1000 references of 20 000 frames: the level of a run of 50 000 frames, 2.5 times theirs."""
    rng = np.random.default_rng(11)
    run = empty_run(0.05, 50_000, rng)
    pulls = []
    for _ in range(1000):
        found = measure_background(empty_run(0.02, 20_000, rng), PAIR)
        recipe = Reduction(forward="1-3", backward="4,5", background=found)
        if not pulls:
            counts = grouped_counts(run, recipe)
            assert counts.background is not None
            step = counts.history[-1]
            assert step.options["frames"] == 50_000
            np.testing.assert_allclose(step.options["per_bin"], counts.background)
            np.testing.assert_allclose(
                counts.background, 50_000 * np.array(found["per_frame"]), rtol=1e-12
            )
            np.testing.assert_allclose(
                counts.background_error, 50_000 * np.array(found["error"]), rtol=1e-12
            )
        truth = np.array([3, 2]) * 0.02 / 20_000
        pulls.append((np.array(found["per_frame"]) - truth) / np.array(found["error"]))
    for side in range(2):
        normal(np.array(pulls)[:, side])


def test_a_reference_of_a_continuous_source_needs_a_factor() -> None:
    reference = empty_run(2.0, None, np.random.default_rng(2), source="continuous", facility="PSI")
    with pytest.raises(ReductionError, match="a continuous source has no frames to scale by"):
        measure_background(reference, PAIR)
    found = measure_background(reference, PAIR, factor=1.5)
    totals = reference.counts[0].sum(axis=1)
    sums = np.array([totals[:3].sum(), totals[3:5].sum()])
    np.testing.assert_allclose(found["given"], 1.5 * sums / 2000, rtol=1e-12)
    np.testing.assert_allclose(found["error"], 1.5 * np.sqrt(sums) / 2000, rtol=1e-12)
    assert Reduction(background=found).background == found


@pytest.mark.parametrize("factor", [0, -1.0, math.nan, "2"])
def test_a_factor_is_a_number_above_zero(factor: Any) -> None:
    with pytest.raises(ReductionError, match="expected a number above 0"):
        measure_background(empty_run(1.0, 10, np.random.default_rng(2)), PAIR, factor=factor)


def test_a_reference_with_muons_or_without_frames_is_refused() -> None:
    rng = np.random.default_rng(4)
    muons = empty_run(0.02, 100, rng)
    muons = muons.replace(counts=muons.counts + rng.poisson(decay(2000, 0.016, 300.0)))
    with pytest.raises(ReductionError, match="group decay with the muon lifetime"):
        measure_background(muons, PAIR)
    with pytest.raises(ReductionError, match="its good frames are unknown"):
        measure_background(empty_run(0.02, None, rng), PAIR)
    counts = grouped_counts(empty_run(0.02, None, rng), PAIR)
    with pytest.raises(ReductionError, match="a background per frame needs the good frames"):
        subtract_background(counts, per_frame=(1e-6, 1e-6))


def test_a_reference_without_any_count_is_no_certain_zero() -> None:
    found = measure_background(empty_run(0.0, 1000, np.random.default_rng(1)), PAIR)
    assert found["per_frame"] == (0.0, 0.0)
    np.testing.assert_allclose(found["error"], 1 / (2000 * 1000))


def test_left_to_the_fit() -> None:
    """Counts keep it and say so; an asymmetry cannot be formed without it."""
    rng = np.random.default_rng(8)
    means = np.full((2, 3000), 5.0)
    means[:, 500:] += decay(2500, 0.004, 4e5)
    run = run_of(rng.poisson(means), bin_width=0.004, t0=[500, 500])
    recipe = Reduction(forward="1", backward="2", background="fit")
    counts = grouped_counts(run, recipe)
    assert counts.background is None
    assert str(counts.history[-1]) == "subtract_background(): left to the fit"
    np.testing.assert_array_equal(counts.values, counts.variance)
    with pytest.raises(ReductionError, match="background = 'fit' is found by a fit of the counts"):
        reduce(run, recipe)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"given": (1, 1), "late": (8, 20)}, "not both: given and late"),
        ({"late": (8, 20), "error": (1, 1)}, "belongs to given or per_frame"),
        ({"error": (1, 1)}, "belongs to given or per_frame"),
        ({"given": (1, 1), "error": (1, -1)}, "two numbers, 0 or above"),
    ],
)
def test_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ReductionError, match=sentence):
        subtract_background(late_counts((1, 1), np.random.default_rng(1)), **options)


def test_a_given_error_is_kept() -> None:
    counts = late_counts((1, 1), np.random.default_rng(1))
    found = subtract_background(counts, given=(1.0, 2.0), error=(0.1, 0.2))
    assert found.background_error is not None
    np.testing.assert_allclose(found.background_error, [0.1, 0.2])
    assert str(found.history[-1]) == "subtract_background(given=[1, 2], error=[0.1, 0.2])"


@pytest.mark.parametrize(
    ("name", "window"),
    [("deltat_tdc_dolly_1020.bin", (4.0, 8.5)), ("deltat_pta_gps_4255.bin", (4.0, 9.0))],
)
def test_late_and_early_levels_of_real_runs_agree(
    real: Path, name: str, window: tuple[float, float]
) -> None:
    """Bins before t0 and bins of 4 us and later share no count, and no method."""
    counts = group(read(real / "psi-bin" / name))
    early = subtract_background(counts)
    with pytest.warns(MusrcuWarning, match="muon lifetimes after t0"):
        late = subtract_background(counts, late=window)
    assert early.background is not None and late.background is not None
    assert early.background_error is not None and late.background_error is not None
    error = np.hypot(early.background_error, late.background_error)
    assert (np.abs(early.background - late.background) < 3 * error).all()
    assert (late.background_error < early.background_error).all()
