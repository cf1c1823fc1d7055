"""Options of one step that were given to two steps, and the other way round."""

from __future__ import annotations

import numpy as np
import pytest

import musrcu as mu
from musrcu.errors import FitError
from musrcu.ordering.points import OrderPoints

POINTS = OrderPoints(np.array([0.02, 0.05, 0.08, 0.1]), None, np.array([1.6, 1.5, 1.3, 0.9]),
                     np.full(4, 0.01))  # fmt: skip


@pytest.mark.parametrize("name", ["unit", "temperature_range", "above", "nu_det"])
def test_one_step_without_options_of_two(name: str) -> None:
    with pytest.raises(FitError, match=f"^{name} does not go with direct=True: .*direct=False"):
        mu.fit_order_parameter([], direct=True, **{name: "mT"})


@pytest.mark.parametrize("name", ["sigma_TN", "smooth", "recipe", "local", "spread", "ordered"])
def test_two_steps_without_options_of_one(name: str) -> None:
    with pytest.raises(FitError, match=f"^{name} is of the fit to all spectra; give the runs"):
        mu.fit_order_parameter(POINTS, **{name: "free"})


@pytest.mark.parametrize("direct", [True, False])
def test_options_of_neither(direct: bool) -> None:
    with pytest.raises(TypeError, match="fit_order_parameter.. got an unexpected argument 'beta'"):
        mu.fit_order_parameter(POINTS, direct=direct, beta=0.1)
