"""What is odd in a run: sentences with numbers, for whoever is about to trust it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from musrcu.analysis.check_arrival import arrival
from musrcu.analysis.check_histograms import (
    full_bins,
    odd_detectors,
    spikes,
    stopped,
)
from musrcu.analysis.title import read_title
from musrcu.containers.log import Log, LogMean
from musrcu.containers.run import Run
from musrcu.errors import MusrcuError

SAME_TEMPERATURE = 0.02
"""Temperatures that differ by less than this fraction, or by less than 0.1 K, are alike."""
SAME_FIELD = 0.05
"""Fields that differ by less than this fraction, or by less than 1 G, are alike."""
DRIFT = 0.01
"""Halves of a run whose temperatures differ by more than this fraction are odd."""
SPREAD = 0.05
"""A temperature that spreads by more than this fraction of itself is odd."""
LARGE_LOSS = 0.1
"""A dead-time loss above this fraction in some bin is odd."""
PULSES_PER_SECOND = 50.0
"""Frames of ISIS a second; 40 at its first target station since the second one runs."""


def check_run(run: Run) -> tuple[str, ...]:
    """What is odd in a run, one sentence each; what the reader warned of comes first.

    Looked at: title against stated temperature and field, set point against sensors, drift, logs
    that hardly cover the run or are long past, t0 against the prompt peak (continuous source) or
    the edge of the muon pulse (pulsed source), detectors with almost no or far too many counts and
    those that count nothing from some good bin on, single bins far above their neighbours, bins at
    the largest number that 16 bits hold, dead times and frames, times of start and stop.

    Parameters
    ----------
    run : as read; raw counts.

    Returns
    -------
    Sentences, none for a run in which nothing is odd.
    """
    found = list(run.warnings)
    about_file = (_title, _thermometers, _logs, arrival)
    for look in (*about_file, odd_detectors, stopped, spikes, full_bins, _losses, _clock):
        found += look(run)
    return tuple(dict.fromkeys(" ".join(sentence.split()) for sentence in found))


def _title(run: Run) -> Iterator[str]:
    said = read_title(run.title)
    stated = run.temperature.nominal
    if stated is None:
        stated = run.temperature.value
    if not _alike(said.temperature, stated, SAME_TEMPERATURE, 0.1):
        yield f"the title says {said.temperature:g} K, the file {stated:g} K"
    if not _alike(said.field, None if run.field is None else abs(run.field), SAME_FIELD, 1.0):
        yield f"the title says {said.field:g} G, the file {run.field:g} G"
    if run.temperature.value is None:
        yield "no temperature is stated"
    if run.field is None:
        yield "no field is stated"


def _thermometers(run: Run) -> Iterator[str]:
    temperature = run.temperature
    for number, sensor in enumerate(temperature.sensors, 1):
        name = f"sensor {number}" + (f" ({sensor.name})" if sensor.name else "")
        if number == 1 and not _alike(sensor.mean, temperature.nominal, SAME_TEMPERATURE, 0.1):
            yield f"{name} read {sensor.mean:g} K, the set point is {temperature.nominal:g} K"
        if sensor.spread is not None and sensor.spread > SPREAD * sensor.mean:
            yield f"{name} spread by {sensor.spread:.2g} K about {sensor.mean:.4g} K"


def _logs(run: Run) -> Iterator[str]:
    """Logs that are called after a temperature of the sample."""
    try:
        logs = dict(run.logs)
    except MusrcuError as error:
        yield f"the logs cannot be read: {error}"
        return
    for name, log in logs.items():
        if not name.casefold().startswith("temp") or "sample" not in name.casefold():
            continue
        found = log.during(0.0, run.duration)
        if found is None:
            yield f"log {name} has no reading during the run"
            continue
        yield from log.doubts(run.duration)
        stated = run.temperature.value
        if stated is not None and not _alike(found.mean, stated, SAME_TEMPERATURE, 0.1):
            yield f"log {name} read {found.mean:.4g} on average, the file states {stated:g} K"
        yield from _drift(name, log, found, run.duration)


def _drift(name: str, log: Log, whole: LogMean, length: float | None) -> Iterator[str]:
    end = float(log.seconds[-1]) if length is None else length
    first = log.during(0.0, end / 2) if end > 0 else None
    second = log.during(end / 2, end) if end > 0 else None
    if first and second and abs(second.mean - first.mean) > DRIFT * abs(whole.mean):
        yield (
            f"log {name} drifted: {first.mean:.4g} in the first half of the run, "
            f"{second.mean:.4g} in the second"
        )
    if whole.spread > SPREAD * abs(whole.mean):
        yield f"log {name} spread by {whole.spread:.2g} about {whole.mean:.4g}"


def _losses(run: Run) -> Iterator[str]:
    if run.dead_time is None:
        return
    if run.good_frames is None:
        yield "dead times are in the file but no good frames, so they cannot be used"
        return
    frames = np.maximum(run.good_frames, 1)[:, None]
    loss = run.counts.max(axis=2) * run.dead_time / (run.bin_width * frames)
    if loss.max() > LARGE_LOSS:
        p, d = np.unravel_index(int(loss.argmax()), loss.shape)
        yield (
            f"detector {d + 1}, period {p + 1} loses {loss.max():.0%} of its counts to dead time "
            f"in its fullest bin ({run.dead_time[p, d]:.3g} us, {run.good_frames[p]} frames)"
        )
    negative = int((run.dead_time[0] < 0).sum())
    if negative:
        yield (
            f"{negative} of {run.n_detectors} dead times are negative, the lowest "
            f"{run.dead_time.min():.3g} us"
        )


def _clock(run: Run) -> Iterator[str]:
    length = run.duration
    if run.start is not None and run.stop is not None and length is None:
        yield f"the run stops ({run.stop}) before it starts ({run.start})"
    if length is not None and run.good_frames is not None and run.facility == "ISIS":
        frames, most = int(run.good_frames.sum()), 1.05 * PULSES_PER_SECOND * length
        if length > 0 and frames > most:
            yield (f"{frames} frames in {length:g} s are more than {PULSES_PER_SECOND:g} a second")


def _alike(one: float | None, other: float | None, relative: float, absolute: float) -> bool:
    """Whether two values agree; what is unknown contradicts nothing."""
    if one is None or other is None:
        return True
    return abs(one - other) <= max(relative * max(abs(one), abs(other)), absolute)
