"""GPS 3111 to 3114: a vortex state in 150 G, three Gaussian lines in one joint fit."""

from __future__ import annotations

from pathlib import Path

import pytest

import musrcu as mu

MODEL = "gaussian_cosine + gaussian_cosine + gaussian_cosine"


@pytest.mark.parametrize(("packing", "largest"), [(20, 1.2), (1, 1.02)])
def test_vortex_state_of_four_runs(real: Path, packing: int, largest: float) -> None:
    recipe = mu.Reduction(geometry="transverse", packing=packing)
    runs = [mu.read(real / f"psi-bin/deltat_pta_gps_{number}.bin") for number in range(3111, 3115)]
    data = [mu.reduce(run, recipe) for run in runs]
    found = mu.joint_fit(
        data,
        MODEL,
        shared=("alpha", "A1", "A2", "A3", "phi1", "nu3", "sigma3"),
        ties={"phi2": "phi1", "phi3": "phi1"},
        limits={"sigma3": (0.0, 1.0)},
    )
    assert found.valid, found.reason
    assert found.chi2 is not None
    assert found.chi2 / found.ndof < largest
    for run in found.runs:
        assert run.chi2 is not None
        assert run.chi2 / run.ndof < largest
        assert run["phi3"].value == run["phi1"].value == found["phi1"].value
    # 150 G outside the superconductor: the background line is near its field, 2.03 MHz
    assert found["nu3"].value == pytest.approx(mu.nu_from_field(150.0), rel=0.05)
    amplitudes = sum(found[name].value or 0.0 for name in ("A1", "A2", "A3"))
    assert 0.15 < amplitudes < 0.25
    # the lines of the sample narrow as the temperature rises
    narrow = min(("1", "2"), key=lambda k: found.local(f"sigma{k}")[0].mean())
    widths, fields = found.local(f"sigma{narrow}")[0], found.local(f"nu{narrow}")[0]
    assert widths[3] < widths[0]
    assert (fields < found["nu3"].value).all()
    assert (fields[1:] > fields[:-1]).all()
