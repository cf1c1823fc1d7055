"""Logs: time-weighted means against sums done by hand; mappings that are read later."""

from __future__ import annotations

import pickle
from functools import partial

import numpy as np
import pytest

from musrcu.containers.later import Later, read_only
from musrcu.containers.log import Log, Span
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


def test_only_spans_have_weight() -> None:
    """4 for 10 s of the first span; 8 for 5 s and 1 for 15 s of the second, twice the rate."""
    spans = ((30.0, 50.0, 2.0), (0.0, 10.0))
    log = Log("T", [-5.0, 11.0, 35.0], [4.0, 8.0, 1.0], spans=spans)  # type: ignore[arg-type]
    assert [tuple(span) for span in log.spans] == [(0.0, 10.0, 1.0), (30.0, 50.0, 2.0)]
    found = log.during(0.0, 90.0)
    assert found is not None
    weights, values = np.array([10.0, 2 * 5, 2 * 15]), np.array([4.0, 8.0, 1.0])
    assert found.mean == pytest.approx(weights @ values / 50)
    assert found.spread == pytest.approx(np.sqrt(weights @ (values - found.mean) ** 2 / 50))
    assert (found.n_readings, found.first, found.last, found.age) == (3, 4.0, 1.0, 19.0)
    second = log.during(40.0)
    assert second is not None
    assert (second.mean, second.spread) == (1.0, 0.0)
    assert log.during(12.0, 25.0) is None
    inside = log.inside_spans()
    assert (inside.seconds.tolist(), inside.values.tolist()) == ([0.0, 30.0, 35.0], [4.0, 8.0, 1.0])
    assert inside.during(0.0, 90.0).mean == found.mean  # type: ignore[union-attr]


def test_no_reading_holds_from_one_span_into_the_next() -> None:
    log = Log("T", [0.0, 35.0], [4.0, 1.0], spans=(Span(0.0, 10.0), Span(30.0, 40.0)))
    found = log.during(0.0, 40.0)
    assert found is not None
    assert found.mean == pytest.approx((10 * 4 + 5 * 1) / 15)
    assert found.covered == pytest.approx(15 / 20)


def test_what_is_no_span() -> None:
    with pytest.raises(MusrcuError, match="expected start <= stop"):
        Log("T", [0.0], [1.0], spans=(Span(5.0, 4.0),))


def test_equal_readings_have_no_spread() -> None:
    """Another reading that held no time does not round the mean away from them."""
    seconds, values = [0.0, 7.3, 7.3, 20.1], [4.2, 3.0, 4.2, 4.2]
    for stop in (33.3, 41.7, 97.1):
        found = Log("T", seconds, values).during(0.0, stop)
        assert found is not None
        assert (found.mean, found.spread, found.error, found.lowest) == (4.2, 0.0, None, 3.0)


HOUR, DAY = 3600.0, 86400.0


@pytest.mark.parametrize(
    ("seconds", "stop", "doubt"),
    [
        # ten hours with readings in their last ten seconds
        ([35990.0, 35995.0], 10 * HOUR, "log T covers 0.0278 % of the run, from its first reading"),
        ([0.11 * HOUR], HOUR, "covers 89 % of the run"),
        ([0.09 * HOUR], HOUR, None),
        # a log that ended long before
        ([-115 * DAY], HOUR, "log T: the reading that held at the start was 115 days old, and 100"),
        ([-115 * DAY, HOUR - 10], HOUR, "was 115 days old, and 99.7 % of the run has no other"),
        ([-115 * DAY, 60.0], HOUR, None),
        ([-1.1 * HOUR], 600.0, "was 1.1 h old"),
        ([-0.9 * HOUR], 600.0, None),
        ([-9 * HOUR], 10 * HOUR, None),
        ([-11 * HOUR], 10 * HOUR, "was 11 h old"),
        ([-3 * HOUR], None, "was 3 h old"),
        # ten readings a minute apart, and then none for more than ten minutes
        (np.arange(10) * 60.0, HOUR, "log T has no reading in the last 85 % of the run; its last"),
        (np.arange(9) * 60.0, HOUR, None),
        (np.arange(10) * 320.0, HOUR, None),
        # a run without a stop
        ([9 * HOUR, 10 * HOUR], None, "covers 10 % of the run"),
        ([50.0], None, None),
        ([0.0], 0.0, None),
        ([], HOUR, None),
    ],
)
def test_what_speaks_against_a_mean(seconds: list[float], stop: float | None, doubt: str) -> None:
    found = Log("T", seconds, np.ones(len(seconds))).doubts(stop)
    assert len(found) == (doubt is not None), found
    assert doubt is None or doubt in found[0]


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
