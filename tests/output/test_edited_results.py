"""Saved results that somebody edited: read and told, or one sentence that names the entry."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import musrcu as mu
from musrcu.errors import MusrcuError

MODEL = "exponential + damped_cosine + constant"
RECIPE = mu.Reduction(alpha=0.93, packing=50)
NAN, INF = float("nan"), float("inf")
GONE = object()
ODD = [
    GONE, None, NAN, INF, 1e308, -1e308, 5e-324, 10**400, -1, 0, 2**53 - 1, 1e17, True, "x", "",
    [], [None], [[1.0]], {}, {"a": NAN}, {"x": "y"},
]  # fmt: skip


@pytest.fixture(scope="module")
def contents(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A saved fit, of counts with an alternative, and of two runs, beside their files."""
    folder = tmp_path_factory.mktemp("edited")
    names = [f"deltat_tdc_ltf_000{k}.bin" for k in (1, 3)]
    raw = [mu.read(shutil.copy(samples / name, folder)) for name in names]
    made = {
        "one": mu.fit(mu.reduce(raw[0], RECIPE), MODEL, minos=("nu2",), limits={"A1": (0, None)},
                      constraints={"A_bg": (0.11, 0.01)}, t_range=(0.02, 7.5)),
        "counts": mu.fit(mu.reduce_counts(raw[0], RECIPE), "gaussian + exponential"),
        "joint": mu.joint_fit([mu.reduce(run, RECIPE) for run in raw], MODEL, shared=("A1", "A2"),
                              start={"phi2": 5.0}),
    }  # fmt: skip
    found = {}
    for name, result in made.items():
        result.save(folder / f"{name}.json")
        found[name] = json.loads((folder / f"{name}.json").read_text())
    return {"folder": folder, **found}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every entry."""
    inside = value.items() if isinstance(value, dict) else []
    inside = enumerate(value) if isinstance(value, list) else inside
    for key, one in inside:
        yield (*path, key)
        yield from places(one, (*path, key))


def put(content: Any, path: tuple[Any, ...], value: Any) -> None:
    *way, last = path
    try:
        for key in way:
            content = content[key]
        if value is GONE:
            del content[last]
        else:
            content[last] = copy.deepcopy(value)
    except (KeyError, IndexError, TypeError):
        return  # an edit before has taken the place away


@pytest.mark.parametrize("name", ["one", "counts", "joint"])
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_odd_entries_are_read_or_refused(
    name: str, contents: dict[str, Any], data: st.DataObject
) -> None:
    content = copy.deepcopy(contents[name])
    # each key as often as any other, whatever the size of the matrices
    ways = {tuple(k for k in path if isinstance(k, str)): path for path in places(content)}
    every = list(places(content))
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(list(ways.values())) | st.sampled_from(every))
        put(content, path, data.draw(st.sampled_from(ODD)))
    path = contents["folder"] / f"{name} edited.json"
    path.write_text(json.dumps(content))
    try:
        result = mu.load(path)
    except MusrcuError as error:
        assert "\n" not in str(error) and len(str(error)) < 600
        return
    assert isinstance(result, (mu.FitResult, mu.JointResult))
    assert result.summary()
    result.save(path, overwrite=True)
    if isinstance(result, mu.JointResult):
        try:
            result.covariance()
        except MusrcuError as error:
            assert "no covariance" in str(error)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("chi2",), "x", "chi2 = 'x'; expected a finite number or null"),
        (("chi2",), NAN, "chi2 = nan"),
        (("ndof",), None, "ndof = None; expected a whole number"),
        (("ndof",), 10**400, "ndof = 1000"),
        (("n_bins",), GONE, "it has no entry n_bins"),
        (("parameters", "A1", "value"), "x", "parameters.A1.value = 'x'; expected a finite"),
        (("parameters", "A1", "error"), -1.0, "parameters.A1.error = -1.0"),
        (("parameters", "nu2", "minos"), "x", "parameters.nu2.minos = 'x'; expected two finite"),
        (("parameters", "A_bg", "constraint"), [1], "parameters.A_bg.constraint"),
        (("t_range",), [0.1], "t_range"),
        (("start",), None, "start = None; expected a table"),
        (("reduction",), None, "reduction = None; expected a table"),
        (("request",), {"start": {"A1": INF}}, "request = .*; expected a table without NaN"),
        (("versions",), {"numpy": 2}, "versions.numpy = 2; expected text"),
        (("covariance",), [[1.0]], "covariance = .*; expected 9 rows of 9 finite numbers"),
        (("covariance", 0, 0), 10**400, "covariance = "),
        (("covariance", 0, 0), -1e-9, "no negative variances"),
        (("valid",), 1, "valid = 1; expected true or false"),
        (("notes",), [3], "notes = .*; expected a list of texts"),
    ],
)  # fmt: skip
def test_the_entry_is_named(
    path: tuple[Any, ...], value: Any, sentence: str, contents: dict[str, Any]
) -> None:
    content = copy.deepcopy(contents["one"])
    put(content, path, value)
    with pytest.raises(MusrcuError, match=f"not the JSON of a musrcu fit: .*{sentence}"):
        mu.FitResult.from_dict(content)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("runs",), [], "runs = .*; expected one run or more"),
        (("runs", 0), 3, r"runs\[1\] is 3; expected a table"),
        (("runs", 1, "chi2"), "x", r"runs\[2\].chi2 = 'x'"),
        (("blocks", 0, "local"), None, r"blocks\[1\].local = None; expected a list of texts"),
        (("blocks", 0, "shared"), ["zz"], r"blocks\[1\].shared .* names of shared parameters"),
        (("blocks",), {}, "blocks = {}; expected a list of tables"),
        (("blocks", 1), GONE, "expected none, or 2 as there are runs"),
        (("covariance",), [], "covariance = .*; expected 2 rows of 2"),
        (("shared", "A1", "value"), "x", "shared.A1.value = 'x'"),
        (("known_chi2",), None, "known_chi2 = None"),
    ],
)  # fmt: skip
def test_the_entry_of_a_joint_fit_is_named(
    path: tuple[Any, ...], value: Any, sentence: str, contents: dict[str, Any]
) -> None:
    content = copy.deepcopy(contents["joint"])
    put(content, path, value)
    with pytest.raises(MusrcuError, match=f"not the JSON of a musrcu joint fit: .*{sentence}"):
        mu.JointResult.from_dict(content)


@pytest.mark.parametrize("odd", [None, 5, ["x"], "a\0b", ""])
def test_what_is_no_path(odd: Any) -> None:
    with pytest.raises(MusrcuError, match=r"load takes the path|is no path|cannot be read"):
        mu.load(odd)


def test_a_number_of_thousands_of_digits(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"kind": "musrcu fit", "chi2": 1' + "0" * 5000 + "}")
    with pytest.raises(MusrcuError, match="is not JSON"):
        mu.load(path)
