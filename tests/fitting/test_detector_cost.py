"""The likelihood of many blind detectors: derivatives, exact inverse, open directions."""

from __future__ import annotations

import numpy as np
import pytest

from musrcu.calibration.dead_time_models import (
    CommonPolarisation,
    CommonPrecession,
    lifetime,
    wavy,
)
from musrcu.errors import FitError
from musrcu.fitting.detector_cost import DetectorCost, DetectorCounts, Knowledge

EDGES = np.arange(0.3, 10.0, 0.064)
TAU_MU = 2.1969811
FRAMES = 2e4
SIGN = np.array([1.0, 1.0, -1.0, -1.0])

Model = CommonPolarisation | CommonPrecession


def nothing(size: int) -> Knowledge:
    return Knowledge(np.zeros((0, size)), np.zeros(0), np.ones(0))


def polarisation() -> tuple[Model, np.ndarray, np.ndarray]:
    model = CommonPolarisation(EDGES, SIGN, wavy(lifetime(EDGES), 6))
    own = np.stack([np.linspace(11, 11.3, 4), np.linspace(0.9, 1.1, 4)], axis=1)
    return model, own, np.array([0.1, 1e-3, *np.linspace(0.02, -0.01, model.shapes.shape[1])])


def precession() -> tuple[Model, np.ndarray, np.ndarray]:
    own = np.array([[11.0, 0.2, 0.05, 1e-3], [11.2, -0.1, 0.1, 2e-3]])
    return CommonPrecession(EDGES), own, np.array([1.3, 0.05, 0.01])


@pytest.mark.parametrize("made", [polarisation(), precession()], ids=["common", "precession"])
def test_gradients_are_those_of_differences(
    made: tuple[Model, np.ndarray, np.ndarray],
) -> None:
    model, own, shared = made
    by_own, by_shared = model.gradient(own, shared)
    assert by_own.shape[1] == model.n_own
    for k in range(own.shape[1]):
        step = np.zeros_like(own)
        step[:, k] = 1e-6
        slope = (model.value(own + step, shared) - model.value(own - step, shared)) / 2e-6
        assert by_own[:, k] == pytest.approx(slope, rel=1e-6, abs=1e-6 * np.abs(slope).max())
    for k in range(shared.size):
        step = np.zeros_like(shared)
        step[k] = 1e-6
        slope = (model.value(own, shared + step) - model.value(own, shared - step)) / 2e-6
        assert by_shared[k] == pytest.approx(slope, rel=1e-6, abs=1e-6 * np.abs(slope).max())


def test_decays_are_integrals_over_the_bins() -> None:
    """Against sums over 200 parts of each wide bin."""
    edges = np.arange(0.3, 5.0, 0.2)
    own, shared = np.array([[0.0, 0.2, -0.1, 0.003]]), np.array([1.1, 0.3, 0.0])
    t = edges[:-1, None] + (np.arange(200) + 0.5) / 200 * 0.2
    turn = 2 * np.pi * 1.1 * t
    wave = np.exp(-0.3 * t) * (0.2 * np.cos(turn) - 0.1 * np.sin(turn))
    expected = (np.exp(-t / TAU_MU) * (1 + wave) + 0.003).mean(axis=1) * 0.2
    assert CommonPrecession(edges).value(own, shared)[0] == pytest.approx(expected, rel=1e-4)


def test_shapes_have_no_mean_and_follow_a_relaxation() -> None:
    e = lifetime(EDGES)
    shapes = wavy(e, 8)
    assert e @ shapes == pytest.approx(0, abs=1e-9)
    time = (EDGES[1:] + EDGES[:-1]) / 2
    for law in (np.exp(-0.3 * time), np.exp(-2 * time), 1 / (1 + time)):
        wanted = law - e @ law / e.sum()
        found = shapes @ (shapes.T @ (e * wanted)) / e.sum()
        assert np.sqrt(e @ (found - wanted) ** 2 / e.sum()) < 1e-3
    assert wavy(e, e.size).shape[1] == e.size - 1  # free but for the mean


def test_exact_counts_give_the_exact_dead_time() -> None:
    model, own, shared = precession()
    tau = np.array([0.010, -0.004])
    n = model.value(own, shared)
    seen = n / (1 + n * tau[:, None] / (FRAMES * np.diff(EDGES)))
    assert 1 - (seen / n)[0, 0] > 0.02
    truth = np.concatenate([np.column_stack([own, tau]).ravel(), shared])
    start = np.concatenate([np.column_stack([own, 0 * tau]).ravel(), shared])
    start[:-3] *= 1.001
    cost = DetectorCost(DetectorCounts(seen, EDGES, FRAMES), model, nothing(truth.size))
    found = cost.minimise(start, np.eye(truth.size), model.n_own)
    assert found.converged
    assert found.chi2 < 1e-3
    assert found.x[[4, 9]] == pytest.approx(tau, abs=1e-3 * np.sqrt(found.covariance[4, 4]))
    assert found.ndof == pytest.approx(seen.size - truth.size)


def test_a_direction_that_nothing_determines_is_refused() -> None:
    model, own, shared = polarisation()
    shared = 0 * shared
    n = model.value(own, shared)
    x = np.concatenate([np.column_stack([own, np.zeros(4)]).ravel(), shared])
    cost = DetectorCost(DetectorCounts(n, EDGES, FRAMES), model, nothing(x.size))
    with pytest.raises(FitError, match="do not determine every parameter"):
        cost.minimise(x, np.eye(x.size), model.n_own)


def test_knowledge_beside_the_counts_narrows_what_it_is_about() -> None:
    model, own, shared = precession()
    n = model.value(own, shared)
    x = np.concatenate([np.column_stack([own, np.zeros(2)]).ravel(), shared])
    data = DetectorCounts(n, EDGES, FRAMES)
    free = DetectorCost(data, model, nothing(x.size)).minimise(x, np.eye(x.size), 4)
    error = float(np.sqrt(free.covariance[4, 4]))
    row = np.eye(x.size)[4:5]
    known = Knowledge(row, np.array([error]), np.array([error]))
    both = DetectorCost(data, model, known).minimise(x, np.eye(x.size), 4)
    assert both.covariance[4, 4] == pytest.approx(error**2 / 2, rel=0.05)
    assert both.x[4] == pytest.approx(error / 2, rel=0.1)
    assert both.ndof == pytest.approx(n.size - x.size + 0.5, abs=0.05)


@pytest.mark.parametrize("place", [0, 1, 4, -1, -2])
def test_parameters_that_make_no_sense_are_no_number_and_no_warning(place: int) -> None:
    model, own, shared = precession()
    x = np.concatenate([np.column_stack([own, np.zeros(2)]).ravel(), shared])
    x[place] = -1e4
    data = DetectorCounts(model.value(own, shared), EDGES, FRAMES)
    mean, variance = DetectorCost(data, model, nothing(x.size)).mean(x, model.n_own)
    assert not (np.isfinite(mean) & np.isfinite(variance) & (mean > 0)).all()
