"""What a spectrometer at a pulsed source counts, against closed forms and a second program."""

from __future__ import annotations

import copy
import importlib.util
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from truth_tables import HUGE, changed, places

import musrcu as mu
from musrcu.errors import MusrcuError
from musrcu.simulation.banks import Bank
from musrcu.simulation.pulsed import CELLS, PION_LIFETIME, PulsedSpectrometer
from musrcu.simulation.simulate import simulate_run
from musrcu.simulation.truth_file import load_truth

ROOT = Path(__file__).resolve().parents[2]
TAU = 2.1969811
EDGES = (20.0, 34.0, 47.0, 60.0)


@pytest.fixture(scope="module")
def tables(samples: Path) -> dict[str, Any]:
    return tomllib.loads((samples / "isis" / "truth.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def independent() -> ModuleType:
    """benchmarks/isis_truth.py, which imports nothing of musrcu."""
    place = ROOT / "benchmarks" / "isis_truth.py"
    spec = importlib.util.spec_from_file_location("isis_truth", place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def small(**changes: Any) -> PulsedSpectrometer:
    """One ring of four detectors on each side, all alike and never busy."""
    banks = tuple(
        Bank(rings=(0.0, 60.0), segments=4, direction=direction, group=group)
        for direction, group in ((0, 1), (180, 2))
    )
    fields: dict[str, Any] = {"name": "EMU", "banks": banks, "seed": 1, "dead_time": 0.0}
    return PulsedSpectrometer(**fields | changes)


@pytest.mark.parametrize("temperature", [2.0, 11.0, 14.0, None])
def test_mean_counts_are_those_of_the_second_program(
    tables: dict[str, Any], independent: ModuleType, temperature: float | None
) -> None:
    truth = load_truth(tables)
    ours = truth.spectrometer
    assert isinstance(ours, PulsedSpectrometer)
    along, across = ours.cosines()
    detectors = independent.Detectors(ours.shares(), along, across, ours.dead_times())
    expected = independent.expected(temperature, 2e7, detectors)
    if temperature is None:
        name, values = "transverse", truth.values("transverse", 40.0, 20.0)
    else:
        name = truth.model_at(truth.runs[0].series, temperature)
        values = truth.values(name, temperature, 0.0)
    model = truth.models[name].model
    found = ours.expected(model, values, 2e7, 72000, transverse=temperature is None)
    good = slice(23, None)  # in the pulse the quadrature of the second program is coarse
    np.testing.assert_allclose(found[:, good], expected[:, good], rtol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), expected.sum(axis=1), rtol=1e-5)


def test_detectors_are_those_of_the_second_program(
    tables: dict[str, Any], independent: ModuleType
) -> None:
    even = copy.deepcopy(tables)
    even["instrument"] |= {"efficiency_spread": 0.0, "dead_time_spread": 0.0}
    ours = load_truth(even).spectrometer
    assert isinstance(ours, PulsedSpectrometer)
    theirs = independent.throw_detectors(np.random.default_rng(0), 0.0)
    np.testing.assert_allclose(ours.shares(), theirs.share, rtol=1e-7)
    np.testing.assert_allclose(ours.cosines()[0], theirs.cosine, rtol=1e-7)
    np.testing.assert_allclose(ours.cosines()[1], theirs.across, rtol=1e-7, atol=1e-12)
    assert ours.dead_times().tolist() == [0.01] * 96


def test_solid_angles_and_cosines_of_a_bank() -> None:
    """Against points spread evenly over the sphere."""
    bank = Bank(rings=EDGES, segments=16, direction=180, group=2)
    random = np.random.default_rng(3)
    points = random.standard_normal((3, 2_000_000))
    x, _, z = points / np.linalg.norm(points, axis=0)
    y = points[1] / np.linalg.norm(points, axis=0)
    polar = np.degrees(np.arccos(-z))  # the bank lies on the other side
    azimuth = np.degrees(np.arctan2(y, x)) % 360
    along, across = bank.cosines()
    for ring, segment in ((0, 0), (1, 5), (2, 15)):
        inside = (polar >= EDGES[ring]) & (polar < EDGES[ring + 1])
        inside &= (azimuth // 22.5).astype(int) == segment
        place = 16 * ring + segment
        assert bank.solid_angles()[place] == pytest.approx(inside.mean(), rel=0.05)
        assert along[place] == pytest.approx(z[inside].mean(), abs=0.005)
        assert across[place] == pytest.approx(x[inside].mean(), abs=0.005)


@pytest.mark.parametrize("pion_decay", [False, True])
def test_the_pulse_has_its_width_and_its_centre(pion_decay: bool) -> None:
    spectrometer = small(pion_decay=pion_decay)
    chance = spectrometer.arrivals()
    step = spectrometer.bin_width / CELLS
    time = (np.arange(chance.size) + 0.5) * step
    assert chance.sum() == pytest.approx(1, abs=1e-9)
    assert chance @ time == pytest.approx(0.16, abs=1e-5)
    half = 0.08 / np.sqrt(2)
    variance = half**2 / 5 + (PION_LIFETIME**2 if pion_decay else 0.0)
    assert chance @ (time - 0.16) ** 2 == pytest.approx(variance, rel=1e-3)
    high = time[chance > chance.max() / 2]
    width = high[-1] - high[0]
    assert width == pytest.approx(0.08, abs=2 * step) if not pion_decay else width > 0.082


def test_after_the_pulse_a_line_is_weaker_and_shifted_as_its_transform_says() -> None:
    """a(t) = A cos(2 pi nu t): what is left is A Re[K e^(2 pi i nu t)] for a complex K."""
    spectrometer = small()
    model = mu.Model("damped_cosine")
    values = np.array([0.2, 0.0, 1.3, 0.0])
    assert model.names == ("A1", "lambda1", "nu1", "phi1")
    counts = spectrometer.expected(model, values, 1e7, 1000)
    after = slice(25, 700)
    forward, backward = counts[:4, after].sum(axis=0), counts[4:, after].sum(axis=0)
    time = (np.arange(2048) - spectrometer.t0)[after] * 0.016
    s = np.linspace(-1, 1, 200001) * 0.08 / np.sqrt(2)
    pulse = (1 - 2 * (s / 0.08) ** 2) * np.exp(s / TAU)
    transform = (pulse * np.exp(-2j * np.pi * 1.3 * s)).sum() / pulse.sum()
    u = np.linspace(-0.008, 0.008, 20001)  # and the mean over the decays in a bin
    decays = np.exp(-u / TAU)
    transform *= (decays * np.exp(2j * np.pi * 1.3 * u)).sum() / decays.sum()
    line = 0.2 * (transform * np.exp(2j * np.pi * 1.3 * time)).real
    found = (forward - backward) / (forward + backward)
    np.testing.assert_allclose(found, line, atol=1e-6)
    assert abs(transform) < 0.98


def test_without_asymmetry_the_counts_are_the_decays(tables: dict[str, Any]) -> None:
    spectrometer = small()
    model, values = mu.Model("constant"), np.array([0.0])
    counts = spectrometer.expected(model, values, 1e7, 1000)
    np.testing.assert_allclose(counts, counts[:1].repeat(8, axis=0))
    time = (np.arange(2048) - spectrometer.t0) * 0.016
    s = np.linspace(-1, 1, 200001) * 0.08 / np.sqrt(2)
    pulse = 1 - 2 * (s / 0.08) ** 2
    late = (pulse * np.exp(s / TAU)).sum() / pulse.sum()
    decays = 1e7 / 8 * 2 * np.sinh(0.008 / TAU) * np.exp(-time / TAU) * late
    np.testing.assert_allclose(counts[0, 20:], decays[20:], rtol=1e-6)
    assert np.all(counts[:, :6] == 0)
    assert counts.sum() == pytest.approx(1e7 * (1 - np.exp(-32.6 / TAU)), rel=1e-5)


def test_what_dead_time_takes_its_correction_gives_back(tables: dict[str, Any]) -> None:
    truth = load_truth(tables)
    busy = truth.spectrometer
    assert isinstance(busy, PulsedSpectrometer)
    never = copy.deepcopy(tables)
    never["instrument"] |= {"dead_time": 0.0, "dead_time_spread": 0.0}
    ideal = load_truth(never).spectrometer
    assert isinstance(ideal, PulsedSpectrometer)
    model, values = truth.models["ordered"].model, truth.values("ordered", 6.0, 0.0)
    true = ideal.expected(model, values, 2e7, 72000)
    seen = busy.expected(model, values, 2e7, 72000)
    assert 0.02 < (1 - seen / np.maximum(true, 1e-300))[:, 6:].max() < 0.04
    run = simulate_run(tables, 3).run.replace(counts=seen[np.newaxis])
    np.testing.assert_allclose(mu.correct_dead_time(run).counts[0], true, rtol=1e-12, atol=1e-9)


def test_a_run_has_frames_groups_dead_times_and_logs(tables: dict[str, Any]) -> None:
    run = simulate_run(tables, 3).run
    assert run.good_frames is not None and run.good_frames.tolist() == [1800 * 40]
    assert run.grouping is not None and run.grouping.tolist() == [1] * 48 + [2] * 48
    assert run.dead_time is not None and run.dead_time.shape == (1, 96)
    assert run.dead_time.mean() == pytest.approx(0.010, abs=8e-4)  # four standard errors
    assert run.dead_time.std() == pytest.approx(0.002, rel=0.3)
    assert (run.source, run.facility, run.labels) == ("pulsed", "ISIS", ("",) * 96)
    assert np.all(run.dead_time == simulate_run(tables, 9).run.dead_time)
    log = run.logs["Temp_Sample"]
    assert log.values.size == 90
    assert (log.seconds[0], log.seconds[-1]) == (0.0, 1780.0)
    assert run.temperature.mean == pytest.approx(log.values.mean())
    assert run.temperature.nominal == 6.0
    assert "no muon was measured" in (run.comment or "")


def test_counts_scatter_as_poisson(tables: dict[str, Any]) -> None:
    truth, made = load_truth(tables), simulate_run(tables, 16)
    assert isinstance(truth.spectrometer, PulsedSpectrometer)
    mean = truth.spectrometer.expected(
        truth.models["longitudinal"].model, np.array(list(made.parameters.values())), 2e7, 72000
    )
    many = mean > 20
    chi2 = ((made.run.counts[0] - mean)[many] ** 2 / mean[many]).sum()
    assert abs(chi2 / many.sum() - 1) < 5 * np.sqrt(2 / many.sum())


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (["instrument", "source"], "pulse", "source = 'pulse', expected pulsed or continuous"),
        (["instrument", "source"], "continuous", "lacks 'detectors'"),
        (["detectors"], [{}], "has 'detectors', but a pulsed source has"),
        (["banks"], None, "lacks 'banks'"),
        (["banks", 0, "rings"], [20.0], r"rings = \[20.0\], expected two or more"),
        (["banks", 0, "rings"], [40.0, 20.0], "expected two or more increasing"),
        (["banks", 0, "direction"], 90, "direction = 90, expected 0 or 180"),
        (["banks", 1, "direction"], 0, "expected banks in direction 0 and in direction 180"),
        (["banks", 1, "group"], 0, "group = 0, expected 1 or above"),
        (["banks", 1, "segments"], 0, "segments = 0"),
        (["banks", 1, "ring"], [1, 2], "no entry 'ring'; did you mean 'rings'"),
        (["instrument", "first_good"], 3, "3 bins after t0, lies in the muon pulse"),
        (["instrument", "last_good"], 2048, "no good bins from 23 to 2048 of 2048"),
        (["instrument", "time_zero"], 0.01, "time_zero = 0.01 us, expected at least 0.08"),
        (["instrument", "dead_time"], 2.0, "dead_time = 2, expected 0 to 1"),
        (["instrument", "pulse"], 0.0, "pulse = 0, expected 1e-5 to 1e5"),
        (["instrument", "bins"], 10**6, "1000000 bins of 96 detectors"),
        (["models", "ordered", "parameters", "A1"], 0.9, "may reach .* expected at most 1"),
    ],
)
def test_mistakes_are_named(
    tables: dict[str, Any], place: list[str | int], value: Any, message: str
) -> None:
    with pytest.raises(MusrcuError, match=message):
        simulate_run(changed(tables, place, value), 1)


def test_an_odd_entry_is_simulated_or_named(tables: dict[str, Any]) -> None:
    """Whatever one entry holds: a run, or one sentence; no traceback, no warning of NumPy."""
    few = copy.deepcopy(tables)
    few["instrument"] |= {"bins": 64}
    few["banks"][0] |= {"rings": [0.0, 60.0], "segments": 2}
    few["banks"][1] |= {"rings": [0.0, 60.0], "segments": 2}
    few["runs"][0]["temperatures"] = [11.0]
    del few["runs"][1:]
    for name in ("transverse", "longitudinal"):
        del few["models"][name]
    assert simulate_run(few, 1).run.n_detectors == 4
    odd = [-1e308, -1e12, -1, 0, 1e-308, 1e-12, 700, 1e12, 1e308, HUGE, "", "\0", "\n", True]
    for place in places(few):
        for value in odd:
            number = value if place == ("runs", 0, "first") else 1
            try:
                simulate_run(changed(few, list(place), value), number)
            except MusrcuError as error:
                assert "\n" not in str(error), (place, value)


def test_frames_one_by_one_lose_as_many() -> None:
    """Every positron of a detector in 300,000 frames; after a count it is busy for 20 ns."""
    random, frames, each = np.random.default_rng(5), 300_000, 4.0
    arriving = random.poisson(each, frames)
    most = int(arriving.max())
    # the parabola is the distribution beta(2, 2)
    pulse = (2 * random.beta(2, 2, (frames, most)) - 1) * 0.08 / np.sqrt(2)
    time = 0.16 + pulse + random.exponential(TAU, (frames, most))
    time[np.arange(most) >= arriving[:, None]] = np.inf
    time.sort(axis=1)
    free, counted = np.full(frames, -np.inf), []
    for positron in time.T:
        seen = (positron >= free) & np.isfinite(positron)
        counted.append(positron[seen])
        free[seen] = positron[seen] + 0.02
    spectrometer = small(dead_time=0.02)
    model, values = mu.Model("constant"), np.array([0.0])
    mean = spectrometer.expected(model, values, 8 * each * frames, frames)[0]
    ideal = small().expected(model, values, 8 * each * frames, frames)[0]
    edges = np.arange(2049) * 0.016
    found = np.histogram(np.concatenate(counted), edges)[0]
    for good in (slice(23, 60), slice(60, 150)):  # the loss is 15 and 12 standard deviations
        assert abs(found[good].sum() - mean[good].sum()) < 4 * np.sqrt(mean[good].sum())
        assert ideal[good].sum() - found[good].sum() > 6 * np.sqrt(mean[good].sum())
