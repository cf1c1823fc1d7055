"""PSI temperature logs: read column by column, attached only to the run they belong to."""

from __future__ import annotations

import pickle
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mdu_bytes import small_mdu

import musrcu as mu
from musrcu.containers.run import Run
from musrcu.errors import MusrcuError, ReadError
from musrcu.readers.mon_file import read_mon
from musrcu.readers.temperature_log import attach_temperature_log
from musrcu.reduction.temperature import take_temperature

COLUMNS = ("Heater", "Analog", "Sample", "NONE", "NONE")
READINGS = (
    ("00:00:00", (4.9906, 5.1805, 4.9921, 0, 0)),
    ("00:00:10", (5.0000, 5.2000, 4.9941, 0, 0)),
    ("00:30:00", (5.1000, 5.3000, 5.0041, 0, 0)),
    ("1 01:00:00", (5.2000, 5.4000, 5.0141, 0, 0)),
)


def mon(
    rows: Sequence[Any] = READINGS,
    columns: str = " ".join(COLUMNS),
    start: str = "04-Jul-2011 10:40:23: Start of Run 1529",
    block: str = "0 0 0 0 0",
) -> str:
    """A log as slow control writes it: nine lines of header, then readings with remarks."""
    head = [
        "! Temperature log", "! Equipment name: some cryostat TEMPLS0", *(["! ..."] * 5),
        f"! {start}", f"! Title: {columns}",
    ]  # fmt: skip
    body = [
        f"{since}\\{len(values)}\\{' '.join(f'{value:.4f}' for value in values)}\\{block}\\"
        for since, values in rows
    ]
    body.insert(2, "! 04-JUL-2011 10:40:40: Paused by somebody")
    return "\n".join([*head, *body, ""])


def written(folder: Path, text: str, name: str = "run_1529_templs0.mon") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="latin-1", newline="")
    return path


def run_of(folder: Path, number: int = 1529, **changes: bytes) -> Run:
    """A run from 4 July 2011, 10:41:03 (40 s after the log began), for an hour."""
    fields: dict[str, Any] = {
        "RunNumber": number, "StartDate": b"04-JUL-2011", "StartTime": b"10:41:03",
        "EndDate": b"04-JUL-2011", "EndTime": b"11:41:03", "RunTitle": b"Cu        5K",
        "MeanTemp": b"5.1", "TempDev": b"0.1", **changes,
    }  # fmt: skip
    path = folder / f"tdc_dolly_2011_{number}.mdu"
    path.write_bytes(small_mdu("T4").changed(**fields).content())
    return mu.read(path)


# One file ---------------------------------------------------------------------------------------


def test_columns_and_times(tmp_path: Path) -> None:
    found = read_mon(written(tmp_path, mon()))
    assert (found.start, found.run) == ("2011-07-04T10:40:23", 1529)
    assert found.title == "Heater Analog Sample NONE NONE"
    assert found.warnings == ()
    assert list(found.logs) == ["Heater", "Analog", "Sample"]
    for column, name in enumerate(found.logs):
        log = found.logs[name]
        assert log.name == name
        assert log.seconds.tolist() == [0, 10, 1800, 25 * 3600]
        assert log.values.tolist() == [values[column] for _, values in READINGS]
        assert log.unit is None
    assert found.span == (0, 25 * 3600)


def test_line_ends_and_blanks_do_not_matter(tmp_path: Path) -> None:
    text = mon().replace("\n", "\r\n").replace("5.2000", "  5.2000 ") + "\r\n\r\n"
    found = read_mon(written(tmp_path, text))
    assert found.logs["Analog"].values.tolist() == [5.1805, 5.2, 5.3, 5.4]
    assert found.warnings == ()


