"""Known truth for calibrations: transverse-field runs thrown decay by decay, NumPy only.

Nothing of musrcu is imported: an error in the package cannot hide in the study that is meant to
find it. Units: µs, MHz, 1/µs, radians. Moments of a histogram are counted from its left edge; a
moment x is the bin index x / width - 1/2, for bin k holds the moments about (k + 1/2) width.

A muon lives a time drawn from exp(-t/tau), sends its positron forward with the chance
(1 + a(t)) / 2 and is counted there with the efficiency of that detector:

    a(t) = amplitude exp(-rate t) cos(2 pi frequency t + phase).

There are two detectors, each with a moment of arrival of its own; a prompt peak of positrons of the
beam at that moment; a flat background that carries the structure of the accelerator, 19.75 ns;
decays and prompt positrons are smeared by the width of the prompt peak. Runs of a pulsed source are
thrown by ``dead_time_truth.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TAU = 2.1969811  # muon lifetime
GAMMA = 0.0135538817  # muon, MHz/G
PERIOD = 0.01975  # accelerator
WIDTH, BINS = 0.0009765625, 10240


@dataclass(frozen=True, kw_only=True)
class Signal:
    """a(t)."""

    amplitude: float
    rate: float
    frequency: float = 0.0
    phase: float = 0.0

    def at(self, t: np.ndarray) -> np.ndarray:
        """a(t)."""
        relaxed = np.exp(-self.rate * t)
        turn = np.cos(2 * np.pi * self.frequency * t + self.phase)
        return self.amplitude * relaxed * turn


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is true of one run at a continuous source; pairs are (forward, backward)."""

    signal: Signal
    muons: float
    """Mean number of muons."""
    efficiency: tuple[float, float]
    """Chance to count a positron that was sent that way."""
    arrival: tuple[float, float]
    """Moment at which the muon arrives, from the left edge of the first bin."""
    width: float
    """Standard deviation of the prompt peak."""
    prompt: tuple[float, float]
    """Mean counts of the prompt peak."""
    flat: tuple[float, float]
    """Mean background in one bin."""
    modulation: float = 0.0
    """Depth of the accelerator's structure in it: 1 + modulation cos(2 pi x / PERIOD + ...)."""

    @property
    def alpha(self) -> float:
        """Balance: forward over backward."""
        return self.efficiency[0] / self.efficiency[1]

    @property
    def t0(self) -> np.ndarray:
        """(2,) bin index of the arrival."""
        return np.array(self.arrival) / WIDTH - 0.5


def draw(
    rng: np.random.Generator, muons: float = 1e6, *, background: tuple[float, float] = (0.003, 0.02)
) -> Truth:
    """A run in 100 G whose balance, arrival, widths and backgrounds differ from run to run.

    ``background`` are the bounds of the flat part as a share of the counts at t = 0.
    """
    backward = rng.uniform(0.3, 0.5)
    efficiency = np.array([backward * rng.uniform(0.7, 1.4), backward])
    start = muons * efficiency / 2 * WIDTH / TAU
    flat = start * rng.uniform(*background, 2)
    signal = Signal(
        amplitude=rng.uniform(0.18, 0.26),
        rate=rng.uniform(0.02, 0.15),
        frequency=GAMMA * rng.uniform(98, 102),
        phase=np.radians(rng.uniform(-15, 15)),
    )
    return Truth(
        signal=signal,
        muons=muons,
        efficiency=(float(efficiency[0]), float(efficiency[1])),
        arrival=tuple(rng.uniform(297, 304, 2) * WIDTH),
        width=rng.uniform(0.0003, 0.001),
        prompt=tuple(muons * rng.uniform(0.003, 0.006, 2)),
        flat=(float(flat[0]), float(flat[1])),
        modulation=rng.uniform(0.0, 0.3),
    )


def throw(truth: Truth, rng: np.random.Generator) -> np.ndarray:
    """(2, BINS) counts of forward and backward."""
    n = rng.poisson(truth.muons)
    lived = rng.standard_exponential(n) * TAU
    forward = 2 * rng.random(n) < 1 + truth.signal.at(lived)
    seen = rng.random(n) < np.where(forward, *truth.efficiency)
    structure = rng.uniform(0, 2 * np.pi)
    counts = []
    for side, met in enumerate((forward & seen, ~forward & seen)):
        prompt = np.zeros(rng.poisson(truth.prompt[side]))
        moments = np.concatenate([lived[met], prompt]) + truth.arrival[side]
        moments += truth.width * rng.standard_normal(moments.size)
        flat = _flat(truth.flat[side] / WIDTH, truth.modulation, structure, rng)
        counts.append(_histogram(np.concatenate([moments, flat]), WIDTH, BINS))
    return np.array(counts)


def _flat(rate: float, depth: float, phase: float, rng: np.random.Generator) -> np.ndarray:
    """Moments of the uncorrelated background, with the structure of the accelerator."""
    span = WIDTH * BINS
    moments = rng.uniform(0, span, rng.poisson(rate * (1 + depth) * span))
    height = 1 + depth * np.cos(2 * np.pi * moments / PERIOD + phase)
    return moments[rng.random(moments.size) * (1 + depth) < height]


def _histogram(moments: np.ndarray, width: float, bins: int) -> np.ndarray:
    place = np.floor(moments / width).astype(np.int64)
    return np.bincount(place[(place >= 0) & (place < bins)], minlength=bins)
