"""What a fit says of itself: noise lines, frequencies no bin shows, limits that bind."""

from __future__ import annotations

import math

import numpy as np
import pytest
from asymmetries import asymmetry

from musrcu.errors import FitError, ModelError
from musrcu.fitting.chance import noise_gain
from musrcu.fitting.doubts import averaging, pulsed
from musrcu.fitting.fit import fit
from musrcu.models.model import Model

TIME = np.arange(1, 3001) * 0.003
TURN = 2 * np.pi


def thrown(value: np.ndarray, error: float = 0.004, seed: int = 8):
    noise = np.random.default_rng(seed).standard_normal(value.size)
    return asymmetry(TIME, value + error * noise, np.full(value.size, error))


def line(amplitude: float = 0.1, nu: float = 1.5, phi: float = 0.0) -> np.ndarray:
    return amplitude * np.exp(-0.3 * TIME) * np.cos(TURN * nu * TIME + np.deg2rad(phi)) + 0.1


def test_the_level_of_noise_by_hand() -> None:
    places = (50 - 0.3) * 2.1969811 * 3
    assert noise_gain((0.3, 50.0), 9.0, 1e-3) == pytest.approx(2 * math.log(places / 1e-3))
    assert noise_gain((1.0, 1.0), 9.0, 1e-3) == pytest.approx(2 * math.log(1 / 1e-3))


def test_most_lines_of_pure_noise_are_named() -> None:
    """Noise alone reaches the level in one search of a thousand; allow a few that pile up."""
    named = 0
    for seed in range(12):
        result = fit(thrown(np.full(TIME.size, 0.1), seed=seed), "damped_cosine + constant")
        named += not result.valid or any("noise alone" in note for note in result.notes)
    assert named == 12


def test_a_strong_line_is_not_named() -> None:
    result = fit(thrown(line()), "damped_cosine + constant")
    assert result.valid
    assert not any("noise alone" in note for note in result.notes)


def test_a_given_frequency_was_not_searched() -> None:
    flat = thrown(np.full(TIME.size, 0.1))
    result = fit(flat, "cosine + constant", start={"nu1": 1.5})
    assert not any("noise alone" in note for note in result.notes)


def test_a_frequency_above_nyquist_is_not_valid() -> None:
    result = fit(thrown(line()), "damped_cosine + constant", limits={"nu1": (300.0, 340.0)})
    assert not result.valid
    assert "166.7 MHz, the highest" in result.reason


@pytest.mark.parametrize(
    "limits",
    [
        {"phi1": (100.0, 260.0)},
        {"phi1": (90.0, 270.0)},
        {"A1": (-1.0, 0.0)},
        {"A1": (-0.3, -0.05), "phi1": (150.0, 200.0)},
        {"phi1": (300.0, 400.0)},
    ],
)
def test_limits_are_obeyed_and_the_line_is_found(
    limits: dict[str, tuple[float, float]],
) -> None:
    data = thrown(line(phi=5.0))
    free = fit(data, "damped_cosine + constant")
    bound = fit(data, "damped_cosine + constant", limits=limits)
    assert bound.valid
    assert bound.chi2 == pytest.approx(free.chi2, abs=1e-2)
    for name, (low, high) in limits.items():
        assert low <= bound[name].value <= high
    values = dict(zip(bound.names, bound.values, strict=True))
    again = np.sum(
        ((data.value - Model(bound.model).value(TIME, list(values.values()))) / 0.004) ** 2
    )
    assert again == pytest.approx(bound.chi2, rel=1e-9)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"t_range": (5, 1)}, "not below"),
        ({"t_range": 5}, "t_range = 5"),
        ({"t_range": ("a", 5)}, "t_range"),
        ({"limits": {"nu1": 5}}, "limits of nu1 = 5"),
        ({"limits": {"nu1": ("a", 5)}}, "limits of nu1"),
        ({"ties": {"lambda1": 2}}, "tie of lambda1 = 2"),
        ({"max_asymmetry": "a"}, "max_asymmetry = 'a'"),
        ({"max_asymmetry": -1.0}, "max_asymmetry = -1.0"),
        ({"max_asymmetry": math.nan}, "max_asymmetry = nan"),
        ({"start": {"nu1": "x"}}, "nu1 = 'x'"),
        ({"start": {"nu1": None}}, "nu1 = None"),
    ],
)
def test_unusable_options_are_fit_errors(options: dict, words: str) -> None:
    with pytest.raises(FitError, match=words.replace("(", r"\(")):
        fit(thrown(line()), "damped_cosine + constant", **options)


