"""Components that are another one with some of its parameters held."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from musrcu.models.model import Model
from musrcu.models.term import Term


@dataclass(frozen=True, slots=True)
class Special:
    """How a component becomes a simpler one."""

    held: Mapping[str, float]
    """Values of its parameters, by name."""
    named: Mapping[str, str] = field(default_factory=dict)
    """Its names of parameters that the simpler one calls otherwise, by the names there."""
    scale: float = 1.0
    """A parameter of ``named`` is that of the simpler one times this."""
    lost: tuple[str, ...] = ()
    """Its parameters that mean nothing then."""


_DELTA, _A = {"delta": "sigma"}, {"a": "lambda"}
_BETA = {"sigma": "lambda"}
_HALF = 1 / math.sqrt(2)
SPECIAL: Mapping[tuple[str, str], Special] = {
    ("constant", "exponential"): Special({"lambda": 0.0}),
    ("constant", "gaussian"): Special({"sigma": 0.0}),
    ("constant", "stretched_exponential"): Special({"lambda": 0.0}, lost=("beta",)),
    ("exponential", "stretched_exponential"): Special({"beta": 1.0}),
    ("gaussian", "stretched_exponential"): Special({"beta": 2.0}, _BETA, _HALF),
    ("cosine", "damped_cosine"): Special({"lambda": 0.0}),
    ("cosine", "gaussian_cosine"): Special({"sigma": 0.0}),
    ("cosine", "stretched_cosine"): Special({"lambda": 0.0}, lost=("beta",)),
    ("damped_cosine", "stretched_cosine"): Special({"beta": 1.0}),
    ("gaussian_cosine", "stretched_cosine"): Special({"beta": 2.0}, _BETA, _HALF),
    ("gaussian_kt", "voigtian_kt"): Special({"a": 0.0}, _DELTA),
    ("gaussian_kt", "interpolating_kt"): Special({"beta": 2.0}, {"delta": "lambda"}),
    ("gaussian_kt", "broadened_kt"): Special({"width": 0.0}),
    ("gaussian_kt", "gaussian_kt_lf"): Special({"B_LF": 0.0}),
    ("gaussian_kt", "dynamic_gaussian_kt"): Special({"hop": 0.0}),
    ("gaussian_kt", "dynamic_gaussian_kt_lf"): Special({"B_LF": 0.0, "hop": 0.0}),
    ("gaussian_kt_lf", "dynamic_gaussian_kt_lf"): Special({"hop": 0.0}),
    ("dynamic_gaussian_kt", "dynamic_gaussian_kt_lf"): Special({"B_LF": 0.0}),
    ("lorentzian_kt", "voigtian_kt"): Special({"sigma": 0.0}),
    ("lorentzian_kt", "interpolating_kt"): Special({"beta": 1.0}, _A),
    ("lorentzian_kt", "lorentzian_kt_lf"): Special({"B_LF": 0.0}),
    ("lorentzian_kt", "dynamic_lorentzian_kt"): Special({"hop": 0.0}),
    ("lorentzian_kt", "dynamic_lorentzian_kt_lf"): Special({"B_LF": 0.0, "hop": 0.0}),
    ("lorentzian_kt_lf", "dynamic_lorentzian_kt_lf"): Special({"hop": 0.0}),
    ("dynamic_lorentzian_kt", "dynamic_lorentzian_kt_lf"): Special({"B_LF": 0.0}),
    ("voigtian_kt", "dynamic_voigtian_kt"): Special({"hop": 0.0}),
    ("dynamic_gaussian_kt", "dynamic_voigtian_kt"): Special({"a": 0.0}, _DELTA),
    ("dynamic_lorentzian_kt", "dynamic_voigtian_kt"): Special({"sigma": 0.0}),
}
"""By the names of the simpler component and of the other."""


@dataclass(frozen=True, slots=True)
class Matched:
    """The terms of one model among those of another, by places of their parameters."""

    terms: Mapping[int, int]
    same: tuple[tuple[int, int, bool], ...]
    """Places of a parameter in the smaller and in the larger model; and whether by another name."""
    held: tuple[tuple[int, float], ...]
    """Places in the larger model, and values at which it becomes the smaller one."""
    lost: tuple[int, ...]
    """Places in the larger model of what then means nothing."""


def matched(few: Model, many: Model) -> Matched | None:
    """Each term of the smaller model and that of the larger of which it is a case; None where one
    has none. Equal terms are matched first, in order."""
    terms: dict[int, int] = {}
    for special in (False, True):
        for number, term in enumerate(few.terms):
            if number in terms:
                continue
            left = [k for k in range(len(many.terms)) if k not in terms.values()]
            place = next((k for k in left if _is_case(term, many.terms[k], special)), None)
            if place is not None:
                terms[number] = place
    if len(terms) < len(few.terms):
        return None
    same: list[tuple[int, int, bool]] = []
    held: list[tuple[int, float]] = []
    lost: list[int] = []
    for number, other in sorted(terms.items()):
        a, b = few.terms[number], many.terms[other]
        if a.amplitude is not None and b.amplitude is not None:
            same.append((a.amplitude, b.amplitude, False))
        for k, factor in enumerate(b.factors):
            old = [one.name for one in a.factors[k].component.parameters]
            new = {one.name: b.places[k].start + n for n, one in
                   enumerate(factor.component.parameters)}  # fmt: skip
            case = _case(a, b, k)
            for n, name in enumerate(old):
                same.append((a.places[k].start + n, new[case.named.get(name, name)],
                             case.scale != 1.0))  # fmt: skip
            held += [(new[name], value) for name, value in case.held.items()]
            lost += [new[name] for name in case.lost]
    return Matched(terms, tuple(same), tuple(held), tuple(lost))


def _is_case(few: Term, many: Term, special: bool) -> bool:
    """Whether a term is another one, or, if ``special``, a case of it."""
    if not special:
        return few.label == many.label
    if len(few.factors) != len(many.factors) or (few.amplitude is None) != (many.amplitude is None):
        return False
    return all(
        a.component.key == b.component.key or (a.component.key, b.component.key) in SPECIAL
        for a, b in zip(few.factors, many.factors, strict=True)
    )


def _case(few: Term, many: Term, k: int) -> Special:
    pair = few.factors[k].component.key, many.factors[k].component.key
    return SPECIAL.get(pair, Special({}))
