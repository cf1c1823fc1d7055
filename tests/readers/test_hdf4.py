"""The HDF4 container: real files against pyhdf and HDF5 twins, small files, damaged files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from conftest import ROOT, expected_files
from hdf4_files import (
    COUNTS,
    DATA_SET,
    GROUP,
    LABELS,
    LINKED,
    NOTHING,
    NUMBER_TYPE,
    PACKED,
    RAGGED,
    SIZES,
    SPECIAL,
    TABLE,
    TABLE_VALUES,
    VALUES,
    VERSION,
    descriptors,
    element,
    look,
    put,
    write_small,
)

from musrcu.errors import ReadError
from musrcu.readers.hdf4 import open_hdf4
from musrcu.readers.tree import Node

pytest.importorskip("pyhdf", reason="pyhdf (extra hdf4) is not installed")

FACTS = {name: facts for name, facts in expected_files().items() if name.startswith("isis-hdf4/")}
REAL = pytest.mark.parametrize("name", sorted(FACTS) or ["isis-hdf4"])
TWINS = ("EMU00020882", "MUSR00015189")
OWN = ("CDF", "Var", "Dim", "UDim", "Attr", "RIG")
TEXT = 4
CASES = 200


def refused(path: Path) -> str:
    """What opening the file and reading all values says."""
    with pytest.raises(ReadError) as caught, open_hdf4(path) as root:
        read_all(root)
    assert str(path) in str(caught.value)
    return str(caught.value)


def read_all(node: Node) -> None:
    if node.is_group:
        for name in node.names():
            child = node.child(name)
            assert child is not None
            read_all(child)
    else:
        node.array()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The small file, with nothing packed."""
    return write_small(tmp_path / "small.nxs")


# Real files -------------------------------------------------------------------------------------


def as_pyhdf_has_it(path: Path) -> dict[str, Any]:
    """Every group and data set, walked with pyhdf alone: class, or values, and attributes."""
    from pyhdf import V
    from pyhdf.HDF import HC, HDF
    from pyhdf.SD import SD, SDC

    assert V
    file, sets = HDF(str(path), HC.READ), SD(str(path), SDC.READ)
    vgroups = file.vgstart()
    groups, ref = {}, -1
    for _ in descriptors(path.read_bytes()):
        try:
            ref = vgroups.getid(ref)
        except Exception:  # noqa: BLE001 - pyhdf raises no particular error at the end
            break
        group = vgroups.attach(ref)
        groups[ref] = (group._name, group._class, group.tagrefs())
        group.detach()
    shown = {ref: group for ref, group in groups.items() if not group[1].startswith(OWN)}
    inner = {member for group in shown.values() for tag, member in group[2] if tag == GROUP}
    found: dict[str, Any] = {"/": (None, sets.attributes())}

    def visit(place: str, ref: int) -> None:
        name, kind, members = shown[ref]
        found[f"{place}/{name}"] = (kind, {"NX_class": kind})
        for tag, member in members:
            if tag == GROUP and member in shown:
                visit(f"{place}/{name}", member)
            elif tag == DATA_SET:
                opened = sets.select(sets.reftoindex(member))
                info = opened.info()
                found[f"{place}/{name}/{info[0]}"] = ((opened.get(), info[3]), opened.attributes())
                opened.endaccess()

    for ref in shown:
        if ref not in inner:
            visit("", ref)
    sets.end()
    vgroups.end()
    file.close()
    return found


def assert_same_attributes(node: Node, expected: dict[str, Any]) -> None:
    assert node.attribute_names() == tuple(expected)
    for name, value in expected.items():
        found = node.attribute(name)
        if isinstance(value, str):
            assert found == (value.replace("\0", " ").strip() or None), f"{node.place}@{name}"
        else:
            first = value[0] if isinstance(value, list) else value
            assert np.float32(found) == np.float32(first), f"{node.place}@{name}"
            assert isinstance(found, type(first))


