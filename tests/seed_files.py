"""Small sound files of every format, from which damaged ones are made; and real ones, if any."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import h5py
import mdu_bytes
import mud_bytes
import musr_root_files
import psi_bin_bytes
import root_bytes
from conftest import SAMPLES, expected_files, real_data
from event_tree import some_events, write_events
from hdf4_tree import write_hdf4
from nexus_tree import small_old_tree, small_tree, write_tree

LARGEST = 1 << 20
"""Bytes of a real file above which it is too slow to be damaged thousands of times."""


@dataclass(frozen=True)
class Seed:
    """A sound file, and where its structure lies rather than its counts."""

    name: str
    """Name of the file, by whose ending a person knows it."""
    content: bytes
    spots: tuple[tuple[int, int], ...] = ()


def psi_bin() -> list[Seed]:
    """The small file and a sample run."""
    head = ((0, psi_bin_bytes.SIZE), (0, 64), (128, 1024))
    samples = sorted(SAMPLES.glob("*.bin"))[:1]
    contents = [psi_bin_bytes.small_file(), *(path.read_bytes() for path in samples)]
    return [Seed("seed.bin", content, head) for content in contents]


def psi_mdu() -> list[Seed]:
    """One file of each kind, settings and records as spots."""
    seeds = []
    for kind in sorted(mdu_bytes.TAGS):
        first = mdu_bytes.tags_offset(kind)
        stored = 501 if kind == "M3" else 500
        records = [first + 60 * k + 4 * stored * max(k - 2, 0) for k in range(7)]
        spots = (
            (0, 64),
            (512, 512 + 52 + 60 * 7),
            *((start, start + 60) for start in records),
            (first - 600, first),
        )
        seeds.append(Seed(f"{kind}.mdu", mdu_bytes.small_mdu(kind).content(), spots))
    return seeds


def mud() -> list[Seed]:
    """Packed and plain histograms, variables with their histories."""
    begin = mud_bytes.DESCRIPTION["timeBegin"]
    values = b"".join(map(mud_bytes.vax_double, (5.0, 5.5, 6.0)))
    pair = [
        mud_bytes.variable(1, "/Sample/x"),
        mud_bytes.array(1, values, [begin, begin + 1, begin + 9], 3, 8, 2),
    ]
    members = mud_bytes.small_members() | {"variables": mud_bytes.group(mud_bytes.HISTORIES, pair)}
    small = mud_bytes.one_histogram(list(range(300)))
    tiny = mud_bytes.one_histogram([1, 2, 70000], bytes(12), bytesPerBin=4, nEvents=0)
    contents = (mud_bytes.whole(list(members.values())), small, tiny)
    return [Seed("seed.msr", content, ((0, 900),)) for content in contents]


def isis_nexus_v1() -> list[Seed]:
    """The small tree of version 1 with a log, in both containers."""
    log = "run/temperature_log_1"
    changes: dict[str, Any] = {
        f"{log}/name": "Temp_Sample",
        f"{log}/time": [0.0, 100.0, 200.0],
        f"{log}/values": [4.1, 4.2, 4.3],
    }
    tree = small_old_tree() | changes
    return [Seed("old.nxs", _tree(tree)), *_hdf4(tree)]


def isis_nexus_v2() -> list[Seed]:
    """The small tree of version 2 with logs, in both containers, packed and not."""
    log = "raw_data_1/selog/Temp_Sample/value_log"
    changes: dict[str, Any] = {
        f"{log}/time": [0.0, 100.0, 200.0],
        f"{log}/time@units": "s",
        f"{log}/value": [4.1, 4.2, 4.3],
        f"{log}/value@units": "K",
        "raw_data_1/runlog/ICP_Event/time": [0.0, 1.0],
        "raw_data_1/runlog/ICP_Event/value": ["BEGIN", "END"],
    }
    tree = small_tree() | changes
    return [
        Seed("new.nxs", _tree(tree)),
        Seed("packed.nxs", _tree(tree, pack=True)),
        *_hdf4(small_tree()),
    ]


def isis_events() -> list[Seed]:
    """A few hundred events."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_events(Path(folder) / "events.nxs", some_events(n=300))
        return [Seed("events.nxs", path.read_bytes())]


def musr_root() -> list[Seed]:
    """Each generation, packed and as it is; none without uproot."""
    if find_spec("uproot") is None:
        return []
    return [
        Seed(f"{name}{number}.root", make(packing=packing))
        for name, make in musr_root_files.GENERATIONS.items()
        for number, packing in enumerate((root_bytes.plain, root_bytes.deflated))
    ]


def _tree(tree: dict[str, Any], pack: bool = False) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = write_tree(Path(folder), tree=tree)
        if pack:
            with h5py.File(path, "r+") as file:
                _pack(file)
        return path.read_bytes()


def _hdf4(tree: dict[str, Any]) -> list[Seed]:
    """The same tree in HDF4, packed and not; none without pyhdf."""
    if find_spec("pyhdf") is None:
        return []
    seeds = []
    with tempfile.TemporaryDirectory() as folder:
        for name, pack in (("plain4.nxs", False), ("packed4.nxs", True)):
            path = write_hdf4(Path(folder) / name, tree, pack)
            seeds.append(Seed(name, path.read_bytes()))
    return seeds


def _pack(file: h5py.File) -> None:
    """Data sets with more than one value become chunked, shuffled and deflated."""
    places: list[str] = []
    file.visititems(
        lambda name, item: places.append(name) if getattr(item, "size", 0) > 1 else None
    )
    for place in places:
        old = file[place]
        values, attributes, dtype = old[()], dict(old.attrs), old.dtype
        del file[place]
        packed = file.create_dataset(
            place, data=values, dtype=dtype, chunks=values.shape, compression="gzip", shuffle=True
        )
        packed.attrs.update(attributes)


SMALL: dict[str, Callable[[], list[Seed]]] = {
    "psi-bin": psi_bin,
    "psi-mdu": psi_mdu,
    "mud": mud,
    "isis-nexus-v1": isis_nexus_v1,
    "isis-nexus-v2": isis_nexus_v2,
    "isis-events": isis_events,
    "musr-root": musr_root,
}
"""Builders of the small files by name of the format."""
NEEDED = {b"\x0e\x03\x13\x01": "pyhdf", b"root": "uproot"}
"""The package that reads files with these first bytes."""
KNOWN_AS = {
    "isis-nexus-v1": ("isis-nexus-v1-hdf5", "isis-nexus-v1-hdf4"),
    "isis-nexus-v2": ("isis-nexus-v2-hdf5", "isis-nexus-v2-hdf4"),
    "isis-events": ("isis-nexus-v2-hdf5-events",),
    "musr-root": ("musrroot", "lem-root"),
}
"""What the list of real files calls formats that it does not call as the registry does."""


def real_seeds(name: str) -> list[Seed]:
    """Real files of a format that are not too large."""
    folder = real_data()
    names = KNOWN_AS.get(name, (name,))
    places = [place for place, about in expected_files().items() if about["format"] in names]
    paths = [folder / place for place in places] if folder else []
    small = [path for path in paths if path.stat().st_size <= LARGEST]
    seeds = [Seed(path.name, path.read_bytes()) for path in small]
    missing = tuple(head for head, package in NEEDED.items() if not find_spec(package))
    return [seed for seed in seeds if not seed.content.startswith(missing)]
