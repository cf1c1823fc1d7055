"""The options that verbs share, under the same names everywhere, and what they mean in Python."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musrcu.cli import values

if TYPE_CHECKING:
    from musrcu.containers.calibration import Calibration
    from musrcu.reduction.recipe import Reduction

DEFAULT_MODEL = "exponential + damped_cosine + constant"
"""The model of ``musrcu fit`` where none is given: a relaxing and an oscillating part."""
PARAMAGNETIC = "gaussian + exponential + constant"
"""The model of runs without order where none is given."""
PAIR = ("forward", "backward", "exclude", "geometry", "period")
"""Options of a run's reduction that hold for its calibration run too."""

_REDUCTION = (
    ("--forward", "GROUP", str, "detectors the muon spin points to: Back, or 1-4,7"),
    ("--backward", "GROUP", str, "detectors on the other side"),
    ("--exclude", "DETECTORS", str, "detectors to leave out: 3,7, or bad (dead, hot, noisy)"),
    (
        "--geometry",
        "HOW",
        str,
        "longitudinal or transverse: the default pair of the instrument along or across the beam",
    ),
    (
        "--period",
        "P",
        values.period,
        "where the run has several: 1, a label, 1+2 (counts added), all, or 1-2 (difference of "
        "asymmetries); default: 1",
    ),
    ("--alpha", "X", values.above_zero, "balance of the pair; default: the calibration's, or 1"),
    (
        "--detector-beta",
        "X",
        values.above_zero,
        "intrinsic asymmetry of backward over that of forward; default: the calibration's, or 1",
    ),
    (
        "--packing",
        "HOW",
        values.packing,
        "raw bins in one bin: 20; growing as counts decay: variable, bins=40 or first=4 (raw bins "
        "in the first); edges=0.1,0.2,0.5 (us); default: the fewest raw bins that counts allow",
    ),
    (
        "--t-max",
        "US",
        values.above_zero,
        "late cut, us; default: the latest that counts allow (a fit of counts: the last good bin)",
    ),
    ("--t0", "HOW", values.t0, "file, prompt, edge, or bin (from 0) of the muon's arrival"),
    ("--first-good", "N", values.whole, "first good bin, raw bins after t0; default: the file's"),
    (
        "--background",
        "HOW",
        values.background,
        "auto, none, fit, before_t0=-0.5,-0.05 or late=10,30 (us), given=3.1,2.9 (counts per raw "
        "bin), or run=FILE (no muons; PSI, TRIUMF: run=FILE,factor)",
    ),
    (
        "--dead-time",
        "HOW",
        values.dead_time,
        "auto (calibration, else file), file, none, us, or a table in a file: detector us",
    ),
    (
        "--temperature-log",
        "NAME",
        str,
        "log of the file that gives the temperature; default: what the file states",
    ),
)
_FIT = (
    ("--start", "NAME=VALUE", values.assignments, "start values, such as nu2=1.5,lambda2=3"),
    ("--fix", "NAME=VALUE", values.assignments, "parameters that are held, such as phi2=0"),
    ("--limit", "NAME=LO,HI", values.limit, "limits of a parameter; an end may be left out"),
    ("--tie", "NAME=EXPR", values.tie, "a parameter from others, such as lambda2=2*lambda1"),
    (
        "--constrain",
        "NAME=VALUE,ERROR",
        values.known,
        "what is known of parameters, such as A1=0.055,0.002,lambda2=0.35,0.01",
    ),
)
_ORDER = (
    (
        "--method",
        "HOW",
        values.method,
        "which errors count: naive (of frequencies), latent (of temperatures too: a true one for "
        "each run), effective (carried over by the slope), effective_plain (without ln of the "
        "variances), or auto: latent where |dnu/dT| sigma_T > sigma_nu/3 for any run (default)",
    ),
    (
        "--above",
        "HOW",
        values.above,
        "runs without order: bound (T_N not above the lowest plus two of its errors; default), or "
        "censored: each costs (nu(T)/nu_det)^2 below T_N",
    ),
    (
        "--nu-det",
        "MHZ",
        values.above_zero,
        "lowest frequency that a censored run would have shown; default: what the scan searched, "
        "or 0.3",
    ),
    (
        "--thermometer-offset",
        "K",
        values.kelvin,
        "error of an offset that all temperatures share: 0.0005 or 0.5mK; adds to that of T_N",
    ),
)
COSTS = ("auto", "asymmetry", "poisson", "binomial", "neyman", "pearson", "histograms")
"""What a fit may minimise."""
_COSTS = {
    "auto": "asymmetry where every bin holds 20 counts in each group, else poisson",
    "asymmetry": "chi-square of the asymmetry",
    "poisson": "Poisson's likelihood of the counts of both groups, right however few there are",
    "binomial": "how the counts of each bin divide into forward and backward",
    "neyman": "chi-square of counts, weights from the data",
    "pearson": "the same, weights from the model; both biased, for comparison",
    "histograms": "poisson of detectors or groups, each with its phase and level (--detectors)",
}
_FIT_NAMES = {
    "start": "start",
    "fix": "fixed",
    "limit": "limits",
    "tie": "ties",
    "constrain": "constraints",
    "range": "t_range",
    "minos": "minos",
    "average_bins": "average_bins",
}
"""Options of the command line and the arguments of :func:`musrcu.fit` they become."""


