"""A scan of the sample runs gives back the truth they were drawn from."""

from __future__ import annotations

import dataclasses
import json
import math
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import musrcu as mu
from musrcu.analysis.scan_file import ScanFile
from musrcu.ordering.two_step import likelihood_root


@pytest.fixture(scope="module")
def truth(samples: Path) -> dict:
    return tomllib.loads((samples / "manifest.toml").read_text())


@pytest.fixture(scope="module")
def scan(samples: Path) -> mu.Scan:
    return ScanFile.load(samples / "scan.toml").run()


def test_every_verdict_is_right(scan: mu.Scan, truth: dict) -> None:
    models = {run["number"]: run["model"] for run in truth["runs"]}
    for run in scan.runs:
        assert run.verdict == ("ordered" if models[run.run] == "ordered" else "not ordered")


def test_runs_are_sorted_by_temperature_and_bracket_the_true_one(
    scan: mu.Scan, truth: dict
) -> None:
    temperatures = [run.temperature for run in scan.runs]
    assert temperatures == sorted(temperatures)
    low, high = scan.bracket
    assert low is not None and high is not None
    assert low < truth["order"]["T_N"] < high


def test_frequencies_are_normal_about_their_truth(scan: mu.Scan, truth: dict) -> None:
    true = {run["number"]: run["parameters"] for run in truth["runs"]}
    pulls = []
    for run in scan.runs:
        if run.verdict == "ordered":
            nu = run.result["nu2"]
            pulls.append((nu.value - true[run.run]["nu2"]) / nu.error)
    n = len(pulls)
    assert n == 15
    # chi-square of 15 standard normals: 99.98 % lie between 2.9 and 42
    assert 2.9 < sum(pull**2 for pull in pulls) < 42
    assert abs(sum(pulls) / n) < 3.5 / math.sqrt(n)


@pytest.mark.parametrize("name", ["nu0", "T_N", "beta"])
def test_the_order_parameter_gives_back_its_truth(scan: mu.Scan, truth: dict, name: str) -> None:
    assert scan.order is not None and scan.order.valid
    assert abs(likelihood_root(scan.order, name, truth["order"][name])) < 3.5
    assert scan.order[name].minos is not None


def test_the_published_values_come_out(scan: mu.Scan) -> None:
    """1.59(1) MHz, 0.105(1) K and 0.12(2), the values of Huddart et al. (2019)."""
    assert scan.order is not None
    assert abs(scan.order.nu0.value - 1.59) < 0.01
    assert abs(scan.order.T_N.value - 0.105) < 0.001
    assert abs(scan.order.beta.value - 0.12) < 0.02


def test_json_has_the_promised_keys_and_no_nan(scan: mu.Scan) -> None:
    text = json.dumps(scan.to_dict(), allow_nan=False)
    data = json.loads(text)
    assert {"runs", "T_N_bracket", "order_parameter"} <= data.keys()
    run_keys = {
        "run", "temperature", "temperature_error", "model", "verdict", "valid", "reason", "chi2",
        "ndof", "parameters",
    }  # fmt: skip
    for run in data["runs"]:
        assert run_keys <= run.keys()
    for name in ("nu0", "T_N", "beta", "alpha"):
        assert {"value", "error", "minos"} <= data["order_parameter"][name].keys()
    assert {"chi2", "ndof", "valid", "reason"} <= data["order_parameter"].keys()


def test_a_saved_scan_loads_equal(scan: mu.Scan, tmp_path: Path) -> None:
    scan.save(tmp_path / "scan.json")
    loaded = mu.load(tmp_path / "scan.json")
    assert isinstance(loaded, mu.Scan)
    assert loaded.to_dict() == scan.to_dict()
    with pytest.raises(mu.MusrcuError, match="exists"):
        scan.save(tmp_path / "scan.json")


def test_the_summary_prints_results_as_the_field_does(scan: mu.Scan) -> None:
    text = scan.summary()
    assert "T_N bracket: ordered up to" in text
    assert "T_N = 0.105" in text and " K" in text
    for exponent in ("1.5", "2", "3", "4"):
        assert f"{exponent}:" in text.split("beta for alpha")[1]


