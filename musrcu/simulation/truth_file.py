"""The truth file: TOML tables, every entry checked by name and kind."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from musrcu import toml
from musrcu.containers.numbers import is_number, is_whole
from musrcu.containers.run import SOURCES
from musrcu.errors import MusrcuError, nearest
from musrcu.files import PathLike
from musrcu.models.model import Model
from musrcu.simulation.banks import Bank
from musrcu.simulation.detectors import Detector, Spectrometer
from musrcu.simulation.pulsed import PulsedSpectrometer
from musrcu.simulation.truth import PER_GAUSS, Order, Recipe, RunTruth, Series, Thermometry, Truth

_Record = TypeVar("_Record")


def load_truth(source: PathLike | Mapping[str, Any]) -> Truth:
    """The truth in a TOML file, or in the same tables as a dictionary.

    Raises
    ------
    MusrcuError for a missing table or entry, one that is unknown, or one that cannot be true; the
    text names the place and the nearest known name.
    """
    if isinstance(source, Mapping):
        tables, file = source, "truth"
    else:
        tables, file = toml.load(source), str(source)
    _known(tables, _TABLES, file)
    for name in ("seed", "instrument", "models", "runs"):
        if name not in tables:
            raise MusrcuError(f"{file} lacks {name!r}")
    seed = tables["seed"]
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise MusrcuError(f"{file}: seed = {seed!r}, expected a whole number, 0 or above")
    order = None
    if "order" in tables:
        order = _record(Order, tables["order"], f"{file}: [order]")
    if not isinstance(tables["models"], Mapping):
        raise MusrcuError(f"{file}: [models] is no table; name each model, as [models.NAME]")
    models = {
        name: _recipe(table, f"{file}: [models.{name}]", order)
        for name, table in tables["models"].items()
    }
    return Truth(
        seed=seed,
        spectrometer=_spectrometer(tables, seed, file),
        thermometry=_record(Thermometry, tables.get("temperature", {}), f"{file}: [temperature]"),
        order=order,
        models=models,
        runs=_runs(tables["runs"], models, file),
    )


LARGEST = 1e12
"""No number in a truth file is larger; sums and products of such are still numbers."""
_TABLES = ("seed", "instrument", "detectors", "banks", "temperature", "order", "models", "runs")
_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "float": ((int, float), "a number, at most 1e12"),
    "int": (int, "a whole number, at most 1e12"),
    "str": ((str, datetime.datetime), "a text"),
    "bool": (bool, "true or false"),
    "tuple[float, ...]": ((list, tuple), "a list of numbers, at most 1e12"),
}
"""What TOML may hold for a field, by the annotation of the field."""


def _spectrometer(
    tables: Mapping[str, Any], seed: int, file: str
) -> Spectrometer | PulsedSpectrometer:
    """The instrument: with banks where its source is pulsed, else with detectors."""
    table, where = tables["instrument"], f"{file}: [instrument]"
    if not isinstance(table, Mapping):
        raise MusrcuError(f"{where} is a {type(table).__name__}, expected a table")
    source = table.get("source", "continuous")
    if source not in SOURCES:
        raise MusrcuError(f"{where}: source = {source!r}, expected {' or '.join(SOURCES)}")
    table = {name: value for name, value in table.items() if name != "source"}
    wanted, other = ("banks", "detectors") if source == "pulsed" else ("detectors", "banks")
    if wanted not in tables:
        raise MusrcuError(f"{file} lacks {wanted!r}")
    if other in tables:
        raise MusrcuError(f"{file} has {other!r}, but a {source} source has [[{wanted}]]")
    blocks = enumerate(_blocks(tables[wanted], f"{file}: {wanted}"), 1)
    if source == "pulsed":
        banks = tuple(_record(Bank, one, f"{file}: [[banks]] {number}") for number, one in blocks)
        return _record(PulsedSpectrometer, table, where, banks=banks, seed=seed)
    detectors = tuple(
        _record(Detector, one, f"{file}: [[detectors]] {number}") for number, one in blocks
    )
    return _record(Spectrometer, table, where, detectors=detectors)


def _known(table: Mapping[str, Any], names: Sequence[str], where: str) -> None:
    for name in table:
        if name not in names:
            raise MusrcuError(f"{where} has no entry {name!r}{nearest(name, list(names))}")


def _record(cls: type[_Record], table: Any, where: str, **made: Any) -> _Record:
    """A dataclass from its table; every entry is checked against the field of its name."""
    if not isinstance(table, Mapping):
        raise MusrcuError(f"{where} is a {type(table).__name__}, expected a table")
    fields = [f for f in dataclasses.fields(cls) if f.name not in made]  # type: ignore[arg-type]
    _known(table, [field.name for field in fields], where)
    values = dict(made)
    for field in fields:
        if field.name in table:
            values[field.name] = _entry(table[field.name], str(field.type), where, field.name)
        elif field.default is dataclasses.MISSING:
            raise MusrcuError(f"{where} lacks {field.name}")
    return cls(**values)


def _entry(value: Any, kind: str, where: str, name: str) -> Any:
    types, expected = _KINDS[kind]
    right = isinstance(value, types) and (kind == "bool" or not isinstance(value, bool))
    if kind.startswith("tuple"):
        right = right and all(_is_number(item) for item in value)
    if kind == "float":
        right = right and _is_number(value)
    if kind == "int":
        right = right and is_whole(value) and abs(value) <= LARGEST
    if not right:
        raise MusrcuError(f"{where}: {name} = {value!r}, expected {expected}")
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if kind == "float":
        return float(value)
    return tuple(value) if kind.startswith("tuple") else value


def _is_number(value: Any) -> bool:
    return is_number(value) and abs(value) <= LARGEST


def _blocks(value: Any, where: str) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)) or not value:
        raise MusrcuError(f"{where}: expected at least one table, each under [[ ]]")
    return value


def _recipe(table: Any, where: str, order: Order | None) -> Recipe:
    if not isinstance(table, Mapping) or not {"expression", "parameters"} <= set(table):
        raise MusrcuError(f"{where} needs an expression and its parameters")
    _known(table, ("expression", "parameters"), where)
    if not isinstance(table["expression"], str) or not isinstance(table["parameters"], Mapping):
        raise MusrcuError(f"{where} needs an expression (a text) and its parameters (a table)")
    model = Model(table["expression"])
    rules = dict(table["parameters"])
    _known(rules, model.names, f"{where}: parameters")
    # an applied field of which nothing is said is that of the run, as in a fit
    rules = {one.name: "field" for one in model.parameters if one.kind == "field"} | rules
    missing = [name for name in model.names if name not in rules]
    if missing:
        raise MusrcuError(f"{where}: parameters lack {', '.join(missing)}")
    for one in model.parameters:
        _check_rule(rules[one.name], one.unit, f"{where}: {one.name}", order)
    return Recipe(model, {name: rules[name] for name in model.names})


def _check_rule(rule: Any, unit: str, where: str, order: Order | None) -> None:
    power_law = isinstance(rule, Mapping) and set(rule) == {"at_0", "rise", "power"}
    if power_law and not all(_is_number(part) for part in rule.values()):
        power_law = False
    if not (_is_number(rule) or rule == "field" or rule == "order" or power_law):
        raise MusrcuError(
            f'{where} = {rule!r}, expected a number, "order", "field" (that of the run, of a '
            "parameter in MHz its Larmor frequency), or { at_0 = ., rise = ., power = . } for "
            "at_0 + rise (T/T_N)^power"
        )
    if rule == "field" and unit not in PER_GAUSS:
        raise MusrcuError(
            f'{where} = "field", but its unit is {unit or "none"}; only a parameter in G (the '
            "field itself) or in MHz (its Larmor frequency) can follow the field; give a number"
        )
    if (rule == "order" or power_law) and order is None:
        raise MusrcuError(f"{where} = {rule!r} needs a table [order]")


def _runs(blocks: Any, models: Mapping[str, Recipe], file: str) -> tuple[RunTruth, ...]:
    runs: dict[int, RunTruth] = {}
    for position, block in enumerate(_blocks(blocks, f"{file}: runs"), 1):
        where = f"{file}: [[runs]] {position}"
        series = _record(Series, block, where)
        for name in (series.model, series.above or series.model):
            if name not in models:
                hint = nearest(name, list(models))
                shown = name if name.isprintable() else repr(name)
                raise MusrcuError(f"{where}: there is no table [models.{shown}]{hint}")
        coldest = min(series.temperatures, default=0.0)
        if series.first < 0:
            raise MusrcuError(f"{where}: first = {series.first}, expected a run number, 0 or above")
        if not (series.events > 0 and series.hours > 0 and coldest > 0):
            raise MusrcuError(
                f"{where}: events = {series.events:g}, hours = {series.hours:g}, lowest of "
                f"{len(series.temperatures)} temperatures {coldest:g} K; all must be above 0"
            )
        try:
            start = datetime.datetime.fromisoformat(series.start)
        except ValueError as error:
            raise MusrcuError(f"{where}: start = {series.start!r} is no ISO 8601 time") from error
        for place, set_point in enumerate(series.temperatures):
            number = series.first + place
            if number in runs:
                raise MusrcuError(f"{where}: run {number} is there already")
            try:
                begin = start + place * datetime.timedelta(hours=series.hours)
                end = begin + datetime.timedelta(hours=series.hours)
            except OverflowError as error:
                raise MusrcuError(
                    f"{where}: run {number} ends beyond the year 9999: start = {series.start!r}, "
                    f"hours = {series.hours:g} for each run"
                ) from error
            runs[number] = RunTruth(number, series, set_point, begin, end)
    return tuple(runs.values())
