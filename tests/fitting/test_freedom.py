"""What is free, fixed, tied and limited, in a user's words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from musrcu.errors import FitError, ModelError, MusrcuError
from musrcu.fitting.freedom import settle
from musrcu.models.model import Model

PAPER = Model("exponential + damped_cosine + constant")


def test_everything_is_free_by_default() -> None:
    freedom = settle(PAPER)
    assert freedom.free.tolist() == list(range(7))
    assert np.isnan(freedom.start).all()
    assert freedom.lower.tolist() == [-np.inf, 0, -np.inf, 0, 0, -np.inf, -np.inf]
    assert (freedom.upper == np.inf).all()


def test_fixed_start_limits_and_ties() -> None:
    freedom = settle(
        PAPER,
        start={"nu2": 1.5, "A1": 0.05},
        fixed={"phi2": 6.0, "A1": 0.06},
        limits={"lambda1": (0.1, None), "A2": (None, 0.3)},
        ties={"lambda2": "2*lambda1"},
    )
    assert [PAPER.names[k] for k in freedom.free] == ["lambda1", "A2", "nu2", "A_bg"]
    assert freedom.start[PAPER.index("A1")] == 0.06
    assert freedom.lower[1] == 0.1
    assert freedom.upper[1] == np.inf
    assert (freedom.lower[2], freedom.upper[2]) == (-np.inf, 0.3)
    full = freedom.expand(np.array([0.7, 0.05, 1.6, 0.1]))
    assert full.tolist() == [0.06, 0.7, 0.05, 1.4, 1.6, 6.0, 0.1]


def test_a_short_name_will_do_where_it_is_unambiguous() -> None:
    freedom = settle(PAPER, start={"nu": 1.5, "phi": 3.0})
    assert freedom.start[PAPER.index("nu2")] == 1.5
    assert freedom.start[PAPER.index("phi2")] == 3.0


def test_jacobian_against_central_differences() -> None:
    freedom = settle(
        PAPER,
        fixed={"phi2": 6.0},
        ties={"lambda2": "2*lambda1**1.5 + sin(A_bg)", "A2": "0.2 - A1 - A_bg"},
    )
    x = np.array([0.05, 0.9, 1.6, 0.1])
    expected = np.empty((7, 4))
    for k in range(4):
        step = np.zeros(4)
        step[k] = 1e-5
        expected[:, k] = (freedom.expand(x + step) - freedom.expand(x - step)) / 2e-5
    assert np.allclose(freedom.jacobian(freedom.expand(x)), expected, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(
    ("words", "error", "text"),
    [
        ({"start": {"nu3": 1.0}}, ModelError, "no parameter 'nu3'; did you mean 'nu2'"),
        ({"fixed": {"lamda1": 1.0}}, ModelError, "did you mean 'lambda1'"),
        ({"limits": {"Abg": (0, 1)}}, ModelError, "did you mean 'A_bg'"),
        ({"ties": {"phi": "nu"}}, FitError, "write nu2 for nu"),
        ({"ties": {"nu2": "2*frequency"}}, ModelError, "no parameter 'frequency'"),
        ({"ties": {"lambda": "1"}}, ModelError, "'lambda' may be lambda1 or lambda2"),
        ({"fixed": {"A1": 0.1}, "ties": {"A1": "A2"}}, FitError, "A1 is fixed and tied"),
        ({"ties": {"A1": "A2", "A2": "A_bg"}}, FitError, "A1 is tied to A2, which is tied itself"),
        ({"ties": {"A1": "A1*2"}}, FitError, "tied"),
        (
            {"start": {"lambda1": -1.0}},
            FitError,
            r"lambda1 = -1 lies outside its limits \[0, inf\]",
        ),
        ({"fixed": {"nu2": 3.0}, "limits": {"nu2": (1, 2)}}, FitError, r"outside its limits"),
        ({"limits": {"nu2": (2, 1)}}, FitError, "limits of nu2: 2 is not below 1"),
        ({"limits": {"nu2": (1, 1)}}, FitError, "is not below"),
        ({"limits": {"nu2": (float("nan"), 1)}}, FitError, "is not below"),
        ({"start": {"A1": float("nan")}}, FitError, "A1 = nan as a start or fixed value"),
        ({"fixed": {"A1": float("inf")}}, FitError, "A1 = inf as a start or fixed value"),
        ({"ties": {"A1": "__import__('os')"}}, ModelError, "not allowed"),
    ],
)
def test_refusals(words: dict[str, Any], error: type[MusrcuError], text: str) -> None:
    with pytest.raises(error, match=text):
        settle(PAPER, **words)
