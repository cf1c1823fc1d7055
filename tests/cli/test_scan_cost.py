"""``musrcu scan --cost``, typed or in the scan file."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import Musrcu


@pytest.fixture
def plan(here: Path, samples: Path) -> Path:
    path = here / "scan.toml"
    runs = samples / "deltat_tdc_ltf_{0001,0012,0017,0020}.bin"
    path.write_text(
        f'[data]\nruns = "{runs}"\n[reduction]\nforward = "Back"\nbackward = "Forw"\n'
        f"alpha = 0.93\npacking = 10\n[fit]\n"
        f'cost = "poisson"\nt_range = [0.01, 8.0]\n'
    )
    return path


def test_counts_from_a_scan_file_and_from_the_command_line(musrcu: Musrcu, plan: Path) -> None:
    done = musrcu("scan", plan, "--no-plot", "-o", "scan.json", "--jobs", "1")
    assert done.code == 0 and "\nfit: Poisson likelihood of counts" in done.out
    again = musrcu("scan", plan, "--json", "--jobs", "2").json
    assert again == musrcu("scan", plan, "--json", "--jobs", "1").json
    assert again["runs"][0]["ordered"]["cost"] == "Poisson likelihood of counts"
    typed = musrcu("scan", plan, "--json", "--cost", "asymmetry").json
    assert typed["runs"][0]["ordered"]["cost"] == "asymmetry chi-square"
    for one, other in zip(again["runs"], typed["runs"], strict=True):
        assert one["verdict"] == other["verdict"]
    assert musrcu("plot", "scan.json", "-o", "scan.png").code == 0


def test_what_does_not_go_together(musrcu: Musrcu, plan: Path) -> None:
    done = musrcu("scan", plan, "--robust")
    assert done.code == 2 and "leave out the cost poisson" in done.complaint
    assert musrcu("scan", plan, "--cost", "auto").code == 2
