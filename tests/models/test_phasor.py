"""The short cut for evenly spaced times against cosine, sine and exponential of every bin."""

from __future__ import annotations

import gc
from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musrcu.models import phasor as module
from musrcu.models.phasor import SHORTEST, phasor


def frozen(t: np.ndarray) -> np.ndarray:
    t = np.array(t, dtype=float)
    t.setflags(write=False)
    return t


def direct(t: np.ndarray, nu: float, phi: float, rate: float) -> np.ndarray:
    """Cosine + i sine, with whole turns taken off first, in long double."""
    turns = np.asarray(t, dtype=np.longdouble) * np.longdouble(nu) + np.longdouble(phi) / 360
    angle = 2 * np.pi * np.asarray(turns - np.rint(turns), dtype=float)
    return np.exp(-rate * np.asarray(t)) * (np.cos(angle) + 1j * np.sin(angle))


def room(t: np.ndarray, nu: float, rate: float = 0.0) -> float:
    """A few units in the last place of the largest phase."""
    return 1e-14 + 3e-15 * (2 * np.pi * nu + rate) * float(np.abs(t).max())


PACKED = frozen((np.arange(3000) - 124.3) * 0.0009765625 * 7)  # no power of two
LONG = frozen(np.arange(40_000) * 0.001)  # to 40 µs
RAW = frozen((np.arange(10_240) - 1002.37) * 0.0009765625)


@pytest.mark.parametrize("t", [PACKED, LONG, RAW], ids=["packed", "40 us", "raw"])
@pytest.mark.parametrize(
    ("nu", "phi", "rate"), [(1.59, 0.0, 0.0), (1.59, -30.0, 0.35), (0.0, 77.0, 2.0), (200, 5, 0.1)]
)
def test_evenly_spaced_times(t: np.ndarray, nu: float, phi: float, rate: float) -> None:
    assert module.uniform_step(t) > 0
    found = phasor(t, nu, phi, rate)
    assert found.shape == t.shape
    expected = direct(t, nu, phi, rate)
    scale = np.maximum(1.0, np.exp(-rate * t))
    assert (np.abs(found - expected) / scale).max() <= room(t, nu, rate)


def test_two_hundred_megahertz_at_40_us_with_thirty_digits() -> None:
    """8000 turns: the phase at the last bin from decimal arithmetic."""
    getcontext().prec = 40
    t = frozen(np.arange(40_001) * 0.001)
    nu, last = 199.9873, 39_997
    turns = Decimal(repr(nu)) * Decimal(float(t[last]))
    angle = float((turns - turns.to_integral_value()) * 2) * np.pi
    found = phasor(t, nu)[last]
    assert found.real == pytest.approx(np.cos(angle), abs=1e-10)
    assert found.imag == pytest.approx(np.sin(angle), abs=1e-10)


@pytest.mark.parametrize("size", [1, 2, 127, SHORTEST - 1, SHORTEST, SHORTEST + 1, 640, 5000])
def test_any_number_of_bins(size: int) -> None:
    t = frozen(0.3 + 0.016 * np.arange(size))
    found = phasor(t, 2.4, 11.0, 0.2)
    assert found.shape == (size,)
    np.testing.assert_allclose(found, direct(t, 2.4, 11.0, 0.2), atol=room(t, 2.4))


@given(
    st.integers(SHORTEST, 900),
    st.floats(-1.0, 1.0),
    st.floats(1e-4, 0.05),
    st.floats(0.0, 200.0),
    st.floats(-360.0, 360.0),
    st.floats(0.0, 20.0),
)
def test_any_bins(n: int, begin: float, dt: float, nu: float, phi: float, rate: float) -> None:
    t = frozen(begin + dt * np.arange(n))
    scale = max(1.0, float(np.exp(-rate * begin)))
    found, expected = phasor(t, nu, phi, rate), direct(t, nu, phi, rate)
    assert np.abs(found - expected).max() <= scale * room(t, nu, rate)


