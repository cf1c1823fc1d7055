"""Second derivatives of a model, summed over its bins with weights.

Terms do not couple, and amplitudes are linear: what has to be found are the second derivatives of
each term by its own parameters. Of Re exp(z t + i phi - s t^2 / 2) they are multiples of it by
powers of t up to the fourth, so that a few sums are enough; those of other functions, and of
averages over bins, are differences of the exact first derivatives of that term alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from musrcu.models.bin_average import Wave, average_and_gradient, waves
from musrcu.models.bins import Bins
from musrcu.models.phasor import wave_parts
from musrcu.models.product import scalar
from musrcu.models.registry import FloatArray
from musrcu.models.term import Term

NUDGE = 1e-4
"""Step of differences of the slopes of an exponent, which are numbers, not arrays."""


def curvature(
    terms: Sequence[Term],
    where: FloatArray | Bins,
    values: FloatArray,
    weights: FloatArray,
    steps: FloatArray,
) -> FloatArray:
    """sum_k w_k d2 m(t_k) / dp_i dp_j of the sum m of terms, (n_parameters, n_parameters).

    Parameters
    ----------
    terms : those of a model.
    where : (n_bins,) times, µs, or bins over which the model is averaged.
    values : (n_parameters,).
    weights : (n_bins,) w.
    steps : (n_parameters,) by which each parameter may be moved for a difference; 0 for those that
        are held, of whose derivatives nothing is said.
    """
    found = np.zeros((values.size, values.size))
    for term in terms:
        place, height = term.place, term.height(values)
        first, second = _term(term, where, values, weights, steps)
        found[place, place] = height * second
        if term.amplitude is not None:
            found[term.amplitude, place] = found[place, term.amplitude] = first
    return found


def _term(
    term: Term, where: FloatArray | Bins, values: FloatArray, weights: FloatArray, steps: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """First and second derivatives of one term without its amplitude, summed."""
    count = term.place.stop - term.place.start
    if not count:
        return np.zeros(0), np.zeros((0, 0))
    if not isinstance(where, Bins):
        parts = waves(term, values)
        if parts is not None:
            bends = _bends(term, values, parts)
            solved = [
                _wave(wave, bend, where, weights) for wave, bend in zip(parts, bends, strict=True)
            ]
            return np.sum([one[0] for one in solved], 0), np.sum([one[1] for one in solved], 0)

    def rows(moved: FloatArray) -> FloatArray:
        if isinstance(where, Bins):
            found = average_and_gradient(term, where, moved)[1]
        else:
            found = term.shape_and_gradient(where, moved)[1]
        return np.array([scalar(row, weights) for row in found])

    first, second = rows(values), np.zeros((count, count))
    for k in range(count):
        if steps[term.place.start + k]:
            second[k] = _difference(rows, values, term, k, steps[term.place.start + k], first)
    return first, 0.5 * (second + second.T)


def _difference(
    rows: Callable[[FloatArray], FloatArray],
    values: FloatArray,
    term: Term,
    k: int,
    step: float,
    here: FloatArray,
) -> FloatArray:
    """Derivative of sums along the k-th parameter of a term, from one side next to a limit."""
    factor = next(n for n, place in enumerate(term.places) if term.place.start + k < place.stop)
    place = term.place.start + k
    parameter = term.factors[factor].component.parameters[place - term.places[factor].start]
    low = -np.inf if parameter.lower is None else parameter.lower
    high = np.inf if parameter.upper is None else parameter.upper

    def at(value: float) -> FloatArray:
        moved = values.copy()
        moved[place] = value
        return rows(moved)

    return difference(at, float(values[place]), float(step), (low, high), here)


def difference(
    function: Callable[[float], FloatArray],
    x: float,
    step: float,
    limits: tuple[float, float],
    here: FloatArray,
) -> FloatArray:
    """Derivative of a function of one number: two points, or four on one side of a limit.

    Parameters
    ----------
    function : of which the derivative is wanted.
    x, step : where, and how far away the neighbours are.
    limits : lower and upper, within which it is defined.
    here : the function at x.
    """
    low, high = limits
    if low <= x <= high:
        step = min(step, (high - low) / 4)
        for side in (1.0, -1.0):
            if not low <= x - side * step <= high:
                near, next_, far = (function(x + n * side * step) for n in (1, 2, 3))
                return side * (18 * near - 9 * next_ + 2 * far - 11 * here) / (6 * step)
    return (function(x + step) - function(x - step)) / (2 * step)


def _wave(
    wave: Wave, bends: FloatArray | None, t: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The same of one wave, by sums of it times powers of t.

    ``bends`` are the derivatives of its slopes, (n, n, 3), the last index a power of t.
    """
    real, imaginary = wave_parts(t, wave.z, wave.phase)
    shape = wave.coefficient * weights
    if wave.spread:
        shape = shape * np.exp(-0.5 * wave.spread * t * t)
    powers = 5 if any(slope[2] for slope in wave.slopes) or bends is not None else 3
    sums = np.zeros(5, dtype=complex)
    parts = np.array([shape * real, shape * imaginary])
    for power in range(powers):
        sums[power] = complex(*parts.sum(axis=1))
        parts *= t
    slopes = _polynomials(wave)
    hankel = np.array([sums[k : k + 3] for k in range(3)])
    second = slopes @ hankel @ slopes.T
    if bends is not None:
        second = second + bends @ sums[:3]
    return (slopes @ sums[:3]).real, second.real


def _polynomials(wave: Wave) -> FloatArray:
    """(n, 3) derivatives of the exponent by each parameter: the factors of 1, t, t^2."""
    return np.array([[b, a, -0.5 * c] for a, b, c in wave.slopes], dtype=complex).reshape(-1, 3)


def _bends(term: Term, values: FloatArray, here: Sequence[Wave]) -> list[FloatArray] | list[None]:
    """The derivatives of all slopes of each wave of a term; None where every slope is constant."""
    nudges = NUDGE * np.maximum(1.0, np.abs(values[term.place]))
    moved = values.copy()
    moved[term.place] += nudges
    there = waves(term, moved) or []
    if [one.slopes for one in here] == [one.slopes for one in there]:
        return [None] * len(here)
    columns = []
    for k, nudge in enumerate(nudges):
        sides = []
        for sign in (1.0, -1.0):
            moved = values.copy()
            moved[term.place.start + k] += sign * nudge
            sides.append([_polynomials(one) for one in waves(term, moved) or []])
        columns.append([(a - b) / (2 * nudge) for a, b in zip(*sides, strict=True)])
    return [np.stack([column[n] for column in columns], axis=1) for n in range(len(here))]
