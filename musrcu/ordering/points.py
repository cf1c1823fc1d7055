"""The points of an order parameter: a value per run against the temperature of the run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from musrcu.containers.arrays import FloatArray, frozen
from musrcu.errors import FitError
from musrcu.ordering.order_quantity import OrderQuantity

Verdict = Literal["ordered", "not ordered", "undecided", "failed"]
"""What a run of a scan is found to be."""


@dataclass(frozen=True, slots=True, eq=False)
class OrderPoints:
    """Ordered runs of a scan, and what its other runs say of the ordering temperature.

    Raises
    ------
    FitError where lengths differ, a number is not finite, an error is not positive (errors of
    temperatures may be 0 or NaN), or a temperature is below 0 K.
    """

    temperature: FloatArray
    """(n,) K, mean temperature of each run."""
    temperature_error: FloatArray | None
    """(n,) K, error of that mean (not the spread of the log): 0 is exact, NaN is not known.
    None where no run says."""
    value: FloatArray
    """(n,) frequency (or field, or asymmetry) of each run, in ``unit``."""
    error: FloatArray
    """(n,) its one standard deviation."""
    labels: tuple[str, ...] = ()
    """A name per point, such as the run number; counted from 1 where not given."""
    upper_bound: float | None = None
    """Lowest temperature of a run that is not ordered, K; None where there is none."""
    upper_bound_error: float | None = None
    """Error of that temperature, K."""
    left_out: tuple[str, ...] = ()
    """Runs that are neither a point nor the bound, with the reason."""
    not_ordered: tuple[float, ...] = ()
    """K, temperatures of all runs that are not ordered; the lowest is the bound."""
    left_out_at: tuple[tuple[float, float], ...] = ()
    """(K, value) of the runs left out whose temperature is known; 0 where nothing was fitted."""
    common: Mapping[str, FloatArray] = field(default_factory=dict)
    """By source, (n,) by which one sigma of what all runs share moves each value, such as the
    error of one calibration's alpha; not part of ``error``."""
    unit: str = "MHz"
    """Of the values: MHz (frequencies), G, mT or T (fields at the muon), none (asymmetries)."""
    doubts: tuple[str, ...] = ()
    """What is odd in the temperatures, one sentence each."""
    window: tuple[float, float] | None = None
    """K, the temperatures outside of which ordered runs were left out, see :meth:`within`."""
    not_ordered_error: tuple[float, ...] = ()
    """K, errors of the temperatures ``not_ordered``; NaN where not known, empty where none is."""
    detectable: tuple[float, ...] = ()
    """Lowest value that each run without order would have shown, in ``unit``; NaN where not known,
    empty where none is."""

    def __post_init__(self) -> None:
        for name in ("temperature", "value", "error", "temperature_error"):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, _column(name, given))
        size = len(self.temperature)
        labels = tuple(self.labels) or tuple(str(number) for number in range(1, size + 1))
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "left_out", tuple(self.left_out))
        above = tuple(map(float, self.not_ordered))
        known = tuple(map(_or_nan, self.not_ordered_error))
        if not above and self.upper_bound is not None:
            above = (float(self.upper_bound),)
            known = known or (_or_nan(self.upper_bound_error),)
        elif above and self.upper_bound is None:
            self._bound_by(above, known)
        object.__setattr__(self, "not_ordered", above)
        object.__setattr__(self, "not_ordered_error", known)
        object.__setattr__(self, "detectable", tuple(map(_or_nan, self.detectable)))
        places = tuple((float(T), float(nu)) for T, nu in self.left_out_at)
        object.__setattr__(self, "left_out_at", places)
        common = {name: _column(name, shift) for name, shift in dict(self.common).items()}
        object.__setattr__(self, "common", common)
        OrderQuantity(self.unit)
        self._check_lengths(size)
        self._check_numbers()
        self._check_bound()

    def _bound_by(self, above: tuple[float, ...], errors: tuple[float, ...]) -> None:
        """The bound that the coldest run without order is."""
        known = errors if len(errors) == len(above) else (math.nan,) * len(above)
        lowest, error = min(
            ((T, by) for T, by in zip(above, known, strict=True) if 0 <= T < math.inf),
            default=(None, math.nan),
        )
        object.__setattr__(self, "upper_bound", lowest)
        object.__setattr__(self, "upper_bound_error", None if math.isnan(error) else error)

    def _check_lengths(self, size: int) -> None:
        for name in ("value", "error", "labels", "temperature_error"):
            column = getattr(self, name)
            if column is not None and len(column) != size:
                raise FitError(
                    f"the order parameter has {size} temperatures but {len(column)} entries in "
                    f"{name}; give one of each per run"
                )
        for name in ("not_ordered_error", "detectable"):
            if len(getattr(self, name)) not in (0, len(self.not_ordered)):
                raise FitError(
                    f"the order parameter has {len(self.not_ordered)} runs without order but "
                    f"{len(getattr(self, name))} entries in {name}; give one of each per run"
                )

    def _check_numbers(self) -> None:
        for name, shift in self.common.items():
            if len(shift) != len(self) or not np.isfinite(shift).all():
                raise FitError(f"the common shift by {name} must be one finite number per run")
        self._refuse("temperature", ~(np.isfinite(self.temperature) & (self.temperature >= 0)),
                     "a finite number of kelvin, 0 or above")  # fmt: skip
        self._refuse("value", ~np.isfinite(self.value), "a finite number; leave such a run out")
        self._refuse("error", ~(np.isfinite(self.error) & (self.error > 0)),
                     "finite and above 0; leave such a run out")  # fmt: skip
        if self.temperature_error is not None:
            self._refuse("temperature_error",
                         (self.temperature_error < 0) | np.isinf(self.temperature_error),
                         "0 or above (0 is exact, NaN is not known)")  # fmt: skip

    def _refuse(self, name: str, wrong: np.ndarray[Any, Any], expected: str) -> None:
        if wrong.any():
            place = int(np.argmax(wrong))
            found = getattr(self, name)[place]
            raise FitError(
                f"order parameter, run {self.labels[place]}: {name} is {found:g}, expected "
                f"{expected}"
            )

    def _check_bound(self) -> None:
        for name in ("upper_bound", "upper_bound_error"):
            given = getattr(self, name)
            if given is not None and not (np.isfinite(given) and given >= 0):
                raise FitError(
                    f"{name} of the order parameter is {given:g}, expected kelvin, 0 or above, or "
                    "None where it is not known"
                )
        if min(self.not_ordered_error, default=0.0) < 0 or min(self.detectable, default=1.0) <= 0:
            raise FitError(
                "of runs without order, errors of temperatures are 0 or above, and detectable "
                "values above 0"
            )

    def __len__(self) -> int:
        return len(self.temperature)

    @property
    def quantity(self) -> OrderQuantity:
        """What the values are."""
        return OrderQuantity(self.unit)

    def in_unit(self, unit: str) -> OrderPoints:
        """The same points with frequencies as fields at the muon, or fields as frequencies.

        B = nu / (gamma_mu / 2 pi), 135.53881 MHz/T (CODATA 2022).

        Parameters
        ----------
        unit : MHz, G, mT or T.

        Raises
        ------
        FitError for another unit, or where the values are asymmetries.
        """
        by = self.quantity.factor(unit)
        return replace(
            self,
            value=by * self.value,
            error=by * self.error,
            left_out_at=tuple((T, by * value) for T, value in self.left_out_at),
            detectable=tuple(by * least for least in self.detectable),
            common={source: by * shift for source, shift in self.common.items()},
            unit=unit,
        )

    def within(self, low: float, high: float) -> OrderPoints:
        """The points at ``low`` to ``high`` K; the others are left out and named.

        Runs without order stay, whatever their temperature: they still bound T_N.

        Raises
        ------
        FitError if the two are not a range of temperatures.
        """
        if not (np.isfinite(low) and 0 <= low < high):
            raise FitError(
                f"temperature_range is {low:g} to {high:g} K, expected two temperatures in K, the "
                "lower one first"
            )
        inside = (self.temperature >= low) & (self.temperature <= high)
        outside = np.flatnonzero(~inside).tolist()
        places = [(float(self.temperature[k]), float(self.value[k])) for k in outside]
        reason = f"outside {low:g} to {high:g} K"
        return replace(
            self.subset(inside),
            left_out=(*self.left_out, *(f"{self.labels[k]}: {reason}" for k in outside)),
            left_out_at=(*self.left_out_at, *places),
            window=(float(low), float(high)),
        )

    @property
    def unknown_temperature_errors(self) -> tuple[str, ...]:
        """Labels of the points whose temperature error is not known though others have one."""
        if self.temperature_error is None:
            return ()
        unknown = np.isnan(self.temperature_error)
        return tuple(label for label, is_so in zip(self.labels, unknown, strict=True) if is_so)

    def known_temperature_errors(self) -> FloatArray | None:
        """(n,) K with 0 where the error is not known; None where no point has one above 0."""
        if self.temperature_error is None:
            return None
        known = np.nan_to_num(self.temperature_error, nan=0.0)
        return known if known.any() else None

    def subset(self, keep: ArrayLike) -> OrderPoints:
        """The points of a mask (n,), with the same bound; what is left out is not listed."""
        mask = np.asarray(keep, dtype=bool)
        errors = self.temperature_error
        return replace(
            self,
            temperature=self.temperature[mask],
            temperature_error=None if errors is None else errors[mask],
            value=self.value[mask],
            error=self.error[mask],
            labels=tuple(label for label, kept in zip(self.labels, mask, strict=True) if kept),
            common={source: shift[mask] for source, shift in self.common.items()},
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers for JSON; a temperature error that is not known is null."""
        errors = self.temperature_error
        return {
            "labels": list(self.labels),
            "temperature": self.temperature.tolist(),
            "temperature_error": None
            if errors is None
            else [None if np.isnan(error) else float(error) for error in errors],
            "value": self.value.tolist(),
            "error": self.error.tolist(),
            "upper_bound": self.upper_bound,
            "upper_bound_error": self.upper_bound_error,
            "left_out": list(self.left_out),
            "not_ordered": list(self.not_ordered),
            "left_out_at": [list(place) for place in self.left_out_at],
            "common": {name: shift.tolist() for name, shift in self.common.items()},
            "unit": self.unit,
            "doubts": list(self.doubts),
            "not_ordered_error": [_or_none(error) for error in self.not_ordered_error],
            "detectable": [_or_none(least) for least in self.detectable],
            "window": None if self.window is None else list(self.window),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> OrderPoints:
        """The inverse of :meth:`to_dict`."""
        errors = data["temperature_error"]
        return cls(
            temperature=np.array(data["temperature"], dtype=float),
            temperature_error=None
            if errors is None
            else np.array([np.nan if error is None else error for error in errors], dtype=float),
            value=np.array(data["value"], dtype=float),
            error=np.array(data["error"], dtype=float),
            labels=tuple(data["labels"]),
            upper_bound=data["upper_bound"],
            upper_bound_error=data["upper_bound_error"],
            left_out=tuple(data["left_out"]),
            not_ordered=tuple(data.get("not_ordered", ())),
            left_out_at=tuple((T, nu) for T, nu in data.get("left_out_at", ())),
            common=data.get("common", {}),
            unit=data.get("unit", "MHz"),
            doubts=tuple(data.get("doubts", ())),
            not_ordered_error=tuple(map(_or_nan, data.get("not_ordered_error", ()))),
            detectable=tuple(map(_or_nan, data.get("detectable", ()))),
            window=None if data.get("window") is None else tuple(data["window"]),
        )


def _or_nan(number: float | None) -> float:
    return float("nan") if number is None else float(number)


def _or_none(number: float) -> float | None:
    return number if np.isfinite(number) else None


def _column(name: str, given: Any) -> FloatArray:
    """One read-only column of floats."""
    try:
        column = frozen(np.array(given, dtype=float))
    except (TypeError, ValueError) as error:
        raise FitError(f"{name} of the order parameter holds what is not a number") from error
    if column.ndim != 1:
        raise FitError(
            f"{name} of the order parameter has shape {column.shape}, expected one number per run"
        )
    return column
