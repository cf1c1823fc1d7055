"""Dynamic Lorentzian Kubo-Toyabe functions: limits, switches, other ways to the same numbers."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest

from musrcu.constants import GAMMA_MU
from musrcu.models.dynamic_lorentzian import dynamic_lorentzian_kt, dynamic_lorentzian_kt_lf
from musrcu.models.kubo_toyabe import lorentzian_kt
from musrcu.models.kubo_toyabe_lf import lorentzian_kt_lf
from musrcu.models.rational_lorentzian import EARLY, rational_lorentzian, roots
from musrcu.models.registry import Component
from musrcu.models.strong_collision import APART, GONE
from musrcu.references.laplace_lorentzian import dynamic_lorentzian

TIMES = np.concatenate([[0.0], np.geomspace(1e-6, 40.0, 60)])


def field(w: float) -> float:
    return w / GAMMA_MU


def true(t: float, a: float, B_LF: float, hop: float) -> float:
    with mpmath.workdps(30):
        point = [mpmath.mpf(x) for x in (a, B_LF, hop)]
        return float(dynamic_lorentzian(mpmath, mpmath.mpf(t), *point))


def true_slopes(t: float, a: float, B_LF: float, hop: float) -> list[float]:
    """Derivatives by differences of 36 digits."""
    with mpmath.workdps(36):
        point, found = [mpmath.mpf(x) for x in (a, B_LF, hop)], []
        for k in range(3):
            h = mpmath.mpf("1e-12") * max(point[k], mpmath.mpf("1e-3"))
            high, low = list(point), list(point)
            high[k], low[k] = point[k] + h, point[k] - h
            sides = [dynamic_lorentzian(mpmath, mpmath.mpf(t), *moved) for moved in (high, low)]
            found.append(float((sides[0] - sides[1]) / (2 * h)))
    return found


def stepped(t: float, a: float, w: float, hop: float, count: int) -> float:
    """The integral equation in equal steps: hop exp(-hop u) exact, g(u) G(t-u) linear in each."""
    h = t / count
    times = h * np.arange(count + 1)
    g = np.ones(count + 1)
    g[1:] = lorentzian_kt_lf(times[1:], a, field(w))
    x, decay = hop * h, np.exp(-hop * times)
    inner = decay[:-1] * (1 - math.exp(-x)) ** 2 / x
    last = decay[:-1] * ((1 - math.exp(-x)) / x - math.exp(-x))
    first = 1 - (1 - math.exp(-x)) / x
    G = np.ones(count + 1)
    for n in range(1, count + 1):
        known = g[n] * decay[n] + last[n - 1] * g[n]
        known += (inner[: n - 1] * g[1:n]) @ G[n - 1 : 0 : -1]
        G[n] = known / (1 - first)
    return float(G[-1])


@pytest.mark.parametrize(
    ("t", "a", "w", "hop"),
    [(3.0, 0.5, 0.0, 0.7), (3.0, 0.5, 1.0, 0.7), (2.0, 2.0, 5.0, 1.5), (6.0, 0.2, 0.3, 0.1)],
)
def test_function_and_reference_solve_the_integral_equation(
    t: float, a: float, w: float, hop: float
) -> None:
    coarse, middle, fine = (stepped(t, a, w, hop, n) for n in (200, 400, 800))
    once = [(4 * middle - coarse) / 3, (4 * fine - middle) / 3]
    expected = (16 * once[1] - once[0]) / 15
    assert true(t, a, field(w), hop) == pytest.approx(expected, abs=1e-9)
    assert dynamic_lorentzian_kt_lf(t, a, field(w), hop) == pytest.approx(expected, abs=1e-9)


def by_powers(t: float, a: float, w: float, hop: float, count: int) -> Any:
    """H = exp(hop t) G obeys H_n = g_n + hop sum_k g_k H_(n-1-k) for derivatives at time 0."""
    A, W, jumps = (mpmath.mpf(rate) * mpmath.mpf(t) for rate in (a, w, hop))
    decay = [(-A) ** n / mpmath.factorial(n) for n in range(count)]
    wave = [mpmath.mpf(0)] * (count + 2)
    for k in range(count // 2 + 1):  # of j0 - (1 + a t) j1/(w t)
        power = (-1) ** k * W ** (2 * k) / mpmath.factorial(2 * k + 1)
        wave[2 * k] += power * (1 - mpmath.mpf(1) / (2 * k + 3))
        wave[2 * k + 1] -= A * power / (2 * k + 3)
    g = [mpmath.mpf(1)]
    for n in range(count - 1):
        slope = -2 * A * mpmath.fsum(decay[i] * wave[n - i] for i in range(n + 1))
        g.append(slope * mpmath.factorial(n))
    H: list[Any] = []
    for n in range(count):
        H.append(g[n] + jumps * mpmath.fsum(g[k] * H[n - 1 - k] for k in range(n)))
    return mpmath.exp(-jumps) * mpmath.fsum(H[n] / mpmath.factorial(n) for n in range(count))


@pytest.mark.parametrize(
    ("t", "a", "w", "hop"),
    [(2.0, 0.5, 0.0, 0.5), (3.0, 2.0, 7.0, 4.0), (1e-3, 200.0, 8000.0, 1000.0)],
)
def test_the_reference_to_thirty_digits(t: float, a: float, w: float, hop: float) -> None:
    with mpmath.workdps(60):
        expected = by_powers(t, a, w, hop, 130)
        B_LF = mpmath.mpf(w) / mpmath.mpf(GAMMA_MU)
        point = (mpmath.mpf(x) for x in (t, a, B_LF, hop))
        assert abs(dynamic_lorentzian(mpmath, *point) - expected) < 1e-30


@pytest.mark.parametrize("w", [1e-4, 0.5, 30.0, 8000.0])
@pytest.mark.parametrize("hop", [1e-3, 0.7, 1000.0])
@pytest.mark.parametrize("a", [0.4, 30.0, 200.0])
def test_against_many_digits(a: float, hop: float, w: float) -> None:
    for s in (0.3, 12.0):
        t = min(s / (0.1 * w + a + 0.2 * hop), 40.0)
        found = dynamic_lorentzian_kt_lf(t, a, field(w), hop)
        assert found == pytest.approx(true(t, a, field(w), hop), abs=1e-10)


@pytest.mark.parametrize(
    ("t", "a", "w", "hop"),
    [
        (2.0, 0.4, 0.0, 0.7),
        (2.0, 0.4, 1.3, 0.7),
        (0.3, 20.0, 900.0, 3.0),
        (0.02, 150.0, 8000.0, 900.0),
        (9.0, 1e-4, 0.02, 1e-3),
        (0.001, 0.3, 5.0, 0.5),
    ],
)
def test_derivatives_in_a_field(t: float, a: float, w: float, hop: float) -> None:
    _, rows = dynamic_lorentzian_kt_lf.value_and_gradient(np.array([t]), (a, field(w), hop))
    for row, slope in zip(rows, true_slopes(t, a, field(w), hop), strict=True):
        assert row[0] == pytest.approx(slope, rel=1e-8, abs=1e-18)


@pytest.mark.parametrize("a", [1e-6, 0.7, 200.0])
@pytest.mark.parametrize("hop", [1e-6, 0.700001, 900.0])
def test_derivatives_in_zero_field(a: float, hop: float) -> None:
    """Relative to themselves, also where the rates are far apart or nothing has happened yet."""
    for t in (0.8, 7.0):
        _, rows = dynamic_lorentzian_kt.value_and_gradient(np.array([t]), (a, hop))
        by_a, by_hop = true_slopes(t, a, 0.0, hop)[::2]
        assert rows[0][0] == pytest.approx(by_a, rel=1e-9, abs=1e-15 * t)
        assert rows[1][0] == pytest.approx(by_hop, rel=1e-9, abs=1e-25)


@pytest.mark.parametrize("a", [0.0, 1e-5, 0.3, 50.0, 200.0])
@pytest.mark.parametrize("hop", [0.0, 1e-5, 0.3, 50.0, 1000.0])
def test_zero_field_by_roots_and_by_curves(a: float, hop: float) -> None:
    value, rows = dynamic_lorentzian_kt.value_and_gradient(TIMES, (a, hop))
    in_field, more = dynamic_lorentzian_kt_lf.value_and_gradient(TIMES, (a, 0.0, hop))
    np.testing.assert_allclose(value, in_field, rtol=0, atol=3e-11)
    np.testing.assert_array_equal(more[1], 0.0)
    for row, other in zip(rows, (more[0], more[2]), strict=True):
        np.testing.assert_allclose(row, other, rtol=0, atol=1e-9 * np.abs(row).max() + 1e-18)


@pytest.mark.parametrize("a", [0.0, 1e-4, 0.3, 200.0])
@pytest.mark.parametrize("B_LF", [0.0, 1.0, 100.0, 1e5])
def test_without_hops_it_is_static(a: float, B_LF: float) -> None:
    static, rows = lorentzian_kt_lf.value_and_gradient(TIMES, (a, B_LF))
    value, more = dynamic_lorentzian_kt_lf.value_and_gradient(TIMES, (a, B_LF, 0.0))
    np.testing.assert_allclose(value, static, rtol=0, atol=2e-10)
    for row, other in zip(rows, more[:2], strict=True):
        np.testing.assert_allclose(other, row, rtol=0, atol=1e-8 * np.abs(row).max() + 1e-18)
    zero = dynamic_lorentzian_kt(TIMES, a, 0.0)
    np.testing.assert_allclose(zero, lorentzian_kt(TIMES, a), rtol=0, atol=2e-15)


def test_two_roots_that_become_one() -> None:
    """As hopping ends the complex pair meets at -a: the residues alone would grow as 1/sqrt(hop)"""
    t = np.linspace(0.0, 0.2, 50)
    for hop in (1e-4, 1e-8, 1e-12, 1e-16):
        found = rational_lorentzian(t, 200.0, hop)
        expected = lorentzian_kt(t, 200.0)
        np.testing.assert_allclose(found[0], expected, rtol=0, atol=0.2 * hop + 1e-15)
        np.testing.assert_allclose(
            found[2], rational_lorentzian(t, 200.0, 0.0)[2], rtol=0, atol=0.1 * hop + 1e-14
        )
    assert roots(200.0, 0.0).square.value == pytest.approx(0.0, abs=1e-10)


@pytest.mark.parametrize("B_LF", [0.0, 10.0, 1e5])
def test_no_field_distribution_no_relaxation(B_LF: float) -> None:
    for hop in (0.0, 1.0, 1000.0):
        value, rows = dynamic_lorentzian_kt_lf.value_and_gradient(TIMES, (0.0, B_LF, hop))
        np.testing.assert_array_equal(value, 1.0)
        np.testing.assert_array_equal(rows[1:], 0.0)
        if B_LF == 0.0:
            np.testing.assert_allclose(rows[0], -4 / 3 * TIMES, rtol=1e-10)


@pytest.mark.parametrize("hop", [100.0, 1000.0])
def test_hopping_does_not_narrow_in_zero_field(hop: float) -> None:
    t = np.linspace(0.0, 20.0, 100)
    np.testing.assert_allclose(
        dynamic_lorentzian_kt(t, 0.1, hop), np.exp(-4 / 3 * 0.1 * t), rtol=0, atol=0.02 / hop
    )
    # nor in a field that turns the spin by little between hops
    weak = dynamic_lorentzian_kt_lf(t, 0.1, field(0.01 * hop), hop)
    np.testing.assert_allclose(weak, np.exp(-4 / 3 * 0.1 * t), rtol=0, atol=1e-3)


def pair(t: float, a: float, w: float, hop: float, across: str) -> list[list[np.ndarray]]:
    """Value and derivatives a hair below and above."""
    sides = []
    for x in (1 - 4e-15, 1 + 4e-15):
        at = {"t": t, "a": a, "w": w, "hop": hop}
        at[across] *= x
        value, rows = dynamic_lorentzian_kt_lf.value_and_gradient(
            np.array([at["t"]]), (at["a"], field(at["w"]), at["hop"])
        )
        sides.append([value, *rows])
    return sides


@pytest.mark.parametrize("across", ["t", "w", "hop", "a"])
@pytest.mark.parametrize("w", [5.0, 300.0, 8000.0])
def test_continuous_where_the_precession_leaves(across: str, w: float) -> None:
    places = [(APART / w, share / APART * w, 0.3 * w / APART) for share in (0.1, 3.0, 20.0)]
    far = 2.5 * APART / w
    places += [(far, GONE * share / far, GONE * (1 - share) / far) for share in (0.1, 0.9)]
    for t, a, hop in places:
        low, high = pair(t, a, w, hop, across)
        assert low[0][0] == pytest.approx(high[0][0], abs=1e-10)
        for row, other in zip(low[1:], high[1:], strict=True):
            assert row[0] == pytest.approx(other[0], rel=1e-8, abs=1e-16)


def test_continuous_in_zero_field() -> None:
    for a, hop in [(0.3, 0.7), (1e-5, 3.0), (150.0, 2.0), (0.4, 0.4)]:
        t = EARLY / (a + hop) * np.array([1 - 4e-15, 1 + 4e-15])
        rows = rational_lorentzian(t, a, hop)
        np.testing.assert_allclose(rows[:, 0], rows[:, 1], rtol=1e-8)
    below, above = (rational_lorentzian(TIMES, 0.4, 0.4 * x) for x in (1 - 4e-15, 1 + 4e-15))
    np.testing.assert_allclose(below, above, rtol=0, atol=1e-13)


@pytest.mark.parametrize("w", [0.0, 3.0, 700.0])
def test_a_time_does_not_depend_on_its_neighbours(w: float) -> None:
    """Alone, on an even grid and on a crooked one: windows and tables differ."""
    even = np.linspace(0.0, 16.0, 401)
    crooked = np.concatenate([even, [1e-7, 40.0, 3.3333]])
    for a, hop in [(0.3, 0.5), (20.0, 0.1), (0.5, 300.0)]:
        grid = dynamic_lorentzian_kt_lf(even, a, field(w), hop)
        more = dynamic_lorentzian_kt_lf(crooked, a, field(w), hop)
        np.testing.assert_allclose(grid, more[:401], rtol=0, atol=2e-10)
        for k in (1, 40, 400):
            alone = dynamic_lorentzian_kt_lf(even[k], a, field(w), hop)
            assert alone == pytest.approx(grid[k], abs=2e-10)


@pytest.mark.parametrize("made", [dynamic_lorentzian_kt, dynamic_lorentzian_kt_lf])
def test_before_the_muon_and_no_times_at_all(made: Component) -> None:
    values = [p.default for p in made.parameters]
    value, rows = made.value_and_gradient(np.array([-0.001, 0.0]), values)
    np.testing.assert_array_equal(value, 1.0)
    np.testing.assert_array_equal(rows, 0.0)
    assert made(np.zeros(0), *values).shape == (0,)


def test_the_same_question_costs_nothing() -> None:
    t = np.linspace(0.0, 10.0, 50)
    first = dynamic_lorentzian_kt_lf(t, 0.3, 5.0, 0.5)
    again = dynamic_lorentzian_kt_lf(t.copy(), 0.3, 5.0, 0.5)
    assert np.shares_memory(first, again)
    assert not first.flags.writeable
