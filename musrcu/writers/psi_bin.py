"""Writing PSI-BIN: the inverse of :mod:`musrcu.readers.psi_bin`.

A run that was read from PSI-BIN keeps its header: only fields whose meaning differs from the
run's are written anew, so that an untouched run gives its file back byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu import psi_bin_layout as layout
from musrcu import psi_text
from musrcu.containers.run import Run
from musrcu.errors import MusrcuError
from musrcu.files import PathLike, write_bytes
from musrcu.psi_bin_layout import Header
from musrcu.writers.raw import raw_remedy

_INT16, _INT32, _FLOAT32 = 2**15, 2**31, 3.4e38


def write_psi_bin(run: Run, path: PathLike, *, overwrite: bool = False) -> Path:
    """Write a run as PSI-BIN and return the path.

    Padding and event counts (over the good bins) are written as the data acquisition does. Set
    point and field become texts of ten characters, mean temperatures single precision: digits
    beyond these are rounded. The instrument is not in the format; readers take it from the
    file's name (``..._ltf_0001.bin``). What else is left out silently,
    :func:`musrcu.writers.psi_bin_lost.lost_in_psi_bin` names; :func:`musrcu.write` warns of it.

    Parameters
    ----------
    run : a raw run of a continuous source: one period, at most 16 histograms.
    path : the file to be written.
    overwrite : whether an existing file may be replaced.

    Raises
    ------
    MusrcuError if the format cannot hold the run, or the file cannot be written.
    """
    _check_run(run)
    counts = _whole_counts(run)
    raw = _starting_header(run)
    old = layout.decode(bytes(raw))
    fields = dict(old)
    for part in (_geometry, _clock, _bins, _texts, _moments, _temperature):
        fields |= part(run, old)
    fields |= _events(counts, fields, old)
    for name, field in layout.FIELDS.items():
        if fields[name] is not old[name]:
            field.pack_into(raw, fields[name])
    records = np.zeros((run.n_detectors, fields["KDAFHI"] * fields["LENDAF"]), dtype="<i4")
    records[:, : run.n_bins] = counts
    return write_bytes(path, bytes(raw) + records.tobytes(), overwrite=overwrite)


def _refuse(what: str, remedy: str = "") -> MusrcuError:
    return MusrcuError(f"PSI-BIN cannot hold {what}" + (f"; {remedy}" if remedy else ""))


def _check_run(run: Run) -> None:
    if run.source != "continuous":
        raise _refuse("a run of a pulsed source", "it has no good frames")
    if run.n_periods != 1:
        raise _refuse(f"{run.n_periods} periods, only one", "write one period at a time")
    if not 0 < run.n_detectors <= layout.MAX_HISTOGRAMS:
        raise _refuse(f"{run.n_detectors} histograms, only 1 to {layout.MAX_HISTOGRAMS}")
    if not 0 < run.n_bins < _INT16:
        raise _refuse(f"{run.n_bins} bins per histogram, only 1 to {_INT16 - 1}", "rebin the run")
    if run.number is not None and not -_INT16 <= run.number < _INT16:
        raise _refuse(f"run number {run.number}, only up to {_INT16 - 1}")
    if not layout.MIN_BIN_WIDTH <= run.bin_width <= layout.MAX_BIN_WIDTH:
        raise _refuse(f"bins of {run.bin_width:g} µs, only 10 ps to 20 ns")


def _whole_counts(run: Run) -> NDArray[Any]:
    if run.variance is not None:
        raise _refuse("counts that were corrected, and their variance", raw_remedy(run))
    counts: NDArray[Any] = run.counts[0]
    for bad, what in (
        (counts != np.floor(counts), "which is no whole number"),
        (counts >= _INT32, f"above {_INT32 - 1}"),
    ):
        if bad.any():
            detector, position = np.unravel_index(int(np.argmax(bad)), counts.shape)
            raise _refuse(
                f"{counts[detector, position]} counts in detector {detector + 1}, bin {position} "
                f"(from 0), {what}",
                raw_remedy(run),
            )
    return counts


def _starting_header(run: Run) -> bytearray:
    """The header of the file the run came from, or a blank one."""
    raw = run.header.get("raw")
    if isinstance(raw, bytes) and len(raw) == layout.SIZE and run.header.get("FMT_ID"):
        return bytearray(raw)
    return bytearray(layout.blank_header())


def _same_shape(run: Run, old: Header) -> bool:
    return bool(old["NUMHIS"] == run.n_detectors and old["LENHIS"] == run.n_bins)


def _per_detector(new: Iterable[Any], old: Header, name: str, same: bool) -> tuple[Any, ...]:
    """The 16 elements of a field: those of the run, then what the old header has behind them."""
    values = tuple(new)
    blank = "" if layout.FIELDS[name].is_text else 0
    rest = old[name] if same else (blank,) * layout.MAX_HISTOGRAMS
    return values + tuple(rest[len(values) :])


def _geometry(run: Run, old: Header) -> dict[str, Any]:
    if _same_shape(run, old):
        return {"NUMDAF": run.n_detectors * old["KDAFHI"], **_number(run, old)}
    records = -(-run.n_bins // layout.MAX_RECORD)
    return {
        "NUMHIS": run.n_detectors,
        "LENHIS": run.n_bins,
        "LENDAF": layout.MAX_RECORD,
        "KDAFHI": records,
        "KHIDAF": 1,
        "NUMDAF": run.n_detectors * records,
        **_number(run, old),
    }


def _number(run: Run, old: Header) -> dict[str, Any]:
    return {} if run.number == (old["NRUN"] or None) else {"NRUN": run.number or 0}


def _clock(run: Run, old: Header) -> dict[str, Any]:
    """The clock code where it gives the width exactly, else the width in single precision."""
    if layout.bin_width(old) == run.bin_width:
        return {}
    for code in range(16):
        if layout.bin_width({"BINWIX": 0, "KDTRES": code}) == run.bin_width:
            return {"BINWIX": 0.0, "KDTRES": code}
    return {"BINWIX": run.bin_width, "KDTRES": -1}


def _bins(run: Run, old: Header) -> dict[str, Any]:
    """t0 and good bins; REANT0 is used only where a t0 is not a whole number."""
    n, same = run.n_detectors, _same_shape(run, old)
    fields: dict[str, tuple[Any, ...]] = {}
    if not same or any(layout.t0(old, d)[0] != run.t0[d] for d in range(n)):
        nearest = _bin_numbers("t0", run.t0)
        whole = nearest == run.t0.tolist()
        fields["NT0"] = _per_detector(nearest, old, "NT0", same)
        fields["REANT0"] = _per_detector(
            [0.0] * n if whole else run.t0.tolist(), old, "REANT0", same
        )
    if not same or old["NTINI"][:n] != tuple(run.first_good.tolist()):
        first = _bin_numbers("the first good bin", run.first_good)
        fields["NTINI"] = _per_detector(first, old, "NTINI", same)
    if not same or any(layout.last_good(old, d) != run.last_good[d] for d in range(n)):
        last = _bin_numbers("the last good bin", run.last_good + 1)
        fields["NTFIN"] = _per_detector(last, old, "NTFIN", same)
    return fields


def _bin_numbers(what: str, numbers: NDArray[Any]) -> list[int]:
    bad = ~(np.abs(numbers) < _INT16 - 1)
    if bad.any():
        which = int(np.argmax(bad))
        raise _refuse(f"{what} at {numbers[which]:g} in detector {which + 1}")
    return [int(number) for number in np.rint(numbers)]


def _texts(run: Run, old: Header) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, typed in (
        ("comment", run.title or ""),
        ("sample", run.sample or ""),
        ("orientation", run.orientation or ""),
    ):
        if typed != old[name]:
            fields[name] = _fitting(name, typed)
    labels = tuple(run.labels)
    same = _same_shape(run, old)
    if not same or labels != old["HISLAB"][: run.n_detectors]:
        checked = [_fitting("HISLAB", label) for label in labels]
        fields["HISLAB"] = _per_detector(checked, old, "HISLAB", same)
    for name, value, meaning, unit in (
        ("temperature", run.temperature.nominal, psi_text.kelvin, "K"),
        ("field", run.field, psi_text.gauss, "G"),
    ):
        if value != meaning(old[name])[0]:
            fields[name] = _quantity(value, unit)
    return fields


_MEANING = {"comment": "title", "HISLAB": "detector label"}


def _fitting(name: str, typed: str) -> str:
    """The text, if the field can hold it and a reader would give it back."""
    what = _MEANING.get(name, name)
    room = int(layout.FIELDS[name].code[:-1])
    if len(typed) > room:
        raise _refuse(f"the {what} {typed!r}: {len(typed)} characters, only {room}", "shorten it")
    try:
        stored = typed.encode("latin-1")
    except UnicodeEncodeError as error:
        raise _refuse(f"{typed[error.start]!r} in the {what} {typed!r}, only Latin-1") from error
    if psi_text.text(stored) != typed:
        raise _refuse(f"blanks at the ends of, or a NUL in, the {what} {typed!r}")
    return typed


def _quantity(value: float | None, unit: str) -> str:
    """A number with its unit in ten characters, three decimals where they are enough."""
    if value is None:
        return ""
    room = int(layout.FIELDS["field"].code[:-1]) - len(unit)
    typed = f"{value:.3f}"
    if float(typed) == value and len(typed) <= room:
        return (typed.ljust(6) if unit == "G" else typed) + unit
    for digits in range(17, 0, -1):
        typed = f"{value:.{digits}g}"
        if len(typed) <= room:
            return typed + unit
    raise _refuse(f"{value} {unit} in ten characters")


def _moments(run: Run, old: Header) -> dict[str, Any]:
    fields = {}
    for which, moment in (("start", run.start), ("stop", run.stop)):
        date, clock = f"{which} date", f"{which} time"
        if moment == psi_text.iso_time(old[date], old[clock]):
            continue
        parts = ("", "") if moment is None else psi_text.date_and_clock(moment)
        if parts is None:
            raise _refuse(f"the {which} {moment!r}, only an ISO 8601 time from 1970 to 2069")
        fields[date], fields[clock] = parts
    return fields


def _temperature(run: Run, old: Header) -> dict[str, Any]:
    known = run.temperature
    new = [(sensor.mean, sensor.spread, sensor.n_readings) for sensor in known.sensors]
    if not new and known.mean is not None:
        new = [(known.mean, known.spread, None)]
    if tuple(new) == layout.sensors(old):
        return {}
    if len(new) > 4:
        raise _refuse(f"{len(new)} temperature sensors, only 4")
    for number in (part for mean, spread, _ in new for part in (mean, spread or 0.0)):
        if not 0 <= number < _FLOAT32:
            raise _refuse(f"{number} K as a temperature or its spread")
    readings = {count for *_, count in new}
    if len(readings) > 1:
        raise _refuse(
            f"a number of readings per sensor ({', '.join(str(count) for *_, count in new)})",
            "only one for all sensors",
        )
    spare = (0.0,) * (4 - len(new))
    return {
        "TEMPER": tuple(mean for mean, *_ in new) + spare,
        "TEMDEV": tuple(spread or 0.0 for _, spread, _ in new) + spare,
        "MON_NV": next(iter(readings), None) or 0,
    }


def _events(counts: NDArray[Any], fields: Header, old: Header) -> dict[str, Any]:
    """Event counts of the good bins; a converter's counts of all bins stay where they fit."""
    n = counts.shape[0]
    good = [
        layout.wrapped(int(counts[detector, layout.counted(fields, detector)].sum()))
        for detector in range(n)
    ]
    every = [layout.wrapped(int(row.sum())) for row in counts]
    same = old["NUMHIS"] == n
    events = every if same and list(old["CNTOLD"][:n]) == every else good
    return {
        "CNTOLD": _per_detector(events, old, "CNTOLD", same),
        "TOTOLD": layout.wrapped(sum(events)),
    }
