"""Start values without the user: amplitudes solved for, frequencies scanned, rates tried."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.averaged import averaged, on_growing, scatter
from musrcu.fitting.candidate import Candidate, refine
from musrcu.fitting.candidate import Start as Start
from musrcu.fitting.cost import AsymmetryCost, Cost
from musrcu.fitting.descent import descend
from musrcu.fitting.elsewhere import other_places
from musrcu.fitting.linear_trials import best_separate, minima_without
from musrcu.fitting.placing import (
    Line,
    Placed,
    place_line,
    resolution,
    scanned_lines,
)
from musrcu.fitting.shapes import Shapes
from musrcu.fitting.trial_grid import combinations, is_rate, settled, thinned, trial_values

FloatArray = NDArray[np.float64]

REFINED = 8
"""Separate candidates that are refined, at most."""
PER_RATE, PER_FAST = 5, 4
"""Values of a rate that are tried beside lines, and for a line too fast for averaged bins."""
ANEW = 0.5
"""Chi-square by which a line that is placed anew betters the rest."""
MOST_SCANNED = 96
"""Trials for each of which frequencies are scanned."""
BRANCHES, KEPT, ALIKE = 12, 5, 0.2
"""Trials of a model without lines that are followed all at once to their minima, and those of them
that are refined; relative distance below which two are one."""
OF_TABLE = 24
"""The same for a law, whose table is short and whose minima lie close."""
FAST = 4
"""Lines too fast for averaged bins that are refined, at most."""
SMOOTH = 2
"""Minima of the model without its lines beside which these are looked for."""
ENOUGH_BINS = 512
"""Bins on which start values of slow lines are searched."""
GROWTH, WIDEST = 0.06, 1 / 64
"""Of bins for what only relaxes: width over time, and over the window."""
FAR, FOLLOWED = 30.0, 4
"""A candidate this much worse in chi-square after refinement is not followed to the full data, and
so many are at most."""
NEAR_TIE = 4.0
"""Two minima closer than this in chi-square are both reported."""


def find_starts(cost: AsymmetryCost) -> list[Start]:
    """Refined starting points of a fit, best first.

    Every parameter that the user gave keeps its value as the only trial. For each combination of
    trial values of the rates, the amplitudes are solved by linear least squares and frequencies
    are scanned (:mod:`musrcu.fitting.placing`); the best separate candidates are refined by
    Gauss-Newton steps. All this happens on averaged bins, which are enough for what is slow; one
    more scan looks for fast lines in the full data.
    """
    lines, smooth = scanned_lines(cost), list[FloatArray]()
    if lines:
        candidates, smooth = _slow(cost, lines)
    else:
        candidates = _smooth(cost)
    refined = _on_all_bins(cost, _replaced(lines, refine(candidates, [])))
    if refined:
        refined = refine(other_places(refined[0]), refined)
    if lines and refined:
        best = refined[0]
        refined = _replaced(lines, refine(_fast(cost, lines, best, smooth), refined))
        if refined[0] is not best:
            refined = refine(other_places(refined[0]), refined)
    return _told_apart(cost, [Start(one.full[cost.free], one.chi2) for one in refined])


def _told_apart(cost: AsymmetryCost, starts: list[Start]) -> list[Start]:
    """The starts without those near the best that a few more steps carry to it."""
    near = [one for one in starts[1:] if one.chi2 < starts[0].chi2 + NEAR_TIE]
    if not any(differing(cost, one.x, starts[0].x) for one in near):
        return starts
    ends = [Start(*descend(cost, one.x, steps=60, tolerance=1e-4)) for one in [starts[0], *near]]
    ends.sort(key=lambda start: start.chi2)
    other = [one for one in ends[1:] if differing(cost, one.x, ends[0].x)]
    return [ends[0], *other, *starts[1 + len(near) :]]


def _on_all_bins(cost: AsymmetryCost, refined: list[Candidate]) -> list[Candidate]:
    """The best of the candidates refined on all bins.

    What averaged bins say of fast relaxation is not exact.
    """
    found: list[Candidate] = []
    kept: list[FloatArray] = []
    for one in refined:
        x, chi2 = one.full[cost.free], one.chi2
        if chi2 > refined[0].chi2 + FAR or len(kept) == FOLLOWED:
            break
        if any(_same(x, other) for other in kept):
            continue
        kept.append(x)
        if one.cost is not cost:
            x, chi2 = descend(cost, x, tolerance=0.05)
        found.append(Candidate(cost, 0.0, cost.freedom.expand(x), chi2, one.gain))
    return sorted(found, key=lambda candidate: candidate.chi2)


def _slow(cost: AsymmetryCost, lines: list[Line]) -> tuple[list[Candidate], list[FloatArray]]:
    """Candidates with lines that averaged bins show, placed one after the other; and minima of the
    model without them."""
    coarse = averaged(cost, ENOUGH_BINS) or cost
    highest = np.inf if coarse is cost else _fastest_line(coarse)
    shapes = Shapes(coarse)
    choices = _choices(coarse, lines)
    absent = frozenset(term for term, _, _ in lines)
    smooth = minima_without(
        shapes, settled(coarse, combinations(_single(coarse, choices, absent))), absent, SMOOTH
    )
    single = [thinned(values, PER_RATE) for values in _single(coarse, choices, absent)]
    vectors = smooth + settled(coarse, combinations(single))
    placed: list[Placed] = []
    for line in lines:
        bounds = _bounds(coarse, line[1], highest)
        tried = _expanded(coarse, vectors, choices, line)
        placed = place_line(shapes, tried, absent, line, bounds, REFINED, "rates")
        vectors = [one.full for one in placed]
        absent -= {line[0]}
    offset = 0.0 if coarse is cost else scatter(cost, coarse)
    found = [Candidate(coarse, offset, p.full, p.chi2 + offset, p.gain) for p in placed]
    return found, smooth


def _fast(
    cost: AsymmetryCost, lines: list[Line], best: Candidate, smooth: list[FloatArray]
) -> list[Candidate]:
    """Candidates with one line too fast for averaged bins, the rest where it was found."""
    coarse = averaged(cost, ENOUGH_BINS)
    if coarse is None:
        return []
    fastest, shapes = _fastest_line(coarse), Shapes(cost)
    everyone = frozenset(term for term, _, _ in lines)
    choices = _choices(cost, lines)
    found = []
    for line in lines:
        if not _may_exceed(cost, line[1], fastest):
            continue
        low, high = _bounds(cost, line[1], np.inf)
        few = [thinned(values, PER_FAST) for values in choices]
        bounds = max(low, 0.9 * fastest), high
        for absent in dict.fromkeys((frozenset({line[0]}), everyone)):
            base = smooth[:1] if smooth and absent == everyone else [best.full]
            tried = _expanded(cost, base, few, line)
            for one in place_line(shapes, tried, absent, line, bounds, FAST, "nothing"):
                # With other lines to come, nothing is known of how good it may be.
                gain = one.gain if len(absent) == 1 else np.inf
                found.append(Candidate(cost, 0.0, one.full, one.chi2, gain))
    return found


def _replaced(lines: list[Line], refined: list[Candidate]) -> list[Candidate]:
    """The candidates, and the best of several lines with each placed anew beside the others."""
    for _ in lines if len(lines) > 1 and refined else ():
        best, found = refined[0], list[Candidate]()
        shapes = Shapes(best.cost)
        highest = _fastest_line(best.cost) if best.offset else np.inf
        choices = [thinned(values, PER_RATE) for values in _choices(best.cost, lines)]
        for line in lines:
            bounds, absent = _bounds(best.cost, line[1], highest), frozenset({line[0]})
            tried = _expanded(best.cost, [best.full], choices, line)
            for one in place_line(shapes, tried, absent, line, bounds, SMOOTH, "rates"):
                chi2 = one.chi2 + best.offset
                found.append(Candidate(best.cost, best.offset, one.full, chi2, one.gain))
        better = [one for one in found if one.chi2 < best.chi2 - ANEW]
        refined = refine(better, refined)
        if refined[0].chi2 > best.chi2 - ANEW:
            break
    return refined


def _smooth(cost: AsymmetryCost) -> list[Candidate]:
    """Candidates of a model without lines."""
    coarse = averaged(cost, 3 * ENOUGH_BINS) or cost
    offset = 0.0 if coarse is cost else scatter(cost, coarse)
    shapes = Shapes(_growing(coarse))
    vectors = settled(cost, combinations(trial_values(cost, ())))
    model = cost.freedom.model
    most = REFINED if model.variable == "t" else OF_TABLE
    best: list[FloatArray] = []
    if any(
        len([k for k in _places(t.place) if is_rate(model.parameters[k])]) > 1 for t in model.terms
    ):
        most = REFINED // 2
    elif model.variable == "t" and all(
        is_rate(one) for one in model.parameters if one.kind == "plain"
    ):
        best = _different(minima_without(shapes, vectors, frozenset(), BRANCHES))
    best = best or best_separate(shapes, vectors, frozenset(), most)
    return [Candidate(coarse, offset, full, float(k), np.inf) for k, full in enumerate(best)]


def _different(minima: list[FloatArray]) -> list[FloatArray]:
    """The best of the minima that are not one and the same."""
    kept: list[FloatArray] = []
    for full in minima:
        if not any(_same(full, other, ALIKE) for other in kept):
            kept.append(full)
    return kept[:KEPT]


def _growing(cost: AsymmetryCost) -> AsymmetryCost:
    """The same on few bins, where the model does nothing but relax."""
    model, time = cost.freedom.model, cost.time
    units = {p.unit for p in model.parameters if p.kind == "plain"}
    if model.variable != "t" or not units <= {"1/us", ""} or time.size < ENOUGH_BINS:
        return cost
    if any(parameter.kind not in ("plain", "amplitude") for parameter in model.parameters):
        return cost
    return on_growing(cost, GROWTH, WIDEST * float(time[-1]))


def _expanded(
    cost: AsymmetryCost,
    vectors: list[FloatArray],
    choices: list[tuple[float, ...]],
    line: Line,
) -> list[FloatArray]:
    """Each vector with every combination of the trial values of a line."""
    places = list(_places(cost.freedom.model.terms[line[0]].place))
    most = max(MOST_SCANNED // max(len(vectors), 1), 4)
    own = combinations([choices[k] for k in places], most)
    found = []
    for full in vectors:
        for values in own:
            one = full.copy()
            one[places] = values
            found.append(one)
    return settled(cost, found)


def _choices(cost: AsymmetryCost, lines: list[Line]) -> list[tuple[float, ...]]:
    """Trial values of everything that no scan finds."""
    return trial_values(cost, {k for _, nu, phi in lines for k in (nu, phi) if k is not None})


def _single(
    cost: AsymmetryCost, choices: list[tuple[float, ...]], absent: frozenset[int]
) -> list[tuple[float, ...]]:
    """The choices, only the first of them for the parameters of absent terms."""
    terms = cost.freedom.model.terms
    own = {k for number in absent for k in _places(terms[number].place)}
    return [values[:1] if k in own else values for k, values in enumerate(choices)]


def _places(place: slice) -> range:
    return range(place.start, place.stop)


def _fastest_line(cost: AsymmetryCost) -> float:
    """Highest frequency that the bins show well: four bins a turn, MHz."""
    return 0.25 * (cost.n_bins - 1) / float(cost.time[-1] - cost.time[0])


def _may_exceed(cost: AsymmetryCost, nu: int, fastest: float) -> bool:
    return bool(np.isnan(cost.freedom.start[nu]) and cost.freedom.upper[nu] > fastest)


def _bounds(cost: AsymmetryCost, nu: int, highest: float) -> tuple[float, float]:
    """Frequencies to scan, inside the limits; twice the given one."""
    given = float(cost.freedom.start[nu])
    if not np.isnan(given):
        return given, given
    lower, upper = max(float(cost.freedom.lower[nu]), 0.0), float(cost.freedom.upper[nu])
    return lower, max(min(upper, highest), lower) if lower < highest else upper


def _same(a: FloatArray, b: FloatArray, share: float = 0.01) -> bool:
    """Whether two points are one minimum."""
    return bool((np.abs(a - b) <= 1e-4 + share * np.maximum(np.abs(a), np.abs(b))).all())


def differing(cost: Cost, a: FloatArray, b: FloatArray) -> list[int]:
    """Positions of the free frequencies and rates in which two points are far apart."""
    width = 0.3 / resolution(cost)
    far = []
    for k, place in enumerate(cost.free):
        parameter = cost.freedom.model.parameters[place]
        apart = abs(a[k] - b[k])
        if (parameter.kind == "frequency" and apart >= width) or (
            parameter.kind == "plain" and apart > 0.5 * (abs(a[k]) + abs(b[k]))
        ):
            far.append(k)
    return far
