"""Whether a minimum is physics: bounds of amplitudes, terms that are one, what is only named."""

from __future__ import annotations

import numpy as np
import pytest
from asymmetries import asymmetry, thrown
from throw import paper, paper_parameters

from musrcu.constants import MAX_ASYMMETRY
from musrcu.containers.asymmetry import Asymmetry
from musrcu.fitting.fit import fit
from musrcu.fitting.judgement import Bound, judge
from musrcu.models.model import Model

PAPER = "exponential + damped_cosine + constant"
MODEL = Model(PAPER)
VALUES = np.array([0.05, 0.9, 0.045, 0.35, 1.59, 6.0, 0.11])


def covariance(**pairs: float) -> np.ndarray:
    """Unit-like errors of 0.01 with the correlations given as ``A1_A_bg=0.9``."""
    matrix = np.eye(7)
    for pair, value in pairs.items():
        first, second = pair.split("__")
        i, j = MODEL.index(first), MODEL.index(second)
        matrix[i, j] = matrix[j, i] = value
    return 1e-4 * matrix


def test_a_sound_fit_has_no_reason() -> None:
    found = judge(MODEL, VALUES, covariance(), Bound())
    assert (found.reason, found.notes, found.spare) == ("", (), ())


def test_a_strong_correlation_is_named_not_condemned() -> None:
    found = judge(MODEL, VALUES, covariance(A1__A_bg=-0.985, nu2__phi2=0.97), Bound())
    assert found.reason == ""
    assert found.notes == ("A1 and A_bg are correlated -0.9850",)


def test_one_term_in_all_but_name() -> None:
    found = judge(MODEL, VALUES, covariance(A1__A_bg=-0.999999), Bound())
    assert found.reason.startswith("A1 exp(-lambda1 t) and A_bg are one term in this window")
    assert found.spare == (0, 2)


def test_two_parameters_of_one_term() -> None:
    found = judge(MODEL, VALUES, covariance(nu2__phi2=-0.999999), Bound())
    assert "nu2 and phi2" in found.reason
    assert "singular" in found.reason
    assert found.spare == (1,)


def test_a_singular_covariance_names_its_terms() -> None:
    stand_in = covariance(A1__A_bg=-0.9999999)
    found = judge(MODEL, VALUES, stand_in, Bound(), singular=True)
    assert "A1 exp(-lambda1 t) and A_bg are one term" in found.reason
    unknown = judge(MODEL, VALUES, covariance(), Bound(), singular=True)
    assert unknown.reason == "the covariance is singular"
    assert unknown.spare == (0, 1, 2)


@pytest.mark.parametrize(
    ("total", "error", "amplitude", "sigma", "allowed"),
    [
        (None, None, MAX_ASYMMETRY, 0.01, True),
        (None, None, MAX_ASYMMETRY + 1e-6, 0.2, False),
        (None, None, -20.0, 1.0, False),
        (0.25, 0.002, 0.25, 0.0, True),
        (0.25, 0.002, 0.257, 0.002, True),
        (0.25, 0.002, 0.30, 0.002, False),
        (0.25, None, 0.2501, 0.0, False),
        (0.25, 0.002, 0.9, 10.0, False),
        (0.25, 0.002, 0.33, float("nan"), False),
    ],
)
def test_bound(
    total: float | None, error: float | None, amplitude: float, sigma: float, allowed: bool
) -> None:
    assert Bound(total, error).allows(amplitude, sigma) is allowed


def test_bound_in_words() -> None:
    assert "0.35 (no calibration)" in str(Bound())
    assert "calibrated total 0.250(2)" in str(Bound(0.25, 0.002))


def test_a_runaway_amplitude_names_its_partner() -> None:
    values = VALUES.copy()
    values[0], values[6] = -20.0, 20.2
    found = judge(MODEL, values, covariance(A1__A_bg=-0.9995), Bound())
    assert "A1 exp(-lambda1 t) and A_bg are one term" in found.reason
    assert "exceeds 0.35" in found.reason
    assert found.spare == (0, 2)


def test_an_amplitude_the_user_fixed_is_never_blamed() -> None:
    values = VALUES.copy()
    values[6] = 0.5
    assert judge(MODEL, values, covariance(), Bound()).reason
    assert judge(MODEL, values, covariance(), Bound(), frozenset({6})).reason == ""


def test_calibrated_total_bounds_a_fit() -> None:
    data = thrown(paper(paper_parameters(0.02)), 2e7, 1)
    assert fit(data, PAPER).valid
    free = asymmetry(data.time, data.value, data.error, total=0.25, total_error=0.003)
    assert fit(free, PAPER).valid
    tight = asymmetry(data.time, data.value, data.error, total=0.09, total_error=0.001)
    result = fit(tight, PAPER)
    assert not result.valid
    assert "A_bg = 0.1104(5) exceeds the calibrated total 0.090(1)" in result.reason
    assert fit(tight, PAPER, max_asymmetry=0.2).valid
    assert not fit(data, PAPER, max_asymmetry=0.05).valid


