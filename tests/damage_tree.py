"""Odd entries in an HDF5 tree: missing, mistyped, empty, huge, linked in circles or elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

OUTSIDE = "outside.nxs"
"""Name of the file beside the damaged one to which some entries point."""

Change = Callable[[h5py.File, str, np.random.Generator], None]


def damage_tree(path: Path, random: np.random.Generator) -> str:
    """Make one to three entries or attributes of the file odd; returns what was done."""
    done = []
    with h5py.File(path, "r+") as file:
        for _ in range(int(random.choice([1, 1, 2, 3]))):
            places = entries(file)
            if not places:
                break
            place = places[int(random.integers(len(places)))]
            table = ATTRIBUTES if random.random() < 0.25 else CHANGES
            name = str(random.choice(list(table)))
            with contextlib.suppress(KeyError, OSError, RuntimeError, TypeError, ValueError):
                table[name](file, place, random)  # some changes leave no room for others
            done.append(f"{place}: {name}")
    return ", ".join(done)


def entries(file: h5py.File) -> list[str]:
    """Places of all groups and data sets, each once."""
    places: list[str] = []
    file.visit(places.append)
    return places


def replace(make: Callable[[h5py.Group, str, np.random.Generator], Any]) -> Change:
    """A change that puts what ``make(group, name)`` creates into the place of an entry."""

    def change(file: h5py.File, place: str, random: np.random.Generator) -> None:
        above, _, name = place.rpartition("/")
        group = file[above or "/"]
        if not isinstance(group, h5py.Group):
            return
        old = group.get(name)
        kept = dict(old.attrs) if isinstance(old, (h5py.Group, h5py.Dataset)) else {}
        if name in group or group.get(name, getlink=True, default=None) is not None:
            del group[name]
        made = make(group, name, random)
        if made is not None:
            made.attrs.update(kept)

    return change


def plain(value: Any, **more: Any) -> Change:
    """A change to a data set of a value."""
    return replace(lambda group, name, _: group.create_dataset(name, data=value, **more))


def link(value: Any) -> Change:
    """A change to a link."""

    def make(group: h5py.Group, name: str, _: object) -> None:
        group[name] = value

    return replace(make)


def shape(sizes: tuple[int, ...], **more: Any) -> Change:
    """A change to a declared shape of which nothing is stored."""
    return replace(lambda group, name, _: group.create_dataset(name, sizes, "<i4", **more))


def _again(change: Callable[[np.ndarray], Any]) -> Change:
    """A change to the same values, made odd; other entries are left alone."""

    def make(file: h5py.File, place: str, random: np.random.Generator) -> None:
        old = file[place]
        if not isinstance(old, h5py.Dataset) or old.shape is None or old.dtype.kind not in "iuf":
            return
        if old.size > 1 << 20:  # one that was made huge before
            return
        values, attributes = old[()], dict(old.attrs)
        del file[place]
        with np.errstate(all="ignore"):  # a NaN as a whole number is just one more damage
            changed = change(np.asarray(values))
        file[place] = changed
        file[place].attrs.update(attributes)

    return make


def _one(value: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(values: np.ndarray) -> np.ndarray:
        changed = np.array(values, float)
        if changed.size:
            changed.flat[changed.size // 2] = value
        return changed

    return change


def _delete(file: h5py.File, place: str, _: object) -> None:
    del file[place]


def _circle(file: h5py.File, place: str, _: object) -> None:
    """A group in the place of an entry that holds itself by a hard link."""
    replace(lambda group, name, random: group.create_group(name))(file, place, _)  # type: ignore[arg-type]
    file[f"{place}/again"] = file[place]
    file[f"{place}/counts"] = file[place]


def _ancestor(file: h5py.File, place: str, _: object) -> None:
    """The root by a hard link in the place of an entry."""
    del file[place]
    file[place] = file["/"]


def _virtual(group: h5py.Group, name: str, _: object) -> h5py.Dataset:
    layout = h5py.VirtualLayout(shape=(2, 4, 50), dtype="<i4")
    layout[:] = h5py.VirtualSource(OUTSIDE, "counts", shape=(2, 4, 50))
    return group.create_virtual_dataset(name, layout)


def _external(group: h5py.Group, name: str, _: object) -> h5py.Dataset:
    return group.create_dataset(name, (2, 4, 50), "<i4", external=[(OUTSIDE, 0, 1600)])


def _named_type(group: h5py.Group, name: str, _: object) -> h5py.Datatype:
    group[name] = np.dtype("f8")
    return group[name]


def _many(group: h5py.Group, name: str, _: object) -> h5py.Group:
    made = group.create_group(name)
    for k in range(300):
        made.create_group(f"g{k}/value_log")["value"] = "x"
    return made


def _deep(group: h5py.Group, name: str, _: object) -> h5py.Group:
    made = group.create_group(name)
    made.create_group("/".join(["counts"] * 400))
    return made


COMPOUND = np.zeros(3, np.dtype([("a", "i4"), ("b", "S4")]))
VARIABLE = h5py.vlen_dtype(np.dtype("i4"))
ENUM = h5py.enum_dtype({"ON": 1, "OFF": 0}, basetype="i4")

CHANGES: dict[str, Change] = {
    "missing": _delete,
    "a group": replace(lambda group, name, _: group.create_group(name)),
    "no value": plain(h5py.Empty("f4")),
    "no text": plain(h5py.Empty("S4")),
    "empty": plain(np.zeros(0, np.int32)),
    "empty rows": plain(np.zeros((0, 4, 50), np.int32)),
    "huge, in chunks": shape((2, 2**20, 2**20), chunks=(1, 1, 4096), compression="gzip"),
    "huge, never written": shape((2, 2**16, 2**20)),
    "huge chunks": shape((1,), chunks=(2**28,), maxshape=(None,)),
    "a row of zeros": shape((2**26,), chunks=(2**16,), compression="gzip"),
    "many axes": plain(np.zeros((1,) * 20, np.int32)),
    "one zero": plain(0),
    "minus one": plain(-1),
    "largest int": plain(2**63 - 1),
    "largest uint": plain(2**64 - 1),
    "two billion": plain(np.int32(2**31 - 1)),
    "nan": plain(np.nan),
    "inf": plain([np.inf, -np.inf]),
    "text": plain("a text"),
    "odd text": plain("a\nb\x01\u202e"),
    "texts": plain([b"a", b"bb\xff", b""]),
    "blank text": plain(b"   "),
    "long text": plain("x" * (2 << 20)),
    "number in letters": plain(b"1e999"),
    "bool": plain([True, False]),
    "enum": plain(np.array([1, 0, 1], "i4"), dtype=ENUM),
    "complex": plain(np.zeros(3, complex)),
    "compound": plain(COMPOUND),
    "array type": plain(np.zeros(2, np.dtype([("a", "i4", (3,))]))),
    "half": plain(np.zeros(3, "f2")),
    "long double": plain(np.zeros(3, np.longdouble)),
    "lists": replace(lambda group, name, _: group.create_dataset(name, (3,), VARIABLE)),
    "reference": replace(
        lambda group, name, _: group.create_dataset(name, (2,), h5py.ref_dtype)
    ),
    "opaque": plain(np.zeros(2, "V5")),
    "named type": replace(_named_type),
    "to itself": replace(lambda group, name, _: link(h5py.SoftLink(name))(group, name, _)),  # type: ignore[arg-type]
    "to the root": link(h5py.SoftLink("/")),
    "to nowhere": link(h5py.SoftLink("/nowhere/at/all")),
    "upwards": link(h5py.SoftLink("../..")),
    "in a circle": _circle,
    "its ancestor": _ancestor,
    "to another file": link(h5py.ExternalLink(OUTSIDE, "/")),
    "to counts elsewhere": link(h5py.ExternalLink(OUTSIDE, "counts")),
    "to a device": link(h5py.ExternalLink("/dev/zero", "/")),
    "values elsewhere": replace(_external),
    "virtual": replace(_virtual),
    "many groups": replace(_many),
    "deep": replace(_deep),
    "transposed": _again(np.transpose),
    "flat": _again(np.ravel),
    "a scalar": _again(lambda values: values.flat[0] if values.size else values),
    "negative": _again(lambda values: -values.astype(float)),
    "in floats": _again(lambda values: values.astype("f4")),
    "in bytes": _again(lambda values: np.clip(values, 0, 255).astype("u1")),
    "in 64 bits": _again(lambda values: values.astype("i8")),
    "big-endian": _again(lambda values: values.astype(values.dtype.newbyteorder(">"))),
    "twice as long": _again(lambda values: np.tile(values, 2)),
    "one shorter": _again(lambda values: values[..., :-1] if values.ndim else values),
    "reversed": _again(lambda values: values[..., ::-1] if values.ndim else values),
    "one nan": _again(_one(np.nan)),
    "one inf": _again(_one(np.inf)),
    "one huge": _again(_one(1e300)),
    "one negative": _again(_one(-5.0)),
    "one large": _again(_one(2.0**53)),
    "one half": _again(_one(0.5)),
}  # fmt: skip


def attribute(value: Any) -> Change:
    """A change of every attribute of an entry, and of those that readers ask for."""

    def change(file: h5py.File, place: str, _: np.random.Generator) -> None:
        item = file[place]
        if not isinstance(item, (h5py.Group, h5py.Dataset)):
            return
        for name in {*item.attrs, "units", "available", "axes", "offset", "t0_bin"}:
            item.attrs[name] = value

    return change


def _no_attributes(file: h5py.File, place: str, _: object) -> None:
    for name in list(file[place].attrs):
        del file[place].attrs[name]


ATTRIBUTES: dict[str, Change] = {
    "no attributes": _no_attributes,
    "attributes 0": attribute(0),
    "attributes -1": attribute(-1),
    "attributes of 64 bits": attribute(2**63 - 1),
    "attributes nan": attribute(np.nan),
    "attributes odd texts": attribute(b"ps\n\x01us"),
    "attributes blank": attribute(b" "),
    "attributes texts": attribute([b"period", b"time", b"\xff"]),
    "attributes lists": attribute(np.arange(50)),
    "attributes compound": attribute(COMPOUND),
    "attributes empty": attribute(h5py.Empty("f4")),
    "attributes s": attribute("s"),
    "attributes date": attribute("9999-12-31T23:59:59"),
}
