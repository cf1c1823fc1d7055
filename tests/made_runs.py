"""Runs, fits and scans made here, for tests that need one and no file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from musrcu.analysis.scan_result import Scan, ScanRun
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.history import History, Step
from musrcu.containers.run import Run
from musrcu.containers.temperature import Temperature
from musrcu.fitting.fitted import Fitted
from musrcu.fitting.result import FitResult
from musrcu.models.model import Model
from musrcu.ordering.points import OrderPoints
from musrcu.reduction.asymmetry import asymmetry_and_error

ORDERED = "exponential + damped_cosine + constant"
ABOVE = "gaussian + exponential + constant"
BELOW_TN = {"A1": 0.055, "lambda1": 0.9, "A2": 0.045, "lambda2": 0.35, "nu2": 1.59, "A_bg": 0.11}
ABOVE_TN = {"A1": 0.045, "sigma1": 0.4, "A2": 0.055, "lambda2": 2.0, "A_bg": 0.11}


def made_run(number: int | None = 7, temperature: float | None = 0.02, **more: object) -> Run:
    known = {
        "instrument": "LTF",
        "title": "SIMULATED, zero field",
        "sample": "Cu(NO3)2(pyz)3",
        "field": 0.0,
        "start": "2018-06-01T10:00:00",
    }
    return Run(
        counts=np.zeros((1, 2, 4), dtype=np.int64),
        bin_width=0.001,
        t0=[0.0, 0.0],
        first_good=[0, 0],
        last_good=[3, 3],
        labels=("Forw", "Back"),
        source="continuous",
        number=number,
        temperature=Temperature(
            mean=temperature, error=None if temperature is None else 0.01 * temperature
        ),
        **{**known, **more},
    )


def made_asymmetry(
    model: str = ORDERED,
    values: Mapping[str, float] = BELOW_TN,
    *,
    run: Run | None = None,
    n: int = 4000,
    width: float = 0.002,
    events: float = 2e6,
    seed: int = 1,
) -> Asymmetry:
    """An asymmetry of Poisson counts around a model, alpha = 1.2, without background."""
    made = Model(model)
    time = 0.01 + width * np.arange(n)
    truth = made.value(time, made.vector(values))
    mean = (
        0.5 * events * width / 2.2 * np.exp(-time / 2.2) * np.array([1 + truth, (1 - truth) / 1.2])
    )
    counts = np.random.default_rng(seed).poisson(mean).astype(float)
    value, error = asymmetry_and_error(counts, np.maximum(counts, 1.0), 1.2)
    steps = History((Step("group", "pair given", {"forward": "2", "backward": "1"}),))
    return Asymmetry(
        time=time,
        value=value,
        error=error,
        bin_width=width,
        packing=2,
        alpha=1.2,
        run=run or made_run(),
        history=steps.with_step(Step("form_asymmetry", "", {"alpha": 1.2})),
    )


def made_fit(
    model: str = ORDERED, values: Mapping[str, float] = BELOW_TN, **more: object
) -> FitResult:
    """A result that holds the given values as if they had been fitted."""
    made = Model(model)
    vector = made.vector(values)
    parameters = {
        p.name: Fitted(p.name, float(value), 0.01 * max(abs(float(value)), 0.1), p.unit)
        for p, value in zip(made.parameters, vector, strict=True)
    }
    known: dict[str, object] = {
        "model": model,
        "parameters": parameters,
        "covariance": np.diag([one.error**2 for one in parameters.values()]),
        "chi2": 3990.5,
        "ndof": 3993,
        "valid": True,
        "reason": "",
        "t_range": (0.01, 8.0),
        "run": 7,
        "name": "LTF 7",
    }
    return FitResult(**{**known, **more})


TEMPERATURES = (0.02, 0.06, 0.09, 0.1, 0.103, 0.104, 0.11, 0.13)


def frequency(temperature: float) -> float:
    """nu(T) of the paper, MHz."""
    return 1.59 * (1 - (temperature / 0.105) ** 3) ** 0.12


def made_scan() -> Scan:
    """Five ordered runs, one undecided, two without order."""
    runs = []
    for number, temperature in enumerate(TEMPERATURES, start=1):
        below = temperature < 0.105
        values = {**BELOW_TN, "nu2": frequency(temperature)} if below else BELOW_TN
        runs.append(
            ScanRun(
                run=number,
                name=f"LTF {number}",
                temperature=temperature,
                temperature_error=0.01 * temperature,
                field=0.0,
                verdict="undecided" if number == 6 else "ordered" if below else "not ordered",
                why="made so",
                ordered=made_fit(ORDERED, values),
                paramagnetic=made_fit(ABOVE, ABOVE_TN),
            )
        )
    return Scan(runs=tuple(runs), ordered_model=ORDERED, paramagnetic_model=ABOVE, parameter="nu2")


def made_asymmetries() -> list[Asymmetry]:
    """The data of :func:`made_scan`, warmest first."""
    found = []
    for number, temperature in enumerate(TEMPERATURES, start=1):
        below = temperature < 0.105
        values = {**BELOW_TN, "nu2": frequency(temperature)} if below else ABOVE_TN
        run = made_run(number, temperature)
        found.append(
            made_asymmetry(ORDERED if below else ABOVE, values, run=run, seed=number, n=2000)
        )
    return found[::-1]


def made_points() -> OrderPoints:
    return made_scan().points()
