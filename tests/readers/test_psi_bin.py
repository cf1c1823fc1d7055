"""PSI-BIN files: real ones as other programs read them, synthetic ones field by field."""

from __future__ import annotations

import datetime
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import expected_files
from psi_bin_bytes import DISTINCT, distinct_counts, distinct_file, small_counts, small_file

from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.readers.psi_bin import FORMAT, read_psi_bin
from musrcu.readers.psi_metadata import instrument_in_name
from musrcu.readers.registry import read

EXPECTED = {name: facts for name, facts in expected_files().items() if "psi-bin/" in name}
REAL = pytest.mark.parametrize("name", sorted(EXPECTED) or ["psi-bin"])


def written(folder: Path, content: bytes, name: str = "x.bin") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def run_of(folder: Path, **changes: Any) -> Run:
    return read_psi_bin(written(folder, small_file(**changes)))


# Real files -------------------------------------------------------------------------------------


@REAL
def test_real_counts(real: Path, name: str) -> None:
    facts, run = EXPECTED[name], read(real / name)
    assert run.counts.shape == (1, facts["n_histograms"], facts["n_bins"])
    assert run.counts.sum(axis=2)[0].tolist() == facts["counts_per_histogram"]
    assert run.counts.sum() == facts["total_counts"]
    assert run.counts[0][:, [0, 100, 1000, -1]].tolist() == facts["probe_bins_0_100_1000_last"]
    highest = [[int(row.max()), int(row.argmax())] for row in run.counts[0]]
    assert highest == facts["max_count_and_bin_per_histogram"]


@REAL
def test_real_bins(real: Path, name: str) -> None:
    facts, run = EXPECTED[name], read(real / name)
    n = facts["n_histograms"]
    stored = {key: list(run.header[key][:n]) for key in ("NT0", "NTINI", "NTFIN", "REANT0")}
    assert stored["NT0"] == facts["t0_bin"]
    assert stored["NTINI"] == facts["first_good_bin"]
    assert stored["NTFIN"] == facts["last_good_bin"]
    assert stored["REANT0"] == facts["t0_real_in_header"]
    assert run.t0.tolist() == facts["t0_bin"]
    assert run.first_good.tolist() == facts["first_good_bin"]
    assert run.last_good.tolist() == [min(k, facts["n_bins"]) - 1 for k in facts["last_good_bin"]]
    assert 1e3 * run.bin_width == pytest.approx(facts["bin_width_ns"], rel=1e-7)
    assert list(run.header["CNTOLD"][:n]) == facts["events_in_header_per_histogram"]
    assert run.header["TOTOLD"] == facts["events_in_header_total"]
    assert list(run.header["SCLAB_A"] + run.header["SCLAB_B"]) == facts["scaler_names"]
    assert list(run.header["SCAL_A"] + run.header["SCAL_B"]) == facts["scalers"]


@REAL
def test_real_metadata(real: Path, name: str) -> None:
    facts, run = EXPECTED[name], read(real / name)
    assert (run.facility, run.instrument) == (facts["facility"], facts["instrument"])
    assert (run.number, run.title, run.sample) == tuple(
        facts[key] for key in ("run_number", "title", "sample")
    )
    assert run.orientation == facts["orientation"]
    assert list(run.labels) == facts["histogram_labels"]
    assert run.field == float(facts["field_text"].removesuffix("G"))
    assert run.header["field"] == facts["field_text"]
    for found, key in ((run.start, "start"), (run.stop, "stop")):
        moment = datetime.datetime.strptime(facts[key], "%d-%b-%y %H:%M:%S")
        assert found == moment.isoformat()
    assert run.source == "continuous"
    assert run.dead_time is run.good_frames is None
    assert run.format == "psi-bin"


@REAL
def test_real_temperature(real: Path, name: str) -> None:
    facts, run = EXPECTED[name], read(real / name)
    means = [value for value in facts["mean_temperatures_K"] if value]
    spreads = [value or None for value in facts["std_temperatures_K"][: len(means)]]
    assert [sensor.mean for sensor in run.temperature.sensors] == means
    assert [sensor.spread for sensor in run.temperature.sensors] == spreads
    assert {sensor.n_readings for sensor in run.temperature.sensors} == {None}
    assert run.temperature.mean == means[0]
    assert run.temperature.error is None
    assert run.temperature.nominal == float(facts["temperature_text"].removesuffix("K"))


