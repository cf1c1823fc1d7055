"""The picture of a chain of spins 1/2: susceptibility and, at T = 0, magnetisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from musrcu import exchange
from musrcu.errors import MusrcuError
from musrcu.plot.style import (
    BLACK,
    BLUE,
    DOUBLE,
    GREY,
    ORANGE,
    SMALL,
    new_figure,
    style,
)
from musrcu.plot.style import quantity as written
from musrcu.quantity import Given, Quantity, propagated, quantity

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STEPS = 101
_COLDEST, _HOTTEST = 0.02, 5.0
"""Ends of the curve of the susceptibility, T over J."""
_TESLA = 1e-4  # of a gauss
_DASHED: Any = (0, (4, 2))


def chain(
    J: Given,
    g: Given,
    *,
    susceptibility: tuple[ArrayLike, ArrayLike] | None = None,
    magnetisation: tuple[ArrayLike, ArrayLike] | None = None,
    width: float = DOUBLE,
) -> Axes:
    """Picture of chi(T) of a uniform chain of spins 1/2, and beside it of M(B) at T = 0.

    Left the maximum is marked, and the Curie-Weiss law with theta = J/2 is dashed; right the
    saturation field is. Bands are the errors of J and g; the formulas are those of
    ``musrcu.exchange``.

    Parameters
    ----------
    J : coupling along the chain, K: a number, (value, error) or text such as ``"13.7(1)"``.
    g : likewise.
    susceptibility : measured T in K and chi in emu/mol, drawn as points.
    magnetisation : measured B in G and M over that at saturation, drawn as points.
    width : of the figure, inches.

    Returns
    -------
    matplotlib axes of the left panel; both are in ``axes.figure.axes``.

    Raises
    ------
    MusrcuError for a J or g that is no positive number, or points that are not two equal columns.
    """
    coupling, factor = quantity("J", J, "K"), quantity("g", g, "")
    chi, m = _columns(susceptibility), _columns(magnetisation)
    with style():
        figure = new_figure(width, 0.42 * width)
        left: Axes = figure.add_subplot(1, 2, 1)
        right = figure.add_subplot(1, 2, 2)
        engine = figure.get_layout_engine()
        if engine is not None:
            engine.set(wspace=0.05)  # type: ignore[call-arg]
        _susceptibility(left, coupling, factor, chi)
        _magnetisation(right, coupling, factor, m)
    return left


def _susceptibility(ax: Axes, J: Quantity, g: Quantity, measured: Any) -> None:
    at, height = exchange.susceptibility_maximum(J, g)
    end = _reach(measured, _HOTTEST * J.value)
    T = np.append(
        np.geomspace(_COLDEST * J.value, at.value, _STEPS), np.linspace(at.value, end, _STEPS)[1:]
    )
    _curve(ax, T, exchange.susceptibility(T, J, g))
    law = exchange.curie_weiss(J, g)
    warm = T[at.value / 3 < T]
    ax.plot(
        warm, law.C.value / (warm + law.theta.value), color=GREY, linewidth=0.8, ls=_DASHED,
        zorder=1, label=f"Curie\N{EN DASH}Weiss, {written('theta', *_pair(law.theta), 'K')}",
    )  # fmt: skip
    ax.plot(
        at.value, height.value, "v", color=BLUE, markersize=4, zorder=3, label=f"maximum at {at}"
    )
    _points(ax, measured, 1.0)
    ax.set_xlim(0, end)
    ax.set_ylim(0, 1.2 * max(height.value, 0.0 if measured is None else measured[1].max()))
    ax.set_xlabel(r"$T$ (K)")
    ax.set_ylabel(r"$\chi$ (emu/mol)")
    title = ", ".join([written("J", *_pair(J), "K"), written("g", *_pair(g))])
    ax.legend(loc="upper right", title=title, title_fontsize=SMALL, alignment="left")


def _magnetisation(ax: Axes, J: Quantity, g: Quantity, measured: Any) -> None:
    field = exchange.saturation_field(J, g)
    end = max(_reach(measured, 1.2 * field.value), 1.05 * field.value)
    dense = np.linspace(0, 1, _STEPS) ** 2  # the curve ends in a square root
    B = np.append(field.value * (1 - dense[::-1]), field.value + (end - field.value) * dense[1:])
    _curve(ax, _TESLA * B, exchange.magnetisation(B, J, g))
    tesla = propagated(lambda gauss: _TESLA * gauss, "T", field)
    ax.axvline(tesla.value, color=GREY, linewidth=0.7, ls=_DASHED, zorder=0)
    ax.annotate(
        f"saturation at {tesla}", (tesla.value, 0.05), (-4, 0), ha="right", fontsize=SMALL,
        color=BLUE, textcoords="offset points",
    )  # fmt: skip
    _points(ax, measured, _TESLA)
    ax.set_xlim(0, _TESLA * end)
    ax.set_ylim(0, 1.08)
    ax.set_xlabel(r"$B$ (T)")
    ax.set_ylabel(r"$M/M_\mathrm{sat}$ at $T$ = 0")
    ax.legend(loc="upper left")


def _curve(ax: Axes, x: Any, y: Quantity) -> None:
    if np.any(y.error):
        low, high = y.value + y.low, y.value + y.high
        ax.fill_between(x, low, high, color=ORANGE, alpha=0.25, linewidth=0, zorder=1)
    ax.plot(x, y.value, color=ORANGE, zorder=2, label="uniform chain")


def _points(ax: Axes, measured: Any, scale: float) -> None:
    if measured is not None:
        x, y = measured
        ax.plot(scale * x, y, "o", color=BLACK, markersize=2.4, markeredgewidth=0, label="measured")


def _columns(given: tuple[ArrayLike, ArrayLike] | None) -> Any:
    """Two equal columns of numbers; None where nothing was measured."""
    if given is None:
        return None
    try:
        x, y = (np.asarray(column, dtype=float) for column in given)
    except (TypeError, ValueError) as problem:
        raise MusrcuError("measured points are given as two columns of numbers") from problem
    if x.shape != y.shape or x.ndim != 1 or not np.isfinite([x, y]).any(axis=1).all():
        raise MusrcuError(
            f"measured points are two equal columns of numbers, not arrays {x.shape} and {y.shape}"
        )
    return x, y


def _reach(measured: Any, end: float) -> float:
    """End of an axis: that of what was measured, if it goes beyond a third of what is usual."""
    return end if measured is None else max(1.04 * float(np.nanmax(measured[0])), end / 3)


def _pair(one: Quantity) -> tuple[float, float]:
    return one.value, one.error
