"""``musrcu fit RUN RUN ... --share``: one fit of many runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import Musrcu

import musrcu as mu

WORDS = ("--share", "A1,A2,phi2,A_bg", "--packing", "20")


@pytest.fixture
def three(samples: Path) -> list[str]:
    return [str(samples / f"deltat_tdc_ltf_000{k}.bin") for k in (1, 3, 5)]


def test_prints_what_is_shared_and_a_line_for_each_run(
    musrcu: Musrcu, three: list[str], transverse: Path, here: Path
) -> None:
    calibration = ("--calibration", str(transverse))
    done = musrcu("fit", *three, *WORDS, *calibration, "-o", "joint.json", "--minos", "phi2")
    assert (done.code, done.err) == (0, "")
    for text in (
        "LTF 3: SIMULATED", "joint fit of 3 runs: exponential + damped_cosine + constant",
        "reduction of 3 runs:", "shared parameter", "alpha", "[known as", "LTF 5", "MINOS",
        "known to all runs from one source", "saved: joint.json", "model: none given",
    ):  # fmt: skip
        assert text in done.out
    saved = mu.load("joint.json")
    assert isinstance(saved, mu.JointResult)
    assert saved.summary() in done.out
    assert saved["A1"].value == pytest.approx(0.055, abs=4 * (saved["A1"].error or 0))
    printed = musrcu("fit", *three, *WORDS, *calibration, "--json").json
    assert printed["kind"] == "musrcu joint fit"
    assert [run["run"] for run in printed["runs"]] == [1, 3, 5]
    assert printed["shared"]["A1"]["value"] == saved["A1"].value
    assert [Path(path).name for path in printed["paths"]] == [Path(path).name for path in three]


def test_ties_extra_parameters_and_groups(musrcu: Musrcu, three: list[str]) -> None:
    order = "nu2=nu0*(1-(temperature/0.105)**3)**beta"
    words = ("--local", "lambda1,lambda2", "--packing", "20", "--alpha", "0.93")
    done = musrcu("fit", *three, *words, "--tie", order, "--extra", "nu0=1.6,beta=0.2", "--json")
    assert done.code == 0
    shared = done.json["shared"]
    assert abs(shared["beta"]["value"] - 0.12) < 4 * shared["beta"]["error"]
    grouped = musrcu("fit", *three, *WORDS, "--alpha", "0.93", "--group", "lambda1=instrument")
    assert grouped.code == 0
    assert "lambda1[instrument=LTF]" in grouped.out


def test_limits_of_one_group(musrcu: Musrcu, three: list[str]) -> None:
    words = (*WORDS, "--alpha", "0.93", "--group", "lambda1=instrument", "--json")
    label = "lambda1[instrument=LTF]"
    shared = musrcu("fit", *three, *words, "--limit", f"{label}=2,4").json["shared"]
    assert shared[label]["value"] == 2.0
    assert shared[label]["at_limit"]
    held = musrcu("fit", *three, *words, "--fix", f"{label}=2.5").json["shared"]
    assert (held[label]["value"], held[label]["fixed"]) == (2.5, True)
    wrong = musrcu("fit", *three, *words, "--limit", "lambda1[instrument=GPS]=2,4")
    assert wrong.code == 1
    assert f"there are {label}" in wrong.err


def test_refuses_what_has_no_meaning(musrcu: Musrcu, three: list[str]) -> None:
    assert musrcu("fit", *three, "--share", "A1", "--robust").code == 2
    done = musrcu("fit", *three, "missing.bin", *WORDS)
    assert done.code == 1
    assert "a joint fit of the others would be another fit" in done.err
    assert musrcu("fit", *three, "--share", "A9").code == 1
    assert musrcu("fit", *three, "--share", "A1,").code == 2
    assert musrcu("fit", *three, "--share", "A1", "--group", "nu2").code == 2


def test_messages_name_the_options(musrcu: Musrcu, three: list[str]) -> None:
    done = musrcu("fit", *three, "--share", "A1", "--local", "A2")
    assert done.code == 1 and "(--share or --local), not both" in done.err
    tie = ("--tie", "nu2=gamma_mu*field*(1+K)")
    for words in (tie, (*tie, "--share", "A1")):
        done = musrcu("fit", *three, *words)
        assert done.code == 1 and "--extra K=START" in done.err


def test_a_run_that_is_named_twice_is_taken_once(musrcu: Musrcu, three: list[str]) -> None:
    done = musrcu("fit", *three, three[0], *WORDS)
    assert "deltat_tdc_ltf_0001.bin is named twice; it is taken once" in done.err
    assert "joint fit of 3 runs" in done.out
