"""Static Kubo-Toyabe functions in zero field: random static fields. Widths in 1/µs.

A third of the polarisation lies along the local field and stays; the rest turns and is lost as
d/dt [t chi(t)], with chi the characteristic function of one component of the field.
"""

from __future__ import annotations

import numpy as np

from musrcu.models.certificate import Certificate, Corner
from musrcu.models.parameter import Check, Parameter
from musrcu.models.registry import FloatArray, Solved, component
from musrcu.models.validity import zero_field
from musrcu.references.static_field import broadened_field, gaussian_field, voigtian_field

THIRD, TWO_THIRDS, FOUR_THIRDS = (np.array(k / 3.0) for k in (1, 2, 4))
"""Arrays without axes, which NumPy takes faster than numbers: a function here is an exponential
and a few sums."""
DELTA = Parameter(
    "delta", "1/us", 0.3, "width of the Gaussian fields", lower=0.0, seeds=(0.1, 0.4, 2.0)
)
A = Parameter("a", "1/us", 0.3, "half width of the Lorentzian fields", lower=0.0, seeds=(0.1, 0.5))
HAYANO = "R. S. Hayano et al., Phys. Rev. B 20, 850 (1979)"
UEMURA = "Y. J. Uemura et al., Phys. Rev. B 31, 546 (1985)"


def _gaussian_kt(t: FloatArray, delta: float) -> Solved:
    x = delta * t
    x = x * x
    decay = TWO_THIRDS * np.exp(-0.5 * x)
    return THIRD + (1.0 - x) * decay, (delta * t * t * (x - 3.0) * decay,)


@component(
    "1/3 + 2/3 (1 - delta^2 t^2) exp(-delta^2 t^2 / 2)",
    parameters=[DELTA],
    together=_gaussian_kt,
    checks=[
        Check({"delta": 0.5}, 1.0, 0.774581784625631, "quadrature over the field", 2e-15),
        Check({"delta": 0.5}, 2 * 3**0.5, 0.035826453135427, "minimum at sqrt(3)/delta", 2e-15),
        Check({"delta": 3.0}, 40.0, 1 / 3, "a third stays"),
        Check({"delta": 0.0}, 40.0, 1.0, "no field"),
    ],
    reference=HAYANO,
    certificate=Certificate(gaussian_field, "integral over the Maxwell distribution of fields"),
    valid=zero_field("gaussian_kt_lf", lambda delta: delta),
)
def gaussian_kt(t: FloatArray, delta: float) -> FloatArray:
    """Static Gaussian Kubo-Toyabe: dense random moments such as nuclei, zero field."""
    x = t * t
    x *= -0.5 * delta * delta
    decay = np.exp(x)
    x *= FOUR_THIRDS
    x += TWO_THIRDS
    x *= decay
    x += THIRD
    return np.asarray(x)


def _lorentzian_kt(t: FloatArray, a: float) -> Solved:
    x = a * t
    decay = TWO_THIRDS * np.exp(-x)
    return THIRD + (1.0 - x) * decay, (t * (x - 2.0) * decay,)


@component(
    "1/3 + 2/3 (1 - a t) exp(-a t)",
    parameters=[A],
    together=_lorentzian_kt,
    checks=[
        Check({"a": 0.5}, 1.0, 0.5355102199042, "oscillatory quadrature over the field", 6e-14),
        Check({"a": 0.5}, 4.0, 0.2431098111756, "oscillatory quadrature over the field", 6e-14),
        Check({"a": 0.2}, 10.0, 0.24310981117559, "minimum at a t = 2", 6e-15),
        Check({"a": 1e-6}, 1.0, 1 - 4e-6 / 3, "small t: 1 - 4/3 a t", 2e-12),
    ],
    reference=UEMURA,
    certificate=Certificate(
        lambda mp, t, a: voigtian_field(mp, t, a, mp.mpf(0)),
        "integral over the widths of Gaussian fields whose mixture is a Lorentzian",
    ),
    valid=zero_field("lorentzian_kt_lf", lambda a: a),
)
def lorentzian_kt(t: FloatArray, a: float) -> FloatArray:
    """Static Lorentzian Kubo-Toyabe: dilute random moments, zero field."""
    x = t * -a
    decay = np.exp(x)
    x += 1.0
    x *= decay
    x *= TWO_THIRDS
    x += THIRD
    return np.asarray(x)


