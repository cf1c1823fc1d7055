"""Whether a minimum is physics: amplitudes in bounds, terms that can be told apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import MAX_ASYMMETRY
from musrcu.models.model import Model
from musrcu.notation import bracket

FloatArray = NDArray[np.float64]

SINGULAR = 0.99999
"""A pair correlated beyond this is one parameter in all but name."""
NAMED = 0.98
"""A pair correlated beyond this is named in an otherwise sound fit."""
INFLATED = 1e5
"""Inflation of a variance beyond which a parameter is one of several that are flat together."""
VAGUE = 2.0
"""Of such a pair, a term whose amplitude has fewer standard errors than this may be spare."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The largest asymmetry that a fit may claim."""

    total: float | None = None
    """From a calibration; None where unknown."""
    total_error: float | None = None

    def allows(self, amplitude: float, error: float) -> bool:
        """Whether an amplitude is physical.

        Without a calibration the limit is 0.35. With one it is the calibrated total, and noise of
        the amplitude may exceed it up to the general limit.
        """
        if self.total is None:
            return abs(amplitude) <= MAX_ASYMMETRY
        spread = 3 * np.hypot(self.total_error or 0.0, error if np.isfinite(error) else 0.0)
        allowed = self.total + spread
        return abs(amplitude) <= min(float(allowed), max(MAX_ASYMMETRY, 1.1 * self.total))

    def __str__(self) -> str:
        if self.total is None:
            return f"{MAX_ASYMMETRY} (no calibration)"
        return f"the calibrated total {bracket(self.total, self.total_error)}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on a minimum."""

    reason: str
    """Why it is not physics; empty where it is."""
    notes: tuple[str, ...]
    spare: tuple[int, ...]
    """Terms of which one can be dropped, where two are one; of a sound fit those that may be."""


def judge(
    model: Model,
    values: FloatArray,
    covariance: FloatArray,
    bound: Bound,
    fixed: frozenset[int] = frozenset(),
    *,
    tied: Iterable[int] = (),
    singular: bool = False,
) -> Judgement:
    """The verdict on the minimum of a model.

    Parameters
    ----------
    model : the fitted model.
    values : (n_parameters,) where the minimum lies.
    covariance : (n_parameters, n_parameters), zero rows for held parameters.
    bound : the largest asymmetry.
    fixed : positions of the parameters the user fixed: they are never blamed.
    tied : positions of tied parameters: that they follow others is no degeneracy.
    singular : whether ``covariance`` is a stand-in for one that does not exist.
    """
    correlation, errors = _correlation(covariance)
    for place in tied:
        correlation[place, :] = correlation[:, place] = 0.0
    pair = _strongest(model, correlation)
    excess = _excess(model, values, errors, bound, fixed)
    if singular:
        return _singular(model, pair, correlation, covariance)
    if excess is not None:
        amplitude, text = excess
        partner = _amplitude_pair(model, correlation, amplitude)
        if partner is not None:
            return Judgement(
                f"{_one_term(model, amplitude, partner, correlation)}: {text}",
                (),
                _owners(model, (amplitude, partner)),
            )
        return Judgement(text, (), (_owner(model, amplitude),))
    if pair is not None and abs(correlation[pair]) > SINGULAR:
        return _singular(model, pair, correlation, covariance)
    named = [
        (int(i), int(j))
        for i, j in zip(*np.nonzero(np.triu(np.abs(correlation) > NAMED, 1)), strict=True)
    ]
    notes = tuple(_pair_text(model, one, correlation) for one in named)
    return Judgement("", notes, _vague(model, values, errors, named))


def _vague(
    model: Model, values: FloatArray, errors: FloatArray, pairs: list[tuple[int, int]]
) -> tuple[int, ...]:
    """Terms whose amplitude may as well be 0, in these pairs or with a shape that is fitted too."""
    paired = {_owner(model, place) for pair in pairs for place in pair}
    found = []
    for number, term in enumerate(model.terms):
        shaped = any((errors[place] > 0).any() for place in term.places)
        if term.amplitude is None or not (shaped or number in paired):
            continue
        if abs(values[term.amplitude]) < VAGUE * errors[term.amplitude]:
            found.append(number)
    return tuple(found)


