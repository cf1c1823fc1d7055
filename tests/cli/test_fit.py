"""``musrcu calibrate``, ``reduce`` and ``fit``."""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path

import h5py
import numpy as np
import pytest
from command import Musrcu

import musrcu as mu

KEYS = {
    "run", "model", "cost", "valid", "reason", "chi2", "ndof", "probability", "parameters",
    "correlation", "alternative", "reduction", "versions",
}  # fmt: skip
PARAMETER_KEYS = {"value", "error", "unit", "fixed", "at_limit", "minos"}
PNG = b"\x89PNG"


def test_calibrate_finds_the_truth_and_saves_it(
    musrcu: Musrcu, transverse: Path, samples: Path, here: Path
) -> None:
    done = musrcu("calibrate", transverse, "-o", "c.toml")
    assert (done.code, done.err) == (0, "")
    found = mu.Calibration.load("c.toml")
    truth = tomllib.loads((samples / "manifest.toml").read_text())["simulation"]["alpha"]
    assert abs(found.alpha - truth) < 3.5 * found.alpha_error
    assert found.summary() in done.out
    for text in ("LTF 21: SIMULATED", "forward=2 Back", "packing_from=counts", "t_max=9.69",
                 "before_t0=[", "left to the model of the counts: mean of the bins before t0",
                 "model: damped_cosine, fitted to every bin"):  # fmt: skip
        assert text in done.out
    assert "0.1 to 5 us" in musrcu("calibrate", transverse, "--range", "0.1,5").out
    assert musrcu("calibrate", transverse, "--json").json["alpha"] == found.alpha
    again = musrcu("calibrate", transverse, "-o", "c.toml")
    assert again.code == 1
    assert "c.toml exists and is not overwritten" in again.complaint
    assert musrcu("calibrate", transverse, "-o", "c.toml", "--force").code == 0


def test_calibrate_refuses_what_it_looks_for(musrcu: Musrcu, transverse: Path) -> None:
    assert musrcu("calibrate", transverse, "--alpha", "1.2").code == 2
    assert musrcu("calibrate", transverse, "--model", "constant").code == 1


def test_reduce_prints_or_writes_the_asymmetry(musrcu: Musrcu, run1: Path, here: Path) -> None:
    words = ("reduce", run1, "--alpha", "1.2", "--packing", "50", "--t-max", "5")
    printed = musrcu(*words)
    expected = mu.reduce(mu.read(run1), mu.Reduction(alpha=1.2, packing=50, t_max=5.0))
    rows = list(csv.DictReader(x for x in printed.out.splitlines() if not x.startswith("#")))
    assert [float(row["asymmetry"]) for row in rows] == expected.value.tolist()
    done = musrcu(*words, "-o", "x.csv")
    assert done.code == 0
    assert str(expected.history) in done.out
    assert Path("x.csv").read_text().splitlines() == printed.out.splitlines()
    assert musrcu(*words, "-o", "x.nxs").code == 0
    with h5py.File("x.nxs") as file:
        assert np.array_equal(file["entry/data/asymmetry"][()], expected.value)
    for name in ("x.txt", "x.dat"):
        assert musrcu(*words, "-o", name).code == 0
        assert Path(name).read_text() == Path("x.csv").read_text()
    assert ".csv, .txt or .dat" in musrcu("reduce", "--help").out
    assert "is written to .csv or .nxs" in musrcu(*words, "-o", "x.doc").complaint
    assert "exists and is not" in musrcu(*words, "-o", "x.nxs").complaint


def test_fit_prints_what_it_assumed_and_the_truth(
    musrcu: Musrcu, run1: Path, transverse: Path, here: Path
) -> None:
    done = musrcu("fit", run1, "--calibration", transverse, "-o", "f.json", "--plot", "f.png")
    assert (done.code, done.err) == (0, "")
    for text in ("LTF 1: SIMULATED", "correct_dead_time(): not applied: none known",
                 "forward=2 Back", "subtract_background(before_t0=", "packing_from=counts",
                 "model: none given, so exponential + damped_cosine + constant",
                 "minimum found from: A1 = ", "nu2        1.", "f.png"):  # fmt: skip
        assert text in done.out
    assert Path("f.png").read_bytes().startswith(PNG)
    result = mu.load("f.json")
    assert isinstance(result, mu.FitResult)
    assert abs(result["nu2"].value - 1.58869) < 3.5 * result["nu2"].error  # of the manifest
    saved = json.loads(Path("f.json").read_text())
    assert saved["path"] == str(run1)
    assert saved["recipe"]["calibration"]["run"] == 21


def test_json_of_one_fit(musrcu: Musrcu, run1: Path) -> None:
    words = ("--packing", "20", "--alpha", "1.2", "--minos", "nu2", "--fix", "phi2=6",
             "--tie", "lambda1=2*lambda2", "--limit", "nu2=1,", "--start", "nu2=1.5,A2=0.05",
             "--range", "0.01,8", "--model", "exponential + damped_cosine + constant")  # fmt: skip
    done = musrcu("fit", run1, "--json", *words)
    assert (done.code, done.err) == (0, "")
    found = done.json
    assert set(found) >= KEYS
    assert list(found["parameters"]) == [
        "A1",
        "lambda1",
        "A2",
        "lambda2",
        "nu2",
        "phi2",
        "A_bg",
        "b_F",
        "b_B",
    ]
    assert all(set(one) >= PARAMETER_KEYS for one in found["parameters"].values())
    assert found["parameters"]["phi2"] == {
        "value": 6.0, "error": None, "unit": "deg", "fixed": True, "at_limit": False,
        "minos": None, "tie": None, "limits": None, "constraint": None,
    }  # fmt: skip
    low, high = found["parameters"]["nu2"]["minos"]
    assert low < 0 < high
    value = {name: one["value"] for name, one in found["parameters"].items()}
    assert value["lambda1"] == pytest.approx(2 * value["lambda2"])
    direct = mu.fit(
        mu.reduce(mu.read(run1), mu.Reduction(alpha=1.2, packing=20)),
        "exponential + damped_cosine + constant",
        start={"nu2": 1.5, "A2": 0.05},
        fixed={"phi2": 6.0},
        ties={"lambda1": "2*lambda2"},
        limits={"nu2": (1.0, None)},
        t_range=(0.01, 8.0),
    )
    assert value == {name: one.value for name, one in direct.parameters.items()}
    assert found["run"] == 1
    assert found["reduction"]["rebin"]["packing"] == 20


