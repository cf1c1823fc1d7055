"""A fit as a cost that can be followed away from its minimum, for profiles and contours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.kinds import an
from musrcu.errors import FitError
from musrcu.fitting.constraint import as_constraints
from musrcu.fitting.cost import Cost
from musrcu.fitting.fit import fit
from musrcu.fitting.fitted_data import Fittable, fitted_data
from musrcu.fitting.interval import Place
from musrcu.fitting.options import check_options
from musrcu.fitting.recorded import arguments
from musrcu.fitting.request import Request, settled, time_model
from musrcu.fitting.result import FitResult
from musrcu.models.model import Model

FloatArray = NDArray[np.float64]

_ABOUT: dict[str, Any] = {"t_range": None, "average_bins": False, "cost": None}
NEAR = 0.1
"""Chi-square by which a fit that is made again may differ from the one that was given."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """A fit as a cost that can be followed away from its minimum."""

    result: FitResult
    cost: Cost
    place: Place
    spread: FloatArray
    """(n_free, n_free) covariance; zero rows for what is held at a limit."""

    def position(self, name: str) -> int:
        """Where a parameter stands among the free ones."""
        model = self.cost.freedom.model
        place = model.index(name)
        found = np.flatnonzero(self.cost.free == place)
        if not found.size:
            raise FitError(f"{model.names[place]} is not free in this fit; it has no profile")
        return int(found[0])

    def full_name(self, k: int) -> str:
        """The name of a free parameter."""
        return str(self.cost.freedom.model.names[self.cost.free[k]])

    def unit(self, k: int) -> str:
        """Its unit."""
        return str(self.cost.freedom.model.parameters[self.cost.free[k]].unit)


def followed(
    data: Fittable, model: Model | str | FitResult, options: Mapping[str, Any], what: str
) -> Followed:
    """The fit of some data, ready to be followed.

    Parameters
    ----------
    data : what is fitted.
    model : a model or its expression, or a fit of these data, whose options are taken from it.
    options : of :func:`musrcu.fit`.
    what : what asks for it, in a word.

    Raises
    ------
    FitError if it is not valid, or a given fit is not one of these data.
    """
    if not isinstance(model, (Model, str, FitResult)):
        raise FitError(
            f"a {what} is one of a Model, its expression, or a FitResult of these data, not of "
            f"{an(model)}; of a joint fit take one run and its model"
        )
    check_options(what, options)
    words = dict(options)
    if isinstance(model, FitResult):
        words = _as_before(model, what) | words
        expression = model.model
        result = fit(data, expression, **words)
        if not options:
            _check_same(model, result, what)
    else:
        expression = time_model(model).expression if isinstance(model, Model) else model
        result = fit(data, model, **words)
    if not result.valid or result.covariance is None:
        raise FitError(f"the fit is not valid and has no {what}: {result.reason}")
    about = {key: words.pop(key, default) for key, default in _ABOUT.items()}
    for name in ("minos", "alternatives"):
        words.pop(name, None)
    words["constraints"] = as_constraints(words.get("constraints"))
    window = fitted_data(data, about["t_range"], about["average_bins"], about["cost"])
    asked = time_model(model if isinstance(model, Model) else expression)
    ready = settled(window, asked, Request(**words))
    cost = window.cost(ready.freedom, ready.known)
    x = result.values[cost.free]
    return Followed(
        result, cost, Place(x, cost(x)), result.covariance[np.ix_(cost.free, cost.free)]
    )


def _as_before(result: FitResult, what: str) -> dict[str, Any]:
    """The options of a fit, beginning where it ended."""
    if not result.valid:
        raise FitError(f"the fit is not valid and has no {what}: {result.reason}")
    words = arguments(result.request) if result.request else {}
    own = Model(result.model).names
    start = {
        name: float(one.value)
        for name, one in result.parameters.items()
        if name in own and one.value is not None and not one.fixed and one.tie is None
    }
    return words | {"start": start, "minos": (), "alternatives": False}


def _check_same(given: FitResult, again: FitResult, what: str) -> None:
    """Refuse the fit of other data."""
    if given.chi2 is None or again.chi2 is None:
        return
    if given.n_bins != again.n_bins or abs(again.chi2 - given.chi2) > NEAR:
        raise FitError(
            f"chi-square of the given fit is {given.chi2:.6g} on {given.n_bins} bins, of its model "
            f"fitted to these data {again.chi2:.6g} on {again.n_bins}: it is no fit of these data "
            f"by themselves; for a {what} give the data that were fitted, and no run of a joint fit"
        )
