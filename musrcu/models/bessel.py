"""Precession in the field of an incommensurate spin-density wave: J0 in place of the cosine."""

from __future__ import annotations

import numpy as np

from musrcu.models.certificate import Certificate, Corner
from musrcu.models.oscillation import DEGREE, NU, PHI, TWO_PI
from musrcu.models.parameter import Check
from musrcu.models.registry import FloatArray, Solved, component
from musrcu.references.bessel import BY_INTEGRAL
from musrcu.references.bessel import bessel as truth

SCHENCK = "L. P. Le et al., Phys. Rev. B 48, 7284 (1993)"
FAST = Corner("many turns", lambda v, rng: {**v, "nu": rng.uniform(1, 200), "t": 40.0})
FEW = Corner(
    "few turns",
    lambda v, rng: {**v, "nu": rng.uniform(0, BY_INTEGRAL) / (TWO_PI * max(v["t"], 0.1))},
)


def waves(t: FloatArray, nu: float, phi: float) -> tuple[FloatArray, FloatArray]:
    """J0(2 pi nu t + phi) and its derivative by the argument, -J1."""
    from scipy.special import j0, j1

    x = (TWO_PI * nu) * t + DEGREE * phi
    return j0(x), -j1(x)


def _bessel(t: FloatArray, nu: float, phi: float) -> Solved:
    value, slope = waves(t, nu, phi)
    return value, (TWO_PI * t * slope, DEGREE * slope)


@component(
    "J0(2 pi nu t + phi)",
    parameters=[NU, PHI],
    together=_bessel,
    checks=[
        Check({"nu": 1.59, "phi": 0.0}, 1.0, -0.2455006838394, "integral form", 6e-14),
        Check({"nu": 0.4, "phi": 0.0}, 3.0, 0.2607586296396, "integral form", 6e-14),
        Check({"nu": 0.0, "phi": 0.0}, 3.0, 1.0, "no field"),
        Check({"nu": 0.0, "phi": 180 / np.pi}, 3.0, 0.7651976865579666, "J0(1)", 1e-15),
    ],
    reference=SCHENCK,
    certificate=Certificate(
        lambda mp, t, nu, phi: truth(mp, 2 * mp.pi * nu * t + phi * mp.pi / 180),
        "mean of cos(x sin theta), mpmath's asymptotic series beyond x = 60",
        corners=[FAST, FEW],
    ),
)
def bessel(t: FloatArray, nu: float, phi: float) -> FloatArray:
    """Incommensurate spin-density wave: fields up to that of nu. phi is 0 unless t0 is in doubt.

    After a turn or two this is sqrt(1 / (pi^2 nu t)) cos(2 pi nu t - 45 deg): a damped cosine
    fitted to such data returns a phase near -45 degrees, which tells that this function is due.
    """
    from scipy.special import j0

    return np.asarray(j0((TWO_PI * nu) * t + DEGREE * phi))
