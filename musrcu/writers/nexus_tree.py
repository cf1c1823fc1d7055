"""NeXus trees as the data acquisition of ISIS writes them: texts of fixed length, values in lists.

nexusformat makes the tree and the file; it stores attributes as texts of variable length and
stamps the file with the time, which :func:`save_tree` changes afterwards, so that old programs
read the file and the same run gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from musrcu.errors import MusrcuError
from musrcu.files import PathLike, replacing

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


def save_tree(root: Any, path: PathLike, *, overwrite: bool = False) -> Path:
    """Write the tree; the file is complete or absent.

    Raises
    ------
    MusrcuError if the file exists or cannot be written.
    """
    from nexusformat.nexus import NeXusError

    with replacing(path, overwrite=overwrite) as temporary:
        temporary.unlink()  # nexusformat makes the file itself, and only a new one
        try:
            root.save(temporary, mode="w-").nxfile.close()
        except NeXusError as error:
            raise MusrcuError(f"{path} cannot be written: {error}") from error
        _settle(temporary, Path(path).name)
    return Path(path)


def _settle(path: Path, name: str) -> None:
    """Attributes as texts of fixed length and int32; no time of writing."""
    import h5py

    def settle(_: str, node: Any) -> None:
        for key, content in node.attrs.items():
            if isinstance(content, str):
                content = np.bytes_(content.encode())
            elif isinstance(content, (int, np.integer)):
                content = np.int32(content)
            node.attrs.create(key, content)

    with h5py.File(path, "r+") as file:
        file.attrs.pop("file_time", None)
        file.attrs["file_name"] = name
        settle("/", file)
        file.visititems(settle)
