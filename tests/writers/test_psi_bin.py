"""Writing PSI-BIN: real files come back byte for byte, and what does not fit is refused."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import expected_files
from psi_bin_bytes import distinct_file, small_counts, small_file

from musrcu.containers.run import Run
from musrcu.containers.temperature import Sensor, Temperature, from_sensors
from musrcu.errors import MusrcuError
from musrcu.psi_bin_layout import FIELDS, blank_header
from musrcu.readers.psi_bin import read_psi_bin
from musrcu.writers.psi_bin import write_psi_bin

NAMES = sorted(name for name in expected_files() if "psi-bin/" in name)
REAL = pytest.mark.parametrize("name", NAMES or ["psi-bin"])

SCALERS = [range(360, 408), range(554, 602), range(670, 694), range(924, 948)]
"""Bytes of the header that a Run without a header knows nothing of."""


def ltf(**changes: Any) -> Run:
    """A run as a simulator makes it: no file, no header."""
    sensors = (Sensor("1K", 0.1051, 0.0004, 900), Sensor("2K", 0.1049, None, 900))
    facts: dict[str, Any] = {
        "counts": small_counts()[np.newaxis],
        "bin_width": 0.0009765625,
        "t0": [40, 41, 40, 41],
        "first_good": [43, 44, 43, 44],
        "last_good": [489, 489, 494, 499],
        "labels": ("Forw", "Back", "Rite", "Left"),
        "source": "continuous",
        "facility": "PSI",
        "instrument": "LTF",
        "number": 12,
        "title": "SIMULATED Cu(NO3)2(pyz)3 ZF",
        "sample": "SIMULATED",
        "orientation": "powder",
        "temperature": from_sensors(0.105, sensors),
        "field": 0.0,
        "start": "2018-10-07T12:30:01",
        "stop": "2018-10-07T13:05:59",
    }
    return Run(**{**facts, **changes})


def back(run: Run, folder: Path) -> Run:
    return read_psi_bin(write_psi_bin(run, folder / "deltat_tdc_ltf_0012.bin", overwrite=True))


@REAL
def test_real_files_come_back_byte_for_byte(real: Path, tmp_path: Path, name: str) -> None:
    path = write_psi_bin(read_psi_bin(real / name), tmp_path / "x.bin")
    assert path.read_bytes() == (real / name).read_bytes()


@pytest.mark.parametrize("name", [name for name in NAMES if "lem" not in name] or ["psi-bin"])
def test_real_files_without_their_header_differ_in_scalers_only(
    real: Path, tmp_path: Path, name: str
) -> None:
    """The blank header is that of the data acquisition: gaps, padding and event counts agree.

    The LEM file comes from a converter, which leaves gaps as NUL and counts all bins.
    """
    run = read_psi_bin(real / name).replace(header={})
    found = write_psi_bin(run, tmp_path / "x.bin").read_bytes()
    content = (real / name).read_bytes()
    assert len(found) == len(content)
    different = {k for k in range(len(content)) if found[k] != content[k]}
    assert different <= {k for part in SCALERS for k in part}


def test_every_field_comes_back(tmp_path: Path) -> None:
    content = distinct_file()
    (tmp_path / "x.bin").write_bytes(content)
    found = write_psi_bin(read_psi_bin(tmp_path / "x.bin"), tmp_path / "y.bin").read_bytes()
    checked = [*range(0, 296), *range(360, 424), *range(428, len(content))]
    assert [k for k in checked if found[k] != content[k]] == []  # its event counts are wrong


def test_small_file_comes_back(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(small_file())
    run = read_psi_bin(tmp_path / "x.bin")
    assert write_psi_bin(run, tmp_path / "y.bin").read_bytes() == small_file()


def test_offsets_of_a_simulated_file(tmp_path: Path) -> None:
    """The numbers that other programs look for, at the offsets of the format's description."""
    raw = write_psi_bin(ltf(), tmp_path / "x.bin").read_bytes()
    assert len(raw) == 1024 + 4 * 4 * 4096
    assert raw[:2] == b"1N"
    assert struct.unpack_from("<3h", raw, 2) == (-1, 0, 12)
    assert struct.unpack_from("<2h", raw, 28) == (500, 4)
    assert struct.unpack_from("<4h", raw, 128) == (4, 4096, 1, 1)
    assert raw[138:188] == b"SIMULATED 0.105K    0.000 G   powder              "
    assert raw[218:252] == b"07-OCT-1807-OCT-1812:30:0113:05:59"
    assert struct.unpack_from("<4h", raw, 458) == (40, 41, 40, 41)
    assert struct.unpack_from("<4h", raw, 490) == (43, 44, 43, 44)
    assert struct.unpack_from("<4h", raw, 522) == (490, 490, 495, 500)
    assert raw[860:922] == b"SIMULATED Cu(NO3)2(pyz)3 ZF".ljust(62)
    assert raw[948:1012] == b"ForwBackRiteLeft".ljust(64)
    assert struct.unpack_from("<f", raw, 1012) == (0.0009765625,)
    assert struct.unpack_from("<i4f", raw, 712) == pytest.approx((900, 0.1051, 0.1049, 0, 0))
    assert struct.unpack_from("<4f", raw, 738) == pytest.approx((0.0004, 0, 0, 0))
    assert struct.unpack_from("<16f", raw, 792) == (0.0,) * 16
    counts = small_counts()
    events = [counts[0, 42:490], counts[1, 43:490], counts[2, 42:495], counts[3, 43:500]]
    sums = [int(part.sum()) for part in events]
    assert list(struct.unpack_from("<16i", raw, 296)) == sums + 12 * [0]
    assert struct.unpack_from("<i", raw, 424) == (sum(sums),)
    records = np.frombuffer(raw, "<i4", offset=1024).reshape(4, 4096)
    np.testing.assert_array_equal(records[:, :500], counts)
    assert not records[:, 500:].any()


