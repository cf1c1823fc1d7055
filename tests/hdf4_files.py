"""HDF4 files made with pyhdf, and damage to them: nothing here imports musrcu.

    python -X faulthandler tests/hdf4_files.py FILE CASES SEED

reads damaged copies of a file one after the other in this process, writes down the number of each
in FILE.case beforehand, and says at the end how many were read and how many refused.
"""

from __future__ import annotations

import random
import re
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NULL, LINKED, VERSION, PACKED, NUMBER_TYPE = 1, 20, 30, 40, 106
SIZES, VALUES, RAGGED, DATA_SET = 701, 702, 711, 720
TABLE, TABLE_VALUES, GROUP = 1962, 1963, 1965
SPECIAL = 0x4000
NOTHING = 0xFFFFFFFF

COUNTS = np.arange(200, dtype="i4").reshape(4, 50)
LABELS = ("period 1", "dwell", "")


@dataclass(frozen=True)
class Descriptor:
    """One entry of the list of elements, and where it is."""

    place: int
    tag: int
    ref: int
    offset: int
    length: int

    @property
    def base(self) -> int:
        return self.tag & ~SPECIAL


def descriptors(content: bytes) -> list[Descriptor]:
    """The list of elements of a sound file (HDF Specification, chapter 2)."""
    found, block = [], 4
    while block:
        count, following = struct.unpack_from(">HI", content, block)
        for place in range(block + 6, block + 6 + 12 * count, 12):
            found.append(Descriptor(place, *struct.unpack_from(">HHII", content, place)))
        block = following
    return [entry for entry in found if entry.tag != NULL]


def element(content: bytes, base: int, word: bytes = b"") -> Descriptor:
    """The first element of a kind with some bytes in it."""
    return next(
        entry
        for entry in descriptors(content)
        if entry.base == base and word in content[entry.offset : entry.offset + entry.length]
    )


def put(content: bytes, place: int, code: str, *values: Any) -> bytes:
    """The content with big-endian numbers at a place."""
    changed = bytearray(content)
    struct.pack_into(">" + code, changed, place, *values)
    return bytes(changed)


def text_rows(texts: Sequence[str]) -> NDArray[Any]:
    """Texts as HDF4 has them: rows of single bytes."""
    width = max(map(len, texts))
    return np.array([list(text.ljust(width)) for text in texts], dtype="S1")


def write_small(
    path: Path, *, pack: tuple[int, ...] = (), grow: bool = False, elsewhere: Path | None = None
) -> Path:
    """A file with groups, texts, numbers and attributes of every sort that NeXus files have.

    Parameters
    ----------
    pack : how pyhdf packs the values, such as (SDC.COMP_DEFLATE, 6).
    grow : the counts have an open first dimension, and are written row by row.
    elsewhere : another file, for the values of the temperature.
    """
    from pyhdf.SD import SD, SDC

    file = SD(str(path), SDC.WRITE | SDC.CREATE | SDC.TRUNC)
    file.attr("NeXus_version").set(SDC.CHAR, "4.3.0")
    refs: dict[str, int] = {}

    def put_set(name: str, kind: int, values: Any, **attributes: Any) -> None:
        values = np.asarray(values)
        shape = (0, *values.shape[1:]) if grow and name == "counts" else values.shape
        made = file.create(name, kind, shape)
        if pack and not (grow and name == "counts"):
            made.setcompress(*pack)
        if elsewhere and name == "temperature":
            made.setexternalfile(str(elsewhere))
        for key, (number_type, value) in attributes.items():
            made.attr(key).set(number_type, value)
        if shape[0] or not grow:
            made[:] = values
        else:
            for row, line in enumerate(values):
                made[row] = line
        refs[name] = made.ref()
        made.endaccess()

    put_set(
        "counts", SDC.INT32, COUNTS,
        units=(SDC.CHAR, "counts"), t0_bin=(SDC.INT32, 15), width=(SDC.FLOAT32, 0.16),
        three=(SDC.FLOAT64, [1.5, 2.5, 3.5]), odd=(SDC.CHAR, "24 \xb0C"), blank=(SDC.CHAR, "  "),
    )  # fmt: skip
    put_set("title", SDC.CHAR, text_rows(["copper T=280.0"])[0])
    put_set("labels", SDC.CHAR, text_rows(LABELS))
    put_set("temperature", SDC.FLOAT32, np.array([280.1], "f4"), units=(SDC.CHAR, "Kelvin"))
    put_set("bytes", SDC.UINT8, np.array([[1, 2], [3, 255]], "u1"))
    put_set("lonely", SDC.FLOAT64, np.array([2.5, -1.0]))
    file.end()
    _group(path, refs)
    return path


def _group(path: Path, refs: dict[str, int]) -> None:
    from pyhdf import V
    from pyhdf.HDF import HC, HDF

    assert V
    file = HDF(str(path), HC.WRITE)
    groups = file.vgstart()
    made = {}
    for name, kind in (("run", "NXentry"), ("sample", "NXsample"), ("data", "NXdata")):
        made[name] = groups.create(name)
        made[name]._class = kind
    made["run"].attr("note").set(HC.CHAR8, "of a group")
    for name, held in (
        ("run", ("title",)),
        ("sample", ("temperature", "title")),
        ("data", ("counts", "labels", "bytes")),
    ):
        for ref in held:
            made[name].add(HC.DFTAG_NDG, refs[ref])
    made["run"].insert(made["sample"])
    made["run"].insert(made["data"])
    made["sample"].insert(made["data"])  # linked twice, as logs are
    for group in made.values():
        group.detach()
    groups.end()
    file.close()


