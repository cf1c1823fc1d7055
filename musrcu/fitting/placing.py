"""Lines placed by a scan of frequency, beside every set of trial values at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import MUON_LIFETIME
from musrcu.fitting.cost import AsymmetryCost, Cost
from musrcu.fitting.partly_turning import Line as Line
from musrcu.fitting.partly_turning import splitter
from musrcu.fitting.projection import ComplexArray, Few, Gains, Spectrum, line_gains
from musrcu.fitting.shapes import Shapes
from musrcu.fitting.trial_grid import apart

FloatArray = NDArray[np.float64]
Beside = Literal["amplitudes", "rates", "nothing"]

FEW = 12
"""Frequencies that are cheaper to compute one by one than all by a Fourier transform."""
SLOWEST = (0.02, 0.1, 0.25)
"""Turns in the window of lines that are nearly straight."""
LOOKED_AT = 60
"""Best places of a scan among which separate ones are chosen."""
PER_PEAK = 2
"""Trials that are followed at one frequency, where it is so low that rates matter to it."""
COSINE = 0.05
"""Deviation from a damped cosine up to which a line counts as one."""
PADDING, PADDING_OF_GAPS = 2, 8
"""Frequencies lie closer than 1 / (PADDING x window); where a gap parts the data, a peak is as
narrow between two grid frequencies as it is nowhere else."""
GAP, LONG = 4.0, 0.1
"""Times the median distance of bins, and share of the window, above which one is a gap."""
MORE = 4
"""Times as many places are followed where gaps make images of a line nearly as high as itself."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A trial with a line placed."""

    full: FloatArray
    """(n_parameters,)."""
    chi2: float
    """Of the linear problem."""
    gain: float
    """Chi-square without the line minus with it; infinite for a line that is no damped cosine, of
    which the linear problem says little."""


class Grid:
    """Frequencies to scan between two bounds: those of a transform, and a few by themselves."""

    def __init__(self, cost: AsymmetryCost, bounds: tuple[float, float]) -> None:
        window = max(float(cost.time[-1]), 1e-6)
        low, high = bounds
        few: FloatArray = np.zeros(0)
        self._spectrum: Spectrum | None = None
        if low == high:
            few = np.array([low])
        elif (high - low) * window * 2 <= FEW:
            few = np.linspace(low, high, FEW)
        else:
            few = np.array([turns / window for turns in SLOWEST])
            few = few[(few >= low) & (few <= high)]
            padding = PADDING_OF_GAPS if has_gaps(cost) else PADDING
            weight = cost.inverse_error**2
            self._spectrum = Spectrum(cost.time, weight, padding=padding).holding(low)
        nu = few
        if self._spectrum is not None:
            found = self._spectrum.nu
            first = max(low, 0.4 / window)
            inside = np.flatnonzero((found >= first) & (found <= high))
            self._slice = slice(int(inside[0]), int(inside[-1]) + 1) if inside.size else slice(0)
            nu = np.concatenate([few, found[self._slice]])
        self.nu = nu
        self._few = Few(cost.time, few)

    def transform(self, values: FloatArray) -> ComplexArray:
        """Sums of values exp(-2 pi i nu t), for each row."""
        found = self._few.transform(values)
        if self._spectrum is None:
            return found
        rest = self._spectrum.transform(values)[..., self._slice]
        return np.concatenate([found, rest], axis=-1)

    def transform_doubled(self, values: FloatArray) -> ComplexArray:
        """Sums of values exp(-2 pi i 2 nu t), for each row."""
        found = self._few.transform_doubled(values)
        if self._spectrum is None:
            return found
        rest = self._spectrum.transform_doubled(values)[..., self._slice]
        return np.concatenate([found, rest], axis=-1)


def scanned_lines(cost: AsymmetryCost) -> list[Line]:
    """The oscillations whose frequency, or else phase, is to be found."""
    free = set(cost.free.tolist())
    wanted = {k for k in free if np.isnan(cost.freedom.start[k])}
    return [
        (term, nu, phi)
        for term, nu, phi in cost.freedom.model.lines()
        if nu in wanted or (phi in wanted and not np.isnan(cost.freedom.start[nu]))
    ]


def resolution(cost: Cost) -> float:
    """Time over which a line is seen, µs."""
    return max(float(min(cost.time[-1], MUON_LIFETIME)), 1e-6)


def has_gaps(cost: Cost) -> bool:
    """Whether a gap in the data is long enough to give a line images."""
    spacing = np.diff(cost.time)
    if not spacing.size:
        return False
    longest = float(spacing.max())
    window = float(cost.time[-1] - cost.time[0])
    return longest > max(GAP * float(np.median(spacing)), LONG * window)


def is_damped_cosine(cost: AsymmetryCost, full: FloatArray, line: Line) -> bool:
    """Whether a line is what it is without turning, times a cosine, as the scan takes it to be."""
    number, nu, phi = line
    term, full = cost.freedom.model.terms[number], full.copy()
    full[nu] = 1 / resolution(cost)
    turned = 2 * np.pi * full[nu] * cost.time
    if phi is not None:
        turned += np.deg2rad(full[phi])
    turns, rests = splitter(cost, line)(full)
    left = term.shape(cost.time, full) - turns * np.cos(turned)
    if rests is not None:
        left -= rests * (left @ rests) / max(float(rests @ rests), 1e-300)
    return bool(np.abs(left).max() < COSINE)


