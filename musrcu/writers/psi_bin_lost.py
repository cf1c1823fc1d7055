"""What of a run a PSI-BIN file does not hold: found by reading the file again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import numpy as np

from musrcu.containers.run import Run
from musrcu.containers.temperature import Temperature


def lost_in_psi_bin(run: Run, path: Path) -> tuple[str, ...]:
    """What of a run the PSI-BIN file at ``path``, just written from it, does not hold.

    The file is read and compared, so that nothing is named that came through: the instrument only
    where the name of the file does not tell it, digits only where some were cut.

    Returns
    -------
    A few words each, none where everything comes back.
    """
    from musrcu.readers.psi_bin import read_psi_bin

    back = read_psi_bin(path)
    return (*_rounded(run, back), *_absent(run, back), *_origin(run, back))


def _rounded(run: Run, back: Run) -> Iterator[str]:
    """Numbers and times that came back with fewer digits."""
    if back.bin_width != run.bin_width:
        yield f"the bin width beyond single precision, {1e3 * back.bin_width:.9g} ns"
    if not np.array_equal(back.t0, run.t0):
        yield "digits of t0 beyond single precision"
    if back.temperature.nominal != run.temperature.nominal:
        yield "digits of the set point beyond its ten characters"
    if back.field != run.field:
        yield "digits of the field beyond its ten characters"
    pairs = list(zip_longest(_kelvins(run.temperature), _kelvins(back.temperature)))
    if any(one is not None and one != other for one, other in pairs):
        yield "digits of temperatures beyond single precision"
    for which, mine, other in (("start", run.start, back.start), ("stop", run.stop, back.stop)):
        if mine != other:
            yield f"the {which} {mine}, only {other}"


def _kelvins(known: Temperature) -> tuple[float | None, ...]:
    """Mean, spread and those of each sensor; a spread of 0 is none."""
    pairs = [(known.mean, known.spread), *((one.mean, one.spread) for one in known.sensors)]
    return tuple(value or None for pair in pairs for value in pair)


def _absent(run: Run, back: Run) -> Iterator[str]:
    """What the format has no place for."""
    if back.facility != run.facility:
        yield f"the facility {run.facility or 'as unknown'} (read as {back.facility})"
    if back.instrument != run.instrument:
        yield _instrument(run, back)
    if run.numbers:
        yield f"that it is the sum of runs {', '.join(map(str, run.numbers))}"
    error, found = run.temperature.error, back.temperature.error
    if error is not None and (found is None or not np.isclose(found, error, rtol=1e-6, atol=0)):
        yield "the error of the temperature"
    if any(sensor.name for sensor in run.temperature.sensors):
        yield "names of sensors"
    for what, there in (
        ("dead times", run.dead_time is not None),
        ("good frames", run.good_frames is not None),
        ("the grouping", run.grouping is not None),
        ("the comment", bool(run.comment)),
        ("the name of the period", any(run.period_labels)),
    ):
        if there:
            yield what


def _instrument(run: Run, back: Run) -> str:
    """That the instrument is lost, and by which name of the file a PSI instrument is kept."""
    from musrcu.readers.psi_metadata import INSTRUMENTS

    lost = f"the instrument {run.instrument or 'as unknown'}" + (
        f" (read as {back.instrument} from the name of the file)"
        if back.instrument
        else ", which the name of the file does not say"
    )
    token = {name: token for token, name in INSTRUMENTS.items()}.get(run.instrument or "")
    if token is None:
        return lost
    name = f"deltat_{token}_{run.number or 0:04d}.bin"
    return f"{lost}: the sign of A depends on it, so call it {name}"


def _origin(run: Run, back: Run) -> Iterator[str]:
    """Logs, doubts, steps and the header of another format."""
    logs = set(run.logs) | ({run.temperature.log.name} if run.temperature.log else set())
    doubts = [text for text in run.warnings if text not in back.warnings]
    for what, number in (("log", len(logs)), ("warning", len(doubts)), ("step", len(run.history))):
        if number:
            yield f"{number} {what}{'s' if number > 1 else ''}" + (
                " of its history" if what == "step" else ""
            )
    if run.header and not run.header.get("FMT_ID"):
        yield "what else the header of the original file says"
