"""What the eye is shown of an asymmetry: packed for display, with its residuals packed alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.arrays import FloatArray, IntArray
from musrcu.containers.asymmetry import Asymmetry
from musrcu.direct.curve import RunCurve
from musrcu.errors import MusrcuError
from musrcu.fitting.result import FitResult
from musrcu.models.model import Model
from musrcu.plot.as_seen import as_seen
from musrcu.plot.one_detector import DetectorAsymmetry

Curve = FitResult | RunCurve
"""What a curve is drawn of: the fit of a run, or a run in a one-step fit."""
MOST = 250
"""Points that can be told apart in one panel."""
FEWEST = 80
"""Points below which nothing is packed any further."""
PER_PERIOD = 10
"""Points in one period of the fastest precession that packing for display must leave."""
NOISE = 0.1
"""Error of a point, relative to the height of the curve, that is quiet enough."""
ROUNDING = 1e-12
"""How near an asymmetry comes to its limits where one group has no counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The points of a picture."""

    time: FloatArray
    """(n_points,) µs."""
    value: FloatArray
    """(n_points,) fraction."""
    error: FloatArray
    """(n_points,) fraction."""
    residual: FloatArray | None
    """(n_points,) (data - curve) / error; None without a curve."""
    packing: int
    """Bins of the asymmetry in one point; 1 where nothing was packed for display."""
    raw: int
    """Raw bins in one point, in the widest where they differ."""
    least: int | None = None
    """Raw bins in the narrowest point, where they differ."""

    @property
    def note(self) -> str:
        """What a point stands for."""
        text = str(self.raw) if self.least is None else f"{self.least}\N{EN DASH}{self.raw}"
        return f"packing {text}" + (" (display)" if self.packing > 1 else "")


def frequencies(result: Curve | None) -> list[float]:
    """The fitted precession frequencies, MHz."""
    if result is None:
        return []
    if isinstance(result, RunCurve):
        return [] if result.nu is None else [result.nu]
    model = Model(result.model)
    kinds = {p.name for p in model.parameters if p.kind == "frequency"}
    values = [result.parameters[name].value for name in result.names if name in kinds]
    return [abs(value) for value in values if value is not None and math.isfinite(value)]


def drawable(result: Curve | None) -> bool:
    """Whether a curve can be computed from the result."""
    return result is not None and bool(np.isfinite(result.values).all())


def window(
    asymmetry: Asymmetry,
    result: Curve | None,
    t_range: tuple[float, float] | None = None,
    most: int = MOST,
) -> tuple[float, float]:
    """(first, last) µs to show: what was asked, what was fitted, or every bin.

    Where a precession is so fast that ``most`` points over all of it would average it away, the
    window ends where they no longer would.
    """
    if t_range is not None:
        first, last = t_range
        if not last > first:
            raise MusrcuError(f"t_range = ({first:g}, {last:g}) us; the end must lie behind")
        return float(first), float(last)
    if asymmetry.time.size == 0:
        return 0.0, 1.0
    first, last = float(asymmetry.time[0]), float(asymmetry.time[-1])
    if asymmetry.packs is not None:  # a wide last bin would stand on the edge of the picture
        last += 0.5 * float(asymmetry.packs[-1]) * asymmetry.bin_width / asymmetry.packing
    if result is not None and result.t_range is not None:
        first, last = result.t_range
    fastest = max(frequencies(result), default=0.0)
    bins = _bins_of_a_point(fastest, asymmetry.narrowest)
    if math.isfinite(bins):
        finest = max(1, math.floor(bins))
        last = min(last, _reach(asymmetry, first, most * finest))
    return first, last


def _reach(asymmetry: Asymmetry, first: float, bins: int) -> float:
    """The time of the last of so many bins from ``first`` on, µs."""
    if asymmetry.packs is None:
        return first + (bins - 1) * asymmetry.bin_width
    start = int(np.searchsorted(asymmetry.time, first))
    return float(asymmetry.time[min(start + bins, asymmetry.time.size) - 1])


def show(
    asymmetry: Asymmetry,
    result: Curve | None,
    t_range: tuple[float, float],
    *,
    packing: int | None = None,
    most: int = MOST,
) -> Shown:
    """The asymmetry inside ``t_range`` as at most ``most`` points.

    A point is the mean of its bins weighted with their counts beta F + alpha B, so that without a
    background it is the asymmetry of the summed counts. (Weights 1/sigma^2 would pull it away
    from zero in runs of few counts.) Bins of a histogram have a weight of their own.

    Parameters
    ----------
    asymmetry, result : the data, and their fit for the residuals or None.
    t_range : (first, last), µs.
    packing : bins of the asymmetry in one point; None chooses.
    most : most points that are chosen.

    Raises
    ------
    MusrcuError if ``packing`` is below 1 or no bin is left to show.
    """
    if packing is not None and packing < 1:
        raise MusrcuError(f"packing {packing} asked for a picture; it must be at least 1")
    known = np.isfinite(asymmetry.value) & np.isfinite(asymmetry.error)
    edge = 1e-9 * asymmetry.bin_width
    inside = (asymmetry.time >= t_range[0] - edge) & (asymmetry.time <= t_range[1] + edge)
    places = np.flatnonzero(inside)
    if not (known & inside).any():
        raise MusrcuError(
            f"{asymmetry.run.name}: no bin with an asymmetry between {t_range[0]:g} and "
            f"{t_range[1]:g} us to show"
        )
    bins = slice(int(places[0]), int(places[-1]) + 1)
    time, value, error = (a[bins] for a in (asymmetry.time, asymmetry.value, asymmetry.error))
    curve = None
    if result is not None and drawable(result):
        curve = curve_of(asymmetry, result, time)
    if packing is None:
        packing = _choose(asymmetry.bin_width, error, value, curve, frequencies(result), most)
    if isinstance(asymmetry, DetectorAsymmetry):
        weight = asymmetry.weight[bins]
    else:
        weight = _counts(value, error, asymmetry.alpha, asymmetry.detector_beta)
    weight = np.where(known[bins], weight, 0.0)
    columns = [time, value, error] if curve is None else [time, value, error, value - curve]
    raw = asymmetry.raw_bins[bins]
    mean_time, mean, spread, *gap = _packed(columns, weight, packing, raw)
    widths = _folded(raw, packing).sum(axis=1)
    return Shown(
        mean_time,
        mean,
        spread,
        gap[0] / spread if gap else None,
        packing,
        packing * asymmetry.packing if asymmetry.packs is None else int(widths.max()),
        None if asymmetry.packs is None else int(widths.min()),
    )


def curve_of(asymmetry: Asymmetry, result: Curve, t: FloatArray) -> FloatArray:
    """The fitted curve at ``t`` as the points see it, averaged over bins where the fit was."""
    width = _widths(asymmetry, t) if result.average_bins else None
    curve = result.curve(t, width)
    if isinstance(asymmetry, DetectorAsymmetry):
        return curve
    return as_seen(curve, t, asymmetry, result)


def _widths(asymmetry: Asymmetry, t: FloatArray) -> FloatArray | float:
    """Width of the bin that each time is in, µs."""
    if asymmetry.packs is None:
        return asymmetry.bin_width
    width = asymmetry.packs * (asymmetry.bin_width / asymmetry.packing)
    place = np.searchsorted(asymmetry.time - 0.5 * width, t, side="right") - 1
    return np.asarray(width[np.clip(place, 0, width.size - 1)])


def _counts(value: FloatArray, error: FloatArray, alpha: float, beta: float) -> FloatArray:
    """Counts beta F + alpha B of each bin, from its asymmetry and the Poisson error of it.

    sigma^2 = (1 + A) (1 - beta A) [1 - beta A + alpha (1 + A)] / [(1 + beta) (beta F + alpha B)],
    from the formula of :func:`musrcu.form_asymmetry`; a bin with counts in one group only has
    sigma = (1 + beta) alpha / (beta^2 F) or (1 + beta) / (alpha B). With a background these are
    fewer than the counts, as its noise demands.
    """
    low, high = -1.0 + ROUNDING, (1.0 - ROUNDING) / beta
    inside = np.clip(value, low, high)
    ahead, behind = 1 + inside, 1 - beta * inside
    both = ahead * behind * (behind + alpha * ahead) / ((1 + beta) * error**2)
    one = (1 + beta) * np.where(inside > 0, alpha / beta, 1.0) / error
    return np.where((value > low) & (value < high), both, one)


def _folded(column: NDArray[Any], packing: int) -> NDArray[Any]:
    """A row a pack, of the full ones; at least one row."""
    n, size = max(1, column.size // packing), min(packing, column.size)
    return column[: n * size].reshape(n, size)


def _packed(
    columns: list[FloatArray], weight: FloatArray, packing: int, raw: IntArray
) -> list[FloatArray]:
    """Means of time (by raw bins), value, error (in quadrature) and what follows, of full packs."""
    weight, raw = _folded(weight, packing), _folded(raw, packing)
    folded = [_folded(np.nan_to_num(column), packing) for column in columns]
    total = weight.sum(axis=1)
    kept = total > 0
    weight, total, raw = weight[kept], total[kept], raw[kept]
    folded = [column[kept] for column in folded]
    means = [(weight * column).sum(axis=1) / total for column in folded]
    means[0] = (raw * folded[0]).sum(axis=1) / raw.sum(axis=1)
    means[2] = np.sqrt(((weight * folded[2]) ** 2).sum(axis=1)) / total
    return means


def _choose(
    width: float,
    error: FloatArray,
    value: FloatArray,
    curve: FloatArray | None,
    precession: list[float],
    most: int,
) -> int:
    """Bins in a point: few enough points, then quiet ones as long as the precession survives."""
    packing = max(1, math.ceil(error.size / most))
    height = float(np.ptp(curve)) if curve is not None else 0.0
    if not height > 0:
        height = float(np.ptp(np.nanpercentile(value, [5, 95])))
    noise = float(np.nanmedian(error)) / max(height, 1e-6)
    wanted = min((noise / NOISE) ** 2, error.size / FEWEST)
    wanted = min(wanted, _bins_of_a_point(max(precession, default=0.0), width))
    return max(packing, int(wanted))


def _bins_of_a_point(fastest: float, width: float) -> float:
    """Bins in a tenth of a period; infinite where nothing precesses."""
    tenth = PER_PERIOD * fastest * width
    return 1 / tenth if tenth > 1e-12 else math.inf


def dense(t_range: tuple[float, float], result: Curve) -> FloatArray:
    """Times, µs, at which a curve looks smooth: forty or more in a period."""
    span = t_range[1] - t_range[0]
    fastest = max(frequencies(result), default=0.0)
    return np.linspace(*t_range, int(min(max(1500, 40 * fastest * span), 200_000)))
