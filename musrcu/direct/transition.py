"""The spectrum of a run near its transition: a part of the volume ordered, the rest not yet."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musrcu.direct.nodes import LAW, Counts, Nodes, nodes
from musrcu.errors import ModelError
from musrcu.models.bin_average import average_and_gradient
from musrcu.models.bins import Bins
from musrcu.models.model import Model
from musrcu.models.odd_numbers import times_of
from musrcu.models.parameter import Parameter
from musrcu.models.term import Term

FloatArray = NDArray[np.float64]
Part = Literal["ordered", "paramagnetic", "both"]

ABOVE = "_above"
"""Ends the name of a parameter of the paramagnetic model."""
TEMPERATURES = ("sigma_TN", "T", "T_offset")
"""Parameters in K: width of the transition, temperature of the run, offset of the thermometer."""
DISTANCE = "T_from_T_N"
"""In the place of T, K: the true temperature less T_N, which a spectrum near T_N depends on."""


class Transition(Model):
    """A(t) = w A_ordered(t) + (1 - w) A_paramagnetic(t) + A_bg, one run of a scan.

        w = Phi((T_N - T') / s),   T' = T + T_offset,   s^2 = sigma_TN^2 + spread^2,

    is the ordered fraction of the volume. Both parts have the same total asymmetry, the sum of the
    amplitudes of the ordered model, and the same background. The frequency of the ordered part
    follows nu0 [1 - (x/T_N)^exponent]^beta, averaged over the temperatures x below T_N
    (:mod:`musrcu.direct.nodes`).

    Its parameters are those of the ordered model but for the frequency; nu0, T_N, beta, exponent,
    sigma_TN, T (or T_from_T_N, with T' = T_N + T_from_T_N) and T_offset; and those of the
    paramagnetic model but for its last amplitude and its background, with ``_above`` at the end of
    their names.

    Parameters
    ----------
    ordered, paramagnetic : models of the asymmetry.
    parameter : name of the order parameter in the ordered model.
    part : ``ordered`` where w is 1 whatever the fit does, ``paramagnetic`` where it is 0; these
        have only the parameters that they need.
    spread : standard deviation of the temperature within the run, K.
    many : nodes of the average.
    from_T_N : whether T_from_T_N is a parameter in the place of T.
    """

    __slots__ = (
        "_above", "_law", "_line", "_order", "from_T_N", "many", "ordered", "paramagnetic", "part",
        "spread",
    )  # fmt: skip

    def __init__(
        self, ordered: Model, paramagnetic: Model, parameter: str, *, part: Part = "both",
        spread: float = 0.0, many: Counts = Counts(9, 32),  # noqa: B008
        from_T_N: bool = False,
    ) -> None:  # fmt: skip
        self.ordered, self.paramagnetic = ordered, paramagnetic
        self.part, self.spread, self.many, self.from_T_N = part, spread, many, from_T_N
        self._order = ordered.index(parameter)
        self._line = line_of(ordered, self._order)
        if self._line.amplitude == self._order:
            raise ModelError(
                f"{parameter} is an amplitude; the one-step fit follows a frequency or a field "
                "through the scan, fit an amplitude in two steps"
            )
        self.expression = f"{ordered.expression} below T_N, {paramagnetic.expression} above"
        self.terms: tuple[Term, ...] = ()
        kept, laws, above = self._parts()
        self.parameters: tuple[Parameter, ...] = (*kept, *laws, *above)
        self.names: tuple[str, ...] = tuple(one.name for one in self.parameters)
        twice = next((name for name in self.names if self.names.count(name) > 1), None)
        if twice is not None:
            raise ModelError(f"{self.expression!r} has two parameters {twice}; rename yours")
        self._index = {name: place for place, name in enumerate(self.names)}
        self._law, self._above = len(kept), len(kept) + len(laws)

    def _parts(self) -> tuple[list[Parameter], list[Parameter], list[Parameter]]:
        """Parameters of the ordered model, of the law, and of the paramagnetic model."""
        amplitudes = {term.amplitude for term in self.ordered.terms}
        if self.part == "paramagnetic":
            kept = [p for k, p in enumerate(self.ordered.parameters)
                    if k in amplitudes]  # fmt: skip
            return kept, [], self._parameters_above()
        kept = [p for k, p in enumerate(self.ordered.parameters) if k != self._order]
        return kept, law_parameters(self.ordered.parameters[self._order], self.from_T_N), (
            self._parameters_above() if self.part == "both" else []
        )  # fmt: skip

    def _parameters_above(self) -> list[Parameter]:
        """Those of the paramagnetic model but for constants and the amplitude that is the rest."""
        left_out: set[int | None] = {rest_of(self.paramagnetic)}
        left_out |= {term.amplitude for term in self.paramagnetic.terms if is_constant(term)}
        return [
            dataclasses.replace(one, name=one.name + ABOVE)
            for k, one in enumerate(self.paramagnetic.parameters)
            if k not in left_out
        ]

    def value(self, t: ArrayLike | Bins, values: Sequence[float] | FloatArray) -> FloatArray:
        """The asymmetry at times ``t``, µs, or averaged over bins."""
        return self.value_and_gradient(t, values)[0]

    def value_and_gradient(
        self,
        t: ArrayLike | Bins,
        values: Sequence[float] | FloatArray,
        out: FloatArray | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """The asymmetry (n_bins,) and its derivatives (n_parameters, n_bins)."""
        values = self._checked(values)
        t = t if isinstance(t, Bins) else np.atleast_1d(times_of(t))
        size = t.time.size if isinstance(t, Bins) else t.size
        gradient = np.empty((len(self.names), size)) if out is None else out
        gradient[:] = 0.0
        total = np.zeros(size)
        self._background(t, values, total, gradient)
        if self.part == "paramagnetic":
            value, rows = self._paramagnetic(t, values)
            total += value
            gradient += rows
            return total, gradient
        where, s = self._where(values)
        law = tuple(values[self._law : self._law + len(LAW)].tolist())
        found = nodes((law[0], law[1], law[2], law[3]), where, s, self.many)
        w, slopes = (0.0, np.zeros(6)) if found is None else (found.w, found.w_slopes)
        by = self._by_temperatures(values, s)
        if found is not None:
            self._ordered(t, values, found, by, total, gradient)
        if self.part == "both" and w < 1.0:
            value, rows = self._paramagnetic(t, values)
            total += (1 - w) * value
            gradient += (1 - w) * rows
            gradient[self._law : self._above] -= np.outer(by @ slopes, value)
        return total, gradient

    def temperature(self, values: FloatArray) -> float:
        """True temperature of the run, K."""
        return self._where(values)[0]

    def _where(self, values: FloatArray) -> tuple[float, float]:
        """Temperature of the run as T_N sees it, and the width of the distribution, K."""
        sigma, T, offset = values[self._law + len(LAW) : self._law + len(LAW) + 3]
        T_N = float(values[self._law + 1])
        where = T_N + T if self.from_T_N else T + offset
        return float(where), max(math.hypot(sigma, self.spread), 1e-12)

    def _by_temperatures(self, values: FloatArray, s: float) -> FloatArray:
        """(7, 6) derivatives of nu0, T_N, beta, exponent, T' and s by the parameters of the law."""
        by = np.zeros((len(LAW) + len(TEMPERATURES), 6))
        by[:4, :4] = np.eye(4)
        by[4, 5] = float(values[self._law + 4]) / s
        by[5, 4] = 1.0
        by[1 if self.from_T_N else 6, 4] = 1.0
        return by

    def own(self, values: FloatArray) -> FloatArray:
        """Values in the order of the ordered model, the order parameter 0."""
        if self.part == "paramagnetic":
            own = np.zeros(len(self.ordered.names))
            own[self._kept()] = values[: self._law]
            return own
        return np.insert(values[: self._law], self._order, 0.0)

    def _kept(self) -> NDArray[np.int64]:
        """Which parameters of the ordered model come first among these."""
        return np.array([self.ordered.index(name) for name in self.names[: self._law]], dtype=int)

    def _background(
        self, t: FloatArray | Bins, values: FloatArray, total: FloatArray, gradient: FloatArray
    ) -> None:
        own = self.own(values)
        for term in filter(is_constant, self.ordered.terms):
            assert term.amplitude is not None
            shape, _ = shape_and_rows(term, t, own)
            total += term.height(own) * shape
            gradient[self.index(self.ordered.names[term.amplitude])] = shape

    def _ordered(
        self, t: FloatArray | Bins, values: FloatArray, found: Nodes, by: FloatArray,
        total: FloatArray, gradient: FloatArray,
    ) -> None:  # fmt: skip
        """The ordered part: lines averaged over the nodes, the other terms times w."""
        own, size = self.own(values), total.size
        rows = np.zeros((own.size, size))
        steady = np.zeros(size)
        for term in self.ordered.terms:
            if term is self._line or is_constant(term):
                continue
            shape, slopes = shape_and_rows(term, t, own)
            height = term.height(own)
            steady += height * shape
            _add(rows, term, height, shape, slopes, found.w)
        lines = np.empty((found.nu.size, size))
        turned = np.empty((found.nu.size, size))
        for k, nu in enumerate(found.nu):
            own[self._order] = nu
            shape, slopes = shape_and_rows(self._line, t, own)
            height = self._line.height(own)
            np.multiply(height, shape, out=lines[k])
            np.multiply(height, slopes[self._order - self._line.place.start], out=turned[k])
            _add(rows, self._line, height, shape, slopes, float(found.weight[k]))
        total += found.w * steady + found.weight @ lines
        rows = np.delete(rows, self._order, axis=0)
        gradient[: self._law] += rows
        by_law = found.w_slopes[:, None] * steady
        by_law += (found.nu_slopes * found.weight) @ turned + found.weight_slopes @ lines
        gradient[self._law : self._law + by.shape[0]] += by @ by_law

    def _paramagnetic(
        self, t: FloatArray | Bins, values: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """The paramagnetic part, all of the volume, and its derivatives."""
        own, model = self.own(values), self.paramagnetic
        amplitudes = amplitudes_of(self.ordered)
        theirs = np.zeros(len(model.names))
        places: dict[int, int] = {}
        for k, name in enumerate(self.names[self._above :], self._above):
            place = model.index(name.removesuffix(ABOVE))
            places[place], theirs[place] = k, values[k]
        rest = rest_of(model)
        others = [place for place in amplitudes_of(model) if place != rest]
        theirs[rest] = own[amplitudes].sum() - theirs[others].sum()
        size = t.time.size if isinstance(t, Bins) else t.size
        total, rows = np.zeros(size), np.zeros((len(model.names), size))
        for term in model.terms:
            if is_constant(term):
                continue
            shape, slopes = shape_and_rows(term, t, theirs)
            height = term.height(theirs)
            total += height * shape
            _add(rows, term, height, shape, slopes, 1.0)
        gradient = np.zeros((len(self.names), size))
        for place, k in places.items():
            gradient[k] = rows[place] - (rows[rest] if place in others else 0.0)
        for amplitude in amplitudes:
            gradient[self.index(self.ordered.names[amplitude])] += rows[rest]
        return total, gradient


def law_parameters(order: Parameter, from_T_N: bool = False) -> list[Parameter]:
    """Parameters of the law and of the temperatures."""
    return [
        dataclasses.replace(order, name="nu0", meaning="the order parameter at 0 K", lower=0.0),
        Parameter("T_N", "K", 1.0, "ordering temperature", lower=0.0),
        Parameter("beta", "", 0.3, "critical exponent", lower=0.01, upper=1.0),
        Parameter("exponent", "", 3.0, "alpha of the order parameter", lower=0.5, upper=8.0),
        Parameter("sigma_TN", "K", 1.0, "width of the transition", lower=0.0),
        Parameter(DISTANCE, "K", 0.0, "true temperature of the run less T_N")
        if from_T_N
        else Parameter("T", "K", 1.0, "true temperature of the run"),
        Parameter("T_offset", "K", 0.0, "offset of the thermometer"),
    ]


def line_of(model: Model, place: int) -> Term:
    """The term in which a parameter stands."""
    return next(
        term for term in model.terms
        if term.amplitude == place or term.place.start <= place < term.place.stop
    )  # fmt: skip


def is_constant(term: Term) -> bool:
    """Whether a term is a background that is there above T_N as it is below."""
    return term.label == "constant"


def amplitudes_of(model: Model) -> list[int]:
    """Positions of the amplitudes of all terms but constants."""
    return [
        term.amplitude
        for term in model.terms
        if not is_constant(term) and term.amplitude is not None
    ]


def rest_of(model: Model) -> int:
    """Position of the last amplitude of a model, which is what is left of the total."""
    places = amplitudes_of(model)
    if not places:
        raise ModelError(
            f"{model.expression!r} has no term but constants, and so no total "
            f"asymmetry; give it one, as in {'exponential + constant'!r}"
        )
    return places[-1]


def shape_and_rows(
    term: Term, t: FloatArray | Bins, values: FloatArray
) -> tuple[FloatArray, Sequence[FloatArray]]:
    """A term without its amplitude, and its derivatives by the parameters of ``place``."""
    if isinstance(t, Bins):
        return average_and_gradient(term, t, values)
    return term.shape_and_gradient(t, values)


def _add(
    rows: FloatArray, term: Term, height: float, shape: FloatArray,
    slopes: Sequence[FloatArray], weight: float,
) -> None:  # fmt: skip
    """A term's derivatives, weighted, to those of its model."""
    if term.amplitude is not None:
        rows[term.amplitude] += weight * shape
    for row, slope in zip(rows[term.place], slopes, strict=True):
        row += (weight * height) * slope
