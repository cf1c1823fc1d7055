"""Run numbers and ``--data`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import Musrcu

VARIABLE = "MUSRCU_DATA"


@pytest.fixture(autouse=True)
def no_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def test_every_verb_takes_numbers(musrcu: Musrcu, samples: Path, here: Path) -> None:
    run, data = "ltf:1", ("--data", samples)
    by_name = musrcu("info", samples / "deltat_tdc_ltf_0001.bin")
    assert musrcu("info", run, *data).out == by_name.out
    assert "alpha" in musrcu("calibrate", "ltf:21", *data).out
    assert musrcu("reduce", run, *data).out.count("\n") > 100
    assert musrcu("fit", run, *data, "--model", "damped_cosine + constant").code in (0, 3)
    assert musrcu("plot", run, *data, "-o", "one.png").code == 0
    text = musrcu("init", "ltf:1-2", *data).out
    assert "deltat_tdc_ltf_{0001-0002}.bin" in text
    done = musrcu("scan", "ltf:1-2", *data, "--json", "--no-plot")
    assert [Path(one["path"]).name for one in json.loads(done.out)["runs"]] == [
        "deltat_tdc_ltf_0001.bin",
        "deltat_tdc_ltf_0002.bin",
    ]


def test_the_environment_names_the_folder(
    musrcu: Musrcu, samples: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no file of LTF is in . or below it" in musrcu("info", "ltf:1").complaint
    monkeypatch.setenv(VARIABLE, str(samples))
    assert musrcu("info", "ltf:1").out.startswith("deltat_tdc_ltf_0001.bin")
    assert "is no folder" in musrcu("info", "ltf:1", "--data", here / "gone").complaint


def test_data_of_a_scan_file_is_replaced(musrcu: Musrcu, samples: Path, here: Path) -> None:
    (here / "scan.toml").write_text('[data]\nruns = "ltf:1-2"\nfolder = "gone"\n')
    scan = ("scan", "scan.toml", "--no-plot", "--json")
    assert "gone is no folder" in musrcu(*scan).complaint
    assert len(json.loads(musrcu(*scan, "--data", samples).out)["runs"]) == 2
