"""Periods: what a choice means, what is added, and a difference against a truth thrown here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_of import run_of
from throw import throw_pair

from musrcu.containers.run import Run
from musrcu.errors import ReductionError
from musrcu.fitting.fit import fit
from musrcu.readers.registry import read
from musrcu.reduction.dead_time import correct_dead_time
from musrcu.reduction.grouping import group
from musrcu.reduction.periods import calibration_period, read_periods, select_periods
from musrcu.reduction.recipe import Reduction, grouped_counts, reduce

PAIR = {"forward": "1", "backward": "2"}
LASER = ("Laser on", "Laser off")


def pulsed(counts: Any, **more: Any) -> Run:
    """Periods of a pulsed source: 16 ns, 1000, 2000, ... frames, 10 ns and 11 ns of dead time."""
    counts = np.asarray(counts)
    options: dict[str, Any] = {
        "bin_width": 0.016,
        "source": "pulsed",
        "facility": "ISIS",
        "good_frames": 1000 * (1 + np.arange(counts.shape[0])),
        "dead_time": np.tile(0.010 + 0.001 * np.arange(counts.shape[1]), (counts.shape[0], 1)),
    }
    return run_of(counts, **(options | more))


def four(**more: Any) -> Run:
    return pulsed(np.random.default_rng(4).integers(0, 100, (4, 2, 30)), **more)


@pytest.mark.parametrize(
    ("choice", "plus", "minus", "value"),
    [
        (None, (1,), (), 1),
        (3, (3,), (), 3),
        (np.int64(2), (2,), (), 2),
        ("2", (2,), (), 2),
        (" +2 ", (2,), (), 2),
        ("1+2", (1, 2), (), "1+2"),
        ("2 + 1", (2, 1), (), "2+1"),
        ("1-2", (1,), (2,), "1-2"),
        ("-1+2", (2,), (1,), "2-1"),
        ("1+2-3-4", (1, 2), (3, 4), "1+2-3-4"),
        ("1-3+2-4", (1, 2), (3, 4), "1+2-3-4"),
        ("all", (1, 2, 3, 4), (), "1+2+3+4"),
        ("ALL", (1, 2, 3, 4), (), "1+2+3+4"),
        ("Laser on", (1,), (), 1),
        ("laser ON - laser off", (1,), (2,), "1-2"),
        ("Laser on+RF-on-RF-off", (1, 3), (4,), "1+3-4"),
        ("RF-on-4", (3,), (4,), "3-4"),
        ("RF-of", (4,), (), 4),
        ("1 + RF-off", (1, 4), (), "1+4"),
    ],
)
def test_what_a_choice_means(choice: Any, plus: Any, minus: Any, value: Any) -> None:
    found = read_periods(four(period_labels=(*LASER, "RF-on", " RF-off ")), choice)
    assert (found.plus, found.minus, found.value) == (plus, minus, value)


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (0, r"SIM 7: period 0 asked for, it has 1 to 4 \(1 on, 2 off, 3 unnamed, 4 on\)"),
        (5, "period 5 asked for, it has 1 to 4"),
        (-1, "period -1 asked for"),
        (True, "period True asked for"),
        (1.0, r"period 1\.0 asked for"),
        ([1], r"period \[1\] asked for"),
        ("1+5", "period 5 asked for"),
        ("1+1", r"period '1\+1' names 1 twice"),
        ("1-1", "period '1-1' names 1 twice"),
        ("off+2", r"period 'off\+2' names 2 twice"),
        ("-1", "period '-1' has nothing to subtract from; write it as 1-2"),
        ("-1-2", "nothing to subtract from"),
        ("on", "period 'on' may be 1 and 4; use a number or a longer name from 1 on, 2 off"),
        ("o", "period 'o' may be 1 and 2 and 4; use a number"),
        ("of-dark", "period 'dark' in 'of-dark' asked for, it has 1 to 4"),
        ("offf", r"period 'offf' asked for, .*; did you mean 'off'\?"),
        ("1+", r"period '' in '1\+' asked for"),
        ("1++2", "period '' in"),
        ("", "period '' asked for"),
    ],
)
def test_a_choice_that_is_refused(choice: Any, sentence: str) -> None:
    with pytest.raises(ReductionError, match=sentence):
        read_periods(four(period_labels=("on", "off", "", "on")), choice)


@pytest.mark.parametrize("choice", ["", "  ", "0", "1+0", "1+1", "1-1", "+", "1+", "1..2", "1\n2"])
def test_what_no_run_can_have_is_refused_in_a_recipe(choice: str) -> None:
    with pytest.raises(ReductionError, match=r"^period = .* expected a number from 1, a label"):
        Reduction(period=choice)


@given(st.lists(st.tuples(st.sampled_from("+-"), st.integers(1, 9)), min_size=1, max_size=9))
def test_signs_and_numbers_of_any_kind(terms: list[tuple[str, int]]) -> None:
    """Against a reading by hand of the list that the text is made of."""
    text = "".join(f"{sign}{number}" for sign, number in terms)
    plus = tuple(number for sign, number in terms if sign == "+")
    minus = tuple(number for sign, number in terms if sign == "-")
    run = run_of(np.ones((9, 2, 3)))
    if len({*plus, *minus}) < len(terms) or not plus:
        with pytest.raises(ReductionError):
            read_periods(run, text)
    else:
        found = read_periods(run, text)
        assert (found.plus, found.minus) == (plus, minus)
        assert read_periods(run, found.value) == found


@pytest.mark.parametrize("choice", ["1+2", "1-2", "all"])
def test_copies_are_never_added(choice: str) -> None:
    run = four(same_decays=True)
    with pytest.raises(ReductionError, match="its periods hold the same decays, so that they"):
        reduce(run, Reduction(period=choice))
    assert read_periods(run, 2).plus == (2,)


def test_one_period_keeps_what_is_its_own() -> None:
    run = four(period_labels=("a", "b", "c", "d"))
    assert run.dead_time is not None
    one = select_periods(run, 3)
    np.testing.assert_array_equal(one.counts[0], run.counts[2])
    assert one.counts.base is not None  # not copied
    assert one.good_frames is not None and one.good_frames.tolist() == [3000]
    np.testing.assert_array_equal(one.dead_time, run.dead_time[2:3])
    assert (one.variance, one.period_labels) == (None, ("c",))
    assert str(one.history) == "select_periods(period=3, label=c)"
    # correction and selection in either order
    late, early = correct_dead_time(one), select_periods(correct_dead_time(run), 3)
    np.testing.assert_array_equal(late.counts, early.counts)
    np.testing.assert_array_equal(late.variance, early.variance)


def test_the_default_is_the_first_and_is_named() -> None:
    run = four(period_labels=("a", "b", "", "d"))
    first = select_periods(run)
    np.testing.assert_array_equal(first.counts[0], run.counts[0])
    sentence = "none was chosen, so the first of 4 (1 a, 2 b, 3 unnamed, 4 d); see period="
    assert sentence in str(first.history)
    assert "the first of 4 (1 to 4)" in str(select_periods(four()).history)
    assert sentence in str(reduce(run, Reduction(**PAIR, packing=1)).history)
    assert "none was chosen" not in str(select_periods(run, 1).history)
    single = run_of(np.ones((2, 5)))
    assert select_periods(single) is single
    assert select_periods(single, 1) is single


def test_a_sum_is_corrected_period_by_period() -> None:
    """Closed form: n / (1 - n tau / (F dt)) of each period, and its variance n / (1 - x)^2."""
    run = four()
    total = select_periods(run, "1+3")
    counts, variance = np.zeros((2, 30)), np.zeros((2, 30))
    for period, frames in ((0, 1000), (2, 3000)):
        for detector, tau in ((0, 0.010), (1, 0.011)):
            n = run.counts[period, detector]
            kept = 1 - n * tau / (frames * 0.016)
            counts[detector] += n / kept
            variance[detector] += n / kept**2
    np.testing.assert_allclose(total.counts[0], counts, rtol=1e-14)
    np.testing.assert_allclose(total.variance[0], variance, rtol=1e-14)  # type: ignore[index]
    assert total.good_frames is not None and total.good_frames.tolist() == [4000]
    assert total.dead_time is None and total.n_periods == 1
    assert [step.stage for step in total.history] == ["correct_dead_time", "select_periods"]
    assert total.history[-1].options["period"] == "1+3"
    # the same, whether it was corrected before or by a recipe
    again = select_periods(correct_dead_time(run), "1+3")
    np.testing.assert_array_equal(again.counts, total.counts)
    grouped = grouped_counts(run, Reduction(**PAIR, period="1+3"))
    np.testing.assert_array_equal(grouped.values, total.counts[0])
    assert grouped.history.find("group").options["period"] == "1+3"  # type: ignore[union-attr]
    assert str(grouped.history).count("correct_dead_time") == 1


def test_raw_counts_stay_whole_numbers() -> None:
    """Without dead times, or where they are not wanted, a sum is one of integers."""
    raw = four().counts
    for run, recipe in (
        (four(dead_time=None), Reduction(**PAIR, period="all")),
        (four(), Reduction(**PAIR, period="all", dead_time="none")),
    ):
        counts = grouped_counts(run, recipe)
        assert counts.run.counts.dtype.kind == "i"
        assert counts.run.variance is None
        np.testing.assert_array_equal(counts.run.counts[0], raw.sum(axis=0))
        np.testing.assert_array_equal(counts.values, raw.sum(axis=0))
    short = np.full((2, 2, 3), 2**31 - 1, dtype=np.int32)
    assert select_periods(run_of(short), "1+2").counts.max() == 2**32 - 2  # no overflow


def test_given_dead_times_are_those_of_each_period() -> None:
    run = four(dead_time=None)
    tau = [[0.01, 0.002], [0.003, 0.004], [0.0, 0.0], [0.0, 0.0]]
    counts = grouped_counts(run, Reduction(**PAIR, period="1+2", dead_time=tau))
    expected = sum(
        run.counts[p] / (1 - run.counts[p] * np.array(tau[p])[:, None] / (1000 * (p + 1) * 0.016))
        for p in (0, 1)
    )
    np.testing.assert_allclose(counts.values, expected, rtol=1e-14)


def test_a_period_without_frames_or_counts_stops_nothing() -> None:
    """A run stopped before its last period was reached."""
    counts = np.array(four().counts)
    counts[3] = 0
    run = pulsed(counts, good_frames=[1000, 2000, 3000, 0])
    whole = correct_dead_time(run)
    assert not whole.counts[3].any()
    np.testing.assert_array_equal(whole.counts[:3], correct_dead_time(pulsed(counts[:3])).counts)
    assert reduce(run, Reduction(**PAIR, packing=1)).value.size == 30


def test_a_difference_has_no_counts() -> None:
    run = four(period_labels=("a", "b", "c", "d"))
    for refused in (
        lambda: select_periods(run, "a-b"),
        lambda: group(run, **PAIR, period="1-2"),
        lambda: grouped_counts(run, Reduction(**PAIR, period="1-2")),
    ):
        with pytest.raises(ReductionError, match="period '1-2' is a difference of asymmetries"):
            refused()


def by_hand(counts: np.ndarray, alpha: float, packing: int) -> tuple[np.ndarray, np.ndarray]:
    """Asymmetry and error of (2, n) raw counts."""
    n = counts.shape[1] // packing
    f, b = counts[:, : n * packing].reshape(2, n, packing).sum(axis=2)
    total = f + alpha * b
    return (f - alpha * b) / total, 2 * alpha * np.sqrt(f * b * (f + b)) / total**2


@pytest.mark.parametrize(
    ("choice", "plus", "minus"),
    [("1-2", [0], [1]), ("2-1", [1], [0]), ("1+2-3-4", [0, 1], [2, 3]), ("all", [0, 1, 2, 3], [])],
)
def test_a_difference_is_one_of_asymmetries(choice: str, plus: Any, minus: Any) -> None:
    run = four(dead_time=None)
    found = reduce(run, Reduction(**PAIR, period=choice, alpha=1.2, packing=3))
    value, error = by_hand(run.counts[plus].sum(axis=0), 1.2, 3)
    smallest = run.counts[plus].sum(axis=0).reshape(2, 10, 3).sum(axis=2).min(axis=0)
    if minus:
        less, other = by_hand(run.counts[minus].sum(axis=0), 1.2, 3)
        value, error = value - less, np.sqrt(error**2 + other**2)
        few = run.counts[minus].sum(axis=0).reshape(2, 10, 3).sum(axis=2).min(axis=0)
        smallest = np.minimum(smallest, few)
    np.testing.assert_allclose(found.value, value, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found.error, error, rtol=1e-12)
    np.testing.assert_array_equal(found.smallest, smallest)
    last = found.history[-1]
    assert last.stage == ("subtract_periods" if minus else "form_asymmetry")
    if minus:
        assert last.options["period"] == choice
        assert last.note == "difference of the asymmetries, errors in quadrature"
        assert found.run.n_periods == 4


def test_reversing_a_difference_changes_its_sign_only() -> None:
    run = four(period_labels=("a", "b", "c", "d"))
    one, other = (reduce(run, Reduction(**PAIR, period=p, packing=2)) for p in ("1-2", "b-a"))
    np.testing.assert_array_equal(one.value, -other.value)
    np.testing.assert_array_equal(one.error, other.error)


def test_a_bin_that_is_empty_on_either_side_is_nan() -> None:
    counts = np.full((2, 2, 4), 50)
    counts[0, :, 1] = counts[1, :, 2] = 0
    found = reduce(run_of(counts), Reduction(**PAIR, period="1-2", packing=1, background="none"))
    assert np.isnan(found.value).tolist() == [False, True, True, False]
    assert np.isnan(found.error).tolist() == [False, True, True, False]


def test_both_sides_are_packed_alike() -> None:
    """The side with fewer counts decides, whichever it is; every bin of both holds 20 counts."""
    rng = np.random.default_rng(8)
    decay = np.exp(-np.arange(1500) * 0.01 / 2.197)
    counts = rng.poisson(np.array([[400.0], [10.0]])[:, :, None] * decay * np.ones((1, 2, 1)))
    run = run_of(counts, source="pulsed")
    poor = reduce(run, Reduction(**PAIR, period=2))
    for choice in ("1-2", "2-1"):
        found = reduce(run, Reduction(**PAIR, period=choice))
        assert found.packing == poor.packing > 1
        assert found.time.size == poor.time.size
        assert found.smallest is not None and found.smallest.min() >= 20
        step = found.history.find("rebin")
        assert step is not None and step.options["packing_from"] == "counts"
        assert step.note == "every bin holds at least 20 counts in each group"
    # what is otherwise for the other side is told: here the background before t0
    beam = run_of(counts + 5, t0=[300.0, 300.0], first_good=[301, 301])
    note = reduce(beam, Reduction(**PAIR, period="1-2")).history[-1].note
    assert "taken off: subtract_background(before_t0=" in note
    assert "taken off: group" not in note


def test_pulls_of_a_difference_are_standard_normal() -> None:
    """Red and green with known asymmetries, thrown without musrcu: (value - truth) / error."""

    def red(t: np.ndarray) -> np.ndarray:
        return np.asarray(0.2 * np.exp(-0.3 * t))

    def green(t: np.ndarray) -> np.ndarray:
        return np.asarray(0.2 * np.exp(-0.3 * t) - 0.06 * np.exp(-0.8 * t))

    pulls, fitted = [], []
    for seed in range(60):
        sides = [throw_pair(p, 2e6, 2 * seed + k, alpha=1.3) for k, p in enumerate((red, green))]
        time = sides[0][0]
        counts = np.array([[f, b] for _, f, b in sides])
        run = run_of(counts, source="pulsed", bin_width=0.01)
        recipe = Reduction(**PAIR, period="1-2", alpha=1.3, packing=10, t_max=6.0)
        found = reduce(run, recipe)
        at = found.time + time[0]  # bin 0 of the run lies half a bin after the muon
        pulls.append((found.value - (red(at) - green(at))) / found.error)
        one = fit(found, "exponential", start={"A1": 0.05}).parameters["A1"]
        fitted.append((one.value - 0.06 * np.exp(-0.8 * time[0])) / one.error)
    flat = np.concatenate(pulls)
    assert flat.size == 60 * 60
    assert abs(flat.mean()) < 4 / np.sqrt(flat.size)
    assert abs(flat.std() - 1) < 4 / np.sqrt(2 * flat.size)
    # a fit of the difference gives the amplitude at bin 0 back, with its error
    assert abs(np.mean(fitted)) < 4 / np.sqrt(60)
    assert abs(np.std(fitted) - 1) < 4 / np.sqrt(120)


def test_a_calibration_of_a_difference_is_that_of_all_its_counts() -> None:
    run = four(period_labels=(*LASER, "", ""))
    assert calibration_period(run, None) is None
    assert calibration_period(run, 2) == 2
    assert calibration_period(run, "Laser off - Laser on") == "1+2"
    assert calibration_period(run, "1+3-2") == "1+2+3"
    assert calibration_period(run_of(np.ones((2, 4))), "1-2") is None


MANTID = {
    15189: (0.14500665, 0.16056898, 0.30557563, -0.01593431, 0.1458422),
    15190: (0.136374, 0.16160068, 0.29797468, -0.02579926, 0.1371184),
    15191: (0.11987909, 0.16239291, 0.282272, -0.04337762, 0.12047788),
}
"""Red, green, their sum, their difference, and red with dead times corrected: the examples in the
manual of Mantid's PlotAsymmetryByLogValue, 0.55 to 12 us, counts of all bins added first."""


