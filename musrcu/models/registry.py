"""The registry of components: each is one decorated function with a table that describes it."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import ModelError
from musrcu.models.certificate import Certificate
from musrcu.models.foreign import (
    Foreign,
    Origin,
    arguments_of,
    guarded,
    guarded_rows,
    guarded_solution,
    table_of,
)
from musrcu.models.numeric import Numeric
from musrcu.models.odd_numbers import steady, times_of
from musrcu.models.parameter import Check, Parameter
from musrcu.models.validity import Validity

FloatArray = NDArray[np.float64]
Solved = tuple[FloatArray, Sequence[FloatArray]]
"""Value and derivatives of a component, one array per parameter."""
Variable = Literal["t", "T", "B"]

BUILT_IN = (
    "musrcu.models.relaxation",
    "musrcu.models.power_relaxation",
    "musrcu.models.oscillation",
    "musrcu.models.dipolar",
    "musrcu.models.muonium",
    "musrcu.models.muonium_axial",
    "musrcu.models.bessel",
    "musrcu.models.internal_field",
    "musrcu.models.kornilov",
    "musrcu.models.kubo_toyabe",
    "musrcu.models.fluctuation",
    "musrcu.models.temperature_laws",
    "musrcu.models.superconductors",
    "musrcu.models.field_laws",
    "musrcu.models.kubo_toyabe_lf",
    "musrcu.models.dynamic_gaussian",
    "musrcu.models.dynamic_lorentzian",
)
ENTRY_POINT_GROUP = "musrcu.models"
"""Entry-point group of modules of other packages that declare components when imported."""

_KEY = re.compile(r"[a-z][a-z0-9_]*[a-z_]\Z")
_components: dict[str, Component] = {}


@dataclass(frozen=True, slots=True)
class Component:
    """One function of time (or temperature) with everything a fit, a page or a test needs."""

    key: str
    """Name in a model expression."""
    formula: str
    """P(t) in plain text, without the amplitude."""
    parameters: tuple[Parameter, ...]
    """In the order of the function's arguments, the amplitude not among them."""
    function: Callable[..., FloatArray]
    """``function(t, *parameters)``, shape of ``t``."""
    derivatives: Callable[..., Sequence[FloatArray]] | None
    """``derivatives(t, value, *parameters)``: d function / d parameter, one array each; None
    where there is no formula (then ``numeric`` or ``together`` takes its place)."""
    checks: tuple[Check, ...]
    reference: str
    """Paper and equation."""
    variable: Variable = "t"
    """``t`` for a function of time, µs; ``T`` for a law of temperature, K; ``B`` of field, G."""
    together: Callable[..., tuple[FloatArray, Sequence[FloatArray]]] | None = None
    """``together(t, *parameters)``: value and derivatives, where one solution gives both."""
    exponent: Callable[..., tuple[complex, float, Sequence[tuple[complex, complex]]]] | None = None
    """``exponent(*parameters)`` -> (z, phi, slopes) where P(t) = Re exp(z t + i phi), phi in
    radians; slopes are (dz/dp, d(i phi)/dp) of each parameter. Averages over bins are exact."""
    certificate: Certificate | None = None
    """What is promised of its numbers and how that is proved; None promises nothing."""
    remake: tuple[Callable[..., Component], tuple[Any, ...]] | None = None
    """A function and its arguments with which another process makes it again; None for one that
    is found there by its name."""
    numeric: Numeric | None = None
    """Derivatives without formulas, by complex step or differences."""
    origin: Origin | None = None
    """Where a function comes from that is not of musrcu's own."""
    spread: Callable[..., tuple[float, Sequence[float]]] | None = None
    """``spread(*parameters)`` -> (s, slopes ds/dp) where P(t) = Re exp(z t + i phi - s t^2 / 2)
    with the z and phi of ``exponent``."""
    valid: Validity | None = None
    """Where it describes what it is meant for; None where nothing is said of that."""

    @property
    def meaning(self) -> str:
        """First line of the function's docstring."""
        return (inspect.getdoc(self.function) or "").split("\n")[0]

    def __reduce__(self) -> tuple[Any, ...]:
        # Functions behind a decorator cannot be sent to another process; a name can.
        if self.remake is not None:
            return self.remake
        return find_component, (self.key,)

    def __call__(self, t: Any, *values: float, **named: float) -> FloatArray:
        """The function at ``t``; a parameter may be given by name (``lambda_`` for ``lambda``)."""
        return self.function(times_of(t), *values, **named)

    def gradient(
        self, t: FloatArray, value: FloatArray, values: Sequence[float] | FloatArray
    ) -> Sequence[FloatArray]:
        """Derivatives at ``t``, one array per parameter; ``value`` is the function there."""
        t = times_of(t)
        if self.together is not None:
            return self.together(t, *values)[1]
        if self.numeric is not None:
            return self.numeric(t, values)
        if self.derivatives is None:
            return ()
        rows = self.derivatives(t, value, *values)
        if len(rows) != len(self.parameters):
            raise ModelError(
                f"component {self.key}: {len(rows)} derivatives for "
                f"{len(self.parameters)} parameters"
            )
        return rows

    def value_and_gradient(
        self, t: FloatArray, values: Sequence[float] | FloatArray
    ) -> tuple[FloatArray, Sequence[FloatArray]]:
        """The function at ``t`` and its derivatives, one array per parameter."""
        t = times_of(t)
        if self.together is not None:
            return self.together(t, *values)
        value = self.function(t, *values)
        return value, self.gradient(t, value, values) if self.parameters else ()


