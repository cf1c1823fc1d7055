"""A calibration: what it may hold, its file, and how its numbers hang together."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from musrcu.containers.calibration import Calibration, correlations
from musrcu.errors import MusrcuError

FULL: dict[str, Any] = {
    "alpha": 1.3, "alpha_error": 0.02, "detector_beta": 0.9, "detector_beta_error": 0.03,
    "total": 0.22, "total_error": 0.004, "forward": "1,2", "backward": "3,4", "run": 20711,
    "runs": (20711, 20712), "instrument": "EMU", "field": 20.0, "field_error": 0.01,
    "phase": 6.0, "phase_error": 0.5, "method": "joint fit of the counts", "bias": "none known",
    "probability": 0.4, "n_detectors": 96, "detectors": (1, 2, 3, 4),
    "dead_time": (0.01, 0.011, -0.0002, 0.009), "dead_time_error": (0.001, 0.001, 0.001, 0.002),
    "t0": (12.5, 12.5, 12.75, 12.25), "t0_error": (0.1, 0.1, 0.1, 0.1),
    "phases": (1.0, 2.0, 179.0, -178.0), "phases_error": (0.4, 0.4, 0.5, 0.6),
    "amplitudes": (0.2, 0.21, 0.22, 0.23), "amplitudes_error": (0.01, 0.01, 0.01, 0.01),
    "names": ("alpha", "detector_beta", "total", "phase", "phase_3"),
    "correlation": (
        (1.0, 0.5, -0.2, 0.0, 0.1),
        (0.5, 1.0, -0.7, 0.0, 0.0),
        (-0.2, -0.7, 1.0, 0.3, 0.0),
        (0.0, 0.0, 0.3, 1.0, 0.6),
        (0.1, 0.0, 0.0, 0.6, 1.0),
    ),
}  # fmt: skip
OLD = """\
[calibration]
alpha = 1.08
alpha_error = 0.002
total = 0.23
total_error = 0.001
forward = "2"
backward = "1"
run = 21
instrument = "LTF"
field = 50.02
field_error = 0.05
phase = 5.8
phase_error = 0.3
method = "asymmetry cosine fit"
probability = 0.31
"""


def made(**changes: Any) -> Calibration:
    return Calibration(**(FULL | changes))


def test_a_full_table_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "calibration.toml"
    made().save(path)
    assert Calibration.load(path) == made()
    table = tomllib.loads(path.read_text())["calibration"]
    assert table["dead_time"] == [0.01, 0.011, -0.0002, 0.009]
    assert table["correlation"][1] == [0.5, 1.0, -0.7, 0.0, 0.0]
    assert max(map(len, path.read_text().splitlines())) < 80  # a person reads and edits it
    assert made().to_dict() == table
    assert copy.deepcopy(made()) == made()


def test_a_file_of_before_is_read(tmp_path: Path) -> None:
    path = tmp_path / "calibration.toml"
    path.write_text(OLD)
    old = Calibration.load(path)
    assert (old.alpha, old.total, old.run, old.method) == (1.08, 0.23, 21, "asymmetry cosine fit")
    assert (old.detector_beta, old.dead_time, old.t0, old.covariance) == (None, (), (), None)
    old.save(path, overwrite=True)
    assert path.read_text() == OLD


def test_the_table_of_the_page_is_one() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "calibration.md"
    text = page.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    found = Calibration.from_dict(tomllib.loads(text)["calibration"])
    assert (found.runs, found.detectors, found.names) == (
        (20711, 20712), (1, 2), ("alpha", "detector_beta"),
    )  # fmt: skip


def test_arrays_are_rows() -> None:
    assert made(t0=np.array(FULL["t0"])) == made()
    assert made(dead_time=list(FULL["dead_time"])) == made()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("detector_beta", 0.0), ("detector_beta", float("nan")), ("detector_beta_error", -1.0),
        ("runs", (1.5,)), ("runs", 7), ("n_detectors", 0), ("n_detectors", 2.0),
        ("detectors", (0, 1, 2, 3)), ("detectors", ("1", 2, 3, 4)), ("detectors", 4),
        ("dead_time", (0.01, 0.01, 0.01, float("nan"))), ("dead_time", (0.01, 0.01, 0.01, 2e3)),
        ("dead_time", 0.01), ("dead_time_error", (1.0, 1.0, 1.0, -1.0)),
        ("t0", (-1.0, 1.0, 1.0, 1.0)), ("t0", (1.0, 1.0, 1.0, None)), ("t0_error", "0.1"),
        ("phases", (1.0, 2.0, 3.0, float("inf"))), ("amplitudes", (0.1, 0.2, 0.3, 1.1)),
        ("bias", 3), ("names", ("alpha", 3)),
        ("correlation", ((1.0, 0.5), (0.5,))), ("correlation", ((1.0, 2.0), (2.0, 1.0))),
    ],
)  # fmt: skip
def test_entries_are_sound(name: str, value: Any) -> None:
    with pytest.raises(MusrcuError, match=rf"^{name} = .* in a calibration; it must be a"):
        made(**{name: value})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"t0": (1.0, 2.0)}, "t0 of a calibration has 2 numbers for 4 detectors"),
        ({"phases_error": (1.0,)}, "phases_error of a calibration has 1 numbers for 4"),
        ({"detectors": (1, 2, 3, 3)}, "name one twice"),
        ({"detectors": (1, 2, 3, 97)}, "name 97, but n_detectors = 96"),
        ({"detectors": ()}, "has 4 numbers for 0 detectors"),
        ({"t0": ()}, "t0_error in a calibration without t0"),
        ({"run": 20712}, "is not the first of runs"),
        ({"names": ("alpha", "total")}, "has 5 rows for 2 names"),
        ({"names": ("alpha", "alpha", "total", "phase", "phase_3")}, "hold one twice"),
        ({"names": ("alpha", "nu", "total", "phase", "phase_3")}, "has no 'nu'; expected one of"),
        ({"names": ("alpha", "t0_9", "total", "phase", "phase_3")}, "without detector 9"),
        ({"total_error": None}, "without the error of total cannot give total"),
        ({"names": ("alpha", "total"), "correlation": ((1, 0.5), (0.4, 1))}, "must be symmetric"),
        ({"names": ("alpha", "total"), "correlation": ((1, 0.5), (0.5, 0.9))}, "1 on its diagonal"),
        (
            {
                "names": ("alpha", "total", "phase"),
                "correlation": ((1, 0.9, 0.9), (0.9, 1, -0.9), (0.9, -0.9, 1)),
            },
            "has a negative direction",
        ),
    ],
)
def test_entries_fit_together(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(MusrcuError, match=sentence):
        made(**changes)


def test_constraints_carry_their_correlation() -> None:
    names, values, covariance = made().constraint()
    assert names == ("alpha", "detector_beta")
    np.testing.assert_array_equal(values, [1.3, 0.9])
    expected = [[0.02**2, 0.5 * 0.02 * 0.03], [0.5 * 0.02 * 0.03, 0.03**2]]
    np.testing.assert_allclose(covariance, expected, rtol=1e-14)
    _, values, covariance = made().constraint("phase_3", "t0_4", "phase")
    np.testing.assert_array_equal(values, [179.0, 12.25, 6.0])
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), [0.5, 0.1, 0.5], rtol=1e-14)
    assert covariance[0, 2] == pytest.approx(0.6 * 0.5 * 0.5)
    assert covariance[0, 1] == 0
    bare = Calibration(alpha=1.0, alpha_error=0.1)
    assert bare.constraint()[0] == ("alpha",)
    with pytest.raises(MusrcuError, match="without total cannot give total"):
        bare.constraint("total")
    with pytest.raises(MusrcuError, match="without detector 7 cannot give phase_7"):
        made().constraint("phase_7")


def test_the_covariance_of_all_names() -> None:
    errors = np.array([0.02, 0.03, 0.004, 0.5, 0.5])
    expected = np.array(FULL["correlation"]) * np.outer(errors, errors)
    np.testing.assert_allclose(made().covariance, expected, rtol=1e-14)


def test_reversed_is_what_a_reversed_pair_would_give() -> None:
    """Propagated through thrown numbers, and twice reversed is the same."""
    turned = made().reversed()
    assert turned.alpha == pytest.approx(1 / 1.3)
    assert turned.detector_beta == pytest.approx(1 / 0.9)
    assert turned.total == pytest.approx(0.9 * 0.22)
    assert turned.phase == pytest.approx(-174.0)
    assert (turned.forward, turned.backward) == ("3,4", "1,2")
    assert turned.phases == made().phases
    names = made().names
    _, values, covariance = made().constraint(*names)
    small = 1e-6 * covariance  # so that the propagation is linear
    thrown = np.random.default_rng(1).multivariate_normal(values, small, 200_000)
    moved = thrown.copy()
    moved[:, 0], moved[:, 1] = 1 / thrown[:, 0], 1 / thrown[:, 1]
    moved[:, 2] = thrown[:, 1] * thrown[:, 2]
    _, _, found = turned.constraint(*names)
    expected = np.cov(moved.T) * 1e6
    scale = np.sqrt(np.diag(expected))
    np.testing.assert_allclose(np.sqrt(np.diag(found)), scale, rtol=0.01)
    np.testing.assert_allclose(
        found / np.outer(scale, scale), expected / np.outer(scale, scale), atol=0.015
    )
    again = turned.reversed()
    assert again.alpha_error == pytest.approx(0.02)
    assert again.total_error == pytest.approx(0.004, rel=1e-4)
    np.testing.assert_allclose(again.correlation, made().correlation, atol=3e-6)


def test_correlations_of_what_has_no_error() -> None:
    assert correlations(np.array([[4.0, 0.0], [0.0, 0.0]])) == ((1.0, 0.0), (0.0, 1.0))
    assert correlations(np.array([[4.0, -1.0], [-1.0, 1.0]])) == ((1.0, -0.5), (-0.5, 1.0))


def test_summary() -> None:
    text = made().summary()
    assert "alpha = 1.30(2) from EMU 20711, 20712 (forward 1,2, backward 3,4; joint fit" in text
    for line in ("bias: none known", "detector_beta = 0.90(3)", "total asymmetry = 0.220(4)"):
        assert line in text
    assert "detector  phase (deg)  amplitude  dead time (ns)  t0 (bin)" in text
    assert "-178.0(6)" in text
    assert "-0.2(10)" in text  # ns
    taus, errors = (0.0123, 0.0243, 0.0026), (0.0116, 0.0131, 0.0099)
    even = Calibration(
        alpha=1.0, alpha_error=0.1, detectors=(1, 2, 3), dead_time=taus, dead_time_error=errors
    ).summary()  # all to the same digit, that of the middle error
    assert [line.split()[-1] for line in even.splitlines()[-3:]] == ["12(12)", "24(13)", "3(10)"]
    many = tuple(range(1, 41))
    long = Calibration(alpha=1.0, alpha_error=0.1, detectors=many, t0=(1.0,) * 40)
    assert "and 24 more detectors" in long.summary()


def test_scalars_of_numpy_are_plain_numbers(tmp_path: Path) -> None:
    made = Calibration(
        alpha=np.float32(0.5), alpha_error=np.float64(0.01), run=np.int64(7),
        instrument=np.str_("EMU"), probability=np.float64(0.5),
    )  # fmt: skip
    assert made == Calibration(
        alpha=0.5, alpha_error=0.01, run=7, instrument="EMU", probability=0.5
    )
    assert type(made.alpha) is type(made.alpha_error) is float and type(made.run) is int
    made.save(tmp_path / "c.toml")
    assert Calibration.load(tmp_path / "c.toml") == made


def test_a_method_that_is_not_said_stays_so(tmp_path: Path) -> None:
    made = Calibration(alpha=1.0, alpha_error=0.01, method="")
    made.save(tmp_path / "c.toml")
    assert Calibration.load(tmp_path / "c.toml") == made
    assert "bias" not in made.to_dict()


def test_keys_and_names_that_are_no_texts() -> None:
    with pytest.raises(MusrcuError, match=r"\[calibration\] has no entry 3"):
        Calibration.from_dict({3: 4})  # type: ignore[dict-item]
    with pytest.raises(MusrcuError, match="a calibration has no 3; give the name of a number"):
        Calibration(alpha=1.0, alpha_error=0.01).constraint(3)  # type: ignore[arg-type]
