"""A joint fit as text: quality, what is shared, a line for each run, notes said once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from musrcu import notation
from musrcu.fitting.fitted import Fitted
from musrcu.notation import bracket, table

if TYPE_CHECKING:
    from musrcu.fitting.result import FitResult
    from musrcu.joint.result import JointResult

NAMED, SEVERAL = 3, 3
"""Runs that are named one by one, more are counted; notes of so many are one where they differ by
numbers alone."""
_NUMBER = re.compile(r"(?<![A-Za-z_])[-+]?(\d+\.?\d*|\.\d+)(\(\d+\))?(e[-+]?\d+)?")


def summary(result: JointResult) -> str:
    """Quality, shared and tied parameters, a line for each run, notes."""
    lines = [f"joint fit of {members(result)}: {result.model}", "  " + _quality(result)]
    lines += _cost(result)
    rows = [[f"  {name}", str(one)] for name, one in result.shared.items()]
    rows += _common(result)
    if rows:
        lines += str(table(rows, ["  shared parameter", "value"])).split("\n")
    lines += [f"  every run: {text}" for text in _conditions(result, common=True)]
    lines += runs_table(result).split("\n")
    return "\n".join([*lines, *_notes(result)])


def _notes(result: JointResult) -> list[str]:
    """Those of the fit, and those of its runs, each once."""
    own, pairs, names = [], [], [run.name for run in result.runs]
    for note in result.notes:
        name, _, text = note.partition(": ")
        if name in names:
            pairs.append((name, text))
        else:
            own.append(note)
    pairs += [(run.name, note) for run in result.runs for note in run.notes]
    lines = [f"  note: {note}" for note in own]
    return lines + [f"  note on {t}" for t in said_once(pairs, len(names), noun(result))]


def noun(result: JointResult) -> str:
    """What is fitted, in the plural."""
    single = all("N0" in one.names and "alpha" not in one.names for one in result.runs)
    return "histograms" if single else "runs"


def members(result: JointResult) -> str:
    """``5 histograms of GPS 3111``, ``1 run``."""
    what, n = noun(result), len(result.runs)
    text = counted(n, what)
    names = {_name_of(run) for run in result.runs}
    return f"{text} of {names.pop()}" if what == "histograms" and len(names) == 1 else text


def counted(n: int, plural: str) -> str:
    """``1 run``, ``2 runs``."""
    return f"{n} {plural[:-1] if n == 1 else plural}"


def _name_of(run: FitResult) -> str:
    """The name of a run without that of its histogram."""
    number = str(run.run)
    if run.run is None or number not in run.name:
        return run.name
    return run.name[: run.name.index(number) + len(number)]


def said_once(pairs: Iterable[tuple[str, str]], n_all: int, plural: str) -> list[str]:
    """Notes of runs, each once; those that differ by their numbers alone are one.

    Parameters
    ----------
    pairs : (name of the run, note).
    n_all : how many runs there are.
    plural : what they are called.
    """
    alike: dict[str, dict[str, list[str]]] = {}
    for name, note in pairs:
        pattern = _NUMBER.sub("#", note).replace("< #", "#")
        alike.setdefault(pattern, {}).setdefault(note, []).append(name)
    lines = []
    for notes in alike.values():
        names = [name for several in notes.values() for name in several]
        if len(notes) > 1 and len(names) < SEVERAL:
            lines += [f"{', '.join(several)}: {note}" for note, several in notes.items()]
            continue
        note, several = next(iter(notes.items()))
        every = len(set(names)) == n_all > 1
        who = f"every {plural[:-1]}" if every else _listed(names, n_all, plural)
        such = f" (numbers of {several[0]})" if len(notes) > 1 else ""
        lines.append(f"{who}{such}: {note}")
    return lines


def _listed(names: Sequence[str], n_all: int, plural: str) -> str:
    return ", ".join(names) if len(names) <= NAMED else f"{len(names)} of {n_all} {plural}"


def _quality(result: JointResult) -> str:
    verdict = "valid" if result.valid else f"NOT VALID: {result.reason}"
    if result.chi2 is None or result.probability is None:
        return verdict
    cost = "" if result.cost == "asymmetry chi-square" else f", {result.cost}"
    return (
        f"chi2/ndof = {result.chi2:.6g}/{result.ndof} = {result.chi2 / result.ndof:.4g} "
        f"(probability {notation.probability(result.probability)}), {result.n_free} free "
        f"parameters{cost}, {verdict}"
    )


def _cost(result: JointResult) -> list[str]:
    """What was minimised and why, where it is known."""
    why = {run.cost_reason for run in result.runs}
    if len(why) == 1:
        return [f"  cost: {result.cost} ({why.pop()})"] if all(why) else []
    pairs = [(run.name, run.cost_reason) for run in result.runs if run.cost_reason]
    said = said_once(pairs, len(result.runs), noun(result))
    return [f"  cost: {result.cost} ({text})" for text in said]


def _rest(result: JointResult) -> list[str]:
    """Parameters that are neither shared nor local: tied or fixed ones."""
    local = set(result.local_names)
    shared = {label.split("[")[0] for label in result.shared}
    names = dict.fromkeys(name for run in result.runs for name in run.parameters)
    return [name for name in names if name not in local | shared]


def _values(result: JointResult, name: str) -> list[Fitted]:
    found = [run.parameters.get(name) for run in result.runs]
    return [one for one in found if one is not None]


def _differing(result: JointResult, name: str) -> bool:
    """Whether runs have other values of a parameter."""
    return len({(one.value, one.error) for one in _values(result, name)}) > 1


def _common(result: JointResult) -> list[list[str]]:
    """Tied parameters with what they are tied to, and fixed ones that are the same in all runs."""
    rows = []
    for name in _rest(result):
        several = _values(result, name)
        ties = {one.tie for one in several}
        if not _differing(result, name):
            rows.append([f"  {name}", str(several[0])])
        elif len(ties) == 1 and several[0].tie is not None:
            rows.append([f"  {name}", f"= {several[0].tie}"])
    return rows


def columns(result: JointResult) -> list[str]:
    """Names of the parameters that have a column: local ones, and others that differ by run."""
    rest = [name for name in _rest(result) if _differing(result, name)]
    return [*result.local_names, *rest]


def _conditions(result: JointResult, *, common: bool) -> list[str]:
    """Temperature and field, where they are the same in all runs, in words."""
    found = []
    for values, unit in ((_temperatures(result), "K"), (_fields(result), "G")):
        known = set(values)
        if len(known) == 1 and "" not in known:
            found.append(f"{values[0]} {unit}")
    return [", ".join(found)] if found and common and len(result.runs) > 1 else []


def _temperatures(result: JointResult) -> list[str]:
    return [
        "" if run.temperature is None else bracket(run.temperature, run.temperature_error)
        for run in result.runs
    ]


def _fields(result: JointResult) -> list[str]:
    known = result.fields or (None,) * len(result.runs)
    return ["" if field is None else f"{field:.6g}" for field in known]


def runs_table(result: JointResult) -> str:
    """What differs between runs, one line for each: temperature, field, parameters, chi-square."""
    head, conditions = ["  run"], []
    for values, title in ((_temperatures(result), "T (K)"), (_fields(result), "field (G)")):
        if len(set(values)) > 1:
            head.append(title)
            conditions.append(values)
    names = columns(result)
    rows = []
    for k, run in enumerate(result.runs):
        cells = [f"  {run.name or 'run'}", *(values[k] for values in conditions)]
        for name in names:
            one = run.parameters.get(name)
            cells.append("" if one is None else bracket(one.value, one.error, one.unit))
        rows.append([*cells, _ratio(run)])
    return str(table(rows, [*head, *names, "chi2/ndof"]))


def _ratio(run: FitResult) -> str:
    if run.chi2 is None or run.ndof < 1:
        return ""
    return f"{run.chi2:.1f}/{run.ndof} = {run.chi2 / run.ndof:.3f}"