@REAL
def test_every_node_as_pyhdf_reads_it(real: Path, name: str) -> None:
    with open_hdf4(real / name) as root:
        expected = as_pyhdf_has_it(real / name)
        unseen = set(expected)

        def compare(node: Node) -> None:
            unseen.remove(node.place)
            held, attributes = expected[node.place]
            assert_same_attributes(node, attributes)
            if node.is_group:
                for child in node.names():
                    below = node.child(child)
                    assert below is not None
                    compare(below)
            elif node.shape != (0,):
                values, kind = held
                assert_same_values(node, values, kind)
            else:
                assert node.array().shape == (0,)
                assert name.endswith("emu00005989_v2_hdf4.nxs")
                assert node.place.split("/")[-1] in ("period_output", "period_labels")

        compare(root)
    assert unseen == set()


def assert_same_values(node: Node, values: Any, kind: int) -> None:
    found = node.array()
    assert found.shape == node.shape
    assert found.dtype == node.dtype
    if kind == TEXT:
        rows = [b"".join(row) for row in values.reshape(-1, values.shape[-1]).tolist()]
        assert np.ravel(found).tolist() == [row.rstrip(b"\0") for row in rows]
        assert node.shape == values.shape[:-1]
    else:
        np.testing.assert_array_equal(found, values, strict=True)


def texts_of(values: Any) -> list[str]:
    """Texts without blanks at their ends, of texts or of rows of single bytes."""
    if values.dtype == np.dtype("S1") and values.ndim == 2:
        values = np.array([b"".join(row.tolist()) for row in values])
    texts = np.ravel(values).tolist()
    return [
        (text.decode("latin-1") if isinstance(text, bytes) else text).rstrip() for text in texts
    ]


@pytest.mark.parametrize("name", TWINS)
def test_hdf5_twins(real: Path, name: str) -> None:
    """The same runs, converted to HDF5 by another program and read through h5py."""
    twin = real / f"isis-nexus-v1/{name}_hdf5.nxs"
    with open_hdf4(real / f"isis-hdf4/{name}.nxs") as root, h5py.File(twin) as other:
        compared = []

        def compare(place: str, item: Any) -> None:
            node = root.child(place)
            assert node is not None
            if isinstance(item, h5py.Dataset):
                found, expected = node.array(), np.asarray(item[()])
                if found.dtype.kind == "S":
                    assert texts_of(found) == texts_of(expected), place
                else:
                    np.testing.assert_array_equal(np.ravel(found), np.ravel(expected))
                compared.append(place)

        other.visititems(compare)
    assert len(compared) > 90


@REAL
def test_real_counts(real: Path, name: str) -> None:
    facts = FACTS[name]
    with open_hdf4(real / name) as root:
        for place in facts["counts_paths"]:
            counts = root.child(place)
            assert counts is not None
            assert list(counts.shape) == facts["counts_shape"]
            sums = counts.array().reshape(-1, facts["n_bins"]).sum(axis=1)
            assert sums.tolist() == np.ravel(facts["counts_per_histogram"]).tolist()


# Small files ------------------------------------------------------------------------------------


def ways() -> dict[str, dict[str, Any]]:
    """How the values of a small file are stored."""
    from pyhdf.SD import SDC

    return {
        "plain": {},
        "deflate": {"pack": (SDC.COMP_DEFLATE, 6)},
        "run lengths": {"pack": (SDC.COMP_RLE,)},
        "in pieces": {"grow": True},
    }


@pytest.mark.parametrize("way", ways())
def test_values(tmp_path: Path, way: str) -> None:
    with open_hdf4(write_small(tmp_path / "x.nxs", **ways()[way])) as root:
        counts = root.child("run/data/counts")
        assert counts is not None
        assert (counts.shape, counts.dtype) == ((4, 50), np.int32)
        np.testing.assert_array_equal(counts.array(), COUNTS, strict=True)
        assert root.text("run/title") == "copper T=280.0"
        assert root.number("run/sample/temperature") == 280.1
        small = root.child("run/data/bytes")
        assert small is not None
        np.testing.assert_array_equal(small.array(), np.array([[1, 2], [3, 255]], "u1"))


