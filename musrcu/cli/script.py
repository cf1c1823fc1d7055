"""The text of a Python script that fits one run, to be kept and edited."""

from __future__ import annotations

import json
import textwrap
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musrcu.cli import options, paths
from musrcu.cli.terminal import printable

if TYPE_CHECKING:
    from musrcu.containers.run import Run
    from musrcu.models.model import Model

_WIDTH = 99
_RESULTS = """\
print(run)
print({data}.history)
print(result.summary())

{figure}# The numbers in a file:
# result.save({json})
"""
_FIGURE = """\
# The figure:
# mu.plot.save(mu.plot.asymmetry(asymmetry, result), {picture})
"""


def script(run: Run, arguments: Namespace, folder: Path) -> str:
    """The script: the run, its reduction, the model, the fit; the digits of ``musrcu fit``.

    Parameters
    ----------
    run : the run, read from a file.
    arguments : of ``musrcu init``; the options of a fit in them become arguments of the script.
    folder : where the script will lie.
    """
    from musrcu.models.model import Model

    assert run.path is not None
    model = Model(arguments.model or options.DEFAULT_MODEL)
    stem = run.path.stem
    cost, why = _cost(run, model, arguments)
    data = "asymmetry" if cost == "asymmetry" else "counts"
    given = options.given_fit(arguments)
    if cost not in ("asymmetry", "poisson"):
        given["cost"] = cost
    figure = _FIGURE.format(picture=_file(folder / f"{stem}.png", folder))
    steps = [
        _head(run),
        "from pathlib import Path\n\nimport musrcu as mu\n\nfolder = Path(__file__).parent",
        *_calibration(arguments, folder),
        _reduction(run, arguments, folder, data, why),
        *_functions(arguments, folder),
        _model(model, data, given),
        _RESULTS.format(
            data=data,
            figure=figure if data == "asymmetry" else "",
            json=_file(folder / f"{stem}.json", folder),
        ),
    ]
    return "\n\n".join(steps)


def _cost(run: Run, model: Model, arguments: Namespace) -> tuple[str, str]:
    """The cost that ``musrcu fit`` takes, and why where that has to be said."""
    if arguments.cost != options.COSTS[0]:
        return arguments.cost, ""
    from musrcu.analysis.chosen_cost import auto_cost

    return auto_cost(run, options.recipe(arguments), model, **options.given_fit(arguments))


def _head(run: Run) -> str:
    """The docstring: what is fitted."""
    title = " ".join((run.title or "no title").split())
    field = "B unknown" if run.field is None else f"{run.field:g} G"
    text = printable(f"{run.name}, {run.temperature}, {field}: {title}")
    text = text.replace("\\", "/").replace('"', "'")
    return f'"""{text}.\n\nWritten by musrcu init --script; edit what you know better.\n"""'


def _functions(arguments: Namespace, folder: Path) -> list[str]:
    """Files with functions of the user; nothing where none was named."""
    if not arguments.functions:
        return []
    loads = [f"mu.load_functions({_file(Path(name), folder)})" for name in arguments.functions]
    return ["\n".join(["# Functions of our own were declared in a file.", *loads])]


def _calibration(arguments: Namespace, folder: Path) -> list[str]:
    """Where alpha comes from; nothing where no calibration was named."""
    if arguments.calibration is None:
        return []
    where = _file(Path(arguments.calibration), folder)
    if arguments.calibration.endswith(".toml"):
        text = "# The balance of the pair and the total asymmetry were found before."
        return [f"{text}\ncalibration = mu.Calibration.load({where})"]
    given = options.given_reduction(arguments)
    pair = {name: value for name, value in given.items() if name in options.PAIR}
    if "period" in pair:
        pair |= _calibration_period(arguments.calibration, pair.pop("period"))
    positional = [f"mu.read({where})", *([_call("mu.Reduction", [], pair)] if pair else [])]
    text = (
        "# The balance of the pair and the total asymmetry were found from a run in a field\n"
        "# perpendicular to the spin."
    )
    return [f"{text}\n{_call('calibration = mu.calibrate', positional, {})}"]


def _calibration_period(name: str, period: int | str) -> dict[str, Any]:
    """The option ``period`` of the calibration run; empty where that has one only."""
    from musrcu.readers.registry import read
    from musrcu.reduction.periods import calibration_period

    found = calibration_period(read(name), period)
    return {} if found is None else {"period": found}


def _reduction(run: Run, arguments: Namespace, folder: Path, data: str, why: str) -> str:
    """The run and its asymmetry, or its counts."""
    assert run.path is not None
    recipe = {name: _literal(value) for name, value in options.given_reduction(arguments).items()}
    if arguments.calibration is not None:
        recipe["calibration"] = "calibration"
    return "\n".join(
        [
            *(_COUNTED if data == "counts" else _FORMED),
            *(_comment(f"Why: {why}.") if why else ()),
            f"run = mu.read({_file(run.path, folder)})",
            _call("recipe = mu.Reduction", [], recipe, literal=False),
            "counts = mu.reduce_counts(run, recipe)"
            if data == "counts"
            else "asymmetry = mu.reduce(run, recipe)",
        ]
    )


_FORMED = (
    "# The asymmetry (F - alpha B) / (F + alpha B) was formed from the detectors along the",
    "# muon spin. What is not given here is a default; asymmetry.history names every one.",
)
_COUNTED = (
    "# Counts of the detectors along the muon spin were fitted, alpha, backgrounds and dead time",
    "# in the model. counts.history names every default that was used.",
)


def _comment(text: str) -> list[str]:
    """Lines of a comment."""
    return [f"# {line}" for line in textwrap.wrap(" ".join(text.split()), _WIDTH - 2)]


def _model(model: Model, data: str, given: Mapping[str, Any]) -> str:
    """The model and its fit."""
    lines = ["# The spectrum was fitted with", "#     A(t) ="]
    for word in f"{model.formula}.".split(" "):
        if len(lines[-1]) + len(word) + 1 > _WIDTH:
            lines.append("#       ")
        lines[-1] += f" {word}"
    if "start" not in given:
        lines.append("# Start values were searched for.")
    lines.append(f"model = mu.Model({_literal(model.expression)})")
    lines.append(_call("result = mu.fit", [data, "model"], given))
    return "\n".join(lines)


def _call(
    function: str, positional: list[str], named: Mapping[str, Any], *, literal: bool = True
) -> str:
    """A call on one line, or with one argument a line where it is too long."""
    parts = [
        *positional,
        *(f"{name}={_literal(value) if literal else value}" for name, value in named.items()),
    ]
    line = f"{function}({', '.join(parts)})"
    if len(line) <= _WIDTH:
        return line
    return f"{function}(\n" + "".join(f"    {part},\n" for part in parts) + ")"


def _file(path: Path, folder: Path) -> str:
    """The expression of a path, as seen from the script."""
    name = paths.relative(path, folder)
    return f"Path({_literal(name)})" if Path(name).is_absolute() else f"folder / {_literal(name)}"


def _literal(value: Any) -> str:
    """A value as Python source."""
    if isinstance(value, str):
        quoted = json.dumps(value, ensure_ascii=False)
        return quoted.encode("ascii", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_literal(k)}: {_literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, tuple):
        inside = ", ".join(_literal(item) for item in value)
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return repr(value)
