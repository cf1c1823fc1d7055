"""Spins by brute force: matrix exponentials of the Hamiltonian, nothing of musrcu in it.

SI units inside; times in µs, distances in angstrom, fields in G outside.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import expm

HBAR = 6.62607015e-34 / (2 * np.pi)
MU0_OVER_4PI = 1.25663706127e-6 / (4 * np.pi)
MUON, ELECTRON = 135.5388094e6, -28024.9513861e6  # gamma / 2 pi, Hz/T


def matrices(spin: float) -> np.ndarray:
    """S_x, S_y, S_z from the raising operator."""
    m = np.arange(spin, -spin - 1, -1)
    raising = np.zeros((m.size, m.size))
    for k in range(m.size - 1):
        raising[k, k + 1] = np.sqrt(spin * (spin + 1) - m[k + 1] * (m[k + 1] + 1))
    return np.array([(raising + raising.T) / 2, (raising - raising.T) / 2j, np.diag(m)])


def each(spins: Sequence[float]) -> list[np.ndarray]:
    """Spin matrices of each particle in the space of all."""
    found = []
    for place in range(len(spins)):
        whole = np.ones((3, 1, 1), dtype=complex)
        for k, spin in enumerate(spins):
            part = matrices(spin) if k == place else np.array([np.eye(round(2 * spin) + 1)] * 3)
            whole = np.array([np.kron(a, b) for a, b in zip(whole, part, strict=True)])
        found.append(whole)
    return found


def dipolar(
    spins: Sequence[float],
    gammas: Sequence[float],
    positions: Sequence[Sequence[float]],
    nuclear: bool = True,
    field: Sequence[float] = (0.0, 0.0, 0.0),
) -> tuple[np.ndarray, np.ndarray]:
    """Hamiltonian in rad/µs, and the spin of the first particle; gammas in Hz/T."""
    S, where = each(spins), 1e-10 * np.array(positions, dtype=float)
    gamma = 2 * np.pi * np.array(gammas)
    total = np.zeros(S[0][0].shape, dtype=complex)
    for i in range(len(spins)):
        total -= gamma[i] * 1e-4 * np.tensordot(np.array(field, dtype=float), S[i], axes=1)
        for j in range(i):
            if nuclear or j == 0:
                r = where[i] - where[j]
                d = np.linalg.norm(r)
                n = r / d
                scalar = sum(S[i][k] @ S[j][k] for k in range(3))
                along = np.tensordot(n, S[i], axes=1) @ np.tensordot(n, S[j], axes=1)
                strength = MU0_OVER_4PI * gamma[i] * gamma[j] * HBAR / d**3
                total += strength * (scalar - 3 * along)
    return 1e-6 * total, S[0]


def polarisation(t: float, hamiltonian: np.ndarray, start: np.ndarray, seen: np.ndarray) -> float:
    """4 Tr[start seen(t)] / number of states, for a spin one half."""
    U = expm(-1j * hamiltonian * t)
    return float((4 * np.trace(start @ U.conj().T @ seen @ U) / len(U)).real)


def powder(t: float, hamiltonian: np.ndarray, muon: np.ndarray) -> float:
    """Mean over three directions."""
    return float(np.mean([polarisation(t, hamiltonian, one, one) for one in muon]))


def muonium(A_hf: float, B: float) -> tuple[np.ndarray, np.ndarray]:
    """Hamiltonian of muonium in a field along z, rad/µs, and the spin of its muon; MHz, G."""
    muon, electron = each([0.5, 0.5])
    total = A_hf * sum(muon[k] @ electron[k] for k in range(3))
    total = total - 1e-10 * B * (MUON * muon[2] + ELECTRON * electron[2])
    return 2 * np.pi * total, muon
