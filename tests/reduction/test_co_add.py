"""Runs added: what is conserved, how t0 is aligned, what becomes of metadata, what is refused."""

from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_of import run_of
from throw import throw_pair

import musrcu as mu
from musrcu.containers.later import Later
from musrcu.containers.log import Log
from musrcu.containers.run import Run
from musrcu.containers.temperature import Sensor, Temperature
from musrcu.errors import ReductionError
from musrcu.reduction.dead_time import correct_dead_time
from musrcu.reduction.recipe import Reduction, reduce

RNG = np.random.default_rng(12)


def one(number: int | None = 1, counts: Any = None, **more: Any) -> Run:
    """A run of two detectors; another number, other counts and another start each time."""
    if counts is None:
        counts = np.random.default_rng(number).integers(0, 1000, (2, 40))
    options: dict[str, Any] = {
        "number": number,
        "title": "ZF",
        "labels": ("Forw", "Back"),
        "start": f"2018-06-01T10:{number or 0:02d}:00",
        "stop": f"2018-06-01T11:{number or 0:02d}:00",
    }
    return run_of(counts, **(options | more))


@given(st.data())
def test_every_count_of_the_overlap_is_kept(data: st.DataObject) -> None:
    """A loop over single bins, by their distance from t0, with Python's own integers."""
    n_runs, detectors = data.draw(st.integers(2, 4)), data.draw(st.integers(1, 4))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    runs, first_bins, last_bins = [], [], []
    for number in range(n_runs):
        bins = data.draw(st.integers(30, 36))
        t0 = rng.integers(3, 12, detectors)
        good = t0 + rng.integers(0, 4, detectors)
        runs.append(
            one(
                number + 1,
                rng.integers(0, 10**6, (detectors, bins)),
                t0=t0,
                first_good=good,
                last_good=bins - 1 - rng.integers(0, 3, detectors),
                labels=("",) * detectors,
            )
        )
    total = mu.add_runs(runs)
    shared = 0
    for d in range(detectors):
        zero = int(total.t0[d])
        assert total.t0[d] == zero
        for k in range(total.n_bins):
            expected = 0
            for run in runs:
                place = k - zero + int(run.t0[d])
                assert 0 <= place < run.n_bins
                expected += int(run.counts[0, d, place])
            assert int(total.counts[0, d, k]) == expected
            shared += expected
        distances = [(r.first_good[d] - r.t0[d], r.last_good[d] - r.t0[d]) for r in runs]
        first_bins = max(a for a, _ in distances)
        last_bins = min(b for _, b in distances)
        assert total.first_good[d] - zero == max(first_bins, -zero)
        assert total.last_good[d] - zero == min(last_bins, total.n_bins - 1 - zero)
    assert int(total.counts.sum()) == shared
    assert total.counts.dtype == np.int64 and total.variance is None
    # no bin that all runs have in all detectors is left out
    before = min(int(min(run.t0[d] for run in runs)) - int(runs[0].t0[d]) for d in range(detectors))
    assert int(total.t0[0]) - int(runs[0].t0[0]) == min(0, before)
    room = [
        run.n_bins - int(run.t0[d]) + int(runs[0].t0[d]) for run in runs for d in range(detectors)
    ]
    assert total.n_bins == min(room) + min(0, before)


def test_peaks_meet_although_each_run_has_its_own_t0() -> None:
    counts = np.zeros((3, 2, 20), dtype=int)
    t0 = np.array([[5, 7], [8, 6], [5, 9]])
    for r in range(3):
        counts[r, [0, 1], t0[r]] = 10**r
        counts[r, [0, 1], t0[r] + 4] = 7
    runs = [one(r + 1, counts[r], t0=t0[r], first_good=t0[r] + 1) for r in range(3)]
    total = mu.add_runs(runs)
    assert total.t0.tolist() == [4.0, 6.0]  # one bin lost before: detector 2 of run 2
    for d in (0, 1):
        assert total.counts[0, d, int(total.t0[d])] == 111
        assert total.counts[0, d, int(total.t0[d]) + 4] == 21
    assert total.counts.sum() == counts.sum()
    assert total.first_good.tolist() == [5, 7]
    step = total.history[-1]
    assert (step.stage, step.options["shift"]) == ("add_runs", [-1, 3])


