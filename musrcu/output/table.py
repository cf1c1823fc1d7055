"""Tables of numbers for other programs: an asymmetry or a scan as comma-separated values."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from musrcu.analysis.scan_result import Scan, ScanRun
from musrcu.containers.asymmetry import Asymmetry
from musrcu.files import PathLike, write_text


def asymmetry_csv(asymmetry: Asymmetry) -> str:
    """An asymmetry as comma-separated values, one bin a line.

    Columns: ``time_us`` (centre of the bin after the muon), ``asymmetry`` and ``error`` (fractions,
    one standard deviation); a bin without counts has ``nan``. Lines that begin with ``#`` say what
    run it is and what was done to it. Numbers are printed so that they read back exactly.
    """
    head = [
        f"{name}: {value}"
        for name, value in (
            ("run", asymmetry.run.name),
            ("title", asymmetry.run.title),
            ("temperature", asymmetry.run.temperature),
            ("field", None if asymmetry.run.field is None else f"{asymmetry.run.field:g} G"),
            ("alpha", repr(asymmetry.alpha)),
            ("packing", _packing(asymmetry)),
        )
        if value is not None
    ]
    head += [f"step: {step}" for step in asymmetry.history]
    head.append("units: time_us in us after the muon; asymmetry and error are fractions")
    rows = zip(asymmetry.time, asymmetry.value, asymmetry.error, strict=True)
    comments = "".join(f"# {' '.join(line.split())}\n" for line in head)
    return comments + _csv(
        ["time_us", "asymmetry", "error"], ([repr(float(x)) for x in row] for row in rows)
    )


def _packing(asymmetry: Asymmetry) -> str:
    """Raw bins in one bin and its width, from the narrowest to the widest where they differ."""
    raw = 1e3 * asymmetry.bin_width / asymmetry.packing
    low, high = int(asymmetry.raw_bins.min(initial=asymmetry.packing)), asymmetry.packing
    if low == high:
        return f"{high} raw bins, {high * raw:.6g} ns"
    return f"{low} to {high} raw bins, {low * raw:.6g} to {high * raw:.6g} ns"


def write_asymmetry(asymmetry: Asymmetry, path: PathLike, *, overwrite: bool = False) -> Path:
    """Write :func:`asymmetry_csv` to a file; returns the path."""
    return write_text(path, asymmetry_csv(asymmetry), overwrite=overwrite)


def scan_csv(scan: Scan) -> str:
    """A scan as comma-separated values, one line a run, coldest first.

    Columns: run, name, temperature_K, temperature_error_K, field_G, verdict, model, valid, chi2,
    ndof, then every parameter of any fit with its error and unit (``nu2_MHz``,
    ``nu2_error_MHz``), and a note. What is not known, or not in the run's model, is empty.
    """
    units = _units(scan)
    header = [
        "run", "name", "temperature_K", "temperature_error_K", "field_G", "verdict", "model",
        "valid", "chi2", "ndof",
    ]  # fmt: skip
    for name, unit in units.items():
        tail = f"_{unit.replace('1/', 'per_')}" if unit else ""
        header += [f"{name}{tail}", f"{name}_error{tail}"]
    return _csv([*header, "note"], (_row(run, units) for run in scan.runs))


def write_scan(scan: Scan, path: PathLike, *, overwrite: bool = False) -> Path:
    """Write :func:`scan_csv` to a file; returns the path."""
    return write_text(path, scan_csv(scan), overwrite=overwrite)


def _units(scan: Scan) -> dict[str, str]:
    """Unit of every parameter by name, in the order of the models."""
    found: dict[str, str] = {}
    for run in scan.runs:
        if run.result is not None:
            found |= {
                name: one.unit for name, one in run.result.parameters.items() if name not in found
            }
    return found


def _row(run: ScanRun, names: Iterable[str]) -> list[str]:
    result = run.result
    cells: list[Any] = [
        run.run, run.name, run.temperature, run.temperature_error, run.field, run.verdict,
    ]  # fmt: skip
    if result is None:
        cells += [None, False, None, None]
    else:
        cells += [result.model, result.valid, result.chi2, result.ndof]
    for name in names:
        one = None if result is None else result.parameters.get(name)
        cells += [None, None] if one is None else [one.value, one.error]
    return [_cell(cell) for cell in [*cells, run.note]]


def _cell(value: Any) -> str:
    """A number so that it reads back exactly; nothing for what is unknown."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return repr(float(value)) if isinstance(value, float) else str(value)


def _csv(header: list[str], rows: Iterable[list[str]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()
