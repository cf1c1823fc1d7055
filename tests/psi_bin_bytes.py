"""PSI-BIN files built byte by byte, with offsets typed anew from the format's description."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZE = 1024

# Every field with a value that no other field has: offset, struct code, values.
DISTINCT: dict[str, tuple[int, str, tuple[Any, ...]]] = {
    "FMT_ID": (0, "2s", (b"1N",)),
    "KDTRES": (2, "h", (-7,)),
    "KDOFTI": (4, "h", (11,)),
    "NRUN": (6, "h", (4242,)),
    "PATCH": (8, "16s", (b"patch panel 12ab",)),
    "LENHIS": (28, "h", (37,)),
    "NUMHIS": (30, "h", (16,)),
    "NHM_B": (46, "2s", (b"hB",)),
    "IBR": (48, "h", (12,)),
    "ICR": (50, "h", (13,)),
    "NTD": (52, "h", (14,)),
    "NHM_A": (54, "2s", (b"hA",)),
    "HMTYPE": (56, "3s", (b"CES",)),
    "MONDEV": (60, "12s", (b"KEITH_1992ab",)),
    "MON_LO": (72, "4f", (0.25, 0.5, 0.75, 1.25)),
    "MON_HI": (88, "4f", (301.5, 302.5, 303.5, 304.5)),
    "MON_LST": (104, "4f", (21.5, 22.5, 23.5, 24.5)),
    "NUMDAF": (128, "h", (48,)),
    "LENDAF": (130, "h", (13,)),
    "KDAFHI": (132, "h", (3,)),
    "KHIDAF": (134, "h", (1,)),
    "sample": (138, "10s", (b"Cu(NO3)2pz",)),
    "temperature": (148, "10s", (b"20.000K   ",)),
    "field": (158, "10s", (b"0.3 T     ",)),
    "orientation": (168, "10s", (b"a || beam ",)),
    "setup": (178, "10s", (b"TDC ZF    ",)),
    "start date": (218, "9s", (b"28-FEB-96",)),
    "stop date": (227, "9s", (b"29-FEB-96",)),
    "start time": (236, "8s", (b"23:58:07",)),
    "stop time": (244, "8s", (b"01:02:03",)),
    "CNTOLD": (296, "16i", tuple(range(100001, 100017))),
    "SCAL_B": (360, "12i", tuple(range(200001, 200013))),
    "TOTOLD": (424, "i", (sum(range(100001, 100017)),)),
    "NT0": (458, "16h", tuple(range(2, 18))),
    "NTINI": (490, "16h", tuple(range(18, 34))),
    "NTFIN": (522, "16h", (*range(35, 38), *range(38, 51))),
    "SCLAB_B": (554, "48s", (b"".join(b"sB%02d" % k for k in range(12)),)),
    "SCTYPE": (642, "5s", (b"S500A",)),
    "IFTYPE": (648, "h", (6,)),
    "NIVG": (650, "h", (15,)),
    "DKSPER": (654, "f", (600.5,)),
    "MONPER": (658, "f", (60.5,)),
    "SCAL_A": (670, "6i", tuple(range(300001, 300007))),
    "NSC": (694, "3h", (51, 52, 53)),
    "MON_NV": (712, "i", (2500,)),
    "TEMPER": (716, "4f", (20.03125, 20.0625, 20.09375, 20.125)),
    "TEMDEV": (738, "4f", (0.0625, 0.125, 0.1875, 0.3125)),
    "NIO": (770, "h", (54,)),
    "REANT0": (792, "16f", tuple(k + 0.25 for k in range(2, 18))),
    "comment": (860, "62s", (b"a title of exactly sixty-two characters, SIMULATED, 0123456789",)),
    "SCLAB_A": (924, "24s", (b"sA00sA01sA02sA03sA04sA05",)),
    "HISLAB": (948, "64s", (b"".join(b"h%03d" % k for k in range(16)),)),
    "BINWIX": (1012, "f", (0.0009765625,)),
}


def header(**changes: Any) -> bytearray:
    """The header of DISTINCT with some fields changed (a value or a tuple of them)."""
    raw = bytearray(b" " * SIZE)
    for name, (offset, code, values) in DISTINCT.items():
        new = changes.pop(name, values)
        struct.pack_into("<" + code, raw, offset, *(new if isinstance(new, tuple) else (new,)))
    assert not changes, f"no such fields: {changes}"
    return raw


def distinct_counts() -> NDArray[np.int64]:
    """(16, 37) counts, each different, for the header of DISTINCT."""
    return np.arange(16 * 37).reshape(16, 37) + 7


def distinct_file(**changes: Any) -> bytes:
    """A file whose every field has its own value; only its event counts are wrong."""
    records = np.zeros((16, 39), dtype="<i4")
    records[:, :37] = distinct_counts()
    return bytes(header(**changes)) + records.tobytes()


def small_counts(seed: int = 1) -> NDArray[np.int64]:
    """(4, 500) counts of a small run: background, then a decay from bin 40 on."""
    rate = np.where(np.arange(500) < 40, 0.5, 60 * np.exp(-(np.arange(500) - 40) / 120))
    return np.random.default_rng(seed).poisson(rate, (4, 500))


def small_file(counts: NDArray[np.int64] | None = None, **changes: Any) -> bytes:
    """A sound file of 4 histograms of 500 bins, in records of 256 bins, without any doubt."""
    counts = small_counts() if counts is None else counts
    first, last = (43, 44, 43, 44), (490, 490, 495, 500)
    events = tuple(int(row[a - 1 : b].sum()) for row, a, b in zip(counts, first, last, strict=True))
    spare = (0,) * 12
    fields: dict[str, Any] = {
        "KDTRES": -1,
        "NRUN": 17,
        "LENHIS": 500,
        "NUMHIS": 4,
        "NUMDAF": 8,
        "LENDAF": 256,
        "KDAFHI": 2,
        "field": b"0.000 G   ",
        "CNTOLD": events + spare,
        "TOTOLD": sum(events),
        "NT0": (40, 41, 40, 41, *spare),
        "NTINI": first + spare,
        "NTFIN": last + spare,
        "REANT0": (0.0,) * 16,
        "HISLAB": b"ForwBackRiteLeft".ljust(64),
        "comment": b"a small run".ljust(62),
    }
    records = np.zeros((4, 512), dtype="<i4")
    records[:, :500] = counts
    return bytes(header(**{**fields, **changes})) + records.tobytes()
