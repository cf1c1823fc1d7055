from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from made_runs import made_asymmetry, made_run

from musrcu.containers.asymmetry import Asymmetry
from musrcu.errors import MusrcuError
from musrcu.output.nexus import write_nexus


@pytest.fixture
def data() -> Asymmetry:
    made = made_asymmetry(n=300, run=made_run(title="Zero field, 20 mK, µSR"))
    value, error = made.value.copy(), made.error.copy()
    value[5], error[5] = np.nan, np.nan
    return made.replace(value=value, error=error, alpha_error=0.01, total=0.21)


def test_h5py_reads_the_same_numbers(data: Asymmetry, tmp_path: Path) -> None:
    path = write_nexus(data, tmp_path / "a.nxs")
    with h5py.File(path) as file:
        entry = file[file.attrs["default"]]
        plot = entry[entry.attrs["default"]]
        assert (entry.attrs["NX_class"], plot.attrs["NX_class"]) == ("NXentry", "NXdata")
        signal = plot.attrs["signal"]
        (axis,) = plot.attrs["axes"]
        assert (signal, axis) == ("asymmetry", "time")
        for name, column in (
            ("time", data.time),
            ("asymmetry", data.value),
            ("asymmetry_errors", data.error),
        ):
            assert np.array_equal(plot[name][()], column, equal_nan=True)
            assert plot[name].dtype == np.float64
        assert plot["time"].attrs["units"] == "us"
        assert plot["asymmetry"].attrs["units"] == "1"


def test_the_run_and_its_history_are_in_it(data: Asymmetry, tmp_path: Path) -> None:
    with h5py.File(write_nexus(data, tmp_path / "a.nxs")) as file:
        entry = file["entry"]
        assert entry["title"].asstr()[()] == "Zero field, 20 mK, µSR"
        assert entry["run_number"][()] == 7
        assert entry["start_time"].asstr()[()] == "2018-06-01T10:00:00"
        assert entry["instrument/name"].asstr()[()] == "LTF"
        sample = entry["sample"]
        assert sample["temperature"][()] == 0.02
        assert sample["temperature"].attrs["units"] == "K"
        assert sample["temperature_error"][()] == pytest.approx(0.0002)
        assert (sample["magnetic_field"][()], sample["magnetic_field"].attrs["units"]) == (0, "G")
        done = entry["reduction"]
        assert done.attrs["NX_class"] == "NXprocess"
        assert done["program"].asstr()[()] == "musrcu"
        assert (done["alpha"][()], done["alpha_error"][()]) == (1.2, 0.01)
        assert (done["packing"][()], done["bin_width"][()]) == (2, 0.002)
        for number, step in enumerate(data.history, start=1):
            note = done[f"step_{number}"]
            assert note.attrs["NX_class"] == "NXnote"
            assert note["sequence_index"][()] == number
            assert note["data"].asstr()[()] == str(step)


def test_nexusformat_finds_signal_error_and_axis(data: Asymmetry, tmp_path: Path) -> None:
    from nexusformat.nexus import nxload

    root = nxload(write_nexus(data, tmp_path / "a.nxs"))
    plot = root.get_default()
    assert plot.nxclass == "NXdata"
    assert np.array_equal(plot.nxsignal.nxvalue, data.value, equal_nan=True)
    assert np.array_equal(plot.nxerrors.nxvalue, data.error, equal_nan=True)
    (axis,) = plot.nxaxes
    assert axis.nxname == "time"
    assert np.array_equal(axis.nxvalue, data.time)


def test_unknown_is_left_out(tmp_path: Path) -> None:
    run = made_run(None, None, field=None, start=None, instrument=None, sample=None, title=None)
    with h5py.File(write_nexus(made_asymmetry(n=9, run=run), tmp_path / "a.nxs")) as file:
        assert set(file["entry"]) == {"data", "reduction", "sample", "title"}
        assert not set(file["entry/sample"])
        assert file["entry/title"].asstr()[()] == "run"
        assert "alpha_error" not in file["entry/reduction"]


def test_nothing_temporary_is_left_or_named(data: Asymmetry, tmp_path: Path) -> None:
    path = write_nexus(data, tmp_path / "a.nxs")
    assert list(tmp_path.iterdir()) == [path]
    with h5py.File(path) as file:
        assert file.attrs["file_name"] == "a.nxs"
    with pytest.raises(MusrcuError, match="exists and is not overwritten"):
        write_nexus(data, path)
    before = path.stat().st_mtime_ns
    write_nexus(data.replace(alpha=1.5), path, overwrite=True)
    assert path.stat().st_mtime_ns > before
    assert list(tmp_path.iterdir()) == [path]
    with h5py.File(path) as file:
        assert file["entry/reduction/alpha"][()] == 1.5


def test_a_missing_folder_is_named(data: Asymmetry, tmp_path: Path) -> None:
    with pytest.raises(MusrcuError, match="cannot be written"):
        write_nexus(data, tmp_path / "none" / "a.nxs")
