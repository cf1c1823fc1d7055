"""What is odd in a run: runs made odd in one way each, and real files with known oddities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SAMPLES

from musrcu.analysis.check import check_run
from musrcu.analysis.title import read_title
from musrcu.containers.log import Log
from musrcu.containers.run import Run
from musrcu.containers.temperature import Sensor, Temperature, from_sensors
from musrcu.readers.registry import read

T0, BINS = 200, 4000


def good_run(source: str = "continuous", **changes: Any) -> Run:
    """A run in which nothing is odd: a prompt peak at t0, or a pulse that rises there."""
    random = np.random.default_rng(5)
    width = 0.001 if source == "continuous" else 0.016
    t = (np.arange(BINS) - T0) * width
    mean = np.where(t >= 0, 900.0, 0.0) * np.exp(-np.maximum(t, 0) / 2.197) + 4
    if source == "continuous":
        mean[T0] += 20000
    fields: dict[str, Any] = {
        "counts": random.poisson(np.tile(mean, (1, 4, 1))),
        "bin_width": width,
        "t0": np.full(4, float(T0)),
        "first_good": np.full(4, T0 + 10),
        "last_good": np.full(4, BINS - 1),
        "labels": ("",) * 4,
        "source": source,
        "facility": "ISIS" if source == "pulsed" else "PSI",
        "title": "silver T=10.0 F=20",
        "temperature": from_sensors(10.0, (Sensor("sample", 10.01, 0.01, 30),)),
        "field": 20.0,
        "start": "2026-01-01T10:00:00",
        "stop": "2026-01-01T11:00:00",
    }
    return Run(**(fields | changes))


@pytest.mark.parametrize("source", ["continuous", "pulsed"])
def test_nothing_is_odd(source: str) -> None:
    assert check_run(good_run(source)) == ()


def with_counts(change: Any, source: str = "continuous") -> dict[str, Any]:
    counts = good_run(source).counts.copy()
    return {"counts": change(counts), "source": source}


def scaled(detector: int, factor: float) -> Any:
    def change(counts: np.ndarray) -> np.ndarray:
        counts[:, detector] = (counts[:, detector] * factor).astype(int)
        return counts

    return change


def full(counts: np.ndarray) -> np.ndarray:
    counts[0, 2, T0] = 65535
    return counts


ODD = {
    "title against temperature": (
        {"title": "silver T=12 F=20"},
        "the title says 12 K, the file 10 K",
    ),
    "title against field": ({"title": "ZF run T=10"}, "the title says 0 G, the file 20 G"),
    "unknown": (
        {"temperature": Temperature(), "field": None},
        "no temperature is stated",
    ),
    "set point against sensor": (
        {"temperature": from_sensors(10.0, (Sensor("sample", 14.5, 0.01, 30),))},
        "sensor 1 (sample) read 14.5 K, the set point is 10 K",
    ),
    "spread": (
        {"temperature": from_sensors(10.0, (Sensor(None, 10.0, 0.8, 30),))},
        "sensor 1 spread by 0.8 K about 10 K",
    ),
    "log against set point": (
        {"logs": {"Temp_Sample": Log("Temp_Sample", [0.0], [77.0], "K")}},
        "log Temp_Sample read 77 on average, the file states 10.01 K",
    ),
    "drift": (
        {"logs": {"Temp_Sample": Log("Temp_Sample", [0.0, 1800.0], [9.9, 10.1], "K")}},
        "log Temp_Sample drifted: 9.9 in the first half of the run, 10.1 in the second",
    ),
    "log without reading": (
        {"logs": {"Temp_Sample": Log("Temp_Sample", [9000.0], [10.0], "K")}},
        "log Temp_Sample has no reading during the run",
    ),
    "t0 against prompt peak": (
        {"t0": np.array([200.0, 210.0, 200.0, 200.0]), "first_good": np.full(4, 220)},
        "the prompt peak is away from t0 in detector 2 (-10 bins, -10.0 ns)",
    ),
    "t0 outside": (
        {"t0": np.array([200.0, 2e5, 200.0, 200.0])},
        "2 (t0 = 200000 of 4000 bins)",
    ),
    "t0 against pulse": (
        {"source": "pulsed", "bin_width": 0.016, "t0": np.full(4, 190.0)}
        | with_counts(lambda counts: counts, "pulsed"),
        # 10 bins of 16 ns less half a bin, as the step lies between two bin centres
        "the counts rise to half their height +151 ns from t0",
    ),
    "good bins before t0": (
        {"first_good": np.full(4, 150)},
        "detector 1: the first good bin, index 150, lies before t0 = 200",
    ),
    "dead detector": (with_counts(scaled(2, 0)), "no counts at all"),
    "quiet detector": (with_counts(scaled(1, 0.01)), "under 5% of the counts of the middle one"),
    "hot detector": (with_counts(scaled(3, 9)), "over 5 times the counts of the middle one"),
    "saturation": (with_counts(full), "1 bins hold 65535 counts, the most that 16 bits hold"),
    "dead time without frames": (
        {"source": "pulsed", "dead_time": np.full((1, 4), 0.01)}
        | with_counts(lambda counts: counts, "pulsed"),
        "dead times are in the file but no good frames",
    ),
    "large loss": (
        {"dead_time": np.full((1, 4), 0.5), "good_frames": np.array([20000])}
        | with_counts(lambda counts: counts, "pulsed"),
        "of its counts to dead time in its fullest bin (0.5 us, 20000 frames)",
    ),
    "negative dead time": (
        {"dead_time": np.array([[-0.01, 0.01, 0.01, 0.01]]), "good_frames": np.array([50000])}
        | with_counts(lambda counts: counts, "pulsed"),
        "1 of 4 dead times are negative, the lowest -0.01 us",
    ),
    "stops before it starts": (
        {"stop": "2026-01-01T09:00:00"},
        "the run stops (2026-01-01T09:00:00) before it starts (2026-01-01T10:00:00)",
    ),
    "too many frames": (
        {"good_frames": np.array([10**6])} | with_counts(lambda counts: counts, "pulsed"),
        "1000000 frames in 3600 s are more than 50 a second",
    ),
    "what the reader said": ({"warnings": ("so says the reader",)}, "so says the reader"),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_one_oddity(name: str) -> None:
    changes, sentence = ODD[name]
    source = changes.pop("source", "continuous")
    if source == "pulsed":
        changes = {
            "bin_width": 0.016,
            "facility": "ISIS",
            "counts": good_run(source).counts,
        } | changes
    found = check_run(good_run(**{"source": source} | changes))
    assert any(sentence in text for text in found), found
    assert not any("\n" in text for text in found)


@pytest.mark.parametrize(
    ("title", "temperature", "field"),
    [
        ("Quartz_T=290_F=2", 290.0, 2.0),
        ("CaCO3 T=290 F=1350", 290.0, 1350.0),
        ("Temperature = 300 K, Magnetic Field = 20 Gauss, Sample = CAS", 300.0, 20.0),
        ("Y124 TF150G 6.0K (ab)", 6.0, 150.0),
        ("BaB6 T20K LF5G", 20.0, 5.0),
        ("LSCO T=4.59(K),E=12.49(keV),B=~28(G)/0.89(A)", 4.59, 28.0),
        ("PBCO ZF", None, 0.0),
        ("sample at 50 mK, TF 0.1T", 0.05, 1000.0),
        ("FeTe2O5Cl powder, veto on", None, None),
        ("from 2K to 5K", None, None),
        ("ZFC MgB12H12 No2", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_titles(title: str | None, temperature: float | None, field: float | None) -> None:
    found = read_title(title)
    assert (found.temperature, found.field) == (temperature, field)


@pytest.mark.parametrize(
    ("name", "sentences"),
    [
        ("psi-bin/deltat_pta_gps_4255.bin", ["sensor 1 read 29.64 K, the set point is 25 K"]),
        ("psi-bin/deltat_pta_gps_0440.bin", ["under 5% of the counts .* detector 5 \\(1124\\)"]),
        (
            "isis-nexus-v2/EMU00114062.nxs_v2",
            ["log Temp_Sample read", "no counts at all .* detector 81", "26 of 96 dead times are"],
        ),
        ("mud/045674.msr", ["beta-NMR"]),
        ("psi-bin/deltat_tdc_dolly_1020.bin", []),
    ],
)
def test_real_files(real: Path, name: str, sentences: list[str]) -> None:
    import re

    found = check_run(read(real / name))
    for sentence in sentences:
        assert any(re.search(sentence, text) for text in found), found
    assert bool(found) == bool(sentences)


def test_the_sample_runs_are_not_odd() -> None:
    for path in sorted(SAMPLES.glob("deltat_*.bin")):
        assert check_run(read(path)) == (), path.name
