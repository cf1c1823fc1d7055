"""What one more line would gain at every frequency, with all that was fitted let go along.

The fit has absorbed what its parameters can: a line is measured by its part perpendicular to all
derivatives of the model. Under the null hypothesis the gain at one frequency is then distributed
as chi-square of two degrees of freedom, and the highest of all frequencies as for the least-squares
periodogram.

Source: R. V. Baluev, Mon. Not. R. Astron. Soc. 385, 1279 (2008), eqs. 5 and 6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.comparison.placed import Placed
from musrcu.constants import MUON_LIFETIME
from musrcu.fitting.cost import Cost
from musrcu.fitting.freedom import Freedom
from musrcu.fitting.request import Request, settled, time_model
from musrcu.notation import said

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

DAMPINGS = (0.0, 4.0 / MUON_LIFETIME)
"""1/us: an undamped and a fast line. Weighted by counts, which decay with the muon, one of the two
keeps three quarters of the gain of any line up to 11 1/us."""
FINE = 2
"""Frequencies lie closer than 1 / (2 FINE window)."""


@dataclass(frozen=True, slots=True)
class Line:
    """The line that would gain most."""

    nu: float
    """MHz."""
    gain: float
    """Chi-square without it minus chi-square with it."""
    probability: float
    """That noise gives a line of this gain somewhere in the scan."""
    damping: float
    """1/µs, of the two that were tried."""
    origin: str = ""
    """What else than a muon makes it: ``the accelerator's 50.63 MHz``."""

    def __str__(self) -> str:
        origin = f" ({self.origin})" if self.origin else ""
        return f"a line is left at {self.nu:.4g} MHz{origin}, {said(self.probability, 1)}"


@dataclass(frozen=True, slots=True, eq=False)
class LineScan:
    """Frequencies of a scan, and what is the same for every set of residuals on these bins."""

    nu: FloatArray
    """(n_nu,) MHz."""
    damping: float
    envelope: FloatArray
    """(n_groups, n_bins) what a unit of asymmetry changes, in standard deviations, damped."""
    lost: ComplexArray
    """(n_rows, n_nu) transforms of the fitted directions, orthonormal."""
    square: ComplexArray
    """(n_nu,) transform of the squared envelope at twice the frequency."""
    rows: FloatArray
    """(n_rows, n_data) the fitted directions."""
    place: NDArray[np.int64]
    size: int
    expected: float
    """Upcrossings of a level u are expected ``expected`` sqrt(u) exp(-u / 2) times."""

    def gain(self, residual: FloatArray) -> FloatArray:
        """(n_nu,) what a line gains with these residuals, (n_data,), constraints behind the data.

        The frequency and the damping are held, amplitude and phase are free.
        """
        groups, n = self.envelope.shape
        inner = residual[: groups * n].reshape(groups, n)
        line = _transform((self.envelope * inner).sum(axis=0)[None], self.place, self.size)
        line = line[0][-self.nu.size :] - (self.rows @ residual) @ self.lost
        return _largest(line, self.lost, self.square, float((self.envelope**2).sum()))

    def best(self, residual: FloatArray) -> tuple[float, float]:
        """(nu, gain) of the highest gain, between the frequencies of the scan by a parabola."""
        gain = self.gain(residual)
        k = int(np.argmax(gain))
        if not 0 < k < gain.size - 1:
            return float(self.nu[k]), float(gain[k])
        low, top, high = gain[k - 1 : k + 2]
        bend = low - 2 * top + high
        shift = 0.5 * (low - high) / bend if bend < 0 else 0.0
        nu = self.nu[k] + shift * (self.nu[1] - self.nu[0])
        return float(nu), float(top - 0.25 * (low - high) * shift)

    def exceeding(self, gain: float) -> float:
        """Logarithm of the probability that no frequency gains more."""
        single = np.exp(-0.5 * gain)
        return float(np.log1p(-min(single, 1 - 1e-16)) - self.expected * np.sqrt(gain) * single)


