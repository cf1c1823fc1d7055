"""A joint fit against the same fit written out in NumPy and made by Minuit with a dense matrix."""

from __future__ import annotations

import json

import numpy as np
import pytest
from iminuit import Minuit
from joint_data import (
    LOCAL,
    PAPER,
    SHARED,
    TEMPERATURES,
    chi2_derivatives,
    dense_hessian,
    scan,
    starts,
    thrown_run,
    truth,
)

from musrcu.fitting.fit import fit
from musrcu.joint.joint_fit import joint_fit
from musrcu.joint.result import JointResult


@pytest.fixture(scope="module")
def result() -> JointResult:
    return joint_fit(scan(1), PAPER, shared=SHARED, minos=("phi2", "A_bg"))


def points(result: JointResult) -> list[dict[str, float]]:
    return [{name: float(run[name].value or 0.0) for name in run.names} for run in result.runs]


def dense_minuit() -> Minuit:
    data = scan(1)

    def named(x: np.ndarray, k: int) -> dict[str, float]:
        return dict(zip(SHARED + LOCAL, [*x[:4], *x[4 + 3 * k : 7 + 3 * k]], strict=True))

    def chi2(x: np.ndarray) -> float:
        return sum(chi2_derivatives(one, named(x, k))[0] for k, one in enumerate(data))

    def grad(x: np.ndarray) -> np.ndarray:
        found = np.zeros(x.size)
        for k, one in enumerate(data):
            places = np.r_[0:4, 4 + 3 * k : 7 + 3 * k]
            found[places] += chi2_derivatives(one, named(x, k))[1]
        return found

    begin = starts()
    x = [begin[name] for name in SHARED]
    x += [begin[name][k] for k in range(len(data)) for name in LOCAL]
    minuit = Minuit(chi2, np.array(x), grad=grad)
    minuit.errordef = 1
    minuit.strategy = 2
    return minuit.migrad()


def test_reaches_the_minimum_of_a_dense_fit(result: JointResult) -> None:
    minuit = dense_minuit()
    assert result.valid, result.reason
    assert result.chi2 == pytest.approx(minuit.fval, abs=1e-4)
    dense = np.array(minuit.values)
    ours = [*result.values, *np.array([result.local(n)[0] for n in LOCAL]).T.ravel()]
    errors = [*result.errors, *np.array([result.local(n)[1] for n in LOCAL]).T.ravel()]
    assert np.abs((dense - ours) / errors).max() < 0.01
    minuit.minos("x2", "x3")
    for name, place in (("phi2", "x2"), ("A_bg", "x3")):
        ends = result[name].minos
        assert ends is not None
        found, k = minuit.merrors[place], int(place[1])
        theirs = dense[k] + np.array([found.lower, found.upper])
        assert np.abs(result.values[k] + np.array(ends) - theirs).max() < 1e-3 * errors[k]


def test_covariance_is_the_inverse_of_the_dense_hessian(result: JointResult) -> None:
    expected = np.linalg.inv(dense_hessian(scan(1), points(result)) / 2)
    names, covariance = result.covariance()
    scale = np.sqrt(np.diag(expected))
    assert np.abs((covariance - expected) / np.outer(scale, scale)).max() < 1e-8
    assert names[:5] == (*SHARED, "lambda1[run 100]")
    for k, run in enumerate(result.runs):
        order = [run.names.index(name) for name in SHARED + LOCAL]
        places = np.r_[0:4, 4 + 3 * k : 7 + 3 * k]
        assert run.covariance is not None
        of_run = run.covariance[np.ix_(order, order)]
        difference = (of_run - expected[np.ix_(places, places)]) / np.outer(scale, scale)[
            np.ix_(places, places)
        ]
        assert np.abs(difference).max() < 1e-8


def test_chi_square_is_that_of_its_runs(result: JointResult) -> None:
    data = scan(1)
    each = [chi2_derivatives(one, p)[0] for one, p in zip(data, points(result), strict=True)]
    assert [run.chi2 for run in result.runs] == pytest.approx(each, rel=1e-10)
    assert result.chi2 == pytest.approx(sum(each), rel=1e-12)
    assert result.ndof == 6 * 300 - 4 - 18
    assert [run.ndof for run in result.runs] == [297] * 6
    assert result.n_free == 22
    assert [run.n_bins for run in result.runs] == [300] * 6


