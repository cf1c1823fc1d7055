"""Whether the options of a fit are some that it has, and of the kind that it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from musrcu.errors import FitError, nearest

OPTIONS = (
    "start", "fixed", "limits", "ties", "constraints", "t_range", "minos", "max_asymmetry",
    "average_bins", "cost", "alternatives",
)  # fmt: skip
"""Those of :func:`musrcu.fit`."""


def check_options(taker: str, options: Mapping[str, Any]) -> None:
    """Refuse options that no fit has, where a function hands on those that it is given.

    Parameters
    ----------
    taker : name of that function.
    options : what it was given.

    Raises
    ------
    FitError that names the first unknown one.
    """
    for name in options:
        if name not in OPTIONS:
            raise FitError(
                f"{taker} has no option {name!r}{nearest(name, OPTIONS)}; of a fit it takes "
                f"{', '.join(OPTIONS)}"
            )


def check_tables(**tables: object) -> None:
    """Refuse what is no table by names of parameters.

    Raises
    ------
    FitError that names it.
    """
    for name, table in tables.items():
        if table is None:
            continue
        if not isinstance(table, Mapping) or not all(isinstance(key, str) for key in table):
            raise FitError(f"{name} = {table!r}; give a table by names of parameters, or None")


def names_of(minos: object) -> tuple[str, ...]:
    """Names of parameters from one of them, several, or None.

    Raises
    ------
    FitError if they are something else.
    """
    given = (minos,) if isinstance(minos, str) else () if minos is None else minos
    if isinstance(given, Iterable):
        found = tuple(given)
        if all(isinstance(name, str) for name in found):
            return found
    raise FitError(f"minos = {minos!r}; give names of parameters")
