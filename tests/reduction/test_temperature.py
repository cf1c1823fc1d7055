"""The temperature of a run from one of its logs."""

from __future__ import annotations

import numpy as np
import pytest

from musrcu.containers.log import Log
from musrcu.containers.run import Run
from musrcu.containers.temperature import Temperature
from musrcu.errors import ReductionError
from musrcu.reduction.recipe import Reduction, grouped_counts, reduce
from musrcu.reduction.temperature import take_temperature


def run_with(**logs: Log) -> Run:
    counts = np.random.default_rng(1).poisson(1000, (1, 2, 400))
    return Run(
        counts=counts,
        bin_width=0.016,
        t0=[10.0, 10.0],
        first_good=[15, 15],
        last_good=[399, 399],
        labels=("Forw", "Back"),
        source="pulsed",
        number=7,
        temperature=Temperature(nominal=10.0),
        start="2026-01-01T10:00:00",
        stop="2026-01-01T10:10:00",
        logs=logs,
    )


SAMPLE = Log("Temp_Sample", [-60.0, 150.0, 900.0], [12.0, 16.0, 99.0], "K")


def test_the_mean_of_a_log_over_the_run() -> None:
    run = run_with(Temp_Sample=SAMPLE)
    found = take_temperature(run, "Temp_Sample")
    # 12 K for 150 s, 16 K for 450 s of the 600 s of the run
    assert found.temperature.mean == pytest.approx((150 * 12 + 450 * 16) / 600)
    assert found.temperature.nominal == 10.0
    assert found.temperature.error == pytest.approx(np.sqrt(0.25 * 9 + 0.75 * 1) / np.sqrt(2))
    assert "log=Temp_Sample" in str(found.history)
    assert take_temperature(run, None) is run


def test_what_was_taken_is_said() -> None:
    found = take_temperature(run_with(Temp_Sample=SAMPLE), "Temp_Sample")
    assert "mean_K=15, set_point_K=10" in str(found.history)
    assert found.warnings == (
        "log Temp_Sample read 15 K on average, the set point is 10 K; the log is taken, as asked",
    )


@pytest.mark.parametrize(
    ("seconds", "unit", "doubt"),
    [
        (599.0, "K", "log T covers 0.167 % of the run, from its first reading on; the mean is over "
                     "that part"),
        (-115 * 86400.0, "K", "log T: the reading that held at the start was 115 days old, and "
                              "100 % of the run has no other"),
        (0.0, None, "log T: its unit is not stated, taken as K"),
    ],
)  # fmt: skip
def test_a_log_that_is_taken_with_a_doubt(seconds: float, unit: str | None, doubt: str) -> None:
    run = run_with(T=Log("T", [seconds], [10.0], unit)).replace(warnings=("as read",))
    found = take_temperature(run, "T")
    assert found.temperature.mean == 10.0
    assert found.warnings == ("as read", doubt)


def test_a_thermometer_that_was_not_read() -> None:
    run = run_with(Temp_Sample=Log("Temp_Sample", [0.0, 10.0], [0.0, 0.0], "K"))
    with pytest.raises(ReductionError, match="reads 0 K during the run, expected above 0"):
        take_temperature(run, "Temp_Sample")


def test_a_recipe_carries_it() -> None:
    run = run_with(Temp_Sample=SAMPLE)
    recipe = Reduction(forward=2, backward=1, temperature_log="Temp_Sample")
    for result in (reduce(run, recipe), grouped_counts(run, recipe)):
        assert result.run.temperature.value == pytest.approx(15.0)
        assert [step.stage for step in result.history].count("take_temperature") == 1
    assert Reduction.from_dict(recipe.to_dict()) == recipe


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("Temp_Smple", "no log is called 'Temp_Smple'.*Temp_Sample.*it has Temp_Sample, Field"),
        ("Field", "run|Field is in 'G', expected a temperature"),
    ],
)
def test_a_log_that_will_not_do(name: str, complaint: str) -> None:
    run = run_with(Temp_Sample=SAMPLE, Field=Log("Field", [0.0], [1.0], "G"))
    with pytest.raises(ReductionError, match=complaint):
        reduce(run, Reduction(temperature_log=name))


def test_no_name_at_all() -> None:
    with pytest.raises(ReductionError, match="temperature_log = ' '; expected the name of a log"):
        Reduction(temperature_log=" ")
