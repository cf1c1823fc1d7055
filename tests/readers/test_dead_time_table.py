"""Tables of dead times: one detector a line, all of them, once."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musrcu.cli import values
from musrcu.errors import ReadError
from musrcu.readers import dead_time_table
from musrcu.readers.dead_time_table import read_dead_times

WIMDA = "3\n  1   0.01012\n  2  -0.00100\n  3   9.5e-3\nRun 53578\n"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "dead_times.dat"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        WIMDA,
        WIMDA.replace("\n", "\r\n"),
        "# a remark\n\n2, -0.001\n1, 0.01012\n3, 0.0095",
        WIMDA.split("\n", 1)[1],
    ],
)
def test_a_table_is_read_in_the_order_of_the_detectors(tmp_path: Path, text: str) -> None:
    assert read_dead_times(written(tmp_path, text)) == (0.01012, -0.001, 0.0095)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no dead times"),
        ("1 0.01\n3 0.01\n", "detector 2 is missing"),
        ("0 0.01\n1 0.01\n", "line 1: detector 0; they count from 1"),
        ("1 0.01\n1 0.02\n", "line 2: detector 1 stands there twice"),
        ("4\n1 0.01\n2 0.01\n", "first line says 4 detectors, 2 lines follow"),
        ("1 0.01 7\n", "is not the number of a detector"),
        ("one 0.01\n", "is not the number of a detector"),
        ("1 long\n", "'long' is no dead time"),
        ("1 nan\n", "'nan' is no dead time"),
        ("1 1e30\n", "'1e30' is no dead time"),
    ],
)
def test_what_is_no_table_is_refused_with_the_place(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ReadError, match=why):
        read_dead_times(written(tmp_path, text))


def test_files_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(ReadError):
            read_dead_times(path)
    monkeypatch.setattr(dead_time_table, "LARGEST_TABLE", 10)
    with pytest.raises(ReadError, match="longer than"):
        read_dead_times(written(tmp_path, WIMDA))


@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_table_or_a_read_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = written(tmp_path_factory.getbasetemp(), content)
    try:
        found = read_dead_times(path)
    except ReadError:
        return
    assert all(abs(tau) <= 1e3 for tau in found)


def test_the_command_line_takes_a_file(tmp_path: Path) -> None:
    path = written(tmp_path, WIMDA)
    assert values.dead_time(str(path)) == (0.01012, -0.001, 0.0095)
    assert values.dead_time("0.01") == 0.01
    with pytest.raises(ArgumentTypeError, match="nor a file"):
        values.dead_time(str(tmp_path / "absent.dat"))
    written(tmp_path, "1 x\n")
    with pytest.raises(ArgumentTypeError, match="line 1: 'x' is no dead time"):
        values.dead_time(str(path))
