"""Several models fitted to the same data, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from musrcu.comparison.comparison_result import Comparison, alike
from musrcu.comparison.nesting import Nested, nested
from musrcu.comparison.placed import placed
from musrcu.comparison.residual_tests import ResidualTests, examined
from musrcu.errors import FitError, ModelError
from musrcu.fitting.constraint import as_constraints
from musrcu.fitting.fit import fit
from musrcu.fitting.fitted_data import Fittable
from musrcu.fitting.options import check_options, check_tables
from musrcu.fitting.request import time_model
from musrcu.fitting.result import FitResult
from musrcu.models.model import Model

TABLES = ("start", "fixed", "limits", "ties")
BEHIND = ("N0", "alpha", "detector_beta", "b_F", "b_B", "b")
"""Parameters that the experiment adds to any model."""


def compare_models(
    data: Fittable, models: Iterable[Model | str | FitResult], **options: Any
) -> Comparison:
    """Several models fitted to the same data, and what the data say of each.

    Akaike's criterion C + 2 k and Schwarz's C + k ln n compare any models by the same cost C on
    the same bins. Where one fit is a special case of another, a likelihood ratio test is added,
    if its gain has a known distribution. That of a line has none, because its frequency means
    nothing without it: AIC alone takes noise for a line in one of five spectra without any, and
    :func:`musrcu.count_lines` has the right probability.

    Parameters
    ----------
    data : an asymmetry or counts.
    models : models, expressions, or fits of these data.
    options : of :func:`musrcu.fit`, for every model; those by names of parameters go to the models
        that have them.

    Returns
    -------
    Comparison, the models in the given order.

    Raises
    ------
    FitError if there are no models, or a given fit is not one of these data with the same cost;
    ModelError for a parameter that no model has.

    Source: H. Akaike, IEEE Trans. Autom. Control 19, 716 (1974); G. Schwarz, Ann. Statist. 6, 461
    (1978).
    """
    listed = [models] if isinstance(models, (Model, str, FitResult)) else list(models)
    if not listed:
        raise FitError("compare_models needs a model")
    check_options("compare_models", options)
    made = [one if isinstance(one, FitResult) else time_model(one) for one in listed]
    options_of = shared_options([one for one in made if isinstance(one, Model)], options)
    fits = tuple(
        one if isinstance(one, FitResult) else fit(data, one, **options_of.pop(0)) for one in made
    )
    _check_alike(fits)
    tests = tuple(_tests(data, one) for one in fits)
    numbers = range(len(fits))
    found = [nested(fits, a, b) for a in numbers for b in numbers if a != b]
    pairs = tuple(one for one in found if one is not None)
    return Comparison(fits=fits, tests=tests, pairs=pairs, notes=_notes(fits, pairs))


def _tests(data: Fittable, result: FitResult) -> ResidualTests | None:
    """What is left in the residuals; None where a fit has no values."""
    if result.chi2 is None:
        return None
    return examined(placed(data, result), result, data.run)


def _notes(fits: tuple[FitResult, ...], pairs: tuple[Nested, ...]) -> tuple[str, ...]:
    notes = []
    for k, result in enumerate(fits):
        if not result.valid:
            notes.append(f"{k + 1} takes no part: {result.reason}")
    for pair in pairs:
        if pair.gain < -0.1:
            notes.append(
                f"{pair.larger + 1} ended {-pair.gain:.3g} above {pair.smaller + 1}, its special "
                "case: its search found no better minimum"
            )
    told = {frozenset((pair.smaller, pair.larger)) for pair in pairs}
    apart = [
        (a, b)
        for a in range(len(fits))
        for b in range(a + 1, len(fits))
        if frozenset((a, b)) not in told and not alike(fits[a], fits[b])
    ]
    if apart:
        listed = ", ".join(f"{a + 1} and {b + 1}" for a, b in apart)
        notes.append(f"not nested, so there is no likelihood ratio test: {listed}")
    return tuple(notes)


def _check_alike(fits: tuple[FitResult, ...]) -> None:
    """Refuse fits of different bins or with different costs."""
    for one in fits[1:]:
        for name in ("cost", "n_bins", "t_range", "name"):
            if getattr(one, name) != getattr(fits[0], name):
                raise FitError(
                    f"fits with {name} = {getattr(fits[0], name)!r} and {getattr(one, name)!r} "
                    "cannot be compared; fit the same bins with the same cost"
                )


def shared_options(models: list[Model], options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Options of the fit of each model: those of parameters it has, and what is no table.

    Raises
    ------
    ModelError for a parameter that no model has.
    """
    check_tables(**{kind: options.get(kind) for kind in TABLES})
    shared: list[dict[str, Any]] = [
        {name: value for name, value in options.items() if name not in (*TABLES, "constraints")}
        for _ in models
    ]
    for kind in TABLES:
        for name, value in (options.get(kind) or {}).items():
            for place in _having(models, (name,)):
                shared[place].setdefault(kind, {})[name] = value
    for one in as_constraints(options.get("constraints")):
        for place in _having(models, one.names):
            shared[place].setdefault("constraints", []).append(one)
    return shared


def _having(models: list[Model], names: tuple[str, ...]) -> list[int]:
    """Places of the models that have all of these parameters.

    Raises
    ------
    ModelError if none has.
    """
    found, why = [], ModelError("no model to fit")
    for place, model in enumerate(models):
        try:
            for name in names:
                if name not in BEHIND:
                    model.index(name)
        except ModelError as error:
            why = error
        else:
            found.append(place)
    if models and not found:
        raise why
    return found
