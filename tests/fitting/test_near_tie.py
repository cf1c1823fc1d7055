"""Second minima are told from flat valleys by what lies between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from asymmetries import asymmetry

import musrcu as mu
from musrcu.fitting.cost import Cost
from musrcu.fitting.fitted_data import fitted_data
from musrcu.fitting.near_tie import near_tie
from musrcu.fitting.request import Request, settled
from musrcu.fitting.start import Start
from musrcu.models.model import Model

TIME = (np.arange(400) + 0.5) * 0.02
ERROR = 0.01 * np.exp(TIME / 4.4)


def cost_of(value: np.ndarray, model: str) -> Cost:
    data = fitted_data(asymmetry(TIME, value, ERROR), None, False, None)
    ready = settled(data, Model(model), Request())
    return data.cost(ready.freedom, ready.known)


def at(cost: Cost, x: list[float]) -> Start:
    """A place, as a search gives it."""
    place = np.array(x)
    return Start(place, float(cost(place)))


def test_a_place_in_a_flat_valley_is_no_second_minimum() -> None:
    """A slow decay beside a constant: 0.2 exp(-0.02 t) is 0.1 + 0.1 exp(-0.04 t), nearly."""
    noise = ERROR * np.random.default_rng(3).standard_normal(400)
    cost = cost_of(0.2 * np.exp(-0.02 * TIME) + noise, "exponential + constant")
    best = mu.fit(asymmetry(TIME, 0.2 * np.exp(-0.02 * TIME) + noise, ERROR), "exponential")
    amplitude, rate = best.values
    first = at(cost, [amplitude, rate, 0.0])
    other = at(cost, [amplitude / 8, 8 * rate, 0.875 * amplitude])
    starts = [first, Start(other.x, first.chi2 + 1.4)]
    notes = near_tie(cost, starts, np.diag([1e-3, 1e-3, 1e-3]) ** 2)
    assert len(notes) == 1
    assert notes[0].startswith("the data hardly bound lambda1: chi-square is only 1.4 worse at ")
    assert near_tie(cost, starts, np.diag([1.0, 1.0, 1.0])) == []


def test_two_lines_of_equal_weight_are_two_minima() -> None:
    """Of two equal lines one cosine takes either; between them there is neither."""
    lines = 0.05 * (np.cos(2 * np.pi * 2.0 * TIME) + 0.999 * np.cos(2 * np.pi * 3.0 * TIME))
    cost = cost_of(lines, "cosine")
    starts = [at(cost, [0.05, 2.0, 0.0]), at(cost, [0.05, 3.0, 0.0])]
    starts.sort(key=lambda one: one.chi2)
    assert 0.01 < starts[1].chi2 - starts[0].chi2 < 4
    (note,) = near_tie(cost, starts, np.zeros((3, 3)))
    assert note.startswith("a second minimum at nu1 = 3 MHz is only ")


@pytest.mark.parametrize("packing", [4, 8])
def test_the_flat_rate_of_a_real_run_has_no_second_minimum(real: Path, packing: int) -> None:
    run = mu.read(real / "psi-bin" / "deltat_pta_gps_4255.bin")
    data = mu.reduce(run, mu.Reduction(packing=packing, alpha=1.0))
    result = mu.fit(data, "exponential + damped_cosine + constant")
    assert not any("second minimum" in note for note in result.notes)
