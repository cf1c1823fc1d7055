"""Candidates for the start of a fit, and their refinement by Gauss-Newton steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.cost import NO_NUMBER, AsymmetryCost
from musrcu.fitting.descent import descend
from musrcu.fitting.placing import scanned_lines

FloatArray = NDArray[np.float64]

MISFIT, NOISE = 0.25, 6.0
"""Share of its gain, and chi-square, by which refinement may better a candidate."""
FAR = 30.0
"""A descent that will not come this close to the best in chi-square is given up."""


@dataclass(frozen=True, slots=True)
class Start:
    """A starting point after refinement."""

    x: FloatArray
    """(n_free,) free parameters."""
    chi2: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trial before refinement, and the bins on which to refine it."""

    cost: AsymmetryCost
    offset: float
    """What chi-square is higher by on all bins."""
    full: FloatArray
    chi2: float
    """Of its linear problem, on all bins."""
    gain: float
    """What its line adds; refinement adds a share of that."""


def refine(candidates: list[Candidate], known: list[Candidate]) -> list[Candidate]:
    """The candidates after refinement and those already known, best first.

    What refinement cannot make the best, by what it may gain, is left out.
    """
    found = list(known)
    best = min((one.chi2 for one in found), default=np.inf)
    for one in sorted(candidates, key=lambda candidate: candidate.chi2):
        if not one.chi2 - MISFIT * one.gain - NOISE <= best:
            continue
        start = solve(one.cost, one.full)
        if not start.chi2 < NO_NUMBER:
            continue
        reach = best - one.offset + FAR
        x, chi2 = descend(one.cost, start.x, tolerance=0.1, reach=reach)
        if _beyond(one, x):
            continue
        chi2, full = chi2 + one.offset, one.cost.freedom.expand(x)
        found.append(Candidate(one.cost, one.offset, full, chi2, one.gain))
        best = min(best, chi2)
    return sorted(found, key=lambda candidate: candidate.chi2)


def _beyond(one: Candidate, x: FloatArray) -> bool:
    """Whether a step carried a line above what bins show, where a slower one is its image."""
    cost = one.cost
    highest = 0.5 / float(np.diff(cost.time).min()) if cost.n_bins > 1 else np.inf
    full = cost.freedom.expand(x)
    return any(
        np.isnan(cost.freedom.start[nu]) and full[nu] > highest >= one.full[nu]
        for _, nu, _ in scanned_lines(cost)
    )


def solve(cost: AsymmetryCost, full: FloatArray) -> Start:
    """The trial with its amplitudes solved for by linear least squares."""
    freedom, model = cost.freedom, cost.freedom.model
    wanted = [
        column
        for column, k in enumerate(cost.free)
        if model.parameters[k].kind == "amplitude" and np.isnan(freedom.start[k])
    ]
    x = full[cost.free]
    if wanted:
        x[wanted] = 0.0
        residual, jacobian = cost.linearise(x)
        design = jacobian[wanted]
        if not (np.isfinite(design).all() and np.isfinite(residual).all()):
            return Start(x, NO_NUMBER)
        x[wanted] = np.linalg.lstsq(design @ design.T, -design @ residual, rcond=1e-10)[0]
    x = np.clip(x, freedom.lower[cost.free], freedom.upper[cost.free])
    return Start(x, cost(x))
