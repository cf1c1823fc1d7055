"""Muon spin rotation: from raw facility files to an ordering temperature.

Every public name is here and is imported when it is first used, so that ``import musrcu`` costs
next to nothing::

    import musrcu as mu

    asymmetry = mu.reduce(mu.read("run.bin"), mu.Reduction(alpha=1.08))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from musrcu import exchange as exchange
    from musrcu import plot as plot
    from musrcu.analysis.scan import fit_scan
    from musrcu.analysis.scan_result import Scan
    from musrcu.calibration.calibrate import calibrate
    from musrcu.calibration.combined_calibration import combine_calibrations
    from musrcu.calibration.dead_time import estimate_dead_time
    from musrcu.calibration.dead_time_result import DeadTimes
    from musrcu.comparison.bootstrap import bootstrap
    from musrcu.comparison.bootstrap_result import Bootstrap
    from musrcu.comparison.compare import compare_models
    from musrcu.comparison.comparison_result import Comparison
    from musrcu.comparison.count_lines import count_lines
    from musrcu.comparison.line_count import LineCount
    from musrcu.comparison.residual_tests import ResidualTests, test_residuals
    from musrcu.comparison.residuals import Residuals, residuals
    from musrcu.containers.asymmetry import Asymmetry
    from musrcu.containers.calibration import Calibration
    from musrcu.containers.counts import Counts
    from musrcu.containers.histogram import Histogram
    from musrcu.containers.run import Run
    from musrcu.direct.order_parameter import fit_order_parameter
    from musrcu.direct.result import DirectOrder
    from musrcu.errors import MusrcuError, ReadError
    from musrcu.fitting.constraint import Constraint
    from musrcu.fitting.contour import Contour, contour
    from musrcu.fitting.fit import fit
    from musrcu.fitting.law import fit_law
    from musrcu.fitting.profile import Profile, profile
    from musrcu.fitting.result import FitResult
    from musrcu.joint.joint_fit import joint_fit
    from musrcu.joint.result import JointResult
    from musrcu.models.functions_file import load_functions
    from musrcu.models.model import Model
    from musrcu.models.nuclei import dipolar_component
    from musrcu.models.nucleus import Nucleus
    from musrcu.models.parameter import Parameter
    from musrcu.models.precession import field_from_nu, nu_from_field
    from musrcu.models.registry import component
    from musrcu.ordering.critical import CriticalRegion, critical_region
    from musrcu.ordering.influence import Influence, influence
    from musrcu.ordering.points import OrderPoints
    from musrcu.ordering.result import OrderParameter
    from musrcu.ordering.table import read_order_table
    from musrcu.ordering.universality import Universality, universality
    from musrcu.output.catalogue import catalogue
    from musrcu.output.joint_repetition import JointRepetition
    from musrcu.output.load import load
    from musrcu.output.repeat import repeat
    from musrcu.output.repetition import Repetition
    from musrcu.planning.plan import plan
    from musrcu.planning.result import Plan
    from musrcu.readers.find import find_runs
    from musrcu.readers.isis_events import read_events
    from musrcu.readers.registry import read
    from musrcu.readers.temperature_log import attach_temperature_log
    from musrcu.reduction.asymmetry import form_asymmetry
    from musrcu.reduction.background import subtract_background
    from musrcu.reduction.co_add import add_runs
    from musrcu.reduction.dead_time import correct_dead_time
    from musrcu.reduction.detectors import inspect_detectors
    from musrcu.reduction.grouping import group
    from musrcu.reduction.histograms import reduce_histograms
    from musrcu.reduction.rebin import rebin
    from musrcu.reduction.recipe import Reduction, reduce, reduce_counts
    from musrcu.reduction.reference import measure_background
    from musrcu.reduction.t0 import TimeZero, find_t0
    from musrcu.simulation.simulate import simulate
    from musrcu.spectrum.fourier import fourier
    from musrcu.spectrum.periodogram import periodogram
    from musrcu.spectrum.periodogram_result import Periodogram
    from musrcu.spectrum.spectrum_result import Spectrum
    from musrcu.systematics.robustness import robustness
    from musrcu.systematics.robustness_result import Robustness
    from musrcu.writers.registry import write

__version__ = "0.1.0"

__all__ = [
    "Asymmetry",
    "Bootstrap",
    "Calibration",
    "Comparison",
    "Constraint",
    "Contour",
    "Counts",
    "CriticalRegion",
    "DeadTimes",
    "DirectOrder",
    "FitResult",
    "Histogram",
    "Influence",
    "JointRepetition",
    "JointResult",
    "LineCount",
    "Model",
    "MusrcuError",
    "Nucleus",
    "OrderParameter",
    "OrderPoints",
    "Parameter",
    "Periodogram",
    "Plan",
    "Profile",
    "ReadError",
    "Reduction",
    "Repetition",
    "ResidualTests",
    "Residuals",
    "Robustness",
    "Run",
    "Scan",
    "Spectrum",
    "TimeZero",
    "Universality",
    "add_runs",
    "attach_temperature_log",
    "bootstrap",
    "calibrate",
    "catalogue",
    "combine_calibrations",
    "compare_models",
    "component",
    "contour",
    "correct_dead_time",
    "count_lines",
    "critical_region",
    "dipolar_component",
    "estimate_dead_time",
    "field_from_nu",
    "find_runs",
    "find_t0",
    "fit",
    "fit_law",
    "fit_order_parameter",
    "fit_scan",
    "form_asymmetry",
    "fourier",
    "group",
    "influence",
    "inspect_detectors",
    "joint_fit",
    "load",
    "load_functions",
    "measure_background",
    "nu_from_field",
    "periodogram",
    "plan",
    "profile",
    "read",
    "read_events",
    "read_order_table",
    "rebin",
    "reduce",
    "reduce_counts",
    "reduce_histograms",
    "repeat",
    "residuals",
    "robustness",
    "simulate",
    "subtract_background",
    "test_residuals",
    "universality",
    "write",
]

_HOMES = {
    "musrcu.calibration.calibrate": ("calibrate",),
    "musrcu.calibration.combined_calibration": ("combine_calibrations",),
    "musrcu.calibration.dead_time": ("estimate_dead_time",),
    "musrcu.calibration.dead_time_result": ("DeadTimes",),
    "musrcu.direct.order_parameter": ("fit_order_parameter",),
    "musrcu.direct.result": ("DirectOrder",),
    "musrcu.ordering.universality": ("Universality", "universality"),
    "musrcu.ordering.critical": ("CriticalRegion", "critical_region"),
    "musrcu.ordering.influence": ("Influence", "influence"),
    "musrcu.ordering.points": ("OrderPoints",),
    "musrcu.ordering.result": ("OrderParameter",),
    "musrcu.ordering.table": ("read_order_table",),
    "musrcu.systematics.robustness": ("robustness",),
    "musrcu.systematics.robustness_result": ("Robustness",),
    "musrcu.analysis.scan": ("fit_scan",),
    "musrcu.analysis.scan_result": ("Scan",),
    "musrcu.comparison.bootstrap": ("bootstrap",),
    "musrcu.comparison.bootstrap_result": ("Bootstrap",),
    "musrcu.comparison.compare": ("compare_models",),
    "musrcu.comparison.comparison_result": ("Comparison",),
    "musrcu.comparison.count_lines": ("count_lines",),
    "musrcu.comparison.line_count": ("LineCount",),
    "musrcu.comparison.residuals": ("Residuals", "residuals"),
    "musrcu.comparison.residual_tests": ("ResidualTests", "test_residuals"),
    "musrcu.containers.asymmetry": ("Asymmetry",),
    "musrcu.containers.calibration": ("Calibration",),
    "musrcu.containers.counts": ("Counts",),
    "musrcu.containers.histogram": ("Histogram",),
    "musrcu.containers.run": ("Run",),
    "musrcu.errors": ("MusrcuError", "ReadError"),
    "musrcu.fitting.constraint": ("Constraint",),
    "musrcu.fitting.contour": ("Contour", "contour"),
    "musrcu.fitting.fit": ("fit",),
    "musrcu.fitting.law": ("fit_law",),
    "musrcu.fitting.profile": ("Profile", "profile"),
    "musrcu.fitting.result": ("FitResult",),
    "musrcu.joint.joint_fit": ("joint_fit",),
    "musrcu.joint.result": ("JointResult",),
    "musrcu.models.functions_file": ("load_functions",),
    "musrcu.models.model": ("Model",),
    "musrcu.models.parameter": ("Parameter",),
    "musrcu.models.precession": ("field_from_nu", "nu_from_field"),
    "musrcu.models.nuclei": ("dipolar_component",),
    "musrcu.models.nucleus": ("Nucleus",),
    "musrcu.models.registry": ("component",),
    "musrcu.output.catalogue": ("catalogue",),
    "musrcu.output.load": ("load",),
    "musrcu.output.joint_repetition": ("JointRepetition",),
    "musrcu.output.repeat": ("repeat",),
    "musrcu.output.repetition": ("Repetition",),
    "musrcu.planning.plan": ("plan",),
    "musrcu.planning.result": ("Plan",),
    "musrcu.readers.find": ("find_runs",),
    "musrcu.readers.isis_events": ("read_events",),
    "musrcu.readers.registry": ("read",),
    "musrcu.readers.temperature_log": ("attach_temperature_log",),
    "musrcu.reduction.asymmetry": ("form_asymmetry",),
    "musrcu.reduction.background": ("subtract_background",),
    "musrcu.reduction.co_add": ("add_runs",),
    "musrcu.reduction.dead_time": ("correct_dead_time",),
    "musrcu.reduction.detectors": ("inspect_detectors",),
    "musrcu.reduction.grouping": ("group",),
    "musrcu.reduction.histograms": ("reduce_histograms",),
    "musrcu.reduction.rebin": ("rebin",),
    "musrcu.reduction.recipe": ("Reduction", "reduce", "reduce_counts"),
    "musrcu.reduction.t0": ("TimeZero", "find_t0"),
    "musrcu.reduction.reference": ("measure_background",),
    "musrcu.simulation.simulate": ("simulate",),
    "musrcu.spectrum.fourier": ("fourier",),
    "musrcu.spectrum.periodogram": ("periodogram",),
    "musrcu.spectrum.periodogram_result": ("Periodogram",),
    "musrcu.spectrum.spectrum_result": ("Spectrum",),
    "musrcu.writers.registry": ("write",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}
_ROOMS = ("exchange", "plot")
"""Modules that are reached by name, such as ``musrcu.plot``."""


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value  # the next look-up does not come here
        return value
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    special = (name for name in globals() if name.startswith("__"))
    return sorted({*special, *__all__, *_ROOMS})
