"""A mapping that is read when it is first looked at: logs and headers that few callers want."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

_V = TypeVar("_V")


class Later(Mapping[str, _V]):
    """A read-only mapping whose content ``load()`` gives, once, when it is first looked at.

    Sent to another process it is loaded there, so ``load`` has to be a function of a module, or a
    ``functools.partial`` of one. What ``load`` raises reaches whoever looks.
    """

    __slots__ = ("_items", "_load")

    def __init__(self, load: Callable[[], Mapping[str, _V]]) -> None:
        self._load = load
        self._items: Mapping[str, _V] | None = None

    def _read(self) -> Mapping[str, _V]:
        if self._items is None:
            self._items = MappingProxyType(dict(self._load()))
        return self._items

    def __getitem__(self, name: str) -> _V:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return "Later(not read yet)" if self._items is None else repr(dict(self._items))

    def __reduce__(self) -> tuple[Any, ...]:
        return (Later, (self._load,))


def read_only(mapping: Mapping[str, _V]) -> Mapping[str, _V]:
    """The mapping, read-only; one that is read later stays so."""
    return mapping if isinstance(mapping, Later) else MappingProxyType(dict(mapping))
