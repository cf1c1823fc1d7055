"""``musrcu list``: what is printed, and the picture of a model."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import Musrcu

import musrcu as mu


def test_models_fit_the_terminal(musrcu: Musrcu, monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in (80, 130):
        monkeypatch.setenv("COLUMNS", str(columns))
        done = musrcu("list", "models")
        assert (done.code, done.err) == (0, "")
        assert max(map(len, done.out.splitlines())) <= columns
    assert done.out.rstrip() == mu.catalogue("models", width=130)
    assert musrcu("list", "models", "gaussian_kt").out.startswith("gaussian_kt: ")


def test_a_picture_of_a_model(musrcu: Musrcu, here: Path) -> None:
    done = musrcu("list", "models", "exponential", "--plot")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("exponential: ")
    assert done.out.endswith("figure: exponential.png\n")
    assert (here / "exponential.png").read_bytes().startswith(b"\x89PNG")
    again = musrcu("list", "models", "exponential", "--plot")
    assert again.code == 1
    assert "exponential.png exists and is not overwritten" in again.complaint
    assert musrcu("list", "models", "exponential", "--plot", "--force").code == 0
    assert musrcu("list", "models", "order_parameter", "--plot", "-o", "a.svg").code == 0
    assert (here / "a.svg").read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["models", "--plot"], 2, "--plot draws one model; name it"),
        (["formats", "psi-bin", "--plot"], 2, "--plot draws one model"),
        (["models", "exponential", "-o", "a.png"], 2, "-o and --force are of use with --plot"),
        (["models", "exponental", "--plot"], 1, "did you mean 'exponential'"),
        (["models", "exponential", "--plot", "-o", "a.gif"], 1, "ends in .png, .pdf or .svg"),
    ],
)
def test_refused(musrcu: Musrcu, here: Path, words: list[str], code: int, text: str) -> None:
    done = musrcu("list", *words)
    assert (done.code, done.out) == (code, "")
    assert text in done.complaint
    assert not list(here.iterdir())
