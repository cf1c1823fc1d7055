"""``musrcu fourier``: what it prints, writes and draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command import Musrcu


def test_a_line_is_found_and_every_choice_is_printed(musrcu: Musrcu, run1: Path) -> None:
    done = musrcu("fourier", run1, "--packing", "20", "--phase", "auto")
    assert done.code == 0
    assert "bins weighted by 1/sigma^2; smooth part: " in done.out
    assert "noise reaches" in done.out
    nu = float(done.out.splitlines()[-2].split("(")[0])
    assert nu == pytest.approx(1.589, abs=0.008)  # the truth of the sample run, 4 sigma


def test_columns_read_back(musrcu: Musrcu, run1: Path, here: Path) -> None:
    done = musrcu("fourier", run1, "--packing", "20", "-o", "out.csv", "--json")
    (found,) = done.json
    text = (here / "out.csv").read_text()
    assert "# peak: " in text
    names, *rows = [line.split(",") for line in text.splitlines() if not line.startswith("#")]
    columns = dict(zip(names, np.array(rows, dtype=float).T, strict=True))
    assert list(columns) == [
        "nu_MHz",
        "field_G",
        "amplitude",
        "real",
        "imaginary",
        "power",
        "noise",
    ]
    np.testing.assert_allclose(columns["amplitude"] ** 2, columns["power"])
    np.testing.assert_allclose(columns["real"] ** 2 + columns["imaginary"] ** 2, columns["power"])
    top = columns["nu_MHz"][np.argmax(columns["amplitude"])]
    assert top == pytest.approx(found["peaks"][0]["nu"], abs=0.05)
    assert found["peaks"][0]["field"] == pytest.approx(117.3, abs=1.5)


def test_pictures_of_several_runs(musrcu: Musrcu, run1: Path, transverse: Path, here: Path) -> None:
    words = ("--packing", "20", "--real", "--phase", "auto", "--unit", "G", "--plot", "two.png")
    done = musrcu("fourier", run1, transverse, *words, "--apodise", "gaussian,2", "--pad", "2")
    assert done.code == 0
    assert (here / "two.png").stat().st_size > 10_000
    assert done.out.count("gaussian of 2 us") == 2
    assert "0.67" in done.out.splitlines()[-3]  # 50 G


def test_a_periodogram(musrcu: Musrcu, run1: Path, here: Path) -> None:
    words = ("--packing", "20", "--periodogram", "--nu-range", "0.3,10", "--plot", "p.svg")
    done = musrcu("fourier", run1, *words, "-o", "p.csv")
    assert done.code == 0
    assert "lowers chi-square by" in done.out
    assert "nu_MHz,field_G,gain,phase_deg,damping_per_us" in (here / "p.csv").read_text()
    assert (here / "p.svg").exists()


def test_counts_of_a_group(musrcu: Musrcu, run1: Path) -> None:
    done = musrcu("fourier", run1, "--counts", "backward", "--packing", "20")
    assert done.code == 0
    assert "counts of backward, decay taken out" in done.out
    assert "1.5" in done.out.splitlines()[-2]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--periodogram", "--pad", "2"), "--pad is of no use for a periodogram"),
        (("--periodogram", "--phase", "auto"), "--phase auto is of no use"),
        (("--real", "--log", "--plot", "x.png"), "no logarithmic axis"),
        (("--apodise", "gaussian,"), "is not a shape"),
        (("--real", "--power"), "not allowed with"),
    ],
)
def test_wrong_usage(musrcu: Musrcu, run1: Path, words: tuple[str, ...], text: str) -> None:
    done = musrcu("fourier", run1, *words)
    assert done.code == 2
    assert text in done.complaint


def test_a_wrong_name_and_a_second_run_for_one_table(musrcu: Musrcu, run1: Path) -> None:
    assert "did you mean" in musrcu("fourier", run1, "--apodise", "gausian").complaint
    done = musrcu("fourier", run1, run1.with_name("deltat_tdc_ltf_0002.bin"), "-o", "x.csv")
    assert done.code == 2
    done = musrcu("fourier", run1, "-o", "x.nxs")
    assert done.code == 1
    assert "a spectrum is written to .csv" in done.complaint
