"""Forms for display: against closed forms, and errors against drawn counts."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
from asymmetries import asymmetry
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from run_of import decay, pair_of

from musrcu.constants import MUON_LIFETIME
from musrcu.containers.counts import Counts
from musrcu.containers.trace import Trace
from musrcu.errors import MusrcuError, ReductionError
from musrcu.reduction.background import subtract_background
from musrcu.reduction.forms import lifetime_corrected, rotating_frame, single_histogram
from musrcu.reduction.rebin import rebin

BINS, DT = 2000, 0.005


def drawn(seed: int, flat: float = 0.0, amplitude: float = 0.0, nu: float = 2.0) -> Counts:
    rng = np.random.default_rng(seed)
    shape = decay(BINS, DT, 2e6)
    wave = amplitude * np.cos(2 * np.pi * nu * (np.arange(BINS) * DT))
    pair = pair_of(
        *rng.poisson([shape * (1 + wave) + flat, 0.7 * shape * (1 - wave) + flat]), bin_width=DT
    )
    return subtract_background(pair, given=(flat, flat)) if flat else pair


@pytest.mark.parametrize("packing", [1, 20, {"bins": 8}, {"first": 15}])
def test_a_pure_decay_is_zero_in_bins_of_any_width(packing: Any) -> None:
    """Exact expected counts: bins of 5 us lie on the curve as bins of 5 ns do."""
    shape = decay(BINS, DT, 2e6)
    pair = rebin(pair_of(shape, 0.7 * shape, bin_width=DT), packing=packing)
    for group, level in (("forward", 1.0), ("backward", 0.7)):
        found = lifetime_corrected(pair, group)
        np.testing.assert_allclose(found.value, 0.0, atol=1e-11)
        options = found.history[-1].options
        # the rate at t = 0, which is the centre of the first bin, times the width of a raw bin
        rate = 2e6 * level * DT * math.exp(-DT / 2 / MUON_LIFETIME) / MUON_LIFETIME
        total = -math.expm1(-BINS * DT / MUON_LIFETIME)
        assert options["n0"] == pytest.approx(rate / total, rel=1e-12)
        assert options["n0_error"] == pytest.approx(
            options["n0"] / math.sqrt(pair.values["fb".index(group[0])].sum()), rel=1e-12
        )


def test_lifetime_corrected_by_hand() -> None:
    """(N - b) e^{t/tau} / N0 - 1 and e^{t/tau} sqrt(N) / N0 in raw bins of 10 ns."""
    pair = subtract_background(pair_of([900, 0, 850], [700, 720, 690]), given=(12.0, 9.0))
    found = lifetime_corrected(pair)
    n0 = found.history[-1].options["n0"]
    grow = np.exp(pair.time / MUON_LIFETIME)
    # the mean of e^(-t/tau) over a bin of 10 ns is 1 + 8.6e-7 times that at its centre
    np.testing.assert_allclose(found.value, (pair.forward * grow) / n0 - 1, atol=1.5e-6)
    np.testing.assert_allclose(found.error, grow * np.sqrt([900, 1, 850]) / n0, rtol=2e-6)
    assert found.history[-1].note == ""
    assert (
        lifetime_corrected(pair_of([9, 9], [9, 9])).history[-1].note
        == "no background was subtracted"
    )


@pytest.mark.parametrize("flat", [0.0, 40.0])
def test_errors_are_those_of_the_counts(flat: float) -> None:
    pair = rebin(drawn(3, flat), packing={"first": 8}, t_max=7.0)
    found = lifetime_corrected(pair, "backward")
    pull = found.value / found.error
    n = pull.size
    assert abs(pull.mean()) < 4 / math.sqrt(n)
    assert abs(pull.std() - 1) < 4 / math.sqrt(2 * n)
    plain = single_histogram(pair, "backward")
    np.testing.assert_allclose(plain.value, pair.backward / pair.raw_bins)
    np.testing.assert_allclose(plain.error, np.sqrt(pair.variance[1]) / pair.raw_bins)
    assert plain.unit == "counts per 5 ns"


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.5, 60.0), st.floats(-0.4, 0.4), st.floats(-180, 180), st.floats(-180, 180),
    st.integers(1, 30),
)  # fmt: skip
def test_a_line_is_seen_at_the_difference(
    frame: float, offset: float, phi: float, frame_phi: float, packing: int
) -> None:
    """A cos(2 pi nu t + phi) becomes A sinc[(nu - nu_R) w] cos(2 pi (nu - nu_R) t + phi - phi_R).

    The sinc is that of a mean over bins, and what is left of the sum frequency is in the history.
    """
    line = frame + offset
    assume(line > 0.1)
    time = 0.003 + np.arange(4000) * 0.004
    value = 0.1 + 0.2 * np.cos(2 * np.pi * line * time + math.radians(phi))
    data = asymmetry(time, value, np.full(4000, 0.01), bin_width=0.004)
    found = rotating_frame(data, frame, frame_phi, line=line, packing=packing)
    size = found.history[-1].options["packing"]
    assert size >= packing
    slow = (
        math.sin(math.pi * offset * size * 0.004) / (size * math.sin(math.pi * offset * 0.004))
        if abs(offset) > 1e-12
        else 1.0
    )
    assert slow == pytest.approx(np.sinc(offset * size * 0.004), abs=1e-4)
    angle = 2 * np.pi * offset * found.time + math.radians(phi - frame_phi)
    turns = [math.pi * nu * 0.004 for nu in (frame, line + frame)]
    left = [abs(math.sin(one * size) / (size * math.sin(one))) for one in turns]
    assert max(left) < 0.2
    wanted = 0.2 * slow * np.cos(angle)
    most = 2 * 0.1 * left[0] + 0.2 * left[1] + 1e-12
    np.testing.assert_allclose(found.value, wanted, atol=most)
    assert f"{max(left):.1%} is left" in found.history[-1].note


def test_packs_are_whole_periods_where_bins_allow() -> None:
    """2.5 MHz in bins of 10 ns: 40 bins are a turn, and nothing is left."""
    data = asymmetry(np.arange(1000) * 0.01, np.zeros(1000), np.full(1000, 0.01))
    found = rotating_frame(data, 2.5)
    assert found.history[-1].options["packing"] == 40
    assert "in a pack 0.0% is left of the sum frequency and of a constant" in str(found.history)
    assert rotating_frame(data, 2.5, packing=50).history[-1].options["packing"] == 80


def test_points_have_their_error_and_are_uncorrelated() -> None:
    rng = np.random.default_rng(5)
    n, size = 200_000, 40
    sigma = 0.01 + 0.02 * (np.arange(n) % 1000) / 1000
    data = asymmetry(np.arange(n) * 0.01, rng.normal(0, sigma), sigma)
    found = rotating_frame(data, 2.5, 30.0)
    pull = found.value / found.error
    points = n // size
    assert pull.size == points
    assert abs(pull.std() - 1) < 4 / math.sqrt(2 * points)
    assert abs((pull[1:] * pull[:-1]).mean()) < 4 / math.sqrt(points)
    # rms of 2 cos is sqrt 2
    np.testing.assert_allclose(
        found.error, np.sqrt(2 * (sigma.reshape(-1, size) ** 2).mean(axis=1) / size), rtol=0.01
    )


def test_a_bin_without_asymmetry_leaves_its_pack_out() -> None:
    value = np.zeros(200)
    value[45] = np.nan
    error = np.where(np.isnan(value), np.nan, 0.01)
    found = rotating_frame(asymmetry(np.arange(200) * 0.01, value, error), 2.5)
    assert found.time.size == 4
    assert np.isfinite(found.value).all()


@pytest.mark.parametrize(
    ("frequency", "more", "sentence"),
    [
        (0.0, {}, "frequency = 0.0 MHz of a rotating frame; bins of 10 ns need one above 0 and"),
        (51.0, {}, "below 50"),
        (math.nan, {}, "frequency = nan MHz"),
        (2.0, {"line": -1.0}, "line = -1.0 MHz"),
        (2.0, {"phase": math.inf}, "phase = inf of a rotating frame; expected degrees"),
        (0.1, {}, "300 bins are too few for a pack of 1000 in a rotating frame"),
    ],
)
def test_refused_frames(frequency: float, more: dict[str, Any], sentence: str) -> None:
    data = asymmetry(np.arange(300) * 0.01, np.zeros(300), np.full(300, 0.01))
    with pytest.raises(ReductionError, match=sentence):
        rotating_frame(data, frequency, **more)


def test_refused() -> None:
    pair = drawn(1)
    with pytest.raises(ReductionError, match="group = 'up'; expected 'forward' or 'backward'"):
        single_histogram(pair, "up")
    gone = subtract_background(pair_of([5, 5], [5, 5]), given=(6.0, 1.0))
    with pytest.raises(ReductionError, match="SIM 7: no counts of the forward group are left"):
        lifetime_corrected(gone)
    uneven = asymmetry(np.arange(4), np.zeros(4), np.ones(4), packs=[1, 2, 3, 4])
    with pytest.raises(ReductionError, match="needs bins of one width"):
        rotating_frame(uneven, 0.1)


def test_a_trace_is_frozen_and_travels() -> None:
    found = single_histogram(drawn(2))
    for name in ("time", "value", "error"):
        assert not getattr(found, name).flags.writeable
    twin = copy.deepcopy(found)
    assert not twin.value.flags.writeable
    np.testing.assert_array_equal(twin.value, found.value)
    assert twin.history == found.history
    with pytest.raises(MusrcuError, match=r"Trace.error has shape \(2,\)"):
        Trace(
            kind="counts", name="", time=[1.0], value=[1.0], error=[1.0, 2.0], unit="", note="",
            run=found.run, history=found.history,
        )  # fmt: skip