@REAL
def test_real_doubts(real: Path, name: str) -> None:
    """Real files are sound but for thermometers that disagree and a converter without labels."""
    run = read(real / name)
    means = [sensor.mean for sensor in run.temperature.sensors]
    spreads = [sensor.spread or 0 for sensor in run.temperature.sensors]
    apart = any(
        abs(means[0] - mean) > max(0.01 * max(means[0], mean), 3 * max(spreads[0], spread))
        for mean, spread in zip(means[1:], spreads[1:], strict=True)
    )
    assert any("temperature sensors" in text for text in run.warnings) == apart
    assert any("no histogram has a label" in text for text in run.warnings) == ("lem" in name)
    others = [
        text for text in run.warnings if "temperature" not in text and "has a label" not in text
    ]
    assert others == []


# Every field ------------------------------------------------------------------------------------


def test_every_field_of_the_header(tmp_path: Path) -> None:
    run = read_psi_bin(written(tmp_path, distinct_file()))
    assert set(run.header) == {*DISTINCT, "raw"}
    for name, (_, code, values) in DISTINCT.items():
        if name in ("SCLAB_A", "SCLAB_B", "HISLAB"):
            packed = values[0].decode()
            expected: Any = tuple(packed[k : k + 4] for k in range(0, len(packed), 4))
        elif code.endswith("s"):
            expected = values[0].decode().strip()
        else:
            expected = values if len(values) > 1 else values[0]
        assert run.header[name] == expected, name
    assert run.header["raw"] == distinct_file()[:1024]


def test_what_the_fields_mean(tmp_path: Path) -> None:
    run = read_psi_bin(written(tmp_path, distinct_file(), "deltat_tdc_ltf_4242.bin"))
    np.testing.assert_array_equal(run.counts[0], distinct_counts())
    assert run.bin_width == 0.0009765625
    assert run.t0.tolist() == [k + 0.25 for k in range(2, 18)]
    assert run.first_good.tolist() == list(range(18, 34))
    assert run.last_good.tolist() == [34, 35, 36] + 13 * [36]
    assert run.labels == tuple(f"h{k:03d}" for k in range(16))
    assert (run.number, run.sample, run.orientation) == (4242, "Cu(NO3)2pz", "a || beam")
    assert run.title == "a title of exactly sixty-two characters, SIMULATED, 0123456789"
    assert run.field == 3000.0
    assert (run.start, run.stop) == ("1996-02-28T23:58:07", "1996-02-29T01:02:03")
    assert (run.facility, run.instrument) == ("PSI", "LTF")
    assert run.temperature.nominal == 20.0
    assert run.temperature.mean == 20.03125
    assert run.temperature.spread == 0.0625
    assert run.temperature.error == pytest.approx(0.0625 / 50)
    assert [sensor.mean for sensor in run.temperature.sensors] == [
        20.03125, 20.0625, 20.09375, 20.125,
    ]  # fmt: skip
    assert {sensor.n_readings for sensor in run.temperature.sensors} == {2500}


