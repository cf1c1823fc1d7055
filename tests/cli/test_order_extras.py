"""``musrcu order``: critical region, influence of runs, universality classes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import Musrcu

TABLE = """T_K,T_error_K,nu_MHz,nu_error_MHz,run,verdict
0.02,0.0001,1.58733,0.012,101,ordered
0.04,0.0001,1.56821,0.012,102,ordered
0.06,0.0001,1.54083,0.012,103,ordered
0.08,0.0001,1.47023,0.012,104,ordered
0.09,0.0001,1.4186,0.015,105,ordered
0.095,0.0001,1.34559,0.02,106,ordered
0.099,0.0001,1.27579,0.03,107,ordered
0.102,0.0001,1.17632,0.04,108,ordered
0.104,0.0001,1.03168,0.06,109,ordered
0.107,0.0001,,,110,not ordered
"""
PNG = b"\x89PNG"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text(TABLE)
    return path


def test_nothing_more_than_asked_for(musrcu: Musrcu, table: Path) -> None:
    text = musrcu("order", table).out
    assert "power law" not in text and "without each" not in text and "mean field" not in text


def test_all_of_it(musrcu: Musrcu, table: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "critical.png", tmp_path / "influence.png"
    text = musrcu(
        "order", table, "--critical", pictures[0], "--influence-plot", pictures[1], "--classes"
    ).out
    assert "critical region of nu: 4 of 9 runs at T/T_N above 0.9" in text
    assert "Run 109 (0.104 K) carries the result: without it the error of T_N grows" in text
    assert "within 1 error: 2D Ising; from 1 to 2 errors: none\n" in text
    for picture in pictures:
        assert picture.read_bytes().startswith(PNG)
        assert f"figure: {picture}" in text


def test_json_has_what_was_asked_for(musrcu: Musrcu, table: Path, tmp_path: Path) -> None:
    saved = tmp_path / "order.json"
    found = json.loads(
        musrcu("order", table, "--influence", "--classes", "--json", "-o", saved).out
    )
    assert found["universality"]["classes"][0]["name"] == "2D Ising"
    assert len(found["influence"]["runs"]) == 9
    assert "critical_region" not in found
    again = musrcu("order", saved).out  # what is beside the fit does not disturb it
    assert "beta = 0.12(1)" in again


def test_a_picture_is_not_overwritten(musrcu: Musrcu, table: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.png"
    there.write_bytes(b"mine")
    for option in ("--critical", "--influence-plot"):
        assert musrcu("order", table, option, there).code != 0
    assert there.read_bytes() == b"mine"


def test_a_fit_that_is_not_valid(musrcu: Musrcu, tmp_path: Path) -> None:
    table = tmp_path / "two.csv"
    table.write_text("\n".join(TABLE.splitlines()[:3]) + "\n")
    picture = tmp_path / "critical.png"
    done = musrcu("order", table, "--critical", picture, "--influence", "--classes")
    assert done.code == 3
    assert "the fit is not valid: nothing more to say of T_N, beta and the runs" in done.out
    assert not picture.exists()


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (("--profile", "foo=x.png"), "--profile: foo is not a free parameter of the law", 1),
        (("--profile", "alpha=x.png"), "alpha is not a free parameter of the law; nu0, T_N, be", 1),
        (("--contour", "T_N,B0=x.png"), "--contour: B0 is not a free parameter of the law", 1),
        (("--profile", "T_N"), "T_N=T_N.png", 2),
        (("--contour", "T_N=x.png"), "is not the names of two parameters: T_N,beta", 2),
    ],
)
def test_profiles_that_there_are_not(
    musrcu: Musrcu, table: Path, words: tuple[str, str], said: str, code: int
) -> None:
    done = musrcu("order", table, *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
