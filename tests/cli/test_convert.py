"""``musrcu convert``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from command import Musrcu
from event_tree import some_events, write_events

import musrcu as mu


def test_one_file(musrcu: Musrcu, run1: Path, here: Path) -> None:
    done = musrcu("convert", run1, "a.nxs")
    assert done.code == 0
    assert done.out == "a.nxs: isis-nexus-v2, 4 detectors x 10240 bins, 3.031e+07 counts\n"
    assert np.array_equal(mu.read("a.nxs").counts, mu.read(run1).counts)
    again = musrcu("convert", run1, "a.nxs")
    assert again.code == 1
    assert "a.nxs exists and is not overwritten" in again.complaint
    assert musrcu("convert", run1, "a.nxs", "--force").code == 0


def test_several_files_go_to_a_folder(musrcu: Musrcu, samples: Path, here: Path) -> None:
    done = musrcu("convert", samples / "deltat_tdc_ltf_{0001-0003}.bin", "out", "--to", "nxs")
    assert done.code == 0
    names = [f"deltat_tdc_ltf_000{number}.nxs" for number in (1, 2, 3)]
    assert sorted(path.name for path in (here / "out").iterdir()) == names
    assert [mu.read(here / "out" / name).number for name in names] == [1, 2, 3]


def test_what_cannot_be_converted_stops_nothing_else(
    musrcu: Musrcu, samples: Path, here: Path
) -> None:
    pulsed = samples / "isis" / "simulated_EMU00000001.nxs"
    done = musrcu("convert", pulsed, samples / "deltat_tdc_ltf_0001.bin", "out", "--to", "bin")
    assert done.code == 1
    assert "PSI-BIN cannot hold a run of a pulsed source" in done.complaint
    assert pulsed.name in done.complaint
    assert [path.name for path in (here / "out").iterdir()] == ["deltat_tdc_ltf_0001.bin"]


def test_words_that_do_not_go_together(musrcu: Musrcu, samples: Path, here: Path) -> None:
    run = samples / "deltat_tdc_ltf_0001.bin"
    several = musrcu("convert", samples / "deltat_tdc_ltf_{0001-0002}.bin", "a.nxs")
    assert (several.code, "2 runs for one file a.nxs" in several.complaint) == (2, True)
    folder = musrcu("convert", run, ".")
    assert (folder.code, "say with --to in which format" in folder.complaint) == (2, True)
    unknown = musrcu("convert", run, "a.csv")
    assert unknown.code == 1
    assert "the ending '.csv' names no format of runs; expected .nxs" in unknown.complaint
    assert not list(here.iterdir())


def test_an_input_is_never_overwritten(musrcu: Musrcu, samples: Path, here: Path) -> None:
    copy = here / "deltat_tdc_ltf_0001.bin"
    copy.write_bytes((samples / copy.name).read_bytes())
    done = musrcu("convert", copy, copy, "--force")
    assert done.code == 1
    assert "never overwritten" in done.complaint
    assert copy.read_bytes() == (samples / copy.name).read_bytes()


def test_events_become_histograms(musrcu: Musrcu, here: Path) -> None:
    events = some_events()
    write_events(here / "events.nxs", events)
    words = ("--bin-width", "0.032", "--time-zero", "0.4", "--detectors", "6", "--frames", "good")
    done = musrcu("convert", "events.nxs", "cold.nxs", "--log", "Temp=0,6", *words)
    assert done.code == 0, done.err
    cold = (events.seconds < np.float32(0.3)) | (events.seconds >= 0.5)
    run = mu.read("cold.nxs")
    np.testing.assert_array_equal(run.counts, events.histograms(6, 1024, 32, cold))
    assert run.good_frames is not None
    assert run.good_frames.tolist() == [int(cold[::2].sum()), int(cold[1::2].sum())]
    np.testing.assert_allclose((run.t0 + 0.5) * run.bin_width, 0.4, atol=1e-6)


def test_options_of_events_for_a_file_of_histograms(musrcu: Musrcu, run1: Path, here: Path) -> None:
    done = musrcu("convert", run1, "a.nxs", "--window", "0,10")
    assert done.code == 1
    assert "HDF5" in done.complaint
    samples = Path(run1).parent / "isis" / "simulated_EMU00000001.nxs"
    done = musrcu("convert", samples, "a.nxs", "--window", "0,10")
    assert (done.code, "no events: event_id is missing" in done.complaint) == (1, True)
    assert musrcu("convert", run1, "a.nxs", "--log", "Temp").code == 2