def test_a_sound_file_raises_no_doubt(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    assert run.warnings == ()
    np.testing.assert_array_equal(run.counts[0], small_counts())
    assert run.last_good.tolist() == [489, 489, 494, 499]


@pytest.mark.parametrize(
    ("binwix", "code", "width"),
    [(0.0, 0, 78.125e-6), (0.0, 3, 625e-6), (0.0, 4, 1.25e-3), (0.0, 8, 20e-3),
     (0.0, 19, 390.625e-6), (0.0, 20, 781.25e-6), (0.5e-3, 3, float(np.float32(0.5e-3)))],
)  # fmt: skip
def test_bin_width(tmp_path: Path, binwix: float, code: int, width: float) -> None:
    assert run_of(tmp_path, BINWIX=binwix, KDTRES=code).bin_width == width


@pytest.mark.parametrize(
    ("coarse", "fine", "t0", "doubt"),
    [
        (40, 40.4, 40.4, False),
        (40, 39.0, 39.0, False),
        (0, 40.4, 40.4, False),
        (40, 0.0, 40.0, False),
        (40, 41.5, 40.0, True),
        (40, float("nan"), 40.0, True),
    ],
)
def test_real_valued_t0(tmp_path: Path, coarse: int, fine: float, t0: float, doubt: bool) -> None:
    spare = (0,) * 12
    run = run_of(tmp_path, NT0=(coarse, 41, 40, 41, *spare), REANT0=(fine, 41, 40, 41, *spare))
    assert run.t0.tolist() == pytest.approx([t0, 41, 40, 41], rel=1e-7)
    assert any("REANT0" in text and "histogram 1" in text for text in run.warnings) == doubt


@pytest.mark.parametrize(
    ("typed", "gauss", "doubtful"),
    [
        ("150.000G", 150.0, False),
        ("0.000 G", 0.0, False),
        ("50G", 50.0, False),
        ("-2.5 kG", -2500.0, False),
        ("0.3 T", 3000.0, False),
        ("20 mT", 200.0, False),
        (".5T", 5000.0, False),
        ("150", 150.0, True),
        ("0,3 T", 3000.0, True),
        ("10 A", None, True),
        ("ZF", None, True),
        ("1e999G", None, True),
        ("", None, False),
    ],
)
def test_field_text(tmp_path: Path, typed: str, gauss: float | None, doubtful: bool) -> None:
    run = run_of(tmp_path, field=typed.encode().ljust(10))
    assert run.field == (None if gauss is None else pytest.approx(gauss))
    assert bool(run.warnings) == doubtful
    assert run.header["field"] == typed


@pytest.mark.parametrize(
    ("typed", "kelvin", "doubtful"),
    [("6.000K", 6.0, False), ("298.0 K", 298.0, False), ("200", 200.0, False),
     ("50mK", 0.05, False), ("0,05K", 0.05, True), ("25 C", None, True), ("-3K", None, True),
     ("RT", None, True), ("", None, False)],
)  # fmt: skip
def test_temperature_text(tmp_path: Path, typed: str, kelvin: float | None, doubtful: bool) -> None:
    run = run_of(tmp_path, temperature=typed.encode().ljust(10), TEMPER=(0.0,) * 4)
    assert run.temperature.nominal == kelvin
    assert run.temperature.mean is None
    assert run.temperature.value == kelvin
    assert bool(run.warnings) == doubtful


@pytest.mark.parametrize("readings", [0, 1, 4])
def test_few_readings_are_a_number_of_sensors(tmp_path: Path, readings: int) -> None:
    run = run_of(tmp_path, MON_NV=readings)
    assert run.temperature.sensors[0].n_readings is None
    assert run.temperature.error is None


def test_the_mean_is_that_of_the_first_sensor_that_reads(tmp_path: Path) -> None:
    run = run_of(tmp_path, TEMPER=(0.0, 20.0, 0.0, 20.125), TEMDEV=(0.5, 0.0, 0.0, 0.25))
    assert run.temperature.mean == 20.0
    assert run.temperature.spread is None
    assert [(s.mean, s.spread) for s in run.temperature.sensors] == [(20.0, None), (20.125, 0.25)]


@pytest.mark.parametrize(
    ("date", "clock", "iso"),
    [("01-JAN-70", "00:00:00", "1970-01-01T00:00:00"),
     ("31-dec-69", "23:59:59", "2069-12-31T23:59:59"),
     ("07-OCT-18", "12:30:01", "2018-10-07T12:30:01"),
     ("31-FEB-18", "12:30:01", None), ("01-OKT-18", "12:30:01", None),
     ("07-OCT-18", "25:00:00", None), ("", "", None)],
)  # fmt: skip
def test_two_digit_years(tmp_path: Path, date: str, clock: str, iso: str | None) -> None:
    typed = {"stop date": date.encode().ljust(9), "stop time": clock.encode().ljust(8)}
    run = run_of(tmp_path, **typed)
    assert run.stop == iso
    assert any("stop of the run" in text for text in run.warnings) == (iso is None)


@pytest.mark.parametrize(
    ("name", "instrument"),
    [
        ("deltat_tdc_gps_0432.bin", "GPS"),
        ("deltat_pta_ltf_2340.bin", "LTF"),
        ("ltf_0001.bin", "LTF"),
        ("deltat_DOLLY_1020.bin", "Dolly"),
        ("deltat_pta_gpd_0423.bin", "GPD"),
        ("deltat_tdc_alc_0423.bin", "ALC"),
        ("tdc_hifi_2014_00153.bin", "HAL-9500"),
        ("deltat_tdc_flame_2022_0423.bin", "FLAME"),
        ("lem_run210_2019.bin", "LEM"),
        ("deltat_ccr_0012.bin", None),
        ("problem_gpsx_1.bin", None),
        ("deltat_ltf_gps_0012.bin", None),
    ],
)
def test_instrument_from_the_file_name(name: str, instrument: str | None) -> None:
    assert instrument_in_name(Path("tdc_gps_2019") / name) == instrument


# Refusals and doubt -----------------------------------------------------------------------------

ERRORS = [
    ({"FMT_ID": b"2N"}, 0, "FMT_ID = '2N'"),
    ({"NUMHIS": 0}, 30, "NUMHIS = 0, expected 1 to 16"),
    ({"NUMHIS": 17}, 30, "NUMHIS = 17"),
    ({"LENHIS": 0}, 28, "LENHIS = 0"),
    ({"LENHIS": -32000}, 28, "LENHIS = -32000"),
    ({"KHIDAF": 2}, 134, "KHIDAF = 2"),
    ({"LENDAF": 0}, 130, "LENDAF = 0"),
    ({"LENDAF": 4097}, 130, "LENDAF = 4097"),
    ({"KDAFHI": 1}, 132, "KDAFHI = 1, expected at least 2 records for the 500 bins"),
    ({"NUMDAF": 7}, 128, "NUMDAF = 7, expected at least 8 records"),
    ({"NUMDAF": 9}, 9216, "data block ends early: expected 9216 bytes, found 8192"),
    ({"BINWIX": 0.0}, 1012, "KDTRES = -1 give no bin width"),
    ({"BINWIX": 0.0, "KDTRES": 9}, 1012, "a bin width of 0.04 µs, expected 10 ps to 20 ns"),
    ({"BINWIX": -0.001}, 1012, "a bin width of -0.001 µs"),
    ({"BINWIX": float("nan")}, 1012, "BINWIX = nan"),
    ({"BINWIX": 5e-6}, 1012, "a bin width of 5e-06 µs"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "offset", "sentence"), ERRORS)
def test_refused(tmp_path: Path, changes: dict[str, Any], offset: int, sentence: str) -> None:
    path = written(tmp_path, small_file(**changes))
    with pytest.raises(ReadError) as caught:
        read_psi_bin(path)
    assert str(caught.value).startswith(f"{path} at byte {offset}: ")
    assert sentence in str(caught.value)


def test_a_cut_header_names_what_was_expected(tmp_path: Path) -> None:
    path = written(tmp_path, small_file()[:512])
    with pytest.raises(ReadError) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path} at byte 512: header ends early: expected 1024 bytes, found 512"
    )


