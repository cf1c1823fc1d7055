"""One curve, written with a positive frequency and amplitude and a phase inside a turn."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from musrcu.models.registry import FloatArray
from musrcu.models.term import Term

TIMES = np.array([0.0, 0.011, 0.067, 0.19, 0.53, 1.3, 3.1])
"""µs, at which two sets of parameters are compared."""
SAME = 1e-7
"""Largest difference of the same curve, in units of its amplitude."""


def set_upright(
    term: Term,
    nu: int,
    phi: int,
    values: FloatArray,
    signs: FloatArray,
    fixed: Collection[int] = (),
) -> None:
    """Change ``values`` of one term to nu >= 0, amplitude >= 0 and a phase in (-180, 180].

    Each step is taken only where it leaves the curve as it is: half a turn is a change of sign
    for a cosine, but neither for a Bessel function nor where a part of the term does not turn.

    Parameters
    ----------
    term : a term that precesses.
    nu, phi : positions of its frequency and its phase among ``values``.
    values : all parameters of the model; changed in place.
    signs : -1 wherever a parameter changed its sign, and with it its errors; changed in place.
    fixed : positions that stay as they are.
    """
    if values[nu] < 0 and nu not in fixed:
        moved = values.copy()
        moved[[nu, phi]] *= -1
        if _same(term, values, moved):
            values[:] = moved
            signs[[nu, phi]] *= -1
    amplitude = term.amplitude
    if amplitude is not None and values[amplitude] < 0:
        if amplitude in fixed:
            return
        moved = values.copy()
        moved[amplitude] *= -1
        moved[phi] += 180.0
        if _same(term, values, moved):
            values[:] = moved
            signs[amplitude] *= -1
    moved = values.copy()
    moved[phi] = 180.0 - (180.0 - values[phi]) % 360.0
    if moved[phi] <= -180.0:  # a rounded remainder may be a whole turn
        moved[phi] = 180.0
    if _same(term, values, moved):
        values[:] = moved


def _same(term: Term, one: FloatArray, other: FloatArray) -> bool:
    with np.errstate(all="ignore"):
        first = term.height(one) * term.shape(TIMES, one)
        second = term.height(other) * term.shape(TIMES, other)
        room = SAME * abs(term.height(one))
        return bool((np.abs(first - second) <= room).all())
