"""The ways in which an analysis is repeated: one thing changed, all else as it was."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import ACCELERATOR_PERIOD, MUON_LIFETIME
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.run import Run
from musrcu.reduction.background import FEWEST_PERIODS
from musrcu.reduction.choose_bins import FEWEST_COUNTS
from musrcu.reduction.recipe import Reduction, grouped_counts, reduce
from musrcu.systematics.known_errors import dead_time_error, t0_error
from musrcu.systematics.shifts import Kind

ALREADY = "already in the error"
"""How the reason of an item begins that the errors of the fit hold already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nominal:
    """One run as it was analysed."""

    run: Run
    """The raw run."""
    recipe: Reduction
    asymmetry: Asymmetry
    t_range: tuple[float, float] | None
    """As asked for."""
    fitted: tuple[float, float]
    """First and last bin that was fitted, µs."""
    model: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of its fit: start, fixed, limits, ties."""
    alpha_error: float | None = None
    """Error of alpha to try where the recipe knows none."""
    carried: frozenset[str] = frozenset()
    """What the errors of the fit hold already: ``alpha``, ``background``."""

    @property
    def width(self) -> float:
        """Width of a raw bin, µs."""
        return self.run.bin_width

    @property
    def last(self) -> float:
        """Last time that was asked for, µs."""
        return np.inf if self.t_range is None or self.t_range[1] is None else self.t_range[1]

    @property
    def first(self) -> float:
        """First time that was asked for, µs."""
        return -np.inf if self.t_range is None or self.t_range[0] is None else self.t_range[0]


@dataclass(frozen=True, slots=True)
class Setup:
    """How a run is analysed once more."""

    recipe: Reduction
    t_range: tuple[float, float] | None
    model: str | None = None
    """Instead of the nominal one."""
    label: str = ""
    """What was done, where that depends on the run."""


EDGES = "the edges of the bins are given"

Change = Callable[[Nominal], Setup | str]
"""The other analysis of a run, or why it does not apply; no words where that is not worth any."""


@dataclass(frozen=True, slots=True)
class Variation:
    """One repetition of an analysis."""

    item: str
    label: str
    kind: Kind
    change: Change


def _pinned(nominal: Nominal, **changes: Any) -> Reduction:
    """The recipe with packing, late cut and background window held where the nominal one has them.

    Otherwise a default that depends on the counts would move with what is changed.
    """
    known = _bins(nominal)
    window = _window(nominal)
    if not isinstance(window, str):
        known["background"] = {"before_t0": window}
    return dataclasses.replace(nominal.recipe, **{**known, **changes})


def _bins(nominal: Nominal) -> dict[str, Any]:
    """Packing and late cut that make the bins of the nominal analysis again."""
    asymmetry = nominal.asymmetry
    if _edges_given(nominal):
        return {"packing": {"edges": tuple(_edges(nominal).tolist())}, "t_max": None}
    if asymmetry.packs is None:
        return {"packing": asymmetry.packing, "t_max": float(asymmetry.time[-1])}
    step = asymmetry.history.find("rebin")
    return {} if step is None else {name: step.options[name] for name in ("packing", "t_max")}


def _edges_given(nominal: Nominal) -> bool:
    packing = nominal.recipe.packing
    return isinstance(packing, Mapping) and "edges" in packing


def _edges(nominal: Nominal) -> NDArray[np.float64]:
    """(n_bins + 1,) edges of the bins, µs, on those of raw bins."""
    half = 0.5 * nominal.asymmetry.raw_bins * nominal.width
    time = nominal.asymmetry.time
    return np.append(time - half, time[-1] + half[-1])


def _window(nominal: Nominal) -> tuple[float, float] | str:
    """The background window that was used, µs, or why there is none."""
    step = nominal.asymmetry.history.find("subtract_background")
    if step is None:
        return "no background was subtracted"
    if "before_t0" in step.options:
        begin, end = step.options["before_t0"]
        return float(begin), float(end)
    return step.note.removeprefix("not applied: ") or "the background was given as numbers"


def t0_moved(nominal: Nominal, sign: int) -> Setup | str:
    """The muon's arrival earlier or later by its error; a raw bin where that is not known.

    All detectors move together, so that the same raw bins are fitted.
    """
    run, recipe = nominal.run, nominal.recipe
    before, members = _arrivals(nominal)
    error = t0_error(nominal.asymmetry, recipe, [int(d) + 1 for d in members])
    bins = sign * (1.0 if error is None else error)
    arrivals = before + bins
    if arrivals.min() < 0 or arrivals.max() >= run.n_bins:
        return "t0 is the first or the last bin of the histogram"
    by = bins * nominal.width
    changes: dict[str, Any] = {"t0": tuple(arrivals.tolist())}
    if recipe.first_good is not None:
        moved = int(np.rint(arrivals[members]).max() - np.rint(before[members]).max())
        changes["first_good"] = max(0, recipe.first_good - moved)
    pinned = _pinned(nominal)
    if _edges_given(nominal):
        changes["packing"] = {"edges": tuple((_edges(nominal) - by).tolist())}
    if pinned.t_max is not None:
        changes["t_max"] = pinned.t_max - by
    window = _window(nominal)
    if not isinstance(window, str) and window[1] - by <= 0:
        changes["background"] = {"before_t0": (window[0] - by, window[1] - by)}
    t_range = None
    if nominal.t_range is not None:
        t_range = (nominal.first - by, nominal.last - by)
    label = "" if error is None else f"{'earlier' if sign < 0 else 'later'} by its error"
    return Setup(dataclasses.replace(pinned, **changes), t_range, None, label)


def _arrivals(nominal: Nominal) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(n_detectors,) t0 that was used, bins, and the indices of the detectors that were used.

    Of the others it is the file's. The history has t0 to a thousandth of a bin; the digits behind
    come from where it was taken.
    """
    run, recipe = nominal.run, nominal.recipe
    given = recipe.t0 if isinstance(recipe.t0, (int, float, tuple)) else run.t0
    arrivals = np.array(np.broadcast_to(np.asarray(given, dtype=float), (run.n_detectors,)))
    step = nominal.asymmetry.history.find("group")
    if step is None:
        return arrivals, np.arange(run.n_detectors)
    period = None if "-" in str(recipe.period) else recipe.period
    counts = grouped_counts(run, dataclasses.replace(recipe, period=period))
    members = np.array([d - 1 for group in counts.detectors for d in group])
    used = np.asarray(step.options["t0"], dtype=float)
    known = arrivals[members]
    arrivals[members] = np.where(np.abs(known - used) < 1e-3, known, used)
    return arrivals, members


