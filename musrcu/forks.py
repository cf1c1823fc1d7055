"""Work shared out among copies of this process, which begin at once and know all it knows."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Done = dict[int, tuple[Any, list[warnings.WarningMessage]]]
"""By its number, the result of an item, and the warnings on the way."""

BATCH = 64
"""Items for each process between two forks: what is done is known after each batch."""
LARGEST = 8192
"""Items of a batch: so many numbers surely go into a pipe that nobody reads yet."""
_INDEX = 4
"""Bytes of the number of an item."""


def can_fork() -> bool:
    """Whether this system makes copies of a process that are quick and safe."""
    return sys.platform == "linux"


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Forks:
    """An executor whose ``map`` works with this process and ``jobs - 1`` copies of it.

    Results, warnings and errors come in the order of the items, whatever the number of processes.
    A copy that dies before it answers leaves its items to this process.
    """

    jobs: int

    def map(self, work: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        """``work`` of each item, in their order."""
        waiting = iter(items)
        while batch := list(islice(waiting, min(BATCH * self.jobs, LARGEST))):
            yield from _batch(work, batch, min(self.jobs, len(batch)))


def _batch(
    work: Callable[[_Item], _Result], items: Sequence[_Item], jobs: int
) -> Iterator[_Result]:
    queue = _queue(len(items))
    copies: list[tuple[BaseProcess, Connection]] = []
    try:
        with suppress(BlockingIOError):  # the system allows no more processes
            for _ in range(jobs - 1):
                copies.append(_copy(work, items, queue))
        done = _taken(work, items, queue)
        for _, answers in copies:
            with suppress(EOFError):  # it died
                done |= answers.recv()
    finally:
        os.close(queue)
        for process, answers in copies:  # done, or nobody waits for it any more
            process.kill()
            process.join()
            answers.close()
    for k, item in enumerate(items):
        result, doubts = done[k] if k in done else _one(work, item)
        for one in doubts:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        yield result


def _queue(n: int) -> int:
    """A pipe that holds the numbers of the items, of which each reader takes the next."""
    queue, end = os.pipe()
    os.write(end, b"".join(k.to_bytes(_INDEX, "little") for k in range(n)))
    os.close(end)
    return queue


def _copy(
    work: Callable[[Any], Any], items: Sequence[Any], queue: int
) -> tuple[BaseProcess, Connection]:
    """A copy of this process at work, and where its results will be read."""
    import multiprocessing

    context = multiprocessing.get_context("fork")
    answers, end = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(work, items, queue, end), daemon=True)
    process.start()
    end.close()
    return process, answers


def _answer(work: Callable[[Any], Any], items: Sequence[Any], queue: int, end: Connection) -> None:
    """What a copy does. An interrupt is for the one that shares out the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for stop in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.SIG_DFL)
    with suppress(BrokenPipeError):
        end.send(_taken(work, items, queue))


def _taken(work: Callable[[Any], Any], items: Sequence[Any], queue: int) -> _Done:
    """Items taken from the queue until there are none, done."""
    done: _Done = {}
    while number := os.read(queue, _INDEX):
        k = int.from_bytes(number, "little")
        done[k] = _one(work, items[k])
    return done


def _one(
    work: Callable[[_Item], _Result], item: _Item
) -> tuple[_Result, list[warnings.WarningMessage]]:
    """One item done, its warnings kept for later."""
    with warnings.catch_warnings(record=True) as caught:
        result = work(item)
    return result, caught
