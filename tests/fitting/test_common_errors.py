"""What all bins share reaches the errors of a fit as an exact calculation says; the quick version.

The full study is benchmarks/common_errors.py; its figures are in docs/accuracy.md.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNS = 60


@pytest.fixture(scope="module")
def study() -> ModuleType:
    place = ROOT / "benchmarks" / "common_errors.py"
    spec = importlib.util.spec_from_file_location("common_errors", place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def brute_force(kind: Any, sigma: float, n_window: int) -> np.ndarray:
    """Covariance from the means of every bin and one level for each, by central differences."""
    level, _, _ = kind.parts()
    t, names = kind.centres(), 6

    def means(p: np.ndarray) -> np.ndarray:
        a = p[0] * np.exp(-p[1] * t) + p[2]
        root, n = np.sqrt(p[3]), level * p[6:]
        return np.concatenate([n * root * (1 + a) + p[4], n / root * (1 - a) + p[5]])

    truth = np.array([kind.amplitude, kind.rate, kind.constant, kind.alpha, *kind.background()])
    p = np.concatenate([truth, np.ones(t.size)])
    slopes = []
    for k in range(p.size):
        step = np.zeros(p.size)
        step[k] = 1e-5
        slopes.append((means(p + step) - means(p - step)) / 2e-5)
    fisher = (np.array(slopes) / means(p)) @ np.array(slopes).T
    fisher[3, 3] += 1 / sigma**2
    fisher[[4, 5], [4, 5]] += n_window / kind.background()
    return np.sqrt(np.diag(np.linalg.inv(fisher)))[:names]


def test_the_exact_calculation_is_that_of_the_whole_fisher_matrix(study: ModuleType) -> None:
    kind = dataclasses.replace(study.KINDS[3], width=0.15, bins=60, window=(-8, -1))
    found = study.exact_errors(kind, 0.02, window=True)
    expected = brute_force(kind, 0.02, study.whole_periods(kind))
    assert list(found) == ["A1", "lambda1", "A_bg", "alpha", "b_F", "b_B"]
    np.testing.assert_allclose(list(found.values()), expected, rtol=1e-5)


def results(study: ModuleType, kind: Any) -> list[dict[str, np.ndarray]]:
    found = [study.one_run(index, kind, study.SEED + 1) for index in range(RUNS)]
    assert not [one["reason"] for one in found if "reason" in one]
    return found


def pulls(found: list[dict[str, np.ndarray]], name: str, true: list[float]) -> np.ndarray:
    values = np.array([one[name] for one in found])
    return np.asarray((values[:, :, 0] - true) / values[:, :, 1])


@pytest.mark.parametrize("number", range(4))
def test_errors_are_those_of_the_exact_calculation_and_pulls_are_normal(
    study: ModuleType, number: int
) -> None:
    kind = study.KINDS[number]
    found = results(study, kind)
    exact = study.exact_errors(kind, kind.sigma, window=bool(kind.flat))
    expected = [exact[name] for name in kind.truth()]
    ours = np.array([one["carried"][:, 1] for one in found]).mean(axis=0)
    # a background measured from 400 counts varies from run to run, and the errors with it
    np.testing.assert_allclose(ours, expected, rtol=0.03 if not kind.flat else 0.06)
    mean_limit, width_limit = study.limits(RUNS)
    normal = pulls(found, "carried", list(kind.truth().values()))
    assert (np.abs(normal.mean(axis=0)) < mean_limit).all()
    assert (np.abs(normal.std(axis=0, ddof=1) - 1) < width_limit).all()


@pytest.mark.parametrize(("number", "name"), [(0, "A_bg"), (1, "lambda1"), (2, "A_bg")])
def test_errors_are_too_small_where_alpha_or_the_background_is_taken_as_exact(
    study: ModuleType, number: int, name: str
) -> None:
    kind = study.KINDS[number]
    place = list(kind.truth()).index(name)
    found = results(study, kind)
    carried = study.exact_errors(kind, kind.sigma, window=bool(kind.flat))[name]
    exact = study.exact_errors(kind, 0.0, window=False)[name]
    ours = np.mean([one["exact"][place, 1] for one in found])
    assert ours == pytest.approx(exact, rel=0.15 if kind.flat else 0.03)
    assert carried > 1.5 * exact
    wide = pulls(found, "exact", list(kind.truth().values()))[:, place].std(ddof=1)
    assert wide > 1 + 2 * study.limits(RUNS)[1]
