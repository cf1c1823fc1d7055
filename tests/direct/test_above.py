"""Where the part above T_N begins, of runs thrown by a generator that knows nothing of musrcu."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import musrcu as mu
from musrcu.direct.above import common_above
from musrcu.direct.choices import Choices

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
BELOW = mu.Model("exponential + damped_cosine + constant")
ABOVE = mu.Model("gaussian + exponential + constant")
SHARED = {"A1": 0.055, "A2": 0.045, "phi2": 6.0, "A_bg": 0.11}


@pytest.fixture(scope="module")
def study() -> Any:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("direct_pulls")
    finally:
        sys.path.remove(str(BENCHMARKS))


def without_order(study: Any, events: float, index: int) -> list[Any]:
    drawn = study.thrown(index, study.Cell(events, 0.3))
    known, runs = study.recipe(drawn), study.as_runs(drawn)
    return [
        SimpleNamespace(data=mu.reduce(run, known))
        for run, ordered in zip(runs, drawn.ordered, strict=True)
        if not ordered
    ]


@pytest.mark.parametrize("index", range(6))
def test_terms_that_look_alike_are_told_apart(study: Any, index: int) -> None:
    """Of five runs of 2e6 events, single ones of which give the two terms in either order."""
    runs = without_order(study, 2e6, index)
    found = common_above(runs, BELOW, ABOVE, SHARED, Choices())
    assert found.keys() == {"A1_above", "sigma1_above", "lambda2_above"}
    assert found["A1_above"] == pytest.approx(0.045, abs=0.008)
    assert found["sigma1_above"] == pytest.approx(0.35, abs=0.06)
    assert found["lambda2_above"] == pytest.approx(2.0, abs=0.6)


def test_single_runs_are_not_alike(study: Any) -> None:
    """Why a mean over single fits is no place to begin."""
    rates = [mu.fit(one.data, ABOVE)["lambda2"].value for one in without_order(study, 2e6, 0)]
    assert min(rates) < 0.5 and max(rates) > 1.0


def test_nothing_is_said_without_runs_or_without_a_total(study: Any) -> None:
    assert common_above([], BELOW, ABOVE, SHARED, Choices()) == {}
    runs = without_order(study, 2e6, 0)
    assert common_above(runs, BELOW, ABOVE, {}, Choices()) == {}
    assert common_above(runs, BELOW, ABOVE, SHARED, Choices(t_range=(50.0, 60.0))) == {}
