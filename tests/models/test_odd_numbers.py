"""Every component at numbers that a minimiser may try, and at times of any kind."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pytest

import musrcu as mu
from musrcu.errors import ModelError
from musrcu.models.bins import Bins
from musrcu.models.registry import components

BUILT_IN = {key: one for key, one in components().items() if one.origin is None}
T = np.array([-0.001, 0.0, 1e-300, 0.3, 7.0, 30.0])
NO_NUMBERS = (float("nan"), float("inf"), float("-inf"))
ODD = (0.0, 5e-324, 1e-300, 1e-200, 1e-100, 1e-30, -5e-324, -1e-300, -1e-100, -1e-30, -1e-12, -1e-8)


def lies_inside(parameter: mu.Parameter, number: float) -> bool:
    low = -np.inf if parameter.lower is None else parameter.lower
    return low <= number <= (np.inf if parameter.upper is None else parameter.upper)


def everything(key: str, values: Sequence[float]) -> list[np.ndarray]:
    """Value by both ways, and derivatives; any warning is an error."""
    made = BUILT_IN[key]
    at = T if made.variable == "t" else np.abs(T)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, rows = made.value_and_gradient(at, values)
        assert len(rows) == len(made.parameters)
        return [made(at, *values), value, *rows]


@pytest.mark.parametrize("key", BUILT_IN)
@pytest.mark.parametrize("number", NO_NUMBERS)
def test_no_number_gives_no_number(key: str, number: float) -> None:
    defaults = [p.default for p in BUILT_IN[key].parameters]
    for k in range(len(defaults)):
        for array in everything(key, [*defaults[:k], number, *defaults[k + 1 :]]):
            assert np.isnan(array).all()
            assert array.shape == T.shape


@pytest.mark.parametrize("key", BUILT_IN)
def test_tiny_and_a_little_negative(key: str) -> None:
    table = BUILT_IN[key].parameters
    cases = [[odd] * len(table) for odd in ODD]
    for k, parameter in enumerate(table):
        beyond = [x + s for x in (parameter.lower, parameter.upper) if x is not None
                  for s in (-1e-7, 1e-7)]  # fmt: skip
        for odd in (*ODD, *beyond, -1.0):
            cases += [
                [odd if i == k else rest if rest is not None else p.default
                 for i, p in enumerate(table)]
                for rest in (None, 0.0, 1e-300)
            ]  # fmt: skip
    for values in cases:
        for array in everything(key, values):
            assert array.shape == T.shape
            assert not np.isinf(array).any(), values
            if all(lies_inside(p, v) for p, v in zip(table, values, strict=True)):
                assert np.isfinite(array).all(), values


@pytest.mark.parametrize("key", BUILT_IN)
def test_rounding_at_a_limit_is_the_limit(key: str) -> None:
    table = BUILT_IN[key].parameters
    defaults = [p.default for p in table]
    for k, parameter in enumerate(table):
        for limit, sign in ((parameter.lower, -1), (parameter.upper, 1)):
            if limit is not None:
                at = everything(key, [*defaults[:k], limit, *defaults[k + 1 :]])
                past = everything(key, [*defaults[:k], limit + sign * 1e-15, *defaults[k + 1 :]])
                np.testing.assert_array_equal(past, at)


@pytest.mark.parametrize("key", BUILT_IN)
def test_times_of_any_kind(key: str) -> None:
    made = BUILT_IN[key]
    values = [p.default for p in made.parameters]
    plain = made(np.array([0.0, 1.0, 2.0]), *values)
    value, rows = made.value_and_gradient(np.array([0.0, 1.0, 2.0]), values)
    for whole in (np.arange(3), [0, 1, 2], np.arange(3, dtype=np.float32)):
        np.testing.assert_array_equal(made(whole, *values), plain)
        np.testing.assert_array_equal(made.function(whole, *values), plain)
        found, slopes = made.value_and_gradient(whole, values)  # type: ignore[arg-type]
        np.testing.assert_array_equal([found, *slopes], [value, *rows])
    alone = made.value_and_gradient(np.array([2.0]), values)
    for time in (np.array(2.0), 2.0, 2, np.int64(2)):
        found, slopes = made.value_and_gradient(time, values)  # type: ignore[arg-type]
        assert np.shape(made(time, *values)) == np.shape(found) == ()
        np.testing.assert_array_equal([found, *slopes], np.ravel([alone[0], *alone[1]]))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("key", [key for key, one in BUILT_IN.items() if one.variable == "t"])
def test_bins(key: str) -> None:
    model, bins = mu.Model(key), Bins(np.arange(6) * 0.1, 0.1)
    defaults = [p.default for p in model.parameters]
    for k in range(len(defaults)):
        for odd in (*NO_NUMBERS, 5e-324, -1e-8):
            values = [*defaults[:k], odd, *defaults[k + 1 :]]
            value, rows = model.value_and_gradient(bins, values)
            assert not np.isinf(rows).any()
            for found in (value, model.value(bins, values)):
                assert not np.isinf(found).any()
                assert np.isfinite(odd) or np.isnan(found).all()


def test_numbers_of_single_precision_lose_nothing() -> None:
    t, A_hf = np.linspace(0.0, 10.0, 2000), np.float32(4463.3)
    t.setflags(write=False)
    made = BUILT_IN["muonium"]
    true = made.function(t, float(A_hf))
    np.testing.assert_array_equal(made.function(t, A_hf), true)
    np.testing.assert_array_equal(made(t, A_hf), true)
    values = np.array([1.0, A_hf], dtype=np.float32)
    np.testing.assert_array_equal(mu.Model("muonium").value(t, values), true)
    np.testing.assert_array_equal(mu.Model("muonium").value_and_gradient(t, values)[0], true)


def test_masked_times() -> None:
    t = np.ma.masked_greater(np.arange(4.0), 2.5)
    for given in (BUILT_IN["gaussian"], BUILT_IN["gaussian"].function):
        with pytest.raises(ModelError, match=r"1 of 4 times are masked, .* t\.compressed\(\)"):
            given(t, 0.5)
    with pytest.raises(ModelError, match="1 of 4 times are masked"):
        mu.Model("gaussian").value(t, [1.0, 0.5])
    bare = np.ma.masked_greater(np.arange(4.0), 9.0)
    np.testing.assert_array_equal(BUILT_IN["gaussian"](bare, 0.5)[0], 1.0)


def test_a_name_in_place_of_a_place() -> None:
    made = BUILT_IN["damped_cosine"]
    np.testing.assert_array_equal(made(T, 0.5, phi=3.0, nu=2.0), made(T, 0.5, 2.0, 3.0))
