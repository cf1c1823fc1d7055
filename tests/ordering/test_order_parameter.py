"""The fit of nu0, T_N and beta against published numbers, closed problems and other minimisers."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from musrcu.errors import FitError
from musrcu.models.laws import order_parameter_law, order_parameter_slope
from musrcu.ordering.censored import ABOVE
from musrcu.ordering.method import METHODS
from musrcu.ordering.minimum import LawCost
from musrcu.ordering.result import LawParameter
from musrcu.ordering.two_step import (
    OrderParameter,
    OrderPoints,
    constrained_chi2,
    fit_order_parameter,
    likelihood_root,
)

TRUTH = {"nu0": 1.59, "T_N": 0.105, "beta": 0.12, "alpha": 3.0}
T = np.array([0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.085, 0.09, 0.095, 0.099, 0.102, 0.104])
NU_ERROR = np.array([0.012] * 7 + [0.015, 0.015, 0.02, 0.03, 0.04, 0.06])
NU = np.array([1.58733, 1.60106, 1.56821, 1.55628, 1.54083, 1.51595, 1.47023, 1.44711, 1.4186,
               1.34559, 1.27579, 1.17632, 1.03168])  # fmt: skip


def law(t: np.ndarray, nu0: float, T_N: float, beta: float, alpha: float = 3.0) -> np.ndarray:
    """The law as a textbook writes it; independent of the package."""
    return nu0 * np.maximum(1 - (np.maximum(t, 0) / T_N) ** alpha, 0.0) ** beta


def exact(scale: float = 1.0, above: float = 0.0) -> OrderPoints:
    """Points on the curve (Asimov): their errors are those of the information alone."""
    keep = np.greater(T, above)
    return OrderPoints(T[keep], None, law(T[keep], 1.59, 0.105, 0.12), scale * NU_ERROR[keep])


def drawn(seed: int, T_error: float, **more: object) -> OrderPoints:
    """Points with errors in frequency and temperature."""
    random = np.random.default_rng(seed)
    nu = law(T, 1.59, 0.105, 0.12) + NU_ERROR * random.normal(size=13)
    errors = np.full(13, T_error)
    return OrderPoints(T + errors * random.normal(size=13), errors, nu, NU_ERROR, **more)


def correlation(order: OrderParameter, one: str, other: str) -> float:
    i, j = order.names.index(one), order.names.index(other)
    covariance = order.covariance
    return float(covariance[i, j] / math.sqrt(covariance[i, i] * covariance[j, j]))


class TestFixedDataSet:
    """13 printed points; minimum by scipy with tolerances of 1e-15, errors by Minuit."""

    order = fit_order_parameter(OrderPoints(T, None, NU, NU_ERROR))

    def test_minimum(self) -> None:
        assert self.order.valid
        assert self.order.nu0.value == pytest.approx(1.58577024, abs=1e-6)
        assert self.order.T_N.value == pytest.approx(0.10508315, abs=2e-7)
        assert self.order.beta.value == pytest.approx(0.12163763, abs=3e-6)
        assert self.order.chi2 == pytest.approx(4.91392874, abs=1e-7)
        assert self.order.ndof == 10

    def test_minuit_errors(self) -> None:
        assert self.order.nu0.error == pytest.approx(0.005687, rel=2e-3)
        assert self.order.T_N.error == pytest.approx(0.000705, rel=1e-2)
        assert self.order.beta.error == pytest.approx(0.010048, rel=2e-3)

    def test_linear_errors_of_the_gradient(self) -> None:
        """From the law's own gradient at the minimum; Minuit's know the law's curvature."""
        _, gradient = order_parameter_law(T, 1.58577024, 0.10508315, 0.12163763, 3.0)
        weighted = gradient[:3] / NU_ERROR
        errors = np.sqrt(np.diag(np.linalg.inv(weighted @ weighted.T)))
        assert errors == pytest.approx([0.00566301, 0.00068508, 0.00983248], rel=1e-5)

    def test_minos_is_where_chi2_has_risen_by_one(self) -> None:
        for name in ("nu0", "T_N", "beta"):
            parameter = self.order[name]
            assert parameter.minos is not None
            for side in parameter.minos:
                held = constrained_chi2(self.order.points, hold={name: parameter.value + side})
                assert held - self.order.chi2 == pytest.approx(1.0, abs=0.02)

    def test_minos_of_T_N_is_lopsided(self) -> None:
        low, high = self.order.T_N.minos or (0.0, 0.0)
        assert 1.3 < high / -low < 2.5

    def test_summary(self) -> None:
        text = self.order.summary()
        assert "nu0 = 1.586(6) MHz" in text
        assert "T_N = 0.1051(7) K" in text
        assert "beta = 0.12(1)" in text
        assert "alpha = 3 (fixed)" in text
        assert "MINOS" in text
        assert "beta for alpha = 1.5: " in text
        assert "; 3: 0.12(1), chi2 4.9; 4: " in text
        assert "T_N above 0.104 K (the highest ordered run, 0.104 K); no run without" in text
        assert "4.91/10" in text
        assert self.order.probability == pytest.approx(0.897, abs=1e-3)

    def test_beta_for_other_exponents(self) -> None:
        """Each is the fit with that exponent held."""
        assert [row.alpha for row in self.order.beta_for_alpha] == [1.5, 2.0, 3.0, 4.0]
        for row in self.order.beta_for_alpha:
            alone = fit_order_parameter(self.order.points, alpha=row.alpha, minos=False)
            assert row.beta == pytest.approx(alone.beta.value, abs=1e-4)
            assert row.error == pytest.approx(alone.beta.error, rel=0.02)
            assert row.chi2 == pytest.approx(alone.chi2, abs=1e-4)

    def test_json_and_back(self) -> None:
        text = json.dumps(self.order.to_dict(), allow_nan=False)
        data = json.loads(text)
        assert set(data["T_N"]) >= {"value", "error", "minos"}
        assert set(data) >= {"nu0", "T_N", "beta", "alpha", "chi2", "ndof", "valid", "reason"}
        assert data["alpha"]["error"] is None
        again = OrderParameter.from_dict(data)
        assert again.to_dict() == self.order.to_dict()
        assert again.summary() == self.order.summary()

    def test_band(self) -> None:
        """Where the law is straight in its parameters the band is that of linear propagation."""
        at = np.array([0.03, 0.06, 0.085])
        low, high = self.order.band(at)
        value, gradient = order_parameter_law(at, *self.order.values)
        linear = np.sqrt(
            np.einsum("in,ij,jn->n", gradient[:3], self.order.covariance, gradient[:3])
        )
        assert (high - low) / 2 == pytest.approx(linear, rel=0.08)
        assert (low < value).all() and (value < high).all()
        assert self.order.predict(at) == pytest.approx(law(at, *self.order.values))
        assert self.order.predict([0.2]) == pytest.approx([0.0])
        low, high = self.order.band([0.0, 0.1049, 0.2])
        assert np.isfinite(high).all() and (low >= 0).all() and high[2] == 0


