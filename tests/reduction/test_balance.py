"""A calibration serves the pair it was made for, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

import musrcu as mu


@pytest.fixture(scope="module")
def run(samples: Path) -> mu.Run:
    return mu.read(samples / "deltat_tdc_ltf_0003.bin")


def made(**changes: object) -> mu.Calibration:
    settings = {
        "alpha": 0.93, "alpha_error": 0.002, "total": 0.21, "total_error": 0.001,
        "forward": "2", "backward": "1", "run": 21, "instrument": "LTF",
    }  # fmt: skip
    return mu.Calibration(**{**settings, **changes})


def test_the_same_pair_takes_alpha_and_total(run: mu.Run) -> None:
    asymmetry = mu.reduce(run, mu.Reduction(calibration=made()))
    assert (asymmetry.alpha, asymmetry.alpha_error) == (0.93, 0.002)
    assert (asymmetry.total, asymmetry.total_error) == (0.21, 0.001)
    assert "from LTF 21" in str(asymmetry.history[-1])


def test_labels_and_numbers_name_the_same_pair(run: mu.Run) -> None:
    named = made(forward="Back", backward="Forw")
    assert mu.reduce(run, mu.Reduction(calibration=named)).alpha == 0.93


def test_the_reversed_pair_takes_one_over_alpha(run: mu.Run) -> None:
    recipe = mu.Reduction(forward="Forw", backward="Back", calibration=made())
    asymmetry = mu.reduce(run, recipe)
    assert asymmetry.alpha == pytest.approx(1 / 0.93)
    assert asymmetry.alpha_error == pytest.approx(0.002 / 0.93**2)
    assert "reversed" in str(asymmetry.history[-1])
    right = mu.reduce(run, mu.Reduction(calibration=made()))
    assert asymmetry.value == pytest.approx(-right.value)


def test_another_pair_or_instrument_is_refused(run: mu.Run) -> None:
    with pytest.raises(mu.MusrcuError, match="grouped as forward 3, backward 4"):
        mu.reduce(run, mu.Reduction(forward="Rite", backward="Left", calibration=made()))
    with pytest.raises(mu.MusrcuError, match="calibration is of GPS"):
        mu.reduce(run, mu.Reduction(calibration=made(instrument="GPS")))


def test_a_calibration_without_pair_is_taken_at_its_word(run: mu.Run) -> None:
    bare = mu.Calibration(alpha=0.9, alpha_error=0.01)
    assert mu.reduce(run, mu.Reduction(calibration=bare)).alpha == 0.9


def test_a_given_alpha_comes_first(run: mu.Run) -> None:
    asymmetry = mu.reduce(run, mu.Reduction(alpha=0.95, calibration=made()))
    assert (asymmetry.alpha, asymmetry.alpha_error, asymmetry.total) == (0.95, None, 0.21)


def test_detector_beta_is_given_or_calibrated_or_one(run: mu.Run) -> None:
    known = made(detector_beta=0.9, detector_beta_error=0.01)
    for recipe, beta in (
        (mu.Reduction(), 1.0),
        (mu.Reduction(detector_beta=0.8), 0.8),
        (mu.Reduction(calibration=made()), 1.0),
        (mu.Reduction(calibration=known), 0.9),
        (mu.Reduction(calibration=known, alpha=1.1), 0.9),
        (mu.Reduction(calibration=known, detector_beta=0.8), 0.8),
    ):
        assert mu.reduce(run, recipe).detector_beta == beta


def test_the_reversed_pair_takes_one_over_beta(run: mu.Run) -> None:
    """What forward measures of backward is beta times as large: A' = -beta A."""
    known = made(detector_beta=0.9, detector_beta_error=0.01)
    right = mu.reduce(run, mu.Reduction(calibration=known))
    turned = mu.reduce(run, mu.Reduction(forward="Forw", backward="Back", calibration=known))
    assert turned.detector_beta == pytest.approx(1 / 0.9)
    assert turned.total == pytest.approx(0.9 * 0.21)
    assert turned.value == pytest.approx(-0.9 * right.value)
    assert turned.error == pytest.approx(0.9 * right.error)
