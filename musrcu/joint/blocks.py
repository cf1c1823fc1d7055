"""The exact covariance of a joint fit, in blocks that grow linearly with the runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.joint.elimination import eliminate
from musrcu.joint.stack import BoolArray, Stack, State

FloatArray = NDArray[np.float64]

SINGULAR = 1e-10
"""Smallest eigenvalue of a curvature scaled to a unit diagonal."""
INVOLVED = 0.3
"""A parameter takes part in a flat direction where it moves by this part of the one that moves
most, in units of what its own curvature allows."""


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Covariance of all parameters y of a joint fit; held ones have zeros."""

    shared: FloatArray
    """(n_shared, n_shared) covariance."""
    response: FloatArray
    """(n_runs, n_local, n_y_shared) by how much local parameters move with shared ones."""
    own: FloatArray
    """(n_runs, n_local, n_local) covariance of local parameters with the shared ones held."""
    free_s: BoolArray
    free_l: BoolArray

    def of_run(self, stack: Stack, r: int) -> FloatArray:
        """(n_y, n_y) covariance of the parameters of one run, in a row of the stack."""
        index = stack.index[r]
        wide = np.zeros((self.shared.shape[0] + 1,) * 2)
        wide[:-1, :-1] = self.shared
        shared = wide[np.ix_(index, index)]
        cross = self.response[r] @ shared
        local = self.own[r] + cross @ self.response[r].T
        return np.asarray(np.block([[shared, cross.T], [cross, local]]))


def exact_matrix(stack: Stack, state: State) -> FloatArray:
    """(n_runs, n_y, n_y) half the Hessian of the cost of every run, exact."""
    x, slopes = stack.x(state.s, state.local, stack.all)
    n_x = x.shape[1]
    half = np.zeros((x.shape[0], n_x, n_x))
    for r, member in enumerate(stack.members):
        n = member.cost.free.size
        half[r, :n, :n] = member.cost.hessian(x[r, :n]) / 2
    matrix: FloatArray = np.matmul(np.matmul(slopes.transpose(0, 2, 1), half), slopes)
    for r in stack.tied:
        member, places = stack.members[r], stack.rows[r]
        n = member.cost.free.size
        force = member.cost.normal(x[r, :n])[1]
        y = stack.y(state.s, state.local, np.array([r]))[0, places]
        matrix[r][np.ix_(places, places)] += member.bend(y, force)
    return matrix


def blocks(
    stack: Stack, state: State, matrix: FloatArray, free_s: BoolArray, free_l: BoolArray
) -> tuple[Blocks | None, str]:
    """The covariance, and the reason where there is none.

    Parameters
    ----------
    stack : the runs.
    state : the minimum.
    matrix : half the Hessian of every run there.
    free_s, free_l : what is neither held nor at a limit.
    """
    m = stack.m
    own, scale = _unit(matrix[:, m:, m:], free_l)
    bad = ~np.isfinite(own).all(axis=(1, 2))
    if not bad.any() and stack.n:
        bad = np.linalg.eigvalsh(own)[:, 0] <= SINGULAR
    if bad.any():
        return None, _flat_run(stack, own, free_l, int(np.argmax(bad)))
    inverse = np.linalg.inv(own) / (scale[:, :, None] * scale[:, None, :])
    both = free_l[:, :, None] & free_l[:, None, :]
    inverse = np.where(both, 0.5 * (inverse + inverse.transpose(0, 2, 1)), 0.0)
    response = -np.matmul(inverse, matrix[:, m:, :m])
    gain = np.matmul(matrix[:, m:, :m].transpose(0, 2, 1), response)
    reduced = stack.gather_blocks(matrix[:, :m, :m] + gain) + stack.shared.known(state.s)[2]
    shared = np.zeros_like(reduced)
    if free_s.any():
        chosen = np.ix_(free_s, free_s)
        whole = stack.gather_blocks(matrix[:, :m, :m]) + stack.shared.known(state.s)[2]
        size = np.diag(whole)[free_s]
        if not (np.isfinite(reduced).all() and (size > 0).all()):
            return None, _straight(stack, np.flatnonzero(free_s)[~(size > 0)])
        # scaled by the curvature before the local parameters follow: what they undo is flat
        root = np.sqrt(size)
        unit = reduced[chosen] / np.outer(root, root)
        values, vectors = np.linalg.eigh(unit)
        if values[0] <= SINGULAR:
            return None, _flat_shared(stack, vectors[:, 0] / root, free_s, response, scale)
        reason = _flat_of_ties(stack, state, free_s, free_l, response, scale)
        if reason:
            return None, reason
        found = np.linalg.inv(unit) / np.outer(root, root)
        shared[chosen] = 0.5 * (found + found.T)
    return Blocks(shared, response, inverse, free_s, free_l), ""


