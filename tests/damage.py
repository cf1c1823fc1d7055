"""Damage to files, and what reading a damaged file may come to: a Run or a ReadError."""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from musrcu.analysis.check import check_run
from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.readers.registry import read

SECONDS = 5.0
"""Processor time; no file of the size of a test file may take longer to read or to refuse."""
ROOM = 20 << 20
"""Bytes that reading a small file may take besides its counts."""

Reader = Callable[[Path], Run]
Spots = Sequence[tuple[int, int]]
"""First byte and end of the stretches of a file that decide how the rest is read."""


def attempt(
    path: Path,
    room: int = ROOM,
    *,
    copies: int = 0,
    reader: Reader = read,
    seconds: float = SECONDS,
) -> Run | None:
    """The run in a damaged file, or None for a ReadError; anything else fails the test.

    Parameters
    ----------
    room : bytes that reading may take at most, where memory is traced.
    copies : how many times it may take the bytes of the counts besides.
    """
    found = outcome(path, room, copies=copies, reader=reader, seconds=seconds)
    return found if isinstance(found, Run) else None


def outcome(
    path: Path,
    room: int = ROOM,
    *,
    copies: int = 0,
    reader: Reader = read,
    seconds: float = SECONDS,
) -> Run | str:
    """As :func:`attempt`, but the text of the ReadError instead of None."""
    start = time.process_time()
    if tracemalloc.is_tracing():
        tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    found: Run | str
    try:
        found = reader(path)
        room += copies * found.counts.nbytes
        parts = looked_at(found.header, path), looked_at(found.logs, path)
    except ReadError as error:
        check_sentence(error, path)
        found = str(error)
    taken = tracemalloc.get_traced_memory()[1] - before
    assert taken < room, f"took {taken} bytes, expected under {room}"
    took = time.process_time() - start
    assert took < seconds, f"took {took:.1f} s, expected under {seconds} s"
    if isinstance(found, Run):
        with untraced():
            check_usable(found, *parts, thorough=is_checked(path))
    return found


@contextmanager
def untraced() -> Iterator[None]:
    """Memory is not traced within, which makes what is looked at afterwards six times faster."""
    traced = tracemalloc.is_tracing()
    tracemalloc.stop()
    try:
        yield
    finally:
        if traced:
            tracemalloc.start()


def is_checked(path: Path) -> bool:
    """Whether a run is checked too, which fits t0 and takes longer than all else.

    One in six, by its bytes: the same ones whatever is tested before or beside it.
    """
    return bool(os.environ.get("MUSRCU_ALL_SAMPLES")) or crc32(path.read_bytes()) % 6 == 0


def check_sentence(error: ReadError, path: Path) -> None:
    """The text of a refusal names the file and is one line."""
    text = str(error)
    assert path.name in text, f"does not name the file: {text}"
    assert "\n" not in text, f"more than one line: {text!r}"


def check_usable(
    run: Run, header: Mapping[str, Any], logs: Mapping[str, Any], *, thorough: bool
) -> None:
    """Whoever gets the run, its header and logs can print, look through and check them."""
    assert str(run)
    assert run.counts.min() >= 0
    assert np.isfinite(run.bin_width) and run.bin_width > 0
    assert np.isfinite(run.t0).all(), f"t0 is {run.t0}"
    assert run.number is None or isinstance(run.number, int)
    for value in (run.temperature.value, run.temperature.error, run.field):
        assert value is None or np.isfinite(value), f"temperature or field is {value}"
    for name in ("title", "sample", "comment", "orientation", "instrument", "start", "stop"):
        text = getattr(run, name)
        assert text is None or isinstance(text, str), f"{name} is {text!r}"
    assert run.duration is None or run.duration >= 0
    for log in logs.values():
        assert np.isfinite(log.values).all() and np.isfinite(log.seconds).all()
        log.during(0.0, run.duration)
    assert all(isinstance(name, str) for name in header)
    for sentence in (*run.warnings, *(check_run(run) if thorough else ())):
        assert isinstance(sentence, str) and sentence
        assert "\n" not in sentence, f"more than one line: {sentence!r}"


