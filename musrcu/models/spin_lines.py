"""Spins coupled by their magnetic moments: the lines of their muon, and sums of many lines.

The Hamiltonian is the sum over pairs of D [S1.S2 - 3 (S1.n)(S2.n)], D = mu0 gamma1 gamma2 hbar /
(4 pi r^3), n the direction from one to the other. Averaged over a powder in zero field the muon's
polarisation is the mean of the three directions, which is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import DIPOLAR
from musrcu.models.phasor import BLOCK, even_step, uniform_step
from musrcu.models.product import real_product

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

SAME = 1e-11
"""Frequencies closer than this share of the fastest are one line at their weighted mean, which
changes the sum by the square of their distance in phase alone."""
FAINT = 1e-13
"""Weight of all lines together that are left out."""
FEW = 64
"""Fewer lines have every exponential computed; for more they come by multiplication."""
CHUNK = 2048
"""Lines summed at once, so that memory stays small."""


@dataclass(frozen=True, slots=True)
class Spin:
    """One particle with a magnetic moment."""

    spin: float
    """1/2, 1, 3/2, ..."""
    gamma: float
    """Gyromagnetic ratio, rad/(µs G)."""
    position: tuple[float, float, float]
    """Angstrom."""


@dataclass(frozen=True, slots=True)
class Lines:
    """P(t) = sum of weight cos(omega t), with the frequencies in rising order."""

    omega: FloatArray
    """(n_lines,) rad/µs."""
    weight: FloatArray
    """(n_lines,) their sum is one."""

    @property
    def fastest(self) -> float:
        """Highest frequency, rad/µs."""
        return float(self.omega[-1])

    def value(self, t: FloatArray, factor: float = 1.0) -> FloatArray:
        """The sum with all frequencies multiplied by ``factor``, shape of ``t``."""
        return np.asarray(turning_sum(t, factor * self.omega, self.weight[np.newaxis])[0])

    def slope(self, t: FloatArray, factor: float = 1.0) -> FloatArray:
        """Derivative of :meth:`value` with respect to the logarithm of ``factor``."""
        omega = factor * self.omega
        turned = turning_sum(t, omega, np.array([1j * omega * self.weight], dtype=complex))
        return np.asarray(t * turned[0])

    def both(self, t: FloatArray, factor: float = 1.0) -> tuple[FloatArray, FloatArray]:
        """:meth:`value` and :meth:`slope`, the exponentials computed once."""
        omega = factor * self.omega
        value, slope = turning_sum(t, omega, np.array([self.weight, 1j * omega * self.weight]))
        return value, t * slope


def turning_sum(t: FloatArray, omega: FloatArray, weights: FloatArray | ComplexArray) -> FloatArray:
    """Sums over k of Re weights[m, k] exp(i omega[k] t), shape (n_sums, *shape of t).

    On even times t = t_0 + (a m + b) dt all sums are one product of two matrices, with a few
    exponentials for every line.
    """
    total = np.zeros((len(weights), t.size))
    step = uniform_step(t) if omega.size < FEW else even_step(t)
    for first in range(0, omega.size, CHUNK):
        part = slice(first, first + CHUNK)
        if step == 0.0:
            _add_direct(total, t.reshape(-1), omega[part], weights[:, part])
        else:
            _add_even(total, t, step, omega[part], weights[:, part])
    return total.reshape(len(weights), *t.shape)


def _add_direct(
    total: FloatArray, t: FloatArray, omega: FloatArray, weights: FloatArray | ComplexArray
) -> None:
    for first in range(0, t.size, BLOCK):
        part = slice(first, first + BLOCK)
        turned = np.exp(1j * np.multiply.outer(omega, t[part]))
        total[:, part] += real_product(weights.astype(complex), turned)


def _add_even(
    total: FloatArray,
    t: FloatArray,
    step: float,
    omega: FloatArray,
    weights: FloatArray | ComplexArray,
) -> None:
    blocks = -(-t.size // BLOCK)
    starts = t[0] + step * BLOCK * np.arange(blocks)
    coarse = np.exp(1j * np.multiply.outer(starts, omega)) * weights[:, np.newaxis]
    coarse = coarse.reshape(-1, omega.size)
    fine = np.empty((omega.size, BLOCK), dtype=complex)
    filled = BLOCK if omega.size < FEW else 1
    fine[:, :filled] = np.exp(1j * np.multiply.outer(omega, step * np.arange(filled)))
    while filled < BLOCK:  # exp(i omega step (m + n)) for all m < n, doubling
        fine[:, filled : 2 * filled] = fine[:, :filled]
        fine[:, filled : 2 * filled] *= np.exp(1j * (step * filled) * omega)[:, np.newaxis]
        filled *= 2
    found = real_product(coarse, fine)
    total += found.reshape(len(weights), -1)[:, : t.size]


def spin_matrices(spin: float) -> ComplexArray:
    """(S_x, S_y, S_z) of one spin, shape (3, n, n), highest projection first."""
    n = round(2 * spin) + 1
    m = spin - np.arange(n)
    half = 0.5 * np.sqrt(spin * (spin + 1) - m[:-1] * m[1:])
    x = np.diag(half, 1) + np.diag(half, -1)
    y = -1j * np.diag(half, 1) + 1j * np.diag(half, -1)
    return np.array([x, y, np.diag(m)])


def operators(spins: Sequence[float]) -> list[ComplexArray]:
    """(S_x, S_y, S_z) of each spin in the space of all, each of shape (3, dim, dim)."""
    sizes = [round(2 * spin) + 1 for spin in spins]
    made = []
    for place, spin in enumerate(spins):
        before, after = (
            np.eye(np.prod(sizes[:place], dtype=int)),
            np.eye(np.prod(sizes[place + 1 :], dtype=int)),
        )
        made.append(np.array([np.kron(np.kron(before, s), after) for s in spin_matrices(spin)]))
    return made


def dipolar_hamiltonian(
    spins: Sequence[Spin], matrices: Sequence[ComplexArray], nuclear: bool = True
) -> ComplexArray:
    """Couplings of the first spin, the muon, with the others, and of these among themselves.

    Returns
    -------
    (dim, dim), rad/µs.
    """
    total: ComplexArray = np.zeros_like(matrices[0][0])
    for i, one in enumerate(spins):
        for j in range(i + 1, len(spins) if nuclear or i == 0 else 0):
            along = np.subtract(spins[j].position, one.position)
            r = float(np.linalg.norm(along))
            tensor = np.eye(3) - 3.0 * np.outer(along / r, along / r)
            tensor *= DIPOLAR * one.gamma * spins[j].gamma / r**3
            for a, row in zip(matrices[i], tensor, strict=True):
                # Two spins commute: the sum over the second one's directions comes first.
                total += a @ np.tensordot(row, matrices[j], axes=1)
    return np.asarray(total)


def powder_lines(spins: Sequence[Spin], nuclear: bool = True) -> Lines:
    """Lines of the first spin, the muon, in zero field, averaged over a powder.

    Parameters
    ----------
    spins : the muon, then its neighbours.
    nuclear : whether the neighbours are coupled among themselves.
    """
    matrices = operators([spin.spin for spin in spins])
    levels, states = np.linalg.eigh(dipolar_hamiltonian(spins, matrices, nuclear))
    dim = levels.size
    weight = np.zeros((dim, dim))
    for matrix in matrices[0]:
        weight += np.abs(states.conj().T @ matrix @ states) ** 2
    upper = np.triu_indices(dim, 1)
    omega = np.concatenate([[0.0], levels[upper[1]] - levels[upper[0]]])
    weights = np.concatenate([[np.trace(weight)], 2.0 * weight[upper]]) * (4.0 / (3.0 * dim))
    return merged(omega, weights)


def merged(omega: FloatArray, weight: FloatArray) -> Lines:
    """Lines with equal frequencies joined and the faintest left out; weights add up to one."""
    order = np.argsort(omega)
    omega, weight = omega[order], weight[order]
    bright = np.sort(weight)
    least = bright[min(int(np.searchsorted(np.cumsum(bright), FAINT)), weight.size - 1)]
    kept = weight >= least
    omega, weight = omega[kept], weight[kept]
    first = np.flatnonzero(np.diff(omega, prepend=-np.inf) > SAME * max(omega[-1], 1e-300))
    joined = np.add.reduceat(weight, first)
    middle = np.add.reduceat(weight * omega, first) / joined
    if omega[0] == 0.0:
        middle[0] = 0.0
    return Lines(middle, joined / joined.sum())
