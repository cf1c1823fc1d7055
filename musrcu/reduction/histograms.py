"""Counts of single detectors or single groups, for fits that give each its own phase."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from musrcu.containers.counts import Counts
from musrcu.containers.histogram import Histogram
from musrcu.containers.history import History, Step
from musrcu.containers.run import Run
from musrcu.errors import ReductionError
from musrcu.reduction.calibrated import origin_of
from musrcu.reduction.choose_bins import choose_packing
from musrcu.reduction.dead_time import leave_dead_time
from musrcu.reduction.detectors import inspect_detectors, left_out
from musrcu.reduction.grouping import Selection, group_alone, ranges
from musrcu.reduction.packing import read_packing
from musrcu.reduction.periods import read_periods
from musrcu.reduction.rebin import rebin
from musrcu.reduction.recipe import Reduction, calibrated, checked, take_background
from musrcu.reduction.seen import with_dead_time, with_losses, with_measured
from musrcu.reduction.selection import select_detectors

MOST_BINS = 200_000
"""Bins of all histograms together beyond which the default packs more."""
SILENT = ("dead", "auxiliary")
"""Kinds of detectors that count no positrons, so that nobody means them by "each"."""


def reduce_histograms(
    run: Run,
    recipe: Reduction | None = None,
    groups: Selection | Mapping[str, Selection] | None = None,
) -> tuple[Histogram, ...]:
    """Histograms of a run as they were seen, each detector or each named group by itself.

    The stages are those of :func:`musrcu.reduce_counts`: periods, alignment on t0, background,
    packing; what dead time took is left to the model of a fit. Every histogram has its own t0 and
    good bins. Where the recipe has no packing, all get the one that their sum needs, a likelihood
    being right however few counts one of them has; a wider one where there would be more than
    200,000 bins in all.

    Parameters
    ----------
    run : a raw run.
    recipe : the options; ``forward``, ``backward``, ``geometry`` and ``alpha`` have no meaning
        here. None takes the default of each.
    groups : detectors by name of the group, ``{"Up": "1-8", "Down": "9-16"}``, or a selection, such
        as ``"1,3"``, of detectors that are taken each by itself. None takes every detector of the
        run that counts positrons; those left out stand in the history.

    Returns
    -------
    Histograms in the order of ``groups``, or of the detectors.

    Raises
    ------
    ReductionError where a stage cannot work with the run, a group holds no counts, a detector is in
    two groups, the background is given in numbers for a pair, or the recipe asks for a difference
    of periods.
    """
    recipe = checked("reduce_histograms", run, recipe)
    run = calibrated(run, recipe)
    chosen, out = _chosen(run, recipe, groups)
    level = recipe.background
    if isinstance(level, Mapping) and {"given", "per_frame"} & {*level}:
        raise ReductionError(
            f"{run.name}: background = {dict(level)} is of forward and backward; histograms of "
            "their own take a window, none or fit"
        )
    aligned = [_aligned(run, recipe, detectors) for detectors in chosen.values()]
    wanted, notes = read_packing(recipe.packing), [out]
    origin = "given"
    if wanted is None:
        wanted, why = _packing(aligned, recipe.t_max)
        origin = "counts"
        notes.append(why)
    settled = dataclasses.replace(recipe, packing=wanted)  # so that one alone comes out the same
    found = []
    for label, counts in zip(chosen, aligned, strict=True):
        packed = rebin(counts, packing=wanted, t_max=recipe.t_max, few=True)
        if not packed.variance.any():
            raise ReductionError(
                f"{run.name}: {label} (detector {ranges(packed.detectors[0])}) has no counts in "
                "its good bins; leave it out"
            )
        said = "; ".join(filter(None, notes))
        found.append(_histogram(packed, label, settled, said, origin))
    return tuple(found)


def _chosen(
    run: Run, recipe: Reduction, groups: Selection | Mapping[str, Selection] | None
) -> tuple[dict[str, tuple[int, ...]], str]:
    """Detectors by label of each histogram, and what was left out, in words."""
    inspected = inspect_detectors(run)
    out = set(left_out(run, inspected, recipe.exclude))
    if isinstance(groups, Mapping):
        if not groups:
            raise ReductionError(f"{run.name}: no groups are named; give at least one")
        named = {str(name): select_detectors(one, run.labels) for name, one in groups.items()}
        chosen = {name: tuple(d for d in one if d not in out) for name, one in named.items()}
    else:
        if groups is None:
            out |= {row.number for row in inspected if row.kind in SILENT}
        every = range(1, run.n_detectors + 1)
        wanted = every if groups is None else select_detectors(groups, run.labels)
        labels = [label.strip() for label in run.labels]
        alone = {d for d in wanted if labels[d - 1] and labels.count(labels[d - 1]) == 1}
        chosen = {
            labels[d - 1] if d in alone else f"detector {d}": (d,) for d in wanted if d not in out
        }
    _check(run, chosen)
    return chosen, f"left out: detector {ranges(sorted(out))}" if out else ""


def _packing(aligned: Sequence[Counts], t_max: float | None) -> tuple[int, str]:
    """Raw bins in one bin, and why."""
    rows = [one.variance[0, one.good] for one in aligned]
    size = min(row.size for row in rows)
    first = aligned[0].first_good
    together = np.zeros((2, first + size))
    together[:, first:] = np.sum([row[:size] for row in rows], axis=0)
    levels = [one.background for one in aligned]
    known = [float(level[0]) for level in levels if level is not None]
    pooled = aligned[0].replace(
        time=aligned[0].time[: first + size],
        values=together,
        variance=together,
        last_good=first + size - 1,
        background=np.full(2, sum(known)) if len(known) == len(levels) else None,
    )
    packing = choose_packing(pooled, t_max=t_max)[0]
    most = -(-sum(row.size for row in rows) // MOST_BINS)
    if most > packing:
        return most, f"packed to no more than {MOST_BINS} bins in all"
    return packing, "packed as their sum needs it"


def _check(run: Run, chosen: Mapping[str, tuple[int, ...]]) -> None:
    """Raise where a group is empty or shares a detector with another one."""
    if not chosen:
        raise ReductionError(f"{run.name}: every detector is left out; exclude fewer")
    owner: dict[int, str] = {}
    for name, detectors in chosen.items():
        if not detectors:
            raise ReductionError(
                f"{run.name}: no detector of group {name!r} is left; exclude fewer"
            )
        for d in detectors:
            if d in owner:
                raise ReductionError(
                    f"{run.name}: detector {d} is in {owner[d]} and in {name}; its counts would "
                    "enter a fit twice"
                )
            owner[d] = name


def _aligned(run: Run, recipe: Reduction, detectors: Sequence[int]) -> Counts:
    """One group in raw bins, in both rows, as it was seen."""
    own = isinstance(recipe.dead_time, str)
    unknown = recipe.dead_time == "none"
    if not unknown:
        run = with_dead_time(run, None if own else recipe.dead_time)
    counts = group_alone(
        leave_dead_time(run),
        detectors,
        period=recipe.period,
        t0=recipe.t0,
        first_good=recipe.first_good,
    )
    counts = with_measured(take_background(counts, recipe))
    if unknown:
        return counts
    origin = f"from {origin_of(run, 'dead_time')}" if own else "given"
    return with_losses(counts, run, read_periods(run, recipe.period).plus, origin)


def _histogram(counts: Counts, label: str, recipe: Reduction, note: str, origin: str) -> Histogram:
    """One of the two equal rows of packed counts."""
    level, error = counts.background, counts.background_error
    history = History(_of_one(step, origin) for step in counts.history)
    return Histogram(
        time=counts.time,
        counts=counts.variance[0],
        bin_width=counts.bin_width,
        packing=counts.packing,
        detectors=counts.detectors[0],
        label=label,
        packs=counts.packs,
        background=None if level is None else float(level[0]),
        background_error=None if error is None else float(error[0]),
        background_free=counts.background_free,
        losses=None if counts.losses is None else counts.losses[0],
        run=counts.run,
        history=history.with_step(Step("reduce_histograms", note, {"histogram": label})),
        recipe=recipe,
    )


def _of_one(step: Step, origin: str) -> Step:
    """A step whose numbers for both rows are said once, and where the packing comes from."""
    if step.stage == "rebin":
        return Step(step.stage, step.note, {**step.options, "packing_from": origin})
    if step.stage != "subtract_background":
        return step
    twice = ("per_bin", "error")
    options = {name: v[0] if name in twice else v for name, v in step.options.items()}
    return Step(step.stage, step.note, options)