def _flat_of_ties(
    stack: Stack,
    state: State,
    free_s: BoolArray,
    free_l: BoolArray,
    response: FloatArray,
    scale: FloatArray,
) -> str:
    """Which parameters ties do not tell apart, in words.

    The exact curvature along a product of two is what is left of the gradient; the expected one
    is zero.
    """
    if not stack.tied:
        return ""
    m, chosen = stack.m, np.ix_(free_s, free_s)
    known = stack.shared.known(state.s)[2]
    size = np.diag(stack.gather_blocks(state.matrix[:, :m, :m]) + known)[free_s]
    if not (size > 0).all():
        return _straight(stack, np.flatnonzero(free_s)[~(size > 0)])
    root = np.sqrt(size)
    unit = eliminate(stack, state, free_l).matrix[chosen] / np.outer(root, root)
    if not np.isfinite(unit).all():
        return ""
    values, vectors = np.linalg.eigh(0.5 * (unit + unit.T))
    if values[0] > SINGULAR:
        return ""
    return _flat_shared(stack, vectors[:, 0] / root, free_s, response, scale)


def _straight(stack: Stack, places: NDArray[np.int64]) -> str:
    names = [stack.shared.labels[k] for k in places]
    what = f"{' and '.join(names)}" if names else "every parameter"
    return f"the covariance is singular: the cost does not curve along {what}"


def _unit(block: FloatArray, free: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Blocks scaled to a unit diagonal, 1 for what is held; not finite where there is no curve."""
    diagonal = np.where(free, np.diagonal(block, axis1=1, axis2=2), 1.0)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, np.nan))
    unit = block / (scale[:, :, None] * scale[:, None, :])
    unit = np.where(free[:, :, None] & free[:, None, :], unit, np.eye(free.shape[1]))
    return unit, np.where(np.isfinite(scale), scale, 1.0)


def _flat_run(stack: Stack, own: FloatArray, free: BoolArray, r: int) -> str:
    """Which local parameters of a run are not determined, in words."""
    member = stack.members[r]
    names = [member.cost.freedom.model.names[k] for k in member.local]
    block = np.nan_to_num(own[r], nan=0.0, posinf=0.0, neginf=0.0)
    values, vectors = np.linalg.eigh(0.5 * (block + block.T))
    flat = np.where(free[r], np.abs(vectors[:, 0]), 0.0)
    found = [name for name, size in zip(names, flat, strict=False) if size > INVOLVED * flat.max()]
    text = f"{member.draft.name}: {_together(found)}: the covariance is singular"
    if len(found) == 2:
        i, j = (names.index(name) for name in found)
        text += f" (correlation {-block[i, j]:.4f})"
    return text


def _flat_shared(
    stack: Stack, flat: FloatArray, free: BoolArray, response: FloatArray, scale: FloatArray
) -> str:
    """Which parameters take part in a flat direction of the shared ones, in words."""
    step = np.zeros(stack.shared.n)
    step[free] = flat
    labels = [
        label
        for label, size in zip(stack.shared.labels, np.abs(step), strict=True)
        if size > INVOLVED * np.abs(step).max()
    ]
    along = np.append(step, 0.0)[stack.index]
    moved = np.abs(np.matmul(response, along[:, :, None])[:, :, 0]) * scale
    local: dict[str, float] = {}
    for r, member in enumerate(stack.members):
        for k, place in enumerate(member.local):
            name = member.cost.freedom.model.names[place]
            local[name] = max(local.get(name, 0.0), float(moved[r, k]))
    largest = max(local.values(), default=0.0)
    # what moves by less than a thousandth of a standard deviation follows by rounding
    follow = [name for name, size in local.items() if size > max(INVOLVED * largest, 1e-3)]
    return (
        f"{_together([*labels, *(f'local {name}' for name in follow)])}: the covariance is singular"
    )


def _together(names: list[str]) -> str:
    if len(names) < 2:
        return f"{', '.join(names) or 'a parameter'} is not determined"
    return f"{', '.join(names[:-1])} and {names[-1]} cannot be told apart"
