"""Histograms of one run together: simulated by code that imports nothing of musrcu."""

from __future__ import annotations

import numpy as np
import pytest

import musrcu as mu
from musrcu.errors import FitError, ReductionError
from musrcu.fitting.freedom import settle
from musrcu.fitting.histogram_data import HistogramData

TAU = 2.1969811
DT = 0.016
PHASES = (10.0, 100.0, -170.0, -80.0, 35.0)
LEVELS = (900.0, 600.0, 40.0, 1200.0, 0.0)
"""Decays per bin at t = 0; the last detector is dead."""


def run_of(
    seed: int = 4, dead: float = 0.0, flat: float = 2.0, levels: tuple[float, ...] = LEVELS
) -> mu.Run:
    time = (np.arange(750) - 10.0) * DT
    line = np.exp(-0.25 * time) * np.cos(
        2 * np.pi * 1.355 * time + np.deg2rad(np.array(PHASES))[:, None]
    )
    n0 = np.array(levels)[:, None]
    mean = n0 * np.exp(-time / TAU) * (1 + 0.22 * line) * (time >= 0) + flat * (n0 > 0)
    mean = mean / (1 + mean * dead / (DT * 1000))
    counts = np.random.default_rng(seed).poisson(mean)
    return mu.Run(
        counts=counts[None], bin_width=DT, t0=np.full(5, 10.0),
        first_good=np.full(5, 12), last_good=np.full(5, 749),
        labels=("Up", "Left", "Down", "Right", "Spare"), source="continuous", number=9,
        instrument="SIM", field=100.0,
        dead_time=np.full((1, 5), dead) if dead else None,
        good_frames=np.array([1000]) if dead else None,
    )  # fmt: skip


def recipe(**more: object) -> mu.Reduction:
    return mu.Reduction(packing=1, background="fit", **more)  # type: ignore[arg-type]


def test_everything_but_phases_and_levels_is_shared() -> None:
    histograms = mu.reduce_histograms(run_of(), recipe())
    assert [one.label for one in histograms] == ["Up", "Left", "Down", "Right"]
    assert "left out: detector 5" in str(histograms[0].history)
    result = mu.joint_fit(histograms, "damped_cosine")
    assert result.valid, result.reason
    assert result.names == ("A1", "lambda1", "nu1")
    assert result.ndof == 4 * 738 - 3 - 12
    for name, truth in {"A1": 0.22, "lambda1": 0.25, "nu1": 1.355}.items():
        assert abs(result[name].value - truth) < 4 * result[name].error
    for name, truths in {"phi1": PHASES, "N0": LEVELS, "b": (2.0,) * 5}.items():
        values, errors = result.local(name)
        off = values - np.array(truths[:4])
        if name == "phi1":
            off = (off + 180) % 360 - 180
        assert (np.abs(off) < 4.5 * errors).all(), (name, values, errors)
    assert result.chi2 / result.ndof == pytest.approx(1, abs=0.12)
    # the table of phases, N0 and backgrounds
    assert "Right" in result.summary() and "per raw bin" in result.summary()


def test_a_joint_fit_is_the_sum_of_single_costs() -> None:
    """Its chi-square at its values, by each histogram alone; phases cost what they are worth."""
    histograms = mu.reduce_histograms(run_of(5), recipe())
    result = mu.joint_fit(histograms, "damped_cosine")
    total = 0.0
    for one, run in zip(histograms, result.runs, strict=True):
        data = HistogramData(one, None)
        seen, _ = data.seen("damped_cosine", set(), set())
        total += data.cost(settle(seen), [])(run.values)
    assert result.chi2 == pytest.approx(total, rel=1e-10)
    alone = [mu.fit(one, "damped_cosine") for one in histograms]
    apart = sum(one.chi2 for one in alone)
    assert apart < result.chi2 < apart + 9 + 6 * np.sqrt(18)
    nu = 1 / sum(1 / one["nu1"].error ** 2 for one in alone)
    assert result["nu1"].error == pytest.approx(np.sqrt(nu), rel=0.1)


