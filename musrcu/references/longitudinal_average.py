"""Static relaxation in a longitudinal field as the average over the fields, to many digits.

With b the magnitude of the whole field, the muon keeps cos^2 of its angle and precesses with the
rest, so that 1 - P(t) = < sin^2 (1 - cos b t) >.
"""

from __future__ import annotations

from typing import Any

from musrcu.constants import GAMMA_MU

REACH = 14
"""Widths beyond which a Gaussian is below 1e-42, and turns of a sum that are below it too."""


def gaussian_lf(mp: Any, t: Any, delta: Any, B_LF: Any) -> Any:
    """The average over Gaussian fields: trapezoidal sum over the magnitude of the field.

    The angle is integrated by hand. The integrand is entire and ends as a Gaussian, so that the
    sum converges faster than any power; from delta t = 14 on nothing precesses in phase.
    """
    s, x = abs(delta * t), _ratio(mp, B_LF, delta)
    if delta == 0 or t == 0:
        return mp.mpf(1)
    with mp.workdps(mp.mp.dps + 10 + _lost(mp, x, 2) + _lost(mp, s, 2)):
        reach = REACH + min(x, REACH)
        step = 2 * mp.pi / (REACH + min(s, REACH) + 2)
        total = mp.mpf(0)
        for j in range(-int(reach / step) - 1, int(reach / step) + 2):
            # in a small field the sum is even in b, in a large one it is centred on the field
            b = j * step if x < 1 else x + j * step
            turned = 1 if s >= REACH else 1 - mp.cos(b * s)
            if b != 0:
                total += turned * (_even_share if x < 1 else _odd_share)(mp, x, b)
        return 1 - total * step * mp.sqrt(2 / mp.pi)


def _even_share(mp: Any, x: Any, b: Any) -> Any:
    """Density of the magnitude times the mean sin^2, over 2, in units of the width."""
    kappa = b * x
    if x == 0:
        return mp.exp(-b * b / 2) * b * b / 3
    return mp.exp(-(b * b + x * x) / 2) * (mp.cosh(kappa) - mp.sinh(kappa) / kappa) / x**2


def _odd_share(mp: Any, x: Any, b: Any) -> Any:
    """The same without the peak at -x: functions that are odd in b integrate to nothing."""
    kappa = b * x
    share = mp.exp(-((b - x) ** 2) / 2) * (1 - 1 / kappa)
    return (share + mp.exp(-(x * x + b * b) / 2) / kappa) / x**2


def lorentzian_lf(mp: Any, t: Any, a: Any, B_LF: Any) -> Any:
    """The average over Lorentzian fields by its exponential integral, with digits to spare.

    Raised working precision takes the place of care: as many digits more as the terms cancel.
    """
    if t == 0 or a == 0:
        return mp.mpf(1)
    s = a * t
    if B_LF == 0:
        return (1 + 2 * (1 - s) * mp.exp(-s)) / 3
    x = _ratio(mp, B_LF, a)
    with mp.workdps(mp.mp.dps + 10 + _lost(mp, x, 5) + _lost(mp, x * s, 5) + _lost(mp, s, 2)):
        theta, r, end = abs(x * s), abs(1 / x), mp.exp(-s)
        j0 = mp.sin(theta) / theta
        j1 = (j0 - mp.cos(theta)) / theta
        kernel = mp.atan(1 / r) - mp.im(mp.e1(mp.mpc(s, -theta)))
        return 1 - r * j1 * end - r**2 * (j0 * end - 1) - (r + r**3) * kernel


def _ratio(mp: Any, B_LF: Any, width: Any) -> Any:
    if width == 0:
        return mp.inf
    # the literal of the constant is a double: its value is what both sides multiply with
    return mp.mpf(GAMMA_MU) * B_LF / width


def _lost(mp: Any, small: Any, power: int) -> int:
    """Digits that a difference loses that goes with this power of something small."""
    if small == 0 or abs(small) >= 1:
        return 0
    return int(-power * mp.log10(abs(small))) + 1
