"""What all bins share - alpha, background - reaches the errors of a fit, as it should and no more.

    python benchmarks/common_errors.py                  # 1000 experiments of each kind
    python benchmarks/common_errors.py --runs 100 --workers 1

Each simulated experiment quotes an alpha drawn from N(true alpha, 0.02), or measures its background
in a short window before t0, and is fitted twice: with the error of alpha and of the background, and
with both taken as exact. The errors of the fit are compared with an exact calculation:
the Fisher matrix of the Poisson means of forward and backward,

    F_k = N_k sqrt(alpha) (1 + A_k) + b_F,   B_k = N_k / sqrt(alpha) (1 - A_k) + b_B,
    A_k = A1 exp(-lambda t_k) + A_bg,

in all of A1, lambda, A_bg, alpha, b_F, b_B and one N_k for each bin (as an asymmetry knows nothing
of the decay law), with what is known of alpha, b_F, b_B beforehand added to it, and the N_k
eliminated. It is written here with NumPy only.

Rule for pulls, (fit - truth) / error: |mean| < 0.03 + 3.5 / sqrt(n) and |width - 1| < 0.03 + 3.5 /
sqrt(2 n). The seed was fixed before the first look.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

import musrcu as mu

SEED = 20270114
TAU = 2.1969811
SIGMA = 0.02
"""Error of the quoted alpha."""
NAMES = ("A1", "lambda1", "A_bg")
SHARED = ("alpha", "b_F", "b_B")


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """What is true of every run of one kind."""

    title: str
    events: float
    """Counts of both groups."""
    alpha: float = 1.1
    amplitude: float = 0.20
    rate: float = 0.3
    constant: float = 0.05
    held: bool = False
    """Whether the fit holds A_bg at its truth."""
    width: float = 0.016
    bins: int = 600
    """After t0."""
    before: int = 10
    """Bins before t0."""
    flat: float = 0.0
    """Background per bin as a share of the counts at t = 0."""
    window: tuple[int, int] = (0, 0)
    """Bins before t0 in which the background is measured: first and last."""
    packing: int = 1
    sigma: float = SIGMA

    def centres(self) -> np.ndarray:
        """(bins,) µs; the muon arrives at an edge."""
        return (np.arange(self.bins) + 0.5) * self.width

    def parts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """N_k, A_k, and dA_k / d(A1, lambda, A_bg)."""
        t = self.centres()
        relaxed = np.exp(-self.rate * t)
        both = np.sqrt(self.alpha) + 1 / np.sqrt(self.alpha)
        level = self.events / both * self.width / TAU * np.exp(-t / TAU)
        slopes = np.array([relaxed, -self.amplitude * t * relaxed, np.ones_like(t)])
        return level, self.amplitude * relaxed + self.constant, slopes

    def background(self) -> np.ndarray:
        """(2,) b_F and b_B."""
        level = self.parts()[0][0]
        return self.flat * level * np.array([np.sqrt(self.alpha), 1 / np.sqrt(self.alpha)])

    def means(self) -> np.ndarray:
        """(2, before + bins) mean counts of forward and backward."""
        level, a, _ = self.parts()
        root = np.sqrt(self.alpha)
        signal = np.array([level * root * (1 + a), level / root * (1 - a)])
        flat = self.background()[:, None]
        return np.hstack([np.repeat(flat, self.before, axis=1), signal + flat])

    def truth(self) -> dict[str, float]:
        """The parameters of the fit."""
        values = dict(zip(NAMES, (self.amplitude, self.rate, self.constant), strict=True))
        if self.held:
            del values["A_bg"]
        return values


KINDS = (
    Experiment(title="A_bg free", events=2e7),
    Experiment(title="A_bg known", events=2e7, held=True),
    Experiment(
        title="background from 40 ns, alpha known",
        events=2e6, width=0.0009765625, bins=9216, before=200, flat=0.02,
        window=(-63, -22), packing=40, sigma=0.0,
    ),
    Experiment(
        title="background from 40 ns and alpha",
        events=2e6, width=0.0009765625, bins=9216, before=200, flat=0.02,
        window=(-63, -22), packing=40,
    ),
)  # fmt: skip


def exact_errors(kind: Experiment, sigma: float, *, window: bool) -> dict[str, float]:
    """Standard deviations of A1, lambda1, A_bg, and of alpha, b_F, b_B after the fit.

    Parameters
    ----------
    sigma : what is known of alpha beforehand; 0 = exact.
    window : whether the background is known from the window only; else exact.
    """
    level, a, slopes = kind.parts()
    root, zero, one = np.sqrt(kind.alpha), np.zeros_like(level), np.ones_like(level)
    flat = kind.background()
    forward, backward = level * root * (1 + a) + flat[0], level / root * (1 - a) + flat[1]
    rising = [level * root * (1 + a) / (2 * kind.alpha), one, zero]
    falling = [-level / root * (1 - a) / (2 * kind.alpha), zero, one]
    d_forward = np.vstack([level * root * slopes, rising])
    d_backward = np.vstack([-level / root * slopes, falling])
    fisher = (d_forward / forward) @ d_forward.T + (d_backward / backward) @ d_backward.T
    # one N_k for each bin, eliminated: the Schur complement of a diagonal block
    n_forward, n_backward = root * (1 + a), (1 - a) / root
    cross = d_forward * n_forward / forward + d_backward * n_backward / backward
    own = n_forward**2 / forward + n_backward**2 / backward
    fisher -= (cross / own) @ cross.T
    free = [NAMES.index(name) for name in kind.truth()]
    if sigma:
        fisher[3, 3] += 1 / sigma**2
        free.append(3)
    if window:
        n = whole_periods(kind)
        fisher[[4, 5], [4, 5]] += n / flat
        free += [4, 5]
    errors = np.sqrt(np.diag(np.linalg.inv(fisher[np.ix_(free, free)])))
    names = (*NAMES, *SHARED)
    return {names[k]: float(error) for k, error in zip(free, errors, strict=True)}


def whole_periods(kind: Experiment) -> int:
    """Bins in the largest whole number of accelerator periods (19.75 ns) of the window."""
    first, last = kind.window
    n = last - first + 1
    return round(int(n * kind.width / 0.01975) * 0.01975 / kind.width)


def throw(kind: Experiment, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """(2, n) counts of one experiment and the alpha that it quotes."""
    return rng.poisson(kind.means()), float(kind.alpha + kind.sigma * rng.standard_normal())


def as_run(kind: Experiment, counts: np.ndarray) -> mu.Run:
    """The counts as a Run."""
    t0 = np.full(2, kind.before - 0.5)
    return mu.Run(
        counts=counts[None],
        bin_width=kind.width,
        t0=t0,
        first_good=np.full(2, kind.before),
        last_good=np.full(2, kind.before + kind.bins - 1),
        labels=("Back", "Forw"),
        source="continuous" if kind.flat else "pulsed",
        facility="PSI" if kind.flat else "ISIS",
    )


def recipe(kind: Experiment, quoted: float, exact: bool) -> mu.Reduction:
    """How it is reduced: with the error of alpha, or alpha taken as exact."""
    options: dict[str, object] = {"forward": "Back", "backward": "Forw", "packing": kind.packing}
    if kind.flat:
        window = tuple(k * kind.width for k in kind.window)
        options["background"] = {"before_t0": window}
    if exact or not kind.sigma:
        return mu.Reduction(alpha=quoted, **options)
    calibration = mu.Calibration(alpha=quoted, alpha_error=kind.sigma)
    return mu.Reduction(calibration=calibration, **options)


def fitted(kind: Experiment, counts: np.ndarray, quoted: float, exact: bool) -> mu.FitResult:
    """The fit; ``exact`` takes alpha and the measured background as exact."""
    asymmetry = mu.reduce(as_run(kind, counts), recipe(kind, quoted, exact))
    if exact:
        asymmetry = asymmetry.replace(background_error=None)
    start = kind.truth()
    fixed = {"A_bg": kind.constant} if kind.held else None
    return mu.fit(asymmetry, "exponential + constant", start=start, fixed=fixed, max_asymmetry=1.0)


def one_run(index: int, kind: Experiment, seed: int) -> dict[str, np.ndarray | str]:
    """(n_parameters, 2) value and error of both fits, or why there are none."""
    rng = np.random.default_rng((seed, KINDS.index(kind), index))
    counts, quoted = throw(kind, rng)
    found: dict[str, np.ndarray | str] = {}
    for name, exact in (("carried", False), ("exact", True)):
        result = fitted(kind, counts, quoted, exact)
        if not result.valid:
            found["reason"] = f"{name}: {result.reason}"
            return found
        found[name] = np.array([(result[p].value, result[p].error) for p in kind.truth()])
    return found


def limits(n: int) -> tuple[float, float]:
    """Largest |mean| and |width - 1| of n pulls."""
    return 0.03 + 3.5 / np.sqrt(n), 0.03 + 3.5 / np.sqrt(2 * n)


def report(kind: Experiment, results: list[dict[str, np.ndarray | str]]) -> None:
    """The table of one kind."""
    good = [result for result in results if "reason" not in result]
    print(f"\n{kind.title}: {kind.events:.0e} events, {len(results)} runs, {len(good)} valid")
    for reason in {str(result["reason"]) for result in results if "reason" in result}:
        print(f"  not valid: {reason}")
    print(
        "| shared terms | parameter | sd of fits | mean error | exact error | pull mean | "
        "pull width | rule |\n|---|---|---|---|---|---|---|---|"
    )
    truth = kind.truth()
    mean_limit, width_limit = limits(len(good))
    for name, exact in (("carried", False), ("exact", True)):
        expected = exact_errors(kind, 0 if exact else kind.sigma, window=bool(kind.flat) > exact)
        values = np.array([result[name] for result in good])
        for k, (parameter, true) in enumerate(truth.items()):
            fits, errors = values[:, k].T
            pulls = (fits - true) / errors
            mean, width = pulls.mean(), pulls.std(ddof=1)
            holds = abs(mean) < mean_limit and abs(width - 1) < width_limit
            print(
                f"| {name} | {parameter} | {fits.std(ddof=1):.5f} | {errors.mean():.5f} | "
                f"{expected[parameter]:.5f} | {mean:+.3f} | {width:.3f} | "
                f"{'holds' if holds else 'BROKEN'} |"
            )
    print(f"limits: |mean| < {mean_limit:.3f}, |width - 1| < {width_limit:.3f}")


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    with ProcessPoolExecutor(options.workers) as pool:
        for kind in KINDS:
            begin = time.perf_counter()
            work = partial(one_run, kind=kind, seed=options.seed)
            report(kind, list(pool.map(work, range(options.runs), chunksize=4)))
            print(f"{time.perf_counter() - begin:.0f} s with {options.workers} workers")


if __name__ == "__main__":
    main()
