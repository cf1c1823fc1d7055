"""A saved joint fit made again: what all runs have in common and what each has for itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import musrcu as mu
from musrcu.errors import MusrcuError
from musrcu.fitting.constraint import Constraint

MODEL = "exponential + damped_cosine + constant"
SHARED = ("A1", "A2", "phi2", "A_bg")
RECIPE = mu.Reduction(alpha=0.93, packing=50)


@pytest.fixture
def raw(samples: Path, tmp_path: Path) -> list[Path]:
    """Sample runs of their own."""
    names = [f"deltat_tdc_ltf_000{k}.bin" for k in (1, 3, 5)]
    return [Path(shutil.copy(samples / name, tmp_path)) for name in names]


def fitted(
    raw: list[Path],
    recipe: mu.Reduction = RECIPE,
    form: Callable[..., Any] = mu.reduce,
    **options: Any,
) -> mu.JointResult:
    options = {"shared": SHARED} | options
    return mu.joint_fit([form(mu.read(path), recipe) for path in raw], MODEL, **options)


@pytest.fixture(scope="module")
def once(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    """A saved joint fit of two runs beside it."""
    folder = tmp_path_factory.mktemp("joint")
    names = [f"deltat_tdc_ltf_000{k}.bin" for k in (1, 3)]
    raw = [Path(shutil.copy(samples / name, folder)) for name in names]
    return saved(fitted(raw), folder), raw


def saved(result: mu.JointResult, folder: Path) -> Path:
    result.save(folder / "joint.json", overwrite=True)
    return folder / "joint.json"


def changed(source: Path, folder: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    content = json.loads(source.read_text())
    change(content)
    path = folder / "changed.json"
    path.write_text(json.dumps(content))
    return path


def test_the_same_digits_come_back(raw: list[Path], tmp_path: Path) -> None:
    known = Constraint(("A1", "A_bg"), np.array([0.055, 0.11]), 1e-6 * np.array([[4, -1], [-1, 4]]))
    options: dict[str, Any] = {
        "by": {"lambda1": "instrument"}, "start": {"nu2": [1.6, None, 1.5]},
        "fixed": {"phi2": {1: 5.0, 3: 6.0, 5: 7.0}}, "limits": {"lambda1": (0.1, np.inf)},
        "shared": iter(("A1", "A2", "A_bg")), "ties": {"lambda2": "s*lambda1"},
        "extra": {"s": (0.5, 0.0, None)}, "constraints": iter([known]), "t_range": (0.02, 7.5),
        "minos": ("A2",), "average_bins": True, "max_asymmetry": 0.3,
    }  # fmt: skip
    calibration = mu.Calibration(alpha=0.93, alpha_error=0.001, total=0.21, total_error=0.001)
    recipe = mu.Reduction(
        packing=50, calibration=calibration, background={"before_t0": (-0.5, -0.05)}
    )
    result = fitted(raw, recipe, **options)
    assert result["A2"].minos is not None and {"s", "alpha"} <= set(result.shared)
    found = mu.repeat(saved(result, tmp_path))
    assert isinstance(found, mu.JointRepetition)
    assert found.agrees and found.differences == ()
    assert found.again.identified().to_dict() == result.identified().to_dict()
    assert found.paths == tuple(raw)
    assert {one.name for one in found.local[0]} >= {"nu2", "b_F"}
    assert "A1" not in {one.name for one in found.local[0]}
    assert found.summary().endswith("errors within 0.1 %, all to the last digit")


def test_what_is_saved_tells_all(once: tuple[Path, list[Path]]) -> None:
    content = json.loads(once[0].read_text())
    assert content["request"] == {"shared": list(SHARED)}
    for run, path in zip(content["runs"], once[1], strict=True):
        assert run["path"] == str(path) and run["checksum"].startswith("sha256:")
        assert run["recipe"]["reduction"] == {"alpha": 0.93, "packing": 50}
        assert run["request"] == {"data": "asymmetry", "jointly": True}


def test_that_nothing_is_local_is_saved(raw: list[Path], tmp_path: Path) -> None:
    result = fitted(raw[:1] * 2, shared=(), local=())
    assert result.request == {"local": []} and result.local_names == ()
    assert mu.repeat(saved(result, tmp_path)).agrees


def test_counts_with_their_cost(raw: list[Path], tmp_path: Path) -> None:
    recipe = mu.Reduction(alpha=0.93, packing=100, background="fit")
    result = fitted(raw[:2], recipe, mu.reduce_counts, cost="binomial", t_range=(0, 6))
    found = mu.repeat(saved(result, tmp_path))
    assert found.again.cost == result.cost != "asymmetry chi-square"
    assert found.agrees and np.array_equal(found.again.values, result.values)


def test_histograms_of_groups(samples: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(samples / "deltat_tdc_ltf_0021.bin", tmp_path))
    data = mu.reduce_histograms(mu.read(path), None, {"Up": "1", "Sides": "3,4"})
    result = mu.joint_fit(data, "damped_cosine")
    assert [run.request["detectors"] for run in result.runs] == [[1], [3, 4]]
    found = mu.repeat(saved(result, tmp_path))
    assert found.agrees and found.paths == (path, path)
    assert [run.name for run in found.again.runs] == ["LTF 21 Up", "LTF 21 Sides"]
    assert found.summary().count(str(path)) == 1


def test_what_differs_is_named(once: tuple[Path, list[Path]], tmp_path: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        shared, local = content["shared"]["A1"], content["runs"][1]["parameters"]["nu2"]
        shared["value"] -= 0.002 * shared["error"]
        local["error"] *= 1.01
        content["runs"][0]["chi2"] += 0.1
        for run in content["runs"]:  # so that the files are found
            run["path"] = str(once[1][0].parent / Path(run["path"]).name)

    found = mu.repeat(changed(once[0], tmp_path, change))
    assert not found.agrees
    assert found.differences == (
        "A1 by +0.002 of its error", "LTF 1: chi2 by -0.1", "LTF 3: the error of nu2 by -0.99 %",
    )  # fmt: skip
    assert found.verdict.startswith("DIFFERS: A1 by +0.002 of its error; LTF 1: chi2")
    content = found.to_dict()
    assert content["agrees"] is False
    assert content["shifts"]["A1"] == pytest.approx(0.002, rel=1e-6)
    assert json.dumps(content, allow_nan=False)


def test_many_differences_are_counted(
    once: tuple[Path, list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(content: dict[str, Any]) -> None:
        for run in content["runs"]:
            for one in run["parameters"].values():
                one["value"] += 1.0
        content["chi2"] += 1

    found = mu.repeat(changed(once[0], tmp_path, change), data=str(once[1][0].parent))
    clauses = len(found.differences)
    # chi-square, and as many parameters in each run as no other has
    assert clauses == 1 + sum(len(one) for one in found.local) > 6
    monkeypatch.setattr("musrcu.output.repetition.MOST", 4)
    assert found.verdict.endswith(f"; and {clauses - 4} more")
    assert found.verdict.count(";") == 4


def test_another_file_is_refused(raw: list[Path], tmp_path: Path) -> None:
    path = saved(fitted(raw[:2]), tmp_path)
    raw[1].write_bytes(raw[0].read_bytes())
    with pytest.raises(MusrcuError, match=r"joint\.json: LTF 3 was .* another one or has changed"):
        mu.repeat(path)
    raw[1].unlink()
    with pytest.raises(MusrcuError, match="LTF 3 was fitted to .* not there, nor beside"):
        mu.repeat(path)


def test_groups_of_a_function_are_refused(raw: list[Path], tmp_path: Path) -> None:
    def cold(run: mu.Run) -> bool:
        return bool((run.temperature.value or 0) < 0.05)

    result = fitted(raw[:2], by={"lambda1": cold})
    assert result.request["by"] == {"lambda1": {"function": "cold"}}
    with pytest.raises(MusrcuError, match="grouped for lambda1 by the function 'cold', which is"):
        mu.repeat(saved(result, tmp_path))


def test_one_run_of_it_is_refused(once: tuple[Path, list[Path]], tmp_path: Path) -> None:
    result = mu.load(once[0])
    assert isinstance(result, mu.JointResult)
    result.runs[0].save(tmp_path / "one.json")
    with pytest.raises(MusrcuError, match=r"one\.json is one run of a joint fit; repeat that"):
        mu.repeat(tmp_path / "one.json")


def test_what_cannot_be_repeated_says_why(raw: list[Path], tmp_path: Path) -> None:
    runs = [mu.read(path) for path in raw[:2]]
    made = [mu.form_asymmetry(mu.rebin(mu.group(run), packing=50), alpha=0.93) for run in runs]
    with pytest.raises(MusrcuError, match="LTF 1 does not say how its run was reduced"):
        mu.repeat(mu.joint_fit(made, MODEL, shared=SHARED))


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"request": {}}, "does not say what was asked for"),
        ({"request": {"shared": "A1"}}, "shared = 'A1', which is not known"),
        ({"request": {"shared": [3]}}, "shared = 3|give names"),
        ({"request": {"shared": ["A1"], "alternatives": True}}, "alternatives = True"),
        ({"request": {"shared": ["A1"], "wrong": 1}}, "wrong = 1, which is not known"),
        ({"request": {"by": {"nu2": 7}}}, "groups nu2 by 7"),
        ({"request": {"by": {"nu2": "magic"}}}, "by 'magic'"),
        ({"request": {"shared": ["A1"], "start": {"nu2": [1]}}}, "1 values for 2 runs"),
        ({"request": {"shared": ["A1"], "start": {"nu2": {"1": 2}}}}, "no run '1' is fitted"),
        ({"request": {"shared": ["A1"], "limits": {"nu2": 3}}}, "cannot be understood"),
        ({"request": {"shared": ["A1"], "limits": {"nu2": ["a", 1]}}}, "limits of nu2|nu2"),
        ({"request": {"shared": ["A1"], "extra": {"K": ["a", 1]}}}, "K"),
        ({"request": {"shared": ["A1"], "ties": {"nu2": 3}}}, "nu2"),
        ({"runs": []}, "expected one run or more"),
        ({"runs": 3}, "runs = 3; expected a list of tables"),
        ({"model": "nonsense + constant"}, "nonsense"),
    ],
)
def test_damaged_results_are_one_sentence(
    entries: dict[str, Any], sentence: str, once: tuple[Path, list[Path]], tmp_path: Path
) -> None:
    path = changed(once[0], tmp_path, lambda content: content.update(entries))
    with pytest.raises(MusrcuError, match=sentence) as caught:
        mu.repeat(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "clause"),
    [
        (("covariance", 0, 0), "the covariance of A1 and A1 was 1, now "),
        (("blocks", 0, "covariance", 0, 0), "block 1: the covariance of lambda1 and lambda1 was"),
        (("blocks", 1, "response", 1, 0), "block 2: the response of lambda2 and A1 was 1, now "),
        (("runs", 0, "covariance", 0, 0), "LTF 1: the covariance of A1 and A1 was 1, now "),
        (("runs", 1, "parameters", "nu2", "value"), "LTF 3: nu2 by "),
    ],
)
def test_every_matrix_is_compared(
    path: tuple[Any, ...], clause: str, once: tuple[Path, list[Path]], tmp_path: Path
) -> None:
    def change(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = 1.0

    found = mu.repeat(changed(once[0], tmp_path, change))
    assert len(found.differences) == 1
    assert found.differences[0].startswith(clause)


@pytest.mark.parametrize("entry", ["path", "recipe", "request"])
def test_a_damaged_run_is_named(entry: str, once: tuple[Path, list[Path]], tmp_path: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        content["runs"][1][entry] = None

    with pytest.raises(MusrcuError, match=r"changed\.json: LTF 3"):
        mu.repeat(changed(once[0], tmp_path, change))
