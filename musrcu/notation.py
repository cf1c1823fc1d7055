"""Values and errors as the field prints them: ``1.59(1) MHz``."""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Decimal

from musrcu.errors import MusrcuError, quoted

PLAIN = range(-12, 6)
"""Powers of ten of an error's last digit that are printed without an exponent."""
DIGITS = 15
"""Significant digits that every double holds: an error beyond them is none."""

_NUMBER = r"\d{1,40}\.?\d{0,40}|\.\d{1,40}"
_WRITTEN = re.compile(
    rf"(?P<value>[+-]?(?:{_NUMBER}))"
    rf"(?:\((?P<bracket>{_NUMBER})\))?(?P<power>e[+-]?\d{{1,3}})?"
    rf"(?:\s*(?:\+-|\+/-|±)\s*(?P<error>(?:{_NUMBER})(?:e[+-]?\d{{1,3}})?)"
    rf"|\s+-(?P<low>{_NUMBER})\s+\+(?P<high>{_NUMBER}))?"
    r"(?:\s*(?P<unit>[A-Za-z]\w*))?",
    re.ASCII,
)


def bracket(value: float | None, error: float | None, unit: str = "") -> str:
    """A value with its error in brackets, to the first significant digit of the error.

    A value that would be rounded to zero takes two digits of its error where they leave something
    of it: ``-0.02(13)``.

    Parameters
    ----------
    value, error : numbers in ``unit``; an error that is None, zero or not finite is left out and
        the value is printed to six digits.
    unit : printed behind the value; empty for a dimensionless number.

    Returns
    -------
    Text such as ``1.59(1) MHz``, ``12300(400)``, ``-0.2(3)`` or ``1.23(4)e-15``; ``4.2 +- 9e-16``
    where the error is beyond the digits that a double holds.
    """
    tail = f" {unit}" if unit else ""
    if value is None or not math.isfinite(value):
        return "unknown"
    if error is None or not math.isfinite(error) or error <= 0:
        return f"{value:.6g}{tail}"
    value = float(value)
    digits, exponent = _rounded(error, 1)
    if 0.05 <= abs(Decimal(value).scaleb(-exponent)) < 0.5:
        digits, exponent = _rounded(error, 2)
    leading = max(Decimal(value).adjusted() if value else exponent, exponent)
    if leading - exponent >= DIGITS:
        return f"{float(value)!r} +- {error:.1g}{tail}"
    if exponent not in PLAIN or abs(value) >= 1e12:
        power = f"e{leading}" if leading else ""
        scaled = Decimal(value).scaleb(-leading)
        return f"{_fixed(scaled, leading - exponent)}({digits}){power}{tail}"
    if exponent >= 0:
        scale = 10**exponent
        return f"{round(value / scale) * scale:d}({digits * scale:d}){tail}"
    return f"{_fixed(Decimal(value), -exponent)}({digits}){tail}"


def _rounded(error: float, n: int) -> tuple[int, int]:
    """(d, e) with d 10^e the error to ``n`` significant digits, as it prints: 0.0095 is 1e-2."""
    shortest = Decimal(repr(float(error)))
    exponent = shortest.adjusted() - n + 1
    digits = int(shortest.scaleb(-exponent).quantize(Decimal(1), ROUND_HALF_UP))
    return (digits // 10, exponent + 1) if digits == 10**n else (digits, exponent)


def _fixed(value: Decimal, decimals: int) -> str:
    """Fixed-point text without a minus sign in front of zeros."""
    text = f"{value:.{decimals}f}"
    return text if text.strip("-0.") else text.lstrip("-")


def asymmetric(value: float, low: float, high: float, unit: str = "") -> str:
    """A value with unequal errors, ``0.105 -0.001 +0.002 K``, to the digit of the smaller one."""
    tail = f" {unit}" if unit else ""
    small = min(abs(low), abs(high))
    if not (math.isfinite(small) and small > 0):
        return f"{value:.6g} {low:+.2g} {high:+.2g}{tail}"
    decimals = max(0, 1 - math.floor(math.log10(small)))
    return f"{value:.{decimals}f} {-abs(low):+.{decimals}f} {abs(high):+.{decimals}f}{tail}"


def parsed(text: str) -> tuple[float, tuple[float, float] | None, str]:
    """A value with its errors and unit from text as the field, and this module, print it.

    ``13.7(1)``, ``13.7(1) K``, ``1.23(4)e-15``, ``12300(400) G``, ``13.7 +- 0.1 K`` (or ``±``) and
    ``0.105 -0.001 +0.002 K``; digits in brackets count in the last digits of the value, those with
    a point of their own as they stand.

    Returns
    -------
    (value, (low, high) or None where no error is written, unit), low below 0 and high above; the
    unit is empty where none is written. Nothing is converted.

    Raises
    ------
    MusrcuError for any other text.
    """
    match = _WRITTEN.fullmatch(text.strip())
    if match is None or (match["bracket"] and (match["error"] or match["low"])):
        raise MusrcuError(
            f"{quoted(text)} is no value with an error; expected text such as '13.7(1)', "
            "'13.7 +- 0.1' or '13.7'"
        )
    power = match["power"] or ""
    value, unit = float(match["value"] + power), match["unit"] or ""
    if match["low"]:
        return value, (-float(match["low"]), float(match["high"])), unit
    error = match["error"]
    if match["bracket"]:
        decimals = len(match["value"].partition(".")[2])
        last = f"e-{decimals}" if "." not in match["bracket"] else ""
        error = str(float(match["bracket"] + last) * float(f"1{power}"))
    return value, None if error is None else (-float(error), float(error)), unit


def field(gauss: float | None, error: float | None = None) -> str:
    """A magnetic field in G, with mT or T beside it: ``50 G (5 mT)``, ``2000 G (0.2 T)``."""
    if gauss is None or not math.isfinite(gauss):
        return "B unknown"
    text = bracket(gauss, error, "G")
    if gauss == 0:
        return text
    scale, unit = (1e4, "T") if abs(gauss) >= 1000 else (10.0, "mT")
    return f"{text} ({bracket(gauss / scale, None if error is None else error / scale, unit)})"


def probability(value: float, digits: int = 2) -> str:
    """A probability as it prints: ``0.43``, ``< 1e-300``; never 0."""
    return "< 1e-300" if value < 1e-300 else f"{value:.{digits}g}"


def said(value: float, digits: int = 2) -> str:
    """A probability with its symbol: ``p = 0.43``, ``p < 1e-300``."""
    text = probability(value, digits)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def table(rows: list[list[str]], header: list[str]) -> str:
    """A plain text table: one header line, columns aligned left, two blanks between them."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
