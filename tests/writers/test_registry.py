"""The format of a written run follows from the name of its file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import musrcu as mu
from musrcu.readers.psi_bin import read_psi_bin
from musrcu.writers.registry import find_layout


@pytest.fixture(scope="module")
def run(samples: Path) -> mu.Run:
    return mu.read(samples / "deltat_tdc_ltf_0004.bin")


def test_the_ending_decides(run: mu.Run, tmp_path: Path) -> None:
    written = mu.write(run, tmp_path / "deltat_tdc_ltf_0004.bin")
    assert run.path is not None
    assert written.read_bytes() == run.path.read_bytes()
    assert written.read_bytes()[:2] == b"1N"
    for ending in (".nxs", ".nexus", ".nxs_v2", ".NXS"):
        written = mu.write(run, tmp_path / f"a{ending}")
        assert written.read_bytes()[:8] == b"\x89HDF\r\n\x1a\n"
        assert np.array_equal(mu.read(written).counts, run.counts)


@pytest.mark.parametrize("name", ["a", "a.csv", "a.root", ".bin", "bin"])
def test_another_ending_is_refused_with_the_list(run: mu.Run, tmp_path: Path, name: str) -> None:
    with pytest.raises(mu.MusrcuError, match=r"\.nxs, \.nexus, .*; \.bin for psi-bin"):
        mu.write(run, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten_unasked(run: mu.Run, tmp_path: Path) -> None:
    for name in ("a.nxs", "a.bin"):
        path = tmp_path / name
        path.write_bytes(b"precious")
        with pytest.raises(mu.MusrcuError, match="exists and is not overwritten"):
            mu.write(run, path)
        assert path.read_bytes() == b"precious"
        assert mu.write(run, path, overwrite=True).stat().st_size > 1000


def test_from_psi_to_nexus_and_back(run: mu.Run, tmp_path: Path) -> None:
    """Through NeXus and back: every field of the PSI-BIN header that has a meaning is the same."""
    between = mu.read(mu.write(run, tmp_path / "a.nxs"))
    back = read_psi_bin(mu.write(between, tmp_path / "deltat_tdc_ltf_0004.bin"))
    unequal = {name for name in run.header if run.header[name] != back.header.get(name)}
    assert np.array_equal(back.counts, run.counts)
    assert back.labels == run.labels
    assert back.temperature == run.temperature
    assert (back.title, back.sample, back.orientation) == (run.title, run.sample, "powder")
    assert unequal <= {"raw", "LENDAF", "KDAFHI", "NUMDAF", "CNTOLD", "TOTOLD"}


def test_what_is_lost_is_named(run: mu.Run) -> None:
    full = run.replace(comment="c", grouping=[1, 2, 0, 0], dead_time=[[0.01] * 4])
    lost = find_layout("a.bin").lost(full)
    assert {"dead times", "the grouping", "the comment"} <= set(lost)
    assert not {"dead times", "the grouping", "the comment"} & set(find_layout("a.bin").lost(run))
    assert find_layout("a.nxs").lost(full) == ()
