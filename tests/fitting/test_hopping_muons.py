"""Muons that hop among random fields, thrown spin by spin, fitted with the dynamic functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from run_of import run_of

import musrcu as mu
from musrcu.errors import FitError
from musrcu.fitting.result import FitResult

TAU, GAMMA = 2.1969811, 0.08516154557747  # us, rad / (us G)
A, DELTA, HOP, FIELD = 0.24, 0.60, 0.5, 5.0


def rotated(spin: Any, field: Any, time: Any) -> Any:
    """Spins after a time in a field (rad/us), by Rodrigues' formula."""
    size = np.linalg.norm(field, axis=1)
    axis = field / size[:, None]
    angle = size * time
    along = (axis * spin).sum(axis=1, keepdims=True) * axis
    across = np.cross(axis, spin)
    return along + np.cos(angle)[:, None] * (spin - along) + np.sin(angle)[:, None] * across


def final_spins(rng: Any, life: Any, hop: float, lorentzian: bool) -> Any:
    """Spin component along the initial one when each muon decays."""
    spin = np.zeros((life.size, 3))
    spin[:, 2] = 1.0
    left, running = life.copy(), np.arange(life.size)
    while running.size:
        field = rng.normal(0.0, DELTA, (running.size, 3))
        if lorentzian:  # each component of a Cauchy distribution in three dimensions
            field /= np.abs(rng.normal(size=(running.size, 1)))
        field[:, 2] += GAMMA * FIELD
        stay = np.minimum(rng.exponential(1 / hop, running.size), left[running])
        spin[running] = rotated(spin[running], field, stay)
        left[running] -= stay
        running = running[left[running] > 0]
    return spin[:, 2]


def run_of_muons(seed: int, hop: float = HOP, lorentzian: bool = False, **more: Any) -> Any:
    rng = np.random.default_rng(seed)
    life = rng.exponential(TAU, 600_000)
    forward = 2 * rng.random(life.size) < 1 + A * final_spins(rng, life, hop, lorentzian)
    edges = 0.02 * (np.arange(600) - 0.5)
    counts = np.array([np.histogram(life[one], edges)[0] for one in (forward, ~forward)])
    return run_of(counts, bin_width=0.02, first_good=np.array([1, 1]), **more)


def fitted(run: Any, model: str, **words: Any) -> FitResult:
    recipe = mu.Reduction(forward="1", backward="2", alpha=1.0, background="none", packing=2)
    return mu.fit(mu.reduce(run, recipe), model, t_range=(0.0, 10.0), **words)


def assert_true(result: FitResult, **truth: float) -> None:
    assert result.valid, result.reason
    assert result.probability is not None and result.probability > 1e-3
    for name, value in truth.items():
        found = result[name]
        assert found.value is not None and found.error is not None
        assert abs(found.value - value) < 3.5 * found.error, (name, found)
        assert found.error < 0.5 * value


def test_gaussian_fields_and_the_field_of_the_header() -> None:
    result = fitted(run_of_muons(1, field=-FIELD), "dynamic_gaussian_kt_lf")
    assert_true(result, A1=A, delta1=DELTA, hop1=HOP)
    assert result["B_LF1"].value == FIELD
    held = "B_LF1 is held at 5 G, the magnitude of -5 G in the run's header"
    assert any(held in note for note in result.notes)


def test_lorentzian_fields() -> None:
    result = fitted(
        run_of_muons(2, lorentzian=True), "dynamic_lorentzian_kt_lf", fixed={"B_LF": FIELD}
    )
    assert_true(result, A1=A, a1=DELTA, hop1=HOP)
    assert not any("header" in note for note in result.notes)


def test_a_field_that_is_fitted() -> None:
    run = run_of_muons(3, hop=0.01, field=50.0)
    result = fitted(run, "gaussian_kt_lf", start={"B_LF1": 4.0})
    assert_true(result, A1=A, B_LF1=FIELD)
    assert not any("header" in note for note in result.notes)


def test_no_field_in_the_header() -> None:
    with pytest.raises(FitError, match=r"names no applied field, which B_LF1 is; give it, such as"):
        fitted(run_of_muons(4), "gaussian_kt_lf")
