"""Block elimination: the local parameters of every run leave its normal equations.

Of a run with the blocks S (shared), B (local by shared) and L (local) of its normal equations,

    S' = S - B^T L^-1 B,   g' = g_s - B^T L^-1 g_l,   d_l = -L^-1 (g_l + B d_s)

are what it adds to the equations of the shared parameters, and the step of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.joint.stack import BoolArray, Stack, State

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Eliminated:
    """Normal equations of the shared parameters, and how the local ones follow."""

    matrix: FloatArray
    """(n_shared, n_shared) half the Hessian of the profiled cost."""
    gradient: FloatArray
    """(n_shared,) half its gradient."""
    follow: FloatArray
    """(n_runs, n_local, n_y_shared) L^-1 B."""
    own: FloatArray
    """(n_runs, n_local) L^-1 g_l."""

    def local_step(self, stack: Stack, step: FloatArray) -> FloatArray:
        """(n_runs, n_local) steps of the local parameters with a step of the shared ones."""
        along = np.append(step, 0.0)[stack.index]
        moved = np.matmul(self.follow, along[:, :, None])[:, :, 0]
        return np.asarray(-(self.own + moved))


def local_blocks(matrix: FloatArray, free: BoolArray, m: int) -> tuple[FloatArray, FloatArray]:
    """(L, scale): blocks of the local parameters scaled to a unit diagonal, held ones decoupled."""
    diagonal = np.diagonal(matrix, axis1=1, axis2=2)
    largest = diagonal.max(axis=1, initial=1e-300)[:, None]
    local = np.where(free, np.maximum(diagonal[:, m:], 1e-12 * largest), 1.0)
    scale = np.sqrt(local)
    block = matrix[:, m:, m:] / (scale[:, :, None] * scale[:, None, :])
    block = np.where(free[:, :, None] & free[:, None, :], block, 0.0)
    held = np.where(free, 0.0, 1.0)
    block += held[:, :, None] * np.eye(free.shape[1])
    return block, scale


def eliminate(
    stack: Stack, state: State, free: BoolArray, damping: FloatArray | float = 0.0
) -> Eliminated:
    """The equations of the shared parameters; ``free`` (n_runs, n_local) are the local ones that
    move, ``damping`` is added to their unit diagonal.
    """
    m = stack.m
    block, scale = local_blocks(state.matrix, free, m)
    # without any damping a flat direction would have no inverse
    block = block + np.maximum(damping, 1e-13) * np.eye(stack.n)
    right = np.concatenate([state.matrix[:, m:, :m], state.gradient[:, m:, None]], axis=2)
    right = np.where(free[:, :, None], right, 0.0) / scale[:, :, None]
    solved = np.linalg.solve(block, right)
    gain = np.matmul(right[:, :, :m].transpose(0, 2, 1), solved)
    solved = solved / scale[:, :, None]
    _, slope, known = stack.shared.known(state.s)
    return Eliminated(
        stack.gather_blocks(state.matrix[:, :m, :m] - gain[:, :, :m]) + known,
        stack.gather(state.gradient[:, :m] - gain[:, :, m]) + slope,
        solved[:, :, :m],
        solved[:, :, m],
    )
