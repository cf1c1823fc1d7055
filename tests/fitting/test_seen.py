"""Asymmetries and counts seen through alpha, backgrounds and dead time."""

from __future__ import annotations

import numpy as np
import pytest
from asymmetries import asymmetry
from scipy.integrate import trapezoid
from throw import asymmetry_of, throw_pair

from musrcu.containers.losses import Losses
from musrcu.errors import FitError
from musrcu.fitting.fit import fit
from musrcu.fitting.seen import ALPHA, B_B, B_F, CountBins, Formed, SeenAsymmetry, SeenCounts

TIME = (np.arange(600) + 0.5) * 0.015


TAU = 2.1969811
LEVEL = 1e4 * np.exp(-TIME / TAU)


def central(model, x, step=1e-5):  # type: ignore[no-untyped-def]
    """Derivatives by central differences, steps relative to large parameters."""
    rows = []
    for k in range(x.size):
        h = np.zeros(x.size)
        h[k] = step * max(1.0, abs(x[k]))
        rows.append((model.value(TIME, x + h) - model.value(TIME, x - h)) / (2 * h[k]))
    return np.array(rows)


@pytest.mark.parametrize("alpha0", [1.0, 0.9])
@pytest.mark.parametrize("beta", [1.0, 0.8])
def test_formed_asymmetry_follows_from_the_counts(alpha0: float, beta: float) -> None:
    a, alpha, b_f, b_b = 0.2 * np.exp(-0.3 * TIME), 0.83, 3.5, 1.5
    subtracted, packs = (3.0, 2.0), np.full(TIME.size, 4.0)
    u = LEVEL / (1 + beta) / np.sqrt(alpha0)
    forward = u * np.sqrt(alpha) * (1 + a) + packs * (b_f - subtracted[0])
    backward = u / np.sqrt(alpha) * (1 - beta * a) + packs * (b_b - subtracted[1])
    formed = (forward - alpha0 * backward) / (beta * forward + alpha0 * backward)
    level = Formed(alpha0, beta, LEVEL, packs, subtracted)
    model = SeenAsymmetry("exponential", level, (ALPHA, B_F, B_B))
    assert model.names == ("A1", "lambda1", "alpha", "b_F", "b_B")
    # u stands for the level at alpha0; with sqrt(alpha0) in it both forms are the same counts
    assert np.allclose(model.value(TIME, [0.2, 0.3, alpha, b_f, b_b]), formed, rtol=1e-12)
    assert np.allclose(model.value(TIME, [0.2, 0.3, alpha0, *subtracted]), a, rtol=1e-13)
    assert np.allclose(model.bare().value(TIME, [0.2, 0.3, alpha, b_f, b_b]), a, rtol=1e-14)


@pytest.mark.parametrize("alpha", [0.3, 0.83, 1.0, 2.5])
def test_derivatives_of_an_asymmetry_against_central_differences(alpha: float) -> None:
    level = Formed(0.95, 0.9, LEVEL, np.full(TIME.size, 4.0), (3.0, 2.0))
    model = SeenAsymmetry("damped_cosine + exponential", level, (ALPHA, B_F, B_B))
    x = np.array([0.2, 0.3, 1.6, 20.0, 0.05, 0.9, alpha, 3.3, 1.4])
    value, gradient = model.value_and_gradient(TIME, x)
    assert np.allclose(value, model.value(TIME, x), rtol=1e-14)
    scale = np.abs(gradient).max(axis=1, keepdims=True)
    assert (np.abs(gradient - central(model, x)) < 1e-6 * scale).all()


def bins_of(raw: float, width: float, losses: tuple[Losses, Losses] | None) -> CountBins:
    """Bins of some raw bins each, the decay law integrated in closed form."""
    edges = np.exp(-(TIME[:, None] + width * np.array([-0.5, 0.5])) / TAU)
    decay = raw * TAU / width * (edges[:, 0] - edges[:, 1])
    return CountBins(decay, np.full(TIME.size, raw), np.full(TIME.size, width), losses)


@pytest.mark.parametrize("losses", [False, True])
def test_derivatives_of_counts_against_central_differences(losses: bool) -> None:
    lost = Losses(np.array([0.7, 0.3]), np.array([1e-7, 3e-7]))
    bins = bins_of(3.0, 0.015, (lost, lost) if losses else None)
    model = SeenCounts("damped_cosine + constant", bins)
    x = np.array([0.2, 0.3, 1.6, 20.0, 0.05, 4e3, 0.9, 0.95, 12.0, 7.0])
    value, gradient = model.value_and_gradient(TIME, x)
    assert np.allclose(value, model.value(TIME, x), rtol=1e-14)
    scale = np.abs(gradient).max(axis=1, keepdims=True)
    assert (np.abs(gradient - central(model, x)) < 1e-6 * scale).all()


def test_counts_are_those_of_the_formula() -> None:
    """By quadrature of the decay law over each bin, detector by detector."""
    width, share, dead = 0.015, np.array([0.7, 0.3]), np.array([1e-6, 3e-6])
    lost = Losses(share, dead)
    bins = bins_of(3.0, width, (lost, Losses(np.ones(1), 0 * dead[:1])))
    x = [0.2, 0.3, 4e3, 0.9, 0.95, 12.0, 7.0]
    forward, backward = SeenCounts("exponential", bins).value(TIME, x).reshape(2, -1)
    edges = TIME[:, None] + width * (np.linspace(0, 1, 201) - 0.5)
    decay = 3 * trapezoid(np.exp(-edges / TAU), axis=1) / 200
    a = 0.2 * np.exp(-0.3 * TIME)
    there = 4e3 * np.sqrt(0.9) * decay * (1 + a) + 36.0
    seen = sum(s * there / (1 + s * there * d / width) for s, d in zip(share, dead, strict=True))
    np.testing.assert_allclose(forward, seen, rtol=1e-7)
    np.testing.assert_allclose(
        backward, 4e3 / np.sqrt(0.9) * decay * (1 - 0.95 * a) + 21.0, rtol=1e-7
    )


def test_free_alpha_agrees_with_the_true_one() -> None:
    time, forward, backward = throw_pair(
        lambda t: 0.22 * np.exp(-0.1 * t) * np.cos(2 * np.pi * 1.35 * t + 0.2),
        1e7,
        3,
        n_bins=600,
        width=0.015,
        alpha=1.3,
    )
    raw, error = asymmetry_of(forward, backward)
    found = fit(asymmetry(time, raw, error), "damped_cosine", start={"alpha": 1.0})
    assert found.valid, found.reason
    truth = np.array([0.22, 0.1, 1.35, np.rad2deg(0.2), 1.3])
    assert np.abs((found.values - truth) / found.errors).max() < 4
    # With alpha held at what was found, the true asymmetry gives the same line.
    value, sigma = asymmetry_of(forward, backward, found["alpha"].value)
    held = fit(asymmetry(time, value, sigma), "damped_cosine")
    assert np.abs((held.values - found.values[:4]) / found.errors[:4]).max() < 0.02
    assert held.chi2 == pytest.approx(found.chi2, rel=0.005)


def test_a_free_alpha_beside_a_constant_is_refused() -> None:
    data = asymmetry(TIME, np.full(TIME.size, 0.1), np.full(TIME.size, 0.01))
    with pytest.raises(FitError, match=r"alpha and A_bg are one parameter; reduce with alpha="):
        fit(data, "exponential + constant", start={"alpha": 1.0})
