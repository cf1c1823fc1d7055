"""A field that nobody gave is that of the run's header: held, and said so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from musrcu.containers.run import Run
from musrcu.errors import FitError
from musrcu.models.model import Model


def applied_field(model: Model, run: Run, named: Iterable[str]) -> dict[str, float]:
    """Values by name of the applied fields of a model of which nothing was said, G.

    Parameters
    ----------
    model : its parameters of the kind ``field`` are meant.
    run : whose header names the field.
    named : parameters of which something was said.

    Raises
    ------
    FitError if a field is needed and the header has none.
    """
    said = {model.index(name) for name in named}
    wanted = [
        one.name
        for place, one in enumerate(model.parameters)
        if one.kind == "field" and place not in said
    ]
    if not wanted:
        return {}
    if run.field is None:
        raise FitError(
            f"{run.name}: the file names no applied field, which {wanted[0]} is; give it, such as "
            f"fixed={{'{wanted[0]}': 20.0}} (G; on the command line --fix {wanted[0]}=20)"
        )
    # what a field along the spin does is the same for either sign
    return dict.fromkeys(wanted, abs(run.field))


def assumed(fields: Mapping[str, float], run: Run) -> list[str]:
    """One sentence for every field that was taken from the header of ``run``."""
    said = "the field in the run's header"
    if run.field is not None and run.field < 0:
        said = f"the magnitude of {run.field:g} G in the run's header"
    return [
        f"{name} is held at {field:g} G, {said}; fix it at another value or give it a start to "
        "free it"
        for name, field in fields.items()
    ]
