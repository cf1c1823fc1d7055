"""What stands where in the header of a PSI-BIN file, and what the numbers there mean.

Reader and writer share this file, so that one is the inverse of the other.

Source: header description ``psi_fmt.h`` of the TRIUMF program psi2mud (G. D. Morris, 2002) for
names and offsets; every offset was compared with musr2py 0.0.3 on real files.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from musrcu.psi_text import text

SIZE = 1024
"""Bytes of the header; the counts begin behind it, little-endian int32."""
MAX_HISTOGRAMS = 16
MAX_RECORD = 4096
"""Largest record length, bins; the one that every known file has."""
MIN_BIN_WIDTH, MAX_BIN_WIDTH = 10e-6, 20e-3
"""Bin widths outside these limits, µs, are no clock of a muon spectrometer."""

Header = Mapping[str, Any]
"""Decoded header: numbers and stripped texts by field name, tuples where a field repeats."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the header."""

    name: str
    offset: int
    code: str
    """struct code of one element: h, i, f, or 4s for a text of four characters."""
    count: int = 1

    @property
    def is_text(self) -> bool:
        """Whether the elements are texts."""
        return self.code.endswith("s")

    def unpack(self, raw: bytes) -> Any:
        """The number or text of this field, a tuple of them where it repeats."""
        values = struct.unpack_from("<" + self.code * self.count, raw, self.offset)
        if self.is_text:
            values = tuple(text(value) for value in values)
        return values if self.count > 1 else values[0]

    def pack_into(self, raw: bytearray, value: Any) -> None:
        """Put a number or text (or a tuple of them) into a header; texts are blank-padded."""
        values = value if self.count > 1 else (value,)
        if self.is_text:
            width = int(self.code[:-1])
            values = [str(item).encode("latin-1").ljust(width) for item in values]
        struct.pack_into("<" + self.code * self.count, raw, self.offset, *values)


FIELDS = {
    field.name: field
    for field in (
        Field("FMT_ID", 0, "2s"),
        Field("KDTRES", 2, "h"),  # clock code, used where BINWIX is zero
        Field("KDOFTI", 4, "h"),
        Field("NRUN", 6, "h"),
        Field("PATCH", 8, "16s"),
        Field("LENHIS", 28, "h"),  # bins per histogram
        Field("NUMHIS", 30, "h"),  # histograms
        Field("NHM_B", 46, "2s"),
        Field("IBR", 48, "h"),
        Field("ICR", 50, "h"),
        Field("NTD", 52, "h"),
        Field("NHM_A", 54, "2s"),
        Field("HMTYPE", 56, "3s"),
        Field("MONDEV", 60, "12s"),
        Field("MON_LO", 72, "f", 4),
        Field("MON_HI", 88, "f", 4),
        Field("MON_LST", 104, "f", 4),
        Field("NUMDAF", 128, "h"),  # records in the file
        Field("LENDAF", 130, "h"),  # bins per record
        Field("KDAFHI", 132, "h"),  # records per histogram
        Field("KHIDAF", 134, "h"),  # histograms per record
        Field("sample", 138, "10s"),
        Field("temperature", 148, "10s"),
        Field("field", 158, "10s"),
        Field("orientation", 168, "10s"),
        Field("setup", 178, "10s"),
        Field("start date", 218, "9s"),
        Field("stop date", 227, "9s"),
        Field("start time", 236, "8s"),
        Field("stop time", 244, "8s"),
        Field("CNTOLD", 296, "i", 16),  # events per histogram
        Field("SCAL_B", 360, "i", 12),  # scalers 7 to 18
        Field("TOTOLD", 424, "i"),
        Field("NT0", 458, "h", 16),
        Field("NTINI", 490, "h", 16),  # first good bin
        Field("NTFIN", 522, "h", 16),  # last good bin
        Field("SCLAB_B", 554, "4s", 12),
        Field("SCTYPE", 642, "5s"),
        Field("IFTYPE", 648, "h"),
        Field("NIVG", 650, "h"),
        Field("DKSPER", 654, "f"),
        Field("MONPER", 658, "f"),
        Field("SCAL_A", 670, "i", 6),  # scalers 1 to 6
        Field("NSC", 694, "h", 3),
        Field("MON_NV", 712, "i"),  # readings behind the mean temperatures
        Field("TEMPER", 716, "f", 4),
        Field("TEMDEV", 738, "f", 4),
        Field("NIO", 770, "h"),
        Field("REANT0", 792, "f", 16),
        Field("comment", 860, "62s"),
        Field("SCLAB_A", 924, "4s", 6),
        Field("HISLAB", 948, "4s", 16),
        Field("BINWIX", 1012, "f"),  # bin width, µs
    )
}
"""Every field by its name, in file order."""


