"""``--J``: what T_N says of the coupling between chains, in text and JSON."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from command import Musrcu

# published points of the law with nu0 = 1.59 MHz, T_N = 0.105 K, beta = 0.12, scattered
TABLE = """T,nu,nu_error
.02,1.58733,.012\n.03,1.60106,.012\n.04,1.56821,.012\n.05,1.55628,.012\n.06,1.54083,.012
.07,1.51595,.012\n.08,1.47023,.012\n.085,1.44711,.015\n.09,1.4186,.015\n.095,1.34559,.02
.099,1.27579,.03\n.102,1.17632,.04\n.104,1.03168,.06
"""


@pytest.fixture
def table(here: Path) -> Path:
    path = here / "table.csv"
    path.write_text(TABLE)
    return path


def test_J_beside_T_N(musrcu: Musrcu, table: Path) -> None:
    """T_N is 0.10508 K: J' = 0.0435 K, where its interval of 0.10455 to 0.10605 K maps to."""
    done = musrcu("order", table, "--J", "13.7(1)")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[-3].startswith("J' = 0.0435")
    assert "from T_N and J = 13.7(1) K" in lines[-3]
    assert lines[-2].startswith("J'/J = 0.00318 ") or lines[-2].startswith("J'/J = 0.003178 ")
    assert lines[-1].startswith("m = 0.0573") and "mu_B" in lines[-1]
    assert "J'" not in musrcu("order", table).out


def test_J_in_JSON(musrcu: Musrcu, table: Path) -> None:
    content = musrcu("order", table, "--J", "13.7(1) K", "--json", "-o", "law.json").json
    law, found = content["T_N"], content["exchange"]
    assert found["T_N"]["value"] == law["value"]
    assert [found["T_N"]["low"], found["T_N"]["high"]] == law["minos"]
    assert found["J_prime"]["value"] == pytest.approx(0.04353, abs=3e-5)
    assert found["J_prime"]["high"] > -found["J_prime"]["low"] > 0  # T_N is open above
    assert found["ratio"]["value"] == pytest.approx(found["J_prime"]["value"] / 13.7)
    assert found["notes"] == []
    again = musrcu("order", "law.json", "--J", "13700(100) mK", "--json").json["exchange"]
    assert again["J_prime"]["value"] == pytest.approx(found["J_prime"]["value"], rel=1e-9)


@pytest.mark.parametrize("J", ["13,7(1)", "-13.7", "13.7(1) T", "J"])
def test_what_is_no_coupling(musrcu: Musrcu, table: Path, J: str) -> None:
    done = musrcu("order", table, f"--J={J}")
    assert done.code == 2
    assert "--J" in done.complaint


def test_no_coupling_from_what_is_not_a_chain_or_no_T_N(musrcu: Musrcu, table: Path) -> None:
    done = musrcu("order", table, "--J", "100(1) mK")
    assert done.code == 0
    assert "no J': T_N = 0.10" in done.out and "is not below J = 0.1" in done.out
    assert musrcu("order", table, "--J", "50 mK", "--json").json["exchange"] is None
    table.write_text("T,nu,nu_error\n.02,1.5,.01\n.03,1.5,.01\n")
    few = musrcu("order", table, "--J", "13.7(1)")
    assert few.code != 0 and "0.0435" not in few.out


def test_J_of_a_scan(musrcu: Musrcu, here: Path, samples: Path) -> None:
    """Named in the scan file, and typed over it."""
    runs = ("0001", "0009", "0012", "0014", "0016", "0018", "0020", "0021")
    for run in runs:
        shutil.copy(samples / f"deltat_tdc_ltf_{run}.bin", here)
    text = (samples / "scan.toml").read_text()
    text = text.replace("{0001-0020}", f"{{{','.join(runs[:-1])}}}")
    Path("scan.toml").write_text(text + 'J = "13.7(1)"\n')
    done = musrcu("scan", "scan.toml", "--packing", "50", "--no-plot", "-o", "scan.json")
    place = done.out.index("T_N = ")
    assert done.out.index("J' = ", place) < done.out.index("m = ", place)
    found = json.loads(Path("scan.json").read_text())["exchange"]
    assert found["J"]["high"] == pytest.approx(0.1)
    typed = musrcu("order", "scan.json", "--J", "13.6(1)", "--json").json["exchange"]
    assert typed["J_prime"]["value"] > found["J_prime"]["value"]  # 13.6: 0.04352, 13.7: 0.04350


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ('"about 14"', "J: 'about 14' is no value with an error"),
        ("-13.7", "J = -13.7; expected a coupling in K"),
        ("[13.7, 0.1]", r"J = \[13.7, 0.1\]; expected a coupling"),
    ],
)
def test_J_of_a_scan_file_that_is_none(
    musrcu: Musrcu, here: Path, samples: Path, given: str, message: str
) -> None:
    """Refused before any run is read."""
    text = (samples / "scan.toml").read_text().replace('runs = "', f'runs = "{samples}/')
    text = text.replace('calibration = "', f'calibration = "{samples}/')
    Path("scan.toml").write_text(text + f"J = {given}\n")
    done = musrcu("scan", "scan.toml", "--no-plot")
    assert done.code != 0
    assert re.search(rf"scan.toml: \[order\] {message}", done.complaint)
