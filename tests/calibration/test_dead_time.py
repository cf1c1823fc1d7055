"""Dead times come back from runs thrown decay by decay, and are refused where they cannot."""

from __future__ import annotations

import ast
import copy
import dataclasses
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy.optimize import least_squares

import musrcu as mu
from musrcu.calibration.dead_time_counts import choose
from musrcu.errors import FitError

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "benchmarks" / "dead_time_truth.py"
NS = 1e-3
PAIR = {"forward": "1-4", "backward": "5-8"}


def load_truth() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dead_time_truth", PLACE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module  # dataclasses look for it
    spec.loader.exec_module(module)
    return module


TRUTH = load_truth()


def run_of(thrown: Any, **more: Any) -> mu.Run:
    n = thrown.counts.shape[0]
    values = {
        "counts": thrown.counts[None],
        "bin_width": TRUTH.DT,
        "t0": np.full(n, TRUTH.T0_BIN),
        "first_good": np.full(n, int(TRUTH.T0_BIN) + 8),
        "last_good": np.full(n, TRUTH.BINS - 1),
        "labels": ("",) * n,
        "source": "pulsed",
        "good_frames": [thrown.frames],
    }
    return mu.Run(**(values | more))


def throw(truth: Any, decays: float, seed: Any, per_frame: float = 5.0) -> Any:
    """A run with ``per_frame`` decays per frame and detector on average."""
    frames = int(decays / per_frame / truth.tau.size)
    return TRUTH.throw(truth, decays, frames, np.random.default_rng(seed))


def balance(truth: Any) -> float:
    return float(truth.share[truth.sign > 0].sum() / truth.share[truth.sign < 0].sum())


@pytest.fixture(scope="module")
def relaxing() -> Any:
    return throw(TRUTH.longitudinal(relaxation=0.3), 4e6, 1)


@pytest.fixture(scope="module")
def precessing() -> Any:
    return throw(TRUTH.transverse(), 4e6, 2)


def test_the_truth_imports_nothing_of_musrcu() -> None:
    tree = ast.parse(PLACE.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
             for alias in node.names}  # fmt: skip
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names == {"__future__", "time", "dataclasses", "numpy"}


def test_the_truth_loses_what_a_blind_detector_loses() -> None:
    times = np.array([0.0, 0.004, 0.008, 0.0125, 0.013, 0.05])
    blind = np.zeros(6, dtype=bool)
    blind[TRUTH._blind(times, 0.010)] = True
    assert blind.tolist() == [False, True, True, False, True, False]


@pytest.mark.parametrize("per_frame", [5.0, 40.0])
def test_counts_vary_less_than_poisson_as_the_weights_say(per_frame: float) -> None:
    """The variance of what is counted in a window is mean (1 - x)², x the share that is lost."""
    sums, shares = [], []
    truth = dataclasses.replace(TRUTH.longitudinal(amplitude=0.0), share=np.full(8, 1 / 8))
    for seed in range(60):
        thrown = throw(truth, 4e4, [3, seed], per_frame)
        window = thrown.counts[:, 30:100].sum(axis=1)
        sums.append(window)
        shares.append(thrown.lost[:, 30:100].sum() / (window.sum() + thrown.lost[:, 30:100].sum()))
    counted = np.array(sums, dtype=float)
    ratio = counted.var(axis=0, ddof=1).mean() / counted.mean()
    assert ratio == pytest.approx((1 - np.mean(shares)) ** 2, abs=4 * np.sqrt(2 / 480))


def straight_line(thrown: Any, detector: int) -> float:
    """N e^{t/tau} = N0 - N N0 tau / (frames dt), a weighted straight line from 0.5 to 5 µs."""
    t = (np.arange(TRUTH.BINS) - TRUTH.T0_BIN) * TRUTH.DT
    used = (t > 0.5) & (t < 5.0)
    n, growth = thrown.counts[detector][used].astype(float), np.exp(t[used] / TRUTH.TAU_MU)
    slope, level = np.polyfit(n, n * growth, 1, w=1 / (np.sqrt(n) * growth))
    return float(-slope / level * TRUTH.DT * thrown.frames)


def one_by_one(thrown: Any, detector: int) -> float:
    """Level and dead time, not below 0, of one detector by itself, least squares."""
    t = (np.arange(TRUTH.BINS) - TRUTH.T0_BIN) * TRUTH.DT
    used = (t > 0.3) & (t < 10.0)
    n, e = thrown.counts[detector][used].astype(float), np.exp(-t[used] / TRUTH.TAU_MU)
    scale = n.sum() / e.sum()

    def residual(x: np.ndarray) -> np.ndarray:
        true = x[0] * scale * e
        seen = true / (1 + true * x[1] / (thrown.frames * TRUTH.DT))
        return np.asarray((n - seen) / np.sqrt(np.maximum(n, 1)))

    return float(least_squares(residual, [1.0, 0.005], bounds=([0, 0], [np.inf, 1.0])).x[1])


