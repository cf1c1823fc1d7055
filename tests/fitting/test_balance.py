"""A model seen through a free alpha."""

from __future__ import annotations

import numpy as np
import pytest
from asymmetries import asymmetry
from throw import asymmetry_of, throw_pair

from musrcu.fitting.balance import BalancedModel
from musrcu.fitting.cost import AsymmetryCost
from musrcu.fitting.fit import fit
from musrcu.fitting.freedom import settle
from musrcu.fitting.minimise import minimise

TIME = (np.arange(600) + 0.5) * 0.015


def test_raw_asymmetry_follows_from_the_counts() -> None:
    a, alpha = 0.2 * np.exp(-0.3 * TIME), 0.83
    forward, backward = alpha * (1 + a), 1 - a
    raw = (forward - backward) / (forward + backward)
    model = BalancedModel("exponential")
    assert model.names == ("A1", "lambda1", "alpha")
    assert np.allclose(model.value(TIME, [0.2, 0.3, alpha]), raw, rtol=1e-13)
    assert np.allclose(model.value(TIME, [0.2, 0.3, 1.0]), a, rtol=1e-14)


@pytest.mark.parametrize("alpha", [0.3, 0.83, 1.0, 2.5])
def test_derivatives_against_central_differences(alpha: float) -> None:
    model = BalancedModel("damped_cosine + exponential")
    x = np.array([0.2, 0.3, 1.6, 20.0, 0.05, 0.9, alpha])
    value, gradient = model.value_and_gradient(TIME, x)
    assert np.allclose(value, model.value(TIME, x), rtol=1e-14)
    for k in range(x.size):
        step = np.zeros(x.size)
        step[k] = 1e-5
        numerical = (model.value(TIME, x + step) - model.value(TIME, x - step)) / 2e-5
        assert np.allclose(gradient[k], numerical, rtol=1e-6, atol=1e-8)


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
    model = BalancedModel("damped_cosine")
    cost = AsymmetryCost(time, raw, error, settle(model))
    found = minimise(cost, np.array([0.2, 0.2, 1.35, 0.0, 1.2]), model.names)
    assert found.valid
    assert found.covariance is not None
    errors = np.sqrt(np.diag(found.covariance))
    truth = np.array([0.22, 0.1, 1.35, np.rad2deg(0.2), 1.3])
    assert np.abs((found.x - truth) / errors).max() < 4
    # With alpha held at what was found, the true asymmetry gives the same line.
    value, sigma = asymmetry_of(forward, backward, found.x[-1])
    held = fit(asymmetry(time, value, sigma), "damped_cosine")
    assert np.abs((held.values - found.x[:4]) / errors[:4]).max() < 0.02
    assert held.chi2 == pytest.approx(found.chi2, rel=0.005)
