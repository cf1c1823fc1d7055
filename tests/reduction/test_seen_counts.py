"""Counts for a fit of themselves: what was seen, what dead time took, what is known of alpha."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_of import run_of

import musrcu as mu
from musrcu.errors import ReductionError

TAU = 2.1969811
DT, BINS = 0.016, 750
TIME = np.arange(BINS) * DT
EFFICIENCY = np.array([1.3, 0.7, 1.1, 0.9])
DEAD = np.array([0.010, 0.025, 0.012, 0.018])  # us
ALPHA = 1.15
FRAMES = 2_000_000
"""So many that the largest loss is 8 %."""
TRUTH = {"A1": 0.21, "lambda1": 0.25, "alpha": ALPHA}
MODEL = "exponential"


def decays(events: float) -> np.ndarray:
    """(4, n_bins) decays that four detectors would see: 1 and 2 forward, 3 and 4 backward."""
    a = 0.21 * np.exp(-0.25 * TIME)
    law = np.exp(-TIME / TAU)
    shape = np.array([np.sqrt(ALPHA) * (1 + a), (1 - a) / np.sqrt(ALPHA)]) * law
    pair = events * shape / shape.sum()
    return np.repeat(pair, 2, axis=0) * (EFFICIENCY / 2)[:, None]


def seen(there: np.ndarray, frames: int, dead: np.ndarray = DEAD) -> np.ndarray:
    """What is seen, n / (1 + n tau / (frames dt)): the inverse of the correction of a detector."""
    return np.asarray(there / (1 + there * dead[:, None] / (frames * DT)))


def run(counts: np.ndarray, frames: list[int], **more: Any) -> mu.Run:
    n_periods = 1 if counts.ndim == 2 else counts.shape[0]
    options: dict[str, Any] = {
        "bin_width": DT, "source": "pulsed", "facility": "ISIS", "t0": np.zeros(4),
        "good_frames": frames, "dead_time": np.tile(DEAD, (n_periods, 1)),
    }  # fmt: skip
    return run_of(counts, **(options | more))


PAIR = mu.Reduction(forward="1,2", backward="3,4", packing=1)


def within(result: mu.FitResult, names: tuple[str, ...] = ("A1", "lambda1", "alpha")) -> float:
    """The largest pull."""
    return max(abs(result[n].value - TRUTH[n]) / result[n].error for n in names)


def test_losses_are_the_exact_inverse_without_noise() -> None:
    frames = FRAMES
    there = decays(4e7)
    counts = mu.reduce_counts(run(seen(there, frames), [frames]), PAIR)
    assert counts.losses is not None
    for losses, rows in zip(counts.losses, ([0, 1], [2, 3]), strict=True):
        assert losses.dead == pytest.approx(DEAD[rows] / frames, rel=1e-12)
        assert losses.share == pytest.approx(EFFICIENCY[rows] / 2, rel=1e-9)
        group = there[rows].sum(axis=0)
        assert losses.seen(group, DT)[0] == pytest.approx(
            seen(there, frames)[rows].sum(axis=0), rel=1e-9
        )
    corrected = mu.reduce(run(seen(there, frames), [frames]), PAIR)
    assert counts.values.sum() < 0.99 * there.sum()  # it matters
    assert corrected.value == pytest.approx(
        mu.reduce(run(there, [frames], dead_time=None), PAIR).value, abs=1e-9
    )


def test_a_fit_of_counts_takes_the_losses_off() -> None:
    """chi-square good with them and hopeless without; the truth comes back."""
    frames = FRAMES
    counted = np.random.default_rng(31).poisson(seen(decays(4e7), frames))
    one = run(counted, [frames])
    result = mu.fit(mu.reduce_counts(one, PAIR), MODEL)
    assert result.valid, result.reason
    assert result.probability is not None and result.probability > 1e-3
    assert within(result) < 4
    assert result["b_F"].fixed and result["b_F"].value == 0.0
    without = mu.reduce_counts(one, dataclasses.replace(PAIR, dead_time="none"))
    assert without.losses is None
    bad = mu.fit(without, MODEL)
    assert bad.probability is not None and bad.probability < 1e-6
    step = mu.reduce_counts(one, PAIR).history.find("correct_dead_time")
    assert step is not None
    largest = (counted * DEAD[:, None] / (frames * DT)).max()
    assert step.note == f"left to the model of the counts: largest loss {100 * largest:.2g} %"
    assert step.options["dead_time"] == "from the file"


def test_packed_counts_know_their_losses_too() -> None:
    frames = FRAMES
    counted = np.random.default_rng(33).poisson(seen(decays(4e7), frames))
    for packing in (10, {"bins": 60}):
        recipe = dataclasses.replace(PAIR, packing=packing)
        result = mu.fit(mu.reduce_counts(run(counted, [frames]), recipe), MODEL)
        assert result.probability is not None and result.probability > 1e-3, packing
        assert within(result) < 4, packing


def test_periods_are_chosen_and_added_as_they_were_seen() -> None:
    """Different rates, frames and dead times; each period loses by itself."""
    frames, dead = [FRAMES, 5 * FRAMES], np.array([DEAD, 2 * DEAD])
    mean = np.array([seen(decays(4e7), frames[0]), seen(decays(5e7), frames[1], dead[1])])
    both = run(np.random.default_rng(32).poisson(mean), frames, dead_time=dead)
    for period, rows in (("1", [0]), ("2", [1]), ("1+2", [0, 1])):
        recipe = dataclasses.replace(PAIR, period=period)
        counts = mu.reduce_counts(both, recipe)
        assert counts.values[0] == pytest.approx(both.counts[rows, :2].sum(axis=(0, 1)))
        assert np.array_equal(counts.values, counts.variance)
        assert counts.losses is not None
        assert counts.losses[1].dead.size == 2 * len(rows)
        expected = (dead / np.array(frames)[:, None])[rows][:, 2:].reshape(-1)
        assert counts.losses[1].dead == pytest.approx(expected)
        assert [s.stage for s in counts.history].count("correct_dead_time") == 1
        result = mu.fit(counts, MODEL)
        assert result.probability is not None and result.probability > 1e-3, period
        assert within(result) < 4, period
    exact = np.array([[1.3, 0.7]]) / 2 * np.array([[4e7], [5e7]]) / 9e7
    assert counts.losses[0].share == pytest.approx(exact.reshape(-1), rel=1e-3)


def test_what_cannot_be_a_likelihood_is_refused() -> None:
    there = decays(1e6).round().astype(int)
    two = run(np.array([there, there + 1]), [FRAMES, 0])
    with pytest.raises(ReductionError, match="difference of asymmetries"):
        mu.reduce_counts(two, dataclasses.replace(PAIR, period="1-2"))
    with pytest.raises(ReductionError, match="period 2 has 0 frames"):
        mu.reduce_counts(two, dataclasses.replace(PAIR, period="1+2"))
    corrected = mu.correct_dead_time(run(there, [FRAMES]))
    with pytest.raises(ReductionError, match="corrected already; a likelihood needs"):
        mu.reduce_counts(corrected, PAIR)
    late = mu.reduce_counts(run(there, [FRAMES]), dataclasses.replace(PAIR, dead_time=0.01))
    assert late.losses is not None
    assert late.losses[0].dead == pytest.approx([0.01 / FRAMES] * 2)
    with pytest.raises(ReductionError, match="the good frames are unknown"):
        mu.reduce_counts(
            run(there, [1], good_frames=None), dataclasses.replace(PAIR, dead_time=0.01)
        )


def calibration(**changes: Any) -> mu.Calibration:
    settings: dict[str, Any] = {
        "alpha": ALPHA, "alpha_error": 0.02, "total": 0.25, "total_error": 0.002,
        "forward": "1-2", "backward": "3-4", "run": 21, "instrument": "SIM",
    }  # fmt: skip
    return mu.Calibration(**{**settings, **changes})


BOTH: dict[str, Any] = {
    "detector_beta": 0.95, "detector_beta_error": 0.01, "names": ("alpha", "detector_beta"),
    "correlation": ((1.0, -0.6), (-0.6, 1.0)),
}  # fmt: skip


@pytest.fixture(scope="module")
def thrown() -> mu.Run:
    counted = np.random.default_rng(34).poisson(decays(4e6))
    return run(counted, [FRAMES], dead_time=None)


def fitted(thrown: mu.Run, model: str = "exponential + constant", **options: Any) -> mu.FitResult:
    recipe = dataclasses.replace(PAIR, packing=5, **options.pop("recipe", {}))
    return mu.fit(mu.reduce_counts(thrown, recipe), model, **options)


def test_alpha_of_a_calibration_is_a_constraint(thrown: mu.Run) -> None:
    result = fitted(thrown, recipe={"calibration": calibration()})
    assert result["alpha"].constraint == pytest.approx((ALPHA, 0.02))
    # what the counts know themselves, (1 - e A) N0 is no decay law while A relaxes, is little
    # where the intrinsic asymmetries of both groups are alike to 5 % only
    loose = fitted(thrown, constraints={"alpha": (ALPHA, 10.0)})
    own = loose["alpha"].error
    assert 0.04 < own < 0.1
    assert result["alpha"].error == pytest.approx((0.02**-2 + own**-2) ** -0.5, rel=0.03)
    sure = fitted(thrown, recipe={"calibration": calibration(alpha_error=0.0)})
    assert sure["alpha"].fixed and sure["alpha"].value == ALPHA
    given = fitted(thrown, recipe={"alpha": ALPHA})
    assert given["alpha"].fixed
    # the error of alpha reaches the constant, dA/dalpha = 1 / 2 alpha
    added = np.sqrt(result["A_bg"].error ** 2 - given["A_bg"].error ** 2)
    assert added == pytest.approx(result["alpha"].error / (2 * ALPHA), rel=0.1)
    free = fitted(thrown, "exponential")
    assert free["alpha"].constraint is None
    assert within(free) < 4


def test_the_total_asymmetry_bounds_a_fit_of_counts(thrown: mu.Run) -> None:
    low = fitted(thrown, recipe={"calibration": calibration(total=0.1, total_error=0.001)})
    assert not low.valid and "0.1" in low.reason
    assert fitted(thrown, recipe={"calibration": calibration()}).valid


def test_the_reversed_pair_takes_one_over_alpha(thrown: mu.Run) -> None:
    turned = {"forward": "3,4", "backward": "1,2", "calibration": calibration()}
    result = fitted(thrown, recipe=turned)
    assert result["alpha"].constraint == pytest.approx((1 / ALPHA, 0.02 / ALPHA**2))
    assert result["A1"].value < -0.15
    with pytest.raises(ReductionError, match="calibration is of GPS"):
        fitted(thrown, recipe={"calibration": calibration(instrument="GPS")})


def test_detector_beta_is_known_with_alpha(thrown: mu.Run) -> None:
    known = calibration(**BOTH)
    result = fitted(thrown, "exponential", recipe={"calibration": known})
    assert result["detector_beta"].constraint == pytest.approx((0.95, 0.01))
    counts = mu.reduce_counts(thrown, dataclasses.replace(PAIR, calibration=known))
    assert counts.balance_correlation == pytest.approx(-0.6)
    names, values, covariance = known.constraint()
    by_hand = fitted(thrown, "exponential", constraints=[mu.Constraint(names, values, covariance)])
    assert by_hand.chi2 == pytest.approx(result.chi2, abs=1e-6)
    assert by_hand.values == pytest.approx(result.values, rel=1e-6)
    loose = fitted(
        thrown, "exponential", constraints={"alpha": (ALPHA, 0.02), "detector_beta": (0.95, 0.01)}
    )
    assert abs(loose.chi2 - result.chi2) > 0.1  # the correlation says something


def test_what_is_held_leaves_the_rest_on_its_condition(thrown: mu.Run) -> None:
    """Alpha on condition of beta: alpha + rho s_a / s_b (b - beta), s_a sqrt(1 - rho^2)."""
    known = {"calibration": calibration(**BOTH)}
    held = fitted(thrown, "exponential", recipe=known, fixed={"detector_beta": 1.0})
    value = ALPHA - 0.6 * 0.02 / 0.01 * (1.0 - 0.95)
    assert held["alpha"].constraint == pytest.approx((value, 0.02 * 0.8))
    other = fitted(thrown, "exponential", recipe=known, constraints={"detector_beta": (1.0, 0.1)})
    assert other["alpha"].constraint == pytest.approx((ALPHA, 0.02))
    given = fitted(thrown, "exponential", recipe={**known, "alpha": 1.2})
    assert given["alpha"].fixed
    assert given["detector_beta"].constraint == pytest.approx((0.95, 0.01))
    both = fitted(thrown, "exponential", recipe={"alpha": 1.2, "detector_beta": 0.9})
    assert both["detector_beta"].fixed and both["detector_beta"].value == 0.9
    nothing = fitted(thrown, "exponential", recipe=known, fixed={"alpha": 1.1, "detector_beta": 1})
    assert nothing["alpha"].fixed and nothing["alpha"].value == 1.1


def test_a_background_left_to_the_fit() -> None:
    flat = np.array([3.0, 2.0, 2.5, 1.5])
    counted = np.random.default_rng(35).poisson(decays(4e6) + flat[:, None])
    recipe = dataclasses.replace(PAIR, background="fit", packing=5)
    one = run(counted, [FRAMES], dead_time=None, source="continuous", facility="PSI")
    result = mu.fit(mu.reduce_counts(one, recipe), MODEL)
    assert result.probability is not None and result.probability > 1e-3
    for name, truth in (("b_F", 5.0), ("b_B", 4.0)):
        assert abs(result[name].value - truth) < 4 * result[name].error
    assert within(result) < 4
    none = mu.fit(mu.reduce_counts(one, dataclasses.replace(recipe, background="none")), MODEL)
    assert none["b_F"].fixed and none["b_F"].value == 0.0
    assert none.chi2 - result.chi2 > 36  # two levels of zero, more than five errors off
    pulsed = mu.fit(mu.reduce_counts(one.replace(source="pulsed"), recipe), MODEL)
    assert pulsed.values == pytest.approx(result.values)
    given = dataclasses.replace(recipe, background={"given": (5.0, 4.0), "error": (0.2, 0.0)})
    result = mu.fit(mu.reduce_counts(one, given), MODEL)
    assert result["b_F"].constraint == pytest.approx((5.0, 0.2))
    assert result["b_B"].fixed and result["b_B"].value == 4.0


def test_the_history_says_that_a_known_background_is_left_to_the_model(samples: Path) -> None:
    """Nothing is subtracted from what the likelihood takes."""
    one = mu.read(samples / "deltat_tdc_ltf_0021.bin")
    left = "left to the model of the counts"

    def step(**recipe: Any) -> Any:
        counts = mu.reduce_counts(one, mu.Reduction(packing=100, **recipe))
        return counts.history.find("subtract_background")

    assert step().note == f"{left}: mean of the bins before t0, 7 accelerator periods"
    assert step().options["per_bin"] == pytest.approx([21.4577, 22.8732], abs=1e-4)
    assert step(background={"given": (21, 23)}).note == left
    assert step(background="fit").note == "left to the fit"
    assert step(background="none").note == "not applied: as asked"


def test_every_good_bin_is_kept_and_a_late_cut_obeyed() -> None:
    """Late bins of few counts cost a likelihood nothing; those of an asymmetry are cut."""
    frames = FRAMES
    one = run(np.random.default_rng(3).poisson(seen(decays(1e6), frames)), [frames])
    free = dataclasses.replace(PAIR, packing=None)
    assert mu.reduce(one, free).time[-1] < 0.9 * TIME[-1]
    counts = mu.reduce_counts(one, free)
    assert counts.variance.min() < 20
    assert counts.time[-1] > TIME[-1] - counts.bin_width
    cut = mu.reduce_counts(one, dataclasses.replace(free, t_max=11.0))
    assert abs(cut.time[-1] - 11.0) < cut.bin_width
    assert within(mu.fit(counts, MODEL)) < 3.5


def test_late_bins_tighten_a_slow_relaxation_without_a_bias() -> None:
    """40 runs of 3e4 decays, nearly all good bins below 20 counts: pulls are normal."""
    rng, frames, pulls = np.random.default_rng(8), FRAMES * 10, []
    expected = seen(decays(3e4), frames)
    for _ in range(40):
        counts = mu.reduce_counts(
            run(rng.poisson(expected), [frames]), dataclasses.replace(PAIR, packing=None)
        )
        result = mu.fit(counts, MODEL, fixed={"alpha": ALPHA})
        pulls.append((result["A1"].value - 0.21) / result["A1"].error)
    assert abs(np.mean(pulls)) < 3.5 / 40**0.5
    assert abs(np.std(pulls) - 1) < 3.5 / 80**0.5
