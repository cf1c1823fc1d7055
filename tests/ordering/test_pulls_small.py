"""Scans with a sharp T_N, from counts to roots of the likelihood; a handful.

The full study is benchmarks/direct_pulls.py; its figures are in docs/accuracy.md. Counts are thrown
by benchmarks/order_truth.py, which imports nothing of musrcu.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
FIRST = 100000
"""Sets of their own, none of the study."""


@pytest.fixture(scope="module")
def study() -> Any:
    """The study, which finds its generator and its tables beside it."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("direct_pulls")
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.mark.parametrize("name", ["order_truth.py", "truth.py"])
def test_the_generator_imports_nothing_of_musrcu(name: str) -> None:
    text = (BENCHMARKS / name).read_text(encoding="utf-8")
    imports = [row for row in text.splitlines() if row.startswith(("import ", "from "))]
    assert set(imports) <= {
        "from __future__ import annotations",
        "from dataclasses import dataclass",
        "from typing import NamedTuple",
        "import numpy as np",
        "import truth",
    }


@pytest.mark.parametrize("temperature", [0.02, 0.1049, 0.1051, 0.13])
def test_mean_counts_are_integrals_of_the_law(study: Any, temperature: float) -> None:
    """Of the published law as a textbook writes it; T_N is sharp."""
    truth = study.order_truth
    means = truth.mean_counts(temperature, 2e7)

    def asymmetry(t: float) -> float:
        if temperature > 0.105:
            return 0.045 * np.exp(-((0.35 * t) ** 2) / 2) + 0.055 * np.exp(-2 * t) + 0.11
        x = temperature / 0.105
        nu, rate = 1.59 * (1 - x**3) ** 0.12, 0.35 + 0.9 * x**8
        line = np.exp(-rate * t) * np.cos(2 * np.pi * nu * t + np.radians(6.0))
        return 0.055 * np.exp(-0.9 * t) + 0.045 * line + 0.11

    for share, sign, row in zip((0.93, 1.0), (1, -1), means, strict=True):
        density = 2e7 / 2.1969811 * share / 1.93
        for k in (0, 7, 100, 499):
            inside = quad(
                lambda t, s=sign: np.exp(-t / 2.1969811) * (1 + s * asymmetry(t)),
                0.02 * k, 0.02 * (k + 1), epsabs=0, epsrel=1e-12,
            )[0]  # fmt: skip
            expected = density * (inside + 0.005 * 0.02)
            assert row[truth.BEFORE + k] == pytest.approx(expected, rel=1e-9)
        assert row[: truth.BEFORE] == pytest.approx(density * 0.005 * 0.02, rel=1e-12)


def test_temperatures_are_off_by_their_errors(study: Any) -> None:
    scans = [study.order_truth.throw((7, k), 10.0, 1e-3) for k in range(100)]
    off = np.array([scan.measured - scan.true for scan in scans])
    assert off.std() == pytest.approx(1e-3, rel=4 / np.sqrt(2 * off.size))
    about = np.array([scan.true - study.order_truth.SET_POINTS for scan in scans])
    assert about.std() == pytest.approx(0.3e-3, rel=4 / np.sqrt(2 * off.size))
    exact = study.order_truth.throw(7, 10.0, 0.0)
    np.testing.assert_array_equal(exact.measured, exact.true)


@pytest.mark.parametrize(("events", "T_error"), [(2e7, 0.3), (2e6, 1.0)])
def test_two_steps_find_the_truth(study: Any, events: float, T_error: float) -> None:
    sets = [study.two_steps(FIRST + index, study.Cell(events, T_error)) for index in range(2)]
    assert [one["scan"]["wrong"] for one in sets] == [[]] * 2
    roots = []
    for one in sets:
        found = one["two steps, auto"]
        assert found["valid"], found["reason"]
        assert found["method"] == "latent"
        roots.append([row[4] for row in found["parameters"].values()])
    # of normal numbers: a mean of two beyond this once in 2000, a single one once in 10000
    assert np.abs(np.mean(roots, axis=0)).max() < 3.5 / np.sqrt(2)
    assert np.abs(roots).max() < 3.9


def test_the_rule_sees_a_bias_and_a_wrong_width(study: Any) -> None:
    """Made records: the tables call normal roots fine, shifted and widened ones not."""

    def records(shift: float, width: float) -> list[dict[str, Any]]:
        roots = shift + width * np.random.default_rng(5).standard_normal(500)
        rows = [[1.59 + 0.01 * r, 0.01, -0.009, None if r > 2 else 0.011, r] for r in roots]
        names = ("nu0", "T_N", "beta")
        return [
            {"set": k, "valid": True, "reason": "", "parameters": dict.fromkeys(names, row)}
            for k, row in enumerate(rows)
        ]

    report = study.direct_report
    truth = {"nu0": 1.59, "T_N": 1.59, "beta": 1.59}
    fine = report.line(records(0.0, 1.0), "nu0", 1.59)
    assert fine.holds
    assert fine.minos == pytest.approx(0.01) and fine.hesse == pytest.approx(0.01)
    assert fine.central == pytest.approx(0.01, rel=0.1) and fine.both < 1
    for shift, width, sound in ((0.0, 1.0, True), (0.3, 1.0, False), (0.0, 1.3, False)):
        cells = {"made": {"two steps, auto": records(shift, width)}}
        text, holds = report.summary(cells, truth)
        assert holds is sound and ("holds" in text) is sound


def test_a_study_goes_on_where_it_stopped(study: Any, tmp_path: Path) -> None:
    path = tmp_path / "cell.jsonl"
    path.write_text('{"set": 1, "ways": {}}\n{"set": 9, "ways": {}}\n{"set": 0, "wa')
    assert list(study.known(path, 5)) == [1]
    calls: list[int] = []

    class Pool:
        @staticmethod
        def map(work: Any, items: list[int], chunksize: int) -> Any:
            return map(work, items)

    def work(index: int) -> dict[str, Any]:
        calls.append(index)
        return {"set": index, "ways": {}}

    found = study.worked(path, 3, work, Pool())
    assert calls == [0, 2] and [one["set"] for one in found] == [0, 1, 2]
    assert sorted(study.known(path, 10)) == [0, 1, 2, 9]
