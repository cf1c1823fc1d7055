"""The dead times of real calibration runs: the lifetime of the muon says whether they are right."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import chi2 as chi2_law

import musrcu as mu
from musrcu.errors import FitError

TAU_MU = 2.1969811


def read(path: Path) -> mu.Run:
    pytest.importorskip("pyhdf")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mu.read(path)


def lifetime_probability(
    counts: np.ndarray, variance: np.ndarray, time: np.ndarray, span: tuple[float, float]
) -> float:
    """Of a pure lifetime in forward + w backward, w free: (2, n_bins) each, in bins of 8."""
    used = np.flatnonzero((time >= span[0]) & (time < span[1]))
    used = used[: used.size // 8 * 8].reshape(-1, 8)
    decay = np.exp(-time[used] / TAU_MU).sum(axis=1)
    n, v = counts[:, used].sum(axis=2), variance[:, used].sum(axis=2)

    def chi2(w: float) -> float:
        total, weight = n[0] + w * n[1], 1 / (v[0] + w * w * v[1])
        level = (decay * total * weight).sum() / (decay * decay * weight).sum()
        return float(((total - level * decay) ** 2 * weight).sum())

    least = minimize_scalar(chi2, bounds=(0.5, 2.0), method="bounded").fun
    return float(chi2_law.sf(least, len(used) - 2))


@pytest.mark.parametrize("span", [(0.3, 3.0), (0.3, 5.0), (0.3, 10.0)])
def test_copper_at_20_gauss_decays_with_the_lifetime_once_corrected(
    real: Path, span: tuple[float, float]
) -> None:
    """MUT 53578: the correction is recomputed here from what was read, detector by detector."""
    run = read(real / "isis-hdf4" / "MUT53578.NXS")
    assert run.dead_time is None
    found = mu.estimate_dead_time(run)
    assert found.regime == "transverse"
    assert found.probability > 0.01
    assert found.common_error < 0.001
    assert found.common > 8 * found.common_error  # not a number that could be none
    assert run.good_frames is not None
    raw = run.counts[0].astype(float)
    loss = raw * np.array(found.table())[:, None] / (run.good_frames[0] * run.bin_width)
    halves = [np.array(side) - 1 for side in mu.group(run).detectors]
    time = (np.arange(run.n_bins) - run.t0[0]) * run.bin_width

    def summed(histograms: np.ndarray) -> np.ndarray:
        return np.array([histograms[side].sum(axis=0) for side in halves])

    assert lifetime_probability(summed(raw), summed(raw), time, span) < 1e-6
    corrected, variance = raw / (1 - loss), raw / (1 - loss) ** 2
    assert lifetime_probability(summed(corrected), summed(variance), time, span) > 0.01
    ours = mu.correct_dead_time(run, dead_time=found.table())
    assert ours.counts[0] == pytest.approx(corrected)


def test_dead_times_of_hifi_agree_with_those_in_its_file(real: Path) -> None:
    """2000 G along the beam, silicon carbide: only the mean is known, and only to 1 or 2 ns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = mu.read(real / "isis-nexus-v2" / "HIFI00183810.nxs")
    found = mu.estimate_dead_time(run)
    assert run.dead_time is not None
    known = np.isfinite(found.values)
    assert found.regime == "longitudinal"
    assert set(found.refused) == {50}  # it counts nothing
    assert found.common == pytest.approx(run.dead_time[0][known].mean(), abs=3 * found.common_error)
    assert found.common_error < 0.002


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("isis-nexus-v2/EMU00114062.nxs_v2", "relax without precessing"),  # quartz, muonium
        ("isis-hdf4/MUSR00032482.nxs", "turns before it has relaxed"),  # gypsum, nuclear fields
        ("isis-hdf4/EMU03087.nxs", "no such polarisation"),  # quartz, 1 G
    ],
)
def test_runs_that_cannot_tell_are_refused(real: Path, file: str, why: str) -> None:
    with pytest.raises(FitError, match=why):
        mu.estimate_dead_time(read(real / file))
