"""Derivatives of a function that comes without formulas for them.

A complex step, Im f(p + ih) / h, has no difference in it and is exact to the last digits, but only
where the function is analytic in the code that computes it: ``abs``, ``real``, a comparison or a
special function of real arguments end that without a word. So it is compared with differences, at
the first use and again after 2, 4, 8, ... more; where it fails, differences take its place.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import ModelError
from musrcu.models.parameter import Parameter

try:
    from numpy.exceptions import ComplexWarning
except ImportError:  # NumPy before 1.25
    from numpy import ComplexWarning  # type: ignore[attr-defined,no-redef]

FloatArray = NDArray[np.float64]
Method = Literal["complex step", "central differences"]

TINY = 1e-30
"""Imaginary step; its square is lost in the rounding of any real part."""
STEPS = tuple(10.0**-power for power in range(1, 8))
"""Steps of the differences that are tried, as shares of the size of a parameter."""
AGREE = 1e-4
"""Largest distance from the differences, as a share of the largest derivative."""
NOISE = 1e-7
"""Largest distance from the differences, as a share of value over parameter."""
GIVEN = 1e-3
"""Largest distance of a derivative that was given, as a share of the largest."""
_SHIFTS = (0, 1, -1, 2, -2)


class Numeric:
    """Derivatives of one function, each by the better method that works for it.

    Parameters
    ----------
    function : ``function(t, *parameters)``, shape of ``t``.
    parameters : its table.
    """

    def __init__(
        self, function: Callable[..., FloatArray], parameters: Sequence[Parameter]
    ) -> None:
        self.function = function
        self.parameters = tuple(parameters)
        self.methods: list[Method | None] = [None] * len(self.parameters)
        """How each derivative is taken; None before the first use."""
        self._steps = [STEPS[3]] * len(self.parameters)
        self._calls = 0

    def __call__(self, t: FloatArray, values: Sequence[float] | FloatArray) -> list[FloatArray]:
        """One array per parameter, each of the shape of ``t``."""
        self._calls += 1
        if self._calls & (self._calls - 1) == 0:  # 1, 2, 4, 8, ...
            self.check(t, values)
        return [self._row(k, t, values) for k in range(len(self.parameters))]

    def check(self, t: FloatArray, values: Sequence[float] | FloatArray) -> None:
        """Choose steps, and leave the complex step wherever differences contradict it."""
        for k in range(len(self.parameters)):
            differences = self._choose_step(k, t, values)
            if self.methods[k] != "central differences":
                found = self._complex(k, t, values, careful=True)
                right = found is not None and self._agree(k, t, values, found, differences)
                self.methods[k] = "complex step" if right else "central differences"

    def contradicted(
        self, t: FloatArray, values: Sequence[float] | FloatArray, rows: Sequence[FloatArray]
    ) -> tuple[int, int, float, float] | None:
        """Where derivatives that were given are not those of the function; None where they are.

        Returns
        -------
        (parameter, bin, given, differences) of the first parameter that disagrees, in the bin in
        which it does so most. Bins in which the differences are no derivative are left out.
        """
        value = self.function(t, *values)
        level = float(np.abs(value[np.isfinite(value)]).max(initial=0.0))
        for k, given in enumerate(rows):
            differences = self._choose_step(k, t, values)
            usable = np.isfinite(differences) & np.isfinite(value)
            if not usable.any():
                continue
            largest = float(np.abs(differences[usable]).max())
            allowed = GIVEN * largest + NOISE * level / self._size(k, values)
            for side in self._sides(k, t, values, value):
                with np.errstate(invalid="ignore"):  # of a kink or a step there is no derivative
                    usable &= np.abs(side - differences) <= allowed
            with np.errstate(invalid="ignore"):
                apart = np.where(np.isfinite(given), np.abs(given - differences), np.inf)
            apart[~usable] = 0.0
            worst = int(np.argmax(apart))
            if apart[worst] > allowed:
                return k, worst, float(given[worst]), float(differences[worst])
        return None

    @property
    def text(self) -> str:
        """``complex step``, or which derivative is taken how where they differ."""
        kinds = {method for method in self.methods if method}
        if len(kinds) < 2:
            return next(iter(kinds), "not used")
        return ", ".join(
            f"{method} ({', '.join(self._names(method))})"
            for method in ("complex step", "central differences")
        )

    def _names(self, method: str) -> list[str]:
        pairs = zip(self.parameters, self.methods, strict=True)
        return [one.name for one, taken in pairs if taken == method]

    def _row(self, k: int, t: FloatArray, values: Sequence[float] | FloatArray) -> FloatArray:
        found = None
        if self.methods[k] == "complex step":
            found = self._complex(k, t, values)
        return self._five_points(k, t, values, self._steps[k]) if found is None else found

    def _complex(
        self,
        k: int,
        t: FloatArray,
        values: Sequence[float] | FloatArray,
        careful: bool = False,
    ) -> FloatArray | None:
        """Im f(p + ih) / h; None where the function cannot take a complex number."""
        moved = [*values[:k], np.complex128(complex(float(values[k]), TINY)), *values[k + 1 :]]
        try:
            if not careful:
                return np.asarray(np.imag(self.function(t, *moved)) / TINY)
            with warnings.catch_warnings():
                warnings.simplefilter("error", ComplexWarning)
                return np.asarray(np.imag(self.function(t, *moved)) / TINY)
        except ModelError:
            return None

    def _agree(
        self,
        k: int,
        t: FloatArray,
        values: Sequence[float] | FloatArray,
        found: FloatArray,
        differences: FloatArray,
    ) -> bool:
        value = self.function(t, *values)
        usable = np.isfinite(differences)
        if not np.isfinite(found[usable]).all():
            return False
        if not usable.any():
            return True
        largest = max(float(np.abs(part[usable]).max()) for part in (found, differences))
        level = np.abs(value[np.isfinite(value)])
        noise = NOISE * float(level.max(initial=0.0)) / self._size(k, values)
        apart = float(np.abs(found - differences)[usable].max())
        return apart <= AGREE * largest + noise

    def _size(self, k: int, values: Sequence[float] | FloatArray) -> float:
        """By what a parameter is measured: its value, or its default where that is larger."""
        size = max(abs(float(values[k])), abs(self.parameters[k].default))
        return size if size > 1e-12 else 1.0

    def _choose_step(
        self, k: int, t: FloatArray, values: Sequence[float] | FloatArray
    ) -> FloatArray:
        """Take the step beyond which a smaller one changes least; the derivative with it."""
        rows = [self._attempt(k, t, values, step) for step in STEPS]
        most = max(int(np.isfinite(row).sum()) for row in rows)
        if not most:  # whatever is wrong is said again, or is all NaN
            return self._five_points(k, t, values, self._steps[k])
        changes = []
        for one, other in zip(rows, rows[1:], strict=False):
            both = np.isfinite(one) & np.isfinite(other)
            change = float(np.abs(one - other)[both].max(initial=0.0))
            changes.append(change if both.sum() == most else np.inf)
        best = int(np.argmin(changes))
        self._steps[k] = STEPS[best]
        return rows[best]

    def _attempt(
        self, k: int, t: FloatArray, values: Sequence[float] | FloatArray, share: float
    ) -> FloatArray:
        """The difference; NaN where a step of that size leaves what the function can take."""
        try:
            return self._five_points(k, t, values, share)
        except ModelError:
            return np.full(np.shape(t), np.nan)

    def _sides(
        self, k: int, t: FloatArray, values: Sequence[float] | FloatArray, value: FloatArray
    ) -> list[FloatArray]:
        """Differences of two points to either side, where no limit is in the way."""
        parameter, p = self.parameters[k], float(values[k])
        found = []
        for step in (STEPS[4] * self._size(k, values), -STEPS[4] * self._size(k, values)):
            low = parameter.lower is not None and p + step < parameter.lower
            high = parameter.upper is not None and p + step > parameter.upper
            if not (low or high):
                moved = [*values[:k], p + step, *values[k + 1 :]]
                found.append((self.function(t, *moved) - value) / step)
        return found

    def _five_points(
        self, k: int, t: FloatArray, values: Sequence[float] | FloatArray, share: float
    ) -> FloatArray:
        """The five-point difference, moved to one side where a limit is near."""
        parameter, p = self.parameters[k], float(values[k])
        low = -np.inf if parameter.lower is None else parameter.lower
        high = np.inf if parameter.upper is None else parameter.upper
        if not low <= p <= high:  # a user's own limits may be wider than the table's
            low, high = -np.inf, np.inf
        step = min(share * self._size(k, values), (high - low) / 5)
        inside = (s for s in _SHIFTS if low <= p + (s - 2) * step and p + (s + 2) * step <= high)
        shift = next(inside, 0)
        total = np.zeros(np.shape(t))
        for place, weight in _stencil(shift):
            if weight:
                moved = [*values[:k], p + place * step, *values[k + 1 :]]
                total = total + weight * self.function(t, *moved)
        return total / step


@cache
def _stencil(shift: int) -> tuple[tuple[int, float], ...]:
    """(place, weight) of five equidistant points whose sum is the derivative at 0, exactly so for
    polynomials up to the fourth power."""
    places = range(shift - 2, shift + 3)
    matrix = np.array([[float(place) ** power for place in places] for power in range(5)])
    weights = np.linalg.solve(matrix, [0.0, 1.0, 0.0, 0.0, 0.0])
    return tuple(
        (place, float(round(12 * weight) / 12))
        for place, weight in zip(places, weights, strict=True)
    )
