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


def test_doubts_and_steps_are_printed_and_kept(musrcu: Musrcu, here: Path) -> None:
    write_events(here / "events.nxs", some_events())
    done = musrcu("convert", "events.nxs", "early.nxs", "--window", "0,0.3", "--length", "10")
    assert done.code == 0, done.err
    first, step, *doubts = done.out.splitlines()
    assert first.startswith("early.nxs: isis-nexus-v2, 2 periods x 4 detectors x 625 bins")
    taken = "read_events(bin_width=0.016, length=10, window=[0, 0.3], frames=all): 15 of 40 frames"
    assert step == f"  {taken} kept"
    said = [line.removeprefix("  warning: ") for line in doubts]
    assert len(said) == 4
    assert any("events lie outside 0 to 10 us and are left out" in text for text in said)
    assert any("uncertain by some 80 ns" in text for text in said)
    shown = musrcu("info", "early.nxs").out
    assert all(f"  warning: in the original events.nxs: {text}\n" in shown for text in said)
    back = mu.read("early.nxs")
    assert str(back.history[0]) == f"{taken} kept"


def test_only_what_is_lost_is_called_lost(musrcu: Musrcu, run1: Path, here: Path) -> None:
    silent = musrcu("convert", run1, "deltat_tdc_ltf_0001.bin")
    assert silent.out.count("\n") == 1
    other = musrcu("convert", run1, "a.bin").out.splitlines()[1:]
    assert other == [
        "  not kept: the instrument LTF, which the name of the file does not say: the sign of A "
        "depends on it, so call it deltat_ltf_0001.bin"
    ]


def test_an_instrument_that_is_lost_is_missed_when_reducing(
    musrcu: Musrcu, real: Path, here: Path
) -> None:
    """On GPD the spin points along the beam: without its name A changes its sign."""
    gpd = real / "psi-bin" / "deltat_pta_gpd_0423.bin"
    said = musrcu("convert", gpd, "x.bin").out
    assert "call it deltat_gpd_0423.bin" in said
    doubt = "pair taken without proof: labels Back and Forw of unknown instrument: the muon spin is"
    quick = ("--alpha", "1", "--packing", "100")
    assert doubt in musrcu("reduce", "x.bin", *quick).err
    assert musrcu("convert", gpd, "deltat_gpd_0423.bin").code == 0
    named = musrcu("reduce", "deltat_gpd_0423.bin", *quick)
    assert "pair taken" not in named.err
    assert [row.split(",")[1] for row in named.out.splitlines() if row[0] in "-0123456789"] == [
        row.split(",")[1]
        for row in musrcu("reduce", gpd, *quick).out.splitlines()
        if row[0] in "-0123456789"
    ]


def test_a_choice_that_leaves_no_frame_is_told_in_words(musrcu: Musrcu, here: Path) -> None:
    write_events(here / "events.nxs", some_events())
    done = musrcu("convert", "events.nxs", "a.nxs", "--window", "5,6")
    assert done.code == 1
    assert done.complaint.endswith(
        "none of 40 frames is left by window = 5 to 6 s: they lie from 0 to 0.78 s after the start "
        "of the run"
    )


def test_options_of_events_for_a_file_of_histograms(musrcu: Musrcu, run1: Path, here: Path) -> None:
    done = musrcu("convert", run1, "a.nxs", "--window", "0,10")
    assert done.code == 1
    said = "is no file of single events; leave out --window"
    assert done.complaint.endswith(f"{run1.name} {said}")
    samples = Path(run1).parent / "isis" / "simulated_EMU00000001.nxs"
    words = ("--window", "0,10", "--time-zero", "0.4", "--bin-width", "0.032")
    done = musrcu("convert", samples, "a.nxs", *words)
    assert done.code == 1
    assert "is no file of single events; leave out --bin-width, --time-zero, --wi" in done.complaint
    Path("x.dat").write_bytes(b"\1\2\3\4")
    done = musrcu("convert", "x.dat", "a.nxs", "--window", "0,10")
    assert (done.code, "which no reader knows" in done.complaint) == (1, True)
    assert not Path("a.nxs").exists()
    assert musrcu("convert", run1, "a.nxs", "--log", "Temp").code == 2
