"""Counts, dead times and groups of ISIS NeXus histograms, versions 1 and 2 alike."""

from __future__ import annotations

import math
import re
from functools import partial

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.arrays import FloatArray, IntArray
from musrcu.errors import quoted
from musrcu.readers.isis_time_axis import LARGEST_BIN, per_microsecond
from musrcu.readers.muon_entry import attempt
from musrcu.readers.registry import check_size
from musrcu.readers.tree import Node

MOST_COUNTS = 2**40
"""Counts in one bin; with more, sums over bins and detectors would overflow."""
AXES = {"period": "period", "spectr": "detector", "detector": "detector", "time": "bin"}
"""What stands in the name of an axis, and what the axis is."""
ORDER = ("period", "detector", "bin")
"""Order of the axes of the counts of a run, and of a file that does not say."""


def read_counts(node: Node, max_bytes: int, n_periods: int | None = None) -> NDArray[np.int64]:
    """(n_periods, n_detectors, n_bins) counts, in the order that the file gives to its axes.

    Parameters
    ----------
    node : the data set with the counts.
    max_bytes : what they may take in memory.
    n_periods : number of periods of a file that stores them as blocks of rows, one after the
        other; None where they have an axis of their own.

    Raises
    ------
    ReadError if they are too many, no whole numbers from 0 up, or have another shape.
    """
    shape = () if node.is_group else node.shape
    if len(shape) not in (2, 3) or 0 in shape:
        raise node.error(f"counts have shape {shape}, expected (period, detector, bin) all above 0")
    if node.dtype.kind not in "iuf":
        raise node.error(f"counts are of type {node.dtype}, expected whole numbers")
    node.check_stored()  # a damaged shape is no reason to allow more
    check_size(f"{node.path} at {node.place}", 8 * math.prod(shape), max_bytes)
    stored = np.transpose(node.array(), _order(node, len(shape)))
    counts = _whole(node, stored)
    if stored.ndim == 2:
        rows, n_bins = stored.shape
        if rows % (n_periods or 1):
            raise node.error(f"{rows} rows of counts are no multiple of {n_periods} periods")
        counts = counts.reshape((n_periods or 1, -1, n_bins))
    elif n_periods is not None and n_periods != len(counts):
        raise node.error(f"counts hold {len(counts)} periods, the entry names {n_periods}")
    _refuse_negative(node, counts)
    counts.setflags(write=False)  # spares the container a copy
    return counts


def _order(node: Node, n_axes: int) -> tuple[int, ...]:
    """The axes of the file in the order period, detector, bin."""
    expected = ORDER[-n_axes:]
    stated = node.attribute_values("axes")
    names = [name for text in stated for name in re.split(r"[,:;\[\]]+", str(text)) if name.strip()]
    if len(names) != n_axes:
        return tuple(range(n_axes))
    axes = [next((axis for part, axis in AXES.items() if part in name), "") for name in names]
    if sorted(axes) == sorted(expected):
        return tuple(axes.index(axis) for axis in expected)
    if any(axes):  # some of them are known, in other numbers or places
        raise node.error(
            f"counts have the axes {quoted(', '.join(name.strip() for name in names))}; expected "
            f"{', '.join(expected)} in any order"
        )
    return tuple(range(n_axes))


def _whole(node: Node, stored: NDArray[np.generic]) -> NDArray[np.int64]:
    if stored.dtype.kind == "f" and not np.array_equal(stored, np.rint(stored)):
        raise node.error("counts are not all whole numbers")
    if stored.dtype.itemsize > 4 or stored.dtype.kind == "f":
        largest = np.abs(stored).max() if stored.dtype.kind == "f" else stored.max()
        if not largest <= MOST_COUNTS:
            raise node.error(f"a bin holds {largest:g} counts, expected at most {MOST_COUNTS:g}")
    return np.ascontiguousarray(stored, dtype=np.int64)


def _refuse_negative(node: Node, counts: NDArray[np.int64]) -> None:
    if counts.min() >= 0:
        return
    period, detector, index = np.unravel_index(int(counts.argmin()), counts.shape)
    raise node.error(
        f"period {period + 1}, detector {detector + 1}, bin index {index} holds "
        f"{counts.min()} counts, expected none below 0"
    )


