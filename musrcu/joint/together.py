"""Lines that several histograms have in common, found in all of them at once.

The decays, the background and the other lines of each histogram are free beside a line of any
frequency, and so are its amplitude and phase there: what it gains in chi-square is added up over
the histograms. Alone, one of them may take its level and its decay for a slow line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.histogram_data import HistogramData
from musrcu.fitting.placing import Line, resolution
from musrcu.fitting.projection import Spectrum, line_gains, peaks
from musrcu.fitting.trial_grid import apart, combinations, thinned, trial_values
from musrcu.joint.assemble import Assembly
from musrcu.joint.member import Draft, Member

FloatArray = NDArray[np.float64]

MOST_BINS = 4096
"""Of each histogram; finer ones are packed for the search, which then sees no fast lines."""
PER_RATE, FEW = 10, 4
"""Values of a rate that are tried for a line, and for a term that is none."""
AGAIN = 2
"""Times that each line is placed anew."""
RATES, SMOOTH = 36, 6
"""Combinations of them for a line, and for terms that are none."""
BEAM = 4
"""Places of a line that are followed."""
FOUND = 6
"""Candidates that are given back."""
APART = 0.3
"""Times the resolution in frequency: lines closer than that are one place."""


@dataclass(frozen=True, slots=True, eq=False)
class Bare:
    """Counts of one histogram over their errors, and what stands before an asymmetry."""

    draft: Draft
    time: FloatArray
    data: FloatArray
    """(n_bins,) counts, those of a background that is held taken off, over the error."""
    decay: FloatArray
    """(n_bins,) decays over the error."""
    flat: FloatArray
    """(0 or 1, n_bins) a background that is free, over the error."""

    def smooth(self, full: FloatArray, absent: frozenset[int]) -> FloatArray:
        """(n_rows, n_bins) everything linear but the terms that are absent: the decays, the
        background, each term; cosine and sine of a line."""
        rows = [self.decay, *self.flat]
        model = self.draft.freedom.model
        lines = {term: phi for term, _, phi in model.lines()}
        for number, term in enumerate(model.terms):
            if number in absent or term.amplitude is None:
                continue
            phi = lines.get(number)
            for phase in (0.0, -90.0) if self._turns(phi) else (None,):
                shape = term.shape(self.time, _turned(full, None, phi, phase))
                rows.append(self.decay * shape)
        return np.array(rows)

    def _turns(self, phi: int | None) -> bool:
        """Whether a line has a phase, and is free to turn."""
        return phi is not None and phi not in self.draft.freedom.fixed

    def completed(self, full: FloatArray) -> FloatArray:
        """All parameters, with the amplitudes, phases and levels that suit these counts best."""
        rows = self.smooth(full, frozenset())
        found = np.linalg.lstsq(rows.T, self.data, rcond=1e-9)[0]
        model, full = self.draft.freedom.model, full.copy()
        n0 = max(float(found[0]), 1e-9)
        full[model.names.index("N0")] = n0
        if self.flat.size:
            full[model.names.index("b")] = max(float(found[1]), 0.0)
        lines = {term: phi for term, _, phi in model.lines()}
        at = 1 + len(self.flat)
        for number, term in enumerate(model.terms):
            if term.amplitude is None:
                continue
            size, phi = float(found[at]) / n0, lines.get(number)
            at += 1
            if phi is not None and self._turns(phi):
                sine = float(found[at]) / n0
                at += 1
                full[phi] = np.degrees(np.arctan2(-sine, size))
                size = float(np.hypot(size, sine))
            full[term.amplitude] = size
        return self.draft.freedom.apply_ties(full)


def _turned(full: FloatArray, nu: int | None, phi: int | None, phase: float | None) -> FloatArray:
    """The parameters with a line that does not precess, or begins at a phase."""
    full = full.copy()
    if nu is not None:
        full[nu] = 0.0
    if phi is not None and phase is not None:
        full[phi] = phase
    return full


def found_together(parts: Assembly) -> list[list[FloatArray]]:
    """All parameters of every run, several times, best first; none where no histograms share the
    frequencies of all their lines."""
    drafts = parts.drafts
    if not all(isinstance(draft.data, HistogramData) for draft in drafts):
        return []
    groups: dict[tuple[int, ...], list[int]] = {}
    for r in range(len(drafts)):
        lines = _wanted(parts, r)
        if not lines:
            return []
        names = drafts[r].freedom.model.names
        key = tuple(parts.scopes.of_run[r][names[nu]] for _, nu, _ in lines)
        groups.setdefault(key, []).append(r)
    if min(len(members) for members in groups.values()) < 2:
        return []
    of_group = [(runs, _candidates(parts, runs)) for runs in groups.values()]
    most = max((len(found) for _, found in of_group), default=0)
    if not all(found for _, found in of_group):
        return []
    several = []
    for k in range(most):
        points: list[FloatArray] = [np.zeros(0)] * len(drafts)
        for runs, found in of_group:
            for r, full in zip(runs, found[min(k, len(found) - 1)], strict=True):
                points[r] = full
        several.append(points)
    return several


def sees_all(parts: Assembly) -> bool:
    """Whether the search looks at all the bins, so that it misses no fast line."""
    return all(draft.data.time.size <= MOST_BINS for draft in parts.drafts)


def _wanted(parts: Assembly, r: int) -> list[Line]:
    """The lines of a run, where each has a frequency that is shared; at least one is unknown."""
    draft, mine = parts.drafts[r], parts.scopes.of_run[r]
    model = draft.freedom.model
    lines = model.lines()
    unknown = False
    for _, nu, _ in lines:
        if model.names[nu] not in mine:
            return []
        unknown |= bool(np.isnan(parts.shared.start[mine[model.names[nu]]]))
    return list(lines) if unknown else []


def _bare(member: Member) -> Bare:
    """The counts of a run, packed for the search."""
    data = member.draft.data
    assert isinstance(data, HistogramData)
    factor = -(-data.time.size // MOST_BINS)
    n = data.time.size // factor
    fold = slice(0, n * factor)
    counts = data.counted[fold].reshape(n, -1).sum(axis=1)
    decay = data.bins.decay[fold].reshape(n, -1).sum(axis=1)
    raw = data.bins.raw_bins[fold].reshape(n, -1).sum(axis=1)
    time = data.time[fold].reshape(n, -1).mean(axis=1)
    # what is expected of a decay and a background alone, so that errors follow no fluctuation
    rows = np.array([decay, raw]) / np.sqrt(np.maximum(counts, 1.0))
    level = np.linalg.lstsq(rows.T, np.sqrt(np.maximum(counts, 1.0)), rcond=None)[0]
    expected = np.maximum(level @ np.array([decay, raw]), 1.0)
    error = np.sqrt(expected)
    freedom = member.draft.freedom
    place = freedom.model.names.index("b")
    held = place in freedom.fixed
    off = raw * float(freedom.start[place]) if held else 0.0
    flat = np.zeros((0, n)) if held else (raw / error)[None]
    return Bare(member.draft, time, (counts - off) / error, decay / error, flat)


def _candidates(parts: Assembly, runs: Sequence[int]) -> list[list[FloatArray]]:
    """Points of some runs, best first, each a list over them."""
    search = _Search(parts, runs)
    placed = search.placed()
    return [[one.completed(full) for one in search.bare] for full in placed]


class _Search:
    """The places of the lines of some histograms, one after the other beside what is there."""

    def __init__(self, parts: Assembly, runs: Sequence[int]) -> None:
        self.bare = [_bare(parts.members[r]) for r in runs]
        self.spectra = [Spectrum(one.time, np.ones(one.time.size), padding=2) for one in self.bare]
        draft, cost = parts.drafts[runs[0]], parts.members[runs[0]].cost
        self.model, self.freedom = draft.freedom.model, draft.freedom
        self.start = self._given(parts, runs[0])
        self.lines = _wanted(parts, runs[0])
        turning = {k for _, nu, phi in self.lines for k in (nu, phi) if k is not None}
        self.choices = [
            (float(given),) if np.isfinite(given) else _closer(values)
            for given, values in zip(self.start, trial_values(cost, turning), strict=True)
        ]
        self.width = APART / resolution(cost)
        window = float(np.ptp(self.bare[0].time))
        self.lowest = 1 / window if window > 0 else 0.0

    def _given(self, parts: Assembly, r: int) -> FloatArray:
        start = self.freedom.start.copy()
        for name, index in parts.scopes.of_run[r].items():
            if name in self.model.names and np.isfinite(parts.shared.start[index]):
                start[self.model.names.index(name)] = parts.shared.start[index]
        return start

    def placed(self) -> list[FloatArray]:
        """Rates and frequencies, best first."""
        own = {k for term, _, _ in self.lines for k in self._places(term)}
        few = [
            values[:1] if k in own else thinned(values, FEW)
            for k, values in enumerate(self.choices)
        ]
        absent = frozenset(term for term, _, _ in self.lines)
        found: dict[bytes, tuple[float, FloatArray]] = {}
        for lines in (self.lines, self.lines[::-1])[: len(self.lines)]:
            left, beam = absent, [(np.inf, full) for full in combinations(few, SMOOTH)]
            for line in lines:
                beam = self._followed(line, left, beam)
                left -= {line[0]}
            found |= {full.tobytes(): (chi2, full) for chi2, full in beam}
        best = sorted(found.values(), key=lambda one: one[0])[:FOUND]
        if len(self.lines) > 1:
            best = [self._placed_anew(*one) for one in best]
        best.sort(key=lambda one: one[0])
        return list({full.tobytes(): full for _, full in best}.values())

    def _places(self, term: int) -> range:
        place = self.model.terms[term].place
        return range(place.start, place.stop)

    def _placed_anew(self, chi2: float, full: FloatArray) -> tuple[float, FloatArray]:
        """A candidate with each line moved to where it is best beside the others."""
        for line in self.lines * AGAIN:
            again = self._followed(line, frozenset({line[0]}), [(chi2, full)])
            if again and again[0][0] < chi2:
                chi2, full = again[0]
        return chi2, full

    def _followed(
        self, line: Line, absent: frozenset[int], beam: Sequence[tuple[float, FloatArray]]
    ) -> list[tuple[float, FloatArray]]:
        """The best places of one line beside each of several trials."""
        own = set(self._places(line[0]))
        found: list[tuple[float, FloatArray]] = []
        for _, base in beam:
            choices = [v if k in own else (float(base[k]),) for k, v in enumerate(self.choices)]
            found += self._scanned(line, absent, combinations(choices, RATES))
        found.sort(key=lambda one: one[0])
        kept: list[tuple[float, FloatArray]] = []
        for one in found:
            near = [
                other for _, other in kept if abs(other[line[1]] - one[1][line[1]]) < self.width
            ]
            if len(near) < 2 and all(apart(self.model, one[1], other) for other in near):
                kept.append(one)
            if len(kept) == BEAM:
                break
        return kept

    def _scanned(
        self, line: Line, absent: frozenset[int], trials: Sequence[FloatArray]
    ) -> list[tuple[float, FloatArray]]:
        """(chi-square, trial) for the best frequencies of a line with each set of rates."""
        (_, nu, phi), term = line, self.model.terms[line[0]]
        grid = self.spectra[0].nu
        chi2, phase = np.zeros((len(trials), grid.size)), None
        if phi is None:
            phase = 0.0
        elif phi in self.freedom.fixed:
            phase = float(self.freedom.start[phi])
        one = np.zeros(len(trials), dtype=int)
        for bare, spectrum in zip(self.bare, self.spectra, strict=True):
            smooth = bare.smooth(trials[0], absent)
            rows = np.array(
                [bare.decay * term.shape(bare.time, _turned(t, nu, phi, 0.0)) for t in trials]
            )
            which = np.tile(np.arange(len(smooth)), (len(trials), 1))
            found = line_gains(
                spectrum, (bare.data[None], one), (smooth, which),
                (rows, np.arange(len(trials))), phase,
            )  # fmt: skip
            total = float(bare.data @ bare.data) - found.left[:, None] - found.gain
            chi2 += _along(grid, spectrum.nu, total)
        low = max(float(self.freedom.lower[nu]), 0.0)
        high = float(self.freedom.upper[nu])
        low = max(low, min(self.lowest, high))
        given = self.choices[nu][0] if np.isfinite(self.start[nu]) else None
        scores = []
        for trial, row in zip(trials, chi2, strict=True):
            if given is not None:
                at = [(float(np.interp(given, grid, row)), given)]
            else:
                best = peaks(grid, -row, row, (low, high), self.width, BEAM)
                at = [(-peak.gain, peak.nu) for peak in best]
            for value, where in at:
                full = trial.copy()
                full[nu] = where
                scores.append((value, full))
        return scores


def _closer(values: tuple[float, ...]) -> tuple[float, ...]:
    """Trial values of a rate closer to one another, over the same decades."""
    low, high = min(values), max(values)
    if len(values) < 3 or not low > 0:
        return values
    return tuple(np.geomspace(low, high, max(PER_RATE, len(values))).tolist())


def _along(grid: FloatArray, nu: FloatArray, rows: FloatArray) -> FloatArray:
    """Rows on another grid of frequencies."""
    if nu.size == grid.size and np.allclose(nu, grid):
        return rows
    return np.array([np.interp(grid, nu, row) for row in rows])
