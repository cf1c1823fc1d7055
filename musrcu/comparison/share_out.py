"""Work shared out to any executor, its results in order, the same whatever does the work."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np

from musrcu.containers.numbers import is_whole
from musrcu.errors import FitError, quoted

Job = TypeVar("Job")
Done = TypeVar("Done")
Seeds = Sequence[np.random.SeedSequence]

CHUNK = 10
"""Replicas that one piece of work holds: what is common to them is sent and prepared once."""


def seed_of(seed: int | None) -> int:
    """A seed that is given, else one from the operating system, to be reported.

    Raises
    ------
    FitError if it is no whole number of 0 or above.
    """
    if seed is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if not is_whole(seed) or seed < 0:
        raise FitError(f"seed = {quoted(seed)}; expected a whole number, 0 or above")
    return int(seed)


def check_number(name: str, value: object, least: int) -> int:
    """A whole number of at least ``least``.

    Raises
    ------
    FitError if it is none.
    """
    if not is_whole(value) or int(value) < least:  # type: ignore[call-overload]
        raise FitError(f"{name} = {quoted(value)}; expected a whole number, {least} or above")
    return int(value)  # type: ignore[call-overload, no-any-return]


def shared_out(
    executor: Any,
    function: Callable[[Job, Seeds], Sequence[Done]],
    job: Job,
    seeds: Seeds,
    *,
    progress: bool = False,
    label: str = "replicas",
) -> Iterator[Done]:
    """What ``function(job, some of the seeds)`` returns for each seed, in the order of the seeds.

    Parameters
    ----------
    executor : anything with ``.submit`` (threads, processes, a Dask client) or else ``.map``; None
        is this process.
    function : done for some seeds at a time; its results depend on nothing else.
    job : what it needs; sent once for each chunk of seeds.
    seeds : one for each result.
    progress : show a bar where standard error is a terminal.
    label : what the bar calls them.

    Raises
    ------
    FitError if the executor has neither method.

    Work that has not begun when the iteration ends, by an interrupt or because nobody asks for
    more, is cancelled.
    """
    chunks = [seeds[first : first + CHUNK] for first in range(0, len(seeds), CHUNK)]
    begun = _chunks(executor, partial(function, job), chunks)
    bar: Any = None
    if progress:
        from tqdm import tqdm

        bar = tqdm(total=len(seeds), desc=label, disable=None, leave=False, delay=1)
    try:
        for results in begun:
            yield from results
            if bar is not None:
                bar.update(len(results))
    finally:
        begun.close()
        if bar is not None:
            bar.close()


def _chunks(
    executor: Any, work: Callable[[Seeds], Sequence[Done]], chunks: list[Seeds]
) -> Generator[Sequence[Done]]:
    if executor is None:
        yield from map(work, chunks)
    elif hasattr(executor, "submit"):
        waiting = [executor.submit(work, chunk) for chunk in chunks]
        try:
            for one in waiting:
                yield one.result()
        finally:
            for one in waiting:
                one.cancel()
    elif hasattr(executor, "map"):
        yield from executor.map(work, chunks)
    else:
        raise FitError(
            f"executor = {quoted(executor)}; expected an object with .submit or .map, such as a "
            "process pool"
        )
