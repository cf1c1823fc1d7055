"""Arrays inside frozen containers: read-only, and of the shapes their docstrings promise."""

from __future__ import annotations

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
