"""A field of the header in which no line was found along the spin may lie across it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import musrcu as mu


@pytest.fixture(scope="module")
def run(real: Path) -> mu.Run:
    """GPS 3111, 150 G across the spin: 0.01355388 MHz/G times 150 G is 2.03 MHz."""
    return mu.read(real / "psi-bin" / "deltat_pta_gps_3111.bin")


def notes(run: mu.Run, model: str = "damped_cosine", **options: Any) -> list[str]:
    data = mu.reduce_counts(run, mu.Reduction(packing=16, **options))
    found = mu.fit(data, model, alternatives=False).notes
    return [note for note in found if "geometry='transverse'" in note]


def test_the_pair_along_the_spin_is_doubted_in_a_transverse_field(run: mu.Run) -> None:
    (note,) = notes(run)
    assert "names 150 G, in which a muon precesses with 2.03 MHz" in note


def test_no_doubt_where_there_is_no_reason(run: mu.Run) -> None:
    assert notes(run, geometry="transverse") == []
    assert notes(run, forward="Forw", backward="Back") == []
    assert notes(run, "exponential") == []
    assert notes(run.replace(field=None)) == []
    assert notes(run.replace(field=0.5)) == []


def test_groups_of_a_file_are_no_obstacle(run: mu.Run) -> None:
    assert len(notes(run.replace(grouping=np.array([1, 2, 0, 0, 0])))) == 1
