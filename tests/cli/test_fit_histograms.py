"""``musrcu fit --cost histograms``, and which cost a fit takes by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command import Musrcu

import musrcu as mu

WORDS = ("--cost", "histograms", "--packing", "10", "--model", "damped_cosine")


def test_detectors_have_phases_and_levels(musrcu: Musrcu, transverse: Path, here: Path) -> None:
    done = musrcu("fit", transverse, *WORDS, "-o", "f.json")
    assert (done.code, done.err) == (0, "")
    said = ("group(detectors=1 Forw,", "... and so 3 more", "shared parameter", "LTF 21 Rite")
    for text in (*said, "Poisson likelihood of counts, valid", "per raw bin", "saved: f.json"):
        assert text in done.out
    found = musrcu("fit", transverse, *WORDS, "--json").json
    runs = found["runs"]
    phases = [run["parameters"]["phi1"]["value"] for run in runs]
    # 50 G; Forw and Back stand opposite, Rite and Left too
    assert found["shared"]["nu1"]["value"] == pytest.approx(0.6777, abs=0.0006)
    assert (phases[0] - phases[1]) % 360 == pytest.approx(180, abs=1)
    assert (phases[2] - phases[3]) % 360 == pytest.approx(180, abs=1.5)
    # groups of the same instrument are balanced by 0.93 and, across, 1.02
    n0 = [run["parameters"]["N0"]["value"] for run in runs]
    assert n0[1] / n0[0] == pytest.approx(0.93, abs=0.002)
    assert all(run["parameters"]["b"]["constraint"] is not None for run in runs)


def test_some_detectors_and_groups(musrcu: Musrcu, transverse: Path, here: Path) -> None:
    done = musrcu("fit", transverse, *WORDS, "--detectors", "Left,2")
    assert done.code == 0
    assert "joint fit of 2 histograms" in done.out
    assert "cost: Poisson likelihood of counts (unbiased however few" in done.out
    one = musrcu("fit", transverse, *WORDS, "--detectors", "2")
    assert one.code == 0
    assert "LTF 21, Back: damped_cosine" in one.out
    assert musrcu("fit", transverse, *WORDS[:2], "--detectors", "2", "-o", "one.json").code == 0
    again = musrcu("fit", "one.json")
    assert again.code == 0, again.err
    assert "agrees" in again.out
    groups = ("--detectors", "A=1", "--detectors", "B=Back")
    done = musrcu("fit", transverse, *WORDS, *groups)
    assert "LTF 21 A" in done.out and "LTF 21 B" in done.out


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("--detectors", "1", "--cost", "poisson"), 2, "belongs to --cost histograms"),
        ((*WORDS, "--alpha", "1.1"), 2, "no pair of groups; leave out --alpha"),
        ((*WORDS, "--robust"), 2, "leave out --robust"),
        ((*WORDS, "--detectors", "1", "--detectors", "B=2"), 2, "not both"),
        ((*WORDS, "--detectors", "A=1", "--detectors", "A=2"), 2, "another name for each group"),
        ((*WORDS, "--detectors", "9"), 1, "detector 9 does not exist"),
        (("--cost", "histograms", "--model", "damped_cosine + constant"), 1, "are one parameter"),
    ],
)
def test_words_that_do_not_go_together(
    musrcu: Musrcu, transverse: Path, here: Path, words: tuple[str, ...], code: int, text: str
) -> None:
    done = musrcu("fit", transverse, *words)
    assert done.code == code
    assert text in " ".join(done.err.split())


def test_the_cost_follows_the_counts(
    musrcu: Musrcu, run1: Path, transverse: Path, here: Path
) -> None:
    """By default: the asymmetry of rich bins, the counts of poor ones; what was taken is said."""
    common = ("--calibration", transverse, "--model", "exponential + damped_cosine + constant")
    rich = musrcu("fit", run1, *common)
    assert "cost: asymmetry chi-square (every bin holds at least 50 counts in each" in rich.out
    whole = mu.read(run1)
    few = np.random.default_rng(1).binomial(np.asarray(whole.counts), 0.01)
    mu.write(whole.replace(counts=few), "deltat_tdc_ltf_0001.bin")
    words = ("--packing", "10", "--model", "damped_cosine", "--alpha", "0.93", "--json")
    poor = musrcu("fit", "deltat_tdc_ltf_0001.bin", *words).json
    assert poor["cost"] == "Poisson likelihood of counts"
    assert "hold fewer than 20 counts in a group, where chi-square is biased" in poor["cost_reason"]
    assert poor["request"]["data"] == "counts"


@pytest.mark.parametrize("cost", ["binomial", "neyman", "pearson"])
def test_other_costs_of_a_pair(musrcu: Musrcu, transverse: Path, cost: str) -> None:
    words = ("--cost", cost, "--packing", "20", "--model", "damped_cosine", "--json")
    found = musrcu("fit", transverse, *words, "--alpha", "0.93").json
    assert cost in found["cost"].lower()
    assert found["valid"], found["reason"]
    assert found["parameters"]["nu1"]["value"] == pytest.approx(0.6777, abs=0.002)


def test_a_tied_phase_needs_no_more_words(musrcu: Musrcu, transverse: Path, here: Path) -> None:
    model = ("--model", "damped_cosine + cosine", "--fix", "nu2=2.5", "--tie", "phi2=phi1")
    done = musrcu("fit", transverse, *WORDS[:4], *model, "--json")
    assert done.err == ""
    assert set(done.json["shared"]) == {"A1", "lambda1", "nu1", "A2"}


def test_what_detectors_share_can_be_said(musrcu: Musrcu, transverse: Path, here: Path) -> None:
    tie = ("--tie", "nu1=nu0", "--extra", "nu0=0.67", "--json")
    found = musrcu("fit", transverse, *WORDS, *tie).json
    assert set(found["shared"]) == {"A1", "lambda1", "nu0"}
    grouped = musrcu("fit", transverse, *WORDS, "--group", "phi1=label", "--json").json
    assert "phi1[label=Forw]" in grouped["shared"]
    apart = musrcu("fit", transverse, *WORDS, "--share", "nu1", "--json").json
    assert set(apart["shared"]) == {"nu1"}


def test_json_of_several_runs_that_all_fail_is_an_empty_list(musrcu: Musrcu, here: Path) -> None:
    """Of histograms as of an asymmetry."""
    for words in ([], [*WORDS]):
        done = musrcu("fit", "no.bin", "neither.bin", "--json", *words)
        assert (done.code, done.json) == (1, [])
