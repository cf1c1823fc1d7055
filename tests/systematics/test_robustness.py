"""The budget of systematic errors on runs thrown by a generator that knows nothing of musrcu."""

from __future__ import annotations

import dataclasses
import json
import runpy
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import musrcu as mu
from musrcu.containers.temperature import Temperature
from musrcu.errors import FitError, MusrcuError, ReductionError
from musrcu.systematics.robustness_result import Total
from musrcu.systematics.variations import VARIATIONS, Nominal, Setup, Variation

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
MODEL = "exponential + damped_cosine + constant"
WINDOW = (-0.160, -0.022)
ITEMS = ["t0", "first good", "packing", "background", "alpha", "dead time", "range", "damping"]


@pytest.fixture(scope="module")
def truth() -> Any:
    return SimpleNamespace(**runpy.run_path(str(BENCHMARKS / "truth.py")))


def thrown(truth: Any, set_points: tuple[float, ...], seed: int) -> list[mu.Run]:
    """Runs of 2e7 events at these temperatures, K."""
    drawn = truth.throw(np.array(set_points), 2e7, seed)
    t0 = np.array([truth.T0_BACK, truth.T0_FORW])
    return [
        mu.Run(
            counts=counts[None], bin_width=truth.DT, t0=t0, first_good=t0 + truth.FIRST_GOOD,
            last_good=np.full(2, truth.LAST_GOOD), labels=("Back", "Forw"), source="continuous",
            facility="PSI", instrument="LTF", number=number,
            temperature=Temperature(mean=float(temperature), error=float(spread) / 6),
        )
        for number, (counts, temperature, spread) in enumerate(
            zip(drawn.counts, drawn.temperature, drawn.temperature_spread, strict=True), 1
        )
    ]  # fmt: skip


def recipe(truth: Any, wrong: int = 0, **more: Any) -> mu.Reduction:
    """T0 wrong by some bins, the same raw bins for everything."""
    window = tuple(edge - wrong * truth.DT for edge in WINDOW)
    t0 = (truth.T0_BACK + wrong, truth.T0_FORW + wrong)
    known = {"alpha": truth.ALPHA, "t0": t0, "background": {"before_t0": window}}
    return mu.Reduction(**{**known, **more})


@pytest.fixture(scope="module")
def cold(truth: Any) -> mu.Run:
    return thrown(truth, (0.020,), 1)[0]


@pytest.fixture(scope="module")
def budget(truth: Any, cold: mu.Run) -> mu.Robustness:
    return mu.robustness(cold, recipe(truth), model=MODEL, alpha_error=0.01)


SET_POINTS = (0.02, 0.05, 0.075, 0.09, 0.097, 0.101, 0.103, 0.108, 0.12)


@pytest.fixture(scope="module")
def scan_runs(truth: Any) -> list[mu.Run]:
    return thrown(truth, SET_POINTS, 2)


def refit(budget: mu.Robustness, item: str, label: str = "") -> Any:
    found = [one for one in budget.refits if one.item == item and label in one.label]
    assert len(found) == 1
    return found[0]


def test_every_item_is_listed_whether_it_applies_or_not(budget: mu.Robustness) -> None:
    assert list(dict.fromkeys(one.item for one in budget.refits)) == ITEMS
    assert all(one.reason for one in budget.refits if one.status != "done")
    assert refit(budget, "packing", "halved").reason == "the raw bins are fitted already"
    assert refit(budget, "dead time").reason == "none known"
    assert budget.items == ("t0", "first good", "packing", "background", "alpha", "range")
    assert budget.failed == ()
    text = budget.summary()
    assert "not applied: packing, halved: the raw bins are fitted already" in text
    assert "not applied: dead time, on or off: none known" in text


@pytest.mark.parametrize("wrong", [1, -1])
def test_a_wrong_t0_is_covered_in_a_fit(truth: Any, cold: mu.Run, wrong: int) -> None:
    right = mu.fit(mu.reduce(cold, recipe(truth)), MODEL)
    names = ("nu2", "phi2", "A2")
    found = mu.robustness(cold, recipe(truth, wrong), model=MODEL, parameters=names)
    assert found.parameters == names
    for name in names:
        total = found[name]
        assert abs(total.value - right[name].value) <= total.systematic + 1e-3 * total.statistical
    assert abs(found["phi2"].value - right["phi2"].value) > 0.3 * right["phi2"].error


