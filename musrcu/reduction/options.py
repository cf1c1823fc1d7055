"""What the options of a recipe may be: each is refused with its name where it can never work."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from musrcu.containers.numbers import ALPHA_LIMITS, is_balance, is_number, is_whole
from musrcu.errors import ReductionError
from musrcu.instrument_table import GEOMETRIES

LONGEST_DEAD_TIME = 1e3
"""µs; no detector is busy for longer than many muons live."""
LARGEST_BACKGROUND = 1e12
"""Counts per raw bin."""
PERIOD_NUMBERS = re.compile(r"\s*[+-]?\s*[0-9]{1,9}(\s*[+-]\s*[0-9]{1,9})*\s*")
"""Numbers of periods with signs between them, such as ``1+2-3``."""
LONGEST_PERIOD = 500
"""Letters of a choice of periods."""


class Pairs(Mapping[str, Any]):
    """A read-only mapping of a name to numbers, which can be compared, hashed and sent on."""

    __slots__ = ("_items",)
    _items: tuple[tuple[str, Any], ...]

    def __init__(self, items: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_items", tuple(items.items()))

    def __getitem__(self, name: str) -> Any:
        return dict(self._items)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._items))

    def __len__(self) -> int:
        return len(self._items)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a recipe cannot be changed; {name} is read-only")

    def __hash__(self) -> int:
        return hash(frozenset(self._items))

    def __repr__(self) -> str:
        return repr(dict(self._items))

    def __reduce__(self) -> tuple[Any, ...]:
        return (Pairs, (dict(self._items),))


def check_options(options: Mapping[str, Any]) -> None:
    """Raise a ReductionError for the first option that can never work; None is always allowed.

    Parameters
    ----------
    options : by the names of the fields of :class:`musrcu.Reduction`, lists as tuples.
    """
    for name, (right, wanted) in _RULES.items():
        value = options[name]
        if value is not None and not right(value):
            raise ReductionError(f"{name} = {shown(value)}; expected {wanted}")


BACKGROUNDS = ("auto", "none", "fit")
"""Backgrounds in one word."""
BACKGROUND_TABLES = ("before_t0", "given", "per_frame", "late")
"""Backgrounds with two numbers."""


def read_background(value: Any) -> str | Pairs:
    """The background of a recipe, checked.

    Raises
    ------
    ReductionError if it is none of the known kinds, or its numbers can never work.
    """
    names = f"{', '.join(BACKGROUND_TABLES[:-1])} or {BACKGROUND_TABLES[-1]}"
    if not isinstance(value, Mapping):
        if isinstance(value, str) and value in BACKGROUNDS:
            return value
        words = ", ".join(map(repr, BACKGROUNDS))
        raise ReductionError(f"background = {shown(value)}; expected {words}, {names}")
    kinds = [name for name in value if name != "error"]
    if len(kinds) != 1 or kinds[0] not in BACKGROUND_TABLES:
        raise ReductionError(f"background = {shown(dict(value))}; name {names}")
    pairs = {
        name: _background_pair(name, value[name]) for name in sorted(value, key="error".__eq__)
    }
    if "error" in pairs and kinds[0] not in ("given", "per_frame"):
        raise ReductionError(f"background error = {pairs['error']}; it belongs to given, per_frame")
    return Pairs(pairs)


def _background_pair(name: str, pair: Any) -> tuple[float, float]:
    pair = as_tuple(pair)
    if not (isinstance(pair, tuple) and len(pair) == 2 and all(map(is_number, pair))):
        raise ReductionError(f"background {name} = {shown(pair)}; expected two numbers")
    if name == "before_t0" and not pair[0] < pair[1] <= 0:
        raise ReductionError(
            f"background before_t0 = {pair}; the window must lie before t0: two negative times "
            "in us, the earlier one first"
        )
    if name == "late" and not 0 <= pair[0] < pair[1]:
        raise ReductionError(
            f"background late = {pair}; the window must lie after t0: two times in us, the earlier "
            "one first"
        )
    if name in ("given", "per_frame", "error") and not max(map(abs, pair)) <= LARGEST_BACKGROUND:
        raise ReductionError(
            f"background {name} = {pair}; expected at most {LARGEST_BACKGROUND:g} counts per raw "
            "bin"
        )
    if name == "error" and min(pair) < 0:
        raise ReductionError(f"background error = {pair}; expected numbers of 0 or above")
    return pair


def as_tuple(value: Any) -> Any:
    """Lists and arrays as tuples, so that a recipe read from a file equals the one saved."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    return tuple(map(as_tuple, value)) if isinstance(value, (list, tuple, range)) else value