def test_one_bad_file_does_not_stop_the_rest(samples: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.bin"
    broken.write_bytes((samples / "deltat_tdc_ltf_0001.bin").read_bytes()[:5000])
    files = [broken, samples / "deltat_tdc_ltf_0009.bin", tmp_path / "missing.bin"]
    scan = mu.fit_scan(files, mu.Reduction(alpha=0.93))
    assert sorted(run.verdict for run in scan.runs) == ["failed", "failed", "ordered"]
    for run in scan.runs:
        if run.verdict == "failed":
            assert run.why and run.result is None
    assert len(scan.points().temperature) == 1
    assert len(scan.points().left_out) == 2
    assert "failed" in scan.summary()
    json.dumps(scan.to_dict(), allow_nan=False)


def test_executor_and_serial_give_the_same_digits(samples: Path) -> None:
    files = [samples / f"deltat_tdc_ltf_{number:04d}.bin" for number in (5, 12, 18)]
    recipe = mu.Reduction(alpha=0.93)
    with ThreadPoolExecutor(2) as pool:
        threaded = mu.fit_scan(files, recipe, executor=pool)
    assert threaded.to_dict() == mu.fit_scan(files, recipe).to_dict()


def test_options_reach_the_models_that_have_the_parameter(samples: Path) -> None:
    files = [samples / "deltat_tdc_ltf_0003.bin"]
    scan = mu.fit_scan(
        files,
        mu.Reduction(alpha=0.93),
        fixed={"phi2": 6.0},
        ties={"lambda1": "2*lambda2"},
        limits={"nu2": (1.0, 2.0)},
        t_range=(0.05, 6.0),
    )
    ordered = scan.runs[0].ordered
    assert ordered["phi2"].fixed and ordered["phi2"].value == 6.0
    assert ordered["lambda1"].value == pytest.approx(2 * ordered["lambda2"].value)
    assert ordered.t_range[0] >= 0.05 and ordered.t_range[1] <= 6.0
    with pytest.raises(mu.MusrcuError, match="did you mean 'phi2'"):
        mu.fit_scan(files, fixed={"phy2": 6.0})


def test_a_model_without_a_line_is_refused(samples: Path) -> None:
    with pytest.raises(mu.MusrcuError, match="no oscillation"):
        mu.fit_scan([samples / "deltat_tdc_ltf_0003.bin"], ordered="exponential + constant")


def test_runs_without_temperature_are_fitted_but_no_points(samples: Path) -> None:
    run = mu.read(samples / "deltat_tdc_ltf_0003.bin")
    unknown = run.replace(temperature=type(run.temperature)())
    scan = mu.fit_scan([unknown], mu.Reduction(alpha=0.93))
    assert scan.runs[0].verdict == "ordered"
    points = scan.points()
    assert len(points.temperature) == 0
    assert "temperature is unknown" in points.left_out[0]
    order = mu.fit_order_parameter(scan)
    assert not order.valid and order.reason


def test_a_degenerate_run_enters_by_its_valid_alternative(real: Path) -> None:
    """GPS 4255: A1 exp(-lambda1 t) and A_bg are one term; the scan says what it used."""
    run = real / "psi-bin" / "deltat_pta_gps_4255.bin"
    recipe = mu.Reduction(forward="2", backward="1", alpha=1 / 0.82)
    scan = mu.fit_scan([run], recipe, t_range=(0.0, 8.0))
    only = scan.runs[0]
    assert only.verdict == "ordered"
    assert not only.ordered.valid and only.result.valid
    assert "without the spare term" in only.note
    assert abs(only.result["nu2"].value - 2.42) < 0.01
    assert len(scan.points().value) == 1


def test_mixed_fields_are_named_and_units_stand_in_the_table(samples: Path) -> None:
    files = [samples / f"deltat_tdc_ltf_{number:04d}.bin" for number in (3, 21)]
    text = mu.fit_scan(files, mu.Reduction(alpha=0.93)).summary()
    assert "different fields (0 G, 50 G)" in text
    assert "nu2 (MHz)" in text and "lambda1 (1/us)" in text and "phi2 (deg)" in text


def test_precession_in_an_applied_field_is_no_proof_of_order(samples: Path) -> None:
    run = mu.read(samples / "deltat_tdc_ltf_0001.bin")
    summary = mu.fit_scan([run.replace(field=-150.0)]).summary()
    assert "note: ordered runs are in a field of -150 G, about which muons precess" in summary
    assert "about which muons" not in mu.fit_scan([run]).summary()


def test_the_record_holds_the_options_of_the_fits(samples: Path) -> None:
    files = [samples / "deltat_tdc_ltf_0003.bin"]
    recipe = mu.Reduction(alpha=0.93, packing=10)
    scan = mu.fit_scan(files, recipe, fixed={"phi2": 6.0}, t_range=(0.02, 8.0))
    assert scan.to_dict()["options"] == {"fixed": {"phi2": 6.0}, "t_range": [0.02, 8.0]}
    assert scan.to_dict()["reduction"] == {"alpha": 0.93, "packing": 10}


def test_a_wrong_order_parameter_is_refused_before_any_fit(samples: Path, tmp_path: Path) -> None:
    file = tmp_path / "scan.toml"
    runs = (samples / "deltat_tdc_ltf_0003.bin").resolve()
    file.write_text(f'[data]\nruns = "{runs}"\n[order]\nparameter = "nu1"\n')
    with pytest.raises(mu.MusrcuError, match="did you mean 'nu2'"):
        ScanFile.load(file).run()


def test_an_impossible_temperature_leaves_its_run_out_and_no_other(scan: mu.Scan) -> None:
    runs = list(scan.runs)
    runs[2] = dataclasses.replace(runs[2], temperature=-1.0)
    runs[-1] = dataclasses.replace(runs[-1], temperature=-1.0)
    broken = dataclasses.replace(scan, runs=tuple(runs))
    assert broken.points().left_out == (
        f"{runs[2].name}: its temperature is -1 K",
        f"{runs[-1].name}: not ordered, but its temperature is -1 K",
    )
    assert len(broken.points().value) == 14
    assert broken.bracket == scan.bracket
    assert mu.fit_order_parameter(broken).valid


def test_a_run_in_two_files_is_named(samples: Path, tmp_path: Path) -> None:
    """A copy in another folder is another file, but the same run."""
    first = samples / "deltat_tdc_ltf_0003.bin"
    copy = tmp_path / first.name
    copy.write_bytes(first.read_bytes())
    recipe = mu.Reduction(alpha=0.93, packing=40)
    scan = mu.fit_scan([first, first, copy, copy, first], recipe)
    assert len(scan.runs) == 2
    assert "note: LTF 3 is in the scan twice" in scan.summary().split("\n")
    assert "twice" not in mu.fit_scan([first, first], recipe).summary()


def test_what_a_scan_takes(samples: Path) -> None:
    file = samples / "deltat_tdc_ltf_0012.bin"
    recipe = mu.Reduction(alpha=0.93)
    single = mu.fit_scan(file, recipe)
    assert [run.run for run in single.runs] == [12]
    assert mu.fit_scan(mu.read(file), recipe).runs[0].verdict == "ordered"
    assert mu.fit_scan([], recipe).runs == ()
    for wrong in (None, 5, [5], [None]):
        with pytest.raises(mu.MusrcuError, match="takes runs, files or asymmetries"):
            mu.fit_scan(wrong, recipe)
    reduced = mu.fit_scan(mu.reduce(mu.read(file), recipe), recipe)
    assert reduced.runs[0].result is not None and single.runs[0].result is not None
    assert reduced.runs[0].result.chi2 == single.runs[0].result.chi2


def test_a_scan_in_growing_bins(samples: Path) -> None:
    """The narrowest bin says how fast a line may be: the widest, 1 us, would hide all."""
    runs = [samples / f"deltat_tdc_ltf_{n:04d}.bin" for n in (1, 18)]
    recipe = mu.Reduction(alpha=1.2, packing={"first": 40}, t_max=6.0)
    found = mu.fit_scan(runs, recipe=recipe)
    assert [one.verdict for one in found.runs] == ["ordered", "not ordered"]
