"""What a joint fit refuses, and what it says of data and parameters that belong together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from asymmetries import RUN, asymmetry

import musrcu as mu
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.history import History, Step
from musrcu.errors import FitError, ModelError
from musrcu.models import registry

MODEL = "damped_cosine + constant"


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Functions that a test declares are gone after it."""
    registry.components()
    monkeypatch.setattr(registry, "_components", dict(registry._components))
    yield


def relaxing(n: int = 3) -> list[Asymmetry]:
    """Runs that relax at about 0.5 per us, thrown with Gaussian errors."""
    found = []
    for k in range(n):
        rng = np.random.default_rng(k)
        time = (np.arange(300) + 0.5) * 0.03
        error = 0.004 * np.exp(time / 4.394)
        value = 0.1 * np.exp(-(0.5 + 0.02 * k) * time) + 0.05 + error * rng.normal(size=300)
        found.append(asymmetry(time, value, error, run=RUN.replace(number=k + 1)))
    return found


def turning(n: int = 4, **about: Any) -> list[Asymmetry]:
    """Runs of one line at 1.5 MHz above a constant; two runs in each field."""
    found = []
    for k in range(n):
        rng = np.random.default_rng(10 + k)
        time = (np.arange(300) + 0.5) * 0.03
        error = 0.004 * np.exp(time / 4.394)
        value = 0.1 * np.exp(-0.3 * time) * np.cos(2 * np.pi * 1.5 * time) + 0.05
        run = RUN.replace(number=k + 1, field=100.0 * (k // 2 + 1))
        found.append(
            asymmetry(time, value + error * rng.normal(size=300), error, run=run).replace(**about)
        )
    return found


# --- functions of users


def test_wrong_derivatives_where_the_fit_ends_are_refused_as_in_a_single_fit() -> None:
    @mu.component(derivatives=lambda t, v, k: [-t * v if k > 0.8 else -1.2 * t * v])
    def half_wrong(t, k=1.0):  # type: ignore[no-untyped-def]
        return np.exp(-k * t)

    data = relaxing()
    with pytest.raises(ModelError, match="derivatives= of half_wrong disagree"):
        mu.fit(data[0], "half_wrong + constant")
    with pytest.raises(ModelError, match="derivatives= of half_wrong disagree"):
        mu.joint_fit(data, "half_wrong + constant", shared=("A1",))


# --- alpha beside a constant


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_free_alpha_beside_a_constant_is_refused_in_any_run(order: tuple[int, int]) -> None:
    pair = [counts(1).replace(alpha=1.2), counts(2)]
    with pytest.raises(FitError, match="alpha is free"):
        mu.joint_fit([pair[k] for k in order], MODEL, shared=("A1", "phi1"))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_constant_shared_with_a_run_of_known_alpha_measures_alpha(
    order: tuple[int, int],
) -> None:
    pair = [counts(1).replace(alpha=1.2), counts(2)]
    found = mu.joint_fit([pair[k] for k in order], MODEL, shared=("A1", "phi1", "A_bg"))
    assert found.valid, found.reason
    alpha = next(run["alpha"] for run in found.runs if not run["alpha"].fixed)
    assert alpha.value == pytest.approx(1.2, abs=5 * (alpha.error or 0))
    assert 0 < (alpha.error or 0) < 0.05


def counts(number: int, seed: int = 0, n0: float = 500.0) -> Any:
    """Counts of a pair with alpha = 1.2, detector_beta = 1 and a constant of 0.05."""
    width, tau = 0.03, 2.1969811
    time = (np.arange(300) + 0.5) * width
    a = 0.2 * np.exp(-0.3 * time) * np.cos(2 * np.pi * 1.5 * time) + 0.05
    decay = np.exp(-time / tau)
    mean = np.array(
        [n0 * np.sqrt(1.2) * decay * (1 + a) + 3, n0 / np.sqrt(1.2) * decay * (1 - a) + 4]
    )
    thrown = np.random.default_rng(100 * seed + number).poisson(mean).astype(float)
    return Counts(
        time=time, values=thrown, variance=thrown, bin_width=width, packing=1, first_good=0,
        last_good=299, detectors=((1,), (2,)), run=RUN.replace(number=number), history=History(),
    )  # fmt: skip


# --- names: of groups, of runs of another kind

GROUPED: dict[str, Any] = {"shared": ("A1", "A_bg", "phi1", "nu1"), "by": {"lambda1": "field"}}
FIRST, LAST = "lambda1[field=100 G]", "lambda1[field=200 G]"


@pytest.mark.parametrize("label", ["lambda1[field=100G]", "zz[0]", "A1[field=100 G]"])
@pytest.mark.parametrize(
    ("word", "value"),
    [("limits", (0.5, 1.0)), ("start", 0.5), ("fixed", 0.5), ("constraints", (0.3, 0.1))],
)
def test_a_label_of_no_group_is_refused_with_those_there_are(
    word: str, value: Any, label: str
) -> None:
    with pytest.raises(FitError) as caught:
        mu.joint_fit(turning(), MODEL, **GROUPED, **{word: {label: value}})
    assert label in str(caught.value)
    assert FIRST in str(caught.value)
    assert LAST in str(caught.value)


def test_a_group_can_be_limited_held_and_constrained() -> None:
    data = turning()
    free = mu.joint_fit(data, MODEL, **GROUPED)
    limited = mu.joint_fit(data, MODEL, **GROUPED, limits={FIRST: (0.5, 1.0)})
    assert limited[FIRST].value == 0.5
    assert limited[FIRST].at_limit
    held = mu.joint_fit(data, MODEL, **GROUPED, fixed={FIRST: 0.5})
    assert held.valid, held.reason
    assert held[FIRST].fixed
    assert held[FIRST].error is None
    assert (held[FIRST].value, held.runs[1]["lambda1"].value) == (0.5, 0.5)
    assert held.runs[1]["lambda1"].fixed
    assert held.ndof == free.ndof + 1
    assert held.chi2 == pytest.approx(limited.chi2, abs=1e-6)
    assert held[LAST].value == pytest.approx(limited[LAST].value, rel=1e-5)
    value, error = free[FIRST].value, free[FIRST].error
    assert value is not None
    assert error is not None
    known = mu.joint_fit(data, MODEL, **GROUPED, constraints={FIRST: (value + error, error)})
    # two measurements of the same error: their mean, counted once
    assert known[FIRST].value == pytest.approx(value + error / 2, abs=0.05 * error)
    assert known[FIRST].error == pytest.approx(error / np.sqrt(2), rel=0.02)
    assert known[FIRST].constraint == (value + error, error)
    assert known.ndof == free.ndof + 1


def test_a_tie_of_one_group_is_refused() -> None:
    with pytest.raises(FitError, match="a tie is for all runs"):
        mu.joint_fit(turning(), MODEL, **GROUPED, ties={FIRST: "0.5*nu1"})


def test_a_constraint_of_a_tied_parameter_is_refused_as_in_a_single_fit() -> None:
    words: dict[str, Any] = {"ties": {"nu1": "1.0*lambda1"}, "constraints": {"nu1": (1.5, 0.01)}}
    with pytest.raises(FitError, match="nu1 is constrained and fixed or tied; choose one"):
        mu.fit(turning(1)[0], MODEL, **words)
    words = {"ties": {"nu1": "nu0"}, "extra": {"nu0": 1.5}, "shared": ("A1", "A_bg")}
    with pytest.raises(FitError, match="nu1 is constrained and fixed or tied; choose one"):
        mu.joint_fit(turning(), MODEL, constraints={"nu1": (1.5, 0.01)}, **words)
    found = mu.joint_fit(turning(), MODEL, constraints={"nu0": (1.5, 0.01)}, **words)
    assert found["nu0"].constraint == (1.5, 0.01)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_names_that_only_some_runs_have(order: tuple[int, ...]) -> None:
    """Two counts and an asymmetry: N0 is one of the counts alone, whichever comes first."""
    kinds = [turning(1)[0], counts(7).replace(alpha=1.2), counts(8).replace(alpha=1.2)]
    data = [kinds[k] for k in order]
    shared = ("lambda1", "nu1", "phi1")
    begun = mu.joint_fit(data, MODEL, shared=shared, start={"N0": 480.0}, fixed={"b_F": 3.0})
    assert begun.valid, begun.reason
    assert [("N0" in run.names) for run in begun.runs] == [k > 0 for k in order]
    assert all(run["b_F"].fixed for run in begun.runs if "b_F" in run.names)
    common = mu.joint_fit(data, MODEL, shared=(*shared, "N0"))
    assert common.valid, common.reason
    assert common["N0"].value == pytest.approx(500, abs=5 * (common["N0"].error or 0))
    with pytest.raises(ModelError, match="no parameter 'N9'"):
        mu.joint_fit(data, MODEL, shared=shared, start={"N9": 480.0})


# --- what runs know from one source


def test_each_of_two_calibrations_is_one_source() -> None:
    """Runs 1, 2 and 3, 4 share their alpha each; detector_beta, unknown within 5 %, is one."""
    alphas = (1.2, 1.2, 1.21, 1.21)
    data = [counts(k + 1).replace(alpha=a, alpha_error=0.01) for k, a in enumerate(alphas)]
    shared = ("A1", "phi1", "A_bg", "lambda1", "nu1")
    found = mu.joint_fit(data, MODEL, shared=shared)
    assert found.valid, found.reason
    one, two = "alpha[known 1.20(1)]", "alpha[known 1.21(1)]"
    assert set(found.names) - set(shared) == {one, two, "detector_beta"}
    assert found.runs[0]["alpha"].value == found.runs[1]["alpha"].value == found[one].value
    assert found.runs[2]["alpha"].value == found.runs[3]["alpha"].value == found[two].value
    assert found[one].constraint == (1.2, pytest.approx(0.01))
    # bins and three pieces of knowledge; five shared, three known, N0 and two backgrounds each
    assert found.ndof == 4 * 600 + 3 - (5 + 3 + 4 * 3)
    sentence = "known to SIM 1 and SIM 2 from one source: shared, constrained once"
    assert any(sentence in note for note in found.notes)
    assert any("detector_beta = 1.00(5) is known to all runs" in note for note in found.notes)


def test_alpha_of_one_calibration_is_one_source_for_counts_and_asymmetries() -> None:
    pair = counts(1).replace(alpha=1.2, alpha_error=0.01)
    formed = turning(2, alpha=1.2, alpha_error=0.01)
    shared = ("phi1", "nu1", "lambda1")
    for data in ([pair, *formed], [*formed, pair]):
        found = mu.joint_fit(data, MODEL, shared=shared)
        assert found.valid, found.reason
        assert set(found.names) - set(shared) == {"alpha"}
        assert found.ndof == 600 + 2 * 300 + 2 - (3 + 1 + (2 + 4) + 2 * 2)
        assert len([note for note in found.notes if "one source" in note]) == 1


def test_correlated_knowledge_of_counts_and_alpha_alone_is_one_source() -> None:
    both = {"alpha": 1.2, "alpha_error": 0.01, "detector_beta": 1.0, "detector_beta_error": 0.02}
    pairs = [counts(k).replace(**both, balance_correlation=0.5) for k in (1, 2)]
    formed = turning(1, alpha=1.2, alpha_error=0.01)
    for data in ([*pairs, *formed], [*formed, *pairs]):
        found = mu.joint_fit(data, MODEL, shared=("phi1", "nu1", "lambda1"))
        assert found.valid, found.reason
        assert {"alpha", "detector_beta"} < set(found.names)
        assert found["alpha"].constraint == (1.2, pytest.approx(0.01))
        # two pieces of knowledge in all
        assert found.ndof == 2 * 600 + 300 + 2 - (3 + 2 + 2 * 5 + 2)


def test_detectors_of_two_instruments_are_two_sources() -> None:
    one = counts(1).replace(alpha=1.2)
    other = counts(2).replace(alpha=1.3)
    other = other.replace(run=other.run.replace(instrument="OTHER"))
    found = mu.joint_fit([one, other], MODEL, shared=("phi1", "nu1", "lambda1"))
    assert "detector_beta" not in found.names


# --- runs that hold too little, parameters that cannot be told apart, groups of nothing


def test_runs_without_bins_have_a_result_that_says_so() -> None:
    shared = ("A1", "A_bg", "nu1", "phi1", "lambda1")
    out = mu.joint_fit(turning(), MODEL, shared=shared, t_range=(50, 60))
    assert (out.valid, out.chi2) == (False, None)
    assert out.reason.startswith("SIM 1: 0 bins (the asymmetry has 300, 0.015 to 8.98 us); so")
    assert out.summary()
    pairs = [counts(k).replace(alpha=1.2) for k in (1, 2)]
    assert mu.joint_fit(pairs, MODEL, shared=("A1",), t_range=(50, 60)).reason.startswith("SIM 1")
    data = turning(3)
    data[1] = data[1].replace(value=np.full(300, np.nan))
    for words in ({"shared": shared}, {"shared": ("A1",)}):
        one = mu.joint_fit(data, MODEL, **words)
        assert not one.valid
        assert one.reason == "SIM 2: 0 bins (the asymmetry has 300, 0.015 to 8.98 us)"
    begun = {"A1": 0.1, "lambda1": 0.3, "nu1": 1.5, "phi1": 0.0, "A_bg": 0.05}
    assert not mu.joint_fit(data, MODEL, shared=("A1",), start=begun).valid
    data[1] = turning(3)[1]
    data[1] = data[1].replace(value=np.where(np.arange(300) < 2, data[1].value, np.nan))
    few = mu.joint_fit(data, MODEL, shared=("A1", "A_bg"))
    assert not few.valid
    assert few.reason.startswith("SIM 2: 2 bins for 3 parameters of its own")
    assert mu.joint_fit(data, MODEL, shared=shared).valid


@pytest.mark.parametrize("n", [2, 4])
@pytest.mark.parametrize(
    ("tie", "names"),
    [
        ("1.5*(1 + K + J)", ("K", "J")),
        ("1.5*(1 + K*J)", ("K", "J")),
        ("1.5*exp(K)*exp(J)", ("K", "J")),
        ("J*(1 + K)", ("K", "J")),
    ],
)
def test_extra_parameters_that_a_tie_does_not_tell_apart(
    n: int, tie: str, names: tuple[str, ...]
) -> None:
    for shared in (("A1",), ("A1", "A_bg", "lambda1", "phi1")):
        found = mu.joint_fit(
            turning(n), MODEL, shared=shared, ties={"nu1": tie}, extra=dict.fromkeys(names, 0.0)
        )
        assert not found.valid
        assert "singular" in found.reason
        for name in names:
            assert name in found.reason
        assert found[names[0]].error is None


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("counts", "SIM 1: 'counts' is an array"),
        ("t0", "SIM 1: 't0' is an array"),
        (lambda run: np.ones(3), "makes of it is an array"),
        (lambda run: [1], "makes of it is a list"),
        (lambda run: run, "makes of it is a Run"),
        (lambda run: float("nan"), "is NaN"),
        (5, "by 5: give the name"),
        (None, "by None: give the name"),
    ],
)
def test_groups_by_what_cannot_be_compared_are_refused(key: Any, text: str) -> None:
    with pytest.raises(FitError, match=text):
        mu.joint_fit(turning(), MODEL, shared=("A1", "A_bg"), by={"lambda1": key})


