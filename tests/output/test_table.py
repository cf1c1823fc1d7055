from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from made_runs import made_asymmetry, made_run, made_scan

from musrcu.analysis.scan_result import Scan, ScanRun
from musrcu.errors import MusrcuError
from musrcu.output.table import asymmetry_csv, scan_csv, write_asymmetry, write_scan


def test_an_asymmetry_reads_back_exactly(tmp_path: Path) -> None:
    data = made_asymmetry(n=200)
    value, error = data.value.copy(), data.error.copy()
    value[3], error[3] = np.nan, np.nan
    data = data.replace(value=value, error=error)
    path = write_asymmetry(data, tmp_path / "a.csv")
    lines = path.read_text(encoding="utf-8").split("\n")
    numbers = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    for name, column in (
        ("time_us", data.time),
        ("asymmetry", data.value),
        ("error", data.error),
    ):
        found = np.array([float(row[name]) for row in numbers])
        assert np.array_equal(found, column, equal_nan=True)
    with pytest.raises(MusrcuError, match="exists and is not overwritten"):
        write_asymmetry(data, path)


def test_the_head_says_what_was_done() -> None:
    run = made_run(title="a title\nof two lines, é")
    head = [line for line in asymmetry_csv(made_asymmetry(n=9, run=run)).split("\n") if line]
    comments = [line for line in head if line.startswith("#")]
    assert "# run: LTF 7" in comments
    assert "# title: a title of two lines, é" in comments
    assert "# temperature: 0.0200(2) K" in comments
    assert "# field: 0 G" in comments
    assert "# alpha: 1.2" in comments
    assert "# packing: 2 raw bins, 2 ns" in comments
    assert "# step: form_asymmetry(alpha=1.2)" in comments
    assert "# step: group(forward=2, backward=1): pair given" in comments
    assert head[len(comments)] == "time_us,asymmetry,error"
    assert len(head) == len(comments) + 1 + 9


def test_unknown_metadata_is_left_out() -> None:
    run = made_run(None, None, title=None, field=None, instrument=None)
    text = asymmetry_csv(made_asymmetry(n=3, run=run))
    assert "title" not in text
    assert "field" not in text
    assert "T unknown" in text


def rows(scan: Scan) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(scan_csv(scan))))


def test_a_scan_is_one_line_a_run(tmp_path: Path) -> None:
    scan = made_scan()
    found = rows(scan)
    assert [row["run"] for row in found] == [str(run.run) for run in scan.runs]
    assert list(found[0])[:10] == [
        "run",
        "name",
        "temperature_K",
        "temperature_error_K",
        "field_G",
        "verdict",
        "model",
        "valid",
        "chi2",
        "ndof",
    ]
    for row, run in zip(found, scan.runs, strict=True):
        assert float(row["temperature_K"]) == run.temperature
        assert row["verdict"] == run.verdict
        assert run.result is not None
        assert row["model"] == run.result.model
        assert (row["valid"], row["ndof"]) == ("yes", "3993")
        for name, one in run.result.parameters.items():
            tail = f"_{one.unit.replace('1/', 'per_')}" if one.unit else ""
            assert float(row[f"{name}{tail}"]) == one.value
            assert float(row[f"{name}_error{tail}"]) == one.error
    assert found[0]["nu2_MHz"] and found[0]["lambda2_per_us"]
    assert found[-1]["nu2_MHz"] == ""
    assert found[0]["sigma1_per_us"] == ""
    path = write_scan(scan, tmp_path / "scan.csv")
    assert path.read_text(encoding="utf-8") == scan_csv(scan)


def test_a_run_that_failed_is_a_line() -> None:
    scan = made_scan()
    failed = ScanRun(run=None, name="x.bin", verdict="failed", why='no bins, "none"')
    found = rows(
        Scan(runs=(*scan.runs, failed), ordered_model="", paramagnetic_model="", parameter="nu2")
    )
    last = found[-1]
    assert (last["run"], last["name"], last["verdict"], last["valid"]) == (
        "",
        "x.bin",
        "failed",
        "no",
    )
    assert last["temperature_K"] == last["chi2"] == last["nu2_MHz"] == ""
    assert last["note"] == 'no bins, "none"'
