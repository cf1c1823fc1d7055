"""Text files that somebody takes for raw data: refused with what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from musrcu.errors import ReadError
from musrcu.readers.registry import read

MSR = "LAO 23 kV\n###############\nFITPARAMETER\n 1 Asy 0.2 0 none\nTHEORY\nasymmetry 1\n"


def sentence(path: Path) -> str:
    with pytest.raises(ReadError) as caught:
        read(path)
    text = str(caught.value)
    assert text.startswith(f"{path} begins with ")
    assert "\n" not in text
    return text


@pytest.mark.parametrize("name", ["000100.msr", "fit.txt", "x"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_musrfit_input_file(tmp_path: Path, name: str, end: str) -> None:
    path = tmp_path / name
    path.write_bytes(MSR.replace("\n", end).encode("latin-1"))
    text = sentence(path)
    assert "it is an input file of musrfit, a text, and no data" in text
    assert "RUN blocks" in text


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("x.asy", "a text file (asymmetries, by its name)"),
        ("X.DAT", "a text file (columns of numbers, by its name)"),
        ("run_0534.mon", "a text file (the log of a PSI run, by its name)"),
        ("x.msr", "it is a text file and no raw data"),
        ("x.bin", "it is a text file and no raw data"),
    ],
)
def test_other_texts(tmp_path: Path, name: str, what: str) -> None:
    path = tmp_path / name
    path.write_text("# B = 20 G, FITPARAMETER is named in the middle\n1.0 2.0 µs\n")
    assert what in sentence(path)


@pytest.mark.parametrize("content", [b"MSR\0FITPARAMETER", b"\nFITPARAMETER\n\x01", b"\xff\x00"])
def test_binary_files_are_not_called_texts(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.msr"
    path.write_bytes(content)
    assert "text" not in sentence(path)