def test_groups_by_numbers_of_numpy_and_by_nothing() -> None:
    shared = ("A1", "A_bg", "phi1", "nu1")
    found = mu.joint_fit(
        turning(), MODEL, shared=shared, by={"lambda1": lambda run: np.float64(run.field)}
    )
    assert [name for name in found.names if "[" in name] == [
        "lambda1[<lambda>=100]",
        "lambda1[<lambda>=200]",
    ]
    one = mu.joint_fit(turning(), MODEL, shared=shared, by={"lambda1": lambda run: None})
    assert one.names[-1] == "lambda1[<lambda>=None]"


# --- counts that are given twice


def noted_twice(data: list[Any]) -> list[str]:
    found = mu.joint_fit(data, MODEL, shared=("A1", "A_bg", "phi1", "lambda1", "nu1"))
    assert found.valid, found.reason
    return [note for note in found.notes if "count twice" in note]


def test_a_run_that_is_given_twice_is_noted() -> None:
    one = turning(1)[0]
    assert noted_twice([one, one]) == [
        "SIM 1 is given twice: they count twice, and errors are too small by up to the root of 2; "
        "give each run once"
    ]
    pair = counts(1).replace(alpha=1.2)
    assert noted_twice([pair, pair])
    # the same run in other bins
    assert noted_twice([one, one.replace(packing=2, history=RUN.history)])
    assert not noted_twice(turning(2))


