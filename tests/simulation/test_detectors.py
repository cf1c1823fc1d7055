"""Mean counts of the simulated spectrometer against closed forms and an independent generator."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import musrcu as mu
from musrcu.constants import MUON_LIFETIME
from musrcu.containers.run import Run
from musrcu.errors import MusrcuError
from musrcu.models.model import Model
from musrcu.simulation.detectors import PROMPT_REACH, Detector, Spectrometer
from musrcu.simulation.truth import Truth
from musrcu.simulation.truth_file import load_truth

ROOT = Path(__file__).resolve().parents[2]
TAU, DT = 2.1969811, 0.0009765625
FORW, BACK, RITE, LEFT = range(4)


@pytest.fixture(scope="module")
def independent() -> ModuleType:
    """benchmarks/truth.py, which imports nothing of musrcu."""
    spec = importlib.util.spec_from_file_location("truth", ROOT / "benchmarks" / "truth.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def truth(samples: Path) -> Truth:
    return load_truth(samples / "truth.toml")


def one(**options: float) -> Spectrometer:
    """Two detectors, no background, no prompt peak unless asked for."""
    pair = (
        Detector(label="Back", efficiency=1.2, direction=0, t0=100),
        Detector(label="Forw", efficiency=1.0, direction=180, t0=100),
    )
    settings = {"background": 0.0, **options}
    return Spectrometer(name="LTF", detectors=pair, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [0.0009765625, 0.02])
@pytest.mark.parametrize("transverse", [False, True])
def test_the_asymmetry_is_that_of_each_bin(width: float, transverse: bool) -> None:
    """Counts of one bin against an integral over it; without the average, those of its centre."""
    model, values = Model("damped_cosine + constant"), np.array([0.2, 0.3, 20.0, 40.0, 0.05])
    counts = {
        averaged: one(bin_width=width, bins=4000, average_bins=averaged).expected(
            model, values, 2e7, transverse=transverse
        )
        for averaged in (True, False)
    }
    n0 = 2e7 * width / MUON_LIFETIME * 1.2 / 2.2
    for bin_number in (100 + int(0.9 / width), 100 + int(2.3 / width)):
        centre = (bin_number - 100) * width
        inside = centre + width * ((np.arange(4000) + 0.5) / 4000 - 0.5)
        decay = np.exp(-inside / MUON_LIFETIME)
        line = 0.2 * np.exp(-0.3 * inside) * np.cos(40 * np.pi * inside + np.deg2rad(40.0))
        mean = float((decay * (line + 0.05)).sum() / decay.sum())
        right = n0 * np.exp(-centre / MUON_LIFETIME) * (1 + mean)
        assert counts[True][0, bin_number] == pytest.approx(right, rel=1e-7)
    off = np.abs(counts[False][:, 150:800] / counts[True][:, 150:800] - 1).max()
    # a line of 20 MHz loses sin(x)/x, x = pi nu width
    lost = 0.2 * (1 - np.sinc(20.0 * width))
    assert 0.2 * lost < off < 2 * lost


@pytest.mark.parametrize("average", [True, False])
def test_a_fit_that_averages_gives_the_truth_back(average: bool) -> None:
    """A line of 20 MHz in bins of 20 ns, a quarter of it lost: right for runs that average."""
    spectrometer = one(bin_width=0.02, bins=1000, average_bins=average)
    model, values = Model("damped_cosine"), np.array([0.2, 0.3, 20.0, 0.0])
    counts = spectrometer.expected(model, values, 2e7)
    run = Run(
        counts=np.rint(counts).astype(np.int64)[np.newaxis],
        bin_width=0.02,
        t0=np.array([100.0, 100.0]),
        first_good=np.array([106, 106]),
        last_good=np.array([900, 900]),
        labels=("Back", "Forw"),
        source="continuous",
    )
    recipe = mu.Reduction(forward=[1], backward=[2], alpha=1.2, background="none", packing=1)
    data = mu.reduce(run, recipe)
    start = {"A1": 0.2, "lambda1": 0.3, "nu1": 20.0, "phi1": 0.0}
    result = mu.fit(data, model, start=start, average_bins=True)
    # sin(x) / x at x = 0.4 pi
    expected = 0.2 if average else 0.2 / 0.756827
    assert result["A1"].value == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("temperature", [0.02, 0.09, 0.1, 0.104, 0.10499, 0.105, 0.106, 0.13])
@pytest.mark.parametrize("events", [2e7, 1e3])
def test_means_agree_with_the_independent_generator(
    truth: Truth, independent: ModuleType, temperature: float, events: float
) -> None:
    name = truth.model_at(truth.runs[0].series, temperature)
    values = truth.values(name, temperature, 0.0)
    ours = truth.spectrometer.expected(truth.models[name].model, values, events)
    theirs = independent.expected(temperature, events)
    for mine, other, t0 in ((ours[BACK], theirs[0], 298), (ours[FORW], theirs[1], 301)):
        peak = np.abs(np.arange(mine.size) - t0) * DT < PROMPT_REACH
        np.testing.assert_allclose(mine[~peak], other[~peak], rtol=1e-9)
        assert np.all(mine[peak] >= other[peak])


def test_independent_generator_imports_nothing_of_musrcu() -> None:
    source = (ROOT / "benchmarks" / "truth.py").read_text(encoding="utf-8")
    assert "import musrcu" not in source and "from musrcu" not in source


def test_independent_order_parameter_has_the_published_digits(independent: ModuleType) -> None:
    assert independent.frequency(0.1) == pytest.approx(1.251653126735, abs=1e-11)  # 25 digits
    assert independent.frequency(0.105) == 0.0


def test_independent_draws_scatter_as_poisson_counts(independent: ModuleType) -> None:
    runs = independent.throw(np.full(4, 0.05), 2e6, 7)
    for counts, temperature in zip(runs.counts, runs.true_temperature, strict=True):
        mean = independent.expected(temperature, 2e6)
        chi2 = float(((counts - mean) ** 2 / mean).sum() / counts.size)
        assert abs(chi2 - 1) < 5 * np.sqrt((2 + 1 / mean.min()) / counts.size)
    exact = independent.throw([0.05, 0.2], 1e3, 7, jitter=0.0, noise=0.0)
    assert exact.true_temperature.tolist() == [0.05, 0.2]
    np.testing.assert_allclose(exact.temperature, [0.05, 0.2], rtol=1e-14)


def test_events_are_those_of_the_pair_along_the_spin(truth: Truth) -> None:
    flat = Spectrometer(
        name="LTF", detectors=truth.spectrometer.detectors, background=0.0, prompt=0.0
    )
    counts = flat.expected(Model("constant"), np.array([0.0]), 2e7)
    seen = 1 - np.exp(-(10240 - 300) * DT / TAU)  # decays before the histograms end
    assert counts[[FORW, BACK]].sum() == pytest.approx(2e7 * seen, rel=3e-4)
    assert counts[[RITE, LEFT]].sum() == pytest.approx(1e7 * seen, rel=0.01)
    assert counts[BACK].sum() / counts[FORW].sum() == pytest.approx(0.93, rel=1e-4)


def test_zero_field_leaves_nothing_sideways(truth: Truth) -> None:
    values = truth.values("ordered", 0.02, 0.0)
    counts = truth.spectrometer.expected(truth.models["ordered"].model, values, 2e7)
    t = (np.arange(10240) - 303) * DT
    late = t > 0.01
    n0 = truth.spectrometer.decays_at_t0(2e7)[RITE]
    np.testing.assert_allclose(counts[RITE][late], n0 * (np.exp(-t[late] / TAU) + 0.005))


def test_spins_turn_through_the_detectors_in_a_transverse_field(truth: Truth) -> None:
    values = truth.values("transverse", 1.0, 50.0)
    model = truth.models["transverse"].model
    counts = truth.spectrometer.expected(model, values, 2e7, transverse=True)
    n0 = truth.spectrometer.decays_at_t0(2e7)
    for d, (angle, t0) in enumerate(((180, 301), (0, 298), (90, 303), (-90, 300))):
        t = (np.arange(10240) - t0) * DT
        late = t > 0.01
        turn = 2 * np.pi * 0.01355388094 * 50.0 * t[late] + np.radians(6.0 - angle)
        decays = np.exp(-t[late] / TAU) * (1 + 0.21 * np.exp(-0.05 * t[late]) * np.cos(turn))
        np.testing.assert_allclose(counts[d][late], n0[d] * (decays + 0.005), rtol=1e-9)


def test_what_does_not_precess_stays_along_the_spin() -> None:
    model = Model("cosine + constant")
    values = np.array([0.1, 0.7, 0.0, 0.05])
    detector = Detector(label="Rite", efficiency=1, direction=90, t0=0, asymmetry=0.5)
    t = np.linspace(0, 5, 50)
    expected = 0.5 * 0.1 * np.sin(2 * np.pi * 0.7 * t)
    np.testing.assert_allclose(detector.precession(model, values, t), expected, atol=1e-15)


def test_a_bin_at_its_centre_is_its_mean() -> None:
    """The mean over a bin, by Gauss-Legendre points, differs by (bin_width / tau)^2 / 24."""
    spectrometer, model = one(), Model("exponential + damped_cosine + constant")
    values = np.array([0.055, 0.9, 0.045, 0.35, 1.59, 6.0, 0.11])
    counts = spectrometer.expected(model, values, 2e7)[0]
    bins = np.array([110, 1000, 5000])
    nodes, weights = np.polynomial.legendre.leggauss(5)
    t = (bins[:, None] - 100 + 0.5 * nodes) * DT
    decays = np.exp(-t / TAU) * (1 + model.value(t, values))
    mean = spectrometer.decays_at_t0(2e7)[0] * decays @ weights / 2
    np.testing.assert_allclose(counts[bins], mean, rtol=2e-6)


def test_prompt_peak_ends_before_the_first_good_bin(truth: Truth) -> None:
    values = np.array([0.0])
    bare = one().expected(Model("constant"), values, 2e7)
    peaked = one(prompt=0.5).expected(Model("constant"), values, 2e7)
    changed = np.flatnonzero(peaked[0] != bare[0])
    assert changed[0] == 96 and changed[-1] == 104
    assert changed[-1] < 100 + truth.spectrometer.first_good


def test_fractional_t0_counts_from_the_bin_behind_it() -> None:
    detector = Detector(label="Back", efficiency=1, direction=0, t0=100.5)
    spectrometer = Spectrometer(name="LTF", detectors=(detector,), background=0.0)
    counts = spectrometer.expected(Model("constant"), np.array([0.0]), 1e6)[0]
    assert counts[100] == 0.0
    assert counts[101] == pytest.approx(1e6 * DT / TAU * np.exp(-0.5 * DT / TAU))


def test_what_cannot_be_a_spectrometer_is_refused() -> None:
    side = Detector(label="Rite", efficiency=1, direction=90, t0=100)
    with pytest.raises(MusrcuError, match="no detector has the direction 0 or 180"):
        Spectrometer(name="LTF", detectors=(side,))
    with pytest.raises(MusrcuError, match="lies in the prompt peak"):
        one(first_good=4)
    with pytest.raises(MusrcuError, match="leaves no good bins"):
        one(last_good=100)
    with pytest.raises(MusrcuError, match="negative"):
        one(background=-0.1)
    with pytest.raises(MusrcuError, match="efficiency = 0"):
        Detector(label="Back", efficiency=0, direction=0, t0=1)
    with pytest.raises(MusrcuError, match=r"asymmetry in Back reaches 1\.1"):
        one().expected(Model("constant"), np.array([1.1]), 2e7)