def test_several_runs_are_a_list(musrcu: Musrcu, samples: Path, here: Path) -> None:
    both = samples / "deltat_tdc_ltf_{0001-0002}.bin"
    words = ("--packing", "50", "--alpha", "1.2")
    done = musrcu("fit", both, "--json", *words, "-o", "f.json")
    assert [one["run"] for one in done.json] == [1, 2]
    assert json.loads(Path("f.json").read_text()) == done.json
    assert "--plot draws one run" in musrcu("fit", both, "--plot", "x.png").complaint
    done = musrcu("fit", "gone.bin", samples / "deltat_tdc_ltf_0001.bin", "--json", *words)
    assert done.code == 1
    assert "gone.bin does not exist" in done.complaint
    assert [one["run"] for one in done.json] == [1]


def test_a_fit_that_is_not_valid_is_three(musrcu: Musrcu, samples: Path) -> None:
    """An exponential of rate 0 is a second constant."""
    words = ("--packing", "50", "--alpha", "1.2", "--fix", "lambda2=0", "--model")
    words += ("exponential + exponential + constant",)
    run = samples / "deltat_tdc_ltf_0020.bin"
    done = musrcu("fit", run, "--json", *words)
    assert done.code == 3
    assert done.json["valid"] is False
    assert done.json["reason"]
    done = musrcu("fit", run, *words)
    assert done.code == 3
    assert "NOT VALID: " in done.out


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--model", "exponentia"], "did you mean 'exponential'?"),
        (["--start", "nu3=1"], "has no parameter 'nu3'"),
        (["--forward", "Up", "--backward", "Forw"], "no detector is called 'Up'"),
        (["--forward", "Back"], "name backward too"),
        (["--period", "2"], "period 2 asked for"),
        (["--tie", "lambda2=open('x')"], "is not allowed"),
        (["--dead-time", "0.01"], "dead times were given but the good frames are unknown"),
        (["--calibration", "gone.toml"], "gone.toml cannot be read"),
        (["--plot", "picture.gif"], "a picture ends in .png"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    musrcu: Musrcu, run1: Path, here: Path, words: list[str], text: str
) -> None:
    done = musrcu("fit", run1, "--packing", "200", "--json", *words)
    assert done.code == 1
    assert not done.out
    assert text in done.complaint


def test_options_of_the_reduction_reach_it(musrcu: Musrcu, run1: Path) -> None:
    words = ["--forward", "2", "--backward", "1", "--alpha", "1.1", "--packing", "100",
             "--t0", "298,301,300,300", "--first-good", "9", "--dead-time", "none",
             "--background", "given=24,20", "--t-max", "6"]  # fmt: skip
    found = musrcu("fit", run1, "--json", *words).json["reduction"]
    assert "2 Back" in found["group"]["forward"]
    assert found["group"]["t0_from"] == "given"
    assert found["rebin"]["packing"] == 100
    assert found["form_asymmetry"]["alpha"] == 1.1
    assert "24" in str(found["subtract_background"])
    assert found["correct_dead_time"] == {"note": "not applied: as asked"}


def test_the_pair_across_the_beam(musrcu: Musrcu, run1: Path) -> None:
    done = musrcu("fit", run1, "--geometry", "transverse", "--model", "constant")
    assert "labels Rite and Left of LTF: across the beam" in done.out
    assert "pair taken without proof" in done.err
    assert "expected 'longitudinal' or 'transverse'" in musrcu("fit", run1, "--geometry", "x").err


def test_what_is_missing_is_named_in_words_of_the_command_line(
    musrcu: Musrcu, run1: Path, here: Path
) -> None:
    from musrcu.errors import ReductionError
    from musrcu.instruments import default_pair
    from musrcu.reduction.grouping import group

    with pytest.raises(ReductionError, match=r"forward= .*--forward and --backward"):
        default_pair("NOWHERE", ("a", "b"), None)
    run = mu.read(run1)
    twice = run.replace(counts=np.concatenate([run.counts] * 2), period_labels=("on", "off"))
    assert "see period= (--period)" in str(group(twice).history)


def test_an_improbable_calibration_is_not_valid(
    musrcu: Musrcu, transverse: Path, here: Path
) -> None:
    """The sample's precession is damped; a cosine without damping does not describe it."""
    done = musrcu("calibrate", transverse, "--model", "cosine", "-o", "c.toml")
    assert done.code == 3
    assert "note: the model does not describe this run" in done.out
    assert mu.Calibration.load("c.toml").probability < 1e-4
    assert musrcu("calibrate", transverse, "--model", "cosine", "--json").code == 3
    assert musrcu("calibrate", transverse, "gone.bin", "--model", "cosine").code == 1