def test_a_bin_of_t0_is_a_phase(truth: Any, budget: mu.Robustness) -> None:
    """Cos(2 pi nu (t + dt) + phi): phi moves by 360 nu dt, amplitudes by exp(lambda dt)."""
    values = {name: known.value for name, known in budget.nominal.items()}
    expected = {
        "phi2": 360 * values["nu2"] * truth.DT,
        "A1": values["A1"] * np.expm1(values["lambda1"] * truth.DT),
        "A2": values["A2"] * np.expm1(values["lambda2"] * truth.DT),
    }
    for name, by in expected.items():
        error = budget.nominal[name].error
        for label, sign in (("earlier", -1), ("later", 1)):
            shift = budget.shift(refit(budget, "t0", label), name)
            # a later t0: fewer turns were made since, and less was damped
            direction = sign if name == "phi2" else -sign
            assert shift == pytest.approx(direction * by, rel=2e-3, abs=1e-4 * error)
        assert budget.systematic("t0", name) == pytest.approx(by, rel=2e-3)
    assert budget.systematic("t0", "nu2") < 1e-4 * budget.nominal["nu2"].error


def test_a_t0_that_was_measured_moves_by_its_error(truth: Any, cold: mu.Run) -> None:
    """Both detectors by the mean of their errors: phi2 by 360 nu dt of it; nothing else is news."""
    known = mu.Calibration(
        alpha=truth.ALPHA, alpha_error=0.001, forward="1", backward="2", detectors=(1, 2),
        t0=tuple(cold.t0), t0_error=(0.1, 0.3), bin_width=truth.DT, n_detectors=2,
    )  # fmt: skip
    given = recipe(truth, t0=None, alpha=None, calibration=known)
    found = mu.robustness(cold, given, model=MODEL, parameters=["nu2", "phi2"])
    moved = [one for one in found.refits if one.item == "t0"]
    assert [one.label for one in moved] == ["earlier by its error", "later by its error"]
    by = 360 * found["nu2"].value * 0.2 * truth.DT
    assert [found.shift(one, "phi2") for one in moved] == pytest.approx([-by, by], rel=5e-3)
    assert found.systematic("t0", "phi2") == pytest.approx(by, rel=5e-3)
    assert found.systematic("t0", "nu2") < 1e-4 * found["nu2"].statistical


def test_a_t0_from_the_counts_moves_by_its_error(samples: Path) -> None:
    """The middle of the pulse, found to some hundredths of a bin."""
    path = samples / "isis" / "simulated_EMU00000001.nxs"
    given = mu.Reduction(alpha=1.0, packing=2, t0="edge", dead_time="none")
    error = mu.find_t0(mu.read(path), "edge").error
    assert error is not None and error[0] < 0.1
    found = mu.robustness(path, given, t_range=(0.2, 10.0), parameters=["nu2", "phi2"])
    by = 360 * found["nu2"].value * error[0] * 0.016
    assert found.systematic("t0", "phi2") == pytest.approx(by, rel=0.02)
    assert refit(found, "t0", "later").label == "later by its error"


def test_dead_times_with_errors_move_by_the_error_of_their_mean(samples: Path) -> None:
    """96 of 16 ns each are 1.6 ns of all; the refits are the fits with these dead times given."""
    path = samples / "isis" / "simulated_EMU00000001.nxs"
    run = mu.read(path)
    assert run.dead_time is not None
    own = run.dead_time[0]
    known = mu.Calibration(
        alpha=1.0, alpha_error=0.001, forward="1-48", backward="49-96", instrument="EMU",
        detectors=tuple(range(1, 97)), dead_time=tuple(own), dead_time_error=(0.016,) * 96,
    )  # fmt: skip
    given = mu.Reduction(calibration=known, packing=2)
    found = mu.robustness(run, given, t_range=(0.2, 10.0))
    for label, sign in (("less", -1), ("more", 1)):
        one = refit(found, "dead time", label)
        assert one.label == f"all {label} by the error of their mean"
        moved = own + sign * 0.016 / np.sqrt(96)
        again = dataclasses.replace(given, dead_time=tuple(moved))
        expected = mu.fit(mu.reduce(run, again), MODEL, t_range=(0.2, 10.0))
        for name, value in one.values.items():
            assert value.value == pytest.approx(expected[name].value, abs=2e-2 * value.error)
    assert not [one for one in found.refits if one.item == "dead time" and one.label == "off"]


def test_alpha_moves_the_constant_as_its_formula_says(budget: mu.Robustness) -> None:
    """DA = -(1 - A^2)/2 dalpha/alpha, with the mean asymmetry near A_bg at late times."""
    A = budget.nominal["A_bg"].value
    expected = 0.5 * (1 - A**2) * 0.01 / 0.93
    assert budget.systematic("alpha", "A_bg") == pytest.approx(expected, rel=0.03)


