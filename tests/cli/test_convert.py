"""``musrcu convert``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from command import Musrcu

import musrcu as mu


def test_one_file(musrcu: Musrcu, run1: Path, here: Path) -> None:
    done = musrcu("convert", run1, "a.nxs")
    assert done.code == 0
    assert done.out.splitlines() == [
        "a.nxs: isis-nexus-v2, 4 detectors x 10240 bins, 3.031e+07 counts",
        "  not kept: the header under its own names",
    ]
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