def test_columns_in_two_blocks(tmp_path: Path) -> None:
    """With backslashes in the title each block has its own columns."""
    rows = [("00:00:00", (4.25,)), ("00:00:10", (4.5,))]
    text = mon(rows, columns="Cryostat\\Sample Shield\\", block="5.25 9.5")
    found = read_mon(written(tmp_path, text))
    assert {name: log.values.tolist() for name, log in found.logs.items()} == {
        "Cryostat": [4.25, 4.5],
        "Sample": [5.25, 5.25],
        "Shield": [9.5, 9.5],
    }


def test_a_column_that_comes_twice_is_kept_twice(tmp_path: Path) -> None:
    found = read_mon(written(tmp_path, mon([("00:00:01", (1.0, 2.0))], columns="A A")))
    assert {name: log.values.tolist() for name, log in found.logs.items()} == {
        "A": [1.0], "A 2": [2.0],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("start", "iso", "run"),
    [
        ("04-Jul-2011 10:40:23", "2011-07-04T10:40:23", None),
        ("31-DEC-1999 23:59:59: Start of Run 7", "1999-12-31T23:59:59", 7),
        ("31-FEB-2011 10:40:23: Start of Run 7", None, None),
        ("no date at all", None, None),
    ],
)
def test_start(tmp_path: Path, start: str, iso: str | None, run: int | None) -> None:
    found = read_mon(written(tmp_path, mon(start=start)))
    assert (found.start, found.run) == (iso, run)


def test_the_line_of_the_run_comes_before_other_dates(tmp_path: Path) -> None:
    text = mon().replace("! ...", "! 03-JUL-2011 08:00:00: Logger started", 1)
    assert read_mon(written(tmp_path, text)).start == "2011-07-04T10:40:23"
    text = mon().replace("! Title", "! 05-JUL-2011 08:00:00: something\n! Title", 1)
    assert read_mon(written(tmp_path, text)).start == "2011-07-04T10:40:23"


def test_lines_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    odd = [
        "00:00:20\\5\\1 2 3 4\\0 0 0 0 0\\", "garbage", "00:61\\5\\1 2 3 4 5\\0\\",
        "00:00:30\\5\\OVLD nan 3 4 5\\0 0 0 0 0\\", "-00:00:30\\5\\1 2 3 4 5\\0\\",
    ]  # fmt: skip
    found = read_mon(written(tmp_path, mon() + "\n".join(odd)))
    assert found.logs["Heater"].values.tolist() == [4.9906, 5.0, 5.1, 5.2]
    assert found.logs["Sample"].values.tolist() == [4.9921, 4.9941, 3.0, 5.0041, 5.0141]
    assert found.warnings == (
        "run_1529_templs0.mon: 1 of 5 readings of Heater are no numbers and are left out, the "
        "first is 'OVLD'",
        "run_1529_templs0.mon: 1 of 5 readings of Analog are no numbers and are left out, the "
        "first is 'nan'",
        "run_1529_templs0.mon: 4 lines cannot be read and are left out, the first is "
        "'00:00:20\\\\5\\\\1 2 3 4\\\\0 0 0 0 0\\\\'",
        "run_1529_templs0.mon: the times run backwards; the readings are put in order",
    )


def words(*rows: str, columns: str = "A_sample B", start: str = "") -> str:
    """A log with the readings as typed, every minute from the start of the run on."""
    head = f"! {start or '04-Jul-2011 10:41:03: Start of Run 1529'}\n! Title: {columns}\n"
    return head + "".join(f"00:{k:02d}:00\\2\\{row}\\0 0\\\n" for k, row in enumerate(rows))


