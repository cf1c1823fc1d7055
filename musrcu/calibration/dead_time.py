"""Dead times of the detectors, estimated from a calibration run, or the reason why not."""

from __future__ import annotations

import numpy as np

from musrcu.calibration.dead_time_counts import choose
from musrcu.calibration.dead_time_longitudinal import Assumed
from musrcu.calibration.dead_time_regimes import POLARISATIONS, Found, Polarisation, find
from musrcu.calibration.dead_time_result import DeadTimes
from musrcu.containers.arrays import FloatArray
from musrcu.containers.kinds import check_kind
from musrcu.containers.numbers import is_balance, is_number
from musrcu.containers.run import Run
from musrcu.errors import FitError
from musrcu.instrument_table import Geometry
from musrcu.reduction.grouping import Selection

BELOW_ZERO = 3.0
"""Errors below zero from which a value is no dead time."""
MOST_BELOW = 0.05
"""Share of the detectors that may lie there before the whole run is refused."""


def estimate_dead_time(
    run: Run,
    *,
    forward: Selection | None = None,
    backward: Selection | None = None,
    geometry: Geometry | None = None,
    period: int | str | None = None,
    t_range: tuple[float, float] | None = None,
    polarisation: Polarisation = "auto",
    each: bool = True,
    alpha: tuple[float, float] | None = None,
    amplitude_spread: float = 0.2,
    amplitude_ratio_error: float = 0.02,
) -> DeadTimes:
    """Dead times from the shape of the counts of a run at a pulsed source, with errors.

    The raw counts of all detectors are fitted at once by

        n_seen = n / (1 + n tau_d / (frames dt)),   n = N_d exp(-t/tau_mu) [1 + A_d(t)] + b,

    with weights 1/V, V = n_seen / (1 + n tau_d / (frames dt))^2 the variance of counts that a dead
    time thins. What is lost goes as exp(-t/tau_mu), and so may a polarisation that relaxes: in one
    detector the two cannot be told apart, and a fit there that leaves the polarisation out returns
    the sum of both. So the polarisation is a nuisance, in one of two regimes.

    **transverse**: the whole polarisation precesses, two turns or more. Every detector has an
    amplitude and a phase, the frequency and the exponential damping are common. The precession is
    not like the loss, each detector's dead time is found alone.

    **longitudinal**: any smooth P(t), with A_d = +a_d P in forward and -a_d P in backward. To first
    order the counts over N_d exp(-t/tau_mu) are 1 + s_d a_d P - x_d e, with e = exp(-t/tau_mu) and
    x_d the loss at t = 0. Three directions are open or nearly so:

    * P -> P + c e with x_d -> x_d + c s_d a_d: the mean loss of both groups is known, and the
      differences inside a group, but not the difference of the groups. It is *assumed* that their
      mean dead times are equal, to within what the scatter inside the groups implies.
    * P -> P + c, the balance alpha: N_F (1 + P) and N_B (1 - P) cancel in f/N_F + b/N_B only with
      the right N_F/N_B; a wrong one leaves some P(t) that is taken for loss. P(t) itself says which
      is right unless it relaxes about as fast as muons decay (0.455 / us), then the error grows to
      tens of ns. ``alpha`` from a transverse run cures it.
    * a_d -> a_d + c: the two groups are *assumed* to see the same asymmetry on average
      (``amplitude_ratio_error``), the detectors in them within ``amplitude_spread``.

    Parameters
    ----------
    run : raw run of a pulsed source, at a rate high enough that something is lost.
    forward, backward, geometry, period : as in :func:`musrcu.reduce`; one period, the first where
        none is named. In the transverse regime without a pair all detectors are used.
    t_range : (first, last) time after t0, µs; for None, or an end that is None, 0.3, where the
        muon pulse is over, to 20, inside the good bins.
    polarisation : the regime; ``auto`` takes transverse where a line of two turns or more stands
        six standard deviations out of the noise and the model describes the counts.
    each : a dead time for every detector; else one for all.
    alpha : (value, error) of the balance N_F/N_B of the decays, for the longitudinal regime.
    amplitude_spread : relative standard deviation of a_d inside a group, 0 where all are alike;
        rings at 30 and 50 degrees from the axis differ by 0.2.
    amplitude_ratio_error : of the mean a_d of forward over that of backward about 1.

    Returns
    -------
    DeadTimes; a detector that the model does not describe, or whose value lies more than three
    errors below zero, has none, and ``refused`` says why. Intensities that vary from frame to frame
    by a share v enlarge the values by 1 + v², as they enlarge the losses of later runs.

    Raises
    ------
    FitError where the run cannot identify them: no pulsed source, frames or pair, a polarisation
    that no regime describes (chi-square probability below 1e-4), an error of the mean above
    5 ns, or the mean, or more than one detector in twenty, more than three errors below
    zero.

    Source: the formula of a non-extendable dead time as in :func:`musrcu.correct_dead_time`.
    """
    check_kind("estimate_dead_time", run, Run, FitError)
    _check(polarisation, alpha, amplitude_spread, amplitude_ratio_error)
    chosen = choose(run, forward, backward, geometry, period, t_range)
    assumed = Assumed(each=each, spread=amplitude_spread, apart=amplitude_ratio_error, alpha=alpha)
    return _result(chosen.run, find(chosen, polarisation, assumed), each)


