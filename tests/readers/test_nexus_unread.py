"""Second banks of detectors and second entries of a NeXus file: not read, and that is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from nexus_tree import (
    COUNTS,
    DETECTOR,
    ENTRY,
    HISTOGRAMS,
    ROWS,
    RUN,
    small_counts,
    small_old_tree,
    small_tree,
    write_tree,
)

from musrcu.readers.registry import read

OTHER = np.ones((1, 3, 20), np.int32)


@pytest.mark.parametrize(
    "places",
    [
        [f"{ENTRY}/instrument/detector_2"],
        [f"{ENTRY}/instrument/detector_back"],
        [f"{ENTRY}/detector_1"],
        [f"{ENTRY}/detector_1", f"{ENTRY}/detector_2"],
        [f"{ENTRY}/histogram_data_1"],
    ],
)
def test_a_second_bank_is_named(tmp_path: Path, places: list[str]) -> None:
    run = read(write_tree(tmp_path, {f"{place}/counts": OTHER for place in places}))
    assert np.array_equal(run.counts, small_counts())
    listed = ", ".join(f"/{place}" for place in places)
    assert run.warnings == (f"the counts in {listed} are not read, only those in /{DETECTOR}",)


def test_a_second_bank_of_version_1(tmp_path: Path) -> None:
    at = {f"{RUN}/histogram_data_2/counts": OTHER, f"{RUN}/histogram_data_3/counts": OTHER}
    run = read(write_tree(tmp_path, at, small_old_tree()))
    assert run.warnings == (
        f"the counts in /{RUN}/histogram_data_2, /{RUN}/histogram_data_3 are not read, only those "
        f"in /{HISTOGRAMS}",
    )


def test_many_banks_are_one_short_sentence(tmp_path: Path) -> None:
    at = {f"{ENTRY}/instrument/detector_{k}/counts": OTHER for k in range(2, 60)}
    (warning,) = read(write_tree(tmp_path, at)).warnings
    assert "and 55 more are not read" in warning and len(warning) < 300


@pytest.mark.parametrize("where", [f"{ENTRY}/detector_1", f"{ENTRY}/instrument/detector_2"])
@pytest.mark.parametrize("what", [DETECTOR, COUNTS])
@pytest.mark.parametrize("soft", [False, True])
def test_another_name_is_no_second_bank(tmp_path: Path, where: str, what: str, soft: bool) -> None:
    """ISIS links its detector groups into the entry."""
    path = write_tree(tmp_path)
    name = where if what == DETECTOR else f"{where}/counts"
    with h5py.File(path, "r+") as file:
        file[name] = h5py.SoftLink(f"/{what}") if soft else file[what]
    assert read(path).warnings == ()


def test_a_second_entry_is_named(tmp_path: Path) -> None:
    second: dict[str, Any] = {
        place.replace(ENTRY, "raw_data_2"): value for place, value in small_tree().items()
    }
    run = read(write_tree(tmp_path, second))
    assert np.array_equal(run.counts, small_counts())
    assert run.warnings == (
        f"the file holds a second muon entry, /raw_data_2, which is not read; /{ENTRY} is",
    )
    both = read(write_tree(tmp_path, small_old_tree()))
    assert both.format == "isis-nexus-v2"
    assert both.warnings == (
        f"the file holds a second muon entry, /{RUN}, which is not read; /{ENTRY} is",
    )


def test_other_entries_are_none_of_it(tmp_path: Path) -> None:
    others = {
        "other@NX_class": "NXentry",
        "other/definition": "NXarchive",
        "odd@NX_class": "NXentry",
        "odd/definition": 7,
        "damaged@NX_class": "NXentry",
        "damaged/definition": h5py.ExternalLink("/etc/hosts", "/"),
    }
    path = write_tree(tmp_path, others)
    with h5py.File(path, "r+") as file:
        file["entry"] = file[ENTRY]
        file["soft"] = h5py.SoftLink(f"/{ENTRY}")
    assert read(path).warnings == ()


@pytest.mark.parametrize("counts", [np.zeros(3), "none", h5py.SoftLink("nowhere")])
def test_odd_banks(tmp_path: Path, counts: Any) -> None:
    run = read(write_tree(tmp_path, {f"{ENTRY}/instrument/detector_2/counts": counts}))
    assert np.array_equal(run.counts, small_counts())
    assert len(run.warnings) == (0 if isinstance(counts, h5py.SoftLink) else 1)


def test_rows_of_version_1_under_two_names(tmp_path: Path) -> None:
    path = write_tree(tmp_path, None, small_old_tree())
    with h5py.File(path, "r+") as file:
        file[f"{RUN}/histogram_data_2/counts"] = file[ROWS]
    assert read(path).warnings == ()
