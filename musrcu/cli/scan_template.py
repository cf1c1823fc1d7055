"""The text of a commented scan file that runs as it is."""

from __future__ import annotations

import math
from argparse import Namespace
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musrcu import toml
from musrcu.cli import options, paths
from musrcu.cli.terminal import printable
from musrcu.errors import MusrcuError

if TYPE_CHECKING:
    from musrcu.containers.run import Run
    from musrcu.instrument_table import Geometry

SAME_FIELD = 1.0
"""Fields that differ by less, G, belong to one scan."""

_HEAD = """\
# A temperature scan, from its runs to T_N and beta. This file runs as it is:
#
#     musrcu scan {name}
#
# Lines that begin with # are comments; an option in one shows what may be set. Paths are relative
# to the folder of this file. {count}:
#
"""

_EXAMPLES: dict[str, dict[str, tuple[Any, str]]] = {
    "reduction": {
        "forward": ("Back", "detectors the muon spin points to"),
        "backward": ("Forw", "detectors on the other side"),
        "exclude": ("bad", "detectors to leave out: bad, or numbers; default: none"),
        "geometry": ("longitudinal", 'or "transverse": default pair, instead of naming groups'),
        "period": (1, 'or a label, "1+2" or "1-2", where a run has several'),
        "alpha": (1.0, "balance of the pair; default: the calibration's, or 1"),
        "detector_beta": (1.0, "intrinsic asymmetry of backward over that of forward"),
        "packing": (20, 'or "variable", {bins = 40}, {first = 4}, {edges = [0.1, 0.5]} (us)'),
        "t_max": (8.0, "late cut, us; default: the latest that counts allow"),
        "t0": (300.0, 'bin (from 0) of the muon, "prompt" or "edge"; default: the file\'s'),
        "first_good": (5, "first good bin after t0; default: the file's"),
        "background": (
            "auto",
            '"none", {before_t0 = [-0.5, -0.05]}, {late = [10, 30]}, {given = [3, 2]}',
        ),
        "dead_time": ("auto", '"file", "none", or us'),
        "temperature_log": ("Temp_Sample", "log that gives T; default: what the file states"),
    },
    "fit": {
        "functions": ("my_models.py", "functions of your own, run with this file; default: none"),
        "ordered": (options.DEFAULT_MODEL, "runs with precession"),
        "paramagnetic": (options.PARAMAGNETIC, "runs without"),
        "t_range": ([0.02, 8.0], "us; default: all good bins"),
        "start": ({"nu2": 1.5}, "start values; what is not given is found"),
        "fixed": ({"phi2": 0.0}, "parameters that are held"),
        "limits": ({"nu2": [0.5, 3.0]}, ""),
        "ties": ({"lambda2": "2*lambda1"}, ""),
        "constraints": ({"A1": [0.055, 0.002]}, "known value and error"),
        "minos": (["nu2"], "parameters with unequal errors"),
        "cost": ("asymmetry", 'or "poisson", "binomial": of the counts; default: "asymmetry"'),
        "average_bins": (True, "models averaged over bins; default: false"),
    },
    "order": {
        "parameter": ("nu2", "the frequency that orders, or an amplitude such as A2"),
        "alpha": (3.0, 'exponent of T/T_N, or "free"'),
        "J": ("13.7(1)", "coupling along spin chains, K: J', J'/J and the moment from T_N"),
        "unit": ("mT", "the frequency as field at the muon; default: MHz"),
        "temperature_range": ([0.08, 0.2], "K; ordered runs outside are left out; default: all"),
        "method": ("latent", '"naive", "effective"; default: latent where errors of T matter'),
        "above": ("censored", "runs without order as terms of the cost; default: they bound T_N"),
        "nu_det": (0.3, "MHz that a censored run would have shown; default: what was searched"),
        "thermometer_offset": ("0.5 mK", "error of an offset of all temperatures; default: none"),
        "direct": (True, "one fit of all spectra below the two steps; default: false"),
        "sigma_TN": ("free", "width of its transition, or K; default: the least, 2e-4 of T_N"),
        "smooth": ({"lambda1": 2}, "what follows polynomials in T there, with their degrees"),
        "local": (["lambda1"], "what runs do not share there; default: rates"),
        "spread": ("readings", "of T within a run, or K, or none; default: log, its slow part"),
    },
}
"""Every option with an example and what is said of it."""


