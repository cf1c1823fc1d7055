"""``musrcu fit --profile`` and ``--contour``: pictures of how well parameters are determined."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from command import Musrcu

PNG = b"\x89PNG"
WORDS = ("--alpha", "0.93", "--packing", "50")


def test_profiles_and_contours_have_pictures_and_numbers(
    musrcu: Musrcu, run1: Path, here: Path
) -> None:
    pictures = ("--profile", "nu2=nu2.png", "--profile", "lambda1=rate.pdf",
                "--contour", "nu2, lambda2=region.png")  # fmt: skip
    done = musrcu("fit", run1, *WORDS, *pictures)
    assert (done.code, done.err) == (0, "")
    for text in ("profile of nu2: 1.5", "MHz\nfigure: nu2.png", "figure: rate.pdf",
                 "regions of nu2, lambda2\nfigure: region.png"):  # fmt: skip
        assert text in done.out
    assert Path("nu2.png").read_bytes()[:4] == PNG == Path("region.png").read_bytes()[:4]
    assert Path("rate.pdf").read_bytes()[:4] == b"%PDF"
    found = musrcu("fit", run1, *WORDS, *pictures, "--force", "--json", "--minos", "nu2").json
    first, other = found["profiles"]
    fitted = found["parameters"]["nu2"]
    assert (first["name"], first["unit"], other["name"]) == ("nu2", "MHz", "lambda1")
    assert first["best"] == pytest.approx(fitted["value"], abs=1e-6)
    assert first["interval"] == pytest.approx(fitted["minos"], rel=1e-3)
    # close to its minimum chi-square is the parabola of the error
    values, rise = np.array(first["values"]), np.array(first["rise"])
    near = np.abs(values - first["best"]) < fitted["error"]
    parabola = ((values - first["best"]) / fitted["error"]) ** 2
    assert near.sum() > 5
    assert np.abs(rise - parabola)[near].max() < 0.05
    # two parameters that hardly depend on one another: half axes sqrt(-2 ln(1 - p)) errors
    region = found["contours"][0]
    assert region["closed"] == [True, True]
    for level, curve in zip(region["levels"], region["curves"], strict=True):
        half = np.ptp(np.array(curve)[:, 0]) / 2
        assert half == pytest.approx(math.sqrt(-2 * math.log1p(-level)) * fitted["error"], rel=0.03)


def test_counts_are_followed_by_their_own_cost(musrcu: Musrcu, run1: Path, here: Path) -> None:
    words = (*WORDS, "--cost", "poisson", "--range", "0,6", "--profile", "nu2=n.png", "--json")
    found = musrcu("fit", run1, *words, "--minos", "nu2").json
    assert found["cost"] == "Poisson likelihood of counts"
    assert found["profiles"][0]["interval"] == pytest.approx(
        found["parameters"]["nu2"]["minos"], rel=1e-3
    )
    assert "contours" not in found


def test_without_them_nothing_is_followed(musrcu: Musrcu, run1: Path) -> None:
    assert "profiles" not in musrcu("fit", run1, *WORDS, "--json").json


def test_a_wrong_name_does_not_stop_the_others(musrcu: Musrcu, run1: Path, here: Path) -> None:
    words = ("--profile", "nu9=a.png", "--profile", "nu2=b.png", "--fix", "phi2=6")
    done = musrcu("fit", run1, *WORDS, *words, "--contour", "nu2,phi2=c.png")
    assert done.code == 1
    assert "nu9" in done.err and "phi2 is not free in this fit" in done.err
    assert Path("b.png").exists() and not Path("a.png").exists() and not Path("c.png").exists()


def test_an_invalid_fit_has_none(musrcu: Musrcu, run1: Path, here: Path) -> None:
    model = ("--model", "gaussian + exponential + constant")
    done = musrcu("fit", run1, *WORDS, *model, "--profile", "A1=a.png")
    assert done.code == 3 and "no profiles: the fit is not valid" in done.out
    assert not Path("a.png").exists()


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("--profile", "nu2"), 2, "nu2=nu2.png"),
        (("--profile", "nu2=a.png", "--profile", "nu2=b.png"), 2, "nu2 is given twice"),
        (("--contour", "nu2=a.png"), 2, "not the names of two parameters"),
        (("--contour", "nu2,nu2=a.png"), 2, "not the names of two parameters"),
        (("--contour", "a,b,c=a.png"), 2, "not the names of two parameters"),
        (("--profile", "nu2=a.gif"), 1, ".png, .pdf or .svg"),
        (("--profile", "nu2=a.png", "--plot", "a.png"), 1, "asked for twice"),
        (("--profile", "nu2=a.png", "--cost", "histograms"), 2, "leave out --profile"),
        (("--contour", "a,b=a.png", "--share", "A1"), 2, "for a fit of one run"),
    ],
)
def test_refusals(
    words: tuple[str, ...], code: int, text: str, musrcu: Musrcu, run1: Path, here: Path
) -> None:
    done = musrcu("fit", run1, *words)
    assert done.code == code
    assert text in done.complaint


def test_one_run_only(musrcu: Musrcu, samples: Path, here: Path) -> None:
    runs = samples / "deltat_tdc_ltf_{0001,0002}.bin"
    done = musrcu("fit", runs, "--profile", "nu2=a.png")
    assert done.code == 1 and "draw the fit of one run" in done.complaint
    Path("a.png").write_bytes(b"mine")
    done = musrcu("fit", samples / "deltat_tdc_ltf_0001.bin", "--profile", "nu2=a.png")
    assert done.code == 1 and Path("a.png").read_bytes() == b"mine"