def test_decimal_commas(tmp_path: Path) -> None:
    """Not thousands: one of the commas has four digits behind it, or a 0 before it."""
    for row in ("5,0131 301", "0,013 301", "1301,512 301", "5,013 301,5", "5,013e0 301"):
        found = read_mon(written(tmp_path, words("5,013 301", row)))
        assert found.logs["A_sample"].values.tolist() == [
            5.013, float(row.split()[0].replace(",", "."))
        ]  # fmt: skip
        assert found.logs["B"].values[0] == 301
        assert found.warnings == (
            "run_1529_templs0.mon: its numbers have commas, which are read as decimal points",
        )
    path = written(tmp_path, words("5,013 301", "5,014 301"))
    with pytest.raises(ReadError, match=r"found '5,013', which may be 5\.013 or 5013; write it"):
        read_mon(path)
    mixed = read_mon(written(tmp_path, words("5,0131 301.5", "5.0142 301.5", "1_0 1,2,3")))
    assert mixed.logs["A_sample"].values.tolist() == [5.0142]
    assert mixed.warnings == (
        "run_1529_templs0.mon: 2 of 3 readings of A_sample are no numbers and are left out, the "
        "first is '5,0131'",
        "run_1529_templs0.mon: 1 of 3 readings of B are no numbers and are left out, the first is "
        "'1,2,3'",
    )


@pytest.mark.parametrize("row", ["OVLD 301.5", "5,013 301.5", "--- 301", "nan 301.5"])
def test_a_heater_never_stands_in_for_the_sample(tmp_path: Path, row: str) -> None:
    """The column is chosen among those of the title, whether or not they have a number."""
    run, path = run_of(tmp_path), written(tmp_path, words(row, row))
    found = read_mon(path)
    assert (found.columns, list(found.logs)) == (("A_sample", "B"), ["B"])
    why = r"A_sample \(%s\) has no reading that is a number; pass column= for another one \(B\)"
    with pytest.raises(MusrcuError, match=why % "the only column called sample"):
        attach_temperature_log(run, path)
    with pytest.raises(MusrcuError, match=why % "column given"):
        attach_temperature_log(run, path, column="A_sample")
    heater = attach_temperature_log(run, path, column="B")
    assert heater.temperature.mean in (301.0, 301.5)
    assert any("2 of 2 readings of A_sample are no numbers" in text for text in heater.warnings)
    unclear = written(tmp_path, words(row, row, columns="A B"))
    with pytest.raises(MusrcuError, match=r"not clear; pass column= \(columns: A, B\)"):
        attach_temperature_log(run, unclear)
    with pytest.raises(ReadError, match="expected readings of A, B: .* 1 of 1 readings of A are"):
        read_mon(written(tmp_path, words("OVLD OVLD", columns="A B")))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("! Title: B A_sample", "one set of columns, found 'A_sample B' and then 'B A_sample'"),
        ("! Title: A_sample", "one set of columns, found 'A_sample B' and then 'A_sample'"),
        ("! 04-JUL-2011 12:00:00: Start of Run 1530",
         r"one run, found a start at 2011-07-04T10:41:03 \(run 1529\) and one at "
         r"2011-07-04T12:00:00 \(run 1530\); split the file"),
        ("! 04-JUL-2011 10:41:03: Start of Run 1530", r"and one at 2011-07-04T10:41:03 \(run 1530"),
        ("! 04-JUL-2011 12:00:00: Start of Run 1529", r"and one at 2011-07-04T12:00:00 \(run 1529"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["body", "header"])
def test_two_logs_in_a_file(tmp_path: Path, line: str, complaint: str, where: str) -> None:
    text = words("5 6", "5 6")
    place = text.index("00:01:00" if where == "body" else "00:00:00")
    path = written(tmp_path, f"{text[:place]}{line}\n{text[place:]}")
    with pytest.raises(ReadError, match=complaint):
        read_mon(path)
    again = "! Title:  A_sample  B \n! 04-Jul-2011 10:41:03: Start of Run 1529\n"
    same = read_mon(written(tmp_path, text[:place] + again + text[place:]))
    assert (same.warnings, same.run) == ((), 1529)


