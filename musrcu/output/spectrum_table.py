"""Spectra as comma-separated values, one frequency a line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.files import PathLike, write_text
from musrcu.spectrum.periodogram_result import Periodogram
from musrcu.spectrum.spectrum_result import Spectrum


def spectrum_csv(spectrum: Spectrum | Periodogram) -> str:
    """A Fourier spectrum or a periodogram as comma-separated values, one frequency a line.

    Columns of a spectrum: ``nu_MHz``, ``field_G``, ``amplitude``, ``real`` and ``imaginary``
    (turned by the phase), ``power``, ``noise`` (standard deviation of real and imaginary part); of
    a periodogram: ``nu_MHz``, ``field_G``, ``gain`` (in chi-square), ``phase_deg``,
    ``damping_per_us``. Lines that begin with ``#`` say what run it is, what was done and which
    peaks there are. Numbers are printed so that they read back exactly.
    """
    run = spectrum.run
    head = [f"run: {run.name}", f"title: {run.title}", f"temperature: {run.temperature}"]
    if run.field is not None:
        head.append(f"field: {run.field:g} G")
    head += [f"step: {step}" for step in spectrum.history]
    head += [f"peak: {peak}" for peak in spectrum.peaks]
    columns = {"nu_MHz": spectrum.nu, "field_G": spectrum.field, **_columns(spectrum)}
    lines = [f"# {' '.join(line.split())}" for line in head]
    return "\n".join([*lines, ",".join(columns), *_rows(list(columns.values()))]) + "\n"


def _columns(spectrum: Spectrum | Periodogram) -> dict[str, FloatArray]:
    if isinstance(spectrum, Periodogram):
        return {
            "gain": spectrum.gain,
            "phase_deg": spectrum.phase,
            "damping_per_us": spectrum.damping,
        }
    return {
        "amplitude": spectrum.amplitude,
        "real": spectrum.real,
        "imaginary": spectrum.imaginary,
        "power": spectrum.power,
        "noise": spectrum.noise,
    }


def _rows(columns: Sequence[FloatArray]) -> list[str]:
    return [",".join(map(repr, row)) for row in np.column_stack(columns).tolist()]


def write_spectrum(
    spectrum: Spectrum | Periodogram, path: PathLike, *, overwrite: bool = False
) -> Path:
    """Write :func:`spectrum_csv` to a file; returns the path."""
    return write_text(path, spectrum_csv(spectrum), overwrite=overwrite)
