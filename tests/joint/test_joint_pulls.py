"""Pulls of joint fits of four runs; the quick version.

The full study is benchmarks/joint_pulls.py; its figures are in docs/accuracy.md. Counts are thrown
by benchmarks/cost_truth.py, which imports nothing of musrcu.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
RUNS = 60
FIRST = 100000
"""Experiments of their own, none of the study."""


@pytest.fixture(scope="module")
def study() -> Any:
    """The study, which finds its generator and its tables beside it."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("joint_pulls")
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.mark.parametrize("kind", ["asymmetry", "counts"])
def test_pulls_of_shared_and_local_parameters(study: Any, kind: str) -> None:
    fits = [study.one(FIRST + index, kind) for index in range(RUNS)]
    found = study.cost_report.case("four runs", "rich", kind, fits, study.truth(kind))
    assert found.valid == RUNS, found.reasons
    assert {"A1", "phi1", "nu1 of run 4", "nu1, first less last"} <= {
        line.name for line in found.lines
    }
    for line in found.lines:
        assert line.holds, (line.name, line.pulls)
