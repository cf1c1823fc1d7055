"""What a user asks of a fit, settled for the data at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from musrcu.errors import FitError
from musrcu.fitting.applied_field import applied_field
from musrcu.fitting.constraint import Constraint, Constraints, as_constraints
from musrcu.fitting.data import Data
from musrcu.fitting.freedom import Freedom, Limits, is_number, settle
from musrcu.fitting.judgement import Bound
from musrcu.fitting.options import check_tables
from musrcu.models.expression import KINDS
from musrcu.models.model import Model, as_model


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The words of a user about the parameters of a fit, as :func:`musrcu.fit` takes them."""

    start: Mapping[str, float] | None = None
    fixed: Mapping[str, float] | None = None
    limits: Mapping[str, Limits] | None = None
    ties: Mapping[str, str] | None = None
    constraints: Constraints | None = None
    max_asymmetry: float | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A request settled for some data: which parameters there are, and what is known of them."""

    freedom: Freedom
    known: list[Constraint]
    """Constraints on its parameters, those of the request and those that the data bring along."""
    fields: Mapping[str, float]
    """Applied fields by name of parameter that were taken from the run's header, G."""


def time_model(model: Model | str) -> Model:
    """The model that was asked for.

    Raises
    ------
    ModelError or FitError if it is not one of the asymmetry.
    """
    if not isinstance(model, (Model, str)):
        raise FitError(f"fit takes a Model or its expression, not a {type(model).__name__}")
    model = as_model(model)
    if model.variable != "t":
        raise FitError(
            f"{model.expression!r} is a {KINDS[model.variable]} and fits no asymmetry; fit_law "
            "fits it to a table"
        )
    return model


def settled(data: Data, model: Model, request: Request) -> Settled:
    """The parameters of a model as the data see it: free, held, tied, limited and known ones.

    Raises
    ------
    ModelError or FitError where the request cannot be met.
    """
    check_tables(start=request.start, fixed=request.fixed, limits=request.limits, ties=request.ties)
    start, fixed, ties = request.start or {}, request.fixed or {}, request.ties or {}
    told = as_constraints(request.constraints)
    words = {*start, *fixed, *(request.limits or {}), *ties}
    named = words | {name for one in told for name in one.names}
    by_others = {*ties, *(name for one in told for name in one.names)}
    seen, known = data.seen(model, named, by_others | {*fixed})
    left = [one.given(fixed, by_others) for one in known.constraints]
    told += [one for one in left if one is not None]
    told = [one.named(seen.names[seen.index(name)] for name in one.names) for one in told]
    fields = applied_field(seen, data.run, named)
    held = {**known.fixed, **fields, **fixed}
    freedom = settle(seen, start, held, request.limits, ties, data.run)
    return Settled(freedom, told, fields)


def bound_of(request: Request, total: float | None, total_error: float | None) -> Bound:
    """The largest asymmetry: what was asked for, else the calibrated total.

    Raises
    ------
    FitError if ``max_asymmetry`` is no number above 0.
    """
    largest = request.max_asymmetry
    if largest is None:
        return Bound(total, total_error)
    if not (is_number(largest) and largest > 0):
        raise FitError(f"max_asymmetry = {largest!r}; it must be a number above 0")
    return Bound(largest, 0.0)
