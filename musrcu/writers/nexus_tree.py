"""NeXus trees as the data acquisition of ISIS writes them: texts of fixed length, values in lists.

nexusformat holds the tree; :func:`musrcu.writers.nexus_bytes.write_tree` makes the file from it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_CHUNK = 2**18
"""Values of a histogram array that are compressed together."""
_INT32 = 2**31


def group(parent: Any, name: str, nx_class: str) -> Any:
    """A new group of that class under ``parent``."""
    from nexusformat.nexus import NXgroup

    made = NXgroup(name=name, nxclass=nx_class)
    parent[name] = made
    return parent[name]


def field(parent: Any, name: str, value: Any, **attributes: Any) -> None:
    """A data set with at least one dimension; left out where ``value`` is None.

    Parameters
    ----------
    value : a text, a number, or an array of either. Whole numbers become int32 where they fit.
    attributes : of the data set, such as ``units="microseconds"``.
    """
    from nexusformat.nexus import NXfield

    if value is None:
        return
    array = stored(value)
    options: dict[str, Any] = {}
    if array.size > 64:
        most = (1, max(1, _CHUNK // array.shape[-1]), array.shape[-1])[-array.ndim :]
        options = {
            "compression": "gzip",
            "compression_opts": 6,
            "shuffle": True,
            "chunks": tuple(map(min, most, array.shape)),
        }
    parent[name] = NXfield(array, **options)
    for key, content in attributes.items():
        parent[name].attrs[key] = content


def stored(value: Any) -> np.ndarray[Any, Any]:
    """The array that stands for a value in the file."""
    if isinstance(value, str):
        return np.array([value.encode() or b" "])
    if isinstance(value, (list, tuple)) and value and all(isinstance(v, str) for v in value):
        return np.array([text.encode() for text in value])
    array = np.atleast_1d(np.asarray(value))
    if array.dtype.kind in "iu":
        fits = array.size == 0 or (array.max() < _INT32 and array.min() >= -_INT32)
        return array.astype(np.int32 if fits else np.int64)
    return array.astype(np.float64)