def test_other_periods_detectors_times_and_counts_of_a_run_are_not_the_same() -> None:
    pair = counts(1).replace(alpha=1.2)
    assert not noted_twice([pair, counts(1, seed=1).replace(alpha=1.2)])
    assert not noted_twice([pair, pair.replace(detectors=((3,), (4,)))])
    assert noted_twice([pair, pair.replace(detectors=((3,), (2,)))])
    periods = [
        pair.replace(history=pair.history.with_step(Step("select_periods", "", {"period": k})))
        for k in (1, 2)
    ]
    assert not noted_twice(periods)
    one = turning(1)[0]
    late = one.replace(run=one.run.replace(start="2026-01-02"))
    early = one.replace(run=one.run.replace(start="2026-01-01"))
    assert not noted_twice([early, late])


def test_detectors_that_the_history_names() -> None:
    """Detectors of an asymmetry are those that its history names."""

    def grouped(forward: str, backward: str) -> Asymmetry:
        step = Step("group", "", {"forward": forward, "backward": backward})
        return turning(1)[0].replace(history=History().with_step(step))

    assert not noted_twice([grouped("1-2,5", "3"), grouped("4", "6-8")])
    assert not noted_twice([grouped("1 Forw", "2 Back"), grouped("3 Up", "4 Down")])
    assert noted_twice([grouped("1-2,5", "3"), grouped("4-5", "6-8")])
