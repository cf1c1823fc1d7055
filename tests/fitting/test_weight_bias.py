"""The shift of a fit by errors that follow the asymmetry, beside simulations of NumPy alone."""

from __future__ import annotations

import numpy as np
import pytest
from asymmetries import asymmetry

from musrcu.fitting.cost import AsymmetryCost
from musrcu.fitting.fit import fit
from musrcu.fitting.freedom import settle
from musrcu.fitting.minimise import minimise
from musrcu.fitting.weight_bias import weight_shift
from musrcu.models.model import Model

BINS, COUNTS, A, NU = 400, 50.0, 0.25, 1.5


def thrown(rng: np.random.Generator, counts: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time, asymmetry and its error, of Poisson counts that do not decay."""
    t = 0.02 * (np.arange(BINS) + 0.5)
    a = A * np.cos(2 * np.pi * NU * t)
    forward = rng.poisson(counts / 2 * (1 + a))
    backward = rng.poisson(counts / 2 * (1 - a))
    n = forward + backward
    value = (forward - backward) / n
    return t, value, np.sqrt((1 - value**2) / n)


def test_the_shift_is_that_of_simulations() -> None:
    """A M sqrt(2 / N) = 1.0 errors here: the mean pull of 300 experiments."""
    rng = np.random.default_rng(20261123)
    freedom = settle(Model("cosine"))
    pulls, said = [], []
    for _ in range(300):
        cost = AsymmetryCost(*thrown(rng, COUNTS), freedom)
        found = minimise(cost, np.array([A, NU, 0.0]), freedom.model.names)
        assert found.covariance is not None
        pulls.append((found.x[0] - A) / np.sqrt(found.covariance[0, 0]))
        said.append(weight_shift(cost, found)[0])
    wanted = A * BINS * np.sqrt(2 / (BINS * COUNTS))
    assert np.mean(said) == pytest.approx(wanted, rel=0.1)
    assert np.mean(pulls) == pytest.approx(np.mean(said), abs=4 / np.sqrt(300))


def test_a_fit_says_so_where_it_matters() -> None:
    rng = np.random.default_rng(7)
    few = fit(asymmetry(*thrown(rng, COUNTS)), "cosine", start={"nu1": NU})
    assert any("shift A1 by about +" in note for note in few.notes)
    many = fit(asymmetry(*thrown(rng, 100 * COUNTS)), "cosine", start={"nu1": NU})
    assert not any("shift" in note for note in many.notes)
