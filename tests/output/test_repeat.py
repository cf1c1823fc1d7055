"""A saved fit made again: from the same file, from one that moved, from one that changed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import musrcu as mu
from musrcu.errors import MusrcuError
from musrcu.fitting.constraint import Constraint
from musrcu.output.repetition import Repetition

MODEL = "exponential + damped_cosine + constant"


@pytest.fixture
def raw(samples: Path, tmp_path: Path) -> Path:
    """A sample run of its own."""
    return Path(shutil.copy(samples / "deltat_tdc_ltf_0001.bin", tmp_path))


def fitted(raw: Path, recipe: mu.Reduction | None = None, **options: Any) -> mu.FitResult:
    recipe = recipe or mu.Reduction(alpha=0.93, packing=50)
    return mu.fit(mu.reduce(mu.read(raw), recipe), MODEL, **options)


def saved(result: mu.FitResult, folder: Path) -> Path:
    result.save(folder / "fit.json", overwrite=True)
    return folder / "fit.json"


def changed(path: Path, entries: dict[str, Any]) -> Path:
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))
    return path


def test_the_same_digits_come_back(raw: Path, tmp_path: Path) -> None:
    known = Constraint(("A1", "A_bg"), np.array([0.055, 0.11]), 1e-6 * np.array([[4, -1], [-1, 4]]))
    options: dict[str, Any] = {
        "start": {"nu2": 1.6}, "fixed": {"phi2": 5.0}, "limits": {"lambda1": (0.1, None)},
        "ties": {"lambda2": "0.4*lambda1"}, "constraints": [known], "t_range": (0.02, 7.5),
        "minos": ("nu2",), "average_bins": True, "max_asymmetry": 0.3,
    }  # fmt: skip
    calibration = mu.Calibration(alpha=0.93, alpha_error=0.001, total=0.21, total_error=0.001)
    recipe = mu.Reduction(
        packing=50, calibration=calibration, background={"before_t0": (-0.5, -0.05)}
    )
    result = fitted(raw, recipe, **options)
    found = mu.repeat(saved(result, tmp_path))
    assert isinstance(found, Repetition)
    assert found.agrees and found.differences == ()
    assert np.array_equal(found.again.values, result.values)
    assert np.array_equal(found.again.errors, result.errors, equal_nan=True)
    assert np.array_equal(found.again.covariance, result.covariance)
    assert found.again["nu2"].minos == result["nu2"].minos
    assert found.again.to_dict() == result.to_dict()
    assert found.summary().endswith("agrees: values within 0.001 of their errors, errors within "
                                    "0.1 %, all to the last digit")  # fmt: skip


def test_what_is_saved_tells_all(raw: Path, tmp_path: Path) -> None:
    result = fitted(raw, limits={"nu2": (0.5, np.inf)}, constraints=iter(()))
    content = json.loads(saved(result, tmp_path).read_text())
    digest = hashlib.sha256(raw.read_bytes()).hexdigest()
    assert content["checksum"] == f"sha256:{digest}"
    assert content["path"] == str(raw)
    assert content["recipe"] == {
        "reduction": {"alpha": 0.93, "packing": 50}, "calibration": None,
    }  # fmt: skip
    assert content["request"] == {"data": "asymmetry", "limits": {"nu2": [0.5, None]}}
    assert {"musrcu", "numpy", "iminuit"} <= set(content["versions"])
    assert np.shape(content["covariance"]) == (9, 9)  # with the backgrounds


def test_counts_are_fitted_again_as_counts(raw: Path, tmp_path: Path) -> None:
    recipe = mu.Reduction(alpha=0.93, packing=50, background="fit")
    result = mu.fit(mu.reduce_counts(mu.read(raw), recipe), MODEL, t_range=(0, 8))
    found = mu.repeat(saved(result, tmp_path))
    assert found.again.cost == result.cost == "Poisson likelihood of counts"
    assert found.agrees and np.array_equal(found.again.values, result.values)


def test_a_result_at_hand_needs_no_file_of_its_own(raw: Path) -> None:
    found = mu.repeat(fitted(raw))
    assert found.agrees
    assert found.notes == ("no checksum was saved, so the file may be another one",)


@pytest.mark.parametrize("how", ["beside", "data", "variable"])
def test_a_file_that_moved_is_found(
    how: str, raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(fitted(raw), tmp_path)
    where = tmp_path / "results"
    folder = where if how == "beside" else tmp_path / "runs" / "d2018"
    folder.mkdir(parents=True)
    where.mkdir(exist_ok=True)
    raw.rename(folder / raw.name)
    path = path.rename(where / "fit.json")
    if how == "variable":
        monkeypatch.setenv("MUSRCU_DATA", str(tmp_path / "runs"))
    found = mu.repeat(path, data=str(tmp_path / "runs") if how == "data" else None)
    assert found.agrees and found.path == folder / raw.name


def test_among_files_of_one_name_the_checksum_chooses(raw: Path, tmp_path: Path) -> None:
    path = saved(fitted(raw), tmp_path)
    for folder in ("a", "b"):
        (tmp_path / "runs" / folder).mkdir(parents=True)
    (tmp_path / "runs" / "a" / raw.name).write_bytes(b"another")
    shutil.move(raw, tmp_path / "runs" / "b" / raw.name)
    raw.write_bytes(b"a third")
    assert mu.repeat(path, data=str(tmp_path / "runs")).path.parent.name == "b"


def test_another_file_is_refused(raw: Path, tmp_path: Path) -> None:
    path = saved(fitted(raw), tmp_path)
    content = bytearray(raw.read_bytes())
    content[-1] ^= 1
    raw.write_bytes(content)
    with pytest.raises(MusrcuError, match="is another one or has changed") as caught:
        mu.repeat(path)
    assert str(raw) in str(caught.value) and str(path) in str(caught.value)
    raw.unlink()
    with pytest.raises(MusrcuError, match="not there, nor beside the result"):
        mu.repeat(path)


def test_what_differs_is_named(raw: Path, tmp_path: Path) -> None:
    path = saved(fitted(raw, minos=("nu2",)), tmp_path)
    content = json.loads(path.read_text())
    nu2, rate = content["parameters"]["nu2"], content["parameters"]["lambda2"]
    nu2["value"] += 0.002 * nu2["error"]
    nu2["minos"][0] *= 1.05
    rate["error"] *= 1.01
    content["chi2"] += 0.1
    content["versions"]["musrcu"] = "0.0.1"
    path.write_text(json.dumps(content))
    found = mu.repeat(path)
    assert not found.agrees
    assert found.differences == (
        "chi2 by -0.1", "the error of lambda2 by -0.99 %", "nu2 by -0.002 of its error",
        "the MINOS error of nu2",
    )  # fmt: skip
    assert "saved with musrcu 0.0.1; now musrcu 0.1.0" in found.summary()
    assert "DIFFERS: chi2 by -0.1;" in found.summary()
    assert found.to_dict()["agrees"] is False


def test_less_than_a_thousandth_of_an_error_agrees(raw: Path, tmp_path: Path) -> None:
    path = saved(fitted(raw), tmp_path)
    content = json.loads(path.read_text())
    for one in content["parameters"].values():
        one["value"] += 0.0009 * one["error"]
        one["error"] *= 1.0009
    path.write_text(json.dumps(content))
    found = mu.repeat(path)
    assert found.agrees
    assert found.verdict == "agrees: values within 0.001 of their errors, errors within 0.1 %"


@pytest.mark.parametrize(
    ("path", "value", "clause"),
    [
        (("parameters", "A1", "value"), None, "A1 had no value, now the value 0.05"),
        (("parameters", "A1", "value"), 1e300, "A1 by "),
        (("parameters", "A1", "error"), None, "A1 has an error now"),
        (("parameters", "A1", "error"), 0, "the error of A1 by more than it was"),
        (("parameters", "A1", "fixed"), True, "A1 was held"),
        (("parameters", "A1", "at_limit"), True, "A1 was at its limit"),
        (("parameters", "A1", "tie"), "A2", "the tie of A1 was A2, now None"),
        (("parameters", "A1", "limits"), [0, 1], "limits of A1"),
        (("parameters", "A1", "constraint"), [0, 1], "constraint of A1"),
        (("chi2",), None, "chi2 was unknown, now "),
        (("covariance",), None, "there is a covariance now"),
        (("covariance", 0, 0), 1.0, "the covariance of A1 and A1 was 1, now "),
        (("covariance", 1, 4), 1.0, "the covariance of lambda1 and nu2 was 1, now "),
    ],
)
def test_every_number_is_compared(
    path: tuple[Any, ...], value: Any, clause: str, raw: Path, tmp_path: Path
) -> None:
    file = saved(fitted(raw), tmp_path)
    content = inner = json.loads(file.read_text())
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    file.write_text(json.dumps(content))
    found = mu.repeat(file)
    assert not found.agrees
    assert found.differences[0].startswith(clause)
    assert found.verdict.startswith("DIFFERS: ")


def test_numbers_that_are_none_do_not_agree(raw: Path) -> None:
    result = fitted(raw)
    wrong = dict(result.parameters)
    wrong["A1"] = dataclasses.replace(wrong["A1"], error=float("nan"))
    wrong["A2"] = dataclasses.replace(wrong["A2"], value=float("nan"))
    found = mu.repeat(dataclasses.replace(result, parameters=wrong, chi2=float("nan")))
    assert found.differences == ("chi2 by +nan", "the error of A1 by +nan %", "A2 by +nan of its "
                                 "error")  # fmt: skip


def test_a_file_that_may_be_another_one_is_told(raw: Path, tmp_path: Path) -> None:
    found = mu.repeat(changed(saved(fitted(raw), tmp_path), {"checksum": None}))
    assert found.agrees
    assert found.verdict.endswith("; no checksum was saved: the file may be another one")


def test_an_invalid_fit_repeats_with_its_alternative(samples: Path, tmp_path: Path) -> None:
    recipe = mu.Reduction(alpha=0.93, packing=50)
    asymmetry = mu.reduce(mu.read(samples / "deltat_tdc_ltf_0001.bin"), recipe)
    result = mu.fit(asymmetry, "gaussian + exponential + constant")  # of a run that precesses
    assert not result.valid and result.alternative is not None
    found = mu.repeat(saved(result, tmp_path))
    assert found.agrees and not found.again.valid
    other = dataclasses.replace(result.alternative, chi2=result.alternative.chi2 + 1)
    found = mu.repeat(saved(dataclasses.replace(result, alternative=other), tmp_path))
    assert found.differences == ("without the spare term, chi2 by -1",)


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"recipe": None}, "does not say how its run was reduced"),
        ({"recipe": {"reduction": 3, "calibration": None}}, "does not say how its runs"),
        ({"recipe": {"reduction": {"wrong": 1}, "calibration": None}}, "no option 'wrong'"),
        ({"recipe": {"reduction": {}, "calibration": 7}}, "is not a table"),
        ({"recipe": [1]}, "not the JSON of a musrcu fit"),
        ({"request": {}}, "does not say what was asked for"),
        ({"request": {"data": "magic"}}, "'magic', which is not known here"),
        ({"request": {"data": "asymmetry", "wrong": 1}}, "wrong = 1, which is not known"),
        ({"request": {"data": "asymmetry", "start": [1]}}, r"start = \[1\]"),
        ({"request": {"data": "asymmetry", "limits": {"nu2": 3}}}, "cannot be understood"),
        ({"request": {"data": "asymmetry", "constraints": [3]}}, "cannot be understood"),
        ({"request": {"data": "asymmetry", "start": {"nu2": "x"}}}, "nu2"),
        ({"request": {"data": "asymmetry", "t_range": [1, 2, 3]}}, "t_range|range"),
        ({"path": None}, "does not say which file"),
        ({"path": 7}, "path = 7; expected text"),
        ({"path": "a\0b" * 3000}, "not there"),
        ({"checksum": 5}, "checksum = 5; expected text"),
        ({"model": "nonsense + constant"}, "nonsense"),
    ],
)
def test_damaged_results_are_one_sentence(
    entries: dict[str, Any], sentence: str, raw: Path, tmp_path: Path
) -> None:
    path = changed(saved(fitted(raw), tmp_path), entries)
    with pytest.raises(MusrcuError, match=sentence) as caught:
        mu.repeat(path)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_repeated_says_why(raw: Path, tmp_path: Path) -> None:
    run = mu.read(raw)
    recipe = mu.Reduction(alpha=0.93, packing=50)
    added = mu.fit(mu.reduce(mu.add_runs([run, run.replace(number=2)], force=True), recipe), MODEL)
    added = dataclasses.replace(added, path=str(raw))
    with pytest.raises(MusrcuError, match=r"prepared by (co_add|add_runs).* not saved"):
        mu.repeat(saved(added, tmp_path))
    made = mu.form_asymmetry(mu.rebin(mu.group(run), packing=50), alpha=0.93)
    with pytest.raises(MusrcuError, match="does not say how its run was reduced"):
        mu.repeat(mu.fit(made, MODEL))
    scan = mu.fit_scan([raw], recipe)
    scan.save(tmp_path / "scan.json")
    with pytest.raises(MusrcuError, match="is no fit; FitResult.save and JointResult"):
        mu.repeat(tmp_path / "scan.json")
    with pytest.raises(MusrcuError, match="not an int"):
        mu.repeat(7)  # type: ignore[arg-type]