def test_common_estimators_mistake_the_polarisation_for_dead_time(relaxing: Any) -> None:
    lines = [straight_line(relaxing, d) for d in range(8)]
    assert max(lines[:4]) < -20 * NS and min(lines[4:]) > 80 * NS  # the truth is 10 ns
    alone = [one_by_one(relaxing, d) for d in (0, 7)]
    assert alone[0] < 1 * NS and alone[1] > 80 * NS


def test_ours_returns_the_truth_where_they_fail(relaxing: Any) -> None:
    alpha = (balance(TRUTH.longitudinal()), 0.003)
    found = mu.estimate_dead_time(run_of(relaxing), **PAIR, alpha=alpha)
    assert found.regime == "longitudinal"
    assert found.common_error < 1.5 * NS
    assert abs(found.common - 10 * NS) < 3 * found.common_error
    assert np.all(np.abs(found.values - 10 * NS) < 3.5 * found.errors)
    assert found.probability > 0.001
    assert not found.refused


def pulls_of(relaxation: float, n: int, **more: Any) -> tuple[np.ndarray, np.ndarray]:
    """Pulls of the mean, and of each detector (shape (n, 8)), each run with a measured alpha."""
    truth = TRUTH.longitudinal(relaxation=relaxation)
    means, each = [], []
    for seed in range(n):
        thrown = throw(truth, 5e5, [4, seed])
        alpha = (balance(truth) + 0.005 * np.random.default_rng([5, seed]).normal(), 0.005)
        found = mu.estimate_dead_time(
            run_of(thrown), **PAIR, alpha=alpha, amplitude_ratio_error=0.0, **more
        )
        means.append((found.common - 10 * NS) / found.common_error)
        each.append((found.values - truth.tau) / found.errors)
    return np.array(means), np.array(each)


def test_pulls_with_a_relaxing_polarisation() -> None:
    means, each = pulls_of(0.3, 40, amplitude_spread=0.0)
    assert abs(means.mean()) < 3 / np.sqrt(40)
    assert means.std(ddof=1) == pytest.approx(1.0, abs=3 / np.sqrt(80))
    assert abs(each.mean()) < 3 / np.sqrt(40)
    assert each.std() == pytest.approx(1.0, abs=0.2)


def test_pulls_where_muons_relax_as_fast_as_they_decay() -> None:
    means, _ = pulls_of(1 / TRUTH.TAU_MU, 20)
    assert abs(means.mean()) < 3 / np.sqrt(20)
    assert means.std(ddof=1) == pytest.approx(1.0, abs=3 / np.sqrt(40))


def test_pulls_in_a_transverse_field() -> None:
    truth = TRUTH.transverse()
    pulls = []
    for seed in range(40):
        found = mu.estimate_dead_time(run_of(throw(truth, 5e5, [6, seed])), **PAIR)
        assert found.regime == "transverse"
        pulls.append((found.values - truth.tau) / found.errors)
    each = np.array(pulls)
    assert abs(each.mean()) < 3 / np.sqrt(each.size)
    assert each.std() == pytest.approx(1.0, abs=3 / np.sqrt(2 * each.size))


def test_a_transverse_run_needs_no_pair_and_gives_each_detector(precessing: Any) -> None:
    truth = TRUTH.transverse()
    found = mu.estimate_dead_time(run_of(precessing))
    assert found.regime == "transverse"
    assert np.all(np.abs(found.values - truth.tau) < 4 * found.errors)
    assert np.ptp(truth.tau) > 3 * np.median(found.errors)  # so that this can fail
    assert found.covariance.shape == (8, 8)


def test_without_alpha_the_error_says_what_is_not_known() -> None:
    """Where P(t) relaxes as muons decay alpha and dead time are one; else they are not."""
    thrown = throw(TRUTH.longitudinal(relaxation=1 / TRUTH.TAU_MU), 4e6, 7)
    with pytest.raises(FitError, match=r"error of the mean dead time.*give alpha"):
        mu.estimate_dead_time(run_of(thrown), **PAIR)
    thrown = throw(TRUTH.longitudinal(relaxation=0.15), 4e6, 8)
    with pytest.raises(FitError, match=r"hangs on alpha, which these counts know to 11 % only"):
        mu.estimate_dead_time(run_of(thrown), **PAIR)
    thrown = throw(TRUTH.longitudinal(relaxation=0.15), 1.6e7, 8)
    found = mu.estimate_dead_time(run_of(thrown), **PAIR)
    assert abs(found.common - 10 * NS) < 3 * found.common_error < 15 * NS