# Damage -------------------------------------------------------------------------------------------


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The content after a cut, or one to five changes of bytes or of what points to what."""
    if chance.random() < 0.08:
        return content[: chance.randrange(4, len(content))]
    changed = bytearray(content)
    listed = descriptors(content)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        chance.choice((_some_bytes, _member, _member, _entry, _entry, _value, _kind))(
            changed, listed, chance
        )
    return bytes(changed)


def _some_bytes(content: bytearray, listed: list[Descriptor], chance: random.Random) -> None:
    """Other bytes in the list or in an element, seldom in the numbers of a data set."""
    entry = chance.choice(listed)
    start, size = chance.choice(((entry.place, 12), (entry.offset, entry.length)))
    if chance.random() < 0.1:
        start, size = 4, 6
    if start != NOTHING and size and start < len(content):
        place = start + chance.randrange(size)
        width = chance.choice((1, 1, 2, 4))
        value = chance.choice((0, 1, 2, 127, 128, 255, 2**15, 2**16, 2**31, 2**32 - 1))
        value = chance.choice((value, value - 1, chance.getrandbits(32)))
        content[place : place + width] = (value % 256**width).to_bytes(width, "big")


def _member(content: bytearray, listed: list[Descriptor], chance: random.Random) -> None:
    """A member of a group becomes another element."""
    groups = [entry for entry in listed if entry.base == GROUP]
    group, other = chance.choice(groups), chance.choice(listed)
    (count,) = struct.unpack_from(">H", content, group.offset)
    if 0 < count < group.length // 4:
        place = group.offset + 2 + 2 * chance.randrange(count)
        again = struct.unpack_from(">H", content, group.offset + 2 + 2 * count)[0]
        if chance.random() < 0.6:
            struct.pack_into(">H", content, place, chance.choice((other.base, GROUP, TABLE)))
        if chance.random() < 0.6:
            struct.pack_into(">H", content, place + 2 * count, chance.choice((other.ref, again)))


def _entry(content: bytearray, listed: list[Descriptor], chance: random.Random) -> None:
    """An entry of the list leads to another element, or to more or less bytes."""
    entry, other = chance.choice(listed), chance.choice(listed)
    if chance.random() < 0.5:
        content[entry.place + 4 : entry.place + 12] = content[other.place + 4 : other.place + 12]
    else:
        lengths = (0, 1, entry.length - 1, entry.length + 1, entry.length // 2, 2 * entry.length)
        struct.pack_into(">I", content, entry.place + 8, chance.choice(lengths) % 2**32)


def _value(content: bytearray, listed: list[Descriptor], chance: random.Random) -> None:
    """A table, such as the size of a dimension, holds another number, or more of them."""
    entry = chance.choice([entry for entry in listed if entry.base in (TABLE, TABLE_VALUES)])
    value = chance.choice((0, 1, 2, 3, -1, 50_000, 65_536, 2**30, 2**31 - 1))
    if entry.base == TABLE_VALUES and entry.length >= 4 and entry.offset != NOTHING:
        struct.pack_into(">i", content, entry.offset, value)
    elif entry.base == TABLE:
        code, offset = chance.choice((("i", 2), ("h", 8), ("h", 10), ("h", 12)))
        struct.pack_into(">" + code, content, entry.offset + offset, value % 2**15)


def _kind(content: bytearray, _: list[Descriptor], chance: random.Random) -> None:
    """A group or a dimension gets another class or name of the same length."""
    words = (b"Dim0.0", b"Var0.0", b"CDF0.0", b"SDSVar", b"fakeDim0", b"fakeDim1", b"DimVal0.1")
    word = chance.choice(words)
    places = [found.start() for found in re.finditer(re.escape(word), content)]
    if places:
        place = chance.choice(places)
        same = [other for other in words if len(other) == len(word)]
        content[place : place + len(word)] = chance.choice((*same, b"\0" * len(word)))


# The process that may crash -----------------------------------------------------------------------


def walk(node: Any, found: list[Any], depth: int = 0) -> None:
    """Look at everything under a node; what cannot be read is left out, as readers do."""
    from musrcu.errors import ReadError

    found.append((node.place, node.attributes()))
    if not node.is_group:
        try:
            found.append((node.shape, node.dtype, node.array().tolist()))
        except ReadError as error:
            assert "\n" not in str(error)
            assert str(node.path) in str(error)
    elif depth < 5:
        for name in node.names():
            child = node.child(name)
            if child is not None:
                walk(child, found, depth + 1)


def look(path: Path) -> str | None:
    """Everything in the file as a text, or None where it is refused."""
    from musrcu.errors import ReadError
    from musrcu.readers.hdf4 import open_hdf4

    found: list[Any] = []
    try:
        with open_hdf4(path) as root:
            walk(root, found)
    except ReadError as error:
        assert "\n" not in str(error)
        assert str(path) in str(error)
        return None
    return repr(found)


def main(name: str, cases: int, seed: str) -> None:
    """Read damaged copies, and every 50 of them the sound file, which must stay what it is."""
    import resource
    import signal

    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    sound, path, case = Path(name), Path(name + ".damaged"), Path(name + ".case")
    content = sound.read_bytes()
    whole, read = look(sound), 0
    for number in range(cases):
        case.write_text(str(number))
        path.write_bytes(damaged(content, random.Random(f"{seed}-{number}")))
        signal.alarm(5)
        read += look(path) is not None
        signal.alarm(0)
        if number % 50 == 0:
            path.write_bytes(content)
            again = look(path)
            assert again is not None
            assert again == whole, "a damaged file has changed how a sound one reads"
    peak = most_memory()
    files = len(list(Path("/proc/self/fd").iterdir()))
    sys.stdout.write(f"{read} {cases - read} {peak} {files}\n")


def most_memory() -> int:
    """MB that this process took at most; ru_maxrss would count what its parent took before."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) >> 10


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
