"""What every line found in a spectrum or a periodogram has: where it is, and how it is listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from musrcu.models.precession import field_from_nu
from musrcu.notation import bracket


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLine:
    """A frequency with its error."""

    nu: float
    """MHz."""
    nu_error: float

    @property
    def field(self) -> float:
        """B = nu / gamma_mu, G."""
        return float(field_from_nu(self.nu))

    @property
    def field_error(self) -> float:
        """G."""
        return float(field_from_nu(self.nu_error))

    def place(self) -> str:
        """Frequency and field with their errors, as text."""
        return (
            f"{bracket(self.nu, self.nu_error, 'MHz')}, "
            f"{bracket(self.field, self.field_error, 'G')}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything that is known of the line, for JSON."""
        names = [*(one.name for one in fields(self)), "field", "field_error"]
        return {name: _known(getattr(self, name)) for name in names}


def listed(lines: Sequence[FoundLine], noun: str, searched: tuple[float, float]) -> list[str]:
    """Lines one a line of text below what range was searched, or that there is none.

    Parameters
    ----------
    noun : what one of them is called: ``peak``.
    searched : MHz.
    """
    between = f"between {searched[0]:.4g} and {searched[1]:.4g} MHz"
    if not lines:
        return [f"no {noun} {between}"]
    return [f"{noun}s {between}:", *(f"  {line}" for line in lines)]


def _known(value: float | str) -> float | str | None:
    if isinstance(value, str):
        return value or None
    return value if np.isfinite(value) else None
