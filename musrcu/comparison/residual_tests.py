"""Whether the residuals of a fit are noise: their size, their order, and a line left in them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu.comparison.line_scan import Line, left_line, left_over, line_scans
from musrcu.comparison.placed import Placed, placed
from musrcu.comparison.residuals import residuals_of
from musrcu.comparison.runs_test import Runs, runs_test
from musrcu.containers.accelerator import accelerator_line
from musrcu.containers.run import Run
from musrcu.fitting.fitted_data import Fittable
from musrcu.fitting.result import FitResult, chi2_probability
from musrcu.notation import said

LOW = 0.01
"""A test whose probability is below this is named as a doubt."""


@dataclass(frozen=True, slots=True)
class ResidualTests:
    """What three tests say of the residuals of a fit; each probability is uniform for noise."""

    probability: float | None
    """Of a chi-square at least this large; for counts with the mean and the variance that the
    likelihood ratio of so few has. None without degrees of freedom."""
    runs: Runs
    line: Line
    window: float
    """Length of the fitted data, µs."""

    @property
    def doubts(self) -> tuple[str, ...]:
        """What the tests find improbable for noise, one sentence each; empty for a good fit."""
        found = []
        if self.probability is not None and self.probability < LOW:
            found.append(f"chi-square is too large, {said(self.probability)}")
        if self.runs.probability < LOW:
            found.append(f"{self.runs}, {said(self.runs.probability)}")
        if self.line.probability < LOW:
            found.append(self._line())
        return tuple(found)

    def _line(self) -> str:
        if self.line.nu * self.window < 1:
            return (
                f"something slower than {1 / self.window:.2g} MHz is left, "
                f"{said(self.line.probability)}"
            )
        return str(self.line)

    def summary(self) -> str:
        """The tests in one line, and what they find improbable."""
        size = "" if self.probability is None else f"chi-square {said(self.probability)}, "
        tests = (
            f"residuals: {size}runs {said(self.runs.probability)}, "
            f"periodogram {said(self.line.probability)}"
        )
        return "; ".join([tests, *self.doubts])

    def to_dict(self) -> dict[str, Any]:
        """The tests as plain data."""
        return {
            "chi2_probability": self.probability,
            "runs": {
                "runs": self.runs.runs,
                "expected": self.runs.expected,
                "error": self.runs.error,
                "probability": self.runs.probability,
            },
            "line": {
                "nu": self.line.nu,
                "gain": self.line.gain,
                "damping": self.line.damping,
                "probability": self.line.probability,
            },
            "doubts": list(self.doubts),
        }


def test_residuals(data: Fittable, result: FitResult) -> ResidualTests:
    """Whether what a fit leaves of its data is noise.

    Three tests, each with a probability that is uniform where nothing but noise is left:

    * the size of chi-square; of counts the likelihood ratio with its own mean and variance, which
      differ from those of chi-square where few are expected;
    * the runs of residuals of one sign, two-sided (Wald and Wolfowitz); too few of them say that
      the model misses something slow;
    * the periodogram: what one more line gains in chi-square while all fitted parameters may
      follow, undamped and with a damping of 1.8 1/µs, and how often noise gains as much at any
      frequency up to the highest that the bins show.

    Parameters
    ----------
    data : what was fitted.
    result : the fit; its range and averaging are taken from it.

    Returns
    -------
    ResidualTests, whose ``summary`` is a line such as "residuals: chi-square p = 0.2, runs
    p = 0.5, periodogram p = 0.002; a line is left at 5.1 MHz, p = 0.002".

    Raises
    ------
    FitError if the fit has no values, or is not one of these data.

    Source: A. Wald and J. Wolfowitz, Ann. Math. Statist. 11, 147 (1940); R. V. Baluev, Mon. Not.
    R. Astron. Soc. 385, 1279 (2008).
    """
    return examined(placed(data, result), result, data.run)


test_residuals.__test__ = False  # type: ignore[attr-defined]  # pytest takes the name for a test


def examined(here: Placed, result: FitResult, run: Run) -> ResidualTests:
    """The tests of a fit of a run that was placed at its minimum."""
    left, cost, time = residuals_of(here), here.cost(), here.data.time
    line, span = left_line(line_scans(here), left_over(cost, here.x)), float(time[-1] - time[0])
    width = float(np.diff(time).min()) if time.size > 1 else span
    origin = accelerator_line(run, line.nu, width, 0.5 / max(span, 1e-3))
    line = dataclasses.replace(line, origin=origin)
    excess = cost.excess(here.freedom.expand(here.x))
    probability = chi2_probability(result.chi2, result.ndof, excess)
    runs = runs_test(left.value, left.above)
    return ResidualTests(probability, runs, line, span)
