"""The cost as a function of the shared parameters alone: what Minuit sees, and its last word."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musrcu.joint.descent import descend, follow, free_of
from musrcu.joint.elimination import Eliminated, eliminate
from musrcu.joint.stack import BoolArray, Stack, State

FloatArray = NDArray[np.float64]

CALLS = 500
"""Of the profiled cost; near a minimum that has one a dozen are enough."""
LOWER = 1e-3
"""By so much lower in cost Minuit may end; more, and the descent begins again from there."""


class Profiled:
    """F(s) = sum over runs of the minimum over their local parameters, and constraints.

    Its gradient is that of the cost with the local parameters where they are (the envelope
    theorem), its Hessian the Schur complement of theirs.

    Parameters
    ----------
    stack : the runs.
    state : a minimum over the local parameters, from which others are reached.
    free : which shared parameters are arguments, in their order.
    """

    def __init__(self, stack: Stack, state: State, free: BoolArray) -> None:
        self.stack, self.free, self.begin = stack, free, state
        self.response = eliminate(stack, state, free_of(stack, state)[1])
        self._here: tuple[bytes, State, Eliminated] | None = None
        self.at(state.s[free])

    def at(self, x: FloatArray) -> tuple[State, Eliminated]:
        """The minimum over the local parameters at ``x``, and the equations there."""
        x = np.asarray(x, dtype=float)
        key = x.tobytes()
        if self._here is None or self._here[0] != key:
            s = self.begin.s.copy()
            s[self.free] = x
            along = np.append(s - self.begin.s, 0.0)[self.stack.index]
            moved = np.matmul(self.response.follow, along[:, :, None])[:, :, 0]
            local = np.clip(self.begin.local - moved, self.stack.lower, self.stack.upper)
            state = follow(self.stack, self.stack.state(s, local))
            self._here = key, state, eliminate(self.stack, state, free_of(self.stack, state)[1])
        return self._here[1], self._here[2]

    def __call__(self, x: FloatArray) -> float:
        """The profiled cost."""
        return self.stack.total(self.at(x)[0])

    def grad(self, x: FloatArray) -> FloatArray:
        """(n_free,) its gradient."""
        return np.asarray(2.0 * self.at(x)[1].gradient[self.free])

    def hessian(self, x: FloatArray) -> FloatArray:
        """(n_free, n_free) its expected Hessian."""
        return np.asarray(2.0 * self.at(x)[1].matrix[np.ix_(self.free, self.free)])


def confirm(stack: Stack, state: State) -> tuple[State, str]:
    """The minimum after Minuit has looked at the shared parameters, and why it is none, if so."""
    reason = ""
    for _ in range(3):
        free = free_of(stack, state)[0]
        if not free.any():
            return state, ""
        x, lowest, reason = _migrad(stack, state, free)
        before = stack.total(state)
        if not lowest < before - LOWER:
            break
        s = state.s.copy()
        s[free] = x
        found = Profiled(stack, state, free).at(x)[0]
        state = descend(stack, found)[0]
    return state, reason


def _migrad(stack: Stack, state: State, free: BoolArray) -> tuple[FloatArray, float, str]:
    """Where MIGRAD ends, how low, and why that is no minimum."""
    from iminuit import Minuit

    cost, shared = Profiled(stack, state, free), stack.shared
    x = state.s[free]
    names = [label for label, one in zip(shared.labels, free, strict=True) if one]
    minuit = Minuit(cost, x, grad=cost.grad, hessian=cost.hessian, name=names)
    minuit.errordef = Minuit.LEAST_SQUARES
    for k, pair in enumerate(zip(shared.lower[free], shared.upper[free], strict=True)):
        minuit.limits[k] = pair
    curvature = np.diag(cost.hessian(x)) / 2
    guess = np.where(curvature > 0, 1 / np.sqrt(np.where(curvature > 0, curvature, 1)), 0.1)
    minuit.errors = np.clip(guess, 1e-8, 1e3)
    minuit.strategy = 1
    minuit.migrad(ncall=CALLS)
    return np.array(minuit.values), float(minuit.fval or np.inf), _why(minuit)


def _why(minuit: object) -> str:
    state = getattr(minuit, "fmin", None)
    if state is None:
        return "Minuit did not run"
    if state.is_valid:
        return ""
    if state.has_reached_call_limit:
        return "Minuit reached its limit of calls"
    return f"Minuit did not converge (estimated distance {state.edm:.2g})"
