"""Reading a model expression: sums of products of component names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from musrcu.errors import ModelError
from musrcu.models.registry import Component, Variable, find_component

MOST_TOKENS = 31
"""Sixteen components; more have never been told apart in a spectrum."""
KINDS: Mapping[Variable, str] = {
    "t": "function of time",
    "T": "law of temperature",
    "B": "law of field",
}
_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|\S)")
_NUMBERED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*?[A-Za-z_])([1-9][0-9]*)\Z")


@dataclass(frozen=True, slots=True)
class Factor:
    """One component of a model with its number."""

    component: Component
    number: int
    """Number behind its parameters' names; for a constant, which background it is."""


def parse(expression: str) -> tuple[tuple[Factor, ...], ...]:
    """The terms of an expression, each a tuple of factors.

    Components are numbered from 1, left to right through sums and products. A constant has a name
    of its own (A_bg, A_bg2) and takes no number. A number may be written out behind a name
    (``damped_cosine2 + constant``), which is how a model keeps its names when it loses a term.

    Raises
    ------
    ModelError where the text is not a sum of products of known components.
    """
    terms = [[_name(word) for word in words] for words in _words(expression)]
    written = [(key, number) for term in terms for key, number in term if number]
    free = _free({number for key, number in written if key != "constant"})
    free_backgrounds = _free({number for key, number in written if key == "constant"})
    parsed = []
    for term in terms:
        factors = []
        for key, number in term:
            found = find_component(key)
            if number is None:
                number = next(free_backgrounds if key == "constant" else free)
            factors.append(Factor(found, number))
        parsed.append(tuple(factors))
    _refuse_repeats(expression, parsed)
    variable_of(expression, parsed)
    return tuple(parsed)


def variable_of(expression: str, terms: Sequence[tuple[Factor, ...]]) -> Variable:
    """What a model is a function of; a constant goes with everything.

    Raises
    ------
    ModelError where laws are multiplied, or mixed with functions of something else.
    """
    found: dict[Variable, str] = {}
    for factors in terms:
        for factor in factors:
            if factor.component.key != "constant":
                found.setdefault(factor.component.variable, factor.component.key)
    if len(found) > 1:
        named = [f"{key} is a {KINDS[variable]}" for variable, key in found.items()]
        raise ModelError(f"model {expression!r}: {' and '.join(named)}; they cannot be in one")
    variable: Variable = next(iter(found)) if found else "t"
    if variable != "t" and any(len(factors) > 1 for factors in terms):
        raise ModelError(
            f"model {expression!r}: {found[variable]} is a {KINDS[variable]}; laws are added, not "
            "multiplied"
        )
    return variable


def _free(taken: set[int]) -> Iterator[int]:
    """1, 2, 3, ... without the numbers that are written out."""
    return (number for number in count(1) if number not in taken)


def _refuse_repeats(expression: str, terms: list[tuple[Factor, ...]]) -> None:
    seen = set()
    for factor in (factor for term in terms for factor in term):
        mark = (factor.component.key == "constant", factor.number)
        if mark in seen:
            raise ModelError(f"model {expression!r}: the number {factor.number} is used twice")
        seen.add(mark)


def _words(expression: str) -> list[list[str]]:
    tokens = _TOKEN.findall(expression)
    if not tokens:
        raise ModelError(
            "the model expression is empty; write for example 'exponential + constant'"
        )
    if len(tokens) > MOST_TOKENS:
        raise ModelError(f"a model of {len(tokens)} words; at most {MOST_TOKENS} are taken")
    terms: list[list[str]] = [[]]
    expect_name = True
    for token in tokens:
        is_name = token[0].isalpha() or token[0] == "_"
        if expect_name != is_name or (not is_name and token not in "+*"):
            wanted = "a component name" if expect_name else "'+' or '*'"
            raise ModelError(f"model {expression!r}: expected {wanted}, found {token!r}")
        if is_name:
            terms[-1].append(token)
        elif token == "+":
            terms.append([])
        expect_name = not is_name
    if expect_name:
        raise ModelError(f"model {expression!r} ends where a component name is expected")
    return terms


def _name(word: str) -> tuple[str, int | None]:
    match = _NUMBERED.match(word)
    return (match[1], int(match[2])) if match else (word, None)
