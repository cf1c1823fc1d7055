"""Recomputing the certificate of a component."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import GAMMA_MU
from musrcu.errors import ModelError
from musrcu.models.certificate import Certificate
from musrcu.models.registry import Component, find_component
from musrcu.verification.computed import compute
from musrcu.verification.continuity import edges, jumps
from musrcu.verification.promise import LEAST_SLOPE, SLOPE, domain
from musrcu.verification.trial import Trial, trials
from musrcu.verification.truth import truth

FloatArray = NDArray[np.float64]

SETS, SLOW_SETS = 2000, 300
"""Sets tried in a full verification; fewer where one truth takes more than a second."""
_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, slots=True)
class Worst:
    """The largest error found, as a share of what is allowed, and where."""

    share: float = 0.0
    error: float = 0.0
    allowed: float = math.nan
    what: str = ""
    trial: Trial | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification of one component found."""

    key: str
    method: str
    domain: str
    tried: int
    value: Worst
    slope: Worst
    milliseconds: tuple[float, float]
    """Time of 2000 values, ms: median and largest over the sets."""
    findings: tuple[str, ...] = ()
    """What broke the promise, one sentence each."""
    accuracy: float = math.nan
    """Largest absolute error that is promised, beside what the phase allows."""

    @property
    def valid(self) -> bool:
        """Whether every promise was kept."""
        return self.tried > 0 and not self.findings


def verify(
    component: Component | str,
    sets: int | None = None,
    seed: int = 1,
    part: tuple[int, int] = (0, 1),
) -> Verification:
    """The certificate of a component, recomputed.

    Parameters
    ----------
    component : a component or its name.
    sets : parameter sets tried; None takes 2000, or 300 where one truth takes over a second.
    seed : of the sets.
    part : (k, n): every n-th set from the k-th, for work that is shared.

    Returns
    -------
    Verification: the worst errors of value and derivatives, where they were, and every finding.

    Raises
    ------
    ModelError if the component has no certificate, or mpmath is not installed.
    """
    made = find_component(component) if isinstance(component, str) else component
    certificate = made.certificate
    if certificate is None:
        raise ModelError(f"component {made.key} has no certificate, so there is nothing to verify")
    count = sets or (SLOW_SETS if certificate.slow else SETS)
    chosen = list(trials(made, count, seed))[part[0] :: part[1]]
    found = Verification(
        made.key, certificate.method, domain(made), 0, Worst(), Worst(), (math.nan, math.nan),
        accuracy=certificate.accuracy,
    )  # fmt: skip
    with np.errstate(all="ignore"):  # what is imported or prepared once is not timed
        for trial in chosen[:5]:
            made.function(np.linspace(0.0, 1.0, 50), *trial.arguments(made))
    seconds, findings = [], []
    for trial in chosen:
        value, slope, told, took = _one(made, certificate, trial)
        found = replace(
            found,
            tried=found.tried + 1,
            value=max(found.value, value, key=_share),
            slope=max(found.slope, slope, key=_share),
        )
        findings += told
        seconds.append(took)
    if part[0] == 0:
        findings += [*jumps(made, seed), *edges(made, seed)]
    took_ms = [1e3 * one for one in seconds if math.isfinite(one)] or [math.nan]
    times = (float(np.median(took_ms)), max(took_ms))
    return replace(found, findings=tuple(findings), milliseconds=times)


def merge(parts: Sequence[Verification]) -> Verification:
    """One verification from parts of it."""
    timed = [one.milliseconds for one in parts if math.isfinite(one.milliseconds[0])]
    timed = timed or [(math.nan, math.nan)]
    return replace(
        parts[0],
        tried=sum(one.tried for one in parts),
        value=max((one.value for one in parts), key=_share),
        slope=max((one.slope for one in parts), key=_share),
        milliseconds=(
            float(np.median([median for median, _ in timed])),
            max(largest for _, largest in timed),
        ),
        findings=tuple(text for one in parts for text in one.findings),
    )


def allowed(component: Component, trial: Trial) -> float:
    """Largest error promised at a trial: a constant and 8 eps times the largest phase.

    That of a law, which is as large as its parameters make it, is a share of its size above 1.
    """
    certificate = component.certificate
    assert certificate is not None
    x = trial.values[component.variable]
    if component.variable != "t":
        return certificate.accuracy
    if certificate.phase is not None:
        phase = certificate.phase(x, *trial.arguments(component))
    else:
        turn = {"MHz": 2 * math.pi * x, "G": GAMMA_MU * x, "deg": math.pi / 180}
        parts = [abs(turn.get(p.unit, 0.0) * trial.values[p.name]) for p in component.parameters]
        phase = sum(parts)
    return certificate.accuracy + 8 * _EPS * phase


def _share(worst: Worst) -> float:
    if not worst.what:  # nothing was compared yet
        return -1.0
    return math.inf if math.isnan(worst.share) else worst.share


def _one(
    component: Component, certificate: Certificate, trial: Trial
) -> tuple[Worst, Worst, list[str], float]:
    """Worst value and derivative of one trial, its findings, and the seconds of 2000 values."""
    x, arguments = trial.values[component.variable], trial.arguments(component)
    true = truth(component, trial)
    try:
        done = compute(component, x, arguments)
    except (FloatingPointError, ModelError) as reason:
        failed = Worst(math.inf, math.inf, math.nan, str(reason), trial)
        return failed, Worst(), [f"{component.key} at {trial}: {reason}"], math.nan
    room = allowed(component, trial)
    size = 1.0 if component.variable == "t" else max(1.0, abs(true[0]))
    error = max(abs(found - true[0]) for found in done.values) / size
    value = Worst(error / room, error, room, "value", trial)
    findings = [f"{component.key} near {trial}: {text}" for text in done.complaints(room)]
    if not error <= room:
        findings.append(_sentence(component, trial, "value", error, room))
    slope = Worst()
    for k, p in enumerate(component.parameters):
        scale = max(abs(true[1 + k]), LEAST_SLOPE)
        if component.variable == "t":
            scale = max(scale, done.largest(k))
        elif trial.values[p.name]:  # a law may diverge, which says nothing of it elsewhere
            scale = max(scale, abs(true[0] / trial.values[p.name]))
        error = max(abs(found - true[1 + k]) for found in done.slopes(k))
        here = Worst(error / (SLOPE * scale), error / scale, SLOPE, f"d/d{p.name}", trial)
        slope = max(slope, here, key=_share)
        if not here.share <= 1:
            findings.append(_sentence(component, trial, here.what, here.error, SLOPE))
        findings += [
            f"{component.key} near {trial}: d/d{p.name} {text}"
            for text in done.differing(1 + k, 2 * SLOPE * scale)
            if component.variable == "t"
        ]
    return value, slope, findings, done.seconds


def _sentence(component: Component, trial: Trial, what: str, error: float, room: float) -> str:
    return (
        f"{component.key} at {trial} ({trial.where}): {what} off by {error:.2g}, "
        f"promised {room:.2g}"
    )
