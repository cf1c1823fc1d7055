"""Fourier spectra against NumPy's transform, sums by hand, and closed forms of damped lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from asymmetries import asymmetry
from run_of import decay, pair_of

from musrcu import fourier
from musrcu.errors import FitError
from musrcu.reduction.rebin import rebin

TAU = 2.1969811


def bare(**more: Any) -> dict[str, Any]:
    """No weights, no smooth terms, no padding."""
    return {"apodisation": "none", "detrend": "none", "padding": 1} | more


def even(n: int = 300, width: float = 0.02, first: float = 0.013) -> np.ndarray:
    return first + width * np.arange(n)


@pytest.mark.parametrize("padding", [1, 3, 4.5])
@pytest.mark.parametrize("n", [300, 301])
def test_even_bins_are_what_numpy_transforms(n: int, padding: float) -> None:
    time = even(n)
    value = np.random.default_rng(2).normal(size=n)
    found = fourier(asymmetry(time, value, np.ones(n)), **bare(padding=padding))
    size = round(padding * n)
    half = np.fft.rfft(value, size)
    nu = np.fft.rfftfreq(size, 0.02)
    np.testing.assert_allclose(found.nu, nu, rtol=1e-9)
    expected = 2 / n * half * np.exp(-2j * np.pi * nu * time[0])
    np.testing.assert_allclose(found.transform, expected, atol=1e-12)


@pytest.mark.parametrize("kind", ["gaps", "packs", "odd"])
def test_uneven_bins_are_summed_term_by_term(kind: str) -> None:
    rng = np.random.default_rng(3)
    packs = np.ones(200, dtype=int)
    time = even(200)
    if kind == "gaps":
        time = even(300)[np.sort(rng.choice(300, 200, replace=False))]
    elif kind == "packs":
        packs = np.sort(rng.integers(1, 9, 200))
        time = 0.02 * (np.cumsum(packs) - 0.5 * packs)
    else:
        time = np.cumsum(0.02 * (1 + rng.random(200)))
    value, error = rng.normal(size=200), 0.5 + rng.random(200)
    more = {} if kind != "packs" else {"packs": packs}
    widest = {"bin_width": 0.02 * packs.max(), "packing": int(packs.max())}
    data = asymmetry(time, value, error, **widest, **more)
    for shape, weight in (("errors", 1 / error**2), ("none", packs * 1.0)):
        found = fourier(data, apodisation=shape, detrend="none", padding=2, t0=0.07)
        turn = np.exp(-2j * np.pi * np.multiply.outer(found.nu, time - 0.07))
        expected = 2 * turn @ (weight * value) / weight.sum()
        np.testing.assert_allclose(found.transform, expected, atol=2e-3 * (kind == "odd") + 1e-9)
        assert found.nu[-1] <= 0.5 / 0.02 * (1 + 1e-9)


def test_parseval() -> None:
    n = 400
    value = np.random.default_rng(4).normal(size=n)
    found = fourier(asymmetry(even(n), value, np.ones(n)), **bare())
    # every frequency but the first and the last stands for -nu too
    power = found.power.copy()
    power[1:-1] *= 2
    assert power.sum() * n / 4 == pytest.approx((value**2).sum(), rel=1e-9)


SHAPES = [
    ("exponential", 1.5, lambda t: np.exp(-t / 1.5)),
    ("gaussian", 2.0, lambda t: np.exp(-(t**2) / 8)),
    ("gaussian", None, lambda t: np.exp(-(t**2) / (2 * TAU**2))),
    ("hann", None, lambda t: 0.5 + 0.5 * np.cos(np.pi * (t - t[0]) / 6.0)),
    ("hann", 3.0, lambda t: np.where(t - t[0] < 3, 0.5 + 0.5 * np.cos(np.pi * (t - t[0]) / 3), 0)),
    ("cosine", None, lambda t: np.cos(0.5 * np.pi * (t - t[0]) / 6.0)),
    (
        "blackman", 3.0,
        lambda t: np.where(
            t - t[0] < 3,
            0.42 + 0.5 * np.cos(np.pi * (t - t[0]) / 3) + 0.08 * np.cos(2 * np.pi * (t - t[0]) / 3),
            0,
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "width", "weight"), SHAPES)
def test_apodisations_are_the_formulas(shape: str, width: float | None, weight: Any) -> None:
    time = even()
    value = np.random.default_rng(5).normal(size=time.size)
    data = asymmetry(time, value, np.ones(time.size))
    found = fourier(data, apodisation=shape, width=width, detrend="none", padding=1)
    w = weight(time)
    expected = 2 * np.fft.rfft(w * value) / w.sum()
    np.testing.assert_allclose(np.abs(found.transform), np.abs(expected), atol=1e-12)


@pytest.mark.parametrize("rate", [0.0, 0.5, 2.0])
def test_height_and_width_of_a_damped_line(rate: float) -> None:
    """A / (1 + lambda tau) high and (lambda + 1/tau) / pi wide: a Lorentzian."""
    time = 0.001 + 0.002 * np.arange(15000)
    value = 0.2 * np.exp(-rate * time) * np.cos(2 * np.pi * 5 * time + 0.7)
    error = 1e-3 * np.exp(0.5 * time / TAU)
    data = asymmetry(time, value, error)
    for options in ({}, {"apodisation": "exponential"}):
        found = fourier(data, detrend="none", nu_range=(1, 9), **options)
        (peak,) = found.peaks
        assert peak.nu == pytest.approx(5, abs=2e-4)
        assert peak.amplitude == pytest.approx(0.2 / (1 + rate * TAU), rel=2e-3)
        assert peak.width == pytest.approx((rate + 1 / TAU) / np.pi, rel=1e-2)
        assert found.resolution == pytest.approx(1 / (np.pi * TAU), rel=1e-3)
        assert peak.phase == pytest.approx(np.rad2deg(0.7), abs=0.3)


def test_an_undamped_line_stands_as_high_as_it_is() -> None:
    time = even(500)
    data = asymmetry(time, 0.13 * np.cos(2 * np.pi * 7.3 * time - 1), np.full(500, 1e-3))
    for shape in ("errors", "none", "hann", "gaussian", "blackman", "cosine"):
        (peak,) = fourier(data, apodisation=shape, detrend="none").peaks
        assert peak.amplitude == pytest.approx(0.13, rel=2e-3)
        assert peak.nu == pytest.approx(7.3, abs=1e-3)


@pytest.mark.parametrize("phase", [-120.0, 0.0, 35.0, 170.0])
def test_phase_and_time_zero(phase: float) -> None:
    time = even(600)
    rng = np.random.default_rng(8)
    late = 0.04
    value = 0.2 * np.exp(-0.3 * time) * np.cos(
        2 * np.pi * 4 * (time - late) + np.deg2rad(phase)
    ) + 0.002 * rng.normal(size=600)
    data = asymmetry(time, value, np.full(600, 0.002))
    found = fourier(data, phase="auto", t0=late)
    turned = (found.phase - phase + 180) % 360 - 180
    assert abs(turned) < 4 * found.peaks[0].phase_error < 4
    top = int(np.argmax(found.amplitude))
    assert found.real[top] == pytest.approx(found.amplitude[top], rel=1e-3)
    assert abs(found.imaginary[top]) < 0.05 * found.real[top]
    # absorptive: upright on both sides of the line
    beside = np.abs(found.nu - 4) < 0.4
    assert found.real[beside].min() > -0.01
    # without the shift the phase is that at t = 0
    turned = fourier(data, phase="auto").phase - (phase - 360 * 4 * late)
    assert abs((turned + 180) % 360 - 180) < 4


def test_a_relaxing_part_does_not_fill_the_low_frequencies() -> None:
    time = even(700, 0.013)
    rng = np.random.default_rng(9)
    error = 0.004 * np.exp(0.5 * time / TAU)
    slow = 0.1 * np.exp(-((0.9 * time) ** 2) / 2) + 0.06 * np.exp(-3 * time) + 0.08
    line = 0.03 * np.exp(-0.3 * time) * np.cos(2 * np.pi * 1.3 * time)
    data = asymmetry(time, slow + line + error * rng.normal(size=700), error)
    found = fourier(data)
    assert [abs(peak.nu - 1.3) < 4 * peak.nu_error for peak in found.peaks] == [True]
    left = fourier(data, detrend="none")
    low = found.nu < 0.2
    assert found.amplitude[low].max() < 5 * found.noise_level < 0.2 * left.amplitude[low].max()
    assert "gaussian of" in found.history[-1].note


def test_a_strong_line_is_not_taken_for_a_relaxation() -> None:
    time = even(1000, 0.01)
    rng = np.random.default_rng(10)
    error = 0.001 * np.exp(0.5 * time / TAU)
    value = 0.2 * np.exp(-0.05 * time) * np.cos(2 * np.pi * 0.27 * time) - 0.03
    found = fourier(asymmetry(time, value + error * rng.normal(size=1000), error))
    (peak,) = found.peaks
    assert abs(peak.nu - 0.27) < 4 * peak.nu_error
    assert "-0.03" in found.history[-1].note


def test_counts_of_a_group() -> None:
    shape = decay(2000, 0.005, 4e6)
    time = 0.005 * (np.arange(2000) + 0.5)
    wave = 0.2 * np.cos(2 * np.pi * 6 * time + 0.5)
    counts = np.random.default_rng(11).poisson([shape * (1 + wave), shape * (1 - wave)])
    pair = rebin(pair_of(*counts, bin_width=0.005), packing=2)
    forward = fourier(pair, group="forward", phase="auto")
    backward = fourier(pair, group="backward", phase=forward.phase)
    for one, sign in ((forward, 1), (backward, -1)):
        (peak,) = one.peaks
        assert abs(peak.nu - 6) < 4 * peak.nu_error
        assert abs(peak.amplitude - 0.2) < 4 * peak.amplitude_error
        assert sign * one.real[np.argmax(one.amplitude)] > 0.19
    assert forward.kind.startswith("counts of forward, decay taken out (with an unknown")
    raw = fourier(pair, lifetime=False)
    assert raw.unit == "counts per 5 ns"
    assert abs(raw.peaks[0].nu - 6) < 0.02


def test_frequencies_as_fields() -> None:
    found = fourier(asymmetry(even(), np.ones(300), np.ones(300)), detrend="none")
    np.testing.assert_allclose(found.axis("G") * 0.01355388, found.nu, rtol=1e-6)
    np.testing.assert_allclose(found.axis("T") * 135.5388, found.nu, rtol=1e-6)
    assert found.field[10] == found.axis("G")[10]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"apodisation": "gausian"}, "did you mean 'gaussian'"),
        ({"width": 2.0}, "apodisation 'errors'"),
        ({"apodisation": "hann", "width": -1.0}, "width = -1.0 us"),
        ({"padding": 0.5}, "padding = 0.5"),
        ({"phase": "best"}, "phase = 'best'"),
        ({"t0": np.nan}, "t0 = nan"),
        ({"t0": 1e9}, "at most 100"),
        ({"apodisation": "gaussian", "width": 1e-9}, "leaves fewer than 4 bins"),
        ({"apodisation": "hann", "width": 1e-9}, "leaves fewer than 4 bins"),
        ({"detrend": "exponental"}, "did you mean 'exponential'"),
        ({"detrend": "constant + constant"}, "names a term twice"),
        ({"group": "forward"}, "is of Counts"),
        ({"t_range": (0.0, 0.1)}, "5 bins with numbers"),
        ({"nu_range": (30.0, 40.0)}, "show frequencies up to 25 MHz; these are the bins"),
        ({"nu_range": (3.0, 1.0)}, "nu_range = (3.0, 1.0)"),
        ({"chance": 0.0}, "chance = 0.0"),
        ({"most": -1}, "most = -1"),
    ],
)
def test_what_is_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(FitError) as caught:
        fourier(asymmetry(even(), np.zeros(300), np.ones(300)), **options)
    assert text in str(caught.value)


def test_other_things_are_refused() -> None:
    with pytest.raises(FitError, match="takes an Asymmetry, Counts or a Histogram, not an int"):
        fourier(3)  # type: ignore[arg-type]
    shape = decay(100, 0.01, 1e5)
    with pytest.raises(FitError, match="expected 'forward' or 'backward'"):
        fourier(pair_of(shape.astype(int), shape.astype(int)), group="Forw")


@pytest.mark.parametrize("source", ["continuous", "pulsed"])
def test_an_unknown_background_is_named(source: str) -> None:
    """Counts of a continuous source whose background nobody measured are not only muons."""
    counts = np.rint(decay(800, 0.01, 1e6) + 30).astype(int)
    found = fourier(pair_of(counts, counts, source=source), group="backward")
    assert ("unknown background" in found.summary()) == (source == "continuous")
