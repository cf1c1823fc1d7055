"""A one-step fit in words: the law, what it gained over two steps, a table of runs."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from musrcu.notation import bracket, probability, table
from musrcu.ordering.left_out import grouped
from musrcu.ordering.result import LawParameter

if TYPE_CHECKING:
    from musrcu.direct.result import DirectOrder, DirectRun


def report(order: DirectOrder, *, reduced: bool = True) -> str:
    """The result, one line per statement, and a table with a line for each run.

    ``reduced`` False leaves out how the runs were reduced, for whom has said that before.
    """
    name = order.saturation.name
    lines = [*order.reduced, ""] if reduced and order.reduced else []
    lines += [
        f"{order.parameter}(T) = {name} [1 - (T/T_N)^alpha]^beta, one fit of {len(order.runs)} "
        f"runs: {order.models[0]} below T_N, {order.models[1]} above",
        *(str(one) for one in order.law[:-1]),
        str(_short_width(order.sigma_TN)),
    ]
    if order.sigma_TN_below is not None:
        lines.append(
            f"sigma_TN below {order.sigma_TN_below:.2g} K at 95 % (one-sided: chi2 rises by 2.71)"
        )
    if math.isfinite(order.chi2):
        tail = (
            "" if order.probability is None else f", probability {probability(order.probability)}"
        )
        lines.append(f"chi2/ndof = {order.chi2:.2f}/{order.ndof}{tail}")
    lines.append("valid" if order.valid else f"NOT VALID: {order.reason}")
    lines += beside(order)
    if order.shared:
        lines.append(f"shared by all runs: {_listed(order)}")
    lines += run_table(order)
    lines += [f"assumed: {one}" for one in order.assumed]
    if order.left_out:
        lines.append(f"left out: {grouped(order.left_out)}")
    return "\n".join([*lines, *(f"note: {note}" for note in order.notes)])


def _short_width(sigma: LawParameter) -> LawParameter:
    """A width that was not fitted with two digits, as it is assumed."""
    if not (sigma.fixed or sigma.at_limit):
        return sigma
    return dataclasses.replace(sigma, value=float(f"{sigma.value:.2g}"))


def _listed(order: DirectOrder) -> str:
    return ", ".join(f"{label} = {one}" for label, one in order.shared.items())


def beside(order: DirectOrder) -> list[str]:
    """The two-step answer, and what the one step gained, in at most three lines."""
    two = order.two_step
    if not math.isfinite(two.T_N.value):
        return [f"two steps: none ({two.reason})"]
    names = [order.saturation.name, "T_N", "beta"]
    told = ", ".join(_short(two[name]) for name in names)
    lines = [f"two steps: {told}" + ("" if two.valid else f" (NOT VALID: {two.reason})")]
    gains = []
    for name in ("T_N", "beta"):
        ratio = gained(order, name)
        if ratio is not None:
            gains.append(f"{name} {ratio:.2f} times as large (as {ratio**-2:.1f} times the events)")
    if gains:
        lines.append(f"errors of one step against two: {'; '.join(gains)}")
    return lines


def gained(order: DirectOrder, name: str) -> float | None:
    """The error of one step over that of two; None where either has none.

    Of unequal errors their mean.
    """
    if not (order.valid and order.two_step.valid):
        return None
    sizes = []
    for one in (order[name], order.two_step[name]):
        low, high = one.minos or (one.error, one.error)
        sizes.append(0.5 * (abs(low or math.nan) + abs(high or math.nan)))
    ratio = sizes[0] / sizes[1] if sizes[1] > 0 else math.nan
    return ratio if math.isfinite(ratio) else None


def _short(one: LawParameter) -> str:
    return f"{one.name} = {bracket(one.value, one.error, one.unit)}"


def run_table(order: DirectOrder) -> list[str]:
    """A line for each run: temperatures, ordered fraction, frequency, own parameters, chi2."""
    own = list(dict.fromkeys(name for one in order.runs for name in one.own if name != "T"))
    own = [name for name in own if not name.startswith(("b_", "N0"))]
    head = ["run", "T (K)", "true T (K)", "w", order.parameter, *own, "chi2/n"]
    rows = [_row(one, own) for one in order.runs]
    return table(rows, head).splitlines()


def _row(one: DirectRun, own: list[str]) -> list[str]:
    true = one.own.get("T")
    error = None if true is None else true.error
    return [
        one.name,
        bracket(one.temperature, one.temperature_error or None),
        bracket(one.true_temperature, error) if true is not None else "-",
        f"{one.fraction:.2f}",
        "-" if one.nu is None else bracket(one.nu, one.nu_error),
        *(_value(one, name) for name in own),
        f"{one.chi2:.0f}/{one.n_data}",
    ]


def _value(one: DirectRun, name: str) -> str:
    found = one.own.get(name)
    if found is None:
        return "-"
    supposed = found.constraint is not None
    text = bracket(found.value, found.error)
    return f"[{text}]" if supposed else text
