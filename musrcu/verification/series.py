"""Verifying many components, shared among processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from musrcu.models.registry import Component
from musrcu.verification.truth import precise
from musrcu.verification.verify import Verification, merge, verify

PARTS = 8
"""Pieces into which the sets of one component are cut where processes share them."""


def verify_all(
    wanted: Sequence[Component],
    sets: Mapping[str, int | None],
    seed: int = 1,
    jobs: int = 1,
) -> list[Verification]:
    """The certificate of every component in turn; ``sets`` by name, None for the full number."""
    from tqdm import tqdm

    precise()
    pieces = 1 if jobs == 1 else PARTS
    work = [(one, sets[one.key], seed, (k, pieces)) for one in wanted for k in range(pieces)]
    bar = tqdm(total=len(work), desc="verifying", disable=None, leave=False, delay=2)
    parts: dict[str, list[Verification]] = {one.key: [] for one in wanted}
    with bar:
        if jobs == 1:
            for item in work:
                parts[item[0].key].append(verify(*item))
                bar.update()
        else:
            from concurrent.futures import ProcessPoolExecutor

            with ProcessPoolExecutor(jobs) as pool:
                for found in pool.map(_piece, work):
                    parts[found.key].append(found)
                    bar.update()
    return [merge(parts[one.key]) for one in wanted]


def _piece(item: tuple[Component, int | None, int, tuple[int, int]]) -> Verification:
    return verify(*item)