def place_line(
    shapes: Shapes,
    vectors: list[FloatArray],
    absent: frozenset[int],
    line: Line,
    bounds: tuple[float, float],
    most: int,
    beside: Beside = "rates",
) -> list[Placed]:
    """The trials with one line placed where it gains most, the best separate ones, best first.

    Parameters
    ----------
    shapes : of the model at the bins to search in.
    vectors : trials, all parameters of each.
    absent : terms that are not placed yet, this line among them.
    line : which.
    bounds : frequencies to scan, MHz; twice the same one where it is known.
    most : that many are followed.
    beside : what follows the line: the amplitudes of the other terms, their rates too by small
        changes, or nothing, where a line is so fast that it has no part in them; then the
        amplitudes are those of the trial.
    """
    cost, (term, nu, phi) = shapes.cost, line
    if not vectors:
        return []
    grid = Grid(cost, bounds)
    bases, which = _without_terms(cost, vectors, absent)
    if beside == "nothing":
        sets = shapes.residuals(bases, absent).of(which)
    else:
        sets = shapes.sets(bases, absent, beside == "rates").of(which)
    if not sets.sound.any() or not grid.nu.size:
        return []
    envelopes = shapes.envelopes(line, vectors)
    if envelopes.resting is not None:
        sets = sets.beside(envelopes.resting)
    phase = _held_phase(cost, phi)
    heights = None if envelopes.resting is not None else _heights(cost, term, phase)
    found = line_gains(grid, sets.data, sets.smooth, envelopes.turning, phase, heights)
    base = (sets.data[0] ** 2).sum(axis=1)[sets.data[1]] - found.left
    chi2 = np.where(sets.sound[:, None], base[:, None] - found.gain, np.inf)
    placed = []
    cosine = is_damped_cosine(cost, vectors[0], line)
    most *= MORE if has_gaps(cost) else 1
    for k, at in _chosen(cost, vectors, nu, grid.nu, chi2, most):
        phases = [_phase(found, k, at)] if cosine else [_phase(found, k, at), 0.0]
        for turned in phases[: None if phi is not None else 1]:
            full = vectors[k].copy()
            full[nu] = grid.nu[at]
            if phi is not None:
                full[phi] = _phase_inside(cost, term, phi, turned)
            full = cost.freedom.apply_ties(full)
            # What is no cosine may gain more than a cosine does, and begin at another phase.
            gain = float(found.gain[k, at]) if cosine else np.inf
            if np.isfinite(full).all():
                placed.append(Placed(full, float(chi2[k, at]), gain))
    return placed


def _without_terms(
    cost: AsymmetryCost, vectors: list[FloatArray], absent: frozenset[int]
) -> tuple[list[FloatArray], NDArray[np.int64]]:
    """The trials that differ in what is not absent, and which of them each trial is."""
    own = [cost.freedom.model.terms[number].place for number in sorted(absent)]
    known: dict[bytes, int] = {}
    bases: list[FloatArray] = []
    which: list[int] = []
    for full in vectors:
        rest = full.copy()
        for place in own:
            rest[place] = 0.0
        key = rest.tobytes()
        if key not in known:
            known[key] = len(bases)
            bases.append(full)
        which.append(known[key])
    return bases, np.array(which)


def _phase(found: Gains, k: int, at: int) -> float:
    return float(found.phase(k, at))


def _chosen(
    cost: AsymmetryCost,
    vectors: list[FloatArray],
    nu: int,
    grid: FloatArray,
    chi2: FloatArray,
    most: int,
) -> list[tuple[int, int]]:
    """(trial, place in the grid) of the lowest separate minima."""
    low = np.isfinite(chi2)
    low[:, 1:] &= chi2[:, 1:] <= chi2[:, :-1]
    low[:, :-1] &= chi2[:, :-1] < chi2[:, 1:]
    k, at = np.nonzero(low)
    order = np.argsort(chi2[k, at], kind="stable")[:LOOKED_AT]
    width, chosen = 0.3 / resolution(cost), list[tuple[int, int]]()
    for trial, place in zip(k[order].tolist(), at[order].tolist(), strict=True):
        near = [one for one, other in chosen if abs(grid[other] - grid[place]) < width]
        follow = PER_PEAK if grid[place] < 7 * width else 1
        if len(near) < follow and all(
            apart(cost.freedom.model, vectors[trial], vectors[one]) for one in near
        ):
            chosen.append((trial, place))
        if len(chosen) == most:
            break
    return chosen


def _held_phase(cost: AsymmetryCost, phi: int | None) -> float | None:
    """The phase of a line that is not free, degrees."""
    if phi is None:
        return 0.0
    return float(cost.freedom.start[phi]) if phi in cost.freedom.fixed else None


def _heights(cost: AsymmetryCost, term: int, phase: float | None) -> tuple[float, float] | None:
    """Least and largest amplitude of a line, its size where the phase is free; None without."""
    freedom = cost.freedom
    place = freedom.model.terms[term].amplitude
    if place is None:
        return None
    low, high = float(freedom.lower[place]), float(freedom.upper[place])
    if place in freedom.fixed:
        low = high = float(freedom.start[place])
    if np.isinf(low) and np.isinf(high):
        return None
    if phase is not None:
        return low, high
    return max(low, -high, 0.0), max(abs(low), abs(high))


def _phase_inside(cost: AsymmetryCost, term: int, phi: int, phase: float) -> float:
    """The phase of the scan, turned so that it and the sign of its amplitude obey their limits."""
    freedom = cost.freedom
    amplitude = freedom.model.terms[term].amplitude
    lower, upper = float(freedom.lower[phi]), float(freedom.upper[phi])
    highest = np.inf if amplitude is None else float(freedom.upper[amplitude])
    if amplitude in freedom.fixed:
        highest = float(freedom.start[amplitude])
    half_turns = (0, 180) if highest > 0 else (180, 0)
    for half in half_turns:
        for turn in (0, 360, -360):
            if lower <= phase + half + turn <= upper:
                return phase + half + turn
    return phase
