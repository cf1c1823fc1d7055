"""Numbers of detectors from several runs: what is common to them is counted once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import musrcu as mu
from musrcu.calibration.combined_calibration import combine_calibrations
from musrcu.errors import FitError

N = 12
ONE = {"forward": "1-6", "backward": "7-12", "instrument": "SIM", "alpha": 1.1, "alpha_error": 0.01}
EDGE = "t0 from the edge of the pulse is one number, its error common to all"


def made(number: int, **more: Any) -> mu.Calibration:
    return mu.Calibration(**(ONE | {"run": number, "detectors": tuple(range(1, N + 1))} | more))


def flat(probabilities: list[float | None]) -> None:
    """From 0 to 1 alike, as those of an honest chi-square are."""
    from scipy.stats import kstest

    assert kstest(np.array(probabilities, dtype=float), "uniform").pvalue > 1e-3


def test_t0_of_an_edge_is_one_number() -> None:
    rng, found = np.random.default_rng(1), []
    for _ in range(300):
        runs = []
        for number in (1, 2, 3):
            alpha = rng.normal(1.1, 0.01)
            t0 = 9.5 + 0.1 * np.arange(N) + 0.02 * rng.normal()
            runs.append(made(number, alpha=alpha, t0=t0, t0_error=np.full(N, 0.02), notes=(EDGE,)))
        found.append(combine_calibrations(runs))
    flat([one.probability for one in found])
    assert found[0].t0_error == pytest.approx([0.02 / 3**0.5] * N)
    assert EDGE in found[0].notes
    pulls = [(one.t0[3] - 9.8) / one.t0_error[3] for one in found]
    assert abs(np.std(pulls) - 1) < 3.5 / np.sqrt(600)


def test_a_run_with_another_edge_is_named_once() -> None:
    more = {"t0_error": np.full(N, 0.02)}
    runs = [made(k, t0=np.full(N, 9.5 + (k == 3)), **more) for k in (1, 2, 3)]
    (note,) = combine_calibrations(runs).notes
    assert note.startswith("SIM 3 disagrees: t0 of all detectors = 10.50(2)")


def test_phases_that_share_a_frequency_are_weighed_by_their_covariance() -> None:
    """Every phase moves with the frequency; twice, and a chi-square of each number alone is off."""
    rng, found = np.random.default_rng(2), []
    matrix = 0.2 * np.eye(N) + 0.8
    draw = np.linalg.cholesky(matrix)
    for _ in range(300):
        runs = [
            made(
                number,
                alpha=rng.normal(1.1, 0.01),
                phases=170.0 + draw @ rng.normal(size=N),
                phases_error=np.ones(N),
                names=[f"phase_{d}" for d in range(1, N + 1)],
                correlation=matrix,
            )
            for number in (1, 2)
        ]
        found.append(combine_calibrations(runs))
    flat([one.probability for one in found])


def test_correlations_that_make_two_numbers_one_are_refused() -> None:
    more = {
        "total": 0.2, "total_error": 0.01, "names": ("alpha", "total"),
        "correlation": np.ones((2, 2)),
    }  # fmt: skip
    with pytest.raises(FitError, match="SIM 1: its correlations make two of its numbers one"):
        combine_calibrations([made(1, **more), made(2, **more)])
