"""Fits of real files against what other programs published on the same files.

Their conventions (studied on its source and by running it): alpha is the inverse of ours, the
background is a mean over whole accelerator periods counted in packed bins, t0 and first bins stand
in the fit file. Every option is given here as that file has it, so that only the fit is compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from published import parameters, published, reduced

from musrcu.calibration.calibrate import calibrate
from musrcu.constants import GAMMA_MU_OVER_2PI
from musrcu.containers.asymmetry import Asymmetry
from musrcu.fitting.cost import AsymmetryCost
from musrcu.fitting.fit import fit
from musrcu.fitting.freedom import settle
from musrcu.fitting.minimise import Minimum, minimise
from musrcu.fitting.result import FitResult
from musrcu.fitting.seen import ALPHA, Formed, SeenAsymmetry
from musrcu.models import registry
from musrcu.models.parameter import Parameter
from musrcu.models.registry import component
from musrcu.readers.registry import read
from musrcu.reduction.recipe import Reduction, reduce

PAPER = "exponential + damped_cosine + constant"


@pytest.fixture
def own_components(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Components that a test registers are forgotten after it."""
    monkeypatch.setattr(registry, "_components", dict(registry.components()))
    yield


# --- GPS 4255: PBCO in zero field at 29.6 K ---------------------------------------------------


def pbco(real: Path, packing: int, *, reversed_pair: bool = False) -> FitResult:
    run = read(real / "psi-bin" / "deltat_pta_gps_4255.bin")
    recipe = Reduction(forward="2", backward="1", alpha=1 / 0.82, packing=packing)
    if reversed_pair:
        recipe = Reduction(forward="1", backward="2", alpha=0.82, packing=packing)
    return fit(reduce(run, recipe), PAPER, t_range=(0.0, 8.0))


def test_pbco_precesses_at_2_42_MHz(real: Path) -> None:
    found = {}
    for packing, most in ((1, 1.05), (30, 1.12)):
        asked = pbco(real, packing)
        assert not asked.valid
        assert "A1 exp(-lambda1 t) and A_bg are one term in this window" in asked.reason
        best = asked.best
        assert best.valid
        assert best.chi2 / best.ndof < most
        assert best["nu2"].value == pytest.approx(2.42, abs=0.01)
        assert best["nu2"].error == pytest.approx(0.01, rel=0.3)
        assert best["lambda2"].value == pytest.approx(1.3, abs=0.1)
        assert all(abs(best[n].value) < 0.35 for n in best.names if n.startswith("A"))
        # What was asked for says the same about the line.
        assert asked["nu2"].value == pytest.approx(best["nu2"].value, abs=0.003)
        found[packing] = best
    for name in ("A2", "lambda2", "nu2", "phi2"):
        fine, coarse = found[1][name], found[30][name]
        assert abs(fine.value - coarse.value) < 0.7 * fine.error
        assert coarse.error == pytest.approx(fine.error, rel=0.1)


@pytest.mark.parametrize("packing", [1, 30])
def test_pbco_with_the_pair_reversed(real: Path, packing: int) -> None:
    one, other = pbco(real, packing), pbco(real, packing, reversed_pair=True)
    for first, second in ((one, other), (one.best, other.best)):
        assert second.names == first.names
        for name in ("nu2", "lambda2"):
            assert second[name].value == pytest.approx(first[name].value, rel=1e-3)
        assert second.chi2 == pytest.approx(first.chi2, rel=1e-3)
        assert (second["phi2"].value - first["phi2"].value) % 360 == pytest.approx(180, abs=0.1)
        assert second["A2"].value == pytest.approx(first["A2"].value, rel=1e-3)


def test_pbco_begins_at_the_first_good_bin(real: Path) -> None:
    result = pbco(real, 1)
    # First good bins 5 after t0, bins of 1.25 ns.
    assert result.t_range[0] == pytest.approx(0.00625)
    assert result.t_range[1] == pytest.approx(8.0, abs=0.00125)


