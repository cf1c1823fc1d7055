"""Pulls of each cost where it claims right errors; the quick version.

The full study is benchmarks/cost_pulls.py; its figures are in docs/accuracy.md. Counts are thrown
by benchmarks/cost_truth.py, which imports nothing of musrcu.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import musrcu as mu

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
RUNS = 100
FIRST = 100000
"""Simulations of their own, none of the study."""


@pytest.fixture(scope="module")
def study() -> Any:
    """The study, which finds its generator and its tables beside it."""
    sys.path.insert(0, str(BENCHMARKS))
    names = ("cost_truth", "cost_report", "cost_pulls")
    try:
        found = [importlib.import_module(name) for name in names]
    finally:
        sys.path.remove(str(BENCHMARKS))
    return found[-1]


def judged(study: ModuleType, *case: str, runs: int = RUNS, rooted: bool = False) -> Any:
    law, level, way = case
    fits = [study.one(FIRST + seed, *case, rooted=rooted) for seed in range(runs)]
    truth = study.true_values(*case)
    return study.cost_report.case(law, level, way, fits, truth)


def test_the_generator_imports_nothing_of_musrcu() -> None:
    text = (BENCHMARKS / "cost_truth.py").read_text(encoding="utf-8")
    imports = [row for row in text.splitlines() if row.startswith(("import ", "from "))]
    assert len(imports) >= 3
    assert not any("musrcu" in row for row in imports)


def test_mean_counts_are_integrals_of_the_law(study: ModuleType) -> None:
    """Against the closed form of the integral over a bin, which is that of an exponential."""
    truth = study.cost_truth
    law, level = truth.LAWS["cosine"], truth.LEVELS["rich"]
    edges = np.arange(truth.BINS + 1) * truth.DT
    line = 2j * np.pi * 1.59 - 0.3 - 1 / truth.TAU
    inner = np.diff(np.exp(line * edges)) / line * np.exp(1j * np.radians(6.0)) * 0.2
    decays = np.diff(-truth.TAU * np.exp(-edges / truth.TAU))
    root = np.sqrt(truth.ALPHA)
    for row, share, sign in zip(truth.means(law, level), (root, 1 / root), (1, -1), strict=True):
        expected = level.n0 * share * (decays + sign * inner.real) / truth.DT + level.flat
        np.testing.assert_allclose(row[truth.BEFORE :], expected, rtol=1e-8)
        np.testing.assert_array_equal(row[: truth.BEFORE], level.flat)


@pytest.mark.parametrize(
    ("law", "level", "way"),
    [
        ("toyabe", "rich", "asymmetry"),
        ("cosine", "rich", "poisson, free"),
        ("cosine", "rich", "binomial"),
        ("cosine", "rich", "histogram"),
        ("toyabe", "rich", "poisson"),
        ("paper", "full", "poisson"),
    ],
)
def test_pulls_hold_where_a_cost_claims_it(
    study: ModuleType, law: str, level: str, way: str
) -> None:
    found = judged(study, law, level, way)
    assert found.valid == RUNS, found.reasons
    for line in found.lines:
        assert line.holds, (line.name, line.pulls)
    assert found.ratio == pytest.approx(1.0, abs=0.03)


def test_roots_hold_where_errors_do_not(study: ModuleType) -> None:
    """Of 1.1e4 counts: the interval of the likelihood covers, the asymmetry is biased."""
    runs = 60
    found = judged(study, "toyabe", "middle", "poisson", runs=runs, rooted=True)
    assert [line.name for line in found.lines if line.roots.n] == ["A1", "delta1", "A_bg"]
    for line in found.lines[:3]:
        assert line.roots.excess < 1, (line.name, line.roots)
        assert abs(line.roots.within - 0.6827) < 3.5 * np.sqrt(0.6827 * 0.3173 / runs)
    biased = judged(study, "toyabe", "middle", "asymmetry", runs=40)
    assert max(line.pulls.excess for line in biased.lines) > 1.3


def test_an_asymmetry_overweighs_large_values(study: ModuleType) -> None:
    """Its weights n / (1 - A^2) follow A: by 2 A / n in a bin of n counts, on the average."""
    law = study.LAWS["field"]
    shifts = []
    for seed in range(40):
        both = []
        for way in ("asymmetry", "poisson"):
            fit = study.one(FIRST + seed, "field", "rich", way, rooted=False)
            both.append(fit["parameters"]["A1"])
        shifts.append((both[0][0] - both[1][0]) / both[0][1])
    events = study.means("field", "rich").sum()
    expected = law.truth["A1"] * study.cost_truth.BINS * np.sqrt(2 / events)
    assert expected == pytest.approx(0.27, abs=0.01)
    assert np.mean(shifts) == pytest.approx(expected, abs=0.25 * expected)


def test_chi_squares_of_counts_bend_the_background(study: ModuleType) -> None:
    """At 4 counts in the last bins: the weights of Neyman pull it down, those of Pearson up."""
    for way, sign in (("neyman", -1), ("pearson", 1)):
        found = judged(study, "cosine", "rich", way, runs=40)
        backgrounds = [line for line in found.lines if line.name in ("b_F", "b_B")]
        assert len(backgrounds) == 2
        for line in backgrounds:
            assert sign * line.pulls.mean > 0.75, (way, line)


def test_poisson_finds_level_and_background_however_few_counts_there_are(
    study: ModuleType,
) -> None:
    """Half of the bins are empty."""
    found = judged(study, "toyabe", "poor", "poisson, free", runs=60)
    behind = [line for line in found.lines if line.name in study.EXPERIMENT]
    assert [line.name for line in behind] == ["N0", "b_F", "b_B"]
    for line in behind:
        assert abs(line.bias) < 4 * line.scatter / np.sqrt(line.pulls.n), line.name


def test_what_minos_covers(study: ModuleType) -> None:
    """Both ends of the interval, as a user asks for them, about the truth of 1.1e4 counts."""
    law, level = study.LAWS["cosine"], "middle"
    inside = {name: 0 for name in ("A1", "nu1")}
    runs = 50
    for seed in range(runs):
        run = study.thrown("cosine", level, FIRST + seed)
        data, told = study.counts(law, study.LEVELS[level], run)
        result = mu.fit(
            data, law.expression, **told, t_range=study.RANGE, average_bins=True,
            max_asymmetry=1.0, minos=tuple(inside),
        )  # fmt: skip
        assert result.valid, result.reason
        for name in inside:
            low, high = result[name].minos
            off = law.truth[name] - result[name].value
            inside[name] += low < off < high
    for name, found in inside.items():
        assert abs(found / runs - 0.6827) < 3.5 * np.sqrt(0.6827 * 0.3173 / runs), name
