"""A scan described in a TOML file: runs, reduction, models, order parameter."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from musrcu import toml
from musrcu.analysis.scan import ORDERED, PARAMAGNETIC, distinct, fit_scan
from musrcu.analysis.scan_direct import DIRECT_KEYS, direct_of
from musrcu.analysis.scan_options import COSTS
from musrcu.analysis.scan_result import Scan
from musrcu.calibration.calibrate import calibrate
from musrcu.containers.calibration import Calibration
from musrcu.containers.numbers import is_number
from musrcu.containers.temperature import kelvin
from musrcu.errors import ModelError, MusrcuError, nearest
from musrcu.files import PathLike
from musrcu.models.functions_file import load_functions
from musrcu.models.model import Model
from musrcu.notation import parsed
from musrcu.ordering.method import METHODS, Treatment
from musrcu.ordering.order_quantity import UNITS
from musrcu.ordering.two_step import fit_order_parameter
from musrcu.readers.find import find_runs
from musrcu.readers.registry import read
from musrcu.readers.run_files import VARIABLE
from musrcu.reduction.periods import calibration_period
from musrcu.reduction.recipe import Reduction

FIT_KEYS = (
    "ordered", "paramagnetic", "t_range", "start", "fixed", "limits", "ties", "constraints",
    "minos", "average_bins", "cost", "functions",
)  # fmt: skip
_PAIR = ("forward", "backward", "exclude", "geometry")
"""Options that hold for the calibration run too."""
ORDER_UNITS = UNITS[:-1]
"""Units in which a frequency can be told."""
_TREATMENT = ("above", "nu_det", "thermometer_offset")
ORDER_KEYS = (
    "parameter", "alpha", "method", "unit", "temperature_range", "J", *_TREATMENT,
    *DIRECT_KEYS,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFile:
    """Everything a scan needs. Paths are relative to the folder of the file."""

    data: tuple[Path, ...]
    """The runs, none twice."""
    recipe: Reduction
    """How they are reduced, calibration included."""
    fit: Mapping[str, Any]
    """Options of :func:`musrcu.fit_scan`."""
    order: Mapping[str, Any] | None
    """Options of :func:`musrcu.fit_order_parameter`; None where no law is fitted."""
    functions: tuple[Path, ...] = ()
    """Python files that it names in [fit], run when it was read."""
    J: str | None = None
    """Coupling along the chains as text with its error, K; None where nothing is said of it."""
    direct: bool = False
    """Whether one fit of all spectra is asked for."""
    one_step: Mapping[str, Any] = field(default_factory=dict)
    """Options that only this fit has, for ``fit_order_parameter(direct=True)``."""

    @classmethod
    def load(cls, path: PathLike, *, data: str | None = None) -> ScanFile:
        """Read the tables [data], [reduction], [calibration], [fit] and [order].

        ``[data]`` holds ``runs`` (a pattern or a list) and, instead of a table [calibration],
        ``calibration``: a transverse-field run that is evaluated on the spot, or a TOML file; with
        ``folder``, numbers such as ``ltf:1-20`` are looked for there instead of in MUSRCU_DATA.
        ``alpha = "free"`` in [order] fits the exponent; ``J = "13.7(1)"`` is kept for what follows
        from T_N, and ``direct = true`` with ``sigma_TN``, ``smooth``, ``local`` and ``spread`` for
        a fit of all spectra at once. ``functions`` in [fit] names a Python file,
        or several, with functions of your own; it is run here.

        Parameters
        ----------
        path : the TOML file.
        data : replaces ``folder`` in [data], relative to the current folder.

        Raises
        ------
        MusrcuError for an unknown table or key, a missing run, or a calibration that fails.
        """
        tables, folder = toml.load(path), Path(path).parent
        _refuse(path, "", tables, ("data", "reduction", "calibration", "fit", "order"))
        for name, table in tables.items():
            if not isinstance(table, Mapping):
                raise MusrcuError(f"{path}: {name} = {table!r} is not a table; write [{name}]")
        runs = _runs(path, folder, tables.get("data", {}), data)
        options = dict(tables.get("fit", {}))
        _refuse(path, "[fit] ", options, FIT_KEYS)
        _check_fit(path, options)
        functions = _declared(path, folder, options.pop("functions", ()))
        order = dict(tables["order"]) if "order" in tables else None
        _refuse(path, "[order] ", order or {}, ORDER_KEYS)
        direct, one_step = direct_of(path, order or {})
        _check_order(path, order or {})
        _check_treatment(path, order or {})
        chain = None if order is None else order.pop("J", None)
        return cls(
            data=tuple(runs),
            recipe=_recipe(path, folder, tables),
            fit={"ordered": ORDERED, "paramagnetic": PARAMAGNETIC, **options},
            order=order,
            functions=functions,
            J=None if chain is None else str(chain),
            direct=direct,
            one_step=one_step,
        )

    def run(self, *, executor: Any = None, progress: bool = False) -> Scan:
        """Fit the scan and, where the file asks for it, its order parameter."""
        if self.order is not None and "parameter" in self.order:
            Model(self.fit["ordered"]).index(self.order["parameter"])  # before any fit
        scan = fit_scan(self.data, self.recipe, executor=executor, progress=progress, **self.fit)
        if self.order is None:
            return scan
        options = {"parameter": scan.parameter, **self.order}
        if options.get("alpha") == "free":
            options["alpha"] = None
        return scan.with_order(fit_order_parameter(scan, **options))


def _runs(
    path: PathLike, folder: Path, table: Mapping[str, Any], data: str | None
) -> Sequence[Path]:
    """The files that the table [data] names."""
    _refuse(path, "[data] ", table, ("runs", "folder", "calibration"))
    if "runs" not in table:
        raise MusrcuError(f'{path}: [data] lacks runs, for example runs = "run_{{1-20}}.bin"')
    patterns = [table["runs"]] if isinstance(table["runs"], str) else table["runs"]
    if not (isinstance(patterns, list) and all(isinstance(p, str) for p in patterns)):
        raise MusrcuError(f"{path}: [data] runs = {patterns!r}; expected a pattern or a list")
    if "folder" in table and not isinstance(table["folder"], str):
        raise MusrcuError(f"{path}: [data] folder = {table['folder']!r}; expected a text")
    where: PathLike | None = data or os.environ.get(VARIABLE)
    if data is None and "folder" in table:
        where = folder / table["folder"]
    runs = distinct(run for pattern in patterns for run in find_runs(pattern, folder, data=where))
    if not runs:
        raise MusrcuError(f"{path}: [data] runs is an empty list; name at least one file")
    return runs


def _recipe(path: PathLike, folder: Path, tables: Mapping[str, Any]) -> Reduction:
    table = dict(tables.get("reduction", {}))
    named = tables.get("data", {}).get("calibration")
    if named is not None and not (isinstance(named, str) and named.isprintable() and named):
        raise MusrcuError(
            f"{path}: [data] calibration = {named!r}; expected the name of a run or of a TOML file"
        )
    calibration = None
    if "calibration" in tables:
        if named is not None:
            raise MusrcuError(f"{path}: [calibration] and calibration in [data]; keep one")
        calibration = Calibration.from_dict(dict(tables["calibration"]), f"{path}: [calibration]")
    elif named is not None and named.endswith(".toml"):
        calibration = Calibration.load(folder / named)
    recipe = Reduction.from_dict(table, calibration, f"{path}: [reduction]")
    if named is None or calibration is not None:
        return recipe
    run = read(folder / named)
    pair = {name: table[name] for name in _PAIR if name in table}
    found = calibrate(run, Reduction(**pair, period=calibration_period(run, recipe.period)))
    return Reduction.from_dict(table, found, f"{path}: [reduction]")


def _declared(path: PathLike, folder: Path, named: str | Sequence[str]) -> tuple[Path, ...]:
    """The files of functions that [fit] names, run."""
    files = tuple(folder / name for name in ([named] if isinstance(named, str) else named))
    for file in files:
        try:
            load_functions(file)
        except ModelError as error:
            raise ModelError(f"{path}: [fit] functions: {error}") from error
    return files


def _check_fit(path: PathLike, options: dict[str, Any]) -> None:
    """Refuse a fit option of the wrong shape, before any run is read."""
    for key, value in options.items():
        right, wanted = _FIT_RULES.get(key, _NUMBERS)
        if not right(value):
            raise MusrcuError(f"{path}: [fit] {key} = {value!r}; expected {wanted}")
    if "t_range" in options:
        options["t_range"] = tuple(options["t_range"])


def _check_order(path: PathLike, order: Mapping[str, Any]) -> None:
    """Refuse an option of the order parameter that can never work, before any run is read."""
    for key in ("parameter", "method"):
        if not isinstance(order.get(key, ""), str):
            raise MusrcuError(f"{path}: [order] {key} = {order[key]!r}; expected a text")
    if order.get("method", "auto") not in METHODS:
        raise MusrcuError(
            f"{path}: [order] method = {order['method']!r}; expected one of {', '.join(METHODS)}"
        )
    if "J" in order:
        _check_coupling(path, order["J"])
    alpha = order.get("alpha", 3.0)
    if alpha != "free" and not (is_number(alpha) and 0.5 <= alpha <= 8.0):
        raise MusrcuError(
            f"{path}: [order] alpha = {alpha!r}; expected a number from 0.5 to 8, or 'free'"
        )
    if order.get("unit", "MHz") not in ORDER_UNITS:
        raise MusrcuError(
            f"{path}: [order] unit = {order['unit']!r}; expected one of {', '.join(ORDER_UNITS)}"
        )
    if not _is_pair(order.get("temperature_range", [0.0, 1.0])):
        raise MusrcuError(
            f"{path}: [order] temperature_range = {order['temperature_range']!r}; expected two "
            "temperatures in K, the lower one first"
        )


def _check_treatment(path: PathLike, order: dict[str, Any]) -> None:
    """Refuse what the cost of the law cannot be made of; a temperature may have a unit."""
    offset = order.get("thermometer_offset")
    if isinstance(offset, str):
        try:
            order["thermometer_offset"] = kelvin(offset)
        except MusrcuError:
            raise MusrcuError(
                f"{path}: [order] thermometer_offset = {offset!r}; expected kelvin, or text such "
                "as '0.5 mK'"
            ) from None
    try:
        Treatment(**{name: order[name] for name in _TREATMENT if name in order})
    except MusrcuError as error:
        raise MusrcuError(f"{path}: [order] {error}") from None


def _check_coupling(path: PathLike, given: Any) -> None:
    """Refuse a coupling J that is no positive value."""
    try:
        value = parsed(str(given))[0] if is_number(given) or isinstance(given, str) else 0.0
    except MusrcuError as error:
        raise MusrcuError(f"{path}: [order] J: {error}") from None
    if value <= 0:
        raise MusrcuError(f'{path}: [order] J = {given!r}; expected a coupling in K, "13.7(1)"')


def _is_pair(value: Any, limits: bool = False) -> bool:
    """Two numbers, the smaller one first; of limits either may be infinite, an open end."""
    if not (isinstance(value, list) and len(value) == 2):
        return False
    open_ends = (-math.inf, math.inf) if limits else ()
    if not all(is_number(end) or (isinstance(end, float) and end in open_ends) for end in value):
        return False
    return bool(value[0] < value[1])


def _is_known(value: Any) -> bool:
    """A value and its error."""
    right = isinstance(value, list) and len(value) == 2 and all(map(is_number, value))
    return right and bool(value[1] > 0)


def _is_table(value: Any, right: Callable[[Any], bool]) -> bool:
    return isinstance(value, Mapping) and all(map(right, value.values()))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_MODEL = (_is_text, "a model such as 'exponential + constant'")
_NUMBERS = (lambda v: _is_table(v, is_number), "a table of numbers such as { phi2 = 0.0 }")
_FIT_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "ordered": _MODEL,
    "paramagnetic": _MODEL,
    "t_range": (_is_pair, "two times in us, the earlier one first"),
    "functions": (
        lambda v: _is_text(v) or (isinstance(v, list) and all(map(_is_text, v))),
        "the name of a Python file, or a list of them",
    ),
    "cost": (lambda v: v in COSTS, f"one of {', '.join(COSTS)}"),
    "average_bins": (lambda v: isinstance(v, bool), "true or false"),
    "minos": (lambda v: isinstance(v, list) and all(map(_is_text, v)), "a list of names"),
    "limits": (
        lambda v: _is_table(v, lambda pair: _is_pair(pair, limits=True)),
        "a table such as { nu2 = [0.5, 3.0] }, the lower limit first, inf for an open end",
    ),
    "constraints": (
        lambda v: _is_table(v, _is_known),
        "a table such as { A1 = [0.21, 0.01] }, a value and its error, above 0",
    ),
    "ties": (lambda v: _is_table(v, _is_text), 'a table such as { lambda2 = "2*lambda1" }'),
}
"""What the options of the fit may be; those not named are tables of numbers."""


def _refuse(path: PathLike, where: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in table:
        if name not in known:
            raise MusrcuError(f"{path}: {where}has no entry {name!r}{nearest(name, known)}")