# --- GPD 0423: FeSe in 100 G ------------------------------------------------------------------


def test_fese_field(real: Path) -> None:
    run = read(real / "psi-bin" / "deltat_pta_gpd_0423.bin")
    held = Reduction(forward="2", backward="1", alpha=1 / 0.954734)
    result = fit(reduce(run, held), "damped_cosine", t_range=(0, 8))
    assert result.valid
    field = result["nu1"].value / GAMMA_MU_OVER_2PI
    assert field == pytest.approx(97.9, abs=0.1)
    assert result["nu1"].error / GAMMA_MU_OVER_2PI == pytest.approx(0.055, rel=0.1)
    # With alpha free, and the pair of the instrument table.
    free = calibrate(run, t_range=(0, 8))
    assert free.field == pytest.approx(97.9, abs=0.1)
    alpha = free.alpha if free.forward == "2" else 1 / free.alpha
    assert alpha == pytest.approx(1 / 0.954734, abs=0.02)
    assert free.total == pytest.approx(0.2624, abs=0.004)


# --- Published fits ---------------------------------------------------------------------------


def free_alpha(raw: Asymmetry, t_range: tuple[float, float], model: str, **words: Any) -> Minimum:
    """The minimum with the balance free, from starting values, as :func:`calibrate` finds it."""
    balanced = SeenAsymmetry(model, Formed(1.0), (ALPHA,))
    used = (raw.time >= t_range[0] - 1e-9) & (raw.time <= t_range[1] + 1e-9)
    freedom = settle(balanced, **words)
    cost = AsymmetryCost(raw.time[used], raw.value[used], raw.error[used], freedom)
    names = tuple(balanced.names[k] for k in freedom.free)
    return minimise(cost, freedom.start[freedom.free], names)


def chi2_at(
    raw: Asymmetry, t_range: tuple[float, float], model: str, values: list[float]
) -> tuple[float, int]:
    """Chi-square and points at given parameters, our alpha the last of them."""
    used = (raw.time >= t_range[0] - 1e-9) & (raw.time <= t_range[1] + 1e-9)
    freedom = settle(SeenAsymmetry(model, Formed(1.0), (ALPHA,)))
    cost = AsymmetryCost(raw.time[used], raw.value[used], raw.error[used], freedom)
    return cost(np.array(values)), cost.n_bins


def assert_as_published(value: float, error: float, other: tuple[float, float]) -> None:
    assert abs(value - other[0]) < other[1], (value, other)
    assert error == pytest.approx(other[1], rel=0.1)


def test_asy_psi_bin(real: Path) -> None:
    one = published(real, "test-asy-PSI-BIN")
    theirs = parameters(one)
    data, t_range = reduced(real, one, 1 / theirs["alpha"][0])
    result = fit(data, "damped_cosine", t_range=t_range)
    assert result.valid
    # Ours is the asymmetry with alpha in it, theirs the raw one: equal to first order.
    assert result.chi2 == pytest.approx(564.7, rel=0.002)
    assert result.ndof == 351
    field = result["nu1"].value / GAMMA_MU_OVER_2PI
    assert_as_published(field, result["nu1"].error / GAMMA_MU_OVER_2PI, theirs["field"])
    for name, other in {"A1": "asy", "phi1": "phase", "lambda1": "rate"}.items():
        assert_as_published(result[name].value, result[name].error, theirs[other])


def test_asy_psi_bin_at_the_printed_values(real: Path) -> None:
    """The number of that program without its left-over bug."""
    one = published(real, "test-asy-PSI-BIN")
    p = {name: value for name, (value, _) in parameters(one).items()}
    raw, t_range = reduced(real, one, 1.0)
    values = [p["asy"], p["rate"], p["field"] * GAMMA_MU_OVER_2PI, p["phase"], 1 / p["alpha"]]
    chi2, points = chi2_at(raw, t_range, "damped_cosine", values)
    assert points == 355
    assert chi2 == pytest.approx(564.716509340829, rel=1e-9)