def test_negative_counts_are_refused(tmp_path: Path) -> None:
    content = bytearray(small_file())
    place = 1024 + 4 * (2 * 512 + 123)
    struct.pack_into("<i", content, place, -1)
    with pytest.raises(ReadError, match=rf"byte {place}: histogram 3, bin 123 \(from 0\) holds -1"):
        read_psi_bin(written(tmp_path, bytes(content)))


def four(*values: float) -> tuple[float, ...]:
    return (*values, *(0,) * 12)


DOUBTS = [
    ({"FMT_ID": b"1M"}, "calls itself '1M'"),
    ({"NRUN": -3}, "run number -3 is negative"),
    ({"BINWIX": 0.0, "KDTRES": 20}, "KDTRES = 20"),
    ({"HISLAB": bytes(64)}, "no histogram has a label"),
    ({"NT0": four(40, 0, 40, 41)}, "t0 is 0, never set, in histogram 2"),
    ({"NT0": four(40, 41, 500, 41)}, "t0 lies outside the histogram in histogram 3"),
    ({"NT0": four(-1, 41, 40, -5)}, "t0 lies outside the histogram in histograms 1, 4"),
    ({"NT0": four(40, 45, 40, 41)}, "the first good bin lies before t0 in histogram 2"),
    ({"NTFIN": four(43, 490, 495, 500)}, "last good bin is not behind the first in histogram 1"),
    ({"NTFIN": four(490, 490, 495, 501)}, "the last good bin lies behind the histogram"),
    ({"start date": b"32-FEB-96"}, "the start of the run, '32-FEB-96 23:58:07'"),
    ({"start date": b"01-MAR-96"}, "stops (1996-02-29T01:02:03) before it starts"),
    ({"NUMDAF": 8, "LENDAF": 250}, "header declares 9024"),
    ({"TEMPER": (20.0, 25.0, 0.0, 0.0)}, "temperature sensors read 20, 25 K"),
    ({"TEMPER": (25.0, 25.0, 0.0, 0.0)}, "mean temperature 25 K differs from the set point 20 K"),
    ({"TEMPER": (20.0, -1.0, 0.0, 0.0)}, "a temperature sensor reads -1 K"),
    ({"TOTOLD": 5}, "the total of the header, 5 events"),
    ({"CNTOLD": four(1, 2, 3, 4), "TOTOLD": 10}, "fit histograms 1, 2, 3, 4 (histogram 1: 1 in"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), DOUBTS)
