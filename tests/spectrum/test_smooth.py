"""The smooth part: what relaxes is taken out, a broad line is not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from asymmetries import asymmetry, thrown

from musrcu import Reduction, Spectrum, fourier, periodogram, read, reduce
from musrcu.spectrum.signal import signal_of
from musrcu.spectrum.smooth import find_smooth, read_terms

EVERY = "gaussian + exponential + constant"
REAL = {
    "psi-bin/deltat_pta_gps_3111.bin": ("transverse", 1.546, 0.03, 12.6),
    "psi-bin/deltat_pta_gpd_0423.bin": (None, 97.85 * 0.01355388, 0.0015, 0.0),
}
"""Geometry; frequency (MHz), how near, and phase (degrees) of a fit of one line to the counts."""


def of_real(real: Path, name: str, **options: object) -> Spectrum:
    recipe = Reduction(geometry=REAL[name][0])  # type: ignore[arg-type]
    return fourier(reduce(read(real / name), recipe), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("detrend", ["auto", EVERY])
@pytest.mark.parametrize("name", REAL)
def test_the_line_of_a_transverse_field_stays_where_the_counts_have_it(
    real: Path, name: str, detrend: str
) -> None:
    found = of_real(real, name, nu_range=(0.3, 6), detrend=detrend, most=1)
    _, nu, near, phase = REAL[name]
    assert abs(found.peaks[0].nu - nu) < near
    assert abs(found.peaks[0].phase - phase) < 12
    assert found.peaks[0].nu_error < near


@pytest.mark.parametrize("detrend", ["auto", EVERY])
@pytest.mark.parametrize("field", [None, 118.0])
def test_a_broad_gaussian_line_is_no_difference_of_relaxations(
    detrend: str, field: float | None
) -> None:
    data = thrown(
        lambda t: 0.2 * np.exp(-((4.0 * t) ** 2) / 2) * np.cos(2 * np.pi * 1.6 * t) + 0.02,
        2e7, 3, n_bins=1000, width=0.005,
    )  # fmt: skip
    data = dataclasses.replace(data, run=dataclasses.replace(data.run, field=field))
    signal = signal_of(data, None, None, True, "test")
    smooth = find_smooth(signal, read_terms(detrend, "detrend"))
    relaxing = [v for v, rate in zip(smooth.values, smooth.rates, strict=True) if rate > 0]
    assert np.abs(relaxing).max(initial=0.0) < 0.01
    assert smooth.curve == pytest.approx(np.full(signal.time.size, 0.02), abs=0.01)
    assert abs(fourier(data, nu_range=(0.3, 6), detrend=detrend).peaks[0].nu - 1.6) < 0.1
    assert abs(periodogram(data, nu_range=(0.3, 6), smooth=detrend).peaks[0].nu - 1.6) < 0.15


def test_a_relaxation_in_a_field_along_the_spin_is_still_taken_out() -> None:
    time = 0.005 + 0.01 * np.arange(1000)
    error = 0.004 * np.exp(0.5 * time / 2.197)
    noise = error * np.random.default_rng(4).normal(size=1000)
    value = 0.18 * np.exp(-0.9 * time) + 0.05 * np.exp(-8 * time) + 0.03 + noise
    data = asymmetry(time, value, error)
    data = dataclasses.replace(data, run=dataclasses.replace(data.run, field=150.0))
    found = fourier(data)
    assert not found.peaks
    assert " exponential of" in found.history[-1].note
    assert "of 150 G" not in found.history[-1].note


def test_a_fast_relaxation_beside_a_weaker_slow_line() -> None:
    time = 0.005 + 0.01 * np.arange(1000)
    error = 0.002 * np.exp(0.5 * time / 2.197)
    noise = error * np.random.default_rng(5).normal(size=1000)
    line = 0.02 * np.exp(-0.3 * time) * np.cos(2 * np.pi * 1.1 * time)
    found = fourier(asymmetry(time, 0.15 * np.exp(-15 * time) + line + 0.05 + noise, error))
    assert abs(found.peaks[0].nu - 1.1) < 4 * found.peaks[0].nu_error
    assert found.peaks[0].amplitude == pytest.approx(0.02 / (1 + 0.3 * 2.197), rel=0.1)
