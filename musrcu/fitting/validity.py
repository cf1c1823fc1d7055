"""Functions that are fitted to what they do not describe."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musrcu.models.foreign import Foreign
from musrcu.models.model import Model

FloatArray = NDArray[np.float64]


def not_meant_for(
    model: Model, values: FloatArray, time: FloatArray, field: float | None
) -> list[str]:
    """One sentence for every function of a model that does not hold where the fit ended.

    Parameters
    ----------
    model, values : as fitted, all parameters.
    time : fitted times, µs.
    field : of the run's header, G; None where it names none.
    """
    found: dict[str, None] = {}
    longest = float(time.max(initial=0.0))
    for term in model.terms:
        for factor, place in zip(term.factors, term.places, strict=True):
            known, own = factor.component, values[place]
            if known.valid is None or not np.isfinite(own).all():
                continue
            with Foreign(f"component {known.key}: the doubt of its validity"):
                doubt = known.valid.doubt(field, longest, *own.tolist())
            if doubt:
                found[f"{known.key} {doubt}"] = None
    return list(found)
