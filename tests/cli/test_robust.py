"""``musrcu fit --robust`` and ``musrcu scan --robust``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import Musrcu

import musrcu as mu

QUICK = ("--packing", "50", "--alpha", "0.93")


def test_a_fit_prints_its_budget(musrcu: Musrcu, run1: Path) -> None:
    done = musrcu("fit", run1, "--robust", *QUICK)
    assert (done.code, done.err) == (0, "")
    found = mu.robustness(run1, mu.Reduction(packing=50, alpha=0.93))
    assert found.summary() in done.out
    assert done.out.rstrip().endswith(str(found["A_bg"]))


def test_json_of_a_fit_holds_its_budget(musrcu: Musrcu, run1: Path, here: Path) -> None:
    saved = musrcu("fit", run1, "--robust", "--json", "-o", "fit.json", *QUICK).json
    budget = mu.Robustness.from_dict(saved["robustness"])
    assert budget["nu2"].value == pytest.approx(saved["parameters"]["nu2"]["value"])
    assert saved["robustness"]["total"]["phi2"] == pytest.approx(budget["phi2"].systematic)
    assert isinstance(mu.load("fit.json"), mu.FitResult)
    assert json.loads(Path("fit.json").read_text()) == saved
    assert "robustness" not in musrcu("fit", run1, "--json", *QUICK).json


def test_a_fit_that_is_not_valid_has_no_budget(musrcu: Musrcu, run1: Path) -> None:
    model = "exponential + exponential + exponential + constant"
    done = musrcu("fit", run1, "--robust", "--model", model, *QUICK)
    assert done.code == 3
    assert "no systematic errors: LTF 1: the fit is not valid, nothing is varied" in done.out
    saved = musrcu("fit", run1, "--robust", "--model", model, "--json", *QUICK).json
    assert saved["robustness"] is None


def test_a_scan_with_its_budget(musrcu: Musrcu, samples: Path, here: Path) -> None:
    runs = samples / "deltat_tdc_ltf_{0001,0005,0009,0012,0014,0016,0020}.bin"
    done = musrcu("scan", runs, "--robust", "--jobs", "2", "--json", "--packing", "40",
                  "--alpha", "0.93", "-o", "scan.json")  # fmt: skip
    assert (done.code, done.err) == (0, "")
    budget = mu.Robustness.from_dict(done.json["robustness"])
    assert budget.parameters == ("nu0", "T_N", "beta")
    law = done.json["order_parameter"]
    for name in budget.parameters:
        error = law[name]["error"]
        assert budget[name].value == pytest.approx(law[name]["value"], abs=1e-3 * error)
        assert budget[name].systematic < error
    assert isinstance(mu.load("scan.json"), mu.Scan)


def test_a_budget_is_neither_drawn_nor_a_scan(musrcu: Musrcu, run1: Path, here: Path) -> None:
    mu.robustness(run1, mu.Reduction(packing=50, alpha=0.93)).save("budget.json")
    drawn = musrcu("plot", "budget.json", "-o", "x.png")
    assert drawn.code == 1
    assert "holds systematic errors" in drawn.complaint
    ordered = musrcu("order", "budget.json")
    assert ordered.code == 1
    assert "is a budget of systematic errors" in ordered.complaint
