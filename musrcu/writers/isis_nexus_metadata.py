"""What an ISIS NeXus file says of a run beside its histograms: entry, sample, logs, history."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from musrcu.containers.run import Run
from musrcu.errors import MusrcuError
from musrcu.writers.as_json import as_json
from musrcu.writers.nexus_tree import field, group


def refuse(what: str, remedy: str = "") -> MusrcuError:
    """The error that the format cannot hold something, and what to do."""
    return MusrcuError(f"ISIS muon NeXus cannot hold {what}" + (f"; {remedy}" if remedy else ""))


def text(what: str, typed: str | None) -> str | None:
    """The text, if a reader would give it back; None where there is none."""
    if not typed:
        return None
    if typed.strip() != typed or "\0" in typed:
        raise refuse(f"blanks at the ends of, or a NUL in, the {what} {typed!r}")
    try:
        typed.encode()
    except UnicodeEncodeError as error:
        raise refuse(f"{typed[error.start]!r} in the {what} {typed!r}, no Unicode text") from error
    return typed


def _moment(which: str, typed: str | None) -> str | None:
    if typed is None:
        return None
    try:
        datetime.datetime.fromisoformat(typed)
    except ValueError:
        raise refuse(f"the {which} {typed!r}, only an ISO 8601 time") from None
    return text(which, typed.replace(" ", "T", 1))


def write_entry(entry: Any, run: Run) -> None:
    """Version, program, number, texts and moments of the run."""
    from musrcu import __version__

    field(entry, "IDF_version", 2)
    field(entry, "definition", "pulsedTD", version="2.0")
    field(entry, "program_name", "musrcu", version=__version__)
    for name in ("name", "beamline"):
        field(entry, name, run.instrument)
    field(entry, "run_number", run.number)
    field(entry, "title", text("title", run.title))
    field(entry, "notes", text("comment", run.comment) or " ")
    for name, what, moment in (("start_time", "start", run.start), ("end_time", "stop", run.stop)):
        field(entry, name, _moment(what, moment), units="ISO8601")
    for name in ("duration", "collection_time"):
        field(entry, name, run.duration, units="second")
    field(entry, "experiment_identifier", " ")
    field(entry, "total_counts", int(run.counts.sum()))
    if run.good_frames is not None:
        field(entry, "good_frames", int(run.good_frames.sum()))
        field(entry, "raw_frames", int(run.good_frames.sum()))
    user = group(entry, "user_1", "NXuser")
    field(user, "name", " ")
    field(user, "affiliation", " ")


def write_sample(entry: Any, run: Run) -> None:
    """Name, field and temperatures of the sample."""
    sample = group(entry, "sample", "NXsample")
    known = run.temperature
    field(sample, "name", text("sample", run.sample) or " ")
    field(sample, "id", " ")
    for name in ("thickness", "height", "width"):
        field(sample, name, np.nan)
    field(sample, "temperature", known.nominal, units="Kelvin")
    field(sample, "magnetic_field", run.field, units="Gauss")
    for name in ("mean", "spread", "error"):
        field(sample, f"temperature_{name}", getattr(known, name), units="Kelvin")
    for number, sensor in enumerate(known.sensors, 1):
        log = group(sample, f"temperature_sensor_{number}", "NXlog")
        field(log, "description", text("sensor name", sensor.name))
        field(log, "average_value", sensor.mean, units="Kelvin")
        field(log, "average_value_errors", sensor.spread, units="Kelvin")
        field(log, "n_readings", sensor.n_readings)


def write_logs(entry: Any, run: Run) -> None:
    """Every log, where the data acquisition puts those of the sample environment."""
    logs = dict(run.logs)
    if run.temperature.log is not None:
        logs.setdefault(run.temperature.log.name, run.temperature.log)
    if not logs:
        return
    blocks = group(entry, "selog", "IXselog")
    for name, log in logs.items():
        _, second, short = name.rpartition("runlog/")  # so the reader calls the second of a name
        if not text("log name", short) or "/" in short or short == ".":
            raise refuse(f"a log called {name!r}", "rename the log")
        if second:
            if "runlog" not in entry:
                group(entry, "runlog", "IXrunlog")
            values = group(entry["runlog"], short, "NXlog")
        else:
            values = group(group(blocks, name, "IXseblock"), "value_log", "NXlog")
        units = {} if log.unit is None else {"units": text("unit", log.unit) or ""}
        begin = {} if run.start is None else {"start": run.start}
        field(values, "time", log.seconds, units="second", **begin)
        field(values, "value", log.values, **units)
        field(values, "name", text("log name", log.name))
        if log.spans:
            field(values, "spans", np.array(log.spans, dtype=float))


def write_process(entry: Any, run: Run) -> None:
    """Program, original file with its header and its doubts, and what was done since."""
    from musrcu import __version__

    process = group(entry, "process", "NXprocess")
    field(process, "program", "musrcu")
    field(process, "version", __version__)
    field(process, "original_file", None if run.path is None else _printable(run.path.name))
    field(process, "original_format", run.format)
    field(process, "run_numbers", np.array(run.numbers) if run.numbers else None)
    for number, step in enumerate(run.history, 1):
        options = as_json(step.options, finite=False)
        more = {"sequence_index": number, "note": step.note or None, "options": options}
        _note(process, f"step_{number}", step.stage, str(step), **more)
    for number, doubt in enumerate(run.warnings, 1):
        _note(process, f"warning_{number}", "doubt about the original file", doubt)
    if run.header:
        content = as_json(run.header, indent=1)
        what = "header of the original file under its own names"
        _note(process, "header", what, content, type="application/json")


def _note(process: Any, name: str, description: str, content: str, **other: Any) -> None:
    note = group(process, name, "NXnote")
    texts = {"type": "text/plain", "description": description, **other, "data": content}
    for key, value in texts.items():
        field(note, key, _printable(value) if isinstance(value, str) else value)


def _printable(typed: str) -> str:
    """The text, with escapes for what is no Unicode, such as bytes in the name of a file."""
    return typed.encode("utf-8", "backslashreplace").decode()
