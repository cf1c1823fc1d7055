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
    assert found == {"__future__", "dataclasses", "numpy"}


def test_a_continuous_run_has_its_alpha_background_and_arrival(truth: ModuleType) -> None:
    signal = truth.Signal(amplitude=0.2, rate=0.1)
    thrown = truth.Truth(
        signal=signal, muons=2e6, efficiency=(0.5, 0.4), arrival=(0.293, 0.2934), width=0.0005,
        prompt=(2000.0, 1000.0), flat=(6.0, 3.0), modulation=0.3,
    )  # fmt: skip
    counts = truth.throw(thrown, np.random.default_rng(6))
    assert thrown.alpha == pytest.approx(1.25)
    # whole accelerator periods before the prompt peak
    n = round(13 * 0.01975 / truth.WIDTH)
    level = counts[:, 10 : 10 + n].mean(axis=1)
    assert np.abs((level - thrown.flat) / np.sqrt(np.array(thrown.flat) / n)).max() < 4
    structure = counts[0, 10 : 10 + n] * np.exp(2j * np.pi * np.arange(n) * truth.WIDTH / 0.01975)
    assert abs(structure.mean()) * 2 / level[0] == pytest.approx(0.3, abs=4 * np.sqrt(2 / (6 * n)))
    # decays from 0.2 us after the arrival to the end of the histogram, in closed form
    begin, end = np.array([500, 500]), truth.BINS
    for side, sign in ((0, 1), (1, -1)):
        t = np.array([begin[side], end]) * truth.WIDTH - thrown.arrival[side]
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
