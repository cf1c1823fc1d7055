"""Errors of Poisson fits are those of Fisher's information, computed a second time with NumPy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from musrcu.containers.counts import Counts
from musrcu.containers.history import History
from musrcu.containers.run import Run
from musrcu.fitting.fit import fit
from musrcu.fitting.result import FitResult

FloatArray = NDArray[np.float64]

TAU = 2.1969811
PHI = 0.1
LAST = 20.0  # us
NAMES = ("A1", "lambda1", "nu1", "phi1", "N0")


class Line(NamedTuple):
    """One line A exp(-rate t) cos(2 pi nu t + 0.1) in two groups of equal efficiency."""

    events: float
    """Decays in both groups."""
    amplitude: float
    rate: float
    nu: float
    flat: float
    """Background of both groups over their decays at t = 0."""
    sigma: float
    """Smallest error of nu, MHz: the notes on fitting, section 7, by another program."""
    width: float = 0.01

    @property
    def time(self) -> FloatArray:
        """Centres of the bins, µs."""
        return np.asarray((np.arange(round(LAST / self.width)) + 0.5) * self.width)

    @property
    def n0(self) -> float:
        """Decays of one group in a bin at t = 0."""
        return self.events * self.width / TAU / 2

    def signal(self) -> tuple[FloatArray, FloatArray]:
        """a(t) and its derivatives by amplitude, rate, nu, phase in radians."""
        t = self.time
        turn = 2 * np.pi * self.nu * t + PHI
        relaxed = np.exp(-self.rate * t)
        by_phase = -self.amplitude * relaxed * np.sin(turn)
        a = self.amplitude * relaxed * np.cos(turn)
        return a, np.array([relaxed * np.cos(turn), -t * a, 2 * np.pi * t * by_phase, by_phase])

    def means(self) -> FloatArray:
        """(2, n_bins) mean counts."""
        a, _ = self.signal()
        decay = np.exp(-self.time / TAU)
        return self.n0 * (decay * np.array([1 + a, 1 - a]) + self.flat / 2)

    def errors(self) -> FloatArray:
        """(5,) smallest errors of A, rate, nu, phase in radians, N0."""
        a, slopes = self.signal()
        decay, information = np.exp(-self.time / TAU), np.zeros((5, 5))
        for sign, mean in zip((1, -1), self.means(), strict=True):
            rows = np.vstack([sign * self.n0 * decay * slopes, decay * (1 + sign * a)])
            information += (rows / mean) @ rows.T
        return np.asarray(np.sqrt(np.diag(np.linalg.inv(information))))


LINES = (
    Line(1e7, 0.2, 0.0, 1.59, 0.0, 1.617458e-4),
    Line(1e7, 0.05, 0.3, 1.59, 0.0, 2.290465e-3),
    Line(1e7, 0.05, 2.0, 1.59, 0.0, 2.180853e-2),
    Line(2e7, 0.045, 0.35, 1.5887, 0.005, 2.073528e-3),
    Line(1e6, 0.2, 0.1, 135.5, 0.0, 8.824817e-4, width=0.0005),
)
QUADRATURE = (0.000972477169707, 0.0144208335475, 0.00229059187341, 0.0192658682362)
"""A, rate, nu, phase of the second line, without bins, by quadrature of another program."""


def counts_of(line: Line, values: FloatArray) -> Counts:
    run = Run(
        counts=np.ones((1, 2, 8), dtype=int), bin_width=line.width, t0=np.zeros(2),
        first_good=np.zeros(2, dtype=int), last_good=np.full(2, 7), labels=("Forw", "Back"),
        source="continuous",
    )  # fmt: skip
    return Counts(
        time=line.time, values=values, variance=values, bin_width=line.width, packing=1,
        first_good=0, last_good=line.time.size - 1, detectors=((1,), (2,)), run=run,
        history=History(),
    )  # fmt: skip


def fitted(line: Line, values: FloatArray) -> FitResult:
    """The fit of A, rate, nu, phase and N0, begun at the truth."""
    flat = line.n0 * line.flat / 2
    start = {"A1": line.amplitude, "lambda1": line.rate, "nu1": line.nu, "phi1": np.degrees(PHI)}
    held = {"alpha": 1.0, "detector_beta": 1.0, "b_F": flat, "b_B": flat}
    limits = {"lambda1": (-1.0, None)}  # at a limit a parameter has no symmetric error
    result = fit(
        counts_of(line, values), "damped_cosine", start={**start, "N0": line.n0}, fixed=held,
        limits=limits,
    )  # fmt: skip
    assert result.valid, result.reason
    return result


def errors_of(result: FitResult) -> FloatArray:
    """Errors of A, rate, nu, phase in radians, N0."""
    found = np.array([result[name].error for name in NAMES], dtype=float)
    found[3] = np.radians(found[3])
    return found


@pytest.mark.parametrize("line", LINES)
def test_information_here_is_that_of_another_program(line: Line) -> None:
    # its events are those inside the window, what lies in them of b is not told
    assert line.errors()[2] == pytest.approx(line.sigma, rel=2e-3 if line.flat else 1e-4)


def test_information_here_is_that_of_a_quadrature_without_bins() -> None:
    found = LINES[1]._replace(width=0.002).errors()[:4]
    np.testing.assert_allclose(found, QUADRATURE, rtol=3e-5)


@pytest.mark.parametrize("line", LINES)
def test_errors_of_the_expected_counts_are_the_smallest_there_can_be(line: Line) -> None:
    result = fitted(line, line.means())
    assert result["nu1"].value == pytest.approx(line.nu, abs=0.05 * line.sigma)
    np.testing.assert_allclose(errors_of(result), line.errors(), rtol=2e-3)
    assert result["nu1"].error == pytest.approx(line.sigma, rel=0.05)


@pytest.mark.parametrize(("line", "runs"), [*((line, 24) for line in LINES[:4]), (LINES[4], 4)])
def test_errors_of_thrown_counts_are_within_five_per_cent(line: Line, runs: int) -> None:
    means, found = line.means(), []
    for seed in range(runs):
        values = np.random.default_rng((7, LINES.index(line), seed)).poisson(means).astype(float)
        found.append(errors_of(fitted(line, values)))
    np.testing.assert_allclose(np.mean(found, axis=0), line.errors(), rtol=0.05)
    assert np.mean(found, axis=0)[2] == pytest.approx(line.sigma, rel=0.05)
