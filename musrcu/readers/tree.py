"""The tree of a NeXus file, whatever its container: typed values, looked up by path.

One container is HDF5 (:mod:`musrcu.readers.hdf5`), an older one HDF4
(:mod:`musrcu.readers.hdf4`); the readers of the definitions know only this.
"""

from __future__ import annotations

import contextlib
import math
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import ReadError

SMALL = 1 << 20
"""Bytes that a text, a number or a short list may take; real ones stay below 10 kB."""
LONG = 64 << 20
"""Bytes that a log may take."""


class Node(ABC):
    """A group or a data set of an open file."""

    __slots__ = ()
    path: Path
    """The file."""
    place: str
    """Where in the file, such as ``/raw_data_1/sample``."""

    @property
    @abstractmethod
    def is_group(self) -> bool:
        """Whether it holds other nodes."""

    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Names of the nodes in this group, links that lead nowhere included."""

    @abstractmethod
    def child(self, where: str) -> Node | None:
        """The node at a path such as ``sample/name``, or None where there is none.

        Raises
        ------
        ReadError if the way leads out of the file, in circles, or cannot be read.
        """

    def same_as(self, other: Node) -> bool:
        """Whether both are one object of the file, under two names perhaps; False where unknown."""
        return self.place == other.place

    @abstractmethod
    def attribute(self, name: str) -> Any:
        """An attribute as text, float or int; None where it is missing or blank.

        Raises
        ------
        ReadError if it is neither a text nor a number, or is larger than a megabyte.
        """

    def attribute_values(self, name: str) -> tuple[Any, ...]:
        """An attribute that may be a list, each value as text, float or int; () without it.

        Raises
        ------
        ReadError as :meth:`attribute` does.
        """
        value = self.attribute(name)
        return () if value is None else (value,)

    @abstractmethod
    def attribute_names(self) -> tuple[str, ...]:
        """Names of the attributes of this node."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Shape of a data set; empty for a single value. Of texts: how many there are."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """Type of the values of a data set."""

    @abstractmethod
    def array(self) -> NDArray[Any]:
        """All values of a data set, of its shape; texts as bytes or str.

        Raises
        ------
        ReadError if the values lie in another file, or the file cannot hold as many as it declares.
        """

    def check_stored(self) -> None:  # noqa: B027 -- not every container can know
        """Refuse values that cannot be in the file, before any room is made for them.

        Raises
        ------
        ReadError if the values lie in another file, or the file cannot hold as many as it declares.
        """

    def part(self, start: int, stop: int) -> NDArray[Any]:
        """Values ``start`` to ``stop`` (exclusive) along the first axis.

        Raises
        ------
        ReadError as :meth:`array` does.
        """
        return self.array()[start:stop]

    def error(self, found: str) -> ReadError:
        """A ReadError about this node."""
        return ReadError(f"{self.path} at {self.place}: {found}")

    def group(self, where: str) -> Node | None:
        """The group at a path, or None where there is none or it is a data set."""
        found = self.child(where)
        return found if found is not None and found.is_group else None

    def groups(self) -> tuple[Node, ...]:
        """The groups in this group, in the order of the file."""
        found = (self.group(name) for name in self.names())
        return tuple(node for node in found if node is not None)

    @property
    def declared(self) -> int:
        """Bytes that the values of a data set take, as declared."""
        return math.prod(self.shape) * self.dtype.itemsize

    def text(self, where: str) -> str | None:
        """The text at a path, blanks stripped; None where it is missing or blank."""
        value = self._first(where)
        return str(value) if value is not None else None

    def texts(self, where: str) -> tuple[str, ...]:
        """All texts at a path, blanks stripped; () where it is missing or all are blank."""
        values = self._values(where)
        found = () if values is None else tuple(values[0].plain(one) or "" for one in values[1])
        return tuple(map(str, found)) if any(found) else ()

    def number(self, where: str) -> float | None:
        """The first number at a path; None where it is missing, blank or not finite.

        A float32 gives the shortest decimal that it stands for: 0.16, not 0.1599999964.
        """
        value = self._first(where)
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            raise ReadError(
                f"{self.path} at {self.place}/{where} holds {str(value)[:40]!r}, expected a number"
            ) from None
        return number if np.isfinite(number) else None

    def integers(self, where: str) -> NDArray[np.int64] | None:
        """The whole numbers at a path as a flat array; None where there is nothing."""
        values = self.numbers(where)
        if values is None:
            return None
        if not np.all(np.abs(values) < 2**62) or np.any(values != np.rint(values)):
            raise ReadError(f"{self.path} at {self.place}/{where} holds no whole numbers")
        return values.astype(np.int64)

    def numbers(self, where: str, most: int = SMALL) -> NDArray[np.float64] | None:
        """The numbers at a path as a flat array; None where there is nothing.

        Raises
        ------
        ReadError if they are no numbers or take more than ``most`` bytes.
        """
        node = self.child(where)
        if node is None:
            return None
        if node.is_group or node.dtype.kind not in "iufb":
            raise node.error(f"holds {node.described()}, expected numbers")
        values = np.ravel(node._small(most))
        if not values.size:
            return None
        with np.errstate(all="ignore"):  # of a damaged float too large or not a number
            return values.astype(np.float64)

    def short_values(self, longest: int = 8) -> dict[str, Any]:
        """Text and numbers of the data sets in this group with at most ``longest`` values each.

        One value is given plain, several as a tuple; what cannot be read is left out.
        """
        found: dict[str, Any] = {}
        for name in self.names():
            with contextlib.suppress(ReadError):
                node = self.child(name)
                if node is None or node.is_group or not math.prod(node.shape) <= longest:
                    continue
                values = tuple(node.plain(value) for value in np.ravel(node._small()))
                if values not in ((), (None,)):
                    found[name] = values[0] if len(values) == 1 else values
        return found

    def attributes(self) -> dict[str, Any]:
        """Attributes that are text or numbers; what cannot be read is left out."""
        found: dict[str, Any] = {}
        for name in self.attribute_names():
            with contextlib.suppress(ReadError):
                found[name] = self.attribute(name)
        return found

    def _small(self, most: int = SMALL) -> NDArray[Any]:
        if self.declared > most:
            raise self.error(f"declares {self.declared} bytes, expected at most {most}")
        return self.array()

    def _first(self, where: str) -> Any:
        found = self._values(where)
        return found[0].plain(found[1][0]) if found is not None and found[1].size else None

    def _values(self, where: str) -> tuple[Node, NDArray[Any]] | None:
        """A data set and its values, flat; None where there is none."""
        node = self.child(where)
        if node is None:
            return None
        if node.is_group:
            raise node.error(f"holds {node.described()}, expected a text or a number")
        return node, np.ravel(node._small())

    def plain(self, value: Any) -> Any:
        """A value of this node as a Python text, int or float; None for a blank text.

        Raises
        ------
        ReadError if it is something else.
        """
        try:
            return plain_value(value)
        except TypeError as error:
            raise self.error(str(error)) from None

    def described(self) -> str:
        """What it holds, for a sentence."""
        return "a group" if self.is_group else f"values of type {self.dtype}"


def plain_value(value: Any) -> Any:
    """A Python text, int or float from a NumPy scalar, bytes or str; None for a blank text."""
    if isinstance(value, bytes):
        try:
            value = value.decode("utf-8")
        except UnicodeDecodeError:
            value = value.decode("latin-1")
    if isinstance(value, str):
        if len(value) > SMALL:
            raise TypeError(f"a text of {len(value)} letters, expected at most {SMALL}")
        return value.replace("\0", " ").strip() or None
    if isinstance(value, np.floating):
        return float(str(value))
    if isinstance(value, (np.integer, np.bool_)):
        return int(value)
    raise TypeError(f"a {type(value).__name__} is neither text nor number")
