"""Where the numbers of a fit made again differ from those that were saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.fitted import Fitted

FloatArray = NDArray[np.float64]

CLOSE = 1e-3
"""Values agree within this part of their error, errors within this part of themselves."""
CLOSE_MINOS = 1e-2
"""Ends of unequal errors agree within this part of the error."""
CLOSE_COVARIANCE = 3e-3
"""Covariances agree within this part of the product of both errors."""
SAME_NUMBER = 1e-9
"""Numbers that were held agree within this part of themselves."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One parameter of both fits."""

    name: str
    saved: Fitted | None
    """None where only the new fit has it."""
    again: Fitted | None
    """None where only the saved fit has it."""

    @property
    def shift(self) -> float | None:
        """New value less saved one, in saved errors; None where there is no error."""
        if self.saved is None or self.again is None or not self.saved.error:
            return None
        if self.saved.value is None or self.again.value is None:
            return None
        return (self.again.value - self.saved.value) / self.saved.error

    @property
    def growth(self) -> float | None:
        """New error over saved one, less 1; None where one of them is missing."""
        if self.saved is None or self.again is None or not self.saved.error:
            return None
        return None if self.again.error is None else self.again.error / self.saved.error - 1

    def differences(self) -> list[str]:
        """What does not agree, one clause each."""
        saved, again = self.saved, self.again
        if saved is None or again is None:
            return [f"{self.name} is in {'the new' if saved is None else 'the saved'} fit only"]
        found = []
        if (saved.error is None) != (again.error is None):
            found.append(f"{self.name} has {'no' if again.error is None else 'an'} error now")
        found += self._words(saved, again)
        found += self._value(saved, again)
        both = saved.error is not None and again.error is not None
        if both and not abs((again.error or 0) - (saved.error or 0)) <= CLOSE * (again.error or 0):
            found.append(f"the error of {self.name} by {_percent(self.growth)}")
        return found + self._minos()

    def _words(self, saved: Fitted, again: Fitted) -> list[str]:
        """What was said of the parameter."""
        found = [
            f"{self.name} was {'' if getattr(saved, entry) else 'not '}{what}"
            for entry, what in (("fixed", "held"), ("at_limit", "at its limit"))
            if getattr(saved, entry) != getattr(again, entry)
        ]
        if saved.tie != again.tie:
            found.append(f"the tie of {self.name} was {saved.tie}, now {again.tie}")
        for entry in ("limits", "constraint"):
            one, other = getattr(saved, entry) or (), getattr(again, entry) or ()
            if len(one) != len(other) or any(map(_apart, one, other)):
                found.append(f"{entry} of {self.name}")
        return found

    def _value(self, saved: Fitted, again: Fitted) -> list[str]:
        """Whether the value moved: by its error, or where it has none, by itself."""
        if saved.value is None or again.value is None:
            if saved.value is again.value:
                return []
            return [f"{self.name} had {_plain(saved.value)}, now {_plain(again.value)}"]
        if saved.fixed and again.fixed:
            if not _apart(saved.value, again.value):
                return []
            return [f"{self.name} was held at {saved.value:.10g}, now at {again.value:.10g}"]
        error = again.error or saved.error
        if not error:
            room = max(CLOSE * abs(again.value), SAME_NUMBER)
            if abs(again.value - saved.value) <= room:
                return []
            return [f"{self.name} was {saved.value:.10g}, now {again.value:.10g}"]
        shift = (again.value - saved.value) / error
        return [] if abs(shift) <= CLOSE else [f"{self.name} by {shift:+.2g} of its error"]

    def _minos(self) -> list[str]:
        one, other = (None if p is None else p.minos for p in (self.saved, self.again))
        if one is None and other is None:
            return []
        if one is None or other is None:
            return [f"{self.name} has {'no' if other is None else 'a'} MINOS error now"]
        if all(abs(b - a) <= CLOSE_MINOS * abs(b) for a, b in zip(one, other, strict=True)):
            return []
        return [f"the MINOS error of {self.name}"]


def covariances(
    saved: FloatArray | None,
    again: FloatArray | None,
    what: str,
    rows: Sequence[str],
    columns: Sequence[str] | None = None,
    scale: FloatArray | None = None,
) -> list[str]:
    """Where two matrices differ, the worst of it in one clause.

    Parameters
    ----------
    saved, again : the matrices; None where there is none.
    what : which they are.
    rows, columns : names of the parameters; the columns are the rows in a covariance.
    scale : what an element is measured by; None takes the product of both errors.
    """
    if saved is None or again is None:
        if saved is again:
            return []
        return [f"there is {'no' if again is None else 'a'} covariance now"]
    if saved.shape != again.shape:
        return [f"the shape of {what}"]
    if scale is None:
        errors = np.sqrt(np.diag(again))
        scale = np.outer(errors, errors)
    off = np.abs(again - saved) - CLOSE_COVARIANCE * scale
    wrong = ~(off <= 0)
    if not wrong.any():
        return []
    row, column = divmod(int(np.argmax(wrong)), wrong.shape[1])
    names = f"{rows[row]} and {(columns or rows)[column]}"
    return [f"{what} of {names} was {saved[row, column]:.4g}, now {again[row, column]:.4g}"]


def _apart(one: float | None, other: float | None) -> bool:
    """Whether two numbers that were held are not the same."""
    if one is None or other is None:
        return one is not other
    return not abs(one - other) <= SAME_NUMBER * max(abs(one), abs(other))


def _plain(value: float | None) -> str:
    return "no value" if value is None else f"the value {value:.6g}"


def _percent(growth: float | None) -> str:
    return "more than it was" if growth is None else f"{100 * growth:+.2g} %"
