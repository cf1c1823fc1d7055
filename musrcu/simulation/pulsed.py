"""A muon spectrometer at a pulsed source: two banks of many detectors, one wide muon pulse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import MUON_LIFETIME
from musrcu.errors import MusrcuError
from musrcu.models.model import Model
from musrcu.simulation.banks import MOST_DETECTORS, Bank
from musrcu.simulation.detectors import LARGEST_FLAT, is_name
from musrcu.simulation.turning import seen_across

FloatArray = NDArray[np.float64]

PION_LIFETIME = 0.026033
"""µs; Particle Data Group, Review of Particle Physics (2024)."""
MOST_BINS = 2**15
MOST_VALUES = 2**22
CELLS = 32
"""Cells of a bin in which the pulse is folded with the decays."""
LAST_BIN = -1
"""Stands for the last good bin where none is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PulsedSpectrometer:
    """Banks of detectors, the muon pulse, and the clock that starts with every frame."""

    name: str
    """Instrument as it stands in a file name, such as EMU."""
    banks: tuple[Bank, ...]
    seed: int
    """Of the truth: efficiencies and dead times are drawn from it once."""
    bins: int = 2048
    bin_width: float = 0.016
    """Width of a bin, µs."""
    time_zero: float = 0.16
    """Mean arrival of the muons from the left edge of the first bin, µs."""
    first_good: int = 13
    """First good bin, counted from t0."""
    last_good: int = LAST_BIN
    """Last good bin, index from 0; where it is not given, the last one."""
    pulse: float = 0.08
    """Full width at half maximum of the muon pulse, µs."""
    pion_decay: bool = False
    """Whether the pulse is folded with the decay of pions at rest."""
    frame_rate: float = 40.0
    """Good frames in a second."""
    dead_time: float = 0.01
    """Mean dead time of a detector, µs."""
    dead_time_spread: float = 0.0
    """Standard deviation among detectors, µs."""
    efficiency_spread: float = 0.0
    """Relative standard deviation of the efficiency among detectors."""
    background: float = 0.0
    """Flat background of every bin as a fraction of the decays in a bin at t0."""

    def __post_init__(self) -> None:
        self._check_entries()
        if self.last_good == LAST_BIN:
            object.__setattr__(self, "last_good", self.bins - 1)
        first = int(np.ceil(self.t0)) + self.first_good
        if not first < self.last_good < self.bins:
            raise MusrcuError(
                f"{self.name}: no good bins from {first} to {self.last_good} of {self.bins}"
            )
        if self.first_good * self.bin_width < self.pulse:
            raise MusrcuError(
                f"{self.name}: the first good bin, {self.first_good} bins after t0, lies in the "
                f"muon pulse, expected later than {1e3 * self.pulse:g} ns after t0"
            )

    def _check_entries(self) -> None:
        """Raise a MusrcuError for an entry that cannot be, whatever the others are."""
        if not is_name(self.name):
            raise MusrcuError(
                f"instrument name = {self.name!r}; it becomes part of file names, expected letters "
                "and digits"
            )
        if {bank.direction for bank in self.banks} != {0, 180}:
            raise MusrcuError(f"{self.name}: expected banks in direction 0 and in direction 180")
        detectors = sum(bank.solid_angles().size for bank in self.banks)
        sizes = 0 < self.bins <= MOST_BINS and detectors <= MOST_DETECTORS
        if not (sizes and self.bins * detectors <= MOST_VALUES):
            raise MusrcuError(
                f"{self.name}: {self.bins} bins of {detectors} detectors, expected 1 to "
                f"{MOST_BINS}, at most {MOST_DETECTORS}, and at most {MOST_VALUES} in all"
            )
        for name in ("bin_width", "pulse", "frame_rate"):
            if not 1e-5 <= getattr(self, name) <= 1e5:
                raise MusrcuError(
                    f"{self.name}: {name} = {getattr(self, name):g}, expected 1e-5 to 1e5"
                )
        for name, most in (
            ("dead_time", 1.0),
            ("dead_time_spread", 1.0),
            ("efficiency_spread", 0.3),
            ("background", LARGEST_FLAT),
        ):
            if not 0 <= getattr(self, name) <= most:
                raise MusrcuError(
                    f"{self.name}: {name} = {getattr(self, name):g}, expected 0 to {most:g}"
                )
        earliest = self.pulse + (PION_LIFETIME if self.pion_decay else 0.0)
        if not earliest <= self.time_zero <= self.bins * self.bin_width:
            raise MusrcuError(
                f"{self.name}: time_zero = {self.time_zero:g} us, expected at least {earliest:g} "
                "us, so that the pulse begins within the histogram, and not beyond its end"
            )

    @property
    def t0(self) -> float:
        """Bin index (from 0) at which the muons arrive on average."""
        return self.time_zero / self.bin_width - 0.5

    @property
    def groups(self) -> NDArray[np.int64]:
        """(n_detectors,) group number of each detector."""
        return np.concatenate(
            [np.full(bank.solid_angles().size, bank.group) for bank in self.banks]
        )

    def frames(self, seconds: float) -> int:
        """Good frames of a run of that length."""
        return max(1, round(seconds * self.frame_rate))

    def shares(self) -> FloatArray:
        """(n_detectors,) share of each in all positrons, the asymmetry aside: they add up to one.

        Solid angle times efficiency of the bank times a normal deviate about one.
        """
        scatter = 1 + self.efficiency_spread * self._generator(1).standard_normal(self.groups.size)
        share = np.concatenate([bank.efficiency * bank.solid_angles() for bank in self.banks])
        share = share * np.clip(scatter, 0.1, None)
        return np.asarray(share / share.sum())

    def dead_times(self) -> FloatArray:
        """(n_detectors,) dead time of each, µs; none below 0."""
        deviates = self._generator(2).standard_normal(self.groups.size)
        return np.asarray(np.clip(self.dead_time + self.dead_time_spread * deviates, 0, None))

    def cosines(self) -> tuple[FloatArray, FloatArray]:
        """Direction cosines along and across, relative to what their bank sees on average.

        So that the amplitudes of the truth are those of the summed banks: within each, the mean
        of the cosine along the spin, weighted by the share of each detector, is 1 or -1.
        """
        along, across = (
            np.concatenate(parts)
            for parts in zip(*(bank.cosines() for bank in self.banks), strict=True)
        )
        share = self.shares()
        for side in (along > 0, along < 0):
            mean = abs(float(share[side] @ along[side] / share[side].sum()))
            along[side] /= mean
            across[side] /= mean
        return along, across

    def expected(
        self,
        model: Model,
        values: FloatArray,
        events: float,
        frames: int,
        *,
        transverse: bool = False,
    ) -> FloatArray:
        """Mean counts, shape (n_detectors, n_bins), less what the dead times lose.

        n = N / (1 + N tau / (frames dt)),
        N_d = events share_d [D + along_d C + across_d S],

        where D, C and S are the chances that a muon of the pulse decays in the bin, weighted by 1,
        by the asymmetry a(t) along the initial spin, and by that across it (in a transverse
        field), t being the age of the muon at its decay.

        Parameters
        ----------
        model, values : asymmetry of the sample along the initial spin, and its parameters.
        events : decays in all detectors together if the histograms never ended, none lost.
        frames : good frames of the run.
        transverse : whether precessing terms turn in the plane of spin and "across".

        Raises
        ------
        MusrcuError if the asymmetry passes one somewhere.
        """
        step = self.bin_width / CELLS
        age = np.asarray((np.arange(self.bins * CELLS) + 0.5) * step, dtype=float)
        with np.errstate(all="ignore"):  # what is not finite is refused here
            beside = model.value(age, values)
            turned = seen_across(model, values, age) if transverse else 0 * age
        along, across = self.cosines()
        largest = float(
            np.max(np.abs(along).max() * np.abs(beside) + np.abs(across).max() * np.abs(turned))
        )
        if not largest <= 1:
            raise MusrcuError(
                f"the asymmetry in a detector of {self.name} may reach {largest:g}, expected at "
                "most 1; check the amplitudes of the truth"
            )
        decays = np.exp(-(age - step / 2) / MUON_LIFETIME) * -np.expm1(-step / MUON_LIFETIME)
        share = self.shares()[:, None]
        chance = self._fold(decays) + self.background * self.bin_width / MUON_LIFETIME
        seen = chance + along[:, None] * self._fold(decays * beside)
        if transverse:
            seen = seen + across[:, None] * self._fold(decays * turned)
        true = events * share * seen
        lost = true * self.dead_times()[:, None] / (frames * self.bin_width)
        return np.asarray(true / (1 + lost))

    def arrivals(self) -> FloatArray:
        """(n_cells,) chance that a muon arrives in each cell of the raw time axis.

        A parabola, 1 - (t/h)^2 for |t| < h with h = width / sqrt(2), where asked for folded with
        exp(-t / 26 ns); its mean is at ``time_zero``.
        """
        step = self.bin_width / CELLS
        edges = np.arange(self.bins * CELLS + 1) * step
        half = self.pulse / np.sqrt(2)
        delay = PION_LIFETIME if self.pion_decay else 0.0
        x = np.clip((edges - self.time_zero + delay) / half, -1, 1)
        pulse = np.diff((2 + 3 * x - x**3) / 4)
        if not self.pion_decay:
            return np.asarray(pulse)
        ages = np.exp(-edges[:-1] / PION_LIFETIME) * -np.expm1(-step / PION_LIFETIME)
        return _sum_of(pulse, ages)

    def _fold(self, ages: FloatArray) -> FloatArray:
        """(n_bins,) decays in each bin, from those at each age of a muon."""
        folded = _sum_of(self.arrivals(), ages).reshape(self.bins, CELLS)
        return np.asarray(folded.sum(axis=1))

    def _generator(self, which: int) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64([self.seed, 0, which]))


def _sum_of(first: FloatArray, second: FloatArray) -> FloatArray:
    """Chances of the sum of two times, each given by cells of one width that begin at 0.

    The sum of times in cells i and j lies in i + j or i + j + 1, half of it in each.
    """
    occupied = np.flatnonzero(first)
    begin, end = int(occupied[0]), int(occupied[-1]) + 1
    folded = np.zeros(first.size)
    part = np.convolve(first[begin:end], second)[: first.size - begin]
    folded[begin : begin + part.size] = part
    return np.asarray((folded + np.concatenate([[0.0], folded[:-1]])) / 2)
