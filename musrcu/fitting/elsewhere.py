"""Other places for a rate, or the frequency of an overdamped line, than where a search ended."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.candidate import Candidate
from musrcu.fitting.linear_trials import linear_chi2, solved_trials
from musrcu.fitting.placing import resolution, scanned_lines
from musrcu.fitting.shapes import Shapes
from musrcu.fitting.trial_grid import apart, is_rate, settled, trial_values

FloatArray = NDArray[np.float64]

OTHER = 3
"""Candidates that are refined, at most."""
OVERDAMPED, TURNS, SHARES = 3.0, (0.02, 0.2, 0.5, 1.0, 2.0), (0.5, 1.0)
"""Turns of a line in the time over which it is seen below which frequency and damping may stand for
one another; those that are tried beside the best, with these shares of its damping."""
ELSEWHERE = 8.0
"""Chi-square above the best of a linear problem that may still become better than it."""
CERTAIN = 0.1
"""A rate whose relative error is smaller lies in no other place."""


def other_places(best: Candidate) -> list[Candidate]:
    """Candidates with one rate, or the frequency of a line that hardly turns, far from where the
    best has it, the rest following a little."""
    cost, model = best.cost, best.cost.freedom.model
    choices = trial_values(cost, ())
    certain = _certain(best) if model.lines() else set()
    vectors = []
    for k, values in enumerate(choices):
        if len(values) > 1 and is_rate(model.parameters[k]) and k not in certain:
            vectors += [_with(best.full, {k: value}) for value in values]
    for term, nu, _ in scanned_lines(cost):
        if nu not in certain and best.full[nu] * resolution(cost) < OVERDAMPED:
            places = model.terms[term].place
            rates = [k for k in range(places.start, places.stop) if is_rate(model.parameters[k])]
            for turns, share in itertools.product(TURNS, SHARES):
                moved = {k: share * best.full[k] for k in rates if k in cost.free}
                vectors.append(_with(best.full, {**moved, nu: turns / resolution(cost)}))
    lower, upper = cost.freedom.lower, cost.freedom.upper
    vectors = settled(cost, [np.clip(full, lower, upper) for full in vectors])
    vectors = [full for full in vectors if apart(model, full, best.full)]
    if not vectors:
        return []
    shapes = Shapes(cost)
    chi2 = linear_chi2(shapes, vectors, frozenset(), tangent=True) + best.offset
    order = np.argsort(chi2, kind="stable")[:OTHER]
    chosen = [(float(chi2[k]), vectors[k]) for k in order if chi2[k] < best.chi2 + ELSEWHERE]
    if not chosen:
        return []
    solved = solved_trials(shapes, [full for _, full in chosen], frozenset())
    return [
        Candidate(cost, best.offset, full, rank, np.inf)
        for (rank, _), (_, full) in zip(chosen, solved, strict=True)
    ]


def _with(full: FloatArray, changed: Mapping[int, float]) -> FloatArray:
    """The trial with some of its parameters at other values."""
    moved = full.copy()
    for k, value in changed.items():
        moved[k] = value
    return moved


def _certain(best: Candidate) -> set[int]:
    """Positions of the free parameters that the data tell within a tenth."""
    cost = best.cost
    x = best.full[cost.free]
    half = 0.5 * cost.gauss_newton(x)
    size = np.sqrt(np.maximum(np.diag(half), 1e-300))
    unit = np.nan_to_num(half / (size[:, None] * size)) + 1e-10 * np.eye(x.size)
    error = np.sqrt(np.abs(np.diag(np.linalg.inv(unit)))) / size
    return {int(k) for k, e, v in zip(cost.free, error, x, strict=True) if e < CERTAIN * abs(v)}
