"""Names that a user gives to a one-step fit, looked at before any run is fitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from musrcu.direct.choices import Choices
from musrcu.direct.nodes import LAW
from musrcu.direct.transition import ABOVE, TEMPERATURES, Transition
from musrcu.errors import FitError, ModelError, nearest
from musrcu.models.model import Model

OF_ALL = (*LAW, *TEMPERATURES)
"""What is neither of a run's own nor follows a polynomial."""
ELSEWHERE = {
    "exponent": "the exponent of the law is alpha=",
    "T": "temperatures come with their errors from the runs; spread= says how far they vary",
    "T_offset": "an offset of the thermometer is allowed by thermometer_offset=",
}
"""Parameters of the likelihood that are told by other words."""
EXPERIMENT = ("alpha", "detector_beta", "N0", "b_F", "b_B")
"""What fits may have beside their models."""


def refuse_told_elsewhere(tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise a FitError for a name in start, fixed or limits that another option is for."""
    for what, table in tables.items():
        for name in table:
            if name in ELSEWHERE:
                raise FitError(f"{what}: {name} is not set there; {ELSEWHERE[name]}")


def local_names(local: object) -> tuple[str, ...] | None:
    """Names of parameters from one of them or several; None stays.

    Raises
    ------
    FitError if they are something else.
    """
    if local is None:
        return None
    given = (local,) if isinstance(local, str) else local
    found = tuple(given) if isinstance(given, Iterable) else (None,)
    if not all(isinstance(name, str) for name in found):
        raise FitError(f"local = {local!r}; give names of parameters")
    return found


def check_names(below: Model, above: Model, parameter: str, choices: Choices) -> None:
    """Raise an error for what no run of such a scan can have.

    Raises
    ------
    ModelError for an unknown name, FitError for one that cannot be local or smooth.
    """
    known = (*Transition(below, above, parameter).names, *EXPERIMENT)
    for option, names in (("local", choices.local or ()), ("smooth", choices.smooth)):
        for name in names:
            if name in OF_ALL:
                raise FitError(f"{option}: {name} belongs to the law of all runs")
            if name not in known:
                raise ModelError(unknown(name, known))
    both = {*(choices.local or ())} & choices.smooth.keys()
    if both:
        raise FitError(f"{min(both)} is both local and smooth; a polynomial has it for all runs")


def unknown(name: str, known: Iterable[str]) -> str:
    """What is said of a parameter that there is not."""
    names = list(known)
    return (
        f"the one-step fit has no parameter {name!r}; it has {', '.join(names)}, those of the "
        f"paramagnetic model ending in {ABOVE}{nearest(name, names)}"
    )
