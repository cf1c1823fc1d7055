"""Runs that are left out of an order parameter, in words."""

from __future__ import annotations

from collections.abc import Sequence


def grouped(left_out: Sequence[str]) -> str:
    """Runs left out as text, those with one reason together: ``its fit has no nu1: LTF 1-15``.

    Parameters
    ----------
    left_out : ``run: reason`` of each, as in :attr:`OrderPoints.left_out`.
    """
    runs: dict[str, list[str]] = {}
    for entry in left_out:
        name, _, reason = entry.partition(": ")
        runs.setdefault(reason, []).append(name)
    parts = []
    for reason, names in runs.items():
        if len(names) == 1:
            parts.append(f"{names[0]}: {reason}" if reason else names[0])
        else:
            parts.append(f"{reason}: {joined(names)}" if reason else joined(names))
    return "; ".join(parts)


def joined(names: Sequence[str]) -> str:
    """Names of runs, those of one instrument with consecutive numbers as a range."""
    spans: list[tuple[str, int, int]] = []
    for name in names:
        head, _, tail = name.rpartition(" ")
        number = int(tail) if tail.isdecimal() and tail == str(int(tail)) else -1
        if number >= 0 and spans and spans[-1][::2] == (head, number - 1):
            spans[-1] = (head, spans[-1][1], number)
        else:
            spans.append((head if number >= 0 else name, number, number))
    texts = []
    for head, first, last in spans:
        number_text = f"{first}-{last}" if last > first else f"{first}" if first >= 0 else ""
        texts.append(f"{head} {number_text}".strip())
    return ", ".join(texts)
