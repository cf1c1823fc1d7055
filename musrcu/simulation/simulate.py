"""Runs that a spectrometer would have written, had the truth been as the truth file says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.run import Run
from musrcu.containers.temperature import Sensor, from_sensors
from musrcu.errors import MusrcuError
from musrcu.files import PathLike, write_text
from musrcu.models.model import Model
from musrcu.simulation.detectors import Spectrometer
from musrcu.simulation.manifest import MARK, manifest
from musrcu.simulation.pulsed import PulsedSpectrometer
from musrcu.simulation.pulsed_run import pulsed_fields
from musrcu.simulation.truth import RunTruth, Truth
from musrcu.simulation.truth_file import load_truth
from musrcu.writers.isis_nexus_v2 import write_isis_nexus_v2
from musrcu.writers.psi_bin import write_psi_bin

MANIFEST = "manifest.toml"


@dataclass(frozen=True, slots=True)
class SimulatedRun:
    """A run beside the truth that it was drawn from."""

    run: Run
    temperature: float
    """True temperature of the sample, K."""
    model: str
    """Name of the model in the truth file."""
    expression: str
    parameters: Mapping[str, float]
    """Every parameter of the model at this temperature and field."""
    events: float
    """Decays asked for in the detectors along the spin together."""

    def to_dict(self) -> dict[str, Any]:
        """Its block in the manifest."""
        run, means, spreads, readings = self.run, *self._readings()
        return {
            "number": run.number,
            "file": run.path.name if run.path else None,
            "set_point": run.temperature.nominal,
            "temperature": self.temperature,
            "sensor_means": means,
            "sensor_spreads": spreads or None,
            "readings": readings,
            "temperature_error": run.temperature.error,
            "field": run.field,
            "events": self.events,
            "frames": None if run.good_frames is None else int(run.good_frames[0]),
            "counts": self._counts(),
            "model": self.model,
            "expression": self.expression,
            "parameters": dict(self.parameters),
        }

    def _readings(self) -> tuple[list[float], list[float], int | None]:
        """Means, spreads and number of the readings of the sensors."""
        sensors = self.run.temperature.sensors
        if not sensors:
            logs = self.run.logs.values()
            spreads = [float(log.values.std()) for log in logs]
            first = next(iter(logs))
            return [float(log.values.mean()) for log in logs], spreads, first.values.size
        spreads = [sensor.spread for sensor in sensors if sensor.spread is not None]
        return [sensor.mean for sensor in sensors], spreads, sensors[0].n_readings

    def _counts(self) -> list[int]:
        """Counts of each detector, or of each group where there are groups."""
        totals = self.run.counts[0].sum(axis=-1)
        groups = self.run.grouping
        if groups is not None:
            totals = np.array([totals[groups == group].sum() for group in np.unique(groups)])
        return [int(total) for total in totals]


def simulate(
    truth: PathLike | Mapping[str, Any],
    folder: PathLike,
    *,
    numbers: Iterable[int] | None = None,
    overwrite: bool = False,
) -> list[Path]:
    """Write the runs of a truth file, with their truth in ``manifest.toml``.

    Runs of a continuous source are PSI-BIN files called ``deltat_tdc_ltf_0001.bin`` after
    instrument and run number, those of a pulsed source ISIS muon NeXus files of version 2 called
    ``simulated_EMU00000001.nxs``. Every run draws
    from a generator of its own (PCG64, seeded with the seed of the truth and the run number), so
    that the same truth gives the same bytes, whichever runs are asked for.

    Parameters
    ----------
    truth : path of a truth file, or its tables as a dictionary.
    folder : where the files go; it is made if it does not exist.
    numbers : runs to write; None writes all of them.
    overwrite : whether existing files may be replaced.

    Returns
    -------
    Paths of the runs, in the order of the truth file, and of the manifest.

    Raises
    ------
    MusrcuError if the truth is wrong, or a file exists or cannot be written; where a file exists,
    none is written.
    """
    read = load_truth(truth)
    plans = _chosen(read, numbers)
    target = Path(folder)
    paths = [target / file_name(read, plan.number) for plan in plans] + [target / MANIFEST]
    present = [path.name for path in paths if path.exists()]
    if present and not overwrite:
        raise MusrcuError(
            f"{target} holds {present[0]} already and nothing is overwritten; choose another "
            "folder or ask for it (overwrite=True in Python, --force on the command line)"
        )
    if not isinstance(truth, Mapping) and any(
        path.exists() and path.samefile(truth) for path in paths
    ):
        raise MusrcuError(f"{truth} would be overwritten by what it describes; choose a folder")
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MusrcuError(f"{target} cannot be made: {error.strerror or error}") from error
    made = []
    pulsed = isinstance(read.spectrometer, PulsedSpectrometer)
    write = write_isis_nexus_v2 if pulsed else write_psi_bin
    for plan, path in zip(plans, paths, strict=False):
        simulated = simulate_run(read, plan.number)
        write(simulated.run, path, overwrite=overwrite)
        made.append(simulated)
    write_text(paths[-1], manifest(read, [one.to_dict() for one in made]), overwrite=overwrite)
    return paths


def simulate_run(truth: Truth | PathLike | Mapping[str, Any], number: int) -> SimulatedRun:
    """One run of a truth file, in memory: counts drawn, thermometers read, nothing written.

    counts = Poisson(mean of :meth:`musrcu.simulation.detectors.Spectrometer.expected`) bin by
    bin; true temperature = set point + jitter; a sensor shows mean and spread of its readings.

    Raises
    ------
    MusrcuError if the truth is wrong or has no run of that number.
    """
    read = truth if isinstance(truth, Truth) else load_truth(truth)
    (plan,) = _chosen(read, [number])
    series, spectrometer = plan.series, read.spectrometer
    generator = np.random.Generator(np.random.PCG64([read.seed, plan.number]))
    temperature = plan.set_point + read.thermometry.jitter * float(generator.standard_normal())
    if temperature <= 0:
        raise MusrcuError(f"run {number}: jitter makes its temperature {temperature:g} K")
    readings = [
        _readings(read, temperature + offset, generator) for offset in read.thermometry.offsets
    ]
    name = read.model_at(series, temperature)
    model: Model = read.models[name].model
    values = read.values(name, temperature, series.field)
    if isinstance(spectrometer, PulsedSpectrometer):
        frames = spectrometer.frames(3600 * series.hours)
        mean = spectrometer.expected(
            model, values, series.events, frames, transverse=series.transverse
        )
        own = pulsed_fields(spectrometer, frames, plan, readings)
    else:
        mean = spectrometer.expected(model, values, series.events, transverse=series.transverse)
        own = _continuous_fields(spectrometer, plan, readings)
    run = Run(
        counts=generator.poisson(mean)[np.newaxis],
        bin_width=spectrometer.bin_width,
        instrument=spectrometer.name,
        number=plan.number,
        title=" ".join(filter(None, (MARK, series.title))),
        sample=MARK,
        orientation=series.orientation or None,
        field=series.field,
        start=plan.start.isoformat(),
        stop=plan.stop.isoformat(),
        path=Path(file_name(read, plan.number)),
        **own,
    )
    parameters = {key: float(value) for key, value in zip(model.names, values, strict=True)}
    return SimulatedRun(run, temperature, name, model.expression, parameters, series.events)


def file_name(truth: Truth, number: int) -> str:
    """Name of the file of a run, after instrument and number."""
    name = truth.spectrometer.name
    if isinstance(truth.spectrometer, PulsedSpectrometer):
        return f"simulated_{name}{number:08d}.nxs"
    return f"deltat_tdc_{name.lower()}_{number:04d}.bin"


def _continuous_fields(
    spectrometer: Spectrometer, plan: RunTruth, readings: list[NDArray[np.float64]]
) -> dict[str, Any]:
    """What a run of PSI has of its own: labels, a t0 of each detector, means of its sensors."""
    t0 = np.array([detector.t0 for detector in spectrometer.detectors])
    return {
        "t0": t0,
        "first_good": np.ceil(t0).astype(int) + spectrometer.first_good,
        "last_good": np.full(t0.size, spectrometer.last_good),
        "labels": tuple(detector.label for detector in spectrometer.detectors),
        "source": "continuous",
        "facility": "PSI",
        "temperature": from_sensors(plan.set_point, tuple(map(_sensor, readings))),
    }


def _chosen(truth: Truth, numbers: Iterable[int] | None) -> list[RunTruth]:
    if numbers is None:
        return list(truth.runs)
    wanted = set(numbers)
    unknown = wanted - {plan.number for plan in truth.runs}
    if unknown:
        raise MusrcuError(
            f"the truth has no run {min(unknown)}; it has {truth.runs[0].number} to "
            f"{truth.runs[-1].number}"
        )
    return [plan for plan in truth.runs if plan.number in wanted]


def _readings(truth: Truth, kelvin: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """The readings of one thermometer."""
    thermometry = truth.thermometry
    readings = generator.normal(kelvin, thermometry.noise, thermometry.readings)
    if not readings.mean() > 0:
        raise MusrcuError(
            f"[temperature]: noise = {thermometry.noise:g} and offsets make a sensor read "
            f"{readings.mean():g} K"
        )
    return readings


def _sensor(readings: NDArray[np.float64]) -> Sensor:
    """Mean and spread of the readings of one thermometer."""
    scatters = readings.size > 1 and bool(np.any(readings != readings[0]))
    spread = float(readings.std(ddof=1)) if scatters else None
    return Sensor(None, float(readings.mean()), spread, readings.size)
