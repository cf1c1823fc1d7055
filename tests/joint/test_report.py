"""The text of a joint fit: conditions, tied parameters, and notes said once."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from asymmetries import RUN, asymmetry

import musrcu as mu
from musrcu.containers.temperature import Temperature
from musrcu.joint.report import said_once
from musrcu.joint.result import JointResult


def scan(shift: float = 0.01) -> list[mu.Asymmetry]:
    """One line at gamma B (1 + K) in four fields and at two temperatures."""
    time, found = np.arange(300) * 0.02 + 0.01, []
    for k, field in enumerate((50.0, 100.0, 150.0, 200.0)):
        nu = 0.01355388 * field * (1 + shift)
        value = 0.2 * np.exp(-0.3 * time) * np.cos(2 * np.pi * nu * time)
        value += np.random.default_rng(k).normal(0, 0.004, time.size)
        run = dataclasses.replace(
            RUN, number=20 + k, field=field, temperature=Temperature(nominal=5.0 + k // 2)
        )
        found.append(asymmetry(time, value, np.full(time.size, 0.004), run=run))
    return found


@pytest.fixture(scope="module")
def shifted() -> JointResult:
    return mu.joint_fit(
        scan(), "damped_cosine", shared=("A1", "phi1"), fixed={"lambda1": 0.3},
        ties={"nu1": "gamma_mu*field*(1 + K)"}, extra={"K": 0.0},
    )  # fmt: skip


def test_tied_parameters_and_conditions_of_each_run(shifted: JointResult) -> None:
    text = shifted.summary()
    assert "joint fit of 4 runs" in text
    assert text.count("gamma_mu*field*(1 + K)") == 1
    head, *lines = shifted.table().split("\n")
    assert head.split() == ["run", "T", "(K)", "field", "(G)", "nu1", "chi2/ndof"]
    for line, field, warm in zip(lines, (50, 100, 150, 200), (5, 5, 6, 6), strict=True):
        cells = line.split()
        assert [float(cells[2]), float(cells[3])] == [warm, field]
        value, error = cells[4].rstrip(")").split("(")
        assert abs(float(value) - 0.01355388 * field * 1.01) < 0.004
        assert int(error) > 0
        assert cells[5] == "MHz"
    assert any(line.split() == ["lambda1", "0.3", "1/us", "[fixed]"] for line in text.split("\n"))


def test_what_is_the_same_in_every_run_is_said_once() -> None:
    data = [dataclasses.replace(one, run=scan()[0].run) for one in scan()[:1] * 2]
    same = mu.joint_fit(data, "damped_cosine", shared=("A1", "nu1", "phi1", "lambda1"))
    assert "  every run: 5 K, 50 G" in same.summary().split("\n")
    assert "field" not in same.table()


def test_fields_are_saved(shifted: JointResult) -> None:
    saved = shifted.to_dict()
    assert JointResult.from_dict(saved).fields == shifted.fields == (50.0, 100.0, 150.0, 200.0)
    assert JointResult.from_dict(saved).summary() == shifted.summary()
    with pytest.raises(mu.MusrcuError, match="4 finite numbers or nulls"):
        JointResult.from_dict({**saved, "fields": [1.0]})
    del saved["fields"]
    assert JointResult.from_dict(saved).fields == (None,) * 4


def test_notes_that_differ_by_numbers_are_one() -> None:
    pairs = [(f"SIM {k}", f"chi-square {600 + k}.5 for 500 has 3e-{k + 10}") for k in range(14)]
    assert said_once(pairs, 16, "histograms") == [
        "14 of 16 histograms (numbers of SIM 0): chi-square 600.5 for 500 has 3e-10"
    ]
    assert said_once([(name, "few counts") for name, _ in pairs[:2]], 2, "runs") == [
        "every run: few counts"
    ]
    assert said_once([("SIM 1", "nu1 low"), ("SIM 1", "nu2 low")], 3, "runs") == [
        "SIM 1: nu1 low", "SIM 1: nu2 low",
    ]  # fmt: skip


def test_one_is_no_plural() -> None:
    one = mu.joint_fit(scan()[:1], "damped_cosine", shared=("A1",))
    assert one.summary().startswith("joint fit of 1 run: damped_cosine")
    wrong = mu.joint_fit(scan()[:2], "damped_cosine", shared=("A1",), max_asymmetry=0.01)
    assert wrong.reason.endswith("; 1 more run")
    assert mu.joint_fit(
        scan()[:3], "damped_cosine", shared=("A1",), max_asymmetry=0.01
    ).reason.endswith("; 2 more runs")


def test_a_tie_that_holds_a_line_at_no_frequency_is_named() -> None:
    quiet = [dataclasses.replace(one, run=one.run.replace(field=0.0)) for one in scan()[:2]]
    found = mu.joint_fit(
        quiet, "exponential + damped_cosine", shared=("A1", "A2"),
        ties={"nu2": "gamma_mu*field"}, fixed={"lambda1": 0.1, "phi2": 0.0},
    )  # fmt: skip
    said = "nu2 = gamma_mu*field is 0 where the field is 0: nothing turns"
    assert all(any(note.startswith(said) for note in run.notes) for run in found.runs)
    assert found.summary().count(said) == 1
    assert not any("nothing turns" in n for run in mu.joint_fit(
        scan()[:2], "damped_cosine", shared=("A1",), ties={"nu1": "gamma_mu*field*1.01"}
    ).runs for n in run.notes)  # fmt: skip


def test_a_phase_that_nothing_determines_is_named() -> None:
    """A line so damped that it is over within a few bins."""
    found = mu.joint_fit(
        scan()[:2], "damped_cosine + damped_cosine", shared=("A1", "phi1"),
        fixed={"A2": 1e-6, "lambda2": 1.0, "nu2": 3.0, "lambda1": 0.3},
    )  # fmt: skip
    for run in found.runs:
        assert run["phi2"].error > 180
        assert -180 < run["phi2"].value <= 180
        assert any(note.startswith("phi2 is undetermined: its error is") for note in run.notes)
        assert not any(note.startswith("phi1") for note in run.notes)


def test_instruments_that_share_an_amplitude_are_named() -> None:
    data = scan()[:3]
    data[2] = dataclasses.replace(data[2], run=data[2].run.replace(instrument="OTHER"))
    found = mu.joint_fit(data, "damped_cosine", shared=("A1", "phi1", "lambda1"))
    assert [n for n in found.notes if "spectrometer" in n] == [
        "A1, phi1 are shared by runs of SIM, OTHER: amplitudes and phases are those of a "
        "spectrometer; group them with by= (--group), as by instrument"
    ]
    grouped = mu.joint_fit(
        data, "damped_cosine", shared=("lambda1",), by={"A1": "instrument", "phi1": "instrument"}
    )
    assert not any("spectrometer" in n for n in grouped.notes)


def test_an_extra_parameter_has_the_unit_of_what_is_a_number_times_it() -> None:
    data = [dataclasses.replace(one, run=scan()[0].run) for one in scan()[:1] * 2]
    for tie, unit in (("nu0", "MHz"), ("2*nu0", "MHz"), ("nu0/2", "MHz"), ("nu0**2", "")):
        found = mu.joint_fit(data, "damped_cosine", ties={"nu1": tie}, extra={"nu0": 0.7})
        assert found["nu0"].unit == unit