def test_a_simulated_run_reads_back(tmp_path: Path) -> None:
    run = ltf()
    again = back(run, tmp_path)
    assert again.warnings == ()
    np.testing.assert_array_equal(again.counts, run.counts)
    for name in ("t0", "first_good", "last_good"):
        np.testing.assert_array_equal(getattr(again, name), getattr(run, name))
    same = "bin_width labels source facility instrument number title sample orientation field start"
    for name in (*same.split(), "stop"):
        assert getattr(again, name) == getattr(run, name), name
    assert again.temperature.nominal == 0.105
    assert again.temperature.mean == pytest.approx(0.1051, rel=1e-7)
    assert again.temperature.error == pytest.approx(0.0004 / 30, rel=1e-6)
    assert [sensor.n_readings for sensor in again.temperature.sensors] == [900, 900]


def test_unknown_stays_unknown(tmp_path: Path) -> None:
    nothing = ("number", "title", "sample", "orientation", "field", "start", "stop")
    unknown = {name: None for name in nothing}
    again = back(ltf(**unknown, temperature=Temperature(), labels=("",) * 4), tmp_path)
    assert {name: getattr(again, name) for name in nothing} == unknown
    assert again.temperature == Temperature()
    assert again.labels == ("",) * 4


def test_a_mean_without_sensors_becomes_one(tmp_path: Path) -> None:
    again = back(ltf(temperature=Temperature(mean=0.5, spread=0.25)), tmp_path)
    assert [(s.mean, s.spread) for s in again.temperature.sensors] == [(0.5, 0.25)]
    assert again.temperature.nominal is None


@pytest.mark.parametrize("t0", [[40.25, 41, 40, 41], [0.25, -0.5, 0, 1.5]])
def test_fractional_t0_goes_to_reant0(tmp_path: Path, t0: list[float]) -> None:
    again = back(ltf(t0=t0), tmp_path)
    assert again.t0.tolist() == t0
    assert list(again.header["REANT0"][:4]) == t0
    assert list(again.header["NT0"][:4]) == np.rint(t0).tolist()


@pytest.mark.parametrize(
    ("width", "code"), [(625e-6, 3), (1.25e-3, 4), (0.0009765625, -1), (0.39e-3, -1)]
)
def test_bin_width_is_exact_where_the_clock_code_allows(
    tmp_path: Path, width: float, code: int
) -> None:
    again = back(ltf(bin_width=width), tmp_path)
    assert again.header["KDTRES"] == code
    assert again.bin_width == (width if code > 0 else float(np.float32(width)))


@pytest.mark.parametrize(
    ("gauss", "text"),
    [(0.0, "0.000 G"), (50.0, "50.000G"), (97.912, "97.912G"), (97.9123456, "97.912346G"),
     (-3000.0, "-3000.000G"), (123456.0, "123456G"), (1e-5, "1e-05G"), (1 / 3, "0.3333333G")],
)  # fmt: skip
def test_field_in_ten_characters(tmp_path: Path, gauss: float, text: str) -> None:
    again = back(ltf(field=gauss), tmp_path)
    assert again.header["field"] == text
    assert again.field == pytest.approx(gauss, rel=1e-6)


def test_a_changed_run_keeps_the_rest_of_its_header(tmp_path: Path) -> None:
    content = bytearray(small_file())
    (tmp_path / "x.bin").write_bytes(content)
    run = read_psi_bin(tmp_path / "x.bin")
    changed = run.replace(title="another title", t0=run.t0 + 1, field=25.0)
    found = write_psi_bin(changed, tmp_path / "y.bin").read_bytes()
    touched = {*range(860, 922), *range(458, 466), *range(158, 168)}
    assert [k for k in range(len(content)) if found[k] != content[k] and k not in touched] == []
    again = read_psi_bin(tmp_path / "y.bin")
    assert (again.title, again.field) == ("another title", 25.0)
    assert again.t0.tolist() == [41, 42, 41, 42]


