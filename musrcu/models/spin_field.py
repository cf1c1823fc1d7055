"""A muon among nuclei in a longitudinal field: the average over a powder by quadrature.

For every orientation the Hamiltonian is diagonalised. P as a function of the direction of the field
has no finer detail than spherical harmonics of a degree L that grows with width times time; Gauss
points in cos(theta) and even steps in phi integrate those exactly, so that the error falls off
faster than any power once L is reached. Reversing field and time leaves P unchanged: half a sphere
is enough, and a line of nuclei needs no phi.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.models.product import product
from musrcu.models.spin_lines import Spin, dipolar_hamiltonian, operators, turning_sum

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

SLOPE, MARGIN = 1.5, 30
"""L = SLOPE width time + MARGIN. Measured on random sites: 1e-10 at L = 2 width time for 40, less
than 1e-12 with these."""
MORE_PHI = 16
"""Steps in phi beyond L sin(theta)."""
CLOSE = 1e-8
"""Levels whose phases differ by less over all times count as one where a quotient of differences
becomes a derivative."""
CONQUERED, SPLIT = 25, 48
"""Rows between which singular values are computed on one thread, and eigenvalues are not."""
CHUNK = 1 << 17
"""Entries of all matrices that are diagonalised at once."""


@dataclass(frozen=True, slots=True)
class OrientedSpins:
    """A muon and its neighbours, and how they lie."""

    dipolar: ComplexArray
    """(dim, dim) their couplings, rad/µs."""
    zeeman: ComplexArray
    """(3, dim, dim) energy in a field of 1 G along each axis, rad/µs."""
    muon: ComplexArray
    """(3, dim, dim) spin of the muon."""
    frame: FloatArray
    """(3, 3) rows: two axes across and one along the polar axis of the average."""
    on_a_line: bool
    width: float
    """Largest difference of levels without field, rad/µs."""

    @classmethod
    def of(cls, spins: Sequence[Spin], nuclear: bool = True) -> OrientedSpins:
        """The muon first, then its neighbours."""
        matrices = operators([spin.spin for spin in spins])
        couplings = dipolar_hamiltonian(spins, matrices, nuclear)
        levels = np.linalg.eigvalsh(couplings)
        zeeman = -sum(s.gamma * m for s, m in zip(spins, matrices, strict=True))
        around = np.array([spin.position for spin in spins]) - spins[0].position
        _, sizes, frame = np.linalg.svd(around)
        on_a_line = bool(sizes[1] <= 1e-9 * sizes[0]) if len(sizes) > 1 else True
        return cls(
            couplings,
            np.asarray(zeeman),
            matrices[0],
            frame[::-1],
            on_a_line,
            float(levels[-1] - levels[0]),
        )

    def degree(self, longest: float, factor: float) -> int:
        """Harmonics up to which the average is exact, for times up to ``longest``."""
        return math.ceil(SLOPE * self.width * abs(factor) * longest) + MARGIN

    def entries(self, longest: float, factor: float) -> float:
        """Entries of all matrices to be diagonalised, about."""
        degree = self.degree(longest, factor)
        points = degree / 4 if self.on_a_line else 0.2 * degree * (degree + MORE_PHI)
        return points * float(len(self.dipolar)) ** 2

    def value(self, t: FloatArray, factor: float, B: float) -> FloatArray:
        """P(t) with all couplings multiplied by ``factor``, in a field of ``B`` G."""
        total = np.zeros((1, *t.shape))
        for weight, levels, muon, _ in self._solved(t, factor, B):
            _add(total, t, weight, levels, [np.abs(muon) ** 2])
        return np.asarray(total[0])

    def slopes(
        self, t: FloatArray, factor: float, B: float
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """P(t), and its derivatives with respect to ``factor`` and ``B``."""
        total = np.zeros((5, *t.shape))
        longest = float(np.max(np.abs(t), initial=1e-9))
        for weight, levels, muon, changes in self._solved(t, factor, B):
            rows: list[NDArray[Any]] = [np.abs(muon) ** 2]
            for change in changes:
                rows += _moved(levels, muon, change, CLOSE / longest)
            _add(total, t, weight, levels, rows)
        return total[0], total[1] + t * total[2], total[3] + t * total[4]

    def _solved(
        self, t: FloatArray, factor: float, B: float
    ) -> Iterator[tuple[FloatArray, FloatArray, ComplexArray, tuple[ComplexArray, ComplexArray]]]:
        """A few orientations at a time: weights, levels, the muon's spin along the field and
        what a change of the couplings and of the field adds, these between eigenstates."""
        longest = float(np.max(np.abs(t), initial=0.0))
        for directions, weight in self._orientations(self.degree(longest, factor)):
            field = _along(directions, self.zeeman)
            levels, states = _diagonalised(factor * self.dipolar + B * field)
            left = states.conj().swapaxes(1, 2)
            muon = left @ _along(directions, self.muon) @ states
            changes = (left @ self.dipolar @ states, left @ field @ states)
            yield 4.0 / len(self.dipolar) * weight, levels, muon, changes

    def _orientations(self, degree: int) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Directions (n, 3) of the field and their weights, in portions."""
        size = degree // 4 + 1
        cosines, weights = _gauss_legendre(2 * size)
        directions, shares = [], []
        for cosine, weight in zip(cosines[size:], weights[size:], strict=True):
            sine = math.sqrt(1.0 - cosine * cosine)
            steps = 1 if self.on_a_line else math.ceil(degree * sine) + MORE_PHI
            phi = 2.0 * np.pi * np.arange(steps) / steps
            across = sine * np.array([np.cos(phi), np.sin(phi)])
            directions.append(np.vstack([across, np.full(steps, cosine)]).T @ self.frame)
            shares.append(np.full(steps, weight / steps))
        every, share = np.concatenate(directions), np.concatenate(shares)
        portion = max(1, CHUNK // len(self.dipolar) ** 2)
        for first in range(0, len(share), portion):
            yield every[first : first + portion], share[first : first + portion]


@lru_cache(maxsize=64)
def _gauss_legendre(number: int) -> tuple[FloatArray, FloatArray]:
    """Places in -1 to 1 and weights, by Newton's method for all of them at once."""
    x = -np.cos(np.pi * (np.arange(number) + 0.75) / (number + 0.5))
    for _ in range(6):
        before, value = np.ones(number), x
        for n in range(2, number + 1):
            before, value = value, ((2 * n - 1) * x * value - (n - 1) * before) / n
        slope = number * (before - x * value) / (1.0 - x * x)
        x = x - value / slope
    return x, 2.0 / ((1.0 - x * x) * slope * slope)


def _along(directions: FloatArray, matrices: ComplexArray) -> ComplexArray:
    """(n, dim, dim) the component of a vector of matrices along each direction."""
    flat = np.ascontiguousarray(matrices).reshape(3, -1).view(float)
    return product(directions, flat).view(complex).reshape(-1, *matrices.shape[1:])


def _diagonalised(matrices: ComplexArray) -> tuple[FloatArray, ComplexArray]:
    """Levels and states of each matrix.

    Above :data:`CONQUERED` rows OpenBLAS shares out every small matrix among threads that wait for
    one another; singular values of a matrix without negative levels are its levels.
    """
    size = matrices.shape[-1]
    if not CONQUERED < size <= SPLIT:
        levels, states = np.linalg.eigh(matrices)
        return levels, states
    shift = 2.0 * float(np.abs(matrices).sum(axis=-1).max()) + 1e-300
    states, levels, _ = np.linalg.svd(matrices + shift * np.eye(size))
    return levels - shift, states


def _moved(
    levels: FloatArray, muon: ComplexArray, change: ComplexArray, close: float
) -> list[NDArray[Any]]:
    """How weights change with the Hamiltonian, and what is added to them times t.

    First-order perturbation; the part of the change among levels that are as good as equal turns
    phases, where a quotient of differences would lose its digits.
    """
    gap = levels[:, np.newaxis, :] - levels[:, :, np.newaxis]
    near = np.abs(gap) < close
    mixed = np.divide(change, gap, out=np.zeros_like(change), where=~near)
    turned = muon @ mixed - mixed @ muon
    phases = muon * (muon @ np.where(near, change, 0.0)).swapaxes(1, 2)
    return [2.0 * (muon.conj() * turned).real, -2j * phases]


def _add(
    total: FloatArray,
    t: FloatArray,
    weight: FloatArray,
    levels: FloatArray,
    rows: Sequence[NDArray[Any]],
) -> None:
    """Add Re sum over a, b of weights[a, b] exp(i (E_b - E_a) t), each row to its total."""
    low, high = np.triu_indices(levels.shape[1], 1)
    omega = levels[:, high] - levels[:, low]
    pairs = np.array([row[:, low, high] + row[:, high, low].conj() for row in rows])
    pairs *= weight[:, np.newaxis]
    total += turning_sum(t, omega.reshape(-1), pairs.reshape(len(rows), -1))
    still = [float(weight @ np.trace(row, axis1=1, axis2=2).real) for row in rows]
    total += np.array(still).reshape(-1, *([1] * t.ndim))