def add_reduction(parser: ArgumentParser, *, calibrated: bool = True) -> None:
    """The options of a reduction; without alpha and calibration where these are looked for."""
    group = parser.add_argument_group("reduction (every default that is used is printed)")
    parser.set_defaults(alpha=None, detector_beta=None, calibration=None)
    for name, metavar, kind, text in _REDUCTION:
        if calibrated or name not in ("--alpha", "--detector-beta"):
            group.add_argument(name, metavar=metavar, type=kind, help=text)
    if not calibrated:
        return
    group.add_argument(
        "--calibration",
        metavar="FILE",
        help="alpha and total asymmetry: what musrcu calibrate wrote (.toml), or the run itself",
    )


def add_functions(parser: Any) -> None:
    """``--functions``."""
    parser.add_argument(
        "--functions",
        metavar="FILE",
        action="append",
        help="Python file that declares functions of your own with @mu.component; it is run",
    )


def add_fit(
    parser: ArgumentParser, model: str, *, cost: Sequence[str] = (), several: bool = False
) -> None:
    """The options of a fit; ``model`` is what is said of the model's default.

    ``cost`` are the costs among which a user may choose, the default first; ``several`` is whether
    more than one model may be given.
    """
    group = parser.add_argument_group("fit")
    if cost:
        group.add_argument(
            "--cost",
            choices=cost,
            default=cost[0],
            help=_said_of(cost),
        )
    group.add_argument(
        "--model",
        metavar="EXPR",
        action="append" if several else "store",
        help=f"sum of components; {model}",
    )
    add_functions(group)
    group.add_argument(
        "--range", metavar="A,B", type=values.interval, help="fitted times, us; default: all"
    )
    for name, metavar, kind, text in _FIT:
        group.add_argument(name, metavar=metavar, type=kind, action=values.Merge, help=text)
    group.add_argument(
        "--minos", metavar="NAMES", type=values.words, help="parameters with unequal errors"
    )
    group.add_argument(
        "--average-bins",
        action="store_true",
        default=None,
        help="average the model over each bin, as counts are; for lines of a tenth of a turn and "
        "more in a bin",
    )


def _said_of(cost: Sequence[str]) -> str:
    """The costs in words, the default named."""
    said = [f"{name}: {_COSTS[name]}" for name in cost]
    return "; ".join([f"{said[0]} (default)", *said[1:]])


def add_paramagnetic(parser: ArgumentParser) -> None:
    """The second model of a scan."""
    parser.add_argument(
        "--paramagnetic",
        metavar="EXPR",
        help=f"model of runs without order; default: {PARAMAGNETIC}",
    )