def register_zf_magnet() -> None:
    """ZFMagExp of that program's BMWlibs."""

    @component(
        "f (cos(w t) - lambda_T/w sin(w t)) exp(-lambda_T t) + (1-f) exp(-lambda_L t)",
        parameters=[
            Parameter("f", "", 2 / 3, "precessing fraction", lower=0, upper=1),
            Parameter("nu", "MHz", 2.0, "frequency", lower=0.01, seeds=(0.5, 1.0, 2.0, 4.0)),
            Parameter("lambdaT", "1/us", 1.0, "transverse rate", lower=0, seeds=(0.5, 2.0)),
            Parameter("lambdaL", "1/us", 0.1, "longitudinal rate", lower=0, seeds=(0.1,)),
        ],
        reference="musrfit, libZFRelaxation, ZFMagExp",
    )
    def zf_magnet(t: Any, f: float, nu: float, lambdaT: float, lambdaL: float) -> Any:
        w = 2 * np.pi * nu
        line = np.cos(w * t) - lambdaT / w * np.sin(w * t)
        return f * line * np.exp(-lambdaT * t) + (1 - f) * np.exp(-lambdaL * t)


ZF_NAMES = {"A1": "asymmetry", "lambdaT1": "lambdaT", "lambdaL1": "lambdaL"}


@pytest.mark.usefixtures("own_components")
def test_lib_zf_relaxation_alpha_held(real: Path) -> None:
    register_zf_magnet()
    one = published(real, "test-libZFRelaxation-PSI-BIN")
    theirs = parameters(one)
    data, t_range = reduced(real, one, 1 / theirs["alpha"][0])
    result = fit(data, "zf_magnet", fixed={"f1": 0.666667}, t_range=t_range)
    assert result.valid, result.reason
    assert result.n_bins == 213
    assert result.chi2 == pytest.approx(478.1, rel=0.005)
    field = result["nu1"].value / GAMMA_MU_OVER_2PI
    assert_as_published(field, result["nu1"].error / GAMMA_MU_OVER_2PI, theirs["field"])
    for name, other in ZF_NAMES.items():
        # Errors with alpha free are larger than these.
        assert abs(result[name].value - theirs[other][0]) < theirs[other][1]
        assert result[name].error < 1.1 * theirs[other][1]


@pytest.mark.usefixtures("own_components")
def test_lib_zf_relaxation_alpha_free(real: Path) -> None:
    register_zf_magnet()
    one = published(real, "test-libZFRelaxation-PSI-BIN")
    theirs = parameters(one)
    raw, t_range = reduced(real, one, 1.0)
    start = {"A1": 0.14, "nu1": 2.3, "lambdaT1": 1.0, "lambdaL1": 0.1, "alpha": 1.2}
    found = free_alpha(raw, t_range, "zf_magnet", start=start, fixed={"f1": 0.666667})
    assert found.valid, found.reason
    assert found.covariance is not None
    errors = np.sqrt(np.diag(found.covariance))
    free = ("A1", "nu1", "lambdaT1", "lambdaL1", "alpha")
    ours = {n: (float(v), float(e)) for n, v, e in zip(free, found.x, errors, strict=True)}
    p = {name: value for name, (value, _) in theirs.items()}
    printed = [p["asymmetry"], p["precFrac"], p["field"] * GAMMA_MU_OVER_2PI, p["lambdaT"]]
    printed += [p["lambdaL"], 1 / p["alpha"]]
    at_printed, points = chi2_at(raw, t_range, "zf_magnet", printed)
    assert points == 213
    assert at_printed == pytest.approx(478.10, abs=0.006)
    assert at_printed - 2 < found.chi2 < at_printed
    assert_as_published(
        ours["nu1"][0] / GAMMA_MU_OVER_2PI, ours["nu1"][1] / GAMMA_MU_OVER_2PI, theirs["field"]
    )
    for name, other in ZF_NAMES.items():
        assert_as_published(*ours[name], theirs[other])
    alpha, error = ours["alpha"]
    assert_as_published(1 / alpha, error / alpha**2, theirs["alpha"])


