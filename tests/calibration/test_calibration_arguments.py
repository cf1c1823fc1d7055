"""What calibrate and estimate_dead_time are given: open ranges, and what is refused in a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from run_of import run_of

import musrcu as mu
from musrcu.errors import FitError, MusrcuError

TAU_MU = 2.1969811
DT, BINS, T0 = 0.016, 1200, 10.0
PAIR = mu.Reduction(forward="1-4", backward="5-8")


def made(source: str) -> mu.Run:
    """Eight detectors around a field of 50 G, forward and backward at opposite phases."""
    t = (np.arange(BINS) - T0) * DT
    phase = np.where(np.arange(8) < 4, 0.1, 0.1 + np.pi)[:, None]
    wave = 0.22 * np.exp(-0.05 * t) * np.cos(2 * np.pi * 0.68 * t + phase)
    mean = np.where(t >= 0, 20_000 * np.exp(-t / TAU_MU) * (1 + wave), 0.0)
    frames = 400_000.0
    counts = np.random.default_rng(1).poisson(mean / (1 + mean * 0.010 / (frames * DT)))
    return run_of(
        counts, bin_width=DT, t0=np.full(8, T0), first_good=np.full(8, 11), source=source,
        good_frames=[frames],
    )  # fmt: skip


@pytest.fixture(scope="module")
def continuous() -> mu.Run:
    return made("continuous")


@pytest.fixture(scope="module")
def pulsed() -> mu.Run:
    return made("pulsed")


@pytest.mark.parametrize("method", ["counts", "cosine", "sum", "zero"])
def test_an_open_end_is_the_one_of_the_data(continuous: mu.Run, method: str) -> None:
    def alpha(t_range: Any) -> float:
        return mu.calibrate(continuous, PAIR, method=method, t_range=t_range).alpha

    assert alpha((None, 5)) == alpha((-1.0, 5.0)) != alpha((1.0, 5.0))
    assert alpha((1, None)) == alpha((1.0, 1e3))
    assert alpha((None, None)) == alpha(None)


def test_an_open_end_of_single_detectors(continuous: mu.Run) -> None:
    def phases(t_range: Any) -> tuple[float, ...]:
        return mu.calibrate(continuous, PAIR, detectors=True, t_range=t_range).phases

    assert phases((None, 5)) == phases((-1.0, 5.0)) != phases((1.0, 5.0))
    assert phases((1, None)) == phases((1.0, 1e3))


def test_an_open_range_of_a_pulsed_source_begins_behind_the_pulse(pulsed: mu.Run) -> None:
    def alpha(t_range: Any) -> float:
        return mu.calibrate(pulsed, PAIR, method="sum", t_range=t_range).alpha

    assert alpha((None, 5)) == alpha((0.3, 5.0)) != alpha((0.0, 5.0))
    found = mu.estimate_dead_time(pulsed, t_range=(None, 9))
    assert found.values.tolist() == mu.estimate_dead_time(pulsed, t_range=(0.3, 9)).values.tolist()
    assert mu.estimate_dead_time(pulsed, t_range=(0.3, None)).t_range[1] > 18


@pytest.mark.parametrize("wrong", [(1,), 5, "ab", (3, 2), (float("nan"), 2.0), (None, -1.0)])
@pytest.mark.parametrize("method", ["counts", "cosine", "sum", "zero", "dead time"])
def test_a_wrong_range_is_named(pulsed: mu.Run, wrong: Any, method: str) -> None:
    with pytest.raises(FitError, match="t_range = |good bins|no bins"):
        if method == "dead time":
            mu.estimate_dead_time(pulsed, t_range=wrong)
        else:
            mu.calibrate(pulsed, PAIR, method=method, t_range=wrong)


def test_a_model_is_as_good_as_its_expression(continuous: mu.Run) -> None:
    found = mu.calibrate(continuous, PAIR, model=mu.Model("damped_cosine"))
    assert found == mu.calibrate(continuous, PAIR, model="damped_cosine")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda run: mu.calibrate("x.bin"), "calibrate takes a Run, not a str; read it first"),
        (lambda run: mu.calibrate(None), "calibrate takes a Run, not a NoneType; read it first"),
        (lambda run: mu.calibrate(["x.bin"]), "calibrate takes a Run, not a str; read it first"),
        (lambda run: mu.calibrate(3), "calibrate takes a Run, not an int; read it first"),
        (lambda run: mu.calibrate([]), "no calibrations to combine"),
        (lambda run: mu.calibrate(run, "x"), "calibrate takes a Reduction, not a str"),
        (lambda run: mu.calibrate(run, PAIR, method=["counts"]), r"method = \['counts'\]"),
        (lambda run: mu.calibrate(run, PAIR, method=None), "method = None"),
        (lambda run: mu.calibrate(run, PAIR, model=None), "calibrate takes a Model"),
        (lambda run: mu.estimate_dead_time(None), "estimate_dead_time takes a Run, not a None"),
        (lambda run: mu.estimate_dead_time([run]), "estimate_dead_time takes a Run, not a list"),
        (lambda run: mu.estimate_dead_time(run, polarisation=["auto"]), "polarisation = "),
    ],
)  # fmt: skip
def test_what_is_no_run_recipe_or_model(
    continuous: mu.Run, call: Callable[[mu.Run], Any], sentence: str
) -> None:
    with pytest.raises(MusrcuError, match=sentence):
        call(continuous)