@pytest.mark.parametrize(
    ("scale", "errors"), [(1.0, (0.00565, 0.00064, 0.00948)), (2.0, (0.0113, 0.0013, 0.0190))]
)
def test_errors_of_exact_points(scale: float, errors: tuple[float, float, float]) -> None:
    """What the errors of the frequencies allow; with twice of them 1.59(1), 0.105(1), 0.12(2)."""
    order = fit_order_parameter(exact(scale))
    assert order.values[:3] == pytest.approx((1.59, 0.105, 0.12), rel=1e-4)
    found = order.nu0.error, order.T_N.error, order.beta.error
    assert found == pytest.approx(errors, rel=0.04)
    assert correlation(order, "nu0", "T_N") == pytest.approx(0.32, abs=0.02)
    assert correlation(order, "nu0", "beta") == pytest.approx(0.62, abs=0.02)
    assert correlation(order, "T_N", "beta") == pytest.approx(0.78, abs=0.02)


def test_minos_of_exact_points() -> None:
    low, high = fit_order_parameter(exact()).T_N.minos or (0.0, 0.0)
    assert (low, high) == pytest.approx((-0.00048, 0.00086), abs=2e-5)
    low, high = fit_order_parameter(exact(2.0)).T_N.minos or (0.0, 0.0)
    assert (low, high) == pytest.approx((-0.00074, 0.00235), abs=2e-5)


