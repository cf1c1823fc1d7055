"""The format of a written run follows from the name of its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import musrcu as mu
from musrcu.containers.history import History, Step
from musrcu.containers.log import Log
from musrcu.containers.temperature import Sensor, Temperature, from_sensors
from musrcu.errors import MusrcuWarning
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
        assert find_layout(path).write(run, path, overwrite=True).stat().st_size > 1000


def test_from_psi_to_nexus_and_back(run: mu.Run, tmp_path: Path) -> None:
    """Through NeXus and back: every field of the PSI-BIN header that has a meaning is the same."""
    between = mu.read(mu.write(run, tmp_path / "a.nxs"))
    with pytest.warns(MusrcuWarning, match="1 step of its history; what else the header of the"):
        path = mu.write(between, tmp_path / "deltat_tdc_ltf_0004.bin")
    back = read_psi_bin(path)
    unequal = {name for name in run.header if run.header[name] != back.header.get(name)}
    assert np.array_equal(back.counts, run.counts)
    assert back.labels == run.labels
    assert back.temperature == run.temperature
    assert (back.title, back.sample, back.orientation) == (run.title, run.sample, "powder")
    assert unequal <= {"raw", "LENDAF", "KDAFHI", "NUMDAF", "CNTOLD", "TOTOLD"}


NAME = "deltat_tdc_ltf_0004.bin"
SPIN = ": the sign of A depends on it, so call it deltat_ltf_0004.bin"
LOST = [
    ({}, "a.bin", "the instrument LTF, which the name of the file does not say" + SPIN),
    ({}, "deltat_tdc_gps_0004.bin",
     "the instrument LTF (read as GPS from the name of the file)" + SPIN),
    ({"instrument": "M20"}, "a.bin",
     "the instrument M20, which the name of the file does not say"),
    ({"facility": "TRIUMF"}, NAME, "the facility TRIUMF (read as PSI)"),
    ({"comment": "c"}, NAME, "the comment"),
    ({"grouping": [1, 2, 0, 0]}, NAME, "the grouping"),
    ({"dead_time": [[0.01] * 4]}, NAME, "dead times"),
    ({"good_frames": [5]}, NAME, "good frames"),
    ({"period_labels": ["red"]}, NAME, "the name of the period"),
    ({"numbers": (4, 5)}, NAME, "that it is the sum of runs 4, 5"),
    ({"warnings": ("odd", "very odd")}, NAME, "2 warnings"),
    ({"history": History((Step("x"),))}, NAME, "1 step of its history"),
    ({"logs": {"T": Log("T", [0.0], [1.0])}}, NAME, "1 log"),
    ({"start": "2018-10-07T12:30:01+00:00"}, NAME,
     "the start 2018-10-07T12:30:01+00:00, only 2018-10-07T12:30:01"),
    ({"field": 1 / 3}, NAME, "digits of the field beyond its ten characters"),
    ({"t0": [1000.1] * 4}, NAME, "digits of t0 beyond single precision"),
    ({"bin_width": 0.0009}, NAME,
     "the bin width beyond single precision, 0.899999985 ns"),
    ({"temperature": Temperature(1 / 3)}, NAME,
     "digits of the set point beyond its ten characters"),
    ({"temperature": Temperature(mean=0.1)}, NAME,
     "digits of temperatures beyond single precision"),
    ({"temperature": Temperature(mean=0.5, error=0.25)}, NAME, "the error of the temperature"),
    ({"temperature": from_sensors(None, (Sensor("Ch_1", 0.5, None),))}, NAME, "names of sensors"),
    ({"header": {"Run": 4}}, NAME, "what else the header of the original file says"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "name", "sentence"), LOST)
def test_one_warning_names_what_psi_bin_does_not_hold(
    run: mu.Run, tmp_path: Path, changes: dict[str, Any], name: str, sentence: str
) -> None:
    path = tmp_path / name
    with pytest.warns(MusrcuWarning) as caught:
        mu.write(run.replace(**changes), path)
    assert [str(one.message) for one in caught] == [f"{path} does not hold {sentence}"]
    assert caught[0].filename == __file__


@pytest.mark.parametrize("name", ["GPS", "LTF", "Dolly", "GPD", "ALC", "HAL-9500", "FLAME", "LEM"])
def test_the_name_that_is_advised_keeps_the_instrument(
    run: mu.Run, tmp_path: Path, name: str
) -> None:
    """And with it the sign of the asymmetry: on GPD the spin points the other way."""
    other = run.replace(instrument=name)
    with pytest.warns(MusrcuWarning, match="call it ") as caught:
        mu.write(other, tmp_path / "a.bin")
    advised = str(caught[0].message).rpartition(" ")[2]
    assert mu.read(mu.write(other, tmp_path / advised)).instrument == name


def test_what_comes_back_is_not_called_lost(run: mu.Run, tmp_path: Path) -> None:
    """Single precision that is exact, and an instrument in the name; warnings are errors here."""
    mean = float(np.float32(0.1051))
    same = run.replace(temperature=from_sensors(0.1, (Sensor(None, mean, 0.5, 40),)), header={})
    assert mu.read(mu.write(same, tmp_path / NAME)).temperature == same.temperature


def test_nexus_loses_nothing(run: mu.Run, tmp_path: Path) -> None:
    full = run.replace(comment="c", grouping=[1, 2, 0, 0], dead_time=[[0.01] * 4], numbers=(4, 5))
    back = mu.read(mu.write(full, tmp_path / "a.nxs"))
    assert (back.comment, back.numbers, back.labels) == ("c", (4, 5), run.labels)


@pytest.mark.parametrize("name", ["a.nxs", "a.bin"])
def test_a_corrected_sum_is_refused_with_the_way_out(
    run: mu.Run, tmp_path: Path, name: str
) -> None:
    total = run.replace(numbers=(4, 5), variance=run.counts + 1.0)
    with pytest.raises(mu.MusrcuError, match="write the runs one by one, and add them after read"):
        mu.write(total, tmp_path / name)
    with pytest.raises(mu.MusrcuError, match="write the raw run, as it was read"):
        mu.write(total.replace(numbers=()), tmp_path / name)
