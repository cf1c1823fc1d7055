"""Trees of values by path as HDF4 files, written by pyhdf: the same trees as in nexus_tree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

TYPES = {"i1": 20, "u1": 21, "i2": 22, "u2": 23, "i4": 24, "u4": 25, "f4": 5, "f8": 6}
"""Number types of HDF4 (DFNT_...)."""
CHAR, DATA_SET, GROUP = 4, 720, 1965


def write_hdf4(path: Path, tree: dict[str, Any], pack: bool = False) -> Path:
    """A file of groups, data sets and attributes; texts are rows of characters.

    Parameters
    ----------
    tree : values by path, attributes by ``path@name``; the class of a group is ``NX_class``.
    pack : deflate numbers.
    """
    values = {where: value for where, value in tree.items() if "@" not in where}
    _write_sets(path, values, tree, pack)
    _write_groups(path, list(values), tree)
    return path


def _write_sets(path: Path, values: dict[str, Any], tree: dict[str, Any], pack: bool) -> None:
    from pyhdf.SD import SD, SDC

    file = SD(str(path), SDC.WRITE | SDC.CREATE | SDC.TRUNC)
    for where, value in values.items():
        array = np.asarray(value)
        if array.dtype.kind in "SU":
            text = array.ravel()[0]
            raw = text if isinstance(text, bytes) else text.encode("latin-1")
            array = np.frombuffer(raw, "S1")
            kind = CHAR
        else:
            array = np.atleast_1d(array)
            array = array.astype("i4") if array.dtype == np.int64 else array
            kind = TYPES[array.dtype.str[1:]]
        made = file.create(where.rpartition("/")[2], kind, array.shape)
        if pack and kind != CHAR and array.size > 8:
            made.setcompress(SDC.COMP_DEFLATE, 6)
        made[:] = array
        for attribute, said in _attributes(tree, where).items():
            setattr(made, attribute, said)
        made.endaccess()
    file.end()


def _attributes(tree: dict[str, Any], where: str) -> dict[str, Any]:
    found = {}
    for place, value in tree.items():
        name, _, attribute = place.partition("@")
        if attribute and name == where:
            found[attribute] = value if isinstance(value, str) else np.asarray(value).item()
    return found


def _write_groups(path: Path, places: list[str], tree: dict[str, Any]) -> None:
    from pyhdf.HDF import HC, HDF
    from pyhdf.SD import SD, SDC
    from pyhdf.V import V  # noqa: F401 -- gives HDF files their vgstart

    sets = SD(str(path), SDC.READ)
    references = [sets.select(number).ref() for number in range(len(places))]
    sets.end()
    file = HDF(str(path), HC.WRITE)
    groups = file.vgstart()
    made: dict[str, Any] = {}
    for place, reference in zip(places, references, strict=True):
        above = ""
        for name in place.split("/")[:-1]:
            here = f"{above}/{name}" if above else name
            if here not in made:
                made[here] = groups.create(name)
                made[here]._class = str(tree.get(f"{here}@NX_class", "NXcollection"))
                if above:
                    made[above].insert(made[here])
            above = here
        made[above].add(DATA_SET, reference)
    for group in made.values():
        group.detach()
    groups.end()
    file.close()
