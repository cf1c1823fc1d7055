"""Logs of ISIS NeXus files: built ones against means by hand, real ones against their readings."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from nexus_tree import ENTRY, RUN, SAMPLE, small_old_tree, write_tree

from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.readers import isis_logs
from musrcu.readers.registry import read

START = "2021-06-07T11:27:27"
DAY = 86400


def log_at(where: str, seconds: Any, values: Any, **changes: Any) -> dict[str, Any]:
    """A log at a place, ``units`` and ``start`` of which may be changed; None leaves one out."""
    known = {"units": "K", "time_units": "second", "start": START, "field": "value"} | changes
    return {
        f"{where}/time": np.asarray(seconds),
        f"{where}/time@units": known["time_units"],
        f"{where}/time@start": known["start"],
        f"{where}/{known['field']}": np.asarray(values),
        f"{where}/{known['field']}@units": known["units"],
    }


def block(name: str) -> str:
    return f"{ENTRY}/selog/{name}/value_log"


def run_of(folder: Path, *logs: dict[str, Any]) -> Run:
    at: dict[str, Any] = {}
    for log in logs:
        at |= log
    return read(write_tree(folder, at))


def test_mean_by_hand(tmp_path: Path) -> None:
    """300 K from 20 s before the run until 10 s, then 310 K for 30 s, then 290 K to the end."""
    run = run_of(tmp_path, log_at(block("Temp_Sample"), [-20, 10, 40], [300, 310, 290]))
    log = run.logs["Temp_Sample"]
    assert (log.name, log.unit) == ("Temp_Sample", "K")
    assert log.seconds.tolist() == [-20, 10, 40]
    found = log.during(0.0, 100.0)
    assert found is not None
    mean = (10 * 300 + 30 * 310 + 60 * 290) / 100
    spread = (
        (10 * (300 - mean) ** 2 + 30 * (310 - mean) ** 2 + 60 * (290 - mean) ** 2) / 100
    ) ** 0.5
    assert found.mean == pytest.approx(mean, rel=1e-12) == 297
    assert found.spread == pytest.approx(spread, rel=1e-12)
    assert (found.n_readings, found.lowest, found.highest) == (3, 290, 310)
    known = run.temperature.with_log(log, 100.0)
    assert (known.nominal, known.mean) == (4.2, pytest.approx(297))


@pytest.mark.parametrize(
    "unit, factor", [("second", 1), ("s", 1), ("ms", 1e-3), ("ns", 1e-9), (None, 1), ("kelvin", 1)]
)
def test_unit_of_the_times(tmp_path: Path, unit: str | None, factor: float) -> None:
    """A file of 1999 gives its times in kelvin: they are seconds."""
    run = run_of(tmp_path, log_at(block("x"), [-1.5, 3], [1, 2], time_units=unit))
    assert run.logs["x"].seconds == pytest.approx(np.array([-1.5, 3]) * factor)


@pytest.mark.parametrize(
    "start, of_run, shift",
    [
        (START, START, 0),
        ("2021-06-07T11:26:27", START, -60),
        ("2021-06-07 11:28:27", START, 60),
        (None, START, 0),
        (START, None, 0),
        ("2021-06-07T11:26:27+01:00", START, -60),  # a zone on one side only: the same clock
        ("2021-06-07T11:26:27", f"{START}Z", -60),
        ("2021-06-07T12:26:27+01:00", f"{START}+00:00", -60),
    ],
)
def test_start_of_the_log(
    tmp_path: Path, start: str | None, of_run: str | None, shift: float
) -> None:
    log = log_at(block("x"), [1, 2], [1, 2], start=start)
    run = run_of(tmp_path, log, {f"{ENTRY}/start_time": of_run})
    assert run.logs["x"].seconds.tolist() == [1 + shift, 2 + shift]


def test_a_log_of_unknown_start_is_left_out(tmp_path: Path) -> None:
    """Its readings cannot be put beside the run; the others can."""
    lost = log_at(block("lost"), [1], [2], start="soon")
    assert list(run_of(tmp_path, lost, log_at(block("x"), [1], [2])).logs) == ["x"]


def test_what_is_left_out(tmp_path: Path) -> None:
    valid = log_at(block("valid"), [1, 2, 3, 4], [1, np.nan, 3, np.inf])
    marked = log_at(block("marked"), [1, 2, 3], [1, 2, 3])
    marked[f"{block('marked')}/value_valid"] = np.array([1, 0, 1])
    odd = log_at(block("odd_marks"), [1, 2], [1, 2])
    odd[f"{block('odd_marks')}/value_valid"] = np.array([0])
    text = log_at(f"{ENTRY}/runlog/icp_event", [1, 2], np.array([b"BEGIN", b"END"]))
    lengths = log_at(block("lengths"), [1, 2, 3], [1, 2])
    nothing = log_at(block("nothing"), [1, 2], [np.nan, np.nan])
    empty = log_at(block("empty"), np.zeros(0), np.zeros(0))
    never = log_at(block("never"), [np.nan, 5], [1, 2])
    run = run_of(tmp_path, valid, marked, odd, text, lengths, nothing, empty, never)
    found = {name: (log.seconds.tolist(), log.values.tolist()) for name, log in run.logs.items()}
    assert found == {
        "valid": ([1, 3], [1, 3]),
        "marked": ([1, 3], [1, 3]),
        "odd_marks": ([1, 2], [1, 2]),
        "never": ([5], [2]),
    }


def test_order_of_time(tmp_path: Path) -> None:
    run = run_of(tmp_path, log_at(block("x"), [5, 1, 3], [50, 10, 30]))
    assert run.logs["x"].seconds.tolist() == [1, 3, 5]
    assert run.logs["x"].values.tolist() == [10, 30, 50]


def test_one_name_twice(tmp_path: Path) -> None:
    """The block of the sample environment keeps the name; both are there."""
    run = run_of(
        tmp_path,
        log_at(f"{ENTRY}/runlog/period", [1, 2], [1, 2], units="none"),
        log_at(block("period"), [1, 2], [7, 8]),
        log_at(f"{ENTRY}/runlog/count_rate", [1], [3]),
    )
    found = {name: log.values.tolist() for name, log in run.logs.items()}
    assert found == {"period": [7, 8], "runlog/period": [1, 2], "count_rate": [3]}
    assert run.logs["runlog/period"].name == "runlog/period"


@pytest.mark.parametrize("kind", ["soft", "hard", "none"])
def test_a_link_is_no_second_log(tmp_path: Path, kind: str) -> None:
    log = log_at(block("Temp_Sample"), [1, 2], [4, 5])
    path = write_tree(tmp_path, log)
    place = f"{SAMPLE}/temperature_log"
    with h5py.File(path, "r+") as file:
        original = file[f"{ENTRY}/selog/Temp_Sample"]
        if kind == "soft":
            file[place] = h5py.SoftLink(f"/{ENTRY}/selog/Temp_Sample")
        elif kind == "hard":
            original.attrs["target"] = np.bytes_(f"/{ENTRY}/selog/Temp_Sample")
            file[place] = original
        else:
            file.copy(original, place)
    names = {"Temp_Sample"} if kind != "none" else {"Temp_Sample", "temperature_log"}
    assert set(read(path).logs) == names


def test_blocks_with_their_own_values_and_without_a_log(tmp_path: Path) -> None:
    run = run_of(
        tmp_path,
        {f"{ENTRY}/selog/idle/value": np.array([1.0]), f"{ENTRY}/selog/idle/setpoint": 3.0},
        log_at(f"{SAMPLE}/temperature_1_env/Temp_D", [1], [2], units=None),
    )
    assert {name: log.unit for name, log in run.logs.items()} == {"Temp_D": None}


def test_version_1(tmp_path: Path) -> None:
    where = f"{RUN}/temperature_log_1"
    at = log_at(where, [1, 2], [90, 91], start=None, field="values")
    at |= {f"{where}/name": np.array([b"Temp_Sample"]), f"{where}/name@available": np.int32(2)}
    linked = {f"{RUN}/sample/temperature_log_1": h5py.SoftLink(f"/{where}")}
    field = log_at(f"{RUN}/Field_Danfysik", [1, 2], [1398, 1399], start=None, field="values")
    placeholder = log_at(f"{RUN}/event_log_1", [1, 1, 1], [1, 1, 1], start=None, field="values")
    placeholder |= {
        f"{RUN}/event_log_1/name": np.array([b"ISIS beam"]),
        f"{RUN}/event_log_1/name@available": np.int32(0),
    }
    text = log_at(f"{RUN}/ICPevent", [1, 2], np.full((2, 62), b"x"), start=None, field="values")
    run = read(write_tree(tmp_path, at | linked | field | placeholder | text, small_old_tree()))
    assert {name: log.values.tolist() for name, log in run.logs.items()} == {
        "Temp_Sample": [90, 91],
        "Field_Danfysik": [1398, 1399],
    }
    # the data acquisition wrote K on every log
    assert (run.logs["Temp_Sample"].unit, run.logs["Field_Danfysik"].unit) == ("K", None)


@pytest.mark.parametrize(
    "seconds, expected",
    [
        (
            [0, 50_000, -36_000, 40_000, -46_000, 30_000],
            [0, 50_000, DAY - 36_000, DAY + 40_000, 2 * DAY - 46_000, 2 * DAY + 30_000],
        ),
        # as in a file of 1999: after two midnights a copy of the beginning
        (
            [5, 47848, -38546, 57153, -29240, 56856, 4, 229660],
            [5, 47848, DAY - 38546, DAY + 57153, 2 * DAY - 29240, 2 * DAY + 56856, 4, 229660],
        ),
        ([10, 5, 20], [10, 5, 20]),
    ],
)
def test_midnight_in_version_1(tmp_path: Path, seconds: list[float], expected: list[float]) -> None:
    """Times of day, of which one is the start, until the programs of 2006."""
    values = np.arange(1.0, len(seconds) + 1)
    at = log_at(f"{RUN}/x", seconds, values, start=None, field="values")
    log = read(write_tree(tmp_path, at, small_old_tree())).logs["x"]
    order = np.argsort(expected, kind="stable")
    assert log.seconds.tolist() == [expected[k] for k in order]
    assert log.values.tolist() == [values[k] for k in order]


@pytest.mark.parametrize("unit, kept", [("kelvin", [300, 301]), ("K", [0, 300, 301, 0])])
def test_marks_at_the_ends_of_the_oldest_logs(tmp_path: Path, unit: str, kept: list[float]) -> None:
    """Programs of before 2006 end a log with 0; later ones log a heater that gives 0."""
    values = [0, 300, 301, 0]
    at = log_at(f"{RUN}/temp", [0, 1, 2, 3], values, units=unit, start=None, field="values")
    assert read(write_tree(tmp_path, at, small_old_tree())).logs["temp"].values.tolist() == kept


# Read later -------------------------------------------------------------------------------------


def test_nothing_is_read_before_it_is_looked_at(tmp_path: Path) -> None:
    run = run_of(tmp_path, log_at(block("x"), [1], [2]))
    assert "not read yet" in repr(run.logs) and "not read yet" in repr(run.header)
    assert list(run.logs) == ["x"]
    assert "not read yet" in repr(run.header) and "not read yet" not in repr(run.logs)


@pytest.mark.parametrize("part", ["logs", "header"])
def test_a_changed_file_is_refused(tmp_path: Path, part: str) -> None:
    run = run_of(tmp_path, log_at(block("x"), [1], [2]))
    path = tmp_path / "small.nxs"
    about = path.stat()
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns + 1000))
    with pytest.raises(ReadError, match="has changed since the run was read") as caught:
        len(getattr(run, part))
    assert str(path) in str(caught.value)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    with path.open("ab") as stream:
        stream.write(b"\0")
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    with pytest.raises(ReadError, match="has changed since the run was read"):
        len(getattr(run, part))
    path.unlink()
    with pytest.raises(ReadError, match=r"small\.nxs cannot be opened: No such file"):
        len(getattr(run, part))


def test_another_directory_and_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(tmp_path, log_at(block("x"), [1], [2]))
    monkeypatch.chdir(tmp_path)
    run = read("small.nxs")
    monkeypatch.chdir("/")
    again = pickle.loads(pickle.dumps(run))  # noqa: S301 -- our own bytes
    assert "not read yet" in repr(again.logs)
    assert again.logs["x"].values.tolist() == [2]
    assert dict(again.header) == dict(run.header)


@pytest.mark.parametrize("where", [f"{ENTRY}/selog", block("x"), f"{block('x')}/value"])
def test_damage_leaves_the_other_logs(tmp_path: Path, where: str) -> None:
    logs = log_at(block("x"), [1], [2]) | log_at(f"{ENTRY}/runlog/y", [1], [3])
    kept = {place: value for place, value in logs.items() if not place.startswith(where)}
    for number, damage in enumerate(
        (h5py.SoftLink(f"/{where}"), h5py.ExternalLink("/etc/hosts", "/"), np.zeros(3, "V5"))
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert list(read(write_tree(folder, kept | {where: damage})).logs) == ["y"]


def test_logs_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tree(tmp_path, log_at(block("small"), [1], [2]))
    with h5py.File(path, "r+") as file:
        for name in ("time", "value"):
            where = f"{block('large')}/{name}"
            file.create_dataset(where, (isis_logs.LONG // 8 + 1,), "f8", chunks=(4096,))
    assert list(read(path).logs) == ["small"]
    path = write_tree(tmp_path, log_at(block("x"), np.arange(9.0), np.arange(9.0)))
    monkeypatch.setattr(isis_logs, "MOST", 100)
    assert list(read(path).logs) == []
    both = log_at(block("large"), np.arange(9.0), np.arange(9.0)) | log_at(block("x"), [1], [2])
    assert list(read(write_tree(tmp_path, both)).logs) == ["x"]


def test_a_log_that_declares_a_gigabyte_leaves_the_others(tmp_path: Path) -> None:
    path = write_tree(tmp_path, log_at(block("small"), [1], [2]))
    with h5py.File(path, "r+") as file:
        for name in ("time", "value"):
            where = f"{block('a large one')}/{name}"
            file.create_dataset(where, (1 << 28,), "f8", chunks=(4096,))
    assert list(read(path).logs) == ["small"]


# Real files -------------------------------------------------------------------------------------


def stored(path: Path, where: str) -> tuple[np.ndarray, np.ndarray]:
    with h5py.File(path) as file:
        log = file[where]
        return log["time"][()].astype(float), log["value"][()].astype(float)


def test_a_title_that_its_sensor_denies(real: Path) -> None:
    """EMU 114062 is called T=290; its sample sensor read 4 K before the run, 0 K during it."""
    path = real / "isis-nexus-v2/EMU00114062.nxs_v2"
    run = read(path)
    assert run.title == "Quartz_T=290_F=2" and run.temperature.nominal == 290
    log = run.logs["Temp_Sample"]
    seconds, values = stored(path, "raw_data_1/selog/Temp_Sample/value_log")
    assert np.array_equal(log.values, values) and np.array_equal(log.seconds, seconds)
    assert round(float(log.values[0]), 4) == 3.9999 and log.values[-1] == 0.0
    during = log.during(0.0, run.duration)
    assert during is not None and (during.mean, during.highest) == (0.0, 0.0)


def test_a_sensor_that_agrees(real: Path) -> None:
    path = real / "isis-nexus-v2/HIFI00183810.nxs"
    run = read(path)
    assert run.duration == 1024
    during = run.logs["Temp_Sample"].during(0.0, run.duration)
    seconds, values = stored(path, "raw_data_1/selog/Temp_Sample/value_log")
    inside = np.append(np.clip(seconds, 0, 1024), 1024)
    held = np.diff(inside)
    mean = float(held @ values / held.sum())
    assert during is not None and during.mean == pytest.approx(mean, rel=1e-12)
    assert mean == pytest.approx(301.527, abs=1e-3)
    assert during.spread == pytest.approx(float(np.sqrt(held @ (values - mean) ** 2 / 1024)))
    assert run.logs["Field_Main"].unit == "G"
    assert "icp_event" not in run.logs and "count_rate" in run.logs


def test_logs_of_1999_and_2010(real: Path) -> None:
    run = read(real / "isis-nexus-v1/EMU00020882_hdf5.nxs")
    log = run.logs["Temp_Sample"]
    assert (log.values.size, log.unit, log.seconds[0]) == (2208, "K", -11920.0)
    during = log.during(0.0, run.duration)
    assert during is not None and 298 < during.lowest < during.highest < 303
    pytest.importorskip("pyhdf")
    run = read(real / "isis-hdf4/MUSR00032482.nxs")  # 64 hours
    log = run.logs["sample temperature"]
    assert (log.seconds[0], log.seconds[-1], log.unit) == (5.0, 2 * 86400 + 56855.0, "kelvin")
    assert run.duration == 229660
    during = log.during(0.0, run.duration)
    assert during is not None and 299.7 < during.lowest < during.highest < 300.2
    assert during.spread < 0.1