def scan_file(runs: Sequence[Run], arguments: Namespace, folder: Path) -> tuple[str, Sequence[Run]]:
    """The text of a scan file of these runs, with the options that were typed, and runs left out.

    Runs in another field or of another instrument than most are named in a comment and left out.

    Parameters
    ----------
    runs : the runs, read from files.
    arguments : of ``musrcu init``.
    folder : where the file will lie.
    """
    chosen, others = _of_one_field(runs)
    name = "scan.toml" if arguments.output is None else arguments.output.name
    count = "1 run" if len(chosen) == 1 else f"{len(chosen)} runs"
    head = _HEAD.format(name=name, count=count) + _listed(chosen)
    if others:
        head += "#\n# Left out, since field or instrument differ:\n#\n" + _listed(others)
    lines = [head]
    data = [
        f"[data]\nruns = {_runs(chosen, folder)}",
        _calibration(arguments, _in_field(others, chosen[0]), folder),
    ]
    lines.append("\n".join(data))
    lines.append(
        _table("reduction", _reduction(arguments, chosen[0]), _pair(chosen[0], arguments.geometry))
    )
    lines.append(_table("fit", _fit(arguments, folder)))
    lines.append(_table("order", _order(arguments)))
    return "\n".join(lines), others


def _of_one_field(runs: Sequence[Run]) -> tuple[list[Run], list[Run]]:
    """(runs of the instrument and in the field of most runs, the others)."""
    kinds = [
        (run.instrument, None if run.field is None else round(run.field / SAME_FIELD))
        for run in runs
    ]
    most = Counter(kinds).most_common(1)[0][0]
    chosen = [run for run, kind in zip(runs, kinds, strict=True) if kind == most]
    return chosen, [run for run, kind in zip(runs, kinds, strict=True) if kind != most]


def _listed(runs: Sequence[Run]) -> str:
    """A comment line a run."""
    rows = []
    for run in runs:
        field = "B unknown" if run.field is None else f"{run.field:g} G"
        title = " ".join((run.title or "no title").split())
        rows.append(f"#   {run.name:<12} {run.temperature!s:<16} {field:<8} {title}".rstrip())
    return "".join(printable(row).replace("\t", " ") + "\n" for row in rows)


def _runs(runs: Sequence[Run], folder: Path) -> str:
    found = paths.pattern([run.path for run in runs if run.path is not None], folder)
    if isinstance(found, str):
        return toml.dump_value(found)
    return "[\n" + "".join(f"    {toml.dump_value(name)},\n" for name in found) + "]"


def _in_field(runs: Sequence[Run], like: Run) -> Run | None:
    """The first run of the same instrument in some field: perhaps its calibration."""
    same = (run for run in runs if run.instrument == like.instrument)
    return next((run for run in same if run.field and run.path is not None), None)


def _calibration(arguments: Namespace, proposed: Run | None, folder: Path) -> str:
    """The entry that was typed, or a comment that proposes one."""
    comment = "# alpha and total asymmetry: a run in a transverse field, or what calibrate wrote"
    if arguments.calibration is not None:
        name = paths.relative(arguments.calibration, folder)
        return f"{comment}\ncalibration = {toml.dump_value(name)}\n"
    path = None if proposed is None else proposed.path
    name = "calibration.toml" if path is None else paths.relative(path, folder)
    return f"{comment}\n# calibration = {toml.dump_value(name)}\n"


def _reduction(arguments: Namespace, run: Run) -> dict[str, Any]:
    given = options.given_reduction(arguments)
    if run.n_periods > 1:
        given.setdefault("period", 1)
    return given


def _pair(run: Run, geometry: Geometry | None) -> dict[str, Any]:
    """The default pair of the run, to be shown; empty where none is known."""
    from musrcu.instruments import default_pair

    grouping = None if run.grouping is None else [int(group) for group in run.grouping]
    try:
        forward, backward, _ = default_pair(run.instrument, run.labels, grouping, geometry)
    except MusrcuError:
        return {}
    return {"forward": forward, "backward": backward}


def _fit(arguments: Namespace, folder: Path) -> dict[str, Any]:
    given = options.given_fit(arguments)
    if arguments.functions:
        files = [paths.relative(file, folder) for file in arguments.functions]
        given["functions"] = files[0] if len(files) == 1 else files
    if arguments.cost != options.COSTS[0]:
        given["cost"] = arguments.cost
    given["ordered"] = arguments.model or options.DEFAULT_MODEL
    given["paramagnetic"] = arguments.paramagnetic or options.PARAMAGNETIC
    if "limits" in given:
        ends = (-math.inf, math.inf)
        given["limits"] = {
            name: [end if value is None else value for value, end in zip(pair, ends, strict=True)]
            for name, pair in given["limits"].items()
        }
    return given


def _order(arguments: Namespace) -> dict[str, Any]:
    given = {"alpha": 3.0, **options.given_order(arguments)}
    if given["alpha"] is None:
        given["alpha"] = "free"
    return given


def _table(title: str, given: Mapping[str, Any], shown: Mapping[str, Any] | None = None) -> str:
    """A table with every option: those given are set, the others are comments."""
    lines = [f"[{title}]"]
    for name, (example, text) in _EXAMPLES[title].items():
        value = given.get(name, (shown or {}).get(name, example))
        line = f"{'' if name in given else '# '}{name} = {toml.dump_value(value)}"
        lines.append(f"{line:<36}  # {text}" if text else line)
    return "\n".join(lines) + "\n"
