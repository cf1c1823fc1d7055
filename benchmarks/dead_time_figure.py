"""The lifetime of the muon in a real calibration run, before and after the dead time is corrected.

    python benchmarks/dead_time_figure.py MUT53578.NXS docs/dead-time.png

Forward plus w times backward is free of polarisation where w is the balance 1/alpha; w is left to
the fit, so that the raw counts have it too. A pure lifetime, N exp(-t/tau_mu), is fitted to that
sum early after the muons, and its chi-square probability printed. The dead times are estimated
from the run itself, the lifetime is not.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import chi2 as chi2_law

import musrcu as mu

TAU_MU = 2.1969811
EARLY = (0.3, 5.0)
"""µs after the muons."""
PACKING = 8


@dataclass(frozen=True)
class Lifetime:
    """A pure lifetime fitted to forward + w backward."""

    time: np.ndarray
    total: np.ndarray
    error: np.ndarray
    level: float
    weight: float
    chi2: float
    ndof: int

    @property
    def probability(self) -> float:
        """Of a chi-square at least as large."""
        return float(chi2_law.sf(self.chi2, self.ndof))


def pure_lifetime(run: mu.Run, span: tuple[float, float] = EARLY) -> Lifetime:
    """N and w that bring F + w B closest to N exp(-t/tau_mu), variances F and B."""
    counts = mu.group(run)
    forward, backward = counts.values
    vf, vb = counts.variance
    first = int(np.searchsorted(counts.time, span[0]))
    bins = (int(np.searchsorted(counts.time, span[1])) - first) // PACKING

    def packed(row: np.ndarray) -> np.ndarray:
        return np.asarray(row[first : first + bins * PACKING].reshape(bins, PACKING).sum(axis=1))

    time = packed(counts.time) / PACKING
    f, b, vf, vb = (packed(row) for row in (forward, backward, vf, vb))
    decay = packed(np.exp(-counts.time / TAU_MU))

    def fit(w: float) -> tuple[float, float]:
        variance = vf + w * w * vb
        total = f + w * b
        level = float((decay * total / variance).sum() / (decay**2 / variance).sum())
        return float(((total - level * decay) ** 2 / variance).sum()), level

    w = float(minimize_scalar(lambda w: fit(w)[0], bounds=(0.5, 2.0), method="bounded").x)
    chi2, level = fit(w)
    scale = decay * level
    return Lifetime(
        time, (f + w * b) / scale, np.sqrt(vf + w * w * vb) / scale, level, w, chi2, bins - 2
    )


def main() -> None:
    """Print both probabilities and draw both residuals."""
    parser = argparse.ArgumentParser(description=__doc__, add_help=True)
    parser.add_argument("file")
    parser.add_argument("picture")
    names = parser.parse_args()
    run = mu.read(names.file)
    found = mu.estimate_dead_time(run)
    print(found.summary())
    corrected = mu.correct_dead_time(run, dead_time=found.table())
    fits = {"as counted": pure_lifetime(run), "corrected": pure_lifetime(corrected)}
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 1, sharex=True, sharey=True, figsize=(6, 4.5))
    for axis, (name, fit) in zip(axes, fits.items(), strict=True):
        text = f"chi2 {fit.chi2:.1f} for {fit.ndof}, probability {fit.probability:.2g}"
        print(f"{name}: {text}, w = {fit.weight:.3f}")
        axis.errorbar(fit.time, 100 * (fit.total - 1), 100 * fit.error, fmt="o", ms=3, lw=1)
        axis.axhline(0, color="0.5", lw=0.8)
        axis.set_title(f"{name}: {text}", fontsize=9)
        axis.set_ylabel("F + wB over lifetime (%)", fontsize=8)
    axes[1].set_xlabel("time after the muons (µs)")
    figure.suptitle(f"{run.name}, {run.sample}, {run.field:g} G", fontsize=10)
    figure.tight_layout()
    figure.savefig(names.picture, dpi=80, metadata={"Software": None})


if __name__ == "__main__":
    main()