def test_poor_histograms_bias_nothing() -> None:
    """Some 1000 counts in a detector: pulls of what is shared over 24 runs."""
    pulls = []
    for seed in range(24):
        few = run_of(seed, flat=0.02, levels=(15.0, 10.0, 12.0, 20.0, 9.0))
        histograms = mu.reduce_histograms(few, recipe())
        result = mu.joint_fit(histograms, "damped_cosine", fixed={"lambda1": 0.25})
        assert result.valid, result.reason
        truth = {"A1": 0.22, "nu1": 1.355}
        pulls.append([(result[n].value - v) / result[n].error for n, v in truth.items()])
    assert np.abs(np.mean(pulls, axis=0)).max() < 4 / np.sqrt(24)
    assert np.abs(np.std(pulls, axis=0) - 1).max() < 4 / np.sqrt(48)


def test_dead_time_is_in_the_model() -> None:
    run = run_of(7, dead=0.001)
    lost = mu.reduce_histograms(run, recipe())
    assert lost[0].losses is not None
    with_it = mu.joint_fit(lost, "damped_cosine")
    without = mu.joint_fit(mu.reduce_histograms(run, recipe(dead_time="none")), "damped_cosine")
    assert abs(with_it["A1"].value - 0.22) < 4 * with_it["A1"].error
    assert without.chi2 > with_it.chi2 + 50
    assert (np.abs(with_it.local("N0")[0] / np.array(LEVELS[:4]) - 1) < 0.1).all()


def test_terms_without_a_phase_are_local() -> None:
    histograms = mu.reduce_histograms(run_of(), recipe())
    result = mu.joint_fit(histograms, "exponential + damped_cosine", fixed={"lambda1": 1.0})
    assert {"A2", "lambda2", "nu2"} <= set(result.names)
    assert {"A1", "phi2", "N0", "b"} <= set(result.local_names)
    other = mu.joint_fit(histograms, "damped_cosine", local=["phi1", "A1"])
    assert {"A1", "phi1"} <= set(other.local_names)


def test_groups_and_refusals() -> None:
    run = run_of()
    pair = mu.reduce_histograms(run, recipe(), {"V": "1,3", "H": "Left,Right"})
    assert [(one.label, one.detectors) for one in pair] == [("V", (1, 3)), ("H", (2, 4))]
    assert pair[0].counts.sum() == run.counts[0, [0, 2], 12:].sum()
    some = mu.reduce_histograms(run, recipe(), "2,4")
    assert [one.detectors for one in some] == [(2,), (4,)]
    for groups, text in (
        ({"V": "1,3", "H": "3,4"}, "detector 3 is in V and in H"),
        ({}, "no groups are named"),
        ("5", "Spare .detector 5. has no counts"),
        ("6", "detector 6 does not exist"),
    ):
        with pytest.raises(ReductionError, match=text):
            mu.reduce_histograms(run, recipe(), groups)
    with pytest.raises(ReductionError, match="of forward and backward"):
        mu.reduce_histograms(run, mu.Reduction(background={"given": (1.0, 1.0)}))
    twice = [*some, *mu.reduce_histograms(run, recipe(), "4")]
    with pytest.raises(FitError, match="detector 4 is in Right and in Right"):
        mu.joint_fit(twice, "damped_cosine")
    with pytest.raises(FitError, match="nothing is shared"):
        mu.joint_fit([*some, *mu.reduce_histograms(run_of().replace(number=10))], "damped_cosine")


def test_alignment_and_good_bins_of_each() -> None:
    """A detector whose t0 lies elsewhere has times of its own."""
    run = run_of()
    moved = run.replace(t0=np.array([10.0, 10.5, 10.0, 12.0, 10.0]))
    histograms = mu.reduce_histograms(moved, recipe())
    assert [one.time[0] for one in histograms] == pytest.approx(
        [0.032, 0.024, 0.032, 0.0], abs=1e-9
    )
    packed = mu.reduce_histograms(run, mu.Reduction(packing=4, background="fit"))
    assert packed[0].counts.size == 738 // 4
    assert packed[0].counts[0] == run.counts[0, 0, 12:16].sum()
    found = mu.reduce_histograms(run)
    assert len({one.packing for one in found}) == 1
    assert found[0].background is None or found[0].background > 0


