"""Truths of muons coupled to spins: the whole Hamiltonian diagonalised in many digits.

Nothing of the closed forms enters: matrices of every spin, their Kronecker products, eigenvalues
by mpmath. All angular frequencies are in rad/µs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from musrcu.constants import DIPOLAR, GAMMA_E_OVER_2PI, GAMMA_MU, GAMMA_MU_OVER_2PI

Site = tuple[float, float, tuple[float, float, float]]
"""Spin, gyromagnetic ratio in rad/(µs G), position in angstrom (the muon is at the origin)."""


def spin_matrices(mp: Any, spin: float) -> tuple[Any, Any, Any]:
    """(S_x, S_y, S_z) of one spin as mpmath matrices, highest projection first."""
    n = round(2 * spin) + 1
    x, y, z = (mp.zeros(n) for _ in range(3))
    for k in range(n):
        m = mp.mpf(n - 1) / 2 - k
        z[k, k] = m
        if k + 1 < n:
            half = mp.sqrt(mp.mpf(n * n - 1) / 4 - m * (m - 1)) / 2
            x[k, k + 1] = x[k + 1, k] = half
            y[k, k + 1], y[k + 1, k] = -1j * half, 1j * half
    return x, y, z


def kronecker(mp: Any, a: Any, b: Any) -> Any:
    """Product of two matrices that act on different spins."""
    made = mp.zeros(a.rows * b.rows)
    for i in range(a.rows):
        for j in range(a.rows):
            if a[i, j] != 0:
                for k in range(b.rows):
                    for m in range(b.rows):
                        made[i * b.rows + k, j * b.rows + m] = a[i, j] * b[k, m]
    return made


def operators(mp: Any, spins: Sequence[float]) -> list[tuple[Any, Any, Any]]:
    """(S_x, S_y, S_z) of each spin in the space of all of them."""
    ones = [mp.eye(round(2 * spin) + 1) for spin in spins]
    made = []
    for place, spin in enumerate(spins):
        parts = []
        for matrix in spin_matrices(mp, spin):
            whole = mp.eye(1)
            for k, one in enumerate(ones):
                whole = kronecker(mp, whole, matrix if k == place else one)
            parts.append(whole)
        made.append(tuple(parts))
    return made


def blocks(matrix: Any) -> list[list[int]]:
    """States that a matrix connects, directly or through others, as lists of their numbers."""
    left, found = set(range(matrix.rows)), []
    while left:
        waiting = [left.pop()]
        block = list(waiting)
        while waiting:
            k = waiting.pop()
            reached = {m for m in left if matrix[k, m] != 0}
            left -= reached
            waiting += reached
            block += reached
        found.append(sorted(block))
    return found


def diagonalised(mp: Any, hamiltonian: Any) -> tuple[list[Any], Any]:
    """Eigenvalues and the matrix of eigenvectors (columns), block by block."""
    n = hamiltonian.rows
    values: list[Any] = []
    vectors = mp.zeros(n)
    real = all(mp.im(hamiltonian[i, j]) == 0 for i in range(n) for j in range(n))
    for block in blocks(hamiltonian):
        part = mp.matrix(len(block))
        for i, k in enumerate(block):
            for j, m in enumerate(block):
                part[i, j] = mp.re(hamiltonian[k, m]) if real else hamiltonian[k, m]
        found, columns = mp.eigsy(part) if real else mp.eighe(part)
        for j in range(len(block)):
            for i, k in enumerate(block):
                vectors[k, len(values)] = columns[i, j]
            values.append(found[j])
    return values, vectors


def in_eigenstates(vectors: Any, operator: Any) -> Any:
    """An operator between eigenstates."""
    return vectors.H * operator * vectors


def polarisation(mp: Any, t: Any, hamiltonian: Any, start: Any, seen: Any) -> Any:
    """2 Tr[start seen(t)] over half the number of states: 1 at t = 0 for the same spin one half."""
    values, vectors = diagonalised(mp, hamiltonian)
    first, last = in_eigenstates(vectors, start), in_eigenstates(vectors, seen)
    n = len(values)
    total = mp.mpc(0)
    for i in range(n):
        for j in range(n):
            weight = first[j, i] * last[i, j]
            if weight != 0:
                total += weight * mp.expj((values[i] - values[j]) * t)
    return 4 * mp.re(total) / n


def _muonium(mp: Any, A_hf: Any, B: Any) -> tuple[Any, tuple[Any, Any, Any]]:
    """Hamiltonian of muonium in a field along z, and the spin of its muon."""
    muon, electron = operators(mp, (0.5, 0.5))
    hamiltonian = mp.zeros(4)
    for one, other in zip(muon, electron, strict=True):
        hamiltonian += A_hf * (one * other)
    # A positive muon lowers its energy along the field, an electron raises it.
    hamiltonian -= mp.mpf(GAMMA_MU_OVER_2PI) * B * muon[2]
    hamiltonian += mp.mpf(GAMMA_E_OVER_2PI) * B * electron[2]
    return 2 * mp.pi * hamiltonian, muon


def muonium(mp: Any, t: Any, A_hf: Any) -> Any:
    """Muonium without field, by diagonalisation of its four states."""
    return muonium_lf(mp, t, A_hf, mp.mpf(0))


def muonium_axial(mp: Any, t: Any, A_hf: Any, D_hf: Any) -> Any:
    """Muonium with an axial coupling without field: the mean over three directions."""
    muon, electron = operators(mp, (0.5, 0.5))
    hamiltonian = mp.zeros(4)
    couplings = (A_hf - D_hf / 2, A_hf - D_hf / 2, A_hf + D_hf)
    for coupling, one, other in zip(couplings, muon, electron, strict=True):
        hamiltonian += 2 * mp.pi * coupling * (one * other)
    return mp.fsum(polarisation(mp, t, hamiltonian, one, one) for one in muon) / 3


def muonium_lf(mp: Any, t: Any, A_hf: Any, B: Any) -> Any:
    """Muonium in a longitudinal field, by diagonalisation of its four states."""
    hamiltonian, muon = _muonium(mp, A_hf, B)
    return polarisation(mp, t, hamiltonian, muon[2], muon[2])


def muonium_tf(mp: Any, t: Any, A_hf: Any, B: Any, phi: Any = 0) -> Any:
    """Muonium in a transverse field, seen phi degrees from the first direction of its muon.

    The angle is counted against the precession of a free muon, whose P(t) is cos(omega t + phi).
    """
    hamiltonian, muon = _muonium(mp, A_hf, B)
    angle = mp.radians(phi)
    seen = mp.cos(angle) * muon[0] + mp.sin(angle) * muon[1]
    return polarisation(mp, t, hamiltonian, muon[0], seen)


def _levels(values: list[Any], vectors: Any) -> tuple[int, int, int]:
    """Numbers of the eigenstates 1, 2, 3: both spins up, upper one of the mixed, both down."""
    whole = range(len(values))
    first = max(whole, key=lambda k: abs(vectors[0, k]))
    third = max(whole, key=lambda k: abs(vectors[3, k]))
    second = max((k for k in whole if k not in (first, third)), key=lambda k: values[k])
    return first, second, third


def muonium_tf_low(mp: Any, t: Any, A_hf: Any, B: Any, phi: Any = 0) -> Any:
    """The two lines between the states 1, 2 and 3 alone."""
    hamiltonian, muon = _muonium(mp, A_hf, B)
    angle = mp.radians(phi)
    values, vectors = diagonalised(mp, hamiltonian)
    seen = mp.cos(angle) * muon[0] + mp.sin(angle) * muon[1]
    start, seen = in_eigenstates(vectors, muon[0]), in_eigenstates(vectors, seen)
    first, second, third = _levels(values, vectors)
    total = mp.mpc(0)
    for i, j in ((first, second), (second, first), (second, third), (third, second)):
        total += start[j, i] * seen[i, j] * mp.expj((values[i] - values[j]) * t)
    return mp.re(total)


def muonium_tf_high(mp: Any, t: Any, A_hf: Any, B: Any, phi: Any = 0) -> Any:
    """The lines 1-2 and 3-4 from the eigenvalues, half of the amplitude each."""
    hamiltonian, _ = _muonium(mp, A_hf, B)
    values, vectors = diagonalised(mp, hamiltonian)
    first, second, third = _levels(values, vectors)
    fourth = 6 - first - second - third
    angle = mp.radians(phi)
    one = mp.cos((values[first] - values[second]) * t - angle)
    return (one + mp.cos((values[third] - values[fourth]) * t + angle)) / 2


def dipolar(mp: Any, t: Any, sites: Sequence[Site], nuclear: bool = True, scale: Any = 1) -> Any:
    """A muon at the origin and nuclei, coupled by their moments, in zero field; powder average.

    Parameters
    ----------
    sites : the nuclei.
    nuclear : whether the nuclei are coupled among themselves.
    scale : every distance is multiplied by it.
    """
    lines = _dipolar_lines(mp, tuple(sites), nuclear, mp.mp.prec)
    return mp.fsum(weight * mp.cos(omega * t / mp.mpf(scale) ** 3) for omega, weight in lines)


@lru_cache(maxsize=64)
def _dipolar_lines(
    mp: Any, sites: tuple[Site, ...], nuclear: bool, precision: int
) -> tuple[tuple[Any, Any], ...]:
    """(omega, weight) of every line; frequencies scale with the couplings, so they last."""
    spins = operators(mp, (0.5, *(spin for spin, _, _ in sites)))
    whole = [(0.5, GAMMA_MU, (0.0, 0.0, 0.0)), *sites]
    hamiltonian = mp.zeros(spins[0][0].rows)
    for i in range(len(whole)):
        for j in range(i + 1, len(whole)):
            if i == 0 or nuclear:
                hamiltonian += _coupling(mp, whole[i], whole[j], spins[i], spins[j])
    values, vectors = diagonalised(mp, hamiltonian)
    muon = [in_eigenstates(vectors, matrix) for matrix in spins[0]]
    n, small = len(values), mp.mpf(10) ** (5 - mp.mp.dps)
    size = max(abs(value) for value in values)
    lines: list[list[Any]] = []
    for i in range(n):
        for j in range(n):
            weight = sum(abs(matrix[i, j]) ** 2 for matrix in muon) * 4 / (3 * n)
            if weight < small:
                continue
            omega = abs(values[i] - values[j])
            known = next((line for line in lines if abs(line[0] - omega) < size * small), None)
            if known is None:
                lines.append([omega, weight])
            else:
                known[1] += weight
    return tuple((omega, weight) for omega, weight in lines)


def _coupling(mp: Any, one: Site, other: Site, first: Any, second: Any) -> Any:
    """Dipolar coupling of two spins, a matrix in the space of all."""
    along = [mp.mpf(b) - mp.mpf(a) for a, b in zip(one[2], other[2], strict=True)]
    r = mp.sqrt(sum(x * x for x in along))
    scalar, left, right = (mp.zeros(first[0].rows) for _ in range(3))
    for a, b, x in zip(first, second, along, strict=True):
        scalar += a * b
        left += a * (x / r)
        right += b * (x / r)
    return mp.mpf(DIPOLAR) * mp.mpf(one[1]) * mp.mpf(other[1]) / r**3 * (scalar - 3 * left * right)