def test_unevenly_spaced_times() -> None:
    t = frozen(np.delete(np.arange(2000) * 0.01, [700, 701, 1500]))  # bins without asymmetry
    assert module.uniform_step(t) == 0.0
    np.testing.assert_allclose(phasor(t, 1.59, 3.0, 0.1), direct(t, 1.59, 3.0, 0.1), atol=1e-12)
    grown = frozen(np.geomspace(0.01, 10.0, 1000))
    assert module.uniform_step(grown) == 0.0
    np.testing.assert_allclose(phasor(grown, 1.59), direct(grown, 1.59, 0.0, 0.0), atol=1e-12)


def test_one_bin_off_by_a_little_is_not_even() -> None:
    t = np.arange(2000) * 0.01
    t[1234] += 1e-9
    assert module.uniform_step(frozen(t)) == 0.0


def test_writable_times_may_change_between_calls() -> None:
    t = np.arange(1000) * 0.01
    for _ in range(2):
        np.testing.assert_allclose(phasor(t, 1.59), direct(t, 1.59, 0.0, 0.0), atol=1e-12)
        t[500:] *= 1.1


def test_a_read_only_view_of_writable_times_may_change_too() -> None:
    whole = np.arange(1000) * 0.01
    view = whole[:]
    view.setflags(write=False)
    for _ in range(2):
        np.testing.assert_allclose(phasor(view, 1.59), direct(whole, 1.59, 0.0, 0.0), atol=1e-12)
        whole[500:] *= 1.1


def test_what_is_known_of_an_array_goes_with_it() -> None:
    t = frozen(np.arange(1000) * 0.01)
    known = len(module._steps)
    phasor(t, 1.0)
    assert len(module._steps) == known + 1
    del t
    gc.collect()
    assert len(module._steps) == known


def test_shapes_other_than_a_row() -> None:
    t = frozen(np.arange(1200).reshape(2, 600) * 0.01)
    np.testing.assert_allclose(phasor(t, 1.59), direct(t, 1.59, 0.0, 0.0), atol=1e-12)
    assert phasor(np.asarray(0.5), 1.0) == pytest.approx(-1.0)


def test_a_fast_relaxation_fades_to_zero_without_a_warning() -> None:
    t = frozen(np.arange(2000) * 0.01)
    found = phasor(t, 1.0, 0.0, 1e4)
    assert found[0] == 1.0
    assert np.abs(found[100:]).max() == 0.0


def test_times_that_were_read_only_before_and_after_a_change() -> None:
    t = frozen(np.arange(1000) * 0.01)
    phasor(t, 1.59)
    for change in (lambda: t.__imul__(1.5), lambda: t.__iadd__(0.003)):
        t.setflags(write=True)
        change()
        t.setflags(write=False)
        np.testing.assert_allclose(phasor(t, 1.59), direct(t, 1.59, 0.0, 0.0), atol=1e-12)
    t.setflags(write=True)
    t[500:] *= 1.1
    t.setflags(write=False)
    np.testing.assert_allclose(phasor(t, 1.59), direct(t, 1.59, 0.0, 0.0), atol=1e-12)


def test_times_in_memory_of_somebody_else() -> None:
    memory = bytearray(np.arange(1000) * 0.01)
    t = np.frombuffer(memory)[:]
    t.setflags(write=False)
    assert module.uniform_step(t) == 0.0
    for _ in range(2):
        np.testing.assert_allclose(phasor(t, 1.59), direct(t, 1.59, 0.0, 0.0), atol=1e-12)
        memory[4000:4008] = np.float64(5.003).tobytes()
    assert module.uniform_step(np.frombuffer(bytes(8000))) == 0.0
    assert module.uniform_step(np.frombuffer(bytes(np.arange(1000) * 0.01))) > 0.0


def test_single_precision_loses_nothing() -> None:
    t = frozen(np.arange(2000) * 0.005)
    nu, rate = np.float32(135.1), np.float32(0.3)
    found = phasor(t, nu, np.float32(30.0), rate)  # type: ignore[arg-type]
    np.testing.assert_array_equal(found, phasor(t, float(nu), 30.0, float(rate)))
    z = np.complex64(complex(-0.25, 848.8))
    found = module.turning(t, z)  # type: ignore[arg-type]
    np.testing.assert_array_equal(found, module.turning(t, complex(z)))
