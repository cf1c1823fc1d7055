"""Two lines that overlap, fitted at once: their places, dampings and shapes."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.spectrum.lines import Line

SHAPES = ("exponential", "gaussian")
BROAD = (1.0, 3.0, 8.0)
"""Dampings from which the broad line starts, 1/µs."""
NARROW = 0.4
"""The same of the narrow one."""
STEPS = 30
SETTLED = 0.05
"""Chi-square that a step must gain to be followed by another."""
ENOUGH_BINS = 1000
"""Bins on which they are fitted."""


class _Fit(NamedTuple):
    """Frequencies, MHz, dampings, 1/µs, and chi-square."""

    nu: FloatArray
    rate: FloatArray
    chi2: float


def fitted_jointly(
    time: FloatArray, value: FloatArray, root: FloatArray, places: tuple[float, float], reach: float
) -> tuple[list[Line], float]:
    """A broad line and one on its flank, by least squares, exponential or Gaussian each.

    Parameters
    ----------
    root : (n_bins,) 1 / sigma.
    places : MHz; the second that of a narrow line, which stays within ``reach`` of it.

    Returns
    -------
    (lines, chi-square).
    """
    highest = max(places) + 4 * reach
    bins = _Bins(*_averaged(time, value, root, highest))
    start = np.array(places)
    best, chosen = _Fit(start, np.zeros(2), np.inf), (SHAPES[0], SHAPES[0])
    for shapes in itertools.product(SHAPES, repeat=2):
        for broad in BROAD:
            found = bins.lowest(start, np.array([broad, NARROW]), shapes, reach)
            if found.chi2 < best.chi2:
                best, chosen = found, (shapes[0], shapes[1])
    rows = _rows(time, best.nu, best.rate, chosen)
    solved = np.linalg.lstsq((rows * root).T, value * root, rcond=1e-10)[0]
    errors = bins.errors(best, chosen)
    lines = [
        Line(
            float(best.nu[k]),
            _envelope(time, float(best.rate[k]), shape),
            complex(*solved[2 * k : 2 * k + 2]),
            float(errors[k]),
        )
        for k, shape in enumerate(chosen)
    ]
    return lines, best.chi2


class _Bins:
    """The bins, and chi-square of lines on them."""

    def __init__(self, time: FloatArray, value: FloatArray, root: FloatArray) -> None:
        self.time, self.root, self.data = time, root, value * root

    def lowest(
        self, nu: FloatArray, rate: FloatArray, shapes: tuple[str, ...], reach: float
    ) -> _Fit:
        """The minimum near a start, by Levenberg's steps."""
        start, damping = nu, 1e-2
        at = _Fit(nu, rate, self.chi2(nu, rate, shapes))
        for _ in range(STEPS):
            gradient, bend = self._slopes(at, shapes)
            while damping < 1e7:
                eased = bend + damping * np.diag(np.diag(bend) + 1e-12)
                step = np.asarray(np.linalg.solve(eased, gradient), dtype=float)
                moved = at.nu + np.clip(step[: nu.size], -reach, reach)
                moved[-1] = np.clip(moved[-1], start[-1] - 0.5 * reach, start[-1] + 0.5 * reach)
                moved = np.maximum(moved, 0.1 * start)
                faster = np.abs(at.rate + np.clip(step[nu.size :], -2, 2))
                chi2 = self.chi2(moved, faster, shapes)
                if chi2 < at.chi2:
                    break
                damping *= 8
            else:
                break
            gained, at, damping = at.chi2 - chi2, _Fit(moved, faster, chi2), 0.1 * damping
            if gained < SETTLED:
                break
        return at

    def chi2(self, nu: FloatArray, rate: FloatArray, shapes: tuple[str, ...]) -> float:
        """With amplitudes and phases solved for."""
        return self._solved(_rows(self.time, nu, rate, shapes) * self.root)[1]

    def errors(self, at: _Fit, shapes: tuple[str, ...]) -> FloatArray:
        """(n_lines,) of the frequencies, everything else free."""
        covariance = np.linalg.pinv(self._slopes(at, shapes)[1], rcond=1e-12, hermitian=True)
        return np.asarray(np.sqrt(np.diag(covariance)[: at.nu.size]))

    def _solved(self, design: FloatArray) -> tuple[FloatArray, float]:
        matrix = design @ design.T
        values = np.linalg.pinv(matrix, rcond=1e-10, hermitian=True) @ (design @ self.data)
        left = self.data - values @ design
        return values, float(left @ left)

    def _slopes(self, at: _Fit, shapes: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
        """Gradient and bend of chi-square by frequencies, then dampings."""
        time, rows = self.time, _rows(self.time, at.nu, at.rate, shapes)
        design = rows * self.root
        values = self._solved(design)[0]
        turned, damped = [], []
        for k, shape in enumerate(shapes):
            (along, across), (a, b) = rows[2 * k : 2 * k + 2], values[2 * k : 2 * k + 2]
            turned.append(2 * np.pi * time * (a * across - b * along))
            power = time if shape == SHAPES[0] else at.rate[k] * time**2
            damped.append(-power * (a * along + b * across))
        moves = np.array(turned + damped) * self.root
        left = self.data - values @ design
        inner = np.linalg.pinv(design @ design.T, rcond=1e-10, hermitian=True)
        moves = moves - (moves @ design.T) @ inner @ design
        return moves @ left, moves @ moves.T


def _rows(
    time: FloatArray, nu: FloatArray, rate: FloatArray, shapes: tuple[str, ...]
) -> FloatArray:
    """(2 n_lines, n_bins) cosine and minus sine of each line, damped."""
    rows = []
    for one, damping, shape in zip(nu, rate, shapes, strict=True):
        turn = _envelope(time, float(damping), shape) * np.exp(2j * np.pi * one * time)
        rows += [turn.real, -turn.imag]
    return np.array(rows)


def _envelope(time: FloatArray, rate: float, shape: str) -> FloatArray:
    x = rate * time
    return np.asarray(np.exp(-x) if shape == SHAPES[0] else np.exp(-0.5 * x * x))


def _averaged(
    time: FloatArray, value: FloatArray, root: FloatArray, highest: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weighted means of so many neighbouring bins that the fastest line turns slowly in each."""
    width = float(np.median(np.diff(time)))
    factor = max(1, min(time.size // ENOUGH_BINS, int(0.05 / (highest * width))))
    n = time.size // factor * factor
    weight = (root[:n] ** 2).reshape(-1, factor)
    total = weight.sum(axis=1)
    means = [(weight * row[:n].reshape(-1, factor)).sum(axis=1) / total for row in (time, value)]
    return means[0], means[1], np.sqrt(total)
