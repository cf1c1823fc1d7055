"""Which parameters of a model are free, fixed or tied, and within which limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.numbers import is_end
from musrcu.containers.numbers import is_number as is_number
from musrcu.containers.run import Run
from musrcu.errors import FitError, ModelError
from musrcu.fitting.metadata import bind
from musrcu.fitting.tie import Tie, parse_tie
from musrcu.models.model import Model

FloatArray = NDArray[np.float64]
Limits = tuple[float | None, float | None]


@dataclass(frozen=True)
class Freedom:
    """The map between the free parameters that a minimiser sees and all those of the model."""

    model: Model
    start: FloatArray
    """(n_parameters,) start value of each parameter; NaN where none was given."""
    fixed: frozenset[int]
    ties: Mapping[int, Tie]
    lower: FloatArray
    """(n_parameters,) lower limits, -inf where there is none."""
    upper: FloatArray

    @cached_property
    def free(self) -> NDArray[np.int64]:
        """Positions of the free parameters."""
        held = self.fixed | self.ties.keys()
        free = np.array([k for k in range(len(self.model.names)) if k not in held], dtype=int)
        free.setflags(write=False)
        return free

    @cached_property
    def _selection(self) -> FloatArray:
        """(n_parameters, n_free) derivative by the free ones where nothing is tied."""
        matrix = np.zeros((len(self.model.names), self.free.size))
        matrix[self.free, np.arange(self.free.size)] = 1.0
        matrix.setflags(write=False)
        return matrix

    def expand(self, x: FloatArray, free: NDArray[np.int64] | None = None) -> FloatArray:
        """(n_parameters,) all parameters from the free ones."""
        full = self.start.copy()
        full[self.free if free is None else free] = x
        return self.apply_ties(full)

    def apply_ties(self, full: FloatArray) -> FloatArray:
        """The vector with every tied parameter computed from the others."""
        if self.ties:
            values = dict(zip(self.model.names, full, strict=True))
            for place, tie in self.ties.items():
                full[place] = tie.evaluate(values)[0]
        return full

    def jacobian(self, full: FloatArray) -> FloatArray:
        """(n_parameters, n_free) derivative of all parameters by the free ones."""
        if not self.ties:
            return self._selection
        matrix = self._selection.copy()
        columns = {self.model.names[k]: column for column, k in enumerate(self.free)}
        values = dict(zip(self.model.names, full, strict=True))
        for place, tie in self.ties.items():
            for name, slope in tie.evaluate(values)[1].items():
                if name in columns:
                    matrix[place, columns[name]] = slope
        return matrix

    def hold(self, place: int, value: float) -> Freedom:
        """The same with one more parameter fixed."""
        start = self.start.copy()
        start[place] = value
        fixed = self.fixed | {place}
        return Freedom(self.model, start, fixed, self.ties, self.lower, self.upper)


def settle(
    model: Model,
    start: Mapping[str, float] | None = None,
    fixed: Mapping[str, float] | None = None,
    limits: Mapping[str, Limits] | None = None,
    ties: Mapping[str, str | Tie] | None = None,
    run: Run | None = None,
) -> Freedom:
    """What is free in a fit, from a user's words; ties may use the field, temperature and number
    of ``run``.

    Raises
    ------
    ModelError for an unknown name; FitError for a value outside its limits, limits the wrong way
    round, or a parameter that is fixed and tied.
    """
    values = np.full(len(model.names), np.nan)
    for name, value in {**(start or {}), **(fixed or {})}.items():
        if not is_number(value):
            raise FitError(f"{name} = {value!r} as a start or fixed value; give a number")
        values[model.index(name)] = value
    held = frozenset(model.index(name) for name in fixed or {})
    tied = _ties(model, ties or {}, run)
    for place in held & tied.keys():
        raise FitError(f"{model.names[place]} is fixed and tied; choose one")
    lower, upper = _limits(model, limits or {})
    outside = (values < lower) | (values > upper)
    if outside.any():
        k = int(np.argmax(outside))
        raise FitError(
            f"{model.names[k]} = {values[k]:g} lies outside its limits [{lower[k]:g}, {upper[k]:g}]"
        )
    return Freedom(model, values, held, tied, lower, upper)


def as_tie(name: str, given: object) -> Tie:
    """The tie of a parameter from its text.

    Raises
    ------
    FitError if it is no text; ModelError if the text is not arithmetic.
    """
    if isinstance(given, Tie):
        return given
    if not isinstance(given, str):
        raise FitError(f"tie of {name} = {given!r}; give an expression such as '2*lambda1'")
    return parse_tie(given)


def _ties(model: Model, texts: Mapping[str, str | Tie], run: Run | None) -> dict[int, Tie]:
    made = {name: as_tie(name, text) for name, text in texts.items()}
    if run is not None:
        made = {name: bind(tie, name, run, model.names) for name, tie in made.items()}
    parsed = {model.index(name): tie for name, tie in made.items()}
    tied = {model.names[place] for place in parsed}
    resolved = {}
    for place, tie in parsed.items():
        for name in tie.names:
            full = _named_in(tie, name, model)
            if full in tied:
                raise FitError(f"{model.names[place]} is tied to {full}, which is tied itself")
            if full != name:
                raise FitError(f"tie {tie.text!r}: write {full} for {name}")
        resolved[place] = tie
    return resolved


def _named_in(tie: Tie, name: str, model: Model) -> str:
    """The full name of a parameter that a tie uses."""
    try:
        return model.names[model.index(name)]
    except ModelError as error:
        raise ModelError(
            f"tie {tie.text!r}: {error}; one that only ties use belongs to a joint fit, "
            f"joint_fit(extra={{{name!r}: start}}) (--extra {name}=START)"
        ) from error


def _pair(name: str, pair: object) -> Limits:
    """The two limits of a parameter, None for an open end."""
    shaped = isinstance(pair, (tuple, list)) and len(pair) == 2
    if shaped and all(end is None or is_end(end) for end in pair):  # type: ignore[attr-defined]
        return pair[0], pair[1]  # type: ignore[index]
    raise FitError(f"limits of {name} = {pair!r}; give (lower, upper), None for an open end")


def _limits(model: Model, given: Mapping[str, Limits]) -> tuple[FloatArray, FloatArray]:
    lower = np.array([-np.inf if p.lower is None else p.lower for p in model.parameters])
    upper = np.array([np.inf if p.upper is None else p.upper for p in model.parameters])
    for name, pair in given.items():
        place = model.index(name)
        low, high = _pair(name, pair)
        lower[place] = -np.inf if low is None else low
        upper[place] = np.inf if high is None else high
        if not lower[place] < upper[place]:
            raise FitError(f"limits of {name}: {low} is not below {high}")
    return lower, upper
