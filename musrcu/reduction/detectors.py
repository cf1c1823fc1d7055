"""Good detectors: dead, quiet, hot, noisy and auxiliary ones, by counts and by labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.kinds import check_kind
from musrcu.containers.run import Run
from musrcu.instrument_table import ANY
from musrcu.instruments import find_instrument
from musrcu.notation import table
from musrcu.reduction.flat import MOST_PACKS, fit_flat
from musrcu.reduction.selection import select_detectors

AUXILIARY = re.compile(r".*veto.*|m[0-9]*|mv|fv|bv|clock|const|flum[0-9]*|nbm.*")
"""Labels of what counts no decay positrons: vetoes, muon counters, clocks, beam monitors."""
SMALLEST_BANK = 16
"""Detectors that a bank needs before its scatter says what is usual."""
MADS = 5 * 1.4826
"""Median absolute deviations that are five standard deviations of a normal scatter."""
DEAD = 0.05
"""Of the middle one of its bank: fewer counts are those of a detector that is as good as dead."""
HOT, HOT_FEW = 3.0, 5.0
"""Times the middle one: more counts are hot, in a bank and among few detectors."""
NOISY, NOISY_FEW = 0.02, 0.5
"""Share of the counts that does not decay, above that of the middle one, likewise."""
FEWEST_COUNTS = 100
"""Counts of a detector below which its noise is not judged."""
BAD = ("dead", "hot", "noisy", "auxiliary")


@dataclass(frozen=True, slots=True)
class Detector:
    """One detector of a run."""

    number: int
    """From 1."""
    label: str
    bank: tuple[int, ...]
    """The detectors it was compared with, itself among them."""
    counts: float
    """All periods together."""
    ratio: float
    """Its counts over those of the middle one of its bank (of those that count at all)."""
    flat: float
    """Share of its good bins' counts that does not decay; NaN where it was not judged."""
    flat_error: float
    kind: str
    """``good``, ``low``, ``high``, ``dead``, ``hot``, ``noisy`` or ``auxiliary``."""
    why: str
    """In words, with numbers; empty for a good one."""

    @property
    def bad(self) -> bool:
        """Whether it should take no part: dead, hot, noisy or auxiliary."""
        return self.kind in BAD


@dataclass(frozen=True, slots=True)
class Detectors:
    """Every detector of a run, in order, as :func:`musrcu.inspect_detectors` judges it."""

    rows: tuple[Detector, ...]
    rule: str
    """How they were compared."""

    @property
    def bad(self) -> tuple[int, ...]:
        """Numbers of those that are dead, hot, noisy or auxiliary."""
        return tuple(row.number for row in self.rows if row.bad)

    @property
    def odd(self) -> tuple[Detector, ...]:
        """Those that are not good; low and high ones count decays and are not bad."""
        return tuple(row for row in self.rows if row.kind != "good")

    def summary(self) -> str:
        """A table of the odd ones, and the rule."""
        header = ["detector", "label", "counts", "of its bank", "not decaying", "kind"]
        rows = [
            [str(row.number), row.label or "-", f"{row.counts:.6g}", f"{row.ratio:.3g}",
             "-" if np.isnan(row.flat) else f"{row.flat:.2%}", row.kind]
            for row in self.odd
        ]  # fmt: skip
        lines = table(rows, header).split("\n") if rows else ["no odd detector was found"]
        return "\n".join([*lines, self.rule])

    def __iter__(self) -> Iterator[Detector]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        return self.summary()


def inspect_detectors(run: Run) -> Detectors:
    """Which detectors of a run are dead, quiet, hot, noisy or auxiliary; none is left out.

    Detectors are compared within their bank: those of one group of the file, else of one side of
    the longitudinal pair of the instrument, all periods together. With m the median of the counts
    (of those that count at all) and s = 1.4826 times their median absolute deviation, at least
    sqrt(m), a detector of a bank of 16 or more is

    * ``low`` or ``high`` outside m +- 5 s: reported, not bad, as it may only be shaded or large;
    * ``hot`` above m + 5 s and above 3 m.

    In a smaller bank, and among the two to ten counters of PSI and TRIUMF, whose solid angles
    differ by design, a scatter says nothing: there ``hot`` is above 5 m, and nothing is low or
    high. In either a detector is

    * ``dead`` below 0.05 m;
    * ``noisy`` where the share of its counts in the good bins that does not decay with the muon
      lifetime, from a fit of N exp(-t/tau) + b, is above that of the middle one by 5 of its errors,
      by five standard deviations of the bank as above and by 2 per cent; among few detectors by
      50 per cent;
    * ``auxiliary`` where its label is that of a veto, a muon counter, a clock or a beam monitor.

    Source: median and its absolute deviation after F. R. Hampel, J. Am. Stat. Assoc. 69, 383
    (1974). Of 60 000 healthy detectors thrown by Poisson's law in banks of 16 to 48 none came out
    odd; with efficiencies that scatter by 10 per cent none came out bad, and low or high were 1 in
    700 in banks of 16, fewer than 1 in 3000 in larger ones.
    """
    check_kind("inspect_detectors", run, Run)
    totals = run.counts.sum(axis=(0, 2), dtype=float)
    auxiliary = [bool(AUXILIARY.fullmatch(label.strip().casefold())) for label in run.labels]
    share, error = _not_decaying(run, totals)
    found: dict[int, Detector] = {}
    banks = _banks(run, auxiliary)
    for bank in banks:
        judged = _judge(totals[bank], share[bank], error[bank])
        for d, (ratio, kind, why) in zip(bank, judged, strict=True):
            if auxiliary[d]:
                kind, why = "auxiliary", f"called {run.labels[d].strip()}"
            found[int(d)] = Detector(
                number=int(d) + 1,
                label=run.labels[d],
                bank=tuple(int(k) + 1 for k in bank),
                counts=float(totals[d]),
                ratio=ratio,
                flat=float(share[d]),
                flat_error=float(error[d]),
                kind=kind,
                why=why,
            )
    return Detectors(tuple(found[d] for d in sorted(found)), _rule(banks))