def decode(raw: bytes) -> dict[str, Any]:
    """Every field of a header of 1024 bytes, by name."""
    return {name: field.unpack(raw) for name, field in FIELDS.items()}


def blank_header() -> bytes:
    """A header as the data acquisition leaves it: texts and gaps blank, numbers zero."""
    raw = bytearray(b" " * SIZE)
    for field in FIELDS.values():
        if not field.is_text and field.name != "NSC":
            size = struct.calcsize("<" + field.code * field.count)
            raw[field.offset : field.offset + size] = bytes(size)
    for start, stop in (
        (54, 56),
        (136, 138),
        (652, 654),
        (694, 696),
        (856, 860),
    ):  # zero in real files too
        raw[start:stop] = bytes(stop - start)
    FIELDS["FMT_ID"].pack_into(raw, "1N")
    FIELDS["KHIDAF"].pack_into(raw, 1)
    return bytes(raw)


def bin_width(header: Header) -> float | None:
    """Width of a bin, µs: BINWIX, else the clock code KDTRES; None for an undefined code."""
    if header["BINWIX"] != 0:
        return float(header["BINWIX"])
    code = header["KDTRES"]
    if 0 <= code <= 15:
        return float(78.125 * 2**code / 1e6)
    if 19 <= code <= 31:
        return float(390.625 * 2 ** (code - 19) / 1e6)
    return None


def t0(header: Header, detector: int) -> tuple[float, bool]:
    """Bin (from 0) of t0 of a detector (index from 0), and whether REANT0 had to be ignored.

    A non-zero REANT0 refines NT0; one that is further off than a bin is not believed.
    """
    coarse, fine = header["NT0"][detector], header["REANT0"][detector]
    if fine == 0:
        return float(coarse), False
    if math.isfinite(fine) and (coarse == 0 or abs(fine - coarse) <= 1):
        return float(fine), False
    return float(coarse), True


def last_good(header: Header, detector: int) -> int:
    """Last good bin of a detector (index from 0), index from 0 and inside the histogram."""
    return int(min(header["NTFIN"][detector], header["LENHIS"])) - 1


def counted(header: Header, detector: int) -> slice:
    """The bins whose sum is the header's event count: NTINI to NTFIN, counted from 1.

    Acquisition files keep to it; converters sum over all bins instead.
    """
    return slice(max(header["NTINI"][detector], 1) - 1, max(header["NTFIN"][detector], 0))


def wrapped(events: int) -> int:
    """A number of events as an int32 counter shows it that starts again when it is full."""
    return (events + 2**31) % 2**32 - 2**31


def sensors(header: Header) -> tuple[tuple[float, float | None, int | None], ...]:
    """Mean, spread (K) and number of readings of each thermometer that read a temperature.

    MON_NV is a number of readings only above 4: converters write the number of sensors there.
    """
    readings = header["MON_NV"] if header["MON_NV"] > 4 else None
    pairs = zip(header["TEMPER"], header["TEMDEV"], strict=True)
    return tuple(
        (mean, spread if 0 < spread < math.inf else None, readings)
        for mean, spread in pairs
        if 0 < mean < math.inf
    )
