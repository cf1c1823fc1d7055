"""A fitted curve as the points of an asymmetry see it that was formed otherwise than it was."""

from __future__ import annotations

import math

import numpy as np

from musrcu.constants import MUON_LIFETIME
from musrcu.containers.arrays import FloatArray
from musrcu.containers.asymmetry import Asymmetry
from musrcu.direct.curve import RunCurve
from musrcu.fitting.result import FitResult


def as_seen(
    curve: FloatArray, t: FloatArray, asymmetry: Asymmetry, result: FitResult | RunCurve
) -> FloatArray:
    """A' = (F - alpha' B) / (beta' F + alpha' B) of the fitted groups F and B.

        F = alpha^1/2 (1 + a) + f_F,  B = alpha^-1/2 (1 - beta a) + f_B,  f = (b - s) e^{t/tau} / N0

    with alpha' and beta' those of the points, s the background that was subtracted from them, and
    the others as fitted; what the fit does not have is as it is in the points.

    Parameters
    ----------
    curve : (n,) the fitted asymmetry a.
    t : (n,) µs.
    asymmetry, result : the points and the fit.
    """
    found = {name: one.value for name, one in result.parameters.items()}
    alpha = found.get("alpha") or asymmetry.alpha
    beta = found.get("detector_beta") or asymmetry.detector_beta
    left = _left_over(found, asymmetry)
    formed = math.isclose(alpha, asymmetry.alpha, rel_tol=1e-9)
    formed = formed and math.isclose(beta, asymmetry.detector_beta, rel_tol=1e-9)
    if formed and not any(left):
        return curve
    grown = np.exp(t / MUON_LIFETIME)
    forward = math.sqrt(alpha) * (1 + curve) + left[0] * grown
    backward = (1 - beta * curve) / math.sqrt(alpha) + left[1] * grown
    lost = asymmetry.alpha * backward
    return np.asarray((forward - lost) / (asymmetry.detector_beta * forward + lost))


def _left_over(found: dict[str, float | None], asymmetry: Asymmetry) -> tuple[float, float]:
    """Fitted background that was not subtracted from the points, over N0, of both groups."""
    n0, *flat = (found.get(name) for name in ("N0", "b_F", "b_B"))
    if not n0 or None in flat:
        return 0.0, 0.0
    taken = (0.0, 0.0) if asymmetry.background is None else asymmetry.background
    forward, backward = (
        0.0 if math.isclose(b or 0.0, s, rel_tol=1e-9) else ((b or 0.0) - float(s)) / n0
        for b, s in zip(flat, taken, strict=True)
    )
    return forward, backward
