"""``musrcu calibrate`` with several runs, its methods, and what it finds of detectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command import Musrcu

import musrcu as mu


@pytest.fixture
def second(transverse: Path, here: Path) -> Path:
    """A shorter run of the same pair: half of the counts of the first, by chance."""
    run = mu.read(transverse)
    counts = np.random.default_rng(5).binomial(run.counts, 0.5)
    path = here / "deltat_ltf_0022.bin"
    mu.write(run.replace(counts=counts, number=22), path)
    return path


def test_several_runs_become_one_calibration(
    musrcu: Musrcu, transverse: Path, second: Path
) -> None:
    done = musrcu("calibrate", transverse, second, "-o", "c.toml")
    assert (done.code, done.err) == (0, "")
    found = mu.Calibration.load("c.toml")
    assert found.runs == (21, 22)
    single = mu.calibrate(mu.read(transverse))
    assert found.alpha_error == pytest.approx(single.alpha_error / 1.5**0.5, rel=0.02)
    assert f"together:\n{found.summary()}" in done.out
    assert "from LTF 21 (" in done.out
    assert "from LTF 22 (" in done.out
    json = musrcu("calibrate", transverse, second, "--json").json
    assert json["calibration"] == found.to_dict()
    assert [one["run"] for one in json["runs"]] == [21, 22]


def test_a_run_that_disagrees_is_named_and_is_not_valid(
    musrcu: Musrcu, transverse: Path, here: Path
) -> None:
    run = mu.read(transverse)
    counts = run.counts.copy()
    counts[0, 1] = np.random.default_rng(5).binomial(counts[0, 1].astype(int), 0.97)
    mu.write(run.replace(counts=counts, number=22), "deltat_ltf_0022.bin")
    done = musrcu("calibrate", transverse, "deltat_ltf_0022.bin", "-o", "c.toml")
    assert done.code == 3
    assert "note: LTF 22 disagrees: alpha = 0.90" in done.out
    assert "the runs do not agree within their errors" in done.out


def test_runs_of_different_pairs_are_not_combined(
    musrcu: Musrcu, transverse: Path, here: Path
) -> None:
    done = musrcu("calibrate", transverse, transverse.parent / "isis/simulated_EMU00000015.nxs",
                  "-o", "c.toml")  # fmt: skip
    assert done.code == 1
    assert "cannot be combined: their instrument is 'LTF' and 'EMU'" in done.complaint
    assert not Path("c.toml").exists()


def test_methods(musrcu: Musrcu, transverse: Path) -> None:
    said = {
        "counts": "joint Poisson fit of the counts",
        "cosine": "asymmetry cosine fit",
        "sum": "ratio of the summed counts",
        "zero": "zero of the weighted mean asymmetry",
    }
    for method, words in said.items():
        done = musrcu("calibrate", transverse, "--method", method)
        assert done.code == 0
        assert words in done.out
        assert ("\nbias: " in done.out) == (method != "counts")
    assert "expected 'counts', 'cosine'" in musrcu("calibrate", transverse, "--method", "x").err


def test_what_is_found_on_request(musrcu: Musrcu, transverse: Path, here: Path) -> None:
    words = ("--detector-beta", "--detectors", "--find-t0")
    done = musrcu("calibrate", transverse, *words, "-o", "c.toml")
    assert done.code == 0
    found = mu.Calibration.load("c.toml")
    assert found == mu.calibrate(mu.read(transverse), detector_beta=True, detectors=True, t0=True)
    assert abs(found.detector_beta - 1) < 4 * found.detector_beta_error
    assert "detector  phase (deg)  amplitude  t0 (bin)" in done.out
    assert "t0_from=the calibration LTF 21" in done.out
    complaint = musrcu("calibrate", transverse, "--find-dead-time").err
    assert "the source is continuous" in complaint
    used = musrcu("reduce", transverse, "--calibration", "c.toml")
    assert "t0_from=the calibration LTF 21" in used.out


def test_dead_times_of_a_pulsed_source(musrcu: Musrcu, samples: Path, here: Path) -> None:
    run = samples / "isis/simulated_EMU00000015.nxs"
    done = musrcu("calibrate", run, "--find-dead-time", "-o", "c.toml")
    assert done.code == 0
    assert "dead time (ns)" in done.out
    assert "dead_time=from the calibration EMU 15" in done.out
    found = mu.Calibration.load("c.toml")
    assert len(found.dead_time) == 96
    assert found.alpha_error > mu.calibrate(mu.read(run)).alpha_error
    estimate = mu.estimate_dead_time(mu.read(run))
    for text in (
        f"note: dead times: {estimate.summary().splitlines()[1]} (transverse: ",
        estimate.quality(),
        "note: dead times: the file has its own, 9.84 ns on average; 0 of 96 found here",
        "they replace the file's, unless dead_time = 'file'",
    ):
        assert text in done.out


def test_dead_times_of_the_file_that_are_far_off_are_counted(samples: Path) -> None:
    run = mu.read(samples / "isis/simulated_EMU00000015.nxs")
    wrong = np.array(run.dead_time)
    wrong[0, :5] += 0.2  # 20 errors
    (note,) = (n for n in mu.calibrate(run.replace(dead_time=wrong), dead_time=True).notes
               if "has its own" in n)  # fmt: skip
    assert "; 5 of 96 found here" in note
    bare = mu.calibrate(run.replace(dead_time=None), dead_time=True)
    assert not any("has its own" in note for note in bare.notes)


def test_a_background_that_is_left_to_the_fit(musrcu: Musrcu, transverse: Path) -> None:
    done = musrcu("calibrate", transverse, "--background", "fit")
    assert (done.code, done.err) == (0, "")
    found = mu.calibrate(mu.read(transverse), mu.Reduction(background="fit"))
    assert found.summary() in done.out
    assert "subtract_background(): left to the fit" in done.out
    for method in ("cosine", "sum", "zero"):
        done = musrcu("calibrate", transverse, "--background", "fit", "--method", method)
        assert done.code == 1
        assert "take method 'counts'" in done.complaint


def test_a_pulsed_source_is_fitted_after_its_pulse(musrcu: Musrcu, samples: Path) -> None:
    """First good bins of a file may lie in the pulse, where the counts still rise."""
    path = samples / "isis/simulated_EMU00000015.nxs"
    run = mu.read(path)
    default = musrcu("calibrate", path)
    assert "fitted to 0.3 us and later, when the muon pulse is over" in default.out
    later = mu.calibrate(run, t_range=(0.3, 1e3))
    assert mu.calibrate(run).alpha == later.alpha
    early = run.replace(first_good=run.first_good * 0 + 11)  # 24 ns after t0, muons still come
    assert mu.calibrate(early).alpha == pytest.approx(later.alpha, abs=1e-4)
    assert (
        mu.calibrate(early).probability > 0.01 > mu.calibrate(early, t_range=(0, 1e3)).probability
    )
    assert "0.5 to 9 us" in musrcu("calibrate", path, "--range", "0.5,9").out
    assert "fitted to every bin" in musrcu("calibrate", path, "--first-good", "20").out


@pytest.mark.parametrize("words", [("--find-dead-time", "--find-t0"), ()])
def test_a_real_pulse_that_is_over(musrcu: Musrcu, real: Path, words: tuple[str, ...]) -> None:
    """Copper in 20 G, first good bin 0.125 us after t0: with dead times the counts are described,
    without them (its file has none) they are not, and exit code 3 says so."""
    done = musrcu("calibrate", real / "isis-hdf4" / "MUT53578.NXS", *words, "--json")
    assert (done.json["probability"] > 1e-3) == bool(words)
    assert done.code == (0 if words else 3)


def test_a_calibration_is_no_table_of_dead_times(
    musrcu: Musrcu, run1: Path, transverse: Path, here: Path
) -> None:
    assert musrcu("calibrate", transverse, "-o", "c.toml").code == 0
    done = musrcu("fit", run1, "--dead-time", "c.toml")
    assert done.code == 2
    assert "a calibration is taken by --calibration c.toml" in done.complaint
