"""How the runs of a scan were reduced, said once for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

NUMBER = re.compile(r"(?:(?<=[\s(\[])|^)[+-]?\d+(?:\.\d+)?|(?<![\w.])\d+(?:\.\d+)?")
MANY = 3
"""So many notes that differ are all said; of more, the first and their number."""
LONG = 8
"""Rows of more values than this are said by their smallest and largest."""


def assumptions_of(reductions: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line per stage: what was assumed or done, and where runs differ, from what to what.

    Parameters
    ----------
    reductions : per run, ``{stage: {note, option: value}}`` as in ``FitResult.reduction``.
    """
    stages: dict[str, None] = {}
    for reduction in reductions:
        stages.update(dict.fromkeys(reduction))
    lines = []
    for stage in stages:
        steps = [_flat(reduction[stage]) for reduction in reductions if stage in reduction]
        options = [
            f"{name} = {_common(step[name] for step in steps if name in step)}"
            for name in dict.fromkeys(name for step in steps for name in step)
            if name != "note"
        ]
        notes = _notes([step["note"] for step in steps if step.get("note")])
        text = ", ".join(options)
        if notes:
            text += (": " if text else "") + notes
        lines.append(f"{stage}: {text}" if text else stage)
    return lines


def _flat(step: Mapping[str, Any]) -> dict[str, Any]:
    """The options, those of an option that is a table by both names: ``packing bins``."""
    flat: dict[str, Any] = {}
    for name, value in step.items():
        if isinstance(value, Mapping):
            flat.update({f"{name} {key}": one for key, one in value.items()})
        else:
            flat[name] = value
    return flat


def _notes(notes: Sequence[str]) -> str:
    """The sentences of all notes, once; those that differ in measured numbers only as a range."""
    alike: dict[str, list[str]] = {}
    for note in notes:
        for sentence in note.split("; "):
            alike.setdefault(NUMBER.sub("#", sentence), []).append(sentence)
    said = []
    for sentences in alike.values():
        different = list(dict.fromkeys(sentences))
        merged = _merged(different)
        if merged is not None:
            said.append(merged)
        elif len(different) <= MANY:
            said += different
        else:
            said.append(f"{different[0]}, and alike in {len(sentences) - 1} runs")
    if len(said) > 2 * MANY:
        said = [*said[: 2 * MANY], f"and {len(said) - 2 * MANY} more that differ"]
    return "; ".join(said)


def _merged(texts: Sequence[str]) -> str | None:
    """One text for several that differ in numbers only, from the smallest to the largest.

    None where whole numbers differ: these may be names, of a run or of a detector.
    """
    if len({NUMBER.sub("#", text) for text in texts}) != 1:
        return None
    between = NUMBER.split(texts[0])
    ranges = []
    for column in zip(*(NUMBER.findall(text) for text in texts), strict=True):
        low, high = min(column, key=float), max(column, key=float)
        if float(low) == float(high):
            ranges.append(low)
        elif any("." in one for one in column):
            ranges.append(f"{low} to {high}")
        else:
            return None
    filled = [part for pair in zip(between, ranges, strict=False) for part in pair]
    return "".join([*filled, between[-1]])


def _common(values: Iterable[Any]) -> str:
    """The value that all share, or the smallest and the largest, element by element."""
    seen = [_plain(value) for value in values]
    if all(value == seen[0] for value in seen):
        return _text(seen[0])
    if all(isinstance(value, (int, float)) for value in seen):
        return _range(seen)
    if all(isinstance(value, str) for value in seen):
        return _merged(seen) or "different in each run"
    if all(isinstance(value, tuple) and len(value) > 4 for value in seen):
        every = [item for value in seen for item in value]
        if _numeric(every):
            return _range(every)
    if all(isinstance(value, tuple) and len(value) == len(seen[0]) for value in seen):
        return "[" + ", ".join(_common(column) for column in zip(*seen, strict=True)) + "]"
    return "different in each run"


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, tuple)) else value


def _numeric(values: Iterable[Any]) -> bool:
    return all(isinstance(item, (int, float)) for item in values)


def _range(values: Sequence[float]) -> str:
    """``8.25 to 9.7``; once where both print alike."""
    low, high = _text(min(values)), _text(max(values))
    return low if low == high else f"{low} to {high}"


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if not isinstance(value, tuple):
        return str(value)
    if len(value) > 4 and len(set(value)) == 1:
        return f"{_text(value[0])} for all {len(value)}"
    if len(value) > LONG:
        if _numeric(value):
            return f"{_range(value)} for {len(value)}"
        return f"[{_text(value[0])}, ... {len(value)} values]"
    return "[" + ", ".join(_text(item) for item in value) + "]"