def looked_at(part: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Header or logs; empty where a ReadError says why they cannot be read."""
    try:
        return dict(part)
    except ReadError as error:
        check_sentence(error, path)
        return {}


# Damage -----------------------------------------------------------------------------------------


def damaged(
    content: bytes, random: np.random.Generator, spots: Spots = (), others: Sequence[bytes] = ()
) -> tuple[bytes, str]:
    """The content after one to four kinds of damage, and their names.

    Parameters
    ----------
    spots : where three of four blows fall.
    others : contents of other files, of which blocks are put into this one.
    """
    names = []
    changed = bytearray(content)
    for _ in range(int(random.choice([1, 1, 1, 2, 4]))):
        name = str(random.choice(NAMES))
        place = _place(random, len(changed), spots)
        if len(changed) > 1:
            BLOWS[name](changed, place, random, others or (content,))
        names.append(f"{name} at byte {place}")
    return bytes(changed), ", ".join(names)


def _place(random: np.random.Generator, size: int, spots: Spots) -> int:
    inside = [(start, min(stop, size)) for start, stop in spots if start < min(stop, size)]
    if not inside or random.random() < 0.25:
        return int(random.integers(max(size, 1)))
    start, stop = inside[int(random.integers(len(inside)))]
    return int(random.integers(start, stop))


Blow = Callable[[bytearray, int, np.random.Generator, Sequence[bytes]], None]


def _flip_bit(content: bytearray, place: int, random: np.random.Generator, _: object) -> None:
    content[place] ^= 1 << int(random.integers(8))


def _other_bytes(content: bytearray, place: int, random: np.random.Generator, _: object) -> None:
    n = min(int(random.integers(1, 9)), len(content) - place)
    content[place : place + n] = random.bytes(n)


def _extreme(content: bytearray, place: int, random: np.random.Generator, _: object) -> None:
    """A word of 1 to 8 bytes becomes 0, all ones, or the largest or smallest of its sign."""
    width = int(random.choice([1, 2, 4, 4, 8]))
    place -= place % width if random.random() < 0.5 else 0
    ones = b"\xff" * (width - 1)
    words = [bytes(width), ones + b"\xff", ones + b"\x7f", b"\x7f" + ones]
    words += [bytes(width - 1) + b"\x80", b"\x80" + bytes(width - 1), b"\1" + bytes(width - 1)]
    word = words[int(random.integers(len(words)))]
    end = min(place + width, len(content))
    content[place:end] = word[: end - place]


def _nearby(content: bytearray, place: int, random: np.random.Generator, _: object) -> None:
    content[place] = (content[place] + int(random.choice([-2, -1, 1, 2]))) % 256


def _length(random: np.random.Generator, size: int) -> int:
    return min(int(2 ** random.uniform(0, 12)), size)


def _repeat(content: bytearray, place: int, random: np.random.Generator, _: object) -> None:
    block = content[place : place + _length(random, len(content))]
    content[place:place] = block * int(random.choice([1, 1, 2, 30]))


def _leave_out(content: bytearray, place: int, random: np.random.Generator, _: object) -> None:
    del content[place : place + _length(random, len(content) - 1)]


def _blank(content: bytearray, place: int, random: np.random.Generator, _: object) -> None:
    n = min(_length(random, len(content)), len(content) - place)
    content[place : place + n] = bytes([int(random.choice([0, 32, 255]))]) * n


def _move(content: bytearray, place: int, random: np.random.Generator, _: object) -> None:
    """A block of the file is written over another place of it."""
    n = _length(random, len(content) - place)
    start = int(random.integers(len(content)))
    block = content[start : start + n]
    content[place : place + len(block)] = block


def _graft(
    content: bytearray, place: int, random: np.random.Generator, others: Sequence[bytes]
) -> None:
    """A block of another file, from the same place or any other, is written over this one."""
    other = others[int(random.integers(len(others)))]
    start = place if random.random() < 0.5 else int(random.integers(len(other)))
    block = other[start : start + _length(random, len(content))]
    content[place : place + len(block)] = block


WORDS = (b"nan", b"-1", b"1e999", b"-inf", b"0", b"99999999999999999999", b"\xff\xfe", b"\n", b"")


def _retype(content: bytearray, place: int, random: np.random.Generator, _: object) -> None:
    """A number that is written in letters becomes another one, if there is one nearby."""
    while place < len(content) and content[place] not in b"0123456789":
        place += 1
    end = place
    while end < len(content) and content[end] in b"0123456789.":
        end += 1
    word = WORDS[int(random.integers(len(WORDS)))]
    if end > place and random.random() < 0.7:  # of the same length, so that nothing moves
        word = word[: end - place].ljust(end - place)
    content[place:end] = word


def _cut(content: bytearray, place: int, random: np.random.Generator, _: object) -> None:
    del content[max(place, 1) :]


BLOWS: dict[str, Blow] = {
    "flip a bit": _flip_bit,
    "other bytes": _other_bytes,
    "extreme word": _extreme,
    "off by one": _nearby,
    "repeat a block": _repeat,
    "leave a block out": _leave_out,
    "blank a block": _blank,
    "move a block": _move,
    "graft a block": _graft,
    "retype a number": _retype,
    "cut": _cut,
}
NAMES = (*BLOWS, "flip a bit", "extreme word", "extreme word", "off by one")