def line_scans(
    here: Placed, dampings: tuple[float, ...] = DAMPINGS, lowest: float = 0.0
) -> list[LineScan]:
    """The scans of a fit, one for each damping.

    Parameters
    ----------
    here : the fit at its minimum.
    dampings : rates of the lines that are looked for, 1/µs.
    lowest : slower lines are not looked for, MHz.
    """
    cost, time = here.cost(), here.data.time
    rows = _orthonormal(cost.by_bin(cost.linearise(here.x)[1]))
    response = _response(here)
    response = response[: response.size // time.size * time.size].reshape(-1, time.size)
    place, step, size = _grid(time)
    directions = rows[:, : response.size].reshape(len(rows), *response.shape)
    found = []
    for damping in dampings:
        envelope = response * np.exp(-damping * time)
        cross = (directions * envelope).sum(axis=1)
        weight = (envelope**2).sum(axis=0)
        lost = _transform(cross, place, size)
        top = lost.shape[1]
        square = _doubled(_transform(weight[None], place, size)[0], top, size)
        mean = float(weight @ time / weight.sum())
        spread = float(weight @ (time - mean) ** 2 / weight.sum())
        nu = np.arange(top) / (size * step)
        first = min(int(np.ceil(lowest * size * step)), top - 1)
        nu, lost, square = nu[first:], lost[:, first:], square[first:]
        expected = float(nu[-1] - nu[0]) * np.sqrt(2 * np.pi * spread)
        found.append(LineScan(nu, damping, envelope, lost, square, rows, place, size, expected))
    return found


def left_over(cost: Cost, x: FloatArray) -> FloatArray:
    """(n_data,) residuals at some parameters, as a scan takes them."""
    return -np.array(cost.by_bin(cost.linearise(x)[0]))


def left_line(scans: list[LineScan], residual: FloatArray) -> Line:
    """The line of the least probable gain, over all scans.

    The probability is that of any of the scans gaining as much: they are taken as independent,
    which errs, where at all, on the side of noise.
    """
    found = [(scan, *scan.best(residual)) for scan in scans]
    scan, nu, gain = min(found, key=lambda one: -one[2])
    none = sum(one.exceeding(gain) for one in scans)
    return Line(nu, gain, float(-np.expm1(none)), scan.damping)


def _largest(
    line: ComplexArray, lost: ComplexArray, square: ComplexArray, total: float
) -> FloatArray:
    """Gain of the best cosine and sine from their products with data and with each other."""
    # cos(wt) is the real part of exp(-iwt), sin(wt) minus its imaginary part.
    a, b = line.real, -line.imag
    cc = 0.5 * (total + square.real) - (lost.real**2).sum(axis=0)
    ss = 0.5 * (total - square.real) - (lost.imag**2).sum(axis=0)
    cs = -0.5 * square.imag + (lost.real * lost.imag).sum(axis=0)
    determinant = cc * ss - cs * cs
    sound = determinant > 1e-6 * (0.5 * total) ** 2
    safe = np.where(sound, determinant, 1.0)
    gain = (ss * a * a + cc * b * b - 2 * cs * a * b) / safe
    return np.asarray(np.where(sound, gain, 0.0))


def _orthonormal(jacobian: FloatArray) -> FloatArray:
    """(n_rows, n_data) an orthonormal basis of the rows; what depends on others is left out."""
    scale = np.linalg.norm(jacobian, axis=1)
    unit = jacobian / np.where(scale > 0, scale, 1.0)[:, None]
    values, vectors = np.linalg.eigh(unit @ unit.T)
    sound = values > 1e-10
    return np.asarray((vectors[:, sound] / np.sqrt(values[sound])).T @ unit)


def _response(here: Placed) -> FloatArray:
    """(n_data,) what a unit of asymmetry changes in each datum, in standard deviations; behind
    those of the bins may stand a datum of all."""
    model = here.freedom.model
    own = getattr(model, "own", len(model.names))
    full = np.insert(here.freedom.expand(here.x), own, 0.0)
    expression = f"{model.expression} + constant"
    names = (*time_model(expression).names, *model.names[own:])
    request = Request(fixed=dict(zip(names, full.tolist(), strict=True)))
    longer = settled(here.data, time_model(expression), request).freedom.model
    held = frozenset(range(len(longer.names))) - {own}
    open_ends = np.full(len(longer.names), np.inf)
    freedom = Freedom(longer, full, held, {}, -open_ends, open_ends)
    cost = here.data.cost(freedom, [])
    return np.array(cost.by_bin(cost.linearise(np.zeros(1))[1][0]))


def _grid(time: FloatArray) -> tuple[NDArray[np.int64], float, int]:
    """Places of the bins on an even grid, its step in µs, and its padded length."""
    step = float(np.diff(time).min()) if time.size > 1 else 1.0
    place = (time - time[0]) / step
    if np.abs(place - np.rint(place)).max(initial=0.0) > 1e-3:
        step /= 4  # uneven bins: fine enough that rounding a time costs little phase
        place = (time - time[0]) / step
    whole = np.rint(place).astype(np.int64)
    return whole, step, 1 << int(np.ceil(np.log2(2 * FINE * (int(whole[-1]) + 1))))


def _transform(rows: FloatArray, place: NDArray[np.int64], size: int) -> ComplexArray:
    """Sums of each row times exp(-2 pi i nu (t - t_first)) up to half the sampling rate."""
    grid = np.zeros((len(rows), size))
    grid[:, place] = rows
    return np.asarray(np.fft.rfft(grid, axis=1))


def _doubled(full: ComplexArray, top: int, size: int) -> ComplexArray:
    """A transform at twice each frequency; behind the highest it repeats mirrored."""
    index = 2 * np.arange(top)
    below = index < full.size
    mirrored = np.where(below, index, size - index)
    return np.asarray(np.where(below, full[mirrored], np.conj(full[mirrored])))