def _check(
    polarisation: str, alpha: tuple[float, float] | None, spread: float, apart: float
) -> None:
    if polarisation not in POLARISATIONS:
        raise FitError(f"polarisation = {polarisation!r}; expected {' or '.join(POLARISATIONS)}")
    if alpha is not None and not (
        isinstance(alpha, (tuple, list))
        and len(alpha) == 2
        and is_balance(alpha[0])
        and is_number(alpha[1])
        and alpha[1] >= 0
    ):
        raise FitError(f"alpha = {alpha!r}; expected (value, error) of the balance")
    for name, value in (("amplitude_spread", spread), ("amplitude_ratio_error", apart)):
        if not (is_number(value) and 0 <= value <= 1):
            raise FitError(f"{name} = {value!r}; expected a number from 0 to 1")


def _result(run: Run, found: Found, each: bool) -> DeadTimes:
    tau, covariance = found.tau, found.covariance
    errors = np.sqrt(np.diag(covariance))
    mean, mean_error = float(tau.mean()), float(np.sqrt(covariance.mean()))
    if mean < -BELOW_ZERO * mean_error:
        raise FitError(
            f"{run.name}: no dead times; the mean is {1e3 * mean:.3g} +- {1e3 * mean_error:.2g} "
            f"ns, more than {BELOW_ZERO:g} errors below zero: what the counts show is no dead time"
        )
    refused = dict(found.refused)
    low = tau < -BELOW_ZERO * errors
    if low.sum() > max(1, MOST_BELOW * low.size):
        raise FitError(
            f"{run.name}: no dead times; {low.sum()} of {low.size} values lie more than "
            f"{BELOW_ZERO:g} errors below zero: the detectors do not see one polarisation as the "
            f"{found.regime} regime assumes"
        )
    for d, value, error in zip(found.chosen.numbers, tau, errors, strict=True):
        if value < -BELOW_ZERO * error:
            refused[d] = (
                f"{1e3 * value:.3g} +- {1e3 * error:.2g} ns is more than {BELOW_ZERO:g} errors "
                "below zero, which no dead time is"
            )
    rows = np.array(found.chosen.numbers)[~low] - 1
    values, sigmas, matrix = (np.full((run.n_detectors,) * power, np.nan) for power in (1, 1, 2))
    values[rows], sigmas[rows] = tau[~low], errors[~low]
    matrix[np.ix_(rows, rows)] = covariance[np.ix_(~low, ~low)]
    return DeadTimes(
        run=run.name,
        values=values,
        errors=sigmas,
        covariance=matrix,
        common=mean,
        common_error=mean_error,
        each=each,
        regime=found.regime,
        method=found.method,
        chi2=found.fit.chi2,
        ndof=found.fit.ndof,
        probability=found.probability,
        t_range=(float(found.chosen.edges[0]), float(found.chosen.edges[-1])),
        frames=int(found.chosen.frames),
        largest_loss=_largest_loss(found, tau),
        refused=dict(sorted(refused.items())),
        notes=tuple(found.notes),
    )


def _largest_loss(found: Found, tau: FloatArray) -> float:
    """Of the share that is lost in a bin, by size, signed."""
    data = found.chosen.packed()
    loss = data.counts / data.exposure * tau[:, None]
    return float(loss.ravel()[np.argmax(np.abs(loss))])
