"""Curves of fits of counts beside points that were formed with other constants."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from made_runs import BELOW_TN, made_asymmetry, made_fit

import musrcu as mu
from musrcu.fitting.fitted import Fitted

TAU = 2.1969811


@pytest.mark.parametrize(
    ("alpha", "beta", "taken"), [(1.0, 1.0, None), (1.4, 0.9, [3.0, 8.0]), (0.8, 1.1, [6.0, 5.0])]
)
def test_the_curve_is_that_of_the_means(
    alpha: float, beta: float, taken: list[float] | None
) -> None:
    constants = {"alpha": 1.2, "detector_beta": 0.8, "N0": 90.0, "b_F": 6.0, "b_B": 5.0}
    result = made_fit()
    behind = {name: Fitted(name, value, 0.1) for name, value in constants.items()}
    result = dataclasses.replace(result, parameters={**result.parameters, **behind})
    points = made_asymmetry().replace(alpha=alpha, detector_beta=beta, background=taken)
    curve = mu.plot.asymmetry(points, result).lines[1]
    t = np.asarray(curve.get_xdata())
    a, p = np.exp(-0.9 * t), BELOW_TN
    a = p["A1"] * a + p["A2"] * np.exp(-0.35 * t) * np.cos(2 * math.pi * 1.59 * t) + p["A_bg"]
    decays, (s_f, s_b) = 90.0 * np.exp(-t / TAU), taken or (0.0, 0.0)
    forward = decays * math.sqrt(1.2) * (1 + a) + 6.0 - s_f
    backward = decays / math.sqrt(1.2) * (1 - 0.8 * a) + 5.0 - s_b
    seen = (forward - alpha * backward) / (beta * forward + alpha * backward)
    assert np.asarray(curve.get_ydata()) == pytest.approx(seen, abs=1e-5)


def test_points_of_any_recipe_have_the_curve_of_a_fit_of_counts(samples: Path) -> None:
    run = mu.read(samples / "deltat_tdc_ltf_0003.bin")
    recipe = mu.Reduction(alpha=0.93, packing=20, background="fit")
    result = mu.fit(mu.reduce_counts(run, recipe), "exponential + damped_cosine + constant",
                    cost="poisson")  # fmt: skip
    assert result.valid
    for other in (mu.Reduction(alpha=0.93, packing=20), mu.Reduction(alpha=1.2, packing=20),
                  mu.Reduction(alpha=0.8, packing=20, background="none")):  # fmt: skip
        axes = mu.plot.asymmetry(mu.reduce(run, other), result)
        residuals = np.asarray(axes.figure.axes[1].lines[-1].get_ydata())
        assert abs(residuals.mean()) < 4 / math.sqrt(residuals.size)
        assert residuals.std() == pytest.approx(1.0, abs=4 / math.sqrt(2 * residuals.size))