def first_good_moved(nominal: Nominal, sign: int) -> Setup | str:
    """The first fitted bin half as far from t0, or half as far again."""
    if _edges_given(nominal):
        return EDGES
    dt, asymmetry = nominal.width, nominal.asymmetry
    first = min(int(np.searchsorted(asymmetry.time, nominal.fitted[0])), asymmetry.time.size - 1)
    begin = round(nominal.fitted[0] / dt - 0.5 * (int(asymmetry.raw_bins[first]) - 1))
    if sign < 0 and begin < 1:
        return "the fit begins at t0"
    changes: dict[str, Any] = {"first_good": max(0, begin + sign * max(1, begin // 2))}
    if asymmetry.packs is not None:
        changes["packing"] = nominal.recipe.packing  # fewer raw bins may not hold as many bins
    return Setup(_pinned(nominal, **changes), (-np.inf, nominal.last))


def packing_changed(nominal: Nominal, *, halved: bool) -> Setup | str:
    """Bins of half or twice the width; half as wide, only as far as they hold enough counts."""
    asymmetry = nominal.asymmetry
    if _edges_given(nominal):
        return EDGES
    packing = asymmetry.packing if asymmetry.packs is None else int(asymmetry.packs[0])
    if halved and packing == 1:
        return "the raw bins are fitted already"
    changed = packing // 2 if halved else 2 * packing
    wanted = changed if asymmetry.packs is None else {"first": changed}
    if not halved:
        return Setup(_pinned(nominal, packing=wanted), nominal.t_range)
    last = nominal.last
    if asymmetry.smallest is not None:
        few = asymmetry.smallest * changed / packing < FEWEST_COUNTS
        if few.any():
            last = min(last, float(asymmetry.time[int(np.argmax(few))]))
    if last - nominal.fitted[0] < 0.5 * (nominal.fitted[1] - nominal.fitted[0]):
        return f"narrower bins would hold fewer than {FEWEST_COUNTS} counts in a group"
    return Setup(_pinned(nominal, packing=wanted), (nominal.first, last))


def background_window(nominal: Nominal, *, early: bool) -> Setup | str:
    """Half of the window before t0: its first or its last whole accelerator periods."""
    window = _window(nominal)
    if isinstance(window, str):
        return _late_window(nominal, early=early) or window
    begin, end = window
    dt = nominal.width
    n = round((end - begin) / dt) + 1
    period = ACCELERATOR_PERIOD.get(nominal.run.facility or "")
    if period is None:
        part = n // 2
    else:
        periods = round(n * dt / period) // 2
        if periods < FEWEST_PERIODS:
            return "the window holds too few accelerator periods to be halved"
        part = round(periods * period / dt)
    if part < 1:
        return "the window is one bin"
    span = (part - 1) * dt
    chosen = (begin, begin + span) if early else (end - span, end)
    return Setup(_pinned(nominal, background={"before_t0": chosen}), nominal.t_range)


def _late_window(nominal: Nominal, *, early: bool) -> Setup | None:
    """The first or the last three quarters of a late window, where the background is from one."""
    step = nominal.asymmetry.history.find("subtract_background")
    if step is None or "late" not in step.options:
        return None
    begin, end = step.options["late"]
    off = 0.25 * (end - begin)
    chosen = (begin, end - off) if early else (begin + off, end)
    label = f"{'first' if early else 'last'} three quarters"
    return Setup(_pinned(nominal, background={"late": chosen}), nominal.t_range, None, label)


def alpha_moved(nominal: Nominal, sign: int) -> Setup | str:
    """Alpha one error away."""
    asymmetry, recipe = nominal.asymmetry, nominal.recipe
    if "alpha" in nominal.carried:
        return f"{ALREADY} of the fit, where alpha is free within its own"
    error = asymmetry.alpha_error
    if error is None:
        error = nominal.alpha_error
    if error is None:
        known = "given without an error" if recipe.alpha is not None else "assumed, not calibrated"
        return f"alpha = {asymmetry.alpha:g} is {known}; pass alpha_error= or a calibration"
    if error == 0:
        return "the error of alpha is 0"
    return Setup(_pinned(nominal, alpha=asymmetry.alpha + sign * error), nominal.t_range)


def dead_time_moved(nominal: Nominal, sign: int) -> Setup | str:
    """All dead times of a calibration less or more by the error of their mean.

    Where they have no errors: without the correction (with the file's where it was left out), once.
    """
    error = dead_time_error(nominal.run, nominal.asymmetry, nominal.recipe)
    calibration = nominal.recipe.calibration
    if error is None or calibration is None:
        return _dead_time_switched(nominal) if sign < 0 else ""
    moved = tuple(tau + sign * error for tau in calibration.dead_time)
    label = f"all {'less' if sign < 0 else 'more'} by the error of their mean"
    known = dataclasses.replace(calibration, dead_time=moved)
    return Setup(_pinned(nominal, calibration=known), nominal.t_range, None, label)


def _dead_time_switched(nominal: Nominal) -> Setup | str:
    """Without the correction of the dead time; with the file's where it was left out."""
    run = nominal.run
    if run.variance is not None:
        return "the counts were corrected before they were given; the raw ones are needed"
    step = nominal.asymmetry.history.find("correct_dead_time")
    if step is not None and "dead_time" in step.options:
        return Setup(_pinned(nominal, dead_time="none"), nominal.t_range, label="off")
    if nominal.recipe.dead_time == "none" and run.dead_time is not None:
        return Setup(_pinned(nominal, dead_time="file"), nominal.t_range, label="of the file")
    return "nothing was corrected" if step is None else step.note.removeprefix("not applied: ")


def last_moved(nominal: Nominal, sign: int) -> Setup | str:
    """The last fitted time a muon lifetime (at most a quarter of the range) earlier or later."""
    begin, end = nominal.fitted
    by = min(MUON_LIFETIME, 0.25 * (end - begin))
    if sign < 0:
        return Setup(_pinned(nominal), (nominal.first, end - by))
    changes: dict[str, Any] = {"t_max": end + by}
    if nominal.asymmetry.packs is not None or _edges_given(nominal):
        changes["packing"] = nominal.recipe.packing  # growing bins go on to grow
    recipe = _pinned(nominal, **changes)
    longer = reduce(nominal.run, recipe)
    half = 0.5 * longer.raw_bins * nominal.width
    last, k = longer.time[-1], longer.time.size - 1
    if longer.smallest is not None:
        few = (longer.smallest < FEWEST_COUNTS) & (longer.time > end)
        if few.any():
            k = int(np.argmax(few))
            last = longer.time[k] - half[k]
    if last < end + half[k]:
        return f"no later bins with {FEWEST_COUNTS} counts in a group"
    return Setup(recipe, (nominal.first, min(float(last), end + by)))


_OTHER = {"damped_cosine": "gaussian_cosine", "gaussian_cosine": "damped_cosine"}


def damping_changed(nominal: Nominal) -> Setup | str:
    """Gaussian instead of exponential damping of the line, or the reverse."""
    changed = re.sub(r"\w+", lambda word: _OTHER.get(word[0], word[0]), nominal.model)
    if changed == nominal.model:
        return "the model has no line with exponential or Gaussian damping"
    label = "Gaussian" if "gaussian_cosine" in changed else "exponential"
    return Setup(_pinned(nominal), nominal.t_range, changed, label)


VARIATIONS = (
    Variation("t0", "1 raw bin earlier", "input", partial(t0_moved, sign=-1)),
    Variation("t0", "1 raw bin later", "input", partial(t0_moved, sign=1)),
    Variation("first good", "half as far from t0", "check", partial(first_good_moved, sign=-1)),
    Variation("first good", "half as far again", "check", partial(first_good_moved, sign=1)),
    Variation("packing", "halved", "check", partial(packing_changed, halved=True)),
    Variation("packing", "doubled", "check", partial(packing_changed, halved=False)),
    Variation("background", "early half", "check", partial(background_window, early=True)),
    Variation("background", "late half", "check", partial(background_window, early=False)),
    Variation("alpha", "- its error", "input", partial(alpha_moved, sign=-1)),
    Variation("alpha", "+ its error", "input", partial(alpha_moved, sign=1)),
    Variation("dead time", "on or off", "input", partial(dead_time_moved, sign=-1)),
    Variation("dead time", "more", "input", partial(dead_time_moved, sign=1)),
    Variation("range", "shorter", "check", partial(last_moved, sign=-1)),
    Variation("range", "longer", "check", partial(last_moved, sign=1)),
    Variation("damping", "of another kind", "model", damping_changed),
)
"""All of them, in the order in which they are listed."""
