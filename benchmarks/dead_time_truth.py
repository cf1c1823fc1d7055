"""Runs with dead detectors, thrown decay by decay and frame by frame, without anything of musrcu.

Every positron has its own frame, muon age and arrival within the pulse. A detector that has
counted one in a frame is blind for tau_d; what comes meanwhile is lost and does not prolong it.
The counts are therefore not those of a formula: musrcu's own (the rate in a bin, a loss per bin)
appears nowhere here. Units: µs, MHz, 1/µs, radians.

Detector d sees a muon of age t with the chance share_d [1 + a_d(t)], where

    a_d(t) = s_d A_d exp(-lambda t)                            longitudinal, s = 1 forward, -1 back
    a_d(t) = A_d exp(-lambda t) cos(2 pi nu t + phi_d)         transverse

    python benchmarks/dead_time_truth.py          throws 1e7 decays and says how long it takes
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

TAU_MU = 2.1969811
DT, BINS, T0_BIN = 0.016, 1024, 20.0
PULSE = 0.08
"""Full width at half maximum of the muon pulse; its shape is 1 - (t/h)^2 with h = width/sqrt(2)."""


@dataclass(frozen=True)
class Truth:
    """A spectrometer, its detectors and a sample."""

    tau: np.ndarray
    """(n_detectors,) dead times."""
    sign: np.ndarray
    """(n_detectors,) 1 for forward, -1 for backward."""
    share: np.ndarray
    """(n_detectors,) share of the decays; together 1."""
    amplitude: np.ndarray
    """(n_detectors,) asymmetry of each, all above 0."""
    relaxation: float
    frequency: float = 0.0
    phase: np.ndarray | None = None
    background: float = 0.0
    """Flat background: counts in a bin over decays in a bin at t0."""
    t0: float = T0_BIN
    """Bin index, from 0, of the centre of the pulse."""


@dataclass(frozen=True)
class Thrown:
    """What was counted."""

    counts: np.ndarray
    """(n_detectors, n_bins)."""
    lost: np.ndarray
    """(n_detectors, n_bins) positrons that found their detector blind."""
    frames: int


def longitudinal(
    n: int = 8, tau: float = 0.010, amplitude: float = 0.2, relaxation: float = 0.3, **more: object
) -> Truth:
    """Half of ``n`` detectors forward, half backward, efficiencies a few per cent apart."""
    sign = np.where(np.arange(n) < n // 2, 1.0, -1.0)
    share = 1 + 0.05 * np.cos(2.0 * np.arange(n)) + 0.1 * sign
    values: dict[str, object] = {
        "tau": np.full(n, tau),
        "sign": sign,
        "share": share / share.sum(),
        "amplitude": np.full(n, amplitude),
        "relaxation": relaxation,
    }
    return Truth(**(values | more))  # type: ignore[arg-type]


def transverse(
    n: int = 8, tau: float = 0.010, frequency: float = 1.36, relaxation: float = 0.05
) -> Truth:
    """``n`` detectors around the field, dead times and amplitudes of their own."""
    share = 1 + 0.05 * np.cos(2.0 * np.arange(n))
    return Truth(
        tau=tau * (1 + 0.5 * np.cos(np.arange(n))),
        sign=np.where(np.arange(n) < n // 2, 1.0, -1.0),
        share=share / share.sum(),
        amplitude=0.18 + 0.02 * np.sin(np.arange(n)),
        relaxation=relaxation,
        frequency=frequency,
        phase=2 * np.pi * np.arange(n) / n,
    )


def throw(truth: Truth, decays: float, frames: int, rng: np.random.Generator) -> Thrown:
    """One run: on average ``decays`` positrons into all detectors, in ``frames`` frames."""
    rows = [_detector(truth, d, decays, frames, rng) for d in range(truth.tau.size)]
    counts, lost = (np.array(part) for part in zip(*rows, strict=True))
    return Thrown(counts, lost, frames)


def _detector(
    truth: Truth, d: int, decays: float, frames: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Counted and lost positrons of one detector by bin.

    All are put on one line, frame after frame, and sorted.
    """
    amplitude, span = truth.amplitude[d], 4 * DT * BINS
    n = int(rng.poisson(decays * truth.share[d] * (1 + amplitude)))
    age = rng.standard_exponential(n) * TAU_MU
    chance = amplitude * np.exp(-truth.relaxation * age)
    if truth.phase is None:
        chance *= truth.sign[d]
    else:
        chance *= np.cos(2 * np.pi * truth.frequency * age + truth.phase[d])
    age = age[rng.random(n) * (1 + amplitude) < 1 + chance]
    line = age + _arrivals(age.size, rng)
    if truth.background:
        flat = int(rng.poisson(decays * truth.share[d] * truth.background * BINS * DT / TAU_MU))
        line = np.concatenate([line, rng.uniform(-(truth.t0 + 0.5) * DT, BINS * DT, flat)])
    line += rng.integers(0, frames, line.size) * span + DT * (truth.t0 + 0.5)
    line.sort()
    blind = _blind(line, truth.tau[d])
    place = np.floor((line - np.floor(line / span) * span) / DT).astype(np.int64)
    np.minimum(place, BINS, out=place)
    everything = np.bincount(place, minlength=BINS + 1)[:BINS]
    lost = np.bincount(place[blind], minlength=BINS + 1)[:BINS]
    return everything - lost, lost


def _arrivals(n: int, rng: np.random.Generator) -> np.ndarray:
    """Times within the pulse about 0: 1 - (t/h)^2 is that of the middle one of three uniform."""
    u, v, w = rng.random((3, n))
    middle = np.maximum(np.minimum(u, v), np.minimum(np.maximum(u, v), w))
    return np.asarray((2 * middle - 1) * PULSE / np.sqrt(2))


def _blind(line: np.ndarray, tau: float) -> np.ndarray:
    """Which positrons find the detector busy with one that it has counted, as indices.

    A gap longer than the dead time means counted; only the short rows of closer ones are walked
    through, all rows at once.
    """
    close = np.flatnonzero(np.diff(line, prepend=-np.inf) < tau)
    is_close = np.zeros(line.size + 1, dtype=bool)
    is_close[close] = True
    todo = close[~is_close[close - 1]]
    last = todo - 1  # the last one that was counted before each
    lost = []
    while todo.size:
        busy = line[todo] - line[last] < tau
        lost.append(todo[busy])
        last = np.where(busy, last, todo)
        going_on = is_close[todo + 1]
        todo, last = todo[going_on] + 1, last[going_on]
    return np.concatenate(lost) if lost else np.empty(0, dtype=np.int64)


if __name__ == "__main__":
    start = time.perf_counter()
    thrown = throw(longitudinal(), 1e7, 250_000, np.random.default_rng(1))
    seconds = time.perf_counter() - start
    print(f"{thrown.counts.sum()} counted, {thrown.lost.sum()} lost, {seconds:.2f} s")
