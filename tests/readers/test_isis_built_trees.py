"""ISIS NeXus trees of any make, built from the definitions: read back as built, or refused.

Nothing here asks the reader how a tree should look: hypothesis chooses the run and the way in
which each value is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.readers.registry import read

SETTINGS = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
COUNT_TYPES = ("i4", ">i4", "u4", "i8", "u2", "f8", "f4")
NUMBER_TYPES = ("i4", "u2", "i8", ">i4", "f4", "f8")
TIME_UNITS = {
    **dict.fromkeys(("picoseconds", "ps", "pico.second"), 1e6),
    **dict.fromkeys(("ns", "nano.second", "nanoseconds"), 1e3),
    **dict.fromkeys(("us", "µs", "microsecond", "microseconds"), 1.0),
}
"""How a unit is written, and how many make a microsecond."""
FIELD_UNITS = {"Gauss": 1.0, "gauss": 1.0, "G": 1.0, "Tesla": 1e-4, "mT": 0.1}
TEMPERATURE_UNITS = {"Kelvin": 1.0, "kelvin": 1.0, "K": 1.0, "mK": 1e3}


@dataclass
class Built:
    """What a tree says, in the units of a Run."""

    counts: np.ndarray
    width: float
    t0: np.ndarray
    first: int
    last: int
    dead_time: np.ndarray | None
    grouping: np.ndarray | None
    frames: np.ndarray | None
    texts: dict[str, str | None]
    number: int
    temperature: float | None
    field: float | None
    labels: tuple[str, ...]


@st.composite
def runs(draw: st.DrawFn) -> Built:
    """A run: one to three periods, few detectors and bins, anything optional missing."""
    periods, detectors = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    bins = draw(st.integers(8, 40))
    seed = draw(st.integers(0, 2**32 - 1))
    chance = np.random.default_rng(seed)
    counts = chance.integers(1, 60000, (periods, detectors, bins))
    width = draw(st.sampled_from([0.016, 0.008, 0.001, 0.0244140625, 1.0]))
    arrival = draw(st.integers(0, bins // 3)) + draw(st.sampled_from([0.0, 0.25, 0.4375]))
    t0 = np.full(detectors, arrival)
    if detectors > 1 and draw(st.booleans()):
        t0[-1] += 1.0
    first = draw(st.integers(int(np.ceil(t0.max())), bins - 3))
    last = draw(st.integers(first + 1, bins - 1))
    text = st.none() | st.text("abcXYZ 0123456789-+=/.µé", min_size=1, max_size=20).map(str.strip)
    one_text = draw(st.fixed_dictionaries({
        name: text.map(lambda found: found or None)
        for name in ("title", "notes", "sample/name", "orientation")
    }))  # fmt: skip
    tables = draw(st.sampled_from(["none", "one", "each"]))
    shape = (periods, detectors) if tables == "each" else (1, detectors)
    dead_time = None
    if tables != "none":
        small = np.round(chance.uniform(0.001, 0.03, shape), 6)
        dead_time = np.broadcast_to(small, (periods, detectors))
    grouping = chance.integers(1, 4, detectors) if draw(st.booleans()) else None
    return Built(
        counts=counts,
        width=width,
        t0=t0,
        first=first,
        last=last,
        dead_time=dead_time,
        grouping=grouping,
        frames=chance.integers(1, 10**6, periods) if draw(st.booleans()) else None,
        texts=one_text,
        number=draw(st.integers(1, 999999)),
        temperature=draw(st.none() | st.sampled_from([0.0, 0.25, 4.2, 300.0])),
        field=draw(st.none() | st.sampled_from([0.0, -20.0, 69.5, 25000.0])),
        labels=tuple(f"p{k}" for k in range(periods)) if draw(st.booleans()) else ("",) * periods,
    )


class Tree:
    """A file in the making, each value stored in a way that ``draw`` chooses."""

    def __init__(self, file: h5py.File, draw: st.DrawFn) -> None:
        self.file, self.draw = file, draw

    def text(self, where: str, value: str | None) -> None:
        """A text of fixed or variable length, scalar or in a list, padded or not; or nothing."""
        if value is None:
            if self.draw(st.booleans()):
                self.file[where] = np.array([b"  "])
            return
        raw = value.encode("utf-8")
        padded = raw + self.draw(st.sampled_from([b"", b" ", b"\0\0", b" \0 "]))
        kinds = {
            "list of bytes": lambda: np.array([padded]),
            "bytes": lambda: np.bytes_(padded),
            "fixed": lambda: np.array(padded, dtype=h5py.string_dtype("utf-8", len(padded) + 3)),
            "variable": lambda: value,
            "list": lambda: [value],
            "latin": lambda: np.bytes_(value.encode("latin-1")),
        }
        made = kinds[self.draw(st.sampled_from(sorted(kinds)))]()
        self.file[where] = made

    def whole(self, where: str, values: Any) -> None:
        """Whole numbers of any width, or as floats; one of them as a scalar or a list."""
        array = np.asarray(values)
        kinds = [
            kind
            for kind in NUMBER_TYPES
            if np.array_equal(array.astype(kind).astype(np.int64), array)
        ]
        array = array.astype(self.draw(st.sampled_from(kinds)))
        self.file[where] = self.one(array)

    def one(self, array: np.ndarray) -> np.ndarray:
        if array.size != 1:
            return array
        return self.draw(
            st.sampled_from([array.reshape(()), array.reshape(1), array.reshape(1, 1)])
        )

    def quantity(self, where: str, values: Any, units: dict[str, float]) -> None:
        """A number or several with a unit, in single or double precision."""
        unit = self.draw(st.sampled_from(sorted(units)))
        array = np.asarray(values, float) * units[unit]
        # the shortest decimal of a single is what it stands for
        single = array.astype(np.float32)
        exact = np.array([float(str(value)) for value in single.ravel()]).reshape(array.shape)
        if np.allclose(exact, array, rtol=1e-12, atol=0) and self.draw(st.booleans()):
            array = single
        self.file[where] = self.one(array) if array.ndim == 0 or array.size == 1 else array
        kind = self.draw(st.sampled_from([str, np.bytes_]))
        self.file[where].attrs["units"] = kind(unit.encode()) if kind is np.bytes_ else unit

    def attribute(self, where: str, name: str, value: int) -> None:
        kind = self.draw(st.sampled_from(["i4", "i8", "u2", "f4"]))
        made = np.asarray(value, kind)
        self.file[where].attrs[name] = made if self.draw(st.booleans()) else made.reshape(1)


def common(tree: Tree, entry: str, group: str, built: Built, names: dict[str, str]) -> None:
    """What both versions have, under the names of one of them."""
    tree.file[entry].attrs["NX_class"] = np.bytes_(b"NXentry")
    tree.whole(f"{entry}/{names['number']}", [built.number])
    for name in ("title", "notes", "sample/name"):
        tree.text(f"{entry}/{name}", built.texts[name])
    if built.temperature is not None:
        tree.quantity(f"{entry}/sample/temperature", built.temperature, TEMPERATURE_UNITS)
    if built.field is not None:
        tree.quantity(f"{entry}/sample/magnetic_field", built.field, FIELD_UNITS)
    n_bins = built.counts.shape[-1]
    tree.quantity(f"{group}/resolution", built.width, TIME_UNITS)
    make = tree.draw(st.sampled_from(["edges", "centres", "left", "none"]))
    if make != "none":
        start = 0.5 if make == "centres" else 0.0
        times = (np.arange(n_bins + (make == "edges")) + start) * built.width
        tree.quantity(f"{group}/raw_time", times, TIME_UNITS)
    for name, value in (("first_good_bin", built.first), ("last_good_bin", built.last)):
        tree.attribute(f"{group}/counts", name, value + 1)
    if built.grouping is not None:
        groups = built.grouping
        if tree.draw(st.booleans()):
            groups = np.tile(groups, built.counts.shape[0])
        tree.whole(f"{group}/grouping", groups)
        tree.attribute(f"{group}/grouping", "available", 1)


def dead_times(tree: Tree, where: str, built: Built) -> None:
    if built.dead_time is None:
        if tree.draw(st.booleans()):
            tree.quantity(where, np.zeros(built.counts.shape[1]), TIME_UNITS)
            tree.attribute(where, "available", 0)
        return
    values = built.dead_time
    if np.all(values == values[0]) and tree.draw(st.booleans()):
        values = values[:1]
    tree.quantity(where, values.ravel(), TIME_UNITS)
    if tree.draw(st.booleans()):
        tree.attribute(where, "available", 1)


AXES = {"period": ["period_index", "period"], "spectrum": ["spectrum_index", "spectrum index"],
        "time": ["raw_time", "raw time bin", "raw_time_bin"]}  # fmt: skip


def stored_counts(tree: Tree, where: str, built: Built) -> None:
    """The counts of version 2, in any order of axes that their attribute names."""
    counts, order = built.counts, ["period", "spectrum", "time"]
    if counts.shape[0] == 1 and tree.draw(st.booleans()):
        counts, order = counts[0], order[1:]
    kinds = [kind for kind in COUNT_TYPES if np.array_equal(counts.astype(kind), counts)]
    counts = counts.astype(tree.draw(st.sampled_from(kinds)))
    new = tree.draw(st.permutations(range(counts.ndim)))
    tree.file.create_dataset(
        where,
        data=np.ascontiguousarray(np.transpose(counts, new)),
        compression=tree.draw(st.sampled_from([None, "gzip"])),
    )
    if new == list(range(counts.ndim)) and tree.draw(st.booleans()):
        return
    names = [tree.draw(st.sampled_from(AXES[order[axis]])) for axis in new]
    kind = tree.draw(st.sampled_from(["list", ",", "[,]", ":"]))
    if kind == "list":
        axes: Any = [name.encode() for name in names]
    else:
        axes = kind.strip("[]").join(names)
        axes = f"[{axes}]" if "[" in kind else axes
    tree.file[where].attrs["axes"] = axes


def version_2(path: Path, built: Built, draw: st.DrawFn) -> None:
    with h5py.File(path, "w") as file:
        tree, entry = Tree(file, draw), "raw_data_1"
        group = f"{entry}/instrument/detector_1"
        periods, detectors, n_bins = built.counts.shape
        stored_counts(tree, f"{group}/counts", built)
        common(tree, entry, group, built, {"number": "run_number"})
        tree.whole(f"{entry}/{draw(st.sampled_from(['IDF_version', 'idf_version']))}", [2])
        tree.text(f"{entry}/definition", draw(st.sampled_from(["muonTD", "pulsedTD"])))
        tree.text(f"{entry}/instrument/source/name", "ISIS")
        tree.text(f"{group}/orientation", built.texts["orientation"])
        zero = (built.t0 + 0.5) * built.width
        if np.all(zero == zero[0]) and draw(st.booleans()):
            zero = zero[:1]
        if draw(st.booleans()) or zero.size > 1:
            tree.quantity(f"{group}/time_zero", zero, TIME_UNITS)
        else:
            times = (np.arange(n_bins) - built.t0[0]) * built.width
            tree.quantity(f"{group}/corrected_time", times, TIME_UNITS)
        if draw(st.booleans()):
            tree.whole(f"{group}/spectrum_index", np.arange(1, detectors + 1))
        dead_times(tree, f"{group}/dead_time", built)
        # a dwell period, which is defined and not stored
        dwell = draw(st.sampled_from([None, *range(periods + 1)]))
        types = (
            np.ones(periods, int) if dwell is None else np.insert(np.ones(periods, int), dwell, 2)
        )
        tree.whole(f"{entry}/periods/type", types)
        if built.frames is not None:
            if draw(st.booleans()):
                tree.whole(f"{entry}/periods/good_frames_daq", built.frames)
            else:
                frames = np.zeros(types.size, int)
                frames[types == 1] = built.frames
                tree.whole(f"{entry}/periods/good_frames", frames)
        if any(built.labels):
            labels = list(built.labels)
            if dwell is not None:
                labels.insert(dwell, "dwell")
            tree.text(f"{entry}/periods/labels", ";".join(labels))


def version_1(path: Path, built: Built, draw: st.DrawFn) -> None:
    with h5py.File(path, "w") as file:
        tree, entry = Tree(file, draw), "run"
        group = f"{entry}/histogram_data_1"
        periods, detectors, n_bins = built.counts.shape
        counts = built.counts if draw(st.booleans()) else built.counts.reshape(-1, n_bins)
        kinds = [kind for kind in COUNT_TYPES if np.array_equal(counts.astype(kind), counts)]
        tree.file[f"{group}/counts"] = counts.astype(draw(st.sampled_from(kinds)))
        common(tree, entry, group, built, {"number": "number"})
        for name in draw(st.sampled_from([["IDF_version"], ["idf_version", "IDF_version"]])):
            tree.whole(f"{entry}/{name}", [1])
        tree.text(f"{entry}/analysis", draw(st.sampled_from(["muonTD", "pulsedTD"])))
        tree.text(f"{entry}/lab", "ISIS")
        tree.whole(f"{entry}/switching_states", [periods])
        tree.text(f"{entry}/instrument/detector/orientation", built.texts["orientation"])
        zero = (built.t0 + 0.5) * built.width
        one = np.all(zero == zero[0])
        times = (np.arange(n_bins) - built.t0[0]) * built.width
        make = draw(st.sampled_from(["corrected", "zero", "both", "stale"] if one else ["zero"]))
        if make != "zero":
            edges = draw(st.booleans())
            if edges:
                times = np.append(times, times[-1] + built.width) - 0.5 * built.width
            tree.quantity(f"{group}/corrected_time", times, TIME_UNITS)
        if make in ("zero", "both"):
            tree.quantity(f"{group}/time_zero", zero, TIME_UNITS)
        if make == "stale":
            tree.quantity(f"{group}/time_zero", [zero[0] + 3 * built.width], TIME_UNITS)
        dead_times(tree, f"{entry}/instrument/detector/deadtimes", built)
        beam = f"{entry}/instrument/beam"
        if built.frames is not None:
            where = draw(st.sampled_from(["frames_period_daq", "frames_period"]))
            tree.whole(f"{beam}/{where}", built.frames)
        if any(built.labels):
            tree.text(f"{beam}/period_labels", ";".join(built.labels))


def check(run: Run, built: Built) -> None:
    assert np.array_equal(run.counts, built.counts)
    assert run.bin_width == pytest.approx(built.width, rel=1e-9)
    assert run.t0 == pytest.approx(built.t0, abs=1e-4)
    assert set(run.first_good) == {built.first} and set(run.last_good) == {built.last}
    if built.dead_time is None:
        assert run.dead_time is None
    else:
        assert run.dead_time is not None
        assert run.dead_time == pytest.approx(built.dead_time, rel=1e-6)
    for name in ("grouping", "good_frames"):
        expected = built.grouping if name == "grouping" else built.frames
        found = getattr(run, name)
        assert (found is None) == (expected is None), name
        assert found is None or np.array_equal(found, expected), name
    assert run.period_labels == built.labels
    assert run.number == built.number
    texts = {"title": run.title, "notes": run.comment, "sample/name": run.sample,
             "orientation": run.orientation}  # fmt: skip
    assert texts == built.texts
    for found, expected in (
        (run.temperature.nominal, built.temperature),
        (run.field, built.field),
    ):
        assert found == (None if expected is None else pytest.approx(expected, rel=1e-6))
    assert (run.facility, run.source) == ("ISIS", "pulsed")


@pytest.mark.parametrize("build", [version_1, version_2])
@SETTINGS
@given(data=st.data())
def test_read_back_as_built(tmp_path: Path, build: Any, data: st.DataObject) -> None:
    built = data.draw(runs())
    path = tmp_path / "built.nxs"
    build(path, built, data.draw)
    check(read(path), built)


@SETTINGS
@given(data=st.data())
def test_axes_that_are_not_named_are_never_misread(tmp_path: Path, data: st.DataObject) -> None:
    """Without the attribute another order is refused, as the lists beside it show it."""
    built = data.draw(runs())
    path = tmp_path / "built.nxs"
    version_2(path, built, data.draw)
    order = data.draw(st.permutations(range(3)))
    with h5py.File(path, "r+") as file:
        group = file["raw_data_1/instrument/detector_1"]
        for name in ("counts", "spectrum_index", "raw_time"):
            group.pop(name, None)
        group["counts"] = np.transpose(built.counts, order)
        group["counts"].attrs["first_good_bin"] = np.int32(built.first + 1)
        group["counts"].attrs["last_good_bin"] = np.int32(built.last + 1)
        group["spectrum_index"] = np.arange(1, built.counts.shape[1] + 1)
        group["raw_time"] = np.arange(built.counts.shape[2] + 1) * built.width
    try:
        found = read(path).counts
    except ReadError as error:
        assert order != [0, 1, 2] and "\n" not in str(error)
    else:
        assert found.shape == built.counts.shape
        assert (
            np.array_equal(found, built.counts) or built.counts.shape[0] in built.counts.shape[1:]
        )


@pytest.mark.parametrize(
    "axes", ["period_index,spectrum_index,spectrum_index", "raw_time,raw_time,x", "a,raw_time,b"]
)
def test_axes_that_cannot_be(tmp_path: Path, axes: str) -> None:
    path = tmp_path / "built.nxs"
    with h5py.File(path, "w") as file:
        file["raw_data_1/definition"], file["raw_data_1/IDF_version"] = "muonTD", 2
        counts = file.create_dataset(
            "raw_data_1/instrument/detector_1/counts", data=np.ones((2, 3, 9))
        )
        counts.attrs["axes"] = axes
    with pytest.raises(ReadError, match="expected period, detector, bin in any order"):
        read(path)
