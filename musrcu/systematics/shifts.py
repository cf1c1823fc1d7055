"""What a shift between two analyses is worth: how much of it chance explains, and what is left."""

from __future__ import annotations

import math
from typing import Literal

Kind = Literal["input", "check", "model"]
"""``input``: the same decays with another constant (t0, alpha, dead time). ``check``: other decays,
or the same ones weighed otherwise (first good bin, packing, background window, range). ``model``:
another model, quoted apart."""


def expected_shift(kind: Kind, error: float | None, nominal_error: float | None) -> float | None:
    """The shift that chance alone would give between two analyses of one experiment.

    For a check it is sqrt|sigma_i^2 - sigma_0^2|: where one analysis uses part of what the other
    uses, and the one that uses all has the smallest variance, the covariance of the two is the
    smaller variance, so that the variance of their difference is the difference of their
    variances. Of an input both analyses see the same decays, noise included, their correlation is
    1, and the variance of their difference is (sigma_i - sigma_0)^2: |sigma_i - sigma_0|. For
    another model there is none.

    Returns
    -------
    The expected shift; None where an error is unknown, and of a model.

    Source: R. Barlow, "Systematic Errors: Facts and Fictions", arXiv:hep-ex/0207026 (2002).
    """
    if kind == "model" or error is None or nominal_error is None:
        return None
    if kind == "input":
        return abs(error - nominal_error)
    return math.sqrt(abs(error**2 - nominal_error**2))


def beyond(shift: float, expected: float | None) -> float:
    """What is left of a shift beyond the expected one: sqrt(max(shift^2 - expected^2, 0)).

    The square of a shift is on average expected^2 + bias^2, so that its excess estimates bias^2,
    and nothing jumps where a shift crosses the expected one. An unknown expected shift takes
    nothing off.
    """
    return math.sqrt(max(shift**2 - (expected or 0.0) ** 2, 0.0))


def half_difference(
    shifts: tuple[float, float], errors: tuple[float | None, float | None]
) -> float:
    """What a pair of opposite changes of an input contributes: |p+ - p-| / 2 beyond chance.

    Parameters
    ----------
    shifts : p+ - p0 and p- - p0.
    errors : the errors of p+ and p-; |sigma+ - sigma-| / 2 is expected by chance.
    """
    chance = expected_shift("input", *errors)
    return beyond(0.5 * (shifts[0] - shifts[1]), None if chance is None else 0.5 * chance)


def one_sided(shifts: tuple[float, float]) -> float | None:
    """The mean shift of a pair where both go the same way; None where they do not."""
    return 0.5 * (shifts[0] + shifts[1]) if shifts[0] * shifts[1] > 0 else None


def in_quadrature(parts: list[float]) -> float:
    """The total of independent parts."""
    return math.sqrt(sum(part**2 for part in parts))