def test_the_arithmetic_from_the_values_alone(budget: mu.Robustness) -> None:
    """Totals computed here a second time from values and errors."""
    for name, known in budget.nominal.items():
        parts = []
        for item in budget.items:
            done = [one.values[name] for one in budget.refits if one.item == item and one.values]
            if item in ("t0", "alpha"):
                half = 0.5 * abs(done[1].value - done[0].value)
                chance = 0.5 * abs(done[1].error - done[0].error)
                parts.append(max(half**2 - chance**2, 0))
            else:
                parts.append(
                    max(
                        max((one.value - known.value) ** 2 - abs(one.error**2 - known.error**2), 0)
                        for one in done
                    )
                )
        assert budget.total(name) == pytest.approx(np.sqrt(sum(parts)), rel=1e-9)
        assert budget[name].systematic == budget.total(name)
    assert "damping" not in budget.items


def test_a_correct_analysis_is_quoted_small(budget: mu.Robustness) -> None:
    """The frequency has no systematic error that its statistical one does not hide."""
    assert budget["nu2"].systematic < 0.5 * budget["nu2"].statistical
    assert budget["lambda2"].systematic < 0.5 * budget["lambda2"].statistical
    line = str(budget["nu2"])
    assert line.startswith("nu2 = 1.5") and "(stat) +- " in line and line.endswith("(syst)")


def test_no_error_is_quoted_as_none() -> None:
    found = Total("T_N", 0.1053, 2e-4, 0.0, "K")
    assert str(found) == "T_N = 0.1053(2) K (stat), no systematic shift seen beyond chance"
    assert str(dataclasses.replace(found, systematic=1e-4)).endswith("(stat) +- 0.0001 K (syst)")


def test_a_scan_with_a_wrong_phase_is_covered(truth: Any, scan_runs: list[mu.Run]) -> None:
    """The phase is held, so that t0 wrong by one bin moves every frequency."""
    options = {"fixed": {"phi2": 6.0}}
    packed = {"packing": 20}
    right = mu.fit_order_parameter(mu.fit_scan(scan_runs, recipe(truth, **packed), **options))
    with ThreadPoolExecutor(2) as pool:
        found = mu.robustness(scan_runs, recipe(truth, 1, **packed), **options, executor=pool)
    assert found.parameters == ("nu0", "T_N", "beta")
    assert abs(found["nu0"].value - right.nu0.value) > 0.3 * right.nu0.error
    for name in found.parameters:
        total = found[name]
        slack = 1e-3 * right[name].error
        assert abs(total.value - right[name].value) <= total.systematic + slack
    choices = [one.label for one in found.refits if one.kind == "model"]
    assert choices == ["Gaussian", "alpha = 2", "alpha = 4", "alpha free", choices[-1]]
    assert choices[-1] in ("latent", "naive")
    for one in found.refits:
        if one.item == "exponent":
            held = 2.0 if "2" in one.label else 4.0 if "4" in one.label else None
            law = mu.fit_order_parameter(
                mu.fit_scan(scan_runs, recipe(truth, 1, **packed), **options), alpha=held
            )
            assert one.values["beta"].value == pytest.approx(
                law.beta.value, abs=0.1 * law.beta.error
            )
            break
    assert "exponent" not in found.items and "method" not in found.items


