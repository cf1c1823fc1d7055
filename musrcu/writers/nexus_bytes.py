"""The bytes of a NeXus file, made in memory and written as a whole.

On a full disk the HDF5 library breaks off the process or leaves a file open that it cannot close;
writing bytes does neither, and whatever happens is an OSError.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import numpy as np

from musrcu.errors import MusrcuError
from musrcu.files import PathLike, check_target, write_bytes

LARGEST_ATTRIBUTE = 64_000
"""Bytes; HDF5 takes 64 kB with a few for itself."""
_OPTIONS = ("chunks", "compression", "compression_opts", "shuffle")


def write_tree(
    root: Any, path: PathLike, *, overwrite: bool = False, fixed_length: bool = False
) -> Path:
    """Write a tree of nexusformat; the same tree under the same name gives the same bytes.

    Parameters
    ----------
    root : NXroot, all of it in memory.
    path : the file, complete or absent afterwards.
    fixed_length : whether attributes are texts of fixed length and int32, for old programs.

    Raises
    ------
    MusrcuError if the file exists and may not be replaced, or cannot be written, or an attribute is
    longer than :data:`LARGEST_ATTRIBUTE`.
    """
    check_target(path, overwrite=overwrite)
    content = _image(root, Path(path).name, fixed_length)
    return write_bytes(path, content, overwrite=overwrite)


def _image(root: Any, name: str, fixed_length: bool) -> bytes:
    import h5py

    from musrcu import __version__

    about = {
        "file_name": name.encode("utf-8", "backslashreplace").decode(),
        "creator": "musrcu",
        "creator_version": __version__,
        "HDF5_Version": h5py.version.hdf5_version,
        "h5py_version": h5py.version.version,
    }
    unique = uuid.uuid4().hex  # HDF5 opens no two files of a name, not even in memory
    with h5py.File(unique, "w", driver="core", backing_store=False) as file:
        _set_attributes(file, about, fixed_length)
        links: dict[str, str] = {}
        _fill(file, root, links, fixed_length)
        for place, origin in links.items():
            _set_attributes(file[origin], {"target": origin}, fixed_length)
            file[place] = file[origin]
        file.flush()
        content: bytes = file.id.get_file_image()
    return content


def _fill(made: Any, group: Any, links: dict[str, str], fixed_length: bool) -> None:
    """Everything in a group of the tree; links wait until what they lead to is there."""
    from nexusformat.nexus import NXfield, NXlink

    if group.nxclass != "NXroot":
        _set_attributes(made, {"NX_class": group.nxclass}, fixed_length)
    _set_attributes(made, _plain(group.attrs), fixed_length)
    for name in sorted(group.entries):
        node = group.entries[name]
        if isinstance(node, NXlink):
            links[f"{made.name}/{name}"] = node.nxtarget
        elif isinstance(node, NXfield):
            given = {key: getattr(node, key) for key in _OPTIONS}
            options = {key: value for key, value in given.items() if value is not None}
            values = made.create_dataset(name, shape=node.shape, dtype=node.dtype, **options)
            values[()] = node.nxdata
            _set_attributes(values, _plain(node.attrs), fixed_length)
        else:
            _fill(made.create_group(name), node, links, fixed_length)


def _plain(attributes: Any) -> dict[str, Any]:
    return {key: value.nxdata for key, value in attributes.items()}


def _set_attributes(node: Any, attributes: dict[str, Any], fixed_length: bool) -> None:
    for key, content in attributes.items():
        if isinstance(content, str) and len(content.encode()) > LARGEST_ATTRIBUTE:
            raise MusrcuError(
                f"NeXus cannot hold {content[:40]!r}... as {key} of {node.name}: "
                f"{len(content.encode())} bytes, only {LARGEST_ATTRIBUTE}; shorten it"
            )
        if fixed_length and isinstance(content, str):
            content = np.bytes_(content.encode())
        elif fixed_length and isinstance(content, (int, np.integer)):
            content = np.int32(content)
        node.attrs.create(key, content)
