"""What stands where in a PSI MDU file: header, settings, statistics, and a record for each tag.

Source: structures ``pTAFileHeaderRec``, ``pTASettingsRec``, ``pTAStatisticRec`` and ``pTATagRec``
of MuSR_td_PSI_bin, the reader of PSI in musrfit and musr2py; every offset was compared with
musr2py 0.0.3 on a real file (M3) and on built ones (M3, T4, T5).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from musrcu.psi_text import text

Header = Mapping[str, Any]
"""Decoded fields by the names of the structures; texts are stripped."""

_HEADER = struct.Struct("<2s12s9s12s9s2i41s63s20s4i200s50s50s5i")
HEADER_SIZE = _HEADER.size
_HEADER_NAMES = (
    "FmtId", "StartDate", "StartTime", "EndDate", "EndTime", "RunNumber", "FileVersion",
    "RunTitle", "RunSubTitle", "DataFormat", "HistoResolution", "BinOffset", "BinsPerHistogram",
    "NumberOfDetectors", "DetectorNumberList", "MeanTemp", "TempDev", "BinSize", "NumBytesHeader",
    "NumBytesSettings", "NumBytesTag", "NumBytesStatistics",
)  # fmt: skip
_TITLE = 52
"""Offset of RunTitle: four texts of ten characters."""
_TITLE_PARTS = ("sample", "temperature", "field", "orientation")
SIZES = 492
"""Offset of BinSize and of the four sizes behind it."""

_SETTINGS = struct.Struct("<13i")
_SETTINGS_NAMES = (
    "mode", "preps", "posps", "preb", "posb", "ecsps", "ectps", "ecsb", "ectb", "resolutioncode",
    "minrate", "eortag", "eorlim",
)  # fmt: skip
_RESOLUTION = 9
RESOLUTION_OFFSET = HEADER_SIZE + 4 * _RESOLUTION

_COUNTERS = (
    "time", "ESum", "EMuon", "EPositron", "EClock", "EEcho", "EVeto", "EUnknown", "EMMPileup",
    "EPrePileup", "EPostPileup", "EHOverflow", "EDoublePositron", "EAccepted",
)  # fmt: skip
_FLAGS = ("EOverFlowBits", "TSOverFlowBits", "HSOverFlowBits", "HOverFlowBits")

_TAG = struct.Struct("<12sc3x11i")
TAG_SIZE = _TAG.size
TAG_TYPES = "PMCEVNU"
"""Positron, muon, clock, echo, veto, none, unknown."""


class Tag(NamedTuple):
    """One input of the electronics: what it is, and the window of its histogram."""

    Label: str
    Type: str
    """One letter of :data:`TAG_TYPES`."""
    Rawminps: int
    Rawmaxps: int
    Rawminb: int
    Rawmaxb: int
    Histominps: int
    Histomaxps: int
    Histominb: int
    """Number of the first stored bin."""
    Histomaxb: int
    """Number of the last stored bin."""
    t0b: int
    """t0 in bins of the converted file."""
    tfb: int
    """First good bin, in bins of the converted file."""
    tlb: int
    """Last good bin, in bins of the converted file."""

    @property
    def stored(self) -> int:
        """Bins of the histogram behind this record; 0 where there is none."""
        bins = self.Histomaxb - self.Histominb + 1
        return bins if self.Type == "P" and bins > 1 else 0


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the three formats."""

    name: str
    tags: int
    """Number of tags."""
    widths: Mapping[int, float]
    """Width of a bin, µs, by resolution code."""

    @property
    def settings_size(self) -> int:
        """Bytes of the settings."""
        return _SETTINGS.size + self.tags * TAG_SIZE

    @property
    def statistics_size(self) -> int:
        """Bytes of the statistics."""
        return 4 * (len(_COUNTERS) + 2 * self.tags + len(_FLAGS))

    @property
    def tags_offset(self) -> int:
        """Offset of the first tag record that a histogram may follow."""
        return HEADER_SIZE + self.settings_size + self.statistics_size

    @property
    def only_listed(self) -> bool:
        """Whether only the detectors of the list count, each with one stored bin too many."""
        return self.name == "M3"


# The names 25, 100, 200 and 800 ps are rounded: the clock divides 25 ns by 1024.
_TDC = {code: 25e-3 / 1024 * step for code, step in ((25, 1), (100, 4), (200, 8), (800, 32))}
KINDS = {
    "M3": Kind("M3", 16, {code: 78.125e-6 * 2.0 ** (code - 8) for code in range(6, 12)}),
    "T4": Kind("T4", 16, _TDC),
    "T5": Kind("T5", 32, _TDC),
}
"""Every format by its magic: pTA electronics, TDC with 16 tags, TDC with 32."""


def decode_header(raw: bytes) -> dict[str, Any]:
    """The fields of the 512 bytes at the beginning, and the four parts of RunTitle."""
    found = dict(zip(_HEADER_NAMES, map(_value, _HEADER.unpack_from(raw)), strict=True))
    for place, name in enumerate(_TITLE_PARTS):
        start = _TITLE + 10 * place
        found[name] = text(raw[start : start + 10])
    return found


def decode_settings(raw: bytes) -> tuple[dict[str, Any], tuple[Tag, ...]]:
    """The settings by name, and the tags among them."""
    found = dict(zip(_SETTINGS_NAMES, _SETTINGS.unpack_from(raw), strict=True))
    starts = range(_SETTINGS.size, len(raw), TAG_SIZE)
    return found, tuple(decode_tag(raw[start : start + TAG_SIZE]) for start in starts)


def decode_statistics(raw: bytes) -> dict[str, Any]:
    """The counters by name; ``TagScaler`` and ``HistogramScaler`` have one number a tag."""
    numbers = struct.unpack(f"<{len(raw) // 4}i", raw)
    counters, rest = numbers[: len(_COUNTERS)], numbers[len(_COUNTERS) :]
    tags = (len(rest) - len(_FLAGS)) // 2
    return {
        **dict(zip(_COUNTERS, counters, strict=True)),
        "TagScaler": rest[:tags],
        "HistogramScaler": rest[tags : 2 * tags],
        **dict(zip(_FLAGS, rest[2 * tags :], strict=True)),
    }


def decode_tag(raw: bytes) -> Tag:
    """The tag in a record of 60 bytes."""
    return Tag(*map(_value, _TAG.unpack(raw)))


def _value(field: int | bytes) -> Any:
    return text(field) if isinstance(field, bytes) else field