@overload
def component(formula: Callable[..., Any], /) -> Component: ...


@overload
def component(
    formula: str = "",
    *,
    parameters: Sequence[Parameter] | None = None,
    derivatives: Callable[..., Sequence[FloatArray]] | None = None,
    checks: Sequence[Check] = (),
    reference: str = "",
    variable: Variable = "t",
    together: Callable[..., tuple[FloatArray, Sequence[FloatArray]]] | None = None,
    exponent: Callable[..., tuple[complex, float, Sequence[tuple[complex, complex]]]] | None = None,
    certificate: Certificate | None = None,
    remake: tuple[Callable[..., Component], tuple[Any, ...]] | None = None,
    spread: Callable[..., tuple[float, Sequence[float]]] | None = None,
    valid: Validity | None = None,
) -> Callable[[Callable[..., Any]], Component]: ...


def component(
    formula: str | Callable[..., Any] = "",
    *,
    parameters: Sequence[Parameter] | None = None,
    derivatives: Callable[..., Sequence[FloatArray]] | None = None,
    checks: Sequence[Check] = (),
    reference: str = "",
    variable: Variable = "t",
    together: Callable[..., tuple[FloatArray, Sequence[FloatArray]]] | None = None,
    exponent: Callable[..., tuple[complex, float, Sequence[tuple[complex, complex]]]] | None = None,
    certificate: Certificate | None = None,
    remake: tuple[Callable[..., Component], tuple[Any, ...]] | None = None,
    spread: Callable[..., tuple[float, Sequence[float]]] | None = None,
    valid: Validity | None = None,
) -> Component | Callable[[Callable[..., Any]], Component]:
    """Decorator that makes a function of time a component of models, under the function's name.

    ``@component`` alone will do: the arguments behind the first are the parameters then, and their
    defaults the values to start from. A function may be declared again by the module or file that
    declared it, as a notebook does when a cell is run twice.

    Parameters
    ----------
    formula : P(t) without its amplitude, for people.
    parameters : one :class:`musrcu.Parameter` per argument after ``t``, in order; an argument that
        would be a Python keyword takes a trailing underscore (``lambda_``). None takes the
        arguments and their defaults, without units and limits.
    derivatives : ``derivatives(t, value, *parameters)`` returning one array per parameter; without
        it they are taken by a complex step where the function allows it, else by differences, and
        the result of a fit says so.
    checks : values from outside the function's own code; the tests run them all.
    reference : paper and equation.
    variable : ``T`` for a law of temperature, ``B`` for a law of field.
    together : ``together(t, *parameters)`` returning the value and the derivatives, where one
        solution gives both; it takes the place of ``derivatives``.
    exponent : ``exponent(*parameters)`` of a function that is Re exp(z t + i phi).
    certificate : truth and domain, see :class:`musrcu.models.certificate.Certificate`.
    remake : a function and its arguments that make the component again in another process, where
        it is not made by importing a module.
    spread : ``spread(*parameters)`` where a Gaussian envelope exp(-s t^2 / 2) stands beside the
        ``exponent``: (s, [ds/dp, ...]).
    valid : where the function holds, a :class:`musrcu.models.validity.Validity`; fits beyond it
        carry a note.

    Returns
    -------
    :class:`musrcu.models.registry.Component` in place of the function.

    Raises
    ------
    ModelError if the name is taken or unusable, or the arguments do not match the table.
    """
    if callable(formula):
        return component()(formula)

    def register(function: Callable[..., Any]) -> Component:
        key = function.__name__
        if not _KEY.match(key):
            raise ModelError(f"component {key!r}: a name is lower case and ends in a letter")
        origin = _origin(function)
        if key in _components and (origin is None or _components[key].origin != origin):
            raise ModelError(f"two components are called {key!r}; rename one")
        arguments = arguments_of(function)
        table = tuple(table_of(function) if parameters is None else parameters)
        names = [parameter.name for parameter in table]
        if arguments != names:
            raise ModelError(
                f"component {key}: its arguments are {arguments}, its table says {names}"
            )
        made = Component(
            key, formula or _call(key, variable, names), table, function, derivatives,
            tuple(checks), reference, variable, together, exponent, certificate, remake,
            origin=origin, spread=spread, valid=valid,
        )  # fmt: skip
        _components[key] = _steadied(made) if origin is None else _held(made)
        return _components[key]

    return register


