"""Values as the field prints them: by hand, and by reading the text back."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musrcu import notation
from musrcu.errors import MusrcuError
from musrcu.notation import asymmetric, bracket, table


@pytest.mark.parametrize(
    ("value", "error", "unit", "text"),
    [
        (1.59, 0.01, "MHz", "1.59(1) MHz"),
        (0.105, 0.001, "K", "0.105(1) K"),
        (0.12, 0.02, "", "0.12(2)"),
        (12345.6, 400.0, "", "12300(400)"),
        (12.0, 3.0, "G", "12(3) G"),
        (-0.21, 0.3, "", "-0.2(3)"),
        # an error that rounds up to the next power of ten
        (1.0, 0.0095, "", "1.00(1)"),
        (1.0, 0.0094, "", "1.000(9)"),
        (5.3, 0.96, "", "5(1)"),
        (250.0, 96.0, "", "200(100)"),
        # a value that one digit of the error would wipe out
        (-0.02, 0.13, "", "-0.02(13)"),
        (2.0, 13.0, "", "2(13)"),
        # no digit helps: a zero has no sign
        (-0.001, 0.13, "", "0.0(1)"),
        (0.0, 0.3, "", "0.0(3)"),
        (-0.0, 0.3, "", "0.0(3)"),
        # large and small
        (1.234e-15, 1e-17, "s", "1.23(1)e-15 s"),
        (-6.02e23, 4e21, "", "-6.02(4)e23"),
        (0.0, 2e20, "", "0(2)e20"),
        (1e300, 1e298, "", "1.00(1)e300"),
        (3.0, 1e-30, "", "3.0 +- 1e-30"),
        (1.0, 5e-324, "", "1.0 +- 5e-324"),
        # an error that is the rounding of the value
        (99.99999999999999, 8e-16, "K", "99.99999999999999 +- 8e-16 K"),
        (4.2, 8.9e-16, "", "4.2 +- 9e-16"),
        (4.2, 1e-14, "", "4.20000000000000(1)"),
    ],
)
def test_printed(value: float, error: float, unit: str, text: str) -> None:
    assert bracket(value, error, unit) == text


@pytest.mark.parametrize("error", [None, 0.0, -1.0, math.nan, math.inf])
def test_without_an_error_six_digits(error: float | None) -> None:
    assert bracket(1.5912345, error, "MHz") == "1.59123 MHz"


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_no_value_is_unknown(value: float | None) -> None:
    assert bracket(value, 0.1, "K") == "unknown"


def test_numpy_numbers_print_like_others() -> None:
    assert bracket(np.float64(1.59), np.float64(0.01)) == "1.59(1)"
    assert bracket(np.float32(2.5), np.float32(0.25)) == bracket(2.5, 0.25)


def read_back(text: str) -> tuple[Fraction, Fraction, Fraction]:
    """(value, error, last printed digit) of a text with brackets, exactly."""
    match = re.fullmatch(r"(-?\d+(?:\.(\d+))?)\((\d+)\)(?:e(-?\d+))?", text)
    assert match, text
    power = Fraction(10) ** int(match[4] or 0)
    if match[2] is not None:
        last = Fraction(1, 10 ** len(match[2]))
        error = int(match[3]) * last
    else:  # whole numbers: the bracket is a number of its own
        error = Fraction(int(match[3]))
        last = Fraction(10 ** (len(match[3]) - len(match[3].rstrip("0"))))
    return Fraction(match[1]) * power, error * power, last * power


@given(
    st.floats(-1e12, 1e12) | st.floats(-1e300, 1e300) | st.floats(-10, 10),
    st.floats(1e-15, 1e-2) | st.floats(1e-3, 10) | st.floats(10, 1e15) | st.floats(1e-300, 1e300),
)
def test_value_and_error_are_recovered(value: float, error: float) -> None:
    text = bracket(value, error)
    if " +- " in text:  # an error beyond the digits of the value
        assert abs(value) > 1e14 * error
        assert float(text.split()[0]) == value
        return
    found, spread, last = read_back(text)
    # half a unit, and the rounding of one division where the digits are whole numbers
    room = last / 2 * (1 + Fraction(1, 10**9)) + abs(Fraction(value)) / 2**52
    assert abs(found - Fraction(value)) <= room
    assert abs(spread - Fraction(Decimal(repr(error)))) <= last / 2
    assert spread > 0
    assert not re.match(r"-0(\.0*)?\(", text)


def test_unequal_errors_to_two_digits_of_the_smaller() -> None:
    assert asymmetric(0.1052, -0.0011, 0.0023, "K") == "0.1052 -0.0011 +0.0023 K"
    assert asymmetric(12.0, -1.25, 30.0) == "12.0 -1.2 +30.0"
    assert asymmetric(1.5, -0.2, math.inf).startswith("1.50 -0.20 ")
    assert asymmetric(1.5, 0.0, 0.1, "K") == "1.5 +0 +0.1 K"


def test_table_is_aligned() -> None:
    text = table([["nu2", "1.59(1)"], ["lambda2", "0.3(1)"]], ["parameter", "value"])
    assert text.split("\n") == ["parameter  value", "nu2        1.59(1)", "lambda2    0.3(1)"]


@pytest.mark.parametrize(
    ("gauss", "error", "text"),
    [
        (None, None, "B unknown"),
        (0.0, None, "0 G"),
        (50.0, None, "50 G (5 mT)"),
        (-2.0, None, "-2 G (-0.2 mT)"),
        (2000.0, None, "2000 G (0.2 T)"),
        (97.91, 0.055, "97.91(6) G (9.791(6) mT)"),
    ],
)
def test_a_field_prints_in_gauss_and_tesla(
    gauss: float | None, error: float | None, text: str
) -> None:
    assert notation.field(gauss, error) == text


def test_a_probability_is_said_with_its_symbol() -> None:
    assert notation.said(0.4321) == "p = 0.43"
    assert notation.said(1e-310) == "p < 1e-300"
    assert notation.said(0.0) == "p < 1e-300"


@pytest.mark.parametrize(
    ("text", "value", "sides", "unit"),
    [
        ("13.7(1)", 13.7, (-0.1, 0.1), ""),
        (" 13.7(1) K ", 13.7, (-0.1, 0.1), "K"),
        ("0.105(12)K", 0.105, (-0.012, 0.012), "K"),
        ("12300(400) G", 12300.0, (-400.0, 400.0), "G"),
        ("1.23(4)e-15", 1.23e-15, (-4e-17, 4e-17), ""),
        ("13.7(0.2)", 13.7, (-0.2, 0.2), ""),
        ("-0.2(3)", -0.2, (-0.3, 0.3), ""),
        (".5(1)", 0.5, (-0.1, 0.1), ""),
        ("13.7 +- 0.1 K", 13.7, (-0.1, 0.1), "K"),
        ("13.7±0.1", 13.7, (-0.1, 0.1), ""),
        ("4.2 +/- 9e-16", 4.2, (-9e-16, 9e-16), ""),
        ("0.105 -0.001 +0.002 K", 0.105, (-0.001, 0.002), "K"),
        ("13.7", 13.7, None, ""),
        ("1e3 mK", 1e3, None, "mK"),
    ],
)
def test_text_as_it_is_printed_is_read(
    text: str, value: float, sides: tuple[float, float] | None, unit: str
) -> None:
    found, errors, own = notation.parsed(text)
    assert (found, own) == (value, unit)
    assert errors == (None if sides is None else pytest.approx(sides, rel=1e-14))


@pytest.mark.parametrize(
    "text",
    ["", "K", "13.7(1", "13.7(1) +- 0.1", "13,7(1)", "(1)", "13.7(-1)", "1 2", "nan", "13.7()"],
)
def test_other_text_is_no_value(text: str) -> None:
    with pytest.raises(MusrcuError, match="is no value with an error; expected text such as"):
        notation.parsed(text)


@given(
    st.floats(min_value=1e-11, max_value=1e9) | st.floats(min_value=-1e9, max_value=-1e-11),
    st.floats(min_value=1e-3, max_value=0.5),
)
def test_a_bracket_is_read_back(value: float, relative: float) -> None:
    error = abs(value) * relative
    found, errors, unit = notation.parsed(bracket(value, error, "MHz"))
    assert (unit, errors is None) == ("MHz", False)
    assert errors is not None
    assert errors[1] == -errors[0] == pytest.approx(error, rel=0.51)
    assert abs(found - value) <= 0.51 * errors[1]
