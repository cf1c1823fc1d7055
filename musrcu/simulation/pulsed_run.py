"""What a simulated run of a pulsed source has of its own: frames, dead times, groups, logs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.log import Log
from musrcu.containers.temperature import Temperature
from musrcu.simulation.pulsed import PulsedSpectrometer
from musrcu.simulation.truth import RunTruth

NOTE = (
    "SIMULATED by musrcu from a truth file; no muon was measured. What is assumed is in "
    "docs/simulation.md of musrcu."
)
SENSORS = ("Temp_Sample", "Temp_Cryostat")
"""Names of the first two temperature logs."""


def pulsed_fields(
    spectrometer: PulsedSpectrometer,
    frames: int,
    plan: RunTruth,
    readings: list[NDArray[np.float64]],
) -> dict[str, Any]:
    """Fields of the Run beyond counts, number, texts, field and moments.

    Each sensor becomes a log with its readings at equal intervals from the start; mean, spread and
    error of the first are those of the run.
    """
    n = spectrometer.groups.size
    t0 = np.full(n, spectrometer.t0)
    seconds = (plan.stop - plan.start).total_seconds()
    logs = {}
    for number, values in enumerate(readings, 1):
        name = SENSORS[number - 1] if number <= len(SENSORS) else f"Temp_{number}"
        times = np.arange(values.size, dtype=np.float64) * (seconds / values.size)
        logs[name] = Log(name, times, values, "K")
    temperature = Temperature(nominal=plan.set_point).with_log(logs[SENSORS[0]], seconds)
    return {
        "t0": t0,
        "first_good": np.ceil(t0).astype(int) + spectrometer.first_good,
        "last_good": np.full(n, spectrometer.last_good),
        "labels": ("",) * n,
        "source": "pulsed",
        "facility": "ISIS",
        "comment": NOTE,
        "temperature": temperature,
        "dead_time": spectrometer.dead_times()[np.newaxis],
        "good_frames": np.array([frames]),
        "grouping": spectrometer.groups,
        "logs": logs,
    }
