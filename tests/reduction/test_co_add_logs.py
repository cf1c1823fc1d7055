"""Logs of added runs: one clock, no weight for pauses, the mean that the runs have alone."""

from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_of import run_of

import musrcu as mu
from musrcu.analysis.check import check_run
from musrcu.containers.later import Later
from musrcu.containers.log import Log
from musrcu.containers.run import Run
from musrcu.errors import ReductionError
from musrcu.reduction.recipe import Reduction, reduce
from musrcu.reduction.temperature import take_temperature

NAME = "Temp_Sample"


def one(number: int, start: str, stop: str | None, counts: int = 100, **more: Any) -> Run:
    """A run of that many counts, the same in each of 10 bins of two detectors, and other noise."""
    histograms = np.full((2, 10), counts // 20)
    histograms[:, 0] += [number, -number]
    options = {"number": number, "start": start, "stop": stop, "instrument": "EMU"}
    return run_of(histograms, labels=("Forw", "Back"), **(options | more))


def log(seconds: Any, values: Any, unit: str | None = "K", name: str = NAME) -> dict[str, Log]:
    return {name: Log(name, np.array(seconds, float), np.array(values, float), unit)}


def two_runs(first: dict[str, Log], second: dict[str, Log], **more: Any) -> tuple[Run, Run]:
    """00:00 to 00:30, and 10:00 to 10:30 with three times the counts."""
    return (
        one(1, "2026-03-01T00:00:00", "2026-03-01T00:30:00", 2000, logs=first),
        one(2, "2026-03-01T10:00:00", "2026-03-01T10:30:00", 6000, logs=second).replace(**more),
    )


def test_each_log_is_on_the_clock_of_the_sum() -> None:
    runs = two_runs(log([0, 600, 1200], [1, 2, 3]), log([-60, 600, 1200], [4, 5, 6]))
    for ordered in (runs, runs[::-1]):  # the sum starts with the earliest run, not with the first
        total = mu.add_runs(ordered)
        assert total.start == "2026-03-01T00:00:00"
        found = {name: one.seconds.tolist() for name, one in total.logs.items()}
        assert found["EMU 1: Temp_Sample"] == [0, 600, 1200]
        assert found["EMU 2: Temp_Sample"] == [35940, 36600, 37200]
        assert found["Temp_Sample"] == [0, 600, 1200, 36000, 36600, 37200]
        assert total.logs["Temp_Sample"].values.tolist() == [1, 2, 3, 4, 5, 6]
        assert [one.name for one in total.logs.values()] == list(total.logs)


def test_the_pause_has_no_weight() -> None:
    """By hand: 1 K for 600 s and 2 K for 1200 s, then 5 K for 1800 s with three times the counts.

    The last reading of the first run would hold through 9.5 hours of pause.
    """
    total = mu.add_runs(two_runs(log([0, 600], [1, 2]), log([-9, 1800], [5, 99])))
    taken = take_temperature(total, NAME).temperature
    first = (600 * 1 + 1200 * 2) / 1800
    mean = (2000 * first + 6000 * 5) / 8000
    assert taken.mean == pytest.approx(mean, rel=1e-12)
    squares = (2000 * (600 * (1 - mean) ** 2 + 1200 * (2 - mean) ** 2) / 1800
               + 6000 * (5 - mean) ** 2) / 8000  # fmt: skip
    assert taken.spread == pytest.approx(np.sqrt(squares), rel=1e-12)
    part = total.logs["EMU 1: Temp_Sample"].during(0.0, total.duration)
    assert part is not None
    assert part.mean == pytest.approx(first, rel=1e-12)  # its last reading ends with its run
    assert part.covered == 1.0


def test_the_temperature_of_a_recipe() -> None:
    total = mu.add_runs(two_runs(log([0], [1]), log([0], [5])))
    recipe = Reduction(forward="1", backward="2", alpha=1.0, temperature_log=NAME)
    result = reduce(total, recipe)
    assert result.run.temperature.value == pytest.approx(4.0)
    assert "mean over 2 added runs, weighted by time in each and by counts" in str(result.history)


@given(st.data())
def test_add_and_take_is_take_and_add(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    runs, clock = [], 0
    for number in range(data.draw(st.integers(2, 4))):
        length, pause = rng.integers(60, 3600, 2)
        start, stop = (
            np.datetime64("2026-03-01T00:00:00") + int(s) for s in (clock, clock + length)
        )
        n = int(rng.integers(1, 6))
        seconds = rng.integers(-5000, length - 1, n).astype(float)  # from before the last run, too
        readings = log(seconds, rng.uniform(1, 300, n))
        runs.append(
            one(number + 1, str(start), str(stop), int(rng.integers(1, 500)) * 200, logs=readings)
        )
        clock += int(length + pause)
    apart = mu.add_runs([take_temperature(run, NAME) for run in runs], force=True).temperature
    together = take_temperature(mu.add_runs(runs, force=True), NAME).temperature
    assert together.mean == pytest.approx(apart.mean, rel=1e-9)
    assert together.spread == pytest.approx(apart.spread or 0.0, rel=1e-6, abs=1e-6)
    if len(runs) > 2:  # a sum of a sum
        nested = mu.add_runs([mu.add_runs(runs[:2], force=True), *runs[2:]], force=True)
        assert take_temperature(nested, NAME).temperature.mean == pytest.approx(
            apart.mean, rel=1e-9
        )


def test_time_before_the_first_reading_of_a_run() -> None:
    """The reading of the run before does not hold there, whether or not there is a pause."""
    for start, stop in (("10:00", "10:30"), ("00:30", "01:00")):
        first, second = two_runs(log([0, 1800], [1, 1]), log([900], [5]))
        second = second.replace(start=f"2026-03-01T{start}:00", stop=f"2026-03-01T{stop}:00")
        taken = take_temperature(mu.add_runs([first, second]), NAME)
        assert taken.temperature.mean == pytest.approx((2000 * 1 + 6000 * 5) / 8000)
        assert "EMU 2: Temp_Sample covers 50 % of the run" in "; ".join(taken.warnings)


def test_readings_outside_the_runs_do_not_speak_for_others() -> None:
    """The first thermometer goes on during the second run; the second was last read before both."""
    first = log([0, 36600], [1, 77])
    total = mu.add_runs(two_runs(first, log([-50000], [5])))
    assert take_temperature(total, NAME).temperature.mean == pytest.approx(4.0)


def load(values: tuple[float, ...]) -> dict[str, Log]:
    if not values:
        raise AssertionError("looked at too early")
    return log([0] * len(values), values)


def test_they_are_read_later_and_travel() -> None:
    gone = mu.add_runs(two_runs(Later(partial(load, ())), Later(partial(load, ()))))  # type: ignore[arg-type]
    pickle.dumps(gone)
    with pytest.raises(AssertionError, match="too early"):
        dict(gone.logs)
    total = mu.add_runs(two_runs(Later(partial(load, (1.0,))), log([0], [5])))  # type: ignore[arg-type]
    again = pickle.loads(pickle.dumps(total))  # noqa: S301
    assert take_temperature(again, NAME).temperature.mean == pytest.approx(4.0)
    kept = pickle.loads(pickle.dumps(total.logs[NAME]))  # noqa: S301
    assert kept.spans == total.logs[NAME].spans


@pytest.mark.parametrize(
    "second",
    [log([0], [5], "mK"), log([0], [5], None), log([0], [5], name="Temp_Cryo"), {}],
    ids=["unit", "no unit", "name", "none"],
)
def test_what_is_not_one_log(second: dict[str, Log]) -> None:
    total = mu.add_runs(two_runs(log([0], [1]), second))
    assert NAME not in total.logs
    with pytest.raises(ReductionError, match="no log is called 'Temp_Sample'.*EMU 1: Temp_Sample"):
        take_temperature(total, NAME)


@pytest.mark.parametrize("start", [None, "2026-03-01T10:00:00+00:00"])
def test_without_a_common_clock(start: str | None) -> None:
    total = mu.add_runs(two_runs(log([0], [1]), log([0, 600], [5, 6]), start=start))
    assert list(total.logs) == ["EMU 1: Temp_Sample", "EMU 2: Temp_Sample"]
    assert total.logs["EMU 2: Temp_Sample"].seconds.tolist() == [0, 600]
    assert any("each log keeps the clock of its own run" in text for text in total.warnings)
    silent = mu.add_runs(two_runs({}, {}, start=start))
    assert not any("clock" in text for text in silent.warnings)


def test_a_run_without_a_stop() -> None:
    """Its log ends it: 5 K for 300 s."""
    total = mu.add_runs(two_runs(log([0], [1]), log([0, 300], [5, 8]), stop=None))
    assert total.duration is None
    assert take_temperature(total, NAME).temperature.mean == pytest.approx(4.0)


def test_runs_without_counts_weigh_alike() -> None:
    runs = [run.replace(counts=run.counts * 0) for run in two_runs(log([0], [1]), log([0], [5]))]
    total = mu.add_runs(runs, force=True)
    assert take_temperature(total, NAME).temperature.mean == pytest.approx(3.0)


def test_a_sum_that_was_written_has_no_weight_in_its_pauses(tmp_path: Path) -> None:
    runs = two_runs(log([0, 600], [1, 2]), log([-9, 900], [5, 6]))
    raw = [run.replace(source="pulsed", good_frames=[1000]) for run in runs]
    total = mu.add_runs(raw)
    again = mu.read(mu.write(total, tmp_path / "sum.nxs"))
    assert {name: one.spans for name, one in again.logs.items()} == {
        name: one.spans for name, one in total.logs.items()
    }
    for name in total.logs:
        here, there = (take_temperature(run, name).temperature for run in (total, again))
        assert (here.mean, here.spread) == (there.mean, there.spread)


@pytest.mark.parametrize(
    "spans", [[1.0, 2.0], [5.0, 4.0, 1.0], [0.0, np.nan, 1.0], [0.0, 1.0, -1.0]]
)
def test_damaged_spans_are_none(tmp_path: Path, spans: list[float]) -> None:
    h5py = pytest.importorskip("h5py")
    total = mu.add_runs(two_runs(log([0], [1]), log([0], [5])))
    path = mu.write(total, tmp_path / "sum.nxs")
    with h5py.File(path, "r+") as file:
        place = file[f"raw_data_1/selog/{NAME}/value_log"]
        del place["spans"]
        place["spans"] = spans
    assert mu.read(path).logs[NAME].spans == ()


def test_a_check_of_the_sum_does_not_see_the_pause() -> None:
    """Halves that have one run each, at one temperature; a pause without a reading is no doubt."""
    readings = log(np.arange(0, 1800, 60), [5.0] * 30)
    total = take_temperature(mu.add_runs(two_runs(readings, readings)), NAME)
    assert total.temperature.mean == 5.0
    assert total.temperature.spread == 0.0
    assert not [text for text in check_run(total) if "log" in text]
