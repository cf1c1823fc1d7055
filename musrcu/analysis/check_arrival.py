"""What is odd about t0: against the prompt peak, the edge of the muon pulse, the first good bin."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from musrcu.containers.run import Run
from musrcu.errors import ReductionError
from musrcu.pulse import rise_of

PROMPT_OFF = 0.003
"""A prompt peak further from t0 than this, and than two bins, is odd; µs."""
KNOWN = 2.0
"""Bins; a prompt peak whose place is less well known says nothing of t0."""
EDGE_OFF = 0.03
"""The middle of a muon pulse further from t0 than this is odd: 5 to 25 ns are usual; µs."""
SURE = 5.0
"""Errors of the counts beyond which a distance from t0 is real."""
CLEARLY = 0.5
"""Share of such a distance within which a rough look is enough."""
SPIKE = 100.0
"""A bin that much higher than those beside it is no peak of positrons."""
FEWEST = 1e5
"""Counts of a histogram, or of all at a pulsed source, below which they say little of t0."""
RISE_OFF = 0.06
"""A rise to half the height further from t0 than this is odd, where no pulse fits; µs."""


def arrival(run: Run) -> Iterator[str]:
    """First good bins before t0, and t0 away from where the counts have the muon arrive."""
    late = run.first_good < run.t0 - 1
    if np.any(late):
        d = int(np.argmax(late))
        yield (
            f"detector {d + 1}: the first good bin, index {run.first_good[d]}, lies before t0 = "
            f"{run.t0[d]:.5g}"
        )
    yield from _prompt(run) if run.source == "continuous" else _pulse(run)


def _prompt(run: Run) -> Iterator[str]:
    """Detectors whose prompt peak, where they have one, is not at t0."""
    from musrcu.reduction.t0_prompt import find_peak, rough_place

    odd = []
    far = max(2.0, PROMPT_OFF / run.bin_width)
    for d, row in enumerate(run.counts.sum(axis=0, dtype=float)):
        t0 = float(run.t0[d])
        if not 0 <= round(t0) < run.n_bins:
            odd.append(f"{d + 1} (t0 = {t0:.0f} of {run.n_bins} bins)")
            continue
        if row.sum() < FEWEST:
            continue
        rough = rough_place(row, run.bin_width)
        if rough is None or abs(rough - t0) <= CLEARLY * far:
            continue  # no fit moves its highest bin by so much
        beside = max(row[max(rough - 1, 0)], row[min(rough + 1, run.n_bins - 1)], 1.0)
        if row[rough] > SPIKE * beside:
            continue  # one bin, named as a spike
        peak = find_peak(row, row, run.bin_width)
        if isinstance(peak, str) or peak.error > KNOWN:
            continue
        away = peak.place - t0
        if abs(away) > max(far, SURE * peak.error):
            odd.append(f"{d + 1} ({away:+.1f} bins, {1e3 * away * run.bin_width:+.1f} ns)")
    if odd:
        yield f"the prompt peak is away from t0 in detector {', '.join(odd)}"


def _pulse(run: Run) -> Iterator[str]:
    """A muon pulse whose middle is not at t0, or a rise where no single pulse fits."""
    from musrcu.reduction.t0 import find_t0

    t0 = float(np.median(run.t0))
    rise = rise_of(run.counts, run.bin_width)
    if rise is not None and abs(rise - t0) * run.bin_width <= CLEARLY * EDGE_OFF:
        return  # a fit would not find it twice as far
    if run.counts.sum() < FEWEST:
        yield from _rise(run, t0)
        return
    try:
        found = find_t0(run, "edge")
    except ReductionError:
        yield from _rise(run, t0)
        return
    assert found.error is not None
    bins, error = float(found.value[0]) - t0, float(found.error[0])
    away = bins * run.bin_width
    if abs(away) > max(EDGE_OFF, SURE * error * run.bin_width):
        yield (
            f"the middle of the muon pulse is {bins:+.2f} +- {error:.2g} bins ({1e3 * away:+.0f} "
            f"ns) from t0, expected within {1e3 * EDGE_OFF:g} ns: see t0 = 'edge'"
        )


def _rise(run: Run, t0: float) -> Iterator[str]:
    rise = rise_of(run.counts, run.bin_width)
    away = 0.0 if rise is None else (rise - t0) * run.bin_width
    if abs(away) > RISE_OFF:
        yield (
            f"the counts rise to half their height {1e3 * away:+.0f} ns from t0, expected within "
            f"{1e3 * RISE_OFF:g} ns"
        )
