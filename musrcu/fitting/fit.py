"""One fit: a model, an asymmetry, and as little else as the user cares to give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.asymmetry import Asymmetry
from musrcu.errors import FitError
from musrcu.fitting.cost import AsymmetryCost
from musrcu.fitting.doubts import averaging, beyond_limits, chance, near_tie, poor, too_fast
from musrcu.fitting.freedom import Freedom, Limits, is_number, settle
from musrcu.fitting.judgement import Bound, Judgement, judge
from musrcu.fitting.minimise import Minimum, minimise
from musrcu.fitting.outcome import fitted_result, unfitted_result
from musrcu.fitting.result import FitResult
from musrcu.fitting.start import find_starts
from musrcu.fitting.window import Window, fitted_bins
from musrcu.models.model import Model

FloatArray = NDArray[np.float64]

SPARE = 25.0
"""A term whose loss raises chi-square by more than this is not spare."""


def fit(
    asymmetry: Asymmetry,
    model: Model | str,
    *,
    start: Mapping[str, float] | None = None,
    fixed: Mapping[str, float] | None = None,
    limits: Mapping[str, Limits] | None = None,
    ties: Mapping[str, str] | None = None,
    t_range: tuple[float, float] | None = None,
    minos: Iterable[str] = (),
    max_asymmetry: float | None = None,
) -> FitResult:
    """Least-squares fit of a model to an asymmetry, minimised by Minuit with analytic gradients.

    chi2 = sum [(A_k - A(t_k)) / sigma_k]^2. Errors are those of the Hessian at the minimum and are
    never rescaled by the reduced chi-square.

    Parameters
    ----------
    asymmetry : what is fitted; bins without a value are dropped and counted.
    model : a model or its expression.
    start : start values by name; what is not given is found by a projection scan.
    fixed : values by name of parameters that are held.
    limits : (lower, upper) by name, None for an open end; they replace the model's own.
    ties : expressions by name, ``{"lambda2": "2*lambda1"}``.
    t_range : (first, last) time, µs; None takes all bins.
    minos : names of parameters whose unequal errors are computed too.
    max_asymmetry : largest amplitude that is physical; None takes the calibrated total asymmetry,
        or 0.35 where it is unknown.

    Returns
    -------
    FitResult. A fit that failed, whose amplitudes leave what physics allows, or whose covariance
    is singular has ``valid=False`` and a reason; where two terms cannot be told apart,
    ``alternative`` is the fit without one of them.

    Raises
    ------
    ModelError or FitError where the request itself cannot be set up.

    Source: F. James and M. Roos, Comput. Phys. Commun. 10, 343 (1975).
    """
    if not isinstance(asymmetry, Asymmetry):
        raise FitError(f"fit takes an Asymmetry, not a {type(asymmetry).__name__}; reduce it first")
    if not isinstance(model, (Model, str)):
        raise FitError(f"fit takes a Model or its expression, not a {type(model).__name__}")
    model = Model(model) if isinstance(model, str) else model
    minos = (minos,) if isinstance(minos, str) else tuple(minos or ())
    if any(term.amplitude is None for term in model.terms):
        raise FitError(f"{model.expression!r} is a law of temperature; it fits no asymmetry")
    freedom = settle(model, start, fixed, limits, ties)
    window = fitted_bins(asymmetry, t_range)
    bound = Bound(asymmetry.total, asymmetry.total_error)
    if max_asymmetry is not None:
        if not (is_number(max_asymmetry) and max_asymmetry > 0):
            raise FitError(f"max_asymmetry = {max_asymmetry!r}; it must be a number above 0")
        bound = Bound(max_asymmetry, 0.0)
    names = tuple(model.names[model.index(name)] for name in minos)
    return _fit(asymmetry, window, freedom, bound, names)


def _fit(
    asymmetry: Asymmetry,
    window: Window,
    freedom: Freedom,
    bound: Bound,
    minos: tuple[str, ...],
    depth: int = 0,
) -> FitResult:
    n_free = freedom.free.size
    if n_free == 0:
        raise FitError("every parameter is fixed or tied; free at least one")
    if window.time.size <= n_free:
        reason = f"{window.time.size} bins for {n_free} free parameters"
        if asymmetry.time.size:
            first, last = asymmetry.time[[0, -1]]
            reason += f" (the asymmetry has {asymmetry.time.size}, {first:.3g} to {last:.3g} us)"
        return unfitted_result(asymmetry, window, freedom, reason)
    cost = AsymmetryCost(window.time, window.value, window.error, freedom)
    starts = find_starts(cost)
    if not starts:
        return unfitted_result(
            asymmetry, window, freedom, "no start values give a finite chi-square"
        )
    minimum, freedom, at_limit = _minimum(cost, starts[0].x)
    full = freedom.expand(minimum.x)
    jacobian = freedom.jacobian(full)
    singular = minimum.covariance is None
    known = minimum.blurred if minimum.covariance is None else minimum.covariance
    spread = jacobian @ known @ jacobian.T
    covariance = None if singular else spread
    held = freedom.fixed - at_limit
    judgement = judge(
        freedom.model, full, spread, bound, held, tied=freedom.ties, singular=singular
    )
    reason = judgement.reason or minimum.reason or too_fast(freedom.model, full, asymmetry)
    notes = [*judgement.notes, *near_tie(cost, freedom, starts), *window.notes]
    notes += [f"{freedom.model.names[k]} is at its limit, held there" for k in sorted(at_limit)]
    notes += beyond_limits(freedom, full)
    notes += poor(minimum.chi2, window.time.size - freedom.free.size)
    notes += chance(cost, full, spread, asymmetry)
    notes += averaging(freedom.model, full, spread, asymmetry.bin_width)
    intervals = {}
    if not reason:
        intervals = _minos(minimum, freedom, minos, notes)
    elif minos:
        notes.append("no MINOS errors: the fit is not valid")
    return fitted_result(
        asymmetry, window, freedom, minimum,
        covariance=covariance, at_limit=at_limit, intervals=intervals, reason=reason,
        notes=tuple(notes), start=_named(cost.freedom, starts[0].x),
        alternative=_alternative(
            asymmetry, window, cost.freedom, bound, judgement, depth, minimum.chi2 + SPARE
        ),
    )  # fmt: skip


def _minimum(cost: AsymmetryCost, x: FloatArray) -> tuple[Minimum, Freedom, frozenset[int]]:
    """The minimum; parameters that end at a limit are held there and the fit is redone."""
    held: frozenset[int] = frozenset()
    freedom = cost.freedom
    while True:
        names = tuple(freedom.model.names[k] for k in freedom.free)
        minimum = minimise(cost, x, names)
        if not minimum.at_limit or len(minimum.at_limit) == minimum.x.size:
            return minimum, freedom, held
        for k in minimum.at_limit:
            place = int(cost.free[k])
            near_lower = minimum.x[k] - freedom.lower[place] < freedom.upper[place] - minimum.x[k]
            limit = freedom.lower[place] if near_lower else freedom.upper[place]
            freedom = freedom.hold(place, float(limit))
            held |= {place}
        x = np.delete(minimum.x, minimum.at_limit)
        cost = AsymmetryCost(cost.time, cost.value, 1 / cost.inverse_error, freedom)


def _minos(
    minimum: Minimum, freedom: Freedom, names: tuple[str, ...], notes: list[str]
) -> dict[str, tuple[float, float]]:
    free = {freedom.model.names[k] for k in freedom.free}
    found = {}
    for name in names:
        if name not in free:
            notes.append(f"no MINOS error for {name}: it is not free")
            continue
        try:
            minimum.minuit.minos(name)
        except RuntimeError as error:
            notes.append(f"no MINOS error for {name}: {error}")
            continue
        errors = minimum.minuit.merrors[name]
        if errors.is_valid:
            found[name] = (float(errors.lower), float(errors.upper))
        else:
            notes.append(f"no MINOS error for {name}: chi-square does not rise by one")
    return found


def _alternative(
    asymmetry: Asymmetry,
    window: Window,
    freedom: Freedom,
    bound: Bound,
    judgement: Judgement,
    depth: int,
    worst: float,
) -> FitResult | None:
    """The best fit without one of the spare terms.

    Where one term is blamed alone, its loss may not raise chi-square above ``worst``.
    """
    if not judgement.reason or depth > 1:
        return None
    found = []
    for term in judgement.spare:
        reduced = _without(freedom, term)
        if reduced is not None:
            found.append(_fit(asymmetry, window, reduced, bound, (), depth + 1))
    if len(judgement.spare) > 1:
        worst = np.inf
    fitted = [result for result in found if result.chi2 is not None and result.chi2 <= worst]
    return min(fitted, key=_rank, default=None)


def _rank(result: FitResult) -> tuple[bool, float]:
    """Valid fits first, then Akaike's criterion: chi-square plus twice the free parameters."""
    assert result.chi2 is not None
    return (not result.valid, result.chi2 - 2 * result.ndof)


