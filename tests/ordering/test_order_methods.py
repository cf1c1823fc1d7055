"""The four methods on a few simulated scans, and their options from a scan, a file and a budget."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_runs import made_scan

from musrcu.analysis.scan_file import ScanFile
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.two_step import fit_order_parameter, likelihood_root
from musrcu.systematics.robust_scan import Law

T = np.array([0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.085, 0.09, 0.095, 0.099, 0.102, 0.104])
NU_ERROR = np.array([0.012] * 7 + [0.015, 0.015, 0.02, 0.03, 0.04, 0.06])
TRUTH = {"nu0": 1.59, "T_N": 0.105, "beta": 0.12}


def test_errors_of_temperatures_left_out_are_missed() -> None:
    """16 scans with 1 mK: latent roots have width 1; naive ones are wider by more than a third."""
    random = np.random.default_rng(1982)
    roots: dict[str, list[list[float]]] = {"naive": [], "latent": []}
    for _ in range(16):
        nu = 1.59 * (1 - (T / 0.105) ** 3) ** 0.12 + NU_ERROR * random.normal(size=13)
        errors = np.full(13, 1e-3)
        points = OrderPoints(T + errors * random.normal(size=13), errors, nu, NU_ERROR)
        for method, found in roots.items():
            order = fit_order_parameter(points, method=method, minos=False)
            assert order.valid, order.reason
            found.append([likelihood_root(order, name, TRUTH[name]) for name in TRUTH])
    latent, naive = (np.array(roots[method]) for method in ("latent", "naive"))
    assert (np.abs(latent.mean(axis=0)) < 0.03 + 3.5 / 4).all()
    assert (np.abs(latent.std(axis=0) - 1) < 0.03 + 3.5 / np.sqrt(32)).all()
    low, high = np.quantile(naive[:, 1], [0.1587, 0.8413])
    assert (high - low) / 2 > 4 / 3


def test_a_scan_says_what_its_runs_would_have_shown() -> None:
    points = made_scan().points()
    assert points.not_ordered == (0.11, 0.13)
    assert points.not_ordered_error == pytest.approx((0.0011, 0.0013))
    assert points.detectable == (0.3, 0.3)
    assert all(np.isnan(made_scan().points("A2").detectable))
    order = fit_order_parameter(made_scan(), above="censored", minos=False)
    assert "2 runs without order from 0.11 K, censored" in order.summary()


def test_options_of_a_scan_file(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"")
    file = tmp_path / "scan.toml"
    file.write_text(
        '[data]\nruns = "a.bin"\n[order]\nmethod = "latent"\nabove = "censored"\nnu_det = 0.25\n'
        'thermometer_offset = "0.5 mK"\n'
    )
    assert ScanFile.load(file).order == {
        "method": "latent", "above": "censored", "nu_det": 0.25, "thermometer_offset": 5e-4,
    }  # fmt: skip


def test_refits_of_a_budget_have_the_same_options() -> None:
    law = Law("nu2", 3.0, "latent", above="censored", nu_det=0.25, thermometer_offset=1e-4)
    order = law.fit(law.points(made_scan()))
    assert (order.method, order.above, order.thermometer_offset) == ("latent", "censored", 1e-4)
    assert order.points.detectable == (0.25, 0.25)


def test_an_unequal_error_that_ends_at_a_limit_is_said() -> None:
    """Four points of 20 to 80 mK let beta be 1, its limit, within an error."""
    points = OrderPoints(np.array([0.02, 0.04, 0.06, 0.08]), None,
                         np.array([1.588, 1.575, 1.55, 1.485]), np.full(4, 0.012))  # fmt: skip
    order = fit_order_parameter(points)
    assert order.beta.minos is not None
    assert order.beta.value + order.beta.minos[1] == pytest.approx(1.0)
    assert "the upper MINOS error of beta ends at the limit 1" in order.notes
