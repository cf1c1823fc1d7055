"""Pictures of fits of histograms and of joint fits, and of files that have changed since."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from command import Musrcu

import musrcu as mu
from musrcu.cli.scan_figure import insets

PNG = b"\x89PNG"
HISTOGRAMS = ("--cost", "histograms", "--packing", "20", "--model", "damped_cosine")
JOINT = ("--share", "A1,A2,phi2,A_bg", "--packing", "20", "--alpha", "0.93")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any, Any]]:
    """Which picture was made, of what, with which fit; it is made all the same."""
    seen: list[tuple[str, Any, Any]] = []
    for name in ("asymmetry", "scan"):
        whole = getattr(mu.plot, name)

        def watched(
            data: Any, fit: Any = None, *, _name: str = name, _whole: Any = whole, **view: Any
        ) -> Any:
            seen.append((_name, data, fit))
            return _whole(data, fit, **view)

        monkeypatch.setattr(mu.plot, name, watched)
    return seen


def test_histograms_are_drawn_at_once_and_again(
    musrcu: Musrcu, transverse: Path, here: Path, drawn: list[tuple[str, Any, Any]]
) -> None:
    words = (*HISTOGRAMS, "--detectors", "3", "-o", "one.json", "--plot", "one.png")
    assert "figure: one.png" in musrcu("fit", transverse, *words).out
    again = musrcu("plot", "one.json", "-o", "again.png")
    assert (again.code, again.err) == (0, "")
    assert Path("one.png").read_bytes() == Path("again.png").read_bytes()
    words = (*HISTOGRAMS, "--detectors", "1,3", "-o", "two.json", "--plot", "two.png")
    assert musrcu("fit", transverse, *words).code == 0
    again = musrcu("plot", "two.json", "-o", "two_again.png")
    assert (again.code, again.err) == (0, "")
    assert "reduction of 2 histograms:" in again.out
    assert Path("two.png").read_bytes() == Path("two_again.png").read_bytes()
    alone = musrcu("plot", "two.json", "3", "-o", "third.png")
    assert alone.code == 0
    assert [name for name, *_ in drawn] == ["asymmetry"] * 2 + ["scan"] * 2 + ["asymmetry"]
    assert drawn[-1][1].detectors == (3,)
    missing = musrcu("plot", "two.json", "2", "-o", "x.png")
    assert missing.code == 1
    assert "2 is no run of two.json, which has LTF 21 Forw, LTF 21 " in missing.complaint


def test_a_joint_fit_is_a_stack_and_a_named_run_a_picture(
    musrcu: Musrcu, samples: Path, here: Path, drawn: list[tuple[str, Any, Any]]
) -> None:
    three = [str(samples / f"deltat_tdc_ltf_000{k}.bin") for k in (1, 3, 5)]
    done = musrcu("fit", *three, *JOINT, "-o", "joint.json", "--plot", "joint.png")
    assert done.code == 0 and "figure: joint.png" in done.out
    assert Path("joint.png").read_bytes().startswith(PNG)
    again = musrcu("plot", "joint.json", "-o", "again.png")
    assert (again.code, again.err) == (0, "")
    assert Path("joint.png").read_bytes() == Path("again.png").read_bytes()
    assert "reduction of 3 runs:" in again.out
    for word in ("3", "LTF 3", three[1]):
        one = musrcu("plot", "joint.json", word, "-o", "one.png", "--force", "--percent")
        assert one.code == 0, one.err
        name, data, fit = drawn[-1]
        assert (name, data.run.number, fit.run) == ("asymmetry", 3, 3)
    some = musrcu("plot", "joint.json", "5", "1", "-o", "some.png")
    assert some.code == 0
    assert [one.run.number for one in drawn[-1][1]] == [1, 5]
    assert musrcu("plot", "joint.json", "--runs", "-o", "x.png").code == 2


def test_a_changed_file_is_drawn_only_where_it_is_named(
    musrcu: Musrcu, samples: Path, here: Path
) -> None:
    shutil.copy(samples / "deltat_tdc_ltf_0003.bin", "my.bin")
    words = ("--forward", "2", "--backward", "1", "--alpha", "0.93", "--packing", "20")
    assert musrcu("fit", "my.bin", *words, "-o", "my.json").code == 0
    assert musrcu("plot", "my.json", "-o", "my.png").code == 0
    shutil.copy(samples / "deltat_tdc_ltf_0004.bin", "my.bin")
    refused = musrcu("plot", "my.json", "-o", "x.png")
    assert refused.code == 1 and not Path("x.png").exists()
    assert "is another one or has changed" in refused.complaint
    assert "named behind the saved fit" in refused.complaint
    named = musrcu("plot", "my.json", "my.bin", "-o", "x.png")
    assert named.code == 0 and Path("x.png").exists()
    assert "my.bin is not the file that my.json was fitted to" in named.complaint
    Path("kept").mkdir()
    shutil.copy(samples / "deltat_tdc_ltf_0003.bin", "kept/my.bin")
    whole = musrcu("plot", "my.json", "kept/my.bin", "-o", "y.png")
    assert (whole.code, whole.err) == (0, "")
    assert Path("y.png").read_bytes() == Path("my.png").read_bytes()
    assert musrcu("plot", "my.json", "my.bin", "my.png", "-o", "z.png").code == 1


def test_spectra_of_a_scan_of_counts_are_formed_as_fitted(
    musrcu: Musrcu, samples: Path, here: Path, drawn: list[tuple[str, Any, Any]]
) -> None:
    runs = samples / "deltat_tdc_ltf_{0001,0018}.bin"
    words = ("--cost", "poisson", "--alpha", "0.93", "--packing", "20", "--background", "fit")
    done = musrcu("scan", runs, *words, "--no-plot", "-o", "scan.json")
    assert done.code in (0, 3), done.err
    assert musrcu("plot", "scan.json", "--runs", "-o", "runs.png").code == 0
    scan = mu.load("scan.json")
    _, stacked, _ = drawn[-1]
    inside = insets(scan, mu.Reduction(alpha=0.93, packing=20, background="fit"))
    assert len(inside) == len(stacked) == 2
    for data in (*stacked, *(one for one, _ in inside)):
        fit = next(one.result for one in scan.runs if one.run == data.run.number)
        assert data.alpha == pytest.approx(fit["alpha"].value, rel=1e-12)
        assert data.detector_beta == pytest.approx(fit["detector_beta"].value, rel=1e-12)
        assert data.detector_beta != 1.0
        assert data.background == pytest.approx([fit["b_F"].value, fit["b_B"].value])
