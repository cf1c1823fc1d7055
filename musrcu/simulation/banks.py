"""Banks of positron detectors: what part of the sphere each one covers, and where it looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import MusrcuError

FloatArray = NDArray[np.float64]

MOST_DETECTORS = 1024
NARROWEST = 0.1
"""Width of a ring, degrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """One block ``[[banks]]``: rings of equal segments on one side of the sample."""

    rings: tuple[float, ...]
    """Edges of the rings, degrees from the axis of the bank, increasing; one ring between two."""
    segments: int
    """Detectors in each ring."""
    direction: float
    """0 where the initial muon spin points to the bank, 180 opposite."""
    group: int
    """Group number in the file."""
    efficiency: float = 1.0
    """Relative to the other bank."""

    def __post_init__(self) -> None:
        edges = np.asarray(self.rings, dtype=float)
        rising = edges.size > 1 and np.all(np.diff(edges) >= NARROWEST)
        if not (rising and edges[0] >= 0 and edges[-1] < 90):
            raise MusrcuError(
                f"rings = {list(self.rings)}, expected two or more increasing angles from 0 to "
                f"below 90 degrees, {NARROWEST:g} degrees apart or more"
            )
        if self.direction not in (0, 180):
            raise MusrcuError(f"direction = {self.direction:g}, expected 0 or 180 degrees")
        if not (1 <= self.segments <= MOST_DETECTORS and 1e-6 <= self.efficiency <= 1e6):
            raise MusrcuError(
                f"segments = {self.segments}, efficiency = {self.efficiency:g}; expected 1 to "
                f"{MOST_DETECTORS}, and 1e-6 to 1e6"
            )
        if self.group < 1:
            raise MusrcuError(f"group = {self.group}, expected 1 or above")

    def solid_angles(self) -> FloatArray:
        """(n_rings * segments,) share of a sphere, ring by ring."""
        cosine = np.cos(np.deg2rad(self.rings))
        return np.repeat(-np.diff(cosine) / (2 * self.segments), self.segments)

    def cosines(self) -> tuple[FloatArray, FloatArray]:
        """Mean direction cosines along the spin and across it, each (n_rings * segments,).

        Averages over the solid angle of each segment; "across" is the direction to which the spin
        turns in a transverse field, and azimuths count from it.
        """
        edges = np.deg2rad(self.rings)
        width = -np.diff(np.cos(edges))
        along = np.diff(np.sin(edges) ** 2 / 2) / width
        radial = np.diff(edges / 2 - np.sin(2 * edges) / 4) / width
        half = np.pi / self.segments
        azimuth = (2 * np.arange(self.segments) + 1) * half
        across = np.outer(radial, np.cos(azimuth) * np.sin(half) / half)
        sign = 1.0 if self.direction == 0 else -1.0
        return sign * np.repeat(along, self.segments), across.ravel()
