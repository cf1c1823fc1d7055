"""Model functions as text: an overview by family, and all about one of them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from musrcu.errors import ModelError
from musrcu.notation import table

if TYPE_CHECKING:
    from musrcu.models.registry import Component

VARIABLES = {"t": "time, us", "T": "temperature, K", "B": "field, G"}
"""What a component is a function of, with its unit."""
PROSE = 100
"""Columns of wrapped text where the terminal is not asked."""
_SCALED = {"1/us": 50.0, "MHz": 50.0, "G": 50.0}
"""Parameters times this at 40 us are the parameters themselves at 2000 us."""
_SETTLED = 5e-3


def overview(width: int | None = None) -> str:
    """Every component with formula and parameters, by family.

    Parameters
    ----------
    width : columns into which a line is shortened, the formula first; None shortens nothing.
    """
    from musrcu.output.families import families

    groups = families()
    known = [one for group in groups.values() for one in group]
    first = 2 + max(len(one.key) for one in known)
    last = max(len(_names(one)) for one in known)
    middle = max(len(one.formula) for one in known)
    if width is not None:
        last = min(last, max(24, width * 2 // 5))
        middle = max(16, min(middle, width - first - last - 4))
    lines = [f"{'  component':<{first}}  {'formula':<{middle}}  parameters"]
    for title, group in groups.items():
        lines += ["", title]
        for one in group:
            formula, names = one.formula, _names(one)
            if width is not None:
                formula, names = shortened(formula, middle), shortened(names, last)
            lines.append(f"  {one.key:<{first - 2}}  {formula:<{middle}}  {names}".rstrip())
    return "\n".join([*lines, "", "musrcu list models NAME says all about one of them."])


def entry(name: str, width: int | None = None) -> str:
    """All about one component: meaning, formula, parameters, limits, certificate, source.

    Raises
    ------
    ModelError if there is none of that name.
    """
    from musrcu.models.model import Model
    from musrcu.models.registry import find_component

    known = find_component(name)
    rows = [
        [f"  {p.name}", p.unit or "-", f"{p.default:g}", limits(p.lower, p.upper), p.meaning]
        for p in known.parameters
    ]
    header = ["  parameter", "unit", "default", "limits", "meaning"]
    notes = [
        ("alone in a model", ", ".join(Model(known.key).names) if known.variable == "t" else ""),
        ("valid for", "" if known.valid is None else known.valid.text),
        ("at the defaults", ends(known)),
        ("derivatives", derivatives(known) if rows else ""),
        *certificate(known),
        ("source", known.reference),
        ("also called", elsewhere(known.key)),
    ]
    return "\n".join(
        [
            f"{known.key}: {known.meaning}",
            *_wrapped(f"{known.formula}   ({known.variable}: {VARIABLES[known.variable]})", width),
            *(table(rows, header).split("\n") if rows else ["  no parameters"]),
            *(line for what, text in notes if text for line in _wrapped(f"{what}: {text}", width)),
        ]
    )


def certificate(component: Component) -> list[tuple[str, str]]:
    """What is promised, where, and how the truth is computed."""
    from musrcu.verification.promise import domain, promise

    if component.certificate is None:
        return [("certificate", "none, nothing is promised of its numbers")]
    return [
        ("certificate", promise(component)),
        ("domain", domain(component)),
        ("truth", f"{component.certificate.method} (musrcu verify {component.key})"),
    ]


def elsewhere(key: str) -> str:
    """What other programs call it, program by program; empty where no name is known."""
    from musrcu.models.other_programs import also_called

    found: dict[str, list[str]] = {}
    for one in also_called(key):
        product = one.here if one.here != key else ""
        notes = "; ".join(note for note in (product, one.difference) if note)
        found.setdefault(one.program, []).append(f"{one.name} ({notes})" if notes else one.name)
    return "; ".join(f"{program} {', '.join(names)}" for program, names in found.items())


def derivatives(component: Component) -> str:
    """Where the derivatives come from."""
    if component.together is not None:
        return "analytic, from the same solution as the value"
    if component.derivatives is not None:
        return "analytic, in closed form"
    return "by complex step where the function allows it, else by central differences"


def ends(component: Component) -> str:
    """Where the function begins and what it tends to, with the default parameters.

    Empty where a function cannot be computed there, which one of a user may not.
    """
    try:
        with np.errstate(all="ignore"):
            return _ends(component)
    except ModelError:
        return ""


def _ends(component: Component) -> str:
    values = [p.default for p in component.parameters]
    if component.variable == "t":
        start = float(component(0.0, *values))
        pairs = zip(component.parameters, values, strict=True)
        late = component(
            np.linspace(20.0, 40.0, 401), *(v * _SCALED.get(p.unit, 1.0) for p, v in pairs)
        )
        return f"P(0) = {number(start)}; {_late(late)}"
    unit, far = {"T": ("K", 1e3), "B": ("G", 1e5)}[component.variable]
    low, high = (float(component(x, *values)) for x in (0.0, far))
    return f"{number(low)} at 0 {unit}; {number(high)} at {far:g} {unit}"


def _late(values: Sequence[float] | np.ndarray) -> str:
    low, high = float(np.min(values)), float(np.max(values))
    if not np.isfinite([low, high]).all():
        return "not finite late"
    if high - low < _SETTLED:
        return f"tends to {number(round((low + high) / 2, 3))}"
    return f"late between {low:.2f} and {high:.2f}"


def number(value: float) -> str:
    """``0.333`` as ``1/3``; other numbers with three digits, never ``-0``."""
    for top, bottom in ((1, 3), (2, 3), (1, 6)):
        if abs(value - top / bottom) < 6e-4:
            return f"{top}/{bottom}"
    return "0" if abs(value) <= 1e-300 else f"{value:.3g}"


def limits(lower: float | None, upper: float | None) -> str:
    """An interval in words."""
    if lower is None and upper is None:
        return "none"
    if upper is None:
        return f"from {lower:g}"
    return f"up to {upper:g}" if lower is None else f"{lower:g} to {upper:g}"


def shortened(text: str, width: int) -> str:
    """The text cut to so many columns at a blank where there is one, ``...`` behind it."""
    if len(text) <= width:
        return text
    cut = text[: width - 3]
    if " " in cut[width * 3 // 4 :]:
        cut = cut.rpartition(" ")[0]
    return f"{cut.rstrip(' ,+-/*^([{')}..."


def _names(component: Component) -> str:
    return ", ".join(p.name for p in component.parameters) or "-"


def _wrapped(text: str, width: int | None) -> list[str]:
    return textwrap.wrap(
        text, max(40, width or PROSE), initial_indent="  ", subsequent_indent="    ",
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
