"""What a joint fit may be told: groups, ties with metadata, extra parameters, knowledge, limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from joint_data import (
    COMMON,
    PAPER,
    SHARED,
    TEMPERATURES,
    chi2_derivatives,
    scan,
    starts,
    thrown_run,
    truth,
)
from throw import BETA, NU_0, T_N

import musrcu as mu
from musrcu.containers.asymmetry import Asymmetry
from musrcu.errors import FitError, ModelError

GAMMA = 0.01355388094  # MHz/G, CODATA 2022
ORDER = "nu0*(1 - (temperature/T_N)**3)**beta"


def in_fields(fields: list[float | None], shift: float = 0.0) -> list[Asymmetry]:
    """Runs whose line follows the applied field."""
    found = []
    for k, field in enumerate(fields):
        p = COMMON | {"lambda1": 0.9, "lambda2": 0.4, "nu2": GAMMA * (field or 50.0) * (1 + shift)}
        found.append(thrown_run(p, 10 + k, 50 + k, field=field, n_bins=400, width=0.02))
    return found


def test_groups_of_equal_field() -> None:
    data = in_fields([100.0, 200.0, 100.2, 200.0])
    found = mu.joint_fit(data, PAPER, local=("lambda1", "lambda2"), by={"nu2": "field"})
    assert found.valid, found.reason
    assert [name for name in found.names if "nu2" in name] == [
        "nu2[field=100 G]",
        "nu2[field=200 G]",
    ]
    for name, field in (("nu2[field=100 G]", 100.0), ("nu2[field=200 G]", 200.0)):
        one = found[name]
        assert one.value == pytest.approx(GAMMA * field, abs=4 * (one.error or 0))
    assert found.runs[0]["nu2"].value == found.runs[2]["nu2"].value == found.values[-2]
    covariance = found.runs[0].covariance
    assert covariance is not None
    place = found.runs[0].names.index("nu2")
    assert np.sqrt(covariance[place, place]) == pytest.approx(found.errors[-2])


def test_groups_by_a_function_and_by_run() -> None:
    data = scan(2)[:4]
    odd = mu.joint_fit(data, PAPER, shared=SHARED, by={"lambda1": lambda run: run.number % 2})
    assert odd.names[4:] == ("lambda1[<lambda>=0]", "lambda1[<lambda>=1]")
    with pytest.raises(FitError, match="SIM 100: the file names no field"):
        mu.joint_fit(data, PAPER, shared=SHARED, by={"nu2": "field"})
    with pytest.raises(FitError, match="a run has no such thing"):
        mu.joint_fit(data, PAPER, shared=SHARED, by={"nu2": "weather"})


def test_frequency_of_the_applied_field_and_a_shift() -> None:
    data = in_fields([100.0, 150.0, 200.0, 250.0], shift=0.004)
    words: dict[str, Any] = {"shared": ("A1", "lambda1", "A2", "lambda2", "phi2", "A_bg")}
    found = mu.joint_fit(
        data, PAPER, ties={"nu2": "gamma_mu*field*(1 + K)"}, extra={"K": 0.0}, **words
    )
    assert found.valid, found.reason
    shift = found["K"]
    assert shift.value == pytest.approx(0.004, abs=4 * (shift.error or 0))
    assert found.local_names == ()
    for run, field in zip(found.runs, (100.0, 150.0, 200.0, 250.0), strict=True):
        assert run["nu2"].value == pytest.approx(GAMMA * field * (1 + (shift.value or 0)))
        assert run["nu2"].error == pytest.approx(GAMMA * field * (shift.error or 0))
        assert run["nu2"].tie == "gamma_mu*field*(1 + K)"


def test_order_parameter_in_one_fit() -> None:
    """The tied fit has the chi-square and the errors of the same problem written out in NumPy."""
    data = scan(3, 5e6)
    found = mu.joint_fit(
        data, PAPER, local=("lambda1", "lambda2"), ties={"nu2": ORDER},
        extra={"nu0": 1.6, "T_N": 0.106, "beta": 0.2},
    )  # fmt: skip
    assert found.valid, found.reason
    for name, true in (("nu0", NU_0), ("T_N", T_N), ("beta", BETA)):
        assert found[name].value == pytest.approx(true, abs=4 * (found[name].error or 0))
    n = 4 + 3 + 2 * len(data)
    x = np.concatenate([found.values, *([run["lambda1"].value, run["lambda2"].value]
                                        for run in found.runs)])  # fmt: skip

    def gradient(x: np.ndarray) -> np.ndarray:
        total = np.zeros(n)
        for k, (one, T) in enumerate(zip(data, TEMPERATURES, strict=True)):
            nu0, t_n, beta = x[4:7]
            u = 1 - (T / t_n) ** 3
            p = dict(zip(SHARED, x[:4], strict=True))
            p |= {"lambda1": x[7 + 2 * k], "lambda2": x[8 + 2 * k], "nu2": nu0 * u**beta}
            g = chi2_derivatives(one, p)[1]
            total[:4] += g[:4]
            total[7 + 2 * k : 9 + 2 * k] += g[4:6]
            by = (
                u**beta,
                nu0 * beta * u ** (beta - 1) * 3 * T**3 / t_n**4,
                nu0 * u**beta * np.log(u),
            )
            total[4:7] += g[6] * np.array(by)
        return total

    names = tuple(found.names)
    assert names == (*SHARED, "nu0", "T_N", "beta")
    step = 1e-4 * np.array([*found.errors, *np.array([found.local(v)[1] for v in
                            ("lambda1", "lambda2")]).T.ravel()])  # fmt: skip
    hessian = np.array(
        [
            (8 * (gradient(x + d) - gradient(x - d)) - gradient(x + 2 * d) + gradient(x - 2 * d))
            / (12 * d.max())
            for d in np.diag(step)
        ]
    )
    expected = np.linalg.inv((hessian + hessian.T) / 4)
    scale = np.sqrt(np.diag(expected))
    covariance = found.covariance()[1]
    assert np.abs((covariance - expected) / np.outer(scale, scale)).max() < 1e-5


@pytest.mark.parametrize("far", [(1.0, 0.2, 0.5), (3.0, 0.1001, 0.1)])
def test_extra_parameters_may_begin_far_off(far: tuple[float, float, float]) -> None:
    data = scan(3, 5e6)
    words: dict[str, Any] = {"local": ("lambda1", "lambda2"), "ties": {"nu2": ORDER}}
    names = ("nu0", "T_N", "beta")
    start = {name: value for name, value in starts().items() if name != "nu2"}
    near = mu.joint_fit(
        data, PAPER, start=start, extra={"nu0": 1.6, "T_N": 0.106, "beta": 0.2}, **words
    )
    found = mu.joint_fit(data, PAPER, extra=dict(zip(names, far, strict=True)), **words)
    assert found.valid, found.reason
    assert found.chi2 == pytest.approx(near.chi2, abs=1e-6)


def test_a_shift_of_many_widths_of_the_line_is_found() -> None:
    data = in_fields([500.0, 1000.0, 1500.0], shift=0.05)
    found = mu.joint_fit(
        data, PAPER, shared=("A1", "lambda1", "A2", "lambda2", "phi2", "A_bg"),
        ties={"nu2": "gamma_mu*field*(1 + K)"}, extra={"K": 0.0},
    )  # fmt: skip
    assert found.valid, found.reason
    assert found["K"].value == pytest.approx(0.05, abs=4 * (found["K"].error or 0))


def test_a_power_of_a_negative_base_is_no_number_and_no_end() -> None:
    """T_N that begins below a run, or is pushed there, has no frequency: steps are rejected."""
    data = scan(3, 5e6)
    words: dict[str, Any] = {"local": ("lambda1", "lambda2"), "ties": {"nu2": ORDER}}
    found = mu.joint_fit(data, PAPER, extra={"nu0": 1.6, "T_N": 0.1001, "beta": 0.3}, **words)
    assert found.valid, found.reason
    assert found["T_N"].value == pytest.approx(T_N, abs=4 * (found["T_N"].error or 0))
    beyond = mu.joint_fit(data, PAPER, extra={"nu0": 1.6, "T_N": 0.05, "beta": 0.3}, **words)
    assert not beyond.valid
    assert "no number" in beyond.reason
    beyond.to_dict()


def test_fixed_for_each_run() -> None:
    data = in_fields([100.0, 200.0])
    nu = [GAMMA * 100.0, GAMMA * 200.0]
    for fixed in (nu, {10: nu[0], 11: nu[1]}, tuple(nu)):
        found = mu.joint_fit(data, PAPER, local=("lambda1", "lambda2"), fixed={"nu2": fixed})
        assert found.valid, found.reason
        assert [run["nu2"].value for run in found.runs] == nu
        assert all(run["nu2"].fixed for run in found.runs)


def test_a_constraint_of_a_shared_parameter_counts_once() -> None:
    data = scan(4)
    free = mu.joint_fit(data, PAPER, shared=SHARED)
    value, error = free["A_bg"].value, free["A_bg"].error
    assert value is not None
    assert error is not None
    known = (value + error, error)
    found = mu.joint_fit(data, PAPER, shared=SHARED, constraints={"A_bg": known})
    # two measurements of the same error: their mean, and an error smaller by the root of two
    assert found["A_bg"].value == pytest.approx(value + error / 2, abs=0.01 * error)
    assert found["A_bg"].error == pytest.approx(error / np.sqrt(2), rel=0.01)
    assert found["A_bg"].constraint == known
    assert found.ndof == free.ndof + 1
    assert found.known_chi2 == pytest.approx(0.25, abs=0.01)
    each = sum(run.chi2 or 0.0 for run in found.runs)
    assert found.chi2 == pytest.approx(each + found.known_chi2)
    local = mu.joint_fit(data, PAPER, shared=SHARED, constraints={"lambda1": (0.9, 0.05)})
    assert local.ndof == free.ndof + 6


def test_alpha_of_one_calibration_is_one_parameter() -> None:
    data = []
    for k, T in enumerate(TEMPERATURES[:4]):
        one = thrown_run(truth(T), 100 + k, 20 + k, 1e7, n_bins=300, width=0.03)
        data.append(one.replace(alpha_error=0.002))
    found = mu.joint_fit(data, PAPER, shared=SHARED)
    assert found.valid, found.reason
    assert "alpha" in found.names
    assert found["alpha"].constraint == (1.0, 0.002)
    assert any("known to all runs from one source" in note for note in found.notes)
    assert found.ndof == 4 * 300 + 1 - 5 - 12
    # a shift of alpha moves A_bg by half of it: the error is common and does not average out
    assert found["A_bg"].error == pytest.approx(0.001, rel=0.2)
    other = [one.replace(alpha_error=0.002 + 0.001 * k) for k, one in enumerate(data)]
    apart = mu.joint_fit(other, PAPER, shared=SHARED)
    assert "alpha" not in apart.names
    assert (apart["A_bg"].error or 1) < 0.001
    with pytest.raises(FitError, match="alpha is shared, but known as"):
        mu.joint_fit(other, PAPER, shared=(*SHARED, "alpha"))


def test_limits_hold_shared_and_local_parameters() -> None:
    data = scan(5)
    found = mu.joint_fit(data, PAPER, shared=SHARED, limits={"A_bg": (0.115, 0.2)})
    assert found.valid, found.reason
    assert found["A_bg"].value == 0.115
    assert found["A_bg"].at_limit
    assert found["A_bg"].error is None
    assert "A_bg is at its limit, held there" in found.notes
    fixed = mu.joint_fit(data, PAPER, shared=("A1", "A2", "phi2"), fixed={"A_bg": 0.115})
    assert found.chi2 == pytest.approx(fixed.chi2, abs=1e-4)
    assert found.errors[:3] == pytest.approx(fixed.errors, rel=1e-5)
    rates = mu.joint_fit(data, PAPER, shared=SHARED, limits={"lambda2": (0.45, 5.0)})
    low = [run["lambda2"] for run in rates.runs if run["lambda2"].at_limit]
    assert [one.value for one in low] == [0.45] * len(low)
    assert 3 <= len(low) <= 5
    assert sum("lambda2 is at its limit" in note for note in rates.notes) == len(low)


def test_parameters_that_cannot_be_told_apart_are_named() -> None:
    data = scan(6)
    twice = mu.joint_fit(data, PAPER + " + constant", shared=("A1", "A2", "phi2", "A_bg"))
    assert not twice.valid
    assert "A_bg" in twice.reason
    assert "A_bg2" in twice.reason
    assert "cannot be told apart" in twice.reason
    local = mu.joint_fit(data, "exponential + constant + constant", shared=("A1",))
    assert not local.valid
    assert "A_bg and A_bg2" in local.reason
    assert "SIM 100" in local.reason
    for one in (twice, local):
        one.to_dict()
        assert one.summary()
        assert not any(run.valid for run in one.runs)


@pytest.mark.parametrize(
    ("words", "error", "text"),
    [
        ({}, FitError, "nothing is shared"),
        ({"shared": ("A9",)}, ModelError, "no parameter 'A9'"),
        ({"shared": ("A1",), "local": ("A2",)}, FitError, "not both"),
        ({"shared": ("A1",), "by": {"A1": "run"}}, FitError, "shared by all and by 'run'"),
        ({"shared": ("A1", "A1")}, FitError, "twice"),
        ({"shared": ("A1",), "fixed": {"A1": 0.1}}, FitError, "A1 is fixed"),
        ({"shared": ("A1",), "fixed": {"nu2": [1.0]}}, FitError, "1 values for 6 runs"),
        ({"shared": ("A1",), "fixed": {"nu2": {99: 1.0}}}, FitError, "no run 99"),
        ({"shared": ("A1",), "start": {"A1": [0.1] * 5 + [0.2]}}, FitError, "differs"),
        ({"shared": ("A1",), "ties": {"nu2": "K*field"}}, FitError, "the tie nu2"),
        ({"shared": ("A1",), "ties": {"nu2": "K*temperature"}}, FitError, "declare it with extra"),
        ({"shared": ("A1",), "extra": {"K": 0.0}}, FitError, "in no tie"),
        ({"shared": ("A1",), "ties": {"nu2": "K"}, "extra": {"K": "x"}}, FitError, "start value"),
        (
            {"shared": ("A1",), "ties": {"nu2": "lambda1"}, "extra": {"lambda1": 0.0}},
            FitError,
            "name of one of the model",
        ),
        ({"shared": ("A1",), "minos": ("nu2",)}, FitError, "nu2 is not shared"),
        ({"shared": ("A1", "alpha")}, FitError, "alpha is free"),
    ],
)
def test_words_that_make_no_sense(words: dict[str, Any], error: type, text: str) -> None:
    with pytest.raises(error, match=text):
        mu.joint_fit(scan(1), PAPER, **words)


def test_no_data() -> None:
    with pytest.raises(FitError, match="no data"):
        mu.joint_fit([], PAPER, shared=("A1",))


def test_a_single_fit_knows_the_field_too() -> None:
    data = in_fields([100.0])[0]
    found = mu.fit(data, PAPER, ties={"nu2": "gamma_mu*field"})
    assert found.valid, found.reason
    assert found["nu2"].value == pytest.approx(GAMMA * 100.0)
    assert found["nu2"].error is None
    with pytest.raises(FitError, match="needs the field, which the file does not name"):
        mu.fit(in_fields([None])[0], PAPER, ties={"nu2": "gamma_mu*field"})
