"""What does not precess: constant and relaxing terms, found beside the strongest line."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.errors import FitError, nearest
from musrcu.fitting.projection import Spectrum, line_gain
from musrcu.spectrum.signal import Signal

TERMS = ("constant", "exponential", "gaussian")
DEFAULT = "gaussian + exponential + constant"
SLIGHT = 9.0
"""A relaxation that lowers chi-square by less is left out."""
LINE = 30.0
"""Nor does a line stand beside them that lowers it by less: a strongly damped one imitates them."""
MOST_OTHERS = 3
"""Weaker lines that are taken out while the smooth terms are looked for."""
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
    """The smooth part, by weighted least squares together with the strongest lines.

    A line that is much stronger than the smooth terms would else be what they follow; it turns
    faster than it decays, else it would be a smooth term itself. Rates are tried from slow in the
    whole range to fast in a few bins, and refined. A relaxation that lowers chi-square by less than
    9 is left out.
    """
    if not terms:
        none = np.empty((0, signal.time.size))
        return Smooth((), (), none, np.empty(0), np.zeros(signal.time.size), none, none, "none")
    time, value, weight = _averaged(signal)
    others: list[Other] = []
    chosen, best, most = _selected((time, value, weight), terms)
    while best.line is not None and len(others) < MOST_OTHERS:
        left = value - _turning(time, others)
        another = _another((time, left, weight), chosen, best)
        if another is None:
            break
        others.append(another)
        chosen, best, most = _selected((time, value - _turning(time, others), weight), terms)
    gone = [term for term in terms if term not in chosen]
    dropped = ""
    if gone:
        gain = max(best.chi2 - most, 0.0)
        dropped = f"; without {' and '.join(gone)}, which would lower chi-square by {gain:.1f} only"
    bare = dataclasses.replace(signal, value=signal.value - _turning(signal.time, others))
    return _solved(bare, chosen, best.rates, best.line, dropped)


def _selected(bins: Bins, terms: tuple[str, ...]) -> tuple[tuple[str, ...], Best, float]:
    """The terms that are worth their while, and chi-square with all of them."""
    found = [
        (chosen, _refined(bins, chosen, *_best_rates(bins, chosen, rates, turning)))
        for chosen in _fewer(terms)
        for rates in _trials(bins[0], chosen)
        for turning in (False, True)
    ]
    chosen, best = min(found, key=lambda one: _price(*one))
    return chosen, best, min(one.chi2 for _, one in found)


def _another(bins: Bins, terms: tuple[str, ...], best: Best) -> Other | None:
    """One more line beside those terms and the strongest, where there is one."""
    time, value, weight = bins
    columns = np.concatenate([_columns(time, terms, best.rates), _line_columns(time, best.line)])
    gain, line = _best_line(Spectrum(time, weight), value, columns)
    if gain < LINE:
        return None
    root = np.sqrt(weight)
    design = np.concatenate([columns, _line_columns(time, line)]) * root
    solved = np.linalg.lstsq(design.T, value * root, rcond=1e-10)[0]
    return line, np.asarray(solved[-2:], dtype=float)


def _turning(time: FloatArray, lines: list[Other]) -> FloatArray:
    """(n_bins,) the sum of some lines."""
    total = np.zeros(time.size)
    for line, values in lines:
        total += values @ _line_columns(time, line)
    return total


def _price(terms: tuple[str, ...], best: Best) -> float:
    """Chi-square, and what terms and a line must be worth."""
    return best.chi2 + SLIGHT * len(terms) + (0.0 if best.line is None else LINE)


def _fewer(terms: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The constant with every choice of the relaxing terms, all of them last."""
    relaxing = [term for term in terms if term != "constant"]
    choices = [
        set(some) for n in range(len(relaxing) + 1) for some in itertools.combinations(relaxing, n)
    ]
    return [tuple(t for t in terms if t == "constant" or t in some) for some in choices]


Bins = tuple[FloatArray, FloatArray, FloatArray]
"""Time, value, 1 / sigma^2."""
Line = tuple[float, float] | None
"""Frequency, MHz, and damping, 1/µs; None where nothing turns."""
Other = tuple[Line, FloatArray]
"""A line, and the amplitudes of its cosine and sine."""


class Best(NamedTuple):
    """Where chi-square is lowest."""

    rates: tuple[float, ...]
    line: Line
    chi2: float


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


