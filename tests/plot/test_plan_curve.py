"""The picture of a plan shows its numbers."""

from __future__ import annotations

import numpy as np
import pytest

import musrcu as mu

T = np.array([0.02, 0.05, 0.07, 0.09, 0.1, 0.103])


@pytest.fixture(scope="module")
def plan() -> mu.Plan:
    nu = 1.59 * (1 - (T / 0.105) ** 3) ** 0.12
    points = mu.OrderPoints(T, None, nu, 0.01 + 0 * T, upper_bound=0.108)
    order = mu.fit_order_parameter(points)
    return mu.plan(order, run_events=2e7, hours=2, rate=1e7, candidates=np.linspace(0.09, 0.107, 9))


def test_errors_and_the_best_temperature(plan: mu.Plan) -> None:
    axes = mu.plot.plan(plan)
    upper, near, lower, _ = axes.figure.axes
    assert axes is upper
    curve = upper.lines[0]
    assert curve.get_xdata() == pytest.approx([row.temperature for row in plan.rows])
    assert curve.get_ydata() == pytest.approx([1e3 * row.T_N_error for row in plan.rows])
    assert lower.lines[0].get_ydata() == pytest.approx([row.beta_error for row in plan.rows])
    assert f"{plan.best.temperature:.5g} K" in [text.get_text() for text in near.texts]
    dashed = upper.lines[1].get_ydata()
    assert list(dashed) == pytest.approx([1e3 * plan.T_N_error] * 2)
    low, high = near.get_xlim()
    assert low < plan.T_N < high
    assert "20 million events, 2 h" in axes.figure.get_suptitle()


def test_runs_so_far_are_ticks(plan: mu.Plan) -> None:
    lower = mu.plot.plan(plan).figure.axes[2]
    ticks = [line.get_xdata() for line in lower.lines if line.get_marker() == "|"]
    assert list(ticks[0]) == pytest.approx([one for one in T if one > 0.0893])
    assert lower.get_ylim()[0] == 0