def written_twice(path: Path) -> Any:
    """A file whose packed values have outgrown their place, so that they lie in pieces."""
    from pyhdf.SD import SD, SDC

    values = np.random.default_rng(1).integers(0, 2**31, (6, 500)).astype("i4")
    file = SD(str(path), SDC.WRITE | SDC.CREATE)
    for name in ("first", "second"):
        made = file.create(name, SDC.INT32, values.shape)
        made.setcompress(SDC.COMP_DEFLATE, 1)
        made[:] = 0 * values
        made.endaccess()
    file.end()
    file = SD(str(path), SDC.WRITE)
    made = file.select("first")
    made[:] = values
    made.endaccess()
    file.end()
    assert element(path.read_bytes(), PACKED).tag == PACKED | SPECIAL
    return values


def test_packed_values_in_pieces(tmp_path: Path) -> None:
    values = written_twice(tmp_path / "x.nxs")
    with open_hdf4(tmp_path / "x.nxs") as root:
        first, second = root.child("first"), root.child("second")
        assert first is not None
        assert second is not None
        np.testing.assert_array_equal(first.array(), values)
        assert not second.array().any()


def test_packed_values_in_pieces_damaged(tmp_path: Path) -> None:
    """Packed again, or in pieces of pieces: the library would follow that without end."""
    path = tmp_path / "x.nxs"
    written_twice(path)
    content = path.read_bytes()
    path.write_bytes(inside(PACKED, 0, "H", 3)(content))
    assert "element 40/1 is stored as kind 3, which is not read" in refused(path)
    path.write_bytes(entry(LINKED, "H", 0, LINKED | SPECIAL)(content))
    assert "element 20/1 is missing" in refused(path)


def test_texts_are_rows_of_bytes(small: Path) -> None:
    with open_hdf4(small) as root:
        title, labels = root.child("run/title"), root.child("run/data/labels")
        assert title is not None
        assert labels is not None
        assert (title.shape, title.dtype, labels.shape) == ((), np.dtype("S14"), (3,))
        assert [root.plain(text) for text in labels.array()] == [text or None for text in LABELS]


def test_groups(small: Path) -> None:
    with open_hdf4(small) as root:
        assert root.is_group
        assert (root.path, root.place) == (small, "/")
        assert root.names() == ("run", "lonely")
        assert [group.place for group in root.groups()] == ["/run"]
        run = root.group("run")
        assert run is not None
        assert run.names() == ("title", "sample", "data")
        assert run.attribute("NX_class") == "NXentry"
        assert root.group("run/title") is None
        assert root.child("run/nothing") is None
        assert root.child("run/title/more") is None
        assert root.child("nothing") is None
        linked, direct = root.child("run/sample/data/counts"), root.child("//run/./data/counts/")
        assert linked is not None
        assert direct is not None
        assert (linked.place, direct.place) == ("/run/sample/data/counts", "/run/data/counts")
        np.testing.assert_array_equal(linked.array(), direct.array())


def test_attributes(small: Path) -> None:
    with open_hdf4(small) as root:
        assert root.attributes() == {"NeXus_version": "4.3.0"}
        run, counts = root.child("run"), root.child("run/data/counts")
        assert run is not None
        assert counts is not None
        assert run.attributes() == {"NX_class": "NXentry", "note": "of a group"}
        assert counts.attributes() == {
            "units": "counts", "t0_bin": 15, "width": 0.16, "three": 1.5, "odd": "24 °C",
            "blank": None,
        }  # fmt: skip
        assert isinstance(counts.attribute("t0_bin"), int)
        assert counts.attribute("nothing") is None
        assert root.attribute("NX_class") is None


def test_a_group_has_no_values(small: Path) -> None:
    with open_hdf4(small) as root:
        for look_at in (lambda: root.shape, lambda: root.dtype, root.array):
            with pytest.raises(ReadError, match="at /: is a group, expected a data set"):
                look_at()