def test_fewer_detectors_and_bins_than_the_file_had(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(small_file())
    run = read_psi_bin(tmp_path / "x.bin")
    part = run.replace(
        counts=run.counts[:, 1:3, :300],
        labels=run.labels[1:3],
        **{name: getattr(run, name)[1:3] for name in ("t0", "first_good")},
        last_good=[299, 299],
    )
    again = back(part, tmp_path)
    assert again.warnings == ()
    np.testing.assert_array_equal(again.counts, part.counts)
    assert again.labels == ("Back", "Rite")
    assert again.header["NT0"] == (41, 40) + 14 * (0,)
    assert again.header["SCLAB_A"] == run.header["SCLAB_A"]
    assert (tmp_path / "deltat_tdc_ltf_0012.bin").stat().st_size == 1024 + 4 * 2 * 4096


def test_changed_counts_get_new_event_counts(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(small_file())
    run = read_psi_bin(tmp_path / "x.bin")
    again = back(run.replace(counts=2 * run.counts), tmp_path)
    assert again.warnings == ()
    assert again.header["TOTOLD"] == 2 * run.header["TOTOLD"]


def test_whole_numbers_as_floats_are_counts(tmp_path: Path) -> None:
    run = ltf()
    again = back(run.replace(counts=run.counts.astype(float)), tmp_path)
    np.testing.assert_array_equal(again.counts, run.counts)


def counts_with(value: float) -> np.ndarray:
    counts = small_counts()[np.newaxis].astype(float)
    counts[0, 1, 7] = value
    return counts


FOUR = ("Forw", "Back", "Rite", "Left")
REFUSED = [
    ({"source": "pulsed"}, "pulsed"),
    ({"counts": np.zeros((2, 4, 50), int)}, "2 periods"),
    ({"counts": counts_with(0.5)}, "0.5 counts in detector 2, bin 7"),
    ({"counts": counts_with(2**31)}, "above 2147483647"),
    ({"counts": np.zeros((1, 4, 40000), int)}, "40000 bins"),
    ({"number": 40000}, "run number 40000"),
    ({"bin_width": 0.5}, "bins of 0.5 µs"),
    ({"t0": [40, 41, np.nan, 40]}, "t0 at nan in detector 3"),
    ({"first_good": [40, 41, 40000, 40]}, "first good bin at 40000 in detector 3"),
    ({"title": 63 * "x"}, "63 characters, only 62"),
    ({"sample": "Cu(NO3)2(pyz)3"}, "14 characters, only 10"),
    ({"sample": "Cu₂O"}, "only Latin-1"),
    ({"sample": " Cu"}, "blanks at the ends"),
    ({"orientation": "a\0b"}, "a NUL"),
    ({"labels": ("Forward", *FOUR[1:])}, "detector label 'Forward': 7 characters, only 4"),
    ({"start": "yesterday"}, "the start 'yesterday'"),
    ({"stop": "1969-01-01T00:00:00"}, "the stop '1969"),
    ({"temperature": from_sensors(1.0, (Sensor(None, 1.0, None),) * 5)}, "5 temperature sensors"),
    ({"temperature": from_sensors(1.0, (Sensor(None, 1.0, 1e39),))}, "1e+39 K"),
    ({"temperature": from_sensors(1.0, (Sensor(None, 1.0, 0.1, 10), Sensor(None, 1.0, 0.1, 20)))},
     "a number of readings per sensor (10, 20)"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), REFUSED)
def test_what_the_format_cannot_hold_is_refused(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(MusrcuError) as caught:
        write_psi_bin(ltf(**changes), tmp_path / "x.bin")
    assert str(caught.value).startswith("PSI-BIN cannot hold ")
    assert sentence in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_seventeen_histograms_are_refused(tmp_path: Path) -> None:
    each = {name: [5] * 17 for name in ("t0", "first_good", "last_good")}
    run = ltf(counts=np.zeros((1, 17, 50), int), labels=("x",) * 17, **each)
    with pytest.raises(MusrcuError, match="17 histograms, only 1 to 16"):
        write_psi_bin(run, tmp_path / "x.bin")


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    path = write_psi_bin(ltf(), tmp_path / "x.bin")
    with pytest.raises(MusrcuError, match="is not overwritten"):
        write_psi_bin(ltf(title="another"), path)
    assert read_psi_bin(path).title == ltf().title
    write_psi_bin(ltf(title="another"), path, overwrite=True)
    assert read_psi_bin(path).title == "another"


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MusrcuError, match="cannot be written"):
        write_psi_bin(ltf(), tmp_path / "nowhere" / "x.bin")


def test_fields_do_not_overlap() -> None:
    used: list[int] = []
    for field in FIELDS.values():
        size = struct.calcsize("<" + field.code * field.count)
        used += range(field.offset, field.offset + size)
    assert len(used) == len(set(used))
    assert max(used) < 1024 == len(blank_header())