def test_a_start_of_a_run_inside_a_log_of_none(tmp_path: Path) -> None:
    text = words("5 6", "5 6", start="04-Jul-2011 10:41:03")
    path = written(tmp_path, text + "! 04-JUL-2011 12:00:00: Start of Run 7\n")
    with pytest.raises(ReadError, match=r"at 2011-07-04T10:41:03 and one at .*12:00:00 \(run 7\)"):
        read_mon(path)


def test_a_log_can_be_sent_to_another_process(tmp_path: Path) -> None:
    found = read_mon(written(tmp_path, mon()))
    again = pickle.loads(pickle.dumps(found))  # noqa: S301
    assert (again.start, list(again.logs)) == (found.start, list(found.logs))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "a line '! Title:' that names its columns"),
        ("! Title:\n00:00:00\\1\\5\\0\\", "a line '! Title:' that names its columns"),
        (mon([]), "expected readings of Heater, Analog, Sample: no line has readings"),
        (mon(columns="A B"), "4 lines cannot be read and are left out"),
        ("! Title: NONE\n00:00:00\\1\\5\\0\\", "expected readings of any column"),
    ],
)
def test_no_log(tmp_path: Path, text: str, sentence: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ReadError) as caught:
        read_mon(path)
    assert str(caught.value).startswith(f"{path}: expected")
    assert sentence in str(caught.value)
    with pytest.raises(ReadError, match="cannot be opened"):
        read_mon(tmp_path / "absent.mon")


def test_damaged_logs(tmp_path: Path) -> None:
    """A MonLog or a ReadError, whatever the bytes."""
    content = mon().encode()
    path = tmp_path / "run_1529.mon"
    random = np.random.default_rng(20271)
    for _ in range(1000):
        damaged = bytearray(content[: int(random.integers(1, len(content)))])
        for place in random.integers(len(damaged), size=5):
            damaged[place] = int(random.integers(256))
        path.write_bytes(damaged)
        try:
            found = read_mon(path)
        except ReadError as error:
            assert "\n" not in str(error)
        else:
            assert all(log.values.size for log in found.logs.values())
    path.write_bytes(bytes(1000))
    with pytest.raises(ReadError):
        read_mon(path)


def test_a_long_log_is_read_in_a_moment(tmp_path: Path) -> None:
    rows = [(f"{k // 3600:02d}:{k // 60 % 60:02d}:{k % 60:02d}", (5.0, 5.1, 5.2, 0, 0))
            for k in range(20000)]  # fmt: skip
    path = written(tmp_path, mon(rows))
    start = time.process_time()
    assert read_mon(path).logs["Sample"].values.size == 20000
    assert time.process_time() - start < 2


# Attached to a run ------------------------------------------------------------------------------


