"""A muon spectrometer at a continuous source: what its detectors count on average."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import MUON_LIFETIME
from musrcu.errors import MusrcuError
from musrcu.models.bins import Bins
from musrcu.models.model import Model
from musrcu.simulation.turning import seen_across

FloatArray = NDArray[np.float64]

PROMPT_WIDTH = 0.001
"""Standard deviation of the prompt peak, µs."""
PROMPT_REACH = 0.004
"""The prompt peak is cut at this distance from t0, µs, so that no good bin sees it."""


MOST_BINS = 2**20
LARGEST_FLAT = 1e3
"""Of the background and the prompt peak, in decays in the bin at t0."""
TWELVE_BEFORE_END = -12
"""Stands for the last good bin where none is given."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.+-]*")


def is_name(name: str) -> bool:
    """Whether an instrument may be called so: its name becomes part of file names."""
    return _NAME.fullmatch(name) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """One positron detector."""

    label: str
    efficiency: float
    """Relative to the other detectors; solid angle included."""
    direction: float
    """Angle between the detector and the initial muon spin, degrees; positive in the sense of
    the precession in a transverse field."""
    t0: float
    """Bin (from 0, may be fractional) at which the muon arrives."""
    asymmetry: float = 1.0
    """Factor on the asymmetry of the model."""

    def __post_init__(self) -> None:
        if not 1e-6 <= self.efficiency <= 1e6:
            raise MusrcuError(
                f"detector {self.label}: efficiency = {self.efficiency:g}, expected above 0, from "
                "1e-6 to 1e6"
            )

    def polarisation(self, model: Model, values: FloatArray, t: FloatArray | Bins) -> FloatArray:
        """Asymmetry it sees where only the component along the initial spin is left on average.

        So it is in zero field: precession about fields of all directions cancels sideways.
        """
        along = self.asymmetry * float(np.cos(np.deg2rad(self.direction)))
        return np.asarray(along * model.value(t, values))

    def precession(self, model: Model, values: FloatArray, t: FloatArray | Bins) -> FloatArray:
        """Asymmetry it sees where the spins turn together in the plane of the detectors.

        So it is in a transverse field: what precesses is turned by the angle of the detector,
        A cos(2 pi nu t + phi - direction); what does not precess stays along the initial spin.
        """
        angle = np.deg2rad(self.direction)
        beside = np.cos(angle) * model.value(t, values)
        return np.asarray(self.asymmetry * (beside + np.sin(angle) * seen_across(model, values, t)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrometer:
    """Detectors around a sample, their clock, and the flat background."""

    name: str
    """Instrument as it stands in a file name, such as LTF."""
    detectors: tuple[Detector, ...]
    bins: int = 10240
    bin_width: float = 0.0009765625
    """Width of a bin, µs."""
    first_good: int = 6
    """First good bin, counted from t0."""
    last_good: int = TWELVE_BEFORE_END
    """Last good bin, index from 0; where it is not given, ``bins`` - 12."""
    background: float = 0.005
    """Flat background of every bin, before t0 too, as a fraction of the decays in the bin at t0."""
    prompt: float = 0.0
    """Height of the prompt peak at t0 in the same unit."""
    average_bins: bool = True
    """Whether the asymmetry is averaged over each bin, as counts are; else that of its centre."""

    def __post_init__(self) -> None:
        self._check_entries()
        if self.last_good == TWELVE_BEFORE_END:
            object.__setattr__(self, "last_good", self.bins + TWELVE_BEFORE_END)
        if self.first_good * self.bin_width <= PROMPT_REACH:
            raise MusrcuError(
                f"{self.name}: the first good bin, {self.first_good} bins after t0, lies in the "
                f"prompt peak, expected later than {1e3 * PROMPT_REACH:g} ns after t0"
            )
        for detector in self.detectors:
            good = 0 <= detector.t0 < self.last_good - self.first_good
            if not (good and self.last_good < self.bins):
                raise MusrcuError(
                    f"{self.name}: t0 = {detector.t0:g} of {detector.label} leaves no good bins "
                    f"up to {self.last_good} of {self.bins}"
                )

    def _check_entries(self) -> None:
        """Raise a MusrcuError for an entry that cannot be, whatever the others are."""
        if not is_name(self.name):
            raise MusrcuError(
                f"instrument name = {self.name!r}; it becomes part of file names, expected letters "
                "and digits"
            )
        if not any(self._longitudinal(detector) for detector in self.detectors):
            raise MusrcuError(f"{self.name}: no detector has the direction 0 or 180 degrees")
        if not 0 < self.bins <= MOST_BINS:
            raise MusrcuError(f"{self.name}: bins = {self.bins}, expected 1 to {MOST_BINS}")
        if not (self.bin_width > 0 and self.background >= 0 and self.prompt >= 0):
            raise MusrcuError(f"{self.name}: bin width, background or prompt peak is negative")
        for name in ("background", "prompt"):
            if getattr(self, name) > LARGEST_FLAT:
                raise MusrcuError(
                    f"{self.name}: {name} = {getattr(self, name):g}, expected at most "
                    f"{LARGEST_FLAT:g} (decays in the bin at t0)"
                )

    def decays_at_t0(self, events: float) -> FloatArray:
        """N0: decays per bin of each detector at t = 0, the asymmetry aside, (n_detectors,).

        N0_d = events * share_d * bin_width / tau, where the shares of the detectors along the
        initial spin (direction 0 or 180 degrees) add up to one: ``events`` is what these would
        count together if the histograms never ended.
        """
        efficiency = np.array([detector.efficiency for detector in self.detectors])
        pair = [self._longitudinal(detector) for detector in self.detectors]
        share = efficiency / efficiency[pair].sum()
        return np.asarray(events * share * (self.bin_width / MUON_LIFETIME))

    def expected(
        self, model: Model, values: FloatArray, events: float, *, transverse: bool = False
    ) -> FloatArray:
        """Mean counts, shape (n_detectors, n_bins).

        N_d(t) = N0_d [exp(-t/tau) (1 + a_d(t)) + background] with a_d the asymmetry that the
        detector sees, averaged over the bin with the decay as a weight (``average_bins``);
        t = (bin - t0) * bin_width is the centre of the bin and the muon arrives at t = 0. The
        decay is that of the centre (the mean differs by (bin_width / tau)^2 / 24, a part in 10^8).

        Parameters
        ----------
        model, values : asymmetry of the sample along the initial spin, and its parameters.
        events : decays in the detectors along the spin together.
        transverse : whether precessing terms turn in the plane of the detectors (transverse
            field), or cancel sideways (zero field).

        Raises
        ------
        MusrcuError if the asymmetry passes one somewhere.
        """
        counts = np.empty((len(self.detectors), self.bins))
        for row, n0, detector in zip(
            counts, self.decays_at_t0(events), self.detectors, strict=True
        ):
            t: FloatArray = (np.arange(self.bins, dtype=float) - detector.t0) * self.bin_width
            alive = t >= 0
            seen = detector.precession if transverse else detector.polarisation
            with np.errstate(all="ignore"):  # what is not finite is refused here
                asymmetry = self._over_bins(partial(seen, model, values), t[alive])
            if not np.all(np.abs(asymmetry) <= 1):
                raise MusrcuError(
                    f"the asymmetry in {detector.label} reaches {np.abs(asymmetry).max():g}, "
                    "expected at most 1; check the amplitudes of the truth"
                )
            row[:] = self.background
            row[alive] += np.exp(-t[alive] / MUON_LIFETIME) * (1 + asymmetry)
            near = np.abs(t) < PROMPT_REACH
            row[near] += self.prompt * np.exp(-0.5 * (t[near] / PROMPT_WIDTH) ** 2)
            row *= n0
        return counts

    def _over_bins(
        self, seen: Callable[[FloatArray | Bins], FloatArray], t: FloatArray
    ) -> FloatArray:
        """What is seen in bins at ``t``; in one that begins before the muon that of its centre."""
        if not self.average_bins:
            return seen(t)
        found, whole = np.empty_like(t), t >= 0.5 * self.bin_width
        found[~whole] = seen(t[~whole])
        found[whole] = seen(Bins(t[whole], self.bin_width))
        return found

    @staticmethod
    def _longitudinal(detector: Detector) -> bool:
        return detector.direction % 180 == 0
