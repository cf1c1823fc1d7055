"""What is in a file: one line a run.

Examples:

  musrcu info run.bin
  musrcu info "deltat_tdc_ltf_{0001-0020}.bin"
  musrcu info gps:2017/432 --data /data/gps
  musrcu info --full run.nxs
  musrcu info --check "sample_runs/*.bin"
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from musrcu.cli.terminal import RUNS, Files, add_data, dumps, say

if TYPE_CHECKING:
    from musrcu.containers.run import Run
    from musrcu.containers.temperature import Sensor


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu info``."""
    parser.add_argument("files", metavar="FILE", nargs="+", help=RUNS)
    add_data(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--full", action="store_true", help="detectors, sensors, logs, history and raw header"
    )
    parser.add_argument(
        "--check", action="store_true", help="what is odd in each file, with numbers"
    )
    how.add_argument("--json", action="store_true", help="print JSON and nothing else")


def run(arguments: Namespace) -> int:
    """Print each file; one that cannot be read does not stop the others."""
    files = Files(arguments.files, arguments.data)
    if arguments.json:
        say(dumps([described(one, check=arguments.check) for one in files.runs()]))
        return int(files.failures > 0)
    width = max((len(path.name) for path in files.paths), default=0)
    for one in files.runs():
        odd = oddities(one) if arguments.check else None
        say(full(one, odd) if arguments.full else line(one, width, odd))
    return int(files.failures > 0)


def oddities(run: Run) -> list[str]:
    """What is odd in a run, one line each."""
    from musrcu.analysis.check import check_run

    return [f"  odd: {text}" for text in check_run(run)] or ["  nothing odd was found"]


def line(run: Run, width: int = 0, odd: list[str] | None = None) -> str:
    """File, format, instrument, number, T, B, counts and title; below it what is doubtful."""
    from musrcu import notation

    name = run.path.name if run.path else "run"
    field = notation.field(run.field)
    instrument = f"{run.instrument or '?'} {'?' if run.number is None else run.number}"
    periods = f" in {run.n_periods} periods" if run.n_periods > 1 else ""
    text = (
        f"{name:<{width}}  {run.format or '?':<13}  {instrument:<12}  {run.temperature!s:<18}  "
        f"{field:<16}  {float(run.counts.sum()):.4g} counts{periods}  {run.title or 'no title'}"
    )
    doubts = [f"  warning: {warning}" for warning in run.warnings] if odd is None else odd
    return "\n".join(" ".join(one.splitlines()) for one in [text, *doubts])


def full(run: Run, odd: list[str] | None = None) -> str:
    """The run, its detectors, sensors and steps, and the header under the names of the file."""
    from musrcu.notation import table

    totals = run.counts.sum(axis=(0, 2))
    rows = [
        [str(k + 1), run.labels[k] or "-", f"{run.t0[k]:.6g}", str(run.first_good[k]),
         str(run.last_good[k]), f"{float(totals[k]):.6g}"]
        for k in range(run.n_detectors)
    ]  # fmt: skip
    header = ["detector", "label", "t0", "first good", "last good", "counts"]
    lines = [f"{run.path} ({run.format})", str(run), *table(rows, header).split("\n")]
    lines += odd or []
    lines += [_period(k, run) for k in range(run.n_periods)] if run.n_periods > 1 else []
    lines += [_sensor(k, one) for k, one in enumerate(run.temperature.sensors, 1)]
    lines += [_log(name, run) for name in run.logs]
    lines += [f"step {k}: {_short(step)}" for k, step in enumerate(run.history, 1)]
    lines += [f"header {key} = {_short(value)}" for key, value in run.header.items()]
    return "\n".join(lines) + "\n"


def _sensor(number: int, sensor: Sensor) -> str:
    """Mean with its error, spread and number of the readings of one thermometer."""
    from musrcu.containers.temperature import from_sensors

    name = f" ({sensor.name})" if sensor.name else ""
    parts = [f"mean {from_sensors(None, (sensor,))}"]
    if sensor.spread is not None:
        parts.append(f"spread {sensor.spread:.2g} K")
    if sensor.n_readings is not None:
        parts.append(f"{sensor.n_readings} readings")
    return f"sensor {number}{name}: {', '.join(parts)}"


def _period(k: int, run: Run) -> str:
    """Label, frames and counts of one period."""
    label = f" ({run.period_labels[k]})" if run.period_labels[k].strip() else ""
    frames = "" if run.good_frames is None else f", {run.good_frames[k]} good frames"
    return f"period {k + 1}{label}: {float(run.counts[k].sum()):.6g} counts{frames}"


def _log(name: str, run: Run) -> str:
    """Mean over the run, spread and number of the readings of one log."""
    log = run.logs[name]
    found = log.during(0.0, run.duration)
    unit = f" {log.unit}" if log.unit else ""
    if found is None:
        return f"log {name}: no reading during the run"
    return (
        f"log {name}: mean {found.mean:.6g}{unit}, spread {found.spread:.2g}{unit}, "
        f"{found.n_readings} readings during the run"
    )


def described(run: Run, *, check: bool = False) -> dict[str, Any]:
    """The JSON of a run; bins count from 0, unknown is None."""
    temperature = run.temperature
    dead_times = (
        None if run.dead_time is None else [list(map(_number, row)) for row in run.dead_time]
    )
    return {
        "path": str(run.path),
        "format": run.format,
        "facility": run.facility,
        "instrument": run.instrument,
        "run": run.number,
        "title": run.title,
        "sample": run.sample,
        "temperature": _number(temperature.value),
        "temperature_error": _number(temperature.error),
        "temperature_spread": _number(temperature.spread),
        "set_point": _number(temperature.nominal),
        "sensors": [
            {"name": one.name, "mean": _number(one.mean), "spread": _number(one.spread)}
            for one in temperature.sensors
        ],
        "field": _number(run.field),
        "start": run.start,
        "stop": run.stop,
        "n_periods": run.n_periods,
        "period_labels": list(run.period_labels),
        "n_detectors": run.n_detectors,
        "n_bins": run.n_bins,
        "bin_width_ns": round(1e3 * run.bin_width, 12),
        "labels": list(run.labels),
        "t0": run.t0.tolist(),
        "first_good": run.first_good.tolist(),
        "last_good": run.last_good.tolist(),
        "counts": run.counts.sum(axis=2).tolist(),
        "good_frames": None if run.good_frames is None else run.good_frames.tolist(),
        "dead_time_us": None if dead_times is None else dead_times[0],
        "dead_time_us_periods": dead_times,
        "source": run.source,
        "warnings": list(run.warnings),
        **_checked(run, check),
    }


def _checked(run: Run, check: bool) -> dict[str, Any]:
    if not check:
        return {}
    from musrcu.analysis.check import check_run

    return {"odd": list(check_run(run))}


def _number(value: float | None) -> float | None:
    import math

    return None if value is None or not math.isfinite(value) else float(value)


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 200 else f"{text[:197]}..."
