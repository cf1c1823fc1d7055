"""Model functions on 2000 times, beside the bare special functions that they need.

    python benchmarks/model_speed.py [sets]

Static functions: the time of ``function(t)`` over that of the special functions alone (NumPy's and
SciPy's, on arguments made before), at the default parameters; 3 is what is allowed. Dynamic
functions: a width of 0.3 and hop = 1 in 10 G, the same parameters again, then the parameter sets of
the verification. Fastest of several repeats, both sides alternating, so that a busy machine slows
both alike.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from scipy.special import erfcx, exp1, j0, spherical_jn, wofz

from musrcu.models.registry import Component, components
from musrcu.verification.trial import Trial, trials

TIMES, REPEATS = 2000, 300
STATIC, USUAL, ANYWHERE = 3.0, 5.0, 50.0
"""What is allowed: a ratio, ms at usual parameters, ms at any."""

t = np.array(np.linspace(0.0, 20.0, TIMES))  # not a view: known to be even
t.setflags(write=False)
x, z, angle = -0.5 * t, (1.0 + 0.4j) * t + 1e-3, 6.28 * t

BARE: dict[str, Callable[[], Any]] = {
    "exp": lambda: np.exp(x),
    "cos": lambda: np.cos(angle),
    "sin": lambda: np.sin(angle),
    "log1p": lambda: np.log1p(t),
    "power": lambda: t**0.7,
    "sqrt": lambda: np.sqrt(t),
    "j0": lambda: j0(angle),
    "spherical_jn": lambda: (spherical_jn(0, angle), spherical_jn(1, angle)),
    "erfcx": lambda: erfcx(t),
    "wofz": lambda: wofz(z),
    "exp1": lambda: exp1(z),
    "complex exp": lambda: np.exp(1j * t),
}
NEEDS = {
    "exponential": "exp",
    "gaussian": "exp",
    "stretched_exponential": "power, exp",
    "power_decay": "log1p, exp",
    "gaussian_power": "log1p, exp",
    "cosine": "cos",
    "damped_cosine": "exp, cos",
    "gaussian_cosine": "exp, cos",
    "stretched_cosine": "power, exp, cos",
    "bessel": "j0",
    "internal_field": "exp, exp, cos",
    "internal_bessel": "exp, exp, j0",
    "gaussian_internal_field": "exp, exp, cos",
    "kornilov_gaussian": "power, exp, exp, cos, sin",
    "kornilov_lorentzian": "exp, exp, cos, sin",
    "gaussian_kt": "exp",
    "lorentzian_kt": "exp",
    "voigtian_kt": "exp",
    "interpolating_kt": "power, exp",
    "broadened_kt": "sqrt, exp",
    "gaussian_kt_lf": "wofz, exp, complex exp",
    "lorentzian_kt_lf": "exp1, exp, spherical_jn",
    "abragam": "exp, exp",
    "keren": "complex exp, exp",
    "risch_kehr": "erfcx, sqrt",
    "uemura_spin_glass": "sqrt, sqrt, exp, exp",
    "mu_f": "cos, cos, cos",
    "f_mu_f": "cos, cos, cos",
    "f_mu_f_ff": "cos, cos, cos, cos",
    "muonium": "cos",
    "muonium_axial": "cos, cos, cos",
    "muonium_lf": "cos",
    "muonium_tf": "cos, cos, cos, cos",
    "muonium_tf_low": "cos, cos",
    "muonium_tf_high": "cos, cos",
}
WIDTHS = {"delta": 0.3, "a": 0.3, "sigma": 0.3, "B_LF": 10.0, "hop": 1.0}


def milliseconds(calls: Sequence[Callable[[], Any]], repeats: int = REPEATS) -> list[float]:
    """The fastest of alternating repeats of each call."""
    best = [np.inf] * len(calls)
    for _ in range(repeats):
        for k, call in enumerate(calls):
            start = time.perf_counter()
            call()
            best[k] = min(best[k], time.perf_counter() - start)
    return [1e3 * one for one in best]


def static(known: dict[str, Component]) -> None:
    """Ratios of the static functions, value alone and with all derivatives."""
    print(f"{'function':<25}{'bare, ms':>10}{'ours, ms':>10}{'ratio':>8}{'derivatives too':>17}")
    for key, needs in NEEDS.items():
        made = known[key]
        values = [p.default for p in made.parameters]
        bare = [BARE[name] for name in needs.split(", ")]
        *alone, ours, both = milliseconds(
            [*bare, partial(made.function, t, *values), partial(made.value_and_gradient, t, values)]
        )
        ratio, note = ours / sum(alone), "" if ours <= STATIC * sum(alone) else "  ABOVE 3"
        print(
            f"{key:<25}{sum(alone):>10.4f}{ours:>10.4f}{ratio:>8.2f}"
            f"{both / sum(alone):>17.2f}  {needs}{note}"
        )


def dynamic(known: dict[str, Component], sets: int) -> None:
    """Times of the dynamic functions."""
    print(f"\n{'function':<25}{'usual, ms':>10}{'again, ms':>10}{'median':>9}{'largest':>9}  at")
    for key, made in known.items():
        if not key.startswith("dynamic_"):
            continue
        usual = [WIDTHS[p.name] for p in made.parameters]
        # other parameters each time, so that nothing is remembered
        moved = [[value * (1 + 1e-9 * k) for value in usual] for k in range(7)]
        first = min(milliseconds([partial(made.function, t, *one)], 1)[0] for one in moved)
        (again,) = milliseconds([partial(made.function, t, *moved[-1])])
        taken = [(_at(made, trial), str(trial)) for trial in trials(made, sets, seed=3)]
        largest, where = max(taken)
        median = float(np.median([one for one, _ in taken]))
        note = "" if first <= USUAL and largest <= ANYWHERE else "  TOO SLOW"
        print(f"{key:<25}{first:>10.2f}{again:>10.4f}{median:>9.2f}{largest:>9.2f}  {where}{note}")


def _at(made: Component, trial: Trial) -> float:
    even = np.array(
        np.linspace(0.0, trial.values["t"] or 40.0, TIMES)
    )  # not a view: known to be even
    even.setflags(write=False)
    return milliseconds([partial(made.function, even, *trial.arguments(made))], 1)[0]


if __name__ == "__main__":
    print("OMP_NUM_THREADS:", os.environ.get("OMP_NUM_THREADS", "not set"))
    listed = components()
    static(listed)
    dynamic(listed, int(sys.argv[1]) if len(sys.argv) > 1 else 300)
