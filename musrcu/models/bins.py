"""Bins in which decays are counted, in place of times where a model is to be averaged."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from musrcu.constants import MUON_LIFETIME
from musrcu.errors import ModelError
from musrcu.models.registry import FloatArray

ALIKE = 1e-9
"""Widths that differ by less, relative to themselves, are one width."""


class Bins:
    """Bins of times; a model that is given them in place of times is averaged over each.

    The counts of a bin are an integral over it, and more of them come from its beginning:

        <P> = int P(s) exp(-s/tau) ds / int exp(-s/tau) ds

    from t - w/2 to t + w/2 is what an asymmetry of counts shows of P. For raw bins that were added
    it is the same integral over all of them.

    Parameters
    ----------
    time : centres, µs, any shape.
    width : µs, one for all or one for each.

    Raises
    ------
    ModelError if a width is not a number above zero.
    """

    __slots__ = ("_nodes", "_powers", "reach", "start", "time", "width")

    def __init__(self, time: ArrayLike, width: ArrayLike) -> None:
        self.time = _read_only(np.array(time, dtype=float))
        widths = np.array(width, dtype=float)
        if widths.size and not (np.isfinite(widths).all() and (widths > 0).all()):
            raise ModelError("a bin has a width that is no number above 0 us; it has no average")
        if widths.size and np.ptp(widths) <= ALIKE * widths.max():
            widths = np.array(widths.flat[0])
        self.width: FloatArray = _read_only(widths)
        """Of shape () where all are alike, else that of ``time``, µs."""
        # Arrays of their own that never change: evenly spaced times are recognised by them.
        self.start = _read_only(self.time - 0.5 * self.width)
        """Where the bins begin, µs."""
        self.reach = float(np.abs(self.time).max(initial=0.0)) or 1.0
        """Largest distance of a centre from t = 0, µs; 1 where all lie there."""
        self._nodes: dict[int, tuple[tuple[FloatArray, FloatArray], ...]] = {}
        self._powers: dict[int, FloatArray] = {}

    @property
    def widest(self) -> float:
        """Width of the widest, µs; 0 without bins."""
        return float(self.width.max(initial=0.0))

    def powers(self, number: int) -> FloatArray:
        """(n_bins, number) powers 0, 1, ... of the centres over ``reach``."""
        if number not in self._powers:
            places = (self.time / self.reach).reshape(-1, 1)
            self._powers[number] = places ** np.arange(number)
        return self._powers[number]

    def nodes(self, number: int) -> tuple[tuple[FloatArray, FloatArray], ...]:
        """Times inside the bins with their weights, which are 1 in sum: (time, weight) of each.

        The nodes of Gauss and Legendre, weighted with the decay of muons.
        """
        if number not in self._nodes:
            places, weights = gauss_legendre(number)
            half = 0.5 * self.width
            decays = [
                weight * np.exp(-half * place / MUON_LIFETIME)
                for place, weight in zip(places.tolist(), weights.tolist(), strict=True)
            ]
            total = sum(decays)
            self._nodes[number] = tuple(
                (_read_only(self.time + half * place), decay / total)
                for place, decay in zip(places.tolist(), decays, strict=True)
            )
        return self._nodes[number]


def _read_only(values: FloatArray) -> FloatArray:
    values = np.asarray(values)
    values.setflags(write=False)
    return values


@cache
def gauss_legendre(number: int) -> tuple[FloatArray, FloatArray]:
    """Places in -1 to 1 and weights, 2 in sum."""
    places, weights = np.polynomial.legendre.leggauss(number)
    return places, weights