def test_doubt_is_a_warning(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    assert any(sentence in text for text in run_of(tmp_path, **changes).warnings)


def test_disagreement_within_three_spreads_is_none(tmp_path: Path) -> None:
    sensors = {"TEMPER": (20.0, 25.0, 0.0, 0.0), "TEMDEV": (1.7, 0.1, 0.0, 0.0)}
    assert run_of(tmp_path, **sensors).warnings == ()


def test_trailing_bytes_and_dirty_padding(tmp_path: Path) -> None:
    content = bytearray(small_file() + b"tail")
    struct.pack_into("<i", content, 1024 + 4 * (512 + 505), 9)
    run = read_psi_bin(written(tmp_path, bytes(content)))
    assert run.warnings == (
        "the padding behind the bins of histogram 2 is not zero",
        "the file has 9220 bytes, its header declares 9216",
    )
    np.testing.assert_array_equal(run.counts[0], small_counts())


@pytest.mark.parametrize("detector", range(4))
def test_a_changed_count_is_a_warning(tmp_path: Path, detector: int) -> None:
    counts = small_counts()
    content = bytearray(small_file(counts))
    place = 1024 + 4 * (detector * 512 + 200)
    struct.pack_into("<i", content, place, int(counts[detector, 200]) + 1)
    run = read_psi_bin(written(tmp_path, bytes(content)))
    assert any(
        "event counts" in text and f"histogram {detector + 1}" in text for text in run.warnings
    )


def test_converters_count_all_bins(tmp_path: Path) -> None:
    sums = small_counts().sum(axis=1).tolist()
    assert run_of(tmp_path, CNTOLD=four(*sums), TOTOLD=sum(sums)).warnings == ()


def test_a_changed_count_cannot_hide_behind_the_other_rule(tmp_path: Path) -> None:
    """In a converter's file the bins outside the good ones may be worth just the change."""
    counts = small_counts()
    sums = counts.sum(axis=1).tolist()
    content = bytearray(small_file(counts, CNTOLD=four(*sums), TOTOLD=sum(sums)))
    outside = sums[0] - int(counts[0, 42:490].sum())
    struct.pack_into("<i", content, 1024 + 4 * 200, int(counts[0, 200]) + outside)
    run = read_psi_bin(written(tmp_path, bytes(content)))
    assert any("do not fit histogram 1 " in text for text in run.warnings)


def test_event_counts_may_overflow(tmp_path: Path) -> None:
    counts = small_counts()
    counts[:3, 200] = 2**30
    events = [int(row[a - 1 : b].sum()) for row, a, b in zip(
        counts, (43, 44, 43, 44), (490, 490, 495, 500), strict=True)]  # fmt: skip
    total = (sum(events) + 2**31) % 2**32 - 2**31
    assert total < 0
    path = written(tmp_path, small_file(counts, CNTOLD=four(*events), TOTOLD=total))
    assert read_psi_bin(path).warnings == ()


def test_sniffer() -> None:
    for head, ours in ((b"1N\xff\xff", True), (b"1M", True), (b"M3", False), (b"10 20", False),
                       (b"1", False), (b"", False), (b"1n", False)):  # fmt: skip
        assert FORMAT.sniff(head, Path("x.bin")) is ours
