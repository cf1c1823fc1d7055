"""Whether a function was given what it takes: one sentence instead of a missing attribute."""

from __future__ import annotations

from typing import Any

from musrcu.errors import MusrcuError, ReductionError

ADVICE = {"Run": "read it first", "Counts": "group a run first", "Asymmetry": "reduce a run first"}


def check_kind(
    taker: str, value: Any, kind: type, error: type[MusrcuError] = ReductionError
) -> None:
    """Raise an error unless ``value`` is of a kind.

    Parameters
    ----------
    taker : name of the function that takes it.
    value : what it was given.
    kind : what it takes.
    error : what is raised.
    """
    if isinstance(value, kind):
        return
    name = kind.__name__
    advice = f"; {ADVICE[name]}" if name in ADVICE else ""
    raise error(f"{taker} takes {_article(name)} {name}, not {an(value)}{advice}")


def an(value: Any) -> str:
    """What a value is, with its article: ``an int``, ``a NoneType``."""
    name = type(value).__name__
    return f"{_article(name)} {name}"


def _article(name: str) -> str:
    return "an" if name[:1] in "AEIOUaeiou" else "a"
