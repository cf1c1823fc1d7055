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


@pytest.mark.parametrize(
    ("number", "apart", "tied"), [(3111, 2276.0, 2282.3), (3114, 2387.3, 2417.5)]
)
def test_two_detectors_need_no_start_values(
    real: Path, number: int, apart: float, tied: float
) -> None:
    """Not above what start values from a fit of the pair lead to; alone, each detector takes its
    level and its decay for a slow line."""
    run = mu.read(real / f"psi-bin/deltat_pta_gps_{number}.bin")
    pair = mu.reduce_histograms(run, mu.Reduction(packing=8), "3,4")
    model = "gaussian_cosine + damped_cosine"
    free = mu.joint_fit(pair, model)
    assert free.valid, free.reason
    assert free.chi2 is not None
    assert free.chi2 < apart
    held = mu.joint_fit(pair, model, local=("phi1",), ties={"phi2": "phi1"})
    assert held.valid, held.reason
    assert held.chi2 is not None
    assert free.chi2 < held.chi2 < tied
    assert held["nu1"].value == pytest.approx(mu.nu_from_field(150.0), rel=0.05)


def test_where_the_packing_comes_from(real: Path) -> None:
    run = mu.read(real / "psi-bin" / "deltat_tdc_gps_0432.bin")
    free, given = (
        mu.reduce_histograms(run)[0],
        mu.reduce_histograms(run, mu.Reduction(packing=8))[0],
    )
    for one, origin in ((free, "counts"), (given, "given")):
        step = one.history.find("rebin")
        assert step is not None
        assert step.options["packing_from"] == origin
