"""Which calibrations may be combined: of one pair, found alike, each run once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from musrcu.containers.calibration import Calibration
from musrcu.errors import FitError


def alike(calibrations: Iterable[Calibration]) -> list[Calibration]:
    """The calibrations, all of one pair the same way round.

    Raises
    ------
    FitError where they cannot be combined, with what differs.
    """
    given = _listed(calibrations)
    first = given[0]
    found = [first]
    for one in given[1:]:
        _check_alike(first, one)
        pair = (one.forward, one.backward)
        if pair == (first.forward, first.backward):
            found.append(one)
        elif pair == (first.backward, first.forward):
            found.append(one.reversed())
        else:
            raise FitError(
                f"calibrations of {name_of(first)} and {name_of(one)} cannot be combined: their "
                f"pairs are {first.forward}/{first.backward} and {one.forward}/{one.backward}"
            )
    runs = [run for one in found for run in runs_of(one)]
    if len(set(runs)) < len(runs):
        twice = next(run for run in runs if runs.count(run) > 1)
        raise FitError(f"run {twice} is among the calibrations twice; name each run once")
    return found


def _listed(calibrations: object) -> list[Calibration]:
    if isinstance(calibrations, (str, bytes)) or not isinstance(calibrations, Iterable):
        kind = type(calibrations).__name__
        raise FitError(f"calibrations to combine are given as a list of them, not as {kind}")
    given = list(calibrations)
    if not given:
        raise FitError("no calibrations to combine; give at least one")
    for one in given:
        if not isinstance(one, Calibration):
            raise FitError(f"{one!r} among the calibrations is none; read it by Calibration.load")
    return given


def _check_alike(first: Calibration, one: Calibration) -> None:
    cannot = f"calibrations of {name_of(first)} and {name_of(one)} cannot be combined:"
    for noun, ours, theirs in (
        ("instrument", first.instrument, one.instrument),
        ("method", first.method, one.method),
        ("number of detectors", first.n_detectors, one.n_detectors),
    ):
        if ours != theirs:
            raise FitError(
                f"{cannot} their {noun} is {ours!r} and {theirs!r}; combine what is alike"
            )
    if (first.detector_beta is None) != (one.detector_beta is None):
        raise FitError(
            f"{cannot} only one of them has detector_beta; calibrate all runs with it or without"
        )
    if first.t0 and one.t0 and not same_bins([first, one]):
        raise FitError(
            f"{cannot} their t0 counts bins of {first.bin_width:g} and {one.bin_width:g} us; "
            "calibrate runs of one bin width"
        )


def same_bins(found: Sequence[Calibration]) -> bool:
    """Whether no two of the widths of a raw bin that are known differ."""
    widths = [one.bin_width for one in found if one.bin_width is not None]
    return not widths or max(widths) - min(widths) <= 1e-6 * min(widths)


def runs_of(calibration: Calibration) -> tuple[int, ...]:
    """Numbers of its runs; none where they are unknown."""
    if calibration.runs:
        return calibration.runs
    return () if calibration.run is None else (calibration.run,)


def name_of(calibration: Calibration) -> str:
    """Instrument and runs, or ``a run``."""
    return calibration.origin or "a run"
