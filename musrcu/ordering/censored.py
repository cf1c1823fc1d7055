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

from musrcu.constants import NU_MIN
from musrcu.containers.arrays import FloatArray
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
        T_N = parameters[1]
        near = self.temperature < T_N
        if not near.any():
            return 0.0, np.zeros(4)
        chi2, gradient, _ = latent_chi2(
            self.temperature[near], self.error[near], np.zeros(int(near.sum())),
            self.nu_det[near], parameters,
        )  # fmt: skip
        return chi2, gradient
