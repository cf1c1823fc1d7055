"""A Fourier spectrum with its noise and its peaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu.containers.arrays import FloatArray, by_fields
from musrcu.containers.history import History
from musrcu.containers.run import Run
from musrcu.errors import MusrcuError
from musrcu.models.precession import GAUSS_PER_TESLA, field_from_nu
from musrcu.notation import said
from musrcu.spectrum.found_line import listed
from musrcu.spectrum.fourier_sum import ComplexArray
from musrcu.spectrum.peak import SpectrumPeak

UNITS = ("MHz", "G", "T")


def in_unit(nu: FloatArray | float, unit: str) -> FloatArray:
    """Frequencies in MHz as MHz, or as the fields in G or T in which the muon has them.

    Raises
    ------
    MusrcuError if the unit is another one.
    """
    if unit not in UNITS:
        raise MusrcuError(f"unit = {unit!r} of a spectrum; expected MHz, G or T")
    if unit == "MHz":
        return np.asarray(nu, dtype=float)
    return field_from_nu(nu) / (GAUSS_PER_TESLA if unit == "T" else 1.0)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Spectrum:
    """Complex amplitude against frequency.

    A cosine A cos(2 pi nu (t - t0) + phi) that does not decay has the height A and the phase phi
    at nu. A decaying one is lower: by (1 + lambda tau_w) for exp(-lambda t) under weights that fall
    with exp(-t / tau_w). Bins of width w lower a line by sin(pi nu w) / (pi nu w).
    """

    kind: str
    """What was transformed: ``asymmetry``, or the counts of which group."""
    unit: str
    """Of the amplitude; empty for a fraction."""
    nu: FloatArray
    """(n_nu,) MHz."""
    transform: ComplexArray
    """(n_nu,) 2 / W sum w y exp(-2 pi i nu (t - t0)), W the sum of the weights w, y without its
    smooth part."""
    noise: FloatArray
    """(n_nu,) standard deviation of real and imaginary part from the errors of the bins, root mean
    square of both; lower where the smooth terms take noise along."""
    noise_level: float
    """The same of white noise: what ``noise`` is away from nu = 0."""
    threshold: float
    """Amplitude that white noise reaches anywhere in the range that was searched with a probability
    of ``threshold_chance``."""
    threshold_chance: float
    resolution: float
    """Full width at half maximum of the power of a line that does not decay, MHz."""
    phase: float
    """Degrees by which ``real`` is turned."""
    t0: float
    """µs; the time at which phases are taken."""
    peaks: tuple[SpectrumPeak, ...]
    """What stands out of the noise, highest first."""
    searched: tuple[float, float]
    """Range in which peaks were looked for, MHz."""
    apodisation: str
    t_range: tuple[float, float]
    """Centres of the first and the last bin, µs."""
    run: Run
    history: History
    """Every step since the file, the last one with the options of the spectrum."""

    @property
    def amplitude(self) -> FloatArray:
        """(n_nu,) abs of the transform."""
        return np.abs(self.transform)

    @property
    def power(self) -> FloatArray:
        """(n_nu,) square of the amplitude; of noise alone twice that of ``noise`` in the mean."""
        return np.abs(self.transform) ** 2

    @property
    def real(self) -> FloatArray:
        """(n_nu,) real part, turned by ``phase``: a line of that phase is upright."""
        return np.asarray((self.transform * np.exp(-1j * np.deg2rad(self.phase))).real)

    @property
    def imaginary(self) -> FloatArray:
        """(n_nu,) imaginary part, turned likewise."""
        return np.asarray((self.transform * np.exp(-1j * np.deg2rad(self.phase))).imag)

    @property
    def field(self) -> FloatArray:
        """(n_nu,) B = nu / gamma_mu, G."""
        return field_from_nu(self.nu)

    def axis(self, unit: str = "MHz") -> FloatArray:
        """(n_nu,) frequencies in ``MHz``, or fields in ``G`` or ``T``."""
        return in_unit(self.nu, unit)

    def summary(self) -> str:
        """What was transformed and how, and the peaks one a line."""
        unit = f" {self.unit}" if self.unit else ""
        head = [
            f"{self.run.name}: {self.kind}, {self.t_range[0]:.4g} to {self.t_range[1]:.4g} us",
            f"{self.history[-1]}",
            f"resolution {self.resolution:.4g} MHz ({float(in_unit(self.resolution, 'G')):.4g} G), "
            f"noise {self.noise_level:.3g}{unit}; noise "
            f"reaches {self.threshold:.3g} anywhere with a probability of "
            f"{self.threshold_chance:g}",
        ]
        return "\n".join([*head, *listed(self.peaks, "peak", self.searched)])

    def to_dict(self) -> dict[str, Any]:
        """Everything but the arrays, for JSON."""
        return {
            "run": self.run.name,
            "kind": self.kind,
            "noise": self.noise_level,
            "threshold": self.threshold,
            "threshold_chance": self.threshold_chance,
            "resolution": self.resolution,
            "phase": self.phase,
            "t0": self.t0,
            "searched": list(self.searched),
            "t_range": list(self.t_range),
            "steps": [str(step) for step in self.history],
            "peaks": [peak.to_dict() for peak in self.peaks],
        }

    def __str__(self) -> str:
        found = f"{len(self.peaks)} peaks" if len(self.peaks) != 1 else "1 peak"
        best = ""
        if self.peaks:
            top = self.peaks[0]
            best = f", highest at {top.nu:.5g} MHz ({said(top.chance)})"
        return f"Spectrum of {self.run.name} ({self.kind}): {found}{best}"

    def __reduce__(self) -> tuple[Any, ...]:
        return by_fields(self)
