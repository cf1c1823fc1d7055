"""The background before t0: whole accelerator periods, and what it leaves behind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from run_of import decay, pair_of

from musrcu.containers.counts import Counts
from musrcu.errors import ReductionError
from musrcu.reduction.background import subtract_background
from musrcu.reduction.rebin import rebin

PERIOD = 0.01975  # µs, PSI
DT = 0.00025


def modulated(t0: float, depth: float, phase: float, level: float = 1000.0) -> Counts:
    """A background that carries the radio frequency, exact in every bin, and nothing else."""
    edges = (np.arange(8001) - t0) * DT / PERIOD * 2 * np.pi + phase
    wave = np.diff(np.sin(edges)) / np.diff(edges)  # mean of the cosine over a bin
    counts = level * (1 + depth * wave)
    run_t0 = [t0, t0]
    return pair_of(counts, counts / 2, bin_width=DT, t0=run_t0, first_good=[int(t0)] * 2)


@pytest.mark.parametrize("phase", np.linspace(0.0, 2 * np.pi, 7))
@pytest.mark.parametrize("window", [None, (-0.2, -0.05), (-0.11, -0.01), (-0.4, -0.02)])
def test_a_modulation_is_averaged_out(phase: float, window: tuple[float, float] | None) -> None:
    """Over whole periods the mean is the level; what is left is half a bin in the window."""
    counts = modulated(2000.0, depth=0.4, phase=phase)
    found = subtract_background(counts, before_t0=window)
    assert found.background is not None
    n = window_bins(found)
    assert n * DT == pytest.approx(round(n * DT / PERIOD) * PERIOD, abs=DT / 2 + 1e-12)
    room = 0.4 * (DT / 2) / (n * DT) * 1.01  # half a bin too many, at the crest of the wave
    assert found.background[0] == pytest.approx(1000.0, rel=room)
    assert found.background[1] == pytest.approx(500.0, rel=room)


def window_bins(counts: Counts) -> int:
    start, stop = counts.history[-1].options["before_t0"]
    return round((stop - start) / counts.bin_width) + 1


@pytest.mark.parametrize(
    ("width", "worst"),
    [(98.75, 0.0), (100.0, 0.012418), (110.0, 0.055790), (200.0, 0.012173), (197.5, 0.0)],
)
def test_what_other_windows_leave(width: float, worst: float) -> None:
    """The table of worst errors, |sinc(w/P)| of the depth, seen on the same counts."""
    x = np.pi * width / (1e3 * PERIOD)
    assert abs(np.sin(x) / x) == pytest.approx(worst, abs=6e-7)
    n = round(width * 1e-3 / DT)
    errors = []
    for phase in np.linspace(0.0, 2 * np.pi, 73):
        counts = modulated(2000.0, depth=1.0, phase=phase)
        errors.append(abs(counts.forward[1900 - n : 1900].mean() / 1000.0 - 1))
    assert max(errors) == pytest.approx(worst, abs=2e-4)


@pytest.mark.parametrize(
    ("facility", "n", "periods"), [("PSI", 395, 5), ("TRIUMF", 347, 2), (None, 400, 0)]
)
def test_the_largest_whole_number_of_periods(facility: str | None, n: int, periods: int) -> None:
    """100 ns hold five periods of 19.75 ns, two of 43.37 ns; of an unknown source all of it."""
    counts = modulated(2000.0, 0.0, 0.0)
    counts = counts.replace(run=counts.run.replace(facility=facility))
    found = subtract_background(counts, before_t0=(-0.120, -0.020 - DT))
    assert window_bins(found) == n
    note = found.history[-1].note
    assert note == "mean of the bins before t0" + (
        f", {periods} accelerator periods" if periods else ""
    )
    assert found.history[-1].options["before_t0"][1] == pytest.approx(-0.020 - DT)


def test_the_default_window_leaves_the_prompt_peak_alone() -> None:
    counts = modulated(2000.0, 0.0, 0.0)
    values = counts.values.copy()
    values[:, 1960:] = 1e6  # from 10 ns before t0
    values[:, :790] = 0  # older front ends count nothing at first
    found = subtract_background(counts.replace(values=values, variance=values))
    np.testing.assert_allclose(found.background, [1000.0, 500.0], rtol=1e-12)
    start, stop = found.history[-1].options["before_t0"]
    assert stop <= -0.020 + 1e-9
    assert start >= -0.6 * 2000 * DT


def test_error_of_the_mean() -> None:
    """Sqrt(b / m) of m bins, against many drawn runs."""
    rng, found = np.random.default_rng(5), []
    for _ in range(300):
        drawn = rng.poisson([[20.0] * 2500, [6.0] * 2500])
        counts = pair_of(*drawn, bin_width=DT, t0=[2000, 2000])
        found.append(subtract_background(counts))
    levels = np.array([one.background for one in found])
    errors = np.array([one.background_error for one in found]).mean(axis=0)
    np.testing.assert_allclose(
        errors, np.sqrt(np.array([20.0, 6.0]) / window_bins(found[0])), rtol=0.01
    )
    np.testing.assert_allclose(levels.std(axis=0), errors, rtol=0.15)
    np.testing.assert_allclose(levels.mean(axis=0), [20.0, 6.0], atol=4 * errors.max() / 300**0.5)


def test_values_change_and_variance_does_not() -> None:
    counts = modulated(2000.0, 0.0, 0.0)
    found = subtract_background(counts, given=(10.0, 20.5))
    np.testing.assert_allclose(found.values, counts.values - [[10.0], [20.5]])
    np.testing.assert_array_equal(found.variance, counts.variance)
    np.testing.assert_array_equal(found.background, [10.0, 20.5])
    assert found.background_error is None
    assert str(found.history[-1]) == "subtract_background(given=[10, 20.5])"


def test_a_printed_window_gives_the_same_again() -> None:
    counts = modulated(2000.3, depth=0.3, phase=1.0)
    first = subtract_background(counts)
    window = tuple(first.history[-1].options["before_t0"])
    again = subtract_background(counts, before_t0=window)
    np.testing.assert_array_equal(again.background, first.background)


@pytest.mark.parametrize("width", [0.0009765625, 0.00125, 0.0005, 0.000625])
def test_a_printed_window_is_kept_whatever_the_bins(width: float) -> None:
    """A period is seldom a whole number of bins: the window that was used holds whole ones."""
    t0 = round(0.4 / width)
    counts = pair_of(np.full(4 * t0, 7.0), np.full(4 * t0, 9.0), bin_width=width, t0=[t0, t0])
    for start in np.linspace(-0.35, -0.08, 40):
        used = subtract_background(counts, before_t0=(start, -0.02)).history[-1].options
        again = subtract_background(counts, before_t0=tuple(used["before_t0"])).history[-1].options
        assert again["before_t0"] == used["before_t0"]


def test_a_pulsed_source_has_none_before_t0() -> None:
    counts = pair_of(decay(100, 0.016, 1e5), decay(100, 0.016, 1e5), source="pulsed", t0=[5, 5])
    found = subtract_background(counts)
    np.testing.assert_array_equal(found.values, counts.values)
    assert found.background is None
    assert found.history[-1].note == "not applied: a pulsed source has none before t0"
    given = subtract_background(counts, given=(1.0, 2.0))
    np.testing.assert_array_equal(given.background, [1.0, 2.0])


def test_without_room_nothing_is_subtracted() -> None:
    counts = modulated(200.0, 0.0, 0.0)  # 50 ns before t0
    found = subtract_background(counts)
    np.testing.assert_array_equal(found.values, counts.values)
    assert found.history[-1].note == (
        "not applied: 10 ns before t0 hold fewer than 2 accelerator periods"
    )
    with pytest.raises(ReductionError, match="window of 10 ns before t0 hold fewer than 2"):
        subtract_background(counts, before_t0=(-0.030, -0.020 - DT))


def test_only_once_and_before_packing() -> None:
    counts = modulated(2000.0, 0.0, 0.0)
    with pytest.raises(ReductionError, match="a background was subtracted already"):
        subtract_background(subtract_background(counts))
    with pytest.raises(ReductionError, match="subtract the background before packing"):
        subtract_background(rebin(counts, packing=2))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"before_t0": (-0.1, 0.1)}, "must lie before t0"),
        ({"before_t0": (-0.1, -0.2)}, "must lie before t0"),
        ({"before_t0": (0.1, 0.2)}, "must lie before t0"),
        ({"before_t0": (np.nan, -0.1)}, "must lie before t0"),
        ({"before_t0": (-0.1,)}, "must lie before t0"),
        ({"before_t0": "early"}, "must lie before t0"),
        ({"given": (1.0,)}, "two numbers: forward, backward"),
        ({"given": (1.0, np.nan)}, "two numbers: forward, backward"),
        ({"given": "two"}, "two numbers: forward, backward"),
        ({"given": (1.0, 2.0), "before_t0": (-0.2, -0.1)}, "not both"),
    ],
)
def test_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ReductionError, match=sentence):
        subtract_background(modulated(2000.0, 0.0, 0.0), **options)
