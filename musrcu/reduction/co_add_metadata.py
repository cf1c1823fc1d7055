"""What is said of added runs: means weighted by counts, and where each part comes from."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.later import Later
from musrcu.containers.run import Run
from musrcu.containers.temperature import Sensor, Temperature
from musrcu.reduction.co_add_checks import numbers_of
from musrcu.reduction.co_add_logs import clock_doubts, combined_logs

FloatArray = NDArray[np.float64]
MOST_TITLES = 3
"""Titles that are joined; of more only the first is named."""
_NUMBERS = r"\s*\(runs [0-9+]+\)$"


def combined_metadata(
    runs: Sequence[Run], weights: FloatArray, warnings: Sequence[str]
) -> dict[str, Any]:
    """The fields of the sum that are not histograms.

    Parameters
    ----------
    runs : the added runs, dead times settled.
    weights : (n_runs,) counts of each.
    warnings : what is doubtful in their sum.
    """
    share = weights / weights.sum() if weights.sum() > 0 else np.full(len(runs), 1 / len(runs))
    numbers = tuple(number for run in runs for number in numbers_of(run))
    times, names = _times(runs), _names(runs)
    return {
        "numbers": numbers,
        "title": _title(runs, numbers),
        **{
            name: "; ".join(_distinct(getattr(run, name) for run in runs)) or None
            for name in ("sample", "orientation", "comment")
        },
        "instrument": _first(run.instrument for run in runs),
        "facility": _first(run.facility for run in runs),
        "labels": _labels([run.labels for run in runs]),
        "period_labels": _labels([run.period_labels for run in runs]),
        "temperature": combined_temperature([run.temperature for run in runs], share),
        "field": _mean([run.field for run in runs], share),
        **times,
        "dead_time": None,
        "good_frames": _frames(runs),
        "grouping": _if_equal([run.grouping for run in runs]),
        "header": _headers(runs, names),
        "logs": combined_logs(runs, names, weights, times["start"]),
        "path": None,
        "format": runs[0].format if len({run.format for run in runs}) == 1 else None,
        "warnings": (*_warnings(runs), *warnings, *clock_doubts(runs, times["start"])),
    }


def combined_temperature(temperatures: Sequence[Temperature], share: FloatArray) -> Temperature:
    """The temperature of added runs.

    mean = sum w T, spread^2 = sum w [spread_r^2 + (T_r - mean)^2], error^2 = sum w^2 error_r^2,
    with w the share of the counts. An unknown spread within a run counts as none; the error is
    unknown where that of any run is.

    Parameters
    ----------
    temperatures : of each run.
    share : (n_runs,) their shares of the counts; they sum to 1.
    """
    means = [one.mean for one in temperatures]
    nominal = _mean([one.nominal for one in temperatures], share)
    mean = _mean(means, share)
    if mean is None:
        if nominal is None:  # sensors in some runs, set points in the others
            nominal = _mean([one.value for one in temperatures], share)
        return Temperature(nominal)
    sensors: tuple[Sensor, ...] = ()
    names = {tuple(sensor.name for sensor in one.sensors) for one in temperatures}
    if len(names) == 1:
        columns = zip(*(one.sensors for one in temperatures), strict=True)
        sensors = tuple(_sensor(column, share) for column in columns)
    return Temperature(
        nominal=nominal,
        mean=mean,
        error=_error([one.error for one in temperatures], share),
        spread=_spread(means, [one.spread for one in temperatures], mean, share),
        sensors=sensors,
    )


def _sensor(sensors: Sequence[Sensor], share: FloatArray) -> Sensor:
    means: list[float | None] = [sensor.mean for sensor in sensors]
    mean = _mean(means, share)
    assert mean is not None
    readings = [sensor.n_readings for sensor in sensors]
    return Sensor(
        name=sensors[0].name,
        mean=mean,
        spread=_spread(means, [sensor.spread for sensor in sensors], mean, share),
        n_readings=None if None in readings else sum(n for n in readings if n is not None),
    )


def _mean(values: Sequence[float | None], share: FloatArray) -> float | None:
    """The weighted mean; None where a value is unknown, and the value itself where all are one."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    return known[0] if len(set(known)) == 1 else float(share @ np.array(known))


