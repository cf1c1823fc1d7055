"""``musrcu fit --cost poisson``: counts from the command line, and their picture."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from command import Musrcu

import musrcu as mu
from musrcu.analysis.as_fitted import recipe_as_fitted

MODEL = "exponential + damped_cosine + constant"
PNG = b"\x89PNG"


@pytest.fixture
def truth(samples: Path) -> dict:
    runs = tomllib.loads((samples / "manifest.toml").read_text())["runs"]
    return next(run["parameters"] for run in runs if run["number"] == 1)


def test_counts_of_a_run_give_back_the_truth(
    musrcu: Musrcu, run1: Path, transverse: Path, here: Path, truth: dict
) -> None:
    words = ("--cost", "poisson", "--calibration", transverse, "--background", "fit")
    words += ("--packing", "8", "-o", "f.json", "--plot", "f.png")
    done = musrcu("fit", run1, *words)
    assert (done.code, done.err) == (0, "")
    for text in ("LTF 1: SIMULATED", "subtract_background(): left to the fit", "from LTF 21",
                 "know_balance(alpha=0.93", "Poisson likelihood of counts, valid",
                 "[known as 1.00(5)]", "[known as 0.930"):  # fmt: skip
        assert text in done.out
    assert Path("f.png").read_bytes().startswith(PNG)
    result = mu.load("f.json")
    assert isinstance(result, mu.FitResult)
    for name in ("A1", "lambda1", "A2", "lambda2", "nu2", "A_bg"):
        assert abs(result[name].value - truth[name]) < 3.5 * result[name].error, name
    assert result["alpha"].constraint == pytest.approx((0.9302, 0.0005), abs=1e-3)
    assert result["b_F"].constraint is None and result["b_F"].error is not None
    assert result.curve([0.5]) == pytest.approx(
        mu.Model(MODEL).value(np.array([0.5]), result.values[:7])
    )
    drawn = musrcu("plot", "f.json", "-o", "again.png")
    assert drawn.code == 0
    assert f"subtract_background(given=[{result['b_F'].value:.6g}" in drawn.out
    assert f"form_asymmetry(alpha={result['alpha'].value:.6g}" in drawn.out


def test_constraints_reach_fits_and_scans(musrcu: Musrcu, run1: Path, here: Path) -> None:
    words = ("--alpha", "0.93", "--packing", "50", "--constrain", "A1=0.055,0.001")
    words += ("--constrain", "alpha=0.93,0.02", "--json")
    found = musrcu("fit", run1, *words).json["parameters"]
    assert found["A1"]["constraint"] == [0.055, 0.001]
    assert 0.019 < found["alpha"]["error"] < 0.02
    assert found["A_bg"]["error"] == pytest.approx((1 - 0.11**2) * 0.02 / 1.86, rel=0.05)
    scan = musrcu("scan", run1, *words, "-o", "s.json").json
    ordered = scan["runs"][0]["ordered"]["parameters"]
    assert ordered["A1"]["constraint"] == [0.055, 0.001]
    assert scan["options"]["constraints"] == {"A1": [0.055, 0.001], "alpha": [0.93, 0.02]}
    again = mu.load("s.json")
    assert isinstance(again, mu.Scan)
    assert again.runs[0].ordered["alpha"].constraint == (0.93, 0.02)
    assert "A1 is given twice" in musrcu("fit", run1, *words, "--constrain", "A1=1,1").err
    assert "has no parameter" in musrcu("scan", run1, "--constrain", "A9=1,1").complaint


def test_a_free_alpha_beside_a_constant_is_refused(musrcu: Musrcu, run1: Path) -> None:
    words = ("fit", run1, "--cost", "poisson", "--packing", "20")
    done = musrcu(*words)
    assert done.code == 1
    assert "alpha and A_bg are one parameter; reduce with alpha= (--alpha) or" in done.complaint
    assert musrcu(*words, "--constrain", "alpha=0.93,0.01").code == 0
    free = musrcu(*words, "--model", "exponential + damped_cosine", "--json").json["parameters"]
    assert free["alpha"]["constraint"] is None and free["alpha"]["error"] > 0
    refused = musrcu(*words, "--alpha", "0.93", "--robust")
    assert refused.code == 2
    assert "leave out --cost poisson" in refused.err


def test_the_script_of_counts_gives_the_same_digits(musrcu: Musrcu, run1: Path, here: Path) -> None:
    words = ("--cost", "poisson", "--alpha", "0.93", "--packing", "20")
    words += ("--constrain", "A1=0.055,0.002", "--background", "fit")
    assert musrcu("init", "--script", run1, *words, "-o", "one.py").code == 0
    script = subprocess.run(
        [sys.executable, "-W", "error", here / "one.py"], capture_output=True, text=True, check=True
    )
    fitted = musrcu("fit", run1, *words).out
    result = fitted[fitted.index("LTF 1: exp") : fitted.index("  residuals: ")]
    assert result.strip() in script.stdout


def test_the_recipe_of_an_asymmetry_stays(run1: Path) -> None:
    recipe = mu.Reduction(alpha=0.93, packing=50)
    run = mu.read(run1)
    assert recipe_as_fitted(recipe, mu.fit(mu.reduce(run, recipe), MODEL)) is recipe
    fitted = mu.fit(mu.reduce_counts(run, recipe), MODEL)
    seen = mu.reduce(run, recipe_as_fitted(recipe, fitted))
    assert seen.background == pytest.approx([fitted["b_F"].value, fitted["b_B"].value])
    residual = (seen.value - fitted.curve(seen.time)) / seen.error
    assert (residual**2).sum() == pytest.approx(seen.time.size, abs=4 * np.sqrt(2 * 200))