def test_threads_and_serial_give_the_same_digits(
    truth: Any, scan_runs: list[mu.Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a file that cannot be read changes nothing."""
    shorten(monkeypatch, VARIATIONS[:4])
    (tmp_path / "bad.bin").write_bytes(b"1N" + bytes(100))
    given, few = recipe(truth, packing=40), scan_runs[::2]
    serial = mu.robustness(few, given)
    with ThreadPoolExecutor(2) as pool:
        threaded = mu.robustness([*few, tmp_path / "bad.bin"], given, executor=pool)
    assert threaded.refits == serial.refits
    assert threaded.nominal == serial.nominal
    assert serial.name == "a scan of 5 runs, LTF 1 to LTF 9"


def shorten(monkeypatch: pytest.MonkeyPatch, variations: tuple[Variation, ...]) -> None:
    """Other variations, and no other exponents of the law."""
    for module in ("refits", "robustness", "robust_scan"):
        monkeypatch.setattr(f"musrcu.systematics.{module}.VARIATIONS", variations)
    monkeypatch.setattr("musrcu.systematics.robust_scan.EXPONENTS", ())


def test_a_budget_comes_back(budget: mu.Robustness, tmp_path: Path) -> None:
    budget.save(tmp_path / "budget.json")
    loaded = mu.load(tmp_path / "budget.json")
    assert isinstance(loaded, mu.Robustness)
    assert loaded.to_dict() == budget.to_dict()
    assert loaded.summary() == budget.summary()
    with pytest.raises(MusrcuError, match="exists and is not overwritten"):
        budget.save(tmp_path / "budget.json")


def test_a_budget_is_found_in_the_json_of_a_fit(budget: mu.Robustness, tmp_path: Path) -> None:
    saved = {"kind": "musrcu fit", "robustness": budget.to_dict()}
    for name, content in (("fit", saved), ("own", budget.to_dict()), ("none", {"kind": "x"})):
        (tmp_path / name).write_text(json.dumps(content))
    for name in ("fit", "own"):
        assert mu.Robustness.load(tmp_path / name).to_dict() == budget.to_dict()
    with pytest.raises(MusrcuError, match="none has no budget of systematic errors; make one"):
        mu.Robustness.load(tmp_path / "none")
    (tmp_path / "none").write_text("{")
    with pytest.raises(MusrcuError, match="is not JSON"):
        mu.Robustness.load(tmp_path / "none")


def _fails(nominal: Nominal) -> Setup | str:
    raise ReductionError("the histograms are gone")


def test_what_fails_is_listed_with_its_reason(
    truth: Any, cold: mu.Run, scan_runs: list[mu.Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = (Variation("t0", "broken", "input", _fails), *VARIATIONS[1:2])
    shorten(monkeypatch, broken)
    found = mu.robustness(cold, recipe(truth), model=MODEL)
    assert [(one.status, one.reason) for one in found.failed] == [
        ("failed", "the histograms are gone")
    ]
    assert "failed: t0, broken: the histograms are gone" in found.summary()
    done = refit(found, "t0", "later")
    alone = abs(found.shift(done, "phi2"))
    assert found.systematic("t0", "phi2") == pytest.approx(alone, rel=1e-3)  # one side, in full
    scan = mu.robustness(scan_runs[::2], recipe(truth, packing=40))
    assert refit(scan, "t0", "broken").status == "failed"
    assert "histograms are gone" in refit(scan, "t0", "broken").reason


def test_nothing_to_vary_is_one_sentence(truth: Any, cold: mu.Run, tmp_path: Path) -> None:
    with pytest.raises(FitError, match="nu3' is no free parameter, only A1, lambda1, .*nu2"):
        mu.robustness(cold, recipe(truth), model=MODEL, parameters=["nu3"])
    with pytest.raises(FitError, match="the fit is not valid, nothing is varied"):
        mu.robustness(
            cold, recipe(truth), model="exponential + exponential + exponential + constant"
        )
    with pytest.raises(FitError, match="the order parameter is not valid, nothing is varied"):
        mu.robustness([cold], recipe(truth, packing=40))
    with pytest.raises(MusrcuError):
        mu.robustness(tmp_path / "none.bin")


def test_runs_are_not_changed_and_a_fixed_parameter_is_left_out(truth: Any, cold: mu.Run) -> None:
    before = cold.counts.copy()
    found = mu.robustness(cold, recipe(truth, packing=20), model=MODEL, fixed={"phi2": 6.0})
    assert "phi2" not in found.parameters
    assert (cold.counts == before).all()
    again = mu.robustness(cold, recipe(truth, packing=20), model=MODEL, fixed={"lambda2": 0.35})
    reason = refit(again, "damping").reason
    assert reason.startswith("lambda2 is in fixed") and "gaussian_cosine" in reason


def test_a_pulsed_run(samples: Path) -> None:
    path = samples / "isis" / "simulated_EMU00000001.nxs"
    found = mu.robustness(path, mu.Reduction(alpha=1.0, packing=2), t_range=(0.2, 10.0))
    assert refit(found, "background", "early").reason == "a pulsed source has none before t0"
    assert "given without an error" in refit(found, "alpha", "+").reason
    off = mu.fit(
        mu.reduce(mu.read(path), mu.Reduction(alpha=1.0, packing=2, dead_time="none")),
        MODEL, t_range=(0.2, 10.0),
    )  # fmt: skip
    dead = refit(found, "dead time")
    assert dead.label == "off"
    for name, known in dead.values.items():
        assert known.value == pytest.approx(off[name].value, abs=2e-2 * known.error)
    assert refit(found, "packing", "halved").status == "done"
    carried = mu.Calibration(
        alpha=1.0, alpha_error=0.01, forward="1-48", backward="49-96", instrument="EMU"
    )
    known = mu.robustness(path, mu.Reduction(calibration=carried, packing=2), t_range=(0.2, 10.0))
    assert refit(known, "alpha", "+").reason.startswith("already in the error of the fit")
    assert known["A_bg"].statistical > 3 * found["A_bg"].statistical
    assert dataclasses.replace(known, refits=())["A_bg"].systematic == 0.0
