"""Runs without order as data: the law must not predict a frequency that they would have shown.

A run at T_i that shows no line says nothing where the law has no frequency, T_i >= T_N, and costs

    (nu(T_i) / nu_det,i)^2   for T_i < T_N ,

with nu_det the lowest frequency that it would have shown. This is not a measurement nu = 0 +-
small: above T_N it has no weight at all. Where the error of its temperature is known the run has a
latent temperature, whatever is done for the others: the law has no finite slope where it matters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import NU_MIN
from musrcu.containers.arrays import FloatArray
from musrcu.models.laws import order_parameter_law
from musrcu.ordering.latent_temperature import latent_chi2
from musrcu.ordering.points import OrderPoints

Parameters = tuple[float, float, float, float]

ABOVE = ("bound", "censored")
"""What runs without order do: the lowest of them bounds T_N; or each is a term of the cost."""


@dataclass(frozen=True, slots=True, eq=False)
class CensoredRuns:
    """The runs without order, as terms of a cost."""

    temperature: FloatArray
    """(n,) K."""
    error: FloatArray
    """(n,) K, 0 where it is exact or not known."""
    nu_det: FloatArray
    """(n,) MHz, the lowest frequency that each would have shown."""

    @classmethod
    def of(cls, points: OrderPoints) -> CensoredRuns | None:
        """Those of some points; None where there are none."""
        if not points.not_ordered:
            return None
        unknown = [np.nan] * len(points.not_ordered)
        temperature = np.array(points.not_ordered, dtype=float)
        errors = np.array(points.not_ordered_error or unknown, dtype=float)
        seen = np.array(points.detectable or unknown, dtype=float)
        there = np.isfinite(temperature) & (temperature >= 0)
        return cls(
            temperature[there],
            np.nan_to_num(errors[there], nan=0.0),
            np.where(np.isfinite(seen), seen, NU_MIN)[there],
        )

    @property
    def walls(self) -> tuple[float, ...]:
        """K, rising: temperatures at which the cost, as a function of T_N, turns up sharply."""
        return tuple(sorted(set(self.temperature[self.error == 0].tolist())))

    def cost(self, parameters: Parameters) -> tuple[float, FloatArray]:
        """The sum over all runs, and its (4,) gradient in nu0, T_N, beta and alpha."""
        below = self.temperature < parameters[1]
        known = below & (self.error > 0)
        chi2, gradient = self._exact(below & ~known, parameters)
        if not known.any():
            return chi2, gradient
        latent, by_latent, _ = latent_chi2(
            self.temperature[known], self.error[known], np.zeros(int(known.sum())),
            self.nu_det[known], parameters,
        )  # fmt: skip
        return chi2 + latent, gradient + by_latent

    def _exact(self, chosen: NDArray[np.bool_], parameters: Parameters) -> tuple[float, FloatArray]:
        """The cost of those whose temperatures are exact."""
        if not chosen.any():
            return 0.0, np.zeros(4)
        value, gradient = order_parameter_law(self.temperature[chosen], *parameters)
        share = value / self.nu_det[chosen]
        return float(share @ share), 2.0 * gradient @ (share / self.nu_det[chosen])
