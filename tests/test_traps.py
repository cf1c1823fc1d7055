"""The numbers on the page of traps are those of the files it names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from conftest import ROOT

import musrcu as mu

PAGE = " ".join((ROOT / "docs" / "traps.md").read_text(encoding="utf-8").split())


def event_counts(real: Path) -> tuple[str, ...]:
    """PSI-BIN: which sums the event counts of the header are, bins counted from 1 or from 0."""
    from_one = from_zero = n = 0
    for path in (real / "psi-bin").glob("deltat_*.bin"):
        run = mu.read(path)
        stored, first, last = (run.header[name] for name in ("CNTOLD", "NTINI", "NTFIN"))
        for d, row in enumerate(run.counts[0]):
            from_one += row[first[d] - 1 : last[d]].sum() == stored[d]
            from_zero += row[first[d] : last[d] + 1].sum() == stored[d]
            n += 1
    assert from_zero == 1
    return (f"{from_one} of {n} histograms of nine runs, counted from 0 in one of {n}",)


def prompt_peaks(real: Path) -> tuple[str, ...]:
    mdu = mu.read(real / "psi-mdu/pta_gps_2008_07387.mdu")
    peaks = ", ".join(str(row[:600].argmax()) for row in mdu.counts[0])
    stored = mdu.header["t0b"][2:7]
    by_bin = ", ".join(str((t0b - 1) * 2) for t0b in stored)
    t0 = ", ".join(f"{value:g}" for value in mdu.t0)
    listed = ", ".join(map(str, stored))
    return (f"t0b {listed}; prompt peaks at {peaks}", f"musrfit: {t0}. By", f"it would be {by_bin}")


def muon_counters(real: Path) -> tuple[str, ...]:
    run = mu.read(real / "psi-mdu/pta_gps_2008_07387.mdu")
    counters = run.header["EPositron"], run.header["EAccepted"], run.counts.sum()
    seen, kept, held = (f"{int(value):,}".replace(",", " ") for value in counters)
    assert run.header["EMuon"] == 2 * run.header["TagScaler"][1]
    return (f"{seen} positrons seen, {kept} accepted, {held} in the histograms",)


def copies(real: Path) -> tuple[str, ...]:
    shares = []
    for name in ("lem12_his_2466", "lem08_his_2279"):
        whole, part = mu.read(real / f"musrroot/{name}.root").counts.sum(axis=(1, 2))
        shares.append(f"LEM {name[-4:]}: {part / whole:.1%}".replace("%", " %"))
    return tuple(shares)


def mud_numbers(real: Path) -> tuple[str, ...]:
    for name in ("000006", "000100", "045674"):
        run = mu.read(real / f"mud/{name}.msr")
        for one in run.header["histograms"]:
            centre = (one["t0_bin"] - 0.5) * run.bin_width * 1e6
            assert abs(one["t0_ps"] - centre) <= 1
    beta = mu.read(real / "mud/045674.msr")
    total = int(beta.counts[0, 0].sum())
    stored = beta.header["histograms"][0]["nEvents"]
    assert stored == int(np.float32(total)) % 2**32
    muon = mu.read(real / "mud/000100.msr")
    sensor = next(s for s in muon.temperature.sensors if s.name == "/Sample/sample_read")
    return (
        f"{stored:,} for {total:,} counts".replace(",", " "),
        f"mean {sensor.mean:.4f} K and **standard deviation** {sensor.spread:.4f} K",
    )


def events(real: Path) -> tuple[str, ...]:
    with h5py.File(real / "isis-events/HIFI00195790.nxs") as file:
        group = file["raw_data_1/detector_1_events"]
        (veto,) = set(group["veto_flag"][:].tolist())
        running = group["running"][:]
        highest = int(group["event_id"][:].max()) + 1
    return (
        f"{veto} in all {running.size} frames",
        f"{(~running).sum()} of {running.size} |",
        f"highest with an event: {highest}",
    )


def dead_times(real: Path) -> tuple[str, ...]:
    run = mu.read(real / "isis-nexus-v2/EMU00114062.nxs_v2")
    assert run.dead_time is not None
    negative = int((run.dead_time[0] < 0).sum())
    lowest = f"{-run.dead_time.min():.3f}"
    (dead,) = np.flatnonzero(run.counts.sum(axis=(0, 2)) == 0) + 1
    return f"{negative} of {run.n_detectors} negative, down to −{lowest} µs", f"EMU 114062: {dead};"


@pytest.mark.parametrize(
    "found",
    [event_counts, prompt_peaks, muon_counters, mud_numbers, events, dead_times],
    ids=lambda found: found.__name__,
)
def test_the_page_has_the_numbers_of_the_files(
    real: Path, found: Callable[[Path], tuple[str, ...]]
) -> None:
    assert [text for text in found(real) if text not in PAGE] == []


def test_the_page_has_the_numbers_of_root_files(real: Path) -> None:
    pytest.importorskip("uproot")
    assert [text for text in copies(real) if text not in PAGE] == []
