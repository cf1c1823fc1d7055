"""A line of which a share does not turn: what turns, and the rest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.cost import AsymmetryCost

FloatArray = NDArray[np.float64]
Line = tuple[int, int, int | None]
"""Term, position of nu, position of phi; None for a line that has no phase."""
Split = Callable[[FloatArray], tuple[FloatArray, FloatArray | None]]

SHARE = "fraction"
"""Name of the parameter that says how much of a line turns."""
EXACT = 1e-9


def splitter(cost: AsymmetryCost, line: Line) -> Split:
    """A function of all parameters that returns the envelope of what turns of a line, and the rest,
    times any factor; None for the rest where all of it turns.

    The rest is what there is with the fraction at zero, or else what a turn by 180 degrees leaves,
    if a cosine is what turns.
    """
    number, nu, phi = line
    term, time = cost.freedom.model.terms[number], cost.time
    shares = [
        place.start + k
        for factor, place in zip(term.factors, term.places, strict=True)
        for k, parameter in enumerate(factor.component.parameters)
        if parameter.name == SHARE
    ]
    halves = not shares and phi is not None and _rests(cost, line)

    def split(full: FloatArray) -> tuple[FloatArray, FloatArray | None]:
        still = full.copy()
        still[nu] = 0.0
        if phi is not None:
            still[phi] = 0.0
        whole = term.shape(time, still)
        if shares:
            none = still.copy()
            none[shares[0]] = 0.0
            rest = term.shape(time, none)
            return whole - (1 - full[shares[0]]) * rest, rest
        if halves:
            rest = 0.5 * (whole + _at_phase(cost, line, still, 180.0))
            return whole - rest, rest
        return whole, None

    return split


def _rests(cost: AsymmetryCost, line: Line) -> bool:
    """Whether a term with a phase is a cosine and something that does not turn."""
    full = np.array([parameter.default for parameter in cost.freedom.model.parameters])
    full[line[1]] = 0.0
    there, quarter, turned = (_at_phase(cost, line, full, phase) for phase in (0.0, 90.0, 180.0))
    rest = 0.5 * (there + turned)
    size = EXACT * float(np.abs(there).max(initial=0.0))
    cosine = np.abs(quarter - rest).max(initial=0.0) <= size
    return bool(cosine and np.abs(rest).max(initial=0.0) > size)


def _at_phase(cost: AsymmetryCost, line: Line, full: FloatArray, phase: float) -> FloatArray:
    number, _, phi = line
    turned = full.copy()
    if phi is not None:
        turned[phi] = phase
    return cost.freedom.model.terms[number].shape(cost.time, turned)