def test_logs_beside_are_looked_for_when_asked(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    taken = take_temperature(run_of(tmp_path), None)
    assert (dict(run.logs), taken.temperature) == ({}, run.temperature)
    written(tmp_path, mon())
    found = take_temperature(run_of(tmp_path), "Sample").temperature
    attached = attach_temperature_log(run).temperature
    assert (found.mean, found.spread, found.error) == (
        attached.mean, attached.spread, attached.error
    )  # fmt: skip
    again = pickle.loads(pickle.dumps(run_of(tmp_path)))  # noqa: S301
    assert list(again.logs) == ["Heater", "Analog", "Sample"]


def test_the_log_beside_the_data(tmp_path: Path) -> None:
    """Readings of 40 s before the run on, the second and third of them hold during it."""
    run = run_of(tmp_path)
    path = written(tmp_path, mon())
    assert run.temperature.log is None  # a reader never takes one by itself
    assert run.logs["Sample"].seconds.tolist() == [-40, -30, 1760, 25 * 3600 - 40]
    attached = attach_temperature_log(run)
    assert list(attached.logs) == ["Heater", "Analog", "Sample"]
    assert attached.logs["Sample"].seconds.tolist() == [-40, -30, 1760, 25 * 3600 - 40]
    held = np.array([1760.0, 3600.0 - 1760.0])
    values = np.array([4.9941, 5.0041])
    mean = float(held @ values / 3600)
    spread = float(np.sqrt(held @ (values - mean) ** 2 / 3600))
    assert attached.temperature.mean == pytest.approx(mean, rel=1e-12)
    assert attached.temperature.spread == pytest.approx(spread, rel=1e-9)
    assert attached.temperature.error == pytest.approx(spread / np.sqrt(2), rel=1e-9)
    assert attached.temperature.nominal == 5.0
    assert attached.temperature.sensors == run.temperature.sensors
    assert attached.temperature.log is not None
    assert attached.temperature.log.unit == "K"
    step = attached.history.find("attach_temperature_log")
    assert step is not None
    assert dict(step.options) == {"file": str(path), "column": "Sample", "log_begins_s": -40.0}
    assert step.note == (
        "temperature is the mean of Sample in run_1529_templs0.mon over the run, weighted by time "
        "(the only column called sample)"
    )
    assert attached.warnings == run.warnings
    np.testing.assert_array_equal(attached.counts, run.counts)
    assert run.temperature.mean == 5.1


@pytest.mark.parametrize(
    "name",
    ["run_1529.mon", "run_01529.mon", "run_001529_variox0.mon", "tlog/run_1529_2nd.mon",
     "RUN_1529_templs0.MON"],
)  # fmt: skip
@pytest.mark.parametrize("how", ["none", "folder", "file"])
def test_where_the_log_may_lie(tmp_path: Path, name: str, how: str) -> None:
    run = run_of(tmp_path)
    path = written(tmp_path, mon(), name)
    for other in ("run_15290.mon", "run_152.mon", "run_1529.mon.old", "xrun_1529.mon"):
        written(tmp_path, "no log at all", other)
    given = {"none": None, "folder": tmp_path, "file": path}[how]
    attached = attach_temperature_log(run, given)
    step = attached.history.find("attach_temperature_log")
    assert step is not None
    assert step.options["file"] == str(path)


def test_any_column_can_be_chosen(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    path = written(tmp_path, mon())
    attached = mu.attach_temperature_log(run, path, column="Heater")
    assert attached.temperature.mean == pytest.approx((1760 * 5.0 + 1840 * 5.1) / 3600)
    step = attached.history.find("attach_temperature_log")
    assert step is not None
    assert "(column given)" in step.note
    with pytest.raises(MusrcuError, match="no column 'Heatr'; did you mean .Heater.*columns: H"):
        attach_temperature_log(run, path, column="Heatr")


@pytest.mark.parametrize(
    ("columns", "chosen"),
    [("ChannelA", "ChannelA"), ("Heater Sample_CX", "Sample_CX"), ("sample Heater", "sample"),
     ("Heater ChannelA", None), ("Sample1 Sample2", None)],
)  # fmt: skip
def test_which_column_is_the_sample(tmp_path: Path, columns: str, chosen: str | None) -> None:
    run = run_of(tmp_path)
    values = (5.0, 5.5)[: len(columns.split())]
    path = written(tmp_path, mon([("00:00:00", values), ("00:00:50", values)], columns=columns))
    if chosen is None:
        listed = ", ".join(columns.split())
        with pytest.raises(MusrcuError, match=rf"not clear; pass column= \(columns: {listed}\)"):
            attach_temperature_log(run, path)
        return
    attached = attach_temperature_log(run, path)
    assert attached.temperature.mean == values[columns.split().index(chosen)]


def test_several_logs_of_one_run(tmp_path: Path) -> None:
    """Columns of all of them; a name in two of them says from which file it is."""
    run = run_of(tmp_path)
    rows = [("00:00:50", (5.0, 9.0))]
    written(tmp_path, mon(rows, columns="Sample Heater"), "run_1529_templs0.mon")
    written(tmp_path, mon(rows, columns="Valve Heater"), "run_1529_variox0.mon")
    attached = attach_temperature_log(run)
    assert list(attached.logs) == [
        "Sample", "run_1529_templs0:Heater", "Valve", "run_1529_variox0:Heater",
    ]  # fmt: skip
    assert attached.temperature.mean == 5.0
    other = attach_temperature_log(run, column="run_1529_variox0:Heater")
    assert other.temperature.mean == 9.0


def test_the_log_of_another_year(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    old = "04-Jul-2009 10:40:23: Start of Run 1529"
    path = written(tmp_path, mon(start=old), "run_1529.mon")
    with pytest.raises(MusrcuError) as caught:
        attach_temperature_log(run)
    assert not isinstance(caught.value, ReadError)
    assert str(caught.value) == (
        f"Dolly 1529: the log {path} runs from 2009-07-04T10:40:23 to 2009-07-05T11:40:23, the run "
        "from 2011-07-04T10:41:03 to 2011-07-04T11:41:03: they do not overlap (run numbers repeat "
        "every year); name the log of this run"
    )
    written(tmp_path, mon(), "tlog/run_1529.mon")
    attached = attach_temperature_log(run)
    assert attached.logs["Sample"].seconds[0] == -40


@pytest.mark.parametrize(
    ("start", "fits"),
    [("04-Jul-2011 11:41:03", True), ("04-Jul-2011 11:41:04", False),
     ("03-Jul-2011 09:41:03", True), ("03-Jul-2011 09:41:02", False)],
)  # fmt: skip
def test_the_edges_of_the_run(tmp_path: Path, start: str, fits: bool) -> None:
    """The log lasts 25 hours, the run from 10:41:03 to 11:41:03."""
    run = run_of(tmp_path)
    path = written(tmp_path, mon(start=start))
    if fits:
        assert attach_temperature_log(run, path).temperature.mean is not None
    else:
        with pytest.raises(MusrcuError, match="do not overlap"):
            attach_temperature_log(run, path)


def test_a_run_without_a_stop(tmp_path: Path) -> None:
    run = run_of(tmp_path, EndDate=b"")
    assert run.duration is None
    attached = attach_temperature_log(run, written(tmp_path, mon()))
    values, held = np.array([4.9941, 5.0041, 5.0141]), np.array([1760, 90000 - 1800, 0])
    assert attached.temperature.mean == pytest.approx(held @ values / held.sum())
    late = written(tmp_path, mon(start="04-Jul-2012 10:40:23"))
    with pytest.raises(MusrcuError, match="to an unknown stop: they do not overlap"):
        attach_temperature_log(run, late)


def test_what_cannot_be_placed(tmp_path: Path) -> None:
    path = written(tmp_path, mon())
    with pytest.raises(MusrcuError, match="its start is not known"):
        attach_temperature_log(run_of(tmp_path, StartDate=b""), path)
    run = run_of(tmp_path)
    with pytest.raises(ReadError, match="no line gives the start of the log"):
        attach_temperature_log(run, written(tmp_path, mon(start="no date")))
    with pytest.raises(MusrcuError, match="comes from no file"):
        attach_temperature_log(run.replace(path=None))
    with pytest.raises(MusrcuError, match="no run number"):
        attach_temperature_log(run.replace(number=None))
    with pytest.raises(ReadError, match="neither a temperature log nor a folder"):
        attach_temperature_log(run, tmp_path / "absent.mon")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(MusrcuError, match=r"no temperature log run_1529\*\.mon in .*empty or its"):
        attach_temperature_log(run, empty)
    with pytest.raises(MusrcuError, match=r"reads -3 K during the run"):
        rows = [("00:00:50", (-3.0,))]
        attach_temperature_log(run, written(tmp_path, mon(rows, columns="Sample")))


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        ("2011-07-04T08:41:03+00:00", "2011-07-04T09:41:03+00:00"),  # summer: two hours
        ("2011-07-04T08:41:03Z", "2011-07-04T09:41:03Z"),
        ("2011-07-04T10:41:03+02:00", "2011-07-04T11:41:03+02:00"),
        ("2011-07-04T17:41:03+09:00", None),
        ("2011-07-04T08:41:03Z", "2011-07-04T11:41:03"),
    ],
)
def test_a_start_with_a_zone(tmp_path: Path, start: str, stop: str | None) -> None:
    run = run_of(tmp_path).replace(start=start, stop=stop)
    attached = attach_temperature_log(run, written(tmp_path, mon()))
    assert attached.logs["Sample"].seconds.tolist() == [-40, -30, 1760, 25 * 3600 - 40]
    step = attached.history.find("attach_temperature_log")
    assert step is not None
    assert step.options["log_begins_s"] == -40.0


def test_winter_and_the_night_that_is_an_hour_longer(tmp_path: Path) -> None:
    """In winter PSI is one hour ahead of UTC; between the two lies the end of summer time."""
    rows = [("00:00:00", (5.0,)), ("05:00:00", (6.0,))]
    winter = written(tmp_path, mon(rows, "Sample", "10-Jan-2012 01:30:00: Start of Run 1529"))
    run = run_of(tmp_path).replace(start="2012-01-10T00:30:00Z", stop="2012-01-10T01:30:00Z")
    assert attach_temperature_log(run, winter).logs["Sample"].seconds.tolist() == [0, 5 * 3600]
    night = written(tmp_path, mon(rows, "Sample", "29-Oct-2011 23:00:00: Start of Run 1529"))
    run = run.replace(start="2011-10-30T02:00:00Z", stop="2011-10-30T03:00:00Z")
    # 23:00 of summer is 21:00 UTC, five hours before the run
    assert attach_temperature_log(run, night).logs["Sample"].seconds.tolist() == [-5 * 3600, 0]


def test_a_machine_without_time_zones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import zoneinfo

    def gone(key: str) -> None:
        raise zoneinfo.ZoneInfoNotFoundError(key)

    monkeypatch.setattr(zoneinfo, "ZoneInfo", gone)
    path = written(tmp_path, mon())
    assert attach_temperature_log(run_of(tmp_path), path).logs["Sample"].seconds[0] == -40
    run = run_of(tmp_path).replace(start="2011-07-04T08:41:03Z", stop=None)
    with pytest.raises(MusrcuError, match="does not know the zone Europe/Zurich; pip install tz"):
        attach_temperature_log(run, path)


@pytest.mark.parametrize(
    ("start", "since", "doubt"),
    [
        ("04-Jul-2011 10:41:03", ["00:59:00"], "log Sample covers 1.67 % of the run, from its"),
        ("11-Mar-2011 09:41:03", ["00:00:00", "115 01:59:00"], "was 115 days old, and 98.3 % of"),
        ("04-Jul-2011 10:41:03", [f"00:00:{k:02d}" for k in range(10)],
         "log Sample has no reading in the last 99.8 % of the run"),
    ],
)  # fmt: skip
def test_a_log_that_hardly_covers_the_run(
    tmp_path: Path, start: str, since: list[str], doubt: str
) -> None:
    path = written(tmp_path, mon([(text, (5.0,)) for text in since], "Sample", start))
    attached = attach_temperature_log(run_of(tmp_path), path)
    assert attached.temperature.mean == 5.0
    assert doubt in attached.warnings[-1]
    assert doubt not in "".join(run_of(tmp_path).warnings)


def test_doubts_of_the_log_are_those_of_the_run(tmp_path: Path) -> None:
    path = written(tmp_path, mon(start="04-Jul-2011 10:40:23: Start of Run 12") + "garbage\n")
    attached = attach_temperature_log(run_of(tmp_path), path)
    assert attached.warnings[-2:] == (
        "run_1529_templs0.mon: 1 lines cannot be read and are left out, the first is 'garbage'",
        "run_1529_templs0.mon speaks of run 12, not of 1529",
    )
