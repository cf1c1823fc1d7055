"""The one-step fit as a user calls it, on scans thrown by code that is not musrcu's."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from direct_data import ERROR, TEMPERATURES, direct_scan
from throw import BETA, NU_0, T_N

import musrcu as mu
from musrcu.direct.followed import BETWEEN, rounded
from musrcu.direct.result import DirectOrder
from musrcu.errors import MusrcuError
from musrcu.models.model import Model

TRUTH = {"nu0": NU_0, "T_N": T_N, "beta": BETA}


@pytest.fixture(scope="module")
def scan() -> list[Any]:
    return direct_scan()


@pytest.fixture(scope="module")
def order(scan: list[Any]) -> DirectOrder:
    return mu.fit_order_parameter(scan, direct=True)


def quick(runs: Any, **options: Any) -> DirectOrder:
    """Without unequal errors."""
    return mu.fit_order_parameter(runs, direct=True, minos=False, **options)


def test_the_truth_is_found(order: DirectOrder) -> None:
    assert order.valid, order.reason
    assert order.probability is not None
    assert order.probability > 1e-3
    for name, truth in TRUTH.items():
        assert abs(order.likelihood_root(name, truth)) < 3.5
    assert order.sigma_TN.fixed
    assert order.sigma_TN.value == pytest.approx(2e-4 * T_N, rel=0.05)
    assert [round(one.fraction) for one in order.runs] == [1] * 5 + [0] * 2
    assert [one.name for one in order.runs] == [f"SIM {100 + k}" for k in range(7)]


def test_one_step_gains_on_two(order: DirectOrder) -> None:
    for name in ("T_N", "beta"):
        ends = [sum(map(abs, one[name].minos or ())) for one in (order, order.two_step)]  # type: ignore[union-attr]
        assert 0 < ends[0] < 0.9 * ends[1]
    text = order.summary()
    assert "two steps: nu0 = " in text
    assert "errors of one step against two: T_N 0." in text


def test_the_curves_are_what_was_fitted(scan: list[Any], order: DirectOrder) -> None:
    """Chi-square by hand, with what was known of the run: its temperature, supposed rates."""
    for data, one in zip(scan, order.runs, strict=True):
        residual = (data.value - order.curve(one, data.time)) / data.error
        known = [f for f in one.own.values() if f.constraint is not None]
        prior = sum(((f.value - f.constraint[0]) / f.constraint[1]) ** 2 for f in known)
        assert residual @ residual + prior == pytest.approx(one.chi2, rel=1e-6)
    assert (
        order.curve("SIM 100", [0.5]) == order.curve(100, [0.5]) == order.curve(order.runs[0], 0.5)
    )
    with pytest.raises(MusrcuError, match="no run 'SIM 9'; its runs are SIM 100"):
        order.curve("SIM 9", [0.5])


def test_temperatures_are_nuisance_parameters(order: DirectOrder) -> None:
    for one, T in zip(order.runs, TEMPERATURES, strict=True):
        assert one.temperature == T
        assert one.temperature_error == ERROR
        assert abs(one.true_temperature - T) < 4 * ERROR
    near = order.runs[4].own["T"]  # where the law is steep its frequency says more than its sensor
    assert near.error is not None
    assert near.error < ERROR


def test_law_band_and_names(order: DirectOrder) -> None:
    below = np.array([0.0, 0.05, 0.1])
    nu0, t_n, beta, alpha = order.values
    assert order.predict(below) == pytest.approx(nu0 * (1 - (below / t_n) ** alpha) ** beta)
    low, high = order.band(below)
    assert np.all(low < order.predict(below))
    assert np.all(high > order.predict(below))
    assert high[0] - low[0] == pytest.approx(2 * order.nu0.error, rel=0.1)
    assert order["A1"].unit == ""
    with pytest.raises(KeyError, match="'A9' is none of nu0, T_N, beta, alpha, sigma_TN, A1"):
        order["A9"]
    with pytest.raises(AttributeError, match="what orders is nu0 at T = 0, not B0"):
        _ = order.B0


def test_profile_and_contour(order: DirectOrder) -> None:
    found = order.profile("T_N", points=7)
    assert found.interval == order.T_N.minos
    assert found.rise.min() >= 0.0
    assert found.rise[3] == pytest.approx(0.0, abs=1e-3)
    ends = order.T_N.minos
    assert ends is not None
    assert order.likelihood_root("T_N", order.T_N.value + ends[1]) == pytest.approx(-1, rel=0.02)
    round_ = order.contour("T_N", "beta", levels=(0.683,))
    (curve,) = round_.curves
    assert round_.closed == (True,)
    assert np.ptp(curve[:, 0]) / 2 > max(map(abs, ends))  # two parameters jointly
    with pytest.raises(MusrcuError, match="alpha is not free in this fit"):
        order.profile("alpha")


def test_the_points_between_those_of_a_contour() -> None:
    few, many = (np.linspace(0, 2 * np.pi, n, endpoint=False) for n in (24, 24 * BETWEEN))

    def ellipse(a: Any) -> Any:
        return 1 / np.sqrt((np.cos(a) / 2) ** 2 + (np.sin(a) / 0.5) ** 2)

    assert rounded(ellipse(few)) == pytest.approx(ellipse(many), rel=1e-12)


def test_pictures(scan: list[Any], order: DirectOrder, tmp_path: Path) -> None:
    axes = mu.plot.order(order)
    _, labels = axes.get_legend_handles_labels()
    assert {"run by run", "ordered", "not ordered", "fit"} <= {*labels}
    circles = [one for one in axes.lines if one.get_ydata()[0] < 0]
    assert [one.get_xdata()[0] for one in circles] == [r.true_temperature for r in order.runs]
    assert [one.get_markerfacecolor() == "white" for one in circles] == [False] * 5 + [True] * 2
    order.save(tmp_path / "order.json")
    again = mu.plot.order(mu.load(tmp_path / "order.json"))  # type: ignore[arg-type]
    assert len(again.lines) == len(axes.lines)
    stack = mu.plot.scan(scan, order)
    curves = [one for one in stack.lines if len(one.get_xdata()) > 1000]
    assert len(curves) == len(scan)
    t, lowest = curves[0].get_data()
    assert lowest == pytest.approx(order.curve("SIM 100", t))


def test_what_is_saved_comes_back(order: DirectOrder, tmp_path: Path) -> None:
    order.save(tmp_path / "order.json")
    again = mu.load(tmp_path / "order.json")
    assert isinstance(again, DirectOrder)
    assert again.to_dict() == order.to_dict()
    assert again.summary() == order.summary()
    assert again.covariance == pytest.approx(order.covariance)
    for follow in (lambda: again.profile("T_N"), lambda: again.curve("SIM 100", [1.0])):
        with pytest.raises(MusrcuError, match="loaded result has no spectra"):
            follow()
    assert again.scan is None
    assert order.scan is not None
    assert [one.verdict for one in order.scan.runs] == ["ordered"] * 5 + ["not ordered"] * 2


def test_runs_files_and_asymmetries_are_one(samples: Path) -> None:
    paths = [samples / f"deltat_tdc_ltf_{n:04d}.bin" for n in (7, 11, 13, 15, 17)]
    recipe = mu.Reduction(forward="Back", backward="Forw", alpha=0.93, packing=160)
    runs = [mu.read(path) for path in paths]
    options = {"t_range": (0.01, 6.0)}
    found = [
        quick(paths, recipe=recipe, **options),
        quick(runs, recipe=recipe, **options),
        quick([mu.reduce(run, recipe) for run in runs], **options),
    ]
    assert found[0].valid, found[0].reason
    assert found[0].values == found[1].values == found[2].values
    assert abs(found[0].T_N.value - T_N) < 4 * found[0].T_N.error
    assert found[0].runs[0].path == str(paths[0])


def test_no_run_is_ordered() -> None:
    order = quick(direct_scan((0.11, 0.12, 0.13)))
    assert not order.valid
    assert order.reason == "no run is ordered"
    assert math.isnan(order.T_N.value)
    assert "NOT VALID: no run is ordered" in order.summary()
    text = json.dumps(order.to_dict(), allow_nan=False)
    assert DirectOrder.from_dict(json.loads(text)).to_dict() == order.to_dict()
    with pytest.raises(MusrcuError, match="there are no curves: no run is ordered"):
        order.curve(order.runs[0], 0.1)
    with pytest.raises(MusrcuError, match="a fit that is not valid is not followed"):
        order.profile("T_N")


def test_all_runs_are_ordered() -> None:
    order = quick(direct_scan((0.03, 0.07, 0.09, 0.1, 0.103)), limits={"A1": (0, None)})
    assert order.valid, order.reason
    assert abs(order.T_N.value - T_N) < 4 * order.T_N.error
    assert order.T_N_limits[1] == pytest.approx(1.05, rel=0.1)  # nothing bounds it from above


def test_one_run() -> None:
    order = quick(direct_scan((0.03,))[0])
    assert not order.valid
    assert order.reason == "1 ordered run does not determine 3 parameters"


def test_a_missing_temperature_leaves_a_run_out() -> None:
    order = quick(direct_scan((0.03, 0.07, None, 0.09, 0.1, 0.103, 0.11)))
    assert order.valid, order.reason
    assert order.left_out == ("SIM 102: its temperature is unknown",)
    assert len(order.runs) == 6
    assert "left out: SIM 102: its temperature is unknown" in order.summary()


def test_equal_temperatures() -> None:
    order = quick(direct_scan((0.05, 0.09, 0.09, 0.1, 0.1, 0.103, 0.11)))
    assert order.valid, order.reason
    assert abs(order.T_N.value - T_N) < 4 * order.T_N.error
    alike = quick(direct_scan((0.07,) * 4))
    assert not alike.valid
    assert "all ordered runs lie at 0.07 K" in alike.reason


def test_exact_temperatures_are_said_to_be() -> None:
    order = quick(direct_scan(error=None))
    assert order.valid, order.reason
    assert all("T" not in one.own for one in order.runs)
    assert (
        "temperatures of all runs are taken as exact: their errors are not known" in order.assumed
    )


def test_values_that_are_held_and_limits(scan: list[Any]) -> None:
    held = {"phi2": 6.0, "beta": 0.12, "lambda2_above": 2.0}
    order = quick(scan, fixed=held, limits={"T_N": (0.1, 0.1052), "A1": (0.0, None)})
    assert order.valid, order.reason
    assert order.beta.fixed
    assert order.beta.value == 0.12
    assert "phi2" not in order.shared or order.shared["phi2"].fixed
    assert "lambda2_above" not in order.runs[-1].own
    assert 0.1 <= order.T_N.value <= 0.1052


def test_start_values_lead_to_the_same_minimum(scan: list[Any], order: DirectOrder) -> None:
    begin = {"T_N": 0.106, "beta": 0.2, "lambda1": 1.5, "lambda2_above": 1.5, "A1_above": 0.05}
    again = quick(scan, start=begin)
    assert again.chi2 == pytest.approx(order.chi2, abs=1e-2)
    assert again.values == pytest.approx(order.values, rel=1e-3)


def test_a_rate_may_follow_a_polynomial(scan: list[Any], order: DirectOrder) -> None:
    smooth = quick(scan, smooth={"lambda1": 1})
    assert smooth.valid, smooth.reason
    assert {"lambda1_0", "lambda1_1"} <= smooth.shared.keys()
    assert all("lambda1" not in one.own for one in smooth.runs)
    # the truth is 0.9 at all temperatures
    assert abs(smooth.shared["lambda1_0"].value - 0.9) < 4 * (smooth.shared["lambda1_0"].error or 0)
    assert smooth.ndof > order.ndof
    assert smooth.T_N.error <= 1.01 * order.T_N.error


def test_what_each_run_has_for_itself(scan: list[Any]) -> None:
    order = quick(scan, local=["A1", "lambda1", "lambda2", "sigma1_above", "lambda2_above"])
    assert order.valid, order.reason
    assert "A1" not in order.shared
    assert all("A1" in one.own for one in order.runs)


def test_the_width_of_the_transition(scan: list[Any]) -> None:
    free = quick(scan, sigma_TN="free")
    assert free.valid, free.reason
    assert free.sigma_TN.value >= 2e-4 * T_N * 0.99
    assert "width of the transition sigma_TN is free, never below 2.1e-05 K" in free.assumed
    assert free.sigma_TN_below is None
    wide = quick(scan, sigma_TN=0.003)
    assert wide.sigma_TN.fixed
    assert wide.sigma_TN.value == 0.003
    assert any(0.01 < one.fraction < 0.99 for one in wide.runs)


def test_an_offset_of_the_thermometer_moves_T_N_alone(scan: list[Any], order: DirectOrder) -> None:
    moved = quick(scan, thermometer_offset=1e-3)
    both = math.hypot(order.T_N.error, 1e-3)
    assert moved.T_N.error == pytest.approx(both, rel=0.1)
    assert moved.beta.error == pytest.approx(order.beta.error, rel=0.1)
    assert moved.shared["T_offset"].constraint == (0.0, 1e-3)


def test_alpha_free(scan: list[Any]) -> None:
    order = quick(scan, alpha="free")
    assert order.valid, order.reason
    assert not order.alpha.fixed
    assert abs(order.alpha.value - 3.0) < 3 * order.alpha.error
    assert "exponent" in order.names


def test_a_spread_within_runs_is_averaged_over(scan: list[Any], order: DirectOrder) -> None:
    spread = quick(scan, spread=5e-4)
    assert any("averaged over a spread of temperatures within each run, 0.0005 K" in one
               for one in spread.assumed)  # fmt: skip
    # part of the damping next to T_N is the spread, so that less is left for lambda2
    before, after = (one.runs[4].own["lambda2"].value for one in (order, spread))
    assert before is not None
    assert after is not None
    assert after < before


def test_counts() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mu.errors.MusrcuWarning)  # which group is forward
        order = quick(direct_scan(bare=True), cost="poisson", constraints={"alpha": (1.0, 0.002)})
    assert order.valid, order.reason
    assert abs(order.T_N.value - T_N) < 4 * order.T_N.error
    assert abs(order.beta.value - BETA) < 4 * order.beta.error


def test_an_amplitude_follows_no_law(scan: list[Any]) -> None:
    with pytest.raises(MusrcuError, match="A2 follows no law in one step; a frequency or a field"):
        quick(scan, parameter="A2")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"alpha": 9.0}, "alpha"),
        ({"sigma_TN": "wide"}, "sigma_TN = 'wide'; give the width of the transition in K, 'free'"),
        ({"sigma_TN": -1.0}, "sigma_TN = -1.0; give the width"),
        ({"spread": "wide"}, "spread = 'wide'; 'log' takes the slow part"),
        ({"thermometer_offset": -1e-3}, "thermometer_offset = -0.001; give its error in K"),
        ({"smooth": {"lambda1": 9}}, "smooth: lambda1 = 9; give a degree from 0 to 8"),
        ({"smooth": {"lambda1": True}}, "smooth: lambda1 = True; give a degree"),
        ({"smooth": ["lambda1"]}, r"smooth = \['lambda1'\]; give degrees by names"),
        ({"smooth": {"lambda9": 1}}, "no parameter 'lambda9'.*did you mean 'lambda2'"),
        ({"smooth": {"T_N": 1}}, "smooth: T_N belongs to the law of all runs"),
        ({"smooth": {"lambda1": 1}, "local": "lambda1"}, "lambda1 is both local and smooth"),
        ({"local": "beta"}, "local: beta belongs to the law of all runs"),
        ({"local": ["rate"]}, "no parameter 'rate'; it has A1, lambda1"),
        ({"local": 3}, "local = 3; give names of parameters"),
        ({"fixed": {"exponent": 2.0}}, "exponent is not set there; the exponent of the law"),
        ({"start": {"T": 0.1}}, "T is not set there; temperatures come with their errors"),
        ({"fixed": {"A9": 1.0}}, "has no parameter 'A9'"),
        ({"fixed": 1.0}, "fixed = 1.0; give a table by names"),
        ({"parameter": "nu9"}, "has no parameter 'nu9'"),
        ({"cost": "least"}, "a scan has no cost 'least'"),
        ({"t_range": (2.0, 1.0)}, "the first time is not below the last"),
        ({"paramagnetic": "constant"}, "'constant' has no term but constants, and so no total"),
        ({"ordered": "exponential + constant"}, "has no oscillation"),
    ],
)  # fmt: skip
def test_a_bad_option_is_one_sentence(
    scan: list[Any], options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(MusrcuError, match=sentence) as caught:
        quick(scan, **options)
    assert "\n" not in str(caught.value)


def test_a_width_below_its_floor(scan: list[Any]) -> None:
    with pytest.raises(MusrcuError, match="sigma_TN = 1e-06 K is below its floor 2.1e-05 K"):
        quick(scan, sigma_TN=1e-6)


def test_what_is_not_a_source() -> None:
    with pytest.raises(MusrcuError, match="direct = 'yes'; expected True or False"):
        mu.fit_order_parameter([], direct="yes")  # type: ignore[call-overload]
    with pytest.raises(MusrcuError, match="takes runs, files or asymmetries, not an int"):
        quick(5)
    assert quick([]).reason == "no run can be fitted"
    gone = quick(["gone.bin"])
    assert gone.reason.startswith("no run can be fitted; first: gone.bin: ")


def test_models_may_be_models(scan: list[Any], order: DirectOrder) -> None:
    below, above = map(Model, order.models)
    assert quick(scan, ordered=below, paramagnetic=above).chi2 == pytest.approx(order.chi2)


def test_what_is_known_of_the_law_and_of_rates_counts(scan: list[Any], order: DirectOrder) -> None:
    close = quick(scan, constraints={"T_N": (T_N, 1e-6)})
    assert close.T_N.value == pytest.approx(T_N, abs=2e-6)
    assert close.T_N.error < 1.1e-6 < order.T_N.error
    rates = quick(scan, constraints={"lambda1": (0.9, 1e-4), "sigma1_above": (0.35, 1e-4)})
    assert rates.valid, rates.reason
    for run in rates.runs:
        for name, value in (("lambda1", 0.9), ("sigma1_above", 0.35)):
            if name in run.own:
                assert run.own[name].value == pytest.approx(value, abs=1e-3)


@pytest.mark.parametrize("error", [None, 0.0])
@pytest.mark.parametrize("which", [0, 4, 6])
def test_one_exact_temperature_among_others(
    scan: list[Any], order: DirectOrder, which: int, error: float | None
) -> None:
    import dataclasses

    data = list(scan)
    run = data[which].run
    temperature = dataclasses.replace(run.temperature, error=error)
    data[which] = dataclasses.replace(
        data[which], run=dataclasses.replace(run, temperature=temperature)
    )
    found = quick(data)
    assert found.valid, found.reason
    assert found.runs[which].true_temperature == pytest.approx(run.temperature.value, abs=1e-6)
    assert abs(found.T_N.value - order.T_N.value) < 2 * order.T_N.error


def test_a_polynomial_begins_from_the_rates_of_the_runs(scan: list[Any]) -> None:
    """From coefficients of 0 other amplitudes and rates were found, hundreds higher."""
    free = quick(scan)
    smooth = quick(scan, smooth={"lambda1": 1})
    assert smooth.valid, smooth.reason
    assert free.chi2 - 0.01 < smooth.chi2 < free.chi2 + 30


def test_spectra_that_no_model_describes_are_named(scan: list[Any]) -> None:
    found = quick(scan, fixed={"lambda2": 4.0})
    assert any("law and models do not describe these spectra" in note for note in found.notes)


def test_shared_rates_begin_in_the_mean_of_those_of_the_runs(scan: list[Any]) -> None:
    found = quick(scan, local=["lambda2"])
    assert "lambda1" in found.shared
    assert all(set(run.own) <= {"T", "lambda2"} for run in found.runs)


def test_a_spread_as_wide_as_the_scan_is_refused(scan: list[Any]) -> None:
    with pytest.raises(MusrcuError, match="spread = 0.05 K within a run is more than a fifth"):
        quick(scan, spread=0.05)
