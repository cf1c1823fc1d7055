"""What a calibration may hold: each entry is refused with its name where it can never be right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.containers.numbers import ALPHA_LIMITS, is_balance, is_number, is_whole
from musrcu.errors import MusrcuError

SCALARS = ("alpha", "detector_beta", "total", "field", "phase")
"""Numbers of the pair that may be correlated."""
ROWS = {"dead_time": "dead_time", "t0": "t0", "phases": "phase", "amplitudes": "amplitude"}
"""Rows of one number per detector, and what one of these is called: ``phase_3``."""
LONGEST_DEAD_TIME = 1e3
"""µs."""
NEGATIVE = -1e-3
"""Smallest eigenvalue of a correlation matrix: its numbers may have been rounded for the file."""

Rule = tuple[Callable[[Any], bool], str]

_BALANCE = (is_balance, f"a number above 0, from {ALPHA_LIMITS[0]:g} to {ALPHA_LIMITS[1]:g}")
_NUMBER = (is_number, "a number")
_ERROR = (lambda value: is_number(value) and value >= 0, "a number, 0 or above")
_TEXT = (lambda value: isinstance(value, str), "a text")


def _row(right: Callable[[Any], bool], wanted: str) -> Rule:
    def fits(values: Any) -> bool:
        return isinstance(values, tuple) and bool(values) and all(map(right, values))

    return fits, f"a list of {wanted}"


_ERRORS = _row(_ERROR[0], "numbers, 0 or above, one per detector")


def _is_from_1(value: Any) -> bool:
    return is_whole(value) and bool(value >= 1)


def _is_square(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and bool(value)
        and all(isinstance(row, tuple) and len(row) == len(value) for row in value)
        and all(is_number(one) and abs(one) <= 1 for row in value for one in row)
    )


RULES: dict[str, Rule] = {
    "alpha": _BALANCE,
    "alpha_error": _ERROR,
    "detector_beta": _BALANCE,
    "detector_beta_error": _ERROR,
    "total": (lambda value: is_number(value) and 0 < value <= 1, "a number above 0, at most 1"),
    "total_error": _ERROR,
    "forward": _TEXT,
    "backward": _TEXT,
    "run": (is_whole, "a whole number"),
    "runs": _row(is_whole, "whole numbers, a tuple in Python"),
    "instrument": _TEXT,
    "field": _NUMBER,
    "field_error": _ERROR,
    "phase": _NUMBER,
    "phase_error": _ERROR,
    "method": _TEXT,
    "bias": _TEXT,
    "probability": (
        lambda value: is_number(value) and 0 <= value <= 1, "a number from 0 to 1",
    ),
    "notes": _row(lambda note: isinstance(note, str), "texts"),
    "n_detectors": (_is_from_1, "a whole number, 1 or above"),
    "bin_width": (lambda width: is_number(width) and width > 0, "a number above 0 (us)"),
    "detectors": _row(_is_from_1, "whole numbers, 1 or above"),
    "dead_time": _row(
        lambda tau: is_number(tau) and abs(tau) <= LONGEST_DEAD_TIME,
        f"numbers (us), at most {LONGEST_DEAD_TIME:g}, one per detector",
    ),
    "dead_time_error": _ERRORS,
    "t0": _row(lambda bin_: is_number(bin_) and bin_ >= 0, "bins, 0 or above, one per detector"),
    "t0_error": _ERRORS,
    "phases": _row(is_number, "numbers (degrees), one per detector"),
    "phases_error": _ERRORS,
    "amplitudes": _row(
        lambda a: is_number(a) and 0 <= a <= 1, "numbers from 0 to 1, one per detector"
    ),
    "amplitudes_error": _ERRORS,
    "names": _row(lambda name: isinstance(name, str), "names"),
    "correlation": (_is_square, "a square of numbers from -1 to 1"),
}  # fmt: skip
ALWAYS = ("alpha", "alpha_error")
"""What a calibration cannot be without."""


def as_tuples(value: Any) -> Any:
    """Lists and arrays as tuples of plain numbers, so that what was saved equals what is read."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    return tuple(map(as_tuples, value)) if isinstance(value, (list, tuple)) else value


def as_plain(value: Any) -> Any:
    """A scalar of NumPy as the plain number or text that it holds."""
    return value.item() if isinstance(value, np.generic) else value


def as_lists(value: Any) -> Any:
    """Tuples as lists, as TOML and JSON have them."""
    return list(map(as_lists, value)) if isinstance(value, tuple) else value


