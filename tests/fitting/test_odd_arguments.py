"""Arguments that no fit, profile or comparison can take: one sentence each, no traceback."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from made_runs import made_asymmetry, made_run

import musrcu as mu
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.histogram import Histogram
from musrcu.containers.history import History
from musrcu.errors import FitError, MusrcuError
from musrcu.fitting.options import OPTIONS

MODEL = "exponential + damped_cosine + constant"


@pytest.fixture(scope="module")
def data() -> Asymmetry:
    return made_asymmetry(n=800, width=0.01)


def counts_of(n: int = 400) -> np.ndarray:
    """(2, n) counts of forward and backward, 20 ns bins."""
    time = 0.02 * np.arange(n)
    shape = 0.2 * np.exp(-0.3 * time) * np.cos(2 * np.pi * 1.5 * time)
    mean = 400 * np.exp(-time / 2.2) * np.array([1 + shape, 1 - shape])
    return np.random.default_rng(3).poisson(mean).astype(float)


def pair_of(variance: np.ndarray) -> Counts:
    n = variance.shape[1]
    return Counts(
        time=0.02 * np.arange(n), values=counts_of(n), variance=variance, bin_width=0.02, packing=1,
        first_good=0, last_good=n - 1, detectors=((1,), (2,)), run=made_run(), history=History(),
    )  # fmt: skip


def histogram_of(counts: np.ndarray) -> Histogram:
    return Histogram(
        time=0.02 * np.arange(counts.size), counts=counts, bin_width=0.02, packing=1,
        detectors=(1,), label="Forw", run=made_run(), history=History(),
    )  # fmt: skip


@pytest.mark.parametrize("cost", ["poisson", "binomial", "neyman", "pearson"])
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1.0])
def test_counts_that_are_none(wrong: float, cost: str) -> None:
    counted = counts_of()
    counted[1, 250] = wrong
    with pytest.raises(FitError, match=rf"LTF 7: variance is {wrong:g} at 5 us; a fit of counts"):
        mu.fit(pair_of(counted), "damped_cosine", cost=cost)
    if cost != "binomial":
        with pytest.raises(FitError, match=rf"LTF 7, Forw: counts is {wrong:g} at 5 us"):
            mu.fit(histogram_of(counted[1]), "damped_cosine", cost=cost)


def test_outside_the_range_they_do_not_matter() -> None:
    counted = counts_of()
    counted[1, 250] = np.nan
    assert mu.fit(pair_of(counted), "damped_cosine", t_range=(0, 4.9)).valid


def test_the_options_are_those_of_fit() -> None:
    parameters = inspect.signature(mu.fit).parameters
    assert set(OPTIONS) == set(parameters) - {"data", "model"}


def test_unknown_options_are_named(data: Asymmetry) -> None:
    calls: list[Any] = [
        lambda **o: mu.profile(data, MODEL, "nu2", **o),
        lambda **o: mu.contour(data, MODEL, ("nu2", "A1"), **o),
        lambda **o: mu.bootstrap(data, MODEL, n=2, **o),
        lambda **o: mu.compare_models(data, [MODEL], **o),
        lambda **o: mu.count_lines(data, **o),
    ]
    for call in calls:
        with pytest.raises(FitError, match=r"has no option 'bogus'.*; of a fit it takes start, "):
            call(bogus=1)
        with pytest.raises(FitError, match=r"no option 'limit'; did you mean 'limits'\?"):
            call(limit={"A1": (0, 1)})


def test_alternatives_are_an_option_of_a_profile(data: Asymmetry) -> None:
    found = mu.profile(data, MODEL, "nu2", points=3, alternatives=False)
    assert found.interval is not None


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"minos": 5}, "minos = 5; give names of parameters"),
        ({"minos": (None,)}, r"minos = \(None,\); give names"),
        ({"start": [1]}, r"start = \[1\]; give a table"),
        ({"fixed": {1: 2.0}}, "fixed = {1: 2.0}; give a table by names"),
        ({"limits": 3}, "limits = 3; give a table"),
        ({"ties": "nu2"}, "ties = 'nu2'; give a table"),
        ({"start": {"A1": 10**400}}, "A1 = 1000"),
        ({"limits": {"A1": (0, 10**400)}}, "limits of A1 = "),
        ({"t_range": (0, 10**400)}, "t_range = "),
    ],
)
def test_wrong_kinds(options: dict[str, Any], sentence: str, data: Asymmetry) -> None:
    with pytest.raises(FitError, match=sentence):
        mu.fit(data, MODEL, **options)
    if "minos" not in options:
        with pytest.raises(FitError, match=sentence):
            mu.compare_models(data, [MODEL], **options)


@pytest.mark.parametrize("name", [None, 3, ["nu2"]])
def test_names_that_are_none(name: Any, data: Asymmetry) -> None:
    with pytest.raises(MusrcuError, match="is no name of a parameter"):
        mu.profile(data, MODEL, name)
    with pytest.raises(MusrcuError, match="is no name of a parameter"):
        mu.contour(data, MODEL, ("nu2", name))


@pytest.mark.parametrize("levels", ["x", None, (), (None,), 1.0, (1e-12,), (0.5, np.nan)])
def test_levels_that_are_none(levels: Any, data: Asymmetry) -> None:
    with pytest.raises(FitError, match=r"levels = .*; give probabilities from 0.001 to below 1"):
        mu.contour(data, MODEL, ("nu2", "A1"), levels=levels)


def test_one_level_and_the_lowest(data: Asymmetry) -> None:
    one = mu.contour(data, MODEL, ("nu2", "A1"), levels=0.68, points=16)
    assert one.levels == (0.68,) and one.closed == (True,)
    assert mu.contour(data, MODEL, ("nu2", "A1"), levels=(1e-3,), points=16).closed == (True,)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"lowest": "a"}, "lowest = 'a'; expected a frequency"),
        ({"lowest": -1}, "lowest = -1"),
        ({"threshold": "a"}, "threshold = 'a'; expected a probability"),
    ],
)
def test_counting_lines(options: dict[str, Any], sentence: str, data: Asymmetry) -> None:
    with pytest.raises(FitError, match=sentence):
        mu.count_lines(data, **options)


def test_the_same_model_twice(data: Asymmetry) -> None:
    twice = mu.compare_models(data, [MODEL, MODEL])
    assert twice.verdict.startswith(f"1 and 2 are the same fit of {MODEL!r}, there is nothing to")
    assert twice.notes == ()
    turned = mu.compare_models(data, [MODEL, "damped_cosine + exponential + constant", "constant"])
    assert turned.verdict.startswith(
        "1 and 2 have the same chi-square with as many parameters, preferred to the others by "
    )


@pytest.mark.parametrize(
    "options",
    [
        {"minos": 5}, {"minos": (None,)}, {"start": [1]}, {"fixed": {1: 2.0}}, {"limits": 3},
        {"ties": "x"}, {"shared": 5}, {"shared": (None,)}, {"by": 3}, {"extra": 3},
        {"shared": (), "local": 3}, {"start": {"A1": 10**400}},
    ],
)  # fmt: skip
def test_wrong_kinds_in_joint_fits(options: dict[str, Any], data: Asymmetry) -> None:
    name = next(key for key, value in reversed(options.items()) if value != ())
    with pytest.raises(FitError, match=rf"^{name} (=|of) .*; give|^start of A1 = 1000"):
        mu.joint_fit([data, data], MODEL, **{"shared": ("A1",), **options})
