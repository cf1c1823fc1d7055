"""Reference tables of the reduction, to the digits given.

They were computed by other routes: exact Poisson sums, 30-digit differentiation, quadrature. The
numbers of each heading are data; what computes them is musrcu.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from run_of import decay, pair_of, run_of

from musrcu.calibration.calibrate import calibrate
from musrcu.constants import MUON_LIFETIME
from musrcu.containers.counts import Counts
from musrcu.models.pulse import pulse_factor
from musrcu.reduction.asymmetry import form_asymmetry
from musrcu.reduction.background import subtract_background
from musrcu.reduction.bin_edges import equal_error_edges
from musrcu.reduction.forms import lifetime_corrected
from musrcu.reduction.rebin import rebin
from musrcu.reduction.recipe import Reduction

# Count model: a finite bin

SINC = [  # nu (MHz), width (us), factor of the amplitude
    (1.59, 0.01, 0.99958419609629),
    (1.59, 0.1, 0.95893015847222),
    (135.5388, 0.001, 0.97005407194564),
]
SINH = (0.1, 1.00008632714213)  # width (us), factor of the counts


@pytest.mark.parametrize(("nu", "width", "factor"), SINC)
def test_packing_attenuates_a_line_by_sinc(nu: float, width: float, factor: float) -> None:
    """Raw bins of a tenth of the width hold the exact integrals of 1 +- 0.5 cos(2 pi nu t)."""
    raw = width / 10
    edges = (np.arange(501) - 0.5) * raw
    wave = np.diff(np.sin(2 * np.pi * nu * edges)) / (2 * np.pi * nu * raw)
    pair = pair_of(1e6 * (1 + 0.5 * wave), 1e6 * (1 - 0.5 * wave), bin_width=raw)
    found = form_asymmetry(rebin(pair, packing=10))
    wanted = 0.5 * factor * np.cos(2 * np.pi * nu * found.time)
    np.testing.assert_allclose(found.value, wanted, atol=2e-14)


def test_wide_bins_hold_more_decays_by_sinh() -> None:
    width, factor = SINH
    pair = pair_of([5.0, 5.0], [5.0, 5.0], bin_width=width)
    assert pair.decay / np.exp(-pair.time / MUON_LIFETIME) == pytest.approx(factor, abs=1e-14)


# Asymmetry and its error

ESTIMATOR = [  # F, B, b_F, b_B, alpha, its error; A, sigma, dA/dalpha, sigma by alpha
    (1000, 800, 0, 0, 1.0, 0.0,
     0.11111111111111, 0.02342427896421, -0.49382716049383, 0.0),
    (1000, 800, 20, 15, 1.3, 0.01,
     -0.020244938765309, 0.024174069944078, -0.38445774709784, 0.0038445774709784),
    (52, 31, 2, 1, 0.83, 0.005,
     0.33511348464619, 0.1043229878589, -0.53475840506523, 0.0026737920253262),
]  # fmt: skip


def one_bin(f: float, b: float, *background: float) -> Counts:
    """Two bins with the same counts, background subtracted."""
    counts = pair_of([f, f], [b, b])
    return subtract_background(counts, given=background) if any(background) else counts


@pytest.mark.parametrize(
    ("f", "b", "bg_f", "bg_b", "alpha", "alpha_error", "value", "error", "slope", "shift"),
    ESTIMATOR,
)
def test_estimator(
    f: int, b: int, bg_f: int, bg_b: int, alpha: float, alpha_error: float,
    value: float, error: float, slope: float, shift: float,
) -> None:  # fmt: skip
    counts = one_bin(f, b, bg_f, bg_b)
    found = form_asymmetry(counts, alpha=alpha, alpha_error=alpha_error)
    assert found.value[0] == pytest.approx(value, rel=1e-13)
    assert found.error[0] == pytest.approx(error, rel=1e-12)  # without that of alpha
    assert found.alpha_error == alpha_error
    step = 1e-5
    above, below = (form_asymmetry(counts, alpha=alpha + s).value[0] for s in (step, -step))
    assert (above - below) / (2 * step) == pytest.approx(slope, rel=1e-8)
    assert abs(slope) * alpha_error == pytest.approx(shift, rel=1e-12)


# f, b, alpha, beta; A P, dA/df, dA/db
BETA = (980, 785, 1.3, 0.9, -0.02128777923784, 0.0005356946130429, -0.0006687652494038)


def test_estimator_with_beta() -> None:
    f, b, alpha, beta, value, by_f, by_b = BETA

    def found(df: float = 0.0, db: float = 0.0) -> Any:
        return form_asymmetry(one_bin(f + df, b + db), alpha=alpha, detector_beta=beta)

    assert found().value[0] == pytest.approx(value, abs=5e-15)
    step = 0.01
    slope_f = (found(df=step).value[0] - found(df=-step).value[0]) / (2 * step)
    slope_b = (found(db=step).value[0] - found(db=-step).value[0]) / (2 * step)
    assert slope_f == pytest.approx(by_f, rel=1e-9)
    assert slope_b == pytest.approx(by_b, rel=1e-9)
    assert found().error[0] == pytest.approx(math.sqrt(by_f**2 * f + by_b**2 * b), rel=1e-12)


@pytest.mark.parametrize(("value", "excess"), [(0.2, 0.083), (1 / 3, 0.25)])
def test_the_formula_of_mantid_overstates_the_variance(value: float, excess: float) -> None:
    """By (1 + A^2) / (1 - A^2) at alpha = 1."""
    counts = one_bin(3000 * (1 + value), 3000 * (1 - value))
    ours, theirs = (form_asymmetry(counts, errors=how).error[0] for how in ("poisson", "mantid"))
    assert (theirs / ours) ** 2 - 1 == pytest.approx(excess, abs=5e-4)
    assert (theirs / ours) ** 2 == pytest.approx((1 + value**2) / (1 - value**2), rel=1e-12)


# Small counts: means of F and B, alpha; A of the means, E[A], first-order bias, sd of A, sigma of
# the means, the same by Mantid's formula, mean weighted by 1/sigma^2 without empty groups, chance
# that a group is empty
SMALL = [
    (12, 8, 1.0, 0.2, 0.200000000000, 0.0, 0.225135240474, 0.219089023002, 0.228035085020,
     0.226637, 3.4e-4),
    (12, 8, 1.5, 0.0, 0.011022051118, 0.01042, 0.235528482856, 0.228217732294, 0.228217732294,
     -0.008264, 3.4e-4),
    (60, 40, 1.5, 0.0, 0.002105472548, 0.002083, 0.102667720950, 0.102062072616, 0.102062072616,
     -0.002033, 4e-18),
    (3, 2, 1.0, 0.2, 0.200000000000, 0.0, 0.497452264622, 0.438178046004, 0.456070170040,
     0.191923, 0.178),
]  # fmt: skip


@pytest.mark.parametrize(
    ("f", "b", "alpha", "truth", "mean", "bias", "sd", "formula", "other", "weighted", "empty"),
    SMALL,
)
def test_small_counts(
    f: int, b: int, alpha: float, truth: float, mean: float, bias: float, sd: float,
    formula: float, other: float, weighted: float, empty: float,
) -> None:  # fmt: skip
    """Every pair of counts is a bin, which weighs as much as it is likely."""
    n = np.arange(int(f + b + 12 * math.sqrt(f + b) + 30))
    log_factorial = np.concatenate(([0.0], np.cumsum(np.log(n[1:]))))
    chance = [np.exp(n * math.log(m) - m - log_factorial) for m in (f, b)]
    p = np.outer(*chance).ravel()
    bins = [grid.ravel() for grid in np.meshgrid(n, n, indexing="ij")]
    found = form_asymmetry(pair_of(*bins), alpha=alpha)
    known = np.isfinite(found.value)
    np.testing.assert_array_equal(known, bins[0] + bins[1] > 0)
    q = p[known] / p[known].sum()
    value = found.value[known]
    assert q @ value == pytest.approx(mean, abs=6e-13)
    assert math.sqrt(q @ (value - mean) ** 2) == pytest.approx(sd, abs=6e-13)
    assert found.smallest is not None
    both = found.smallest > 0
    weight = p[both] / found.error[both] ** 2
    assert weight @ found.value[both] / weight.sum() == pytest.approx(weighted, abs=6e-7)
    assert p[~both].sum() == pytest.approx(empty, rel=0.04)

    at_means = form_asymmetry(one_bin(f, b), alpha=alpha)
    assert at_means.value[0] == pytest.approx(truth, abs=1e-15)
    assert at_means.error[0] == pytest.approx(formula, abs=6e-13)
    mantid = form_asymmetry(one_bin(f, b), alpha=alpha, errors="mantid")
    assert mantid.error[0] == pytest.approx(other, abs=6e-13)
    first_order = 2 * alpha * f * b * (alpha - 1) / (f + alpha * b) ** 3
    assert first_order == pytest.approx(bias, abs=6e-6)
    assert mean - truth == pytest.approx(first_order, rel=0.1, abs=1e-11)


# Alpha: events, frequency (MHz); quoted error and bias of the ratio of sums. Alpha 1.3, amplitude
# 0.22, lambda 0.1, phase 0.2 rad, 10 us in bins of 10 ns.
RATIO = [(1e6, 2.7, 0.00261, -0.0021), (1e6, 0.15, 0.00278, 0.082), (2e4, 2.7, 0.01851, None)]


def transverse(events: float, nu: float) -> Any:
    """Expected counts of a calibration run."""
    t = (np.arange(1000) + 0.5) * 0.01
    shape = decay(1000, 0.01, events)
    wave = 0.22 * np.exp(-0.1 * t) * np.cos(2 * np.pi * nu * t + 0.2)
    pair = [shape * math.sqrt(1.3) * (1 + wave), shape / math.sqrt(1.3) * (1 - wave)]
    scale = events / sum(float(one.sum()) for one in pair)
    counts = [one * scale for one in pair]
    return run_of(counts, source="pulsed", facility="ISIS", instrument="EMU", labels=("", ""))


@pytest.mark.parametrize(("events", "nu", "error", "bias"), RATIO)
def test_ratio_of_sums(events: float, nu: float, error: float, bias: float | None) -> None:
    recipe = Reduction(forward="1", backward="2", packing=1, first_good=0)  # no pulse to wait for
    found = calibrate(transverse(events, nu), recipe, method="sum", t_range=(0.0, 10.0))
    # means of 40 thrown sets, each with its own alpha
    assert found.alpha_error == pytest.approx(error, rel=0.015)
    if bias is not None:
        assert found.alpha - 1.3 == pytest.approx(bias, abs=2 * 0.0026 / math.sqrt(40))
    # 1.3 (1 + m) / (1 - m), m the mean of A P over the decays
    rate, turn = 1 / MUON_LIFETIME + 0.1, 2j * np.pi * nu
    whole = (1 - np.exp((turn - rate) * 10)) / (rate - turn)
    mean = 0.22 * (np.exp(0.2j) * whole).real / (MUON_LIFETIME * -np.expm1(-10 / MUON_LIFETIME))
    assert found.alpha == pytest.approx(1.3 * (1 + mean) / (1 - mean), abs=1e-4)


def test_one_per_cent_of_alpha_moves_the_baseline_by_half() -> None:
    """A moves by -(1 - A^2) d alpha / (2 alpha)."""
    for value, alpha in ((0.0, 1.0), (0.2, 1.0), (0.1, 1.3)):
        counts = one_bin(1e6 * math.sqrt(alpha) * (1 + value), 1e6 / math.sqrt(alpha) * (1 - value))
        moved = form_asymmetry(counts, alpha=1.01 * alpha).value[0]
        assert form_asymmetry(counts, alpha=alpha).value[0] == pytest.approx(value, abs=1e-12)
        assert moved - value == pytest.approx(-0.005 * (1 - value**2), rel=0.01)


# Rebinning: K = 8, T = 10 us

EDGES = [
    0, 0.290057509216, 0.624320126321, 1.0187270129, 1.49977614673, 2.11657147393, 2.97721055242,
    4.41196889703, 10,
]  # fmt: skip
SHARE = 0.271725574645  # of N0 (us) in each


def test_growing_edges() -> None:
    edges = equal_error_edges(8, 10.0)
    for found, wanted in zip(edges, EDGES, strict=True):
        assert float(f"{found:.12g}") == wanted
    held = -MUON_LIFETIME * np.diff(np.exp(-edges / MUON_LIFETIME))
    np.testing.assert_allclose(held, SHARE, atol=5e-13)


def test_growing_edges_on_raw_bins() -> None:
    """The same in bins of 1 ns: within half a bin of the table, and N0 times the share in each."""
    n, width = 10_000, 0.001
    shape = 1e6 * -np.diff(np.exp(-np.arange(n + 1) * width / MUON_LIFETIME)) * MUON_LIFETIME
    packed = rebin(pair_of(shape, shape, bin_width=width), packing={"bins": 8})
    edges = np.concatenate(([0], np.cumsum(packed.raw_bins))) * width
    np.testing.assert_allclose(edges, EDGES, atol=width / 2 + 1e-9)
    np.testing.assert_allclose(packed.forward, 1e6 * SHARE, rtol=0.003)


# Other forms

GAUSSIAN = (1.59, 0.080, 0.944031735709)  # nu (MHz), FWHM (us), factor
DOUBLE = [  # nu (MHz) of two pulses 0.324 us apart, |c|, arg c
    (0.3, 0.9539946138976, -0.02319750258046),
    (1.0, 0.5288967349237, -0.1187076991321),
    (1.59, 0.0875892203731, -2.145449123439),
]


def test_gaussian_pulse() -> None:
    nu, width, factor = GAUSSIAN
    assert complex(pulse_factor(nu, width)) == pytest.approx(factor, abs=1e-12)


@pytest.mark.parametrize(("nu", "size", "angle"), DOUBLE)
def test_double_pulse(nu: float, size: float, angle: float) -> None:
    found = complex(pulse_factor(nu, apart=0.324))
    assert abs(found) == pytest.approx(size, abs=1e-13)
    assert math.atan2(found.imag, found.real) == pytest.approx(angle, abs=1e-12)


def test_lifetime_corrected() -> None:
    """L = (N - b) e^{t/tau} / N0 - 1 and e^{t/tau} sqrt(N) / N0, in bins narrow against tau."""
    rng = np.random.default_rng(2)
    counts = rng.poisson(50 + 900 * np.exp(-np.arange(4000) * 0.001 / MUON_LIFETIME), (2, 4000))
    pair = subtract_background(pair_of(*counts, bin_width=0.001), given=(50.0, 50.0))
    found = lifetime_corrected(pair)
    n0, grow = found.history[-1].options["n0"], np.exp(pair.time / MUON_LIFETIME)
    assert n0 == pytest.approx(900, rel=0.01)
    np.testing.assert_allclose(found.value, (counts[0] - 50) * grow / n0 - 1, atol=1e-7)
    np.testing.assert_allclose(found.error, np.sqrt(counts[0]) * grow / n0, rtol=1e-7)


# Fitting range


@pytest.mark.parametrize(("events", "flat"), [(1e4, 0.0), (1e6, 0.0), (1e6, 3.0), (1e7, 30.0)])
def test_default_late_cut(events: float, flat: float) -> None:
    """The background stays below the signal, and sigma below three times an asymmetry of 0.055."""
    shape = decay(4000, 0.005, events / 2)
    drawn = np.random.default_rng(3).poisson([shape + flat, shape + flat])
    pair = pair_of(*drawn, bin_width=0.005)
    if flat:
        pair = subtract_background(pair, given=(flat, flat))
    packed = rebin(pair)
    found = form_asymmetry(packed)
    if flat:
        assert 2 * shape[int(packed.time[-1] / 0.005)] >= 0.98 * 2 * flat
        assert found.error.max() < 3 * 0.11  # half of the counts may be background
    else:
        assert found.error.max() < 3 * 0.055
