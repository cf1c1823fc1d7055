"""Tables of the study of one and two steps: pulls by the rule, errors and scatters."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
from cost_report import Moments, limits, moments

PARAMETERS = ("nu0", "T_N", "beta")
UNIT = {"nu0": ("mMHz", 1e3), "T_N": ("mK", 1e3), "beta": ("", 1.0)}
SHOWN = {"nu0": 2, "T_N": 3, "beta": 4}
"""Decimals in these units."""
CLAIMED = ("two steps, auto", "one step")
"""Ways that are to obey the rule; the others are for comparison."""

Record = dict[str, Any]
"""One scan in one way: set, valid, reason, seconds of a processor and, by parameter, [value, error,
low, high, root]; None is a number that there is not."""


class Line(NamedTuple):
    """One parameter of one way in one cell."""

    name: str
    bias: float
    scatter: float
    central: float
    """Half the width that holds the central 68.3 per cent."""
    hesse: float
    """Median of the symmetric errors stated."""
    minos: float
    """Median half-width of the intervals with both ends."""
    both: float
    """Share of the valid fits with both ends."""
    roots: Moments

    @property
    def holds(self) -> bool:
        """Whether the roots obey the rule."""
        return bool(self.roots.excess < 1)


def column(found: list[Record], name: str, place: int) -> np.ndarray:
    """One number of every valid fit, NaN where there is none."""
    rows = [one["parameters"][name][place] for one in found]
    return np.array([math.nan if number is None else number for number in rows], dtype=float)


def median(numbers: np.ndarray) -> float:
    """Of those that are numbers."""
    finite = numbers[np.isfinite(numbers)]
    return float(np.median(finite)) if finite.size else math.nan


def line(found: list[Record], name: str, truth: float) -> Line:
    """What valid fits say of one parameter."""
    values, errors, low, high, roots = (column(found, name, place) for place in range(5))
    many = values.size > 2
    ends = np.quantile(values, (0.158655, 0.841345)) if many else (math.nan, math.nan)
    half = (high - low) / 2
    return Line(
        name,
        float(values.mean() - truth) if many else math.nan,
        float(values.std(ddof=1)) if many else math.nan,
        float(ends[1] - ends[0]) / 2,
        median(errors),
        median(half),
        float(np.isfinite(half).mean()) if many else math.nan,
        moments(roots[np.isfinite(roots)]),
    )


def told(title: str, ways: dict[str, list[Record]], truth: dict[str, float]) -> str:
    """The table of one cell: every way, every parameter; why some fits are not valid."""
    rows = [f"\n{title}"]
    for way, found in ways.items():
        reasons = Counter(one["reason"] for one in found if not one["valid"])
        spent = [one["seconds"] for one in found if "seconds" in one]
        took = f", {np.mean(spent):.2f} s of a processor each" if spent else ""
        notes = Counter(one["method"] for one in found if one.get("method"))
        took += "".join(f", {n} {method}" for method, n in notes.items() if len(notes) > 1)
        rows.append(f"  {way}: {sum(one['valid'] for one in found)} of {len(found)} valid{took}")
        rows += [f"    {n} not valid: {reason}" for reason, n in reasons.most_common(4)]
    rows.append(
        "| way | parameter | bias | sd of fits | central 68 % | median HESSE | median MINOS "
        "| both ends | root mean | root width | within 1 | rule |"
    )
    rows.append("|---" * 12 + "|")
    for way, found in ways.items():
        good = [one for one in found if one["valid"]]
        rows += [row(way, line(good, name, truth[name])) for name in PARAMETERS]
    return "\n".join(rows)


def verdicts(found: list[Record]) -> str:
    """What the fits of single runs found."""
    kinds = Counter(
        f"{'ordered' if run['ordered'] else 'paramagnetic'} called {run['verdict']}"
        for one in found
        for run in one["wrong"]
    )
    text = ", ".join(f"{n} {kind}" for kind, n in kinds.items()) or "no wrong verdict"
    return f"  first step, {len(found)} scans: {text}"


def row(way: str, one: Line) -> str:
    """One line of the table."""
    unit, factor = UNIT[one.name]
    digits = SHOWN[one.name]
    sizes = (one.scatter, one.central, one.hesse, one.minos)
    shown = " | ".join(f"{factor * size:.{digits}f}" for size in sizes)
    name = f"{one.name} ({unit})" if unit else one.name
    roots, word = " | | ", "few"
    if one.roots.n:
        roots = f"{one.roots.mean:+.3f} | {one.roots.width:.3f} | {one.roots.within:.3f}"
        word = "holds" if one.holds else "BROKEN"
    return (
        f"| {way} | {name} | {factor * one.bias:+.{digits}f} | {shown} | {one.both:.2f} | {roots} "
        f"| {word} |"
    )


def gains(title: str, ways: dict[str, list[Record]]) -> str:
    """What the one step gained over two, on the same scans: scatters and errors as ratios."""
    one, two = ways.get("one step", []), ways.get("two steps, auto", [])
    by_set = {record["set"]: record for record in two if record["valid"]}
    pairs = [(a, by_set[a["set"]]) for a in one if a["valid"] and a["set"] in by_set]
    if len(pairs) < 3:
        return ""
    cells = []
    for name in PARAMETERS:
        first, second = (line([pair[k] for pair in pairs], name, 0.0) for k in (0, 1))
        both = column([pair[0] for pair in pairs], name, 0)
        other = column([pair[1] for pair in pairs], name, 0)
        rho = float(np.corrcoef(both, other)[0, 1])
        cells.append(
            f"{first.scatter / second.scatter:.3f}, {first.central / second.central:.3f}, "
            f"{first.minos / second.minos:.3f}, {rho:.2f}"
        )
    return f"| {title} | {len(pairs)} | " + " | ".join(cells) + " |"


def page(cells: dict[str, dict[str, list[Record]]], truth: dict[str, float]) -> str:
    """Errors and scatters of the claimed ways side by side, every cell."""
    head = [f"{way}: {what}" for way in CLAIMED for what in ("sd", "HESSE", "MINOS", "pull")]
    rows = ["", "| cell | parameter | " + " | ".join(head) + " |", "|---" * 10 + "|"]
    for title, ways in cells.items():
        for name in PARAMETERS:
            unit = f" ({UNIT[name][0]})" if UNIT[name][0] else ""
            cells_of = [title if name == PARAMETERS[0] else "", name + unit]
            for way in CLAIMED:
                good = [one for one in ways.get(way, []) if one["valid"]]
                cells_of += side(line(good, name, truth[name])) if good else [""] * 4
            rows.append("| " + " | ".join(cells_of) + " |")
    return "\n".join(rows)


def side(one: Line) -> list[str]:
    """Four cells of a page."""
    factor, digits = UNIT[one.name][1], SHOWN[one.name]
    sizes = [f"{factor * size:.{digits}f}" for size in (one.scatter, one.hesse, one.minos)]
    mark = "" if one.holds or not one.roots.n else "**"
    pull = f"{one.roots.mean:+.3f}, {one.roots.width:.3f}" if one.roots.n else ""
    return [*sizes, f"{mark}{pull}{mark}"]


def summary(cells: dict[str, dict[str, list[Record]]], truth: dict[str, float]) -> tuple[str, bool]:
    """Where which way holds, its worst parameter where it does not; whether all claimed hold."""
    names = list(dict.fromkeys(way for ways in cells.values() for way in ways))
    rows = ["", "| cell | " + " | ".join(names) + " |", "|---" * (1 + len(names)) + "|"]
    sound = True
    for title, ways in cells.items():
        shown = []
        for name in names:
            found = ways.get(name, [])
            good = [one for one in found if one["valid"]]
            lines = [line(good, parameter, truth[parameter]) for parameter in PARAMETERS]
            known = [one for one in lines if one.roots.n]
            if not known:
                shown.append("")
                continue
            worst = max(known, key=lambda one: one.roots.excess)
            text = "holds" if worst.holds else f"**{worst.name} {worst.roots.text}**"
            sound &= worst.holds or name not in CLAIMED
            shown.append(f"{text}, {len(good)}/{len(found)} valid")
        rows.append(f"| {title} | " + " | ".join(shown) + " |")
    compared = [text for title, ways in cells.items() if (text := gains(title, ways))]
    if compared:
        rows += ["", "One step over two, same scans: sd, central 68 %, MINOS, correlation of fits"]
        rows += ["| cell | scans | nu0 | T_N | beta |", "|---|---|---|---|---|", *compared]
    return "\n".join(rows), sound


def rule(n: int) -> str:
    """The limits for n sets, in words."""
    return "limits for {} sets: |mean| < {:.3f}, |width - 1| < {:.3f}".format(n, *limits(n))
