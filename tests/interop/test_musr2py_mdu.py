"""MDU files in musr2py, the compiled reader of PSI, and in ours: the same numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import expected_files
from in_musr2py import opened, stripped
from mdu_bytes import TAGS, Mdu, Tag, small_mdu

from musrcu.containers.run import Run
from musrcu.readers.psi_mdu import read_psi_mdu

REAL = sorted(name for name in expected_files() if "psi-mdu/" in name)
KINDS = pytest.mark.parametrize("kind", sorted(TAGS))


def assert_equal(run: Run, other: Any) -> None:
    """Compare what musr2py read with our run of the same file."""
    n = run.n_detectors
    assert (other.get_numberHisto_int(), other.get_histoLength_bin()) == (n, run.n_bins)
    for detector in range(n):
        counts = np.array(other.get_histo_vector(detector, 1))
        np.testing.assert_array_equal(counts, run.counts[0, detector])
    assert other.get_t0_vector()[:n] == run.t0.tolist()
    assert other.get_firstGood_vector()[:n] == run.first_good.tolist()
    last = np.minimum(other.get_lastGood_vector()[:n], run.n_bins - 1)
    assert last.tolist() == run.last_good.tolist()
    marked = [
        f"{label}**" if number in run.header["unlisted"] else label
        for number, label in enumerate(run.labels, 1)
    ]
    assert stripped(other.get_histoNames_vector()[:n]) == marked
    assert other.get_binWidth_us() == pytest.approx(run.bin_width, rel=1e-7)
    assert other.get_runNumber_int() == run.number
    texts = [other.get_comment(), other.get_sample(), other.get_orient()]
    assert stripped(texts) == [run.title, run.sample, run.orientation]
    assert stripped([other.get_temp(), other.get_field()]) == [
        run.header["temperature"],
        run.header["field"],
    ]
    sensors = run.temperature.sensors
    means = [value for value in other.get_temperatures_vector() if value]
    assert means == pytest.approx([sensor.mean for sensor in sensors], rel=1e-6)
    spreads = [value for value in other.get_devTemperatures_vector() if value]
    assert spreads == pytest.approx([sensor.spread for sensor in sensors], rel=1e-6)
    assert tuple(stripped(other.get_scalersNames_vector())) == run.header["Label"]
    assert tuple(other.get_scalers_vector()) == run.header["TagScaler"]
    assert other.get_default_binning() == (run.t0[0] + 1) / (run.header["t0b"][2] + 1)


@pytest.mark.parametrize("name", REAL or ["psi-mdu"])
def test_real_files(real: Path, name: str) -> None:
    assert_equal(read_psi_mdu(real / name), opened(real / name))


@KINDS
@pytest.mark.parametrize("begin", [0, 3])
@pytest.mark.parametrize("listed", [b"2 3 4 5", b"2 4 5"])
def test_built_files(tmp_path: Path, kind: str, begin: int, listed: bytes) -> None:
    mdu = small_mdu(kind, begin).changed(
        DetectorNumberList=listed, NumberOfDetectors=len(listed.split())
    )
    path = tmp_path / "x.mdu"
    path.write_bytes(mdu.content())
    assert_equal(read_psi_mdu(path), opened(path))


@pytest.mark.parametrize(
    ("kind", "code", "resolution"),
    [("M3", code, code - 8 + step) for code in range(6, 12) for step in (0, 1, 3)]
    + [(kind, code, step) for kind in ("T4", "T5") for code in (25, 100, 200, 800)
       for step in (1, 5)],
)  # fmt: skip
def test_resolutions(tmp_path: Path, kind: str, code: int, resolution: int) -> None:
    mdu = small_mdu(kind).changed(resolutioncode=code, HistoResolution=resolution)
    path = tmp_path / "x.mdu"
    path.write_bytes(mdu.content())
    assert_equal(read_psi_mdu(path), opened(path))


def test_sixteen_histograms_with_others_between_them(tmp_path: Path) -> None:
    """Every second tag of a T5 file, with labels as long as the field."""
    random = np.random.default_rng(3)
    tags = []
    for k in range(16):
        counts = random.poisson(9.0, 1000)
        tags += [
            Tag(f"Scintill_{k:02d}", "P", counts, t0b=30 + k, tfb=60, tlb=999),
            Tag(f"V{k}", "VMCE"[k % 4]),
        ]
    numbers = b" ".join(b"%d" % k for k in range(0, 32, 2))
    mdu = Mdu("T5", tuple(tags)).changed(
        HistoResolution=1, NumberOfDetectors=16, DetectorNumberList=numbers
    )
    mdu = replace(mdu, tail=b"")
    path = tmp_path / "x.mdu"
    path.write_bytes(mdu.content())
    run, other = read_psi_mdu(path), opened(path)
    for detector in range(16):
        counts = np.array(other.get_histo_vector(detector, 1))
        np.testing.assert_array_equal(counts, run.counts[0, detector])
    assert other.get_t0_vector()[:16] == run.t0.tolist() == list(range(30, 46))
    # musr2py keeps eleven characters of twelve
    assert stripped(other.get_histoNames_vector()[:16]) == [label[:11] for label in run.labels]
