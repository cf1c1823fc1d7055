"""Event files: histograms against a count in three dimensions, filters, real files, damage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from conftest import expected_files
from damage import attempt
from event_tree import ENTRY, GROUP, some_events, write_events
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.readers import event_stream
from musrcu.readers.isis_events import holds_events, read_events
from musrcu.readers.registry import find_format, read
from musrcu.reduction.grouping import group

REAL = sorted(name for name in expected_files() if name.startswith("isis-events/"))


def test_histograms_of_every_period_and_detector(tmp_path: Path) -> None:
    events = some_events()
    run = read(write_events(tmp_path / "e.nxs", events))
    assert run.format == "isis-events"
    np.testing.assert_array_equal(run.counts, events.histograms(4, 2048, 16))
    assert run.bin_width == 0.016
    assert run.good_frames is not None
    assert run.good_frames.tolist() == [20, 20]
    assert (run.number, run.instrument, run.title, run.source) == (17, "HIFI", "silver", "pulsed")
    assert run.dead_time is None


def test_what_was_assumed_is_said(tmp_path: Path) -> None:
    run = read(write_events(tmp_path / "e.nxs", some_events(n=200_000)))
    said = " ".join(run.warnings)
    assert "no time zero" in said and "no good bins" in said and "how many detectors" in said
    # the pulse has no length here: counts reach half their height at 400 ns, bins average 80 ns
    np.testing.assert_allclose((run.t0 + 0.5) * run.bin_width, 0.4, atol=0.02)
    assert np.all(run.first_good == np.ceil(run.t0 + 0.2 / 0.016))


def test_choices(tmp_path: Path) -> None:
    events = some_events()
    path = write_events(tmp_path / "e.nxs", events)
    run = read_events(path, bin_width=0.001, length=4.0, t0=0.4, detectors=6)
    np.testing.assert_array_equal(run.counts, events.histograms(6, 4000, 1))
    assert run.t0.tolist() == pytest.approx([399.5] * 6)
    late = int((events.time >= 4000).sum())
    assert any(f"{late} events lie outside 0 to 4 us" in text for text in run.warnings)
    assert "bin_width=0.001" in str(run.history)


def test_the_history_says_where_t0_comes_from(tmp_path: Path) -> None:
    path = write_events(tmp_path / "e.nxs", some_events(n=50_000))
    pair = {"forward": "1-2", "backward": "3-4"}
    assert "t0_from=the rise of the counts" in str(group(read(path), **pair).history)
    assert "t0_from=given" in str(group(read_events(path, t0=0.4), **pair).history)


def test_a_window_of_time(tmp_path: Path) -> None:
    events = some_events()
    run = read_events(write_events(tmp_path / "e.nxs", events), window=(0.09, 0.29))
    keep = (events.seconds >= 0.09) & (events.seconds < 0.29)
    np.testing.assert_array_equal(run.counts, events.histograms(4, 2048, 16, keep))
    assert run.good_frames is not None
    assert run.good_frames.tolist() == [5, 5]
    assert "10 of 40 frames kept" in str(run.history)


def test_frames_chosen_by_a_log(tmp_path: Path) -> None:
    events = some_events()
    path = write_events(tmp_path / "e.nxs", events)
    warm = (events.seconds >= np.float32(0.3)) & (events.seconds < 0.5)
    found = read_events(path, log=("Temp", 6.0, 8.0))
    np.testing.assert_array_equal(found.counts, events.histograms(4, 2048, 16, warm))
    rest = read_events(path, log=("Temp", 0.0, 5.0))
    np.testing.assert_array_equal(rest.counts, events.histograms(4, 2048, 16, ~warm))
    assert found.logs["Temp"].values.tolist() == [5.0, 7.0, 5.0]


def test_frames_that_the_acquisition_marked(tmp_path: Path) -> None:
    events = some_events()
    running = np.arange(40) > 5
    veto = np.full(40, 65530)
    changes = {
        f"{GROUP}/running": running,
        f"{GROUP}/veto_flag": veto.astype("u2"),
        f"{GROUP}/is_frame_complete": (np.arange(40) != 30).astype("u8"),
    }
    path = write_events(tmp_path / "e.nxs", events, changes)
    run = read_events(path)
    np.testing.assert_array_equal(run.counts, events.histograms(4, 2048, 16))
    said = " ".join(run.warnings)
    assert "1 incomplete, 6 not running of 40 frames; all are kept" in said
    assert "veto_flag is 65530 for all 40 frames" in said
    good = read_events(path, frames="good")
    keep = running & (np.arange(40) != 30)
    np.testing.assert_array_equal(good.counts, events.histograms(4, 2048, 16, keep))


def test_events_before_the_first_frame_belong_to_none(tmp_path: Path) -> None:
    events = some_events()
    index = np.searchsorted(events.frame, np.arange(40)).astype("u4")
    first = index[1]
    path = write_events(
        tmp_path / "e.nxs",
        events,
        {
            f"{GROUP}/event_index": index[1:],
            f"{GROUP}/event_time_zero": (events.seconds[1:] * 1e9).astype("u8"),
            f"{GROUP}/period_number": events.period[1:].astype("u8"),
        },
    )
    run = read_events(path)
    assert run.counts.sum() == events.detector.size - first
    said = f"{first} events lie before the first frame and are left out"
    assert any(said in text for text in run.warnings)


def test_a_second_group_of_events_is_named(tmp_path: Path) -> None:
    events = some_events()
    path = write_events(tmp_path / "e.nxs", events)
    with h5py.File(path, "a") as file:
        file[f"{ENTRY}/linked_events"] = h5py.SoftLink(f"/{GROUP}")
    assert not any("holds events too" in text for text in read(path).warnings)
    with h5py.File(path, "a") as file:
        file.copy(GROUP, f"{ENTRY}/detector_2_events")
        file[f"{ENTRY}/detector_2_events/event_id"][0] += 1
    run = read(path)
    np.testing.assert_array_equal(run.counts, events.histograms(4, 2048, 16))
    said = f"/{ENTRY}/detector_2_events holds events too; only /{GROUP} is read"
    assert said in run.warnings


def test_a_second_group_that_differs_late_is_named(tmp_path: Path) -> None:
    path = write_events(tmp_path / "e.nxs", some_events())
    with h5py.File(path, "a") as file:
        file.copy(GROUP, f"{ENTRY}/detector_2_events")
        file[f"{ENTRY}/detector_2_events/event_id"][-1] += 1
    said = f"/{ENTRY}/detector_2_events holds events too; only /{GROUP} is read"
    assert said in read(path).warnings


def test_a_group_of_linked_events_is_no_second_one(tmp_path: Path) -> None:
    path = write_events(tmp_path / "e.nxs", some_events())
    with h5py.File(path, "a") as file:
        linked = file.create_group(f"{ENTRY}/linked_events")
        for name, values in file[GROUP].items():
            linked[name] = values
    assert not any("holds events too" in text for text in read(path).warnings)


def test_periods_counted_from_1(tmp_path: Path) -> None:
    events = some_events()
    changes = {f"{GROUP}/period_number": (events.period + 1).astype("u8")}
    run = read(write_events(tmp_path / "e.nxs", events, changes))
    np.testing.assert_array_equal(run.counts, events.histograms(4, 2048, 16))
    assert any("it is counted from 1, not from 0" in text for text in run.warnings)


@pytest.mark.parametrize(("unit", "per_us"), [("us", 1.0), ("s", 1e-6), ("microseconds", 1.0)])
def test_times_that_are_no_whole_numbers(tmp_path: Path, unit: str, per_us: float) -> None:
    events = some_events()
    middle = (events.time // 16 * 16 + 8) * 1e-3 * per_us  # away from the edges of bins
    changes = {f"{GROUP}/event_time_offset": middle, f"{GROUP}/event_time_offset@units": unit}
    run = read(write_events(tmp_path / "e.nxs", events, changes))
    np.testing.assert_array_equal(run.counts, events.histograms(4, 2048, 16))
    assert run.bin_width == 0.016


def test_a_length_that_is_no_whole_number_of_bins(tmp_path: Path) -> None:
    events = some_events()
    run = read_events(write_events(tmp_path / "e.nxs", events), length=1.0, bin_width=0.03, t0=0.4)
    assert run.n_bins == 33
    outside = int((events.time >= 990).sum())
    assert any(f"{outside} events lie outside 0 to 0.99 us" in text for text in run.warnings)
    assert run.counts.sum() == events.time.size - outside


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 600),
    n_frames=st.integers(1, 30),
    part=st.integers(1, 300),
    periods=st.integers(1, 4),
)
def test_parts_of_any_length_give_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    n: int,
    n_frames: int,
    part: int,
    periods: int,
) -> None:
    events = some_events(seed, n, n_frames, min(periods, n_frames))
    path = tmp_path_factory.mktemp("events") / "e.nxs"
    write_events(path, events, n_periods=min(periods, n_frames))
    patch = pytest.MonkeyPatch()
    with patch.context() as patched:
        patched.setattr(event_stream, "SHORTEST", part)
        patched.setattr(event_stream, "LONGEST", part)
        run = read_events(path, t0=0.4)
    n_detectors = int(events.detector.max()) + 1
    np.testing.assert_array_equal(run.counts, events.histograms(n_detectors, 2048, 16))


@pytest.mark.parametrize(
    ("choice", "complaint"),
    [
        ({"bin_width": 0.0015}, "bin_width = 0.0015 us is 1.5 steps of its clock"),
        ({"bin_width": 0}, "bin_width = 0; expected a number above 0"),
        ({"length": float("inf")}, "length = inf"),
        ({"t0": -1.0}, "t0 = -1.0; expected us from 0"),
        ({"detectors": 2}, "detector 4 has an event, expected 1 to 2"),
        ({"detectors": 10**9}, "detectors = 1000000000"),
        ({"window": (3.0, 1.0)}, "window = .* the smaller one first"),
        ({"window": (50.0, 60.0)},
         "none of 40 frames is left by window = 50 to 60 s: they lie from 0 to 0.78 s after the "
         "start of the run$"),
        ({"log": ("Temp", 90.0, 91.0)},
         "none of 40 frames is left by log Temp from 90 to 91: it read from 5 to 7 during them$"),
        ({"window": (0.35, 0.45), "log": ("Temp", 4.0, 6.0)},
         "none of 5 frames is left by log Temp from 4 to 6: it read from 7 to 7 during them$"),
        ({"log": ("Tmp", 0.0, 1.0)}, "no log 'Tmp' to choose frames by; the file has .*Temp"),
        ({"window": 5}, "window = 5; expected two numbers"),
        ({"log": 5}, "log = 5; expected a name and two numbers"),
        ({"length": 0.02}, "length = 0.02 us holds 1 bins of 0.016 us; expected 2 or more"),
        ({"frames": "some"}, "frames = 'some'; expected 'all' or 'good'"),
        ({"max_bytes": 1000}, "declares .* bytes of counts, more than the 1000"),
    ],
)  # fmt: skip
def test_choices_that_cannot_be_met(tmp_path: Path, choice: dict[str, Any], complaint: str) -> None:
    path = write_events(tmp_path / "e.nxs", some_events())
    with pytest.raises(ReadError, match=complaint):
        read_events(path, **choice)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({f"{GROUP}/event_id": np.full(5000, 2**31, "u4")}, "of detector 2147483648"),
        ({f"{GROUP}/event_id": np.zeros(4999, "u4")}, "event_id has shape"),
        ({f"{GROUP}/event_id": np.zeros(5000)}, "event_id holds no whole numbers"),
        ({f"{GROUP}/event_time_offset": None, f"{GROUP}/event_time_offset@units": None},
         "event_time_offset is missing"),
        ({f"{GROUP}/event_time_offset@units": "furlong"}, "no unit of time"),
        ({f"{GROUP}/event_index": np.arange(40, 0, -1)}, "do not fall"),
        ({f"{GROUP}/event_index": np.full(40, 9999)}, "do not fall"),
        ({f"{GROUP}/event_index": np.arange(40) + 0.5}, "no whole numbers"),
        ({f"{GROUP}/period_number": np.full(40, 10**9)}, "period_number runs from"),
        ({f"{GROUP}/event_time_offset": np.full(5000, 2**31, "u4")}, "no event lies in the hist"),
    ],
)  # fmt: skip
def test_events_that_cannot_be(tmp_path: Path, changes: dict[str, Any], complaint: str) -> None:
    path = write_events(tmp_path / "e.nxs", some_events(), changes)
    with pytest.raises(ReadError, match=complaint):
        read(path)


def test_a_log_that_read_nothing_before_the_frames(tmp_path: Path) -> None:
    changes = {f"{ENTRY}/selog/Temp/value_log/time": np.array([10.0, 20.0, 30.0])}
    path = write_events(tmp_path / "e.nxs", some_events(), changes)
    with pytest.raises(ReadError, match="by log Temp from 0 to 9: it has no reading before or dur"):
        read_events(path, log=("Temp", 0.0, 9.0))


def test_a_file_of_another_kind_is_no_file_of_events(samples: Path) -> None:
    path = samples / "deltat_tdc_ltf_0001.bin"
    with pytest.raises(ReadError, match="is no file of single events; read it with musrcu.read$"):
        read_events(path)
    assert not holds_events(path)
    assert not holds_events(samples / "isis" / "simulated_EMU00000001.nxs")


def test_missing_frames_are_said(tmp_path: Path) -> None:
    names = ("event_index", "event_time_zero", "period_number")
    changes = {f"{GROUP}/{name}": None for name in names}
    changes |= {f"{GROUP}/event_time_zero@{name}": None for name in ("units", "offset")}
    path = write_events(tmp_path / "e.nxs", some_events(), changes)
    run = read(path)
    assert any("no event_index; all events are taken as one frame" in w for w in run.warnings)
    assert run.good_frames is None
    with pytest.raises(ReadError, match="no times of its frames"):
        read_events(path, window=(0, 1))


@pytest.mark.parametrize("link", [h5py.ExternalLink("x.h5", "/"), h5py.SoftLink(f"/{ENTRY}")])
def test_links_are_not_followed_out_of_the_file(tmp_path: Path, link: Any) -> None:
    path = write_events(tmp_path / "e.nxs", some_events(), {f"{GROUP}/veto_flag": link})
    try:
        assert isinstance(read(path), Run)
    except ReadError as error:
        assert "not followed" in str(error) or "a group" in str(error)


def test_damaged_files(tmp_path: Path) -> None:
    """A run or a ReadError for 400 changed bytes and 60 cuts."""
    path = write_events(tmp_path / "e.nxs", some_events(n=300))
    content, random = path.read_bytes(), np.random.default_rng(3)
    outcomes = {"run": 0, "error": 0}
    for number in range(460):
        damaged = bytearray(content)
        place = int(random.integers(len(content)))
        if number < 400:
            damaged[place] ^= int(random.integers(1, 256))
        else:
            del damaged[place:]
        path.write_bytes(damaged)
        outcomes["error" if attempt(path) is None else "run"] += 1
    assert min(outcomes.values()) > 20


@pytest.mark.parametrize("name", REAL or ["isis-events"])
def test_real_files(real: Path, name: str) -> None:
    expected = expected_files()[name]
    assert find_format(real / name).name == "isis-events"
    run = read(real / name)
    events = expected["events"]
    assert run.counts.sum() == events["n"]
    assert run.counts.sum(axis=(0, 2)).tolist() == events["events_per_detector"]
    assert run.n_periods == expected["periods"]
    assert run.good_frames is not None
    assert run.good_frames.sum() == events["frames"]
    assert run.start == expected["start"]
    assert run.instrument == expected["instrument"]


def test_a_real_file_as_another_program_histograms_it(real: Path) -> None:
    """MuonDataLib 0.13 finds these counts in the two periods of HiFi 195790."""
    run = read(real / "isis-events/HIFI00195790.nxs")
    assert run.counts.shape == (2, 64, 2048)
    assert run.counts.sum(axis=(1, 2)).tolist() == [34234, 29913]
    assert run.good_frames is not None
    assert run.good_frames.tolist() == [47, 41]
    assert run.number == 195790  # of the name of the file, which holds 0
    assert any("195790 is taken from the name of the file" in text for text in run.warnings)