def test_values_that_were_never_written(tmp_path: Path) -> None:
    from pyhdf.SD import SD, SDC

    path = tmp_path / "x.nxs"
    file = SD(str(path), SDC.WRITE | SDC.CREATE)
    for name, kind in (("numbers", SDC.INT32), ("text", SDC.CHAR)):
        file.create(name, kind, (5,)).endaccess()
    file.end()
    with open_hdf4(path) as root:
        for name, kind in (("numbers", "i4"), ("text", "S5")):
            node = root.child(name)
            assert node is not None
            assert (node.shape, node.array().shape, node.dtype) == ((0,), (0,), np.dtype(kind))
        assert root.text("text") is None
        assert root.numbers("numbers") is None


def test_a_file_without_data_sets(tmp_path: Path) -> None:
    from pyhdf import V
    from pyhdf.HDF import HC, HDF

    assert V
    path = tmp_path / "x.nxs"
    file = HDF(str(path), HC.WRITE | HC.CREATE)
    groups = file.vgstart()
    groups.create("run").detach()
    groups.end()
    file.close()
    with open_hdf4(path) as root:
        assert root.names() == ("run",)
        assert root.attributes() == {}


@pytest.mark.parametrize("name", ["Größe und Länge.nxs", "two  blanks", "x'\".nxs"])
def test_file_names(small: Path, name: str) -> None:
    path = small.rename(small.with_name(name))
    with open_hdf4(path) as root:
        assert root.text("run/title") == "copper T=280.0"


@pytest.mark.skipif(sys.platform != "linux", reason="such names are bytes on Linux only")
def test_a_file_name_that_is_no_text(small: Path) -> None:
    path = small.rename(os.fsdecode(os.fsencode(small.parent) + b"/\xff.nxs"))
    with open_hdf4(path) as root, pytest.raises(ReadError, match="title cannot be read"):
        root.text("run/title")


def test_a_file_is_let_go_of(small: Path, tmp_path: Path) -> None:
    """A file that is replaced is read anew, also while the one before is still open."""
    before = look(small)
    packed = write_small(tmp_path / "other.nxs", pack=ways()["deflate"]["pack"])
    with open_hdf4(small) as first, open_hdf4(small) as second:
        assert first.text("run/title") == second.text("run/title") == "copper T=280.0"
    shutil.copy(packed, small)
    assert look(small) == before
    small.unlink()
    with pytest.raises(ReadError, match="cannot be read: No such file"), open_hdf4(small):
        pass


def test_errors_of_who_reads_are_theirs(small: Path) -> None:
    with pytest.raises(OSError, match="mine"), open_hdf4(small):
        raise OSError("mine")


