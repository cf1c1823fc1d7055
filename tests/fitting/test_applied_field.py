"""Fields of which nothing is said are those of the header, in functions of users too."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
from asymmetries import RUN, asymmetry

import musrcu as mu
from musrcu.constants import GAMMA_MU
from musrcu.errors import FitError
from musrcu.fitting.result import FitResult
from musrcu.models import registry

TIME = np.arange(0.01, 10.0, 0.02)
ERROR = np.full(TIME.size, 1e-3)


@pytest.fixture(autouse=True)
def only_for_this_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    registry.components()  # what a first use loads stays
    monkeypatch.setattr(registry, "_components", dict(registry._components))
    yield


def fitted(model: str, value: np.ndarray, field: float | None) -> FitResult:
    noise = 1e-3 * np.random.default_rng(5).standard_normal(TIME.size)
    data = asymmetry(TIME, value + noise, ERROR, run=dataclasses.replace(RUN, field=field))
    return mu.fit(data, model)


def test_nuclei_of_a_user_in_the_field_of_the_header() -> None:
    pair = mu.dipolar_component("beside_f", [("F", (0, 0, 1.17))], longitudinal=True)
    value = 0.2 * pair(TIME, 1.0, 15.0)
    result = fitted("beside_f", value, 15.0)
    assert result.valid, result.reason
    assert result["B_LF1"].value == 15.0 and result["B_LF1"].error is None
    assert abs(result["scale1"].value - 1.0) < 4 * result["scale1"].error
    assert [note for note in result.notes if "B_LF1" in note] == [
        "B_LF1 is held at 15 G, the field in the run's header; fix it at another value or give "
        "it a start to free it"
    ]
    with pytest.raises(FitError, match="the file names no applied field, which B_LF1 is"):
        fitted("beside_f", value, None)


def test_a_negative_field_is_held_at_its_magnitude_and_the_note_says_so() -> None:
    value = 0.2 * registry.find_component("gaussian_kt_lf")(TIME, 0.4, 10.0)
    result = fitted("gaussian_kt_lf", value, -10.0)
    assert result["B_LF1"].value == 10.0
    assert [note for note in result.notes if "B_LF1" in note] == [
        "B_LF1 is held at 10 G, the magnitude of -10 G in the run's header; fix it at another "
        "value or give it a start to free it"
    ]


def test_a_function_of_a_user_says_that_a_parameter_is_the_field() -> None:
    @mu.component(
        parameters=[
            mu.Parameter("delta", "1/us", 0.3, lower=0.0, seeds=(0.1, 1.0)),
            mu.Parameter("hop", "1/us", 2.0, lower=0.0, seeds=(0.5, 5.0)),
            mu.Parameter("B", "G", 10.0, lower=0.0, kind="field"),
        ]
    )
    def decoupled(t, delta, hop, B):  # type: ignore[no-untyped-def]
        return np.exp(-2 * delta**2 * hop / (hop**2 + (GAMMA_MU * B) ** 2) * t)

    held = fitted("decoupled", 0.2 * np.exp(-0.18 * 2.0 / (4.0 + (GAMMA_MU * 8) ** 2) * TIME), 8.0)
    assert held["B1"].value == 8.0
    assert any("B1 is held at 8 G" in note for note in held.notes)
