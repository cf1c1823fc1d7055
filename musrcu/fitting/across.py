"""A transverse field seen by the pair along the muon spin, where its precession is hardly seen."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import GAMMA_MU_OVER_2PI
from musrcu.errors import ReductionError
from musrcu.fitting.data import Data
from musrcu.instruments import default_pair
from musrcu.models.model import Model

FloatArray = NDArray[np.float64]

BELOW = 0.95
"""Share of the frequency of the header's field below which every fitted line is another one."""


def across(model: Model, values: FloatArray, data: Data) -> list[str]:
    """That the field in the header may lie across the beam, where no line was found in it.

    Only a model with lines is meant whose parameters are no applied field, only a field in which
    the muon turns in the fitted times, and only the default pair along the spin of an instrument
    that has one across the beam.
    """
    field, lines = data.run.field, model.oscillations()
    if not field or not lines or any(one.kind == "field" for one in model.parameters):
        return []
    nu = GAMMA_MU_OVER_2PI * abs(field)
    highest = max(abs(float(values[k])) for _, k, _ in lines)
    if highest >= BELOW * nu or nu * float(np.ptp(data.time)) < 1 or not _along_the_spin(data):
        return []
    return [
        f"the header names {abs(field):g} G, in which a muon precesses with {nu:.3g} MHz, above "
        "every fitted line: if the field is transverse, reduce with geometry='transverse' "
        "(--geometry transverse)"
    ]


def _along_the_spin(data: Data) -> bool:
    """Whether the default longitudinal pair was taken and there is a transverse one."""
    run, step = data.run, data.history.find("group")
    if step is None:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        grouping = None if run.grouping is None else run.grouping.tolist()
        try:
            along = default_pair(run.instrument, run.labels, grouping, "longitudinal")
            default_pair(run.instrument, run.labels, grouping, "transverse")
        except ReductionError:
            return False
    return step.note.startswith(along[2])