def left_out(run: Run, found: Detectors, exclude: object) -> tuple[int, ...]:
    """Numbers of the detectors that a recipe excludes: a selection, or ``"bad"`` for those found.

    Raises
    ------
    ReductionError if the selection names what the run does not have.
    """
    if exclude is None:
        return ()
    if isinstance(exclude, str) and exclude.strip().casefold() == "bad":
        return found.bad
    return tuple(sorted(select_detectors(exclude, run.labels)))  # type: ignore[arg-type]


def said_of(
    found: Detectors, out: tuple[int, ...], exclude: object, members: set[int]
) -> Iterator[str]:
    """What the history says: which were left out and why, and which bad ones were kept."""

    def named(numbers: Iterable[int]) -> str:
        whys = ((n, found.rows[n - 1].why) for n in numbers)
        return ", ".join(f"{n} ({why})" if why else str(n) for n, why in whys)

    if exclude is not None:
        yield f"left out as asked: {named(out)}" if out else "left out: none, no detector is bad"
    if kept := sorted((members & set(found.bad)) - set(out)):
        yield f"bad detectors in the groups: {named(kept)}; exclude leaves them out"


def _judge(
    totals: NDArray[np.float64], share: NDArray[np.float64], error: NDArray[np.float64]
) -> Iterator[tuple[float, str, str]]:
    """(counts over the middle one, kind, why) of each detector of a bank."""
    enough = totals.size >= SMALLEST_BANK
    middle = float(np.median(totals[totals > 0])) if (totals > 0).any() else 0.0
    scatter = max(_mad(totals[totals > DEAD * middle], middle), MADS / 1.4826 * middle**0.5)
    usual = float(np.nanmedian(share)) if not np.isnan(share).all() else 0.0
    noise = max(_mad(share, usual), NOISY) if enough else NOISY_FEW
    for n, flat, sigma in zip(totals, share, error, strict=True):
        ratio = float(n / middle) if middle else 0.0
        told = f"{n:.4g} counts, {ratio:.3g} of the middle one"
        if not n:
            yield ratio, "dead", "no counts at all"
        elif ratio < DEAD:
            yield ratio, "dead", told
        elif flat - usual > max(noise, 5 * sigma):
            yield ratio, "noisy", f"{flat:.2%} of its counts do not decay, usual are {usual:.2%}"
        elif ratio > (HOT if enough else HOT_FEW) and (not enough or n > middle + scatter):
            yield ratio, "hot", told
        elif enough and abs(n - middle) > scatter:
            yield ratio, "low" if n < middle else "high", told
        else:
            yield ratio, "good", ""


def _mad(values: NDArray[np.float64], middle: float) -> float:
    """Five standard deviations by the median absolute deviation; 0 of no values."""
    known = values[~np.isnan(values)]
    return MADS * float(np.median(np.abs(known - middle))) if known.size else 0.0


def _banks(run: Run, auxiliary: list[bool]) -> list[NDArray[np.int64]]:
    """Positions of the detectors of each bank; auxiliary ones stand alone."""
    apart = np.flatnonzero(auxiliary)
    group = np.zeros(run.n_detectors, dtype=int)
    if run.grouping is not None and np.unique(run.grouping).size > 1:
        group = np.unique(run.grouping, return_inverse=True)[1]
    elif (instrument := find_instrument(run.instrument)) is not None:
        for pair in instrument.pairs:
            if pair.geometry == "longitudinal" and pair.n_detectors == run.n_detectors != ANY:
                numbers = select_detectors(pair.forward, ("",) * run.n_detectors)
                group[np.array(numbers) - 1] = 1
                break
    small = [g for g in np.unique(group) if (group == g).sum() < SMALLEST_BANK]
    if small:  # too small to be compared within: one bank of all
        group[:] = 0
    group[apart] = -1 - np.arange(apart.size)
    return [np.flatnonzero(group == g) for g in np.unique(group)]


def _not_decaying(
    run: Run, totals: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n_detectors,) share of the counts of the good bins that does not decay, and its error."""
    share, error = np.full((2, run.n_detectors), np.nan)
    first = np.maximum(run.first_good, 0)
    length = int((np.minimum(run.last_good, run.n_bins - 1) - first + 1).min())
    pack = max(1, length // MOST_PACKS)
    starts = np.arange(length // pack) * pack
    if starts.size < 3:
        return share, error
    rows, times, judged = [], [], []
    for d in np.flatnonzero(totals >= FEWEST_COUNTS):
        row = run.counts[:, d, first[d] : first[d] + starts.size * pack].sum(axis=0, dtype=float)
        packed = np.add.reduceat(row, starts)
        if packed.sum() < FEWEST_COUNTS:
            continue
        judged.append(d)
        rows.append(packed)
        times.append((first[d] + starts + (pack - 1) / 2 - run.t0[d]) * run.bin_width)
    if judged:
        found = fit_flat(np.array(rows), np.array(times))
        share[judged], error[judged] = found.share, found.share_error
    return share, error


def _rule(banks: list[NDArray[np.int64]]) -> str:
    sizes = [bank.size for bank in banks]
    if max(sizes) >= SMALLEST_BANK:
        named = " and ".join(map(str, sizes))
        return f"compared within banks of {named}: median +- 5 x 1.4826 median absolute deviations"
    return (
        f"few detectors, whose solid angles differ: dead below {DEAD:g}, hot above {HOT_FEW:g} "
        "times the middle one"
    )
