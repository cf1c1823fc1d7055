"""The one step on scans with a sharp T_N, from counts to roots of the likelihood; a handful.

The full study is benchmarks/direct_pulls.py; its figures are in docs/accuracy.md. Counts are thrown
by benchmarks/order_truth.py, which imports nothing of musrcu.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import musrcu as mu

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
FIRST = 200000
"""Sets of their own, none of the study."""


@pytest.fixture(scope="module")
def study() -> Any:
    """The study, which finds its generator and its tables beside it."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("direct_pulls")
    finally:
        sys.path.remove(str(BENCHMARKS))


def fitted(study: Any, index: int, cell: Any) -> Any:
    drawn = study.thrown(index, cell)
    known = study.recipe(drawn)
    data = [mu.reduce(run, known) for run in study.as_runs(drawn)]
    start = study.TRUTH | study.ABOVE if cell.told else None
    return mu.fit_order_parameter(data, direct=True, minos=False, start=start)


@pytest.mark.parametrize(("events", "T_error"), [(2e7, 0.0), (2e7, 1.0)])
def test_one_step_finds_the_truth(study: Any, events: float, T_error: float) -> None:
    found = fitted(study, FIRST, study.Cell(events, T_error))
    assert found.valid, found.reason
    roots = [found.likelihood_root(name, truth) for name, truth in study.TRUTH.items()]
    # of normal numbers: once in 10000
    assert np.abs(roots).max() < 3.9
    assert abs(found.chi2 - found.ndof) < 4 * np.sqrt(2 * found.ndof)
    for name in study.TRUTH:
        assert getattr(found, name).error < getattr(found.two_step, name).error


def test_one_step_of_few_events_is_as_low_as_from_the_truth(study: Any) -> None:
    cell = study.Cell(2e6, 0.3)
    found = fitted(study, 1, cell)
    told = fitted(study, 1, cell._replace(told=True))
    assert told.valid, told.reason
    assert found.valid, found.reason
    assert found.chi2 < told.chi2 + 0.1


def test_a_run_of_exact_temperature_does_not_catch_T_N(study: Any) -> None:
    """Just above T_N; with T_N on it and half of the run ordered 1.5 uK was quoted as its error."""
    found = fitted(study, 28, study.Cell(2e6, 0.0))
    assert found.valid, found.reason
    assert found.T_N.error > 1e-4
    assert abs(found.likelihood_root("T_N", 0.105)) < 1.0
    assert all(min(run.fraction, 1 - run.fraction) < 1e-6 for run in found.runs)
