"""Lines so fast that bins average over them: decays thrown one by one, fitted with and without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from run_of import run_of

import musrcu as mu
from musrcu.errors import MusrcuError
from musrcu.fitting.result import FitResult

TAU = 2.1969811
ALPHA = 1.2
CASES = [
    # (nu MHz, raw bin us, packing, limits of nu)
    (135.5, 0.0012, 1, None),  # 1 T, a turn of six bins
    (135.5, 0.0012, 2, None),
    (406.6, 0.0008, 1, None),  # 3 T
    (406.6, 0.0008, 2, (350.0, 450.0)),  # beyond 312.5 MHz, told by its limits
]


def polarisation(t: Any, nu: float, sigma: float | None = None) -> Any:
    envelope = np.exp(-0.3 * t) if sigma is None else np.exp(-((sigma * t) ** 2) / 2)
    return 0.25 * envelope * np.cos(2 * np.pi * nu * t + np.deg2rad(25.0))


def thrown(events: int, nu: float, width: float, seed: int, last: float = 5.0) -> Any:
    """(2, n_bins) decays of one muon after another; bin k holds (k - 1/2) dt to (k + 1/2) dt."""
    rng = np.random.default_rng(seed)
    time = rng.exponential(TAU, events)
    forward = 2 * rng.random(events) < 1 + polarisation(time, nu)
    seen = forward | (ALPHA * rng.random(events) < 1)
    edges = width * (np.arange(int(last / width) + 1) - 0.5)
    return np.array([np.histogram(time[one], edges)[0] for one in (forward, ~forward & seen)])


def expected(nu: float, width: float, n_bins: int, sigma: float | None = None) -> Any:
    """(2, n_bins) means, by Simpson's rule in a hundred steps a bin."""
    steps = np.linspace(-0.5, 0.5, 101) * width
    weight = np.ones(101)
    weight[1:-1:2], weight[2:-1:2] = 4.0, 2.0
    t = width * np.arange(n_bins)[:, None] + steps
    a, decay = polarisation(t, nu, sigma), np.exp(-t / TAU)
    return 1e5 * np.array([(decay * (1 + a)) @ weight, (decay * (1 - a)) @ weight / ALPHA])


def data_of(counts: Any, width: float, packing: int, kind: str) -> Any:
    run = run_of(counts, bin_width=width, first_good=np.array([1, 1]))
    recipe = mu.Reduction(
        forward="1", backward="2", alpha=ALPHA, packing=packing, background="none", t_max=4.9
    )
    return (mu.reduce if kind == "asymmetry" else mu.reduce_counts)(run, recipe)


def pull(result: FitResult, name: str, truth: float) -> float:
    found = result[name]
    assert found.value is not None and found.error is not None
    return (found.value - truth) / found.error


@pytest.mark.parametrize("kind", ["asymmetry", "counts"])
@pytest.mark.parametrize(("nu", "width", "packing", "limits"), CASES)
def test_decays_one_by_one(
    kind: str, nu: float, width: float, packing: int, limits: tuple[float, float] | None
) -> None:
    data = data_of(thrown(2_000_000, nu, width, 3), width, packing, kind)
    given: dict[str, Any] = {"limits": {"nu1": limits}} if limits else {}
    averaged = mu.fit(data, "damped_cosine", average_bins=True, **given)
    assert averaged.valid, averaged.reason
    for name, truth in (("A1", 0.25), ("lambda1", 0.3), ("nu1", nu), ("phi1", 25.0)):
        assert abs(pull(averaged, name, truth)) < 3.5, name
    assert not any("average over" in note for note in averaged.notes)
    assert averaged.probability is not None and averaged.probability > 1e-3
    if limits:
        return
    plain = mu.fit(data, "damped_cosine", **given)
    turn = np.pi * nu * width * packing
    left = np.sin(turn) / turn
    assert abs(pull(plain, "A1", 0.25 * left)) < 3.5
    assert pull(plain, "A1", 0.25) < -3
    (note,) = [note for note in plain.notes if "average over" in note]
    assert f"A1 is low by {100 * (1 - left):.2g} %" in note
    assert "average_bins=True, --average-bins" in note


