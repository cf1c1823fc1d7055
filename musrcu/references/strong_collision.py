"""Strong collisions by power series in time, in as many digits as they cancel.

H(t) = exp(hop t) G(t) obeys H(t) = g(t) + hop int_0^t g(u) H(t - u) du. With g = sum g_n t^n / n!
and the same for H, the convolution of t^k/k! and t^m/m! is t^(k+m+1)/(k+m+1)!, so that

    H_n = g_n + hop sum_k g_k H_(n-1-k)

which is exact. The series converge everywhere; their terms grow as exp of all phases before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from musrcu.constants import GAMMA_MU
from musrcu.references.laplace import gaussian_line, inverted

DIGITS = 30
SHORT = 100
"""Sum of all phases up to which the series is taken."""
APART = 600
"""omega t from which 0 and +-i omega have curves of their own."""
GONE = 75
"""A precession damped by exp(-GONE) is left out."""
Derivatives = Callable[[Any, int], Sequence[Any]]
"""``derivatives(mp, count)``: g_0 to g_(count - 1) of a static function in units of the time."""


def by_series(mp: Any, derivatives: Derivatives, jumps: Any, digits: int) -> Any:
    """G at time 1 to that many decimals.

    Parameters
    ----------
    mp : the module mpmath.
    derivatives : of the static function at time 0, in units of the time.
    jumps : hop t.
    digits : decimals.
    """
    extra, count = 40, 200
    while True:
        with mp.workdps(digits + extra):
            terms = _terms(mp, derivatives(mp, count), jumps)
            damped = mp.exp(-jumps)
            largest = damped * max(abs(term) for term in terms)
            last = damped * max(abs(term) for term in terms[-8:])
            if last > mp.mpf(10) ** -digits:
                count = int(1.5 * count)
                continue
            needed = int(mp.log10(largest + 1)) + int(jumps / 2) + 10
            if needed > extra:
                extra = needed
                continue
            total = damped * mp.fsum(terms)
        return +total


def _terms(mp: Any, g: Sequence[Any], jumps: Any) -> list[Any]:
    """The terms H_n / n!."""
    even = all(value == 0 for value in g[1::2])
    stride = 2 if even else 1
    kept = [jumps * value for value in g[::stride]]
    solved: list[Any] = []
    for n, value in enumerate(g):
        earlier = solved[n - 1 :: -stride] if n else []
        solved.append(value + mp.fdot(zip(kept, earlier, strict=False)))
    factorial = mp.mpf(1)
    terms = []
    for n, value in enumerate(solved):
        factorial *= n or 1
        terms.append(value / factorial)
    return terms


def gaussian_derivatives(delta: Any, omega: Any) -> Derivatives:
    """Of the static Gaussian function in a longitudinal field, from its own derivative.

    dg/du = -2 D^2 u exp(-D^2 u^2/2) (j0(W u) - D^2 u^2 j1(W u)/(W u)), D = delta t, W = omega t
    """

    def derivatives(mp: Any, count: int) -> list[Any]:
        half = count // 2 + 1
        square, turn = delta * delta, omega * omega
        envelope, wave = [mp.mpf(1)], [mp.mpf(1)]
        for k in range(1, half):
            envelope.append(-envelope[-1] * square / (2 * k))
        power, factorial = mp.mpf(1), mp.mpf(1)  # (-1)^(k-1) W^(2k-2) and (2k+1)!
        for k in range(1, half):
            factorial *= 2 * k * (2 * k + 1)
            wave.append(-power * (turn + 2 * k * square) / factorial)
            power *= -turn
        found = [mp.mpf(1)]
        factorial = mp.mpf(1)  # (2k+1)!
        for k in range(half):
            factorial *= (2 * k) * (2 * k + 1) or 1
            product = mp.fdot(zip(envelope[: k + 1], wave[k::-1], strict=True))
            found += [mp.mpf(0), -2 * square * product * factorial]
        return found[:count]

    return derivatives


def voigtian_derivatives(a: Any, sigma: Any) -> Derivatives:
    """Of the static Voigtian function 1/3 + 2/3 d/du (u exp(-a u - sigma^2 u^2/2))."""

    def derivatives(mp: Any, count: int) -> list[Any]:
        found = [mp.mpf(1)]
        earlier, current, factorial = mp.mpf(0), mp.mpf(1), mp.mpf(1)
        for n in range(1, count):
            earlier, current = current, -(a * current + sigma * sigma * earlier) / n
            factorial *= n
            found.append(2 * (n + 1) * current * factorial / 3)
        return found

    return derivatives


def gaussian(mp: Any, t: Any, delta: Any, B_LF: Any, hop: Any) -> Any:
    """Dynamic Gaussian function in a longitudinal field: the series, else the transform."""
    omega = mp.mpf(GAMMA_MU) * B_LF
    if delta == 0 or t == 0:
        return mp.mpf(1)
    if omega * t + hop * t + (delta * t) ** 2 / 2 < SHORT:
        return by_series(mp, gaussian_derivatives(delta * t, omega * t), hop * t, DIGITS)
    return gaussian_by_transform(mp, t, delta, omega, hop)


def voigtian(mp: Any, t: Any, a: Any, sigma: Any, hop: Any) -> Any:
    """Dynamic Voigtian function: the series, else the transform."""
    if t == 0:
        return mp.mpf(1)
    if (hop + a) * t + (sigma * t) ** 2 / 2 < SHORT:
        return by_series(mp, voigtian_derivatives(a * t, sigma * t), hop * t, DIGITS)
    return voigtian_by_transform(mp, t, a, sigma, hop)


def gaussian_by_transform(mp: Any, t: Any, delta: Any, omega: Any, hop: Any) -> Any:
    """The same by the inverse transform alone; ``omega`` in rad/µs."""
    lost = 4 * _magnitude(mp, delta / omega) if omega else 0
    lost += 4 * _magnitude(mp, (100 / t + omega + hop) / delta)
    with mp.workdps(mp.mp.dps + lost + 10):

        def whole(s: Any) -> Any:
            return _collided(hop, s, _static_gaussian(mp, s + hop, delta, omega))

        def precession(s: Any) -> Any:
            rest = _static_gaussian(mp, s + hop, delta, omega, both=False)
            return whole(s) - _collided(hop, s, rest)

        if omega * t < APART:
            return 1 + inverted(mp, whole, t, omega)
        total = 1 + inverted(mp, whole, t)
        if hop * t + (delta * t) ** 2 / 2 < GONE:
            total += 2 * mp.re(inverted(mp, precession, t, 0, mp.mpc(0, omega)))
        return total


def voigtian_by_transform(mp: Any, t: Any, a: Any, sigma: Any, hop: Any) -> Any:
    """The same by the inverse transform alone."""
    lost = 4 * _magnitude(mp, (100 / t + a + hop) / sigma) if sigma else 0
    with mp.workdps(mp.mp.dps + lost + 10):

        def dynamic(s: Any) -> Any:
            z = s + hop
            w = z + a
            line = (1 - w * gaussian_line(mp, w, sigma)) / sigma**2 if sigma else 1 / w**2
            return _collided(hop, s, 1 / (3 * z) + 2 * z * line / 3)

        return 1 + inverted(mp, dynamic, t)


def _magnitude(mp: Any, ratio: Any) -> int:
    return max(0, int(mp.log10(ratio)) + 1)


def _collided(hop: Any, s: Any, static: Any) -> Any:
    """What the dynamic function has beside 1, which would hide the smallest changes."""
    return static / (1 - hop * static) - 1 / s


def _static_gaussian(mp: Any, z: Any, delta: Any, omega: Any, both: bool = True) -> Any:
    """The transform of the static function, or without what is singular at i omega."""
    if omega == 0:
        return 1 / (3 * z) + 2 * z * (1 - z * gaussian_line(mp, z, delta)) / (3 * delta**2)
    turn = mp.mpc(0, omega)
    above = gaussian_line(mp, z + turn, delta)
    below = gaussian_line(mp, z - turn, delta) if both else mp.mpf(0)
    share = 2 * (delta / omega) ** 2
    along = 1 / z - share * (1 / z - (above + below) / 2)
    return along + share * delta**2 / omega * (below - above) / (2j * z)
