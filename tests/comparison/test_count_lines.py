"""Numbers of lines in spectra thrown with NumPy alone: none, one, two."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from asymmetries import asymmetry
from compared import LIFETIME, counted, thrown
from scipy import stats
from throw import asymmetry_of, throw_pair

import musrcu as mu
from musrcu.containers.asymmetry import Asymmetry
from musrcu.errors import FitError


def without_line(seed: int) -> Asymmetry:
    """Counts of a relaxing asymmetry, 40 and more in each bin of a group at the end."""
    time, f, b = throw_pair(
        lambda t: 0.1 * np.exp(-0.5 * t) + 0.1, 5e5, seed, n_bins=250, width=0.016
    )
    return asymmetry(time, *asymmetry_of(f, b))


def test_one_line_and_two() -> None:
    one = mu.count_lines(thrown(3), seed=1, n=120)
    assert one.n == 1
    assert one.fit["nu"].value == pytest.approx(1.5, abs=0.05)
    assert [step.probability <= 0.01 for step in one.steps] == [True, False]
    two = mu.count_lines(thrown(3, 800, extra=0.015), seed=1, n=120)
    assert two.n == 2
    values = two.fit.parameters
    assert values["nu2"].value == pytest.approx(1.5, abs=0.05)
    assert values["nu3"].value == pytest.approx(5.1, abs=0.1)
    assert two.summary().startswith("SIM 7: 2 lines (seed 1)\n  line 1 at 1.")
    assert two.to_dict()["n"] == 2


def test_false_lines_are_as_rare_as_the_threshold_says() -> None:
    """Of 50 spectra without a line 5 are expected at p < 0.1; 11 or more once in 110."""
    found = [mu.count_lines(without_line(seed), seed=seed, n=100, most=1) for seed in range(50)]
    probabilities = np.array([one.steps[0].probability for one in found])
    assert (probabilities <= 0.1).sum() <= 10
    assert sum(one.n for one in found) <= 3
    assert stats.kstest(probabilities, "uniform").pvalue > 0.01
    formula = np.array([one.steps[0].line.probability for one in found])
    early = probabilities > 0.3  # ten of few replicas
    np.testing.assert_allclose(probabilities[~early], formula[~early], atol=0.12)


def test_lines_in_counts() -> None:
    t = 0.01 * (np.arange(600) + 0.5)
    rng = np.random.default_rng(3)
    a = 0.1 * np.exp(-0.5 * t) + 0.1 + 0.05 * np.exp(-0.3 * t) * np.cos(2 * np.pi * 7.3 * t)
    seen = rng.poisson(200 * np.exp(-t / LIFETIME) * np.array([1 + a, 1 - a])).astype(float)
    data = replace(counted(1, 200.0), values=seen, variance=seen)
    found = mu.count_lines(data, seed=2, n=100, most=2)
    assert found.n == 1
    assert found.fit["nu"].value == pytest.approx(7.3, abs=0.03)
    assert found.fit.cost.startswith("Poisson")


def test_the_count_is_the_same_with_any_executor() -> None:
    data = without_line(7)
    alone = mu.count_lines(data, seed=5, n=100, most=1)
    with ProcessPoolExecutor(2) as processes:
        other = mu.count_lines(data, seed=5, n=100, most=1, executor=processes)
    assert alone.steps == other.steps


def test_options_reach_the_models_that_have_the_parameter() -> None:
    data = thrown(3)
    found = mu.count_lines(
        data, seed=1, n=100, most=1, limits={"nu2": (1.0, 2.0)}, fixed={"phi2": 0.0}
    )
    assert found.fit.parameters["phi2"].fixed
    assert found.n == 1
    assert "there may be more" in found.notes[0]


def test_slow_lines_are_not_looked_for() -> None:
    data = thrown(3)
    found = mu.count_lines(data, seed=1, n=100, lowest=3.0, most=1)
    assert found.steps[0].line.nu >= 3.0


def test_wrong_words_are_refused() -> None:
    data = without_line(1)
    for wrong, words in (
        ({"most": 0}, "most = 0"),
        ({"n": 50}, "give n = 100 or more for threshold = 0.01"),
        ({"model": "exponential"}, "expected one line"),
        ({"model": "cosine + cosine"}, "expected one line"),
    ):
        with pytest.raises(FitError, match=words):
            mu.count_lines(data, **wrong)  # type: ignore[arg-type]
