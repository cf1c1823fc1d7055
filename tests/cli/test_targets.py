"""What a command may write to: never its input, never a device, never one file twice."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest
from command import Musrcu, Outcome

from musrcu.cli import fit, order, scan
from musrcu.cli.targets import check_targets
from musrcu.errors import MusrcuError

QUICK = ("--alpha", "1.2", "--packing", "50")


@pytest.fixture
def work(here: Path, run1: Path, transverse: Path, small_scan: Path) -> Path:
    """A folder of files that a careless person may lose."""
    shutil.copy(run1, "ltf_run.bin")
    shutil.copy(run1, "run.nxs")
    shutil.copy(run1, "run.png")
    shutil.copy(transverse, "ltf_tf.bin")
    shutil.copy(transverse, "tf.toml")
    shutil.copy(small_scan / "scan.json", "scan.json")
    shutil.copy(small_scan / "scan.json", "scan.png")
    Path("S.toml").write_text('[data]\nruns = "ltf_run.bin"\ncalibration = "ltf_tf.bin"\n')
    Path("table.csv").write_text("T,nu,nu_error\n0.02,1.6,0.01\n0.05,1.5,0.01\n0.1,0.9,0.01\n")
    os.link("ltf_run.bin", "hard.bin")
    Path("soft.bin").symlink_to("ltf_run.bin")
    return here


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    "line",
    [
        "fit ltf_run.bin -o ltf_run.bin",
        "fit ltf_run.bin -o ./ltf_run.bin",
        "fit ltf_run.bin -o hard.bin",
        "fit ltf_run.bin -o soft.bin",
        "fit soft.bin -o ltf_run.bin",
        "fit ltf_run.bin --calibration ltf_tf.bin -o ltf_tf.bin",
        "fit run.png --plot run.png",
        "calibrate tf.toml -o tf.toml",
        "reduce run.nxs -o run.nxs",
        "reduce ltf_run.bin --calibration run.nxs -o run.nxs",
        "scan S.toml -o S.toml",
        "scan S.toml -o ltf_run.bin",
        "scan S.toml -o ltf_tf.bin",
        "scan ltf_run.bin --calibration ltf_tf.bin -o ltf_tf.bin",
        "scan run.png --plot run.png",
        "init ltf_run.bin ltf_tf.bin -o ltf_tf.bin",
        "init ltf_run.bin --calibration ltf_tf.bin -o ltf_tf.bin",
        "init --script ltf_run.bin -o ltf_run.bin",
        "order table.csv -o table.csv",
        "order scan.json -o scan.json",
        "plot run.png -o run.png",
        "plot ltf_run.bin --calibration run.png -o run.png",
    ],
)
def test_an_input_is_never_overwritten(musrcu: Musrcu, work: Path, line: str) -> None:
    before = contents(work)
    done = musrcu(*line.split(), "--force")
    assert (done.code, done.out) == (1, "")
    assert "is read by this command and never overwritten" in done.complaint
    assert contents(work) == before


@pytest.mark.parametrize(
    "line",
    [
        "fit ltf_run.bin -o two.png --plot two.png",
        "fit ltf_run.bin -o two.png --plot ./two.png",
        "scan ltf_run.bin -o two.png --plot two.png",
        "order table.csv -o two.png --plot two.png",
    ],
)
def test_two_outputs_are_two_files(musrcu: Musrcu, work: Path, line: str) -> None:
    for _ in range(2):
        done = musrcu(*line.split(), "--force")
        assert (done.code, done.out) == (1, "")
        assert "two.png is asked for twice" in done.complaint
        Path("two.png").touch()
    assert Path("two.png").read_bytes() == b""


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_pipe_is_not_replaced(musrcu: Musrcu, work: Path) -> None:
    os.mkfifo("pipe.csv")
    done = musrcu("reduce", "ltf_run.bin", "-o", "pipe.csv", "--force")
    assert (done.code, done.out) == (1, "")
    assert "pipe.csv is a device, pipe or socket" in done.complaint
    assert stat.S_ISFIFO(Path("pipe.csv").stat().st_mode)


@pytest.mark.parametrize(
    ("module", "line", "text"),
    [
        (fit, "fit ltf_run.bin --plot a.jpg", "a.jpg: a picture ends in .png"),
        (fit, "fit ltf_run.bin -o no/a.json", "there is no folder no"),
        (fit, "fit ltf_run.bin -o locked/a.json", "no permission to write in locked"),
        (scan, "scan ltf_run.bin --plot a", "a: a picture ends in .png"),
        (scan, "scan ltf_run.bin -o locked/a.json", "no permission to write in locked"),
        (order, "order table.csv --plot a.doc", "a.doc: a picture ends in .png"),
    ],
)
def test_what_would_fail_is_refused_before_the_work(
    musrcu: Musrcu,
    work: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    line: str,
    text: str,
) -> None:
    def work_is_done(*_: object, **__: object) -> None:
        raise AssertionError("work before the check")

    Path("locked").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "locked")
    monkeypatch.setattr(module, "_points" if module is order else "fitted", work_is_done)
    done = musrcu(*line.split())
    assert (done.code, done.out) == (1, "")
    assert text in done.complaint


def test_a_scan_that_cannot_be_saved_is_printed(
    musrcu: Musrcu, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise MusrcuError("a.json cannot be written: No space left on device")

    monkeypatch.setattr(scan, "write_text", full)
    words = ("scan", "ltf_run.bin", *QUICK, "-o", "a.json", "--no-plot")
    done = musrcu(*words)
    assert done.code == 1
    assert "No space left" in done.complaint
    assert "no order parameter: 1 ordered run" in done.out
    done = musrcu(*words, "--json")
    assert done.code == 1
    assert done.json["runs"][0]["verdict"] == "ordered"


def failed(done: Outcome) -> str:
    assert (done.code, done.out) == (1, "")
    return done.complaint


def test_a_scan_without_a_usable_run_is_an_error(musrcu: Musrcu, here: Path) -> None:
    Path("empty.bin").touch()
    assert "empty.bin is empty" in failed(musrcu("scan", "empty.bin", "--no-plot"))
    assert "empty.bin is empty" in failed(musrcu("scan", "empty.bin", "--json", "-o", "a.json"))
    Path("broken.bin").write_bytes(b"1N broken")
    complaint = failed(musrcu("scan", "empty.bin", "broken.bin"))
    assert "no run could be fitted; first: " in complaint
    assert sorted(path.name for path in here.iterdir()) == ["broken.bin", "empty.bin"]


def test_simulate_keeps_its_truth(musrcu: Musrcu, samples: Path, here: Path) -> None:
    shutil.copy(samples / "truth.toml", "manifest.toml")
    done = musrcu("simulate", "manifest.toml", "-o", ".", "--force")
    assert "manifest.toml would be overwritten by what it describes" in failed(done)
    assert [path.name for path in here.iterdir()] == ["manifest.toml"]


def test_a_calibration_is_written_as_toml(musrcu: Musrcu, transverse: Path, here: Path) -> None:
    complaint = failed(musrcu("calibrate", transverse, "-o", "cal.json"))
    assert "cal.json: a calibration is written as TOML; name a file in .toml" in complaint


def test_nothing_to_write_is_nothing_to_check(here: Path) -> None:
    check_targets([None, "gone.bin"], force=False, files=[None], pictures=[None])


@pytest.mark.parametrize("line", ["fit ltf_run.bin --plot a.png", "calibrate ltf_tf.bin -o a.toml"])
def test_json_is_printed_before_a_file_is_written(
    musrcu: Musrcu, work: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise MusrcuError("no space")

    monkeypatch.setattr("musrcu.plot.save", full)
    monkeypatch.setattr("musrcu.containers.calibration.write_text", full)
    done = musrcu(*line.split(), "--packing", "50", "--json")
    assert (done.code, done.complaint) == (1, "musrcu: no space")
    assert "probability" in done.json


def test_what_failed_replaces_no_result(musrcu: Musrcu, here: Path) -> None:
    Path("a.json").write_text("old")
    done = musrcu("fit", "gone.bin", "lost.bin", "-o", "a.json", "--force")
    assert (done.code, done.out, len(done.err.splitlines())) == (1, "", 2)
    assert Path("a.json").read_text() == "old"


def test_no_figure_of_a_scan_without_a_fit(musrcu: Musrcu, run1: Path, here: Path) -> None:
    done = musrcu("scan", run1, "--alpha", "1.2", "--t-max", "0.008")
    assert done.code == 3
    assert "failed" in done.out
    assert done.out.endswith("no figure: no run was fitted\n")
    assert not list(here.iterdir())
