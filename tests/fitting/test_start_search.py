"""No start values are needed: spectra of known truth end where fits from the truth end, or lower.

The full study is benchmarks/starts.py; its figures are in docs/accuracy.md. Spectra are thrown by
benchmarks/start_truth.py, which imports nothing of musrcu. Most of the seeds are those in which an
earlier search ended in a wrong place.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from musrcu.fitting.cost import AsymmetryCost
from musrcu.fitting.descent import descend
from musrcu.fitting.start import find_starts

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
PAPER = (
    # a strong exponential beside a weak line; lines lost to the first bins; two minima of a rate
    *(14, 20, 37, 55, 92, 95, 126, 143),
    *(68, 88, 119),
    # a line so damped that it looks like relaxation, and the other way round
    *(61, 90, 5002, 5052, 5070),
)
OTHERS = [
    ("line", (3, 11, 40)),
    ("cosine*gaussian", (15, 20, 25)),
    ("two lines", (5, 18, 23, 30, 37)),
    ("gaussian + exponential", (6, 9, 24, 42, 54, 930048, 930056, 930069, 930080, 910036)),
    ("gaussian_kt", (4, 48, 51)),
    ("stretched", (1, 29, 930013)),
]
EVERY = [("paper", seed) for seed in PAPER]
EVERY += [(name, seed) for name, seeds in OTHERS for seed in seeds]


@pytest.fixture(scope="module")
def study() -> Any:
    """The study, which finds its generator beside it."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("starts")
    finally:
        sys.path.remove(str(BENCHMARKS))


def cost_of(study: Any, name: str, seed: int) -> tuple[AsymmetryCost, Any]:
    spectrum = study.truth.throw(name, seed)
    freedom = study.freedom_of(study.CASES[name].expression, {})
    return AsymmetryCost(spectrum.time, spectrum.value, spectrum.error, freedom), spectrum


@pytest.mark.parametrize(("name", "seed"), EVERY)
def test_a_search_ends_as_low_as_a_fit_from_the_truth(study: Any, name: str, seed: int) -> None:
    """Within 0.1 in chi-square; and the line is the true one where the data show it."""
    case = study.CASES[name]
    cost, spectrum = cost_of(study, name, seed)
    model = cost.freedom.model
    begin = model.vector(spectrum.truth)[cost.free]
    lowest = descend(cost, begin, steps=200, tolerance=1e-5)[1]
    x, chi2 = descend(cost, find_starts(cost)[0].x, steps=200, tolerance=1e-5)
    assert chi2 < lowest + study.ALLOWED
    if case.line is None or not case.without:
        return
    nu, damping = spectrum.truth[case.line[0]], spectrum.truth[case.line[1]]
    if study.without_line(case, cost) - chi2 > study.MATTERS and damping < 2 * np.pi * nu:
        error = study.curvature_error(cost, x, case.line[0])
        found = abs(x[model.index(case.line[0])])
        assert abs(found - nu) < study.SIGMAS * error


def test_the_same_digits_again(study: Any) -> None:
    for name, seed in (("paper", 68), ("two lines", 5), ("gaussian + exponential", 9)):
        first, second = (find_starts(cost_of(study, name, seed)[0]) for _ in range(2))
        assert [one.chi2 for one in first] == [one.chi2 for one in second]
        assert all((a.x == b.x).all() for a, b in zip(first, second, strict=True))


def test_a_near_tie_is_among_the_starts(study: Any) -> None:
    """Two rates of the relaxing part describe these data nearly equally well."""
    cost, _ = cost_of(study, "paper", 68)
    found = [descend(cost, one.x, steps=200, tolerance=1e-5) for one in find_starts(cost)]
    rates = [x[1] for x, chi2 in found if chi2 < found[0][1] + 0.5]
    assert max(rates) > 3 * min(rates)
