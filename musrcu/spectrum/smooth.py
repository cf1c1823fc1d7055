"""What does not precess: constant and relaxing terms, found beside the strongest line."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.errors import FitError, nearest
from musrcu.models.precession import nu_from_field
from musrcu.spectrum.signal import Signal
from musrcu.spectrum.smooth_search import (
    LINE,
    SLOPES,
    Best,
    SmoothSearch,
    Turn,
    line_columns,
    term_columns,
)

TERMS = ("constant", "exponential", "gaussian")
EVERY = "gaussian + exponential + constant"
DEFAULT = "auto"
MOST_OTHERS = 3
"""Weaker lines that are taken out while the smooth terms are looked for."""
ENOUGH_BINS = 500
"""Bins on which rates are searched; lines too fast for them do not disturb a smooth term."""
ACROSS = (0.5, 1.5)
"""Times gamma B of the run: where the strongest line is that of a field across the spin."""
TURNS = 2.0
"""Turns in the data that the field of the run must make to be told so."""


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


def read_terms(text: str, name: str) -> tuple[str, ...] | None:
    """The terms of ``"exponential + constant"``; none of ``"none"``; None of ``"auto"``.

    Raises
    ------
    FitError if there is no such term, or one twice.
    """
    if not isinstance(text, str):
        raise FitError(f"{name} = {text!r}; expected 'auto', {EVERY!r}, or 'none'")
    if text.strip() == DEFAULT:
        return None
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


def find_smooth(signal: Signal, terms: tuple[str, ...] | None) -> Smooth:
    """The smooth part, by weighted least squares together with the strongest lines.

    A line that is much stronger than the smooth terms would else be what they follow; it turns
    faster than it decays, else it would be a smooth term itself. A relaxation beside it is slower
    than it turns, two have the same sign, and none is larger than the data range: a broad line
    else comes out as the difference of large relaxations. Rates are tried from slow in the whole
    range to fast in a few bins, and refined. A relaxation that lowers chi-square by less than 9 is
    left out.

    Parameters
    ----------
    terms : that are looked for; None takes all, or the constant alone where the strongest line is
        that of the field of the run: nothing relaxes slowly there.
    """
    if terms == ():
        none = np.empty((0, signal.time.size))
        return Smooth((), (), none, np.empty(0), np.zeros(signal.time.size), none, none, "none")
    search = _averaged(signal)
    said = ""
    if terms is None:
        terms = ("gaussian", "exponential", "constant")
        if _is_across(search, signal):
            terms, said = ("constant",), f", the line being that of {signal.run.field:g} G"
    found = search.candidates(terms)
    best = min(found, key=lambda one: one.price)
    others: list[Other] = []
    value = search.value
    while best.line is not None and len(others) < MOST_OTHERS:
        another = _another(search, best)
        if another is None:
            break
        others.append(another)
        search = search.with_value(value - _turning(search.time, others))
        found = [search.refined(one._replace(chi2=np.inf)) for one in found]
        best = min(found, key=lambda one: one.price)
    gone = [term for term in terms if term not in best.terms]
    if gone:
        gain = max(best.chi2 - min(one.chi2 for one in found), 0.0)
        said += f"; without {' and '.join(gone)}, which would lower chi-square by {gain:.1f} only"
    bare = dataclasses.replace(signal, value=signal.value - _turning(signal.time, others))
    return _solved(bare, best, said)


Other = tuple[Turn, FloatArray]
"""A line, and the amplitudes of its cosine and sine."""


def _is_across(search: SmoothSearch, signal: Signal) -> bool:
    """Whether the strongest line is that of the field, and more than what relaxes."""
    if signal.run.field is None:
        return False
    nu = abs(float(nu_from_field(signal.run.field)))
    if nu * signal.length < TURNS:
        return False
    gain, line = search.strongest(np.ones((1, search.time.size)))
    if not ACROSS[0] * nu <= line.nu <= ACROSS[1] * nu:
        return False
    flat = float(search.data @ search.data)
    relaxing = [
        one.chi2
        for term in ("gaussian", "exponential")
        for one in search.candidates((term, "constant"))
        if one.line is None
    ]
    return flat - gain + LINE < min(relaxing)


def _another(search: SmoothSearch, best: Best) -> Other | None:
    """One more line beside those terms and the strongest, where there is one."""
    columns = term_columns(search.time, best.terms, best.rates)
    columns = np.concatenate([columns, line_columns(search.time, best.line)])
    gain, line = search.strongest(columns)
    if gain - float(search.data @ search.data) + best.chi2 < LINE:
        return None
    design = np.concatenate([columns, line_columns(search.time, line)]) * search.root
    solved = np.linalg.lstsq(design.T, search.data, rcond=1e-10)[0]
    return line, np.asarray(solved[-2:], dtype=float)


def _turning(time: FloatArray, lines: list[Other]) -> FloatArray:
    """(n_bins,) the sum of some lines."""
    total = np.zeros(time.size)
    for line, values in lines:
        total += values @ line_columns(time, line)
    return total


def _averaged(signal: Signal) -> SmoothSearch:
    weight = 1 / signal.expected**2
    factor = max(1, -(-signal.time.size // ENOUGH_BINS))
    n = signal.time.size // factor * factor
    groups = weight[:n].reshape(-1, factor)
    total = groups.sum(axis=1)
    time = signal.time[:n].reshape(-1, factor).mean(axis=1)
    value = (groups * signal.value[:n].reshape(-1, factor)).sum(axis=1) / total
    return SmoothSearch(time, value, total)


def _solved(signal: Signal, best: Best, said: str) -> Smooth:
    """The smooth part on all bins."""
    terms, rates, line = best.terms, best.rates, best.line
    time, root = signal.time, 1 / signal.expected
    columns, lines = term_columns(time, terms, rates), line_columns(time, line)
    if line is not None and line.nu > 0.25 * (time.size - 1) / float(np.ptp(time)):
        lines = lines[:0]
    design = np.concatenate([columns, lines]) * root
    values = np.asarray(np.linalg.lstsq(design.T, signal.value * root, rcond=1e-10)[0], float)
    values = values[: len(terms)]
    slopes = [
        value * SLOPES[term](rate * time)
        for term, rate, value in zip(terms, rates, values, strict=True)
        if term != "constant"
    ]
    tangents = np.concatenate([columns, np.array(slopes).reshape(-1, time.size)])
    moves = np.concatenate([tangents, lines]) * root
    response = (np.linalg.pinv(moves.T, rcond=1e-8) * root)[: len(tangents)]
    listed = [
        f"{value:.4g}" + (f" {term}" + f" of {rate:.4g}/us" * (rate > 0))
        for term, rate, value in zip(terms, rates, values, strict=True)
    ]
    beside = "" if line is None else f", found beside a line at {line.nu:.4g} MHz"
    note = f"{', '.join(listed) or 'none'}{beside}{said}"
    curve = values @ columns
    return Smooth(terms, rates, columns, values, curve, tangents, response, note)