def _singular(
    model: Model, pair: tuple[int, int] | None, correlation: FloatArray, covariance: FloatArray
) -> Judgement:
    if pair is None or abs(correlation[pair]) <= SINGULAR:
        reason = "the covariance is singular"
        together = _together(covariance)
        if len(together) > 2:
            names = [model.names[k] for k in together]
            listed = f"{', '.join(names[:-1])} and {names[-1]}"
            reason = f"{listed} cannot be told apart: {reason}"
        return Judgement(reason, (), tuple(range(len(model.terms))))
    owners = _owners(model, pair)
    if len(owners) == 2:
        return Judgement(_one_term(model, *pair, correlation), (), owners)
    text = f"{_pair_text(model, pair, correlation)}: the covariance is singular"
    return Judgement(text, (), owners)


def _together(covariance: FloatArray) -> list[int]:
    """Parameters that take part in what is flat: the others being free inflates their variance.

    The inflation of one is its variance times its curvature while the others are held, 1 where it
    is correlated with none.
    """
    free = np.flatnonzero(np.diag(covariance) > 0)
    if not free.size:
        return []
    scale = np.sqrt(np.diag(covariance)[free])
    unit = covariance[np.ix_(free, free)] / np.outer(scale, scale)
    inflation = np.diag(np.linalg.pinv(unit, rcond=1e-14, hermitian=True))
    if inflation.max() < INFLATED:
        return []
    return [int(k) for k in free[inflation > 1e-3 * inflation.max()]]


def _correlation(covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
    errors = np.sqrt(np.diag(covariance))
    scale = np.where(errors > 0, errors, 1.0)
    return covariance / np.outer(scale, scale), errors


def _excess(
    model: Model, values: FloatArray, errors: FloatArray, bound: Bound, fixed: frozenset[int]
) -> tuple[int, str] | None:
    """The amplitude furthest beyond what physics allows, and the words for it."""
    places = [term.amplitude for term in model.terms if term.amplitude is not None]
    free = [k for k in places if k not in fixed]
    beyond = [k for k in free if not bound.allows(float(values[k]), float(errors[k]))]
    if beyond:
        worst = max(beyond, key=lambda k: abs(values[k]))
        found = f"{model.names[worst]} = {bracket(values[worst], errors[worst])}"
        return worst, f"{found} exceeds {bound}"
    vague = [k for k in free if errors[k] > MAX_ASYMMETRY]
    if vague:
        worst = max(vague, key=lambda k: errors[k])
        found = f"{model.names[worst]} = {bracket(values[worst], errors[worst])}"
        return worst, f"{found} is not determined"
    return None


def _amplitude_pair(model: Model, correlation: FloatArray, amplitude: int) -> int | None:
    """The other amplitude that is most correlated with this one, beyond what is merely named."""
    others = [t.amplitude for t in model.terms if t.amplitude not in (None, amplitude)]
    if not others:
        return None
    partner = max(others, key=lambda k: abs(correlation[amplitude, k]))
    return partner if abs(correlation[amplitude, partner]) > 0.9 else None


def _strongest(model: Model, correlation: FloatArray) -> tuple[int, int] | None:
    if len(model.names) < 2:
        return None
    size = np.abs(np.triu(correlation, 1))
    i, j = np.unravel_index(np.argmax(size), size.shape)
    return (int(i), int(j)) if size[i, j] > 0 else None


def _owner(model: Model, place: int) -> int:
    for number, term in enumerate(model.terms):
        inside = any(part.start <= place < part.stop for part in term.places)
        if place == term.amplitude or inside:
            return number
    raise IndexError(place)


def _owners(model: Model, pair: tuple[int, int] | None) -> tuple[int, ...]:
    if pair is None:
        return tuple(range(len(model.terms)))
    return tuple(sorted({_owner(model, place) for place in pair}))


def _one_term(model: Model, a: int, b: int, correlation: FloatArray) -> str:
    first, second = sorted((a, b))
    return (
        f"{model.term_formula(_owner(model, first))} and "
        f"{model.term_formula(_owner(model, second))} are one term in this window "
        f"(correlation {correlation[a, b]:.4f})"
    )


def _pair_text(model: Model, pair: tuple[int, int], correlation: FloatArray) -> str:
    i, j = pair
    return f"{model.names[i]} and {model.names[j]} are correlated {correlation[i, j]:.4f}"
