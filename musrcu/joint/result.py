"""The result of a joint fit: what runs have in common, and each run with what is its own."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.numbers import is_number
from musrcu.errors import MusrcuError
from musrcu.files import PathLike, checksum, write_text
from musrcu.fitting.entries import COUNT, FLAG, NDOF, NUMBER, TABLE, TEXT, Entries
from musrcu.fitting.fitted import Fitted
from musrcu.fitting.result import FitResult, chi2_probability

FloatArray = NDArray[np.float64]

KIND = "musrcu joint fit"
"""What a saved result says it is."""


@dataclass(frozen=True, slots=True, eq=False)
class RunBlock:
    """What one run adds to the covariance of a joint fit."""

    local: tuple[str, ...]
    """Names of its local parameters."""
    shared: tuple[str, ...]
    """Which shared parameters it has."""
    covariance: FloatArray
    """(n_local, n_local) with all that is shared taken into account."""
    response: FloatArray
    """(n_local, n_shared of the run) by how much local parameters follow shared ones, dl/ds."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class JointResult:
    """A joint fit of several runs; one that failed says so in ``valid`` and ``reason``."""

    model: str
    """The model expression of every run."""
    shared: Mapping[str, Fitted]
    """Shared parameters by name; one of a group of runs is named ``nu2[field=100 G]``."""
    runs: tuple[FitResult, ...]
    """Each run with all its parameters, its own chi-square and its own covariance. Degrees of
    freedom of a run are its data less its local parameters."""
    shared_covariance: FloatArray | None
    """(n_shared, n_shared), in their order; zero rows for held ones; None where it is singular."""
    blocks: tuple[RunBlock, ...] = ()
    """Covariance of what is local, for each run; empty where it is singular."""
    chi2: float | None
    """Of all runs and of what is known of shared parameters."""
    ndof: int
    """Data and constraints of all runs less free parameters."""
    valid: bool
    reason: str
    """Why the fit is not valid; empty when it is."""
    notes: tuple[str, ...] = ()
    known_chi2: float = 0.0
    """Part of ``chi2`` that constraints on shared parameters have."""
    cost: str = "asymmetry chi-square"
    n_free: int = 0
    """Free parameters of all runs."""
    fields: tuple[float | None, ...] = ()
    """(n_runs,) applied fields by the headers, G; None where unknown."""
    start: Mapping[str, float] = field(default_factory=dict)
    """Values of the shared parameters from which the minimum was found."""
    versions: Mapping[str, str] = field(default_factory=dict)
    request: Mapping[str, Any] = field(default_factory=dict)
    """The arguments that were given, for :func:`musrcu.repeat`; files and recipes are in runs."""

    def __getitem__(self, name: str) -> Fitted:
        """A shared parameter by name."""
        if name not in self.shared:
            raise MusrcuError(
                f"{name!r} is not shared ({', '.join(self.shared) or 'nothing is'}); local "
                "parameters are in result.runs[k]"
            )
        return self.shared[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the shared parameters."""
        return tuple(self.shared)

    @property
    def values(self) -> FloatArray:
        """(n_shared,) values of the shared parameters."""
        return np.array([np.nan if p.value is None else p.value for p in self.shared.values()])

    @property
    def errors(self) -> FloatArray:
        """(n_shared,) errors of the shared parameters; NaN where there is none."""
        return np.array([np.nan if p.error is None else p.error for p in self.shared.values()])

    @property
    def probability(self) -> float | None:
        """Probability of a ``chi2`` at least this large where the model is true."""
        known = [run.excess for run in self.runs if run.excess is not None]
        excess = (sum(one[0] for one in known), sum(one[1] for one in known)) if known else None
        return chi2_probability(self.chi2, self.ndof, excess)

    @property
    def local_names(self) -> tuple[str, ...]:
        """Names of the parameters that are local in any run."""
        return tuple(dict.fromkeys(name for block in self.blocks for name in block.local))

    def local(self, name: str) -> tuple[FloatArray, FloatArray]:
        """(n_runs,) values and errors of a parameter in every run; NaN where it has none."""
        found = [run.parameters.get(name) for run in self.runs]
        if not any(found):
            raise MusrcuError(f"no run has a parameter {name!r}")
        pairs = [(None, None) if one is None else (one.value, one.error) for one in found]
        values, errors = zip(*pairs, strict=True)
        return _numbers(values), _numbers(errors)

    def covariance(self) -> tuple[tuple[str, ...], FloatArray]:
        """Names and (n, n) covariance of all parameters, shared ones first: the dense matrix.

        Local parameters are named ``nu2[run 3111]``, or by the place of the run from 1 where
        numbers are unknown or repeat.

        Raises
        ------
        MusrcuError where the covariance is singular.
        """
        if self.shared_covariance is None:
            raise MusrcuError(f"no covariance: {self.reason}")
        shared, place = self.shared_covariance, {name: k for k, name in enumerate(self.shared)}
        names = list(self.shared)
        numbers = [run.run for run in self.runs]
        unique = None not in numbers and len(set(numbers)) == len(numbers)
        rows = []
        for k, block in enumerate(self.blocks):
            which = f"run {numbers[k]}" if unique else f"{k + 1}"
            names += [f"{name}[{which}]" for name in block.local]
            wide = np.zeros((len(block.local), len(shared)))
            wide[:, [place[name] for name in block.shared]] = block.response
            rows.append(wide)
        response = np.concatenate([np.eye(len(shared)), *rows])
        matrix = response @ shared @ response.T
        at = len(shared)
        for block in self.blocks:
            inside = slice(at, at + len(block.local))
            matrix[inside, inside] = block.covariance
            at += len(block.local)
        return tuple(names), matrix

    def curve(self, run: int, t: Any, width: Any = None) -> FloatArray:
        """The fitted asymmetry of a run (its place from 0) at times ``t``, µs; ``width`` as for
        :meth:`musrcu.FitResult.curve`.
        """
        return self.runs[run].curve(t, width)

    def table(self) -> str:
        """What differs between runs, one line for each: temperature and field, local, tied and
        fixed parameters, chi-square."""
        from musrcu.joint.report import runs_table

        return runs_table(self)

    def summary(self) -> str:
        """The result as text: quality, what is shared or tied, a line for each run, notes."""
        from musrcu.joint.report import summary

        return summary(self)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of a joint fit: numbers are plain, unknown is None, never NaN."""
        covariance = self.shared_covariance
        return {
            "kind": KIND,
            "model": self.model,
            "cost": self.cost,
            "valid": self.valid,
            "reason": self.reason,
            "notes": list(self.notes),
            "chi2": self.chi2,
            "known_chi2": self.known_chi2,
            "ndof": self.ndof,
            "n_free": self.n_free,
            "probability": self.probability,
            "shared": {name: one.to_dict() for name, one in self.shared.items()},
            "covariance": None if covariance is None else covariance.tolist(),
            "blocks": [
                {
                    "local": list(block.local),
                    "shared": list(block.shared),
                    "covariance": block.covariance.tolist(),
                    "response": block.response.tolist(),
                }
                for block in self.blocks
            ],
            "start": dict(self.start),
            "fields": list(self.fields),
            "runs": [run.to_dict() for run in self.runs],
            "versions": dict(self.versions),
            "request": dict(self.request),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> JointResult:
        """A result from its JSON.

        Raises
        ------
        MusrcuError if it is not the JSON of a joint fit.
        """
        return cls.from_entries(Entries(data, KIND))

    @classmethod
    def from_entries(cls, entries: Entries) -> JointResult:
        """A result from its checked entries."""
        if entries.one("kind", TEXT) != KIND:
            raise entries.wrong("kind", repr(KIND))
        inner, tables = entries.inner("shared"), entries.tables("runs")
        shared = {name: Fitted.from_entries(name, inner.inner(name)) for name in inner.table}
        if not tables:
            raise entries.wrong("runs", "one run or more")
        runs = tuple(FitResult.from_entries(one) for one in tables)
        blocks = entries.tables("blocks")
        if blocks and len(blocks) != len(runs):
            raise entries.wrong("blocks", f"none, or {len(runs)} as there are runs")
        n, known = len(shared), not entries.empty("covariance")
        made = cls(
            shared=shared,
            runs=runs,
            shared_covariance=entries.matrix("covariance", n, n) if known else None,
            blocks=tuple(_block(one, shared) for one in blocks),
            notes=entries.texts("notes"),
            fields=_fields(entries, len(runs)),
            start=entries.several("start", NUMBER),
            versions=entries.several("versions", TEXT),
            request=dict(entries.one("request", TABLE, none=True, default=None) or {}),
            chi2=entries.one("chi2", NUMBER, none=True),
            **{name: entries.one(name, kind) for name, kind in _COPIED.items()},
        )
        with np.errstate(all="ignore"):
            if known and not np.isfinite(made.covariance()[1]).all():
                raise entries.wrong("covariance", "numbers that a float can hold")
        return made

    def identified(self) -> JointResult:
        """The result with the checksums of its files, where these are still there."""
        unknown = {run.path for run in self.runs if run.path and run.checksum is None}
        sums = {path: checksum(path) for path in sorted(unknown)}
        runs = [
            dataclasses.replace(run, checksum=sums[run.path]) if run.path in sums else run
            for run in self.runs
        ]
        return dataclasses.replace(self, runs=tuple(runs)) if sums else self

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write the result as JSON, with the checksums of the files that were fitted.

        :func:`musrcu.load` reads it back, :func:`musrcu.repeat` makes the fit again.
        """
        text = json.dumps(self.identified().to_dict(), indent=1, allow_nan=False)
        write_text(path, text + "\n", overwrite=overwrite)


_COPIED = {
    "model": TEXT, "cost": TEXT, "valid": FLAG, "reason": TEXT, "known_chi2": NUMBER,
    "ndof": NDOF, "n_free": COUNT,
}  # fmt: skip


def _block(entries: Entries, shared: Mapping[str, Fitted]) -> RunBlock:
    local, names = entries.texts("local"), entries.texts("shared")
    if not set(names) <= set(shared):
        raise entries.wrong("shared", f"names of shared parameters ({', '.join(shared)})")
    n = len(local)
    return RunBlock(
        local,
        names,
        entries.matrix("covariance", n, n),
        entries.matrix("response", n, len(names), covariance=False),
    )


def _fields(entries: Entries, n: int) -> tuple[float | None, ...]:
    """Applied fields, unknown in results that were saved without."""
    found = entries.table.get("fields", [None] * n)
    right = isinstance(found, (list, tuple)) and len(found) == n
    if not right or not all(one is None or is_number(one) for one in found):
        raise entries.wrong("fields", f"{n} finite numbers or nulls")
    return tuple(found)


def _numbers(values: Any) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values], dtype=float)
