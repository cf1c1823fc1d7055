"""Ordered or not: which of two models a run prefers, and the numbers that decide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musrcu.constants import MUON_LIFETIME, NU_MIN
from musrcu.containers.asymmetry import Asymmetry
from musrcu.fitting.chance import noise_gain
from musrcu.fitting.result import FitResult
from musrcu.models.model import Model
from musrcu.ordering.points import Verdict

LINE_AMPLITUDE, LINE_DAMPING = 0.03, 1.0
"""Asymmetry and rate (1/µs) of a line that a run must be able to show before it counts as not
ordered: a weak and heavily damped one."""
FEWEST_GAIN = 12.0
CHANCE_ORDERED = 1e-4
"""Chance that noise alone gives a line as strong, below which a run may be ordered."""
CHANCE_UNDECIDED = 1e-3


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its reason."""

    verdict: Verdict
    why: str


def expected_gain(asymmetry: Asymmetry, t_range: tuple[float, float] | None = None) -> float:
    """Chi-square that a line of amplitude 0.03, damped by 1/µs, would be worth in this asymmetry.

    A^2 / 2 sum exp(-2 lambda t) / sigma^2 over the fitted bins: how well such a line would be seen,
    whatever its frequency.
    """
    low, high = t_range or (-np.inf, np.inf)
    t, error = asymmetry.time, asymmetry.error
    used = (t >= low) & (t <= high) & np.isfinite(error)
    weight = np.exp(-2 * LINE_DAMPING * t[used]) / error[used] ** 2
    return float(0.5 * LINE_AMPLITUDE**2 * weight.sum())


def decide(
    ordered: FitResult, paramagnetic: FitResult, nu_max: float, visible: float = np.inf
) -> Decision:
    """Whether a run oscillates.

    Ordered means: chi-square falls by more than max((k1 - k0) ln n, 12, 2 ln(N / 1e-4)) with the
    oscillating model (k parameters, n bins, N independent frequencies and dampings that were
    searched), nu >= 0.3 MHz and not at that limit, A > 3 sigma, and lambda < 2 pi nu (half a turn
    is seen). Undecided means that the gain lies between the levels of 1e-3 and 1e-4, that it is
    larger but the line fails one of the other conditions, or that the run holds too few counts to
    show a line at all. Anything else is not ordered.

    Parameters
    ----------
    ordered, paramagnetic : fits of the two models to the same bins.
    nu_max : highest frequency that was searched, MHz.
    visible : gain that a line would bring in this run (:func:`expected_gain`).

    Source: H. Akaike (1974) and G. Schwarz (1978) for the penalty; E. Gross and O. Vitells, Eur.
    Phys. J. C 70, 525 (2010) for the number of places where noise may look like a line.
    """
    with_line, without = ordered.best, paramagnetic.best
    if with_line.chi2 is None or without.chi2 is None:
        which = ordered if with_line.chi2 is None else paramagnetic
        return Decision("failed", which.reason)
    # A fit without the line that is condemned for a spare term still says how far chi-square falls.
    lowest = without.chi2 if paramagnetic.chi2 is None else min(without.chi2, paramagnetic.chi2)
    gain = lowest - with_line.chi2
    threshold, doubtful = _levels(with_line, without, nu_max)
    numbers = f"chi2 falls by {gain:.1f} with the line, threshold {threshold:.1f}"
    if gain <= doubtful and visible < threshold:
        return Decision(
            "undecided",
            f"{numbers}; too few counts: a line of {LINE_AMPLITUDE} damped by {LINE_DAMPING:g}/us "
            f"would gain {visible:.1f}",
        )
    if gain <= doubtful:
        return Decision("not ordered", numbers)
    failing = line_fails(with_line)
    if failing:
        return Decision("undecided", f"{numbers}, but {failing}")
    if gain <= threshold:
        return Decision("undecided", numbers)
    if not with_line.valid:
        return Decision("undecided", f"{numbers}, but the fit is not valid: {with_line.reason}")
    return Decision("ordered", numbers)


def _levels(ordered: FitResult, paramagnetic: FitResult, nu_max: float) -> tuple[float, float]:
    extra = max(paramagnetic.ndof - ordered.ndof, 0)
    window = MUON_LIFETIME if ordered.t_range is None else ordered.t_range[1]
    searched = (NU_MIN, nu_max)
    least = max(extra * np.log(max(ordered.n_bins, 1)), FEWEST_GAIN)
    return (
        max(least, noise_gain(searched, window, CHANCE_ORDERED)),
        max(least, noise_gain(searched, window, CHANCE_UNDECIDED)),
    )


def line_fails(result: FitResult) -> str:
    """Which condition on the line fails, in words; empty where none does."""
    model = Model(result.model)
    lines = model.oscillations()
    if not lines:
        return "the line is the term that was dropped"
    number, nu_place, _ = lines[0]
    term = model.terms[number]
    nu = result[model.names[nu_place]]
    if nu.value is None or nu.at_limit or nu.value < NU_MIN:
        return f"{nu.name} is not above {NU_MIN} MHz"
    assert term.amplitude is not None
    amplitude = result[model.names[term.amplitude]]
    if amplitude.error is None or not abs(amplitude.value or 0.0) > 3 * amplitude.error:
        return f"{amplitude.name} is not above three standard errors"
    for place in (k for part in term.places for k in range(part.start, part.stop)):
        rate = result[model.names[place]]
        if rate.unit == "1/us" and (rate.value or 0.0) >= 2 * np.pi * nu.value:
            return f"{rate.name} damps the line within half a turn"
    return ""
