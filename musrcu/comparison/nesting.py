"""Which of two fits is a special case of the other, and what their difference in cost then says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from musrcu.comparison.special_cases import matched
from musrcu.fitting.fitted import Fitted
from musrcu.fitting.result import FitResult
from musrcu.models.model import Model

SINGULAR = "only a bootstrap has its probability, of a line count_lines"


@dataclass(frozen=True, slots=True)
class Nested:
    """A fit that is another one with some parameters held, or without some of its terms."""

    smaller: int
    """Place of the special case among the fits, from 0."""
    larger: int
    more: int
    """Free parameters that it has less."""
    gain: float
    """Cost of the special case minus that of the other."""
    probability: float | None
    """Of a gain at least this large where the special case is true; None where it has no
    distribution of chi-square."""
    why: str
    """Which distribution the gain has, in words."""

    def to_dict(self) -> dict[str, Any]:
        """The pair as plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class _Difference:
    """What the larger model has more."""

    free: tuple[str, ...]
    """Parameters of common terms that are held in the special case, or at which they are it."""
    at_limit: bool
    """Whether one is held where the larger fit has a limit."""
    amplitudes: int
    """Terms more of which nothing but the amplitude is free."""
    lost: tuple[str, ...]
    """Parameters that mean nothing in the special case, because their term has no amplitude."""


def nested(fits: tuple[FitResult, ...], smaller: int, larger: int) -> Nested | None:
    """Whether one fit is a special case of another; None where it is not, as far as terms tell.

    The gain of regular parameters is distributed as chi-square of their number; of one that is
    held at its limit as half of it (S. G. Self and K.-Y. Liang, J. Am. Stat. Assoc. 82, 605,
    1987). Where the special case has no use for a parameter, as for the frequency of a line of no
    amplitude, the gain has no such distribution (R. B. Davies, Biometrika 74, 33, 1987).

    Parameters
    ----------
    fits : fits of the same data with the same cost.
    smaller, larger : places of the special case and of the other.
    """
    one, other = fits[smaller], fits[larger]
    if one.chi2 is None or other.chi2 is None:
        return None
    more = other.n_free - one.n_free
    found = _difference(one, other)
    if found is None or more < 1:
        return None
    gain = one.chi2 - other.chi2
    probability, why = _distribution(found, gain, more)
    return Nested(smaller, larger, more, gain, probability, why)


def _distribution(found: _Difference, gain: float, more: int) -> tuple[float | None, str]:
    from scipy.special import gammaincc

    if found.lost:
        names = ", ".join(found.lost)
        verb = "means" if len(found.lost) == 1 else "mean"
        return None, f"{names} {verb} nothing in the special case: {SINGULAR}"
    whole = float(gammaincc(more / 2, max(gain, 0.0) / 2))
    if not found.at_limit:
        return whole, f"chi-square of {more} degree{'s' * (more > 1)} of freedom"
    if more == 1:
        return 0.5 * whole, "half that of chi-square of 1 degree of freedom: held at a limit"
    return whole, f"at most that of chi-square of {more} degrees of freedom: held at a limit"


def _difference(one: FitResult, other: FitResult) -> _Difference | None:
    """What the other has more; None where it has less anywhere."""
    few, many = Model(one.model), Model(other.model)
    found = matched(few, many)
    if found is None:
        return None
    same = [(few.names[a], many.names[b], renamed) for a, b, renamed in found.same]
    behind = set(one.parameters) - set(few.names)
    if behind != set(other.parameters) - set(many.names):
        return None
    same += [(name, name, False) for name in behind]
    held = [(many.names[k], value) for k, value in found.held]
    freed = _freed(one, other, same, held)
    if freed is None:
        return None
    free, at_limit = freed
    lost, amplitudes = _without_use(one, other, few, many, found.terms)
    lost += [many.names[k] for k in found.lost if not _held(other.parameters[many.names[k]])]
    new = [k for k in range(len(many.terms)) if k not in found.terms.values()]
    for term in new:
        inner = _free(other, many, term)
        amplitude = many.terms[term].amplitude
        if amplitude is None or _held(other.parameters[many.names[amplitude]]):
            return None
        at_limit |= 0.0 in (other.parameters[many.names[amplitude]].limits or ())
        lost += inner
        amplitudes += not inner
    return _Difference(tuple(free), at_limit, amplitudes, tuple(lost))


def _freed(
    one: FitResult,
    other: FitResult,
    same: list[tuple[str, str, bool]],
    held: list[tuple[str, float]],
) -> tuple[list[str], bool] | None:
    """Free parameters of the other that the special case holds, and whether one at its limit;
    None where the other holds what is free in it, or holds it elsewhere."""
    free: list[str] = []
    at_limit = False
    for name, name_in_other, renamed in same:
        a, b = one.parameters[name], other.parameters[name_in_other]
        if _held(b) and (renamed or not (_held(a) and _alike(a, b))):
            return None
        if _held(a) and not _held(b):
            free.append(b.name)
            at_limit |= not renamed and a.value in (b.limits or ())
    for name, value in held:
        b = other.parameters[name]
        if not _held(b):
            free.append(b.name)
            at_limit |= value in (b.limits or ())
        elif b.tie is not None or b.value != value:
            return None
    return free, at_limit


def _without_use(
    one: FitResult, other: FitResult, few: Model, many: Model, pairs: Mapping[int, int]
) -> tuple[list[str], int]:
    """Free parameters of terms whose amplitude the special case holds at 0."""
    lost: list[str] = []
    for a, b in pairs.items():
        amplitude = few.terms[a].amplitude
        if amplitude is None:
            continue
        held = one.parameters[few.names[amplitude]]
        if _held(held) and held.value == 0.0:
            lost += _free(other, many, b)
    return lost, 0


def _free(result: FitResult, model: Model, term: int) -> list[str]:
    """Names of the free parameters of a term, its amplitude left out."""
    place = model.terms[term].place
    names = model.names[place.start : place.stop]
    return [name for name in names if not _held(result.parameters[name])]


def _held(parameter: Fitted) -> bool:
    return parameter.fixed or parameter.tie is not None


def _alike(one: Fitted, other: Fitted) -> bool:
    """Whether two held parameters are held in the same way."""
    if one.tie is not None or other.tie is not None:
        return one.tie == other.tie
    return one.value == other.value