def test_a_run_without_polarisation_needs_no_alpha() -> None:
    thrown = throw(TRUTH.longitudinal(amplitude=0.0), 4e6, 9)
    found = mu.estimate_dead_time(run_of(thrown), **PAIR)
    assert abs(found.common - 10 * NS) < 3 * found.common_error < 5 * NS


def test_one_dead_time_for_all(relaxing: Any) -> None:
    alpha = (balance(TRUTH.longitudinal()), 0.003)
    found = mu.estimate_dead_time(run_of(relaxing), **PAIR, alpha=alpha, each=False)
    assert np.all(found.values == found.common)
    assert abs(found.common - 10 * NS) < 3 * found.common_error
    assert "one dead time" in found.method


def test_a_background_is_no_dead_time() -> None:
    truth = dataclasses.replace(TRUTH.transverse(), background=0.003)
    found = mu.estimate_dead_time(run_of(throw(truth, 4e6, 10)))
    assert np.all(np.abs(found.values - truth.tau) < 4 * found.errors)


def test_groups_that_differ_are_an_assumption_that_is_named() -> None:
    """Their difference is not known from P(t); the mean of both is still right."""
    truth = TRUTH.longitudinal(relaxation=0.3, tau=np.where(np.arange(8) < 4, 0.006, 0.014))
    truth = dataclasses.replace(truth, tau=np.where(np.arange(8) < 4, 0.006, 0.014))
    truth = dataclasses.replace(truth, share=np.full(8, 1 / 8))
    found = mu.estimate_dead_time(
        run_of(throw(truth, 4e6, 11)), **PAIR, alpha=(1.0, 0.003), amplitude_spread=0.0
    )
    assert "mean dead times of forward and backward alike" in found.method
    assert abs(found.common - 10 * NS) < 4 * found.common_error


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"source": "continuous"}, "continuous"),
        ({"good_frames": None}, "good frames are unknown"),
        ({"good_frames": [0]}, "0 good frames"),
    ],
)
def test_refused_without_a_rate(relaxing: Any, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(FitError, match=reason):
        mu.estimate_dead_time(run_of(relaxing, **changes), **PAIR)


def test_refused_what_was_corrected(relaxing: Any) -> None:
    run = mu.correct_dead_time(run_of(relaxing), dead_time=0.01)
    with pytest.raises(FitError, match="corrected already"):
        mu.estimate_dead_time(run, **PAIR)


def test_refused_without_opposite_detectors(relaxing: Any) -> None:
    with pytest.raises(FitError, match="look the same; name forward and backward"):
        mu.estimate_dead_time(run_of(relaxing))


def test_refused_without_counts() -> None:
    with pytest.raises(FitError, match="fewer than"):
        mu.estimate_dead_time(run_of(throw(TRUTH.longitudinal(), 1e3, 12)), **PAIR)


def test_refused_in_a_run_too_short() -> None:
    with pytest.raises(FitError, match="the error of the mean dead time is"):
        mu.estimate_dead_time(run_of(throw(TRUTH.transverse(), 3e4, 13)), **PAIR)


def test_refused_where_the_regime_is_wrong(precessing: Any, relaxing: Any) -> None:
    with pytest.raises(
        FitError, match="no such polarisation describes the counts|did not converge"
    ):
        mu.estimate_dead_time(run_of(precessing), **PAIR, polarisation="longitudinal")
    with pytest.raises(FitError, match="transverse: "):
        mu.estimate_dead_time(run_of(relaxing), **PAIR, polarisation="transverse")


def test_refused_where_part_of_the_polarisation_does_not_precess() -> None:
    """A relaxing part beside the line passes for dead time, of opposite sign on opposite sides."""
    part = throw(TRUTH.longitudinal(relaxation=0.4, amplitude=0.1), 2e6, 14)
    line = throw(TRUTH.transverse(), 2e6, 15)
    both = TRUTH.Thrown(part.counts + line.counts, part.lost + line.lost, part.frames)
    with pytest.raises(FitError, match="relax without precessing"):
        mu.estimate_dead_time(run_of(both), **PAIR)


def test_negative_values_within_three_errors_are_kept_and_others_refused() -> None:
    truth = TRUTH.transverse()
    tau = np.where(np.arange(8) == 2, 0.0, 0.01)
    thrown = throw(dataclasses.replace(truth, tau=tau), 4e6, 16)
    counts = thrown.counts.astype(float)
    rate = counts[4] / (thrown.frames * TRUTH.DT)
    counts[4] *= 1 + 0.035 * rate  # more counts at high rates: no dead time does that
    found = mu.estimate_dead_time(run_of(TRUTH.Thrown(np.rint(counts), thrown.lost, thrown.frames)))
    assert set(found.refused) == {5}
    assert "below zero, which no dead time is" in found.refused[5]
    assert np.isnan(found.values[4]) and np.isnan(found.covariance[4]).all()
    assert np.isfinite(found.values[[0, 1, 2, 3, 5, 6, 7]]).all()
    assert len(found.table()) == 8 and found.table()[4] == found.common
    assert "detector 5 refused" in found.summary()


def test_a_silent_detector_is_refused_and_the_others_stand(precessing: Any) -> None:
    counts = precessing.counts.copy()
    counts[3] = 0
    found = mu.estimate_dead_time(run_of(TRUTH.Thrown(counts, None, precessing.frames)))
    assert set(found.refused) == {4}
    assert np.isfinite(found.values).sum() == 7


def test_the_table_corrects_the_run(precessing: Any) -> None:
    """What was lost in the first microseconds comes back within the error of the estimate."""
    run = run_of(precessing)
    found = mu.estimate_dead_time(run)
    corrected = mu.correct_dead_time(run, dead_time=found.table()).counts[0]
    window = slice(40, 150)
    true = (precessing.counts + precessing.lost)[:, window].sum()
    lost = precessing.lost[:, window].sum()
    assert lost > 20 * np.sqrt(lost)
    assert corrected[:, window].sum() == pytest.approx(true, abs=0.35 * lost)
    assert mu.Reduction(dead_time=found.table()).dead_time == found.table()


def test_one_period_at_its_own_rate(precessing: Any) -> None:
    """The second period has half of the frames and twice the losses: not the mean of both."""
    fast = throw(TRUTH.transverse(), 4e6, 17, per_frame=10.0)
    counts = np.stack([precessing.counts, fast.counts])
    run = run_of(precessing, counts=counts, good_frames=[precessing.frames, fast.frames])
    for period in (1, 2):
        found = mu.estimate_dead_time(run, period=period)
        assert abs(found.common - TRUTH.transverse().tau.mean()) < 4 * found.common_error
    with pytest.raises(FitError, match="is not one period"):
        mu.estimate_dead_time(run, period="1+2")


def test_detectors_of_different_t0_are_aligned(precessing: Any) -> None:
    plain = mu.estimate_dead_time(run_of(precessing), t_range=(0.3, 15.0))
    shift = np.array([0, 3, 1, 0, 2, 0, 0, 1])
    rows = [np.roll(row, s) for row, s in zip(precessing.counts, shift, strict=True)]
    run = run_of(
        precessing,
        counts=np.array(rows)[None],
        t0=TRUTH.T0_BIN + shift,
        last_good=np.full(8, TRUTH.BINS - 4),
    )
    run = run.replace(first_good=run.first_good + shift)
    found = mu.estimate_dead_time(run, t_range=(0.3, 15.0))
    assert found.values == pytest.approx(plain.values, abs=0.01 * float(plain.errors.min()))


def test_default_range_begins_after_the_pulse(relaxing: Any) -> None:
    chosen = choose(run_of(relaxing), "1-4", "5-8", None, None, None)
    assert 0.28 < chosen.edges[0] < 0.32
    chosen = choose(run_of(relaxing), "1-4", "5-8", None, None, (1.0, 4.0))
    assert (chosen.edges[0], chosen.edges[-1]) == pytest.approx((1.0, 4.0), abs=0.02)


@pytest.mark.parametrize(
    "wrong",
    [
        {"polarisation": "sideways"},
        {"alpha": 1.2},
        {"alpha": (1.2, -0.1)},
        {"amplitude_spread": -0.1},
        {"amplitude_ratio_error": np.nan},
        {"t_range": (5.0, 1.0)},
        {"t_range": (30.0, 40.0)},
    ],
)
def test_wrong_arguments_are_named(relaxing: Any, wrong: dict[str, Any]) -> None:
    name = next(iter(wrong))
    with pytest.raises(FitError, match=f"{name} = |good bins"):
        mu.estimate_dead_time(run_of(relaxing), **PAIR, **wrong)


def test_the_result_prints_and_travels(precessing: Any) -> None:
    found = mu.estimate_dead_time(run_of(precessing))
    text = found.summary()
    assert "transverse: precession of 1.36 MHz" in text and "largest loss" in text
    again = copy.deepcopy(found)
    assert np.array_equal(again.values, found.values) and not again.values.flags.writeable


def test_refused_where_a_zero_field_line_stands_on_a_relaxing_tail() -> None:
    """A magnet in zero field: the line is in phase in all detectors, and no pair is named."""
    tail = throw(TRUTH.longitudinal(relaxation=0.3, amplitude=0.12), 2e6, 18)
    line = dataclasses.replace(
        TRUTH.transverse(relaxation=0.3), phase=np.where(np.arange(8) < 4, 0.0, np.pi)
    )
    line = throw(line, 2e6, 19)
    both = TRUTH.Thrown(tail.counts + line.counts, None, tail.frames)
    with pytest.raises(FitError, match="relax without precessing"):
        mu.estimate_dead_time(run_of(both))
