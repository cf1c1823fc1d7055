"""NeXus trees as the data acquisition of ISIS writes them: texts of fixed length, values in lists.

nexusformat makes the tree and a draft of the file, which has attributes of variable length and the
time of writing; :func:`save_tree` copies it without them, so that old programs read the file and
the same run gives the same bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
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
    """Write the tree; the file is complete or absent, and the same tree gives the same bytes.

    Raises
    ------
    MusrcuError if the file exists or cannot be written.
    """
    from nexusformat.nexus import NeXusError

    with (
        replacing(path, overwrite=overwrite) as temporary,
        tempfile.TemporaryDirectory(prefix="musrcu-") as folder,
    ):
        draft = Path(folder) / "draft.nxs"  # nexusformat makes the file itself, and only a new one
        try:
            root.save(draft, mode="w-").nxfile.close()
        except NeXusError as error:
            raise MusrcuError(f"{path} cannot be written: {error}") from error
        _settle(draft, temporary, Path(path).name)
    return Path(path)


def _settle(draft: Path, path: Path, name: str) -> None:
    """Copy the draft: attributes as texts of fixed length and int32, no time of writing."""
    import h5py

    with h5py.File(draft, "r") as source, h5py.File(path, "w") as target:
        about = {key: value for key, value in source.attrs.items() if key != "file_time"}
        _set_attributes(target, about | {"file_name": name})
        links: dict[str, str] = {}

        def copy(where: str, node: Any) -> None:
            origin = node.attrs.get("target", node.name)
            if origin != node.name:
                links[node.name] = origin
            elif isinstance(node, h5py.Group):
                _set_attributes(target.create_group(where), node.attrs)
            else:
                source.copy(node, target, name=where, without_attrs=True)
                _set_attributes(target[where], node.attrs)

        _visit(source, copy)
        for place, origin in links.items():
            target[place] = target[origin]


def _visit(group: Any, act: Callable[[str, Any], None]) -> None:
    """Every node under its own name, linked ones too, in the order of their names."""
    for name in sorted(group):
        node = group[name]
        act(node.name, node)
        if hasattr(node, "keys"):
            _visit(node, act)


def _set_attributes(node: Any, attributes: Mapping[str, Any]) -> None:
    for key, content in attributes.items():
        if isinstance(content, str):
            content = np.bytes_(content.encode())
        elif isinstance(content, (int, np.integer)):
            content = np.int32(content)
        node.attrs.create(key, content)
