"""MUD files built byte by byte, with numbers typed anew from the format's description."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

GROUP, END, COMMENT, RUN, HISTOGRAM, DATA, SCALER, VARIABLE, ARRAY = (
    0x01010003, 0x01010004, 0x01010005, 0x01020001, 0x01020002, 0x01020003, 0x01020004,
    0x01020005, 0x01020007,
)  # fmt: skip
DIFFERENTIAL, INTEGRAL = 0x02010000, 0x02020000
HISTOGRAMS, SCALERS, VARIABLES, HISTORIES = 0x02010002, 0x02010004, 0x01020005, 0x01020006

DESCRIPTION: dict[str, Any] = {
    "exptNumber": 1820, "runNumber": 4242, "timeBegin": 1282987122, "timeEnd": 1282988517,
    "elapsedSec": 1395, "title": "a run, SIMULATED", "lab": "TRIUMF", "area": "M15",
    "method": "TD-µSR", "apparatus": "DR", "insert": "dil.390", "sample": "Cu(NO3)2pz",
    "orient": "a || beam", "das": "MIDAS", "experimenter": "nobody",
    "temperature": "6.795(0.002)K", "field": "1000.0G",
}  # fmt: skip
HEADER: dict[str, Any] = {
    "histType": HISTOGRAMS, "nBytes": None, "nBins": None, "bytesPerBin": 0, "fsPerBin": 390625,
    "t0_ps": None, "t0_bin": 40, "goodBin1": 43, "goodBin2": 500, "bkgd1": 3, "bkgd2": 35,
    "nEvents": None, "title": "Back",
}  # fmt: skip


def text(value: str | bytes) -> bytes:
    """A text: its length in 2 bytes, then Latin-1."""
    raw = value if isinstance(value, bytes) else value.encode("latin-1")
    return struct.pack("<H", len(raw)) + raw


def section(kind: int, number: int, body: bytes) -> bytes:
    return struct.pack("<3I", 12 + len(body), kind, number) + body


def group(number: int, members: Sequence[bytes], **changes: int) -> bytes:
    """A group with its index and the members behind it (each with those of its own)."""
    index, place = b"", 0
    for member in members:
        index += struct.pack("<I", place) + member[4:12]
        place += len(member)
    num, memory = changes.get("num", len(members)), changes.get("memory", place)
    return section(GROUP, number, struct.pack("<2I", num, memory) + index) + b"".join(members)


def packed_into(values: dict[str, Any], changes: dict[str, Any]) -> bytes:
    """Integers and texts in the order of ``values``, some changed."""
    assert set(changes) <= set(values), f"no such fields: {set(changes) - set(values)}"
    parts = {**values, **changes}.values()
    return b"".join(struct.pack("<I", v) if isinstance(v, int) else text(v) for v in parts)


def run_description(**changes: Any) -> bytes:
    return section(RUN, 1, packed_into(DESCRIPTION, changes))


def pack(counts: Sequence[int], stretches: Sequence[tuple[int, int]] | None = None) -> bytes:
    """Counts in runs; (number of bins, bytes of a bin) each, or as few as the widths allow."""
    if stretches is None:
        widths = [0 if c == 0 else 1 if c < 2**8 else 2 if c < 2**16 else 4 for c in counts]
        edges = [k for k in range(len(widths)) if k == 0 or widths[k] != widths[k - 1]]
        stops = [*edges[1:], len(widths)][: len(edges)]
        stretches = [(b - a, widths[a]) for a, b in zip(edges, stops, strict=True)]
    made, place = bytearray(), 0
    for n, width in stretches:
        made += struct.pack("<HB", n, width)
        for count in counts[place : place + n] if width else ():
            made += int(count).to_bytes(width, "little")
        place += n
    return bytes(made)


def histogram(
    number: int, counts: Sequence[int], data: bytes | None = None, **changes: Any
) -> list[bytes]:
    """Header and data sections of one histogram, consistent but for what is changed."""
    width = changes.get("bytesPerBin", 0)
    if data is None:
        data = b"".join(int(c).to_bytes(width, "little") for c in counts) if width else pack(counts)
    values = {**HEADER, **changes}
    known = {
        "nBytes": len(data),
        "nBins": len(counts),
        "t0_ps": round((values["t0_bin"] - 0.5) * values["fsPerBin"] / 1000),
        "nEvents": sum(int(c) for c in counts) % 2**32,
    }
    body = packed_into(HEADER, {**known, **changes})
    stored = struct.pack("<I", len(data)) + data
    return [section(HISTOGRAM, number, body), section(DATA, number, stored)]


def scaler(number: int, total: int, recent: int, label: str) -> bytes:
    return section(SCALER, number, struct.pack("<2I", total, recent) + text(label))


def vax_double(value: float) -> bytes:
    """D_floating: sign, exponent of 8 bits, fraction of 55; four words, the highest first."""
    return struct.pack("<4H", *(_vax(value, 55) >> shift & 0xFFFF for shift in (48, 32, 16, 0)))


def vax_float(value: float) -> bytes:
    """F_floating: the same with a fraction of 23 bits in two words."""
    return struct.pack("<2H", *(_vax(value, 23) >> shift & 0xFFFF for shift in (16, 0)))


def _vax(value: float, bits: int) -> int:
    if value == 0:
        return 0
    mantissa, exponent = math.frexp(abs(value))  # mantissa in [1/2, 1)
    fraction = int((mantissa - 0.5) * 2 ** (bits + 1))
    return (value < 0) << (bits + 8) | (exponent + 128) << bits | fraction


def variable(
    number: int, name: str, units: str = "K", description: str = "Sample reading",
    mean: float = 6.795414, stddev: float = 0.0021, low: float = 6.79, high: float = 6.81,
    skewness: float = 0.25,
) -> bytes:  # fmt: skip
    numbers = b"".join(map(vax_double, (low, high, mean, stddev, skewness)))
    return section(VARIABLE, number, numbers + text(name) + text(description) + text(units))


def comment(number: int, author: str, title: str, body: str, when: int = 1282987200) -> bytes:
    numbers = struct.pack("<4I", number, 0, 0, when)
    return section(COMMENT, number, numbers + text(author) + text(title) + text(body))


def array(
    number: int, data: bytes, times: Sequence[int] | None, n: int, size: int, kind: int
) -> bytes:
    """History of a variable; types: 1 integers, 2 floats of a VAX, 3 texts."""
    head = struct.pack("<5I", n, size, kind, times is not None, len(data))
    return section(ARRAY, number, head + data + struct.pack(f"<{len(times or ())}I", *times or ()))


def small_counts(seed: int = 1) -> NDArray[np.int64]:
    """(4, 500) counts of a small run in all widths: zeros, a prompt peak above 65535, a decay."""
    rate = np.where(np.arange(500) < 40, 0.05, 400 * np.exp(-(np.arange(500) - 40) / 120))
    counts = np.random.default_rng(seed).poisson(rate, (4, 500))
    counts[:, 39] = (70000, 300, 80, 65536)
    return counts


LABELS = ("Back", "Forw", "Right", "Left")


def small_members(**changes: Any) -> dict[str, bytes]:
    """The members of the outermost group of :func:`small_file`, by name."""
    histograms: list[bytes] = []
    for number, (row, label) in enumerate(zip(small_counts(), LABELS, strict=True), 1):
        histograms += histogram(number, row.tolist(), title=label)
    return {
        "run": run_description(**changes),
        "comments": group(COMMENT, [comment(1, "nobody", "Shift", "quiet")]),
        "scalers": group(SCALERS, [scaler(1, 4000, 20, "TM"), scaler(2, 3999, 19, "mu_stop")]),
        "histograms": group(HISTOGRAMS, histograms),
        "variables": group(
            VARIABLES, [variable(1, "/Sample/sample_read"), variable(2, "/Magnet/field", "T")]
        ),
    }


def whole(members: Sequence[bytes], kind: int = DIFFERENTIAL, **changes: int) -> bytes:
    """A file of these members, with its end mark."""
    return group(kind, members, **changes) + section(END, 1, b"")


def small_file(**changes: Any) -> bytes:
    """A sound file of 4 histograms of 500 bins, without any doubt; texts and times may change."""
    return whole(list(small_members(**changes).values()))


def one_histogram(counts: Sequence[int], data: bytes | None = None, **changes: Any) -> bytes:
    """A file of one histogram and no more."""
    return whole([run_description(), group(HISTOGRAMS, histogram(1, counts, data, **changes))])
