"""``musrcu fit result.json``: does a saved fit still say the same?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from command import Musrcu


@pytest.fixture
def result(musrcu: Musrcu, run1: Path, transverse: Path, here: Path) -> Path:
    """A saved fit of a copy of a sample run beside it, named as a person would."""
    shutil.copy(run1, "deltat_tdc_ltf_0001.bin")
    words = ("--calibration", transverse, "--packing", "50", "--range", "0.02,8")
    assert musrcu("fit", "deltat_tdc_ltf_0001.bin", *words, "-o", "fit.json").code == 0
    return here / "fit.json"


def test_a_saved_fit_agrees(musrcu: Musrcu, result: Path) -> None:
    done = musrcu("fit", "fit.json")
    assert (done.code, done.err) == (0, "")
    for text in ("LTF 1: exponential + damped_cosine + constant", "file: deltat_tdc_ltf_0001.bin",
                 "saved", "now", "shift (errors)", "nu2", "agrees: "):  # fmt: skip
        assert text in done.out
    assert musrcu("fit", result, "--json").json["agrees"] is True


def test_from_another_folder_the_file_beside_it_is_taken(
    musrcu: Musrcu, result: Path, tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    done = musrcu("fit", result, "-o", "again.json")
    assert done.code == 0 and f"file: {result.with_name('deltat_tdc_ltf_0001.bin')}" in done.out
    assert json.loads(Path("again.json").read_text())["kind"] == "musrcu repetition"


def test_a_changed_file_or_result_is_told_apart(musrcu: Musrcu, result: Path) -> None:
    content = json.loads(result.read_text())
    content["parameters"]["nu2"]["value"] += 0.01
    Path("moved.json").write_text(json.dumps(content))
    done = musrcu("fit", "moved.json")
    assert done.code == 3 and "DIFFERS: nu2 by -" in done.out
    Path("deltat_tdc_ltf_0001.bin").write_bytes(b"something else")
    done = musrcu("fit", "fit.json")
    assert done.code == 1 and "is another one or has changed" in done.complaint


def test_several_results_and_results_of_several_runs(
    musrcu: Musrcu, result: Path, samples: Path
) -> None:
    runs = samples / "deltat_tdc_ltf_{0001,0002}.bin"
    assert musrcu("fit", runs, "--alpha", "0.93", "--packing", "50", "-o", "two.json").code == 0
    found = musrcu("fit", "fit.json", "two.json", "--json").json
    assert [one["saved"]["name"] for one in found] == ["LTF 1", "LTF 1", "LTF 2"]
    content = json.loads(Path("two.json").read_text())
    content[0]["path"] = "gone.bin"
    Path("two.json").write_text(json.dumps(content))
    done = musrcu("fit", "two.json")
    assert done.code == 1 and "two.json: fit 1 was fitted to gone.bin" in done.complaint
    assert "LTF 2" in done.out


def test_other_words_are_refused(musrcu: Musrcu, result: Path) -> None:
    for words in (("--model", "constant"), ("--alpha", "1"), ("--cost", "poisson"),
                  ("--range", "0,1"), ("--robust",), ("--plot", "x.png")):  # fmt: skip
        done = musrcu("fit", "fit.json", *words)
        assert done.code == 2 and "is repeated as it was saved" in done.complaint
    done = musrcu("fit", "fit.json", "deltat_tdc_ltf_0001.bin")
    assert done.code == 2 and "name one kind" in done.complaint
    done = musrcu("fit", "fit.json", "-o", "fit.json")
    assert done.code == 1 and "fit.json" in done.complaint
    Path("bad.json").write_text("{")
    assert "is not JSON" in musrcu("fit", "bad.json").complaint
    assert musrcu("fit", "none.json").code == 1


def test_a_joint_fit_agrees(musrcu: Musrcu, samples: Path, here: Path) -> None:
    for k in (1, 3):
        shutil.copy(samples / f"deltat_tdc_ltf_000{k}.bin", here)
    words = ("--share", "A1,A2,phi2,A_bg", "--group", "lambda1=instrument", "--packing", "50")
    runs = ("deltat_tdc_ltf_0001.bin", "deltat_tdc_ltf_0003.bin")
    assert musrcu("fit", *runs, *words, "--alpha", "0.93", "-o", "joint.json").code == 0
    done = musrcu("fit", "joint.json")
    assert (done.code, done.err) == (0, "")
    for text in ("joint fit of 2 runs: exponential", "file: deltat_tdc_ltf_0003.bin", "A_bg",
                 "lambda1[instrument=LTF]", "largest shift", "LTF 3", "agrees: "):  # fmt: skip
        assert text in done.out
    content = json.loads(Path("joint.json").read_text())
    assert all(run["checksum"].startswith("sha256:") for run in content["runs"])
    content["runs"][1]["parameters"]["nu2"]["value"] += 0.01
    Path("moved.json").write_text(json.dumps(content))
    done = musrcu("fit", "moved.json", "--json")
    assert done.code == 3
    assert done.json["differences"][0].startswith("LTF 3: nu2 by -")
    Path(runs[1]).write_bytes(b"something else")
    done = musrcu("fit", "joint.json")
    assert done.code == 1 and "LTF 3 was fitted to a file with the checksum" in done.complaint


def test_histograms_agree(musrcu: Musrcu, transverse: Path, here: Path) -> None:
    words = ("--cost", "histograms", "--packing", "10", "--model", "damped_cosine")
    assert musrcu("fit", transverse, *words, "-o", "all.json").code == 0
    done = musrcu("fit", "all.json")
    assert (done.code, done.err) == (0, "")
    assert "LTF 21 Rite" in done.out and "no checksum" not in done.out
    assert "agrees: " in done.out
    assert musrcu("fit", transverse, *words, "--detectors", "2", "-o", "one.json").code == 0
    done = musrcu("fit", "one.json")
    assert done.code == 0 and "no checksum" not in done.out