def test_fractions_of_a_bin_are_averaged_by_counts() -> None:
    """Whole bins are shifted; the rest goes into t0, detector by detector."""
    ones = np.ones((2, 30), dtype=int)
    runs = [
        one(1, ones * 1, t0=[5.2, 5.0]),
        one(2, ones * 3, t0=[8.6, 5.0]),  # 3.4 bins: 3 whole, 0.4 left
    ]
    total = mu.add_runs(runs)
    assert total.t0 == pytest.approx([5.2 + 0.4 * 0.75, 5.0], abs=1e-12)
    assert "t0 averaged, up to 0.4 bins were left after whole bins" in total.history[-1].note
    assert "counts lie in bins that not every run has" in total.history[-1].note
    same = mu.add_runs([one(1, t0=[5.2, 5.3]), one(2, t0=[5.2, 5.3])])
    assert same.t0.tolist() == [5.2, 5.3] and same.history[-1].note == ""


def test_the_first_run_may_be_any() -> None:
    """The same counts at the same distance from t0, whichever run comes first."""
    runs = [one(k, t0=[3 + k, 9 - k], first_good=[10, 10]) for k in (1, 2, 3)]
    found = []
    for k in range(3):
        total = mu.add_runs([runs[k], *runs[:k], *runs[k + 1 :]])
        assert total.number == k + 1
        found.append(
            {
                (d, j - int(total.t0[d])): int(total.counts[0, d, j])
                for d in (0, 1)
                for j in range(total.n_bins)
            }
        )
    for other in found[1:]:
        common = set(found[0]) & set(other)
        assert len(common) > 60
        assert all(other[place] == found[0][place] for place in common)


def pulsed(number: int, counts: Any, frames: int, **more: Any) -> Run:
    options = {"source": "pulsed", "facility": "ISIS", "bin_width": 0.016, "good_frames": [frames]}
    return one(number, counts, **(options | {"dead_time": [[0.010, 0.012]]} | more))


def test_dead_times_are_corrected_before() -> None:
    """Closed form: each run with its own frames; variances n / (1 - x)^2 add."""
    counts = [RNG.integers(0, 100, (2, 25)) for _ in range(2)]
    frames = (1000, 4000)
    runs = [pulsed(k, n, f) for k, n, f in zip((1, 2), counts, frames, strict=True)]
    total = mu.add_runs(runs)
    kept = [
        1 - n * np.array([[0.010], [0.012]]) / (f * 0.016)
        for n, f in zip(counts, frames, strict=True)
    ]
    expected = sum(n / k for n, k in zip(counts, kept, strict=True))
    variance = sum(n / k**2 for n, k in zip(counts, kept, strict=True))
    np.testing.assert_allclose(total.counts[0], expected, rtol=1e-14)
    assert total.variance is not None
    np.testing.assert_allclose(total.variance[0], variance, rtol=1e-14)
    assert total.good_frames is not None and total.good_frames.tolist() == [5000]
    assert total.dead_time is None
    # raw counts and frames added before the correction are another number: rates differ
    wrong = (counts[0] + counts[1]) / (
        1 - (counts[0] + counts[1]) * np.array([[0.010], [0.012]]) / (5000 * 0.016)
    )
    assert np.abs(wrong - expected).max() > 1
    # the same where they were corrected already, and nothing is corrected twice
    again = mu.add_runs([correct_dead_time(run) for run in runs])
    np.testing.assert_array_equal(again.counts, total.counts)
    found = reduce(total, Reduction(forward="1", backward="2", packing=1))
    assert [s.stage for s in found.history][:3] == ["correct_dead_time", "add_runs", "group"]
    f, b = expected
    np.testing.assert_allclose(found.value, (f - b) / (f + b), rtol=1e-12)
    note = found.history[0].note
    assert note.startswith("SIM 1: largest loss") and "; SIM 2: largest loss" in note


def test_raw_counts_where_dead_times_are_not_wanted() -> None:
    from musrcu.reduction.dead_time import leave_dead_time

    runs = [pulsed(k, RNG.integers(0, 99, (2, 9)), 5000) for k in (1, 2)]
    total = mu.add_runs([leave_dead_time(run) for run in runs])
    assert total.variance is None and total.dead_time is None
    np.testing.assert_array_equal(total.counts, runs[0].counts + runs[1].counts)
    assert str(total.history[0]) == "correct_dead_time(): not applied: as asked"
    mixed = mu.add_runs([runs[0], leave_dead_time(runs[1])])
    assert mixed.warnings == ("the dead time is not corrected in SIM 2, but in the other runs",)
    assert mixed.variance is not None


