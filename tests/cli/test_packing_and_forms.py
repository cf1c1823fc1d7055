"""``--packing`` of growing and given bins in every verb, and the forms of ``musrcu plot``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import Musrcu

import musrcu as mu

PNG = b"\x89PNG"
HOW = {
    "variable": "variable",
    "bins=60": {"bins": 60},
    "first=40": {"first": 40},
    "edges=0.02,0.1,0.3,1.5": {"edges": (0.02, 0.1, 0.3, 1.5)},
}


@pytest.mark.parametrize("text", HOW)
def test_reduce_takes_bins_that_grow(musrcu: Musrcu, run1: Path, here: Path, text: str) -> None:
    done = musrcu("reduce", run1, "--alpha", "1.2", "--packing", text)
    expected = mu.reduce(mu.read(run1), mu.Reduction(alpha=1.2, packing=HOW[text]))
    rows = [line.split(",") for line in done.out.splitlines() if line[0].isdigit()]
    np.testing.assert_array_equal(np.array(rows, dtype=float).T[0], expected.time)
    np.testing.assert_array_equal(np.array(rows, dtype=float).T[1], expected.value)
    low, high = expected.raw_bins.min(), expected.raw_bins.max()
    assert f"# packing: {low} to {high} raw bins, " in done.out


def test_a_fit_of_growing_bins_is_saved_and_drawn(musrcu: Musrcu, run1: Path, here: Path) -> None:
    """30 ns at first: the line at 1.59 MHz is found, and the file says how to bin again."""
    done = musrcu("fit", run1, "--alpha", "1.2", "--packing", "first=30", "-o", "fit.json")
    assert (done.code, done.err) == (0, "")
    saved = json.loads(Path("fit.json").read_text())
    assert saved["reduction"]["rebin"]["packing"] == {"first": 30}
    assert saved["recipe"]["reduction"]["packing"] == {"first": 30}
    nu = saved["parameters"]["nu2"]
    assert abs(nu["value"] - 1.59) < 4 * nu["error"] + 0.005
    done = musrcu("plot", "fit.json", "-o", "fit.png")
    assert done.code == 0
    assert "packing first=30" in done.out


def test_a_scan_file_and_a_script_keep_it(musrcu: Musrcu, run1: Path, here: Path) -> None:
    shutil.copy(run1, "r.bin")
    for text, shown in (
        ("variable", 'packing = "variable"'),
        ("bins=60", "packing = { bins = 60 }"),
    ):
        assert shown in musrcu("init", "r.bin", "--packing", text).out
    shown = musrcu("init", "r.bin", "--script", "--packing", "edges=0.1,0.5").out
    assert 'packing={"edges": (0.1, 0.5)}' in shown


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("bins=0", "0 is not 1 or above"),
        ("first=x", "'x' is not a whole number"),
        ("growth=2", "is not a whole number, variable, bins=40, first=4 or edges=0.1,0.2,0.5 (us)"),
        ("edges=0.1", "is not two or more rising times in us"),
        ("edges=0.2,0.1", "is not two or more rising times in us"),
        ("edges=0.2,b", "'b' is not a number"),
        ("varied", "'varied' is not a whole number"),
    ],
)
def test_refused_packing(musrcu: Musrcu, text: str, sentence: str) -> None:
    done = musrcu("reduce", "x.bin", "--packing", text)
    assert done.code == 2
    assert sentence in done.complaint


def test_the_nexus_file_says_how_wide_its_bins_are(musrcu: Musrcu, run1: Path, here: Path) -> None:
    from nexusformat.nexus import nxload

    assert musrcu("reduce", run1, "--packing", "bins=30", "-o", "a.nxs").code == 0
    expected = mu.reduce(mu.read(run1), mu.Reduction(packing={"bins": 30}))
    with nxload("a.nxs", "r") as root:
        process = root["entry/reduction"]
        np.testing.assert_array_equal(process["raw_bins"].nxdata, expected.raw_bins)
        assert int(process["packing"].nxdata) == expected.packing


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--counts",), ["single_histogram(group=forward)", "single_histogram(group=backward)"]),
        (("--lifetime-corrected", "--range", "0,4", "--percent"), ["lifetime_corrected", "n0="]),
        (("--rrf", "1.59"), ["rotating_frame(frequency=1.59, phase=0", "for display"]),
        (("--rrf", "1.59,-20", "--packing", "20"), ["frequency=1.59, phase=-20", "packing=20"]),
        (("--counts", "--packing", "variable"), ["packing bins="]),
    ],
)
def test_plot_draws_the_forms(
    musrcu: Musrcu, run1: Path, here: Path, words: Any, said: list[str]
) -> None:
    done = musrcu("plot", run1, *words, "-o", "a.png")
    assert (done.code, done.err) == (0, "")
    for text in said:
        assert text in done.out
    assert Path("a.png").read_bytes().startswith(PNG)


def test_a_fast_frame_gets_narrow_bins(
    musrcu: Musrcu, run1: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few counts make wide bins by default; a frame of 40 MHz needs those below 2.5 ns."""
    run = mu.read(run1)
    thin = run.replace(counts=run.counts // 200)
    monkeypatch.setattr("musrcu.readers.registry.read", lambda *_, **__: thin)
    done = musrcu("plot", run1, "--rrf", "40", "-o", "a.png")
    assert done.code == 0
    assert "rebin(packing=2," in done.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("r.bin", "--counts", "--rrf", "2"), "not allowed with argument"),
        (("r.bin", "r.bin", "--counts"), "--counts draws one run; name one"),
        (("r.bin", "--counts", "--percent"), "--percent is of no use for counts"),
        (("r.bin", "--rrf", "0"), "0 is not above 0"),
        (("r.bin", "--rrf", "2,"), "is not a frequency in MHz, or one and a phase"),
        (("fit.json", "--lifetime-corrected"), "--lifetime-corrected is of no use for a JSON file"),
    ],
)
def test_refused_forms(musrcu: Musrcu, run1: Path, here: Path, words: Any, sentence: str) -> None:
    shutil.copy(run1, "r.bin")
    shutil.copy(run1, "s.bin")
    words = tuple("s.bin" if k and word == "r.bin" else word for k, word in enumerate(words))
    done = musrcu("plot", *words, "-o", "x.png")
    assert (done.code, done.out) == (2, "")
    assert sentence in done.complaint
    assert not Path("x.png").exists()


def test_a_frame_that_the_bins_cannot_follow(musrcu: Musrcu, run1: Path, here: Path) -> None:
    done = musrcu("plot", run1, "--rrf", "600", "-o", "x.png")
    assert done.code == 1
    assert "frequency = 600.0 MHz of a rotating frame" in done.complaint
