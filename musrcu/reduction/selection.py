"""Detectors named by label or by number: ``1-4,7``, ``Back``, ``Back,2``."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence

from musrcu.errors import ReductionError, nearest

_RANGE = re.compile(r"([0-9]{1,9})(?:\s*-\s*([0-9]{1,9}))?")
_SHORTEST = 3
"""Letters that a label needs to be taken as the beginning of a longer name."""


def select_detectors(
    selection: str | int | Sequence[int] | Sequence[str], run_labels: Sequence[str]
) -> tuple[int, ...]:
    """Detector numbers, counted from 1, in the order in which they are written.

    A label is matched in any case: exactly, then as the beginning of one label (``Ba`` is Back),
    then as a longer form of one label (``Backward`` is Back).

    Parameters
    ----------
    selection : a number, a text of numbers, ranges and labels with commas between them, or a
        sequence of numbers or such texts.
    run_labels : (n_detectors,) the labels of the run, empty where it has none.

    Returns
    -------
    At least one number; none twice.

    Raises
    ------
    ReductionError if a part is empty, out of range, unknown, ambiguous or named twice; the text
    lists the detectors.
    """
    found: list[int] = []
    for number in _numbers(selection, run_labels):
        if number in found:
            raise ReductionError(
                f"detector selection {_show(selection)} names detector {number} twice; "
                "name each once"
            )
        found.append(number)
    if not found:
        raise ReductionError(
            f"detector selection {_show(selection)} is empty; choose from {_listed(run_labels)}"
        )
    return tuple(found)


def _numbers(selection: object, labels: Sequence[str]) -> list[int]:
    if isinstance(selection, str):
        whole = _exact(selection, labels)  # a label may hold a comma
        parts = [selection] if len(whole) == 1 else selection.split(",")
        return [number for part in parts for number in _part(part, labels)]
    if isinstance(selection, Sequence) or hasattr(selection, "tolist"):
        items = selection if isinstance(selection, Sequence) else selection.tolist()
        if isinstance(items, Sequence):
            return [number for item in items for number in _item(item, labels)]
        selection = items
    return _item(selection, labels)


def _item(item: object, labels: Sequence[str]) -> list[int]:
    if isinstance(item, str):
        return _numbers(item, labels)
    try:
        number = operator.index(item)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or isinstance(item, bool):
        raise ReductionError(
            f"detector {item!r} is neither a number nor a label; choose from {_listed(labels)}"
        )
    return [_within(number, labels)]


def _part(part: str, labels: Sequence[str]) -> list[int]:
    """The detectors of one number, range or label."""
    name = part.strip()
    if not name:
        raise ReductionError(
            f"a detector selection has an empty part; choose from {_listed(labels)}"
        )
    match = _RANGE.fullmatch(name)
    if match is None:
        return [_labelled(name, labels)]
    first = _within(int(match[1]), labels)
    last = first if match[2] is None else _within(int(match[2]), labels)
    if last < first:
        raise ReductionError(f"detector range {name} runs backwards; write {last}-{first}")
    return list(range(first, last + 1))


def _within(number: int, labels: Sequence[str]) -> int:
    if not 1 <= number <= len(labels):
        raise ReductionError(
            f"detector {number} does not exist: the run has {len(labels)}, counted from 1 "
            f"({_listed(labels)})"
        )
    return number


def _labelled(name: str, labels: Sequence[str]) -> int:
    folded = [label.strip().casefold() for label in labels]
    wanted = name.casefold()
    longer = [k for k, label in enumerate(folded, 1) if label.startswith(wanted)]
    shorter = [
        k
        for k, label in enumerate(folded, 1)
        if len(label) >= _SHORTEST and wanted.startswith(label)
    ]
    for found in (_exact(name, labels), longer, shorter):
        if len(found) == 1:
            return found[0]
        if found:
            numbers = " and ".join(str(number) for number in found)
            raise ReductionError(
                f"detector {name!r} may be {numbers}; use a number or a longer name from "
                f"{_listed(labels)}"
            )
    hint = nearest(name, [label.strip() for label in labels if label.strip()])
    raise ReductionError(
        f"no detector is called {name!r}{hint or ';'} choose from {_listed(labels)}"
    )


def _exact(name: str, labels: Sequence[str]) -> list[int]:
    wanted = name.strip().casefold()
    if not wanted or _RANGE.fullmatch(wanted):
        return []  # a number is a number, whatever the labels are
    return [k for k, label in enumerate(labels, 1) if label.strip().casefold() == wanted]


def _listed(labels: Sequence[str]) -> str:
    """The detectors as ``1 Forw, 2 Back``, or their range where they have no labels."""
    if not any(label.strip() for label in labels):
        return f"1-{len(labels)}" if labels else "none"
    return ", ".join(f"{k} {label.strip() or 'unnamed'}" for k, label in enumerate(labels, 1))


def _show(selection: object) -> str:
    text = repr(selection)
    return text if len(text) <= 60 else f"{text[:57]}..."
