"""Options of a scan and of a budget: correlated constraints, short names, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from run_of import run_of

import musrcu as mu
from musrcu.constants import MUON_LIFETIME

RECIPE = mu.Reduction(forward="1", backward="2", alpha=1.0, packing=20, background="none")
LINE = "damped_cosine"
FLAT = "exponential"
JOINT = mu.Constraint(("A1", "nu1"), [0.19, 0.704], [[4e-6, 1e-6], [1e-6, 1e-6]])


def line(number: int = 1) -> mu.Run:
    t = (np.arange(4000) + 0.5) * 0.002
    wave = 0.2 * np.exp(-0.2 * t) * np.cos(2 * np.pi * 0.7 * t)
    mean = 400 * np.exp(-t / MUON_LIFETIME) * np.array([1 + wave, 1 - wave])
    counts = np.random.default_rng(number).poisson(mean)
    return run_of(counts, bin_width=0.002, number=number)


RUN = line()
DATA = mu.reduce(RUN, RECIPE)


def by_hand(plain: mu.FitResult) -> np.ndarray:
    """A1 and nu1 of a fit together with what is known beside it, both taken as Gaussian."""
    assert plain.covariance is not None
    rows = [plain.names.index(name) for name in JOINT.names]
    weight = np.linalg.inv(plain.covariance)
    right = weight @ [plain[name].value for name in plain.names]
    more = np.linalg.inv(JOINT.covariance)
    weight[np.ix_(rows, rows)] += more
    right[rows] += more @ JOINT.values
    return np.linalg.solve(weight, right)[rows]


def test_a_correlated_constraint_reaches_every_run_and_the_file(tmp_path: Any) -> None:
    scan = mu.fit_scan([RUN], RECIPE, ordered=LINE, paramagnetic=FLAT, constraints=[JOINT])
    (one,) = scan.runs
    assert one.ordered is not None and one.paramagnetic is not None
    found = [one.ordered[name].value for name in JOINT.names]
    plain = mu.fit(DATA, LINE)
    assert abs(found[0] - plain["A1"].value) > 0.5 * plain["A1"].error
    np.testing.assert_allclose(found, by_hand(plain), rtol=1e-3)
    assert one.paramagnetic["A1"].constraint is None, "its model has no nu1"
    told: dict[str, Any] = {
        "names": ["A1", "nu1"],
        "values": [0.19, 0.704],
        "covariance": [[4e-6, 1e-6], [1e-6, 1e-6]],
    }
    scan.save(tmp_path / "scan.json")
    assert json.loads((tmp_path / "scan.json").read_text())["options"]["constraints"] == [told]
    assert mu.load(tmp_path / "scan.json").options == scan.options
    again = mu.fit_scan(
        [RUN], RECIPE, ordered=LINE, paramagnetic=FLAT, constraints=(c for c in [JOINT])
    )
    assert again.to_dict() == scan.to_dict()


def test_a_budget_takes_a_correlated_constraint() -> None:
    budget = mu.robustness(RUN, RECIPE, model=LINE, constraints=[JOINT])
    found = [budget.nominal[name].value for name in JOINT.names]
    np.testing.assert_allclose(found, by_hand(mu.fit(DATA, LINE)), rtol=1e-3)
    assert any(r.item == "packing" and r.status == "done" for r in budget.refits)


@pytest.mark.parametrize("given", [{"nu": 0.7}, {"nu1": 0.7}])
def test_a_name_without_its_number_will_do(given: dict[str, float]) -> None:
    """As in a single fit; it was dropped without a word."""
    scan = mu.fit_scan([RUN], RECIPE, ordered=LINE, paramagnetic=FLAT, fixed=given)
    assert scan.runs[0].ordered is not None and scan.runs[0].ordered["nu1"].fixed
    known = {name: (0.72, 1e-6) for name in given}
    scan = mu.fit_scan([RUN], RECIPE, ordered=LINE, paramagnetic=FLAT, constraints=known)
    assert scan.runs[0].ordered is not None
    assert scan.runs[0].ordered["nu1"].value == pytest.approx(0.72, abs=1e-5)
    budget = mu.robustness(RUN, RECIPE, model=LINE, start=given)
    assert not budget.failed and "nu1" in budget.parameters


NO_TABLES = (3, "x", [3], (1,), [None], {3: 4})
NO_CONSTRAINTS = (3, "x", [3], [None], {3: (1, 2)}, {"A1": 3})
NO_RANGES = (3, "x", [3], (1,), {"a": 1}, ("a", "b"))
WRONG = [
    *[
        ({kind: value}, f"{kind} = .*; expected a table")
        for kind in ("start", "fixed", "limits", "ties")
        for value in NO_TABLES
    ],
    *[({"constraints": value}, "constraint") for value in NO_CONSTRAINTS],
    *[({"t_range": value}, "t_range = .*; give") for value in NO_RANGES],
    ({"t_range": (2, 1)}, "the first time is not below the last"),
    ({"executor": 3}, "executor = 3; expected an object with .map"),
    ({"start": {"nu": 0.7, "nu1": 0.6}}, "nu1 is in start twice"),
    *[
        ({k: {"nu1": v}}, f"{k} of nu1 = .*; give a number")
        for k in ("start", "fixed")
        for v in ("x", None, np.nan, [1.0])
    ],
    *[({"ties": {"A1": value}}, "ties of A1 = .*; give an expression") for value in (3, None)],
    ({"fixed": {"beta": 1}}, "has no parameter 'beta'"),
    ({"limits": {"nu1": 3}}, r"limits of nu1 = 3; give \(lower, upper\)"),
]


@pytest.mark.parametrize(("given", "sentence"), WRONG)
def test_what_is_no_option_is_refused_before_any_fit(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(mu.MusrcuError, match=sentence):
        mu.fit_scan([RUN], RECIPE, ordered=LINE, paramagnetic=FLAT, **given)
    with pytest.raises(mu.MusrcuError, match=sentence):
        mu.robustness(RUN, RECIPE, model=LINE, **given)
    with pytest.raises(mu.MusrcuError, match=sentence):
        mu.robustness([RUN], RECIPE, model=LINE, paramagnetic=FLAT, **given)


@pytest.mark.parametrize("model", [3, None, [LINE], {"model": LINE}])
def test_what_is_no_model_is_refused(model: Any) -> None:
    for given in ({"ordered": model}, {"paramagnetic": model}):
        with pytest.raises(mu.MusrcuError, match="a fit takes a Model or its expression, not a "):
            mu.fit_scan([RUN], RECIPE, **given)
    with pytest.raises(mu.MusrcuError, match="a fit takes a Model or its expression, not a "):
        mu.robustness(RUN, RECIPE, model=model)


def test_what_is_no_run_or_recipe_is_refused() -> None:
    counts = mu.reduce_counts(RUN, RECIPE)
    for source in (3, None, [3], [None]):
        with pytest.raises(mu.MusrcuError, match="a scan takes runs, files or asymm.*, not an? "):
            mu.fit_scan(source, RECIPE)
    for source in (DATA, counts, [counts], 3, None, [3], [None]):
        with pytest.raises(mu.MusrcuError, match="robustness takes runs or files, not an? "):
            mu.robustness(source, RECIPE)
    for recipe in (5, "x", {"packing": 20}):
        with pytest.raises(mu.MusrcuError, match="fit_scan takes a Reduction, not an? "):
            mu.fit_scan([RUN], recipe)
        with pytest.raises(mu.MusrcuError, match="robustness takes a Reduction, not an? "):
            mu.robustness(RUN, recipe)


@pytest.mark.parametrize("wrong", [-1, np.nan, np.inf, "x", [3], True])
def test_an_error_of_alpha_is_a_number(wrong: Any) -> None:
    with pytest.raises(mu.MusrcuError, match="alpha_error = .*; expected a number, 0 or above"):
        mu.robustness(RUN, RECIPE, model=LINE, alpha_error=wrong)


@pytest.mark.parametrize("wrong", [3, np.nan, [3], [None], "A7"])
def test_parameters_of_a_budget_are_names(wrong: Any) -> None:
    with pytest.raises(mu.MusrcuError, match="expected names|is no free parameter"):
        mu.robustness(RUN, RECIPE, model=LINE, parameters=wrong)


def test_minos_of_a_scan_are_names() -> None:
    with pytest.raises(mu.MusrcuError, match="has no parameter 'x'"):
        mu.fit_scan([RUN], RECIPE, minos="x")
    for wrong in (3, [3], (1,), [None], {3: 4}):
        with pytest.raises(mu.MusrcuError, match="minos = .*; expected names of parameters"):
            mu.fit_scan([RUN], RECIPE, minos=wrong)
