"""A result as a record: JSON out and in, text, access by name."""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from asymmetries import asymmetry, thrown
from throw import paper, paper_parameters

from musrcu.errors import ModelError, MusrcuError
from musrcu.fitting.fit import fit
from musrcu.fitting.fitted import Fitted
from musrcu.fitting.result import FitResult

PAPER = "exponential + damped_cosine + constant"


ZOO = (
    "sound",
    "fixed, tied, limited",
    "degenerate",
    "singular",
    "no number",
    "few bins",
    "no bins",
    "one degree",
)


@functools.cache
def results() -> dict[str, FitResult]:
    ordered = thrown(paper(paper_parameters(0.02)), 2e7, 1)
    flat = thrown(paper(paper_parameters(0.02) | {"lambda1": 0.05, "A_bg": 0.0}), 5e6, 1)
    return {
        "sound": fit(ordered, PAPER, minos=("nu2",)),
        "fixed, tied, limited": fit(
            ordered,
            PAPER,
            fixed={"phi2": 6.0},
            ties={"lambda1": "2*lambda2"},
            limits={"A1": (None, 0.03)},
        ),
        "degenerate": fit(flat, PAPER),
        "singular": fit(ordered, PAPER, fixed={"lambda1": 0.0}),
        "no number": fit(ordered, PAPER, ties={"lambda2": "log(-1 - lambda1**2)"}),
        "few bins": fit(ordered, PAPER, t_range=(0, 0.05)),
        "no bins": fit(ordered, PAPER, t_range=(50, 60)),
        "one degree": fit(ordered, PAPER, t_range=(0, 0.08)),
    }


@pytest.fixture(params=ZOO)
def result(request: pytest.FixtureRequest) -> FitResult:
    return results()[request.param]


def test_the_zoo_is_what_it_says() -> None:
    assert tuple(results()) == ZOO
    assert results()["sound"].valid
    assert results()["fixed, tied, limited"]["A1"].at_limit
    for name in ("degenerate", "singular", "no number", "few bins", "no bins"):
        assert not results()[name].valid
        assert results()[name].reason
    assert results()["degenerate"].alternative is not None
    assert results()["singular"].covariance is None


def test_no_nan_passes_for_a_number(result: FitResult) -> None:
    text = json.dumps(result.to_dict(), allow_nan=False)
    assert "NaN" not in text
    for p in result.parameters.values():
        assert p.value is None or math.isfinite(p.value)
        assert p.error is None or (math.isfinite(p.error) and p.error > 0)
    assert result.valid == (result.reason == "")


def test_json_round_trip(result: FitResult) -> None:
    text = json.dumps(result.to_dict(), allow_nan=False)
    again = FitResult.from_dict(json.loads(text))
    assert json.dumps(again.to_dict()) == text
    assert again.parameters == result.parameters
    assert again.names == result.names
    assert again.summary() == result.summary()
    assert again.probability == result.probability
    assert (again.best is again) == (result.best is result)


def test_keys_are_those_promised(result: FitResult) -> None:
    data = result.to_dict()
    promised = (
        "run, model, cost, valid, reason, chi2, ndof, probability, parameters, correlation, "
        "alternative, reduction, versions"
    )
    assert set(promised.split(", ")) <= set(data)
    for p in data["parameters"].values():
        assert {"value", "error", "unit", "fixed", "at_limit", "minos"} <= set(p)
    if data["valid"]:
        assert np.array(data["correlation"]).shape == (7, 7)


def test_summary_reads_like_a_paper() -> None:
    text = results()["sound"].summary()
    assert "SIM 7: exponential + damped_cosine + constant" in text
    assert "nu2" in text
    assert "1.589(2) MHz" in text
    assert "1/us" in text
    assert "deg" in text
    assert "valid" in text
    assert "NOT VALID" not in text
    assert "MINOS" in text
    assert "chi2/ndof" in text
    assert "[fixed]" in results()["fixed, tied, limited"].summary()
    assert "= 2*lambda2" in results()["fixed, tied, limited"].summary()


def test_summary_of_every_result(result: FitResult) -> None:
    text = result.summary()
    assert "nu2" in text
    assert "nan" not in text.lower().replace("covariance", "")
    if not result.valid:
        assert f"NOT VALID: {result.reason}" in text


def test_units() -> None:
    units = {name: p.unit for name, p in results()["sound"].parameters.items()}
    assert units == {
        "A1": "",
        "lambda1": "1/us",
        "A2": "",
        "lambda2": "1/us",
        "nu2": "MHz",
        "phi2": "deg",
        "A_bg": "",
    }


def test_parameters_by_short_and_by_wrong_name() -> None:
    result = results()["sound"]
    assert result["nu"] is result["nu2"]
    with pytest.raises(ModelError, match="did you mean 'nu2'"):
        result["nu3"]
    with pytest.raises(ModelError, match="may be lambda1 or lambda2"):
        result["lambda"]


def test_unknown_values_are_nan_only_in_arrays() -> None:
    none = results()["no bins"]
    assert np.isnan(none.values).all()
    assert np.isnan(none.errors).all()
    assert none.correlation is None
    assert none.probability is None
    assert "unknown" in none.summary()


def test_save_and_no_overwriting(tmp_path: Path) -> None:
    path = tmp_path / "fit.json"
    results()["sound"].save(path)
    again = FitResult.from_dict(json.loads(path.read_text(encoding="utf-8")))
    assert again.parameters == results()["sound"].parameters
    with pytest.raises(MusrcuError, match="fit.json"):
        results()["sound"].save(path)
    results()["few bins"].save(path, overwrite=True)
    assert not json.loads(path.read_text(encoding="utf-8"))["valid"]


@pytest.mark.parametrize(
    "change", [{"parameters": None}, {"covariance": "x"}, {"alternative": {}}, {"notes": 3}]
)
def test_other_json_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(MusrcuError, match="not the JSON of a musrcu fit"):
        FitResult.from_dict(results()["sound"].to_dict() | change)
    with pytest.raises(MusrcuError, match="not the JSON of a musrcu fit"):
        FitResult.from_dict({})


def test_one_parameter_as_text() -> None:
    assert str(Fitted("nu2", 1.5887, 0.0122, "MHz")) == "1.59(1) MHz"
    assert str(Fitted("nu2", 1.5, None, "MHz", fixed=True)) == "1.5 MHz  [fixed]"
    assert str(Fitted("nu2", None, None, "MHz")) == "unknown"
    text = str(Fitted("T_N", 0.105, 0.0015, "K", minos=(-0.001, 0.002)))
    assert text.startswith("0.105(2) K  (MINOS 0.105")


def test_perfect_data_leave_no_zero_division() -> None:
    time = (np.arange(100) + 0.5) * 0.05
    result = fit(asymmetry(time, 0.2 * np.exp(-0.5 * time), np.full(100, 0.01)), "exponential")
    assert result.chi2 == pytest.approx(0, abs=1e-6)
    assert result.probability == pytest.approx(1)
    assert result["lambda1"].value == pytest.approx(0.5, abs=1e-4)
