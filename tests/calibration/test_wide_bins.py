"""Bins of different widths against a precession: what they pull is known, and refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from run_of import run_of

import musrcu as mu
from musrcu.calibration.wide_bins import pull_of_bins
from musrcu.errors import FitError

TAU_MU = 2.1969811
DT, BINS = 0.00125, 7000
PAIR = mu.Reduction(forward="1", backward="2", background="none")


def expected(frequency: float) -> np.ndarray:
    """Counts of 2e7 decays, raw bins integrated by their centre, which is enough at 1.25 ns."""
    t = (np.arange(BINS) + 0.0) * DT
    wave = 0.22 * np.exp(-0.1 * t) * np.cos(2 * np.pi * frequency * t + 0.1)
    decay = 1e7 * DT / TAU_MU * np.exp(-t / TAU_MU)
    return np.array([decay * (1 + wave), decay * (1 - wave)])


def thrown(frequency: float) -> mu.Run:
    return run_of(np.random.default_rng(1).poisson(expected(frequency)), bin_width=DT)


def packed(packing: Any) -> mu.Reduction:
    return dataclasses.replace(PAIR, packing=packing)


@pytest.mark.parametrize("method", ["counts", "cosine"])
@pytest.mark.parametrize("packing", [{"first": 40}, {"bins": 100}])
def test_bins_too_wide_for_the_line_are_refused(packing: Any, method: str) -> None:
    with pytest.raises(FitError, match=r"us wide average .* pulls total by 1\d errors; .* whole"):
        mu.calibrate(thrown(1.5), packed(packing), method=method)


def test_narrow_bins_of_different_widths_are_taken() -> None:
    run = thrown(0.68)
    even = mu.calibrate(run, packed(20))
    for packing in ("variable", {"bins": 500}):
        found = mu.calibrate(run, packed(packing))
        assert found.total == pytest.approx(even.total, abs=0.5 * (even.total_error or 0))
        assert found.field == pytest.approx(even.field, abs=0.5 * (even.field_error or 0))


@pytest.mark.parametrize("packing", [{"first": 12}, {"bins": 200}])
def test_the_pull_is_that_of_a_fit_without_noise(packing: Any) -> None:
    """Expected counts in wide bins: the fit is off by the pull, and by nothing else."""
    run = run_of(np.rint(1e3 * expected(0.8)).astype(int), bin_width=DT)
    counts = mu.reduce_counts(run, packed(packing))
    result = mu.fit(counts, "damped_cosine", max_asymmetry=1.0)
    truth = {"A1": 0.22, "lambda1": 0.1, "nu1": 0.8, "phi1": np.degrees(0.1)}
    pull = dict(zip(result.names, pull_of_bins(counts, result, mu.Model("damped_cosine")),
                    strict=True))  # fmt: skip
    for name, value in truth.items():
        off = result[name].value - value
        assert off == pytest.approx(pull[name], rel=0.2, abs=3 * result[name].error)
        assert abs(off) > 5 * result[name].error


def test_lines_of_two_frequencies_are_corrected_in_even_bins() -> None:
    """Each line by its own factor, so that the sum is that of the amplitudes."""
    t = np.arange(BINS) * DT
    wave = 0.12 * np.cos(2 * np.pi * 0.7 * t) + 0.1 * np.exp(-0.2 * t) * np.cos(2 * np.pi * 3.0 * t)
    decay = 1e8 * DT / TAU_MU * np.exp(-t / TAU_MU)
    counts = np.random.default_rng(2).poisson([decay * (1 + wave), decay * (1 - wave)])
    found = mu.calibrate(run_of(counts, bin_width=DT), packed(80),
                         model="cosine + damped_cosine")  # fmt: skip
    assert found.total_error is not None
    assert found.total == pytest.approx(0.22, abs=3.5 * found.total_error)
    assert found.total_error < 4e-4  # 0.1 (1 - sinc(0.3)) is 0.0142
