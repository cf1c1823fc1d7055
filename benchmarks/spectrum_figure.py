"""The picture of the page on spectra: one simulated run, as a Fourier spectrum and a periodogram.

    python benchmarks/spectrum_figure.py docs/spectra.png

Two lines of 118 G and 300 G beside a relaxing part, 20 million decays thrown with NumPy.
"""

from __future__ import annotations

import argparse

import numpy as np

import musrcu as mu

BIN = 0.005
TAU = 2.1969811


def thrown() -> mu.Run:
    """Counts of a forward and a backward detector."""
    time = BIN * (np.arange(2000) + 0.5)
    asymmetry = 0.06 * np.exp(-0.9 * time) + 0.08
    for amplitude, rate, nu in ((0.05, 0.35, 1.6), (0.02, 0.5, 4.07)):
        asymmetry += amplitude * np.exp(-rate * time) * np.cos(2 * np.pi * nu * time)
    decay = np.exp(-time / TAU)
    expected = 1e7 * decay / decay.sum() * np.array([1 + asymmetry, 1 - asymmetry])
    return mu.Run(
        counts=np.random.default_rng(6).poisson(expected)[np.newaxis],
        bin_width=BIN,
        t0=np.zeros(2),
        first_good=np.zeros(2, dtype=int),
        last_good=np.full(2, 1999),
        labels=("Forw", "Back"),
        source="continuous",
        instrument="Simulated",
        number=1,
    )


def main() -> None:
    """Draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figure")
    recipe = mu.Reduction(forward="1", backward="2", background="none", alpha=1.0)
    data = mu.reduce(thrown(), recipe)
    found = [mu.fourier(data, phase="auto"), mu.periodogram(data)]
    for one in found:
        print(one.summary())
    axes = mu.plot.spectrum(found, nu_range=(0, 7))
    mu.plot.save(axes, parser.parse_args().figure, overwrite=True, dpi=160)


if __name__ == "__main__":
    main()
