"""Profiles and contours beside closed forms and beside Minuit's of plain formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from asymmetries import asymmetry
from iminuit import Minuit

from musrcu.errors import FitError
from musrcu.fitting.contour import Contour, contour
from musrcu.fitting.fit import fit
from musrcu.fitting.profile import profile
from musrcu.joint.joint_fit import joint_fit

TIME = (np.arange(300) + 0.5) * 0.025
ERROR = 0.01 * np.exp(TIME / 4.4)


def thrown(curve: np.ndarray, seed: int, error: np.ndarray = ERROR) -> tuple[Any, np.ndarray]:
    value = curve + np.random.default_rng(seed).normal(0, error)
    return asymmetry(TIME, value, error), value


def wave(p: Any) -> np.ndarray:
    """damped_cosine + constant."""
    turns = np.cos(2 * np.pi * p[2] * TIME + np.radians(p[3]))
    return np.asarray(p[0] * np.exp(-p[1] * TIME) * turns + p[4])


def chi2_of(value: np.ndarray, error: np.ndarray = ERROR) -> Callable[..., float]:
    return lambda p: float((((wave(p) - value) / error) ** 2).sum())


def best_amplitude(value: np.ndarray, rate: float) -> float:
    """chi-square of an exponential of this rate, its amplitude solved for."""
    shape = np.exp(-rate * TIME) / ERROR
    height = (shape @ (value / ERROR)) / (shape @ shape)
    return float(((value / ERROR - height * shape) ** 2).sum())


def test_a_profile_is_the_minimum_over_all_others() -> None:
    data, value = thrown(0.2 * np.exp(-0.3 * TIME), 1)
    found = profile(data, "exponential", "lambda1")
    assert found.name == "lambda1"
    assert found.unit == "1/us"
    assert found.values.size == found.chi2.size == 31
    wanted = [best_amplitude(value, rate) for rate in found.values]
    assert np.allclose(found.chi2, wanted, atol=1e-3)
    assert found.rise[[0, -1]] == pytest.approx(9.0, abs=0.02)
    assert found.interval is not None
    for side in found.interval:
        there = best_amplitude(value, found.best + side)
        assert there == pytest.approx(found.minimum + 1, abs=2e-3)
    assert found.parameters[:, 1] == pytest.approx(found.values)


def test_profile_of_a_frequency_beside_that_of_minuit() -> None:
    truth = [0.1, 0.8, 1.2, 15.0, 0.05]
    data, value = thrown(wave(truth), 2)
    wanted = np.linspace(1.1, 1.3, 9)
    found = profile(data, "damped_cosine + constant", "nu1", points=wanted.tolist())
    minuit = Minuit(chi2_of(value), truth)
    minuit.errordef = 1
    minuit.strategy = 2
    minuit.migrad()
    for nu, height, others in zip(wanted, found.chi2, found.parameters, strict=True):
        minuit.values = truth
        minuit.values[2], minuit.fixed[2] = nu, True
        minuit.migrad()
        assert height == pytest.approx(minuit.fval, abs=5e-3)
        assert chi2_of(value)(others) == pytest.approx(height, rel=1e-9)


def test_a_profile_that_reaches_a_limit_says_so() -> None:
    data, _ = thrown(0.2 * np.exp(-0.004 * TIME), 3)
    found = profile(data, "exponential", "lambda1")
    assert found.values[0] == 0.0
    assert found.notes == ("lambda1 ends at its limit 0",)


def test_another_minimum_in_a_profile_is_said() -> None:
    """From the worse of two minima of a line of few turns."""
    time = (np.arange(100) + 0.5) * 0.08
    error = 0.05 * np.exp(time / 4.4)
    line = 0.1 * np.exp(-0.5 * time) * np.cos(1.2 * np.pi * time)
    data = asymmetry(time, line + np.random.default_rng(1).normal(0, error), error)
    start = {"A1": 0.1, "lambda1": 0.5, "nu1": 1.6, "phi1": 0.0}
    found = profile(data, "damped_cosine", "nu1", start=start, points=41)
    assert found.interval is None
    note = next(one for one in found.notes if "another minimum" in one)
    lowest = int(np.argmin(found.chi2))
    assert found.chi2[lowest] < found.minimum - 0.1
    assert f"{found.values[lowest]:.6g}" in note


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("lambda1", {"points": 1}, "points = 1"),
        ("lambda1", {"points": [0.1, "a"]}, "give a number of points or a list"),
        ("lambda1", {"points": [-0.1, 0.1]}, "leave the limits"),
        ("A1", {"fixed": {"A1": 0.2}}, "is not free"),
        ("lambda1", {"max_asymmetry": 0.01}, "not valid"),
    ],
)
def test_what_makes_no_profile(name: str, words: dict[str, Any], message: str) -> None:
    data, _ = thrown(0.2 * np.exp(-0.3 * TIME), 1)
    with pytest.raises(FitError, match=message):
        profile(data, "exponential", name, **words)


def test_the_contour_of_a_linear_model_is_an_ellipse() -> None:
    shape = np.exp(-0.5 * TIME)
    data, _ = thrown(0.1 * shape + 0.05, 5)
    words: dict[str, Any] = {"fixed": {"lambda1": 0.5}, "limits": {"A1": (None, None)}}
    found = contour(data, "exponential + constant", ("A1", "A_bg"), **words)
    design = np.array([shape, np.ones_like(TIME)]) / ERROR
    half = design @ design.T
    assert found.rises == pytest.approx([2.2977, 6.1582], abs=1e-4)
    for rise, curve, closed in zip(found.rises, found.curves, found.closed, strict=True):
        assert closed
        assert np.array_equal(curve[0], curve[-1])
        away = curve - found.best
        heights = np.einsum("ni,ij,nj->n", away, half, away)
        assert heights == pytest.approx(rise, rel=0.006)
        assert 55 <= len(curve) <= 66
        angle = np.unwrap(np.arctan2(*(np.linalg.cholesky(half).T @ away.T)))
        assert np.ptp(angle) == pytest.approx(2 * np.pi, abs=1e-6)


def heights(found: Contour, value: np.ndarray, error: np.ndarray, every: int = 9) -> list[float]:
    """Of some points of the last curve, by Minuit with these two held."""
    names = ["A1", "lambda1", "nu1", "phi1", "A_bg"]
    minuit = Minuit(chi2_of(value, error), found.result.values, name=names)
    minuit.errordef = 1
    rises = []
    for point in found.curves[-1][::every]:
        minuit.values = found.result.values
        for name, one in zip(found.names, point, strict=True):
            minuit.fixed[name], minuit.values[name] = True, one
        rises.append(float(minuit.migrad().fval or 0) - float(found.result.chi2 or 0))
    return rises


@pytest.mark.parametrize("noise", [1.0, 4.0], ids=["strong", "weak"])
def test_contours_that_are_no_ellipses(noise: float) -> None:
    error = noise * ERROR
    data, value = thrown(wave([0.1, 0.8, 1.2, 15.0, 0.05]), 6, error)
    words: dict[str, Any] = {"levels": [0.954]}
    found = contour(data, "damped_cosine + constant", ("lambda1", "A1"), **words)
    assert found.closed == (True,)
    assert np.array(heights(found, value, error)) == pytest.approx(found.rises[0], rel=0.01)


def test_a_contour_that_meets_a_limit_is_open() -> None:
    data, value = thrown(0.2 * np.exp(-0.006 * TIME), 7)
    found = contour(data, "exponential", ("lambda1", "A1"), levels=[0.9])
    assert found.closed == (False,)
    assert found.notes == ("the curve of 90 % is open: it ends at a limit",)
    curve = found.curves[0]
    assert curve[0, 0] == curve[-1, 0] == 0.0
    assert (curve[1:-1, 0] > 0).all()
    for rate, amplitude in curve:
        residual = (value - amplitude * np.exp(-rate * TIME)) / ERROR
        assert residual @ residual - float(found.result.chi2 or 0) == pytest.approx(
            found.rises[0], rel=0.006
        )


@pytest.mark.parametrize(
    ("names", "words", "message"),
    [
        (("A1",), {}, "names of two parameters"),
        ("A1", {}, "names of two parameters"),
        (("A1", "A1"), {}, "two different"),
        (("A1", "lambda1"), {"levels": [1.0]}, "probabilities"),
        (("A1", "lambda1"), {"points": 3}, "8 or more"),
    ],
)
def test_what_makes_no_contour(names: Any, words: dict[str, Any], message: str) -> None:
    data, _ = thrown(0.2 * np.exp(-0.3 * TIME), 1)
    with pytest.raises(FitError, match=message):
        contour(data, "exponential", names, **words)


def test_pictures() -> None:
    from musrcu import plot

    data, _ = thrown(0.2 * np.exp(-0.3 * TIME), 1)
    ax = plot.profile(profile(data, "exponential", "lambda1", points=9))
    assert r"\lambda" in ax.get_xlabel()
    assert len(ax.get_lines()) == 4
    ax = plot.contour(contour(data, "exponential", ("lambda1", "A1"), points=20))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["68.3 %", "95.4 %"]


def test_a_jump_is_looked_into() -> None:
    """At rate 0 an exponential and a constant are one; next to it they make a straight line."""
    from musrcu import plot

    data, value = thrown(0.1 * np.exp(-0.1 * TIME) + 0.1, 3)
    found = profile(data, "exponential + constant", "lambda1")
    assert found.values[0] == 0.0
    flat, line = np.ones_like(TIME) / ERROR, np.stack([np.ones_like(TIME), TIME]).T / ERROR[:, None]
    left = np.linalg.lstsq(flat[:, None], value / ERROR, rcond=None)[1]
    straight = np.linalg.lstsq(line, value / ERROR, rcond=None)[1]
    assert found.chi2[0] == pytest.approx(float(left[0]), abs=1e-3)
    assert found.chi2[0] > float(straight[0]) + 20
    steps, widths = np.abs(np.diff(found.rise)), np.diff(found.values)
    assert (widths > 0).all()
    assert (widths[steps > 3.0] < 1e-3 * np.ptp(found.values)).all()
    low, high = (side + found.best for side in found.interval or (0.0, 0.0))
    as_asked = profile(data, "exponential + constant", "lambda1", points=[0.0, 0.1, 0.2, 0.3])
    assert as_asked.values.tolist() == [0.0, 0.1, 0.2, 0.3]
    for one in (found, as_asked):
        drawn = plot.profile(one)
        band = drawn.patches[0].get_extents().transformed(drawn.transData.inverted())
        assert np.interp(band.x0, one.values, one.rise) < 1.06
        assert np.interp(band.x1, one.values, one.rise) < 1.06
        assert low - 1e-9 <= band.x0 < band.x1 <= high + 1e-9


def test_a_fit_is_taken_with_its_options() -> None:
    data, _ = thrown(wave([0.1, 0.8, 1.2, 15.0, 0.05]), 2)
    model, names = "damped_cosine + constant", ("nu1", "lambda1")
    options: dict[str, Any] = {"fixed": {"phi1": 15.0}, "t_range": (0.1, 6.0)}
    result = fit(data, model, **options)
    from_fit, anew = profile(data, result, "nu1"), profile(data, model, "nu1", **options)
    assert from_fit.minimum == pytest.approx(anew.minimum, abs=1e-3)
    assert from_fit.interval == pytest.approx(anew.interval, rel=1e-2)
    assert from_fit.result.parameters["phi1"].fixed
    region = contour(data, result, names, levels=(0.683,))
    assert region.result.n_bins == result.n_bins
    free = profile(data, result, "nu1", fixed={}, points=3)
    assert not free.result.parameters["phi1"].fixed


def test_the_fit_of_other_data_or_no_fit_is_refused() -> None:
    data, _ = thrown(0.2 * np.exp(-0.3 * TIME), 1)
    result = fit(data, "exponential")
    other, _ = thrown(0.2 * np.exp(-0.3 * TIME), 8, ERROR * 0.9)
    with pytest.raises(FitError, match="no fit of these data"):
        profile(other, result, "lambda1")
    with pytest.raises(FitError, match="a contour is one of a Model.* not of an int"):
        contour(data, 3, ("A1", "lambda1"))  # type: ignore[arg-type]
    joint = joint_fit([data, other], "exponential", shared=["lambda1"])
    with pytest.raises(FitError, match="not of a JointResult; of a joint fit take one run"):
        profile(data, joint, "lambda1")  # type: ignore[arg-type]


def test_profiles_and_contours_say_what_they_found() -> None:
    data, _ = thrown(0.2 * np.exp(-0.3 * TIME), 1)
    found = profile(data, "exponential", "lambda1", points=[0.28, 0.3, 0.32])
    assert repr(found) == "<Profile of lambda1, 3 values>"
    assert "profile of lambda1: 0.3" in found.summary()
    assert found.summary().endswith(" 1/us")
    region = contour(data, "exponential", ("A1", "lambda1"), levels=(0.683,))
    assert repr(region) == "<Contour of A1 and lambda1, 68.3 %>"
    low, high = region.curves[0].min(axis=0), region.curves[0].max(axis=0)
    wanted = f"A1 {low[0]:.6g} to {high[0]:.6g}, lambda1 {low[1]:.6g} to {high[1]:.6g} 1/us"
    assert f"68.3 % (chi-square + 2.30): {wanted}" in region.summary()


def test_a_curve_without_end_is_left_open() -> None:
    """A slow decay beside a constant is a line: its amplitude may be as large as one likes."""
    data, _ = thrown(0.05 * np.exp(-0.15 * TIME) + 0.1, 5)
    found = contour(data, "exponential + constant", ("A1", "lambda1"), max_asymmetry=9.0)
    assert not any(found.closed)
    assert all("runs further than 20 times the errors" in note for note in found.notes)
    assert max(len(curve) for curve in found.curves) < 800
