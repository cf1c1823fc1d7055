"""Scans and tables in which something is wrong: a clear sentence, or a part of the answer.

The runs are sample runs whose temperatures were written anew: files, as a cryostat in trouble and
a tired hand leave them.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from command import Musrcu
from conftest import SAMPLES

import musrcu as mu
from musrcu.containers.temperature import Sensor, Temperature
from musrcu.errors import MusrcuWarning

CALIBRATION = SAMPLES / "deltat_tdc_ltf_0021.bin"
ORDERED, ABOVE = (1, 9, 12, 14), (18, 20)
OPTIONS = ("--calibration", CALIBRATION, "--packing", "80", "--range", "0.02,6", "--jobs", "1")
TEMPERATURE = 716  # place of the sensors in a PSI-BIN header: four numbers of 32 bits
Change = Callable[[int, Temperature], Temperature]


def written(folder: Path, numbers: Sequence[int], change: Change = lambda _, T: T) -> str:
    """Sample runs with changed temperatures as files of their own, as one pattern."""
    for number in numbers:
        name = f"deltat_tdc_ltf_{number:04d}.bin"
        run = mu.read(SAMPLES / name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MusrcuWarning)  # digits of single precision
            changed = run.replace(temperature=change(number, run.temperature))
            mu.write(changed, folder / name, overwrite=True)
    among = ",".join(f"{number:04d}" for number in numbers)
    return f"{folder}/deltat_tdc_ltf_{{{among}}}.bin"


def scaled(known: Temperature, nominal: float, mean: float) -> Temperature:
    """The set point and the sensors multiplied, as by another unit."""
    assert known.nominal is not None
    sensors = [
        Sensor(one.name, mean * one.mean, mean * (one.spread or 0.0), one.n_readings)
        for one in known.sensors
    ]
    (first, *_) = sensors
    return Temperature(nominal * known.nominal, first.mean, None, first.spread, tuple(sensors))


def scanned(musrcu: Musrcu, runs: str) -> tuple[int, str, dict[str, Any]]:
    """Exit code and text of the scan, and what was saved."""
    done = musrcu("scan", runs, *OPTIONS, "--no-plot", "-o", "scan.json", "--force")
    assert done.err == ""
    scan = mu.load("scan.json")
    assert isinstance(scan, mu.Scan)
    assert scan.order is not None
    assert (done.code == 0) is scan.order.valid
    again = musrcu("order", "scan.json")  # the same door, the same sentence
    assert again.code == done.code
    assert again.out.strip() == scan.order.summary()
    assert scan.order.summary() in done.out
    return done.code, done.out, scan.order.to_dict()


def test_no_ordered_run(musrcu: Musrcu, here: Path) -> None:
    code, told, law = scanned(musrcu, written(here, ABOVE))
    assert code == 3
    assert "T_N bracket: no ordered run, not ordered from 0.112076 K" in told
    assert "no order parameter: no run is ordered\n" in told
    assert "without a fit: T_N not above 0.11225 K (run without order at 0.11208 K)" in told
    assert (law["valid"], law["T_N"]["value"], law["T_N"]["minos"]) == (False, None, None)


def test_all_runs_are_ordered(musrcu: Musrcu, here: Path) -> None:
    code, told, law = scanned(musrcu, written(here, ORDERED))
    assert code == 0
    assert "no run without order bounds it from above" in told
    assert "note: all runs are ordered: T_N rests on the shape of the law alone" in told
    assert law["T_N"]["value"] == pytest.approx(0.105, abs=4 * law["T_N"]["error"])


def test_one_run(musrcu: Musrcu, here: Path) -> None:
    code, told, law = scanned(musrcu, written(here, ORDERED[:1]))
    assert code == 3
    assert "nu2(T) = nu0 [1 - (T/T_N)^alpha]^beta, 1 ordered run\n" in told
    assert "no order parameter: 1 ordered run does not determine 3 parameters" in told
    assert "without a fit: T_N above 0.019917 K (highest ordered run)" in told
    assert law["ndof"] == -2


def test_equal_temperatures(musrcu: Musrcu, here: Path) -> None:
    same = Temperature(0.05, 0.05, 1e-4, 6e-4, (Sensor(None, 0.05, 6e-4, 36),))
    code, told, _ = scanned(musrcu, written(here, (1, 9, 12, 18), lambda *_: same))
    assert code == 3
    assert "NOT VALID: all ordered runs lie at 0.05 K, too few different temperatures for 3" in told
    assert (
        "T_N is not bracketed: there is an ordered run at 0.05 K and one without order at 0.05 K"
        in told
    )


def test_missing_temperatures(musrcu: Musrcu, here: Path) -> None:
    nothing = Temperature()
    runs = written(here, (*ORDERED, *ABOVE), lambda n, T: nothing if n in (9, 18) else T)
    code, told, law = scanned(musrcu, runs)
    assert code == 0
    assert "LTF 9   unknown" in told
    assert (
        "left out: LTF 9: its temperature is unknown; LTF 18: not ordered, but its temperature is "
        "unknown" in told
    )
    assert law["points"]["upper_bound"] == pytest.approx(0.1305, abs=1e-4)  # not that of LTF 18
    code, told, law = scanned(musrcu, written(here, (1, 9, 18), lambda *_: nothing))
    assert code == 3
    reason = "no ordered run to fit: its temperature is unknown: LTF 1, LTF 9"
    assert f"no order parameter: {reason}\n" in told
    assert "nothing is known of T_N" in told


def test_impossible_readings(musrcu: Musrcu, here: Path) -> None:
    """The reader leaves the sensor out; the set point is used, and the order parameter says so."""
    runs = written(here, (1, 9, 12, 18))
    for name, value in (("0009", -0.0898), ("0012", float("nan"))):
        path = here / f"deltat_tdc_ltf_{name}.bin"
        raw = bytearray(path.read_bytes())
        struct.pack_into("<4f", raw, TEMPERATURE, value, value, 0.0, 0.0)
        path.write_bytes(raw)
    code, told, law = scanned(musrcu, runs)
    assert code == 0
    assert told.count("the set point, 0.09 K, is used") == 1
    for run, value in ((9, -0.0898), (12, float("nan"))):
        assert f"note: LTF {run}: a temperature sensor reads {value:g} K and is left out" in told
    assert "their errors are not known: runs LTF 9, LTF 12" in told
    assert law["points"]["temperature"][1:] == [0.09, 0.1]


def test_some_runs_in_millikelvin(musrcu: Musrcu, here: Path) -> None:
    runs = written(
        here, (*ORDERED, *ABOVE), lambda n, T: scaled(T, 1000, 1000) if n in (9, 12) else T
    )
    code, told, law = scanned(musrcu, runs)
    assert code == 3
    reason = (
        "ordered runs lie at 0.019917 to 0.10292 K (LTF 1, LTF 14) and at 89.844 to 99.724 K "
        "(LTF 9, LTF 12) with nothing between: mK taken for K? Correct the temperatures, or give a "
        "temperature range in K that holds the right ones"
    )
    assert law["reason"] == reason
    assert f"no order parameter: {reason}\n" in told
    only = musrcu("order", "scan.json", "--temperature-range", "0,1")
    assert only.code == 3
    assert "NOT VALID: 2 ordered runs do not determine 3 parameters" in only.out
    assert "left out: outside 0 to 1 K: LTF 9, LTF 12" in only.out
    assert musrcu("order", "scan.json", "--temperature-range", "0,100").out.count("mK") == 0


def test_runs_on_one_side_in_millikelvin(musrcu: Musrcu, here: Path) -> None:
    runs = written(here, (1, 9, 12, 18), lambda n, T: T if n == 18 else scaled(T, 1000, 1000))
    code, told, _ = scanned(musrcu, runs)
    assert code == 3
    assert "ordered runs lie at 19.917 to 99.724 K, but the run at 0.11208 K is not ordered" in told
    (here / "other").mkdir()
    runs = written(
        here / "other", (1, 9, 12, 18), lambda n, T: scaled(T, 1000, 1000) if n == 18 else T
    )
    code, told, _ = scanned(musrcu, runs)
    assert code == 0
    assert "note: no run lies between 0.099724 K and 112.08 K, the lowest without order" in told


@pytest.mark.parametrize(("nominal", "mean"), [(1.0, 1e3), (1e3, 1.0)])
def test_set_points_and_sensors_in_two_units(
    musrcu: Musrcu, here: Path, nominal: float, mean: float
) -> None:
    """Nothing tells which is right: the sensors are used, and it is said that they are doubted."""
    runs = written(here, (*ORDERED, 18), lambda _, T: scaled(T, nominal, mean))
    code, told, law = scanned(musrcu, runs)
    assert code == 0
    assert (
        f"note: 5 of 5 runs have a doubtful temperature; LTF 1: the mean temperature says "
        f"{0.0199173 * mean:.5g} K, the set point {0.02 * nominal:g} K: mK taken for K? The former"
        in told
    )
    assert law["T_N"]["value"] == pytest.approx(0.105 * mean, abs=4 * law["T_N"]["error"])


TABLE = "T,nu,nu_error\n20,1.59,.01\n60,1.55,.01\n90,1.41,.01\n100,1.25,.02\n"


def test_a_table_that_names_no_unit(musrcu: Musrcu, here: Path) -> None:
    Path("t.csv").write_text(TABLE)
    done = musrcu("order", "t.csv")
    assert done.code == 0
    assert "note: the column of temperatures names no unit: 20 to 100 are taken as K" in done.out
    for named in (TABLE.replace("T,", "T (mK),"), TABLE.replace("T,", "T (K),")):
        Path("t.csv").write_text(named)
        assert "names no unit" not in musrcu("order", "t.csv").out
    Path("t.csv").write_text("T,nu,nu_error\n1.2,1.556,.02\n3,1.426,.02\n6,.75,.02\n")
    assert "names no unit" not in musrcu("order", "t.csv").out


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        (TABLE + ",1.3,.01\nnan,1.2,.01\n", 0, "left out: its temperature is unknown: 5-6"),
        (TABLE + "-5,1.3,.01\n", 1, "line 6: T is '-5', expected 0 K or above; correct it"),
        (TABLE + "inf,1.3,.01\n", 1, "line 6: T is 'inf', expected 0 K or above"),
        (TABLE + "95,nan,.01\n", 1, "line 6: nu is 'nan', not a number"),
        (TABLE.splitlines()[0], 3, "NOT VALID: no run is ordered"),
        ("T,nu,nu_error\n20,1.59,.01\n", 3, "NOT VALID: 1 ordered run does not determine 3"),
        ("T,nu,nu_error\n2,1,.1\n2,1.1,.1\n2,1,.1\n", 3, "all ordered runs lie at 2 K, too few"),
        ("T,nu,nu_error\n2,-1,.1\n3,-1,.1\n4,-1,.1\n", 3, "NOT VALID: no frequency is above 0"),
        ("T,A,dA\n2,-1,.1\n3,-1,.1\n4,-1,.1\n", 3, "NOT VALID: no amplitude is above 0"),
        (TABLE.replace("20,", ".02,"), 3, "0.02 K (1) and at 60 to 100 K (2-4) with nothing"),
    ],
)
def test_tables_in_trouble(musrcu: Musrcu, here: Path, text: str, code: int, told: str) -> None:
    Path("t.csv").write_text(text)
    done = musrcu("order", "t.csv", "-o", "law.json", "--plot", "law.png")
    assert done.code == code
    assert told in (done.complaint if code == 1 else done.out)
    assert Path("law.json").exists() is Path("law.png").exists() is (code != 1)


def test_options_that_cannot_be_are_refused(musrcu: Musrcu, here: Path) -> None:
    Path("t.csv").write_text(TABLE)
    for words in (("--temperature-range", "2,1"), ("--unit", "K"), ("--temperature-range", "2")):
        done = musrcu("order", "t.csv", *words, "-o", "law.json")
        assert (done.code, done.out) == (2, "")
        assert words[0] in done.err
    done = musrcu("order", "t.csv", "--temperature-range=-2,1", "-o", "law.json")
    assert done.code == 1
    assert "temperature_range is -2 to 1 K, expected two temperatures in K" in done.complaint
    Path("t.csv").write_text(TABLE.replace("nu", "A"))
    done = musrcu("order", "t.csv", "--unit", "mT", "-o", "law.json")
    assert "is an asymmetry without unit and cannot be shown in mT" in done.complaint
    assert not Path("law.json").exists()
