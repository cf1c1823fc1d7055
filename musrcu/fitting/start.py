"""Start values without the user: amplitudes solved for, frequencies scanned, rates tried."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import MUON_LIFETIME
from musrcu.fitting.cost import NO_NUMBER, AsymmetryCost, Cost
from musrcu.fitting.minimise import descend
from musrcu.fitting.projection import Peak, Spectrum, line_gain, peaks
from musrcu.models.bins import Bins

FloatArray = NDArray[np.float64]
Line = tuple[int, int, int | None]
"""Term, position of nu, position of phi; None for a line that has no phase."""

MOST_TRIALS = 96
"""Combinations of rates that are tried."""
REFINED = 3
"""Separate candidates that are refined."""
PEAKS = 2
"""Frequencies that are followed for one combination of rates."""
ENOUGH_BINS = 1500
"""Bins on which start values are searched."""
FAR = 8.0
"""A candidate this much worse in chi-square after refinement is not followed to the full data."""
NEAR_TIE = 4.0
"""Two minima closer than this in chi-square are both reported."""


@dataclass(frozen=True, slots=True)
class Start:
    """A starting point after refinement."""

    x: FloatArray
    """(n_free,) free parameters."""
    chi2: float


def find_starts(cost: AsymmetryCost) -> list[Start]:
    """Refined starting points of a fit, best first.

    Every parameter that the user gave keeps its value as the only trial. For each combination of
    trial values of the rates, the amplitudes are solved by linear least squares and frequencies
    are scanned (:mod:`musrcu.fitting.projection`); the best separate candidates are refined by
    Gauss-Newton steps. All this happens on bins averaged to about 1500, which is enough for slow
    lines; one more scan looks for fast ones in the full data.
    """
    scanned = _scanned(cost)
    averaged = _averaged(cost)
    coarse = averaged or cost
    candidates = _candidates(coarse, scanned, 0.0)
    best = [Start(*descend(coarse, s.x, tolerance=0.1)) for s in _separate(coarse, candidates)]
    if averaged is None:
        return sorted(best, key=lambda start: start.chi2)
    best.sort(key=lambda start: start.chi2)
    best = [start for start in best if start.chi2 < best[0].chi2 + FAR]
    refined = [Start(*descend(cost, start.x, tolerance=0.05)) for start in best]
    refined.sort(key=lambda start: start.chi2)
    fastest = _fastest_line(coarse)
    given = ~np.isnan(cost.freedom.start)
    if any(cost.freedom.upper[nu] > fastest and not given[nu] for _, nu, _ in scanned):
        fast = _fast_lines(cost, scanned, fastest, refined)[:1]
        if fast and (not refined or fast[0].chi2 < refined[0].chi2 + FAR):
            refined.append(Start(*descend(cost, fast[0].x, tolerance=0.05)))
    return sorted(refined, key=lambda start: start.chi2)


def _fast_lines(
    cost: AsymmetryCost,
    scanned: list[Line],
    fastest: float,
    refined: list[Start],
) -> list[Start]:
    """Candidates with one line above ``fastest``, the others where they were found; best first."""
    found = _candidates(cost, scanned, fastest)
    if refined and len(scanned) > 1:
        placed = cost.freedom.expand(refined[0].x)
        spectrum = Spectrum(cost.time, cost.inverse_error**2)
        for line in scanned:
            found += _place_lines(cost, placed, [line], spectrum, fastest)
    return sorted(found, key=lambda start: start.chi2)


def _averaged(cost: AsymmetryCost) -> AsymmetryCost | None:
    """The same cost on weighted means of neighbouring bins; None where there are few bins."""
    factor = cost.n_bins // ENOUGH_BINS
    if factor < 2:
        return None
    n = cost.n_bins // factor * factor
    weight = (cost.inverse_error[:n] ** 2).reshape(-1, factor)
    total = weight.sum(axis=1)
    value = (weight * cost.value[:n].reshape(-1, factor)).sum(axis=1) / total
    time = cost.time[:n].reshape(-1, factor).mean(axis=1)
    where: FloatArray | Bins = time
    if isinstance(cost.where, Bins):
        width = np.broadcast_to(cost.where.width, cost.time.shape)[:n]
        where = Bins(time, width.reshape(-1, factor).sum(axis=1))
    return AsymmetryCost(where, value, 1 / np.sqrt(total), cost.freedom)


def _fastest_line(cost: AsymmetryCost) -> float:
    """Highest frequency that the bins show well: four bins a turn, MHz."""
    return 0.25 * (cost.n_bins - 1) / float(cost.time[-1] - cost.time[0])


def _candidates(cost: AsymmetryCost, scanned: list[Line], lowest: float) -> list[Start]:
    """Trial vectors with their lines placed and amplitudes solved, best first."""
    spectrum = Spectrum(cost.time, cost.inverse_error**2) if scanned else None
    trials = _trials(cost, scanned)
    if lowest > 0 and trials:
        # A fast line is found with any damping; the middle one will do.
        trials = [trials[len(trials) // 2]]
    found: list[Start] = []
    for full in trials:
        found += _place_lines(cost, full, scanned, spectrum, lowest)
    return sorted(found, key=lambda start: start.chi2)


def _scanned(cost: AsymmetryCost) -> list[Line]:
    """(term, nu, phi) of the oscillations whose frequency, or else phase, is to be found."""
    free = set(cost.free.tolist())
    wanted = {k for k in free if np.isnan(cost.freedom.start[k])}
    return [
        (term, nu, phi)
        for term, nu, phi in cost.freedom.model.lines()
        if nu in wanted or (phi in wanted and not np.isnan(cost.freedom.start[nu]))
    ]


def _trials(cost: AsymmetryCost, scanned: list[Line]) -> list[FloatArray]:
    """Full parameter vectors with every combination of trial values of what is not linear."""
    freedom, model = cost.freedom, cost.freedom.model
    skip = {place for _, nu, phi in scanned for place in (nu, phi)}
    choices: list[tuple[float, ...]] = []
    for k, parameter in enumerate(model.parameters):
        given = freedom.start[k]
        if not np.isnan(given):
            choices.append((float(given),))
        elif parameter.kind == "amplitude" or k in skip or k in freedom.ties:
            choices.append((parameter.default,))
        else:
            clipped = np.clip(parameter.trials, freedom.lower[k], freedom.upper[k])
            choices.append(tuple(dict.fromkeys(float(v) for v in clipped)))
    while np.prod([len(choice) for choice in choices]) > MOST_TRIALS:
        longest = max(range(len(choices)), key=lambda k: len(choices[k]))
        choices[longest] = choices[longest][: max(1, len(choices[longest]) - 1)]
    vectors = [freedom.apply_ties(np.array(combo)) for combo in itertools.product(*choices)]
    return [vector for vector in vectors if np.isfinite(vector).all()]


def _place_lines(
    cost: AsymmetryCost,
    full: FloatArray,
    scanned: list[Line],
    spectrum: Spectrum | None,
    lowest: float,
) -> list[Start]:
    """Candidates from one trial vector: the lines placed one after the other, strongest peaks."""
    model = cost.freedom.model
    branches = [(full, frozenset(term for term, _, _ in scanned))]
    for term, nu, phi in scanned:
        assert spectrum is not None
        grown = []
        for vector, absent in branches:
            residual, smooth = _linear_problem(cost, vector, absent)
            flat = vector.copy()
            flat[[place for place in (nu, phi) if place is not None]] = 0.0
            envelope = model.shapes(cost.time, flat)[term]
            if not (np.isfinite(smooth).all() and np.isfinite(envelope).all()):
                continue
            here = spectrum.holding(_least(cost, nu))
            gain, phase = line_gain(here, residual, smooth, envelope, _held_phase(cost, phi))
            most = PEAKS if len(branches) == 1 else 1
            for peak in _lines(cost, nu, here, gain, phase, lowest, most):
                placed = vector.copy()
                placed[nu] = peak.nu
                if phi is not None:
                    placed[phi] = _phase_inside(cost, term, phi, peak.phase)
                grown.append((placed, absent - {term}))
        branches = grown
    return [_solve(cost, vector) for vector, _ in branches]


def _held_phase(cost: AsymmetryCost, phi: int | None) -> float | None:
    """The phase of a line that is not free, degrees."""
    if phi is None:
        return 0.0
    return float(cost.freedom.start[phi]) if phi in cost.freedom.fixed else None


def _phase_inside(cost: AsymmetryCost, term: int, phi: int, phase: float) -> float:
    """The phase of the scan, turned so that it and the sign of its amplitude obey their limits."""
    freedom = cost.freedom
    amplitude = freedom.model.terms[term].amplitude
    lower, upper = float(freedom.lower[phi]), float(freedom.upper[phi])
    half_turns = (0, 180) if amplitude is None or freedom.upper[amplitude] > 0 else (180, 0)
    for half in half_turns:
        for turn in (0, 360, -360):
            if lower <= phase + half + turn <= upper:
                return phase + half + turn
    return phase


def _resolution(cost: Cost) -> float:
    """Time over which a line is seen, µs."""
    return max(float(min(cost.time[-1], MUON_LIFETIME)), 1e-6)


def _least(cost: AsymmetryCost, nu: int) -> float:
    """The frequency where it is given, else its lower limit, MHz."""
    given = float(cost.freedom.start[nu])
    return max(float(cost.freedom.lower[nu]) if np.isnan(given) else given, 0.0)


def _bounds(cost: AsymmetryCost, nu: int, lowest: float) -> tuple[float, float]:
    """Frequencies to scan: from half a turn in the window, inside the limits."""
    lowest = max(lowest, 0.5 / max(float(cost.time[-1]), 1e-6))
    return (max(float(cost.freedom.lower[nu]), lowest), float(cost.freedom.upper[nu]))


def _lines(
    cost: AsymmetryCost,
    nu: int,
    spectrum: Spectrum,
    gain: FloatArray,
    phase: FloatArray,
    lowest: float,
    most: int,
) -> list[Peak]:
    """The peaks of a scan; the given frequency where there is one."""
    given = float(cost.freedom.start[nu])
    if np.isnan(given):
        width = 0.3 / _resolution(cost)
        found = peaks(spectrum.nu, gain, phase, _bounds(cost, nu, lowest), width, most)
        if found or lowest:
            return found
        # Limits that hold no frequency of the scan, too narrow or too low: their middle.
        lower, upper = float(cost.freedom.lower[nu]), float(cost.freedom.upper[nu])
        given = 0.5 * (lower + upper) if np.isfinite(lower + upper) else max(lower, 0.0)
    nearest = int(np.argmin(np.abs(spectrum.nu - given)))
    return [Peak(given, float(gain[nearest]), float(phase[nearest]))]


def _linear_problem(
    cost: AsymmetryCost, full: FloatArray, absent: frozenset[int]
) -> tuple[FloatArray, FloatArray]:
    """Data minus what is held, and the free linear terms, with some terms left out.

    A term with a frequency that is placed already stays free in phase: its cosine and sine.
    """
    freedom, model = cost.freedom, cost.freedom.model
    free = set(cost.free.tolist())
    shapes = model.shapes(cost.where, full)
    quarter = full.copy()
    lines = {term: phi for term, _, phi in model.oscillations()}
    for phi in lines.values():
        quarter[phi] += 90.0
    turned = model.shapes(cost.where, quarter) if lines else shapes
    residual, columns = cost.value.copy(), []
    for number, term in enumerate(model.terms):
        if number in absent or term.amplitude is None:
            continue
        if term.amplitude in free and np.isnan(freedom.start[term.amplitude]):
            columns.append(shapes[number])
            if number in lines and lines[number] in free:
                columns.append(turned[number])
        else:
            residual -= full[term.amplitude] * shapes[number]
    return residual, np.array(columns).reshape(-1, cost.time.size)


def _solve(cost: AsymmetryCost, full: FloatArray) -> Start:
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


def _separate(cost: AsymmetryCost, candidates: list[Start]) -> list[Start]:
    """The best candidates that differ in a frequency, or by a factor in a rate."""
    chosen: list[Start] = []
    for candidate in candidates:
        if not candidate.chi2 < NO_NUMBER:
            continue
        if all(differing(cost, candidate.x, other.x) for other in chosen):
            chosen.append(candidate)
        if len(chosen) == REFINED:
            break
    return chosen


def differing(cost: Cost, a: FloatArray, b: FloatArray) -> list[int]:
    """Positions of the free frequencies and rates in which two points are far apart."""
    width = 0.3 / _resolution(cost)
    far = []
    for k, place in enumerate(cost.free):
        parameter = cost.freedom.model.parameters[place]
        apart = abs(a[k] - b[k])
        if (parameter.kind == "frequency" and apart >= width) or (
            parameter.kind == "plain" and apart > 0.5 * (abs(a[k]) + abs(b[k]))
        ):
            far.append(k)
    return far