def _trials(time: FloatArray, terms: tuple[str, ...]) -> list[list[tuple[float, ...]]]:
    """Rates to try; of two, those with the first the faster apart from the others.

    Chi-square has a minimum of its own on either side.
    """
    span = float(np.ptp(time))
    slow, fast = 0.3 / span, 0.3 / float(np.median(np.diff(time)))
    several = sum(term != "constant" for term in terms) > 1
    tried = np.geomspace(slow, max(fast, 2 * slow), STEPS)[:: 2 if several else 1].tolist()
    choices = [(0.0,) if term == "constant" else tuple(tried) for term in terms]
    every = list(itertools.product(*choices))
    if not several:
        return [every]
    first, second = (k for k, term in enumerate(terms) if term != "constant")
    sides = [[r for r in every if (r[first] > r[second]) is faster] for faster in (False, True)]
    return [side for side in sides if side]


def _best_rates(
    bins: Bins, terms: tuple[str, ...], trials: list[tuple[float, ...]], turning: bool
) -> tuple[tuple[float, ...], Line]:
    """The rates, and the line beside them, that lower chi-square most, on a grid."""
    time, value, weight = bins
    spectrum = Spectrum(time, weight)
    highest = -np.inf
    found: tuple[tuple[float, ...], Line] = ((0.0,) * len(terms), None)
    for rates in trials:
        columns = _columns(time, terms, rates)
        matrix, data = (columns * weight) @ columns.T, columns @ (weight * value)
        gain = float(data @ np.linalg.pinv(matrix, hermitian=True) @ data)
        line: Line = None
        if turning:
            more, line = _best_line(spectrum, value, columns)
            gain += more
        if gain > highest:
            highest, found = gain, (rates, line)
    return found


def _best_line(spectrum: Spectrum, value: FloatArray, columns: FloatArray) -> tuple[float, Line]:
    """The gain of the line that gains most beside some terms, and the line."""
    slowest = 0.5 / float(np.ptp(spectrum.time))
    best, line = 0.0, (slowest, 0.0)
    for damping in DAMPINGS:
        open_ = spectrum.nu > max(slowest, damping / (2 * np.pi))
        envelope = np.exp(-damping * spectrum.time)
        gain = np.where(open_, line_gain(spectrum, value, columns, envelope, None)[0], 0.0)
        top = int(np.argmax(gain))
        if gain[top] > best:
            best, line = float(gain[top]), (float(spectrum.nu[top]), damping)
    return best, line


def _line_columns(time: FloatArray, line: Line) -> FloatArray:
    if line is None:
        return np.empty((0, time.size))
    nu, damping = line
    turn = 2 * np.pi * nu * time
    return np.asarray(np.exp(-damping * time) * np.array([np.cos(turn), np.sin(turn)]))


def _refined(bins: Bins, terms: tuple[str, ...], rates: tuple[float, ...], line: Line) -> Best:
    """Rates, frequency and damping at the minimum of chi-square; amplitudes are solved for.

    A strong line that is a little off would leave more than a weak relaxation does.
    """
    from scipy.optimize import minimize

    time, value, weight = bins
    root = np.sqrt(weight)
    data, span = value * root, float(np.ptp(time))
    moving = [k for k, rate in enumerate(rates) if rate > 0]

    def placed(x: FloatArray) -> tuple[tuple[float, ...], Line]:
        found = list(rates)
        for k, log in zip(moving, x, strict=False):
            found[k] = rates[k] * float(np.exp(np.clip(log, -2, 2)))
        if line is None:
            return tuple(found), None
        nu = abs(line[0] + x[-2] / (4 * span))
        return tuple(found), (nu, min(abs(line[1] + x[-1]), 2 * np.pi * nu))

    def chi2(x: FloatArray) -> float:
        found, near = placed(x)
        design = np.concatenate([_columns(time, terms, found), _line_columns(time, near)]) * root
        solved = np.linalg.lstsq(design.T, data, rcond=1e-10)[0]
        return float(((data - solved @ design) ** 2).sum())

    start = np.zeros(len(moving) + (0 if line is None else 2))
    if not start.size:
        return Best(rates, line, chi2(start))
    options = {
        "initial_simplex": np.concatenate([start[None], 0.3 * np.eye(start.size)]),
        "fatol": 0.02, "xatol": 1e-3, "maxfev": 400,
    }  # fmt: skip
    found = minimize(chi2, start, method="Nelder-Mead", options=options)
    return Best(*placed(found.x), float(found.fun))


def _solved(
    signal: Signal, terms: tuple[str, ...], rates: tuple[float, ...], line: Line, dropped: str
) -> Smooth:
    """The smooth part on all bins."""
    time, root = signal.time, 1 / signal.expected
    columns, lines = _columns(time, terms, rates), _line_columns(time, line)
    if line is not None and line[0] > 0.25 * (time.size - 1) / float(np.ptp(time)):
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
    beside = "" if line is None else f", found beside a line at {line[0]:.4g} MHz"
    note = f"{', '.join(said) or 'none'}{beside}{dropped}"
    curve = values @ columns
    return Smooth(terms, rates, columns, values, curve, tangents, response, note)
