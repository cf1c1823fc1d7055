"""What is odd in a run: runs made odd in one way each, and real files with known oddities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SAMPLES, expected_files

from musrcu.analysis.check import check_run
from musrcu.analysis.check_histograms import spikes, stopped
from musrcu.analysis.title import read_title
from musrcu.containers.log import Log
from musrcu.containers.run import Run
from musrcu.containers.temperature import Sensor, Temperature, from_sensors
from musrcu.errors import ReadError
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


def at(place: tuple[int, int], value: int) -> Any:
    """Another number in one bin of one detector."""

    def change(counts: np.ndarray) -> np.ndarray:
        counts[0, *place] = value
        return counts

    return change


def empty(detector: int, first: int, last: int = BINS) -> Any:
    def change(counts: np.ndarray) -> np.ndarray:
        counts[:, detector, first:last] = 0
        return counts

    return change


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
    "log that covers little": (
        {"logs": {"Temp_Sample": Log("Temp_Sample", [3500.0], [10.0], "K")}},
        "log Temp_Sample covers 2.78 % of the run, from its first reading on",
    ),
    "log of long ago": (
        {"logs": {"Temp_Sample": Log("Temp_Sample", [-115 * 86400.0], [10.0], "K")}},
        "log Temp_Sample: the reading that held at the start was 115 days old, and 100 % of",
    ),
    "log without reading": (
        {"logs": {"Temp_Sample": Log("Temp_Sample", [9000.0], [10.0], "K")}},
        "log Temp_Sample has no reading during the run",
    ),
    "t0 against prompt peak": (
        {"t0": np.array([200.0, 210.0, 200.0, 200.0]), "first_good": np.full(4, 220)},
        "the prompt peak is away from t0 in detector 2 (-10.0 bins, -10.0 ns)",
    ),
    "t0 outside": (
        {"t0": np.array([200.0, 2e5, 200.0, 200.0])},
        "2 (t0 = 200000 of 4000 bins)",
    ),
    "t0 against pulse": (
        {"source": "pulsed", "bin_width": 0.016, "t0": np.full(4, 190.0)}
        | with_counts(lambda counts: counts, "pulsed"),
        # 10 bins of 16 ns less half a bin, as the step lies between two bin centres; +-0.5 bins
        "the middle of the muon pulse is +9.",
    ),
    "good bins before t0": (
        {"first_good": np.full(4, 150)},
        "detector 1: the first good bin, index 150, lies before t0 = 200",
    ),
    "dead detector": (with_counts(scaled(2, 0)), "no counts at all"),
    "quiet detector": (with_counts(scaled(1, 0.01)), "under 5% of the counts of the middle"),
    "hot detector": (with_counts(scaled(3, 9)), "hot: detector 4 ("),
    "saturation": (with_counts(full), "1 bins hold 65535 counts, the most that 16 bits hold"),
    "dead time without frames": (
        {"source": "pulsed", "dead_time": np.full((1, 4), 0.01)}
        | with_counts(lambda counts: counts, "pulsed"),
        "dead times are in the file but no good frames",
    ),
    "spike": (
        with_counts(at((1, 700), 500000)),
        "single bins far above the bins beside them: 500000 at index 700 of detector 2 (beside it ",
    ),
    "spike among empty bins": (
        with_counts(lambda counts: at((3, 3990), 60)(empty(3, 3980)(counts))),
        "single bins far above the bins beside them: 60 at index 3990 of detector 4 (beside it 0)",
    ),
    "spike of a pulsed source": (
        with_counts(at((0, 300), 9000), "pulsed"),
        "single bins far above the bins beside them: 9000 at index 300 of detector 1 (beside it ",
    ),
    "stops on the way": (
        with_counts(empty(2, 2000)),
        "no counts in the rest of the good bins: detector 3 (from index 2000 to 3999, where about",
    ),
    "stops near the end": (
        with_counts(empty(0, 3800)),
        "no counts in the rest of the good bins: detector 1 (from index 3800 to 3999, where about",
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


@pytest.mark.parametrize(("off", "named"), [(-2.5, True), (-1.5, False), (1.5, False), (2.5, True)])
def test_a_pulse_away_from_t0(off: float, named: bool) -> None:
    """A Gaussian pulse of 80 ns, its middle some bins of 16 ns from t0: 24 ns are usual, 40 not."""
    random = np.random.default_rng(11)
    born = random.normal(0.0, 0.034, 2_000_000) + random.exponential(2.197, 2_000_000)
    edges = (np.arange(BINS + 1) - 0.5 - T0 - off) * 0.016
    counts = np.histogram(born, edges)[0].reshape(1, 1, BINS).repeat(4, axis=1)
    found = check_run(good_run("pulsed", counts=counts))
    told = [text for text in found if "the middle of the muon pulse is" in text]
    assert bool(told) == named
    assert not told or f" {off:+.1f}"[:3] in told[0]


def test_where_no_pulse_fits_the_rise_is_named() -> None:
    """Histograms that begin at the rise."""
    counts = good_run("pulsed").counts[..., T0:]
    odd = good_run("pulsed", counts=counts, t0=np.full(4, 10.0), last_good=np.full(4, 3000))
    assert any("rise to half their height -1" in text for text in check_run(odd))


@pytest.mark.parametrize("seconds", [[-20.0, -10.0], [-10.0, 0.0]])
def test_a_log_from_before_a_run_of_unknown_length(seconds: list[float]) -> None:
    log = Log("Temp_Sample", seconds, [9.0, 10.0], "K")
    assert check_run(good_run(logs={"Temp_Sample": log}, stop=None)) == ()


@pytest.mark.parametrize(
    "change",
    [
        at((1, T0 + 40), 5000),  # the prompt peak
        at((1, 100), 60),  # before the good bins
        at((1, BINS - 1), 9999),  # the last bin may hold all that came later
        at((1, 700), 1200),  # twice its neighbours
        at((1, 3500), 250),
        empty(1, BINS - 60),  # 1.5 % of the bins
        empty(1, 1000, 1400),  # a hole
    ],
)
def test_what_is_not_named(change: Any) -> None:
    found = check_run(good_run(**with_counts(change)))
    assert not [text for text in found if "single bins" in text or "rest of" in text], found


def test_few_missing_counts_are_chance() -> None:
    """Nothing in the last 2000 bins, where some 40 counts belong: no background, 6 µs of decay."""
    t = (np.arange(BINS) - T0) * 0.005
    mean = np.where(t >= 0, 0.4, 0.0) * np.exp(-np.maximum(t, 0) / 2.197)
    for size, named in ((0.2, False), (50.0, True)):
        counts = np.random.default_rng(8).poisson(size * np.tile(mean, (1, 4, 1)))
        counts[..., 2000:] = 0
        found = check_run(good_run(counts=counts, bin_width=0.005))
        assert any("no counts in the rest" in text for text in found) == named


def test_thrown_runs_have_no_spikes_and_do_not_stop() -> None:
    """Poisson counts of any mean, below 1 and above 10^6 a bin: 4 million bins."""
    random = np.random.default_rng(31)
    for source in ("continuous", "pulsed"):
        run = good_run(source)
        for scale in (1e-3, 1e-2, 0.1, 1, 1e3):
            mean = np.tile(run.counts.mean(axis=1, keepdims=True), (25, 4, 1)) * scale
            many = good_run(source, counts=random.poisson(mean), period_labels=("",) * 25)
            found = check_run(many)
            assert not [text for text in found if "single bins" in text or "rest of" in text], found


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
        (
            "psi-bin/deltat_pta_gps_0440.bin",
            ["under 5% of the counts .* detector 5 \\(1124 counts"],
        ),
        (
            "isis-nexus-v2/EMU00114062.nxs_v2",
            ["log Temp_Sample read", "no counts at all: detector 81", "26 of 96 dead times are"],
        ),
        ("mud/045674.msr", ["beta-NMR"]),
        ("isis-nexus-v1/EMU00020882_hdf5.nxs", ["muon pulse is -2.84 .* bins .-45 ns. from t0"]),
        ("psi-bin/deltat_tdc_dolly_1020.bin", []),
    ],
)
def test_real_files(real: Path, name: str, sentences: list[str]) -> None:
    import re

    found = check_run(read(real / name))
    for sentence in sentences:
        assert any(re.search(sentence, text) for text in found), found
    assert bool(found) == bool(sentences)


@pytest.mark.parametrize("name", sorted(expected_files()) or [None])
def test_no_real_file_has_a_spike_or_stops(real: Path, name: str) -> None:
    """Nor a log of the sample that is long past."""
    try:
        run = read(real / name)
    except ReadError:  # events, or a format whose library is not there
        pytest.skip(f"{name} is not read as histograms here")
    found = [*spikes(run), *stopped(run)]
    found += [text for text in check_run(run) if "old, and" in text or "no reading in" in text]
    assert found == []


def test_the_sample_runs_are_not_odd() -> None:
    for path in sorted(SAMPLES.glob("deltat_*.bin")):
        assert check_run(read(path)) == (), path.name
