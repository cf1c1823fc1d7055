"""``musrcu order`` with its methods, censored runs and an offset of the thermometer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from command import Musrcu

T = np.array([0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.085, 0.09, 0.095, 0.099, 0.102, 0.104])
NU_ERROR = np.array([0.012] * 7 + [0.015, 0.015, 0.02, 0.03, 0.04, 0.06])
TABLE = "T,nu,nu_error,T_error,verdict\n" + "".join(
    f"{t},{1.59 * (1 - (t / 0.105) ** 3) ** 0.12},{e},0.0003,ordered\n"
    for t, e in zip(T.tolist(), NU_ERROR.tolist(), strict=True)
)


def test_options_of_the_command(musrcu: Musrcu, here: Path) -> None:
    Path("t.csv").write_text(TABLE + "0.107,,,0.0003,not ordered\n0.1049,,,,undecided\n")
    words = ("order", "t.csv", "--method", "effective", "--above", "censored", "--nu-det", "0.2",
             "--thermometer-offset", "0.5mK")  # fmt: skip
    done = musrcu(*words)
    assert done.code == 0, done.err
    for text in ("method: effective (", "1 run without order from 0.107 K, censored", "0.2 MHz",
                 "thermometer offset 0.0005 K moves nu0 by", "out: 15: undecided"):  # fmt: skip
        assert text in done.out
    found = musrcu(*words, "--json").json
    assert (found["method"], found["above"], found["thermometer_offset"]) == (
        "effective", "censored", 5e-4,
    )  # fmt: skip
    plain = musrcu("order", "t.csv", "--json").json
    assert plain["method"] == "latent"  # |dnu/dT| sigma_T > sigma_nu / 3
    assert "not above 0.1076 K (run without order at 0.107 K)" in plain["bound"]
    for option, value, words_ in (
        ("--method", "best", "is not one of auto, naive, latent, effective, effective_plain"),
        ("--above", "below", "is not one of bound, censored"),
        ("--thermometer-offset", "1 s", "is no temperature such as 0.0005, 0.0005K or 0.5mK"),
        ("--thermometer-offset", "0", "is not above 0"),
        ("--nu-det", "0", "0 is not above 0"),
    ):
        failed = musrcu("order", "t.csv", option, value)
        assert failed.code == 2
        assert words_ in failed.err
    assert (
        "give it with above = 'censored'" in musrcu("order", "t.csv", "--nu-det", "0.2").complaint
    )


def test_a_saved_scan_keeps_its_law(musrcu: Musrcu, here: Path, small_scan: Path) -> None:
    first = musrcu("order", small_scan / "scan.json", "--exponent", "2", "--json").json
    scan = json.loads((small_scan / "scan.json").read_text())
    Path("two.json").write_text(json.dumps({**scan, "order_parameter": first}))
    Path("law.json").write_text(json.dumps(first))
    for saved in ("two.json", "law.json"):
        again = musrcu("order", saved, "--json").json
        assert again["alpha"]["value"] == 2.0
        assert abs(again["chi2"] - first["chi2"]) < 1e-3
        assert "note: as in the saved fit: alpha = 2" in musrcu("order", saved).out
        other = musrcu("order", saved, "--exponent", "3", "--json").json
        assert other["alpha"]["value"] == 3.0 and other["notes"] == scan["order_parameter"]["notes"]
