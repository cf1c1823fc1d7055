"""A scan or a law that was fitted before keeps its options where no others are given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import musrcu as mu
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.two_step import OrderParameter, fit_order_parameter

T = np.array([0.02, 0.04, 0.06, 0.07, 0.08, 0.085, 0.09, 0.095, 0.099, 0.102, 0.104])
NU = 1.59 * (1 - (T / 0.105) ** 2) ** 0.2
POINTS = OrderPoints(T, np.full(11, 3e-4), NU, np.full(11, 0.01), not_ordered=(0.107, 0.12),
                     not_ordered_error=(3e-4, 3e-4))  # fmt: skip


@dataclass(frozen=True)
class Scanned:
    """What a scan offers."""

    order: OrderParameter | None = None
    parameter: str = "nu1"

    def points(self, parameter: str) -> OrderPoints:
        """The same for every frequency."""
        return POINTS


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, ""),
        ({"alpha": 2.0}, "alpha = 2"),
        ({"alpha": "free", "unit": "mT"}, "alpha = free, unit = mT"),
        ({"alpha": 2.0, "method": "naive", "thermometer_offset": 1e-3},
         "alpha = 2, method = naive, thermometer_offset = 0.001 K"),
        ({"alpha": 2.0, "above": "censored", "nu_det": 0.2, "temperature_range": (0.05, 0.2)},
         "alpha = 2, above = censored, temperature_range = (0.05, 0.2) K, nu_det = 0.2 MHz"),
    ],
)  # fmt: skip
def test_options_of_the_saved_law(options: dict[str, Any], said: str) -> None:
    first = fit_order_parameter(POINTS, parameter="nu1", **options)
    for source in (Scanned(first), first):
        again = mu.fit_order_parameter(source)
        assert again.values == pytest.approx(first.values, rel=1e-4)
        assert (again.chi2, again.ndof) == (pytest.approx(first.chi2, abs=1e-3), first.ndof)
        assert again.T_N.minos == pytest.approx(first.T_N.minos, rel=1e-2)
        assert again.options == first.options
        notes = [note for note in again.notes if note.startswith("as in the saved fit")]
        if source is first:  # its points have the unit and what was detectable
            assert len(notes) == bool(said)
            continue
        assert notes == ([f"as in the saved fit: {said}"] if said else [])


def test_what_is_given_counts() -> None:
    scan = Scanned(fit_order_parameter(POINTS, alpha=2.0, above="censored", nu_det=0.2))
    order = mu.fit_order_parameter(scan, alpha=3.0, above="bound", parameter="nu2")
    assert (order.alpha.value, order.above, order.parameter) == (3.0, "bound", "nu2")
    assert order.values == fit_order_parameter(POINTS).values
    assert not [note for note in order.notes if "saved" in note]
    assert mu.fit_order_parameter(Scanned()).parameter == "nu1"
    failed = replace(scan.order, valid=False) if scan.order else None
    assert mu.fit_order_parameter(Scanned(failed)).method == "latent"
