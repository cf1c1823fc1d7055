"""Reading a model expression: sums of products of component names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from musrcu.errors import ModelError
from musrcu.models.registry import Component, find_component

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
    taken = {number for term in terms for key, number in term if number and key != "constant"}
    count, backgrounds, parsed = 0, 0, []
    for term in terms:
        factors = []
        for key, number in term:
            found = find_component(key)
            if found.variable != "t" and (len(terms) > 1 or len(term) > 1):
                raise ModelError(f"{key} is a law of temperature and stands alone in a model")
            if key == "constant":
                backgrounds += 1
                number = number or backgrounds
            elif number is None:
                count += 1
                while count in taken:
                    count += 1
                number = count
            factors.append(Factor(found, number))
        parsed.append(tuple(factors))
    _refuse_repeats(expression, parsed)
    return tuple(parsed)


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