def _without(freedom: Freedom, term: int) -> Freedom | None:
    """The freedom of the model without a term; None where a tie needs it or nothing is left."""
    model = freedom.model
    if len(model.terms) < 2:
        return None
    reduced = model.without(term)
    if any(not tie.names <= set(reduced.names) for tie in freedom.ties.values()):
        return None
    keep = {name: model.index(name) for name in reduced.names}
    start = {n: float(freedom.start[k]) for n, k in keep.items() if np.isfinite(freedom.start[k])}
    fixed = {n: value for n, value in start.items() if keep[n] in freedom.fixed}
    limits: dict[str, Limits] = {
        n: (float(freedom.lower[k]), float(freedom.upper[k])) for n, k in keep.items()
    }
    ties = {n: freedom.ties[k].text for n, k in keep.items() if k in freedom.ties}
    free_start = {n: value for n, value in start.items() if n not in fixed}
    return settle(reduced, free_start, fixed, limits, ties)


def _named(freedom: Freedom, x: FloatArray) -> dict[str, float]:
    """Start values by name: those that were given, else those that the search found."""
    found = dict(zip(freedom.free.tolist(), x.tolist(), strict=True))
    given = {k: float(freedom.start[k]) for k in found if np.isfinite(freedom.start[k])}
    return {freedom.model.names[k]: value for k, value in (found | given).items()}