# --- Dolly 1020: BaB6 in a longitudinal field, dynamic Gaussian Kubo-Toyabe --------------------


def static_kubo_toyabe(t: np.ndarray, width: float, omega: float) -> np.ndarray:
    """Gaussian Kubo-Toyabe in a longitudinal field, closed form with the Faddeeva function."""
    from scipy.special import dawsn, wofz

    if width <= 0:
        return np.ones_like(t)
    z, u = omega / (np.sqrt(2) * width), width * t / np.sqrt(2)
    integral = 2 / np.sqrt(np.pi) * dawsn(z)
    integral = integral - np.exp(-(u**2)) * np.imag(np.exp(1j * omega * t) * wofz(z + 1j * u))
    integral = integral * np.sqrt(np.pi / 2) / width
    damped = np.exp(-((width * t) ** 2) / 2) * np.cos(omega * t)
    return np.asarray(
        1 - 2 * (width / omega) ** 2 * (1 - damped) + 2 * width**4 / omega**3 * integral
    )


def strong_collision(g: np.ndarray, h: float, hop: float) -> np.ndarray:
    """G = g exp(-hop t) + hop int g(u) exp(-hop u) G(t-u) du by product integration."""
    from scipy.signal import lfilter

    n = np.arange(g.size)
    x = hop * h
    lost = -np.expm1(-x) / x
    before = np.exp(-hop * h * np.maximum(n - 1, 0))
    inner = before * -np.expm1(-x) * lost
    end = before * (lost - np.exp(-x))
    a = -inner * g
    a[0] = 1 - (1 - lost) * g[0]
    right = g * np.exp(-hop * h * n) + (end - inner) * g
    right[0] = a[0]
    return np.asarray(lfilter([1.0], a, right))


def dynamic_kubo_toyabe(t: np.ndarray, width: float, omega: float, hop: float) -> np.ndarray:
    """Strong-collision Kubo-Toyabe on a grid of 20 ns, extrapolated in the step."""
    from scipy.interpolate import CubicSpline

    h, n = 0.02, int(np.ceil(t.max() / 0.02)) + 1
    grid = h * np.arange(n + 1)
    if hop < 1e-6:
        return static_kubo_toyabe(t, width, omega)
    fine_grid = h / 2 * np.arange(2 * n + 1)
    coarse = strong_collision(static_kubo_toyabe(grid, width, omega), h, hop)
    fine = strong_collision(static_kubo_toyabe(fine_grid, width, omega), h / 2, hop)[::2]
    return np.asarray(CubicSpline(grid, (4 * fine - coarse) / 3)(t))


@pytest.mark.parametrize(
    ("t", "width", "omega", "hop", "expected"),
    [
        # Notes on models, sections 2 and 3: quadrature and numerical Laplace inversion
        (2.0, 0.5, 0.3, 0.0, 0.35199860165952),
        (6.0, 0.5, 2.5, 0.0, 0.922681748057459),
        (2.0, 0.5, 1.0, 0.5, 0.5812934915357),
        (8.0, 0.5, 1.0, 0.5, 0.2393510968049),
        (8.0, 0.5, 2.0, 5.0, 0.510845271913),
    ],
)
def test_the_kubo_toyabe_of_this_file(
    t: float, width: float, omega: float, hop: float, expected: float
) -> None:
    times = np.array([0.0, t])
    found = dynamic_kubo_toyabe(times, width, omega, hop)
    assert found == pytest.approx([1.0, expected], abs=2e-7)


PRINTED_BAB6 = {"A1": (0.2092, 0.0013), "delta1": (0.5409, 0.0055), "hop1": (0.127, 0.014)}
"""Published for this run; the fit file of the same run has rounded values of a coarser table."""


