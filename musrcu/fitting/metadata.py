"""What a tie may know of a run: its field, its temperature, its number."""

from __future__ import annotations

from collections.abc import Collection

from musrcu.containers.run import Run
from musrcu.errors import FitError
from musrcu.fitting.tie import Tie

UNITS = {"field": "G", "temperature": "K", "run": ""}
"""Names that a tie may use, and their units."""


def metadata(run: Run) -> dict[str, float | None]:
    """Field (G), temperature (K) and number of a run by name; None where unknown."""
    return {"field": run.field, "temperature": run.temperature.value, "run": run.number}


def bind(tie: Tie, name: str, run: Run, taken: Collection[str]) -> Tie:
    """A tie with what it says of the run replaced by numbers.

    Parameters
    ----------
    tie : of the parameter ``name``.
    run : whose metadata are meant.
    taken : names of parameters, which come first.

    Raises
    ------
    FitError if the run does not know what the tie needs.
    """
    wanted = tie.names & UNITS.keys() - set(taken)
    if not wanted:
        return tie
    found = metadata(run)
    numbers: dict[str, float] = {}
    for word in sorted(wanted):
        value = found[word]
        if value is None:
            raise FitError(
                f"{run.name}: the tie {name} = {tie.text} needs the {word}, which the file does "
                f"not name; fix {name} at a number for this run"
            )
        numbers[word] = float(value)
    return tie.bound(numbers)
