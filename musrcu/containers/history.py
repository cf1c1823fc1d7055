"""What was done to a container since its file was read, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One stage that was applied, or the sentence why it was not."""

    stage: str
    """Name of the function, such as ``correct_dead_time``."""
    note: str = ""
    """What it did in words, for example ``not applied: none known``."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Every option with the value that was used, defaults resolved."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))

    def __str__(self) -> str:
        options = ", ".join(_said(name, value) for name, value in self.options.items())
        return f"{self.stage}({options})" + (f": {self.note}" if self.note else "")

    def __reduce__(self) -> tuple[Any, ...]:
        return (Step, (self.stage, self.note, dict(self.options)))


class History(tuple[Step, ...]):
    """The steps in the order in which they were applied; prints one a line."""

    __slots__ = ()

    def with_step(self, step: Step) -> History:
        """This history with one more step behind it."""
        return History((*self, step))

    def find(self, stage: str) -> Step | None:
        """The last step of that stage, or None."""
        return next((step for step in reversed(self) if step.stage == stage), None)

    def __str__(self) -> str:
        return "\n".join(str(step) for step in self)


def _said(name: str, value: Any) -> str:
    """``t_max=9.7``; of a table each entry by both names, ``packing bins=20``."""
    if isinstance(value, Mapping):
        return ", ".join(_said(f"{name} {key}", one) for key, one in value.items())
    return f"{name}={_short(value)}"


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        if len(value) > 8:
            return f"[{_short(value[0])}, ... {len(value)} values]"
        return "[" + ", ".join(_short(item) for item in value) + "]"
    return str(value)
