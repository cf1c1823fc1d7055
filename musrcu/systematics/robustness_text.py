"""A budget of systematic errors as text."""

from __future__ import annotations

from musrcu.notation import bracket, table
from musrcu.systematics.robustness_result import TINY, Refit, Robustness, pair_drift, small

HEADER = ["  item", "refit", "value", "shift", "expected", "systematic"]


def summary(budget: Robustness) -> str:
    """One table a parameter, what did not apply or failed, model choices, and the totals."""
    done = [refit for refit in budget.refits if refit.status == "done"]
    lines = [f"systematic errors of {budget.name}: {len(done)} refits"]
    lines += [f"note: {note}" for note in budget.notes]
    for name in budget.parameters:
        lines += ["", *_of_parameter(budget, name)]
    lines.append("")
    for refit in budget.refits:
        lines += [f"{refit}: {note}" for note in refit.notes]
    lines += _grouped(budget, "not applied") + _grouped(budget, "failed")
    lines += ["", *(str(budget[name]) for name in budget.parameters)]
    return "\n".join(lines)


def _of_parameter(budget: Robustness, name: str) -> list[str]:
    known = budget.nominal[name]
    unit = f" ({known.unit})" if known.unit else ""
    lines = [f"{name}{unit}: {bracket(known.value, known.error)}"]
    rows, seen = [], set()
    for refit in (one for one in budget.refits if one.kind != "model" and name in one.values):
        first = refit.item not in seen
        seen.add(refit.item)
        part = small(budget.systematic(refit.item, name), known.error) if first else ""
        rows.append([*_row(budget, refit, name, first), part])
    if rows:
        rows.append(["  total", "", "", "", "", small(budget.total(name), known.error)])
        lines += table(rows, HEADER).split("\n")
    for item in budget.items:
        drift = pair_drift(budget, item, name)
        if drift is not None and abs(drift) > 10 * TINY * (known.error or 0.0):
            lines.append(f"  {item}: both directions move {name} the same way, by {drift:+.2g}")
    chosen = [one for one in budget.refits if one.kind == "model" and name in one.values]
    if chosen:
        rows = [_row(budget, refit, name, True)[:4] for refit in chosen]
        lines += table(rows, ["  model choice", *HEADER[1:4]]).split("\n")
    return lines


def _row(budget: Robustness, refit: Refit, name: str, first: bool) -> list[str]:
    found = refit.values[name]
    expected, error = budget.expected(refit, name), budget.nominal[name].error
    return [
        f"  {refit.item}" if first else "",
        refit.label,
        bracket(found.value, found.error),
        small(budget.shift(refit, name) or 0.0, error, sign="+"),
        "unknown" if expected is None else small(expected, error),
    ]


def _grouped(budget: Robustness, status: str) -> list[str]:
    """What did not apply or failed, one line for each item and reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for refit in budget.refits:
        if refit.status == status:
            found.setdefault((refit.item, refit.reason), []).append(refit.label)
    return [
        f"{status}: {item}, {' and '.join(labels)}: {reason}"
        for (item, reason), labels in found.items()
    ]
