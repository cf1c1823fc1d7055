"""Phase and amplitude of the precession in each detector of a pair, found together."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu.calibration.dead_time_counts import Chosen
from musrcu.calibration.dead_time_models import CommonPrecession
from musrcu.constants import GAMMA_MU_OVER_2PI
from musrcu.containers.arrays import FloatArray
from musrcu.containers.calibration import correlations
from musrcu.containers.run import Run
from musrcu.errors import FitError
from musrcu.fitting.detector_cost import DetectorCost, DetectorCounts, DetectorFit, Knowledge
from musrcu.fitting.result import chi2_probability
from musrcu.fitting.window import first_and_last

OWN = 5
"""Parameters of a detector: ln N, C, S, background, dead time."""
SHARED = 3
"""Parameters of all: nu, lambda, Gaussian damping."""
WIDEST = 0.05
"""Largest width of a bin in turns of the precession; what a bin averages is in the model."""
FEWEST = 1000
"""Counts of a detector in which a phase can be seen at all."""
STEP = 1e-3
"""Step of numerical derivatives, in errors."""


@dataclass(frozen=True, slots=True, eq=False)
class DetectorPhases:
    """N_d(t) = N_d e^(-t/tau) [1 + A_d e^(-lambda t) cos(2 pi nu t + phi_d)] + b_d, nu and lambda
    common."""

    detectors: tuple[int, ...]
    """Numbers, from 1, in ascending order."""
    phases: FloatArray
    """(n,) degrees, in (-180, 180]; each detector counts from its own t0."""
    phases_error: FloatArray
    amplitudes: FloatArray
    """(n,) at t = 0."""
    amplitudes_error: FloatArray
    names: tuple[str, ...]
    """``alpha``, ``total``, ``field``, ``phase`` of the pair and ``phase_1`` ..., ``amplitude_1``
    ...; ``detector_beta`` too where asked for, ``dead_time_1`` ... where they have errors."""
    correlation: tuple[tuple[float, ...], ...]
    """(n_names, n_names)."""
    probability: float | None
    """Of chi-square of the counts of all detectors."""


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """Raw counts of detectors on one time axis, and what the shift by whole bins left."""

    chosen: Chosen
    late: FloatArray
    """(n,) how much later than the common time 0 the muon reaches each detector, µs."""
    dead: FloatArray
    """(n,) µs."""
    dead_covariance: FloatArray | None = None
    """(n, n) µs², of dead times that the same counts gave."""


def fit_detectors(
    aligned: Aligned, *, frequency: float, relaxation: float, detector_beta: bool = False
) -> DetectorPhases:
    """Phases and amplitudes by a joint fit of the counts of all detectors.

    Each detector has its own level, phase, amplitude and, for a continuous source, background;
    frequency and exponential damping are common. Errors come from the expected Hessian, whose
    blocks of the detectors hang together by these two. Dead times are held; with the covariance C
    of what the same counts gave, the others have V + J C J^T, where J says how they follow: as in a
    joint fit.

    Parameters
    ----------
    aligned : counts, with a sign for forward (1) and backward (-1).
    frequency, relaxation : of the pair: nu (MHz) and lambda (1/µs) to start from.
    detector_beta : whether it is among the names.

    Raises
    ------
    FitError if a detector has too few counts, or the fit does not converge.
    """
    chosen = aligned.chosen
    few = chosen.counts.sum(axis=1) < FEWEST
    if few.any():
        raise FitError(
            f"{chosen.run.name}: detector {chosen.numbers[int(np.argmax(few))]} has fewer than "
            f"{FEWEST} counts, no phase can be found; leave it out of the pair"
        )
    data = chosen.packed(WIDEST / frequency, growing=False)
    start = _start(data, frequency, relaxation, aligned.dead)
    nothing = Knowledge(np.zeros((0, start.size)), np.zeros(0), np.ones(0))
    cost = DetectorCost(data, CommonPrecession(data.edges), nothing)
    free = _free(start.size, background=chosen.run.source == "continuous")
    found = cost.minimise(start, free, CommonPrecession.n_own)
    if not found.converged:
        raise FitError(f"{chosen.run.name}: the fit of the single detectors does not converge")
    if aligned.dead_covariance is not None:
        found = _with_dead_times(cost, found, aligned.dead_covariance)
    return _result(aligned, found, detector_beta)


def align(run: Run, detectors: tuple[tuple[int, ...], tuple[int, ...]], **known: Any) -> Aligned:
    """Raw counts of the detectors of a pair, shifted by whole bins to one time axis.

    Parameters
    ----------
    run : raw, one period.
    detectors : numbers of forward and of backward.
    known : ``t0`` (n_detectors,) bins and ``dead_time`` (n_detectors,) µs of all detectors of the
        run, ``t_range``, first and last time, µs, and ``dead_covariance`` of those of the pair.
    """
    sides = {d: sign for side, sign in zip(detectors, (1.0, -1.0), strict=True) for d in side}
    numbers = tuple(sorted(sides))
    rows = np.array(numbers) - 1
    t0 = np.asarray(known["t0"], dtype=float)[rows]
    shift = np.rint(t0 - t0[0]).astype(int)
    zero = float(np.mean(t0 - shift))
    low, high = first_and_last(known["t_range"])
    dt = run.bin_width
    first = max(int((run.first_good[rows] - shift).max()), int(np.ceil(zero)))
    last = int((run.last_good[rows] - shift).min())
    first = max(first, int(np.ceil(zero + max(low, 0.0) / dt)))
    last = min(last, int(np.floor(zero + np.clip(high / dt, 0, run.n_bins))))
    if last - first < 2 * OWN:
        raise FitError(f"{run.name}: no good bins are left for the single detectors")
    counts = [run.counts[0, d, first + s : last + 1 + s] for d, s in zip(rows, shift, strict=True)]
    frames = 1.0 if run.good_frames is None else float(run.good_frames[0])
    edges = np.asarray((np.arange(first, last + 2) - 0.5 - zero) * dt, dtype=float)
    sign = np.array([sides[d] for d in numbers])
    chosen = Chosen(run, numbers, sign, np.array(counts, dtype=float), edges, frames)
    dead = np.asarray(known["dead_time"], dtype=float)[rows]
    return Aligned(chosen, (t0 - shift - zero) * dt, dead, known["dead_covariance"])


def _start(
    data: DetectorCounts, frequency: float, relaxation: float, dead: FloatArray
) -> FloatArray:
    """Levels from the sums, precession by linear least squares."""
    e = CommonPrecession(data.edges).e
    time = (data.edges[1:] + data.edges[:-1]) / 2
    angle, root = 2 * np.pi * frequency * time, np.sqrt(e)
    damped = np.exp(-relaxation * time)
    columns = np.stack([np.ones_like(time), damped * np.cos(angle), damped * np.sin(angle)])
    found = np.linalg.lstsq((columns * root).T, (data.counts / root).T, rcond=None)[0]
    level = np.maximum(found[0], 1e-3 * data.counts.sum(axis=1) / e.sum())
    waves = np.clip(found[1:] / level, -0.6, 0.6)
    own = np.stack([np.log(level), *waves, np.zeros_like(level), dead], axis=1)
    return np.concatenate([own.ravel(), [frequency, relaxation, 0.0]])


def _free(size: int, *, background: bool) -> FloatArray:
    """Directions of the search: dead times are held, and a background where there is none, and
    the damping is exponential only."""
    own = (size - SHARED) // OWN
    tau = OWN * np.arange(own) + (OWN - 1)
    held = np.concatenate([tau, [] if background else tau - 1, [size - 1]]).astype(int)
    return np.asarray(np.delete(np.eye(size), held, axis=1))


def _with_dead_times(cost: DetectorCost, found: DetectorFit, known: FloatArray) -> DetectorFit:
    """The fit with the covariance ``known`` of its dead times, and what the others owe to it."""
    matrix = cost.normal(found.x, CommonPrecession.n_own)[1]
    own = (found.x.size - SHARED) // OWN
    tau = np.eye(found.x.size)[:, OWN * np.arange(own) + (OWN - 1)]
    follow = tau - found.covariance @ matrix @ tau
    covariance = found.covariance + follow @ known @ follow.T
    return dataclasses.replace(found, covariance=covariance)


def _result(aligned: Aligned, found: DetectorFit, detector_beta: bool) -> DetectorPhases:
    n = len(aligned.chosen.numbers)
    sign = aligned.chosen.sign
    assert sign is not None
    pair = ["alpha", *["detector_beta"] * detector_beta, "total", "field", "phase"]
    names = [*pair]
    dead = aligned.dead_covariance is not None
    for noun in ("phase", "amplitude", *["dead_time"] * dead):
        names += [f"{noun}_{d}" for d in aligned.chosen.numbers]

    def quantities(x: FloatArray) -> FloatArray:
        found = _quantities(x, sign, aligned.late, detector_beta)
        return np.concatenate([found, x[:-SHARED].reshape(-1, OWN)[:, -1]]) if dead else found

    centre = quantities(found.x)
    errors = np.sqrt(np.diag(found.covariance))
    jacobian = np.zeros((centre.size, found.x.size))
    turns = np.array([name.startswith("phase") for name in names])
    for k in np.flatnonzero(errors > 0):
        step = np.zeros(found.x.size)
        step[k] = STEP * errors[k]
        apart = quantities(found.x + step) - quantities(found.x - step)
        apart[turns] = (apart[turns] + 180.0) % 360.0 - 180.0
        jacobian[:, k] = apart / (2 * step[k])
    covariance = jacobian @ found.covariance @ jacobian.T
    spread = np.sqrt(np.diag(covariance))
    begin = len(pair)
    end = begin + 2 * n
    return DetectorPhases(
        detectors=aligned.chosen.numbers,
        phases=centre[begin : begin + n],
        phases_error=spread[begin : begin + n],
        amplitudes=centre[begin + n : end],
        amplitudes_error=spread[begin + n : end],
        names=tuple(names),
        correlation=correlations(covariance),
        probability=chi2_probability(found.chi2, max(round(found.ndof), 1)),
    )


def _quantities(
    x: FloatArray, sign: FloatArray, late: FloatArray, detector_beta: bool
) -> FloatArray:
    """What is asked for, from the parameters of the fit: of the pair, phases, amplitudes.

    With z_d = A_d exp(i phi_d) and weights N_d the groups have z_F and z_B, alpha = N_F / N_B, and
    the precession along the pair is that of (N_F z_F - N_B z_B) / (N_F + N_B).
    """
    own, (nu, relaxation, _) = x[:-SHARED].reshape(-1, OWN), x[-SHARED:]
    level = np.exp(own[:, 0])
    wave = (own[:, 1] - 1j * own[:, 2]) * np.exp((2j * np.pi * nu - relaxation) * late)
    forward, backward = level[sign > 0], level[sign < 0]
    z_f = (forward @ wave[sign > 0]) / forward.sum()
    z_b = (backward @ wave[sign < 0]) / backward.sum()
    n_f, n_b = forward.sum(), backward.sum()
    both = (n_f * z_f - n_b * z_b) / (n_f + n_b)
    unit = both / abs(both)
    pair = [n_f / n_b]
    if detector_beta:
        total = (z_f / unit).real
        pair += [-(z_b / unit).real / total, total]
    else:
        pair += [abs(both)]
    pair += [nu / GAMMA_MU_OVER_2PI, np.degrees(np.angle(both))]
    return np.concatenate([pair, np.degrees(np.angle(wave)), np.abs(wave)])