def test_default_packing_is_that_of_all_together(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(levels=(30.0, 30.0, 30.0, 30.0, 0.0), flat=0.1)
    alone = mu.reduce_histograms(run, groups="1")[0].packing
    together = {one.packing for one in mu.reduce_histograms(run)}
    assert len(together) == 1
    assert together.pop() <= alone / 3
    monkeypatch.setattr("musrcu.reduction.histograms.MOST_BINS", 300)
    few = mu.reduce_histograms(run_of())
    assert [one.packing for one in few] == [-(-4 * 738 // 300)] * 4
    assert "no more than 300 bins in all" in str(few[0].history)


def test_two_lines_close_together_are_found_in_all_histograms_at_once() -> None:
    """A broad line beside a narrow one a tenth of it, phases that differ by detector."""
    run = run_of(11, levels=(4000.0, 3000.0, 3500.0, 2500.0, 0.0))
    time = (np.arange(750) - 10.0) * DT
    turned = np.deg2rad(np.array(PHASES))[:4, None]
    broad = 0.18 * np.exp(-2.0 * time) * np.cos(2 * np.pi * 1.42 * time + turned)
    narrow = 0.02 * np.exp(-((0.3 * time) ** 2) / 2) * np.cos(2 * np.pi * 2.0 * time + turned)
    levels = np.array((4000.0, 3000.0, 3500.0, 2500.0))[:, None]
    mean = levels * np.exp(-time / TAU) * (1 + broad + narrow) * (time >= 0) + 1.0
    counts = np.random.default_rng(3).poisson(mean)
    raw = run.replace(counts=np.concatenate([counts, np.zeros((1, 750), dtype=int)])[None])
    histograms = mu.reduce_histograms(raw, recipe())
    model = "gaussian_cosine + damped_cosine"
    for words in ({}, {"local": ("phi1",), "ties": {"phi2": "phi1"}}):
        found = mu.joint_fit(histograms, model, **words)
        assert found.valid, found.reason
        truth = {"nu1": 2.0, "sigma1": 0.3, "A1": 0.02, "nu2": 1.42, "lambda2": 2.0, "A2": 0.18}
        off = [(found[name].value - value) / found[name].error for name, value in truth.items()]
        assert np.abs(off).max() < 4
        assert found.chi2 / found.ndof == pytest.approx(1, abs=0.1)


def test_ties_and_groups_add_to_what_histograms_share_by_themselves() -> None:
    histograms = mu.reduce_histograms(run_of(), recipe())
    model = "damped_cosine + cosine"
    common = {"A1", "lambda1", "nu1", "A2", "nu2"}
    fixed = {"nu2": 3.0}
    tied = mu.joint_fit(histograms, model, ties={"phi2": "phi1"}, fixed=fixed)
    assert set(tied.names) == common - {"nu2"}
    assert set(tied.local_names) == {"phi1", "N0", "b"}
    assert (tied.local("phi1")[0] == tied.local("phi2")[0]).all()
    held = mu.joint_fit(histograms, model, fixed={**fixed, "phi2": 20.0})
    assert set(held.local_names) == {"phi1", "N0", "b"}
    grouped = mu.joint_fit(histograms, "damped_cosine", by={"phi1": "label"})
    assert set(grouped.names) == {"A1", "lambda1", "nu1"} | {
        f"phi1[label={label}]" for label in ("Up", "Left", "Down", "Right")
    }
    apart = mu.joint_fit(histograms, "damped_cosine")
    assert grouped.chi2 == pytest.approx(apart.chi2, abs=1e-3)
    shift = mu.joint_fit(
        histograms, "damped_cosine", ties={"nu1": "gamma_mu*field*(1 + K)"}, extra={"K": 0.0}
    )
    assert set(shift.names) == {"A1", "lambda1", "K"}
    assert abs(mu.nu_from_field(100.0) * (1 + shift["K"].value) - apart["nu1"].value) < 1e-4