@pytest.mark.parametrize("kind", ["asymmetry", "counts"])
@pytest.mark.parametrize("sigma", [None, 0.8])
@pytest.mark.parametrize(("nu", "width", "packing"), [(135.5, 0.0024, 1), (406.6, 0.0004, 3)])
def test_no_bias_without_noise(
    kind: str, sigma: float | None, nu: float, width: float, packing: int
) -> None:
    """Means in place of counts: what remains is the error of the averages."""
    counts = expected(nu, width, int(5 / width), sigma)
    data = data_of(np.rint(1e3 * counts).astype(np.int64), width, packing, kind)
    model = "damped_cosine" if sigma is None else "gaussian_cosine"
    result = mu.fit(data, model, average_bins=True)
    rate = ("lambda1", 0.3) if sigma is None else ("sigma1", sigma)
    for name, truth in (("A1", 0.25), rate, ("nu1", nu), ("phi1", 25.0)):
        assert abs(pull(result, name, truth)) < 0.2, name
    assert result["A1"].value == pytest.approx(0.25, abs=1e-7)


def test_growing_bins_lose_no_line() -> None:
    """Bins of different widths average differently; the damping stays what it is."""
    width = 0.002
    counts = np.rint(1e3 * expected(60.0, width, 2400)).astype(np.int64)
    data = data_of(counts, width, {"first": 2}, "asymmetry")  # type: ignore[arg-type]
    averaged = mu.fit(data, "damped_cosine", average_bins=True)
    assert averaged["lambda1"].value == pytest.approx(0.3, abs=1e-5)
    assert averaged["A1"].value == pytest.approx(0.25, abs=1e-5)
    plain = mu.fit(data, "damped_cosine")
    assert plain["lambda1"].value is not None and plain["lambda1"].value > 0.33


def line(nu: float = 406.6, packing: int = 2) -> Any:
    return data_of(thrown(300_000, nu, 0.0008, 3), 0.0008, packing, "asymmetry")


def test_a_line_beyond_what_bins_show_is_told_by_what_is_known() -> None:
    """406.6 MHz lies where 218.4 MHz does in bins of 1.6 ns."""
    data = line()
    free = mu.fit(data, "damped_cosine", average_bins=True)
    assert free["nu1"].value == pytest.approx(218.4, abs=0.1)
    wide = mu.fit(data, "damped_cosine", average_bins=True, start={"nu1": 406.6})
    assert not wide.valid
    assert "above 312.5 MHz" in wide.reason and "limits" in wide.reason
    held = mu.fit(data, "damped_cosine", average_bins=True, fixed={"nu1": 406.6})
    assert held.valid, held.reason
    assert abs(pull(held, "A1", 0.25)) < 3.5
    (note,) = [note for note in held.notes if "looks like" in note]
    assert "406.6 MHz looks like 218.4 MHz in bins of 1.6 ns" in note
    without = mu.fit(data, "damped_cosine", limits={"nu1": (350.0, 450.0)})
    assert not without.valid and "the highest that bins of 1.6 ns can show" in without.reason


def test_the_result_says_so_and_keeps_it(tmp_path: Any) -> None:
    data = line(packing=1)
    averaged, plain = (mu.fit(data, "damped_cosine", average_bins=on) for on in (True, False))
    assert averaged.average_bins and not plain.average_bins
    assert "averaged over bins" in averaged.summary()
    assert "averaged over bins" not in plain.summary()
    averaged.save(tmp_path / "fit.json")
    again = mu.load(tmp_path / "fit.json")
    assert isinstance(again, FitResult) and again.average_bins
    old = {name: one for name, one in averaged.to_dict().items() if name != "average_bins"}
    assert not FitResult.from_dict(old).average_bins
    curve = again.curve(data.time, data.bin_width)
    chi2 = float((((data.value - curve) / data.error) ** 2).sum())
    assert chi2 == pytest.approx(averaged.chi2, rel=1e-9)
    assert np.ptp(again.curve(data.time)) > 1.15 * np.ptp(curve)


def test_the_choice_is_yes_or_no() -> None:
    with pytest.raises(MusrcuError, match="average_bins"):
        mu.fit(line(), "damped_cosine", average_bins=0.001)  # type: ignore[arg-type]