def test_flat_relaxation_beside_a_constant() -> None:
    """The case of GPS 4255: hardly any relaxation, a constant beside it, a window of 9 us."""
    truth = paper(paper_parameters(0.02) | {"A1": 0.05, "lambda1": 0.05, "A_bg": 0.0})
    condemned = 0
    for seed in range(8):
        result = fit(thrown(truth, 5e6, seed), PAPER)
        if result.valid:
            assert any("A1 and A_bg are correlated" in note for note in result.notes)
            continue
        condemned += 1
        assert "A1 exp(-lambda1 t) and A_bg are one term in this window" in result.reason
        other = result.alternative
        assert other is not None
        assert other.valid, other.reason
        assert result.best is other
        assert other.names in (
            ("A1", "lambda1", "A2", "lambda2", "nu2", "phi2"),
            ("A2", "lambda2", "nu2", "phi2", "A_bg"),
        )
        # With one parameter less nearly as good: nothing was lost.
        assert other.chi2 - result.chi2 < 9
        assert abs(other["nu2"].value - paper_parameters(0.02)["nu2"]) < 4 * other["nu2"].error
        text = result.summary()
        assert "NOT VALID" in text
        assert "without the spare term" in text
        assert text.count("nu2") == 2
    assert condemned >= 2


@pytest.mark.parametrize("rate", [0.0, 1e-6, 1e-3])
def test_a_rate_held_at_nothing_is_a_second_constant(rate: float) -> None:
    data = thrown(paper(paper_parameters(0.02)), 5e6, 3)
    result = fit(data, PAPER, fixed={"lambda1": rate})
    assert not result.valid
    assert "A1 exp(-lambda1 t) and A_bg are one term in this window" in result.reason
    assert result.alternative is not None
    assert result.alternative.valid


def test_a_runaway_amplitude_of_its_own_is_dropped() -> None:
    """A fast rate in the first bins alone: an amplitude of 10 that correlates with no other."""
    seen = 0
    for seed in range(30):
        data = thrown(paper(paper_parameters(0.06)), 1000, seed, n_bins=30, width=0.3)
        result = fit(data, PAPER)
        if result.valid or "are one term" in result.reason or "exceeds 0.35" not in result.reason:
            continue
        other = result.alternative
        if other is not None:
            seen += 1
            name = result.reason.split(" = ")[0]
            assert name not in other.names
            assert other.chi2 <= result.chi2 + 25
    assert seen


def test_a_term_that_matters_is_never_the_spare_one() -> None:
    # A_bg is out of bounds and real: a fit without it is no alternative.
    data = thrown(paper(paper_parameters(0.02)), 2e7, 1)
    tight = asymmetry(data.time, data.value, data.error, total=0.09, total_error=0.001)
    result = fit(tight, PAPER)
    assert not result.valid
    assert result.alternative is None


def test_two_exponentials_where_there_is_one() -> None:
    data = thrown(lambda t: 0.2 * np.exp(-0.5 * t), 1e7, 2)
    result = fit(data, "exponential + exponential", ties={"lambda2": "lambda1"})
    assert not result.valid
    assert "are one term in this window" in result.reason


def test_ties_are_no_degeneracy() -> None:
    found = judge(MODEL, VALUES, covariance(lambda1__lambda2=1.0), Bound(), tied=[3])
    assert (found.reason, found.notes) == ("", ())
    assert judge(MODEL, VALUES, covariance(lambda1__lambda2=1.0), Bound()).reason


def test_nothing_to_precess() -> None:
    """A flat run: whatever the oscillation fits is noise, and no number is out of bounds."""
    result = fit(thrown(lambda t: 0.1 + 0 * t, 2e6, 5), PAPER).best
    if result.valid and "A2" in result.names:
        assert abs(result["A2"].value) < 0.02


def relaxing(seed: int, constant: float = 0.05) -> Asymmetry:
    rng = np.random.default_rng(seed)
    t = 0.02 * (np.arange(400) + 0.5)
    error = 0.004 * np.exp(t / 4.4)
    value = 0.15 * np.exp(-0.8 * t) + constant + error * rng.standard_normal(t.size)
    return asymmetry(t, value, error)


def test_a_sound_fit_with_a_vague_term_comes_with_the_fit_without_it() -> None:
    """One decay fitted by two: whatever the second took, the simpler fit is as good."""
    offered = 0
    for seed in range(6):
        data = relaxing(seed)
        result = fit(data, "exponential + exponential + constant")
        plain = fit(data, "exponential + constant")
        other = result if result.alternative is None else result.alternative
        assert other.chi2 is not None
        assert plain.chi2 is not None
        if result.valid and result.alternative is not None:
            offered += 1
            assert result.best is result
            assert other.valid
            assert other.chi2 - 2 * other.ndof <= (result.chi2 or 0.0) - 2 * result.ndof
    assert offered


def test_a_term_that_is_needed_is_not_offered_away() -> None:
    result = fit(relaxing(1), "exponential + constant")
    assert result.valid
    assert result.alternative is None


def test_several_that_cannot_be_told_apart_are_named() -> None:
    rng = np.random.default_rng(2)
    t = 0.02 * (np.arange(300) + 0.5)
    data = asymmetry(t, 0.2 + 0.01 * rng.standard_normal(300), np.full(300, 0.01))
    result = fit(data, "constant + constant + constant")
    assert not result.valid
    assert result.reason.startswith("A_bg, A_bg2 and A_bg3 cannot be told apart")
    assert result.best.valid  # the alternative of the alternative
    assert result.best.n_free == 1
