"""What the detectors of a group lose to dead time, for models of the counts as they were seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musrcu.containers.arrays import FloatArray, by_fields, check_shape, frozen
from musrcu.errors import MusrcuError


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """How a group of detectors counts fewer decays than there are.

    n_seen = sum_d s_d n / (1 + s_d n c_d / dt),  c_d = tau_d / frames,

    the exact inverse of n / (1 - n_seen c / dt) detector by detector: a likelihood of counts needs
    the mean of what was counted, because corrected counts are not Poisson's any more.
    """

    share: FloatArray
    """(n_members,) share of the group's decays that each detector sees, together 1; where periods
    were added, each detector in each of them."""
    dead: FloatArray
    """(n_members,) dead time per good frame of each, µs."""

    def __post_init__(self) -> None:
        for name in ("share", "dead"):
            object.__setattr__(self, name, frozen(getattr(self, name), float))
        if self.share.ndim != 1 or not np.isclose(self.share.sum(), 1.0):
            raise MusrcuError("Losses.share must be a row of shares that add up to 1")
        check_shape("Losses", "dead", self.dead, self.share.shape)

    def seen(self, decays: FloatArray, width: FloatArray | float) -> tuple[FloatArray, FloatArray]:
        """Counts that are seen of ``decays`` per bin, and their derivative by the decays.

        Parameters
        ----------
        decays : (n_bins,) decays in the group per bin.
        width : width of the bins, µs; one number or (n_bins,).
        """
        seen, slope = np.zeros_like(decays), np.zeros_like(decays)
        rate = decays / width
        for share, dead in zip(self.share, self.dead, strict=True):
            through = 1.0 / (1.0 + share * dead * rate)
            seen += share * decays * through
            slope += share * through * through
        return seen, slope

    def __reduce__(self) -> tuple[object, ...]:
        return by_fields(self)