def _spread(
    means: Sequence[float | None], spreads: Sequence[float | None], mean: float, share: FloatArray
) -> float | None:
    if all(spread is None for spread in spreads) and len(set(means)) == 1:
        return None
    within = np.array([0.0 if spread is None else spread for spread in spreads])
    between = np.array([0.0 if value is None else value - mean for value in means])
    return float(np.sqrt(share @ (within**2 + between**2)))


def _error(errors: Sequence[float | None], share: FloatArray) -> float | None:
    known = [error for error in errors if error is not None]
    if len(known) < len(errors):
        return None
    return float(np.sqrt(np.sum((share * np.array(known)) ** 2)))


def _frames(runs: Sequence[Run]) -> NDArray[np.int64] | None:
    frames = [run.good_frames for run in runs if run.good_frames is not None]
    return np.sum(frames, axis=0, dtype=np.int64) if len(frames) == len(runs) else None


def _times(runs: Sequence[Run]) -> dict[str, str | None]:
    """The earliest start and the latest stop."""
    starts, stops = [run.start for run in runs], [run.stop for run in runs]
    return {"start": _extreme(starts, 0), "stop": _extreme(stops, -1)}


def _extreme(texts: Sequence[str | None], place: int) -> str | None:
    """The first or the last of some times; None where one is unknown or they cannot be compared."""
    known = [text for text in texts if text is not None]
    if len(known) < len(texts):
        return None
    try:
        return sorted(known, key=datetime.datetime.fromisoformat)[place]
    except (ValueError, TypeError):  # TypeError: some name their zone
        return known[0] if len(set(known)) == 1 else None


def _title(runs: Sequence[Run], numbers: Sequence[int]) -> str | None:
    """The titles, each once, and the numbers of the runs."""
    plain = (re.sub(_NUMBERS, "", run.title or "") for run in runs)
    titles = _distinct(plain)
    title = " + ".join(titles if len(titles) <= MOST_TITLES else [titles[0], "..."])
    return f"{title} (runs {'+'.join(map(str, numbers))})".strip() if numbers else title or None


def _warnings(runs: Sequence[Run]) -> list[str]:
    """The warnings of the runs, each once and with who has it."""
    owners: dict[str, list[str]] = {}
    for run in runs:
        for text in run.warnings:
            owners.setdefault(text, []).append(run.name)
    return [
        f"{', '.join(names) if len(names) < 4 else f'{len(names)} of the added runs'}: {text}"
        for text, names in owners.items()
    ]


def _distinct(texts: Any) -> list[str]:
    found: dict[str, str] = {}
    for text in texts:
        if text and text.strip():
            found.setdefault(text.strip().casefold(), text)
    return list(found.values())


def _first(texts: Any) -> str | None:
    return next((text for text in texts if text), None)


def _labels(rows: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The first label that each detector or period has in any run."""
    return tuple(_first(column) or "" for column in zip(*rows, strict=True))


def _if_equal(arrays: Sequence[NDArray[Any] | None]) -> NDArray[Any] | None:
    first = arrays[0]
    if first is None or any(one is None or not np.array_equal(one, first) for one in arrays):
        return None
    return first


def _names(runs: Sequence[Run]) -> list[str]:
    """What to call each run, all different."""
    names = [run.name for run in runs]
    return [
        name if names.count(name) == 1 else f"{name} ({number})"
        for number, name in enumerate(names, 1)
    ]


def _headers(runs: Sequence[Run], names: Sequence[str]) -> Later[Any]:
    """The headers of every run, looked at when they are first wanted."""
    headers = [run.header if isinstance(run.header, Later) else dict(run.header) for run in runs]
    return Later(partial(_joined, tuple(zip(names, headers, strict=True))))


def _joined(parts: tuple[tuple[str, Mapping[str, Any]], ...]) -> dict[str, Any]:
    return {f"{name}: {key}": value for name, mapping in parts for key, value in mapping.items()}
