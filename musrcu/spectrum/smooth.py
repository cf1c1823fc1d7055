"""What does not precess: constant and relaxing terms, found beside the strongest line."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.errors import FitError, nearest
from musrcu.fitting.projection import Spectrum, line_gain
from musrcu.spectrum.signal import Signal

TERMS = ("constant", "exponential", "gaussian")
DEFAULT = "exponential + constant"
SLIGHT = 9.0
"""A relaxation that lowers chi-square by less is left out."""
ENOUGH_BINS = 1500
"""Bins on which rates are searched; lines too fast for them do not disturb a smooth term."""
DAMPINGS = (0.0, 1.0, 5.0)
"""Of the line that stands beside the smooth terms in the search, 1/µs."""
STEPS = 14
"""Rates that are tried for each term."""

_SHAPES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "exponential": lambda x: np.exp(-x),
    "gaussian": lambda x: np.exp(-0.5 * x * x),
}
_SLOPES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "exponential": lambda x: -x * np.exp(-x),
    "gaussian": lambda x: -x * x * np.exp(-0.5 * x * x),
}
"""Derivatives by the logarithm of the rate."""


@dataclass(frozen=True, slots=True, eq=False)
class Smooth:
    """The smooth part of a signal, and how it follows the noise of the bins."""

    terms: tuple[str, ...]
    rates: tuple[float, ...]
    """1/µs; 0 of a constant."""
    columns: FloatArray
    """(n_terms, n_bins) the terms at amplitude one."""
    values: FloatArray
    """(n_terms,) amplitudes."""
    curve: FloatArray
    """(n_bins,) sum of the terms."""
    tangents: FloatArray
    """(n_moves, n_bins) how the curve moves with its amplitudes and rates."""
    response: FloatArray
    """(n_moves, n_bins) how amplitudes and rates move with each bin: tangents.T @ response is
    d curve / d value."""
    note: str


def read_terms(text: str, name: str) -> tuple[str, ...]:
    """The terms of ``"exponential + constant"``; none of ``"none"``.

    Raises
    ------
    FitError if there is no such term, or one twice.
    """
    if not isinstance(text, str):
        raise FitError(f"{name} = {text!r}; expected {DEFAULT!r}, or 'none'")
    if text.strip() == "none":
        return ()
    terms = tuple("constant" if t.strip() == "mean" else t.strip() for t in text.split("+"))
    for term in terms:
        if term not in TERMS:
            raise FitError(
                f"{name} = {text!r}: no smooth term {term!r}; expected {', '.join(TERMS)} with + "
                f"between them, or none{nearest(term, TERMS)}"
            )
    if len(set(terms)) < len(terms):
        raise FitError(f"{name} = {text!r} names a term twice")
    return terms


def find_smooth(signal: Signal, terms: tuple[str, ...]) -> Smooth:
    """The smooth part, by weighted least squares together with the strongest line.

    A line that is much stronger than the smooth terms would else be what they follow. Rates are
    tried from a third of a turn of the whole range to one of a few bins, and refined.
    """
    if not terms:
        none = np.empty((0, signal.time.size))
        return Smooth((), (), none, np.empty(0), np.zeros(signal.time.size), none, none, "none")
    coarse = _averaged(signal)
    rates, gain, line = _best_rates(coarse, terms)
    dropped = ""
    still = tuple(term for term in terms if term == "constant")
    if len(still) < len(terms):
        without = _best_rates(coarse, still)
        if gain - without[1] < SLIGHT:
            dropped = f"; without {' and '.join(t for t in terms if t not in still)}, which lowers "
            dropped += f"chi-square by {max(gain - without[1], 0.0):.1f} only"
            terms, (rates, gain, line) = still, without
    if any(rates):
        rates = _refined(coarse, terms, rates, line)
    return _solved(signal, terms, rates, line, dropped)


Bins = tuple[FloatArray, FloatArray, FloatArray]
"""Time, value, 1 / sigma^2."""
Line = tuple[float, float]
"""Frequency, MHz, and damping, 1/µs."""


def _averaged(signal: Signal) -> Bins:
    weight = 1 / signal.expected**2
    factor = max(1, signal.time.size // ENOUGH_BINS)
    n = signal.time.size // factor * factor
    groups = weight[:n].reshape(-1, factor)
    total = groups.sum(axis=1)
    time = signal.time[:n].reshape(-1, factor).mean(axis=1)
    value = (groups * signal.value[:n].reshape(-1, factor)).sum(axis=1) / total
    return time, value, total


def _columns(time: FloatArray, terms: tuple[str, ...], rates: tuple[float, ...]) -> FloatArray:
    rows = [
        np.ones(time.size) if term == "constant" else _SHAPES[term](rate * time)
        for term, rate in zip(terms, rates, strict=True)
    ]
    return np.asarray(rows, dtype=float).reshape(-1, time.size)


def _trials(time: FloatArray, terms: tuple[str, ...]) -> list[tuple[float, ...]]:
    span = float(np.ptp(time))
    slow, fast = 0.3 / span, 0.3 / float(np.median(np.diff(time)))
    tried = tuple(np.geomspace(slow, max(fast, 2 * slow), STEPS).tolist())
    choices = [(0.0,) if term == "constant" else tried for term in terms]
    return list(itertools.product(*choices))


def _best_rates(bins: Bins, terms: tuple[str, ...]) -> tuple[tuple[float, ...], float, Line]:
    """The rates, and the line beside them, that lower chi-square most, and by how much."""
    time, value, weight = bins
    spectrum = Spectrum(time, weight)
    turning = spectrum.nu > 0.5 / float(np.ptp(time))
    best: tuple[tuple[float, ...], float, Line] = ((), -np.inf, (0.0, 0.0))
    for rates in _trials(time, terms):
        columns = _columns(time, terms, rates)
        matrix, data = (columns * weight) @ columns.T, columns @ (weight * value)
        smooth_gain = float(data @ np.linalg.pinv(matrix, hermitian=True) @ data)
        for damping in DAMPINGS:
            envelope = np.exp(-damping * time)
            gain = np.where(turning, line_gain(spectrum, value, columns, envelope, None)[0], 0.0)
            top = int(np.argmax(gain))
            if smooth_gain + gain[top] > best[1]:
                best = (rates, smooth_gain + float(gain[top]), (float(spectrum.nu[top]), damping))
    return best


def _line_columns(time: FloatArray, line: Line) -> FloatArray:
    nu, damping = line
    turn = 2 * np.pi * nu * time
    return np.asarray(np.exp(-damping * time) * np.array([np.cos(turn), np.sin(turn)]))


def _refined(
    bins: Bins, terms: tuple[str, ...], rates: tuple[float, ...], line: Line
) -> tuple[float, ...]:
    """The rates at the minimum of chi-square, each beside the others in turn."""
    from scipy.optimize import minimize_scalar

    time, value, weight = bins
    root, lines = np.sqrt(weight), _line_columns(time, line)
    found = list(rates)

    def chi2(log_rate: float, k: int) -> float:
        tried = tuple(np.exp(log_rate) if j == k else rate for j, rate in enumerate(found))
        design = (np.concatenate([_columns(time, terms, tried), lines]) * root).T
        solved = np.linalg.lstsq(design, value * root, rcond=1e-10)[0]
        return float(((value * root - design @ solved) ** 2).sum())

    for k in [k for k, rate in enumerate(rates) if rate > 0]:
        log = float(np.log(found[k]))
        best = minimize_scalar(chi2, bounds=(log - 1, log + 1), args=(k,), method="bounded")
        found[k] = float(np.exp(best.x))
    return tuple(found)


def _solved(
    signal: Signal, terms: tuple[str, ...], rates: tuple[float, ...], line: Line, dropped: str
) -> Smooth:
    """The smooth part on all bins."""
    time, root = signal.time, 1 / signal.expected
    columns, lines = _columns(time, terms, rates), _line_columns(time, line)
    if line[0] > 0.25 * (time.size - 1) / float(np.ptp(time)):
        lines = lines[:0]
    design = np.concatenate([columns, lines]) * root
    values = np.asarray(np.linalg.lstsq(design.T, signal.value * root, rcond=1e-10)[0], float)
    values = values[: len(terms)]
    slopes = [
        value * _SLOPES[term](rate * time)
        for term, rate, value in zip(terms, rates, values, strict=True)
        if term != "constant"
    ]
    tangents = np.concatenate([columns, np.array(slopes).reshape(-1, time.size)])
    moves = np.concatenate([tangents, lines]) * root
    response = (np.linalg.pinv(moves.T, rcond=1e-8) * root)[: len(tangents)]
    said = [
        f"{value:.4g}" + (f" {term}" + f" of {rate:.4g}/us" * (rate > 0))
        for term, rate, value in zip(terms, rates, values, strict=True)
    ]
    note = f"{', '.join(said) or 'none'}, found beside a line at {line[0]:.4g} MHz{dropped}"
    curve = values @ columns
    return Smooth(terms, rates, columns, values, curve, tangents, response, note)