def test_open_ends_and_single_names_are_understood() -> None:
    result = fit(
        thrown(line()), "damped_cosine + constant", t_range=(None, 6.0), minos="nu1", ties=None
    )
    assert result.t_range[1] <= 6.0
    assert result["nu1"].minos is not None
    assert fit(thrown(line()), "damped_cosine + constant", minos=None).valid


def test_what_is_no_asymmetry_or_model_is_refused() -> None:
    with pytest.raises(FitError, match="not a ndarray"):
        fit(TIME, "constant")
    with pytest.raises(FitError, match="not a NoneType"):
        fit(thrown(line()), None)
    with pytest.raises(ModelError, match="at most 31"):
        Model(" + ".join(["damped_cosine"] * 17))


def test_a_muon_pulse_is_longer_than_a_turn() -> None:
    """exp(-2 (pi nu s)^2) with s = 80 ns / 2.3548: 94.4 % at 1.59 MHz, by the notes."""
    model = Model("damped_cosine")
    values, sure = np.array([0.1, 0.2, 1.59, 0.0]), np.diag([1e-8, 1e-4, 1e-6, 1.0])
    (note,) = pulsed(model, values, sure, "pulsed")
    assert "a muon pulse of 80 ns, as ISIS has, leaves 94.4 % of a line at 1.59 MHz" in note
    assert pulsed(model, values, sure, "continuous") == []
    assert pulsed(model, values, np.diag([1e-3, 1e-4, 1e-6, 1.0]), "pulsed") == []


def test_bins_that_average_over_a_line() -> None:
    """1 - sin(x)/x with x = pi nu w; of uneven bins each counts by the decays in it."""
    model = Model("damped_cosine")
    values, sure = np.array([0.1, 0.2, 1.59, 0.0]), np.diag([1e-8, 1e-4, 1e-6, 1.0])
    time, width = np.array([0.1, 0.5]), np.array([0.1, 0.1])
    (note,) = averaging(model, values, sure, time, width)
    assert "bins of 100 ns average over nu1 = 1.59 MHz: A1 is low by 4.1 %" in note  # 0.958930
    wide = np.array([0.1, 0.3])
    decays = wide * np.exp(-time / 2.1969811)
    turn = np.pi * 1.59 * wide
    lost = 100 * (1 - (decays * np.sin(turn) / turn).sum() / decays.sum())
    (note,) = averaging(model, values, sure, time, wide)
    assert "bins that grow to 300 ns" in note
    assert f"({lost:.2g} % are lost)" in note


def test_bins_that_average_over_muonium() -> None:
    """Muonium at rest in zero field, (1 + cos(2 pi A_hf t)) / 2."""
    time = np.arange(1, 400) * 0.02
    width = np.full(time.size, 0.02)
    model = Model("muonium + constant")
    values, sure = np.array([0.1, 12.3, 0.0]), np.diag([1e-8, 1e-4, 1e-8])
    (note,) = averaging(model, values, sure, time, width)
    assert note.startswith("bins of 20 ns average over A_hf1 = 12.3 MHz: A1 is low by ")
    # the constant half stays, the line keeps sinc(nu w)
    weight = np.exp(-time / 2.1969811)
    whole = 0.5 + 0.5 * np.cos(TURN * 12.3 * time)
    left = 0.5 + 0.5 * np.cos(TURN * 12.3 * time) * np.sinc(12.3 * 0.02)
    loss = 1 - (weight * whole * left).sum() / (weight * whole * whole).sum()
    told = float(note.split("low by ")[1].split(" %")[0])
    assert told == pytest.approx(100 * loss, rel=0.05)
    assert averaging(model, np.array([0.1, 0.5, 0.0]), sure, time, width) == []
    vague = np.diag([1e-3, 1e-4, 1e-8])
    assert averaging(model, values, vague, time, width) == []


def test_bins_that_average_over_a_pair_of_moments() -> None:
    """F-mu-F has no parameter in MHz: its certificate knows how fast it is."""
    time = np.arange(1, 80) * 0.1
    values, sure = np.array([0.2, 0.6, 0.0]), np.diag([1e-10, 1e-4, 1e-8])
    (note,) = averaging(Model("f_mu_f + constant"), values, sure, time, np.full(79, 0.1))
    assert "average over r1 = 0.6 A: A1 is low by" in note
