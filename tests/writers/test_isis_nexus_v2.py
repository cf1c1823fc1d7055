"""Runs as ISIS muon NeXus version 2: what is written reads back, and looks as ISIS files do."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from conftest import expected_files
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import musrcu as mu
from musrcu.containers.history import Step
from musrcu.containers.log import Log
from musrcu.containers.temperature import Sensor, Temperature, from_sensors
from musrcu.readers.isis_nexus_v2 import read_isis_nexus_v2
from musrcu.writers.isis_nexus_v2 import write_isis_nexus_v2

TEXTS = ("title", "sample", "comment", "instrument", "orientation")


def made(**changes: Any) -> mu.Run:
    """A run of 2 periods, 3 detectors and 50 bins with everything that a Run can hold."""
    sensors = (Sensor("Temp_Sample", 12.34, 0.01, 7), Sensor(None, 12.1, None, None))
    fields: dict[str, Any] = {
        "counts": np.arange(300).reshape(2, 3, 50) % 91,
        "bin_width": 0.016,
        "t0": [9.5, 9.5, 9.5],
        "first_good": [23, 23, 23],
        "last_good": [49, 49, 49],
        "labels": ("", "", ""),
        "source": "pulsed",
        "facility": "ISIS",
        "instrument": "EMU",
        "number": 114062,
        "title": "Quartz T=290 F=2",
        "sample": "Quartz",
        "orientation": "l",
        "comment": "15 µm of Äg; «more»",
        "temperature": from_sensors(12.3, sensors),
        "field": -2.0,
        "start": "2021-06-07T11:27:27",
        "stop": "2021-06-07T11:34:53",
        "dead_time": [[0.01, 0.011, -0.002], [0.01, 0.011, 0.1 + 0.2]],
        "good_frames": [17752, 17750],
        "period_labels": ("Laser on", "Laser off"),
        "grouping": [1, 2, 0],
        "logs": {"Temp_Sample": Log("Temp_Sample", [-3.0, 0.1, 5.5], [12.0, 12.4, 12.3], "K")},
    }
    return mu.Run(**fields | changes)


def written(run: mu.Run, folder: Path) -> mu.Run:
    return read_isis_nexus_v2(write_isis_nexus_v2(run, folder / "a.nxs", overwrite=True))


def assert_same(back: mu.Run, run: mu.Run) -> None:
    """Every field of the two that a file can hold."""
    assert np.array_equal(back.counts, run.counts)
    assert back.bin_width == run.bin_width
    for name in ("t0", "first_good", "last_good", "dead_time", "good_frames", "grouping"):
        mine, other = getattr(run, name), getattr(back, name)
        assert (mine is None) == (other is None), name
        assert mine is None or np.array_equal(mine, other), name
    names = ("labels", "period_labels", "source", "facility", "number", "field", "start", "stop")
    for name in (*names, *TEXTS):
        assert getattr(back, name) == getattr(run, name), name
    assert dataclasses.replace(back.temperature, log=None) == dataclasses.replace(
        run.temperature, log=None
    )
    assert set(back.logs) == set(run.logs)
    for name, log in run.logs.items():
        assert np.array_equal(back.logs[name].seconds, log.seconds)
        assert np.array_equal(back.logs[name].values, log.values)
        assert back.logs[name].unit == log.unit


def test_a_full_run_reads_back(tmp_path: Path) -> None:
    run = made()
    back = written(run, tmp_path)
    assert_same(back, run)
    assert back.warnings == ()


def test_each_detector_with_its_own_times(tmp_path: Path) -> None:
    run = made(t0=[9.25, 10.0, 301 / 7], first_good=[10, 23, 44], last_good=[49, 48, 47])
    assert_same(written(run, tmp_path), run)


def test_a_continuous_run_keeps_labels_and_sensors(samples: Path, tmp_path: Path) -> None:
    for number in (1, 21):
        run = mu.read(samples / f"deltat_tdc_ltf_{number:04d}.bin")
        back = written(run, tmp_path)
        assert_same(back, run)
        assert back.warnings == ()
        assert back.labels == ("Forw", "Back", "Rite", "Left")
        assert len(back.temperature.sensors) == 2


def test_header_history_and_doubts_are_kept_as_text(samples: Path, tmp_path: Path) -> None:
    run = mu.read(samples / "deltat_tdc_ltf_0001.bin")
    run = run.replace(step=Step("add_runs", "alone"), warnings=("odd", "\ud800"))
    with h5py.File(write_isis_nexus_v2(run, tmp_path / "a.nxs")) as file:
        process = file["raw_data_1/process"]
        header = json.loads(process["header/data"][0])
        assert header["FMT_ID"] == "1N" and header["NUMHIS"] == 4
        assert header.keys() == run.header.keys() - {"raw"}
        assert process["original_file"][0] == b"deltat_tdc_ltf_0001.bin"
        assert process["step_1/data"][0] == b"add_runs(): alone"
        assert process["warning_2/data"][0] == b"\\ud800"


def test_little_is_known(tmp_path: Path) -> None:
    run = mu.Run(
        counts=np.ones((1, 1, 2), dtype=int), bin_width=0.1, t0=[0.0], first_good=[0],
        last_good=[1], labels=("",), source="continuous",
    )  # fmt: skip
    back = written(run, tmp_path)
    assert_same(back, run)
    assert back.temperature == Temperature()


texts = st.none() | st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Z")), min_size=1, max_size=12
)
kelvins = st.none() | st.floats(0, 1e4)


@st.composite
def runs(draw: st.DrawFn) -> mu.Run:
    periods, detectors, bins = draw(
        st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(2, 40))
    )
    most = draw(st.sampled_from([1, 255, 2**31 - 1, 2**40]))
    seed = np.random.default_rng(draw(st.integers(0, 2**32)))
    first = draw(st.integers(0, bins - 2))
    each = st.lists(
        st.floats(-0.4, bins - 1.0) | st.integers(0, bins - 1).map(float),
        min_size=detectors, max_size=detectors,
    )  # fmt: skip
    halves = st.integers(0, 2 * bins - 2).map(lambda number: number / 2)
    one_t0 = draw(st.floats(-0.4, bins - 1.0) | halves)
    mean = draw(st.none() | st.floats(0.001, 1e3))
    label = st.text(st.characters(whitelist_categories=("L", "Nd")), max_size=6)
    return made(
        counts=seed.integers(0, most, (periods, detectors, bins), endpoint=True),
        bin_width=draw(
            st.sampled_from([0.016, 0.0009765625, 0.2862480309036025]) | st.floats(1e-5, 1)
        ),
        t0=draw(st.just([one_t0] * detectors) | each),
        first_good=np.full(detectors, first),
        last_good=seed.integers(first + 1, bins, detectors),
        labels=tuple(draw(label) for _ in range(detectors)),
        source=draw(st.sampled_from(["pulsed", "continuous"])),
        facility=draw(st.sampled_from(["ISIS", "PSI", "TRIUMF"])),
        number=draw(st.none() | st.integers(1, 2**31 - 1)),
        dead_time=draw(st.none() | st.just(seed.uniform(0.001, 0.02, (periods, detectors)))),
        good_frames=draw(st.none() | st.just(seed.integers(1, 10**6, periods))),
        grouping=draw(st.none() | st.just(seed.integers(1, 3, detectors))),
        period_labels=tuple(draw(label) for _ in range(periods)),
        field=draw(st.none() | st.floats(-1e5, 1e5)),
        temperature=Temperature(draw(kelvins), mean, draw(kelvins) if mean else None, None),
        **{name: draw(texts) for name in TEXTS},
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(run=runs())
def test_any_run_reads_back(run: mu.Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert_same(written(run, tmp_path_factory.getbasetemp()), run)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"counts": np.full((2, 3, 50), 0.5)}, r"0\.5 counts in period 1, detector 1, bin 0"),
        ({"counts": np.full((2, 3, 50), 2**40 + 1)}, "above 1099511627776; write the raw run"),
        ({"variance": np.ones((2, 3, 50))}, "counts that were corrected"),
        ({"last_good": [49, 50, 49]}, r"good bins 23 to 50 \(from 0\) in detector 2 of 50 bins"),
        ({"first_good": [23, 23, 49]}, "good bins 49 to 49"),
        ({"t0": [9.5, 1e6, 9.5]}, "t0 at bin 1e.06 in detector 2"),
        ({"title": " blank"}, "blanks at the ends of, or a NUL in, the title"),
        ({"comment": "a\0b"}, "NUL in, the comment"),
        ({"sample": "\ud800"}, "no Unicode text"),
        ({"start": "yesterday"}, "the start 'yesterday', only an ISO 8601 time"),
        ({"period_labels": ("a;b", "")}, "semicolon in the period label"),
        ({"dead_time": np.full((2, 3), np.nan)}, "dead times that are not finite"),
        (
            {"instrument": "E" * 70_000},
            "as long_name of /raw_data_1/instrument/detector_1/counts: 70000 b",
        ),
        ({"logs": {"a/b": Log("a/b", [0.0], [1.0])}}, "a log called 'a/b'"),
    ],
)
def test_what_the_format_cannot_hold(changes: dict[str, Any], text: str, tmp_path: Path) -> None:
    with pytest.raises(mu.MusrcuError, match=text) as caught:
        write_isis_nexus_v2(made(**changes), tmp_path / "a.nxs")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(mu.MusrcuError, match="there is no folder"):
        write_isis_nexus_v2(made(), tmp_path / "none" / "a.nxs")


def test_corrected_counts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(mu.MusrcuError, match="write the raw run"):
        write_isis_nexus_v2(mu.correct_dead_time(made()), tmp_path / "a.nxs")


def test_the_tree_is_that_of_the_definition(tmp_path: Path) -> None:
    """Looked at with h5py: types, units and the base of the bin numbers."""
    run = made().replace(step=Step("add_runs", "runs 1 and 2"))
    path = write_isis_nexus_v2(run, tmp_path / "a.nxs")
    with h5py.File(path) as file:
        entry = file["raw_data_1"]
        detector = entry["instrument/detector_1"]
        counts = detector["counts"]
        assert (entry["IDF_version"][0], entry["definition"][0]) == (2, b"pulsedTD")
        assert (entry["program_name"][0], entry["program_name"].attrs["version"]) == (
            b"musrcu", mu.__version__.encode(),
        )  # fmt: skip
        assert (counts.dtype, counts.compression, counts.shape) == (np.int32, "gzip", (2, 3, 50))
        base = {name: int(counts.attrs[f"{name}_bin"]) for name in ("t0", "first_good")}
        assert base == {"t0": 10, "first_good": 24}  # as in files of EMU with these times
        assert counts.attrs["last_good_bin"] == 50
        assert (detector["resolution"][0], detector["resolution"].dtype) == (16000, np.int32)
        assert detector["time_zero"][0] == pytest.approx(0.16)
        np.testing.assert_allclose(detector["raw_time"][:], 0.016 * np.arange(51), atol=1e-12)
        np.testing.assert_allclose(
            detector["corrected_time"][:], 0.016 * (np.arange(50) + 0.5) - 0.16, atol=1e-12
        )
        assert entry["detector_1/counts"] == counts
        assert entry["good_frames"][0] == 17752 + 17750
        assert entry["periods/labels"][0] == b"Laser on;Laser off"
        assert entry["process/step_1/data"][0] == b"add_runs(): runs 1 and 2"
        strings = []
        file.visititems(
            lambda name, node: strings.extend(
                [name]
                * (isinstance(node, h5py.Dataset) and h5py.check_vlen_dtype(node.dtype) is not None)
                + [name for key in node.attrs if node.attrs.get_id(key).dtype.kind == "O"]
            )
        )
        assert strings == []  # texts of fixed length throughout


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    first = write_isis_nexus_v2(made(), tmp_path / "a.nxs").read_bytes()
    assert write_isis_nexus_v2(made(), tmp_path / "a.nxs", overwrite=True).read_bytes() == first


def test_second_log_of_a_name(tmp_path: Path) -> None:
    logs = {
        "count_rate": Log("count_rate", [0.0, 1.0], [3.0, 4.0], None),
        "runlog/count_rate": Log("count_rate", [0.0, 2.0], [5.0, 6.0], "MeV"),
    }
    run = made(logs=logs)
    assert_same(written(run, tmp_path), run)


def test_half_a_bin_stays_half_a_bin(tmp_path: Path) -> None:
    """Or the detectors of a group are shifted by another whole number of bins."""
    for first in np.arange(100.5, 400.5, 7.0):
        t0 = [first, first + 0.5, first]
        counts = np.arange(3000).reshape(1, 3, 1000) % 89
        run = made(
            counts=counts, bin_width=0.00125, t0=t0, first_good=[410] * 3, last_good=[999] * 3,
            dead_time=None, good_frames=None, period_labels=("",),
        )  # fmt: skip
        back = written(run, tmp_path)
        assert back.t0.tolist() == t0
        how = mu.Reduction(
            alpha=1.0, forward="1,2", backward="3", dead_time="none", background="none"
        )
        assert np.array_equal(mu.reduce(back, how).value, mu.reduce(run, how).value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("time_zero", 0.25, "t0 is 9.5 bins, time_zero gives 15.125 bins, which is used"),
        ("t0", 15.125, "t0 is 15.125 bins, time_zero gives 9.5 bins, which is used"),
        ("t0", np.nan, "t0 is nan bins, time_zero gives 9.5 bins, which is used"),
        ("bin_width", 0.02, "bin_width is 0.02 us, resolution gives 0.016 us, which is used"),
    ],
)
def test_times_that_another_program_has_changed(
    tmp_path: Path, name: str, value: float, said: str
) -> None:
    path = write_isis_nexus_v2(made(), tmp_path / "a.nxs")
    with h5py.File(path, "r+") as file:
        file[f"raw_data_1/instrument/detector_1/{name}"][0] = value
    back = read_isis_nexus_v2(path)
    assert any(text.endswith(said) for text in back.warnings)
    assert back.bin_width == 0.016
    np.testing.assert_allclose(back.t0, 15.125 if name == "time_zero" else 9.5, atol=1e-9)


def test_times_of_our_own_are_trusted_in_our_own_files_alone(tmp_path: Path) -> None:
    path = write_isis_nexus_v2(made(), tmp_path / "a.nxs")
    with h5py.File(path, "r+") as file:
        file["raw_data_1/process/program"][0] = b"other"
        file["raw_data_1/instrument/detector_1/t0"][0] = 15.0
    back = read_isis_nexus_v2(path)
    assert not any("t0 is" in text for text in back.warnings)
    np.testing.assert_allclose(back.t0, 9.5, atol=1e-9)


EXTRAS = {"isis-hdf4": "pyhdf", "musrroot": "uproot"}


@pytest.mark.parametrize("name", sorted(expected_files()) or ["any"])
def test_every_real_file_reads_back(real: Path, tmp_path: Path, name: str) -> None:
    pytest.importorskip(EXTRAS.get(name.split("/")[0], "h5py"))
    try:
        run = mu.read(real / name)
    except mu.ReadError:
        pytest.skip(f"{name} is refused by its reader, as the tests of that say")
    assert_same(written(run, tmp_path), run)
