"""Matrix products in pieces that a BLAS computes on one thread.

OpenBLAS, which NumPy brings along, shares out real products of m n k > 262144, complex ones and
complex sums long before. For products of a millisecond that wins little on idle processors and
loses much on busy ones: every call waits until the other thread is given a processor, for up to
ten milliseconds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

ALONE = 1 << 18
"""m n k of a product of real matrices up to which OpenBLAS takes one thread."""
ROWS, COLUMNS = 64, 128
"""Of the result of one piece, at most."""
VECTOR = 8192
"""Entries up to which sums over vectors and their products with matrices take one thread."""


def product(a: FloatArray, b: FloatArray) -> FloatArray:
    """The product a @ b of two real matrices."""
    (m, k), n = a.shape, b.shape[1]
    if m * k * n <= ALONE:
        return np.asarray(a @ b)
    found = np.zeros((m, n))
    columns = min(n, COLUMNS)
    deep = min(k, ALONE // (min(m, ROWS) * columns))
    rows = ALONE // (columns * deep)
    for right in range(0, n, columns):
        for inner in range(0, k, deep):
            part = b[inner : inner + deep, right : right + columns]
            for top in range(0, m, rows):
                found[top : top + rows, right : right + columns] += (
                    a[top : top + rows, inner : inner + deep] @ part
                )
    return found


def real_product(a: ComplexArray, b: ComplexArray) -> FloatArray:
    """Re (a @ b) of two complex matrices, with half the multiplications of all of it."""
    below = np.concatenate([b.real, b.imag])
    return product(np.concatenate([a.real, -a.imag], axis=1), below)


def weighted(weights: FloatArray, values: ComplexArray) -> ComplexArray:
    """The product weights @ values of real weights, (n,), and complex values, (n, m)."""
    parts = np.ascontiguousarray(values).view(float)
    return np.asarray(np.einsum("i,ij->j", weights, parts).view(complex))


def gram(rows: FloatArray) -> FloatArray:
    """Scalar products of all rows with one another, rows @ rows.T."""
    few = max(ALONE // max(len(rows), 1) ** 2, 1)
    if rows.shape[1] <= few:
        return np.asarray(rows @ rows.T)
    found = np.zeros((len(rows), len(rows)))
    for first in range(0, rows.shape[1], few):
        part = rows[:, first : first + few]
        found += part @ part.T
    return found


def whole(rows: int) -> int:
    """The next multiple of 4: matrices of so many rows are multiplied in half the time of others.

    Rows of zeros make up what is missing.
    """
    return -(-rows // 4) * 4


def onto(rows: FloatArray, vector: FloatArray) -> FloatArray:
    """The product rows @ vector."""
    few = max(VECTOR // max(len(rows), 1), 1)
    parts = [slice(first, first + few) for first in range(0, vector.size, few)]
    if len(parts) <= 1:
        return np.asarray(rows @ vector)
    return np.asarray(sum(rows[:, part] @ vector[part] for part in parts))


def scalar(a: FloatArray, b: FloatArray) -> float:
    """Scalar product of two vectors."""
    parts = [slice(first, first + VECTOR) for first in range(0, a.size, VECTOR)]
    return float(sum(a[part] @ b[part] for part in parts))
