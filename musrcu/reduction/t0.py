"""Time zero from the counts: the prompt peak of a continuous source, the edge of a pulsed one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from musrcu.containers.arrays import FloatArray, by_fields, frozen
from musrcu.containers.kinds import check_kind
from musrcu.containers.run import Run
from musrcu.errors import ReductionError
from musrcu.reduction.selection import select_detectors

Method = Literal["file", "prompt", "edge"]
METHODS: tuple[str, ...] = get_args(Method)
APART = 1.0
"""Bins, beside three errors, by which an estimate may differ from the file without a word."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TimeZero:
    """When the muon arrives in each detector, and how well that is known."""

    value: FloatArray
    """(n_detectors,) bin index (from 0, fractional) in the convention of ``Run.t0``: bin k lies at
    (k - t0) dt, so that a prompt peak centred in bin k has t0 = k. The file's where a detector was
    not asked for."""
    error: FloatArray | None = None
    """(n_detectors,) standard deviation in bins, NaN where a detector was not asked for; None where
    the value is that of the file. The ``edge`` is one number for all detectors, and so is its
    error: it is common to all."""
    method: Method = "file"
    notes: tuple[str, ...] = ()
    """What is doubtful, one sentence each."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", frozen(self.value, float))
        if self.error is not None:
            object.__setattr__(self, "error", frozen(self.error, float))
        object.__setattr__(self, "notes", tuple(self.notes))

    def __reduce__(self) -> tuple[Any, ...]:
        return by_fields(self)

    def __str__(self) -> str:
        lines = [f"t0 from {self.origin}"]
        if self.method == "edge":
            return "\n".join([f"{lines[0]}: bin {self.value[0]:.6g}", *self.notes])
        for number, value in enumerate(self.value, start=1):
            error = np.nan if self.error is None else self.error[number - 1]
            known = f" +- {error:.2g}" if np.isfinite(error) else ""
            lines.append(f"  detector {number}: bin {value:.6g}{known}")
        return "\n".join([*lines, *self.notes])

    @property
    def origin(self) -> str:
        """Where the value comes from: ``the prompt peak, +-0.05 bins`` (the largest error)."""
        if self.error is None:
            return "the file"
        name = "the prompt peak" if self.method == "prompt" else "the edge of the muon pulse"
        return f"{name}, +-{np.nanmax(self.error):.2g} bins"


def find_t0(
    run: Run, method: str | None = None, *, detectors: str | int | Sequence[int] | None = None
) -> TimeZero:
    """Time zero of a run from its counts.

    ``prompt``: the place of the peak of prompt positrons, which cross the muon counter, the sample
    and a positron detector at once, of each detector by itself. A Poisson likelihood is maximised
    over the bins within 8 standard deviations of the peak:

    n_k = b + P [Phi(u)] + S w [u Phi(u) + phi(u)] e^(-t/tau) (1 + g t)

    where [ ] is the difference of its ends u = (k +- 1/2 - t0) / w: a Gaussian of P counts and
    standard deviation w on counts b before it and decays S behind it, which begin at t0 with the
    same resolution w; g leaves room for a precession. t0, w, P, b, S and g are free. The error is
    that of the Fisher matrix. Where no Gaussian fits (chi-square less probable than 1e-4, as in
    most real runs of many counts), what its centre differs by from the highest point and from the
    median of the peak is added to the error in quadrature, and said. Decays that began
    at once instead would move t0 by S w^2 / (2 P) bins, which no fit of these bins can tell.

    ``edge``: the moment by which half of the muons of the pulse have arrived, from all detectors
    and periods together, common to all. The rise is fitted with a Gaussian pulse, a parabola, and
    a parabola of pions that live 26 ns, of free width, folded with the decays of the muons; each
    counts by its likelihood, and their spread is part of the error. For a symmetric pulse this is
    its centre and the mean arrival, which sets the phase of a slow precession. The pion decay at
    ISIS has a tail: the middle lies 2.6 ns (0.16 bins of 16 ns) before the mean arrival for a
    pulse of 80 ns full width, a phase of 0.026 rad at 1.59 MHz. Where too few
    decays (below some 10^5) tell the shapes apart, it may come out early by a fifth of its error.
    Correct dead times first: a loss of 6 % at the top moves the middle 0.08 bins early; the
    correction of a rate that rises, half a dead time late, is taken into account.

    Parameters
    ----------
    run : the run; of corrected counts their variance is used.
    method : ``prompt``, ``edge`` or ``file`` (t0 as the file has it, no errors); None takes
        ``prompt`` for a continuous source and ``edge`` for a pulsed one.
    detectors : by number from 1 or label, such as ``"1-4,7"`` or ``[1, 2]``, that must have a
        prompt peak; None is all.

    Returns
    -------
    TimeZero, with a note for every detector whose estimate differs from the file by more than one
    bin and three errors.

    Raises
    ------
    ReductionError if a detector is unknown or has no significant prompt peak, if no rise of a
    single muon pulse can be located, or the method does not belong to the source.
    """
    check_kind("find_t0", run, Run)
    numbers = _numbers(run, detectors)
    if method is None:
        method = "edge" if run.source == "pulsed" else "prompt"
    if method == "file":
        return TimeZero(value=run.t0)
    if method not in METHODS:
        raise ReductionError(f"t0 from {method!r}; expected {', '.join(METHODS)}")
    source = "pulsed" if method == "edge" else "continuous"
    if run.source != source:
        other = "prompt" if method == "edge" else "edge"
        raise ReductionError(
            f"{run.name}: t0 from the {method} is for a {source} source, this one is "
            f"{run.source}; use {other!r} or the t0 of the file"
        )
    found = _edge(run) if method == "edge" else _prompt(run, numbers)
    return TimeZero(
        value=found.value,
        error=found.error,
        method=found.method,
        notes=(*found.notes, *differences(run, found)),
    )


def _numbers(run: Run, detectors: str | int | Sequence[int] | None) -> list[int]:
    if detectors is None:
        return list(range(1, run.n_detectors + 1))
    return sorted(select_detectors(detectors, run.labels))


def _prompt(run: Run, detectors: list[int]) -> TimeZero:
    from musrcu.reduction.t0_prompt import find_peak

    counts, variance = _summed(run)
    value, error = np.array(run.t0, dtype=float), np.full(run.n_detectors, np.nan)
    poor = []
    for number in detectors:
        peak = find_peak(counts[number - 1], variance[number - 1], run.bin_width)
        if isinstance(peak, str):
            raise ReductionError(
                f"{run.name}: detector {_named(run, number)}: {peak}; take t0 of the file, give "
                "it, or leave this detector out"
            )
        value[number - 1], error[number - 1] = peak.place, peak.error
        if peak.shape > 0:
            poor.append(f"{_named(run, number)} by {peak.shape:.2g}")
    notes = [f"prompt peaks that are no Gaussian, uncertain in bins: {', '.join(poor)}"] * bool(
        poor
    )
    return TimeZero(value=value, error=error, method="prompt", notes=tuple(notes))


def _edge(run: Run) -> TimeZero:
    from musrcu.reduction.t0_edge import find_edge

    counts, variance = (part.sum(axis=0) for part in _summed(run))
    corrected = run.history.find("correct_dead_time")
    dead_time = 0.0 if corrected is None else corrected.options.get("mean_us", 0.0)
    edge = find_edge(counts, variance, run.bin_width, dead_time)
    if isinstance(edge, str):
        raise ReductionError(
            f"{run.name}: no edge of a muon pulse: {edge}; take t0 of the file or give it"
        )
    notes = []
    if edge.shape > 0.5 * edge.error:
        notes.append(
            f"the shape of the muon pulse (best: a {edge.pulse} of {1e3 * edge.width:.0f} ns) "
            f"leaves its middle uncertain by {edge.shape:.2g} bins"
        )
    if run.dead_time is not None and corrected is None:
        notes.append("the dead times are not corrected, which moves the edge early")
    everywhere = np.ones(run.n_detectors)
    return TimeZero(
        value=edge.place * everywhere,
        error=edge.error * everywhere,
        method="edge",
        notes=tuple(notes),
    )


def _summed(run: Run) -> tuple[FloatArray, FloatArray]:
    """(n_detectors, n_bins) counts and their variance, all periods together.

    Periods that hold decays of one another are not added.
    """
    periods = slice(1) if run.same_decays else slice(None)
    counts = run.counts[periods].sum(axis=0, dtype=float)
    if run.variance is None:
        return counts, counts
    return counts, run.variance[periods].sum(axis=0, dtype=float)


def _named(run: Run, number: int) -> str:
    """A detector as a person writes it: ``2 Back``."""
    return f"{number} {run.labels[number - 1]}".strip()


def differences(run: Run, found: TimeZero) -> list[str]:
    """What is to be said of detectors whose t0 in the file is another one, one sentence or none."""
    assert found.error is not None
    apart = found.value - run.t0
    with np.errstate(invalid="ignore"):
        far = np.flatnonzero(np.abs(apart) > APART + 3 * found.error)
    if not far.size:
        return []
    if found.method == "edge":
        d = int(far[np.argmax(np.abs(apart[far]))])
        where = f"{apart[d]:+.2f} bins ({1e3 * apart[d] * run.bin_width:+.1f} ns) away from it"
        return [f"t0 of the file is bin {run.t0[d]:.6g}; the edge of the muon pulse is {where}"]
    named = [
        f"{_named(run, int(d) + 1)} {apart[d]:+.2f} bins ({1e3 * apart[d] * run.bin_width:+.1f} ns)"
        for d in far
    ]
    return [f"prompt peaks are away from t0 of the file: {', '.join(named)}"]