def test_asy_lf_bab6(real: Path) -> None:
    one = published(real, "test-asy-LF-BaB6")
    theirs = parameters(one)
    field, alpha = theirs["field"][0], 1 / theirs["alpha"][0]
    # The asymmetry is formed with alpha = 1 as that program does, and alpha is held in the model.
    data, t_range = reduced(real, one, 1.0)
    result = fit(
        data,
        "dynamic_gaussian_kt_lf",
        fixed={"B_LF1": field, "alpha": alpha},
        t_range=t_range,
        minos=("delta1", "hop1"),
    )
    assert result.valid, result.reason
    assert result.ndof == 1905
    for name, (value, error) in PRINTED_BAB6.items():
        assert abs(result[name].value - value) < 0.3 * error, (name, result[name])
        assert result[name].error == pytest.approx(error, rel=0.05)
    upper = {p["name"]: p["positive_error"] for p in one["parameters"]}
    for name, other in {"delta1": "width", "hop1": "hopp"}.items():
        low, high = result[name].minos
        assert -low == pytest.approx(theirs[other][1], rel=0.12)
        assert high == pytest.approx(upper[other], rel=0.12)
    # At its printed parameters that program quotes 1911.7 with a coarser table of the function.
    printed = [theirs["asy"][0], theirs["width"][0], field, theirs["hopp"][0], alpha]
    chi2, points = chi2_at(data, t_range, "dynamic_gaussian_kt_lf", printed)
    assert points == 1908
    assert chi2 == pytest.approx(1911.88, abs=0.1)
    assert chi2 - 1 < result.chi2 < chi2


def test_bab6_is_the_kubo_toyabe_of_this_file(real: Path) -> None:
    """The function of the package and the crude one above, at the times of that run."""
    one = published(real, "test-asy-LF-BaB6")
    data, _ = reduced(real, one, 1.0)
    t = data.time[(data.time > 0) & (data.time < 10)]
    field = parameters(one)["field"][0]
    omega = 2 * np.pi * GAMMA_MU_OVER_2PI * field
    made = registry.find_component("dynamic_gaussian_kt_lf")
    for width, hop in ((0.5409, 0.127), (0.3, 1.0), (1.2, 0.02)):
        crude = dynamic_kubo_toyabe(t, width, omega, hop)
        assert made(t, width, field, hop) == pytest.approx(crude, abs=1e-6)


# --- EMU 5989: a pulsed source ----------------------------------------------------------------


def test_asy_nexus_2(real: Path) -> None:
    one = published(real, "test-asy-NeXus2")
    theirs = parameters(one)
    run = read(real / one["data_files"][0])
    recipe = Reduction(
        forward="1-16",
        backward="17-32",
        period=1,
        alpha=1.0,
        packing=1,
        t0=16.0,
        first_good=24,
        background="none",
        dead_time="none",
    )
    result = fit(
        reduce(run, recipe),
        "stretched_exponential * cosine",
        start={"alpha": 1.1},
        t_range=(0.2, 14.0),
        max_asymmetry=0.4,
    )
    assert result.valid, result.reason
    # 796.720 at the values as printed, with 852 points and 6 parameters.
    assert result.chi2 == pytest.approx(796.72, abs=0.005)
    assert result.ndof == 846
    names = {"A1": "asym", "lambda1": "rate", "beta1": "beta", "nu2": "field", "phi2": "phase"}
    for name, other in names.items():
        scale = 1 / GAMMA_MU_OVER_2PI if name == "nu2" else 1.0
        # To the digits that were printed.
        assert abs(result[name].value * scale - theirs[other][0]) < 0.05 * theirs[other][1]
        assert result[name].error * scale == pytest.approx(theirs[other][1], rel=0.04)
    alpha = result["alpha"]
    assert 1 / alpha.value == pytest.approx(theirs["alpha"][0], abs=0.00001)
    assert alpha.error / alpha.value**2 == pytest.approx(theirs["alpha"][1], rel=0.04)
