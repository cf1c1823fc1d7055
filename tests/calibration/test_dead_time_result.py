"""Dead times as a table in a file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import musrcu as mu
from musrcu.calibration.dead_time_result import DeadTimes
from musrcu.errors import FitError, MusrcuError


def made(values: list[float]) -> DeadTimes:
    tau = np.array(values)
    return DeadTimes(
        run="MUT 53578", values=tau, errors=tau * 0 + 1e-3, covariance=np.diag(tau * 0 + 1e-6),
        common=0.0105, common_error=1e-3, each=True, regime="longitudinal", method="made",
        chi2=10.0, ndof=9.0, probability=0.35, t_range=(0.3, 20.0), frames=1000,
        largest_loss=0.02, refused={},
    )  # fmt: skip


def test_the_saved_table(tmp_path: Path) -> None:
    """WiMDA's layout: number of detectors, a line each, the run; nothing is overwritten."""
    path = tmp_path / "dead_times.dat"
    found = made([0.0101234567, -0.002, np.nan])
    found.save(path)
    lines = path.read_text().splitlines()
    assert [line.split() for line in lines] == [
        ["3"], ["1", "0.0101235"], ["2", "-0.0020000"], ["3", "0.0105000"], ["Run", "53578"],
    ]  # fmt: skip
    with pytest.raises(MusrcuError, match="exists"):
        made([0.02]).save(path)
    assert path.read_text().splitlines() == lines
    made([0.02]).save(path, overwrite=True)
    assert path.read_text().splitlines()[:2] == ["1", "    1   0.0200000"]
    assert list(tmp_path.iterdir()) == [path]
    unknown = dataclasses.replace(found, common=np.nan)
    with pytest.raises(FitError, match="its dead times are unknown"):
        unknown.save(tmp_path / "other.dat")
    assert not (tmp_path / "other.dat").exists()


def test_dead_times_of_a_longitudinal_run_reach_the_command_line(
    samples: Path, tmp_path: Path
) -> None:
    from musrcu.cli import values

    found = mu.estimate_dead_time(
        mu.read(samples / "isis/simulated_EMU00000001.nxs"), alpha=(1.1057, 0.0006)
    )
    assert found.regime == "longitudinal"
    assert abs(found.common - 0.00984) < 3.5 * found.common_error
    found.save(tmp_path / "table.txt")
    read = values.dead_time(str(tmp_path / "table.txt"))
    assert read == pytest.approx(found.table(), abs=1e-7)
