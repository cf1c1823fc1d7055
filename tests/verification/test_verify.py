"""A verification finds what is wrong, where it is, and nothing where all is right."""

from __future__ import annotations

import builtins
import dataclasses
from collections import Counter
from typing import Any

import numpy as np
import pytest

from musrcu.errors import ModelError
from musrcu.models.certificate import Certificate, Corner
from musrcu.models.parameter import LONGEST, Parameter
from musrcu.models.registry import Component
from musrcu.verification import truth as truth_room
from musrcu.verification.promise import domain, promise
from musrcu.verification.series import verify_all
from musrcu.verification.table import text
from musrcu.verification.trial import trials
from musrcu.verification.verify import verify

LAMBDA = Parameter("lambda", "1/us", 0.5, "relaxation rate", lower=0.0)
RIGHT = Certificate(lambda mp, t, lambda_: mp.exp(-lambda_ * t), "the exponential, 40 digits")


def decay(
    function: Any = lambda t, lambda_: np.exp(-lambda_ * t),
    derivatives: Any = lambda t, value, lambda_: (-t * value,),
    **changes: Any,
) -> Component:
    """An exponential decay; the arguments spoil it."""
    certificate = dataclasses.replace(RIGHT, **changes)
    return Component(
        "decay", "exp(-lambda t)", (LAMBDA,), function, derivatives, (), "none",
        certificate=certificate,
    )  # fmt: skip


def test_a_right_function_keeps_its_promise() -> None:
    found = verify(decay(), sets=200)
    assert found.valid
    assert found.tried == 200
    assert 0 < found.value.error < 1e-15
    assert found.slope.error < 1e-12
    assert found.milliseconds[0] > 0
    assert "yes" in text([found])


def test_a_wrong_value_is_found_and_located() -> None:
    def function(t: np.ndarray, lambda_: float) -> np.ndarray:
        return np.exp(-lambda_ * t) + (3e-9 if lambda_ > 150 else 0.0)

    found = verify(decay(function), sets=300)
    assert not found.valid
    assert found.value.error == pytest.approx(3e-9, rel=1e-6)
    assert found.value.trial is not None
    assert found.value.trial.values["lambda"] > 150
    assert "value off by 3e-09, promised 1e-09" in found.findings[0]
    assert "NO (" in text([found])


def test_a_wrong_derivative_is_found() -> None:
    found = verify(decay(derivatives=lambda t, value, lambda_: (-t * value * (1 + 3e-6),)), sets=60)
    assert found.slope.error == pytest.approx(3e-6, rel=1e-3)
    assert any("d/dlambda off by" in one for one in found.findings)


def test_what_is_not_finite_or_overflows_is_found() -> None:
    def function(t: np.ndarray, lambda_: float) -> np.ndarray:
        return np.where(lambda_ * t > 7000, np.nan, np.exp(-lambda_ * t))

    assert any("not finite everywhere" in one for one in verify(decay(function), 200).findings)
    noisy = verify(decay(lambda t, lambda_: 1 / np.exp(lambda_ * t)), sets=200)
    assert any("overflow" in one for one in noisy.findings)


def test_a_jump_across_a_switch_is_found() -> None:
    def function(t: np.ndarray, lambda_: float) -> np.ndarray:
        return np.exp(-lambda_ * t) + (4e-9 if lambda_ > 3.0 else 0.0)

    switch = Corner("lambda = 3", lambda v, rng: {**v, "lambda": 3.0}, across="lambda")
    found = verify(decay(function, corners=(switch,), accuracy=1e-9), sets=1)
    assert any("jumps by 4e-09 across lambda = 3" in one for one in found.findings)
    smooth = verify(decay(corners=(switch,)), sets=1)
    assert smooth.valid