def test_periods_are_added_one_by_one() -> None:
    counts = RNG.integers(0, 99, (2, 3, 2, 15))
    runs = [
        one(k + 1, counts[k], period_labels=("on", "off", ""), good_frames=[1, 2, 3])
        for k in (0, 1)
    ]
    total = mu.add_runs(runs)
    np.testing.assert_array_equal(total.counts, counts.sum(axis=0))
    assert total.period_labels == ("on", "off", "")
    assert total.good_frames is not None and total.good_frames.tolist() == [2, 4, 6]


def test_sums_may_be_added_further() -> None:
    runs = [one(k) for k in (4, 5, 6, 9)]
    step = mu.add_runs([mu.add_runs(runs[:2]), mu.add_runs(runs[2:])])
    whole = mu.add_runs(runs)
    np.testing.assert_array_equal(step.counts, whole.counts)
    assert step.numbers == whole.numbers == (4, 5, 6, 9)
    assert step.name == "SIM 4-6+9"
    assert step.title == whole.title == "ZF (runs 4+5+6+9)"
    assert mu.add_runs(runs[:2]).name == "SIM 4+5"
    with pytest.raises(ReductionError, match="the same run .both hold number 5"):
        mu.add_runs([mu.add_runs(runs[:2]), runs[1]])


def test_names_numbers_and_times() -> None:
    runs = [
        one(7, title="T=1 K", start="2018-06-01T10:00:00", stop="2018-06-01T10:30:00", sample="Cu"),
        one(6, title="T=1 K", start="2018-06-01T09:00:00", stop="2018-06-01T09:30:00", sample="cu"),
    ]
    total = mu.add_runs(runs)
    assert (total.number, total.numbers, total.name) == (7, (7, 6), "SIM 7+6")
    assert total.title == "T=1 K (runs 7+6)"
    assert (total.start, total.stop) == ("2018-06-01T09:00:00", "2018-06-01T10:30:00")
    assert total.sample == "Cu"
    assert total.duration == 5400.0
    assert total.path is None
    assert total.history[-1].options["runs"] == ["SIM 7", "SIM 6"]
    assert total.history[-1].options["counts"] == [float(r.counts.sum()) for r in runs]
    other = mu.add_runs([one(1, title="a", stop=None), one(2, title="b", comment="x")])
    assert (other.title, other.stop, other.comment) == ("a + b (runs 1+2)", None, "x")
    many = mu.add_runs([one(k, title=f"T={k} K") for k in range(1, 6)])
    assert many.title == "T=1 K + ... (runs 1+2+3+4+5)"
    zones = mu.add_runs([one(1), one(2, start="2018-06-01T10:00:00+00:00")])
    assert zones.start is None  # which is earlier cannot be said
    nameless = mu.add_runs([one(None, title=None), one(None, np.ones((2, 40), int), title=None)])
    assert (nameless.numbers, nameless.title, nameless.name) == ((), None, "SIM")


def test_temperature_and_field_are_weighted_by_counts() -> None:
    """Closed form with 1 : 3 counts."""
    sensors = (
        Sensor("sample", 1.0, 0.1, 10),
        Sensor("sample", 1.004, 0.2, 30),
    )
    first = Temperature(1.0, 1.0, 0.01, 0.1, sensors[:1])
    second = Temperature(1.0, 1.004, 0.02, 0.2, sensors[1:])
    runs = [
        one(1, np.full((2, 10), 1), field=20.0, temperature=first),
        one(2, np.full((2, 10), 3), field=20.4, temperature=second),
    ]
    total = mu.add_runs(runs)
    t = total.temperature
    assert t.nominal == 1.0
    assert t.mean == pytest.approx(1.003, rel=1e-14)
    assert t.error == pytest.approx(np.hypot(0.25 * 0.01, 0.75 * 0.02), rel=1e-14)
    within = 0.25 * 0.1**2 + 0.75 * 0.2**2
    between = 0.25 * 0.003**2 + 0.75 * 0.001**2
    assert t.spread == pytest.approx(np.sqrt(within + between), rel=1e-12)
    assert t.sensors[0].mean == pytest.approx(1.003)
    assert (t.sensors[0].name, t.sensors[0].n_readings) == ("sample", 40)
    assert total.field == pytest.approx(20.3, rel=1e-14)
    assert total.warnings == ()