@pytest.mark.parametrize("number", MANTID)
def test_the_examples_in_the_manual_of_mantid(real: Path, number: int) -> None:
    pytest.importorskip("pyhdf")
    run = read(real / "isis-hdf4" / f"MUSR{number:08d}.nxs")
    assert run.period_labels == ("RF on", "RF off")

    def summed(run: Run, period: int | str) -> np.ndarray:
        counts = group(run, forward="33-64", backward="1-32", period=period)
        begin = counts.time - 0.5 * counts.bin_width
        used = (begin >= 0.55) & (begin + counts.bin_width <= 12.0)
        return np.asarray(counts.values[:, used].sum(axis=1))

    def asymmetry(pair: np.ndarray) -> float:
        return float((pair[0] - pair[1]) / (pair[0] + pair[1]))

    on, off = summed(run, "RF on"), summed(run, 2)
    *expected, corrected = MANTID[number]
    ratio = (off - on) / (off + on)
    found = [asymmetry(on), asymmetry(off), asymmetry(on) + asymmetry(off), ratio[1] - ratio[0]]
    assert found == pytest.approx(expected, abs=1e-8)
    assert asymmetry(summed(correct_dead_time(run), "RF on")) == pytest.approx(corrected, abs=1e-7)
    # ours: the difference of the two, smaller than that of Mantid by 1 - A^2; and a true sum
    wave = asymmetry(on) * asymmetry(off)
    assert found[0] - found[1] == pytest.approx((1 - wave) * expected[3], rel=1e-3)
    both = summed(correct_dead_time(run), "1+2")
    np.testing.assert_allclose(summed(run, "all"), both, rtol=1e-14)
    assert asymmetry(on) < asymmetry(both) < asymmetry(off) * 1.01


