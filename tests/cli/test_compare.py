"""``musrcu compare``, and the residual tests that ``musrcu fit`` prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import Musrcu

import musrcu as mu
from musrcu.cli.compare import LEAST_REPLICAS
from musrcu.comparison.count_lines import least_replicas

SMALL, LARGE = "exponential + constant", "exponential + damped_cosine + constant"
COARSE = ("--packing", "20", "--t-max", "6")


def test_models_are_compared_as_in_python(musrcu: Musrcu, run1: Path) -> None:
    done = musrcu("compare", run1, "--model", SMALL, "--model", LARGE, *COARSE)
    assert (done.code, done.err) == (0, "")
    data = mu.reduce(mu.read(run1), mu.Reduction(packing=20, t_max=6.0))
    found = mu.compare_models(data, [SMALL, LARGE])
    assert found.summary() in done.out
    assert "rebin(packing=20" in done.out


def test_json_and_output(musrcu: Musrcu, run1: Path, here: Path) -> None:
    words = ("compare", run1, "--model", SMALL, "--model", LARGE, *COARSE, "--fix", "phi2=0")
    printed = musrcu(*words, "--json").json
    assert printed["kind"] == "musrcu comparison"
    assert printed["run"] == 1
    assert [one["n_free"] for one in printed["models"]] == [5, 8]  # with two backgrounds
    assert printed["models"][1]["fit"]["parameters"]["phi2"]["fixed"]
    assert musrcu(*words, "-o", "c.json").code == 0
    assert json.loads(Path("c.json").read_text()) == printed
    assert musrcu(*words, "-o", "c.json").code == 1


def test_counts_are_compared_too(musrcu: Musrcu, run1: Path) -> None:
    words = ("compare", run1, "--model", SMALL, "--model", LARGE, *COARSE, "--alpha", "0.93")
    for cost, name in (("poisson", "Poisson likelihood"), ("binomial", "binomial likelihood")):
        models = musrcu(*words, "--cost", cost, "--json").json["models"]
        assert all(one["fit"]["cost"].startswith(name) for one in models)


def test_lines_are_counted(musrcu: Musrcu, run1: Path) -> None:
    words = ("compare", run1, "--lines", "2", "--replicas", "100", "--seed", "3", *COARSE)
    done = musrcu(*words)
    assert done.code == 0
    assert "LTF 1: 1 line (seed 3)" in done.out
    assert "line 2 at" in done.out
    alone = musrcu(*words, "--json").json
    assert alone["n"] == 1
    assert alone["steps"][0]["nu"] == pytest.approx(1.59, abs=0.02)
    shared = musrcu(*words, "--json", "--jobs", "2").json
    assert shared == alone


def test_lines_beside_a_model_of_ones_own(musrcu: Musrcu, run1: Path) -> None:
    words = ("compare", run1, "--lines", "1", "--replicas", "100", "--seed", "3", *COARSE)
    found = musrcu(*words, "--model", "constant", "--line", "cosine", "--json").json
    assert found["fit"]["model"] == "constant + cosine"


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--lines", "2", "--model", SMALL, "--model", LARGE),
        ("--model", SMALL, "--seed", "1"),
        ("--model", SMALL, "--jobs", "2"),
        ("--model", SMALL, "--minos", "A1"),
        ("--lines", "0"),
    ],
)
def test_words_that_do_not_go_together(musrcu: Musrcu, run1: Path, words: tuple[str]) -> None:
    assert musrcu("compare", run1, *words).code == 2


def test_a_run_that_fails_does_not_stop_the_others(musrcu: Musrcu, run1: Path) -> None:
    done = musrcu("compare", run1, "nowhere.bin", "--model", SMALL, *COARSE, "--json")
    assert done.code == 1
    assert len(done.json) == 1
    assert "nowhere.bin" in done.complaint


def test_a_comparison_without_a_valid_fit_is_code_3(musrcu: Musrcu, run1: Path) -> None:
    model = "exponential + exponential + exponential + exponential"
    done = musrcu("compare", run1, "--model", model, *COARSE)
    assert done.code == 3
    assert "no fit is valid" in done.out


def test_a_fit_says_what_is_left(musrcu: Musrcu, run1: Path) -> None:
    good = musrcu("fit", run1, "--model", LARGE, *COARSE)
    assert "  residuals: chi-square p = 0." in good.out
    assert "a line is left" not in good.out
    poor = musrcu("fit", run1, "--model", SMALL, *COARSE)
    assert "a line is left at 1.5" in poor.out
    saved = musrcu("fit", run1, "--model", SMALL, *COARSE, "--json").json["residuals"]
    assert saved["line"]["probability"] < 1e-6
    assert saved["line"]["nu"] == pytest.approx(1.59, abs=0.03)
    split = musrcu("fit", run1, "--model", LARGE, *COARSE, "--alpha", "1", "--cost", "binomial")
    assert "residuals: chi-square p = 0." in split.out


def test_too_few_replicas_are_refused_in_words_of_the_command_line(
    musrcu: Musrcu, run1: Path
) -> None:
    done = musrcu("compare", run1, "--lines", "3", "--replicas", str(LEAST_REPLICAS - 1))
    assert done.code == 2
    assert f"--replicas must be {least_replicas()} or more" in done.complaint


@pytest.mark.parametrize("verb", ["fit", "compare"])
def test_json_is_not_written_under_another_ending(musrcu: Musrcu, run1: Path, verb: str) -> None:
    done = musrcu(verb, run1, "--model", SMALL, *COARSE, "-o", "x.csv")
    assert done.code == 1
    assert "x.csv: JSON is written there; end the name in .json" in done.complaint
    assert not Path("x.csv").exists()
