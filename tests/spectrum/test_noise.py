"""Noise, errors and probabilities against seeded simulations and the Cramer-Rao bound."""

from __future__ import annotations

import numpy as np
import pytest
from asymmetries import asymmetry, thrown

from musrcu import fourier, periodogram
from musrcu.spectrum.chance import chance_anywhere, effective_length, level_of

TIME = 0.01 + 0.05 * np.arange(160)
ERROR = 0.01 * np.exp(TIME / 4.4)


@pytest.mark.parametrize("shape", ["errors", "gaussian"])
def test_noise_of_every_frequency_is_that_of_simulations(shape: str) -> None:
    rng = np.random.default_rng(1)
    sets = 50
    found = [
        fourier(
            asymmetry(TIME, 0.1 + ERROR * rng.normal(size=TIME.size), ERROR),
            apodisation=shape, detrend="constant", padding=1, most=0,
        )
        for _ in range(sets)
    ]  # fmt: skip
    both = np.array([one.transform for one in found])
    seen = np.sqrt(0.5 * both.var(axis=0))
    ratio = seen / np.maximum(found[0].noise, 1e-9)
    away = found[0].noise > 0.2 * found[0].noise_level
    assert away.sum() > 70
    assert np.abs(ratio[away] - 1).max() < 0.45  # each of about 80 has an error of 0.1
    assert ratio[away].mean() == pytest.approx(1, abs=0.04)
    assert found[0].noise[-5:] == pytest.approx(found[0].noise_level, rel=0.05)
    if shape == "errors":  # the constant, of the same weights, takes all of nu = 0
        assert found[0].noise[0] < 1e-6 * found[0].noise_level


def test_noise_makes_a_peak_as_often_as_is_said() -> None:
    rng = np.random.default_rng(2)
    said = 0.2
    listed = gained = 0
    sets = 100
    for _ in range(sets):
        data = asymmetry(TIME, ERROR * rng.normal(size=TIME.size), ERROR)
        listed += bool(fourier(data, detrend="none", chance=said, most=1).peaks)
        more = {"smooth": "none", "damping": 0.0, "most": 1}
        gained += bool(periodogram(data, chance=said, **more).peaks)
    # 0.2 of 100 with an error of 4
    assert abs(listed - said * sets) < 12.5
    assert abs(gained - said * sets) < 12.5


@pytest.mark.parametrize(
    ("amplitude", "rate", "bound"), [(0.2, 0.0, 1.617458e-4), (0.05, 0.3, 2.290465e-3)]
)
def test_the_error_of_a_frequency_is_the_cramer_rao_bound(
    amplitude: float, rate: float, bound: float
) -> None:
    """Fisher's information of 1e7 decays, line of 1.59 MHz, everything free; within 5 per cent."""
    errors = []
    for seed in range(3):
        data = thrown(
            lambda t: amplitude * np.exp(-rate * t) * np.cos(2 * np.pi * 1.59 * t + 0.1),
            1e7, seed, n_bins=1000, width=0.02,
        )  # fmt: skip
        found = [fourier(data, most=1).peaks[0], periodogram(data, most=1).peaks[0]]
        assert max(abs(peak.nu - 1.59) for peak in found) < 4 * bound
        errors.append([peak.nu_error for peak in found])
    # that of one set follows the amplitude and the damping that were found, by 5 per cent
    assert np.mean(errors, axis=0) == pytest.approx(bound, rel=0.05)


def test_pulls_of_a_damped_line() -> None:
    """Counts thrown without anything of musrcu; 40 sets: mean within 0.5, rms 0.75 to 1.35."""
    pulls = []
    for seed in range(40):
        data = thrown(
            lambda t: 0.08 * np.exp(-0.5 * t) * np.cos(2 * np.pi * 2.3 * t + 0.4) + 0.05,
            2e6, 100 + seed, n_bins=160, width=0.05,
        )  # fmt: skip
        peak = fourier(data, detrend="constant", most=1).peaks[0]
        phase = peak.phase - np.rad2deg(0.4)
        pulls.append([(peak.nu - 2.3) / peak.nu_error, phase / peak.phase_error])
    mean, rms = np.mean(pulls, axis=0), np.std(pulls, axis=0)
    assert np.abs(mean).max() < 0.5
    assert 0.75 < rms.min() < rms.max() < 1.35


def test_chance() -> None:
    time = np.arange(100) * 0.1
    assert effective_length(time, np.ones(100)) == pytest.approx(
        np.sqrt(4 * np.pi * (100**2 - 1) / 12) * 0.1
    )
    assert chance_anywhere(5.0, 0.0) == pytest.approx(np.exp(-5))
    assert chance_anywhere(0.0, 3.0) == 1.0
    assert chance_anywhere(40.0, 100.0) == pytest.approx(
        np.exp(-40) * (1 + 100 * np.sqrt(40)), rel=1e-9
    )
    z = level_of(0.01, lambda z: chance_anywhere(z, 100.0))
    assert chance_anywhere(z, 100.0) == pytest.approx(0.01, rel=1e-6)


def test_side_lobes_are_no_lines_and_two_lines_are_two() -> None:
    rng = np.random.default_rng(5)
    time = 0.01 + 0.02 * np.arange(400)
    two = 0.1 * np.cos(2 * np.pi * 5 * time) + 0.03 * np.cos(2 * np.pi * 5.5 * time + 1)
    data = asymmetry(time, two + 0.002 * rng.normal(size=400), np.full(400, 0.002))
    found = fourier(data, apodisation="none", detrend="constant")
    assert [round(peak.nu, 2) for peak in found.peaks] == [5.0, 5.5]
    # the highest side lobe of the first, 0.2 of it, is ten times what noise reaches
    lobes = found.amplitude[(found.nu > 4.75) & (found.nu < 4.88)]
    assert lobes.max() > 10 * found.threshold
    for peak, amplitude in zip(found.peaks, (0.1, 0.03), strict=True):
        assert abs(peak.amplitude - amplitude) < 4 * peak.amplitude_error
