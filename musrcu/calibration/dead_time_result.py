"""Dead times that were estimated from a run, with what they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from musrcu import notation
from musrcu.containers.arrays import FloatArray, by_fields, frozen
from musrcu.errors import FitError
from musrcu.files import PathLike, write_text


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DeadTimes:
    """Dead time of each detector, and of all together, in µs."""

    run: str
    """Name of the calibration run."""
    values: FloatArray
    """(n_detectors,) µs, of all detectors of the run; NaN where it is not known."""
    errors: FloatArray
    """(n_detectors,) µs; NaN where the value is."""
    covariance: FloatArray
    """(n_detectors, n_detectors) µs²; NaN likewise."""
    common: float
    """Mean dead time of the detectors, µs; the one of all where one was fitted."""
    common_error: float
    each: bool
    """Whether every detector has a dead time of its own."""
    regime: str
    """``transverse`` or ``longitudinal``: what the polarisation was allowed to do."""
    method: str
    """What was fitted and assumed, in words."""
    chi2: float
    ndof: float
    probability: float
    t_range: tuple[float, float]
    """First and last time that was used, µs."""
    frames: int
    largest_loss: float
    """Largest share of the counts of a detector in a fitted bin that is lost."""
    refused: Mapping[int, str]
    """Why a detector has no value, by its number."""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("values", "errors", "covariance"):
            object.__setattr__(self, name, frozen(getattr(self, name), float))

    def table(self) -> tuple[float, ...]:
        """One dead time per detector for ``Reduction(dead_time=...)``.

        A detector without a value takes the mean of the others.

        Raises
        ------
        FitError where the mean is not known either.
        """
        if not np.isfinite(self.common):
            raise FitError(f"{self.run}: its dead times are unknown")
        filled = np.where(np.isfinite(self.values), self.values, self.common)
        return tuple(float(tau) for tau in filled)

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write :meth:`table` to a text file that ``--dead-time FILE`` and WiMDA read.

        The number of detectors, a line ``<detector, from 1> <dead time, µs>`` for each, the number
        of the run.

        Raises
        ------
        FitError where no dead time is known; MusrcuError if the file exists or cannot be written.
        """
        rows = [f"{d:5d} {tau:11.7f}" for d, tau in enumerate(self.table(), start=1)]
        number = self.run.split()[-1:]
        last = [f"Run {number[0]}"] if number and number[0].isdecimal() else []
        text = "\n".join([str(len(rows)), *rows, *last])
        write_text(path, text + "\n", overwrite=overwrite)

    def quality(self) -> str:
        """Chi-square of the fit and its probability, in words."""
        return (
            f"chi-square {self.chi2:.1f} for {self.ndof:.1f} degrees of freedom, probability "
            f"{notation.probability(self.probability)}"
        )

    def summary(self) -> str:
        """The result in a few lines."""
        known = np.isfinite(self.values)
        lines = [
            f"dead times from {self.run} ({self.regime}: {self.method})",
            f"mean = {notation.bracket(1e3 * self.common, 1e3 * self.common_error, 'ns')}",
        ]
        if known.any():
            ns = 1e3 * self.values[known]
            lines.append(
                f"{known.sum()} detectors, {ns.min():.3g} to {ns.max():.3g} ns, errors of "
                f"{1e3 * np.median(self.errors[known]):.2g} ns"
            )
        lines += [
            f"largest loss {100 * self.largest_loss:.2g} % from {self.t_range[0]:.3g} us on, "
            f"{self.frames} frames",
            self.quality(),
        ]
        lines += [f"detector {d} refused: {why}" for d, why in self.refused.items()]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def __reduce__(self) -> tuple[object, ...]:
        return by_fields(self)
