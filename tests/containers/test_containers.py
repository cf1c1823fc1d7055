"""The nouns: frozen, of the shapes they promise, with their history, and able to travel."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.calibration import Calibration
from musrcu.containers.counts import Counts
from musrcu.containers.history import History, Step
from musrcu.containers.log import Log
from musrcu.containers.run import Run
from musrcu.containers.temperature import Sensor, Temperature, from_sensors
from musrcu.errors import MusrcuError
from musrcu.fitting.fit import fit
from musrcu.models.model import Model
from musrcu.reduction.grouping import group

Container = Run | Counts | Asymmetry


def make_run(**changes: Any) -> Run:
    options: dict[str, Any] = {
        "counts": np.arange(24).reshape(2, 3, 4),
        "bin_width": 0.016,
        "t0": [1.0, 1.5, 0.0],
        "first_good": [2, 2, 1],
        "last_good": [3, 3, 3],
        "labels": ("Forw", "Back", ""),
        "source": "pulsed",
        "instrument": "MuSR",
        "number": 12,
        "title": "a title",
        "dead_time": np.full((2, 3), 0.01),
        "good_frames": [1000, 2000],
        "grouping": [1, 2, 0],
        "header": {"field": "20 G", "numbers": [1, 2]},
        "warnings": ("the clock is wrong",),
        "temperature": Temperature(0.1, log=Log("T", [0.0, 1.0], [0.1, 0.2])),
        "path": Path("a.bin"),
    }
    return Run(**(options | changes))


def make_counts(**changes: Any) -> Counts:
    options: dict[str, Any] = {
        "time": [0.0, 0.1, 0.2],
        "values": np.ones((2, 3)),
        "variance": np.ones((2, 3)),
        "bin_width": 0.1,
        "packing": 1,
        "first_good": 0,
        "last_good": 2,
        "detectors": ((1,), (2,)),
        "background": [0.5, 0.25],
        "run": make_run(),
        "history": History([Step("group", "", {"forward": "1"})]),
    }
    return Counts(**(options | changes))


def make_asymmetry(**changes: Any) -> Asymmetry:
    options: dict[str, Any] = {
        "time": [0.0, 0.1, 0.2],
        "value": [0.1, np.nan, 0.3],
        "error": [0.01, np.nan, 0.01],
        "bin_width": 0.1,
        "packing": 1,
        "alpha": 1.1,
        "smallest": [20, 0, 30],
        "run": make_run(),
        "history": History([Step("form_asymmetry", "", {"alpha": 1.1})]),
    }
    return Asymmetry(**(options | changes))


MADE = {"run": make_run, "counts": make_counts, "asymmetry": make_asymmetry}


@pytest.fixture(params=MADE, ids=str)
def container(request: pytest.FixtureRequest) -> Container:
    made: Container = MADE[request.param]()
    return made


def arrays(thing: Any) -> dict[str, np.ndarray]:
    found = {}
    for field in dataclasses.fields(thing):
        value = getattr(thing, field.name)
        if isinstance(value, np.ndarray):
            found[field.name] = value
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            found |= {f"{field.name}.{name}": array for name, array in arrays(value).items()}
    return found


def test_every_array_is_read_only(container: Container) -> None:
    for name, array in arrays(container).items():
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
        assert not array.flags.writeable, name


def test_fields_cannot_be_set(container: Container) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        container.history = History()  # type: ignore[misc]
    with pytest.raises((AttributeError, TypeError)):
        container.nickname = "x"  # type: ignore[union-attr]


def test_the_caller_keeps_an_array_of_its_own() -> None:
    counts = np.ones((1, 3, 4))
    run = make_run(counts=counts, dead_time=None, good_frames=None)
    counts[...] = 7
    assert run.counts.max() == 1
    whole = np.ones(12)
    run = make_run(counts=whole.reshape(1, 3, 4), dead_time=None, good_frames=None)
    whole[...] = 7
    assert run.counts.max() == 1


def test_a_read_only_array_is_not_copied() -> None:
    counts = np.ones((1, 3, 4))
    counts.setflags(write=False)
    assert make_run(counts=counts, dead_time=None, good_frames=None).counts is counts


def equal(left: Any, right: Any) -> bool:
    """Equal field by field, arrays by their numbers and type."""
    if dataclasses.is_dataclass(left) and not isinstance(left, type):
        names = [field.name for field in dataclasses.fields(left)]
        return type(left) is type(right) and all(
            equal(getattr(left, name), getattr(right, name)) for name in names
        )
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and np.array_equal(left, right, equal_nan=True)
    if isinstance(left, History):
        return isinstance(right, History) and all(map(equal, left, right))
    return bool(left == right)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_travels_to_another_process(container: Container, protocol: int) -> None:
    there = pickle.loads(pickle.dumps(container, protocol))  # noqa: S301
    assert equal(there, container)
    assert str(there.history) == str(container.history)
    assert not any(array.flags.writeable for array in arrays(there).values())


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy])
def test_can_be_copied(container: Container, how: Any) -> None:
    there = how(container)
    assert there is not container
    assert equal(there, container)
    assert not any(array.flags.writeable for array in arrays(there).values())


def test_a_result_and_its_model_travel() -> None:
    t = np.linspace(0.0, 5.0, 200)
    model = Model("exponential + constant")
    data = make_asymmetry(
        time=t,
        value=0.2 * np.exp(-0.8 * t) + 0.05,
        error=np.full(t.size, 0.01),
        smallest=None,
    )
    result = fit(data, model)
    for there in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):  # noqa: S301
        assert there.to_dict() == result.to_dict()
        assert there.summary() == result.summary()
    for same in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):  # noqa: S301
        assert same == model
        assert same.parameters == model.parameters
        np.testing.assert_array_equal(same.value(t, [0.2, 0.8, 0.05]), data.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"counts": np.ones((3, 4))}, "Run.counts has 2 dimensions, expected 3"),
        ({"t0": [1.0]}, r"Run.t0 has shape \(1,\), expected \(3,\)"),
        ({"first_good": [1, 2]}, r"Run.first_good has shape \(2,\)"),
        ({"last_good": 3}, r"Run.last_good has shape \(\)"),
        ({"labels": ("a",)}, "Run.labels has 1 names for 3 detectors"),
        ({"period_labels": ("a",)}, "Run.period_labels has 1 names for 2 periods"),
        ({"dead_time": np.ones(3)}, r"Run.dead_time has shape \(3,\), expected \(2, 3\)"),
        ({"good_frames": [1]}, r"Run.good_frames has shape \(1,\), expected \(2,\)"),
        ({"grouping": [[1, 2, 0]]}, r"Run.grouping has shape \(1, 3\)"),
        ({"variance": np.ones(4)}, r"Run.variance has shape \(4,\), expected \(2, 3, 4\)"),
    ],
)
def test_shapes_of_a_run(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(MusrcuError, match=sentence):
        make_run(**changes)


@pytest.mark.parametrize(
    ("make", "changes", "sentence"),
    [
        (make_counts, {"time": [[0.0]]}, "Counts.time has 2 dimensions"),
        (make_counts, {"values": np.ones((2, 4))}, r"Counts.values has shape \(2, 4\)"),
        (make_counts, {"variance": np.ones(3)}, "Counts.variance has shape"),
        (make_counts, {"background": [1.0]}, r"Counts.background has shape \(1,\)"),
        (make_counts, {"background_error": [1.0]}, "Counts.background_error has shape"),
        (make_asymmetry, {"time": 0.0}, "Asymmetry.time has 0 dimensions"),
        (make_asymmetry, {"value": [0.1]}, r"Asymmetry.value has shape \(1,\)"),
        (make_asymmetry, {"error": [0.1]}, r"Asymmetry.error has shape \(1,\)"),
        (make_asymmetry, {"smallest": [20.0]}, "Asymmetry.smallest has shape"),
        (make_asymmetry, {"error": [0.01, np.nan, 0.0]}, "error of bin 2 is not above zero"),
        (make_asymmetry, {"error": [np.nan, np.nan, 0.1]}, "error of bin 0 is not above zero"),
    ],
)
def test_shapes_of_counts_and_asymmetry(make: Any, changes: Any, sentence: str) -> None:
    with pytest.raises(MusrcuError, match=sentence):
        make(**changes)


def test_replace_adds_a_step_and_leaves_the_first(container: Container) -> None:
    before = tuple(container.history)
    after = container.replace(Step("stage", "note", {"x": 1.0}))
    assert tuple(container.history) == before
    assert tuple(after.history)[:-1] == before
    assert str(after.history[-1]) == "stage(x=1): note"
    assert isinstance(after.history, History)


def test_history_prints_one_step_a_line() -> None:
    history = History()
    assert str(history) == ""
    options = {"a": 0.1234567891, "many": list(range(20)), "pair": (1, 2.5), "name": "Back"}
    history = history.with_step(Step("one")).with_step(Step("two", "why", options))
    history = history.with_step(Step("one", "again"))
    assert str(history).split("\n") == [
        "one()",
        "two(a=0.123457, many=[0, ... 20 values], pair=[1, 2.5], name=Back): why",
        "one(): again",
    ]
    last = history.find("one")
    assert last is not None and last.note == "again"
    assert history.find("three") is None


def test_options_of_a_step_are_read_only() -> None:
    given = {"alpha": 1.0}
    step = Step("form_asymmetry", "", given)
    given["alpha"] = 2.0
    assert step.options["alpha"] == 1.0
    with pytest.raises(TypeError):
        step.options["alpha"] = 3.0  # type: ignore[index]


def test_header_is_read_only() -> None:
    with pytest.raises(TypeError):
        make_run().header["field"] = 1  # type: ignore[index]


def test_a_run_prints_what_a_person_asks_first() -> None:
    text = str(make_run(start="2026-01-02T03:04:05", field=20.0))
    assert text.split("\n") == [
        "MuSR 12: a title",
        "  0.1 K (set point), 20 G (2 mT), 2026-01-02T03:04:05",
        "  2 periods x 3 detectors x 4 bins of 16 ns, 276 counts, pulsed source",
        "  warning: the clock is wrong",
    ]
    bare = make_run(instrument=None, number=None, title=None, temperature=Temperature())
    assert str(bare).startswith("a.bin\n  T unknown, B unknown, start unknown")
    assert make_run(instrument=None, number=None, path=None).name == "run"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        *[({"bin_width": width}, "Run.bin_width = .*; expected a number above 0")
          for width in (0, 0.0, -0.016, np.nan, np.inf, "1", None, 10**400)],
        ({"counts": np.where(np.arange(24) == 17, -1, 5).reshape(2, 3, 4)},
         "period 2, detector 2, bin index 1 is -1; expected a number, 0 or above"),
        *[({"counts": np.where(np.arange(24) == 5, bad, 5.0).reshape(2, 3, 4)},
           f"period 1, detector 2, bin index 1 is {bad}") for bad in (-0.5, np.nan, np.inf)],
        ({"counts": np.full((2, 3, 4), "x")}, "Run.counts are of type <U1, expected numbers"),
        ({"counts": np.full((2, 3, 4), True)}, "Run.counts are of type bool"),
        *[({"counts": np.zeros(shape, dtype=int)}, "expected at least one period, detector")
          for shape in ((2, 3, 0), (0, 3, 4), (2, 0, 4))],
        ({"source": "x"}, "Run.source = 'x'; expected pulsed or continuous"),
        ({"source": None}, "Run.source = None"),
        *[({"field": field}, "Run.field = .* expected a number") for field in (np.nan, "1 T")],
    ],
)  # fmt: skip
def test_a_run_that_cannot_be_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(MusrcuError, match=sentence):
        make_run(**changes)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint32, np.int32, np.float32, np.float64])
def test_counts_of_any_number_type(dtype: Any) -> None:
    assert make_run(counts=np.arange(24, dtype=dtype).reshape(2, 3, 4)).counts.dtype == dtype


@pytest.mark.parametrize("kelvin", [np.nan, np.inf, -np.inf, -0.1, "1 K", True])
def test_no_temperature_is_below_zero_or_no_number(kelvin: Any) -> None:
    for name in ("nominal", "mean", "error", "spread"):
        with pytest.raises(MusrcuError, match=rf"Temperature\.{name} = .*; expected a number"):
            Temperature(**{name: kelvin})
    with pytest.raises(MusrcuError, match=r"Sensor\.mean = "):
        Sensor("sample", kelvin, 0.1)
    with pytest.raises(MusrcuError, match=r"Sensor\.spread = "):
        Sensor("sample", 1.0, kelvin)
    with pytest.raises(MusrcuError, match=r"Sensor\.mean = None"):
        Sensor("sample", None, None)  # type: ignore[arg-type]


def test_temperature_of_sensors() -> None:
    sensors = (Sensor("sample", 0.1, 0.02, 100), Sensor("still", 0.6, None))
    temperature = from_sensors(0.11, sensors)
    assert (temperature.nominal, temperature.mean, temperature.value) == (0.11, 0.1, 0.1)
    assert temperature.error == pytest.approx(0.002, rel=1e-15)  # 0.02 / sqrt(100)
    assert str(temperature) == "0.100(2) K"
    unknown = from_sensors(0.11, sensors, sample=1)
    assert (unknown.mean, unknown.error, unknown.spread) == (0.6, None, None)
    assert from_sensors(0.0, ()) == Temperature(nominal=0.0)
    assert Temperature(nominal=0.0).value == 0.0  # 0 K is a temperature


def test_calibration_file(tmp_path: Path) -> None:
    path = tmp_path / "calibration.toml"
    made = Calibration(alpha=1.08, alpha_error=0.002, total=0.23, forward="2", run=0, field=0.0)
    made.save(path)
    assert Calibration.load(path) == made
    assert "alpha = 1.080(2) from 0" in made.summary()
    path.write_text("[calibration]\nalpha = 1.0\nalhpa_error = 0.1\n")
    with pytest.raises(MusrcuError, match=r"no entry 'alhpa_error'; did you mean 'alpha_error'\?"):
        Calibration.load(path)
    path.write_text("[calibration]\nalpha = 1.0\n")
    with pytest.raises(MusrcuError, match=r"calibration.toml: \[calibration\] lacks alpha_error"):
        Calibration.load(path)
    path.write_text("[reduction]\n")
    with pytest.raises(MusrcuError, match=r"has no table \[calibration\]"):
        Calibration.load(path)


@pytest.mark.parametrize("alpha", [0.0, -1.0, float("nan"), float("inf"), "1.0", None, True])
def test_alpha_is_a_number_above_zero(alpha: Any) -> None:
    with pytest.raises(MusrcuError, match="alpha = .* in a calibration"):
        Calibration(alpha=alpha, alpha_error=0.1)


HUGE = 99999999999999999999999


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alpha", "1e-4"), ("alpha", "2e3"), ("alpha", f"{HUGE}"), ("alpha", "2026-01-05"),
        ("alpha_error", "nan"), ("alpha_error", "inf"), ("alpha_error", "-0.1"),
        ("total", "nan"), ("total", "0.0"), ("total", "-0.2"), ("total", "1.01"),
        ("total_error", "-0.1"), ("total_error", "nan"),
        ("forward", "2"), ("backward", "[1]"), ("instrument", "3"), ("method", "1.0"),
        ("run", "1.5"), ("run", f"{HUGE}"), ("run", "true"), ("run", "nan"),
        ("field", "nan"), ("field", "'50 G'"), ("field_error", "-1"), ("phase", "inf"),
        ("phase_error", "-1"), ("probability", "1.5"), ("probability", "nan"),
    ],
)  # fmt: skip
def test_a_calibration_is_of_sound_numbers(tmp_path: Path, name: str, value: str) -> None:
    sound = {"alpha": "1.0", "alpha_error": "0.01"} | {name: value}
    path = tmp_path / "calibration.toml"
    path.write_text("\n".join(["[calibration]", *(f"{k} = {v}" for k, v in sound.items())]))
    place = rf"calibration\.toml: \[calibration\] {name} = .* in a calibration; it must be a"
    with pytest.raises(MusrcuError, match=place):
        Calibration.load(path)


def test_grouped_counts_share_the_runs_history() -> None:
    counts = group(make_run(), forward="1", backward="2", period=1)
    assert counts.run.name == "MuSR 12"
    np.testing.assert_array_equal(counts.forward, counts.values[0])
    np.testing.assert_array_equal(counts.backward, counts.values[1])
    assert counts.time[counts.good].size == counts.last_good - counts.first_good + 1
