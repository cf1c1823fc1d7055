"""Stepping across the internal switches of a function."""

from __future__ import annotations

import numpy as np

from musrcu.models.registry import Component
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
            if not jump <= 2 * allowed(component, sides[0]):
                found.append(
                    f"{component.key} jumps by {jump:.2g} across {corner.meaning} at {sides[0]}"
                )
    return found
