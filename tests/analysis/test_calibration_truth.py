"""The thrown calibration runs are what they claim to be, against closed forms and a plain loop."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "calibration_truth.py"
TAU = 2.1969811


@pytest.fixture(scope="module")
def truth() -> ModuleType:
    spec = importlib.util.spec_from_file_location("calibration_truth", PROGRAM)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_truth_imports_nothing_of_musrcu() -> None:
    nodes = ast.walk(ast.parse(PROGRAM.read_text(encoding="utf-8")))
    found = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    nodes = ast.walk(ast.parse(PROGRAM.read_text(encoding="utf-8")))
    found |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert found == {"__future__", "dataclasses", "typing", "numpy"}


def test_a_busy_detector_loses_what_a_plain_loop_loses(truth: ModuleType) -> None:
    rng = np.random.default_rng(5)
    n, dead = 4000, np.array([0.1, 0.0, 0.4])
    events = truth.Events(
        rng.integers(0, 20, n), rng.uniform(0, 3, n), rng.integers(0, dead.size, n)
    )
    last: dict[tuple[int, int], float] = {}
    expected = set()
    for k in np.argsort(events.moment):
        place = int(events.detector[k]), int(events.frame[k])
        if events.moment[k] - last.get(place, -np.inf) >= dead[place[0]]:
            last[place] = events.moment[k]
            expected.add(float(events.moment[k]))
    kept = truth.counted(events, dead)
    assert len(expected) < 0.8 * n
    assert set(kept.moment.tolist()) == expected


def test_a_continuous_run_has_its_alpha_background_and_arrival(truth: ModuleType) -> None:
    signal = truth.Signal(amplitude=0.2, rate=0.1)
    thrown = truth.Continuous(
        signal=signal, muons=2e6, efficiency=(0.5, 0.4), arrival=(0.293, 0.2934), width=0.0005,
        prompt=(2000.0, 1000.0), flat=(6.0, 3.0), modulation=0.3,
    )  # fmt: skip
    counts = truth.throw_continuous(thrown, np.random.default_rng(6))
    assert thrown.alpha == pytest.approx(1.25)
    # whole accelerator periods before the prompt peak
    n = round(13 * 0.01975 / truth.LTF_WIDTH)
    level = counts[:, 10 : 10 + n].mean(axis=1)
    assert np.abs((level - thrown.flat) / np.sqrt(np.array(thrown.flat) / n)).max() < 4
    structure = counts[0, 10 : 10 + n] * np.exp(
        2j * np.pi * np.arange(n) * truth.LTF_WIDTH / 0.01975
    )
    assert abs(structure.mean()) * 2 / level[0] == pytest.approx(0.3, abs=4 * np.sqrt(2 / (6 * n)))
    # decays from 0.2 us after the arrival to the end of the histogram, in closed form
    begin, end = np.array([500, 500]), truth.LTF_BINS
    for side, sign in ((0, 1), (1, -1)):
        t = np.array([begin[side], end]) * truth.LTF_WIDTH - thrown.arrival[side]
        plain = -np.diff(np.exp(-t / TAU))[0]
        rate = 1 / TAU + signal.rate
        turned = -np.diff(np.exp(-rate * t))[0] * signal.amplitude / (TAU * rate)
        expected = thrown.muons * thrown.efficiency[side] / 2 * (plain + sign * turned)
        expected += thrown.flat[side] * (end - begin[side])
        assert abs(counts[side, begin[side] :].sum() - expected) < 4 * np.sqrt(expected)
    # the prompt peak stands at the arrival
    near = np.arange(295, 306)
    for row, t0 in zip(counts, thrown.t0, strict=True):
        peak = row[near] - row[310:330].mean() * (near > t0)
        assert (peak * near).sum() / peak.sum() == pytest.approx(t0, abs=0.2)


def test_a_pulsed_run_has_its_pulse_and_its_losses(truth: ModuleType) -> None:
    signal = truth.Signal(amplitude=0.2, rate=0.3)
    rng = np.random.default_rng(7)
    thrown = truth.draw_pulsed(rng, signal, muons=4e5)
    events = truth.decays(thrown, rng)
    # a pulse that is known: mean arrival + mean life of what is counted in all detectors
    share = np.concatenate([thrown.forward, thrown.backward])
    expected = thrown.muons * share / 2
    rate = 1 / TAU + signal.rate
    expected *= 1 + np.repeat([1, -1], thrown.forward.size) * signal.amplitude / (TAU * rate)
    seen = np.bincount(events.detector, minlength=share.size)
    assert np.abs((seen - expected) / np.sqrt(expected)).max() < 4
    counts = truth.throw_pulsed(thrown, np.random.default_rng(8))
    rise = counts.sum(axis=0)
    edge = int(thrown.arrival / truth.EMU_WIDTH)
    half = thrown.pulse / np.sqrt(2) / truth.EMU_WIDTH
    assert rise[: int(edge - half)].sum() == 0
    assert rise[int(edge + half) + 1] > 10 * rise[int(edge - half) + 1] > 0
    # at the peak a share of about rate times dead time is lost
    assert counts.sum() < seen.sum() * 0.985


def test_a_pulse_has_the_width_that_is_given(truth: ModuleType) -> None:
    rng = np.random.default_rng(9)
    thrown = truth.draw_pulsed(rng, truth.Signal(amplitude=0.0, rate=0.0), muons=2e5)
    moment = truth.decays(thrown, rng).moment
    # variance of a parabola of half width h is h^2 / 5, of the decay tau^2
    half = 0.08 / np.sqrt(2)
    early = moment[moment < thrown.arrival + half]
    assert early.min() > thrown.arrival - half
    # muons that came before x and have decayed, to first order in h / tau
    x = thrown.arrival
    grid = np.linspace(-half, 0, 4001)
    chance = 0.75 / half * (1 - (grid / half) ** 2) * (1 - np.exp(grid / TAU))
    expected = moment.size * chance.mean() * half
    assert abs((moment < x).sum() - expected) < 4 * np.sqrt(expected)
