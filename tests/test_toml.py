"""TOML out, read back by the standard library."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musrcu import toml
from musrcu.errors import MusrcuError

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
SCALARS = TEXT | st.booleans() | st.integers() | st.floats(allow_nan=False)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=3)
)


def same_types(left: Any, right: Any) -> bool:
    """Equal, and 1, 1.0 and True are three things."""
    if isinstance(left, dict):
        return list(left) == list(right) and all(same_types(left[k], right[k]) for k in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same_types, left, right))
    return type(left) is type(right) and left == right


@given(st.dictionaries(TEXT, st.dictionaries(TEXT, VALUES, max_size=4), max_size=4))
def test_round_trip(tables: dict[str, dict[str, Any]]) -> None:
    assert same_types(tomllib.loads(toml.dumps(tables)), tables)


def test_special_numbers() -> None:
    back = tomllib.loads(toml.dumps({"a": {"x": [math.inf, -math.inf, math.nan, -0.0]}}))["a"]["x"]
    assert back[:2] == [math.inf, -math.inf]
    assert math.isnan(back[2])
    assert math.copysign(1.0, back[3]) == -1.0


def test_numpy_numbers_and_arrays() -> None:
    table = {
        "float": np.float64(0.1),
        "small": np.float32(0.5),
        "count": np.int64(3),
        "flag": np.bool_(True),
        "row": np.array([1.5, 2.5]),
        "pair": (np.float64(1.0), np.int32(2)),
    }
    assert same_types(
        tomllib.loads(toml.dumps({"t": table}))["t"],
        {
            "float": 0.1,
            "small": 0.5,
            "count": 3,
            "flag": True,
            "row": [1.5, 2.5],
            "pair": [1.0, 2],
        },
    )


def test_unknown_is_left_out() -> None:
    text = toml.dumps({"fit": {"t_range": None, "fixed": {"phi2": 0.0, "nu2": None}}})
    assert tomllib.loads(text) == {"fit": {"fixed": {"phi2": 0.0}}}


def test_what_toml_cannot_hold_is_refused() -> None:
    with pytest.raises(MusrcuError, match="a complex cannot be written to TOML"):
        toml.dump_value(1j)
    with pytest.raises(MusrcuError, match="a NoneType cannot be written"):
        toml.dump_value([None])


def test_a_file_that_is_no_toml_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "scan.toml"
    path.write_text("[fit]\nmodel = exponential\n")
    with pytest.raises(MusrcuError, match=r"scan\.toml is not valid TOML: .*line 2"):
        toml.load(path)
    with pytest.raises(MusrcuError, match=r"no\.toml cannot be read: No such file"):
        toml.load(tmp_path / "no.toml")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(MusrcuError, match="is not a UTF-8 text file"):
        toml.load(path)


def test_text_that_is_not_utf8() -> None:
    with pytest.raises(
        MusrcuError, match=r"'run\\udcff' cannot be written to TOML: it is not UTF-8"
    ):
        toml.dump_value("run\udcff")
