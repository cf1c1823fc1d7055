"""A decay and a level in the same counts, where the times of a damaged file are no times."""

from __future__ import annotations

import numpy as np
import pytest

from musrcu.constants import MUON_LIFETIME
from musrcu.reduction.flat import chance, fit_flat


@pytest.mark.parametrize("absurd", [1e300, 1e9, 5000.0, -5000.0, -1e300])
@pytest.mark.parametrize("width", [0.1, 1e5, 1e290])
def test_absurd_times_are_unknown_and_leave_the_others_alone(absurd: float, width: float) -> None:
    """No RuntimeWarning either: warnings are errors here."""
    time = 0.1 * np.arange(200)
    exact = 1000 * np.exp(-time / MUON_LIFETIME) + 20
    rows = np.array([exact, np.full(200, 7.0)])
    found = fit_flat(rows, np.array([time, absurd + width * np.arange(200)]))
    assert found.settled.tolist() == [True, False]
    assert found.level[0] == pytest.approx(20, rel=1e-6)
    assert found.decay[0] == pytest.approx(1000, rel=1e-6)
    assert np.isnan([found.share[1], found.share_error[1], found.decay[1]]).all()
    assert np.isnan(chance(found)).tolist() == [False, True]


def test_bins_wider_than_any_life_are_a_first_bin_and_a_level() -> None:
    rows = np.array([[100.0] + [10.0] * 50])
    found = fit_flat(rows, 1e6 * np.arange(51)[None])
    assert found.level[0] == pytest.approx(10, rel=1e-6)
    assert found.decay[0] == pytest.approx(90, rel=1e-6)
