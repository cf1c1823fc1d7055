"""t0 and dead times of a calibration: given option, then calibration, then file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from run_of import run_of

import musrcu as mu
from musrcu.reduction.calibrated import origin_of, take_calibration
from musrcu.reduction.recipe import grouped_counts, reduce_counts

COUNTS = np.random.default_rng(1).poisson(900 * np.exp(-np.arange(400) / 219.7), (4, 400))
TAU = (0.02, 0.03)


def run(**more: Any) -> mu.Run:
    known = {"source": "pulsed", "good_frames": [100_000], "dead_time": [[0.011] * 4]}
    return run_of(COUNTS, **(known | more))


def made(**changes: Any) -> mu.Calibration:
    known: dict[str, Any] = {
        "alpha": 1.1, "alpha_error": 0.01, "forward": "1,2", "backward": "3,4",
        "instrument": "SIM", "run": 9, "n_detectors": 4, "bin_width": 0.01, "detectors": (2, 3),
        "dead_time": TAU, "dead_time_error": (0.001, 0.001), "t0": (3.25, 4.25),
        "t0_error": (0.1, 0.1),
    }  # fmt: skip
    return mu.Calibration(**(known | changes))


def recipe(**more: Any) -> mu.Reduction:
    known: dict[str, Any] = {"forward": "1-2", "backward": "3-4", "calibration": made()}
    return mu.Reduction(**(known | more))


def by_hand(tau: tuple[float, ...], rows: tuple[int, ...]) -> np.ndarray:
    """Counts n / (1 - n tau / (frames dt)) of some detectors, added."""
    return np.sum([COUNTS[d] / (1 - COUNTS[d] * tau[d] / (100_000 * 0.01)) for d in rows], axis=0)


def test_the_calibration_comes_before_the_file() -> None:
    counts = grouped_counts(run(), recipe(t0=0.0))
    np.testing.assert_allclose(counts.forward, by_hand((0.011, 0.02, 0.03, 0.011), (0, 1)))
    np.testing.assert_allclose(counts.backward, by_hand((0.011, 0.02, 0.03, 0.011), (2, 3)))
    step = counts.history.find("correct_dead_time")
    assert step is not None
    assert step.options["dead_time"] == "from the calibration SIM 9"


def test_an_option_comes_before_the_calibration() -> None:
    for option, expected, said in (
        ("file", (0.011,) * 4, "from the file"),
        (0.005, (0.005,) * 4, "given"),
    ):
        counts = grouped_counts(run(), recipe(t0=0.0, dead_time=option))
        np.testing.assert_allclose(counts.forward, by_hand(expected, (0, 1)))
        step = counts.history.find("correct_dead_time")
        assert step is not None
        assert step.options["dead_time"] == said
    counts = grouped_counts(run(), recipe(t0=0.0, dead_time="none"))
    np.testing.assert_array_equal(counts.forward, COUNTS[0] + COUNTS[1])


def test_detectors_that_are_not_named_keep_the_file() -> None:
    bare = grouped_counts(run(dead_time=None), recipe(t0=0.0))
    np.testing.assert_allclose(bare.forward, by_hand((0.0, 0.02, 0.03, 0.0), (0, 1)))
    known = run(t0=[1.0, 2.0, 3.0, 4.0])
    taken = take_calibration(known, made())
    np.testing.assert_array_equal(taken.t0, [1.0, 3.25, 4.25, 4.0])
    assert origin_of(taken, "t0") == "the calibration SIM 9"
    assert origin_of(known, "t0") == "the file"
    only = take_calibration(known, made(), dead_time=False)
    np.testing.assert_array_equal(only.dead_time, known.dead_time)
    assert origin_of(only, "dead_time") == "the file"


def test_t0_moves_the_time_axis_and_says_where_it_is_from() -> None:
    pair = {"forward": "2", "backward": "3"}
    calibration = made(forward="2", backward="3")
    counts = grouped_counts(run(), recipe(**pair, calibration=calibration, dead_time="none"))
    # shifted by one bin against each other, then 3.25 bins before the muon
    np.testing.assert_allclose(counts.time[:2], [-0.0325, -0.0225])
    np.testing.assert_array_equal(counts.forward, COUNTS[1, :-1])
    np.testing.assert_array_equal(counts.backward, COUNTS[2, 1:])
    step = counts.history.find("group")
    assert step is not None
    assert step.options["t0_from"] == "the calibration SIM 9"
    given = grouped_counts(run(), recipe(**pair, calibration=calibration, t0=7.0))
    assert given.time[7] == 0
    assert given.history.find("group").options["t0_from"] == "given"


def test_a_model_of_the_counts_takes_them_too() -> None:
    counts = reduce_counts(run(), recipe(t0=0.0, packing=1))
    assert counts.losses is not None
    np.testing.assert_allclose(counts.losses[0].dead, np.array([0.011, 0.02]) / 100_000)
    np.testing.assert_array_equal(counts.variance[0], (COUNTS[0] + COUNTS[1])[counts.good])
    step = counts.history.find("correct_dead_time")
    assert step is not None
    assert step.options["dead_time"] == "from the calibration SIM 9"


def test_a_calibration_without_rows_leaves_the_run_alone() -> None:
    known = run()
    bare = mu.Calibration(alpha=1.0, alpha_error=0.1)
    assert take_calibration(known, bare) is known
    corrected = mu.correct_dead_time(known)
    taken = take_calibration(corrected, made())
    np.testing.assert_array_equal(taken.counts, corrected.counts)
    np.testing.assert_array_equal(taken.dead_time, corrected.dead_time)


def test_detector_beta_is_taken() -> None:
    calibration = made(detector_beta=0.9, detector_beta_error=0.01, detectors=(), dead_time=(),
                       dead_time_error=(), t0=(), t0_error=())  # fmt: skip
    asymmetry = mu.reduce(run(), recipe(calibration=calibration, packing=20))
    assert (asymmetry.alpha, asymmetry.detector_beta) == (1.1, 0.9)
    turned = mu.reduce(
        run(), recipe(forward="3-4", backward="1-2", calibration=calibration, packing=20)
    )
    assert turned.detector_beta == pytest.approx(1 / 0.9)
    given = mu.reduce(run(), recipe(calibration=calibration, detector_beta=0.8, packing=20))
    assert given.detector_beta == 0.8


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"instrument": "GPS"}, "the calibration is of GPS; take one of SIM"),
        ({"n_detectors": 96}, "the calibration is of 96 detectors, the run has 4"),
        ({"n_detectors": None, "detectors": (2, 9)}, "names detector 9, the run has 4"),
        ({"bin_width": 0.016}, "in bins of 16 ns, the run has bins of 10 ns"),
    ],
)
def test_another_spectrometer_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(mu.MusrcuError, match=sentence):
        mu.reduce(run(), recipe(calibration=made(**changes)))


def test_t0_of_a_calibration_is_not_pasted_into_moved_bins() -> None:
    """The bins of a sum are those of its first file only where no run was moved to meet it."""
    first, moved, alike, last = (
        run(t0=[t0] * 4, number=k).replace(counts=COUNTS[None] + k)
        for k, t0 in enumerate((9.0, 4.0, 9.4, 4.0), 1)
    )
    whole = mu.add_runs([first, moved])
    for total in (
        whole,
        mu.add_runs([moved, first]),
        mu.add_runs([whole, last]),
    ):
        assert total.t0.max() < 5, "five leading bins of the first are gone"
        with pytest.raises(mu.MusrcuError, match="added with t0 5 bins apart"):
            mu.reduce(total, recipe(packing=20))
        with pytest.raises(mu.MusrcuError, match="find it in one of them"):
            mu.calibrate(total, mu.Reduction(forward="1-2", backward="3-4"), t0=True)
        kept = grouped_counts(total, recipe(t0="file"))
        assert kept.time[0] == pytest.approx(-0.04)
    total = mu.add_runs([first, alike])
    np.testing.assert_allclose(take_calibration(total, made()).t0[[1, 2]], (3.25, 4.25))


def test_a_calibration_run_is_reduced_with_what_is_known() -> None:
    """Calibrating alpha with the dead times of another calibration."""
    rng = np.random.default_rng(2)
    t = np.arange(600) * 0.016
    wave = 0.22 * np.cos(2 * np.pi * 1.0 * t)
    n = 400 * np.exp(-t / 2.1969811) * np.array([1.2 * (1 + wave), 1 - wave])
    tau = np.array([[0.03], [0.02]])
    seen = rng.poisson(60 * n / (1 + n * 60 * tau / (1.2e6 * 0.016)))
    made_run = run_of(seen, bin_width=0.016, source="pulsed", good_frames=[1_200_000])
    known = made(forward="1", backward="2", n_detectors=2, detectors=(1, 2), dead_time=tau[:, 0],
                 t0=(), t0_error=(), bin_width=0.016)  # fmt: skip
    pair = {"forward": "1", "backward": "2", "packing": 1}
    for method in ("counts", "cosine"):
        right = mu.calibrate(made_run, mu.Reduction(**pair, calibration=known), method=method)
        wrong = mu.calibrate(made_run, mu.Reduction(**pair), method=method)
        assert abs(right.alpha - 1.2) < 4 * right.alpha_error
        assert abs(wrong.alpha - 1.2) > 8 * wrong.alpha_error
