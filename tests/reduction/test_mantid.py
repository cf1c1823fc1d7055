"""An asymmetry curve that Mantid computed from a real file, bin by bin."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import real_data

from musrcu.errors import ReductionError
from musrcu.readers.registry import read
from musrcu.reduction.asymmetry import form_asymmetry
from musrcu.reduction.grouping import group

FOLDER = real_data()
REFERENCES = (
    json.loads((FOLDER / "mantid_asymmetry_refs.json").read_text())["references"] if FOLDER else []
)


@pytest.mark.parametrize("number", range(len(REFERENCES)) or [0])
def test_a_curve_of_mantid(real: Path, number: int) -> None:
    expected = REFERENCES[number]
    counts = group(
        read(real / expected["data_file"]),
        forward=expected["forward"].removeprefix("spectra "),
        backward=expected["backward"].removeprefix("spectra "),
        period=expected["period"],
        first_good=1,
    )
    found = form_asymmetry(counts, alpha=expected["alpha"], errors="mantid")
    time = np.array(expected["time_us"])
    place = np.searchsorted(found.time, time - 0.5 * counts.bin_width)
    # the times of Mantid are those of the file, in single precision
    np.testing.assert_allclose(found.time[place], time, rtol=2e-7, atol=1e-7)
    np.testing.assert_allclose(found.value[place], expected["asymmetry"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.error[place], expected["error"], rtol=0, atol=1e-6)
    assert np.all(np.diff(place) == 1)
    assert time.size > 500
    assert "formula of Mantid" in found.history[-1].note


def test_only_two_formulas_are_known(real: Path) -> None:
    counts = group(read(real / "psi-bin/deltat_pta_gps_4255.bin"))
    with pytest.raises(ReductionError, match="errors = 'exact'; expected 'poisson' or 'mantid'"):
        form_asymmetry(counts, errors="exact")
    poisson, mantid = form_asymmetry(counts), form_asymmetry(counts, errors="mantid")
    np.testing.assert_array_equal(poisson.value, mantid.value)
    # counts before background: sqrt((1 + A^2) / (1 - A^2)) up to the background subtracted
    good = np.isfinite(poisson.value) & (poisson.time < 2)
    a = poisson.value[good]
    ratio = mantid.error[good] / poisson.error[good]
    np.testing.assert_allclose(np.median(ratio / np.sqrt((1 + a**2) / (1 - a**2))), 1, atol=0.01)
