"""A scan described in a TOML file: runs, reduction, models, order parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musrcu import toml
from musrcu.analysis.calibrate import calibrate
from musrcu.analysis.order_parameter import fit_order_parameter
from musrcu.analysis.scan import ORDERED, PARAMAGNETIC, fit_scan
from musrcu.analysis.scan_result import Scan
from musrcu.containers.calibration import Calibration
from musrcu.errors import MusrcuError, nearest
from musrcu.files import PathLike
from musrcu.models.model import Model
from musrcu.readers.find import find_runs
from musrcu.readers.registry import read
from musrcu.reduction.recipe import Reduction

FIT_KEYS = (
    "ordered", "paramagnetic", "t_range", "start", "fixed", "limits", "ties", "minos",
)  # fmt: skip
ORDER_KEYS = ("parameter", "alpha", "method")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFile:
    """Everything a scan needs. Paths are relative to the folder of the file."""

    data: tuple[Path, ...]
    """The runs."""
    recipe: Reduction
    """How they are reduced, calibration included."""
    fit: Mapping[str, Any]
    """Options of :func:`musrcu.fit_scan`."""
    order: Mapping[str, Any] | None
    """Options of :func:`musrcu.fit_order_parameter`; None where no law is fitted."""

    @classmethod
    def load(cls, path: PathLike) -> ScanFile:
        """Read the tables [data], [reduction], [calibration], [fit] and [order].

        ``[data]`` holds ``runs`` (a pattern or a list) and, instead of a table [calibration],
        ``calibration``: a transverse-field run that is evaluated on the spot, or a TOML file.
        ``alpha = "free"`` in [order] fits the exponent.

        Raises
        ------
        MusrcuError for an unknown table or key, a missing run, or a calibration that fails.
        """
        tables, folder = toml.load(path), Path(path).parent
        _refuse(path, "", tables, ("data", "reduction", "calibration", "fit", "order"))
        for name, table in tables.items():
            if not isinstance(table, Mapping):
                raise MusrcuError(f"{path}: {name} = {table!r} is not a table; write [{name}]")
        data = tables.get("data", {})
        _refuse(path, "[data] ", data, ("runs", "calibration"))
        if "runs" not in data:
            raise MusrcuError(f'{path}: [data] lacks runs, for example runs = "run_{{1-20}}.bin"')
        patterns = [data["runs"]] if isinstance(data["runs"], str) else data["runs"]
        if not (isinstance(patterns, list) and all(isinstance(p, str) for p in patterns)):
            raise MusrcuError(f"{path}: [data] runs = {patterns!r}; expected a pattern or a list")
        runs = [run for pattern in patterns for run in find_runs(pattern, folder)]
        options = dict(tables.get("fit", {}))
        _refuse(path, "[fit] ", options, FIT_KEYS)
        _check_fit(path, options)
        order = dict(tables["order"]) if "order" in tables else None
        _refuse(path, "[order] ", order or {}, ORDER_KEYS)
        return cls(
            data=tuple(runs),
            recipe=_recipe(path, folder, tables),
            fit={"ordered": ORDERED, "paramagnetic": PARAMAGNETIC, **options},
            order=order,
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


def _recipe(path: PathLike, folder: Path, tables: Mapping[str, Any]) -> Reduction:
    table = dict(tables.get("reduction", {}))
    named = tables.get("data", {}).get("calibration")
    calibration = None
    if "calibration" in tables:
        if named is not None:
            raise MusrcuError(f"{path}: [calibration] and calibration in [data]; keep one")
        calibration = Calibration.from_dict(dict(tables["calibration"]), f"{path}: [calibration]")
    elif named is not None and str(named).endswith(".toml"):
        calibration = Calibration.load(folder / named)
    recipe = Reduction.from_dict(table, calibration, f"{path}: [reduction]")
    if named is None or calibration is not None:
        return recipe
    pair = {name: table[name] for name in ("forward", "backward", "period") if name in table}
    found = calibrate(read(folder / named), Reduction(**pair))
    return Reduction.from_dict(table, found, f"{path}: [reduction]")


def _check_fit(path: PathLike, options: dict[str, Any]) -> None:
    """Refuse a fit option of the wrong shape, before any run is read."""
    for key, value in options.items():
        right: bool
        match key:
            case "ordered" | "paramagnetic":
                right, wanted = isinstance(value, str), "a model such as 'exponential + constant'"
            case "t_range":
                right, wanted = _pair(value), "two times in us"
            case "minos":
                right, wanted = isinstance(value, list), "a list of names"
            case "limits":
                right = isinstance(value, Mapping) and all(_pair(pair) for pair in value.values())
                wanted = "a table such as { nu2 = [0.5, 3.0] }"
            case "ties":
                right = isinstance(value, Mapping) and all(
                    isinstance(text, str) for text in value.values()
                )
                wanted = 'a table such as { lambda2 = "2*lambda1" }'
            case _:
                right = isinstance(value, Mapping) and all(_number(v) for v in value.values())
                wanted = "a table such as { phi2 = 0.0 }"
        if not right:
            raise MusrcuError(f"{path}: [fit] {key} = {value!r}; expected {wanted}")
    if "t_range" in options:
        options["t_range"] = tuple(options["t_range"])


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(_number(v) for v in value)


def _refuse(path: PathLike, where: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in table:
        if name not in known:
            raise MusrcuError(f"{path}: {where}has no entry {name!r}{nearest(name, known)}")
