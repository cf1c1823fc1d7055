"""Start values, fixed ones and limits of a one-step fit: which model and which fit they are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from musrcu.direct.transition import ABOVE, TEMPERATURES, amplitudes_of, is_constant, rest_of
from musrcu.errors import FitError, quoted
from musrcu.fitting.constraint import Constraint
from musrcu.fitting.freedom import is_number
from musrcu.fitting.options import check_tables
from musrcu.models.model import Model, as_model

LAW_ONLY = frozenset({"nu0", "T_N", "beta", *TEMPERATURES})
"""What only the one-step fit has; its exponent is ``alpha=``."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What a user said of parameters by name."""

    scan: Mapping[str, dict[str, Any]]
    """What the fits of single runs take; a name counts in both models that have it."""
    given: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(
        cls,
        start: Mapping[str, Any] | None,
        fixed: Mapping[str, Any] | None,
        limits: Mapping[str, Any] | None,
    ) -> Tables:
        """The tables, looked at."""
        check_tables(start=start, fixed=fixed, limits=limits)
        for what, table in (("start value", start), ("fixed value", fixed)):
            for name, value in (table or {}).items():
                if not is_number(value):
                    raise FitError(f"{what} of {name} = {quoted(value)}; give a number")
        given = {"start": start or {}, "fixed": fixed or {}, "limits": limits or {}}
        scan = {
            what: {
                name: value for name, value in table.items()
                if name not in LAW_ONLY and not name.endswith(ABOVE)
            }
            for what, table in given.items()
        }  # fmt: skip
        return cls(scan, given)

    def of_both(self, below: Model, above: Model) -> dict[str, dict[str, Any]]:
        """The tables for the one-step fit: what is said of both models said of each."""
        ours = {*below.names} - {below.names[k] for _, k, _ in below.lines()[:1]}
        theirs = {*above.names} - {above.names[rest_of(above)]}
        theirs -= {above.names[t.amplitude] for t in above.terms
                   if is_constant(t) and t.amplitude is not None}  # fmt: skip
        amplitudes = {above.names[k] for k in amplitudes_of(above)}
        found: dict[str, dict[str, Any]] = {}
        for what, table in self.given.items():
            made: dict[str, Any] = {}
            for name, value in table.items():
                known = name in {*below.names, *above.names}
                if name in ours or not known:
                    made[name] = value
                # amplitudes above T_N begin from the fits there
                if name in theirs and not (what == "start" and name in amplitudes):
                    made.setdefault(name + ABOVE, value)
            made |= {name: value for name, value in table.items() if name.endswith(ABOVE)}
            found[what] = made
        return found


def of_runs(
    told: Sequence[Constraint], below: Model | str, above: Model | str
) -> list[Constraint] | None:
    """What is known of parameters that the fits of single runs have, or of the balance."""
    names = {*as_model(below).names, *as_model(above).names, "alpha"}
    known = [
        one
        for one in told
        if not any(n in LAW_ONLY or n.endswith(ABOVE) for n in one.names) or set(one.names) <= names
    ]
    return known or None
