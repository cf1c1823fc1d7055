"""``musrcu order`` and ``scan`` for fields, amplitudes and the critical region."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import Musrcu
from conftest import SAMPLES

import musrcu as mu
from musrcu.output.table import scan_csv

MHZ_PER_mT = 0.1355388094  # CODATA 2022


def test_a_saved_scan_as_field(musrcu: Musrcu, small_scan: Path, here: Path) -> None:
    nu = musrcu("order", small_scan / "scan.json", "--json").json
    done = musrcu(
        "order", small_scan / "scan.json", "--unit", "mT", "-o", "B.json", "--plot", "B.png"
    )
    assert done.code == 0
    assert done.out.startswith("B(T) = B0 [1 - (T/T_N)^alpha]^beta, B = nu2 / (0.13553881 MHz/mT)")
    field = json.loads(Path("B.json").read_text())
    assert field["B0"]["value"] * MHZ_PER_mT == pytest.approx(nu["nu0"]["value"], rel=1e-6)
    assert field["B0"]["unit"] == "mT"
    assert field["T_N"]["value"] == pytest.approx(nu["T_N"]["value"], rel=1e-6)
    again = musrcu("order", "B.json", "--unit", "G", "--json").json
    assert again["B0"]["value"] == pytest.approx(10 * field["B0"]["value"], rel=1e-6)
    assert musrcu("plot", "B.json", "-o", "again.png").code == 0


def test_amplitudes(musrcu: Musrcu, small_scan: Path, here: Path) -> None:
    """A2 of the sample runs is 0.045 at all temperatures: that is said, and no T_N made of it."""
    done = musrcu("order", small_scan / "scan.json", "--parameter", "A2")
    assert done.code == 3
    assert done.out.startswith("A2(T) = A0 [1 - (T/T_N)^alpha]^beta")
    assert "NOT VALID: the points do not determine beta" in done.out
    scan = mu.load(small_scan / "scan.json")
    assert isinstance(scan, mu.Scan)
    Path("scan.csv").write_text(scan_csv(scan))
    of_table = musrcu("order", "scan.csv", "--parameter", "A2", "--json").json
    of_scan = musrcu("order", small_scan / "scan.json", "--parameter", "A2", "--json").json
    assert of_table["points"]["value"] == pytest.approx(of_scan["points"]["value"], rel=1e-6)
    assert of_table["points"]["unit"] == of_scan["points"]["unit"] == ""
    assert of_table["A0"]["value"] == pytest.approx(of_scan["A0"]["value"], rel=1e-4)
    rows = [(T, 4.5 * (1 - (T / 12.0) ** 2) ** 0.31) for T in (2, 4, 6, 8, 9, 10, 11)]
    Path("t.csv").write_text(
        "T (K),A2 (%),A2_error (%)\n" + "".join(f"{T},{A!r},0.01\n" for T, A in rows)
    )
    found = musrcu("order", "t.csv", "--parameter", "A2", "--exponent", "2", "--json").json
    assert found["valid"]
    for name, truth in (("A0", 0.045), ("T_N", 12.0), ("beta", 0.31)):
        assert found[name]["value"] == pytest.approx(truth, rel=1e-4)


def test_the_critical_region(musrcu: Musrcu, small_scan: Path, here: Path) -> None:
    words = ("--exponent", "1", "--temperature-range", "0.085,0.2")
    done = musrcu("order", small_scan / "scan.json", *words)
    assert done.code == 0
    assert "alpha = 1 (fixed)" in done.out
    assert "left out: outside 0.085 to 0.2 K: LTF 1, LTF 5" in done.out
    law = musrcu("order", small_scan / "scan.json", *words, "--json").json
    assert law["points"]["window"] == [0.085, 0.2]
    assert law["T_N"]["value"] == pytest.approx(0.105, abs=4 * law["T_N"]["error"])
    assert law["nu0"]["value"] > 1.65  # the critical amplitude: 3^beta above nu0, about


def test_a_scan_file_that_asks_for_fields(musrcu: Musrcu, here: Path) -> None:
    runs = SAMPLES / "deltat_tdc_ltf_{0001,0009,0012,0014,0018}.bin"
    order = '[order]\nunit = "mT"\ntemperature_range = [0.05, 1]\nalpha = 1\n'
    head = f'[data]\nruns = "{runs}"\n[reduction]\nalpha = 0.93\npacking = 80\n'
    head += "[fit]\nt_range = [0.02, 6]\n"
    Path("scan.toml").write_text(head + order)
    done = musrcu("scan", "scan.toml", "--jobs", "1", "--json")
    law = done.json["order_parameter"]
    assert law["B0"]["unit"] == "mT"
    assert law["points"]["window"] == [0.05, 1.0]
    assert len(law["points"]["value"]) == 3
    for wrong, told in (
        ('unit = "K"', "[order] unit = 'K'; expected one of MHz, G, mT, T"),
        ("unit = [1]", "[order] unit = [1]; expected one of MHz, G, mT, T"),
        ("temperature_range = 3", "[order] temperature_range = 3; expected two temperatures"),
        ("temperature_range = [3, 2]", "temperature_range = [3, 2]; expected two temperatures"),
    ):
        Path("scan.toml").write_text(f"{head}[order]\n{wrong}\n")
        done = musrcu("scan", "scan.toml", "--jobs", "1")
        assert done.code == 1
        assert told in done.complaint


def test_a_new_scan_file_shows_both(musrcu: Musrcu, here: Path) -> None:
    words = ("--unit", "mT", "--temperature-range", "0.08,0.2", "-o", "scan.toml")
    assert musrcu("init", SAMPLES / "deltat_tdc_ltf_0001.bin", *words).code == 0
    text = Path("scan.toml").read_text()
    assert '\nunit = "mT"' in text
    assert "\ntemperature_range = [0.08, 0.2]" in text
