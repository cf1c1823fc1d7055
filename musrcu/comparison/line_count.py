"""How many lines were found, and with which probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu import notation
from musrcu.comparison.line_scan import Line
from musrcu.fitting.result import FitResult
from musrcu.models.model import Model

KIND = "musrcu line count"


@dataclass(frozen=True, slots=True)
class LineStep:
    """One more line than there were, and how often noise gains as much."""

    lines: int
    """Lines before."""
    line: Line
    """What one more would be; its own probability is that of the formula."""
    probability: float
    """Share of the replicas without it that gain at least as much."""
    above: int
    """Replicas that gain at least as much."""
    replicas: int

    def __str__(self) -> str:
        return (
            f"line {self.lines + 1} at {self.line.nu:.4g} MHz: gain {self.line.gain:.1f}, "
            f"{notation.said(self.probability)} ({self.above} of {self.replicas} "
            f"replicas gain as much; by formula {notation.probability(self.line.probability, 2)})"
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LineCount:
    """How many lines a spectrum has, and how that was found."""

    fits: tuple[FitResult, ...]
    """The fits with none, one, two ... lines."""
    steps: tuple[LineStep, ...]
    """Each line that was looked for."""
    threshold: float
    seed: int

    @property
    def n(self) -> int:
        """Number of lines."""
        return sum(step.probability <= self.threshold for step in self.steps)

    @property
    def fit(self) -> FitResult:
        """The fit with that number of lines."""
        return self.fits[self.n]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should doubt, one sentence each."""
        notes = []
        if self.n == len(self.steps):
            notes.append(f"as many lines as were looked for, {self.n}: there may be more")
        if not self.fit.valid:
            notes.append(f"the fit with {self.n} lines is not valid: {self.fit.reason}")
        model = Model(self.fit.model)
        for term, nu, _ in model.oscillations():
            place = model.terms[term].place
            for name in model.names[place.start : place.stop]:
                rate = self.fit.parameters[name]
                value = float(self.fit.values[nu])
                if rate.unit == "1/us" and (rate.value or 0.0) > 2 * np.pi * abs(value):
                    notes.append(
                        f"{model.names[nu]} = {value:.3g} MHz is over-damped, less than half a "
                        "turn is seen: the background may miss something slow"
                    )
        return tuple(notes)

    def summary(self) -> str:
        """Each step, the number, and the fit."""
        lines = [f"{self.fit.name or 'spectrum'}: {self.n} lines (seed {self.seed})"]
        if self.n == 1:
            lines[0] = lines[0].replace("1 lines", "1 line")
        lines += [f"  {step}" for step in self.steps]
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join([*lines, self.fit.summary()])

    def to_dict(self) -> dict[str, Any]:
        """The count as plain data, with the fit."""
        return {
            "kind": KIND,
            "n": self.n,
            "threshold": self.threshold,
            "seed": self.seed,
            "notes": list(self.notes),
            "steps": [
                {
                    "lines": step.lines,
                    "nu": step.line.nu,
                    "gain": step.line.gain,
                    "damping": step.line.damping,
                    "probability": step.probability,
                    "formula": step.line.probability,
                    "above": step.above,
                    "replicas": step.replicas,
                }
                for step in self.steps
            ],
            "fit": self.fit.to_dict(),
        }
