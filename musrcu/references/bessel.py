"""The Bessel function J0 from its integral."""

from __future__ import annotations

from typing import Any

BY_INTEGRAL = 60
"""Up to this argument the integral is summed; beyond it mpmath's asymptotic series is used."""


def bessel(mp: Any, x: Any) -> Any:
    """Mean of cos(x sin theta) over a turn.

    The sum over n even steps of a half turn leaves out only J_2n(x) and higher ones.
    """
    x = abs(x)
    if x > BY_INTEGRAL:
        return mp.besselj(0, x)
    steps = int(x) + 50
    steps += steps % 2
    total = (mp.cos(x) + 1) / 2
    for k in range(1, steps // 2):
        total += mp.cos(x * mp.sin(k * mp.pi / steps))
    return 2 * total / steps
