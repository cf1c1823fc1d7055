"""A histogram is drawn as the asymmetry of its detector."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from made_runs import made_asymmetry, made_fit, made_run

import musrcu as mu
from musrcu.containers.histogram import Histogram
from musrcu.containers.history import History
from musrcu.containers.losses import Losses
from musrcu.errors import MusrcuError
from musrcu.fitting.fitted import Fitted
from musrcu.fitting.result import FitResult
from musrcu.joint.result import JointResult

MODEL = "damped_cosine"
TRUTH = {"A1": 0.2, "lambda1": 0.3, "nu1": 1.0, "phi1": 30.0}
N0, FLAT, TAU, RAW = 400.0, 15.0, 2.1969811, 0.002
DEAD = 8e-7
"""µs that every count blocks: 14 % of the counts are lost at the beginning."""


def asymmetry_at(t: np.ndarray) -> np.ndarray:
    turn = np.cos(2 * math.pi * t + math.radians(30.0))
    return np.asarray(0.2 * np.exp(-0.3 * t) * turn)


def made(
    label: str = "Up", *, pack: int = 4, seed: int = 1, dead: float = 0.0, n: int = 800
) -> tuple[Histogram, np.ndarray]:
    """A histogram of Poisson counts, its packs filled with a sum over raw bins; their means."""
    raw = RAW * (0.5 + np.arange(pack * n))
    mean = N0 * np.exp(-raw / TAU) * (1 + asymmetry_at(raw)) + FLAT
    mean = (mean / (1 + mean * dead / RAW)).reshape(n, pack).sum(axis=1)
    counts = np.random.default_rng(seed).poisson(mean)
    made = Histogram(
        time=raw.reshape(n, pack).mean(axis=1), counts=counts.astype(float), bin_width=pack * RAW,
        packing=pack, detectors=(3,), label=label, run=made_run(), history=History(()),
        losses=Losses(np.ones(1), np.array([dead])) if dead else None,
    )  # fmt: skip
    return made, mean


def fit_as_made(label: str = "Up", **more: object) -> FitResult:
    behind = {"N0": Fitted("N0", N0, 1.0), "b": Fitted("b", FLAT, 0.5)}
    found = made_fit(MODEL, TRUTH, t_range=(0.0, 6.4), **more)
    asked = {"data": "histogram", "label": label, "detectors": [3]}
    return dataclasses.replace(found, parameters={**found.parameters, **behind}, request=asked)


def points_of(axes: Any) -> tuple[np.ndarray, np.ndarray]:
    line = axes.lines[0]
    return np.asarray(line.get_xdata()), np.asarray(line.get_ydata())


def test_points_are_the_corrected_counts_of_a_pack() -> None:
    data, _ = made()
    axes = mu.plot.asymmetry(data, fit_as_made(), packing=5)
    t, value = points_of(axes)
    # sum of N - b over sum of N0 e^{-t/tau}, raw bin by raw bin
    raw = RAW * (0.5 + np.arange(20 * t.size)).reshape(-1, 20)
    counts = data.counts[: 5 * t.size].reshape(-1, 5).sum(axis=1)
    law = N0 * np.exp(-raw / TAU).sum(axis=1)
    assert t == pytest.approx(raw.mean(axis=1))
    assert value == pytest.approx((counts - 20 * FLAT) / law - 1, abs=2e-5)
    below = axes.figure.axes[1]
    residuals = np.asarray(below.lines[-1].get_ydata())
    assert abs(residuals.mean()) < 4 / math.sqrt(t.size)
    assert residuals.std() == pytest.approx(1.0, abs=4 / math.sqrt(2 * t.size))
    assert axes.get_title("left") == "LTF 7 Up, 0.0200(2) K, ZF"
    curve = axes.lines[1]
    assert curve.get_ydata() == pytest.approx(asymmetry_at(np.asarray(curve.get_xdata())))


def test_what_dead_time_took_is_put_back() -> None:
    data, _ = made(dead=DEAD)
    result = fit_as_made()
    t, value = points_of(mu.plot.asymmetry(data, result, packing=8))
    error = np.sqrt((N0 * np.exp(-t / TAU) + FLAT) / 32) / (N0 * np.exp(-t / TAU))
    pull = (value - asymmetry_at(t)) / error
    assert abs(pull.mean()) < 4 / math.sqrt(t.size)
    left_alone = data.replace(losses=None)
    _, lost = points_of(mu.plot.asymmetry(left_alone, result, packing=8))
    assert (value - lost)[:5].min() > 0.1


def test_without_a_fit_no_mean_is_left() -> None:
    data, _ = made()
    data = data.replace(background=FLAT)
    axes = mu.plot.asymmetry(data, packing=1)
    t, value = points_of(axes)
    assert len(axes.figure.axes) == 1
    assert (value * np.exp(-t / TAU)).sum() == pytest.approx(0.0, abs=1e-3)
    empty = data.replace(counts=np.zeros_like(data.counts))
    with pytest.raises(MusrcuError, match="no counts of Up are left above its background"):
        mu.plot.asymmetry(empty)


def joint() -> JointResult:
    fits = tuple(fit_as_made(label) for label in ("Up", "Down"))
    return JointResult(
        model=MODEL, shared={}, runs=fits, shared_covariance=None, chi2=1.0, ndof=1, valid=True,
        reason="", known_chi2=0.0, n_free=1,
    )  # fmt: skip


def test_a_joint_fit_is_drawn_by_detector_and_as_a_stack() -> None:
    (up, _), (down, _) = made(), made("Down", seed=2)
    alone = mu.plot.asymmetry(down, joint())
    assert alone.get_title("left").startswith("LTF 7 Down")
    stack = mu.plot.scan([up, down], joint())
    assert [text.get_text() for text in stack.texts] == ["Up", "Down", "Detector"]
    assert len(stack.lines) == 4
    assert stack.get_title("left").replace("\n", " ") == "LTF 7, 0.0200(2) K, ZF"
    one = mu.plot.scan([down], joint())
    assert [text.get_text() for text in one.texts] == ["Down", "Detector"]


@pytest.mark.parametrize(
    ("data", "fit", "text"),
    [
        (made_asymmetry(), joint(), "the joint fit has no fit of LTF 7; give one of its runs"),
        (made("Left")[0], joint(), "has no fit of LTF 7, Left"),
        (made()[0], made_fit(), "Up: the fit has no N0 and b, so it is not one of a histogram"),
        ([made()[0]], None, "Histogram, not a list; plot.scan draws several"),
        (made_run(), None, "not a Run; mu.reduce"),
    ],
)
def test_what_does_not_belong_together(data: Any, fit: Any, text: str) -> None:
    with pytest.raises(MusrcuError, match=text):
        mu.plot.asymmetry(data, fit)


def test_runs_of_one_temperature_are_told_apart_by_their_field() -> None:
    data = [made_asymmetry(run=made_run(k, 2.0, field=100.0 * k)) for k in (1, 2, 3)]
    assert [t.get_text() for t in mu.plot.scan(data).texts] == ["100", "200", "300", "$B$ (G)"]
