"""The recipe: every option of a reduction in one object that can be saved, compared and reused."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from musrcu import toml
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.calibration import Calibration
from musrcu.containers.counts import Counts
from musrcu.containers.history import Step
from musrcu.containers.kinds import check_kind
from musrcu.containers.run import Run
from musrcu.errors import ReductionError, nearest
from musrcu.files import PathLike, write_text
from musrcu.instrument_table import Geometry
from musrcu.reduction.asymmetry import form_asymmetry
from musrcu.reduction.background import leave_background, subtract_background
from musrcu.reduction.balance import choose_balance, know_balance
from musrcu.reduction.calibrated import origin_of, take_calibration
from musrcu.reduction.dead_time import correct_dead_time, leave_dead_time, settle_dead_time
from musrcu.reduction.detectors import inspect_detectors, left_out
from musrcu.reduction.grouping import Selection, group
from musrcu.reduction.options import as_tuple, check_options, read_background
from musrcu.reduction.packing import Packing, read_packing
from musrcu.reduction.periods import Periods, added, read_periods, subtracted
from musrcu.reduction.rebin import rebin
from musrcu.reduction.seen import with_dead_time, with_losses, with_measured
from musrcu.reduction.temperature import take_temperature


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """All options of the way from a run to its asymmetry; None means the printed default."""

    forward: Selection | None = None
    """Detectors that the initial muon spin points to: ``"Back"``, ``"1-4,7"``, ``[1, 2]``."""
    backward: Selection | None = None
    exclude: Selection | None = None
    """Detectors to leave out: ``"3,7"``, or ``"bad"`` for those that are dead, hot, noisy or no
    positron counters."""
    geometry: Geometry | None = None
    """``longitudinal`` or ``transverse``: which default pair; None takes the usual one."""
    period: int | str | None = None
    """Number from 1, label, sum of counts ``"1+2"``, or difference of asymmetries ``"1-2"``;
    None takes the first."""
    alpha: float | None = None
    """Balance; None takes the calibration's, or 1 where there is none."""
    detector_beta: float | None = None
    """Ratio of the intrinsic asymmetries of backward and forward; None takes the calibration's,
    or 1."""
    packing: Packing | None = None
    """Raw bins in one bin, ``variable``, ``{"bins": K}``, ``{"first": n}`` or ``{"edges": (0.1,
    0.2)}`` as :func:`musrcu.rebin` takes it; None takes the smallest number that counts allow."""
    t_max: float | None = None
    """Late cut, µs."""
    t0: str | float | tuple[float, ...] | None = None
    """Bin index (from 0) of the muon's arrival, one for all or one per detector; ``prompt`` or
    ``edge`` finds it in the counts, ``file`` or None takes the file's."""
    first_good: int | None = None
    """First good bin, raw bins after t0."""
    background: str | Mapping[str, tuple[float, float]] = "auto"
    """``auto`` (before t0 where the source is continuous), ``none``, ``fit`` (left to a fit of
    counts), ``{"before_t0": (start, stop)}`` or ``{"late": (start, stop)}`` in µs, ``{"given":
    (forward, backward)}`` in counts per raw bin, or ``{"per_frame": ...}``; the last two may have
    an ``"error"`` too."""
    dead_time: str | float | tuple[float, ...] = "auto"
    """``auto`` (the calibration's where it has them, else the file's), ``file``, ``none``, or µs:
    one for all or one per detector."""
    temperature_log: str | None = None
    """Log of the file that gives the temperature, such as ``Temp_Sample``; None takes what the
    file states."""
    calibration: Calibration | None = None
    """What is known of the spectrometer: alpha, detector_beta and total asymmetry, t0 and dead
    times. An option that is given comes before it, it comes before the file."""

    def __post_init__(self) -> None:
        for name in ("t0", "dead_time", "forward", "backward", "exclude"):
            object.__setattr__(self, name, as_tuple(getattr(self, name)))
        check_options({field.name: getattr(self, field.name) for field in dataclasses.fields(self)})
        if self.dead_time is None:
            raise ReductionError(
                "dead_time = None; expected 'auto', 'file', 'none' or numbers in us"
            )
        object.__setattr__(self, "background", read_background(self.background))
        object.__setattr__(self, "packing", read_packing(self.packing))
        if not isinstance(self.calibration, Calibration | None):
            raise ReductionError(
                f"calibration = {self.calibration!r}; expected a Calibration, from mu.calibrate "
                "or Calibration.load"
            )

    def to_dict(self) -> dict[str, Any]:
        """The table ``[reduction]``: the options that were set; a calibration stands apart."""
        options = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name == "calibration" or value is None or value == field.default:
                continue
            options[field.name] = dict(value) if isinstance(value, Mapping) else value
        return options

    @classmethod
    def from_dict(
        cls,
        table: Mapping[str, Any],
        calibration: Calibration | None = None,
        where: str = "[reduction]",
    ) -> Reduction:
        """A recipe from its table; refuses an option it does not know."""
        known = [field.name for field in dataclasses.fields(cls) if field.name != "calibration"]
        for name in table:
            if name not in known:
                raise ReductionError(f"{where} has no option {name!r}{nearest(name, known)}")
        try:
            return cls(**table, calibration=calibration)
        except ReductionError as error:
            raise ReductionError(f"{where} {error}") from error

    def to_tables(self) -> dict[str, Any]:
        """The tables ``reduction`` and ``calibration``; None where there is no calibration."""
        known = self.calibration
        return {
            "reduction": self.to_dict(),
            "calibration": None if known is None else known.to_dict(),
        }

    @classmethod
    def from_tables(cls, tables: Mapping[str, Any], where: str) -> Reduction:
        """The inverse of :meth:`to_tables`; ``where`` is named in the error."""
        try:
            table, calibration = tables["reduction"], tables["calibration"]
            if not isinstance(table, Mapping):
                raise TypeError(f"a table expected, not {table!r}")
            known = None if calibration is None else Calibration.from_dict(calibration)
            return cls.from_dict(table, known, f"{where}: recipe")
        except (KeyError, TypeError) as error:
            raise ReductionError(
                f"{where} does not say how its runs were reduced; what musrcu fit and scan write "
                "with -o does"
            ) from error

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write the tables ``[reduction]`` and ``[calibration]`` to a TOML file."""
        tables = {"reduction": self.to_dict()}
        if self.calibration is not None:
            tables["calibration"] = self.calibration.to_dict()
        write_text(path, toml.dumps(tables), overwrite=overwrite)

    @classmethod
    def load(cls, path: PathLike) -> Reduction:
        """Read the tables ``[reduction]`` and ``[calibration]`` of a TOML file."""
        tables = toml.load(path)
        if "reduction" not in tables:
            raise ReductionError(f"{path} has no table [reduction]")
        calibration = None
        if "calibration" in tables:
            calibration = Calibration.from_dict(tables["calibration"], f"{path}: [calibration]")
        return cls.from_dict(tables["reduction"], calibration, f"{path}: [reduction]")

    def summary(self) -> str:
        """The options that were set, one a line."""
        lines = [f"{name} = {toml.dump_value(value)}" for name, value in self.to_dict().items()]
        if self.calibration is not None:
            lines.append(self.calibration.summary())
        return "\n".join(lines) or "all defaults"


def reduce(run: Run, recipe: Reduction | None = None) -> Asymmetry:
    """The asymmetry of a run by a recipe.

    Dead time, periods, grouping, background, packing, asymmetry, in this order. ``history`` of the
    result lists every step with the options that were used, defaults resolved. For a difference of
    periods, ``"1+2-3-4"``, counts of 1 and 2 and of 3 and 4 are added, and the asymmetry of the
    second sum is taken off that of the first.

    Parameters
    ----------
    run : a raw run.
    recipe : the options; None takes the default of each.

    Raises
    ------
    ReductionError where a stage cannot work with the run.
    """
    recipe = checked("reduce", run, recipe)
    if recipe.background == "fit":
        raise ReductionError(
            f"{run.name}: background = 'fit' is found by a fit of the counts (musrcu fit --cost "
            "poisson, or mu.fit on Counts); an asymmetry needs it subtracted"
        )
    run = _dead_time_settled(calibrated(run, recipe), recipe)
    chosen = read_periods(run, recipe.period)
    if chosen.minus:
        return _difference(run, recipe, chosen).replace(recipe=recipe)
    counts = _grouped(run, recipe, recipe.period)
    counts = rebin(counts, packing=recipe.packing, t_max=recipe.t_max)
    return _asymmetry(counts, recipe).replace(recipe=recipe)


def checked(taker: str, run: Run, recipe: Reduction | None) -> Reduction:
    """The recipe, the default one where there is none; raises where either is something else."""
    check_kind(taker, run, Run)
    if recipe is None:
        return Reduction()
    check_kind(taker, recipe, Reduction)
    return recipe


def _difference(run: Run, recipe: Reduction, chosen: Periods) -> Asymmetry:
    """The asymmetry of some periods less that of others, packed alike, of the same detectors."""
    out = left_out(run, inspect_detectors(run), recipe.exclude)
    recipe = dataclasses.replace(recipe, exclude=out or None)
    plus, minus = (_grouped(added(run, side), recipe) for side in (chosen.plus, chosen.minus))
    sides = [
        _asymmetry(rebin(one, packing=recipe.packing, t_max=recipe.t_max, alike=(other,)), recipe)
        for one, other in ((plus, minus), (minus, plus))
    ]
    return subtracted(sides[0], sides[1], run, chosen)


def _asymmetry(counts: Counts, recipe: Reduction) -> Asymmetry:
    balance = choose_balance(counts, recipe.alpha, recipe.calibration, recipe.detector_beta)
    return form_asymmetry(
        counts,
        alpha=balance.alpha,
        alpha_error=balance.alpha_error,
        total=balance.total,
        total_error=balance.total_error,
        detector_beta=balance.detector_beta,
        note=balance.note,
    )


def grouped_counts(run: Run, recipe: Reduction) -> Counts:
    """The stages of a recipe up to the background: aligned counts in raw bins.

    Raises
    ------
    ReductionError where a stage cannot work with the run, or the recipe asks for a difference of
    periods.
    """
    run = calibrated(run, recipe)
    return _grouped(_dead_time_settled(run, recipe), recipe, recipe.period)


def reduce_counts(run: Run, recipe: Reduction | None = None, *, few: bool = True) -> Counts:
    """The counts of a run by a recipe as they were seen, for a fit of the counts themselves.

    Periods, grouping, background, packing. The dead time is not corrected, because corrected
    counts are not Poisson's: what it took stands in ``losses``, for the model to take it off too.
    A measured background is subtracted from ``values``; ``variance`` holds what was counted. What
    is known of alpha and detector_beta goes with them: a fit constrains them to a calibration,
    holds those that the recipe gives, and is free to find an alpha of which nothing is known.

    Parameters
    ----------
    run : a raw run.
    recipe : the options; None takes the default of each, but every good bin is kept up to
        ``t_max``, however few counts the late ones hold.
    few : whether that is so; else the default late cut is that of an asymmetry.

    Raises
    ------
    ReductionError where a stage cannot work with the run, the recipe asks for a difference of
    periods, or the run was corrected for dead time before.
    """
    recipe = checked("reduce_counts", run, recipe)
    run = calibrated(run, recipe)
    if recipe.dead_time == "none":
        counts = with_measured(_grouped(leave_dead_time(run), recipe, recipe.period))
    else:
        own = isinstance(recipe.dead_time, str)
        run = with_dead_time(run, None if own else recipe.dead_time)
        # periods are added as they were seen
        counts = with_measured(_grouped(leave_dead_time(run), recipe, recipe.period))
        origin = f"from {origin_of(run, 'dead_time')}" if own else "given"
        counts = with_losses(counts, run, read_periods(run, recipe.period).plus, origin)
    usual, few = few, few or recipe.t_max is not None
    counts = rebin(counts, packing=recipe.packing, t_max=recipe.t_max, few=few)
    counts = know_balance(counts, recipe.alpha, recipe.calibration, recipe.detector_beta)
    return counts.replace(recipe=recipe if usual else None)


def calibrated(run: Run, recipe: Reduction) -> Run:
    """The run with its temperature, and with t0 and dead times of the calibration."""
    run = take_temperature(run, recipe.temperature_log)
    if recipe.calibration is None:
        return run
    t0, dead_time = recipe.t0 is None, recipe.dead_time == "auto"
    return take_calibration(run, recipe.calibration, t0=t0, dead_time=dead_time)


def _dead_time_settled(run: Run, recipe: Reduction) -> Run:
    if recipe.dead_time == "none":
        return leave_dead_time(run)
    chosen = read_periods(run, recipe.period)
    used = (*chosen.plus, *chosen.minus)
    if isinstance(recipe.dead_time, str):
        return settle_dead_time(run, used)
    return correct_dead_time(run, dead_time=recipe.dead_time, periods=used)


def _grouped(run: Run, recipe: Reduction, period: int | str | None = None) -> Counts:
    counts = group(
        run,
        forward=recipe.forward,
        backward=recipe.backward,
        exclude=recipe.exclude,
        geometry=recipe.geometry,
        period=period,
        t0=recipe.t0,
        first_good=recipe.first_good,
    )
    return take_background(counts, recipe)


def take_background(counts: Counts, recipe: Reduction) -> Counts:
    """Aligned counts with what the recipe says of their background done."""
    if recipe.background == "none":
        step = Step("subtract_background", "not applied: as asked")
        return counts.replace(step=step, background_free=False)
    if recipe.background == "fit":
        return leave_background(counts)
    if isinstance(recipe.background, Mapping):
        return subtract_background(counts, **recipe.background)
    return subtract_background(counts)
