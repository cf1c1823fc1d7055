"""What a calibration run says about the spectrometer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from musrcu import toml
from musrcu.constants import IMPROBABLE
from musrcu.containers.numbers import ALPHA_LIMITS, is_balance, is_number, is_whole
from musrcu.errors import MusrcuError, nearest
from musrcu.files import PathLike, write_text

_NUMBER = (is_number, "a number")
_ERROR = (lambda value: is_number(value) and value >= 0, "a number, 0 or above")
_TEXT = (lambda value: isinstance(value, str), "a text")

_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "alpha": (is_balance, f"a number above 0, from {ALPHA_LIMITS[0]:g} to {ALPHA_LIMITS[1]:g}"),
    "alpha_error": _ERROR,
    "total": (lambda value: is_number(value) and 0 < value <= 1, "a number above 0, at most 1"),
    "total_error": _ERROR,
    "forward": _TEXT,
    "backward": _TEXT,
    "run": (is_whole, "a whole number"),
    "instrument": _TEXT,
    "field": _NUMBER,
    "field_error": _ERROR,
    "phase": _NUMBER,
    "phase_error": _ERROR,
    "method": _TEXT,
    "probability": (
        lambda value: is_number(value) and 0 <= value <= 1, "a number from 0 to 1",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Balance and total asymmetry of a pair of groups, from a transverse-field run."""

    alpha: float
    """Balance A = (F - alpha B) / (F + alpha B)."""
    alpha_error: float
    total: float | None = None
    """Total asymmetry: amplitude of the precession at t = 0."""
    total_error: float | None = None
    forward: str = ""
    """Detectors of the forward group, as numbers: ``2`` or ``1-4,7``."""
    backward: str = ""
    run: int | None = None
    """Number of the calibration run."""
    instrument: str | None = None
    field: float | None = None
    """Field at the muon from the precession frequency, G."""
    field_error: float | None = None
    phase: float | None = None
    """Phase of the precession, degrees; near 180 the muon spin points to the backward group."""
    phase_error: float | None = None
    method: str = "asymmetry cosine fit"
    """How alpha was found."""
    probability: float | None = None
    """Chi-square probability of that fit."""

    def __post_init__(self) -> None:
        for name, (right, wanted) in _RULES.items():
            value = getattr(self, name)
            unknown = value is None and name not in ("alpha", "alpha_error")
            if not (unknown or right(value)):
                raise MusrcuError(f"{name} = {value!r} in a calibration; it must be {wanted}")

    def summary(self) -> str:
        """The calibration in two or three lines."""
        from musrcu import notation
        from musrcu.notation import bracket

        where = " ".join(str(part) for part in (self.instrument, self.run) if part is not None)
        lines = [f"alpha = {bracket(self.alpha, self.alpha_error)} from {where or 'a run'}"]
        lines[0] += f" (forward {self.forward}, backward {self.backward}; {self.method})"
        if self.total is not None:
            lines.append(f"total asymmetry = {bracket(self.total, self.total_error)}")
        if self.field is not None:
            lines.append(f"field = {notation.field(self.field, self.field_error)}")
        if self.phase is not None:
            lines.append(f"phase = {bracket(self.phase, self.phase_error, 'deg')}")
            if abs(self.phase) > 90:
                lines.append("note: the muon spin points to the backward group; swap the pair")
        if self.probability is not None:
            lines.append(f"chi-square probability = {notation.probability(self.probability, 3)}")
            if self.probability < IMPROBABLE:
                lines.append("note: the model does not describe this run; alpha may be off by more")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The table ``[calibration]``; unknown entries are left out."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in values.items() if value not in (None, "")}

    @classmethod
    def from_dict(cls, table: Mapping[str, Any], where: str = "[calibration]") -> Calibration:
        """A calibration from its table; refuses a key it does not know."""
        if not isinstance(table, Mapping):
            raise MusrcuError(f"{where} = {table!r} is not a table")
        for name in table:
            if name not in cls.__slots__:
                hint = nearest(name, list(cls.__slots__))
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
