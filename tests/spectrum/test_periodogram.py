"""The public periodogram against SciPy's and against least squares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from asymmetries import asymmetry
from scipy.signal import lombscargle

from musrcu import periodogram
from musrcu.errors import FitError


@pytest.mark.parametrize("gaps", [False, True])
def test_equal_errors_without_smooth_terms_is_lomb_scargle(gaps: bool) -> None:
    rng = np.random.default_rng(1)
    time = 0.02 + 0.05 * np.arange(200)
    if gaps:
        time = time[np.sort(rng.choice(200, 130, replace=False))]
    value = 0.1 * np.cos(2 * np.pi * 3 * time + 1) + 0.05 * rng.normal(size=time.size)
    found = periodogram(
        asymmetry(time, value, np.full(time.size, 0.05), bin_width=0.05), smooth="none", damping=0.0
    )
    inside = slice(2, -2)
    expected = 2 * lombscargle(time, value / 0.05, 2 * np.pi * found.nu[inside])
    np.testing.assert_allclose(found.gain[inside], expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.power * found.chi2, found.gain)


def test_with_a_floating_mean() -> None:
    rng = np.random.default_rng(2)
    time = 0.02 + 0.05 * np.arange(200)
    value = 0.1 * np.cos(2 * np.pi * 0.8 * time + 1) + 0.2 + 0.05 * rng.normal(size=200)
    data = asymmetry(time, value, np.full(200, 0.05))
    found = periodogram(data, smooth="constant", damping=0.0)
    for k in range(3, found.nu.size - 3, 23):
        turn = 2 * np.pi * found.nu[k] * time
        design = np.array([np.ones(200), np.cos(turn), np.sin(turn)]).T
        left = np.linalg.lstsq(design, value, rcond=None)[1][0]
        flat = ((value - value.mean()) ** 2).sum()
        assert found.gain[k] == pytest.approx((flat - left) / 0.05**2, rel=1e-6, abs=1e-6)


def test_a_damped_line_beside_a_relaxation() -> None:
    rng = np.random.default_rng(3)
    time = 0.01 + 0.02 * np.arange(400)
    error = 0.005 * np.exp(time / 4.4)
    value = 0.08 * np.exp(-0.6 * time) * np.cos(2 * np.pi * 1.2 * time + 0.3)
    value += 0.1 * np.exp(-1.5 * time) + 0.07
    found = periodogram(asymmetry(time, value + error * rng.normal(size=400), error))
    (peak,) = found.peaks
    assert abs(peak.nu - 1.2) < 4 * peak.nu_error < 0.05
    assert peak.damping == pytest.approx(0.6, abs=0.15)
    assert peak.amplitude == pytest.approx(0.08, rel=0.15)
    assert peak.phase == pytest.approx(np.rad2deg(0.3), abs=12)
    assert peak.chance < 1e-50
    assert peak.gain > found.level
    known = periodogram(asymmetry(time, value, error), phase=np.rad2deg(0.3), damping=0.6)
    assert known.peaks[0].phase == pytest.approx(np.rad2deg(0.3), abs=1e-6)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"damping": -1.0}, "damping = -1.0"),
        ({"damping": ()}, "damping = ()"),
        ({"phase": "auto"}, "phase = 'auto'"),
        ({"chance": 2}, "chance = 2"),
        ({"smooth": "linear"}, "no smooth term 'linear'"),
        ({"nu_range": (1.0, 1.0001)}, "holds no frequency of the scan"),
    ],
)
def test_what_is_refused(options: dict[str, Any], text: str) -> None:
    time = 0.02 + 0.05 * np.arange(50)
    with pytest.raises(FitError) as caught:
        periodogram(asymmetry(time, np.cos(time), np.ones(50)), **options)
    assert text in str(caught.value)


@pytest.mark.parametrize("t_range", [None, (5.0, 9.0)])
def test_lines_that_are_gone_at_once_are_refused(t_range: tuple[float, float] | None) -> None:
    rng = np.random.default_rng(3)
    time = 0.02 + 0.05 * np.arange(200)
    data = asymmetry(time, 0.05 * rng.normal(size=200), np.full(200, 0.05))
    with pytest.raises(FitError, match=r"damping = 1e\+09 1/us: such a line is gone at .* below"):
        periodogram(data, damping=(0, 1e9), t_range=t_range)
    fastest = 0.999 * 100 / (0.37 if t_range is None else 5.37)
    assert np.isfinite(periodogram(data, damping=fastest, t_range=t_range).gain).all()
    with pytest.raises(FitError, match="most = -1; expected a whole number, 0 or above"):
        periodogram(data, most=-1)
