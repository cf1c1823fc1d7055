"""Fluctuating fields from the correlation of the field, and one-dimensional diffusion."""

from __future__ import annotations

from typing import Any

SLOW = 8
"""Up to this |z| the integral over the correlation is done by quadrature."""


def correlated(mp: Any, t: Any, rate: Any, omega: Any) -> Any:
    """int_0^t (t - u) exp(-rate u) cos(omega u) du: quadrature, or with more digits if it is long.

    It is the double integral over two times of the correlation of their fields.
    """
    z = mp.mpc(rate, -omega) * t
    if abs(z) <= SLOW:
        x, y = rate * t, omega * t
        return (
            t
            * t
            * mp.quad(
                lambda u: (1 - u) * mp.exp(-x * u) * mp.cos(y * u), [0, 1], method="gauss-legendre"
            )
        )
    with mp.extradps(20):
        return t * t * mp.re((mp.exp(-z) - 1 + z) / z**2)


def diffusion(mp: Any, x: Any) -> Any:
    """exp(x) erfc(sqrt x) = 2/sqrt(pi) int_0^inf exp(-u^2 - 2 u sqrt x) du."""
    root = mp.sqrt(x)
    # where the exponent is so large that exp() is nothing beside 1
    largest = 7 - mp.log(mp.eps)
    end = largest / (root + mp.sqrt(x + largest))
    found = mp.quad(lambda u: mp.exp(-u * (u + 2 * root)), [0, end], method="gauss-legendre")
    return 2 * found / mp.sqrt(mp.pi)
