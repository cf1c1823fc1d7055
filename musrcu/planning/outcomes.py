"""What one more run would leave of the errors, averaged over everything it may turn out to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musrcu.containers.arrays import FloatArray, IntArray
from musrcu.planning.intervals import half_widths
from musrcu.planning.knowledge import Knowledge
from musrcu.planning.line_error import LineError

_SEED = 20190121
OUTCOMES = 128
"""Truths that are drawn."""
_STEEP = 0.3
"""|dnu/dT| sigma_T / sigma_nu from which on the law is made straight as T(nu)."""
_INSIDE = 1e-3, 0.998
"""nu/nu0 at which T(nu) has a slope."""
_TOLD = 0.2
"""Error of a frequency, in units of nu0, from which on there is no line to be seen."""
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
    """Half of both MINOS errors, as the fit would quote them; of nu0 one standard deviation."""

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
    """Probability that its events are too few to tell whether it has a line."""
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
    columns = knowledge.nu0[:, None], knowledge.nu0_variance[:, None]
    found = _errors_of(knowledge, knowledge.chi2[:, None], *columns)
    return Errors(*(float(one[0]) for one in found))


def expected(knowledge: Knowledge, draws: Draws, lines: LineError, trial: Trial) -> Expected:
    """Mean errors after a run, over the truths that are likely by now and what it reads in each."""
    truth = knowledge.at(draws.place)
    nu = draws.nu0 * truth.shape_at(trial.T + trial.T_error * draws.of_T)
    below = nu > 0
    error = np.sqrt(lines.at(trial.T, truth.T_N) / trial.events)
    # with too few counts a run is undecided on either side of T_N
    told = (lines.needed_at(trial.T, truth.T_N) <= trial.events) & (error < _TOLD * draws.nu0)
    seen, none = below & told, ~below & told
    found = np.zeros((3, len(nu)))
    if seen.any():
        read = (nu + error * draws.of_nu)[seen]
        found[:, seen] = _after_frequency(knowledge, trial, read, error[seen])
    if none.any():
        found[:, none] = _after_none(knowledge, trial)
    if not told.all():
        now = present(knowledge)
        found[:, ~told] = np.array([[now.nu0], [now.T_N], [now.beta]])
    nu0, T_N, beta = found.mean(axis=1)
    return Expected(
        Errors(float(nu0), float(T_N), float(beta)), float(seen.mean()),
        float((~told).mean()),
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
    moved = nu0 + nu0_variance * shape * gap / total
    return np.array(_errors_of(knowledge, cost, moved, nu0_variance * share))


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
    cost, highest = knowledge.chi2, None
    if knowledge.censored and trial.T_error > 0:
        cost = cost + (np.maximum(knowledge.T_N - trial.T, 0.0) / trial.T_error) ** 2
    else:
        highest = trial.T + (0.0 if knowledge.censored else _WITHOUT * trial.T_error)
    columns = knowledge.nu0[:, None], knowledge.nu0_variance[:, None]
    return np.array(_errors_of(knowledge, cost[:, None], *columns, highest))


def _errors_of(
    knowledge: Knowledge, cost: FloatArray, nu0: FloatArray, nu0_variance: FloatArray,
    highest: float | None = None,
) -> tuple[FloatArray, FloatArray, FloatArray]:  # fmt: skip
    """(m,) errors of nu0, T_N and beta for each column of costs (n, m)."""
    weight = np.exp(-0.5 * (cost - cost.min(axis=0)))
    weight *= np.sqrt(nu0_variance) * knowledge.volume[:, None]
    if highest is not None and (highest > knowledge.T_N).any():
        weight[highest < knowledge.T_N] = 0.0
    weight /= weight.sum(axis=0)
    mean = (weight * nu0).sum(axis=0)
    of_nu0 = np.sqrt((weight * (nu0_variance + (nu0 - mean) ** 2)).sum(axis=0))
    return (of_nu0, *half_widths(knowledge, cost, highest))
