"""Arrays inside frozen containers: read-only, and of the shapes their docstrings promise."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musrcu.errors import MusrcuError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def frozen(values: ArrayLike, dtype: Any = None) -> NDArray[Any]:
    """``values`` as a read-only array; an array that is read-only already is not copied."""
    array = np.asarray(values, dtype=dtype)
    if array.flags.writeable:
        array = array.copy() if array.base is not None or array is values else array
        array.setflags(write=False)
    return array


def check_shape(owner: str, name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Raise a MusrcuError unless ``array`` has the given shape."""
    if array.shape != shape:
        raise MusrcuError(f"{owner}.{name} has shape {array.shape}, expected {shape}")


def by_fields(container: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """What ``__reduce__`` of a container returns, so that it can be copied and sent to a process.

    The copy is made by the container's own constructor, so its arrays and mappings are read-only
    too: NumPy forgets on the way that they were, and a read-only mapping cannot travel at all.
    """
    values = {f.name: getattr(container, f.name) for f in dataclasses.fields(container)}
    for name, value in values.items():
        if isinstance(value, MappingProxyType):
            values[name] = dict(value)
    return _from_fields, (type(container), values)


def _from_fields(kind: Callable[..., Any], values: dict[str, Any]) -> Any:
    return kind(**values)