def check_entries(values: Mapping[str, Any]) -> None:
    """Raise a MusrcuError for the first entry that can never be right; None and () are unknown."""
    for name, (right, wanted) in RULES.items():
        value = values[name]
        unknown = name not in ALWAYS and (value is None or value == ())
        if not (unknown or right(value)):
            raise MusrcuError(f"{name} = {_shown(value)} in a calibration; it must be {wanted}")
    _check_detectors(values)
    _check_correlation(values)


def _check_detectors(values: Mapping[str, Any]) -> None:
    run, runs = values["run"], values["runs"]
    if runs and run is not None and run != runs[0]:
        raise MusrcuError(f"run = {run} in a calibration is not the first of runs = {list(runs)}")
    detectors, last = values["detectors"], values["n_detectors"]
    if len(set(detectors)) != len(detectors):
        raise MusrcuError("detectors of a calibration name one twice; name each once")
    if detectors and last is not None and max(detectors) > last:
        raise MusrcuError(
            f"detectors of a calibration name {max(detectors)}, but n_detectors = {last}"
        )
    for name in ROWS:
        for row in (name, f"{name}_error"):
            if values[row] and len(values[row]) != len(detectors):
                raise MusrcuError(
                    f"{row} of a calibration has {len(values[row])} numbers for "
                    f"{len(detectors)} detectors; give one for each number in detectors"
                )
        if values[f"{name}_error"] and not values[name]:
            raise MusrcuError(f"{name}_error in a calibration without {name}")


def _check_correlation(values: Mapping[str, Any]) -> None:
    names, matrix = values["names"], values["correlation"]
    if len(names) != len(matrix):
        raise MusrcuError(
            f"correlation of a calibration has {len(matrix)} rows for {len(names)} names"
        )
    if not names:
        return
    if len(set(names)) != len(names):
        raise MusrcuError("names of a calibration hold one twice; name each once")
    for name in names:
        value_and_error(values, name)
    square = np.array(matrix, dtype=float)
    if not (np.array_equal(square, square.T) and (np.diag(square) == 1).all()):
        raise MusrcuError("correlation of a calibration must be symmetric with 1 on its diagonal")
    if np.linalg.eigvalsh(square)[0] < NEGATIVE:
        raise MusrcuError("correlation of a calibration is impossible: it has a negative direction")


def value_and_error(values: Mapping[str, Any], name: str) -> tuple[float, float]:
    """A number of a calibration by name, ``alpha`` or ``phase_3``, and its error.

    Raises
    ------
    MusrcuError if it is unknown or has no error.
    """
    if not isinstance(name, str):
        raise MusrcuError(
            f"a calibration has no {name!r}; give the name of a number, such as alpha"
        )
    if name in SCALARS:
        value, error = values[name], values[f"{name}_error"]
    else:
        value, error = _of_detector(values, name)
    if value is None or error is None:
        missing = name if value is None else f"the error of {name}"
        raise MusrcuError(f"a calibration without {missing} cannot give {name}")
    return float(value), float(error)


def _of_detector(values: Mapping[str, Any], name: str) -> tuple[float | None, float | None]:
    noun, _, number = name.rpartition("_")
    rows = {one: row for row, one in ROWS.items()}
    if noun not in rows or not number.isdecimal():
        known = ", ".join([*SCALARS, *(f"{one}_1" for one in rows)])
        raise MusrcuError(f"a calibration has no {name!r}; expected one of {known}")
    detectors = list(values["detectors"])
    if int(number) not in detectors:
        raise MusrcuError(f"a calibration without detector {number} cannot give {name}")
    place = detectors.index(int(number))
    row, errors = values[rows[noun]], values[f"{rows[noun]}_error"]
    return (row[place] if row else None), (errors[place] if errors else None)


def covariance_of(values: Mapping[str, Any], names: tuple[str, ...]) -> FloatArray:
    """(n, n) covariance of numbers by name; those outside ``names`` of the calibration stand alone.

    Raises
    ------
    MusrcuError if one is unknown or has no error.
    """
    errors = np.array([value_and_error(values, name)[1] for name in names])
    matrix = np.eye(len(names))
    places = {name: k for k, name in enumerate(values["names"])}
    known = [(k, places[name]) for k, name in enumerate(names) if name in places]
    for k, row in known:
        for j, column in known:
            matrix[k, j] = values["correlation"][row][column]
    return np.asarray(matrix * np.outer(errors, errors))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