def add_order(parser: ArgumentParser) -> None:
    """The options of an order parameter."""
    group = parser.add_argument_group("order parameter nu(T) = nu0 [1 - (T/T_N)^alpha]^beta")
    group.add_argument(
        "--exponent", metavar="X", type=values.exponent, help="alpha: 0.5 to 8 (default 3), or free"
    )
    group.add_argument(
        "--parameter",
        metavar="NAME",
        help="what orders: a frequency or an amplitude of the fits (nu2, A2), a column of a table; "
        "default: the model's first frequency",
    )
    group.add_argument(
        "--unit",
        metavar="UNIT",
        choices=("MHz", "G", "mT", "T"),
        help="G, mT or T: the frequency as field at the muon, B = nu / (135.53881 MHz/T)",
    )
    group.add_argument(
        "--temperature-range",
        metavar="LOW,HIGH",
        type=values.interval,
        help="K; ordered runs outside are left out: with --exponent 1 a power of 1 - T/T_N",
    )
    for name, metavar, kind, text in _ORDER:
        group.add_argument(name, metavar=metavar, type=kind, help=text)


def add_output(parser: ArgumentParser, what: str, json: bool = True) -> None:
    """``--json``, ``-o`` and ``--force``."""
    group = parser.add_argument_group("output")
    if json:
        group.add_argument("--json", action="store_true", help="print JSON and nothing else")
    group.add_argument("-o", "--output", metavar="FILE", type=Path, help=what)
    add_force(group)


def add_force(parser: Any) -> None:
    """``--force``."""
    parser.add_argument("--force", action="store_true", help="overwrite files that exist")


def given_reduction(arguments: Namespace, base: Reduction | None = None) -> dict[str, Any]:
    """The options of :class:`musrcu.Reduction` that were typed, the calibration left out.

    A background from a run is measured here, with the pair that was typed or that of ``base``.
    """
    names = [name.lstrip("-").replace("-", "_") for name, *_ in _REDUCTION]
    given = {name: getattr(arguments, name) for name in names}
    given = {name: value for name, value in given.items() if value is not None}
    background = given.get("background")
    if isinstance(background, dict) and "run" in background:
        given["background"] = _from_run(given, base, **background)
    return given


def _from_run(
    given: dict[str, Any], base: Reduction | None, run: str, factor: float | None = None
) -> dict[str, Any]:
    """The background that a run without muons has, as numbers."""
    import dataclasses

    from musrcu.readers.registry import read
    from musrcu.reduction.recipe import Reduction
    from musrcu.reduction.reference import measure_background

    recipe = dataclasses.replace(base or Reduction(), **(given | {"background": "none"}))
    return dict(measure_background(read(run), recipe, factor=factor))


def recipe(arguments: Namespace, base: Reduction | None = None) -> Reduction:
    """The recipe that was typed, over that of a file where there is one."""
    import dataclasses

    from musrcu.reduction.recipe import Reduction

    made = dataclasses.replace(base or Reduction(), **given_reduction(arguments, base))
    if arguments.calibration is None:
        return made
    return dataclasses.replace(made, calibration=_calibration(arguments.calibration, made))


def _calibration(name: str, recipe: Reduction) -> Calibration:
    """A saved calibration, or that of a run, with the pair of the recipe."""
    from musrcu.containers.calibration import Calibration
    from musrcu.reduction.recipe import Reduction

    if name.endswith(".toml"):
        return Calibration.load(name)
    from musrcu.calibration.calibrate import calibrate
    from musrcu.readers.registry import read
    from musrcu.reduction.periods import calibration_period

    run = read(name)
    period = calibration_period(run, recipe.period)
    pair = {name: getattr(recipe, name) for name in PAIR} | {"period": period}
    return calibrate(run, Reduction(**pair))


def given_fit(arguments: Namespace) -> dict[str, Any]:
    """The options of :func:`musrcu.fit` that were typed, the model left out."""
    given = {python: getattr(arguments, word) for word, python in _FIT_NAMES.items()}
    return {name: value for name, value in given.items() if value is not None}


def given_order(arguments: Namespace) -> dict[str, Any]:
    """The options of :func:`musrcu.fit_order_parameter` that were typed."""
    given: dict[str, Any] = {}
    if arguments.exponent is not None:
        given["alpha"] = None if arguments.exponent == "free" else arguments.exponent
    typed = [name.lstrip("-").replace("-", "_") for name, *_ in _ORDER]
    for name in ("parameter", "unit", "temperature_range", *typed):
        if getattr(arguments, name) is not None:
            given[name] = getattr(arguments, name)
    return given
