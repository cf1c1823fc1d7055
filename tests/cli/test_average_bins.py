"""``--average-bins`` and ``average_bins`` of a scan file: taken, recorded, drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command import Musrcu

import musrcu as mu
from musrcu.analysis.scan_file import ScanFile
from musrcu.plot.display import curve_of, show

MODEL = "exponential + damped_cosine + constant"
WIDE = ("--alpha", "0.93", "--packing", "150")
"""Bins of a quarter of a turn."""


@pytest.fixture
def data(run1: Path) -> mu.Asymmetry:
    return mu.reduce(mu.read(run1), mu.Reduction(alpha=0.93, packing=150))


def test_a_fit_is_averaged_and_says_so(
    musrcu: Musrcu, run1: Path, here: Path, data: mu.Asymmetry
) -> None:
    words = ("fit", run1, *WIDE)
    plain = musrcu(*words)
    assert "or average the model (average_bins=True, --average-bins)" in plain.out
    done = musrcu(*words, "--average-bins", "-o", "f.json", "--plot", "f.png")
    assert (done.code, done.err) == (0, "")
    assert "averaged over bins, valid" in done.out
    assert "or average the model" not in done.out
    result = mu.load("f.json")
    assert isinstance(result, mu.FitResult) and result.average_bins
    before = musrcu(*words, "--json").json
    assert before["average_bins"] is False
    turn = np.pi * before["parameters"]["nu2"]["value"] * data.bin_width
    low = before["parameters"]["A2"]["value"] / result["A2"].value
    assert low == pytest.approx(np.sin(turn) / turn, abs=0.01)
    assert musrcu("plot", "f.json", "-o", "again.png").code == 0


@pytest.mark.parametrize("packing", [150, "variable"])
def test_curves_are_those_of_the_bins(run1: Path, packing: int | str) -> None:
    recipe = mu.Reduction(alpha=0.93, packing=packing)
    data = mu.reduce(mu.read(run1), recipe)
    result = mu.fit(data, MODEL, average_bins=True)
    points = show(data, result, (0.0, 20.0), packing=1, most=10**6)
    widths = data.raw_bins * data.bin_width / data.packing
    gap = (data.value - result.curve(data.time, widths)) / data.error
    assert points.residual == pytest.approx(gap, abs=1e-9)
    off = np.array([data.time[3] + 1e-4])
    assert curve_of(data, result, off) == pytest.approx(result.curve(off, widths[3]), abs=1e-15)


def test_a_scan_file_says_it(musrcu: Musrcu, run1: Path, here: Path) -> None:
    done = musrcu("init", run1, *WIDE, "--average-bins")
    assert done.code == 0
    assert "\naverage_bins = true " in done.out
    Path("scan.toml").write_text(done.out)
    assert ScanFile.load("scan.toml").fit["average_bins"] is True
    scan = musrcu("scan", "scan.toml", "--no-plot", "--json").json
    assert scan["options"]["average_bins"] is True
    fits = [scan["runs"][0][model] for model in ("ordered", "paramagnetic")]
    assert [fit["average_bins"] for fit in fits] == [True, True]
    typed = musrcu("scan", run1, *WIDE, "--average-bins", "--no-plot", "--json").json
    assert typed["runs"][0]["ordered"]["average_bins"] is True
    Path("odd.toml").write_text(done.out.replace("average_bins = true", "average_bins = 0.1"))
    assert "average_bins = 0.1; expected true or false" in musrcu("scan", "odd.toml").complaint


def test_a_script_says_it(musrcu: Musrcu, run1: Path, here: Path) -> None:
    done = musrcu("init", "--script", run1, *WIDE, "--average-bins")
    assert "average_bins=True" in done.out


def test_refits_are_averaged_too(run1: Path) -> None:
    """Wider bins change no amplitude where the model is averaged over them."""
    recipe = mu.Reduction(alpha=0.93, packing=100)
    shifts = []
    for averaged in (True, False):
        found = mu.robustness(run1, recipe, model=MODEL, average_bins=averaged)
        packed = [one for one in found.refits if one.item == "packing" and one.status == "done"]
        assert packed
        nominal = found.nominal["A2"].value
        shifts.append(max(abs(one.values["A2"].value / nominal - 1) for one in packed))
    assert shifts[0] < 0.02
    assert shifts[1] > 0.08  # sin(x)/x of a sixth of a turn against a third


@pytest.mark.parametrize("function", [mu.fit_scan, mu.robustness])
def test_the_choice_is_looked_at_before_any_fit(function: object) -> None:
    with pytest.raises(mu.MusrcuError, match="expected True or False"):
        function(["nowhere.bin"], average_bins="yes")  # type: ignore[operator]
