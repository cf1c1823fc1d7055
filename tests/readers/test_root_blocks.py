"""Compressed blocks: what was packed by other programs comes out, and never more than declared."""

from __future__ import annotations

import lzma
import random
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from root_bytes import block

from musrcu.errors import ReadError
from musrcu.readers.root_blocks import unpack

uproot = pytest.importorskip("uproot", reason="uproot (extra root) is not installed")
cramjam = pytest.importorskip("cramjam")

DATA = random.Random(1).randbytes(3000) + bytes(100_000)


def packed_by_uproot(kind: str) -> Callable[[bytes], bytes]:
    compression = getattr(uproot.compression, kind)(4)

    def pack(data: bytes) -> bytes:
        try:
            return bytes(uproot.compression.compress(data, compression))
        except (ModuleNotFoundError, RuntimeError) as error:  # uproot 5.3 with LZ4 and LZMA
            pytest.skip(f"uproot {uproot.__version__} cannot pack {kind}: {error}")

    return pack


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    **{kind: packed_by_uproot(kind) for kind in ("ZLIB", "LZMA", "LZ4", "ZSTD")},
    "zlib": lambda data: block(b"ZL", zlib.compress(data), len(data)),
    "lzma": lambda data: block(b"XZ", lzma.compress(data), len(data)),
    "zstd": lambda data: block(b"ZS", bytes(cramjam.zstd.compress(data)), len(data)),
}


@pytest.mark.parametrize("kind", sorted(PACKERS))
def test_what_was_packed_comes_out(kind: str) -> None:
    stored = PACKERS[kind](DATA)
    assert len(stored) < len(DATA)
    assert unpack("x.root", stored, len(DATA)).tobytes() == DATA


@pytest.mark.parametrize("kind", sorted(PACKERS))
def test_several_blocks(kind: str) -> None:
    parts = [DATA[:4000], DATA[4000:90_000], DATA[90_000:]]
    stored = b"".join(PACKERS[kind](part) for part in parts)
    assert unpack("x.root", stored, len(DATA)).tobytes() == DATA


def test_what_is_not_packed_is_as_it_is() -> None:
    assert unpack("x.root", b"abc", 3).tobytes() == b"abc"


@pytest.mark.parametrize("kind", ["zlib", "lzma", "zstd"])
@pytest.mark.parametrize("change", [-1, 1])
def test_a_block_holds_what_it_declares(kind: str, change: int) -> None:
    stored = bytearray(PACKERS[kind](DATA))
    stored[6:9] = (len(DATA) + change).to_bytes(3, "little")
    with pytest.raises((ReadError, cramjam.DecompressionError)):
        unpack("x.root", bytes(stored), len(DATA) + change)


@pytest.mark.parametrize("kind", ["zlib", "lzma", "zstd"])
def test_a_block_that_would_burst_takes_no_memory(kind: str) -> None:
    stored = bytearray(PACKERS[kind](bytes(60_000_000)))
    stored[6:9] = (1000).to_bytes(3, "little")
    tracemalloc.start()
    with pytest.raises((ReadError, cramjam.DecompressionError)):
        unpack("x.root", bytes(stored), 1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000  # LZMA keeps 8 MB to look back into


REFUSED = [
    (b"ZL\x08", "ends within the header of a compressed block"),
    (b"QQ\x08\x01\0\0\x02\0\0x", "compressed by b'QQ', expected one of ZL, XZ, ZS, L4"),
    (b"ZL\x08\xff\0\0\x02\0\0x", "is cut within a compressed block"),
    (block(b"ZL", zlib.compress(b"abc"), 3), "declares 1000 bytes, its blocks declare 3"),
    (block(b"ZL", zlib.compress(b"abc")[:-2], 1000), "declares 1000 bytes and holds"),
    (block(b"ZL", zlib.compress(bytes(2000)), 1000), "declares 1000 bytes and holds more"),
]


@pytest.mark.parametrize(("stored", "found"), REFUSED)
def test_refused(stored: bytes, found: str) -> None:
    with pytest.raises(ReadError) as caught:
        unpack("x.root at byte 7", stored, 1000)
    assert str(caught.value).startswith("x.root at byte 7 ")
    assert found in str(caught.value)
