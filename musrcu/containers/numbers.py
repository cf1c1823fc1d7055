"""What may stand for a number in a container or a recipe: finite, of a size a float holds."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

LARGEST_WHOLE = 2**53
"""Above it a float no longer holds every whole number."""
ALPHA_LIMITS = (1e-3, 1e3)
"""Balances that a pair of groups may have; one beyond compares a detector with none."""


def is_number(value: Any) -> bool:
    """Whether ``value`` is a finite real number that a float can hold; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def is_end(value: Any) -> bool:
    """Whether ``value`` is a number or a float that is none, such as an infinite end of a range."""
    return is_number(value) or isinstance(value, float)


def is_whole(value: Any) -> bool:
    """Whether ``value`` is an integer below 2^53 in size; true and false are none."""
    return (
        not isinstance(value, bool)
        and isinstance(value, Integral)
        and abs(int(value)) < LARGEST_WHOLE
    )


def is_balance(value: Any) -> bool:
    """Whether ``value`` can be the alpha of a pair: a number from 0.001 to 1000."""
    return is_number(value) and ALPHA_LIMITS[0] <= value <= ALPHA_LIMITS[1]


def is_error(value: Any) -> bool:
    """Whether ``value`` can be a standard deviation: a number of 0 or above."""
    return is_number(value) and value >= 0