def test_the_spread_of_many_readings_is_that_of_all() -> None:
    """Equal counts: mean and spread of the joined readings, by NumPy."""
    readings = [RNG.normal(10, 0.3, 50), RNG.normal(10.02, 0.5, 50)]
    known = [Temperature(None, float(r.mean()), None, float(r.std())) for r in readings]
    counts = np.arange(18).reshape(2, 9)
    runs = [one(1, counts, temperature=known[0]), one(2, counts[::-1], temperature=known[1])]
    t = mu.add_runs(runs).temperature
    joined = np.concatenate(readings)
    assert (t.mean, t.spread) == pytest.approx((joined.mean(), joined.std()), rel=1e-12)
    assert t.error is None


@pytest.mark.parametrize(
    ("temperatures", "value", "mean"),
    [
        ((Temperature(5.0), Temperature(5.0)), 5.0, None),
        ((Temperature(5.0), Temperature()), None, None),
        ((Temperature(5.0, 5.1), Temperature(5.0)), 5.0, None),
        ((Temperature(None, 5.1), Temperature(5.0)), None, None),
        ((Temperature(), Temperature()), None, None),
    ],
)
def test_what_is_unknown_in_one_run(temperatures: Any, value: Any, mean: Any) -> None:
    runs = [one(k, temperature=t) for k, t in zip((1, 2), temperatures, strict=True)]
    found = mu.add_runs(runs).temperature
    if temperatures[0].nominal is None and temperatures[0].mean is not None:
        assert found.nominal is not None and 5.0 < found.nominal < 5.1  # as good as a set point
    else:
        assert found.value == value
    assert found.mean == mean
    assert mu.add_runs([one(1, field=0.0), one(2)]).field is None
    assert mu.add_runs([one(1, field=0.0), one(2, field=0.0)]).field == 0.0


def load(what: str) -> dict[str, Any]:
    if what == "gone":
        raise AssertionError("looked at too early")
    return {"T": Log("T", [0.0, 1.0], [1.0, 2.0])} if what == "log" else {"NRUN": what}


def test_headers_and_logs_are_looked_at_later() -> None:
    runs = [
        one(1, header=Later(partial(load, "first")), logs=Later(partial(load, "log"))),
        one(2, header={"NRUN": "second", "x": 1}, logs={}),
    ]
    total = mu.add_runs(runs)
    for found in (total, pickle.loads(pickle.dumps(total))):  # noqa: S301
        assert dict(found.header) == {
            "SIM 1: NRUN": "first",
            "SIM 2: NRUN": "second",
            "SIM 2: x": 1,
        }
        assert list(found.logs) == ["SIM 1: T"]
    lazy = mu.add_runs([one(1, header=Later(partial(load, "gone"))), one(2)])
    with pytest.raises(AssertionError, match="too early"):
        dict(lazy.header)


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"instrument": "GPS"}, "different instrument: SIM .SIM 1., GPS .GPS 2."),
        ({"facility": "TRIUMF"}, "different facility: PSI .SIM 1., TRIUMF .SIM 2."),
        ({"labels": ("Forw", "Left")}, "detector 2 of the runs has different labels, 'Back' and"),
        ({"number": 1, "start": "2018-06-01T10:01:00"}, "are the same run .number 1, started 2018"),
        ({"period_labels": ("off",)}, "period 1 of the runs has different labels, 'on' and 'off'"),
        ({"counts": "equal"}, "SIM 1 and SIM 2 are the same run .all counts are equal"),
    ],
)
def test_what_does_not_belong_together_needs_force(other: Any, sentence: str) -> None:
    first = one(1, period_labels=("on",))
    if other.get("counts") == "equal":
        other = {"counts": first.counts[0]}
    second = one(**({"number": 2} | other))
    with pytest.raises(ReductionError, match=sentence + ".*; force=True adds them all the same"):
        mu.add_runs([first, second])
    forced = mu.add_runs([first, second], force=True)
    np.testing.assert_array_equal(forced.counts, first.counts + second.counts)
    assert len(forced.warnings) == 1
    assert forced.warnings[0] in str(forced)
    with pytest.raises(ReductionError, match=sentence):
        mu.add_runs([first, one(3), second])


