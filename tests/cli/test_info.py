"""``musrcu info`` and ``musrcu list``."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
from command import Musrcu
from conftest import expected_files

KEYS = {
    "path", "format", "facility", "instrument", "run", "title", "sample", "temperature",
    "temperature_error", "field", "start", "stop", "n_periods", "n_detectors", "n_bins",
    "bin_width_ns", "labels", "t0", "first_good", "last_good", "counts", "good_frames",
    "dead_time_us", "warnings",
}  # fmt: skip
"""As issued: stable, keys may be added, none renamed."""


def manifest(samples: Path) -> list[dict[str, Any]]:
    with (samples / "manifest.toml").open("rb") as stream:
        return list(tomllib.load(stream)["runs"])


def test_json_is_what_the_runs_were_made_of(musrcu: Musrcu, samples: Path) -> None:
    done = musrcu("info", "--json", samples / "deltat_tdc_ltf_{0001,0020-0021}.bin")
    truth = {one["number"]: one for one in manifest(samples)}
    assert (done.code, done.err) == (0, "")
    assert [one["run"] for one in done.json] == [1, 20, 21]
    for one in done.json:
        made = truth[one["run"]]
        assert set(one) >= KEYS
        assert one["path"] == str(samples / made["file"])
        assert (one["format"], one["facility"], one["instrument"]) == ("psi-bin", "PSI", "LTF")
        assert one["counts"] == [made["counts"]]
        assert one["temperature"] == pytest.approx(made["sensor_means"][0], rel=1e-6)
        assert one["temperature_error"] == pytest.approx(made["temperature_error"], rel=1e-5)
        assert one["field"] == made["field"]
        assert (one["n_periods"], one["n_detectors"], one["n_bins"]) == (1, 4, 10240)
        assert one["bin_width_ns"] == 0.9765625
        assert one["labels"] == ["Forw", "Back", "Rite", "Left"]
        assert one["good_frames"] is None
        assert one["dead_time_us"] is None


REAL = {
    name: known
    for name, known in expected_files().items()
    if name in ("psi-bin/deltat_tdc_gps_0432.bin", "isis-nexus-v2/HIFI00183810.nxs")
}


@pytest.mark.parametrize("name", REAL or ["real files"])
def test_json_of_real_files(musrcu: Musrcu, real: Path, name: str) -> None:
    known = REAL[name]
    done = musrcu("info", "--json", real / name)
    (one,) = done.json
    assert set(one) >= KEYS
    for key, theirs in (("title", "title"), ("run", "run_number"), ("instrument", "instrument")):
        assert one[key] == known[theirs]
    if "psi-bin" in name:
        assert one["counts"] == [known["counts_per_histogram"]]
        assert one["labels"] == known["histogram_labels"]
        assert one["t0"] == known["t0_bin"]
        assert one["bin_width_ns"] == pytest.approx(known["bin_width_ns"], abs=1e-7)
    else:
        assert [one["n_periods"], one["n_detectors"], one["n_bins"]] == known["counts_shape"]
        assert len(one["good_frames"]) == 2
        values = known["dead_time"]["values"]
        flat = [tau for period in one["dead_time_us_periods"] for tau in period]
        assert flat == pytest.approx(values)
        assert one["dead_time_us"] == one["dead_time_us_periods"][0]


def test_one_line_a_run(musrcu: Musrcu, samples: Path) -> None:
    done = musrcu("info", samples / "deltat_tdc_ltf_0001.bin", samples / "deltat_tdc_ltf_0021.bin")
    first, second = done.out.splitlines()
    assert "psi-bin" in first
    assert "LTF 1 " in first
    assert "0.0199(" in first
    assert " 0 G " in first
    assert f"{sum(manifest(samples)[0]['counts']):.4g} counts" in first
    assert first.endswith("SIMULATED Cu(NO3)2(pyz)3, zero field, T scan")
    assert " 50 G " in second


def test_one_bad_file_does_not_stop_the_others(musrcu: Musrcu, run1: Path, here: Path) -> None:
    shutil.copy(run1, "b.bin")
    Path("c.bin").write_bytes(run1.read_bytes()[:500])
    done = musrcu("info", "a.bin", "b.bin", "c.bin", "nothing_*.bin", "README.md")
    assert done.code == 1
    assert done.out.startswith("b.bin")
    assert len(done.out.splitlines()) == 1
    lines = done.err.splitlines()
    assert [line.split()[1] for line in lines] == ["a.bin", "no", "README.md", "c.bin"]
    done = musrcu("info", "--json", "a.bin", "b.bin")
    assert (done.code, len(done.json)) == (1, 1)
    done = musrcu("info", "--json", "a.bin")
    assert (done.code, done.json) == (1, [])


def test_doubts_of_a_file_stand_below_its_line(musrcu: Musrcu, run1: Path, here: Path) -> None:
    from musrcu.readers.registry import read
    from musrcu.writers.psi_bin import write_psi_bin

    run = read(run1)
    write_psi_bin(run.replace(labels=("", "", "", "")), "x.bin")
    done = musrcu("info", "x.bin", run1)
    lines = done.out.splitlines()
    assert lines[1].startswith("  warning: ")
    assert "label" in lines[1]
    assert musrcu("info", "--json", "x.bin").json[0]["warnings"] == [lines[1].split(": ", 1)[1]]


def test_a_title_of_several_lines_is_one_line(musrcu: Musrcu, run1: Path, here: Path) -> None:
    from musrcu.readers.registry import read
    from musrcu.writers.registry import write

    write(read(run1).replace(title="first\nsecond\r\nthird\u2028last", warnings=("a\nb",)), "x.nxs")
    line, doubt = musrcu("info", "x.nxs").out.splitlines()
    assert line.endswith("  first second third last")
    assert doubt == "  warning: in the original deltat_tdc_ltf_0001.bin: a b"


def test_full_prints_what_was_done(musrcu: Musrcu, run1: Path, here: Path) -> None:
    from musrcu.containers.history import Step
    from musrcu.readers.registry import read
    from musrcu.writers.registry import write

    write(read(run1).replace(step=Step("add_runs", "one\ntwo", {"runs": 2})), "x.nxs")
    lines = musrcu("info", "--full", "x.nxs").out.splitlines()
    assert [line for line in lines if line.startswith("step ")] == [
        "step 1: add_runs(runs=2): one two",
        "step 2: convert(file=deltat_tdc_ltf_0001.bin, format=psi-bin)",
    ]
    assert "step 1" not in musrcu("info", "--full", run1).out


def test_full_prints_detectors_sensors_and_header(musrcu: Musrcu, run1: Path) -> None:
    from musrcu.notation import bracket
    from musrcu.readers.registry import read

    done = musrcu("info", "--full", run1)
    assert "detector  label  t0" in done.out
    assert done.out.count("sensor ") == 2
    sensor = read(run1).temperature.sensors[0]
    assert sensor.spread is not None and sensor.n_readings is not None
    error = sensor.spread / sensor.n_readings**0.5
    assert f"sensor 1: mean {bracket(sensor.mean, error, 'K')}, spread {sensor.spread:.2g} K, " in (
        done.out
    )
    assert f" {sensor.n_readings} readings\n" in done.out
    assert "header FMT_ID = 1N" in done.out
    assert musrcu("info", "--full", "--json", run1).code == 2


def test_check_says_what_is_odd(musrcu: Musrcu, run1: Path, here: Path) -> None:
    from musrcu.readers.registry import read
    from musrcu.writers.psi_bin import write_psi_bin

    done = musrcu("info", "--check", run1)
    assert done.out.splitlines()[1:] == ["  nothing odd was found"]
    run = read(run1)
    counts = run.counts.copy()
    counts[:, 2] = 0
    write_psi_bin(run.replace(counts=counts, title="SIMULATED at 7K"), "odd.bin")
    done = musrcu("info", "--check", "odd.bin")
    sentences = [line.removeprefix("  odd: ") for line in done.out.splitlines()[1:]]
    assert any("the title says 7 K" in text for text in sentences)
    assert any("no counts at all" in text and text.endswith("detector 3") for text in sentences)
    assert musrcu("info", "--check", "--json", "odd.bin").json[0]["odd"] == sentences
    assert "odd: the title says 7 K" in musrcu("info", "--check", "--full", "odd.bin").out


def test_list(musrcu: Musrcu) -> None:
    assert "psi-bin" in musrcu("list", "formats").out
    assert "damped_cosine" in musrcu("list", "models").out
    assert "Forw" in musrcu("list", "instruments", "LTF").out
