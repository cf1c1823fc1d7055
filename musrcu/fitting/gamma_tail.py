"""The tail of the gamma distribution, which is that of chi-square, without loading SciPy."""

from __future__ import annotations

import math

SMALLEST = 1e-17
"""Part of a sum that adds nothing to it."""
TINY = 1e-300


def gamma_tail(a: float, x: float) -> float:
    """Regularised upper incomplete gamma function Q(a, x), for a > 0.

    The series of its complement below x = a + 1, the continued fraction above, each of some
    sqrt(a) terms. Errors are below 1e-12 of the value for a up to 1e6; what is below the smallest
    number is 0.

    Source: NIST Handbook of Mathematical Functions, 8.11.4 and 8.9.2; W. J. Lentz, Appl. Opt. 15,
    668 (1976).
    """
    if math.isnan(x):
        return math.nan
    if x <= 0:
        return 1.0
    if math.isinf(x):
        return 0.0
    front = _front(a, x)
    return 1.0 - front * _series(a, x) if x < a + 1 else front * _fraction(a, x)


def _front(a: float, x: float) -> float:
    """x^a e^-x / Gamma(a)."""
    if a < 20:
        return math.exp(min(a * math.log(x) - x - math.lgamma(a), 700.0))
    # Of a large a the logarithms nearly cancel; their difference is taken by itself.
    off = (x - a) / a
    if off <= -1:  # x is nothing beside a
        return 0.0
    stirling = 1 / (12 * a) - 1 / (360 * a**3) + 1 / (1260 * a**5)
    exponent = a * (math.log1p(off) - off) - stirling
    return math.exp(exponent) * math.sqrt(a / (2 * math.pi)) if exponent > -745 else 0.0


def _series(a: float, x: float) -> float:
    """Sum of x^n / (a (a+1) ... (a+n))."""
    term = total = 1 / a
    place = a
    while term > SMALLEST * total:
        place += 1
        term *= x / place
        total += term
    return total


def _fraction(a: float, x: float) -> float:
    """1/(x+1-a- 1(1-a)/(x+3-a- 2(2-a)/(x+5-a- ...)))."""
    b = x + 1 - a
    c, d = 1 / TINY, 1 / b
    value, n, factor = d, 0, 0.0
    while abs(factor - 1) > 1e-15 and n < 100_000:
        n += 1
        numerator = -n * (n - a)
        b += 2
        d = 1 / (numerator * d + b or TINY)
        c = b + numerator / c or TINY
        factor = c * d
        value *= factor
    return value
