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
ACROSS, DEEP = 128, 128
"""Columns, and terms of each sum, of one piece."""
VECTOR = 8192
"""Length of two vectors up to which their scalar product takes one thread; it is 10 000."""


def product(a: FloatArray, b: FloatArray) -> FloatArray:
    """The product a @ b of two real matrices."""
    (m, k), n = a.shape, b.shape[1]
    if m * k * n <= ALONE:
        return np.asarray(a @ b)
    found = np.zeros((m, n))
    rows = ALONE // (min(n, ACROSS) * min(k, DEEP))
    for right in range(0, n, ACROSS):
        for inner in range(0, k, DEEP):
            part = b[inner : inner + DEEP, right : right + ACROSS]
            for top in range(0, m, rows):
                found[top : top + rows, right : right + ACROSS] += (
                    a[top : top + rows, inner : inner + DEEP] @ part
                )
    return found


def real_product(a: ComplexArray, b: ComplexArray) -> FloatArray:
    """Re (a @ b) of two complex matrices, with half the multiplications of all of it."""
    below = np.empty((b.shape[0], 2, b.shape[1]))
    below[:, 0] = b.real
    np.negative(b.imag, out=below[:, 1])
    beside = np.ascontiguousarray(a).view(float)
    return product(beside, below.reshape(-1, b.shape[1]))


def weighted(weights: FloatArray, values: ComplexArray) -> ComplexArray:
    """The product weights @ values: the sum over rows of ``values``, (n, m), each times its weight."""
    parts = np.ascontiguousarray(values).view(float)
    return np.asarray(np.einsum("i,ij->j", weights, parts).view(complex))


def gram(rows: FloatArray) -> FloatArray:
    """Scalar products of all rows with one another, rows @ rows.T."""
    few = max(ALONE // len(rows) ** 2, 1)
    if rows.shape[1] <= few:
        return np.asarray(rows @ rows.T)
    found = np.zeros((len(rows), len(rows)))
    for first in range(0, rows.shape[1], few):
        part = rows[:, first : first + few]
        found += part @ part.T
    return found


def onto(rows: FloatArray, vector: FloatArray) -> FloatArray:
    """The product rows @ vector."""
    few = max(ALONE // len(rows), 1)
    parts = [slice(first, first + few) for first in range(0, vector.size, few)]
    if len(parts) <= 1:
        return np.asarray(rows @ vector)
    return np.asarray(sum(rows[:, part] @ vector[part] for part in parts))


def scalar(a: FloatArray, b: FloatArray) -> float:
    """Scalar product of two vectors."""
    parts = [slice(first, first + VECTOR) for first in range(0, a.size, VECTOR)]
    return float(sum(a[part] @ b[part] for part in parts))