def _voigtian_kt(t: FloatArray, a: float, sigma: float) -> Solved:
    first, second = a * t, (sigma * t) ** 2
    decay = TWO_THIRDS * np.exp(-first - 0.5 * second)
    total = first + second
    return THIRD + (1.0 - total) * decay, (
        t * (total - 2.0) * decay,
        sigma * t * t * (total - 3.0) * decay,
    )


@component(
    "1/3 + 2/3 (1 - a t - sigma^2 t^2) exp(-a t - sigma^2 t^2 / 2)",
    parameters=[
        A,
        Parameter("sigma", "1/us", 0.2, "width of the Gaussian fields", lower=0.0, seeds=(0.2,)),
    ],
    together=_voigtian_kt,
    checks=[
        Check({"a": 0.3, "sigma": 0.4}, 1.0, 0.5795234406498, "quadrature over the field", 6e-14),
        Check({"a": 0.3, "sigma": 0.4}, 3.0, 0.1565438288186, "quadrature over the field", 6e-14),
        Check({"a": 0.1, "sigma": 0.2}, 6.0, 0.1481195239703, "quadrature over the field", 6e-14),
    ],
    reference="M. R. Crook and R. Cywinski, J. Phys.: Condens. Matter 9, 1149 (1997)",
    certificate=Certificate(
        voigtian_field,
        "integral over the widths of Gaussian fields whose mixture is a Voigtian",
    ),
    valid=zero_field("gaussian_kt_lf and lorentzian_kt_lf", max),
)
def voigtian_kt(t: FloatArray, a: float, sigma: float) -> FloatArray:
    """Static Voigtian Kubo-Toyabe: dilute and dense moments together, zero field."""
    x = t * (-0.5 * sigma * sigma)
    x -= a
    x *= t
    decay = np.exp(x)
    # a t + sigma^2 t^2 = -2 x - a t
    x *= FOUR_THIRDS
    x += (2.0 / 3.0 * a) * t
    x += TWO_THIRDS
    x *= decay
    x += THIRD
    return np.asarray(x)


def _interpolating_kt(t: FloatArray, lambda_: float, beta: float) -> Solved:
    t = np.maximum(t, 0.0)
    s = np.maximum(lambda_ * t, 0.0)
    lower = s ** (beta - 1.0)
    x = s * lower
    decay = TWO_THIRDS * np.exp(-x / beta)
    logarithm = np.log(s, out=np.zeros_like(s), where=s > 0)
    by_x = (x - 1.0 - beta) / beta * decay
    by_beta = x * (by_x * logarithm + (1.0 - x) * decay / (beta * beta))
    return THIRD + (1.0 - x) * decay, (by_x * beta * t * lower, by_beta)


