"""PSI MDU files built byte by byte, with offsets typed anew from the format's description."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

TAGS = {"M3": 16, "T4": 16, "T5": 32}
CODES = {"M3": 11, "T4": 200, "T5": 25}
WIDTHS = {"M3": 625e-6, "T4": 195.3125e-6, "T5": 24.4140625e-6}
"""Width of a bin, µs, for the code of CODES."""


def settings_size(kind: str) -> int:
    return 52 + 60 * TAGS[kind]


def tags_offset(kind: str) -> int:
    """Byte of the first tag record in front of the data."""
    return 512 + settings_size(kind) + 14 * 4 + 2 * 4 * TAGS[kind] + 16


@dataclass(frozen=True)
class Tag:
    """One tag; a positron tag with counts has a histogram."""

    label: str = ""
    kind: str = "N"
    counts: NDArray[np.int64] | None = None
    """Every stored bin."""
    begin: int = 0
    """Number of the first stored bin."""
    t0b: int = 0
    tfb: int = 0
    tlb: int = 0

    def record(self, **changes: Any) -> bytes:
        end = 0 if self.counts is None else self.begin + len(self.counts) - 1
        numbers = {
            "raw": (7, 8000, 9, 10000), "window": (11, 12000), "begin": self.begin, "end": end,
            "t0b": self.t0b, "tfb": self.tfb, "tlb": self.tlb,
        }  # fmt: skip
        if self.kind != "P":
            numbers |= {"raw": (0,) * 4, "window": (0,) * 2}
        label, letter = changes.pop("label", self.label), changes.pop("kind", self.kind)
        numbers |= changes
        assert len(numbers) == 7
        raw = bytearray(60)
        struct.pack_into("<12sc", raw, 0, label.encode("latin-1"), letter.encode("latin-1"))
        struct.pack_into("<4i", raw, 16, *numbers["raw"])
        struct.pack_into("<2i", raw, 32, *numbers["window"])
        struct.pack_into("<2i", raw, 40, numbers["begin"], numbers["end"])
        struct.pack_into("<3i", raw, 48, numbers["t0b"], numbers["tfb"], numbers["tlb"])
        return bytes(raw)


# Every field of the header with its offset and a value that no other field has.
HEADER: dict[str, tuple[int, str, Any]] = {
    "FmtId": (0, "2s", b"M3"),
    "StartDate": (2, "12s", b"28-FEB-1996"),
    "StartTime": (14, "9s", b"23:58:07"),
    "EndDate": (23, "12s", b"29-FEB-1996"),
    "EndTime": (35, "9s", b"01:02:03"),
    "RunNumber": (44, "i", 74242),
    "FileVersion": (48, "i", 14),
    "RunTitle": (52, "41s", b"Cu(NO3)2pz20.000K   0.3 T     a || beam "),
    "RunSubTitle": (93, "63s", b"a title of exactly sixty-two characters, SIMULATED, 0123456789"),
    "DataFormat": (156, "20s", b"PSI"),
    "HistoResolution": (176, "i", 4),
    "BinOffset": (180, "i", 0),
    "BinsPerHistogram": (184, "i", 8192),
    "NumberOfDetectors": (188, "i", 4),
    "DetectorNumberList": (192, "200s", b"2 3 4 5"),
    "MeanTemp": (392, "50s", b"20.03125 20.0625"),
    "TempDev": (442, "50s", b"0.0625 0.125"),
    "BinSize": (492, "i", 4),
    "NumBytesHeader": (496, "i", 512),
    "NumBytesSettings": (500, "i", 1012),
    "NumBytesTag": (504, "i", 60),
    "NumBytesStatistics": (508, "i", 200),
}
SETTINGS = {
    "mode": 3, "preps": 10740000, "posps": 10740001, "preb": 17184, "posb": 17185, "ecsps": 10000,
    "ectps": 102, "ecsb": 103, "ectb": 104, "resolutioncode": 11, "minrate": 7100, "eortag": 105,
    "eorlim": 106,
}  # fmt: skip
COUNTERS = {
    "time": 3836000, "ESum": 201, "EMuon": 202, "EPositron": 203, "EClock": 204, "EEcho": 205,
    "EVeto": 206, "EUnknown": 207, "EMMPileup": 208, "EPrePileup": 209, "EPostPileup": 210,
    "EHOverflow": 211, "EDoublePositron": 212, "EAccepted": 213,
}  # fmt: skip
FLAGS = {"EOverFlowBits": 0, "TSOverFlowBits": 0, "HSOverFlowBits": 0, "HOverFlowBits": 0}


@dataclass(frozen=True)
class Mdu:
    """A whole file; ``content()`` gives its bytes."""

    kind: str = "M3"
    tags: tuple[Tag, ...] = ()
    header: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, int] = field(default_factory=dict)
    statistics: dict[str, Any] = field(default_factory=dict)
    tail: bytes = bytes(512)

    def changed(self, **changes: Any) -> Mdu:
        """With some fields of the header, the settings or the statistics changed."""
        found: dict[str, dict[str, Any]] = {"header": {}, "settings": {}, "statistics": {}}
        for name, value in changes.items():
            where = "header" if name in HEADER else "settings" if name in SETTINGS else "statistics"
            found[where][name] = value
        return replace(
            self,
            header=self.header | found["header"],
            settings=self.settings | found["settings"],
            statistics=self.statistics | found["statistics"],
        )

    def head(self) -> bytes:
        """The 512 bytes of the header."""
        default = {
            "FmtId": self.kind.encode(),
            "NumBytesSettings": settings_size(self.kind),
            "NumBytesStatistics": 72 + 8 * TAGS[self.kind],
        }
        raw = bytearray(512)
        values = {name: value for name, (_, _, value) in HEADER.items()} | default | self.header
        for name, value in values.items():
            offset, code, _ = HEADER[name]
            struct.pack_into("<" + code, raw, offset, value)
        return bytes(raw)

    def content(self) -> bytes:
        """The bytes of the file."""
        n = TAGS[self.kind]
        tags = (*self.tags, *(Tag() for _ in range(n - len(self.tags))))
        settings = SETTINGS | {"resolutioncode": CODES[self.kind]} | self.settings
        parts = [self.head(), struct.pack("<13i", *settings.values())]
        parts += [tag.record() for tag in tags]
        sums = [0 if tag.counts is None else int(tag.counts.sum()) for tag in tags]
        found: dict[str, Any] = {**COUNTERS, "TagScaler": range(1001, 1001 + n)}
        found |= {"HistogramScaler": [(total + 2**31) % 2**32 - 2**31 for total in sums], **FLAGS}
        assert set(self.statistics) <= set(found)
        for value in (found | self.statistics).values():
            numbers: Sequence[int] = [value] if isinstance(value, int) else value
            parts.append(struct.pack(f"<{len(numbers)}i", *numbers))
        for tag in tags:
            parts.append(tag.record())
            if tag.counts is not None:
                parts.append(tag.counts.astype("<i4").tobytes())
        return b"".join(parts) + self.tail


def small_counts(n: int, bins: int = 500, seed: int = 1) -> NDArray[np.int64]:
    """(n, bins) counts of a small run: background, then a decay from bin 40 on."""
    rate = np.where(np.arange(bins) < 40, 0.5, 60 * np.exp(-(np.arange(bins) - 40) / 120))
    return np.random.default_rng(seed).poisson(rate, (n, bins))


def small_mdu(kind: str = "M3", begin: int = 0, labels: Sequence[str] = ()) -> Mdu:
    """A sound file with four histograms in tags 2 to 5, without any doubt.

    Each has 500 bins, in an M3 file one empty bin more; ``begin`` of them are not stored. The
    converted file has two of our bins in one.
    """
    labels = labels or ("Forward", "Backward", "Right", "Left")
    counts = small_counts(len(labels))
    counts[:, :begin] = 0
    stored = np.pad(counts, ((0, 0), (0, 1 if kind == "M3" else 0)))[:, begin:]
    positrons = [
        Tag(label, "P", row, begin, t0b=19 + k % 3, tfb=22 + k % 3, tlb=240 + k)
        for k, (label, row) in enumerate(zip(labels, stored, strict=True))
    ]
    clock = Tag("Clock", "C")
    places = " ".join(str(k) for k in range(2, 2 + len(labels)))
    return Mdu(
        kind,
        (Tag("Veto", "V"), Tag("M", "M"), *positrons, clock),
        header={
            "HistoResolution": 4 if kind == "M3" else 2,
            "NumberOfDetectors": len(labels),
            "DetectorNumberList": places.encode(),
        },
    )
