"""A joint fit of 50 runs of 1000 bins, beside a joint fit of plain iminuit from the same start.

    python benchmarks/joint_speed.py [repeats]

Four parameters are shared (A1, A2, phi2, A_bg), three local (lambda1, lambda2, nu2), which makes
154 of 50 runs. Plain: MIGRAD and HESSE with numerical derivatives of the same chi-square, the model
in NumPy as a user would write it, all runs in one array. Ours: the whole of ``musrcu.joint_fit``,
from asymmetries to the result with exact errors of all parameters. Both begin at the same values,
near enough that the plain one succeeds; the search of start values is timed apart. Then the time
for 200 runs beside that for 50, and the peak of memory, which grows linearly with the runs.
"""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections.abc import Sequence

import numpy as np
from iminuit import Minuit

import musrcu as mu
from musrcu.containers.history import History

MODEL = "exponential + damped_cosine + constant"
SHARED = ("A1", "A2", "phi2", "A_bg")
LOCAL = ("lambda1", "lambda2", "nu2")
BINS, WIDTH, EVENTS, TAU = 1000, 0.0095, 5e6, 2.1969811
TRUTH = {"A1": 0.055, "A2": 0.045, "phi2": 6.0, "A_bg": 0.11}


def local_truth(n_runs: int) -> np.ndarray:
    """(n_runs, 3) lambda1, lambda2, nu2 of runs that approach an ordering temperature."""
    t = np.linspace(0.1, 0.92, n_runs)
    return np.array([0.9 + 0.2 * t, 0.35 + 0.9 * t**8, 1.59 * (1 - t**3) ** 0.12]).T


def curve(t: np.ndarray, shared: np.ndarray, local: np.ndarray) -> np.ndarray:
    """(n_runs, n_bins) asymmetries."""
    a1, a2, phi, bg = shared
    l1, l2, nu = local[..., 0, None], local[..., 1, None], local[..., 2, None]
    line = np.cos(2 * np.pi * nu * t + np.pi / 180 * phi)
    return np.asarray(a1 * np.exp(-l1 * t) + a2 * np.exp(-l2 * t) * line + bg)


def thrown(n_runs: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(time, values, errors) of Poisson counts of both groups; nothing of musrcu."""
    rng = np.random.default_rng(seed)
    t = (np.arange(BINS) + 0.5) * WIDTH
    a = curve(t, np.array(list(TRUTH.values())), local_truth(n_runs))
    scale = EVENTS * WIDTH / TAU / 2 * np.exp(-t / TAU)
    f, b = rng.poisson(scale * (1 + a)), rng.poisson(scale * (1 - a))
    total = f + b
    return t, (f - b) / total, 2 * np.sqrt(f * b / total) / total


def asymmetries(t: np.ndarray, value: np.ndarray, error: np.ndarray) -> list[mu.Asymmetry]:
    """The same as musrcu has it after a reduction."""
    found = []
    for k, (a, sigma) in enumerate(zip(value, error, strict=True)):
        run = mu.Run(
            counts=np.ones((1, 2, 8), dtype=int), bin_width=WIDTH, t0=np.zeros(2),
            first_good=np.zeros(2, dtype=int), last_good=np.full(2, 7), labels=("Forw", "Back"),
            source="continuous", number=k + 1, instrument="SIM",
        )  # fmt: skip
        found.append(
            mu.Asymmetry(
                time=t, value=a, error=sigma, bin_width=WIDTH, packing=1, alpha=1.0, run=run,
                history=History(),
            )
        )  # fmt: skip
    return found


def begin(n_runs: int) -> dict[str, float | list[float]]:
    """Start values near the truth, off by about as much as fits of single runs are."""
    off = local_truth(n_runs) * (1 + np.array([0.1, 0.1, 0.004]) * (-1.0) ** np.arange(3))
    start: dict[str, float | list[float]] = {"A1": 0.057, "A2": 0.043, "phi2": 4.0, "A_bg": 0.109}
    return start | {name: off[:, k].tolist() for k, name in enumerate(LOCAL)}


def plain(t: np.ndarray, value: np.ndarray, error: np.ndarray) -> Minuit:
    """MIGRAD and HESSE with numerical derivatives."""
    n_runs = len(value)

    def chi2(x: np.ndarray) -> float:
        model = curve(t, x[:4], x[4:].reshape(n_runs, 3))
        return float((((value - model) / error) ** 2).sum())

    start = begin(n_runs)
    x = np.concatenate(
        [[start[name] for name in SHARED], np.array([start[name] for name in LOCAL]).T.ravel()]
    )
    minuit = Minuit(chi2, x)
    minuit.errordef = Minuit.LEAST_SQUARES
    return minuit.migrad().hesse()


def seconds(task: object) -> float:
    """Of one call."""
    gc.collect()
    begun = time.perf_counter()
    task()  # type: ignore[operator]
    return time.perf_counter() - begun


def fitted(data: Sequence[mu.Asymmetry], started: bool = True) -> mu.JointResult:
    """Our fit, from the same start values or from none."""
    start = begin(len(data)) if started else None
    return mu.joint_fit(data, MODEL, shared=SHARED, start=start)


def compare(result: mu.JointResult, minuit: Minuit) -> None:
    """The two end at the same minimum with the same errors."""
    values = np.concatenate(
        [result.values, np.array([result.local(name)[0] for name in LOCAL]).T.ravel()]
    )
    errors = np.concatenate(
        [result.errors, np.array([result.local(name)[1] for name in LOCAL]).T.ravel()]
    )
    off = np.abs(values - np.array(minuit.values)) / errors
    ratio = np.abs(np.array(minuit.errors) / errors - 1)
    print(f"valid: ours {result.valid}, plain {minuit.valid}")
    print(f"chi2: ours {result.chi2:.4f}, plain {minuit.fval:.4f}")
    print(
        f"largest difference: {off.max():.1e} errors in value, {100 * ratio.max():.2f} % in error"
    )


def main() -> None:
    """Print the tables."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    arrays = {n: thrown(n) for n in (50, 100, 200)}
    data = {n: asymmetries(*arrays[n]) for n in arrays}
    fitted(data[50])
    times: dict[int, list[float]] = {n: [] for n in arrays}
    for _ in range(repeats):
        for n, few in data.items():
            times[n].append(seconds(lambda few=few: fitted(few)))
    found: list[Minuit] = []
    slow = seconds(lambda: found.append(plain(*arrays[50])))
    fast = min(times[50])
    print("50 runs of 1000 bins, 4 shared and 3 local parameters, from the same start values")
    print(f"  plain iminuit, numerical derivatives  {slow:8.2f} s   {found[0].nfcn} calls")
    print(f"  musrcu.joint_fit                      {fast:8.3f} s   ratio {slow / fast:.0f}")
    compare(fitted(data[50]), found[0])
    search = seconds(lambda: fitted(data[50], started=False))
    print(f"without start values: {search:.2f} s, the search included")
    print(f"{'runs':>6s} {'fastest':>10s} {'over that of 50':>16s} {'peak of memory':>16s}")
    for n, few in data.items():
        gc.collect()
        tracemalloc.start()
        fitted(few)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        low = min(times[n])
        print(f"{n:6d} {low:8.3f} s {low / fast:16.2f} {peak / 1e6:13.1f} MB")


if __name__ == "__main__":
    main()
