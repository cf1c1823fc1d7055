"""Options of the fits of a scan: looked at before any fit, and shared out among its models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from musrcu.containers.kinds import check_kind
from musrcu.containers.numbers import is_number
from musrcu.errors import FitError, quoted
from musrcu.fitting.constraint import Constraint, Constraints, as_constraints
from musrcu.fitting.count_costs import COUNT_COSTS
from musrcu.fitting.recorded import ends
from musrcu.fitting.window import inside
from musrcu.models.model import Model
from musrcu.reduction.recipe import Reduction

SHARED = ("alpha",)
"""What may be constrained in a scan whatever the models are."""
EXPERIMENT = ("alpha", "b_F", "b_B")
"""What a fit of an asymmetry may have beside its model."""
ASYMMETRY = "asymmetry"
COSTS = (ASYMMETRY, *COUNT_COSTS)
"""What the fits of a scan may minimise, all of them alike."""
TABLES = ("start", "fixed", "limits", "ties")
"""Options that are tables by names of parameters."""


def as_models(*given: Any) -> tuple[Model, ...]:
    """Models from their expressions.

    Raises
    ------
    FitError for what is neither, ModelError for an expression that is none.
    """
    for model in given:
        if not isinstance(model, (Model, str)):
            kind = type(model).__name__
            raise FitError(f"a fit takes a Model or its expression, not a {kind}")
    return tuple(Model(model) if isinstance(model, str) else model for model in given)


def options_of(
    models: Sequence[Model],
    tables: Mapping[str, Mapping[str, Any] | None],
    constraints: Constraints | None,
    shared: Sequence[str] = (),
    everywhere: bool = False,
    average_bins: bool = False,
) -> list[dict[str, Any]]:
    """Options of the fit of each model: those of the parameters it has.

    Parameters
    ----------
    models : an option belongs to each of them that has its parameter. A name without its number
        will do where only one has it.
    tables : ``start``, ``fixed``, ``limits`` and ``ties``; None is empty.
    constraints : each belongs to the models that have all of its parameters.
    shared : parameters of the experiment, which may be constrained whatever the model is.
    everywhere : whether the tables may name them too.
    average_bins : as in :func:`musrcu.fit`, for every model.

    Returns
    -------
    For each model the tables, a list of constraints, and whether it is averaged over bins.

    Raises
    ------
    FitError for what is no table or constraint, ModelError for a parameter that no model has.
    """
    more = tuple(shared) if everywhere else ()
    named = {kind: _named(kind, tables[kind], models, more) for kind in TABLES}
    known = [
        one.named(_full(name, models, shared) for name in one.names)
        for one in _constraints(constraints)
    ]
    return [
        {
            kind: {n: v for n, v in named[kind].items() if n in {*model.names, *more}}
            for kind in TABLES
        }
        | {"constraints": [one for one in known if {*one.names} <= {*model.names, *shared}]}
        | {"average_bins": average_bins}
        for model in models
    ]


def recipe_of(taker: str, recipe: Reduction | None) -> Reduction:
    """The recipe, the default one where there is none; raises a FitError for something else."""
    if recipe is None:
        return Reduction()
    check_kind(taker, recipe, Reduction, FitError)
    return recipe


def check_rest(
    t_range: Any = None, minos: Any = (), executor: Any = None, average_bins: Any = False,
    cost: Any = ASYMMETRY,
) -> None:  # fmt: skip
    """Raise a FitError where a range, names, an executor or a choice are something else."""
    if cost not in COSTS:
        raise FitError(f"a scan has no cost {quoted(cost)}; expected {', '.join(COSTS)}")
    if average_bins not in (True, False):
        raise FitError(f"average_bins = {quoted(average_bins)}; expected True or False")
    inside(np.empty(0), t_range)
    if not isinstance(minos, Iterable) or not all(isinstance(name, str) for name in minos):
        raise FitError(f"minos = {quoted(minos)}; expected names of parameters")
    if executor is not None and not hasattr(executor, "map"):
        raise FitError(
            f"executor = {quoted(executor)}; expected an object with .map, such as a process pool"
        )


def minos_of(model: Model, minos: Iterable[str]) -> tuple[str, ...]:
    """Full names of the parameters whose unequal errors are wanted; raises for an unknown one."""
    names = (minos,) if isinstance(minos, str) else minos
    return tuple(_full(name, (model,), EXPERIMENT) for name in names)


def as_given(
    tables: Mapping[str, Mapping[str, Any] | None],
    constraints: Constraints | None,
    t_range: Any,
    average_bins: bool = False,
    cost: str = ASYMMETRY,
) -> dict[str, Any]:
    """What a user gave, for the JSON of a scan; what was not given is left out.

    Constraints by name are ``{"A1": [value, error]}``, correlated ones a list of ``{"names": ...,
    "values": ..., "covariance": ...}``.
    """
    given: dict[str, Any] = {kind: dict(tables[kind] or {}) for kind in TABLES}
    given["limits"] = {name: ends(pair) for name, pair in given["limits"].items()}
    if isinstance(constraints, Mapping):
        given["constraints"] = {name: list(pair) for name, pair in constraints.items()}
    else:
        given["constraints"] = [
            {
                "names": list(one.names),
                "values": one.values.tolist(),
                "covariance": one.covariance.tolist(),
            }
            for one in as_constraints(constraints)
        ]
    given["t_range"] = None if t_range is None else list(t_range)
    given["average_bins"] = average_bins
    given["cost"] = "" if cost == ASYMMETRY else cost
    return {name: value for name, value in given.items() if value}


def _is_pair(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and len(value) == 2


_VALUES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "start": (is_number, "a number"),
    "fixed": (is_number, "a number"),
    "limits": (_is_pair, "(lower, upper)"),
    "ties": (lambda value: isinstance(value, str), "an expression such as '2*lambda1'"),
}
"""What an option of a parameter may be."""


def _named(
    kind: str, values: Mapping[str, Any] | None, models: Sequence[Model], shared: Sequence[str]
) -> dict[str, Any]:
    """A table by the full names of its parameters."""
    if values is None:
        return {}
    if not isinstance(values, Mapping) or not all(isinstance(name, str) for name in values):
        raise FitError(f"{kind} = {quoted(values)}; expected a table by names of parameters")
    found: dict[str, Any] = {}
    for name, value in values.items():
        right, wanted = _VALUES[kind]
        if not right(value):
            raise FitError(f"{kind} of {name} = {quoted(value)}; give {wanted}")
        full = _full(name, models, shared)
        if full in found:
            raise FitError(f"{full} is in {kind} twice; give it once")
        found[full] = value
    return found


def _constraints(given: Any) -> list[Constraint]:
    right = given is None or isinstance(given, (Iterable, Constraint))
    if isinstance(given, str) or not right:
        raise FitError(
            f"constraints = {quoted(given)}; give {{name: (value, error)}} or a list of Constraint"
        )
    if isinstance(given, Mapping) and not all(isinstance(name, str) for name in given):
        raise FitError(f"constraints = {quoted(given)}; expected a table by names of parameters")
    return as_constraints(given)


def _full(name: str, models: Sequence[Model], shared: Sequence[str]) -> str:
    """The name of a parameter with its number, in the first model where it is clear."""
    if name in shared or any(name in model.names for model in models):
        return name
    for model in models:
        short = [full for full in model.names if full.rstrip("0123456789") == name]
        if len(short) == 1:
            return short[0]
    return models[0].names[models[0].index(name)]  # raises, naming the nearest parameter
