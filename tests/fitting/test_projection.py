"""The projection scan, against weighted least squares frequency by frequency."""

from __future__ import annotations

import numpy as np
import pytest
from throw import asymmetry_of, paper, paper_parameters, throw_pair

from musrcu.fitting.projection import Spectrum, line_gain, peaks


def times(kind: str) -> np.ndarray:
    even = 0.003 + 0.02 * np.arange(300)
    if kind == "even":
        return even
    rng = np.random.default_rng(3)
    if kind == "gaps":
        return even[np.sort(rng.choice(300, 220, replace=False))]
    # Growing bins, as a logarithmic packing makes them.
    return np.cumsum(0.02 * np.linspace(1.0, 1.9, 200)) + 0.003


def data(time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    error = 0.01 * np.exp(time / 4.4)
    value = 0.05 * np.exp(-0.4 * time) * np.cos(2 * np.pi * 1.59 * time + 0.6)
    value += 0.06 * np.exp(-0.8 * time) + 0.1
    return value + error * rng.standard_normal(time.size), error


def chi2_of(design: np.ndarray, value: np.ndarray, error: np.ndarray) -> tuple[float, np.ndarray]:
    solution = np.linalg.lstsq((design / error).T, value / error, rcond=None)[0]
    return float((((value - solution @ design) / error) ** 2).sum()), solution


def brute(
    time: np.ndarray,
    smooth: np.ndarray,
    envelope: np.ndarray,
    frequencies: np.ndarray,
    phase: float | None,
) -> tuple[np.ndarray, np.ndarray]:
    value, error = data(time)
    without = (
        chi2_of(smooth, value, error)[0] if smooth.size else float(((value / error) ** 2).sum())
    )
    gains, phases = [], []
    for nu in frequencies:
        turn = 2 * np.pi * nu * time
        if phase is None:
            lines = [envelope * np.cos(turn), envelope * np.sin(turn)]
        else:
            lines = [envelope * np.cos(turn + np.deg2rad(phase))]
        chi2, solution = chi2_of(np.array([*smooth, *lines]), value, error)
        gains.append(without - chi2)
        a, b = solution[-2:] if phase is None else (1.0, 0.0)
        phases.append(np.rad2deg(np.arctan2(-b, a)) if phase is None else phase)
    return np.array(gains), np.array(phases)


@pytest.mark.parametrize("phase", [None, 0.0, 34.4, -150.0])
@pytest.mark.parametrize("kind", ["even", "gaps", "growing"])
@pytest.mark.parametrize("terms", [0, 1, 2])
def test_gain_is_that_of_weighted_least_squares(kind: str, terms: int, phase: float | None) -> None:
    time = times(kind)
    value, error = data(time)
    smooth = np.array([np.ones_like(time), np.exp(-0.8 * time)])[:terms].reshape(-1, time.size)
    envelope = np.exp(-0.5 * time)
    spectrum = Spectrum(time, 1 / error**2)
    gain, found = line_gain(spectrum, value, smooth, envelope, phase)
    assert gain.shape == found.shape == spectrum.nu.shape
    best = int(np.argmax(gain * (spectrum.nu > 1)))
    chosen = np.unique([*range(7, spectrum.nu.size - 1, 41), best])
    expected, phases = brute(time, smooth, envelope, spectrum.nu[chosen], phase)
    if kind == "growing":
        # Times are rounded to a grid there: the scan is a guide, not a fit.
        assert spectrum.nu[-1] < 0.26 / np.diff(time).min()
        assert np.abs(gain[chosen] - expected).max() < 0.02 * expected.max() + 1.0
        return
    assert np.allclose(gain[chosen], expected, rtol=1e-7, atol=1e-6)
    turn = (found[chosen] - phases + 180) % 360 - 180
    assert np.abs(turn).max() < 1e-4


def test_grid_reaches_the_nyquist_frequency_finely() -> None:
    time = times("even")
    nu = Spectrum(time, np.ones_like(time)).nu
    assert nu[0] == 0
    assert nu[-1] == pytest.approx(0.5 / 0.02, rel=0.01)
    assert np.diff(nu).max() < 1 / (4 * (time[-1] - time[0]))


def test_highest_gain_is_the_line() -> None:
    truth = paper(paper_parameters(0.02))
    time, forward, backward = throw_pair(truth, 2e6, 1)
    value, error = asymmetry_of(forward, backward)
    spectrum = Spectrum(time, 1 / error**2)
    smooth = np.array([np.ones_like(time), np.exp(-0.9 * time)])
    gain, phase = line_gain(spectrum, value, smooth, np.exp(-0.5 * time), None)
    best = peaks(spectrum.nu, gain, phase, (0.3, 20.0), 0.1, 3)
    assert best[0].nu == pytest.approx(1.5887, abs=0.02)
    assert best[0].phase == pytest.approx(6, abs=8)
    assert best[0].gain > 200 > best[1].gain


def test_peaks_are_apart_inside_their_bounds_and_in_order() -> None:
    nu = np.linspace(0, 10, 1001)
    gain = np.exp(-((nu - 3) ** 2)) + 2 * np.exp(-((nu - 7) ** 2) / 0.1) + 0.1 * np.cos(40 * nu)
    found = peaks(nu, gain, np.zeros_like(nu), (1.0, 9.0), 0.5, 6)
    assert found[0].nu == pytest.approx(7, abs=0.1)
    assert [peak.gain for peak in found] == sorted((p.gain for p in found), reverse=True)
    places = np.sort([peak.nu for peak in found])
    assert np.diff(places).min() >= 0.5
    assert places.min() >= 1.0
    assert places.max() <= 9.0
    # A slope that is highest at the edge of the bounds is a peak there.
    assert peaks(nu, nu, np.zeros_like(nu), (1.0, 9.0), 0.5, 1)[0].nu == pytest.approx(9.0)
    assert peaks(nu, gain, np.zeros_like(nu), (4.001, 4.002), 0.5, 3) == []
