"""The peak list: a line on the flank of another is in it, what is no line is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from asymmetries import thrown

from musrcu import Counts, Reduction, fourier, periodogram, read, reduce
from musrcu.errors import FitError
from musrcu.reduction.rebin import rebin
from musrcu.reduction.recipe import grouped_counts


def counts(path: Path, packing: int, geometry: str | None = None) -> Counts:
    recipe = Reduction(packing=packing, geometry=geometry)  # type: ignore[arg-type]
    return rebin(grouped_counts(read(path), recipe), packing=packing)


@pytest.mark.parametrize("run", [3111, 3112, 3113, 3114])
def test_the_field_outside_beside_the_broad_line_of_a_vortex_lattice(real: Path, run: int) -> None:
    """The applied field is 150 G; the line of the sample is broader and lower."""
    path = real / f"psi-bin/deltat_pta_gps_{run}.bin"
    found = fourier(reduce(read(path), Reduction(geometry="transverse")), nu_range=(0.3, 6))
    broad, narrow = found.peaks
    assert 100 < broad.field < 120
    assert abs(narrow.field - 148) < 5
    assert narrow.significance > 20
    assert narrow.width < 0.6 * broad.width
    if run == 3111:
        of_counts = fourier(counts(path, 16, "transverse"), group="forward", nu_range=(0.3, 6))
        assert [abs(peak.field - 148) < 6 for peak in of_counts.peaks] == [False, True]


@pytest.mark.parametrize("shape", ["exponential", "gaussian"])
def test_a_narrow_line_on_the_flank_of_a_broad_one(shape: str) -> None:
    def truth(t: np.ndarray) -> np.ndarray:
        damping = np.exp(-3.0 * t) if shape == "exponential" else np.exp(-((3.5 * t) ** 2) / 2)
        broad = 0.18 * damping * np.cos(2 * np.pi * 1.5 * t)
        return np.asarray(broad + 0.025 * np.exp(-0.3 * t) * np.cos(2 * np.pi * 2.1 * t))

    found = fourier(thrown(truth, 3e7, 6, n_bins=1600, width=0.005), nu_range=(0.3, 8))
    broad, narrow = found.peaks
    assert abs(broad.nu - 1.5) < 5 * broad.nu_error
    assert abs(narrow.nu - 2.1) < 5 * narrow.nu_error
    assert narrow.amplitude == pytest.approx(0.025 / (1 + 0.3 * 2.197), rel=0.15)


@pytest.mark.parametrize("group", ["forward", "backward"])
@pytest.mark.parametrize("detrend", ["auto", "exponential + constant", "constant"])
def test_no_peak_beyond_the_range_and_no_two_halves_of_one(
    real: Path, group: str, detrend: str
) -> None:
    data = counts(real / "psi-bin/deltat_pta_gpd_0423.bin", 8)
    found = fourier(data, group=group, detrend=detrend)
    low, high = found.searched
    assert all(low <= peak.nu <= high for peak in found.peaks)
    assert all(peak.amplitude < 0.3 and peak.chance < 0.01 for peak in found.peaks)
    places = sorted(peak.nu for peak in found.peaks)
    assert np.diff(places).min() > found.resolution
    assert abs(places[0] - 97.85 * 0.01355388) < 0.01


def test_the_line_of_the_accelerator_is_named(real: Path) -> None:
    path = real / "psi-bin/deltat_pta_gpd_0423.bin"
    muon, other = fourier(reduce(read(path))).peaks
    assert muon.origin == ""
    assert abs(other.nu - 50.633) < 0.03
    assert str(other).endswith("the accelerator's 50.63 MHz")
    folded = fourier(counts(path, 8), group="backward", phase="auto")
    assert [peak.origin for peak in folded.peaks] == ["", "the accelerator's 50.63 MHz, folded"]
    assert folded.phase == folded.peaks[0].phase
    assert folded.to_dict()["peaks"][1]["origin"] == folded.peaks[1].origin


def test_a_range_above_all_bins_is_refused_before_the_work(real: Path) -> None:
    data = reduce(read(real / "psi-bin/deltat_pta_gps_3111.bin"), Reduction(geometry="transverse"))
    for taker in (fourier, periodogram):
        with pytest.raises(FitError, match="up to 800 MHz; these are the bins of the file"):
            taker(data, nu_range=(1000, 2000))
