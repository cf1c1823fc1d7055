"""musrcu plan: a table with the best run marked, and one clear sentence where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import Musrcu

import musrcu as mu


@pytest.fixture(scope="module")
def saved(small_scan: Path) -> Path:
    """A saved scan with its order parameter."""
    return small_scan / "scan.json"


@pytest.fixture
def ordered(saved: Path, tmp_path: Path) -> Path:
    """The same with a law that was asked for."""
    scan = mu.load(saved)
    assert isinstance(scan, mu.Scan)
    path = tmp_path / "ordered.json"
    scan.with_order(mu.fit_order_parameter(scan)).save(path)
    return path


def test_a_table_with_the_best_run_marked(musrcu: Musrcu, ordered: Path, tmp_path: Path) -> None:
    picture, kept = tmp_path / "plan.png", tmp_path / "plan.json"
    done = musrcu("plan", ordered, "--hours", "4", "--plot", picture, "-o", kept)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    (best,) = [line for line in lines if line.startswith("best")]
    assert lines[0].startswith("next run: 80.") and "(4 h) at" in lines[0]  # 20.2 million an hour
    assert best.split()[1] in lines[0]
    assert lines[2].startswith("it shows order with a probability of ")
    assert "T_N error (mK)" in done.out
    assert "rate: 20.19 million events per hour" in done.out
    assert "error of the temperature: 0." in done.out
    assert f"figure: {picture}" in done.out and picture.stat().st_size > 10000
    plan = mu.Plan.from_dict(json.loads(kept.read_text(encoding="utf-8")))
    assert musrcu("plot", kept, "-o", tmp_path / "again.png").code == 0
    assert plan.best.T_N_error < 0.9 * plan.T_N_error
    assert 0.102 < plan.best.temperature < 0.107


def test_json_and_nothing_else(musrcu: Musrcu, ordered: Path) -> None:
    done = musrcu("plan", ordered, "--events", "20M", "--target", "beta", "--at", "0.09,0.104",
                  "--json")  # fmt: skip
    assert done.json["kind"] == "musrcu plan"
    assert done.json["events"] == 2e7
    assert [row["temperature"] for row in done.json["rows"]] == [0.09, 0.104]


def test_files_that_went_away(musrcu: Musrcu, ordered: Path) -> None:
    data = json.loads(ordered.read_text(encoding="utf-8"))
    for run in data["runs"]:
        run["path"] = "gone.bin"
    ordered.write_text(json.dumps(data), encoding="utf-8")
    done = musrcu("plan", ordered, "--at", "0.104")
    assert done.code == 1
    assert "the events of no ordered run are known" in done.complaint
    done = musrcu("plan", ordered, "--at", "0.104", "--run-events", "30.3M")
    assert done.code == 0
    assert "rate: not known" in done.out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--events", "many"], "'many' is not a number of events such as 20M"),
        (["--events", "20M", "--hours", "1"], "not allowed with argument"),
        (["--target", "alpha"], "invalid choice: 'alpha'"),
        (["--at", "104,cold"], "'cold' is not a number"),
        (["--temperature-error=-1e-4"], "-1e-4 is below 0"),
    ],
)
def test_wrong_usage(musrcu: Musrcu, saved: Path, words: list[str], complaint: str) -> None:
    done = musrcu("plan", saved, *words)
    assert done.code == 2
    assert complaint in done.complaint


def test_a_temperature_in_mK_is_refused(musrcu: Musrcu, ordered: Path) -> None:
    done = musrcu("plan", ordered, "--at", "104")
    assert done.code == 1
    assert "104 K is far above T_N" in done.complaint


def test_a_scan_without_order_parameter(musrcu: Musrcu, saved: Path, tmp_path: Path) -> None:
    scan = mu.load(saved)
    assert isinstance(scan, mu.Scan)
    data = {**scan.to_dict(), "order_parameter": None}
    bare = tmp_path / "bare.json"
    bare.write_text(json.dumps(data), encoding="utf-8")
    done = musrcu("plan", bare)
    assert done.code == 1
    assert "is a scan without order parameter" in done.complaint


def test_a_scan_without_an_ordered_run(musrcu: Musrcu, saved: Path, tmp_path: Path) -> None:
    scan = mu.load(saved)
    assert isinstance(scan, mu.Scan)
    data = scan.to_dict()
    data["runs"] = [run for run in data["runs"] if run["verdict"] == "not ordered"]
    above = mu.Scan.from_dict({**data, "order_parameter": None})
    path = tmp_path / "above.json"
    above.with_order(mu.fit_order_parameter(above)).save(path)
    done = musrcu("plan", path)
    assert done.code == 1
    assert "no run is ordered" in done.complaint


def test_files_that_are_no_scan(musrcu: Musrcu, samples: Path, tmp_path: Path) -> None:
    done = musrcu("plan", samples / "deltat_tdc_ltf_0001.bin")
    assert done.code == 2
    assert "takes a scan file (.toml) or a saved scan (.json)" in done.complaint
    scan = tmp_path / "scan.toml"
    run = samples / "deltat_tdc_ltf_0001.bin"
    scan.write_text(f"[data]\nruns = '{run}'\n", encoding="utf-8")
    done = musrcu("plan", scan)
    assert done.code == 1
    assert "has no table [order]" in done.complaint


def test_help_names_its_examples(musrcu: Musrcu) -> None:
    done = musrcu("plan", "--help")
    assert done.code == 0
    assert "musrcu plan scan.toml --hours 4" in done.out