def test_sets_are_seeded_and_a_third_lies_in_corners() -> None:
    drawn = list(trials(decay(), 600, seed=4))
    assert [one.values for one in drawn] == [one.values for one in trials(decay(), 600, seed=4)]
    assert drawn[0].values != next(trials(decay(), 1, seed=5)).values
    where = Counter(one.where for one in drawn)
    assert where["anywhere"] == 400
    assert where["early"] >= 60
    assert where["every parameter at a limit"] >= 60
    for one in drawn:
        assert 0 <= one.values["lambda"] <= 200
        assert 0 <= one.values["t"] <= LONGEST
    rates = np.array([one.values["lambda"] for one in drawn])
    assert ((rates > 0) & (rates < 0.01)).sum() > 50
    assert (rates > 20).sum() > 100


def test_shared_work_finds_the_same() -> None:
    from musrcu.models.registry import find_component

    made = find_component("exponential")
    if made.certificate is None:
        made = dataclasses.replace(made, certificate=RIGHT)
    whole = verify(made, sets=40)
    shared = verify_all([find_component("exponential")], {"exponential": 40}, jobs=2)[0]
    assert (shared.tried, shared.value, shared.slope) == (40, whole.value, whole.slope)


def test_a_domain_in_words() -> None:
    assert domain(decay()) == "t 0 to 40 us, lambda 0 to 200 1/us"
    assert promise(decay(accuracy=1e-7)) == (
        "error at most 1e-7; derivatives 1e-6 of their largest"
    )


def test_without_a_certificate_or_mpmath(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="component decay has no certificate"):
        verify(dataclasses.replace(decay(), certificate=None))
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name == "mpmath":
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModelError, match=r"need mpmath; pip install 'musrcu\[verify\]'"):
        truth_room.precise()


def solved(t: np.ndarray, lambda_: float) -> Any:
    value = np.exp(-lambda_ * t)
    return value, (-t * value,)


def with_solver(function: Any = None, together: Any = solved) -> Component:
    """The decay by a solver for value and derivative together."""
    plain = function or (lambda t, lambda_: np.exp(-lambda_ * t))
    return dataclasses.replace(decay(plain, None), together=together)


def test_the_function_without_derivatives_counts() -> None:
    assert verify(with_solver(), sets=30).valid
    found = verify(with_solver(lambda t, lambda_: 0.9 * np.exp(-lambda_ * t)), sets=30)
    assert any("value off by" in one for one in found.findings)
    inside = verify(with_solver(lambda t, _: np.exp(-_ * t) + 1e-3 * (t > 0) * (t < 0.01)), 60)
    assert any("with and without derivatives" in one for one in inside.findings)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda t: 0.1 * (np.arange(t.size) < t.size - 1),  # all but the last time
        lambda t: 0.1 * float(t.size > 500 and t[0] != 0),  # even times that begin elsewhere
        lambda t: 5.0 * (t < 0),
    ],
)
def test_every_time_of_a_series_counts(wrong: Any) -> None:
    def spoiled(t: np.ndarray, lambda_: float) -> Any:
        value, slopes = solved(t, lambda_)
        return value + wrong(t), slopes

    found = verify(with_solver(lambda t, lambda_: spoiled(t, lambda_)[0], spoiled), sets=30)
    assert not found.valid


def test_a_jump_of_a_derivative_is_found() -> None:
    def derivatives(t: np.ndarray, value: np.ndarray, lambda_: float) -> Any:
        return (-t * value * (1 + (1e-5 if lambda_ > 3.0 else 0.0)),)

    switch = Corner("lambda = 3", lambda v, rng: {**v, "lambda": 3.0, "t": 0.3}, across="lambda")
    found = verify(decay(derivatives=derivatives, corners=(switch,)), sets=1)
    assert any("d/dlambda of decay jumps across lambda = 3" in one for one in found.findings)


def test_limits_are_visited_where_only_the_interior_is_compared() -> None:
    def function(t: np.ndarray, lambda_: float) -> np.ndarray:
        return np.full_like(t, np.nan) if lambda_ in (0.0, 200.0) else np.exp(-lambda_ * t)

    found = verify(decay(function, domain="interior"), sets=20)
    assert any("not finite" in one for one in found.findings)
