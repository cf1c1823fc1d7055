"""Detectors left out and backgrounds from another run, as they are typed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
from command import Musrcu
from run_of import run_of

from musrcu.writers.registry import write

BANK, BINS = 16, 500


@pytest.fixture
def faulty(here: Path) -> Path:
    """A pulsed run of two banks; detector 3 is dead, 21 counts six times too much."""
    rng = np.random.default_rng(2)
    law = 3e3 * np.exp(-np.arange(BINS) * 0.016 / 2.197)
    rows = rng.poisson(np.tile(law, (2 * BANK, 1)))
    rows[2], rows[20] = 0, 6 * rows[20]
    return saved(rows, here / "run.nxs", frames=1000)


def saved(rows: np.ndarray, path: Path, frames: int) -> Path:
    run = run_of(
        rows,
        bin_width=0.016,
        source="pulsed",
        facility="ISIS",
        good_frames=np.array([frames]),
        grouping=np.repeat([1, 2], BANK),
    )
    write(run, path)
    return path


def test_bad_detectors_are_told_and_left_out(musrcu: Musrcu, faulty: Path) -> None:
    kept = musrcu("reduce", faulty).out
    assert "bad detectors in the groups: 3 (no counts at all), 21 (" in kept
    for typed in ("bad", "3,21"):
        done = musrcu("reduce", faulty, "--exclude", typed).out
        assert "forward=1-2,4-16, backward=17-20,22-32, excluded=3,21" in done
        assert "left out as asked: 3 (no counts at all), 21 (" in done
    odd = musrcu("info", "--check", faulty).out
    assert "no counts at all: detector 3\n" in odd
    assert "hot: detector 21 (" in odd
    refused = musrcu("reduce", faulty, "--exclude", "1-16")
    assert refused.code == 1 and "no detector of the forward group is left" in refused.err


def test_a_background_from_a_run_without_muons(musrcu: Musrcu, faulty: Path, here: Path) -> None:
    """Its level a frame times the frames of the run: 16 detectors, 1000 frames over 250."""
    noise = np.random.default_rng(3).poisson(0.5, (2 * BANK, BINS))
    saved(noise, here / "noise.nxs", frames=250)
    done = musrcu("reduce", faulty, "--background", "run=noise.nxs")
    assert done.code == 0
    level = noise[:BANK].sum() / BINS / 250
    assert f"per_frame=[{level:.6g}, " in done.out and "frames=1000" in done.out
    double = musrcu("reduce", faulty, "--background", "run=noise.nxs,2").out
    assert f"per_frame=[{2 * level:.6g}, " in double
    for half in ("0.5", "5e-1", " +5.0E-1"):
        done = musrcu("reduce", faulty, "--background", f"run=noise.nxs,{half}").out
        assert f"per_frame=[{0.5 * level:.6g}, " in done
    for wrong in ("-1", "0", "1e-30"):
        refused = musrcu("reduce", faulty, "--background", f"run=noise.nxs,{wrong}")
        assert refused.code == 2 and f"{wrong} is " in refused.err
    plan = tomllib.loads(musrcu("init", faulty, "--background", "run=noise.nxs").out)
    assert plan["reduction"]["background"]["per_frame"][0] == pytest.approx(level)
    refused = musrcu("reduce", faulty, "--background", f"run={faulty}")
    assert refused.code == 1 and "decay with the muon lifetime" in refused.err


def test_a_background_left_to_the_fit_leaves_no_asymmetry(musrcu: Musrcu, faulty: Path) -> None:
    refused = musrcu("reduce", faulty, "--background", "fit")
    assert refused.code == 1 and "musrcu fit --cost poisson" in refused.err


def test_a_late_background(musrcu: Musrcu, faulty: Path) -> None:
    done = musrcu("reduce", faulty, "--background", "late=2,7.9")
    assert "fit of a decay and a flat level to late times" in done.out
    wrong = musrcu("reduce", faulty, "--background", "late=7")
    assert wrong.code == 2
    wrong = musrcu("reduce", faulty, "--background", "soon=7,8")
    assert wrong.code == 2 and "is not auto, none, fit" in wrong.err
