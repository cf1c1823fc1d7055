"""What another package can add: two files on the path, no change in musrcu."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import musrcu
from musrcu.readers import registry

Install = Callable[[str, str, str], None]

FORMAT_MODULE = """
import numpy as np
from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.readers.registry import Format


def read_counts(path):
    lines = path.read_text().splitlines()
    if len(lines) < 3:
        raise ReadError(f"{path} has {len(lines)} lines, expected a title and two detectors")
    counts = np.array([[int(word) for word in line.split()] for line in lines[1:]])
    n = len(counts)
    return Run(
        counts=counts[np.newaxis], bin_width=0.016, t0=np.zeros(n),
        first_good=np.zeros(n, int), last_good=np.full(n, counts.shape[1] - 1),
        labels=("",) * n, source="pulsed", title=lines[0].removeprefix("COUNTS "),
    )


FORMAT = Format("counts-text", "Counts as text", lambda head, path: head[:6] == b"COUNTS",
                read_counts)
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a distribution of one module on the path, with one entry point of a group.

    ``install(code, group, entry)`` writes the module ``musrcu_extra`` and its metadata, as an
    installer would, but without one. What musrcu remembers of entry points is forgotten before
    and after.
    """
    caches = [registry.formats]

    def put(code: str, group: str, entry: str) -> None:
        site = tmp_path / "site"
        metadata = site / "musrcu_extra-1.0.dist-info"
        metadata.mkdir(parents=True)
        (site / "musrcu_extra.py").write_text(code)
        (metadata / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: musrcu-extra\nVersion: 1.0\n"
        )
        (metadata / "entry_points.txt").write_text(f"[{group}]\n{entry}\n")
        monkeypatch.syspath_prepend(site)
        importlib.invalidate_caches()
        for cache in caches:
            cache.cache_clear()

    yield put
    monkeypatch.undo()
    monkeypatch.delitem(sys.modules, "musrcu_extra", raising=False)
    for cache in caches:
        cache.cache_clear()


def test_other_package_adds_a_format(install: Install, tmp_path: Path) -> None:
    path = tmp_path / "run.txt"
    path.write_text("COUNTS a run of two detectors\n1 2 3 4\n5 6 7 8\n")
    with pytest.raises(musrcu.ReadError, match="which no reader knows"):
        musrcu.read(path)

    install(FORMAT_MODULE, registry.ENTRY_POINT_GROUP, "counts = musrcu_extra:FORMAT")

    assert "counts-text" in [known.name for known in registry.formats()]
    run = musrcu.read(path)
    np.testing.assert_array_equal(run.counts, [[[1, 2, 3, 4], [5, 6, 7, 8]]])
    assert (run.format, run.title, run.path) == ("counts-text", "a run of two detectors", path)
    path.write_text("COUNTS cut\n")
    with pytest.raises(musrcu.ReadError, match="has 1 lines, expected"):
        musrcu.read(path)