def shown(value: Any) -> str:
    """A value as it is quoted in an error, cut to a readable length."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _is_selection(value: Any) -> bool:
    """A label or number, or several; whether the run has them is seen when it is grouped."""
    several = isinstance(value, Sequence) and not isinstance(value, str)
    parts = tuple(value) if several else (value,)
    return bool(parts) and all(
        bool(part.strip()) if isinstance(part, str) else is_whole(part) and part >= 1
        for part in parts
    )


def _is_row(value: Any, right: Callable[[Any], bool], depth: int = 1) -> bool:
    """Whether ``value`` is right, or a row of such, or with ``depth`` 2 rows of equal length."""
    if not isinstance(value, tuple):
        return right(value)
    if not value or not depth:
        return False
    lengths = {len(row) if isinstance(row, tuple) else None for row in value}
    return len(lengths) == 1 and all(_is_row(row, right, depth - 1) for row in value)


def is_period(value: Any) -> bool:
    """A number from 1, or a text that may name periods; labels are seen with the run."""
    if not isinstance(value, str):
        return is_whole(value) and bool(value >= 1)
    if not (value.strip() and value.isprintable() and len(value) <= LONGEST_PERIOD):
        return False
    if PERIOD_NUMBERS.fullmatch(value) is None:
        return any(letter.isalpha() for letter in value)
    numbers = [int(number) for number in re.findall(r"[0-9]+", value)]
    return min(numbers) >= 1 and len(set(numbers)) == len(numbers)


def _is_t0(value: Any) -> bool:
    if isinstance(value, str):
        return value in ("file", "prompt", "edge")
    return _is_row(value, lambda bin_: is_number(bin_) and bin_ >= 0)


def _is_dead_time(value: Any) -> bool:
    if isinstance(value, str):
        return value in ("auto", "file", "none")
    return _is_row(value, lambda tau: is_number(tau) and abs(tau) <= LONGEST_DEAD_TIME, depth=2)


_SELECTION = (_is_selection, "detectors by label or by number from 1, such as '1-4,7'")

_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "forward": _SELECTION,
    "backward": _SELECTION,
    "exclude": (_is_selection, "'bad', or detectors by label or by number from 1, such as '3,7'"),
    "geometry": (
        lambda name: isinstance(name, str) and name in GEOMETRIES,
        " or ".join(map(repr, GEOMETRIES)),
    ),
    "period": (is_period, "a number from 1, a label, a sum '1+2' or a difference '1-2'"),
    "alpha": (is_balance, f"a number from {ALPHA_LIMITS[0]:g} to {ALPHA_LIMITS[1]:g}"),
    "detector_beta": (is_balance, f"a number from {ALPHA_LIMITS[0]:g} to {ALPHA_LIMITS[1]:g}"),
    "t_max": (lambda t: is_number(t) and t > 0, "a number above 0 (us)"),
    "temperature_log": (
        lambda name: isinstance(name, str) and bool(name.strip()),
        "the name of a log, such as 'Temp_Sample'",
    ),
    "t0": (
        _is_t0,
        "finite bin numbers, 0 or above, one for all or one per detector, or 'file', 'prompt' or "
        "'edge'",
    ),
    "first_good": (lambda n: is_whole(n) and n >= 0, "a whole number, 0 or above (bins after t0)"),
    "dead_time": (
        _is_dead_time,
        "'auto', 'file', 'none' or numbers in us: one for all, one per detector or rows of them by "
        f"period, finite and at most {LONGEST_DEAD_TIME:g}",
    ),
}