def test_what_is_only_unknown_belongs_together() -> None:
    first = one(1, period_labels=("on",))
    second = one(2, instrument=None, facility=None, labels=("", "BACK "), path=Path("b"))
    total = mu.add_runs([second, first])
    assert (total.instrument, total.facility) == ("SIM", "PSI")
    assert (total.labels, total.period_labels) == (("Forw", "BACK "), ("on",))
    assert total.warnings == ()
    # PSI numbers its runs from 1 every year: equal numbers with other starts are two runs
    mu.add_runs([one(1), one(1, one(2).counts[0], start="2019-06-01T10:00:00")])


def test_a_run_is_not_added_to_itself(samples: Path, tmp_path: Path) -> None:
    path = samples / "deltat_tdc_ltf_0001.bin"
    run = mu.read(path)
    with pytest.raises(ReductionError, match="LTF 1 and LTF 1 are the same run .one object"):
        mu.add_runs([run, run])
    with pytest.raises(ReductionError, match="are the same run .one file"):
        mu.add_runs([run, mu.read(path)])
    (tmp_path / "copy.bin").write_bytes(path.read_bytes())
    with pytest.raises(ReductionError, match="are the same run .number 1, started"):
        mu.add_runs([run, mu.read(tmp_path / "copy.bin")])
    twice = mu.add_runs([run, run], force=True)
    np.testing.assert_array_equal(twice.counts, 2 * run.counts)
    assert "same run" in twice.warnings[-1]
    assert len(twice.header) == 2 * len(run.header)


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"counts": np.ones((3, 40), int), "labels": ("a", "b", "c")}, "SIM 2 has 3 detectors, SI"),
        ({"counts": np.ones((2, 2, 40), int)}, "SIM 2 has 2 periods, SIM 1 has 1"),
        ({"bin_width": 0.011}, "SIM 2 has bins of 11 ns, SIM 1 of 10 ns"),
        ({"bin_width": 0.01 * (1 + 0.11 / 40)}, "such runs cannot be added"),
        ({"source": "pulsed"}, "SIM 2 is of a pulsed source, SIM 1 of a continuous one"),
        ({"t0": [45.0, 0.0], "counts": np.ones((2, 60), int)}, None),
        ({"t0": [50.0, 0.0]}, "no good bins in common"),
        ({"t0": [1e300, 0.0]}, "no good bins in common"),
        ({"t0": [np.nan, 0.0]}, "SIM 2: t0 of detector 1 is no bin number"),
        ({"first_good": [39, 39]}, "no good bins in common"),
    ],
)
def test_what_can_never_be_added(other: Any, sentence: str | None) -> None:
    runs = [one(1), one(**({"number": 2} | other))]
    if sentence is None:
        assert mu.add_runs(runs).n_bins == 15
        return
    for force in (False, True):
        with pytest.raises(ReductionError, match=sentence):
            mu.add_runs(runs, force=force)


def test_rounded_bin_widths_are_equal() -> None:
    """A float32 and a double of 16 ns."""
    runs = [one(1, bin_width=0.016), one(2, bin_width=float(np.float32(0.016)))]
    assert mu.add_runs(runs).bin_width == 0.016


@pytest.mark.parametrize(
    ("runs", "sentence"),
    [
        ([], "two runs or more, got 0"),
        ([one(1)], "two runs or more, got 1"),
        (one(1), "two runs or more, got 1"),
        (["a.bin", "b.bin"], "takes runs, not a str; read it first"),
    ],
)
def test_not_runs(runs: Any, sentence: str) -> None:
    with pytest.raises(ReductionError, match=sentence):
        mu.add_runs(runs)


