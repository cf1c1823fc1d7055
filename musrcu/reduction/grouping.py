"""Grouping: detectors summed into a forward and a backward group, aligned on their t0."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musrcu.containers.counts import Counts
from musrcu.containers.history import Step
from musrcu.containers.kinds import check_kind
from musrcu.containers.numbers import is_whole
from musrcu.containers.run import Run
from musrcu.errors import MusrcuWarning, ReductionError
from musrcu.instrument_table import Geometry
from musrcu.instruments import default_pair
from musrcu.reduction.calibrated import origin_of
from musrcu.reduction.detectors import inspect_detectors, left_out, said_of
from musrcu.reduction.periods import select_periods
from musrcu.reduction.selection import select_detectors
from musrcu.reduction.t0 import METHODS, differences, find_t0

Selection = str | int | Sequence[int]


def group(
    run: Run,
    *,
    forward: Selection | None = None,
    backward: Selection | None = None,
    geometry: Geometry | None = None,
    period: int | str | None = None,
    t0: ArrayLike | str | None = None,
    first_good: int | None = None,
    exclude: Selection | None = None,
) -> Counts:
    """Counts of a forward and a backward group, each detector shifted to a common t0.

    Detectors are aligned by whole raw bins; what is left of their t0 (at most half a bin each) is
    averaged into the time axis. Bin j of the result lies at (j - t0) dt.

    Parameters
    ----------
    run : the run, dead times corrected where they are known.
    forward, backward : detectors by number or label, ``"1-4,7"``, ``"Back"``, ``[1, 2]``;
        ``forward`` is the group that the initial muon spin points to. None takes the pair of the
        instrument table.
    geometry : which pair of the table: ``longitudinal`` (along the beam) or ``transverse`` (across
        it); None takes the usual one of the instrument.
    period : number from 1, label, or a sum ``"1+2"``, where the run has several; None takes the
        first.
    t0 : bin index (from 0) of the muon's arrival, one number or one per detector; ``"prompt"`` or
        ``"edge"`` finds it in the counts (see :func:`musrcu.find_t0`); ``"file"`` or None takes the
        file's.
    first_good : first good bin, in raw bins after t0, 0 or above; None takes the file's. Good bins
        that would begin before t0 begin at it, and the step's note says so.
    exclude : detectors to leave out of both groups, or ``"bad"`` for those that
        :func:`musrcu.inspect_detectors` finds in all periods together. None leaves none out; bad
        ones among them are named in the step's note.

    Returns
    -------
    Counts of shape (2, n_bins) over the bins that all chosen detectors share.

    Raises
    ------
    ReductionError if a detector is unknown or in both groups, a geometry is named beside the
    groups, a group loses all its detectors, the first good bin is asked for before t0, or no good
    bins are left.
    """
    check_kind("group", run, Run)
    whole, run = run, select_periods(run, period)
    forward, backward, origin = _pair(run, forward, backward, geometry)
    chosen, out, notes = _chosen(whole, forward, backward, exclude)
    named = {
        "forward": _names(run, chosen[0]),
        "backward": _names(run, chosen[1]),
        **({"excluded": ranges(out)} if out else {}),
    }
    return _aligned(run, whole, chosen, t0, first_good, named, (origin, *notes))


def group_alone(
    run: Run,
    detectors: Selection,
    *,
    period: int | str | None = None,
    t0: ArrayLike | str | None = None,
    first_good: int | None = None,
) -> Counts:
    """Counts of one group, aligned as :func:`group` does, in the place of both groups.

    Stages that work on a pair so work on one group; :func:`musrcu.reduce_histograms` takes the
    first of the two equal rows.

    Raises
    ------
    ReductionError as :func:`group`.
    """
    whole, run = run, select_periods(run, period)
    chosen = select_detectors(detectors, run.labels)
    named = {"detectors": _names(run, chosen)}
    return _aligned(run, whole, (chosen, chosen), t0, first_good, named, ())


def _aligned(
    run: Run,
    whole: Run,
    chosen: tuple[tuple[int, ...], tuple[int, ...]],
    t0: ArrayLike | str | None,
    first_good: int | None,
    named: dict[str, Any],
    notes: Sequence[str],
) -> Counts:
    """The counts of groups on the bins that all their detectors share.

    Parameters
    ----------
    run, whole : with the chosen periods, and with all.
    chosen : detectors of each group.
    t0, first_good : as in :func:`group`.
    named : the detectors for the history.
    notes : what the history says of them.
    """
    # once each, where one group stands in the place of both
    members = np.array(list(dict.fromkeys(d - 1 for group in chosen for d in group)))
    t0, known, doubts = _time_zero(whole, t0, members)
    arrivals = _arrivals(run, t0)
    reference = arrivals[members[0]]
    shift = np.rint(arrivals - reference).astype(int)
    start = max(0, int((-shift[members]).max()))
    stop = int((run.n_bins - shift[members]).min())
    zero = float(reference + (arrivals - reference - shift)[members].mean()) - start
    first, last = _good_bins(run, arrivals, shift, members, start, stop, first_good)
    good, cut = _after_t0(run, first, last, zero)
    variance = run.counts if run.variance is None else run.variance

    def total(histograms: NDArray[np.float64], detectors: Sequence[int]) -> NDArray[np.float64]:
        shifts = ((d - 1, shift[d - 1]) for d in detectors)
        aligned = [histograms[0, d, start + s : stop + s] for d, s in shifts]
        return np.asarray(np.sum(aligned, axis=0, dtype=float))

    selected = run.history.find("select_periods")
    step = Step(
        "group",
        "; ".join(filter(None, (*notes[:1], cut, *notes[1:], *doubts))),
        {
            **named,
            "period": 1 if selected is None else selected.options["period"],
            "t0": [round(float(arrivals[k]), 3) for k in members],
            **known,
            "first_good_us": (good[0] - zero) * run.bin_width,
        },
    )
    return Counts(
        time=np.asarray((np.arange(stop - start) - zero) * run.bin_width, dtype=float),
        values=np.array([total(run.counts, group) for group in chosen]),
        variance=np.array([total(variance, group) for group in chosen]),
        bin_width=run.bin_width,
        packing=1,
        first_good=good[0],
        last_good=good[1],
        detectors=chosen,
        run=run,
        history=run.history.with_step(step),
    )


def _chosen(
    run: Run, forward: Selection, backward: Selection, exclude: Selection | None
) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], tuple[int, ...], list[str]]:
    """The two groups less what is left out, what that is, and what the history says of it."""
    named = (select_detectors(forward, run.labels), select_detectors(backward, run.labels))
    common = set(named[0]) & set(named[1])
    if common:
        raise ReductionError(f"{run.name}: detector {min(common)} is in forward and in backward")
    inspected = inspect_detectors(run)
    out = left_out(run, inspected, exclude)
    groups = [tuple(d for d in group if d not in out) for group in named]
    for side, left in zip(("forward", "backward"), groups, strict=True):
        if not left:
            raise ReductionError(
                f"{run.name}: no detector of the {side} group is left when {ranges(out)} are "
                "excluded; exclude fewer, or choose other groups"
            )
    said = said_of(inspected, out, exclude, {*named[0], *named[1]})
    return (groups[0], groups[1]), out, list(said)


def _time_zero(
    run: Run, t0: ArrayLike | str | None, members: NDArray[np.int64]
) -> tuple[ArrayLike | None, dict[str, Any], tuple[str, ...]]:
    """Numbers for t0 (None: the file's), what the history says of them, and what is doubtful."""
    if t0 is None or (isinstance(t0, str) and t0 == "file"):
        return None, {"t0_from": _t0_from(run)}, ()
    if not isinstance(t0, str):
        return t0, {"t0_from": "given"}, ()
    if t0 not in METHODS:
        raise ReductionError(
            f"{run.name}: t0 = {t0!r}; expected bin numbers or {', '.join(METHODS)}"
        )
    found = find_t0(run, t0, detectors=[int(k) + 1 for k in members])
    for sentence in differences(run, found):
        warnings.warn(f"{run.name}: {sentence}", MusrcuWarning, stacklevel=4)
    known: dict[str, Any] = {"t0_from": found.origin}
    if found.error is not None:
        known["t0_error"] = float(f"{found.error[members].mean():.3g}")
    return found.value, known, found.notes


def _t0_from(run: Run) -> str:
    """Where the t0 of a run comes from."""
    step = run.history.find("read_events")
    if step is None or run.history.find("take_calibration") is not None:
        return origin_of(run, "t0")
    return "given" if "t0" in step.options else "the rise of the counts"


def _pair(
    run: Run,
    forward: Selection | None,
    backward: Selection | None,
    geometry: Geometry | None,
) -> tuple[Selection, Selection, str]:
    if geometry is not None and (forward is not None or backward is not None):
        raise ReductionError(
            f"{run.name}: geometry = {geometry!r} chooses forward and backward; name it or them"
        )
    if forward is not None and backward is not None:
        return forward, backward, "pair given"
    if forward is not None or backward is not None:
        missing = "backward" if backward is None else "forward"
        raise ReductionError(f"{run.name}: name {missing} too, or neither")
    grouping = None if run.grouping is None else [int(g) for g in run.grouping]
    return default_pair(run.instrument, run.labels, grouping, geometry)


def _arrivals(run: Run, t0: ArrayLike | None) -> NDArray[np.float64]:
    if t0 is None:
        arrivals = np.asarray(run.t0, dtype=float)
    else:
        try:
            arrivals = np.broadcast_to(np.asarray(t0, dtype=float), (run.n_detectors,))
        except (TypeError, OverflowError) as error:
            raise ReductionError(f"{run.name}: t0 = {t0!r}; expected bin numbers") from error
        except ValueError as error:
            raise ReductionError(
                f"{run.name}: {np.size(t0)} values of t0; expected one for all, or "
                f"{run.n_detectors}, one for each detector of the file"
            ) from error
    wrong = ~((arrivals >= 0) & (arrivals < run.n_bins))
    if wrong.any():
        d = int(np.argmax(wrong))
        raise ReductionError(
            f"{run.name}: t0 of detector {d + 1} is bin {arrivals[d]:g}, outside its "
            f"{run.n_bins} bins; pass t0="
        )
    return arrivals


def _good_bins(
    run: Run,
    arrivals: NDArray[np.float64],
    shift: NDArray[np.int64],
    members: NDArray[np.int64],
    start: int,
    stop: int,
    offset: int | None,
) -> tuple[int, int]:
    if offset is None:
        firsts = run.first_good[members]
    elif not is_whole(offset) or offset < 0:
        raise ReductionError(
            f"{run.name}: first_good = {offset!r}: the first good bin lies before t0 or is no bin; "
            "expected raw bins after t0, a whole number of 0 or above"
        )
    else:
        firsts = np.rint(arrivals[members] + min(offset, run.n_bins)).astype(int)
    first = max(0, int((firsts - shift[members]).max()) - start)
    last = min(stop - start - 1, int((run.last_good[members] - shift[members]).min()) - start)
    if last <= first:
        raise ReductionError(
            f"{run.name}: the good bins of the chosen detectors do not overlap "
            f"(first {first}, last {last} after alignment); check t0 and the good bins"
        )
    return first, last


def _after_t0(run: Run, first: int, last: int, zero: float) -> tuple[tuple[int, int], str]:
    """The good bins from t0 on, and what is to be said where they would have begun before it.

    Before t0 there is no muon: the asymmetry of what is counted there is that of the background.
    """
    earliest = int(np.ceil(zero - 1e-6))
    if first >= earliest:
        return (first, last), ""
    if last <= earliest:
        raise ReductionError(
            f"{run.name}: t0 is bin {zero:g} and the last good bin {last} after alignment, so that "
            "no good bins are left after t0; check t0 and the good bins"
        )
    early = f"{zero - first:.3g} bins"
    return (earliest, last), f"good bins from t0 on, they would begin {early} before it"


def _names(run: Run, detectors: Sequence[int]) -> str:
    """Detectors as a person writes them: ranges of numbers, with a label where there is one."""
    if len(detectors) <= 4 and all(run.labels[d - 1] for d in detectors):
        return ",".join(f"{d} {run.labels[d - 1]}" for d in detectors)
    return ranges(detectors)


def ranges(detectors: Sequence[int]) -> str:
    """Detector numbers in short: ``1-4,7``."""
    parts: list[str] = []
    start = previous = None
    for d in [*detectors, None]:
        if start is not None and previous is not None and d == previous + 1:
            previous = d
            continue
        if start is not None:
            parts.append(f"{start}" if start == previous else f"{start}-{previous}")
        start = previous = d
    return ",".join(parts)
