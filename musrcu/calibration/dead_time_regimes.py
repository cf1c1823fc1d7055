"""Which regime the polarisation of a calibration run is in, and the fit of that regime."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from musrcu.calibration.dead_time_counts import Chosen
from musrcu.calibration.dead_time_longitudinal import Assumed, fit_longitudinal
from musrcu.calibration.dead_time_transverse import CERTAIN, Line, find_line, fit_transverse
from musrcu.constants import IMPROBABLE
from musrcu.containers.arrays import FloatArray, IntArray
from musrcu.errors import FitError
from musrcu.fitting.detector_cost import DetectorFit
from musrcu.fitting.result import chi2_probability

Polarisation = Literal["auto", "transverse", "longitudinal"]
POLARISATIONS: tuple[str, ...] = get_args(Polarisation)

LARGEST_ERROR = 0.005
"""µs; a mean dead time with a larger error tells ten ns from none with less than two of them."""
LARGEST_BALANCE_ERROR = 0.03
"""Error of the mean asymmetry, half that of alpha, above which an unknown alpha is no parabola."""
MOST_ODD = 0.1
"""Share of the detectors that may be left out because the model does not describe them."""
FEWEST_COUNTS = 1e3
"""Counts of a detector in the fitted bins."""
APART = 5.0
"""Errors by which dead times may go with the side of the detectors in a transverse run."""
FEWEST_SIDES = 6
"""Detectors below which that cannot be told from a scatter."""


@dataclass(slots=True)
class Found:
    """The fit of the detectors that a regime describes."""

    chosen: Chosen
    fit: DetectorFit
    places: IntArray
    """Indices of the dead times among the parameters."""
    regime: str
    method: str
    refused: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def tau(self) -> FloatArray:
        """(n,) dead times, µs."""
        return np.asarray(self.fit.x[self.places])

    @property
    def covariance(self) -> FloatArray:
        """(n, n) of the dead times, µs²."""
        return np.asarray(self.fit.covariance[np.ix_(self.places, self.places)])

    @property
    def probability(self) -> float:
        """Of a chi-square at least as large."""
        return chi2_probability(self.fit.chi2, max(round(self.fit.ndof), 1)) or 0.0


def find(chosen: Chosen, polarisation: str, assumed: Assumed) -> Found:
    """The fit of the regime that describes the run.

    Raises
    ------
    FitError if none does, with what was tried.
    """
    chosen, refused = _heard(chosen)
    tries: list[str] = []
    found: Found | None = None
    if polarisation != "longitudinal":
        line = find_line(chosen)
        if polarisation == "transverse" or line.certainty > CERTAIN:
            found = _tried(tries, "transverse", lambda: _transverse(chosen, line, assumed))
        else:
            tries.append("transverse: no precession of two turns or more stands out")
    if found is None and polarisation != "transverse":
        found = _tried(tries, "longitudinal", lambda: _longitudinal(chosen, assumed))
    if found is None:
        raise FitError(f"{chosen.run.name}: no dead times; " + "; ".join(tries))
    found.refused = refused | found.refused
    return found


def _tried(tries: list[str], regime: str, fit: Callable[[], Found]) -> Found | None:
    try:
        return fit()
    except FitError as error:
        tries.append(f"{regime}: {error}")
        return None


def _heard(chosen: Chosen) -> tuple[Chosen, dict[int, str]]:
    """The detectors that count, and why the others are refused."""
    counts = chosen.counts.sum(axis=1)
    silent = counts < FEWEST_COUNTS
    refused = {
        d: f"{n:.0f} counts in the fitted bins, expected {FEWEST_COUNTS:g} or more"
        for d, n in zip(chosen.numbers, counts, strict=True)
        if n < FEWEST_COUNTS
    }
    if silent.all():
        raise FitError(
            f"{chosen.run.name}: no dead times; every detector counts fewer than "
            f"{FEWEST_COUNTS:g} in the fitted bins"
        )
    return chosen.without(silent), refused


def _transverse(chosen: Chosen, line: Line, assumed: Assumed) -> Found:
    def fit(some: Chosen) -> Found:
        found, places, text = fit_transverse(some, line, each=assumed.each)
        method = f"precession of {text}; each detector by itself"
        if not assumed.each:
            method = f"precession of {text}; one dead time for all"
        return Found(some, found, places, "transverse", method)

    found = _described(chosen, fit)
    _check_error(found, "take a longer run, or one at a higher rate")
    if assumed.each:
        _check_opposite(found)
    return found


def _check_opposite(found: Found) -> None:
    """Refuse dead times that go with the side on which a detector stands.

    A part of the polarisation that relaxes without precessing does that: it adds to the dead time
    of the detectors that the initial spin points to, and takes it off the others.
    """
    tau, n = found.tau, found.tau.size
    if n < FEWEST_SIDES:
        return
    sides = [found.fit.x[found.places - 3]]  # in phase with the initial spin
    if found.chosen.sign is not None:
        sides.append(found.chosen.sign)
    for side in sides:
        z = side - side.mean()
        if not (z @ z) > 0:
            continue
        z = z / np.sqrt(z @ z)
        slope = float(z @ tau)
        rest = tau - tau.mean() - slope * z
        error = np.sqrt(max(float(z @ found.covariance @ z), float(rest @ rest) / (n - 2)))
        if abs(slope) > APART * error:
            raise FitError(
                f"dead times go with the side of the detectors, {abs(slope) / error:.1f} errors: "
                "a part of the polarisation seems to relax without precessing"
            )


def _longitudinal(chosen: Chosen, assumed: Assumed) -> Found:
    sign = chosen.sign
    if sign is None or not ((sign > 0).any() and (sign < 0).any()):
        raise FitError(
            "without detectors on opposite sides a relaxing polarisation and a dead time look the "
            "same; name forward and backward, or take a transverse-field run"
        )

    def fit(some: Chosen) -> Found:
        found, places = fit_longitudinal(some, assumed)
        return Found(some, found, places, "longitudinal", method)

    balance = "free" if assumed.alpha is None else "{:g} +- {:g}".format(*assumed.alpha)
    dead = "mean dead times of forward and backward alike" if assumed.each else "one dead time"
    method = f"any smooth P(t), opposite in forward and backward; alpha {balance}; {dead}"
    try:
        found = _described(chosen, fit)
    except FitError:
        assumed = dataclasses.replace(assumed, knots=chosen.counts.shape[1])
        method = method.replace("any smooth P(t)", "P(t) free in every bin")
        found = _described(chosen, fit)
    more = "take a longer run, or one at a higher rate"
    if assumed.alpha is None:
        more = "give alpha = (value, error) from a transverse-field run, or take such a run"
    _check_error(found, more)
    if assumed.alpha is None:
        _check_balance(found, more)
    return found


def _check_balance(found: Found, advice: str) -> None:
    """Refuse a dead time that hangs on an alpha which the counts hardly determine.

    The mean asymmetry q stands for alpha. Where its error is as large as what is assumed of it,
    the likelihood is no parabola in it and the assumption pulls the dead time.
    """
    n = found.tau.size
    q = 3 * n
    variance = float(found.fit.covariance[q, q])
    by_q = float(found.fit.covariance[found.places, q].mean()) / variance
    error, unsure = float(np.sqrt(found.covariance.mean())), float(np.sqrt(variance))
    if unsure > LARGEST_BALANCE_ERROR and abs(by_q) * unsure > 0.5 * error:
        raise FitError(
            f"the mean dead time hangs on alpha, which these counts know to {200 * unsure:.2g} % "
            f"only, expected {200 * LARGEST_BALANCE_ERROR:g} %; {advice}"
        )


def _check_error(found: Found, advice: str) -> None:
    error = float(np.sqrt(found.covariance.mean()))
    if not error <= LARGEST_ERROR:
        raise FitError(
            f"the error of the mean dead time is {1e3 * error:.2g} ns, expected at most "
            f"{1e3 * LARGEST_ERROR:g} ns; {advice}"
        )


def _described(chosen: Chosen, fit: Callable[[Chosen], Found]) -> Found:
    """The fit of the detectors that the model describes, those that it does not left out."""
    refused: dict[int, str] = {}
    found = fit(chosen)
    for _ in range(3):
        odd = _odd(found)
        if not odd.any() or len(refused) + odd.sum() > MOST_ODD * len(chosen.numbers):
            break
        for d, out in zip(found.chosen.numbers, odd, strict=True):
            if out:
                refused[d] = "the model does not describe its counts"
        found = fit(found.chosen.without(odd))
    found.refused = refused
    if not found.fit.converged:
        raise FitError("the fit did not converge")
    if found.probability < IMPROBABLE:
        raise FitError(
            f"no such polarisation describes the counts (chi-square {found.fit.chi2:.0f} for "
            f"{found.fit.ndof:.0f} degrees of freedom)"
        )
    return found


def _odd(found: Found) -> np.ndarray:
    """Detectors whose part of chi-square is far too large."""
    n = len(found.chosen.numbers)
    ndof = max(round(found.fit.ndof / n), 1)
    chances = [chi2_probability(float(part), ndof) or 0.0 for part in found.fit.each]
    return np.array(chances) < IMPROBABLE / n