def test_other_temperatures_fields_and_samples_are_named() -> None:
    runs = [
        one(1, temperature=Temperature(mean=0.020), field=20.0, sample="Cu", warnings=("odd",)),
        one(2, temperature=Temperature(mean=0.0215), field=20.6, sample="Ag", orientation="c"),
        one(3, temperature=Temperature(), field=20.1),
    ]
    assert mu.add_runs(runs).warnings == (
        "SIM 1: odd",
        "the added runs differ in sample: Cu (SIM 1), Ag (SIM 2)",
        "the temperature of 1 added runs is unknown",
        "the added runs differ in temperature, from 0.02 K (SIM 1) to 0.0215 K (SIM 2)",
        "the added runs differ in field, from 20 G (SIM 1) to 20.6 G (SIM 2)",
    )
    odd = mu.add_runs([one(k, warnings=("odd", "older")[: 1 + (k < 3)]) for k in range(1, 6)])
    assert odd.warnings == ("5 of the added runs: odd", "SIM 1, SIM 2: older")
    near = [one(1, temperature=Temperature(50.0)), one(2, temperature=Temperature(50.4))]
    assert mu.add_runs(near).warnings == ()


def test_a_sum_is_as_good_as_one_long_run() -> None:
    """The same decays in one run or thrown in four with t0 of their own: one asymmetry."""

    def truth(t: np.ndarray) -> np.ndarray:
        return np.asarray(0.2 * np.exp(-0.5 * t) * np.cos(2 * np.pi * 1.3 * t))

    pulls = []
    for seed in range(20):
        runs = []
        for k in range(4):
            time, *sides = throw_pair(truth, 5e5, 10 * seed + k)
            before = np.zeros((2, 20 + k))
            counts = np.concatenate([before, np.array(sides)], axis=1)
            runs.append(one(k + 1, counts, t0=[19.5 + k] * 2, first_good=[20 + k] * 2))
        total = mu.add_runs(runs)
        found = reduce(
            total,
            Reduction(forward="1", backward="2", packing=4, t_max=6.0, background="none", alpha=1),
        )
        assert found.time[0] == pytest.approx(time[:4].mean())
        pulls.append((found.value - truth(found.time)) / found.error)
    flat = np.concatenate(pulls)
    assert abs(flat.mean()) < 4 / np.sqrt(flat.size)
    assert abs(flat.std() - 1) < 4 / np.sqrt(2 * flat.size)


def test_real_runs_of_one_evening(real: Path) -> None:
    """GPS 3111 to 3114 at four temperatures: added all the same, and the spread says so."""
    runs = [mu.read(real / "psi-bin" / f"deltat_pta_gps_{k}.bin") for k in range(3111, 3115)]
    total = mu.add_runs(runs)
    assert total.name == "GPS 3111-3114"
    assert total.counts.sum() == sum(int(run.counts.sum()) for run in runs)
    np.testing.assert_array_equal(total.counts, np.sum([run.counts for run in runs], axis=0))
    assert "differ in temperature, from 5.99695 K (GPS 3111) to 12.0132 K" in total.warnings[-1]
    known = [run.temperature.mean for run in runs]
    assert total.temperature.mean == pytest.approx(np.mean(known), rel=2e-3)
    assert total.temperature.spread == pytest.approx(np.std(known), rel=2e-3)
    assert (total.start, total.stop) == (runs[0].start, runs[3].stop)
    with pytest.raises(ReductionError, match="such runs cannot be added"):
        mu.add_runs([total, mu.read(real / "psi-bin" / "deltat_tdc_dolly_1020.bin")], force=True)


def test_real_runs_of_gps(real: Path) -> None:
    """A real run in two parts with t0 apart: together they are the run again."""
    run = mu.read(real / "psi-bin" / "deltat_pta_gps_4255.bin")
    part = np.random.default_rng(1).binomial(run.counts.astype(np.int64), 0.3)
    late = np.zeros_like(part)
    late[..., 5:] = part[..., :-5]
    halves = [
        run.replace(counts=run.counts - part, path=None),
        run.replace(
            counts=late, path=None, number=4256, start=None, t0=run.t0 + 5,
            first_good=run.first_good + 5,
        ),
    ]  # fmt: skip
    total = mu.add_runs(halves)
    np.testing.assert_array_equal(total.counts, run.counts[..., : run.n_bins - 5])
    assert total.name == "GPS 4255+4256"
    np.testing.assert_array_equal(total.t0, run.t0)
    ours, theirs = (reduce(r, Reduction(packing=20, t_max=5.0)) for r in (total, run))
    np.testing.assert_array_equal(ours.value, theirs.value)
    np.testing.assert_array_equal(ours.error, theirs.error)
