"""Laws fitted to tables: made values come back, and what is no table is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

import musrcu as mu
from musrcu.errors import FitError, ModelError

COLD = np.linspace(0.3, 20.0, 40)
WARM = np.linspace(10.2, 30.0, 25)
FIELDS = np.geomspace(1.0, 6000.0, 30)

MADE = [
    ("power_law + constant", COLD, (-0.01, 2.5, 12.0)),
    ("arrhenius + constant", np.linspace(50.0, 300.0, 40), (1000.0, 120.0, 20.0)),
    ("critical_divergence", WARM, (0.5, 10.0, 0.6)),
    ("two_fluid + constant", COLD, (2.0, 9.0, 0.1)),
    ("s_wave", COLD, (2.0, 9.0, 1.4)),
    ("s_wave + constant", COLD / 10, (2.0, 0.9, 0.14, 0.1)),
    ("s_wave_dirty", COLD, (2.0, 9.0, 1.4)),
    ("order_parameter", COLD, (1.59, 9.0, 3.0, 0.3)),
    ("redfield", FIELDS, (8.0, 20.0)),
    ("repolarisation + constant", FIELDS, (0.1, 200.0, 0.05)),
    ("gaussian_decoupling + constant", FIELDS, (0.2, 0.4, 0.01)),
]


@pytest.mark.parametrize(("law", "x", "truth"), MADE, ids=[f"{m[0]}-{m[1][0]:g}" for m in MADE])
def test_what_was_put_in_comes_out(law: str, x: np.ndarray, truth: tuple[float, ...]) -> None:
    """Without start values; pulls below 4 and a chi-square that its degrees of freedom allow."""
    rng = np.random.default_rng(5)
    y = mu.Model(law).value(x, truth)
    error = 0.01 * np.abs(y).max()
    order = rng.permutation(x.size)
    y = y + error * rng.normal(size=x.size)
    result = mu.fit_law(x[order], y[order], error, law)
    assert result.valid, result.reason
    assert result.probability is not None and result.probability > 1e-3
    assert (np.abs((result.values - truth) / result.errors) < 4).all(), result.summary()


def test_a_straight_line_has_the_errors_of_linear_algebra() -> None:
    T, error = np.array([1.0, 2.0, 3.0, 5.0]), np.array([0.1, 0.2, 0.1, 0.3])
    y = np.array([1.1, 1.9, 3.05, 5.2])
    result = mu.fit_law(T, y, error, "power_law + constant", fixed={"n": 1.0})
    matrix = np.linalg.inv(np.vander(T, 2).T @ np.diag(error**-2) @ np.vander(T, 2))
    best = matrix @ np.vander(T, 2).T @ (y / error**2)
    found = [result["c"], result["offset"]]
    assert [one.value for one in found] == pytest.approx(best.tolist(), rel=1e-8)
    assert [one.error for one in found] == pytest.approx(np.sqrt(np.diag(matrix)), rel=1e-6)
    assert result.chi2 == pytest.approx((((y - np.vander(T, 2) @ best) / error) ** 2).sum())
    assert result.ndof == 2
    assert "chi-square of a table" in result.summary()


def test_the_result_is_saved_and_loaded(tmp_path) -> None:  # type: ignore[no-untyped-def]
    result = mu.fit_law(COLD, COLD**2, 0.1, "power_law")
    result.save(tmp_path / "law.json")
    again = mu.load(tmp_path / "law.json")
    assert isinstance(again, mu.FitResult)
    np.testing.assert_array_equal(again.curve(COLD), result.curve(COLD))
    assert json.loads((tmp_path / "law.json").read_text())["run"] is None


def test_a_transition_that_may_lie_elsewhere_is_said() -> None:
    """A divergence just below the first temperature looks much like one just above it."""
    T = np.linspace(10.2, 30.0, 20)
    y = mu.Model("critical_divergence").value(T, [0.5, 10.0, 0.6])
    result = mu.fit_law(T, y, 0.01 * y.max(), "critical_divergence")
    assert result["T_c"].value == pytest.approx(10.0, rel=1e-3)
    assert any("a second minimum at T_c = 10.3" in note for note in result.notes), result.notes


def test_a_minimum_on_the_wrong_side_of_a_value_is_left() -> None:
    """Made tables; at seed 37 a search without that stops at 6.98 K, with twice the chi-square."""
    T = np.array([0.3, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 6.5, 7.0, 8.0])
    model, truth = mu.Model("s_wave + constant"), [0.8, 7.2, 1.1, 0.1]
    for seed in (6, 37, 38):
        y = model.value(T, truth) + 0.006 * np.random.default_rng(seed).normal(size=T.size)
        result = mu.fit_law(T, y, 0.006, "s_wave + constant")
        assert result.chi2 is not None
        assert result.chi2 <= (((y - model.value(T, truth)) / 0.006) ** 2).sum()


def test_a_wrong_law_says_so() -> None:
    result = mu.fit_law(COLD, np.sin(COLD), 0.01, "power_law")
    assert any("does not describe these data" in note for note in result.notes)


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (([1, 2, 3], [1, 2, 3], 0.1, "exponential"), FitError, "is a function of time"),
        (([1, 2, 3], [1, 2], 0.1, "power_law"), FitError, r"shapes \(3,\), \(2,\), \(2,\)"),
        ((1.0, 2.0, 0.1, "power_law"), FitError, "expected three equal columns"),
        (([1, 2, 3], [1, 2, np.nan], 0.1, "power_law"), FitError, "no number"),
        (([1, 2, 3], [1, 2, 3], [0.1, 0.0, 0.1], "power_law"), FitError, "not above 0"),
        (([1, 2], [1, 2], 0.1, "power_law"), FitError, "2 values for 2 free parameters"),
        (([1, 2], [1, 2], 0.1, "powerlaw"), ModelError, "Mantid's PowerLaw is power_law"),
    ],
)
def test_what_is_no_table_is_refused(arguments, error, sentence) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=sentence):
        mu.fit_law(*arguments)


def test_nothing_free_is_refused() -> None:
    with pytest.raises(FitError, match="every parameter is fixed or tied"):
        mu.fit_law(COLD, COLD, 0.1, "power_law", fixed={"c": 1.0, "n": 1.0})
