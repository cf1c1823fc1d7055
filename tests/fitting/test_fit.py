"""One fit, against plain iminuit and SciPy on the same data."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from asymmetries import asymmetry, thrown
from hypothesis import given, settings
from hypothesis import strategies as st
from throw import asymmetry_of, paper, paper_parameters, throw_pair

from musrcu.errors import FitError, ModelError
from musrcu.fitting.fit import fit
from musrcu.models.model import Model

PAPER = "exponential + damped_cosine + constant"
NAMES = ("A1", "lambda1", "A2", "lambda2", "nu2", "phi2", "A_bg")
TRUTH = paper_parameters(0.06)


def curve(t: Any, a1: Any, l1: Any, a2: Any, l2: Any, nu: Any, phi: Any, bg: Any) -> Any:
    turn = np.cos(2 * np.pi * nu * t + np.pi / 180 * phi)
    return a1 * np.exp(-l1 * t) + a2 * np.exp(-l2 * t) * turn + bg


def run(seed: int = 1, events: float = 2e7, n_bins: int = 900, **changes: float) -> Any:
    truth = paper(TRUTH | changes)
    return thrown(truth, events, seed, n_bins=n_bins, width=9 / n_bins)


def plain_minuit(data: Any, **fixed: float) -> Any:
    from iminuit import Minuit
    from iminuit.cost import LeastSquares

    cost = LeastSquares(data.time, data.value, data.error, curve)
    minuit = Minuit(cost, *(TRUTH[name] for name in NAMES), name=NAMES)
    for name, value in fixed.items():
        minuit.values[name], minuit.fixed[name] = value, True
    minuit.strategy, minuit.tol = 2, 1e-4
    return minuit.migrad().hesse()


@pytest.mark.parametrize(
    ("events", "n_bins", "seed"), [(2e7, 900, 1), (2e6, 300, 2), (2e7, 4000, 3)]
)
def test_as_plain_iminuit(events: float, n_bins: int, seed: int) -> None:
    data = run(seed, events, n_bins)
    ours, plain = fit(data, PAPER, minos=("nu2", "lambda2")), plain_minuit(data)
    assert plain.valid
    assert ours.valid, ours.reason
    assert ours.names == NAMES
    assert ours.chi2 == pytest.approx(plain.fval, abs=1e-3)
    assert ours.ndof == n_bins - 7
    errors = np.array(plain.errors)
    assert np.abs((ours.values - np.array(plain.values)) / errors).max() < 1e-3
    assert np.abs(ours.errors / errors - 1).max() < 0.01
    assert ours.covariance is not None
    assert ours.correlation is not None
    assert np.abs(ours.correlation - np.array(plain.covariance.correlation())).max() < 0.01
    assert np.allclose(np.sqrt(np.diag(ours.covariance)), ours.errors)
    plain.minos("nu2", "lambda2")
    for name in ("nu2", "lambda2"):
        interval, merror = ours[name].minos, plain.merrors[name]
        assert interval == pytest.approx((merror.lower, merror.upper), rel=0.01)


def test_as_scipy_curve_fit() -> None:
    from scipy.optimize import curve_fit

    data = run(4, 5e6, 450)
    ours = fit(data, PAPER)
    start = [TRUTH[name] for name in NAMES]
    values, covariance = curve_fit(
        curve, data.time, data.value, start, data.error, absolute_sigma=True, xtol=1e-12, ftol=1e-12
    )
    errors = np.sqrt(np.diag(covariance))
    assert np.abs((ours.values - values) / errors).max() < 1e-3
    # curve_fit takes the Gauss-Newton curvature; near a good fit the two differ by a few per cent.
    assert np.abs(ours.errors / errors - 1).max() < 0.1


def test_chi_square_and_its_probability() -> None:
    from scipy.stats import chi2

    data = run(5)
    result = fit(data, PAPER)
    expected = (((data.value - curve(data.time, *result.values)) / data.error) ** 2).sum()
    assert result.chi2 == pytest.approx(expected, rel=1e-10)
    assert result.probability == pytest.approx(chi2.sf(result.chi2, result.ndof), rel=1e-9)
    assert np.allclose(result.curve(data.time), curve(data.time, *result.values), atol=1e-13)
    assert 0 < result.probability < 1


def test_fixed_parameters_are_held() -> None:
    data = run(6)
    result, plain = fit(data, PAPER, fixed={"phi2": 6.0}), plain_minuit(data, phi2=6.0)
    assert result["phi2"].fixed
    assert (result["phi2"].value, result["phi2"].error) == (6.0, None)
    assert result.ndof == 900 - 6
    free = [k for k, name in enumerate(NAMES) if name != "phi2"]
    errors = np.array(plain.errors)[free]
    assert np.abs((result.values - np.array(plain.values))[free] / errors).max() < 1e-3
    assert np.abs(result.errors[free] / errors - 1).max() < 0.01
    assert result.covariance is not None
    assert not result.covariance[5].any()
    assert not result.covariance[:, 5].any()


def test_start_values_decide_which_minimum() -> None:
    # Two lines, one three times the other: the search takes the strong one, a user may not.
    time = (np.arange(600) + 0.5) * 0.015
    error = np.full(600, 0.003)
    rng = np.random.default_rng(3)
    value = 0.09 * np.cos(2 * np.pi * 1.5 * time) + 0.03 * np.cos(2 * np.pi * 4.0 * time)
    data = asymmetry(time, value + error * rng.standard_normal(600), error)
    assert fit(data, "cosine")["nu1"].value == pytest.approx(1.5, abs=0.01)
    given = fit(data, "cosine", start={"nu1": 4.01, "phi1": 0.0, "A1": 0.03})
    assert given["nu1"].value == pytest.approx(4.0, abs=0.01)
    limited = fit(data, "cosine", limits={"nu1": (3.0, 5.0)})
    assert limited["nu1"].value == pytest.approx(4.0, abs=0.01)


def test_start_is_where_it_began() -> None:
    words = {"A1": 0.05, "lambda1": 0.8, "A2": 0.05, "lambda2": 0.4, "nu2": 1.54, "phi2": 0.0}
    result = fit(run(7), PAPER, start=words)
    assert set(result.start) == set(NAMES)
    assert result["nu2"].value == pytest.approx(TRUTH["nu2"], abs=0.01)
    assert all(math.isfinite(value) for value in result.start.values())


def test_ties_are_honoured() -> None:
    data = run(8, lambda1=0.7, lambda2=0.35)
    result = fit(data, PAPER, ties={"lambda1": "2*lambda2", "A_bg": "0.21 - A1 - A2"})
    assert result.valid
    assert result.ndof == 900 - 5
    first, second = result["lambda1"], result["lambda2"]
    assert first.tie == "2*lambda2"
    assert first.value == pytest.approx(2 * second.value)
    assert first.error == pytest.approx(2 * second.error)
    total = result["A1"].value + result["A2"].value + result["A_bg"].value
    assert total == pytest.approx(0.21, abs=1e-12)
    # Independent: the same with the tie written into the model.
    from iminuit import Minuit
    from iminuit.cost import LeastSquares

    def tied(t: Any, a1: float, a2: float, l2: float, nu: float, phi: float) -> Any:
        return curve(t, a1, 2 * l2, a2, l2, nu, phi, 0.21 - a1 - a2)

    cost = LeastSquares(data.time, data.value, data.error, tied)
    plain = Minuit(cost, 0.055, 0.045, 0.35, TRUTH["nu2"], 6.0)
    plain.strategy, plain.tol = 2, 1e-4
    plain.migrad().hesse()
    for name, other in {
        "A1": "a1",
        "A2": "a2",
        "lambda2": "l2",
        "nu2": "nu",
        "phi2": "phi",
    }.items():
        assert abs(result[name].value - plain.values[other]) < 1e-3 * plain.errors[other]
        assert result[name].error == pytest.approx(plain.errors[other], rel=0.01)


def test_a_tie_holds_for_reported_values_whatever_their_sign() -> None:
    # Two lines of opposite sign that share amplitude and phase: neither may be turned alone.
    time = (np.arange(500) + 0.5) * 0.015
    error = np.full(500, 0.003)
    value = 0.06 * np.cos(2 * np.pi * 1.5 * time + 0.4) - 0.06 * np.cos(2 * np.pi * 4 * time + 0.4)
    data = asymmetry(time, value + error * np.random.default_rng(1).standard_normal(500), error)
    result = fit(
        data,
        "cosine + cosine",
        ties={"A2": "-A1", "phi2": "phi1"},
        start={"nu1": 1.5, "nu2": 4.0, "phi1": -150.0},
    )
    assert result.chi2 < 600
    assert result["A2"].value == pytest.approx(-result["A1"].value, abs=1e-12)
    assert result["phi2"].value == pytest.approx(result["phi1"].value, abs=1e-9)


def test_range_takes_the_bins_inside_it_ends_included() -> None:
    data = run(9)
    result = fit(data, PAPER, t_range=(0.005, 5.005))
    assert result.n_bins == 501
    assert result.t_range == pytest.approx((0.005, 5.005))
    assert result.ndof == 501 - 7
    assert fit(data, PAPER, t_range=(0.2, 5.0)).n_bins == 480


def test_bins_without_a_value_are_dropped_and_counted() -> None:
    data = run(10)
    value, error = data.value.copy(), data.error.copy()
    value[100:130] = np.nan
    error[100:130] = np.nan
    holes = fit(asymmetry(data.time, value, error), PAPER)
    assert (holes.n_bins, holes.n_dropped) == (870, 30)
    kept = np.r_[0:100, 130:900]
    cut = fit(asymmetry(data.time[kept], data.value[kept], data.error[kept]), PAPER)
    assert holes.values == pytest.approx(cut.values, rel=1e-5)
    assert fit(data, PAPER).n_dropped == 0


def test_a_parameter_at_its_limit_is_held_and_reported() -> None:
    data = run(11)
    result = fit(data, PAPER, limits={"lambda2": (0.6, None)})
    plain = plain_minuit(data, lambda2=0.6)
    at_limit = result["lambda2"]
    assert (at_limit.at_limit, at_limit.fixed, at_limit.error) == (True, False, None)
    assert at_limit.value == pytest.approx(0.6)
    assert any("lambda2 is at its limit" in note for note in result.notes)
    assert "at its limit" in result.summary()
    assert result.chi2 == pytest.approx(plain.fval, abs=1e-3)
    free = [k for k, name in enumerate(NAMES) if name != "lambda2"]
    errors = np.array(plain.errors)[free]
    assert np.abs((result.values - np.array(plain.values))[free] / errors).max() < 5e-3
    assert np.abs(result.errors[free] / errors - 1).max() < 0.01
    assert [name for name in NAMES if result[name].at_limit] == ["lambda2"]


def test_minos_against_a_profile_of_chi_square() -> None:
    from scipy.optimize import brentq

    data = thrown(paper(TRUTH), 1e5, 12, n_bins=180, width=0.05)
    free = ("A2", "lambda2", "nu2")
    others = {name: TRUTH[name] for name in NAMES if name not in free}
    result = fit(data, PAPER, fixed=others, minos=("lambda2",))
    assert result.valid
    low, high = result["lambda2"].minos

    def rise(value: float) -> float:
        start = {name: float(result[name].value) for name in ("A2", "nu2")}
        held = fit(data, PAPER, fixed=others | {"lambda2": value}, start=start)
        return held.chi2 - result.chi2 - 1

    best = result["lambda2"].value
    assert best + high == pytest.approx(brentq(rise, best + 0.3 * high, best + 3 * high), rel=5e-3)
    assert best + low == pytest.approx(brentq(rise, best + 2 * low, best + 0.3 * low), rel=5e-3)
    assert high > -low  # a rate is less well bounded from above


def test_minos_of_what_is_not_free_is_a_note() -> None:
    result = fit(run(13), PAPER, fixed={"phi2": 6.0}, minos=("phi2", "nu2"))
    assert result["phi2"].minos is None
    assert result["nu2"].minos is not None
    assert "no MINOS error for phi2: it is not free" in result.notes


@settings(max_examples=25, deadline=None)
@given(phi=st.floats(-180, 180), sign=st.sampled_from([-1, 1]))
def test_phases_and_amplitudes_are_in_their_normal_form(phi: float, sign: int) -> None:
    time = (np.arange(300) + 0.5) * 0.02
    error = np.full(300, 0.002)
    turn = 2 * np.pi * 2.2 * time + np.deg2rad(phi)
    value = sign * 0.1 * np.exp(-0.3 * time) * np.cos(turn) + 0.05
    result = fit(asymmetry(time, value, error), "damped_cosine + constant")
    assert result["A1"].value == pytest.approx(0.1, abs=1e-4)
    assert -180 < result["phi1"].value <= 180
    wanted = phi if sign > 0 else phi + 180
    assert (result["phi1"].value - wanted + 180) % 360 - 180 == pytest.approx(0, abs=0.05)
    assert result["nu1"].value == pytest.approx(2.2, abs=1e-3)


@pytest.mark.parametrize(
    "phi", [180.0, 180.00000000000003, -180.0, -180.00000000000003, 540.0, 900]
)
def test_half_a_turn_is_plus_180(phi: float) -> None:
    assert Model("cosine").normal_form(np.array([0.1, 1.0, phi]))[0][2] == 180.0


def test_random_requests_end_where_plain_iminuit_does_from_the_truth() -> None:
    rng = np.random.default_rng(0)
    lows, highs = (-0.08, 0.3, 0.03, 0.1, 0.7, -180, -0.1), (0.08, 3, 0.1, 2, 6, 180, 0.15)
    for seed in range(40):
        truth = dict(zip(NAMES, rng.uniform(lows, highs), strict=True))
        data = thrown(paper(truth), 1e7, seed, n_bins=450, width=0.02)
        start = {name: truth[name] * rng.uniform(0.8, 1.2) for name in NAMES if rng.random() < 0.3}
        if "nu2" in start:
            start["nu2"] = truth["nu2"] + rng.uniform(-0.05, 0.05)
        fixed = {name: truth[name] for name in NAMES if rng.random() < 0.15}
        result = fit(data, PAPER, start=start, fixed=fixed)
        plain = minuit_from(truth, data, fixed)
        assert result.chi2 < plain.fval + 0.5, (seed, truth, start, fixed)


def minuit_from(truth: dict[str, float], data: Any, fixed: dict[str, float]) -> Any:
    from iminuit import Minuit
    from iminuit.cost import LeastSquares

    cost = LeastSquares(data.time, data.value, data.error, curve)
    minuit = Minuit(cost, *truth.values(), name=NAMES)
    for name in ("lambda1", "lambda2", "nu2"):
        minuit.limits[name] = (0, None)
    for name in fixed:
        minuit.fixed[name] = True
    return minuit.migrad()


def test_reversed_pair_turns_phase_and_signs() -> None:
    data = run(14)
    one, other = fit(data, PAPER), fit(asymmetry(data.time, -data.value, data.error), PAPER)
    assert other["nu2"].value == pytest.approx(one["nu2"].value, rel=1e-6)
    assert other["A2"].value == pytest.approx(one["A2"].value, rel=1e-5)
    assert other["A1"].value == pytest.approx(-one["A1"].value, rel=1e-5)
    assert (other["phi2"].value - one["phi2"].value) % 360 == pytest.approx(180, abs=1e-3)
    assert other.chi2 == pytest.approx(one.chi2, rel=1e-8)


def test_few_bins_and_no_bins_are_results() -> None:
    data = run(15)
    few = fit(data, PAPER, t_range=(0.0, 0.06))
    assert (few.valid, few.n_bins, few.chi2) == (False, 6, None)
    assert few.reason.startswith("6 bins for 7 free parameters")
    none = fit(data, PAPER, t_range=(20.0, 30.0))
    assert not none.valid
    assert none.reason.startswith("0 bins for 7 free parameters")
    assert none.t_range is None
    assert fit(data, PAPER, t_range=(0.0, 0.08)).n_bins == 8


def test_few_counts_are_noted() -> None:
    notes = fit(thrown(paper(TRUTH), 1e5, 1), PAPER, t_range=(0, 8)).notes
    assert any("fewer than 20 counts" in note for note in notes)
    notes = fit(run(16), PAPER, t_range=(0, 8)).notes
    assert not any("fewer than 20 counts" in note for note in notes)


@pytest.mark.parametrize(
    ("words", "error", "text"),
    [
        ({"model": "exponentail"}, ModelError, "did you mean 'exponential'"),
        ({"model": "order_parameter"}, FitError, "law of temperature"),
        ({"start": {"nu1": 1.0}}, ModelError, "did you mean 'nu2'"),
        ({"minos": ("nu",)}, None, ""),
        ({"minos": ("frequency",)}, ModelError, "no parameter 'frequency'"),
        ({"t_range": (3.0, 2.0)}, FitError, "first time is not below the last"),
        ({"t_range": (float("nan"), 2.0)}, FitError, "first time is not below the last"),
        ({"fixed": dict.fromkeys(NAMES, 0.1)}, FitError, "every parameter is fixed or tied"),
    ],
)
def test_impossible_requests(
    words: dict[str, Any], error: type[Exception] | None, text: str
) -> None:
    options = {"model": PAPER} | words
    if error is None:
        assert fit(run(17), **options)["nu2"].minos is not None
        return
    with pytest.raises(error, match=text):
        fit(run(17), **options)


def test_a_model_object_does_as_well_as_its_text() -> None:
    data = run(18)
    assert fit(data, Model(PAPER)).values.tolist() == fit(data, PAPER).values.tolist()


def test_history_run_and_versions_are_carried() -> None:
    result = fit(run(19), PAPER)
    assert (result.run, result.name) == (7, "SIM 7")
    assert result.reduction == {"thrown": {"note": "for a test", "seed": 1}}
    assert set(result.versions) == {"musrcu", "numpy", "iminuit"}


def test_pair_with_alpha_thrown_and_known() -> None:
    time, forward, backward = throw_pair(paper(TRUTH), 2e7, 20, alpha=1.2)
    value, error = asymmetry_of(forward, backward, 1.2)
    result = fit(asymmetry(time, value, error, alpha=1.2), PAPER)
    truth = np.array([TRUTH[name] for name in NAMES])
    assert np.abs((result.values - truth) / result.errors).max() < 4