def test_errors_with_a_free_exponent() -> None:
    order = fit_order_parameter(exact(), alpha=None)
    assert order.names == ("nu0", "T_N", "beta", "alpha")
    assert not order.alpha.fixed
    assert order.alpha.value == pytest.approx(3.0, rel=1e-3)
    found = order.nu0.error, order.T_N.error, order.beta.error, order.alpha.error
    assert found == pytest.approx((0.0089, 0.00085, 0.0230, 0.68), rel=0.05)
    assert correlation(order, "alpha", "beta") == pytest.approx(0.91, abs=0.02)
    assert correlation(order, "alpha", "T_N") == pytest.approx(0.66, abs=0.03)


def test_a_free_exponent_is_called_so() -> None:
    points = exact()
    free = fit_order_parameter(points, alpha="free", minos=False)
    assert free.to_dict() == fit_order_parameter(points, alpha=None, minos=False).to_dict()
    held = {"T_N": 0.1045}
    chi2 = constrained_chi2(points, hold=held, alpha="free")
    assert chi2 == constrained_chi2(points, hold=held, alpha=None)
    few = OrderPoints(T[:3], None, NU[:3], NU_ERROR[:3])
    assert not fit_order_parameter(few, alpha="free").alpha.fixed
    assert fit_order_parameter(points, alpha=np.float32(3), minos=False).alpha.value == 3.0


def test_errors_of_the_critical_points_alone() -> None:
    order = fit_order_parameter(exact(above=0.08))
    found = order.nu0.error, order.T_N.error, order.beta.error
    assert found == pytest.approx((0.037, 0.00095, 0.0269), rel=0.06)
    assert correlation(order, "nu0", "beta") == pytest.approx(0.95, abs=0.01)


