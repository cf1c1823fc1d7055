"""What histograms of one run have in common when nobody says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from musrcu.containers.histogram import Histogram
from musrcu.errors import FitError, ModelError
from musrcu.fitting.fitted_data import Fittable
from musrcu.models.model import Model


def own_of_histograms(
    data: Sequence[Fittable], model: Model, settled: Iterable[str] = ()
) -> tuple[str, ...] | None:
    """Parameters of a model that each detector of a run has for itself; None of other data.

    Those of ``settled``, of which something else was said (tied, held, grouped), are left out.

    Muons and field are the same for all detectors, and so are rates, frequencies and the sizes of
    what precesses; each sees a precession at a phase of its own. A term without a phase is seen by
    the cosine of an angle that is not in the model, so that its amplitude is local.

    Raises
    ------
    FitError if a detector is in two histograms of the run.
    """
    histograms = [one for one in data if isinstance(one, Histogram)]
    if len(histograms) < len(data) or len({_run_of(one) for one in histograms}) > 1:
        return None
    owner: dict[int, str] = {}
    for one in histograms:
        for d in one.detectors:
            if d in owner:
                raise FitError(
                    f"{one.run.name}: detector {d} is in {owner[d]} and in {one.label}; its "
                    "counts would be fitted twice"
                )
            owner[d] = one.label
    phases = {term: phi for term, _, phi in model.oscillations()}
    local = []
    for number, term in enumerate(model.terms):
        place = phases.get(number, term.amplitude)
        if place is not None:
            local.append(model.names[place])
    said = {model.names[model.index(name)] for name in settled if _is_one(model, name)}
    return tuple(name for name in dict.fromkeys(local) if name not in said)


def _is_one(model: Model, name: str) -> bool:
    """Whether a model has a parameter of this name; what the experiment adds, it has not."""
    try:
        model.index(name)
    except ModelError:
        return False
    return True


def _run_of(one: Histogram) -> tuple[object, ...]:
    run = one.run
    return (run.path, run.instrument, run.number, run.start)
