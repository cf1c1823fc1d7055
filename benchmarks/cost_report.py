"""Tables of the study of costs: pulls and roots by parameter, and where which cost holds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

VALID = 0.99
"""Share of the fits that have to be valid and state an error for pulls to hold."""

Record = dict[str, Any]
"""One fit: seed, valid, reason, chi2, ndof, and parameters as [value, error, root]."""


def limits(n: int) -> tuple[float, float]:
    """Largest |mean| and |width - 1| of n pulls."""
    return 0.03 + 3.5 / np.sqrt(n), 0.03 + 3.5 / np.sqrt(2 * n)


class Moments(NamedTuple):
    """What numbers that should be standard normal are like."""

    n: int
    mean: float
    width: float
    within: float
    """Share between -1 and 1."""
    excess: float
    """Of the worse of mean and width over its limit; the rule holds up to 1."""

    @property
    def text(self) -> str:
        """Mean and width."""
        return f"{self.mean:+.2f}, {self.width:.2f}" if self.n else ""


def moments(values: np.ndarray) -> Moments:
    """Mean, width, and what the rule says of them."""
    if values.size < 10:
        return Moments(0, np.nan, np.nan, np.nan, np.inf)
    mean, width = float(values.mean()), float(values.std(ddof=1))
    most, off = limits(values.size)
    excess = max(abs(mean) / most, abs(width - 1) / off)
    return Moments(values.size, mean, width, float((np.abs(values) < 1).mean()), excess)


def turned(name: str, off: np.ndarray) -> np.ndarray:
    """Deviations, those of a phase within half a turn."""
    return (off + 180) % 360 - 180 if name.startswith("phi") else off


class Line(NamedTuple):
    """One parameter of one case."""

    name: str
    true: float
    bias: float
    scatter: float
    error: float
    """Mean of the stated errors."""
    stated: float
    """Share of all fits that are valid and state an error."""
    pulls: Moments
    roots: Moments

    @property
    def holds(self) -> bool:
        """Whether the pulls obey the rule."""
        return self.pulls.excess < 1 and self.stated >= VALID


def line(name: str, true: float, found: list[Record]) -> Line:
    """Pulls of the valid fits that state an error, roots of all."""
    good = [one["parameters"][name] for one in found if one["valid"]]
    stated = np.array([row[:2] for row in good if row[1] is not None], dtype=float).reshape(-1, 2)
    off, errors = turned(name, stated[:, 0] - true), stated[:, 1]
    every = [one["parameters"].get(name, ()) for one in found]
    roots = np.array([row[2] for row in every if len(row) > 2])
    many = off.size > 2
    return Line(
        name, true,
        float(off.mean()) if many else np.nan,
        float(off.std(ddof=1)) if many else np.nan,
        float(errors.mean()) if many else np.nan,
        off.size / len(found), moments(off / errors), moments(roots),
    )  # fmt: skip


class Case(NamedTuple):
    """One model, level and way."""

    law: str
    level: str
    way: str
    n: int
    valid: int
    ratio: float
    """Mean cost per degree of freedom of the valid fits."""
    reasons: list[str]
    """Why some fits are not valid."""
    lines: list[Line]


def case(law: str, level: str, way: str, found: list[Record], truth: dict[str, float]) -> Case:
    """What the fits of one case say together."""
    good = [one for one in found if one["valid"]]
    ratio = float(np.mean([one["chi2"] / one["ndof"] for one in good])) if good else np.nan
    reasons = sorted({one["reason"].split(":")[0][:90] for one in found if not one["valid"]})
    names = dict.fromkeys(name for one in found for name in one["parameters"])
    lines = [line(name, truth[name], found) for name in names]
    return Case(law, level, way, len(found), len(good), ratio, reasons, lines)


def told(one: Case) -> str:
    """The table of one case."""
    head = f"{one.law}, {one.level}, {one.way}: {one.n} simulations, {one.valid} valid"
    rows = [f"{head}, cost/ndof {one.ratio:.4f}"]
    rows += [f"  not valid: {reason}" for reason in one.reasons[:3]]
    rows += [
        "| parameter | truth | bias | sd of fits | mean error | stated | pull mean | pull width | "
        "pulls | root mean | root width | within 1 | roots |",
        "|---" * 13 + "|",
    ]
    for row in one.lines:
        roots = "| | | "
        if row.roots.n:
            fine = word(row.roots.excess < 1)
            roots = f"{numbers(row.roots)} | {row.roots.within:.3f} | {fine}"
        rows.append(
            f"| {row.name} | {row.true:g} | {row.bias:+.2g} | {row.scatter:.3g} | {row.error:.3g} "
            f"| {row.stated:.3f} | {numbers(row.pulls)} | {word(row.holds)} | {roots} |"
        )
    return "\n".join(rows)


def numbers(one: Moments) -> str:
    """Mean and width as two cells."""
    return f"{one.mean:+.3f} | {one.width:.3f}" if one.n else " | "


def word(holds: bool) -> str:
    """The verdict of the rule."""
    return "holds" if holds else "FAILS"


def summary(cases: list[Case]) -> str:
    """Where which cost holds: the parameter that is worst, mean and width, where it does not."""
    laws = list(dict.fromkeys(one.law for one in cases))
    rows = ["", "| counts | way | " + " | ".join(f"{law}: pulls | roots" for law in laws) + " |"]
    rows.append("|---" * (2 + 2 * len(laws)) + "|")
    table = {(one.level, one.way, one.law): one for one in cases}
    for level, way in dict.fromkeys((one.level, one.way) for one in cases):
        cells = []
        for law in laws:
            one = table.get((level, way, law))
            cells += ["", ""] if one is None else [pulls_cell(one), roots_cell(one)]
        rows.append(f"| {level} | {way} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def pulls_cell(one: Case) -> str:
    """Whether the pulls of a case hold, else its worst parameter."""
    if not one.valid:
        return "no fit"
    if one.valid < VALID * one.n:
        return f"{100 * one.valid / one.n:.0f} % valid"
    if all(row.holds for row in one.lines):
        return "hold"
    worst = max(one.lines, key=lambda row: (row.stated < VALID, row.pulls.excess))
    return f"{worst.name} {worst.pulls.text}"


def roots_cell(one: Case) -> str:
    """Whether the roots of a case hold, else its worst parameter."""
    rooted = [row for row in one.lines if row.roots.n]
    if not rooted:
        return ""
    worst = max(rooted, key=lambda row: row.roots.excess)
    return "hold" if worst.roots.excess < 1 else f"{worst.name} {worst.roots.text}"
