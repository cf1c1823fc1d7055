"""Functions of users in a fit: looked at before it, and what a reader should know of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import FitError
from musrcu.fitting.freedom import Freedom
from musrcu.models.model import Model
from musrcu.models.registry import Component

FloatArray = NDArray[np.float64]

UNITS = {"t": "us", "T": "K", "B": "G"}


def prepare(freedom: Freedom, x: FloatArray) -> None:
    """Try every function that is not musrcu's own at its start values, or else its defaults.

    Derivatives without formulas are compared with differences there.

    Raises
    ------
    FitError where a function gives no finite numbers at all of ``x``; ModelError where it fails.
    """
    defaults = [parameter.default for parameter in freedom.model.parameters]
    _try(freedom.model, x, np.where(np.isnan(freedom.start), defaults, freedom.start))


def recheck(model: Model, x: FloatArray, values: FloatArray) -> None:
    """Compare derivatives without formulas with differences once more, at the result of a fit."""
    if np.isfinite(values).all():
        for component, place in _own(model):
            if component.numeric is not None and x.size:
                component.numeric.check(x, values[place])


def methods(model: Model) -> tuple[str, ...]:
    """How the derivatives without formulas are taken, in words."""
    numeric = {one.key: one.numeric.text for one, _ in _own(model) if one.numeric is not None}
    return tuple(f"derivatives of {key}: {text}" for key, text in numeric.items())


def _own(model: Model) -> Iterator[tuple[Component, slice]]:
    """Components of the model that are not musrcu's own, and where their parameters stand."""
    for term in model.terms:
        for factor, place in zip(term.factors, term.places, strict=True):
            if factor.component.origin is not None:
                yield factor.component, place


def _try(model: Model, x: FloatArray, values: FloatArray) -> None:
    for component, place in _own(model):
        if not x.size:
            return
        found = component.function(x, *values[place])
        wrong = np.flatnonzero(~np.isfinite(found))
        if wrong.size:
            pairs = zip(component.parameters, values[place], strict=True)
            at = "".join(f", {one.name} = {value:.6g}" for one, value in pairs)
            variable = component.variable
            raise FitError(
                f"component {component.key} is {found[wrong[0]]} at {variable} = "
                f"{x[wrong[0]]:.6g} {UNITS[variable]}{at}, where the fit begins; make it finite at "
                "all data, or give other start values"
            )
        if component.numeric is not None:
            component.numeric.check(x, values[place])
