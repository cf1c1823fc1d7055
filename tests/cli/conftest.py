"""Running the command inside the test process, and a small scan that many tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import Musrcu, Outcome
from conftest import SAMPLES  # the one of the folder above

from musrcu.cli.main import main


@pytest.fixture
def musrcu(capsys: pytest.CaptureFixture[str]) -> Musrcu:
    """``musrcu("fit", path, "--json")`` as a person would type it."""

    def run(*words: object) -> Outcome:
        capsys.readouterr()
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run1(samples: Path) -> Path:
    """A sample run far below T_N."""
    return samples / "deltat_tdc_ltf_0001.bin"


@pytest.fixture
def transverse(samples: Path) -> Path:
    """The transverse-field sample run."""
    return samples / "deltat_tdc_ltf_0021.bin"


@pytest.fixture(scope="session")
def small_scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with scan.json and scan_order.png of eight sample runs."""
    folder = tmp_path_factory.mktemp("scan")
    words = [str(SAMPLES / "deltat_tdc_ltf_{0001,0005,0009,0012,0014,0016,0018,0020}.bin")]
    words += ["--calibration", str(SAMPLES / "deltat_tdc_ltf_0021.bin"), "--packing", "20"]
    words += ["-o", str(folder / "scan.json"), "--plot", str(folder / "order.png")]
    assert main(["scan", *words]) == 0
    return folder
