"""What calibration runs say about the spectrometer."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu import toml
from musrcu.containers.arrays import FloatArray
from musrcu.containers.calibration_checks import (
    ROWS,
    SCALARS,
    as_lists,
    as_plain,
    as_tuples,
    check_entries,
    covariance_of,
    value_and_error,
)
from musrcu.containers.calibration_text import origin, summarise
from musrcu.errors import MusrcuError, nearest
from musrcu.files import PathLike, write_text

DIGITS = 6
"""Digits behind the point of a correlation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A pair of groups and its detectors, as calibration runs have them; errors are one standard
    deviation, and None or an empty row is what is not known."""

    alpha: float
    """Balance A = (F - alpha B) / (F + alpha B)."""
    alpha_error: float
    detector_beta: float | None = None
    """Intrinsic asymmetry of the backward group over that of the forward one; None is taken as
    1."""
    detector_beta_error: float | None = None
    total: float | None = None
    """Total asymmetry: amplitude of the precession at t = 0, in the forward group."""
    total_error: float | None = None
    forward: str = ""
    """Detectors of the forward group, as numbers: ``2`` or ``1-4,7``."""
    backward: str = ""
    run: int | None = None
    """Number of the calibration run, the first where there are several."""
    runs: tuple[int, ...] = ()
    """Numbers of all of them where there are several."""
    instrument: str | None = None
    field: float | None = None
    """Field at the muon from the precession frequency, G."""
    field_error: float | None = None
    phase: float | None = None
    """Phase of the precession, degrees; near 180 the muon spin points to the backward group."""
    phase_error: float | None = None
    method: str = "asymmetry cosine fit"
    """How alpha was found."""
    bias: str = ""
    """What is known to pull that method off the truth; empty where nothing is."""
    probability: float | None = None
    """Chi-square probability of that fit; of the agreement of the runs where there are several."""
    notes: tuple[str, ...] = ()
    """What a reader should know, such as a run that disagrees with the others."""
    n_detectors: int | None = None
    """Detectors of the instrument."""
    bin_width: float | None = None
    """Width of a raw bin, µs: what t0 counts."""
    detectors: tuple[int, ...] = ()
    """Numbers, from 1, of the detectors that the rows below are of."""
    dead_time: tuple[float, ...] = ()
    """Dead time of each detector, µs."""
    dead_time_error: tuple[float, ...] = ()
    t0: tuple[float, ...] = ()
    """Bin index (from 0, fractional) of the muon's arrival in each detector."""
    t0_error: tuple[float, ...] = ()
    phases: tuple[float, ...] = ()
    """Phase of the precession in each detector, degrees."""
    phases_error: tuple[float, ...] = ()
    amplitudes: tuple[float, ...] = ()
    """Amplitude of the precession in each detector at t = 0."""
    amplitudes_error: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    """What was found together: ``alpha``, ``total``, ``phase_3``."""
    correlation: tuple[tuple[float, ...], ...] = ()
    """(n_names, n_names) correlations of these, in their order."""

    def __post_init__(self) -> None:
        for name in _TUPLES:
            value = as_tuples(getattr(self, name))
            object.__setattr__(self, name, () if value is None else value)
        for name in set(self.__slots__) - set(_TUPLES):
            object.__setattr__(self, name, as_plain(getattr(self, name)))
        check_entries(self._entries())

    @property
    def covariance(self) -> FloatArray | None:
        """(n_names, n_names) covariance of ``names``; None where no two were found together."""
        return covariance_of(self._entries(), self.names) if self.names else None

    @property
    def origin(self) -> str:
        """Instrument and numbers of the runs: ``LTF 21``; empty where both are unknown."""
        return origin(self)

    def constraint(self, *names: str) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
        """Numbers that a fit may take as known within their errors, which may be correlated.

        Parameters
        ----------
        names : ``alpha``, ``detector_beta``, ``total``, ``field``, ``phase``, or a number of a
            detector such as ``phase_3``; none takes alpha and, where it is known, detector_beta.

        Returns
        -------
        (names, values, covariance): of shapes (n,), (n,) and (n, n).

        Raises
        ------
        MusrcuError if one of them is unknown or has no error.
        """
        if not names:
            names = ("alpha",) if self.detector_beta is None else ("alpha", "detector_beta")
        entries = self._entries()
        values = np.array([value_and_error(entries, name)[0] for name in names])
        return names, values, covariance_of(entries, names)

    def reversed(self) -> Calibration:
        """The same of the pair the other way round.

        alpha becomes 1/alpha, detector_beta 1/beta, the total asymmetry beta times as large, and
        the phase turns by 180 degrees; detectors keep what they have.
        """
        old = {n: getattr(self, n) for n in SCALARS if getattr(self, n) is not None}
        beta = old.get("detector_beta", 1.0)
        new = dict(old) | {"alpha": 1 / old["alpha"]}
        slopes = {(n, n): 1.0 for n in old} | {("alpha", "alpha"): -1 / old["alpha"] ** 2}
        if "detector_beta" in old:
            new["detector_beta"] = 1 / beta
            slopes["detector_beta", "detector_beta"] = -1 / beta**2
        if "total" in old:
            new["total"] = min(beta * old["total"], 1.0)
            slopes["total", "total"] = beta
            if "detector_beta" in old:
                slopes["total", "detector_beta"] = old["total"]
        if "phase" in old:
            new["phase"] = 180.0 - (-old["phase"]) % 360.0
        turned = self._moved(new, slopes)
        return dataclasses.replace(turned, forward=self.backward, backward=self.forward)

    def _moved(
        self, new: Mapping[str, float], slopes: Mapping[tuple[str, str], float]
    ) -> Calibration:
        """The numbers of the pair replaced by functions of them with the derivatives given."""
        entries = self._entries()
        known = [n for n in SCALARS if entries[n] is not None]
        sure = tuple(n for n in known if entries[f"{n}_error"] is not None)
        rest = tuple(name for name in self.names if name not in sure)
        names = (*sure, *rest)
        jacobian = np.eye(len(names))
        for k, name in enumerate(sure):
            for j, other in enumerate(sure):
                jacobian[k, j] = slopes.get((name, other), 0.0)
        covariance = jacobian @ covariance_of(entries, names) @ jacobian.T
        errors = dict(zip(names, np.sqrt(np.diag(covariance)).tolist(), strict=True))
        changes: dict[str, Any] = {n: float(new[n]) for n in known}
        changes |= {f"{n}_error": errors[n] for n in sure}
        chosen = [names.index(name) for name in self.names]
        if chosen:
            changes["correlation"] = correlations(covariance[np.ix_(chosen, chosen)])
        return dataclasses.replace(self, **changes)

    def summary(self) -> str:
        """The calibration, a line for each thing it knows."""
        return summarise(self)

    def to_dict(self) -> dict[str, Any]:
        """The table ``[calibration]``; unknown entries are left out, rows are lists."""
        unsaid = {field.name: field.default for field in dataclasses.fields(self)}
        known = self._entries().items()
        return {
            name: as_lists(value)
            for name, value in known
            if value not in (None, "", ()) or value != unsaid[name]
        }

    def _entries(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_dict(cls, table: Mapping[str, Any], where: str = "[calibration]") -> Calibration:
        """A calibration from its table; refuses a key it does not know."""
        if not isinstance(table, Mapping):
            raise MusrcuError(f"{where} = {table!r} is not a table")
        for name in table:
            if name not in cls.__slots__:
                hint = nearest(str(name), list(cls.__slots__))
                raise MusrcuError(f"{where} has no entry {name!r}{hint}")
        for name in ("alpha", "alpha_error"):
            if name not in table:
                raise MusrcuError(f"{where} lacks {name}")
        try:
            return cls(**table)
        except MusrcuError as error:
            raise MusrcuError(f"{where} {error}") from error

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write the table ``[calibration]`` to a TOML file."""
        write_text(path, toml.dumps({"calibration": self.to_dict()}), overwrite=overwrite)

    @classmethod
    def load(cls, path: PathLike) -> Calibration:
        """Read the table ``[calibration]`` of a TOML file."""
        tables = toml.load(path)
        if "calibration" not in tables:
            raise MusrcuError(f"{path} has no table [calibration]")
        return cls.from_dict(tables["calibration"], f"{path}: [calibration]")


_TUPLES = (
    "runs", "notes", "detectors", *ROWS, *(f"{name}_error" for name in ROWS), "names",
    "correlation",
)  # fmt: skip


def correlations(covariance: FloatArray) -> tuple[tuple[float, ...], ...]:
    """(n, n) correlations of a covariance as a calibration holds them, rounded to six digits.

    A number without an error is correlated with nothing.
    """
    errors = np.sqrt(np.diag(covariance))
    errors = np.where(errors > 0, errors, np.inf)
    matrix = np.clip(covariance / np.outer(errors, errors), -1.0, 1.0)
    np.fill_diagonal(matrix, 1.0)
    return tuple(map(tuple, np.round(0.5 * (matrix + matrix.T), DIGITS).tolist()))
