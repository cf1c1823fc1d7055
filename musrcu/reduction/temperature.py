"""Which temperature a run is taken to have: what its file states, or the mean of a log."""

from __future__ import annotations

from musrcu.containers.history import Step
from musrcu.containers.log import Log
from musrcu.containers.run import Run
from musrcu.errors import MusrcuError, ReductionError, nearest

MOST_NAMES = 12
"""Names of logs that an error lists."""
SAME = 0.05
"""A log whose mean differs from the set point by more than this fraction is a warning."""


def take_temperature(run: Run, log: str | None) -> Run:
    """The run with its temperature taken from one of its logs.

    The mean is weighted by time over the run, a reading holding until the next one; its error is
    the spread over the square root of the number of readings. Of added runs only the time within
    the runs has weight, and each run that of its counts, as in ``add_runs``.

    A log that hardly covers the run, is long past or falls silent, has no unit, or differs from
    the set point is taken, with a warning.

    Parameters
    ----------
    run : the run, with ``run.logs``.
    log : name of a log in K or mK, such as ``Temp_Sample``; None leaves the run as it is.

    Raises
    ------
    ReductionError if the run has no such log, or it is no temperature during the run.
    """
    if log is None:
        return run
    if log not in run.logs:
        names = list(run.logs)
        held = ", ".join(names[:MOST_NAMES]) or "none"
        held += f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        raise ReductionError(
            f"{run.name}: no log is called {log!r}{nearest(log, tuple(run.logs))}; it has {held}"
        )
    try:
        temperature = run.temperature.with_log(run.logs[log], run.duration)
    except MusrcuError as error:
        raise ReductionError(f"{run.name}: {error}") from error
    set_point, mean = run.temperature.nominal, temperature.mean
    assert mean is not None  # with_log found one
    options = {"log": log, "mean_K": round(mean, 6), "set_point_K": set_point}
    if set_point is None:
        del options["set_point_K"]
    doubts = _doubts(run, log)
    if set_point is not None and abs(mean - set_point) > SAME * max(mean, set_point):
        doubts.append(
            f"log {log} read {mean:.4g} K on average, the set point is {set_point:g} K; the log "
            "is taken, as asked"
        )
    return run.replace(
        step=Step("take_temperature", _how(run.logs[log]), options),
        temperature=temperature,
        warnings=(*run.warnings, *doubts),
    )


def _how(log: Log) -> str:
    if len(log.spans) < 2:
        return "mean over the run, weighted by time"
    return (
        f"mean over {len(log.spans)} added runs, weighted by time in each and by counts among them"
    )


def _doubts(run: Run, log: str) -> list[str]:
    """What speaks against the mean of a log; of added runs, against that of each."""
    taken = run.logs[log]
    parts = [taken]
    if len(taken.spans) > 1:
        parts = [other for name, other in run.logs.items() if name.endswith(f": {log}")]
    doubts = [doubt for part in parts for doubt in part.doubts(run.duration)]
    doubts += [f"log {part.name} has no reading in its run" for part in parts if _empty(part, run)]
    if not (taken.unit or "").strip():
        doubts.append(f"log {log}: its unit is not stated, taken as K")
    return doubts


def _empty(log: Log, run: Run) -> bool:
    return log.during(0.0, run.duration) is None
