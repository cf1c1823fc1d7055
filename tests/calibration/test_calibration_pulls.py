"""Alpha, t0, background and dead times of runs thrown decay by decay; the quick version.

The full study is benchmarks/calibration_pulls.py; its figures are in docs/accuracy.md.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

PROGRAMS = Path(__file__).resolve().parents[2] / "benchmarks"
RUNS = 10


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(PROGRAMS)
    return importlib.import_module("calibration_pulls")


def check(study: ModuleType, results: list[dict[str, np.ndarray | str]], name: str) -> None:
    """The rule of the full study, at its own number of runs."""
    found = [result[name] for result in results]
    assert not [one for one in found if isinstance(one, str)]
    value, true, error = np.concatenate([np.asarray(one) for one in found]).T
    pulls = (value - true) / error
    mean_limit, width_limit = study.limits(len(found))
    assert abs(pulls.mean()) < mean_limit, name
    assert abs(pulls.std(ddof=1) - 1) < width_limit, name


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("ltf", ("alpha", "t0", "background")),
        ("emu", ("alpha", "t0", "mean tau", "each tau")),
    ],
)
def test_pulls_are_normal(
    study: ModuleType, kind: str, names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "DECAYS", 3e5)
    monkeypatch.setattr(study, "FRAMES", 3000)
    results = [study.KINDS[kind](index, study.SEED + 1) for index in range(RUNS)]
    for name in names:
        check(study, results, name)


def test_a_relaxing_polarisation_is_no_dead_time(study: ModuleType) -> None:
    results = [study.relaxing(index, study.SEED + 1) for index in range(RUNS)]
    check(study, results, "mean tau (alpha known)")
    # a line in each detector finds no dead time in one group and four of them in the other
    forward = np.concatenate([result["line, forward"] for result in results])[:, 0]
    backward = np.concatenate([result["line, backward"] for result in results])[:, 0]
    assert forward.mean() < -10
    assert backward.mean() > 30
    # without alpha: within errors, or refused
    for result in results:
        if not isinstance(result["mean tau"], str):
            value, true, error = result["mean tau"][0]
            assert abs(value - true) < 4 * error
