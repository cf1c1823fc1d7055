"""What one more run would leave of the errors, averaged over everything it may turn out to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musrcu.containers.arrays import FloatArray, IntArray
from musrcu.planning.knowledge import Knowledge
from musrcu.planning.line_error import LineError

_SEED = 20190121
OUTCOMES = 128
"""Truths that are drawn."""
_STEEP = 0.3
"""|dnu/dT| sigma_T / sigma_nu from which on the law is made straight as T(nu)."""
_INSIDE = 1e-3, 0.998
"""nu/nu0 at which T(nu) has a slope."""
_ENDS = 0.15865525, 0.84134475
_WITHOUT = 2.0
"""Errors of the temperature of a run without order by which T_N may lie above it, as in a fit."""


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Equally likely truths, and the chance part of what a run would read in each."""

    place: IntArray
    """(m,) indices of places of the knowledge."""
    nu0: FloatArray
    """(m,) MHz."""
    of_T: FloatArray
    """(m,) normal numbers: error of the temperature in units of its sigma."""
    of_nu: FloatArray
    """(m,) the same of the frequency."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Half the width of the interval that holds 68.3 per cent; of nu0 one standard deviation."""

    nu0: float
    """MHz."""
    T_N: float
    """K."""
    beta: float


@dataclass(frozen=True, slots=True)
class Expected:
    """What one run at one temperature is expected to bring."""

    errors: Errors
    ordered: float
    """Probability that the run is below T_N and its line is seen."""
    unseen: float
    """Probability that it is below T_N and its line is too weak for its events."""
    nu: float
    """MHz, expected frequency where ordered."""
    nu_error: float
    """MHz, its expected error."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One more run."""

    T: float
    """K, set temperature."""
    T_error: float
    """K, error of its mean."""
    events: float


