"""The front door: the public names, where they live, and that opening it costs nothing."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import musrcu

ROOMS = [path.parent.name for path in Path(musrcu.__file__).parent.glob("*/__init__.py")]

# As the plan of the house lists them.
PLAN = [
    "read",
    "read_events",
    "read_order_table",
    "find_runs",
    "add_runs",
    "attach_temperature_log",
    "write",
    "simulate",
    "Run",
    "Counts",
    "Histogram",
    "Asymmetry",
    "Calibration",
    "DeadTimes",
    "Reduction",
    "FitResult",
    "JointResult",
    "Constraint",
    "Scan",
    "OrderParameter",
    "DirectOrder",
    "OrderPoints",
    "Robustness",
    "correct_dead_time",
    "find_t0",
    "TimeZero",
    "group",
    "subtract_background",
    "measure_background",
    "inspect_detectors",
    "rebin",
    "form_asymmetry",
    "reduce",
    "reduce_counts",
    "reduce_histograms",
    "calibrate",
    "estimate_dead_time",
    "combine_calibrations",
    "Model",
    "component",
    "dipolar_component",
    "Nucleus",
    "Parameter",
    "load_functions",
    "catalogue",
    "nu_from_field",
    "field_from_nu",
    "fit",
    "fit_law",
    "profile",
    "Profile",
    "contour",
    "Contour",
    "LineCount",
    "count_lines",
    "Comparison",
    "compare_models",
    "Bootstrap",
    "bootstrap",
    "joint_fit",
    "ResidualTests",
    "test_residuals",
    "Residuals",
    "residuals",
    "fourier",
    "Spectrum",
    "periodogram",
    "Periodogram",
    "fit_scan",
    "fit_order_parameter",
    "critical_region",
    "CriticalRegion",
    "influence",
    "Influence",
    "plan",
    "Plan",
    "universality",
    "Universality",
    "robustness",
    "load",
    "repeat",
    "Repetition",
    "JointRepetition",
    "MusrcuError",
    "ReadError",
]

HEAVY = ("numpy", "scipy", "h5py", "iminuit", "matplotlib", "nexusformat", "tqdm")


def loaded_after(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_all_is_the_plan() -> None:
    assert sorted(musrcu.__all__) == sorted(PLAN)
    assert list(musrcu.__all__) == sorted(musrcu.__all__)


def test_every_public_name_has_one_home() -> None:
    assert sorted(musrcu._HOME) == sorted(musrcu.__all__)


@pytest.mark.parametrize("name", PLAN)
def test_public_name_is_there_documented_and_defined_at_home(name: str) -> None:
    thing = getattr(musrcu, name)
    assert inspect.getdoc(thing)
    assert thing.__module__ == musrcu._HOME[name]
    assert thing.__name__ == name
    assert name in dir(musrcu)


def test_no_public_name_is_that_of_a_room() -> None:
    assert "readers" in ROOMS
    assert not set(musrcu.__all__) & set(ROOMS)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'fit_everything'"):
        musrcu.fit_everything  # noqa: B018


def test_import_is_lazy() -> None:
    loaded = loaded_after("import musrcu; musrcu.__version__; dir(musrcu)")
    assert "musrcu" in loaded
    assert not loaded & set(HEAVY)
    assert {name for name in loaded if name.startswith("musrcu.")} == set()


def test_a_room_is_reached_by_name() -> None:
    assert "musrcu.plot" in loaded_after("import musrcu as mu; mu.plot")
    assert "musrcu.exchange" in loaded_after("import musrcu as mu; mu.exchange")
    assert "matplotlib" not in loaded_after("import musrcu as mu; mu.plot")


def test_dir_names_what_is_public_and_nothing_else() -> None:
    shown = loaded_after("import musrcu.readers.registry, musrcu\nprint(*dir(musrcu))")
    assert {*PLAN, "exchange", "plot", "__version__", "__doc__"} <= shown
    public = [name for name in dir(musrcu) if not name.startswith("__")]
    assert public == sorted([*PLAN, "exchange", "plot"])


def test_star_brings_all() -> None:
    brought: dict[str, object] = {}
    exec("from musrcu import *", brought)  # no other way inside a function
    del brought["__builtins__"]
    assert sorted(brought) == sorted(PLAN)
    assert brought["read"] is musrcu.read


def test_reading_does_not_load_the_fitter() -> None:
    loaded = loaded_after("import musrcu as mu; mu.read; mu.Run; mu.ReadError")
    assert "numpy" in loaded
    assert not loaded & (set(HEAVY) - {"numpy", "h5py"})
