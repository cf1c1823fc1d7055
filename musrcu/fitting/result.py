"""The result of a fit: values, errors, and whether to believe them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu import notation
from musrcu.files import PathLike, checksum, write_text
from musrcu.fitting.entries import COUNT, FLAG, NDOF, NUMBER, TABLE, TEXT, WHOLE, Entries
from musrcu.fitting.fitted import Fitted
from musrcu.fitting.gamma_tail import gamma_tail
from musrcu.models.bins import Bins
from musrcu.models.model import Model
from musrcu.notation import table

KIND = "musrcu fit"
"""What a saved result says it is."""
DEEPEST = 8
"""Alternatives of alternatives in a file, at most."""
SHAPES = (1e-6, 1e10)
"""Of a gamma distribution, half its degrees of freedom: between these it is computed."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FitResult:
    """A fit of one model to one run; one that failed says so in ``valid`` and ``reason``."""

    model: str
    """The model expression."""
    parameters: Mapping[str, Fitted]
    """Every parameter by name, in the model's order; those of the experiment (alpha, backgrounds)
    stand behind."""
    covariance: NDArray[np.float64] | None
    """(n_parameters, n_parameters), in the parameters' order and units; zero rows for fixed ones;
    None where it is singular."""
    chi2: float | None
    ndof: int
    """Data and constraints less free parameters."""
    excess: tuple[float, float] | None = None
    """What mean and variance of ``chi2`` have beyond ``ndof`` and twice that where the model is
    true: the likelihood ratio of few counts is no chi-square. None where it is one."""
    valid: bool
    reason: str
    """Why the fit is not valid; empty when it is."""
    notes: tuple[str, ...] = ()
    """What a reader should know: strong correlations, near ties, few counts."""
    cost: str = "asymmetry chi-square"
    """What was minimised."""
    cost_reason: str = ""
    """Why that."""
    t_range: tuple[float, float] | None = None
    """First and last fitted bin, µs."""
    n_bins: int = 0
    """Fitted bins."""
    n_dropped: int = 0
    """Bins inside the range that had no asymmetry."""
    average_bins: bool = False
    """Whether the model was averaged over each bin."""
    run: int | None = None
    name: str = ""
    """Instrument and number."""
    temperature: float | None = None
    temperature_error: float | None = None
    reduction: Mapping[str, Any] = field(default_factory=dict)
    """Every step and option since the file."""
    start: Mapping[str, float] = field(default_factory=dict)
    """Values from which the minimum was found: those that were given, else found by the search."""
    alternative: FitResult | None = None
    """The fit without a spare term, where two terms cannot be told apart."""
    versions: Mapping[str, str] = field(default_factory=dict)
    path: str | None = None
    """The file of the run."""
    checksum: str | None = None
    """Of that file when the result was saved, ``sha256:...``; None where it was not read then."""
    recipe: Mapping[str, Any] | None = None
    """Tables ``reduction`` and ``calibration`` that made what was fitted; None where stages were
    applied one by one."""
    request: Mapping[str, Any] = field(default_factory=dict)
    """What was fitted and the arguments that were given, for :func:`musrcu.repeat`."""

    def __getitem__(self, name: str) -> Fitted:
        """A parameter by name; a short name will do where it is unambiguous."""
        if name in self.parameters:
            return self.parameters[name]
        return self.parameters[Model(self.model).names[Model(self.model).index(name)]]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(self.parameters)

    @property
    def values(self) -> NDArray[np.float64]:
        """(n_parameters,) values; NaN where there is none."""
        return np.array([np.nan if p.value is None else p.value for p in self.parameters.values()])

    @property
    def errors(self) -> NDArray[np.float64]:
        """(n_parameters,) errors; NaN where there is none."""
        return np.array([np.nan if p.error is None else p.error for p in self.parameters.values()])

    @property
    def correlation(self) -> NDArray[np.float64] | None:
        """(n_parameters, n_parameters) correlations; zero for fixed parameters."""
        if self.covariance is None:
            return None
        scale = np.sqrt(np.diag(self.covariance))
        scale = np.where(scale > 0, scale, 1.0)
        return np.asarray(self.covariance / scale / scale[:, None])

    @property
    def probability(self) -> float | None:
        """Probability of a ``chi2`` at least this large where the model is true."""
        return chi2_probability(self.chi2, self.ndof, self.excess)

    @property
    def n_free(self) -> int:
        """Free parameters, those that ended at a limit among them."""
        return sum(not p.fixed and p.tie is None for p in self.parameters.values())

    @property
    def aic(self) -> float | None:
        """Akaike's criterion C + 2 k of k free parameters; differences on the same data count.

        Source: H. Akaike, IEEE Trans. Autom. Control 19, 716 (1974).
        """
        return None if self.chi2 is None else self.chi2 + 2 * self.n_free

    @property
    def bic(self) -> float | None:
        """Schwarz's criterion C + k ln n of k free parameters and n data and constraints.

        Source: G. Schwarz, Ann. Statist. 6, 461 (1978).
        """
        n = self.ndof + self.n_free
        return None if self.chi2 is None else self.chi2 + self.n_free * float(np.log(max(n, 1)))

    @property
    def best(self) -> FitResult:
        """This fit, or where it is not valid, the first valid one among its alternatives."""
        other = self.alternative
        if self.valid or other is None:
            return self
        return other.best if other.best.valid else self

    def curve(self, t: Any, width: Any = None) -> NDArray[np.float64]:
        """The fitted asymmetry at times ``t``, µs.

        ``width`` is that of bins, µs, one or as many as times, over which the curve is averaged as
        their counts are; None is the asymmetry itself.
        """
        model = Model(self.model)
        where = t if width is None else Bins(t, width)
        return model.value(where, self.values[: len(model.names)])

    def summary(self) -> str:
        """The result as text: quality, parameters, notes, and the alternative if there is one."""
        lines = [f"{self.name or 'fit'}: {self.model}", "  " + self._quality()]
        if self.cost_reason:
            lines.append(f"  cost: {self.cost} ({self.cost_reason})")
        rows = [[f"  {name}", str(fitted)] for name, fitted in self.parameters.items()]
        lines += table(rows, ["  parameter", "value"]).split("\n")
        lines += [f"  note: {note}" for note in self.notes]
        if self.alternative is not None:
            inner = self.alternative.summary().replace("\n", "\n  ")
            lines.append("  without the spare term:\n  " + inner)
        return "\n".join(lines)

    def _quality(self) -> str:
        verdict = "valid" if self.valid else f"NOT VALID: {self.reason}"
        if self.chi2 is None or self.probability is None:
            return verdict
        where = (
            "" if self.t_range is None else f", {self.t_range[0]:.3f} to {self.t_range[1]:.3f} us"
        )
        ratio = self.chi2 / self.ndof
        over = ", averaged over bins" if self.average_bins else ""
        counted = "" if self.cost == "asymmetry chi-square" else f", {self.cost}"
        return (
            f"chi2/ndof = {_plain_size(self.chi2, 1)}/{self.ndof} = {_plain_size(ratio, 3)} "
            f"(probability {notation.probability(self.probability)}){where}{counted}{over}, "
            f"{verdict}"
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON of ``musrcu fit --json``: numbers are plain, unknown is None, never NaN."""
        correlation = self.correlation
        return {
            "kind": KIND,
            "run": self.run,
            "name": self.name,
            "model": self.model,
            "cost": self.cost,
            "cost_reason": self.cost_reason,
            "valid": self.valid,
            "reason": self.reason,
            "notes": list(self.notes),
            "chi2": self.chi2,
            "ndof": self.ndof,
            "excess": None if self.excess is None else list(self.excess),
            "probability": self.probability,
            "parameters": {name: p.to_dict() for name, p in self.parameters.items()},
            "correlation": None if correlation is None else correlation.tolist(),
            "covariance": None if self.covariance is None else self.covariance.tolist(),
            "t_range": None if self.t_range is None else list(self.t_range),
            "n_bins": self.n_bins,
            "n_dropped": self.n_dropped,
            "average_bins": self.average_bins,
            "temperature": self.temperature,
            "temperature_error": self.temperature_error,
            "start": dict(self.start),
            "alternative": None if self.alternative is None else self.alternative.to_dict(),
            "reduction": dict(self.reduction),
            "versions": dict(self.versions),
            "path": self.path,
            "checksum": self.checksum,
            "recipe": None if self.recipe is None else dict(self.recipe),
            "request": dict(self.request),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> FitResult:
        """A result from its JSON.

        Raises
        ------
        MusrcuError if it is not the JSON of a fit.
        """
        return cls.from_entries(Entries(data, KIND))

    @classmethod
    def from_entries(cls, entries: Entries, depth: int = 0) -> FitResult:
        """A result from its checked entries; ``depth`` is how many it is the alternative of."""
        if depth > DEEPEST:
            raise entries.wrong("alternative", f"no more than {DEEPEST} fits in one another")
        inner = entries.inner("parameters")
        parameters = {name: Fitted.from_entries(name, inner.inner(name)) for name in inner.table}
        n = len(parameters)
        known = not entries.empty("covariance")
        other = None if entries.empty("alternative") else entries.inner("alternative")
        recipe = entries.one("recipe", TABLE, none=True, default=None)
        made = cls(
            parameters=parameters,
            covariance=entries.matrix("covariance", n, n) if known else None,
            alternative=None if other is None else cls.from_entries(other, depth + 1),
            t_range=entries.pair("t_range"),
            notes=entries.texts("notes"),
            excess=entries.pair("excess", default=None),
            average_bins=entries.one("average_bins", FLAG, default=False),
            cost_reason=entries.one("cost_reason", TEXT, none=True, default="") or "",
            request=dict(entries.one("request", TABLE, none=True, default=None) or {}),
            path=entries.one("path", TEXT, none=True, default=None),
            checksum=entries.one("checksum", TEXT, none=True, default=None),
            recipe=None if recipe is None else dict(recipe),
            reduction=dict(entries.one("reduction", TABLE)),
            start=entries.several("start", NUMBER),
            versions=entries.several("versions", TEXT),
            **{name: entries.one(name, kind) for name, kind in _COPIED.items()},
            **{name: entries.one(name, kind, none=True) for name, kind in _COPIED_OR_NONE.items()},
        )
        with np.errstate(all="ignore"):
            if not np.isfinite(0.0 if made.correlation is None else made.correlation).all():
                raise entries.wrong("covariance", "covariances below the product of both errors")
        return made

    def identified(self) -> FitResult:
        """The result with the checksum of its file, where that is still there."""
        if self.path is None or self.checksum is not None:
            return self
        return dataclasses.replace(self, checksum=checksum(self.path))

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write the result as JSON, with the checksum of the file that was fitted.

        :func:`musrcu.load` reads it back, :func:`musrcu.repeat` makes the fit again.
        """
        text = json.dumps(self.identified().to_dict(), indent=1, allow_nan=False)
        write_text(path, text + "\n", overwrite=overwrite)


_COPIED = {
    "model": TEXT, "valid": FLAG, "reason": TEXT, "cost": TEXT, "ndof": NDOF, "n_bins": COUNT,
    "n_dropped": COUNT, "name": TEXT,
}  # fmt: skip
_COPIED_OR_NONE = {
    "chi2": NUMBER, "run": WHOLE, "temperature": NUMBER, "temperature_error": NUMBER,
}  # fmt: skip


def chi2_probability(
    chi2: float | None, ndof: int, excess: tuple[float, float] | None = None
) -> float | None:
    """Probability of a chi-square at least this large; None without degrees of freedom, or with
    so many that they are none of a measurement.

    ``excess`` is what the mean and the variance have beyond ``ndof`` and twice that: it is then
    taken as a multiple of chi-square with this mean and variance.

    Source: F. E. Satterthwaite, Biometrics Bull. 2, 110 (1946), for the multiple of chi-square.
    """
    if chi2 is None or ndof < 1:
        return None
    mean, variance = float(ndof), 2.0 * ndof
    if excess is not None:
        mean, variance = mean + excess[0], variance + excess[1]
        if mean <= 0 or variance <= 0:
            return None
    shape = mean / variance * mean
    if not SHAPES[0] < shape < SHAPES[1]:
        return None
    return gamma_tail(shape, chi2 * mean / variance)


def _plain_size(value: float, digits: int) -> str:
    """A number with some digits behind the point, or as a power of ten where it is huge."""
    return f"{value:.{digits}f}" if abs(value) < 1e9 else f"{value:.3g}"
