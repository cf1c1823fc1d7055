"""Values and errors as the field prints them: ``1.59(1) MHz``."""

from __future__ import annotations

import math


def bracket(value: float | None, error: float | None, unit: str = "") -> str:
    """A value with its error in brackets, to the first significant digit of the error.

    Parameters
    ----------
    value, error : numbers in ``unit``; an error that is None, zero or not finite is left out and
        the value is printed to six digits.
    unit : printed behind the value; empty for a dimensionless number.

    Returns
    -------
    Text such as ``1.59(1) MHz``, ``12300(400)`` or ``-0.2(3)``.
    """
    tail = f" {unit}" if unit else ""
    if value is None or not math.isfinite(value):
        return "unknown"
    if error is None or not math.isfinite(error) or error <= 0:
        return f"{value:.6g}{tail}"
    exponent = math.floor(math.log10(error))
    digits = round(error / 10.0**exponent)
    if digits == 10:
        digits, exponent = 1, exponent + 1
    if exponent >= 0:
        scale = 10**exponent
        return f"{round(value / scale) * scale:d}({digits * scale:d}){tail}"
    if exponent < -12 or abs(value) >= 1e12:
        return f"{value:.6g} +- {error:.1g}{tail}"
    return f"{value:.{-exponent}f}({digits}){tail}"


def asymmetric(value: float, low: float, high: float, unit: str = "") -> str:
    """A value with unequal errors, ``0.105 -0.001 +0.002 K``, to the digit of the smaller one."""
    tail = f" {unit}" if unit else ""
    small = min(abs(low), abs(high))
    if not (math.isfinite(small) and small > 0):
        return f"{value:.6g} {low:+.2g} {high:+.2g}{tail}"
    decimals = max(0, 1 - math.floor(math.log10(small)))
    return f"{value:.{decimals}f} {-abs(low):+.{decimals}f} {abs(high):+.{decimals}f}{tail}"


def table(rows: list[list[str]], header: list[str]) -> str:
    """A plain text table: one header line, columns aligned left, two blanks between them."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
