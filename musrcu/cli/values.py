"""Values on the command line: each function turns one text into a value or says what is expected.

They raise ``argparse.ArgumentTypeError``, which becomes one line and exit code 2.
"""

from __future__ import annotations

import argparse
import itertools
import math
import re
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

LARGEST = 1e9
"""The largest size of any number; nothing measured comes near, and its square is no overflow."""
SMALLEST = 1e-9
"""The smallest number above 0 where 0 is not allowed."""


def number(text: str) -> float:
    """A finite number of a sane size."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ArgumentTypeError(f"{_short(text)} is not a number")
    _refuse_size(value, text)
    return value


def above_zero(text: str) -> float:
    """A number above 0."""
    value = number(text)
    if value <= 0:
        raise ArgumentTypeError(f"{text} is not above 0")
    if value < SMALLEST:
        raise ArgumentTypeError(f"{text} is too small; expected {SMALLEST:g} or more")
    return value


def whole(text: str) -> int:
    """A whole number."""
    try:
        value = int(text)
    except ValueError:
        raise ArgumentTypeError(f"{_short(text)} is not a whole number") from None
    _refuse_size(value, text)
    return value


def count(text: str) -> int:
    """A whole number from 1."""
    value = whole(text)
    if value < 1:
        raise ArgumentTypeError(f"{text} is not 1 or above")
    return value


def period(text: str) -> int | str:
    """A number from 1, a label, or several with signs between them: ``1+2``, ``1-2``."""
    from musrcu.reduction.options import is_period

    found = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text.strip()
    if not is_period(found):
        raise ArgumentTypeError(
            f"{_short(text)} is not a period from 1, a label, a sum such as 1+2 or a difference "
            "such as 1-2"
        )
    return found


def one_or_several(text: str) -> float | tuple[float, ...]:
    """A number, or numbers with commas between them."""
    values = tuple(number(part) for part in text.split(","))
    return values[0] if len(values) == 1 else values


def pair(text: str) -> tuple[float, float]:
    """Two numbers with a comma between them."""
    parts = text.split(",")
    if len(parts) != 2:
        raise ArgumentTypeError(f"{text!r} is not two numbers with a comma between them")
    return number(parts[0]), number(parts[1])


def interval(text: str) -> tuple[float, float]:
    """A first and a larger last number."""
    low, high = pair(text)
    if not low < high:
        raise ArgumentTypeError(f"{text}: the first is not below the last")
    return low, high


def words(text: str) -> tuple[str, ...]:
    """Names with commas between them."""
    found = tuple(part.strip() for part in text.split(","))
    if not all(found):
        raise ArgumentTypeError(f"{text!r} is not a list of names with commas between them")
    return found


def assignments(text: str) -> dict[str, float]:
    """``name=value[,name=value]``."""
    found: dict[str, float] = {}
    for part in re.split(r",(?![^\[]*\])", text):
        name, value = _split(part, "nu2=1.5,phi2=0")
        if name in found:
            raise ArgumentTypeError(f"{name} is given twice")
        found[name] = number(value)
    return found


def limit(text: str) -> dict[str, tuple[float | None, float | None]]:
    """``name=low,high``; an end that is left out is open."""
    name, value = _split(text, "nu2=0.5,3")
    parts = [part.strip() for part in value.split(",")]
    if len(parts) != 2 or not any(parts):
        raise ArgumentTypeError(f"{text!r} is not a name and two limits such as nu2=0.5,3")
    low, high = (number(part) if part else None for part in parts)
    return {name: (low, high)}


def tie(text: str) -> dict[str, str]:
    """``name=expression``."""
    name, expression = _split(text, "lambda2=2*lambda1")
    return {name: expression}


def profile_picture(text: str, example: str = "nu2") -> dict[str, Path]:
    """``name=file``."""
    name, file = _split(text, f"{example}={example}.png")
    return {name: Path(file)}


def contour_picture(text: str, example: str = "nu2,lambda2") -> dict[tuple[str, ...], Path]:
    """``name,name=file``."""
    names, file = _split(text, f"{example}=region.png")
    both = words(names)
    if len(both) != 2 or both[0] == both[1]:
        raise ArgumentTypeError(f"{_short(names)} is not the names of two parameters: {example}")
    return {both: Path(file)}


def known(text: str) -> dict[str, tuple[float, float]]:
    """``name=value,error[,name=value,error]``."""
    found: dict[str, tuple[float, float]] = {}
    for part in re.split(r",(?![^\[]*\])(?=[^,=\[]*(?:\[[^\]]*\]\s*)?=)", text):
        name, value = _split(part, "A1=0.055,0.002")
        if name in found:
            raise ArgumentTypeError(f"{name} is given twice")
        try:
            found[name] = pair(value)
        except ArgumentTypeError:
            raise ArgumentTypeError(
                f"{_short(part)} is not a name, its value and its error, such as A1=0.055,0.002"
            ) from None
        if found[name][1] < SMALLEST:
            raise ArgumentTypeError(f"{part!r}: the error is not above 0; --fix holds a parameter")
    return found


def background(text: str) -> str | dict[str, Any]:
    """A word, a window in us, two numbers, or ``run=FILE`` with ``,factor`` behind it."""
    from musrcu.reduction.options import BACKGROUND_TABLES, BACKGROUNDS

    if text in BACKGROUNDS:
        return text
    name, _, value = text.partition("=")
    if name == "run" and value:
        file, _, factor = value.rpartition(",")
        try:
            known = bool(file) and not math.isnan(float(factor))
        except ValueError:  # a comma in the name of the file
            known = False
        return {"run": file, "factor": above_zero(factor)} if known else {"run": value}
    if name not in BACKGROUND_TABLES or not value:
        raise ArgumentTypeError(
            f"{text!r} is not {', '.join(BACKGROUNDS)}, before_t0=-0.5,-0.05 or late=10,30 (us), "
            "given=3.1,2.9 (counts per raw bin of forward and backward), per_frame=3e-6,2e-6, or "
            "run=FILE"
        )
    return {name: pair(value)}


def packing(text: str) -> int | str | dict[str, int | tuple[float, ...]]:
    """A whole number, ``variable``, ``bins=K``, ``first=N`` or ``edges=us,us,...``."""
    if text == "variable":
        return text
    name, equals, value = text.partition("=")
    if not equals and text.removeprefix("-").isdecimal():
        return count(text)
    if name in ("bins", "first") and equals:
        return {name: count(value)}
    if name != "edges" or not equals:
        raise ArgumentTypeError(
            f"{_short(text)} is not a whole number, variable, bins=40, first=4 or "
            "edges=0.1,0.2,0.5 (us)"
        )
    edges = tuple(number(part) for part in value.split(","))
    if len(edges) < 2 or any(one >= other for one, other in itertools.pairwise(edges)):
        raise ArgumentTypeError(f"{_short(text)} is not two or more rising times in us")
    return {name: edges}


def dead_time(text: str) -> str | float | tuple[float, ...]:
    """``auto``, ``file``, ``none``, us (one number or one per detector), or a table of them."""
    if text in ("auto", "file", "none"):
        return text
    try:
        return one_or_several(text)
    except ArgumentTypeError:
        pass
    from musrcu.errors import ReadError
    from musrcu.readers.dead_time_table import read_dead_times

    if not Path(text).is_file():
        raise ArgumentTypeError(f"{_short(text)} is not auto, file, none, us, nor a file of them")
    if text.endswith(".toml"):
        raise ArgumentTypeError(
            f"{_short(text)} is no table of lines 'detector us'; a calibration is taken by "
            f"--calibration {text}"
        )
    try:
        return read_dead_times(text)
    except ReadError as error:
        raise ArgumentTypeError(str(error)) from None


def t0(text: str) -> str | float | tuple[float, ...]:
    """``file``, ``prompt``, ``edge``, or bins: one number or one per detector."""
    if text in ("file", "prompt", "edge"):
        return text
    try:
        return one_or_several(text)
    except ArgumentTypeError:
        raise ArgumentTypeError(f"{text!r} is not file, prompt, edge or a bin number") from None


def method(text: str) -> str:
    """How errors of temperatures enter an order parameter."""
    from musrcu.ordering.method import METHODS

    return _one_of(text, METHODS)


def above(text: str) -> str:
    """What runs without order do in an order parameter."""
    from musrcu.ordering.censored import ABOVE

    return _one_of(text, ABOVE)


def _one_of(text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise ArgumentTypeError(f"{_short(text)} is not one of {', '.join(known)}")
    return text


def kelvin(text: str) -> float:
    """A temperature above 0 with or without its unit, K: ``0.0005``, ``0.5mK``."""
    from musrcu.containers.temperature import kelvin as read
    from musrcu.errors import MusrcuError

    try:
        value = read(text)
    except MusrcuError:
        raise ArgumentTypeError(
            f"{_short(text)} is no temperature such as 0.0005, 0.0005K or 0.5mK"
        ) from None
    return above_zero(repr(value))


def exponent(text: str) -> float | str:
    """A number above 0, or ``free``."""
    return text if text == "free" else above_zero(text)


class Merge(argparse.Action):
    """An option that may be repeated, each time with other names."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Add the names of one occurrence to those of the others."""
        known = getattr(namespace, self.dest) or {}
        for name in values:
            if name in known:
                raise argparse.ArgumentError(self, f"{name} is given twice")
        setattr(namespace, self.dest, {**known, **values})


def _refuse_size(value: float, text: str) -> None:
    if abs(value) > LARGEST:
        raise ArgumentTypeError(
            f"{_short(text)} is too large; expected at most {LARGEST:g} either side of 0"
        )


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")


_LABEL = re.compile(r"[^=\[\]]*\[[^\]]*\]\s*(?==)")
"""The name of a parameter of a group, such as nu2[temperature=9 K], before the = of its value."""


def _split(text: str, example: str) -> tuple[str, str]:
    label = _LABEL.match(text)
    end = label.end() if label else text.find("=")
    name, value = text[: max(end, 0)].strip(), text[end + 1 :].strip()
    if end < 0 or not (name and value) or ("[" in name and not label):
        raise ArgumentTypeError(f"{text!r} is not of the form {example}")
    return name, value
