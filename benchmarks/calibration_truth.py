"""Known truth for calibrations: transverse-field runs thrown decay by decay, NumPy only.

Nothing of musrcu is imported: an error in the package cannot hide in the study that is meant to
find it. Units: µs, MHz, 1/µs, radians. Times of a histogram are counted from its left edge; a
moment x is the bin index x / width - 1/2, for bin k holds the moments about (k + 1/2) width.

A muon lives a time drawn from exp(-t/tau), sends its positron forward with the chance
(1 + a(t)) / 2 and is counted there with the efficiency of the detector that it meets:

    a(t) = amplitude exp(-rate t) cos(2 pi frequency t + phase).

Continuous source (``throw_continuous``): two detectors, each with a moment of arrival of its own; a
prompt peak of positrons of the beam at that moment; a flat background that carries the structure
of the accelerator, 19.75 ns; every moment is smeared by the width of the prompt peak.

Pulsed source (``throw_pulsed``): muons of a frame arrive about the centre of the pulse with the
chance 3/(4h) [1 - (s/h)^2], |s| < h, full width at half maximum sqrt(2) h; two groups of detectors
with efficiencies and dead times of their own, which lose a positron that follows the last counted
one of the same detector and frame by less than the dead time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

TAU = 2.1969811  # muon lifetime
GAMMA = 0.0135538817  # muon, MHz/G
PERIOD = 0.01975  # accelerator
LTF_WIDTH, LTF_BINS = 0.0009765625, 10240
EMU_WIDTH, EMU_BINS = 0.016, 2048


@dataclass(frozen=True, kw_only=True)
class Signal:
    """a(t); a frequency of 0 is a relaxing polarisation."""

    amplitude: float
    rate: float
    frequency: float = 0.0
    phase: float = 0.0

    def at(self, t: np.ndarray) -> np.ndarray:
        """a(t)."""
        relaxed = np.exp(-self.rate * t)
        if not (self.frequency or self.phase):
            return self.amplitude * relaxed
        turn = np.cos(2 * np.pi * self.frequency * t + self.phase)
        return self.amplitude * relaxed * turn


@dataclass(frozen=True, kw_only=True)
class Continuous:
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
        return np.array(self.arrival) / LTF_WIDTH - 0.5


@dataclass(frozen=True, kw_only=True)
class Pulsed:
    """What is true of one run at a pulsed source; detectors of forward first."""

    signal: Signal
    muons: float
    frames: int
    forward: np.ndarray
    """(n,) chance of each forward detector to count a positron that was sent forward."""
    backward: np.ndarray
    dead_time: np.ndarray
    """(n_forward + n_backward,)."""
    arrival: float = 0.16
    """Moment of the centre of the pulse."""
    pulse: float = 0.08
    """Full width at half maximum."""

    @property
    def alpha(self) -> float:
        """Balance: forward over backward."""
        return float(self.forward.sum() / self.backward.sum())

    @property
    def t0(self) -> float:
        """Bin index of the centre of the pulse."""
        return self.arrival / EMU_WIDTH - 0.5


class Events(NamedTuple):
    """Positrons on their way to a detector."""

    frame: np.ndarray
    moment: np.ndarray
    detector: np.ndarray
    """From 0."""


def draw_continuous(
    rng: np.random.Generator, muons: float = 1e6, *, background: tuple[float, float] = (0.003, 0.02)
) -> Continuous:
    """A run in 100 G whose balance, arrival, widths and backgrounds differ from run to run.

    ``background`` are the bounds of the flat part as a share of the counts at t = 0.
    """
    backward = rng.uniform(0.3, 0.5)
    efficiency = np.array([backward * rng.uniform(0.7, 1.4), backward])
    start = muons * efficiency / 2 * LTF_WIDTH / TAU
    flat = start * rng.uniform(*background, 2)
    signal = Signal(
        amplitude=rng.uniform(0.18, 0.26),
        rate=rng.uniform(0.02, 0.15),
        frequency=GAMMA * rng.uniform(98, 102),
        phase=np.radians(rng.uniform(-15, 15)),
    )
    return Continuous(
        signal=signal,
        muons=muons,
        efficiency=(float(efficiency[0]), float(efficiency[1])),
        arrival=tuple(rng.uniform(297, 304, 2) * LTF_WIDTH),
        width=rng.uniform(0.0003, 0.001),
        prompt=tuple(muons * rng.uniform(0.003, 0.006, 2)),
        flat=(float(flat[0]), float(flat[1])),
        modulation=rng.uniform(0.0, 0.3),
    )


def throw_continuous(truth: Continuous, rng: np.random.Generator) -> np.ndarray:
    """(2, LTF_BINS) counts of forward and backward."""
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
        flat = _flat(truth.flat[side] / LTF_WIDTH, truth.modulation, structure, rng)
        counts.append(_histogram(np.concatenate([moments, flat]), LTF_WIDTH, LTF_BINS))
    return np.array(counts)


def _flat(rate: float, depth: float, phase: float, rng: np.random.Generator) -> np.ndarray:
    """Moments of the uncorrelated background, with the structure of the accelerator."""
    span = LTF_WIDTH * LTF_BINS
    moments = rng.uniform(0, span, rng.poisson(rate * (1 + depth) * span))
    height = 1 + depth * np.cos(2 * np.pi * moments / PERIOD + phase)
    return moments[rng.random(moments.size) * (1 + depth) < height]


def _histogram(moments: np.ndarray, width: float, bins: int) -> np.ndarray:
    place = np.floor(moments / width).astype(np.int64)
    return np.bincount(place[(place >= 0) & (place < bins)], minlength=bins)


def draw_pulsed(
    rng: np.random.Generator,
    signal: Signal,
    muons: float = 1.5e6,
    *,
    per_frame: float = 150.0,
    detectors: int = 4,
    dead_time: float = 0.010,
) -> Pulsed:
    """A run whose efficiencies and dead times differ from detector to detector.

    Parameters
    ----------
    signal : a(t).
    muons, per_frame : mean number in the run and in a frame.
    detectors : in each of the two groups.
    dead_time : mean; the detectors scatter about it by a tenth.
    """
    share = 0.8 / detectors
    return Pulsed(
        signal=signal,
        muons=muons,
        frames=round(muons / per_frame),
        forward=share * rng.uniform(0.85, 1.15, detectors),
        backward=share * rng.uniform(0.7, 1.0, detectors),
        dead_time=dead_time * rng.uniform(0.9, 1.1, 2 * detectors),
        arrival=rng.uniform(0.15, 0.17),
    )


def throw_pulsed(truth: Pulsed, rng: np.random.Generator) -> np.ndarray:
    """(n_detectors, EMU_BINS) counts; what dead times lost is missing."""
    events = decays(truth, rng)
    kept = counted(events, truth.dead_time)
    place = np.floor(kept.moment / EMU_WIDTH).astype(np.int64)
    inside = (place >= 0) & (place < EMU_BINS)
    n = truth.dead_time.size
    flat = np.bincount((kept.detector * EMU_BINS + place)[inside], minlength=n * EMU_BINS)
    return flat.reshape(n, EMU_BINS)


def decays(truth: Pulsed, rng: np.random.Generator) -> Events:
    """The positrons that meet a detector, in no order."""
    n = rng.poisson(truth.muons)
    lived = rng.standard_exponential(n) * TAU
    forward = 2 * rng.random(n) < 1 + truth.signal.at(lived)
    # one number chooses the detector; beyond the last of its group the positron is missed
    chance = rng.random(n)
    first = truth.forward.size
    detector = np.where(
        forward,
        np.searchsorted(np.cumsum(truth.forward), chance),
        first + np.searchsorted(np.cumsum(truth.backward), chance),
    )
    met = np.where(forward, detector < first, detector < first + truth.backward.size)
    lived, detector = lived[met], detector[met]
    # the inverse of the cumulative chance of the parabola
    arrived = 2 * np.sin(np.arcsin(2 * rng.random(lived.size) - 1) / 3)
    moment = truth.arrival + truth.pulse / np.sqrt(2) * arrived + lived
    return Events(rng.integers(0, truth.frames, lived.size), moment, detector)


def counted(events: Events, dead_time: np.ndarray) -> Events:
    """Those that no dead time lost: each detector is busy for a time after every counted one.

    A positron that was itself lost does not keep the detector busy (non-paralysable).
    """
    span = 64.0  # µs: longer than any frame
    frames = int(events.frame.max(initial=0)) + 1
    channel = events.detector * frames + events.frame
    order = np.argsort(channel * span + events.moment)
    channel, moment = channel[order], events.moment[order]
    busy = dead_time[events.detector[order]]
    follows = np.append(False, np.diff(channel) == 0)
    alive = np.ones(moment.size, dtype=bool)
    last = np.where(follows, np.append(-np.inf, moment[:-1]), -np.inf)
    waiting = np.flatnonzero(moment - last < busy)  # too soon after the one before
    # in order of time: only they can be lost, and only to the last one that was counted
    for k in waiting:
        before = k - 1
        while not alive[before]:
            before -= 1
        alive[k] = moment[k] - moment[before] >= busy[k]
    kept = order[alive]
    return Events(events.frame[kept], events.moment[kept], events.detector[kept])