def test_a_file_in_which_the_library_failed(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library keeps such a file and would show it again, so it is given another spelling."""
    from pyhdf import SD
    from pyhdf.error import HDF4Error

    whole, paths = look(small), []

    def refuse(path: str, mode: int) -> Any:
        paths.append(path)
        raise HDF4Error("SD (60): HDF Internal error")

    with monkeypatch.context() as changed:
        changed.setattr(SD, "SD", refuse)
        assert "title cannot be read: SD (60)" in refused(small)
        assert "title cannot be read: SD (60)" in refused(small)
    assert paths == [str(small), f"{small.parent}/./{small.name}"]
    assert look(small) == whole


# Files that are refused -------------------------------------------------------------------------


def group_of(content: bytes, word: bytes) -> tuple[int, int, list[tuple[int, int]]]:
    """Offset, number and members of the first group with a word in its record."""
    offset = element(content, GROUP, word).offset
    count = int.from_bytes(content[offset : offset + 2], "big")
    numbers = np.frombuffer(content, ">u2", 2 * count, offset + 2).reshape(2, count).T.tolist()
    return offset, count, [(tag, ref) for tag, ref in numbers]


def member(word: bytes, tag: int, *, to: tuple[int | None, int | None]) -> Callable[[bytes], bytes]:
    """A group whose first member of a tag gets another tag or reference."""

    def change(content: bytes) -> bytes:
        offset, count, members = group_of(content, word)
        number = next(k for k, (known, _) in enumerate(members) if known == tag)
        for value, place in zip(to, (offset + 2, offset + 2 + 2 * count), strict=True):
            if value is not None:
                content = put(content, place + 2 * number, "H", value)
        return content

    return change


def twice(word: bytes) -> Callable[[bytes], bytes]:
    """A group that names its first member as its second one as well."""

    def change(content: bytes) -> bytes:
        offset, count, _ = group_of(content, word)
        for place in (offset + 2, offset + 2 + 2 * count):
            content = put(content, place + 2, "H", int.from_bytes(content[place : place + 2]))
        return content

    return change


def entry(base: int, code: str, place: int, value: int, word: bytes = b"") -> Any:
    """An entry of the list of elements with another number in it."""

    def change(content: bytes) -> bytes:
        return put(content, element(content, base, word).place + place, code, value)

    return change


def inside(base: int, place: int, code: str, *values: int, word: bytes = b"") -> Any:
    """An element with other numbers in it."""

    def change(content: bytes) -> bytes:
        return put(content, element(content, base, word).offset + place, code, *values)

    return change


def swapped(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """The content with one word replaced by another of the same length, at its first place."""

    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return change


def listed_twice(content: bytes) -> bytes:
    first, second = descriptors(content)[:2]
    return put(content, second.place, "HH", first.tag, first.ref)


def overlapping(content: bytes) -> bytes:
    """Two elements that are the whole file each."""
    for base in (SIZES, DATA_SET):
        place = element(content, base).place
        content = put(content, place + 4, "II", 4, len(content) - 4)
    return content


def shared_attribute(content: bytes) -> bytes:
    """An attribute of the temperature that is one of the counts, too."""
    ref = element(content, TABLE, b"t0_bin").ref
    return member(b"temperature", TABLE, to=(None, ref))(content)


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "list beyond the end": (lambda content: put(content, 4, "H", 60_000), "is cut or met twice"),
    "list in a circle": (lambda content: put(content, 6, "I", 4), "element 30/1 cannot be or is"),
    "list that is empty": (lambda content: put(content, 4, "H", 0), "is cut or met twice"),
    "next list outside": (lambda content: put(content, 6, "I", 2**31), "leaves the file"),
    "element outside": (entry(VALUES, "I", 4, 2**31), "after the file"),
    "element too long": (entry(VALUES, "I", 8, 10**6), "after the file"),
    "element twice": (listed_twice, "is listed twice"),
    "element without reference": (entry(VALUES, "H", 2, 0), "cannot be or is listed twice"),
    "version too long": (entry(VERSION, "I", 8, 93), "its version does not take 92 bytes"),
    "version too short": (entry(VERSION, "I", 8, 20), "its version does not take 92 bytes"),
    "version in pieces": (
        lambda content: inside(VERSION, 0, "HiiiH", 1, 0, 93, 1, 0)(
            entry(VERSION, "H", 0, VERSION | SPECIAL)(content)
        ),
        "is not stored in one piece",
    ),
    "values too short": (entry(VALUES, "I", 8, 796), "declares 800 bytes, stores 796"),
    "group cut": (entry(GROUP, "I", 8, 4, b"NXdata"), "cut or of an unknown version"),
    "group with many members": (inside(GROUP, 0, "H", 60_000), "numbers leave its"),
    "group of a long name": (inside(GROUP, 6, "H", 256, word=b"fakeDim0"), "a name of 256 bytes"),
    "dimension without name": (
        swapped(b"fakeDim0\0\x06Dim", bytes(8) + b"\0\x06Dim"), "dimension '' has sizes"
    ),
    "dimension of no size": (inside(TABLE_VALUES, 0, "i", 0), "fakeDim0 has size 0"),
    "dimension below zero": (inside(TABLE_VALUES, 0, "i", -4), "fakeDim0 has size -4"),
    "dimension too large": (inside(TABLE_VALUES, 0, "i", 2**30), "counts declares"),
    "dimension of another type": (inside(TABLE, 10, "H", 25), "has a table of class"),
    "dimension with another table": (swapped(b"DimVal0.1", b"DimVal9.9"), "class 'DimVal9.9'"),
    "rows that are not stored": (inside(TABLE, 2, "I", 2), "declares 2 rows that are not stored"),
    "column of no type": (inside(TABLE, 10, "H", 99), "columns of types (99,)"),
    "column of another width": (inside(TABLE, 12, "H", 8), "do not follow one another"),
    "two lists of data sets": (swapped(b"Dim0.0", b"CDF0.0"), "2 lists of data sets"),
    "no list of data sets": (swapped(b"CDF0.0", b"XXX0.0"), "0 lists of data sets"),
    "a member twice": (twice(b"CDF0.0"), "holds one reference twice, or something foreign"),
    "a foreign member": (member(b"CDF0.0", GROUP, to=(RAGGED, None)), "something foreign"),
    "a member that is missing": (member(b"Var0.0", GROUP, to=(None, 999)), "999, which is missing"),
    "a table that is missing": (member(b"Var0.0", TABLE, to=(None, 999)), "999, which is missing"),
    "data set without sizes": (
        member(b"Var0.0", SIZES, to=(TABLE_VALUES, None)), "has 0 members of tag 701"
    ),
    "data set without name": (swapped(b"counts\0\x06Var", bytes(6) + b"\0\x06Var"), "has no name"),
    "ragged data set": (member(b"Var0.0", TABLE, to=(RAGGED, None)), "rows of several lengths"),
    "data set without dimensions": (
        lambda content: content.replace(b"Dim0.0", b"XXX0.0"), "has dimensions []"
    ),
    "data set of no type": (inside(NUMBER_TYPE, 1, "B", 77), "values of type 77"),
    "numbers of another machine": (inside(NUMBER_TYPE, 3, "B", 4), "values of type 01182004"),
    "type too long": (entry(NUMBER_TYPE, "I", 8, 5), "has values of type"),
    "elements on top of each other": (overlapping, "its elements take more bytes than it has"),
    "attribute of two owners": (shared_attribute, "t0_bin of temperature has two owners"),
    "attribute without name": (swapped(b"t0_bin", bytes(6)), "attribute '' of counts"),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGE)
def test_damage(small: Path, what: str) -> None:
    change, expected = DAMAGE[what]
    content = small.read_bytes()
    changed = change(content)
    assert changed != content
    small.write_bytes(changed)
    assert expected in refused(small)


PACKED_DAMAGE: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "another file": (
        "deflate",
        inside(VALUES, 0, "H", 2),
        "in another file, which is not followed",
    ),
    "chunks": ("deflate", inside(VALUES, 0, "H", 5), "is stored in chunks, which is not read"),
    "kind 77": ("deflate", inside(VALUES, 0, "H", 77), "is stored as kind 77"),
    "header cut": ("deflate", entry(VALUES, "I", 8, 15), "the header of element 702/"),
    "below zero": ("deflate", inside(VALUES, 4, "i", -1), "declares -1 bytes"),
    "level": ("deflate", inside(VALUES, 14, "H", 10), "a level that deflate does not have"),
    "szip": ("deflate", inside(VALUES, 12, "H", 5), "packed with szip, which is not read"),
    "nothing packed": ("deflate", inside(VALUES, 8, "H", 999), "40/999 is missing"),
    "short": ("deflate", inside(VALUES, 4, "i", 799), "declares 800 bytes, stores"),
    "not deflate": ("deflate", inside(PACKED, 0, "H", 0xFFFF), "counts cannot be read"),
    "special group": ("plain", entry(GROUP, "H", 0, GROUP | SPECIAL), "is missing"),
    "pieces in a circle": ("in pieces", inside(LINKED, 0, "H", 1), "list of pieces of an element"),
    "piece of no size": ("in pieces", inside(VALUES, 6, "i", 0), "1 pieces of 0 bytes"),
    "row too long": (
        "in pieces",
        inside(TABLE_VALUES, 0, "i", 201, word=b"\0\0\0\x32"),
        "has shape",
    ),
    "short pieces": ("in pieces", inside(VALUES, 2, "i", 10**6), "expected 1000000 bytes in them"),
    "piece missing": ("in pieces", inside(VALUES, 14, "H", 999), "20/999 is missing"),
}


@pytest.mark.parametrize("what", PACKED_DAMAGE)
def test_damage_of_packed_values(tmp_path: Path, what: str) -> None:
    way, change, expected = PACKED_DAMAGE[what]
    path = write_small(tmp_path / "x.nxs", **ways()[way])
    path.write_bytes(change(path.read_bytes()))
    assert expected in refused(path)


def test_values_in_another_file_are_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "secret"
    path = write_small(tmp_path / "x.nxs", elsewhere=other)
    assert other.exists()
    assert "lies in another file, which is not followed" in refused(path)


def test_other_ways_of_packing_are_named(tmp_path: Path) -> None:
    from pyhdf.SD import SDC

    path = write_small(tmp_path / "x.nxs", pack=(SDC.COMP_SKPHUFF, 4))
    assert "packed with Huffman, which is not read; rewrite the file with: hrepack" in refused(path)


def test_a_packed_set_cannot_declare_what_it_does_not_hold(tmp_path: Path) -> None:
    """A few packed bytes that declare 1.6 GB are refused before anything of that size is made."""
    path = write_small(tmp_path / "x.nxs", **ways()["deflate"])
    content = path.read_bytes()
    content = inside(TABLE_VALUES, 0, "i", 8_000_000)(content)
    path.write_bytes(inside(VALUES, 4, "i", 1_600_000_000)(content))
    assert "/run/sample/data/counts: declares 1600000000 bytes, stores" in refused(path)


def test_an_attribute_larger_than_a_megabyte(tmp_path: Path) -> None:
    path = write_small(tmp_path / "x.nxs")
    content = path.read_bytes()
    header, values = element(content, TABLE, b"odd"), element(content, TABLE_VALUES, b"24 \xb0C")
    for place in (6, 12, 16):  # bytes in a row, and in the column; values in the column
        content = put(content, header.offset + place, "H", 50_000)
    content = put(content, header.offset + 2, "I", 30)
    content = put(content, values.place + 4, "II", len(content), 1_500_000)
    path.write_bytes(content + bytes(1_500_000))
    with open_hdf4(path) as root:
        counts = root.child("run/data/counts")
        assert counts is not None
        with pytest.raises(ReadError, match="attribute odd takes 1500000 bytes"):
            counts.attribute("odd")
        assert "odd" not in counts.attributes()


def test_an_empty_entry_is_no_place(small: Path) -> None:
    """Offset and length of all ones mean that there are no values, not a place."""
    content = small.read_bytes()
    found = element(content, VALUES)
    small.write_bytes(put(content, found.place + 4, "II", NOTHING, NOTHING))
    with open_hdf4(small) as root:
        counts = root.child("run/data/counts")
        assert counts is not None
        assert counts.array().shape == (0,)


@pytest.mark.parametrize("length", [0, 3, 4, 9, 10, 100, 2000])
def test_cut_files(small: Path, length: int) -> None:
    small.write_bytes(small.read_bytes()[:length])
    assert refused(small)


# A process that may crash -----------------------------------------------------------------------


@pytest.mark.parametrize("way", ways())
def test_damaged_files_in_a_process_of_their_own(tmp_path: Path, way: str) -> None:
    """Hundreds of damaged files: no crash, hang, leak, and no word but a ReadError."""
    path = write_small(tmp_path / "x.nxs", **ways()[way])
    fuzzed(path, cases=CASES)


def test_damaged_real_files_in_a_process_of_their_own(real: Path, tmp_path: Path) -> None:
    path = tmp_path / "EMU03087.nxs"
    path.write_bytes((real / "isis-hdf4/EMU03087.nxs").read_bytes())
    fuzzed(path, cases=CASES // 2)


def fuzzed(path: Path, cases: int) -> None:
    script = ROOT / "tests" / "hdf4_files.py"
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", script, path, str(cases), "20261"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    at = Path(f"{path}.case").read_text()
    assert done.returncode == 0, f"seed 20261, case {at}: {done.returncode} {done.stderr[-2000:]}"
    assert done.stderr == ""
    read, refused, megabytes, files = map(int, done.stdout.split())
    assert read > cases / 8
    assert refused > cases / 8
    assert megabytes < 300
    assert files < 12
