"""Stepping across the internal switches of a function, and up to its limits."""

from __future__ import annotations

import numpy as np

from musrcu.models.parameter import LONGEST
from musrcu.models.registry import Component
from musrcu.verification.promise import LEAST_SLOPE, SLOPE
from musrcu.verification.trial import Trial, anywhere, inside

STEP = 4e-15
"""Relative step to either side of a switch: far less than any change that is physics."""
TRIES = 25


def jumps(component: Component, seed: int = 1) -> list[str]:
    """A sentence for every step across a switch where the function jumps.

    The function is compared a few units in the last place below and above the switch; a jump
    larger than twice the promised error, or of a derivative larger than 2e-6 of its scale, counts.
    """
    from musrcu.verification.verify import allowed

    certificate = component.certificate
    found: list[str] = []
    if certificate is None:
        return found
    rng = np.random.default_rng([seed, 7])
    for corner in certificate.corners:
        if corner.across is None:
            continue
        for _ in range(TRIES):
            values = inside(component, corner.place(anywhere(component, rng), rng))
            sides = [
                Trial({**values, corner.across: values[corner.across] * (1 + sign * STEP)}, "")
                for sign in (-1, 1)
            ]
            x = [np.array([one.values[component.variable]]) for one in sides]
            solved = [
                component.value_and_gradient(t, one.arguments(component))
                for t, one in zip(x, sides, strict=True)
            ]
            jump = abs(float(solved[0][0][0] - solved[1][0][0]))
            where = f"across {corner.meaning} at {sides[0]}"
            if not jump <= 2 * allowed(component, sides[0]):
                found.append(f"{component.key} jumps by {jump:.2g} {where}")
            grid = np.linspace(0.0, LONGEST, 100) if component.variable == "t" else x[0]
            along = component.value_and_gradient(grid, sides[0].arguments(component))[1]
            for k, p in enumerate(component.parameters):
                below, above = float(solved[0][1][k][0]), float(solved[1][1][k][0])
                scale = max(LEAST_SLOPE, abs(below), abs(above), float(np.abs(along[k]).max()))
                if not abs(below - above) <= 2 * SLOPE * scale:
                    found.append(f"d/d{p.name} of {component.key} jumps {where}")
    return found


def edges(component: Component, seed: int = 1) -> list[str]:
    """A sentence for every place at the limits where the function or a derivative is not finite.

    A certificate of the interior compares nothing there, but finite everything has to be.
    """
    rng = np.random.default_rng([seed, 11])
    t = np.linspace(-0.001, LONGEST, 60) if component.variable == "t" else np.linspace(0, 50, 60)
    for _ in range(TRIES):
        values = anywhere(component, rng)
        for p in component.parameters:
            if rng.random() < 0.6:
                values[p.name] = float(rng.choice(p.certified))
        arguments = [values[p.name] for p in component.parameters]
        try:
            with np.errstate(divide="raise", over="raise", invalid="raise"):
                value, slopes = component.value_and_gradient(t, arguments)
                plain = component.function(t, *arguments)
        except (ArithmeticError, ValueError) as error:
            return [f"{component.key} at {Trial(values, '')}: {error}"]
        if not all(np.isfinite(row).all() for row in (value, plain, *slopes)):
            return [f"{component.key} at {Trial(values, '')}: not finite"]
    return []