def draw(knowledge: Knowledge, m: int = OUTCOMES) -> Draws:
    """Truths in proportion to their weight, always the same ones for the same knowledge."""
    random = np.random.default_rng(_SEED)
    cumulated = np.cumsum(knowledge.weight)
    steps = (np.arange(m) + 0.5) / m * cumulated[-1]
    place = np.minimum(np.searchsorted(cumulated, steps), len(knowledge) - 1)
    normal = random.normal(size=(3, m // 2))
    first, of_T, of_nu = np.concatenate((normal, -normal), axis=1)[:, random.permutation(m)]
    nu0 = knowledge.nu0[place] + np.sqrt(knowledge.nu0_variance[place]) * first
    return Draws(place, nu0, of_T, of_nu)


def present(knowledge: Knowledge) -> Errors:
    """The errors as they are."""
    weight = knowledge.weight[:, None]
    still = np.zeros_like(weight)
    return _errors(knowledge, weight, knowledge.nu0[:, None] + still,
                   knowledge.nu0_variance[:, None] + still)  # fmt: skip


def expected(knowledge: Knowledge, draws: Draws, lines: LineError, trial: Trial) -> Expected:
    """Mean errors after a run, over the truths that are likely by now and what it reads in each."""
    truth = knowledge.at(draws.place)
    nu = draws.nu0 * truth.shape_at(trial.T + trial.T_error * draws.of_T)
    below = nu > 0
    seen = below & (lines.needed_at(trial.T, truth.T_N) <= trial.events)
    found = np.zeros((3, len(nu)))
    error = np.sqrt(lines.at(trial.T, truth.T_N) / trial.events)
    if seen.any():
        read = (nu + error * draws.of_nu)[seen]
        found[:, seen] = _after_frequency(knowledge, trial, read, error[seen])
    if (~below).any():
        found[:, ~below] = _after_none(knowledge, trial)
    if (below & ~seen).any():
        now = present(knowledge)
        found[:, below & ~seen] = np.array([[now.nu0], [now.T_N], [now.beta]])
    nu0, T_N, beta = found.mean(axis=1)
    return Expected(
        Errors(float(nu0), float(T_N), float(beta)), float(seen.mean()),
        float((below & ~seen).mean()),
        float(nu[seen].mean()) if seen.any() else 0.0,
        float(np.sqrt((error[seen] ** 2).mean())) if seen.any() else float("nan"),
    )  # fmt: skip


def _after_frequency(
    knowledge: Knowledge, trial: Trial, read: FloatArray, error: FloatArray
) -> FloatArray:
    """(3, m) errors of nu0, T_N and beta after a run that reads these frequencies."""
    nu0, nu0_variance = knowledge.nu0[:, None], knowledge.nu0_variance[:, None]
    gap, spread, shape = _distance(knowledge, trial, read, error)
    total = error**2 + spread + shape**2 * nu0_variance
    share = 1.0 - shape**2 * nu0_variance / total
    cost = knowledge.chi2[:, None] + gap**2 / total
    weight = np.exp(-0.5 * (cost - cost.min(axis=0)))
    weight *= np.sqrt(nu0_variance * share) * knowledge.volume[:, None]
    moved = nu0 + nu0_variance * shape * gap / total
    return np.array(_errors_of(knowledge, weight, moved, nu0_variance * share))


def _distance(
    knowledge: Knowledge, trial: Trial, read: FloatArray, error: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(n, m) MHz from the law to what was read, MHz^2 by the error of the temperature, nu/nu0.

    Where the law is steep for that error it is made straight as T(nu), which has a slope at T_N,
    and about what was read; elsewhere as nu(T) about the temperature.
    """
    flat = knowledge.shape_at(trial.T)
    slope = knowledge.nu0 * (
        knowledge.shape_at(trial.T - 0.5 * trial.T_error)
        - knowledge.shape_at(trial.T + 0.5 * trial.T_error)
    )  # fmt: skip
    gap = read - (knowledge.nu0 * flat)[:, None]
    spread = np.broadcast_to(slope[:, None] ** 2, gap.shape).copy()
    shape = np.broadcast_to(flat[:, None], gap.shape).copy()
    steep = np.flatnonzero((slope > _STEEP * error.min()) & (trial.T_error > 0))
    if steep.size:
        places = knowledge.at(steep)
        y = np.clip(read / places.nu0[:, None], *_INSIDE)
        T, per_T = places.temperature_of(y)
        gap[steep] = (trial.T - T) * per_T
        spread[steep] = (per_T * trial.T_error) ** 2
        shape[steep] = y
    return gap, spread, shape


def _after_none(knowledge: Knowledge, trial: Trial) -> FloatArray:
    """(3, 1) the same after a run without order."""
    if knowledge.censored:
        above = np.maximum(knowledge.T_N - trial.T, 0.0)
        allowed = np.exp(-0.5 * (above / max(trial.T_error, 1e-12)) ** 2)
    else:
        highest = trial.T + _WITHOUT * trial.T_error
        allowed = np.where(highest < knowledge.T_N, 0.0, 1.0)
    weight = (knowledge.weight * allowed)[:, None]
    if not weight.any():
        weight = np.where(np.arange(len(knowledge)) == np.argmin(knowledge.T_N), 1.0, 0.0)[:, None]
    columns = knowledge.nu0[:, None], knowledge.nu0_variance[:, None]
    return np.array(_errors_of(knowledge, weight, *columns))


def _errors(
    knowledge: Knowledge, weight: FloatArray, nu0: FloatArray, nu0_variance: FloatArray
) -> Errors:
    found = _errors_of(knowledge, weight, nu0, nu0_variance)
    return Errors(*(float(one[0]) for one in found))


def _errors_of(
    knowledge: Knowledge, weight: FloatArray, nu0: FloatArray, nu0_variance: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(m,) errors of nu0, T_N and beta for each column of weights (n, m)."""
    weight = weight / weight.sum(axis=0)
    mean = (weight * nu0).sum(axis=0)
    of_nu0 = np.sqrt((weight * (nu0_variance + (nu0 - mean) ** 2)).sum(axis=0))
    first = np.flatnonzero(np.diff(knowledge.T_N, prepend=-1.0))
    rows = np.add.reduceat(weight, first, axis=0)  # places of one T_N stand together
    by_beta = np.argsort(knowledge.beta, kind="stable")
    return (
        of_nu0,
        _half_width(knowledge.T_N[first], rows),
        _half_width(knowledge.beta[by_beta], weight[by_beta]),
    )


def _half_width(x: FloatArray, weight: FloatArray) -> FloatArray:
    """(m,) half the 68.3 per cent interval of ascending ``x`` (n,) under each column of weights."""
    cumulated = np.cumsum(weight, axis=0)
    cumulated = (cumulated - 0.5 * weight) / cumulated[-1]
    low, high = (_quantile(x, cumulated, end) for end in _ENDS)
    return 0.5 * (high - low)


def _quantile(x: FloatArray, cumulated: FloatArray, share: float) -> FloatArray:
    if len(x) == 1:
        return np.full(cumulated.shape[1], x[0])
    high = np.clip((cumulated < share).sum(axis=0), 1, len(x) - 1)
    column = np.arange(cumulated.shape[1])
    before, behind = cumulated[high - 1, column], cumulated[high, column]
    part = np.clip((share - before) / np.maximum(behind - before, 1e-300), 0.0, 1.0)
    return np.asarray(x[high - 1] + part * (x[high] - x[high - 1]))