def check_spectra(group: Node, n_detectors: int, warnings: list[str]) -> None:
    """Compare the detector numbers of the file with the number of histograms.

    Raises
    ------
    ReadError if there are more or fewer.
    """
    spectra = attempt(group.integers, "spectrum_index", warnings)
    if spectra is None:
        return
    if spectra.size != n_detectors:
        raise group.error(f"spectrum_index has {spectra.size} entries for {n_detectors} histograms")
    if not np.array_equal(spectra, np.arange(1, n_detectors + 1)):
        warnings.append(
            f"{group.place}/spectrum_index runs from {spectra[0]} to {spectra[-1]}; detectors are "
            f"counted from 1 to {n_detectors} in the order of the histograms"
        )


def per_histogram(
    group: Node, name: str, n_periods: int, n_detectors: int, warnings: list[str]
) -> FloatArray | None:
    """(n_periods, n_detectors) values stored per detector or per period and detector.

    A single value is that of all; an array with two axes is of periods and detectors, or, where
    only that can be, of detectors and periods. None where they are missing or marked as not
    available, and with a warning where they are damaged or of another shape.
    """
    node = attempt(group.child, name, warnings)
    if node is None or attempt(node.attribute, "available", warnings) == 0:
        return None
    values = attempt(group.numbers, name, warnings)
    if values is None:
        return None
    laid_out = _laid_out(values, node.shape, n_periods, n_detectors)
    if laid_out is None:
        shape = f"{values.size} values" if len(node.shape) < 2 else f"values of shape {node.shape}"
        warnings.append(
            f"{node.place} holds {shape} for {n_periods} periods of {n_detectors} detectors, "
            f"expected {n_detectors} or ({n_periods}, {n_detectors}); taken as unknown"
        )
    return laid_out


def _laid_out(
    values: FloatArray, shape: tuple[int, ...], n_periods: int, n_detectors: int
) -> FloatArray | None:
    """Flat values of a shape as (n_periods, n_detectors); None for other shapes."""
    full = (n_periods, n_detectors)
    axes = tuple(length for length in shape if length != 1)
    if axes in ((), (n_detectors,)):
        return np.broadcast_to(values, full)
    if axes in (tuple(length for length in full if length != 1), (n_periods * n_detectors,)):
        return values.reshape(full)
    return values.reshape(full[::-1]).T if axes == full[::-1] else None


def read_dead_time(
    group: Node, n_periods: int, n_detectors: int, warnings: list[str]
) -> FloatArray | None:
    """(n_periods, n_detectors) dead times, µs; None, with a warning, where the file has none."""
    doubts = len(warnings)
    for name in ("dead_time", "deadtimes", "deadtime"):
        values = per_histogram(group, name, n_periods, n_detectors, warnings)
        node = attempt(group.child, name, warnings)
        if values is None or node is None:
            continue
        if not np.all(np.isfinite(values)) or not np.any(values):
            found = "all 0" if not np.any(values) else "not all finite"
            warnings.append(f"{node.place} is {found}; dead times are taken as unknown")
            return None
        factor = attempt(partial(per_microsecond, node), "us", warnings)
        if factor is None:
            return None
        with np.errstate(over="ignore"):  # an infinite dead time is refused where it is used
            return values / factor
    if len(warnings) == doubts:
        warnings.append(f"{group.place} has no dead times; what each detector lost is unknown")
    return None


def read_grouping(
    group: Node, n_periods: int, n_detectors: int, warnings: list[str]
) -> IntArray | None:
    """(n_detectors,) group of each detector, 0 = in none; None where the file has no groups."""
    values = per_histogram(group, "grouping", n_periods, n_detectors, warnings)
    if values is None or not np.any(values):
        return None
    wrong = ~((values >= 0) & (values < LARGEST_BIN) & (values == np.rint(values)))
    if np.any(wrong):
        found = values[wrong][0]
        warnings.append(f"{group.place}/grouping holds {found:g}, expected groups from 0 up")
        return None
    if np.any(values != values[0]):
        warnings.append(f"{group.place}/grouping differs between periods; that of period 1 is used")
    groups: IntArray = values[0].astype(np.int64)
    return groups
