"""A budget of bins that differ in width: every item changes what it says, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from run_of import run_of

import musrcu as mu
from musrcu.constants import MUON_LIFETIME
from musrcu.systematics.variations import VARIATIONS, Nominal, Setup

DT, NU = 0.002, 0.7
GROWING = tuple((0.05 + np.cumsum(np.linspace(0.02, 0.2, 40))).tolist())
EVEN = tuple(np.linspace(0.1001, 4.1001, 81).tolist())
KINDS: list[Any] = [
    20, "variable", {"bins": 60}, {"first": 12}, {"edges": GROWING}, {"edges": EVEN},
]  # fmt: skip


def line() -> mu.Run:
    t = (np.arange(5000) - 300.3) * DT
    wave = 0.2 * np.exp(-0.2 * t) * np.cos(2 * np.pi * NU * t)
    mean = np.where(t > 0, 3000 * np.exp(-t / MUON_LIFETIME), 0.0) * [1 + wave, 1 - wave] + 5.0
    counts = np.random.default_rng(1).poisson(mean)
    good = {"t0": [300.3, 300.3], "first_good": [305, 305], "last_good": [4999, 4999]}
    return run_of(counts, bin_width=DT, facility="elsewhere", **good)


RUN = line()
FOUND = mu.Calibration(
    alpha=1.0, alpha_error=0.01, detectors=(1, 2), t0=(300.3, 300.3), t0_error=(0.3, 0.3)
)


def nominal_of(packing: Any, **more: Any) -> Nominal:
    recipe = mu.Reduction(forward="1", backward="2", packing=packing, **more)
    asymmetry = mu.reduce(RUN, recipe)
    low, high = asymmetry.time[[0, -1]].tolist()
    return Nominal(
        run=RUN, recipe=recipe, asymmetry=asymmetry, t_range=None, fitted=(low, high), model=""
    )


def changed(nominal: Nominal, item: str) -> list[mu.Asymmetry | str]:
    found: list[mu.Asymmetry | str] = []
    for variation in VARIATIONS:
        if variation.item == item:
            setup = variation.change(nominal)
            found.append(mu.reduce(RUN, setup.recipe) if isinstance(setup, Setup) else setup)
    return found


@pytest.mark.parametrize("packing", KINDS, ids=str)
@pytest.mark.parametrize(
    ("more", "bins"),
    [({}, 1.0), ({"first_good": 9}, 1.0), ({"t_max": 3.0}, 1.0), ({"calibration": FOUND}, 0.3)],
)
def test_t0_takes_the_same_raw_bins_to_other_times(packing: Any, more: Any, bins: float) -> None:
    nominal = nominal_of(packing, **more)
    earlier, later = changed(nominal, "t0")
    for moved, by in ((earlier, -bins * DT), (later, bins * DT)):
        assert not isinstance(moved, str)
        np.testing.assert_allclose(moved.time, nominal.asymmetry.time - by, rtol=0, atol=1e-9)
        np.testing.assert_array_equal(moved.raw_bins, nominal.asymmetry.raw_bins)
        np.testing.assert_allclose(moved.smallest, nominal.asymmetry.smallest)


@pytest.mark.parametrize("packing", KINDS, ids=str)
def test_alpha_and_background_leave_the_bins(packing: Any) -> None:
    nominal = nominal_of(packing, calibration=FOUND)
    for moved in (*changed(nominal, "alpha"), *changed(nominal, "background")):
        assert not isinstance(moved, str)
        if packing == {"bins": 60} or packing == "variable":  # they grow as the background has it
            assert moved.time.size == nominal.asymmetry.time.size
            continue
        np.testing.assert_allclose(moved.time, nominal.asymmetry.time, rtol=0, atol=1e-9)


@pytest.mark.parametrize("packing", [kind for kind in KINDS if "edges" not in str(kind)], ids=str)
@pytest.mark.parametrize("offset", [8, 41])
def test_the_first_good_bin_moves_by_half_of_its_place(packing: Any, offset: int) -> None:
    nominal = nominal_of(packing, first_good=offset)
    for moved, place in zip(
        changed(nominal, "first good"), (offset - offset // 2, offset + offset // 2), strict=True
    ):
        assert not isinstance(moved, str)
        begin = moved.time[0] / DT - 0.5 * (moved.raw_bins[0] - 1)
        assert begin == pytest.approx(place, abs=0.51)  # t0 lies between two bins


@pytest.mark.parametrize("edges", [GROWING, EVEN])
def test_given_edges_are_kept(edges: tuple[float, ...]) -> None:
    nominal = nominal_of({"edges": edges})
    for item in ("first good", "packing"):
        assert changed(nominal, item) == ["the edges of the bins are given"] * 2


@pytest.mark.parametrize("packing", KINDS, ids=str)
def test_the_budget_of_the_phase_is_that_of_a_raw_bin(packing: Any) -> None:
    """2 pi nu dt = 0.504 degrees, whatever the bins."""
    recipe = mu.Reduction(forward="1", backward="2", alpha=1.0, packing=packing)
    budget = mu.robustness(RUN, recipe, model="damped_cosine", parameters=["phi1", "nu1"])
    assert not budget.failed
    shifts = [budget.shift(r, "phi1") for r in budget.refits if r.item == "t0"]
    np.testing.assert_allclose(shifts, [-360 * NU * DT, 360 * NU * DT], rtol=0.02)
    assert mu.Robustness.from_dict(budget.to_dict()).to_dict() == budget.to_dict()
