"""Periods of a run: one chosen, several added, or one asymmetry taken off another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.history import Step
from musrcu.containers.numbers import is_whole
from musrcu.containers.run import Run
from musrcu.errors import ReductionError, nearest
from musrcu.reduction.dead_time import settle_dead_time
from musrcu.reduction.options import PERIOD_NUMBERS

ALL = "all"
"""The counts of every period added."""


@dataclass(frozen=True, slots=True)
class Periods:
    """Which periods are added, and which of them are taken off; numbers from 1."""

    plus: tuple[int, ...]
    minus: tuple[int, ...] = ()

    @property
    def value(self) -> int | str:
        """The choice in short: ``2``, ``"1+2"``, ``"1+2-3-4"``."""
        if len(self.plus) == 1 and not self.minus:
            return self.plus[0]
        return "+".join(map(str, self.plus)) + "".join(f"-{number}" for number in self.minus)

    def label(self, names: Sequence[str]) -> str:
        """The choice in the names of the file; a period without one is its number."""

        def joined(numbers: Sequence[int]) -> str:
            return " + ".join(names[n - 1].strip() or f"period {n}" for n in numbers)

        if not any(names[n - 1].strip() for n in (*self.plus, *self.minus)):
            return ""
        if not self.minus:
            return joined(self.plus)
        return " - ".join(
            f"({joined(side)})" if len(side) > 1 else joined(side)
            for side in (self.plus, self.minus)
        )


def read_periods(run: Run, period: int | str | None = None) -> Periods:
    """What a choice of periods means for a run.

    Parameters
    ----------
    run : any run.
    period : a number from 1, a label, ``"all"``, or several with signs between them: ``"1+2"``,
        ``"1-2"``, ``"Laser on - Laser off"``. A label is matched in any case, and may be shortened
        as long as it fits one period only. None is the first period.

    Raises
    ------
    ReductionError if a period is unknown, ambiguous or named twice, or nothing is left to subtract
    from; the text lists the periods.
    """
    if period is None:
        return Periods((1,))
    if isinstance(period, str):
        if period.strip().casefold() == ALL and not _exact(ALL, run):
            every = tuple(range(1, run.n_periods + 1))
            _refuse_copies(run, every)
            return Periods(every)
        terms = _terms(run, period)
    else:
        terms = [("+", _within(run, period))]
    numbers = [number for _, number in terms]
    for number in numbers:
        if numbers.count(number) > 1:
            raise ReductionError(f"{run.name}: period {period!r} names {number} twice")
    plus, minus = (tuple(n for sign, n in terms if sign == side) for side in "+-")
    _refuse_copies(run, numbers)
    if not plus:
        raise ReductionError(
            f"{run.name}: period {period!r} has nothing to subtract from; write it as 1-2"
        )
    return Periods(plus, minus)


def _refuse_copies(run: Run, numbers: Sequence[int]) -> None:
    if run.same_decays and len(numbers) > 1:
        raise ReductionError(
            f"{run.name}: its periods hold the same decays, so that they cannot be added or "
            f"subtracted; choose one of them ({listed(run)})"
        )


def select_periods(run: Run, period: int | str | None = None) -> Run:
    """The run with one period: one of its own, or the sum of several, bin by bin.

    N = sum of N_p over the named periods p, Var N = sum of Var N_p, frames = sum of frames_p. The
    dead time is corrected period by period before counts are added, each with its own frames,
    because the correction is not linear; where the history says that it was not wanted, raw counts
    are added.

    Parameters
    ----------
    run : a run; one that has a single period comes back as it is.
    period : as in :func:`read_periods`, without a difference; None takes the first period, and the
        step in the history says so.

    Returns
    -------
    Run with counts of shape (1, n_detectors, n_bins). A sum has no dead times any more.

    Raises
    ------
    ReductionError for a choice that the run does not have, or a difference: that is one of
    asymmetries, which :func:`musrcu.reduce` forms.
    """
    chosen = read_periods(run, period)
    if chosen.minus:
        raise ReductionError(
            f"{run.name}: period {chosen.value!r} is a difference of asymmetries, there are no "
            "counts of it; musrcu.reduce forms it"
        )
    if run.n_periods == 1:
        return run
    return added(run, chosen.plus, "" if period is not None else _nothing_chosen(run))


def added(run: Run, numbers: Sequence[int], note: str = "") -> Run:
    """The run with the sum of the periods of these numbers as its only one."""
    several = len(numbers) > 1
    if several:
        run = settle_dead_time(run, numbers)
    rows = [number - 1 for number in numbers]
    chosen = Periods(tuple(numbers))
    label = chosen.label(run.period_labels)
    options: dict[str, Any] = {"period": chosen.value}
    if label:
        options["label"] = label
    return run.replace(
        step=Step("select_periods", note or ("counts added" if several else ""), options),
        counts=_sum(run.counts, rows),
        variance=None if run.variance is None else _sum(run.variance, rows),
        good_frames=None if run.good_frames is None else [int(run.good_frames[rows].sum())],
        dead_time=None if run.dead_time is None or several else run.dead_time[rows],
        period_labels=(label,),
    )


def subtracted(plus: Asymmetry, minus: Asymmetry, run: Run, chosen: Periods) -> Asymmetry:
    """A = A_plus - A_minus, errors in quadrature: the two sides share no count.

    Parameters
    ----------
    plus, minus : asymmetries of the two sides, of one run on one time axis.
    run : that run with all its periods.
    chosen : which periods they are of.

    Returns
    -------
    Asymmetry; a bin that is NaN on either side is NaN. Its history is that of ``plus``, and what
    was otherwise for ``minus`` stands in the last note.
    """
    assert np.array_equal(plus.time, minus.time)
    label = chosen.label(run.period_labels)
    options: dict[str, Any] = {"period": chosen.value} | ({"label": label} if label else {})
    notes = ["difference of the asymmetries, errors in quadrature", *_otherwise(plus, minus)]
    step = Step("subtract_periods", "; ".join(notes), options)
    smallest = None
    if plus.smallest is not None and minus.smallest is not None:
        smallest = np.minimum(plus.smallest, minus.smallest)
    return plus.replace(
        step=step,
        value=plus.value - minus.value,
        error=np.hypot(plus.error, minus.error),
        smallest=smallest,
        alpha_error=None,  # what alpha shifts on both sides nearly cancels
        level=None,
        run=run,
    )


def calibration_period(run: Run, period: int | str | None) -> int | str | None:
    """The periods of a calibration run that go with those of a recipe.

    Alpha and the total asymmetry belong to the detectors: a calibration run of one period serves
    for every choice, and from one of several all that the choice names are added, since a
    difference has no alpha.
    """
    if period is None or run.n_periods == 1:
        return None
    chosen = read_periods(run, period)
    return Periods(tuple(sorted((*chosen.plus, *chosen.minus)))).value


def listed(run: Run) -> str:
    """The periods as ``1 Laser on, 2 Laser off``, or ``1 to 4`` where they have no names."""
    if not any(label.strip() for label in run.period_labels):
        return f"1 to {run.n_periods}"
    return ", ".join(
        f"{k} {label.strip() or 'unnamed'}" for k, label in enumerate(run.period_labels, 1)
    )


def _nothing_chosen(run: Run) -> str:
    known = f"the first of {run.n_periods} ({listed(run)})"
    return f"none was chosen, so {known}; see period= (--period)"


def _otherwise(plus: Asymmetry, minus: Asymmetry) -> list[str]:
    """The steps of ``minus`` that differ from those of ``plus`` by more than the period."""

    def told(step: Step) -> tuple[str, str, dict[str, Any]]:
        options = {name: value for name, value in step.options.items() if name != "period"}
        return step.stage, step.note, options

    pairs = zip(plus.history, minus.history, strict=True)
    return [
        f"taken off: {theirs}"
        for ours, theirs in pairs
        if ours.stage != "select_periods" and told(ours) != told(theirs)
    ]


def _sum(values: NDArray[Any], rows: list[int]) -> NDArray[Any]:
    """The rows of (period, detector, bin) added; a single one is not copied."""
    if len(rows) == 1:
        return values[rows[0] : rows[0] + 1]
    return np.asarray(values[rows].sum(axis=0, keepdims=True))


def _terms(run: Run, text: str) -> list[tuple[str, int]]:
    """Signs and numbers of the periods in a text."""
    rest, terms = text.strip(), []
    sign = "+"
    if rest[:1] in ("+", "-"):
        sign, rest = rest[0], rest[1:].strip()
    only_numbers = PERIOD_NUMBERS.fullmatch(text) is not None
    while True:
        name = _first_name(run, rest, only_numbers)
        terms.append((sign, _number(run, name, text)))
        rest = rest[len(name) :].strip()
        if not rest:
            return terms
        sign, rest = rest[0], rest[1:].strip()


def _first_name(run: Run, text: str, only_numbers: bool) -> str:
    """The beginning of a text, up to a sign or its end, that names a period.

    A label may hold a sign (``RF-on``), so the longest label that fits is taken; where none does,
    what stands before the first sign.
    """
    ends = [match.start() for match in re.finditer(r"[+-]", text)] + [len(text)]
    parts = [text[:end].rstrip() for end in ends]
    if not only_numbers:
        for found in (_exact, _begun):
            for part in reversed(parts):
                if len(found(part, run)) == 1:
                    return part
    return parts[0]


def _number(run: Run, name: str, text: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}", name):
        return _within(run, int(name))
    for found in (_exact(name, run), _begun(name, run)):
        if len(found) == 1:
            return found[0]
        if found:
            numbers = " and ".join(map(str, found))
            raise ReductionError(
                f"{run.name}: period {name!r} may be {numbers}; use a number or a longer name from "
                f"{listed(run)}"
            )
    hint = nearest(name, [label.strip() for label in run.period_labels if label.strip()])
    whole = "" if name == text.strip() else f" in {text!r}"
    raise ReductionError(
        f"{run.name}: period {name!r}{whole} asked for, it has 1 to {run.n_periods}"
        + (f" ({listed(run)})" if any(run.period_labels) else "")
        + hint
    )


def _exact(name: str, run: Run) -> list[int]:
    wanted = name.strip().casefold()
    folded = [label.strip().casefold() for label in run.period_labels]
    return [k for k, label in enumerate(folded, 1) if wanted and label == wanted]


def _begun(name: str, run: Run) -> list[int]:
    wanted = name.strip().casefold()
    folded = [label.strip().casefold() for label in run.period_labels]
    return [k for k, label in enumerate(folded, 1) if wanted and label.startswith(wanted)]


def _within(run: Run, number: Any) -> int:
    if not (is_whole(number) and 1 <= number <= run.n_periods):
        names = f" ({listed(run)})" if any(run.period_labels) else ""
        raise ReductionError(
            f"{run.name}: period {number!r} asked for, it has 1 to {run.n_periods}{names}"
        )
    return int(number)
