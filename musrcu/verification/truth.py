"""The independent value of a function and its derivatives, by differences of 40 digits."""

from __future__ import annotations

from typing import Any

from musrcu.errors import ModelError
from musrcu.models.registry import Component
from musrcu.verification.trial import Trial

STEP = 1e-12
"""Step of a difference, as a share of the parameter (of 0.001 at least): its error is the square,
and half of 40 digits are left."""


def precise() -> Any:
    """The module mpmath.

    Raises
    ------
    ModelError where it is not installed.
    """
    try:
        import mpmath
    except ImportError:
        raise ModelError(
            "the references of a verification need mpmath; pip install 'musrcu[verify]'"
        ) from None
    return mpmath


def truth(component: Component, trial: Trial, derivatives: bool = True) -> tuple[float, ...]:
    """The function at a trial, then its derivative with respect to each parameter.

    Central differences inside the limits, three points inwards at a limit.
    """
    mp = precise()
    certificate = component.certificate
    assert certificate is not None
    with mp.workdps(certificate.digits):
        x = mp.mpf(trial.values[component.variable])
        point = [mp.mpf(value) for value in trial.arguments(component)]

        def at(place: int, value: Any) -> Any:
            return certificate.truth(mp, x, *point[:place], value, *point[place + 1 :])

        centre = mp.re(certificate.truth(mp, x, *point))
        if not derivatives:
            return (float(centre),)
        slopes = []
        for place, parameter in enumerate(component.parameters):
            p, h = point[place], mp.mpf(STEP) * max(abs(point[place]), mp.mpf("1e-3"))
            low, high = parameter.lower, parameter.upper
            if low is not None and p - h < low:
                slope = (4 * at(place, p + h) - 3 * centre - at(place, p + 2 * h)) / (2 * h)
            elif high is not None and p + h > high:
                slope = (3 * centre - 4 * at(place, p - h) + at(place, p - 2 * h)) / (2 * h)
            else:
                slope = (at(place, p + h) - at(place, p - h)) / (2 * h)
            slopes.append(float(mp.re(slope)))
        return (float(centre), *slopes)