def test_text_names_what_is_shared_and_has_a_line_for_each_run(result: JointResult) -> None:
    text = result.summary()
    assert "joint fit of 6 runs" in text
    for run in result.runs:
        assert f"{run.name} " in result.table()
    for name in SHARED:
        assert f"  {name} " in text
    assert "nu2" in result.table().split("\n")[0]
    assert np.isfinite(result.curve(0, np.array([0.1, 1.0]))).all()


def test_saved_and_loaded(result: JointResult) -> None:
    text = json.dumps(result.to_dict(), allow_nan=False)
    again = JointResult.from_dict(json.loads(text))
    assert json.dumps(again.to_dict(), allow_nan=False) == text
    assert again.covariance()[1] == pytest.approx(result.covariance()[1])


def test_same_digits_on_repetition(result: JointResult) -> None:
    again = joint_fit(scan(1), PAPER, shared=SHARED, minos=("phi2", "A_bg"))
    assert json.dumps(again.to_dict()) == json.dumps(result.to_dict())


def test_nothing_local_and_nothing_shared() -> None:
    p = truth(0.06)
    data = [thrown_run(p, k, k, n_bins=300, width=0.03) for k in range(3)]
    together = joint_fit(data, PAPER, local=())
    assert together.valid, together.reason
    assert together.local_names == ()
    assert together.ndof == 900 - 7
    alone = joint_fit(data, PAPER, local=(*SHARED, *LOCAL))
    assert alone.shared == {}
    assert alone.valid, alone.reason
    for one, run in zip(data, alone.runs, strict=True):
        single = fit(one, PAPER)
        assert run.chi2 == pytest.approx(single.chi2, abs=1e-4)
        assert run.errors == pytest.approx(single.errors, rel=1e-3)


def test_runs_of_different_lengths() -> None:
    data = [
        thrown_run(truth(T), k, k, temperature=T, n_bins=200 + 50 * k, width=0.03)
        for k, T in enumerate(TEMPERATURES)
    ]
    found = joint_fit(data, PAPER, shared=SHARED)
    assert found.valid, found.reason
    assert [run.n_bins for run in found.runs] == [200, 250, 300, 350, 400, 450]


def test_an_amplitude_that_is_shared_turns_in_all_runs() -> None:
    begin = starts() | {"A2": -0.045, "phi2": 186.0}
    found = joint_fit(scan(1), PAPER, shared=SHARED, start=begin)
    usual = joint_fit(scan(1), PAPER, shared=SHARED, start=starts())
    assert found.values == pytest.approx(usual.values, abs=1e-5)
    assert found.covariance()[1] == pytest.approx(usual.covariance()[1], rel=1e-3, abs=1e-9)
    assert all((run["A2"].value or 0) > 0 for run in found.runs)


def test_a_shared_phase_keeps_the_sign_of_one_local_amplitude() -> None:
    data = scan(1)
    flipped = truth(0.06) | {"A2": -0.045}
    data[2] = thrown_run(flipped, 102, 7, temperature=0.06, n_bins=300, width=0.03)
    found = joint_fit(data, PAPER, shared=("A1", "phi2", "A_bg"))
    assert found.valid, found.reason
    signs = np.sign(found.local("A2")[0])
    assert np.abs(signs.sum()) == 4
    assert signs[2] == -signs[0]


def test_pulls_of_shared_and_local_parameters() -> None:
    pulls = []
    for seed in range(100, 160):
        found = joint_fit(scan(seed, 3e6), PAPER, shared=SHARED, start=starts())
        assert found.valid, found.reason
        expected = np.array([truth(0.02)[name] for name in SHARED])
        one = [(found.values - expected) / found.errors]
        for name in LOCAL:
            value, error = found.local(name)
            one.append((value - [truth(T)[name] for T in TEMPERATURES]) / error)
        pulls.append(np.concatenate(one))
    mean, width = np.mean(pulls, axis=0), np.std(pulls, axis=0, ddof=1)
    assert np.abs(mean).max() < 3.7 / np.sqrt(60), mean
    assert np.abs(width - 1).max() < 3.7 / np.sqrt(120), width
