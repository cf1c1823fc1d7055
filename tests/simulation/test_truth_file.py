"""The truth file: what it means, and what is refused."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import markdown_page
import pytest
from truth_tables import HUGE, changed, places

from musrcu.errors import MusrcuError
from musrcu.simulation.simulate import simulate_run
from musrcu.simulation.truth_file import load_truth


@pytest.fixture(scope="module")
def tables(samples: Path) -> dict[str, Any]:
    return tomllib.loads((samples / "truth.toml").read_text(encoding="utf-8"))


def test_file_and_dictionary_mean_the_same(samples: Path, tables: dict[str, Any]) -> None:
    assert load_truth(samples / "truth.toml") == load_truth(tables)


def test_parameters_follow_temperature_and_field(tables: dict[str, Any]) -> None:
    truth = load_truth(tables)
    A1, lambda1, A2, lambda2, nu2, phi2, A_bg = truth.values("ordered", 0.1, 0.0)
    assert (A1, lambda1, A2, phi2, A_bg) == (0.055, 0.9, 0.045, 6.0, 0.11)
    assert nu2 == pytest.approx(1.251653126735, abs=1e-11)  # computed with 25 digits
    assert lambda2 == pytest.approx(0.35 + 0.9 * (0.1 / 0.105) ** 8, rel=1e-14)
    assert truth.values("transverse", 1.0, 50.0)[2] == pytest.approx(0.677694047, abs=1e-9)


def in_field(tables: dict[str, Any], expression: str, **parameters: Any) -> dict[str, Any]:
    """The tables with another model for their run in a field."""
    recipe = {"expression": expression, "parameters": parameters}
    return changed(tables, ["models", "transverse"], recipe)


@pytest.mark.parametrize("more", [{}, {"B_LF1": "field"}])
def test_a_field_parameter_is_the_field_of_the_run_in_gauss(
    tables: dict[str, Any], more: dict[str, Any]
) -> None:
    kept = {"A1": 0.2, "delta1": 0.3, **more}
    for field in (10.0, -10.0):
        truth = load_truth(in_field(tables, "gaussian_kt_lf", **kept))
        assert truth.values("transverse", 1.0, field).tolist() == [0.2, 0.3, 10.0]
    held = load_truth(in_field(tables, "gaussian_kt_lf", **{**kept, "B_LF1": 7.0}))
    assert held.values("transverse", 1.0, 50.0).tolist() == [0.2, 0.3, 7.0]


def test_a_frequency_follows_the_field_in_megahertz(tables: dict[str, Any]) -> None:
    truth = load_truth(in_field(tables, "cosine", A1=0.2, nu1="field", phi1=0.0))
    # 13.5538809 kHz/G, from the muon's magnetic moment
    assert truth.values("transverse", 1.0, 10.0)[1] == pytest.approx(0.135538809, rel=1e-7)


@pytest.mark.parametrize(("name", "unit"), [("lambda1", "1/us"), ("beta1", "none")])
def test_what_is_no_field_cannot_follow_it(tables: dict[str, Any], name: str, unit: str) -> None:
    parameters: dict[str, Any] = {"A1": 0.2, "lambda1": 0.1, "beta1": 1.0, name: "field"}
    message = f'{name} = "field", but its unit is {unit}; only a parameter in G .* give a number$'
    with pytest.raises(MusrcuError, match=message):
        load_truth(in_field(tables, "stretched_exponential", **parameters))


def test_the_other_model_holds_from_the_transition_on(tables: dict[str, Any]) -> None:
    truth = load_truth(tables)
    series = truth.runs[0].series
    assert truth.model_at(series, 0.10499999) == "ordered"
    assert truth.model_at(series, 0.105) == "paramagnetic"
    assert truth.model_at(truth.runs[-1].series, 1.0) == "transverse"


def test_runs_are_numbered_and_follow_each_other(tables: dict[str, Any]) -> None:
    runs = load_truth(tables).runs
    assert [run.number for run in runs] == list(range(1, 22))
    assert runs[1].start == runs[0].stop
    assert (runs[0].stop - runs[0].start).total_seconds() == 1.5 * 3600


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (["sead"], 1, r"no entry 'sead'; did you mean 'seed'"),
        (["seed"], None, "lacks 'seed'"),
        (["seed"], -1, "expected a whole number"),
        (["seed"], 1.5, "expected a whole number"),
        (["detectors"], [], "at least one table"),
        (["detectors", 0, "efficency"], 1, r"\[\[detectors\]\] 1 has no entry 'efficency'"),
        (["detectors", 1, "t0"], None, r"\[\[detectors\]\] 2 lacks t0"),
        (["detectors", 1, "t0"], "298", "t0 = '298', expected a number"),
        (["detectors", 1, "t0"], float("nan"), "expected a number"),
        (["detectors", 1], 5, "expected a table"),
        (["instrument", "bins"], 10240.5, "bins = 10240.5, expected a whole number"),
        (["instrument", "bins"], True, "expected a whole number"),
        (["instrument", "name"], 5, "expected a text"),
        (["temperature", "offsets"], 0.1, "expected a list of numbers"),
        (["temperature", "offsets"], ["a"], "expected a list of numbers"),
        (["temperature", "jiter"], 0.1, "did you mean 'jitter'"),
        (["temperature", "readings"], 0, "readings = 0"),
        (["temperature", "noise"], -1.0, "noise = -1"),
        (["order", "T_N"], None, "lacks T_N"),
        (["order", "T_N"], 0.0, "T_N = 0"),
        (["order"], None, r"needs a table \[order\]"),
        (["models"], 3, r"\[models\]"),
        (["models", "ordered", "expression"], "wobble", "wobble"),
        (["models", "ordered", "expression"], 7, "needs an expression"),
        (["models", "ordered", "parameters"], None, "needs an expression and its parameters"),
        (["models", "ordered", "parameters", "nu"], 1.0, "no entry 'nu'; did you mean 'nu2'"),
        (["models", "ordered", "parameters", "nu2"], None, "parameters lack nu2"),
        (["models", "ordered", "parameters", "nu2"], "odrer", "'odrer', expected a number"),
        (["models", "ordered", "parameters", "nu2"], {"at_0": 1}, "expected a number"),
        (["models", "ordered", "parameters", "lambda2", "rise"], "x", "expected a number"),
        (["runs", 0, "above"], "paramagnet", "did you mean 'paramagnetic'"),
        (["runs", 0, "start"], "yesterday", "no ISO 8601 time"),
        (["runs", 0, "events"], 0.0, "all must be above 0"),
        (["runs", 0, "temperatures"], [0.0], "all must be above 0"),
        (["runs", 0, "temperatures"], [], "lowest of 0 temperatures"),
        (["runs", 0, "transverse"], 1, "expected true or false"),
        (["runs", 1, "first"], 20, "run 20 is there already"),
        (["runs", 0, "first"], -1, "first = -1, expected a run number, 0 or above"),
        (["runs", 0, "first"], HUGE, f"first = {HUGE}, expected a whole number"),
        (["runs", 0, "model"], "", r"no table \[models\.\]"),
        (["runs", 0, "hours"], 1e308, "hours = 1e\\+308, expected a number, at most 1e12"),
        (["runs", 0, "hours"], 1e9, "ends beyond the year 9999: .* hours = 1e\\+09"),
        (["runs", 0, "start"], "9999-12-31T20:00:00", "ends beyond the year 9999"),
        (["runs", 0, "events"], 1e308, "events = 1e\\+308, expected a number"),
        (["runs", 0, "events"], HUGE * 10**300, "events = .*, expected a number"),
        (["runs", 0, "temperatures"], [0.1, HUGE], "expected a list of numbers"),
        (["instrument", "background"], 1e308, "background = 1e\\+308, expected a number"),
        (["instrument", "background"], 1e4, "background = 10000, expected at most 1000"),
        (["instrument", "prompt"], 1e308, "prompt = 1e\\+308, expected a number"),
        (["instrument", "prompt"], 1e4, "prompt = 10000, expected at most 1000"),
        (["instrument", "bins"], HUGE, f"bins = {HUGE}, expected a whole number"),
        (["instrument", "bins"], 10**9, "bins = 1000000000, expected 1 to 1048576"),
        (["instrument", "last_good"], 10240, "leaves no good bins up to 10240 of 10240"),
        (["instrument", "name"], "L\0F", "instrument name = 'L.x00F'"),
        (["instrument", "name"], "../LTF", "it becomes part of file names"),
        (["instrument", "name"], "", "it becomes part of file names"),
        (["detectors", 1, "efficiency"], 1e9, "detector Back: efficiency = 1e\\+09"),
        (["temperature", "readings"], HUGE, f"readings = {HUGE}, expected a whole number"),
        (["temperature", "readings"], 10**9, "expected 0 or above, 0 or above, 1 to 32767"),
        (["models", "ordered", "parameters", "lambda2", "power"], -1e308, "expected a number"),
        (["seed"], True, "expected a whole number"),
    ],
)
def test_mistakes_are_named(
    tables: dict[str, Any], place: list[str | int], value: Any, message: str
) -> None:
    with pytest.raises(MusrcuError, match=message):
        load_truth(changed(tables, place, value))


def test_an_odd_entry_is_simulated_or_named(samples: Path) -> None:
    """Whatever one entry holds: a run, or one sentence; no traceback, no warning of NumPy."""
    tables = tomllib.loads((samples / "truth.toml").read_text(encoding="utf-8"))
    tables["instrument"] |= {"bins": 1024}
    del tables["instrument"]["last_good"], tables["detectors"][2:], tables["runs"][1:]
    tables["runs"][0]["temperatures"] = [0.09]
    assert simulate_run(tables, 1).run.last_good.tolist() == [1012, 1012]
    odd = [-1e308, -1e12, -1, 0, 1e-308, 1e-12, 700, 1e12, 1e308, HUGE, "", "\0", "\n", True]
    for place in places(tables):
        for value in odd:
            wrong = changed(tables, list(place), value)
            number = value if place == ("runs", 0, "first") else 1
            try:
                simulate_run(wrong, number)
            except MusrcuError as error:
                assert "\n" not in str(error), (place, value)


def test_the_last_good_bin_follows_the_bins(tables: dict[str, Any]) -> None:
    for bins in (2048, 10240):
        fewer = changed(tables, ["instrument", "bins"], bins)
        spectrometer = load_truth(changed(fewer, ["instrument", "last_good"], None)).spectrometer
        assert spectrometer.last_good == bins - 12


def test_a_rule_without_a_value_is_named(tables: dict[str, Any]) -> None:
    steep = changed(tables, ["models", "ordered", "parameters", "lambda2", "power"], -1e5)
    with pytest.raises(MusrcuError, match=r"\[models\.ordered\]: lambda2 = .* is not finite"):
        simulate_run(steep, 1)
    noisy = changed(tables, ["temperature", "offsets"], [0.0, -5.0])
    with pytest.raises(MusrcuError, match=r"\[temperature\]: noise = .* make a sensor read -4"):
        simulate_run(noisy, 1)


def test_example_of_the_documentation() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "simulation.md").read_text("utf-8")
    example, banks = [
        tomllib.loads(b.text) for b in markdown_page.blocks(page) if b.language == "toml"
    ]
    truth = load_truth(example)
    assert [(run.number, run.set_point) for run in truth.runs] == [(1, 0.05), (2, 0.2)]
    assert truth.model_at(truth.runs[1].series, 0.2) == "above"
    del example["detectors"]
    assert simulate_run(example | banks, 2).run.n_detectors == 96


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MusrcuError, match=r"nowhere\.toml cannot be read"):
        load_truth(tmp_path / "nowhere.toml")
