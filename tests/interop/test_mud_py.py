"""MUD files in mud-py, which wraps the library of TRIUMF: built ones and real ones read alike."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import mud_bytes as mb
import numpy as np
import pytest
from conftest import expected_files

from musrcu.containers.run import Run
from musrcu.readers.mud import read_mud

mudpy = pytest.importorskip("mudpy")
EXPECTED = sorted(name for name in expected_files() if "mud/" in name)


def counts_of(histogram: Any, header: Any) -> Any:
    """The counts of mud-py, which takes an array of 1 or 2 bytes a bin for one of 4."""
    width = header["bytesPerBin"] or 4
    return np.frombuffer(histogram.data.astype("<u4"), f"<u{width}", header["nBins"])


def assert_equal(run: Run, other: Any) -> None:
    """Compare what mud-py read with a run of the same file."""
    header, labels = run.header["histograms"], list(run.labels)
    assert sorted(other.hist) == sorted(labels)
    for detector, label in enumerate(labels):
        one, stored = other.hist[label], header[detector]
        np.testing.assert_array_equal(counts_of(one, stored), run.counts[0, detector])
        assert (one.t0_bin, one.t0_ps) == (stored["t0_bin"], stored["t0_ps"])
        assert (one.good_bin1, one.good_bin2) == (run.first_good[detector] + 1,
                                                  run.last_good[detector] + 1)  # fmt: skip
        assert (one.background1, one.background2) == (stored["bkgd1"], stored["bkgd2"])
        assert one.n_events % 2**32 == stored["nEvents"]
        assert one.s_per_bin == pytest.approx(1e-6 * run.bin_width, rel=1e-7)
    assert (other.run, other.title, other.lab) == (run.number, run.title, run.facility)
    assert (other.area, other.orientation) == (run.instrument, run.orientation or "")
    for iso, seconds in ((run.start, other.start_time), (run.stop, other.end_time)):
        assert datetime.datetime.fromisoformat(iso or "").timestamp() == seconds
    for variable in run.header["variables"]:
        one = other.ivar[variable["name"]]
        pairs = {"low": "low", "high": "high", "mean": "mean", "std": "stddev", "skew": "skewness"}
        for theirs, ours in pairs.items():
            assert getattr(one, theirs) == pytest.approx(variable[ours], rel=1e-15)
        assert (one.description, one.units) == (variable["description"], variable["units"])
    for scaler in run.header["scalers"]:
        found = other.sclr[scaler["label"]].counts_total_recent
        assert [int(one) % 2**32 for one in found] == [scaler["total"], scaler["recent"]]


@pytest.mark.parametrize("name", EXPECTED or ["mud"])
def test_real_files(real: Path, name: str) -> None:
    assert_equal(read_mud(real / name), mudpy.mdata(str(real / name)))


def test_built_files(tmp_path: Path) -> None:
    path = tmp_path / "x.msr"
    path.write_bytes(mb.small_file())
    other = mudpy.mdata(str(path))
    run = read_mud(path)
    assert_equal(run, other)
    assert other.comments["Shift"].body == run.header["comments"][0]["comment"]


@pytest.mark.parametrize("width", [0, 1, 2, 4])
@pytest.mark.parametrize("code", [3, 19, 781250])
def test_widths_and_clock_codes(tmp_path: Path, width: int, code: int) -> None:
    path = tmp_path / "x.msr"
    counts = np.random.default_rng(width).integers(0, 200, 500).tolist()
    path.write_bytes(mb.one_histogram(counts, bytesPerBin=width, fsPerBin=code))
    assert_equal(read_mud(path), mudpy.mdata(str(path)))


def test_histories(tmp_path: Path) -> None:
    """The library looks for them in time-integral files, so that it is given one."""
    from mudpy import mud_friendly_wrapper as library

    begin = mb.DESCRIPTION["timeBegin"]
    times, values = [begin, begin + 10, begin + 30], [5.0, 5.25, -6.5]
    pair = [mb.variable(1, "/a"), mb.array(1, b"".join(map(mb.vax_double, values)), times, 3, 8, 2)]
    members = {**mb.small_members(), "variables": mb.group(mb.HISTORIES, pair)}
    path, theirs = tmp_path / "x.msr", tmp_path / "integral.msr"
    path.write_bytes(mb.whole(list(members.values())))
    theirs.write_bytes(mb.whole(list(members.values()), mb.INTEGRAL))
    handle = library.open_read(str(theirs))
    log = read_mud(path).logs["/a"]
    assert library.get_ivar_n_data(handle, 1) == log.values.size
    assert list(library.get_ivar_time_data(handle, 1)) == (log.seconds + begin).tolist()
    assert list(library.get_ivar_data(handle, 1)) == log.values.tolist() == values
    library.close_read(handle)
