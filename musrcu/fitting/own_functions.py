"""Functions of users in a fit: looked at before it, and what a reader should know of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import FitError, ModelError
from musrcu.fitting.freedom import Freedom
from musrcu.models.model import Model
from musrcu.models.numeric import Numeric
from musrcu.models.registry import Component

FloatArray = NDArray[np.float64]

UNITS = {"t": "us", "T": "K", "B": "G"}


def prepare(freedom: Freedom, x: FloatArray) -> None:
    """Try every function that is not musrcu's own at its start values, or else its defaults.

    Derivatives, given or not, are compared with differences there.

    Raises
    ------
    FitError where a function gives no finite numbers at all of ``x``; ModelError where it fails or
    the derivatives that were given for it are wrong.
    """
    defaults = [parameter.default for parameter in freedom.model.parameters]
    _try(freedom.model, x, np.where(np.isnan(freedom.start), defaults, freedom.start))


def recheck(model: Model, x: FloatArray, values: FloatArray) -> None:
    """Compare derivatives with differences once more, at the result of a fit.

    Raises
    ------
    ModelError where those that were given are wrong.
    """
    if np.isfinite(values).all() and x.size:
        for component, place in _own(model):
            _compare(component, x, values[place])


def methods(model: Model) -> tuple[str, ...]:
    """How the derivatives of functions that are not musrcu's own are taken, in words."""
    said = {}
    for one, _ in _own(model):
        if one.numeric is not None:
            said[one.key] = one.numeric.text
        elif one.parameters:
            said[one.key] = "given, checked"
    return tuple(f"derivatives of {key}: {text}" for key, text in said.items())


def _compare(component: Component, x: FloatArray, values: FloatArray) -> None:
    """Compare the derivatives of a function with differences."""
    if component.numeric is not None:
        component.numeric.check(x, values)
    elif component.parameters:
        numeric = Numeric(component.function, component.parameters)
        rows = component.value_and_gradient(x, values)[1]
        wrong = numeric.contradicted(x, values, rows)
        if wrong is not None:
            k, place, given, found = wrong
            option = "derivatives=" if component.together is None else "together="
            raise ModelError(
                f"{option} of {component.key} disagree with the function in "
                f"{component.parameters[k].name} at {component.variable} = {x[place]:.6g} "
                f"{UNITS[component.variable]}: given {given:.6g}, differences {found:.6g}; mend "
                f"them or leave {option} out"
            )


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
        _compare(component, x, values[place])
