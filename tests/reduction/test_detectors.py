"""Good detectors: planted bad ones, healthy banks, labels, exclusion, and real files."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_of import run_of

from musrcu.containers.calibration import Calibration
from musrcu.containers.run import Run
from musrcu.errors import ReductionError
from musrcu.readers.registry import read
from musrcu.reduction.detectors import inspect_detectors
from musrcu.reduction.grouping import group
from musrcu.reduction.recipe import Reduction, grouped_counts, reduce

LIFETIME, DT, BINS = 2.1969811, 0.05, 600


def thrown(
    n: int, counts: float, rng: np.random.Generator, spread: float = 0.1, nu: float = 0.0
) -> np.ndarray:
    """(n, bins) counts of healthy detectors: each decay drawn in time, efficiencies that scatter.

    Written without musrcu: exponential times, a precession by rejection, then a histogram.
    """
    rows = np.zeros((n, BINS))
    for d in range(n):
        events = rng.poisson(counts * max(0.3, 1 + spread * rng.standard_normal()))
        times = rng.exponential(LIFETIME, int(events * 1.25))
        law = 1 + 0.22 * np.cos(2 * np.pi * (nu * times + d / n))
        times = times[rng.random(times.size) < law / 1.25]
        rows[d] = np.histogram(times, bins=BINS, range=(0, BINS * DT))[0]
    return rows


def bank_run(rows: np.ndarray, banks: int = 2, **more: Any) -> Run:
    """A pulsed run whose detectors lie in banks of equal size."""
    grouping = np.repeat(np.arange(banks) + 1, len(rows) // banks)
    options = {"bin_width": DT, "source": "pulsed", "facility": "ISIS", "grouping": grouping}
    return run_of(rows, **(options | more))


@pytest.mark.parametrize(("per_bank", "counts", "nu"), [(16, 3000, 0.0), (32, 400, 0.27)])
def test_healthy_banks_have_no_bad_detector(per_bank: int, counts: float, nu: float) -> None:
    """2000 healthy detectors: none bad; low or high no more than stated, 1 in 700."""
    rng, seen, kinds = np.random.default_rng(17), 0, []
    while seen < 2000:
        rows = thrown(2 * per_bank, counts, rng, nu=nu)
        found = inspect_detectors(bank_run(rows))
        kinds += [row.kind for row in found.odd]
        seen += len(found)
        assert found.bad == ()
    assert len(kinds) <= 9  # 1 in 700 is 3; more than 9 in 1000 tries has a chance below 0.2 %


def test_planted_detectors_are_found_and_named() -> None:
    """Dead, as good as dead, hot, noisy, low; and nothing else."""
    rng = np.random.default_rng(3)
    rows = thrown(64, 20_000, rng, nu=0.27)
    rows[4] = 0
    rows[11] = rng.binomial(rows[11].astype(int), 0.02)
    rows[20] *= 4
    rows[40] += rng.poisson(0.08 * 20_000 / BINS, BINS)  # noise that does not decay
    rows[50] = rng.binomial(rows[50].astype(int), 0.3)
    found = inspect_detectors(bank_run(rows))
    assert {row.number: row.kind for row in found.odd} == {
        5: "dead", 12: "dead", 21: "hot", 41: "noisy", 51: "low",
    }  # fmt: skip
    assert found.bad == (5, 12, 21, 41)
    whys = {row.number: row.why for row in found}
    assert whys[5] == "no counts at all"
    assert "of the middle one" in whys[21] and "of its counts do not decay" in whys[41]
    noisy = found.rows[40]
    assert abs(noisy.flat - 0.08 / 1.08) < 4 * noisy.flat_error
    assert noisy.bank == tuple(range(33, 65))
    assert "compared within banks of 32 and 32" in found.summary()
    assert "noisy" in str(found) and "low" in str(found)


def test_a_noise_as_large_as_stated_is_found_and_half_of_the_floor_is_not() -> None:
    rng, floor = np.random.default_rng(5), 0.02
    rows = thrown(32, 60_000, rng)
    rows[3] += rng.poisson(2 * floor * rows[3].sum() / BINS, BINS)
    rows[9] += rng.poisson(0.5 * floor * rows[9].sum() / BINS, BINS)
    assert inspect_detectors(bank_run(rows)).bad == (4,)


def test_few_detectors_of_unequal_size_are_good() -> None:
    """Counters of a PSI instrument, with what one of them may lack or have too much."""
    rng = np.random.default_rng(8)
    sizes = np.array([1.0, 2.5, 4.0, 4.0, 0.7])
    rows = np.vstack([thrown(1, 20_000 * size, rng) for size in sizes]) + rng.poisson(3.0, BINS)
    few = {"bin_width": DT, "labels": ("Forw", "Back", "Up", "Down", "Righ")}
    assert inspect_detectors(run_of(rows, **few)).odd == ()
    for detector, change, kind in (
        (0, lambda row: row * 0, "dead"),
        (4, lambda row: rng.binomial(row.astype(int), 0.01), "dead"),
        (3, lambda row: row * 7, "hot"),
        (2, lambda row: row + rng.poisson(3 * row.mean(), BINS), "noisy"),
    ):
        wrong = rows.copy()
        wrong[detector] = change(rows[detector])
        found = inspect_detectors(run_of(wrong, **few))
        assert [(row.number, row.kind) for row in found.odd] == [(detector + 1, kind)]
        assert "few detectors, whose solid angles differ" in found.summary()


@pytest.mark.parametrize(
    "label", ["Veto", "B_veto", "Bveto", "MV", "M", "M2", "FV", "Clock", "Const", "FluM2", "NBMB+"]
)
def test_auxiliary_by_label(label: str) -> None:
    """Whatever it counts, and it is no measure for the others."""
    rows = np.vstack([thrown(4, 5000, np.random.default_rng(1)), np.full((1, BINS), 1e6)])
    run = run_of(rows, bin_width=DT, labels=("Forw", "Back", "Up", "Down", label))
    found = inspect_detectors(run)
    assert [(row.number, row.kind, row.why) for row in found.odd] == [
        (5, "auxiliary", f"called {label}")
    ]


@pytest.mark.parametrize("label", ["Back", "B1", "F8", "Mob-RL", "Middle", "e+ Left", "Up_B"])
def test_positron_counters_are_not_auxiliary(label: str) -> None:
    rows = thrown(2, 5000, np.random.default_rng(1))
    run = run_of(rows, bin_width=DT, labels=("Forw", label))
    assert inspect_detectors(run).odd == ()


def test_nothing_counted_or_no_good_bins() -> None:
    found = inspect_detectors(run_of(np.zeros((4, 9))))
    assert found.bad == (1, 2, 3, 4)
    run = run_of(np.ones((4, 900)), last_good=np.zeros(4, dtype=int))
    assert np.isnan([row.flat for row in inspect_detectors(run)]).all()


def faulty() -> Run:
    rows = thrown(32, 4000, np.random.default_rng(6))
    rows[2] = 0
    rows[20] *= 6
    return bank_run(rows)


def test_bad_detectors_are_named_and_kept_unless_asked() -> None:
    run = faulty()
    counts = group(run)
    assert counts.detectors == (tuple(range(1, 17)), tuple(range(17, 33)))
    step = counts.history.find("group")
    assert step is not None
    assert "bad detectors in the groups: 3 (no counts at all), 21 (" in step.note
    assert "excluded" not in step.options


@pytest.mark.parametrize(
    ("exclude", "out"), [("bad", {3, 21}), ("21", {21}), ((3, 21, 22), {3, 21, 22}), (7, {7})]
)
def test_excluded_as_asked(exclude: Any, out: set[int]) -> None:
    run = faulty()
    counts = grouped_counts(run, Reduction(exclude=exclude, background="none"))
    wanted = [d for d in range(1, 33) if d not in out]
    assert [*counts.detectors[0], *counts.detectors[1]] == wanted
    rows = run.counts[0]
    np.testing.assert_array_equal(counts.values[1], sum(rows[d - 1] for d in wanted if d > 16))
    step = counts.history.find("group")
    assert step is not None and step.options["excluded"]
    assert "left out as asked: " in step.note
    assert ("3 (no counts at all)" in step.note) == (3 in out or "in the groups" in step.note)
    assert step.options["forward"] in ("1-2,4-16", "1-16", "1-6,8-16")
    assert np.isfinite(reduce(run, Reduction(exclude=exclude)).value).any()


def test_where_none_is_bad_it_is_said() -> None:
    run = bank_run(thrown(32, 4000, np.random.default_rng(6)))
    step = group(run, exclude="bad").history.find("group")
    assert step is not None and "left out: none, no detector is bad" in step.note
    assert "excluded" not in step.options


@pytest.mark.parametrize(
    ("exclude", "sentence"),
    [
        ("1-16", "no detector of the forward group is left when 1-16 are excluded"),
        ("40", "detector 40 does not exist"),
        ("Back", "no detector is called 'Back'"),
    ],
)
def test_an_exclusion_that_cannot_be(exclude: str, sentence: str) -> None:
    with pytest.raises(ReductionError, match=sentence):
        group(faulty(), exclude=exclude)


def test_a_calibration_with_other_detectors_is_refused() -> None:
    whole = Calibration(alpha=1.1, alpha_error=0.01, forward="1-16", backward="17-32")
    assert reduce(faulty(), Reduction(calibration=whole)).alpha == 1.1
    with pytest.raises(ReductionError, match="calibrate that pair"):
        reduce(faulty(), Reduction(calibration=whole, exclude="bad"))


def test_both_sides_of_a_difference_lose_the_same_detectors() -> None:
    """Detector 3 counts in period 2 only: over both it is not dead, and stays in both."""
    rng = np.random.default_rng(2)
    one, two = thrown(32, 4000, rng), thrown(32, 4000, rng)
    one[2] = 0
    one[20], two[20] = 0, 0
    run = bank_run(np.array([one, two]).reshape(2, 32, BINS)[0]).replace(
        counts=np.array([one, two]), period_labels=("red", "green")
    )
    found = reduce(run, Reduction(period="1-2", exclude="bad", packing=10))
    notes = [step for step in found.history if step.stage == "group"]
    assert notes and {step.options["excluded"] for step in notes} == {"21"}


def test_the_result_can_be_sent_on() -> None:
    found = inspect_detectors(faulty())
    assert pickle.loads(pickle.dumps(found)).bad == found.bad  # noqa: S301


REAL = {
    # number of the odd ones; checked against the sums of the raw histograms in the files
    "isis-nexus-v2/HIFI00183810.nxs": {50: "dead"},
    "isis-nexus-v2/EMU00114062.nxs_v2": {81: "dead"},
    "isis-nexus-v1/EMU00020882.nxs": {46: "low"},
    "isis-nexus-v1/MUSR00015189.nxs": {},
    "psi-bin/deltat_pta_gps_0440.bin": {5: "dead"},
    "psi-bin/deltat_pta_gps_4255.bin": {},
    "psi-bin/deltat_tdc_dolly_1020.bin": {},
    "psi-bin/deltat_pta_gpd_0423.bin": {},
    "mud/000100.msr": {},
    "mud/000006.msr": {},
}


@pytest.mark.parametrize("name", REAL)
def test_real_files(real: Path, name: str) -> None:
    paths = sorted(real.rglob(Path(name).name))
    if not paths:
        pytest.skip(f"no {name}")
    run = read(paths[0])
    found = inspect_detectors(run)
    assert {row.number: row.kind for row in found.odd} == REAL[name]
    totals = run.counts.sum(axis=(0, 2), dtype=float)
    for row in found.odd:  # what is said is true of the bare sums
        middle = np.median([totals[k - 1] for k in row.bank])
        assert totals[row.number - 1] < (0.05 if row.kind == "dead" else 0.62) * middle
