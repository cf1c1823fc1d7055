"""Logs: time-weighted means against sums done by hand; mappings that are read later."""

from __future__ import annotations

import pickle
from functools import partial

import numpy as np
import pytest

from musrcu.containers.later import Later, read_only
from musrcu.containers.log import Log
from musrcu.containers.temperature import Temperature
from musrcu.errors import MusrcuError


def test_a_log_shows_its_range() -> None:
    assert repr(Log("T", [0.0, 9.0], [4.0, 6.5], "K")) == (
        "<log T: 2 readings from 4 to 6.5 K, 0 to 9 s>"
    )
    assert repr(Log("T", [], [])) == "<log T: no readings>"


def test_a_reading_holds_until_the_next_one() -> None:
    log = Log("T", [-5.0, 10.0, 20.0], [4.0, 6.0, 1.0])
    found = log.during(0.0, 40.0)
    # 4 for 10 s, 6 for 10 s, 1 for 20 s
    assert found is not None
    assert found.mean == pytest.approx((40 + 60 + 20) / 40)
    assert found.spread == pytest.approx(np.sqrt((10 * 1 + 10 * 9 + 20 * 4) / 40))
    assert (found.n_readings, found.first, found.last) == (3, 4.0, 1.0)
    assert found.error == pytest.approx(found.spread / np.sqrt(3))


def test_time_before_the_first_reading_has_no_weight() -> None:
    found = Log("T", [10.0, 30.0], [2.0, 8.0]).during(0.0, 40.0)
    assert found is not None
    assert found.mean == pytest.approx((20 * 2 + 10 * 8) / 30)


def test_readings_outside_the_span() -> None:
    log = Log("T", [-20.0, -10.0, 50.0], [1.0, 2.0, 3.0])
    found = log.during(0.0, 30.0)
    assert found is not None
    assert (found.mean, found.spread, found.error, found.n_readings) == (2.0, 0.0, None, 1)
    assert Log("T", [5.0], [1.0]).during(0.0, 2.0) is None
    assert Log("T", [], []).during() is None


def test_readings_in_disorder_are_sorted() -> None:
    log = Log("T", [3.0, 1.0, 2.0], [30.0, 10.0, 20.0])
    assert log.values.tolist() == [10.0, 20.0, 30.0]


@pytest.mark.parametrize("large", [1e200, 1.7e308, -1.7e308])
def test_readings_whose_squares_overflow(large: float) -> None:
    found = Log("T", [0.0, 10.0, 20.0], [0.0, large, 0.0]).during(0.0, 40.0)
    assert found is not None
    assert found.mean == pytest.approx(large / 4, rel=1e-12)
    assert found.spread == pytest.approx(abs(large) * (3**0.5 / 4), rel=1e-12)


@pytest.mark.parametrize(
    ("seconds", "values", "complaint"),
    [([0.0, 1.0], [1.0], "shape"), ([0.0], [np.nan], "not finite"), ([np.inf], [1.0], "not fin")],
)
def test_what_is_no_log(seconds: list[float], values: list[float], complaint: str) -> None:
    with pytest.raises(MusrcuError, match=complaint):
        Log("T", seconds, values)


def test_a_temperature_from_a_log() -> None:
    log = Log("T", [0.0, 10.0], [100.0, 300.0], "mK")
    found = Temperature(nominal=0.5).with_log(log, stop=40.0)
    assert found.nominal == 0.5
    assert found.value == pytest.approx(0.25)
    assert found.spread == pytest.approx(np.sqrt(0.25 * 0.15**2 + 0.75 * 0.05**2))
    assert found.log is not None
    assert found.log.values.tolist() == [0.1, 0.3]


@pytest.mark.parametrize(
    ("log", "complaint"),
    [
        (Log("B", [0.0], [1.0], "G"), "log B is in 'G', expected a temperature"),
        (Log("T", [9.0], [1.0], "K"), "no reading before the end of the run"),
        (Log("T", [0.0], [-1.0], "K"), "reads -1 K during the run"),
    ],
)
def test_a_log_that_is_no_temperature(log: Log, complaint: str) -> None:
    with pytest.raises(MusrcuError, match=complaint):
        Temperature().with_log(log, stop=5.0)


LOADED: list[int] = []


def load(number: int) -> dict[str, int]:
    LOADED.append(number)
    return {"a": number}


def test_a_mapping_is_loaded_once_and_only_when_asked() -> None:
    LOADED.clear()
    later = Later(partial(load, 7))
    assert "not read" in repr(later)
    assert LOADED == []
    assert dict(later) == {"a": 7}
    assert later["a"] == 7
    assert LOADED == [7]
    again = pickle.loads(pickle.dumps(later))  # noqa: S301
    assert LOADED == [7]
    assert dict(again) == {"a": 7}
    assert read_only(later) is later


def test_later_content_is_read_only() -> None:
    with pytest.raises(TypeError):
        read_only({"a": 1})["a"] = 2  # type: ignore[index]
