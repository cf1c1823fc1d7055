"""A periodogram: what a line of each frequency would lower chi-square by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from musrcu.containers.arrays import FloatArray, by_fields
from musrcu.containers.history import History
from musrcu.containers.run import Run
from musrcu.models.precession import field_from_nu
from musrcu.notation import said
from musrcu.spectrum.found_line import FoundLine, listed
from musrcu.spectrum.spectrum_result import in_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodogramPeak(FoundLine):
    """One line that lowers chi-square."""

    nu_error: float
    """Where the gain is lower by one, amplitude and phase solved for."""
    gain: float
    """Chi-square without the line minus chi-square with it."""
    amplitude: float
    """At t = 0."""
    phase: float
    """Degrees at t = 0."""
    damping: float
    """1/µs, the one of those tried that gains most."""
    chance: float
    """Probability that noise alone gains so much anywhere in the range that was searched, with any
    of the dampings (an upper bound where there are several)."""
    origin: str = ""
    """What else than a muon makes it: ``the accelerator's 50.63 MHz, folded``."""

    def __str__(self) -> str:
        return (
            f"{self.place()}: lowers chi-square by {self.gain:.1f}, "
            f"amplitude {self.amplitude:.3g}, phase {self.phase:.0f} deg, damping "
            f"{self.damping:g}/us, {said(self.chance)}" + f"; {self.origin}" * bool(self.origin)
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Periodogram:
    """Gain in chi-square against frequency, everything linear solved for at each."""

    kind: str
    """``asymmetry``, or the counts of which group."""
    nu: FloatArray
    """(n_nu,) MHz."""
    gain: FloatArray
    """(n_nu,) chi-square without the line minus chi-square with it, at the best damping."""
    phase: FloatArray
    """(n_nu,) phase of that line, degrees."""
    damping: FloatArray
    """(n_nu,) the damping of those tried that gains most, 1/µs."""
    chi2: float
    """Of the smooth terms alone."""
    n_bins: int
    resolution: float
    """1 / effective length of an undamped line, MHz: peaks nearer than this are one."""
    level: float
    """Gain that noise exceeds anywhere in the range with a probability of ``level_chance``."""
    level_chance: float
    peaks: tuple[PeriodogramPeak, ...]
    """Peaks above the level, highest first."""
    searched: tuple[float, float]
    """MHz."""
    run: Run
    history: History

    @property
    def power(self) -> FloatArray:
        """(n_nu,) gain over chi-square without a line: the normalised power p of the source."""
        return self.gain / self.chi2

    @property
    def field(self) -> FloatArray:
        """(n_nu,) B = nu / gamma_mu, G."""
        return field_from_nu(self.nu)

    def axis(self, unit: str = "MHz") -> FloatArray:
        """(n_nu,) frequencies in ``MHz``, or fields in ``G`` or ``T``."""
        return in_unit(self.nu, unit)

    def summary(self) -> str:
        """What was scanned and how, and the peaks one a line."""
        head = [
            f"{self.run.name}: periodogram of {self.kind}, {self.n_bins} bins, chi-square "
            f"{self.chi2:.1f} without a line",
            f"{self.history[-1]}",
            f"noise gains {self.level:.1f} anywhere with a probability of {self.level_chance:g}",
        ]
        return "\n".join([*head, *listed(self.peaks, "line", self.searched)])

    def to_dict(self) -> dict[str, Any]:
        """Everything but the arrays, for JSON."""
        return {
            "run": self.run.name,
            "kind": self.kind,
            "chi2": self.chi2,
            "n_bins": self.n_bins,
            "level": self.level,
            "level_chance": self.level_chance,
            "searched": list(self.searched),
            "steps": [str(step) for step in self.history],
            "peaks": [peak.to_dict() for peak in self.peaks],
        }

    def __str__(self) -> str:
        best = f", highest at {self.peaks[0].nu:.5g} MHz" if self.peaks else ""
        return f"Periodogram of {self.run.name} ({self.kind}): {len(self.peaks)} lines{best}"

    def __reduce__(self) -> tuple[Any, ...]:
        return by_fields(self)