def test_hifi_183810(real: Path) -> None:
    """Laser on and off, against numbers from the file by h5py and NumPy alone."""
    path = real / "isis-nexus-v2" / "HIFI00183810.nxs"
    with h5py.File(path) as file:
        detector = file["raw_data_1/instrument/detector_1"]
        raw = detector["counts"][()].astype(float)
        tau = detector["dead_time"][()].astype(float).reshape(2, 64, 1)
    loss = raw * tau / (0.016 * np.array([20486, 20483])[:, None, None])
    counts, variance = raw / (1 - loss), raw / (1 - loss) ** 2
    run = read(path)
    total = select_periods(run, "Laser on + Laser off")
    np.testing.assert_allclose(total.counts[0], counts.sum(axis=0), rtol=1e-6)
    assert total.variance is not None
    np.testing.assert_allclose(total.variance[0], variance.sum(axis=0), rtol=1e-6)
    assert total.good_frames is not None and total.good_frames.tolist() == [40969]
    assert total.period_labels == ("Laser on + Laser off",)

    pair = {"forward": "1-32", "backward": "33-64"}
    found = reduce(run, Reduction(**pair, period="Laser on - Laser off", packing=4, t_max=8.0))
    first = round(found.time[0] / 0.016 + float(run.t0[0]) - 1.5)
    sides = []
    for period in (0, 1):
        f, b = (
            array[:, first : first + 4 * found.time.size].reshape(2, 32, -1, 4).sum(axis=(1, 3))
            for array in (counts[period], variance[period])
        )
        (forward, backward), (var_f, var_b) = f, b
        sides.append(
            (
                (forward - backward) / (forward + backward),
                2
                * np.hypot(backward * np.sqrt(var_f), forward * np.sqrt(var_b))
                / (forward + backward) ** 2,
            )
        )
    np.testing.assert_allclose(found.value, sides[0][0] - sides[1][0], atol=1e-7)
    np.testing.assert_allclose(found.error, np.hypot(sides[0][1], sides[1][1]), rtol=1e-6)
