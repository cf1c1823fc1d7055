"""How the runs of a scan were reduced, said once for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


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
        steps = [reduction[stage] for reduction in reductions if stage in reduction]
        options = [
            f"{name} = {_common(step[name] for step in steps if name in step)}"
            for name in dict.fromkeys(name for step in steps for name in step)
            if name != "note"
        ]
        notes = list(dict.fromkeys(step["note"] for step in steps if step.get("note")))
        text = ", ".join(options)
        if notes:
            text += (": " if text else "") + "; ".join(notes)
        lines.append(f"{stage}: {text}" if text else stage)
    return lines


def _common(values: Iterable[Any]) -> str:
    """The value that all share, or the smallest and the largest, element by element."""
    seen = [_plain(value) for value in values]
    if all(value == seen[0] for value in seen):
        return _text(seen[0])
    if all(isinstance(value, (int, float)) for value in seen):
        return f"{_text(min(seen))} to {_text(max(seen))}"
    if all(isinstance(value, tuple) and len(value) > 4 for value in seen):
        every = [item for value in seen for item in value]
        if all(isinstance(item, (int, float)) for item in every):
            return f"{_text(min(every))} to {_text(max(every))}"
    if all(isinstance(value, tuple) and len(value) == len(seen[0]) for value in seen):
        return "[" + ", ".join(_common(column) for column in zip(*seen, strict=True)) + "]"
    return "different in each run"


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, tuple)) else value


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, tuple) and len(value) > 4 and len(set(value)) == 1:
        return f"{_text(value[0])} for all {len(value)}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    return str(value)
