"""From runs, a scan or a table to nu0, T_N and beta: in two steps, or in one."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, overload

from musrcu.analysis.scan import ORDERED, PARAMAGNETIC, ScanPlan
from musrcu.analysis.scan_options import recipe_of
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.run import Run
from musrcu.direct.choices import Choices, Spread, Width
from musrcu.direct.fit import fit_directly
from musrcu.direct.names import check_names, local_names, refuse_told_elsewhere
from musrcu.direct.result import DirectOrder
from musrcu.direct.tables import Tables, of_runs
from musrcu.direct.two_steps_only import TWO_STEPS_ONLY
from musrcu.errors import FitError
from musrcu.files import PathLike
from musrcu.fitting.constraint import Constraints, as_constraints
from musrcu.fitting.freedom import Limits
from musrcu.models.model import Model
from musrcu.ordering.method import Exponent
from musrcu.ordering.order_quantity import UNITS
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.result import OrderParameter
from musrcu.ordering.saved_law import fit_again
from musrcu.ordering.source import HasPoints
from musrcu.ordering.two_step import fit_order_parameter as two_steps
from musrcu.reduction.recipe import Reduction

Source = Iterable[Run | PathLike | Asymmetry | Counts] | Run | PathLike | Asymmetry | Counts


@overload
def fit_order_parameter(
    source: OrderPoints | HasPoints | OrderParameter,
    *,
    direct: Literal[False] = False,
    **options: Any,
) -> OrderParameter: ...


@overload
def fit_order_parameter(
    source: Source, *, direct: Literal[True], **options: Any
) -> DirectOrder: ...


def fit_order_parameter(
    source: OrderPoints | HasPoints | OrderParameter | Source,
    *,
    direct: bool = False,
    **options: Any,
) -> OrderParameter | DirectOrder:
    """nu0, T_N and beta of nu(T) = nu0 [1 - (T/T_N)^alpha]^beta, from a scan or from its runs.

    Parameters
    ----------
    source : a Scan or OrderPoints; with ``direct`` the runs, files or asymmetries of a scan. What
        was fitted before, a Scan with its ``order`` or an OrderParameter, is fitted with the same
        options but those given; a note says which.
    direct : False fits the law to the frequencies of the runs, each from a fit of its own; True
        fits it to all spectra at once, two steps beside it.
    options : of :func:`musrcu.ordering.two_step.fit_order_parameter` or, with ``direct``, of
        :func:`musrcu.direct.order_parameter.one_step`.

    Returns
    -------
    OrderParameter, or DirectOrder with ``direct``; one with ``valid`` False and the reason where
    there is no fit.

    Raises
    ------
    FitError or ModelError if an argument cannot be used.
    """
    if direct not in (True, False):
        raise FitError(f"direct = {direct!r}; expected True or False")
    _refuse_other(options, direct)
    if direct:
        return one_step(source, **options)  # type: ignore[arg-type]
    return fit_again(source, options)  # type: ignore[arg-type]


def _refuse_other(options: Mapping[str, Any], direct: bool) -> None:
    """Refuse an option of the other fit with a FitError, and one of neither with a TypeError."""
    own, other = (
        [name for name in inspect.signature(fit).parameters][1:] for fit in (one_step, two_steps)
    )
    if not direct:
        own, other = other, own
    for name in options:
        if name in own:
            continue
        if name not in other:
            raise TypeError(f"fit_order_parameter() got an unexpected argument {name!r}")
        if direct:
            raise FitError(
                f"{name} does not go with direct=True: {TWO_STEPS_ONLY[name]}; leave it out, or "
                "fit in two steps: direct=False, with a scan"
            )
        raise FitError(
            f"{name} is of the fit to all spectra; give the runs themselves and direct=True"
        )


def one_step(
    runs: Source,
    recipe: Reduction | None = None,
    *,
    ordered: Model | str = ORDERED,
    paramagnetic: Model | str = PARAMAGNETIC,
    parameter: str | None = None,
    alpha: Exponent = 3.0,
    sigma_TN: Width = None,
    local: Sequence[str] | None = None,
    smooth: Mapping[str, int] | None = None,
    spread: Spread = "log",
    thermometer_offset: float = 0.0,
    start: Mapping[str, float] | None = None,
    fixed: Mapping[str, float] | None = None,
    limits: Mapping[str, Limits] | None = None,
    constraints: Constraints | None = None,
    t_range: tuple[float, float] | None = None,
    average_bins: bool = False,
    cost: str = "asymmetry",
    minos: bool = True,
    run_minos: Sequence[str] = (),
    method: str = "auto",
    executor: Any = None,
    progress: bool = False,
) -> DirectOrder:
    """nu0, T_N and beta from the spectra of all runs at once.

    Each run's asymmetry is w A_ordered + (1 - w) A_paramagnetic, with one total asymmetry and one
    background; w = Phi((T_N - T) / sigma_TN) is the ordered part of its volume, and the frequency
    of that part is nu0 [1 - (T/T_N)^alpha]^beta, averaged over the width. The cost is the sum of
    those of all runs; true temperatures T are nuisance parameters, known within the errors of the
    runs' mean temperatures. Runs above T_N say where no line is, and what spectra have in common is
    fitted once. It begins from the fits of :func:`musrcu.fit_scan`; the law fitted to their
    frequencies is given beside it (``two_step``).

    Parameters
    ----------
    runs : runs or files; or what was reduced from them before.
    recipe : how each is reduced.
    ordered, paramagnetic : models below and above T_N. Constants are one background; the last
        amplitude of the paramagnetic model is what is left of the total.
    parameter : which frequency or field of the ordered model follows the law; None takes its first
        line.
    alpha : the exponent of T/T_N to hold, 0.5 to 8; ``"free"`` or None fits it.
    sigma_TN : width of the transition, K; ``"free"`` fits it, None holds it at its floor of
        2e-4 T_N, below which it is never taken.
    local : names of parameters that every run has for itself; None: all but amplitudes, phases and
        backgrounds. Those of the paramagnetic model end in ``_above``.
    smooth : by name, the degree of a polynomial in T that a parameter follows through all runs:
        ``{"lambda1": 2}``.
    spread : of the temperature within each run, over which its line is averaged. ``"log"``: what in
        the run's temperature log is slower than its readings; ``"readings"``: the whole spread of
        the readings; K, one for all; None for none.
    thermometer_offset : K, error of an offset that all temperatures share.
    start, fixed, limits : by name. They apply to both models where both have the name, as in
        :func:`musrcu.fit_scan`, and to nu0, T_N, beta and sigma_TN.
    constraints : what is known of parameters, as for :func:`musrcu.fit`; of T_N and of those that
        end in ``_above`` too.
    t_range, average_bins, cost : as for :func:`musrcu.fit_scan`.
    minos : whether unequal errors of T_N, beta and a free alpha are computed, and the upper limit
        of a free sigma_TN at its floor.
    run_minos : parameters of the fits of single runs with unequal errors.
    method : of the two-step fit.
    executor, progress : of the fits of single runs, as for :func:`musrcu.fit_scan`.

    Returns
    -------
    DirectOrder; ``valid`` False and a reason where it failed, or where no run is ordered.

    Raises
    ------
    FitError or ModelError if an argument cannot be used.

    Source: the law, Huddart et al., Phys. Chem. Chem. Phys. 21, 1014 (2019); true temperatures as
    nuisance parameters, D. R. Powell and J. R. Macdonald, Comput. J. 15, 148 (1972).
    """
    told = as_constraints(constraints)
    tables = Tables.of(start, fixed, limits)
    refuse_told_elsewhere(tables.given)
    plan = ScanPlan.of(
        ordered, paramagnetic, tables.scan["start"], tables.scan["fixed"], tables.scan["limits"],
        None, t_range, run_minos, of_runs(told, ordered, paramagnetic), average_bins, cost,
    )  # fmt: skip
    choices = Choices(
        alpha=alpha, sigma_TN=sigma_TN, local=local_names(local), smooth=smooth or {},
        spread=spread, thermometer_offset=thermometer_offset, constraints=tuple(told),
        t_range=t_range, average_bins=average_bins, cost=cost,
        **tables.of_both(plan.models[0], plan.models[1]),
    )  # fmt: skip
    name = parameter or plan.parameter
    _check_parameter(plan.models[0], name)
    check_names(plan.models[0], plan.models[1], name, choices)
    recipe = recipe_of("fit_order_parameter", recipe)
    worked = plan.work(runs, recipe, executor, progress)
    scan = plan.scan(worked, recipe)
    scan = dataclasses.replace(scan, parameter=name)
    two = two_steps(
        scan, parameter=name, alpha=alpha, method=method, minos=minos,
        thermometer_offset=thermometer_offset,
    )  # fmt: skip
    found = fit_directly(
        worked, plan, scan, two, choices, minos=minos,
        options={"reduction": scan.reduction, "fit": scan.options, **choices.to_dict()},
    )  # fmt: skip
    return dataclasses.replace(
        found, scan=scan, reduced=tuple(scan.assumptions()),
        sigma_TN_below=_width_below(found) if minos else None,
    )  # fmt: skip


def _width_below(found: DirectOrder) -> float | None:
    """Upper limit of a free width of the transition that ended at its floor, K."""
    if not (found.valid and found.problem is not None and found.sigma_TN.at_limit):
        return None
    return found.problem.upper_limit("sigma_TN")


def _check_parameter(model: Model, name: str) -> None:
    """Raise a ModelError for a name the model has not, a FitError for what follows no law."""
    found = model.parameters[model.index(name)]
    if found.unit not in UNITS[:-1]:
        lines = [one.name for one in model.parameters if one.unit in UNITS[:-1]]
        raise FitError(
            f"{name} follows no law in one step; a frequency or a field does: "
            f"{', '.join(lines) or 'the ordered model has none'}"
        )
