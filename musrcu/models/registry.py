"""The registry of components: each is one decorated function with a table that describes it."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import ModelError, nearest
from musrcu.models.certificate import Certificate
from musrcu.models.parameter import Check, Parameter

FloatArray = NDArray[np.float64]
Solved = tuple[FloatArray, Sequence[FloatArray]]
"""Value and derivatives of a component, one array per parameter."""
Variable = Literal["t", "T", "B"]

BUILT_IN = (
    "musrcu.models.relaxation",
    "musrcu.models.power_relaxation",
    "musrcu.models.oscillation",
    "musrcu.models.bessel",
    "musrcu.models.internal_field",
    "musrcu.models.kornilov",
    "musrcu.models.kubo_toyabe",
    "musrcu.models.fluctuation",
    "musrcu.models.dipolar",
    "musrcu.models.muonium",
    "musrcu.models.temperature_laws",
    "musrcu.models.superconductors",
    "musrcu.models.field_laws",
    "musrcu.models.kubo_toyabe_lf",
    "musrcu.models.dynamic_gaussian",
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
    where there is no formula (then central differences are used)."""
    checks: tuple[Check, ...]
    reference: str
    """Paper and equation."""
    variable: Variable = "t"
    """``t`` for a function of time in µs, ``T`` for a law of temperature in K, ``B`` of field."""
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
        return self.function(np.asarray(t, dtype=float), *values, **named)

    def gradient(
        self, t: FloatArray, value: FloatArray, values: Sequence[float] | FloatArray
    ) -> Sequence[FloatArray]:
        """Derivatives at ``t``, one array per parameter; ``value`` is the function there."""
        if self.together is not None:
            return self.together(t, *values)[1]
        if self.derivatives is None:
            return self._differences(t, values)
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
        if self.together is not None:
            return self.together(t, *values)
        value = self.function(t, *values)
        return value, self.gradient(t, value, values) if self.parameters else ()

    def _differences(self, t: FloatArray, values: Sequence[float] | FloatArray) -> list[FloatArray]:
        rows = []
        for index, parameter in enumerate(self.parameters):
            step = 1e-6 * max(abs(values[index]), 1e-3)
            low, high = list(values), list(values)
            low[index], high[index] = values[index] - step, values[index] + step
            if parameter.lower is not None:
                low[index] = max(low[index], parameter.lower)
            if parameter.upper is not None:
                high[index] = min(high[index], parameter.upper)
            change = self.function(t, *high) - self.function(t, *low)
            rows.append(change / (high[index] - low[index]))
        return rows


def component(
    formula: str,
    *,
    parameters: Sequence[Parameter] = (),
    derivatives: Callable[..., Sequence[FloatArray]] | None = None,
    checks: Sequence[Check] = (),
    reference: str,
    variable: Variable = "t",
    together: Callable[..., tuple[FloatArray, Sequence[FloatArray]]] | None = None,
    exponent: Callable[..., tuple[complex, float, Sequence[tuple[complex, complex]]]] | None = None,
    certificate: Certificate | None = None,
    remake: tuple[Callable[..., Component], tuple[Any, ...]] | None = None,
) -> Callable[[Callable[..., FloatArray]], Component]:
    """Decorator that makes a function of time a component of models, under the function's name.

    Parameters
    ----------
    formula : P(t) without its amplitude, for people.
    parameters : one :class:`Parameter` per argument after ``t``, in order; an argument that would
        be a Python keyword takes a trailing underscore (``lambda_``).
    derivatives : ``derivatives(t, value, *parameters)`` returning one array per parameter.
    checks : values from outside the function's own code; the tests run them all.
    reference : paper and equation.
    variable : ``T`` for a law of temperature, ``B`` for a law of field.
    together : ``together(t, *parameters)`` returning the value and the derivatives, where one
        solution gives both; it takes the place of ``derivatives``.
    exponent : ``exponent(*parameters)`` of a function that is Re exp(z t + i phi).
    certificate : truth and domain, see :class:`musrcu.models.certificate.Certificate`.
    remake : a function and its arguments that make the component again in another process, where
        it is not made by importing a module.

    Raises
    ------
    ModelError if the name is taken or unusable, or the arguments do not match the table.
    """

    def register(function: Callable[..., FloatArray]) -> Component:
        key = function.__name__
        if not _KEY.match(key):
            raise ModelError(f"component {key!r}: a name is lower case and ends in a letter")
        if key in _components:
            raise ModelError(f"two components are called {key!r}; rename one")
        arguments = [name.rstrip("_") for name in inspect.signature(function).parameters][1:]
        names = [parameter.name for parameter in parameters]
        if arguments != names:
            raise ModelError(
                f"component {key}: its arguments are {arguments}, its table says {names}"
            )
        made = Component(
            key,
            formula,
            tuple(parameters),
            function,
            derivatives,
            tuple(checks),
            reference,
            variable,
            together,
            exponent,
            certificate,
            remake,
        )
        _components[key] = made
        return made

    return register


@cache
def _load() -> None:
    from importlib.metadata import entry_points

    for module in BUILT_IN:
        importlib.import_module(module)
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
    ModelError if there is none; the text offers the nearest name.
    """
    known = components()
    if key not in known:
        hint = nearest(key, list(known))
        raise ModelError(f"no component is called {key!r}{hint} (known: {', '.join(known)})")
    return known[key]
