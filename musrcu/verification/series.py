"""Verifying many components, shared among processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from musrcu.models.functions_file import functions_files, load_all
from musrcu.models.registry import Component
from musrcu.processes import processes
from musrcu.verification.truth import precise
from musrcu.verification.verify import Verification, merge, verify

PARTS = 8
"""Pieces into which the sets of one component are cut, for several processes and for the bar."""
_Work = tuple[Component, int | None, int, tuple[int, int]]


def verify_all(
    wanted: Sequence[Component],
    sets: Mapping[str, int | None],
    seed: int = 1,
    jobs: int = 1,
) -> list[Verification]:
    """The certificate of every component in turn; ``sets`` by name, None for the full number."""
    return list(verify_each(wanted, sets, seed, jobs))


def verify_each(
    wanted: Sequence[Component],
    sets: Mapping[str, int | None],
    seed: int = 1,
    jobs: int = 1,
) -> Iterator[Verification]:
    """As :func:`verify_all`, one after the other as soon as each is done.

    Raises
    ------
    ModelError, before any work, if mpmath is not installed.
    """
    from tqdm import tqdm

    precise()
    work: list[_Work] = [
        (one, sets[one.key], seed, (k, PARTS)) for one in wanted for k in range(PARTS)
    ]
    parts: list[Verification] = []
    bar = tqdm(total=len(work), desc="verifying", disable=None, leave=False, delay=2)
    with bar:
        for found in _pieces(work, jobs):
            parts.append(found)
            bar.set_postfix_str(found.key, refresh=False)
            bar.update()
            if len(parts) == PARTS:
                bar.clear()
                yield merge(parts)
                parts = []


def _pieces(work: Sequence[_Work], jobs: int) -> Iterator[Verification]:
    """Every piece in turn, computed ahead where there are several processes."""
    if jobs == 1:
        yield from map(_piece, work)
        return
    with processes(jobs, load_all, (functions_files(),)) as pool:
        yield from pool.map(_piece, work)


def _piece(item: Any) -> Verification:
    return verify(*item)
