"""One summand of a model: an amplitude times a product of components."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from musrcu.models.expression import Factor
from musrcu.models.registry import FloatArray

Values = Sequence[float] | FloatArray


@dataclass(frozen=True, slots=True)
class Term:
    """One summand, its parameters counted among those of the whole model."""

    amplitude: int | None
    """Position of its amplitude among the model's parameters; None for a law."""
    factors: tuple[Factor, ...]
    places: tuple[slice, ...]
    """Where the parameters of each factor stand among the model's."""

    @property
    def label(self) -> str:
        """Names of its components, such as ``cosine * gaussian``."""
        return " * ".join(factor.component.key for factor in self.factors)

    @property
    def place(self) -> slice:
        """Where the parameters of all its factors stand among the model's."""
        return slice(self.places[0].start, self.places[-1].stop)

    def formula(self, names: Sequence[str]) -> str:
        """The term written out with the names of the model: ``A1 exp(-lambda1 t)``.

        A component whose formula is no factor of a product, as one that needs a second sentence or
        an equation, is written as a call: ``A1 keren(t; delta1, B_LF1, hop1)``.
        """
        amplitude = "" if self.amplitude is None else names[self.amplitude]
        alone = not amplitude and len(self.factors) == 1
        parts = [amplitude]
        for factor, place in zip(self.factors, self.places, strict=True):
            parts.append(_written(factor, names[place], alone))
        return " ".join(part for part in parts if part not in ("", "1")) or "1"

    def height(self, values: Values) -> float:
        """Its amplitude; NaN for an infinite one."""
        height = 1.0 if self.amplitude is None else float(values[self.amplitude])
        return height if math.isfinite(height) else math.nan

    def shape(self, t: FloatArray, values: Values) -> FloatArray:
        """The product of its components without the amplitude, shape of ``t``."""
        product = self.factors[0].component.function(t, *values[self.places[0]])
        for factor, place in zip(self.factors[1:], self.places[1:], strict=True):
            product = product * factor.component.function(t, *values[place])
        return product

    def shape_and_gradient(
        self, t: FloatArray, values: Values
    ) -> tuple[FloatArray, list[FloatArray]]:
        """That product and its derivatives, one array for each parameter of ``place``."""
        solved = [
            factor.component.value_and_gradient(t, values[place])
            for factor, place in zip(self.factors, self.places, strict=True)
        ]
        if len(solved) == 1:
            return solved[0][0], list(solved[0][1])
        parts = [value for value, _ in solved]
        rows = []
        for k, (_, derivatives) in enumerate(solved):
            if len(derivatives):
                rest = np.prod(parts[:k] + parts[k + 1 :], axis=0)
                rows += [rest * derivative for derivative in derivatives]
        return np.prod(parts, axis=0), rows


_SUM, _SENTENCE = re.compile(r" [+-] "), re.compile(r" = |, |\bof\b")
_INNERMOST = re.compile(r"\([^()]*\)|\[[^][]*\]|\{[^{}]*\}")


def _written(factor: Factor, names: Sequence[str], alone: bool) -> str:
    """A component as a factor of a product, with these names of its parameters."""
    component = factor.component
    outside = _outside(component.formula)
    if _SENTENCE.search(outside):
        call = "; ".join((component.variable, ", ".join(names)) if names else (component.variable,))
        return f"{component.key}({call})"
    text = component.formula
    for parameter, full in zip(component.parameters, names, strict=True):
        mark = rf"(?<![A-Za-z0-9_]){re.escape(parameter.name)}(?![A-Za-z0-9_])"
        text = re.sub(mark, full, text)
    return f"[{text}]" if _SUM.search(outside) and not alone else text


def _outside(formula: str) -> str:
    """What of a formula is within no brackets."""
    while (shorter := _INNERMOST.sub("", formula)) != formula:
        formula = shorter
    return formula
