"""Runs that belong together: by field, temperature, period, instrument or anything else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np

from musrcu.containers.history import History
from musrcu.containers.run import Run
from musrcu.errors import FitError
from musrcu.fitting.data import Data
from musrcu.joint.member import label_of

Key = str | Callable[[Run], Any]
"""A name of metadata, or what a function makes of a run."""

_SCALARS = (str, bool, int, float, date)

SAME = 0.005
"""Numbers that differ by less than this part of the larger belong to one group."""
UNITS = {"field": " G", "temperature": " K"}


def groups(key: Key, data: Sequence[Data]) -> list[tuple[str, tuple[int, ...]]]:
    """(label, positions of its runs) of each group, in the order of the runs.

    Numbers are one group where they are within half a per cent of the first of it.

    Parameters
    ----------
    key : ``field``, ``temperature``, ``run``, ``period``, ``instrument`` or another attribute of a
        run, ``label`` of a single histogram, or a function of the run.
    data : what is fitted.

    Raises
    ------
    FitError if a run does not know it, or it is no number or text.
    """
    found: list[tuple[Any, list[int]]] = []
    if not (isinstance(key, str) or callable(key)):
        raise FitError(f"by {key!r}: give the name of what a run is, or a function of the run")
    for place, one in enumerate(data):
        value = _checked(key, _value(key, one), one)
        for first, members in found:
            if _same(first, value):
                members.append(place)
                break
        else:
            found.append((value, [place]))
    word = _name(key)
    labels = [f"{word}={_said(value)}{UNITS.get(word, '')}" for value, _ in found]
    if len(set(labels)) < len(labels):
        labels = [f"{label}, {k + 1}" for k, label in enumerate(labels)]
    return [(label, tuple(one)) for label, (_, one) in zip(labels, found, strict=True)]


def _value(key: Key, data: Data) -> Any:
    run = data.run
    if not isinstance(key, str):
        return key(run)
    if key == "period":
        return period_of(data.history)
    if key == "label":
        return label_of(data)
    if key == "temperature":
        value: Any = run.temperature.value
    else:
        name = "number" if key == "run" else key
        if name not in Run.__dataclass_fields__:
            raise FitError(
                f"by {key!r}: a run has no such thing; group by field, temperature, run, period, "
                "instrument, sample, title, label (of a histogram), or a function of the run"
            )
        value = getattr(run, name)
    if value is None:
        raise FitError(f"{run.name}: the file names no {key}, by which runs are to be grouped")
    return value


def _checked(key: Key, value: Any, data: Data) -> Any:
    """The value of one run, which has to be a number, a text or None to be compared.

    Raises
    ------
    FitError where it is anything else.
    """
    if isinstance(value, np.generic):
        value = value.item()
    whole = isinstance(value, tuple) and all(isinstance(one, _SCALARS) for one in value)
    if value is None or isinstance(value, _SCALARS) or whole:
        if value != value:
            raise FitError(f"{data.run.name}: {_worded(key)} is NaN, which is equal to nothing")
        return value
    raise FitError(
        f"{data.run.name}: {_worded(key)} is {_article(value)}; group by one number or text of "
        "each run"
    )


def _worded(key: Key) -> str:
    return repr(key) if isinstance(key, str) else f"what {_name(key)} makes of it"


def _article(value: Any) -> str:
    kind = type(value).__name__.removeprefix("nd")
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _name(key: Key) -> str:
    return key if isinstance(key, str) else getattr(key, "__name__", "group")


def period_of(history: History) -> Any:
    """Which periods were taken; 1 of a run that has one."""
    for stage in ("subtract_periods", "select_periods"):
        step = history.find(stage)
        if step is not None:
            return str(step.options.get("period", step.options))
    return "1"


def _same(first: Any, value: Any) -> bool:
    if isinstance(first, float) and isinstance(value, (int, float)):
        return abs(first - value) <= SAME * max(abs(first), abs(value))
    return bool(first == value)


def _said(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
