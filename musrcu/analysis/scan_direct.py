"""What [order] of a scan file says of the one-step fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from musrcu.containers.numbers import is_number
from musrcu.containers.temperature import kelvin
from musrcu.errors import MusrcuError
from musrcu.files import PathLike

DIRECT_KEYS = ("direct", "sigma_TN", "smooth", "local", "spread")
"""``direct = true`` asks for the one-step fit; the others are its options."""


def direct_of(path: PathLike, order: dict[str, Any]) -> tuple[bool, dict[str, Any]]:
    """Whether a one-step fit is asked for, and its options, both taken out of [order].

    Raises
    ------
    MusrcuError for a value that can never work.
    """
    found = {key: order.pop(key) for key in DIRECT_KEYS if key in order}
    direct = found.pop("direct", False)
    if not isinstance(direct, bool):
        raise MusrcuError(f"{path}: [order] direct = {direct!r}; expected true or false")
    for key, value in found.items():
        read, wanted = _RULES[key]
        try:
            found[key] = read(value)
        except (MusrcuError, TypeError, ValueError):
            raise MusrcuError(f"{path}: [order] {key} = {value!r}; expected {wanted}") from None
    return direct, found


def _width(value: Any) -> float | str:
    return value if value == "free" else _kelvin(value)


def _spread(value: Any) -> float | str | None:
    if value in ("log", "readings", "none"):
        return None if value == "none" else str(value)
    return _kelvin(value)


def _kelvin(value: Any) -> float:
    """A temperature above 0 as a number or as text with its unit, K."""
    found = kelvin(value) if isinstance(value, str) else value
    if not is_number(found) or not found > 0:
        raise ValueError
    return float(found)


def _degrees(value: Any) -> dict[str, int]:
    if not isinstance(value, Mapping):
        raise TypeError
    for degree in value.values():
        if isinstance(degree, bool) or not isinstance(degree, int) or not 0 <= degree <= 8:
            raise ValueError
    return dict(value)


def _names(value: Any) -> list[str]:
    if not (isinstance(value, list) and all(isinstance(name, str) for name in value)):
        raise TypeError
    return value


_RULES: dict[str, tuple[Any, str]] = {
    "sigma_TN": (_width, "a width in K above 0, text such as '0.2 mK', or 'free'"),
    "smooth": (_degrees, "a table of degrees from 0 to 8 such as { lambda1 = 2 }"),
    "local": (_names, "a list of names"),
    "spread": (_spread, "'log', 'readings', 'none', or a spread in K above 0"),
}
"""How each is read, and what it may be."""
