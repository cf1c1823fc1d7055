"""References of hopping muons at late times against another inversion of other transforms.

De Hoog's method sums a Fourier series along an upright line by continued fractions; the references
bend their line to the left. The static functions are transformed here term by term as they are
printed (R. S. Hayano et al., Phys. Rev. B 20, 850 (1979); Y. J. Uemura et al., ibid. 31, 546).
"""

from __future__ import annotations

from typing import Any

import pytest

from musrcu.references.laplace_lorentzian import dynamic_lorentzian
from musrcu.references.strong_collision import gaussian

GAMMA = 0.08516154557747  # rad / (us G)
mp: Any = pytest.importorskip("mpmath")


def static(s: Any, delta: Any, omega: Any) -> Any:
    """Hayano's Gaussian function in a field, transformed term by term."""

    def line(z: Any) -> Any:
        x = z / (mp.sqrt(2) * delta)
        return mp.sqrt(mp.pi / 2) / delta * mp.exp(x * x) * mp.erfc(x)

    above, below = line(s + 1j * omega), line(s - 1j * omega)
    ratio = (delta / omega) ** 2
    return (
        1 / s
        - 2 * ratio * (1 / s - (above + below) / 2)
        + 2 * ratio**2 * omega * (below - above) / (2j * s)
    )


def hopping(s: Any, transform: Any, hop: Any) -> Any:
    once = transform(s + hop)
    return once / (1 - hop * once)


def inverted(transform: Any, t: float) -> float:
    with mp.workdps(40):
        return float(mp.invertlaplace(transform, mp.mpf(t), method="dehoog"))


def referred(function: Any, t: float, *values: float) -> float:
    with mp.workdps(40):
        width, omega, hop = (mp.mpf(one) for one in values)
        return float(function(mp, mp.mpf(t), width, omega / mp.mpf(str(GAMMA)), hop))


LATE = [  # t, width, omega, hop: more than a hundred turns, hops or decays
    (30.0, 5.0, 2.0, 3.0),
    (40.0, 0.9, 4.0, 0.02),
    (35.0, 40.0, 90.0, 8.0),
    (20.0, 8.0, 8.0, 60.0),
]


@pytest.mark.parametrize("point", LATE)
def test_gaussian_fields(point: tuple[float, ...]) -> None:
    t, delta, omega, hop = (mp.mpf(one) for one in point)
    expected = inverted(lambda s: hopping(s, lambda z: static(z, delta, omega), hop), point[0])
    assert referred(gaussian, *point) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("point", LATE)
def test_lorentzian_fields(point: tuple[float, ...]) -> None:
    t, a, omega, hop = (mp.mpf(one) for one in point)

    def static_lorentzian(s: Any) -> Any:
        p, r = s + a, a / omega
        j0 = mp.atan(omega / p) / omega
        j1 = (1 - p * j0) / omega
        return 1 / s - r * j1 - r * r * (j0 - 1 / s) - a * (1 + r * r) * j0 / s

    expected = inverted(lambda s: hopping(s, static_lorentzian, hop), point[0])
    assert referred(dynamic_lorentzian, *point) == pytest.approx(expected, abs=1e-9)
