"""The result of a one-step fit: the law, what runs share, each run, and two steps beside it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from musrcu.containers.arrays import FloatArray, frozen
from musrcu.errors import FitError
from musrcu.files import PathLike, write_text
from musrcu.fitting.entries import Entries
from musrcu.fitting.fitted import Fitted
from musrcu.fitting.result import chi2_probability
from musrcu.models.laws import order_parameter_law
from musrcu.ordering.band import band
from musrcu.ordering.result import LawParameter, OrderParameter

if TYPE_CHECKING:
    from musrcu.analysis.scan_result import Scan
    from musrcu.direct.curve import RunCurve
    from musrcu.direct.followed import Followed
    from musrcu.fitting.contour import Contour
    from musrcu.fitting.profile import Profile

KIND = "musrcu direct order"
"""What a saved result says it is."""


@dataclass(frozen=True, slots=True, eq=False)
class DirectRun:
    """One run in a one-step fit."""

    name: str
    run: int | None
    path: str | None
    verdict: str
    """What the fit of the run alone found."""
    temperature: float
    """As measured, K."""
    temperature_error: float
    """Of that mean, K; 0 where it is exact or unknown."""
    true_temperature: float
    """Where the fit has it, K, an offset of the thermometer included."""
    fraction: float
    """w, the ordered part of the volume."""
    nu: float | None
    """Of the law at the true temperature, in the unit of the order parameter; None above T_N."""
    nu_error: float | None
    chi2: float
    n_data: int
    own: Mapping[str, Fitted]
    """Parameters that this run has for itself."""

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {
            "name": self.name, "run": self.run, "path": self.path, "verdict": self.verdict,
            "temperature": self.temperature, "temperature_error": self.temperature_error,
            "true_temperature": self.true_temperature, "fraction": _plain(self.fraction),
            "nu": self.nu, "nu_error": self.nu_error, "chi2": _plain(self.chi2),
            "n_data": self.n_data,
            "own": {name: one.to_dict() for name, one in self.own.items()},
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DirectRun:
        """The inverse of :meth:`to_dict`."""
        numbers = {name: _number(data[name]) for name in ("fraction", "chi2")}
        return cls(**{**data, **numbers, "own": _fitted(data["own"])})


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DirectOrder:
    """nu(T) = nu0 [1 - (T/T_N)^alpha]^beta fitted to the spectra of all runs at once.

    What orders may be a frequency or a field at the muon; its value at T = 0 is ``saturation``,
    called nu0 or B0.
    """

    saturation: LawParameter
    T_N: LawParameter
    beta: LawParameter
    alpha: LawParameter
    sigma_TN: LawParameter
    """Width of the transition, K."""
    shared: Mapping[str, Fitted]
    """Everything else that runs have in common; ``alpha`` in it is the balance of the pair."""
    names: tuple[str, ...]
    """Shared parameters that are free, the axes of ``covariance``: the exponents are beta and
    ``exponent``."""
    covariance: FloatArray | None
    """(n, n); None where it is singular."""
    runs: tuple[DirectRun, ...]
    chi2: float
    ndof: int
    valid: bool
    reason: str
    notes: tuple[str, ...]
    assumed: tuple[str, ...]
    """What was taken for granted, in words."""
    left_out: tuple[str, ...]
    T_N_limits: tuple[float, float]
    """K."""
    models: tuple[str, str]
    """Below and above T_N."""
    parameter: str
    two_step: OrderParameter
    """The fit of the law to the frequencies of the runs, each from a fit of its own."""
    sigma_TN_below: float | None = None
    """K, upper limit of 95 per cent of a free ``sigma_TN`` that ended at its floor."""
    known_chi2: float = 0.0
    """Part of ``chi2`` that knowledge of shared parameters has."""
    reduced: tuple[str, ...] = ()
    """How the runs were reduced, one line a stage, as a scan says it."""
    options: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    problem: Followed | None = field(default=None, repr=False)
    """The likelihood itself; None in a result that was loaded."""
    scan: Scan | None = field(default=None, repr=False)
    """The fits of single runs from which it began; None in a result that was loaded."""

    def __post_init__(self) -> None:
        if self.covariance is not None:
            object.__setattr__(self, "covariance", frozen(self.covariance, float))

    @property
    def nu0(self) -> LawParameter:
        """Frequency at T = 0, MHz."""
        return self._called("nu0")

    @property
    def B0(self) -> LawParameter:
        """Field at the muon at T = 0."""
        return self._called("B0")

    def _called(self, name: str) -> LawParameter:
        if self.saturation.name != name:
            raise AttributeError(f"what orders is {self.saturation.name} at T = 0, not {name}")
        return self.saturation

    def __getitem__(self, name: str) -> LawParameter | Fitted:
        """A parameter of the law, or a shared one."""
        law = {one.name: one for one in self.law}
        if name in law:
            return law[name]
        if name in self.shared:
            return self.shared[name]
        raise KeyError(f"{name!r} is none of {', '.join([*law, *self.shared])}")

    @property
    def name(self) -> str:
        """What was fitted, in words."""
        return f"one-step fit of {len(self.runs)} runs"

    @property
    def law(self) -> tuple[LawParameter, ...]:
        """nu0 (B0), T_N, beta, alpha, sigma_TN."""
        return self.saturation, self.T_N, self.beta, self.alpha, self.sigma_TN

    @property
    def values(self) -> tuple[float, float, float, float]:
        """nu0 (B0), T_N (K), beta, alpha: arguments of ``models.laws.order_parameter_law``."""
        return self.saturation.value, self.T_N.value, self.beta.value, self.alpha.value

    @property
    def probability(self) -> float | None:
        """Probability of a ``chi2`` at least this large where the model is true."""
        return chi2_probability(self.chi2, self.ndof) if math.isfinite(self.chi2) else None

    def predict(self, T: ArrayLike) -> FloatArray:
        """(n,) the law at the temperatures ``T`` in K."""
        temperature = np.atleast_1d(np.asarray(T, dtype=float))
        if not all(map(math.isfinite, self.values)):
            return np.full(temperature.shape, np.nan)
        return order_parameter_law(temperature, *self.values)[0]

    def band(self, T: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """(low, high), each (n,): the 68 per cent band of the law at the temperatures ``T`` in K.

        As :meth:`musrcu.OrderParameter.band`, of the covariance with all else that is shared.
        """
        inner = ("nu0", "T_N", "beta", "exponent")
        places = [self.names.index(name) for name in inner if name in self.names]
        free = [k for k, name in enumerate(inner) if name in self.names]
        known = np.full((len(free), len(free)), np.nan)
        if self.covariance is not None:
            known = self.covariance[np.ix_(places, places)]
        return band(T, self.values, free, known, self.T_N_limits)

    def curve(self, run: DirectRun | str | int, t: ArrayLike) -> FloatArray:
        """(n,) the fitted asymmetry of a run at times ``t`` in µs.

        ``run`` is one of ``runs``, or its name or number.
        """
        return self.of_run(run).curve(t)

    def of_run(self, run: DirectRun | str | int) -> RunCurve:
        """All fitted parameters of a run and its curve, which :func:`musrcu.plot.scan` draws."""
        from musrcu.direct.curve import curve_of_run

        return curve_of_run(self, run)

    def likelihood_root(self, name: str, truth: float) -> float:
        """sign(fit - truth) sqrt(chi2 with ``name`` held at ``truth`` - chi2 of the fit).

        Standard normal over repeated experiments even where the error of T_N is far from symmetric.
        """
        return self._problem().likelihood_root(name, truth)

    def profile(self, name: str, points: int = 15) -> Profile:
        """chi2 against a parameter of the law or another shared one, all others at their best."""
        return self._problem().profile(name, points, self)

    def contour(
        self, first: str, second: str, levels: tuple[float, ...] = (0.683, 0.954)
    ) -> Contour:
        """The curves around the minimum that hold both parameters with these probabilities."""
        return self._problem().contour(first, second, levels, self)

    def _problem(self) -> Followed:
        if not self.valid:
            raise FitError(f"a fit that is not valid is not followed: {self.reason}")
        if self.problem is None:
            raise FitError("a loaded result has no spectra to follow; fit again")
        return self.problem

    def summary(self) -> str:
        """The result as the field writes it, one line per statement."""
        from musrcu.direct.report import report

        return report(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; what is not known is null."""
        return {
            "kind": KIND,
            "law": [_law_dict(one) for one in self.law],
            "shared": {name: one.to_dict() for name, one in self.shared.items()},
            "names": list(self.names),
            "covariance": None if self.covariance is None else self.covariance.tolist(),
            "runs": [one.to_dict() for one in self.runs],
            "chi2": _plain(self.chi2), "ndof": self.ndof, "known_chi2": self.known_chi2,
            "probability": self.probability,
            "valid": self.valid, "reason": self.reason,
            "notes": list(self.notes), "assumed": list(self.assumed),
            "reduced": list(self.reduced), "sigma_TN_below": self.sigma_TN_below,
            "left_out": list(self.left_out),
            "T_N_limits": [_plain(limit) for limit in self.T_N_limits],
            "models": list(self.models), "parameter": self.parameter,
            "two_step": self.two_step.to_dict(),
            "options": dict(self.options), "versions": dict(self.versions),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DirectOrder:
        """The inverse of :meth:`to_dict`."""
        saturation, T_N, beta, alpha, sigma = (_law(one) for one in data["law"])
        low, high = (_number(one) for one in data["T_N_limits"])
        below, above = data["models"]
        plain = ("ndof", "known_chi2", "valid", "reason", "parameter", "options", "versions")
        covariance = data["covariance"]
        return cls(
            saturation=saturation, T_N=T_N, beta=beta, alpha=alpha, sigma_TN=sigma,
            shared=_fitted(data["shared"]), names=tuple(data["names"]),
            covariance=None if covariance is None else np.array(covariance, dtype=float),
            runs=tuple(map(DirectRun.from_dict, data["runs"])), chi2=_number(data["chi2"]),
            notes=tuple(data["notes"]), assumed=tuple(data["assumed"]),
            reduced=tuple(data.get("reduced", ())), sigma_TN_below=data.get("sigma_TN_below"),
            left_out=tuple(data["left_out"]),
            T_N_limits=(low, high), models=(below, above),
            two_step=OrderParameter.from_dict(data["two_step"]),
            **{name: data[name] for name in plain},
        )  # fmt: skip

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write the result as JSON, for :func:`musrcu.load`."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        write_text(path, text + "\n", overwrite=overwrite)


def _fitted(data: Mapping[str, Any]) -> dict[str, Fitted]:
    return {name: Fitted.from_entries(name, Entries(one, KIND, name)) for name, one in data.items()}


def _law_dict(one: LawParameter) -> dict[str, Any]:
    return {
        "name": one.name, "value": _plain(one.value), "error": _plain(one.error),
        "unit": one.unit, "minos": None if one.minos is None else list(one.minos),
        "fixed": one.fixed, "at_limit": one.at_limit,
    }  # fmt: skip


def _law(data: Mapping[str, Any]) -> LawParameter:
    minos = data["minos"]
    return LawParameter(
        data["name"], _number(data["value"]), _number(data["error"]), data["unit"],
        None if minos is None else (minos[0], minos[1]), data["fixed"], data["at_limit"],
    )  # fmt: skip


def _plain(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


def _number(entry: float | None) -> float:
    return math.nan if entry is None else float(entry)
