from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from made_runs import made_fit, made_points, made_scan

import musrcu as mu
from musrcu.errors import MusrcuError


def test_a_fit_comes_back(tmp_path: Path) -> None:
    saved = made_fit(alternative=made_fit("exponential + constant", {}))
    saved.save(tmp_path / "fit.json")
    loaded = mu.load(tmp_path / "fit.json")
    assert isinstance(loaded, mu.FitResult)
    assert loaded.to_dict() == saved.to_dict()


def test_a_scan_comes_back(tmp_path: Path) -> None:
    saved = made_scan()
    saved.save(tmp_path / "scan.json")
    loaded = mu.load(tmp_path / "scan.json")
    assert isinstance(loaded, mu.Scan)
    assert loaded.to_dict() == saved.to_dict()


def test_an_order_parameter_comes_back(tmp_path: Path) -> None:
    saved = mu.fit_order_parameter(made_points(), minos=False)
    saved.save(tmp_path / "order.json")
    loaded = mu.load(tmp_path / "order.json")
    assert isinstance(loaded, mu.OrderParameter)
    assert loaded.to_dict() == saved.to_dict()
    T = np.linspace(0, 0.12, 7)
    assert loaded.predict(T) == pytest.approx(saved.predict(T))
    with pytest.raises(MusrcuError, match="exists and is not overwritten"):
        saved.save(tmp_path / "order.json")


def test_a_scan_with_its_order_parameter(tmp_path: Path) -> None:
    scan = made_scan()
    saved = dataclasses.replace(scan, order=mu.fit_order_parameter(scan, minos=False))
    saved.save(tmp_path / "scan.json")
    loaded = mu.load(tmp_path / "scan.json")
    assert isinstance(loaded, mu.Scan)
    assert loaded.order is not None
    assert loaded.order.values == pytest.approx(saved.order.values)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1, 2]", "has no entry 'kind'"),
        ("{}", "has no entry 'kind'; musrcu saves musrcu fit, musrcu joint fit, musrcu scan"),
        ('{"kind": "other"}', "has kind 'other'"),
        ('{"kind": ["musrcu fit"]}', "has kind"),
        ('{"kind": "musrcu fit"}', "not the JSON of a musrcu fit"),
        ('{"kind": "musrcu scan", "runs": 3}', "not the JSON of a musrcu scan"),
        ('{"kind": "musrcu order"}', "is not a whole musrcu order"),
    ],
)
def test_anything_else_is_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(MusrcuError, match=sentence) as caught:
        mu.load(path)
    assert str(path) in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MusrcuError, match="cannot be read"):
        mu.load(tmp_path / "none.json")
    with pytest.raises(MusrcuError, match="cannot be read"):
        mu.load(tmp_path)
    (tmp_path / "x.json").write_bytes(b"\xff\xfe")
    with pytest.raises(MusrcuError, match="not a UTF-8 text"):
        mu.load(tmp_path / "x.json")


@pytest.mark.parametrize("kind", ["fit", "scan", "order"])
def test_any_missing_entry_is_an_error_of_ours(kind: str, tmp_path: Path) -> None:
    made = {"fit": made_fit, "scan": made_scan}.get(kind)
    saved = made() if made else mu.fit_order_parameter(made_points(), minos=False)
    whole = saved.to_dict()
    for name in whole:
        for changed in ({k: v for k, v in whole.items() if k != name}, {**whole, name: "what"}):
            path = tmp_path / "x.json"
            path.write_text(json.dumps(changed))
            try:
                mu.load(path)
            except MusrcuError as error:
                assert str(path) in str(error)
