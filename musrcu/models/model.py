"""A model: components added and multiplied, with the names a paper would give its parameters."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from musrcu.errors import ModelError, nearest
from musrcu.models.bin_average import average, average_and_gradient
from musrcu.models.bins import Bins
from musrcu.models.curvature import curvature
from musrcu.models.expression import Factor, parse, variable_of
from musrcu.models.normal_form import set_upright
from musrcu.models.odd_numbers import times_of
from musrcu.models.parameter import Parameter
from musrcu.models.registry import Component, FloatArray, Variable
from musrcu.models.term import Term


class Model:
    """A sum of products of components.

    ``Model("exponential + damped_cosine + constant")`` is

        A(t) = A1 exp(-lambda1 t) + A2 exp(-lambda2 t) cos(2 pi nu2 t + phi2) + A_bg

    with the parameters ``A1, lambda1, A2, lambda2, nu2, phi2, A_bg``: components are numbered from
    left to right, the first factor of a product carries the amplitude, a constant is A_bg.

    Raises
    ------
    ModelError if the expression is not a sum of products of known components.
    """

    __slots__ = ("_index", "expression", "names", "parameters", "terms")

    def __init__(self, expression: str) -> None:
        self.expression = " ".join(expression.split())
        parsed = parse(expression)
        self.terms, self.parameters = _assemble(parsed, variable_of(expression, parsed))
        self.names = tuple(parameter.name for parameter in self.parameters)
        self._check_names()
        self._index = {name: place for place, name in enumerate(self.names)}

    def _check_names(self) -> None:
        """Every name stands for one parameter."""
        twice = next((name for name in self.names if self.names.count(name) > 1), None)
        if twice is None:
            return
        owners = [
            f"that of {factor.component.key}"
            for term in self.terms
            for factor, place in zip(term.factors, term.places, strict=True)
            for name in self.names[place]
            if name == twice
        ]
        if len(owners) < 2:
            owners.append("the amplitude of a term")
        raise ModelError(
            f"{self.expression!r} has two parameters {twice}, {' and '.join(owners)}; give the "
            "argument of your function another name"
        )

    def __repr__(self) -> str:
        return f"Model({self.expression!r})"

    def __reduce__(self) -> tuple[Callable[..., Model], tuple[Any, ...]]:
        # Components that another process would not know go along and are made there first.
        used = {f.component.key: f.component for term in self.terms for f in term.factors}
        return _with, (self.expression, *(one for one in used.values() if one.remake is not None))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and (self.names, self.labels) == (other.names, other.labels)

    def __hash__(self) -> int:
        return hash((self.names, self.labels))

    @property
    def variable(self) -> Variable:
        """``t`` for a function of time, ``T`` or ``B`` for laws of temperature or field."""
        return variable_of(self.expression, [term.factors for term in self.terms])

    @property
    def labels(self) -> tuple[str, ...]:
        """Label of each term."""
        return tuple(term.label for term in self.terms)

    @property
    def formula(self) -> str:
        """The model written out with its parameters' names."""
        return " + ".join(self.term_formula(number) for number in range(len(self.terms)))

    def term_formula(self, number: int) -> str:
        """One term (from 0) written out: ``A1 exp(-lambda1 t)``."""
        return self.terms[number].formula(self.names)

    def index(self, name: str) -> int:
        """Position of a parameter; a name without its number will do where only one has it.

        Raises
        ------
        ModelError for an unknown or ambiguous name.
        """
        if not isinstance(name, str):
            raise ModelError(f"{name!r} is no name of a parameter of {self.expression!r}")
        if name in self._index:
            return self._index[name]
        short = [full for full in self.names if full.rstrip("0123456789") == name]
        if len(short) == 1:
            return self._index[short[0]]
        if short:
            raise ModelError(f"{name!r} may be {' or '.join(short)} in {self.expression!r}")
        hint = nearest(name, self.names)
        raise ModelError(
            f"{self.expression!r} has no parameter {name!r}{hint} (it has {', '.join(self.names)})"
        )

    def value(self, t: ArrayLike | Bins, values: Sequence[float] | FloatArray) -> FloatArray:
        """The model at times ``t``, or averaged over bins.

        Parameters
        ----------
        t : times, µs, any shape (temperatures, K, or fields, G, for laws of them); or
            :class:`musrcu.models.bins.Bins`.
        values : one number per parameter, in the order of ``names``.

        Returns
        -------
        Asymmetry, same shape as ``t``.

        Raises
        ------
        ModelError if there are not as many values as parameters.
        """
        values = self._checked(values)
        t = t if isinstance(t, Bins) else times_of(t)
        total = np.zeros_like(t.time if isinstance(t, Bins) else t)
        for term in self.terms:
            total += term.height(values) * _shape(term, t, values)
        return total

    def gradient(self, t: ArrayLike | Bins, values: Sequence[float] | FloatArray) -> FloatArray:
        """Derivatives of the model with respect to each parameter, shape (n_parameters, n_bins)."""
        return self.value_and_gradient(t, values)[1]

    def value_and_gradient(
        self,
        t: ArrayLike | Bins,
        values: Sequence[float] | FloatArray,
        out: FloatArray | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """The model, shape (n_bins,), and its gradient, shape (n_parameters, n_bins).

        ``t`` as for :meth:`value`. ``out`` takes the gradient, so that a fit need not allocate it
        at every step.
        """
        values = self._checked(values)
        t = t if isinstance(t, Bins) else np.atleast_1d(times_of(t))
        total = np.zeros_like(t.time if isinstance(t, Bins) else t)
        gradient = np.empty((len(self.names), total.size)) if out is None else out
        for term in self.terms:
            amplitude = term.height(values)
            if isinstance(t, Bins):
                shape, rows = average_and_gradient(term, t, values)
            else:
                shape, rows = term.shape_and_gradient(t, values)
            total += amplitude * shape
            if term.amplitude is not None:
                gradient[term.amplitude] = shape
            for row, derivative in zip(gradient[term.place], rows, strict=True):
                np.multiply(amplitude, derivative, out=row)
        return total, gradient

    def curvature(
        self, t: FloatArray | Bins, values: FloatArray, weights: FloatArray, steps: FloatArray
    ) -> FloatArray:
        """sum_k w_k d2 A(t_k) / dp_i dp_j, (n_parameters, n_parameters).

        ``weights`` are w; ``steps`` those of differences where there is no formula, 0 for
        parameters of which the derivatives are not wanted.
        """
        return curvature(self.terms, t, values, weights, steps)

    def _checked(self, values: Sequence[float] | FloatArray) -> FloatArray:
        """The values in double precision."""
        if len(values) != len(self.names):
            raise ModelError(
                f"{self.expression!r} has {len(self.names)} parameters "
                f"({', '.join(self.names)}), {len(values)} values were given"
            )
        return np.asarray(values, dtype=float)

    def shapes(self, t: FloatArray | Bins, values: Sequence[float] | FloatArray) -> FloatArray:
        """P(t) of every term without its amplitude, shape (n_terms, n_bins)."""
        return np.array([_shape(term, t, values) for term in self.terms])

    def vector(self, values: Mapping[str, float], default: bool = True) -> FloatArray:
        """Values by name as a vector in the order of ``names``; the rest default or NaN.

        Raises
        ------
        ModelError for an unknown or ambiguous name, or two names of one parameter.
        """
        start = [p.default if default else np.nan for p in self.parameters]
        given: dict[int, str] = {}
        for name, value in values.items():
            place = self.index(name)
            if place in given:
                raise ModelError(f"{given[place]!r} and {name!r} are the same parameter; give one")
            given[place] = name
            start[place] = float(value)
        return np.array(start)

    def normal_form(
        self, values: FloatArray, fixed: Iterable[int] = ()
    ) -> tuple[FloatArray, FloatArray]:
        """The same curve with nu >= 0, amplitudes of oscillations >= 0, phases in (-180, 180].

        What has no such form, as a Bessel function with a phase, stays as it is.

        Returns
        -------
        (values, signs): the new vector, and +1 or -1 by which each error and covariance changes.
        """
        values, signs, fixed = np.array(values, dtype=float), np.ones(len(self.names)), set(fixed)
        for term in self.terms:
            nu, phi = self._oscillation(term)
            if nu is None or phi is None or phi in fixed:
                continue
            set_upright(term, nu, phi, values, signs, fixed)
        return values, signs

    def _oscillation(self, term: Term) -> tuple[int | None, int | None]:
        """Positions of the first frequency and the first phase of a term."""
        places = [k for place in term.places for k in range(place.start, place.stop)]
        kinds = {self.parameters[k].kind: k for k in reversed(places)}
        return kinds.get("frequency"), kinds.get("phase")

    def oscillations(self) -> tuple[tuple[int, int, int], ...]:
        """(term, position of nu, position of phi) of every term that precesses."""
        found = []
        for number, term in enumerate(self.terms):
            nu, phi = self._oscillation(term)
            if nu is not None and phi is not None:
                found.append((number, nu, phi))
        return tuple(found)

    def lines(self) -> tuple[tuple[int, int, int | None], ...]:
        """The same, with None for phi where a component precesses from phase 0 and has no other."""
        found = []
        for number, term in enumerate(self.terms):
            nu, phi = self._oscillation(term)
            if nu is not None:
                found.append((number, nu, phi))
        return tuple(found)

    def without(self, term: int) -> Model:
        """This model without one term; the other parameters keep their names."""
        kept = [one for k, one in enumerate(self.terms) if k != term]
        return Model(" + ".join(" * ".join(_numbered(f) for f in one.factors) for one in kept))


def as_model(model: Model | str) -> Model:
    """The model, or that of the expression."""
    return model if isinstance(model, Model) else Model(model)


def _with(expression: str, *made: Component) -> Model:
    """A model in another process, where what it needs was made while it was unpacked."""
    return Model(expression)


def _assemble(
    parsed: tuple[tuple[Factor, ...], ...], variable: Variable
) -> tuple[tuple[Term, ...], tuple[Parameter, ...]]:
    terms: list[Term] = []
    parameters: list[Parameter] = []
    is_law = variable != "t"
    alone = is_law and sum(factors[0].component.key != "constant" for factors in parsed) == 1
    for factors in parsed:
        amplitude = None
        if factors[0].component.variable == "t":
            amplitude = len(parameters)
            parameters.append((_offset if is_law else _amplitude_parameter)(factors[0]))
        places = []
        for factor in factors:
            start = len(parameters)
            suffix = "" if alone else str(factor.number)
            parameters += [
                dataclasses.replace(parameter, name=f"{parameter.name}{suffix}")
                for parameter in factor.component.parameters
            ]
            places.append(slice(start, len(parameters)))
        terms.append(Term(amplitude, factors, tuple(places)))
    return tuple(terms), tuple(parameters)


def _amplitude_parameter(factor: Factor) -> Parameter:
    if factor.component.key == "constant":
        name = "A_bg" if factor.number == 1 else f"A_bg{factor.number}"
        return Parameter(name, "", 0.0, "background asymmetry", kind="amplitude")
    return Parameter(f"A{factor.number}", "", 0.1, "initial asymmetry", kind="amplitude")


def _offset(factor: Factor) -> Parameter:
    """The parameter of a constant beside a law."""
    name = "offset" if factor.number == 1 else f"offset{factor.number}"
    return Parameter(name, "", 0.0, "what the law is added to", kind="amplitude")


def _numbered(factor: Factor) -> str:
    if factor.component.key == "constant" and factor.number == 1:
        return "constant"
    return f"{factor.component.key}{factor.number}"


def _shape(term: Term, t: FloatArray | Bins, values: Sequence[float] | FloatArray) -> FloatArray:
    return average(term, t, values) if isinstance(t, Bins) else term.shape(t, values)
