"""Processes that share work, and end with the one that shares it out."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor


@contextmanager
def processes(
    jobs: int, begin: Callable[..., object] | None = None, arguments: tuple[Any, ...] = ()
) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes in which an interrupt leaves nothing behind.

    Parameters
    ----------
    jobs : how many.
    begin, arguments : what each of them does first.
    """
    from concurrent.futures import ProcessPoolExecutor

    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(jobs, initializer=_begin, initargs=(begin, arguments))
    try:
        yield pool
    finally:
        # Nobody waits for what they still compute: all is done, or it was interrupted.
        for child in set(multiprocessing.active_children()) - others:
            child.kill()
        pool.shutdown(cancel_futures=True)


def _begin(begin: Callable[..., object] | None, arguments: tuple[Any, ...]) -> None:
    """What a process begins with: an interrupt is for the one that shares out the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if begin is not None:
        begin(*arguments)