def _call(key: str, variable: Variable, names: Sequence[str]) -> str:
    """``my_decay(t; lambda)``, for a function that comes without a formula."""
    return f"{key}({'; '.join((variable, ', '.join(names))) if names else variable})"


reading: ContextVar[str | None] = ContextVar("reading", default=None)
"""The file of a user that is being run, to which the functions it declares belong."""


def _origin(function: Callable[..., Any]) -> Origin | None:
    """None for a function of musrcu itself; its own ones are known before any other."""
    module = str(getattr(function, "__module__", None))
    if module.startswith("musrcu."):
        return None
    _load_own()
    return Origin(module, reading.get())


def _steadied(made: Component) -> Component:
    """A function of musrcu's own, for any numbers."""
    rows, together = made.derivatives, made.together
    return replace(
        made,
        function=steady(made.function, made.parameters),
        derivatives=None if rows is None else steady(rows, made.parameters, "rows"),
        together=None if together is None else steady(together, made.parameters, "both"),
    )


def _held(made: Component) -> Component:
    """A function of somebody else, whose results are looked at, and with derivatives."""
    function = guarded(made.key, made.function, made.parameters)
    rows, numeric, together = made.derivatives, None, made.together
    if together is not None:
        together = guarded_solution(made.key, together, made.parameters)
    elif rows is not None:
        rows = guarded_rows(made.key, rows, made.parameters)
    elif made.parameters:
        numeric = Numeric(function, made.parameters)
    remake = made.remake or (revive, (made.key, made.origin))
    return replace(
        made,
        function=function,
        derivatives=rows,
        numeric=numeric,
        together=together,
        remake=remake,
    )


def revive(key: str, origin: Origin | None) -> Component:
    """The component of that name in another process, its module or file run where it must be.

    Raises
    ------
    ModelError if it is not declared there either.
    """
    if key not in components() and origin is not None:
        if origin.file is not None:
            from musrcu.models.functions_file import load_functions

            load_functions(origin.file)
        elif origin.module != "__main__":
            with Foreign(f"module {origin.module}, which declares {key}"):
                importlib.import_module(origin.module)
    return find_component(key)


@cache
def _load_own() -> None:
    for module in BUILT_IN:
        importlib.import_module(module)


@cache
def _load() -> None:
    from importlib.metadata import entry_points

    _load_own()
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name):
        try:
            point.load()
        except (ImportError, AttributeError) as error:
            raise ModelError(
                f"entry point {point.name} = {point.value} in group {ENTRY_POINT_GROUP} cannot be "
                f"loaded: {error}; repair or remove the package that has it"
            ) from error


def components() -> dict[str, Component]:
    """Every known component by name: the built-in ones and those of other packages.

    Raises
    ------
    ModelError if the module of another package cannot be loaded.
    """
    _load()
    return dict(_components)


def find_component(key: str) -> Component:
    """The component of that name.

    Raises
    ------
    ModelError if there is none; the text says what another program's name is here, or offers the
    nearest names.
    """
    known = components()
    if key not in known:
        from musrcu.models.other_programs import unknown

        raise ModelError(unknown(key, tuple(known)))
    return known[key]
