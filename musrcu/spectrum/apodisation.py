"""Apodisation: how much each bin says in a Fourier sum."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from musrcu.constants import MUON_LIFETIME
from musrcu.containers.arrays import FloatArray
from musrcu.containers.numbers import is_number
from musrcu.errors import FitError, nearest
from musrcu.spectrum.signal import Signal

Shape = Callable[[FloatArray], FloatArray]

_DECAYS: dict[str, Shape] = {
    "exponential": lambda x: np.exp(-x),
    "gaussian": lambda x: np.exp(-0.5 * x * x),
}
"""Of the time after the muon over the width."""
_WINDOWS: dict[str, Shape] = {
    "hann": lambda x: 0.5 + 0.5 * np.cos(np.pi * x),
    "blackman": lambda x: 0.42 + 0.5 * np.cos(np.pi * x) + 0.08 * np.cos(2 * np.pi * x),
    "cosine": lambda x: np.cos(0.5 * np.pi * x),
}
"""Of the time after the first bin over the length: one at the first bin, zero at the end."""
FEWEST = 4
"""Bins, as their weights count, below which there is no spectrum."""
APODISATIONS = ("errors", "none", *_DECAYS, *_WINDOWS)


def apodised(signal: Signal, kind: str, width: float | None) -> tuple[FloatArray, str]:
    """The weight of each bin, and what was done in words.

    Parameters
    ----------
    signal : the bins.
    kind : ``errors`` weights each bin with 1 / sigma^2, which is what least squares does and makes
        the noise smallest; the others weight equal times equally and multiply by a shape.
    width : µs. ``exponential`` exp(-t / width) and ``gaussian`` exp(-t^2 / 2 width^2) take 2.197 µs
        for None; ``hann``, ``blackman`` and ``cosine`` fall from one at the first bin to zero at
        ``width`` after it, None is the end of the data.

    Returns
    -------
    ((n_bins,) weights, note).

    Raises
    ------
    FitError if there is no such apodisation, or its width is none.
    """
    if kind not in APODISATIONS:
        raise FitError(
            f"apodisation = {kind!r}; expected {', '.join(APODISATIONS)}"
            f"{nearest(str(kind), APODISATIONS)}"
        )
    if width is not None and (kind in ("errors", "none") or not (is_number(width) and width > 0)):
        shaped = ", ".join(APODISATIONS[2:])
        raise FitError(f"width = {width!r} us of apodisation {kind!r}; above 0, and for {shaped}")
    if kind == "errors":
        return 1 / signal.expected**2, "bins weighted by 1/sigma^2"
    if kind == "none":
        return signal.width.copy(), "equal times weighted equally"
    if kind in _DECAYS:
        width = MUON_LIFETIME if width is None else float(width)
        shape = _DECAYS[kind](signal.time / width)
    else:
        width = signal.length if width is None else float(width)
        after = (signal.time - signal.time[0]) / width
        shape = np.where(after < 1, _WINDOWS[kind](np.minimum(after, 1.0)), 0.0)
    weight = signal.width * shape
    if not weight.sum() ** 2 > FEWEST * (weight**2).sum():
        raise FitError(
            f"width = {width:g} us of apodisation {kind!r} leaves fewer than {FEWEST} bins; give "
            f"a width of some bins at least ({1e3 * float(np.median(signal.width)):.3g} ns each)"
        )
    return weight, f"equal times weighted equally, {kind} of {width:.4g} us"
