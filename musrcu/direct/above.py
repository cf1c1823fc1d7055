"""What the spectra without order have in common: one fit of all of them, to begin from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from musrcu.direct.choices import Choices
from musrcu.direct.scanned import Scanned
from musrcu.direct.transition import ABOVE, amplitudes_of, is_constant, rest_of
from musrcu.errors import MusrcuError
from musrcu.joint.joint_fit import joint_fit
from musrcu.models.model import Model

MOST = 8
"""Runs whose spectra are enough to begin from."""


def common_above(
    runs: Sequence[Scanned],
    below: Model,
    above: Model,
    shared: Mapping[str, float],
    choices: Choices,
) -> dict[str, float]:
    """Amplitudes and rates of the paramagnetic model fitted to all runs without order as one.

    Terms that relax look alike, and runs fitted one by one give them in either order: a mean of
    such amplitudes is near none of the minima. Here all runs have the same rates, and the total and
    the background that the ordered runs have, which tells the terms apart.

    Parameters
    ----------
    runs : those without order.
    below, above : the models.
    shared : amplitudes of the ordered model, by name.
    choices : how runs are fitted.

    Returns
    -------
    By name in the one-step fit, ending in ``_above``; empty where such a fit has no valid minimum.
    """
    constants = [k for k in (t.amplitude for t in above.terms if is_constant(t)) if k is not None]
    flat = sum(
        shared.get(below.names[t.amplitude], 0.0)
        for t in below.terms
        if is_constant(t) and t.amplitude is not None
    )
    total = sum(shared.get(below.names[k], 0.0) for k in amplitudes_of(below))
    rest = above.names[rest_of(above)]
    others = [above.names[k] for k in amplitudes_of(above) if above.names[k] != rest]
    if not runs or total <= 0 or len(constants) > 1:
        return {}
    fixed = {above.names[k]: float(flat) for k in constants}
    names = [name for name in above.names if name not in fixed and name != rest]
    try:
        found = joint_fit(
            [one.data for one in _some(runs)],
            above,
            shared=names,
            fixed=fixed,
            limits={name: (0.0, float(total)) for name in others},
            ties={rest: " - ".join([repr(float(total)), *others])},
            t_range=choices.t_range,
            average_bins=choices.average_bins,
            cost=choices.cost,
        )
    except MusrcuError:
        return {}
    values = {name: found.shared[name].value for name in names}
    if not found.valid:
        return {}
    return {name + ABOVE: value for name, value in values.items() if value is not None}


def _some(runs: Sequence[Scanned]) -> list[Scanned]:
    """At most so many, spread over the temperatures."""
    places = np.unique(np.linspace(0, len(runs) - 1, MOST).round().astype(int))
    return [runs[k] for k in places]