@component(
    "1/3 + 2/3 (1 - (lambda t)^beta) exp(-(lambda t)^beta / beta)",
    parameters=[
        Parameter("lambda", "1/us", 0.3, "width of the fields", lower=0.0, seeds=(0.1, 0.4, 2.0)),
        Parameter(
            "beta",
            "",
            1.5,
            "exponent: 1 Lorentzian, 2 Gaussian",
            lower=1.0,
            upper=2.0,
            domain=(1.0, 2.0),
        ),
    ],
    together=_interpolating_kt,
    checks=[
        Check({"lambda": 0.5, "beta": 1.0}, 4.0, 0.2431098111756, "Lorentzian, quadrature", 6e-14),
        Check({"lambda": 0.5, "beta": 2.0}, 1.0, 0.774581784625631, "Gaussian, quadrature", 2e-15),
        Check({"lambda": 0.5, "beta": 1.5}, 2.0, 1 / 3, "lambda t = 1 for every exponent", 2e-15),
    ],
    reference="J. S. Lord, J. Phys.: Conf. Ser. 17, 81 (2005)",
    certificate=Certificate(
        lambda mp, t, lambda_, beta: (
            (1 + 2 * (1 - (lambda_ * t) ** beta) * mp.exp(-((lambda_ * t) ** beta) / beta)) / 3
        ),
        "the formula with 40 digits (it is empirical: no field distribution has it)",
        domain="interior",
        corners=[
            Corner("Lorentzian", lambda v, rng: {**v, "beta": 1.0}),
            Corner("Gaussian", lambda v, rng: {**v, "beta": 2.0}),
            Corner("no field", lambda v, rng: {**v, "lambda": 0.0, "beta": rng.choice((1.0, 2.0))}),
        ],
    ),
    valid=zero_field("gaussian_kt_lf and lorentzian_kt_lf", lambda lambda_, beta: lambda_),
)
def interpolating_kt(t: FloatArray, lambda_: float, beta: float) -> FloatArray:
    """Kubo-Toyabe between Lorentzian and Gaussian, empirical. 1 before t = 0."""
    x = np.maximum(lambda_ * t, 0.0) ** beta
    decay = np.exp(x / -beta)
    return np.asarray(THIRD + TWO_THIRDS * (1.0 - x) * decay)


def _broadened_kt(t: FloatArray, delta: float, width: float) -> Solved:
    square = t * t
    q = 1.0 + width * width * square
    r = delta * delta * square / q
    decay = TWO_THIRDS * np.exp(-0.5 * r) / (q * np.sqrt(q))
    by_delta = delta * square / q * (r - 3.0) * decay
    by_width = width * square / q * (r * (6.0 - r) - 3.0) * decay
    return THIRD + (1.0 - r) * decay, (by_delta, by_width)


@component(
    "1/3 + 2/3 q^(-3/2) (1 - delta^2 t^2 / q) exp(-delta^2 t^2 / (2 q)), q = 1 + width^2 t^2",
    parameters=[
        Parameter("delta", "1/us", 0.3, "mean of the widths", lower=0.0, seeds=(0.1, 0.4, 2.0)),
        Parameter("width", "1/us", 0.1, "standard deviation of the widths", lower=0.0),
    ],
    together=_broadened_kt,
    checks=[
        Check({"delta": 0.5, "width": 0.1}, 1.0, 0.7700196479419, "mean over widths", 6e-14),
        Check({"delta": 0.5, "width": 0.2}, 3.0, 0.2130513649621, "mean over widths", 6e-14),
        Check({"delta": 0.5, "width": 0.2}, 6.0, 0.2589655089386, "mean over widths", 6e-14),
        Check({"delta": 0.5, "width": 0.0}, 1.0, 0.774581784625631, "Gaussian", 2e-15),
    ],
    reference="D. R. Noakes and G. M. Kalvius, Phys. Rev. B 56, 2352 (1997)",
    certificate=Certificate(broadened_field, "integral over the normal distribution of widths"),
    valid=zero_field("gaussian_kt_lf", max),
)
def broadened_kt(t: FloatArray, delta: float, width: float) -> FloatArray:
    """Gaussian-broadened Gaussian Kubo-Toyabe: the widths of the sites are spread, zero field.

    width = R delta, with R the ratio of Noakes and Kalvius.
    """
    x = t * t
    q = (width * width) * x
    q += 1.0
    x *= -0.5 * delta * delta
    x /= q
    decay = np.exp(x)
    x *= FOUR_THIRDS
    x += TWO_THIRDS
    x *= decay
    q *= np.sqrt(q)
    x /= q
    x += THIRD
    return np.asarray(x)