class TestLatentTemperatures:
    """Errors in both coordinates."""

    @pytest.mark.parametrize("seed", range(4))
    @pytest.mark.parametrize("T_error", [3e-4, 1e-3])
    def test_minimum_over_all_latent_temperatures(self, seed: int, T_error: float) -> None:
        """By scipy over nu0, T_N, beta and 13 temperatures at once: same chi2, same place."""
        from scipy.optimize import least_squares

        points = drawn(seed, T_error)

        def residuals(x: np.ndarray) -> np.ndarray:
            nu = (points.value - law(x[3:], *x[:3])) / points.error
            return np.concatenate([nu, (points.temperature - x[3:]) / T_error])

        order = fit_order_parameter(points, method="latent", minos=False)
        start = np.concatenate([order.values[:3], np.minimum(T, 0.999 * order.T_N.value)])
        start[:3] *= [1.002, 1.001, 1.03]
        options = {"x_scale": "jac", "xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15}
        joint = least_squares(residuals, start, max_nfev=4000, **options)
        assert order.valid
        assert order.chi2 <= 2 * joint.cost + 1e-5
        assert order.chi2 == pytest.approx(2 * joint.cost, abs=1e-3)
        for value, error, other in zip(
            order.values, (order[name].error for name in order.names), joint.x, strict=False
        ):
            assert abs(value - other) < 0.05 * error

    def test_chosen_where_the_slope_asks_for_it(self) -> None:
        points = drawn(1, 1e-3)
        order = fit_order_parameter(points, minos=False)
        assert order.method == "latent"
        assert "|dnu/dT| sigma_T reaches" in order.method_reason
        small = replace(points, temperature_error=np.full(13, 1e-6))
        assert fit_order_parameter(small, minos=False).method == "naive"
        alone = replace(points, temperature_error=None)
        assert fit_order_parameter(alone, minos=False).method == "naive"

    @pytest.mark.parametrize("seed", [4, 20, 24, 49])
    def test_chosen_though_the_best_curve_is_shallow(self, seed: int) -> None:
        """T_N came out high, so the best curve is flat at every point; steeper ones fit as well."""
        random = np.random.default_rng(seed)
        nu = law(T, 1.59, 0.105, 0.12) + 2 * NU_ERROR * random.normal(size=13)
        errors = np.full(13, 5e-4)
        points = OrderPoints(T + errors * random.normal(size=13), errors, nu, 2 * NU_ERROR)
        naive = fit_order_parameter(points, method="naive", minos=False)
        slope = np.abs(order_parameter_slope(points.temperature, *naive.values))
        assert (slope * errors < points.error / 3).all()
        assert fit_order_parameter(points, minos=False).method == "latent"

    def test_left_out_only_with_a_word(self) -> None:
        order = fit_order_parameter(drawn(1, 1e-3), method="naive", minos=False)
        assert order.method == "naive"
        assert any("left out as asked" in note for note in order.notes)

    def test_T_N_is_less_well_known(self) -> None:
        points = drawn(2, 1e-3)
        latent = fit_order_parameter(points, method="latent", minos=False)
        naive = fit_order_parameter(points, method="naive", minos=False)
        assert latent.T_N.error > 1.3 * naive.T_N.error

    def test_small_errors_agree_with_naive(self) -> None:
        points = drawn(3, 1e-7)
        latent = fit_order_parameter(points, method="latent")
        naive = fit_order_parameter(points, method="naive")
        assert latent.values == pytest.approx(naive.values, rel=1e-4)
        assert latent.T_N.error == pytest.approx(naive.T_N.error, rel=0.01)
        assert latent.T_N.minos == pytest.approx(naive.T_N.minos, rel=0.01)

    def test_an_error_that_is_not_known_is_named(self) -> None:
        points = drawn(4, 1e-3)
        errors = points.temperature_error
        assert errors is not None
        some = np.where(np.arange(13) == 2, np.nan, errors)
        order = fit_order_parameter(replace(points, temperature_error=some), minos=False)
        assert any("runs 3" in note for note in order.notes)
        json.dumps(order.to_dict(), allow_nan=False)

    def test_the_hottest_run_may_read_above_T_N(self) -> None:
        """An ordered run is below T_N, though its thermometer may say otherwise."""
        points = drawn(5, 1e-3)
        hot = points.temperature.copy()
        hot[-1] = 0.109
        order = fit_order_parameter(replace(points, temperature=hot))
        assert order.valid and order.method == "latent"
        below = {"T_N": 0.108}
        latent = constrained_chi2(order.points, hold=below, method="latent")
        naive = constrained_chi2(order.points, hold=below, method="naive")
        assert latent < order.chi2 + 2
        assert naive > latent + 100


def test_gradient_of_the_cost() -> None:
    runs = {"not_ordered": (0.1065, 0.107), "not_ordered_error": (1e-3, 0.0)}
    for method, above in product(METHODS[1:], ABOVE):
        cost = LawCost(drawn(7, 1e-3, **runs), method=method, above=above)
        assert (cost.method, cost.censored is not None) == (method, above == "censored")
        at = np.array([1.585, 0.1079, 0.13, 2.8])
        gradient = cost.grad(*at)
        for place in range(4):
            shift = np.zeros(4)
            shift[place] = at[place] * 1e-6
            numeric = (cost(*(at + shift)) - cost(*(at - shift))) / (2 * shift[place])
            assert gradient[place] == pytest.approx(numeric, rel=1e-6, abs=1e-4)


def test_likelihood_roots_of_repeated_scans() -> None:
    """30 seeded scans with 0.5 mK: roots with mean 0 and width 1 within 3.5 of their errors."""
    roots: dict[str, list[float]] = {"nu0": [], "T_N": [], "beta": []}
    for seed in range(30):
        order = fit_order_parameter(drawn(100 + seed, 5e-4), minos=False)
        assert order.valid, order.reason
        for name, found in roots.items():
            found.append(likelihood_root(order, name, TRUTH[name]))
    for found in roots.values():
        assert abs(np.mean(found)) < 0.03 + 3.5 / math.sqrt(30)
        assert abs(np.std(found) - 1) < 0.03 + 3.5 / math.sqrt(60)


class TestBound:
    """T_N lies above the ordered runs and below those that are not."""

    def test_above_the_hottest_ordered_run(self) -> None:
        nu = NU.copy()
        nu[-1] = 0.2  # as good as gone: the least T_N that the model allows
        order = fit_order_parameter(OrderPoints(T, None, nu, NU_ERROR))
        assert order.T_N.value > 0.104

    def test_named_where_it_stops_the_fit(self) -> None:
        points = OrderPoints(T, None, NU, NU_ERROR, upper_bound=0.1045)
        order = fit_order_parameter(points)
        assert order.valid
        assert order.T_N.at_limit
        assert order.T_N.value == pytest.approx(0.1045)
        assert math.isnan(order.T_N.error)
        low, high = order.T_N.minos or (0.0, 1.0)
        assert low < 0 and high == 0
        assert constrained_chi2(points, hold={"T_N": 0.1045 + low}) - order.chi2 == pytest.approx(
            1.0, abs=0.01
        )
        assert any("T_N is at its limit 0.1045" in note for note in order.notes)
        assert "not above 0.1045 K" in order.summary()

    def test_has_two_of_its_errors(self) -> None:
        points = OrderPoints(
            T, None, NU, NU_ERROR, upper_bound=0.1045, upper_bound_error=5e-4, left_out=("run 9",)
        )
        order = fit_order_parameter(points)
        assert order.T_N_limits[1] == pytest.approx(0.1055)
        assert not order.T_N.at_limit
        assert "left out: run 9" in order.summary()
        assert order.T_N.minos is not None
        assert order.T_N.value + order.T_N.minos[1] <= 0.1055 + 1e-9

    def test_contradiction_is_told(self) -> None:
        points = OrderPoints(T, None, NU, NU_ERROR, upper_bound=0.09)
        order = fit_order_parameter(points)
        assert order.valid
        assert any("lies below the ordered run" in note for note in order.notes)

    def test_why_it_lies_below_the_hottest_run_of_a_latent_fit(self) -> None:
        points = replace(drawn(1, 1e-3), temperature=T)
        text = fit_order_parameter(points, method="latent", minos=False).bound
        assert text.startswith(
            "T_N sought from 0.094 K (ordered run at 0.104 K, whose true temperature may be lower "
            "by up to 10 of its errors of 0.001 K); no run"
        )
        errors = np.where(T == 0.104, 3e-3, 1e-4)  # the second hottest run is the better bound
        text = fit_order_parameter(replace(points, temperature_error=errors), minos=False).bound
        assert "T_N sought from 0.101 K (ordered run at 0.102 K, whose" in text
        text = fit_order_parameter(
            replace(points, temperature_error=np.full(13, 0.02)), method="latent", minos=False
        ).bound
        assert (
            "T_N sought from 0.0104 K (a tenth of the highest ordered temperature, 0.104 K)" in text
        )

    def test_at_the_upper_bound_it_prints_one_sided(self) -> None:
        order = fit_order_parameter(OrderPoints(T, None, NU, NU_ERROR, upper_bound=0.1045))
        assert order.T_N.minos is not None
        end = f"{0.1045 + order.T_N.minos[0]:.4f}"
        expected = f"T_N = 0.1045 K (at its upper bound), 68 % lower end {end} K"
        assert str(order.T_N) == expected
        assert f"\n{expected}\n" in order.summary()
        by_alpha = {row.alpha: row for row in order.beta_for_alpha}
        assert by_alpha[3.0].at_limit == by_alpha[4.0].at_limit == ("T_N",)
        assert by_alpha[1.5].at_limit == ()
        assert "(T_N at a limit)" in order.summary()
        rows = order.to_dict()["beta_for_alpha"]
        assert rows[3]["at_limit"] == ["T_N"] and rows[3]["chi2"] == by_alpha[4.0].chi2
        assert OrderParameter.from_dict(order.to_dict()).summary() == order.summary()

    def test_an_older_file_says_nothing_of_limits(self) -> None:
        data = fit_order_parameter(OrderPoints(T, None, NU, NU_ERROR), minos=False).to_dict()
        for row in data["beta_for_alpha"]:
            del row["at_limit"]
        assert OrderParameter.from_dict(data).beta_for_alpha[0].at_limit == ()

    @pytest.mark.parametrize(
        ("minos", "text"),
        [
            ((-4.4e-5, 0.0), "0.10613 K (at its upper bound), 68 % lower end 0.10608 K"),
            ((0.0, 2e-3), "0.106 K (at its lower bound), 68 % upper end 0.108 K"),
            ((0.0, 0.0), "0.106128 K (at its limit)   MINOS: 0.106128 +0 +0 K"),
            (None, "0.106128 K (at its limit)"),
        ],
    )
    def test_one_sided(self, minos: tuple[float, float] | None, text: str) -> None:
        at = LawParameter("T_N", 0.106128, math.nan, "K", minos, at_limit=True)
        assert str(at) == f"T_N = {text}"


class TestQuality:
    """A law that does not describe the points says so."""

    def test_hopeless(self) -> None:
        """Every other point 10 % off with errors of 0.1 %: chi2 is beyond any probability."""
        zigzag = law(T, 1.59, 0.105, 0.12) * np.where(np.arange(13) % 2, 1.1, 1.0)
        order = fit_order_parameter(OrderPoints(T, None, zigzag, np.full(13, 1e-3)), minos=False)
        assert order.valid
        assert order.probability == 0.0
        assert f"chi2/ndof = {order.chi2:.2f}/10, probability < 1e-300" in order.summary()
        note = (
            f"chi-square {order.chi2:.1f} for 10 degrees of freedom has the probability < 1e-300: "
            "the law does not describe these points within their errors"
        )
        assert note in order.notes

    @pytest.mark.parametrize(("scale", "told"), [(1.0, False), (0.25, True)])
    def test_from_one_in_ten_thousand(self, scale: float, told: bool) -> None:
        order = fit_order_parameter(OrderPoints(T, None, NU, scale * NU_ERROR), minos=False)
        expected = float(chi2.sf(order.chi2, 10))
        assert (expected < 1e-4) is told
        notes = [note for note in order.notes if "does not describe these points" in note]
        assert bool(notes) is told
        if told:
            assert f"has the probability {expected:.1g}: " in notes[0]


class TestMolecularMagnet:
    """Ni(9S3)2[Ni(bdt)2]2: table and unweighted fits made by another program, errors all 0.02."""

    @pytest.fixture
    def table(self, real: Path) -> dict[str, object]:
        path = real / "order_parameter_tables.json"
        return dict(json.loads(path.read_text(encoding="utf-8"))["tables"][0])

    @pytest.mark.parametrize("which", [0, 1])
    def test_refit(self, table: dict[str, list[float]], which: int) -> None:
        expected = table["our_refit_unweighted"][which]
        alpha = 1.0 if expected["alpha"]["fixed"] else None
        T_Ni, nu = np.array(table["temperature_K"]), np.array(table["frequency_MHz"])
        points = OrderPoints(T_Ni, None, nu, np.full(6, 0.02), upper_bound=7.0)
        order = fit_order_parameter(points, alpha=alpha)
        assert order.valid
        assert order.nu0.value == pytest.approx(expected["nu0_MHz"], abs=2e-4)
        assert order.T_N.value == pytest.approx(expected["TN_K"], abs=3e-4)
        assert order.beta.value == pytest.approx(expected["beta"], abs=2e-4)
        assert order.alpha.value == pytest.approx(expected["alpha"]["value"], abs=2e-3)
        rms = 0.02 * math.sqrt(order.chi2 / 6)
        assert rms == pytest.approx(expected["rms_MHz"], abs=1e-4)


class TestFailure:
    """What cannot be fitted is a result that says why; what cannot be meant is refused."""

    @pytest.mark.parametrize(
        ("keep", "alpha", "reason"),
        [
            (slice(0, 0), 3.0, "no run is ordered"),
            (slice(0, 2), 3.0, "2 ordered runs do not determine 3 parameters"),
            (slice(0, 3), None, "3 ordered runs do not determine 4 parameters"),
        ],
    )
    def test_too_few(self, keep: slice, alpha: float | None, reason: str) -> None:
        order = fit_order_parameter(
            OrderPoints(T[keep], None, NU[keep], NU_ERROR[keep]), alpha=alpha
        )
        assert not order.valid
        assert order.reason == reason
        assert math.isnan(order.T_N.value)
        assert order.to_dict()["T_N"]["value"] is None
        assert OrderParameter.from_dict(order.to_dict()).to_dict() == order.to_dict()
        assert reason in order.summary()
        assert np.isnan(order.predict(0.05)).all()
        assert np.isnan(order.band(0.05)[0]).all()

    def test_one_temperature(self) -> None:
        order = fit_order_parameter(OrderPoints(np.full(13, 0.05), None, NU, NU_ERROR))
        assert not order.valid
        assert "too few different temperatures" in order.reason

    def test_no_frequency(self) -> None:
        order = fit_order_parameter(OrderPoints(T, None, np.zeros(13), NU_ERROR))
        assert order.reason == "no frequency is above 0"

    def test_flat_points_do_not_determine_beta(self) -> None:
        order = fit_order_parameter(OrderPoints(T, None, np.full(13, 1.5), NU_ERROR))
        assert not order.valid
        assert "do not determine" in order.reason

    def test_far_below_the_transition(self) -> None:
        cold = T / 20
        order = fit_order_parameter(OrderPoints(cold, None, law(cold, 1.59, 0.105, 0.12), NU_ERROR))
        assert not order.valid
        assert "do not determine" in order.reason

    def test_as_many_points_as_parameters(self) -> None:
        few = [0, 8, 12]
        order = fit_order_parameter(OrderPoints(T[few], None, NU[few], NU_ERROR[few]))
        assert order.ndof == 0
        assert math.isnan(order.probability)
        told = "3 points for 3 parameters, 0 degrees of freedom: nothing tests the law"
        assert told in order.notes
        free = fit_order_parameter(OrderPoints(T[:4], None, NU[:4], NU_ERROR[:4]), alpha="free")
        assert any("4 points for 4 parameters" in note for note in free.notes)
        json.dumps(order.to_dict(), allow_nan=False)

    @pytest.mark.parametrize("seed", range(6))
    def test_noise_never_passes_for_a_number(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        size = int(random.integers(3, 12))
        errors = np.full(size, 0.3)
        points = OrderPoints(
            random.uniform(0.02, 0.12, size),
            np.full(size, 2e-3),
            random.uniform(0, 3, size),
            errors,
        )
        order = fit_order_parameter(points)
        json.dumps(order.to_dict(), allow_nan=False)
        assert order.valid or order.reason
        if order.valid:
            assert all(map(math.isfinite, order.values))

    @pytest.mark.parametrize(
        ("change", "text"),
        [
            ({"value": np.where(T > 0.1, np.nan, NU)}, "run 12: value is nan"),
            ({"error": np.where(T == 0.03, 0.0, NU_ERROR)}, "run 2: error is 0"),
            ({"temperature": -T}, "run 1: temperature is -0.02"),
            ({"temperature_error": np.full(13, -1.0)}, "temperature_error is -1"),
            ({"error": NU_ERROR[:5]}, "13 temperatures but 5 entries in error"),
            ({"labels": ("a", "b")}, "2 entries in labels"),
            ({"upper_bound": math.nan}, "upper_bound of the order parameter is nan"),
            ({"value": np.ones((13, 2))}, "shape"),
            ({"value": ["x"] * 13}, "not a number"),
        ],
    )
    def test_points_that_are_refused(self, change: dict[str, object], text: str) -> None:
        given = {"temperature": T, "temperature_error": None, "value": NU, "error": NU_ERROR}
        with pytest.raises(FitError, match=text):
            OrderPoints(**{**given, **change})

    def test_arguments_that_are_refused(self) -> None:
        points = OrderPoints(T, None, NU, NU_ERROR)
        with pytest.raises(FitError, match="did you mean 'latent'"):
            fit_order_parameter(points, method="latend")
        with pytest.raises(FitError, match="needs errors of temperatures"):
            fit_order_parameter(points, method="latent")
        with pytest.raises(FitError, match="alpha = 20 is outside 0.5 to 8; 'free' fits it"):
            fit_order_parameter(points, alpha=20.0)
        with pytest.raises(FitError, match="Scan or to OrderPoints"):
            fit_order_parameter([1, 2, 3])  # type: ignore[arg-type]
        with pytest.raises(FitError, match="no 'TN'"):
            constrained_chi2(points, hold={"TN": 0.1})
        with pytest.raises(KeyError, match="nu0, T_N, beta, alpha"):
            fit_order_parameter(points, minos=False)["nu"]

    @pytest.mark.parametrize("alpha", ["three", "3", True, [3.0], math.nan, 3 + 0j, {}])
    def test_an_exponent_that_is_no_number(self, alpha: object) -> None:
        with pytest.raises(FitError, match="not a number from 0.5 to 8; 'free' fits it"):
            fit_order_parameter(OrderPoints(T, None, NU, NU_ERROR), alpha=alpha)  # type: ignore[arg-type]

    def test_points_are_read_only(self) -> None:
        given = NU.copy()
        points = OrderPoints(T, None, given, NU_ERROR)
        given[0] = 0.0
        assert points.value[0] == NU[0]
        with pytest.raises(ValueError, match="read-only"):
            points.value[0] = 1.0


def test_a_scan_gives_its_points() -> None:
    class OneScan:
        def points(self, parameter: str) -> OrderPoints:
            assert parameter == "nu7"
            return OrderPoints(T, None, NU, NU_ERROR)

    order = fit_order_parameter(OneScan(), parameter="nu7", minos=False)
    assert order.parameter == "nu7"
    assert order.summary().startswith("nu7(T) = ")
