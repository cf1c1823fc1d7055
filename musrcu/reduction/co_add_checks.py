"""Whether runs belong together: what can never be added, what is refused, what is doubtful."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from operator import attrgetter

import numpy as np

from musrcu.containers.run import Run
from musrcu.errors import ReductionError

DRIFT = 0.1
"""Bins by which two bin widths may drift apart over a histogram and count as equal: the widths of
files are rounded."""
OTHER_TEMPERATURE = (0.01, 0.001)
"""Temperatures that differ by more than this share, and by more than this many K, are named."""
OTHER_FIELD = (0.01, 0.5)
"""Fields that differ by more than this share, and by more than this many G, are named."""


def check_addable(runs: Sequence[Run]) -> None:
    """Raise a ReductionError where bins of the runs cannot be added, whatever is wanted."""
    first = runs[0]
    for other in runs[1:]:
        for what, ours, theirs in (
            ("detectors", first.n_detectors, other.n_detectors),
            ("periods", first.n_periods, other.n_periods),
        ):
            if ours != theirs:
                raise ReductionError(
                    f"{other.name} has {theirs} {what}, {first.name} has {ours}; such runs cannot "
                    "be added"
                )
        longest = max(first.n_bins, other.n_bins)
        if abs(other.bin_width - first.bin_width) * longest > DRIFT * first.bin_width:
            raise ReductionError(
                f"{other.name} has bins of {1e3 * other.bin_width:.9g} ns, {first.name} of "
                f"{1e3 * first.bin_width:.9g} ns; such runs cannot be added"
            )
        if other.source != first.source:
            raise ReductionError(
                f"{other.name} is of a {other.source} source, {first.name} of a {first.source} "
                "one; such runs cannot be added"
            )


def check_together(runs: Sequence[Run], force: bool) -> list[str]:
    """What speaks against adding the runs, one sentence each, where it is forced.

    Raises
    ------
    ReductionError with the first sentence, unless ``force``.
    """
    found = [*_different(runs), *_repeated(runs)]
    if found and not force:
        raise ReductionError(f"{found[0]}; force=True adds them all the same")
    return found


def numbers_of(run: Run) -> tuple[int, ...]:
    """The numbers of all runs whose counts a run holds, its own where none were added."""
    return run.numbers or (() if run.number is None else (run.number,))


def doubts(runs: Sequence[Run]) -> list[str]:
    """What is no obstacle and yet worth a sentence: other samples, temperatures or fields."""
    found = []
    raw = [run.name for run in runs if run.variance is None]
    if 0 < len(raw) < len(runs):
        found.append(f"the dead time is not corrected in {', '.join(raw)}, but in the other runs")
    for what in ("sample", "orientation"):
        values = _values(runs, attrgetter(what))
        if len(values) > 1:
            found.append(f"the added runs differ in {what}: {_each(values)}")
    for what, unit, (share, least), numbers in (
        ("temperature", "K", OTHER_TEMPERATURE, [run.temperature.value for run in runs]),
        ("field", "G", OTHER_FIELD, [run.field for run in runs]),
    ):
        known = [number for number in numbers if number is not None]
        if len(known) < len(numbers) and known:
            found.append(f"the {what} of {len(numbers) - len(known)} added runs is unknown")
        if not known or max(known) - min(known) <= max(share * max(map(abs, known)), least):
            continue
        low, high = (
            next(run.name for run, n in zip(runs, numbers, strict=True) if n == end)
            for end in (min(known), max(known))
        )
        found.append(
            f"the added runs differ in {what}, from {min(known):.6g} {unit} ({low}) to "
            f"{max(known):.6g} {unit} ({high})"
        )
    return found


def _different(runs: Sequence[Run]) -> Iterator[str]:
    """Runs of another instrument, or with other names for their histograms."""
    for what in ("facility", "instrument"):
        values = _values(runs, attrgetter(what))
        if len(values) > 1:
            yield f"the runs are of different {what}: {_each(values)}"
    for what, names in (("detector", "labels"), ("period", "period_labels")):
        for number, column in enumerate(zip(*map(attrgetter(names), runs), strict=True), 1):
            known = {name.strip().casefold(): name.strip() for name in column if name.strip()}
            if len(known) > 1:
                told = " and ".join(map(repr, known.values()))
                yield f"{what} {number} of the runs has different labels, {told}"
                break


def _repeated(runs: Sequence[Run]) -> Iterator[str]:
    """Pairs of runs that are one and the same."""
    sums = [float(run.counts.sum()) for run in runs]
    for (k, one), (m, other) in combinations(enumerate(runs), 2):
        why = _same(one, other)
        if not why and sums[k] == sums[m] > 0 and np.array_equal(one.counts, other.counts):
            why = "all counts are equal"
        if why:
            yield f"{one.name} and {other.name} are the same run ({why})"


def _same(one: Run, other: Run) -> str:
    """Why two runs are one and the same; empty where nothing says so."""
    if one is other:
        return "one object"
    if one.path is not None and other.path is not None and _file(one) == _file(other):
        return f"one file, {one.path}"
    if len(_values((one, other), attrgetter("instrument"))) > 1:
        return ""
    common = set(numbers_of(one)) & set(numbers_of(other))
    if common and (one.numbers or other.numbers):
        return f"both hold number {min(common)}"
    if common and one.start is not None and one.start == other.start:
        return f"number {min(common)}, started {one.start}"
    return ""


def _file(run: Run) -> object:
    assert run.path is not None
    return run.path.resolve()


def _values(runs: Sequence[Run], value: Callable[[Run], str | None]) -> dict[str, tuple[str, str]]:
    """What is known of the runs: {folded text: (text, name of the first run that has it)}."""
    found: dict[str, tuple[str, str]] = {}
    for run in runs:
        text = (value(run) or "").strip()
        if text:
            found.setdefault(text.casefold(), (text, run.name))
    return found


def _each(values: dict[str, tuple[str, str]]) -> str:
    return ", ".join(f"{text} ({name})" for text, name in values.values())
