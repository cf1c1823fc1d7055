"""Runs that a spectrometer would have written, had the truth been as the truth file says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from musrcu import toml
from musrcu.containers.run import Run
from musrcu.containers.temperature import Sensor, from_sensors
from musrcu.errors import MusrcuError
from musrcu.files import PathLike, write_text
from musrcu.models.model import Model
from musrcu.simulation.truth import RunTruth, Truth
from musrcu.simulation.truth_file import load_truth
from musrcu.writers.psi_bin import write_psi_bin

MARK = "SIMULATED"
"""What every simulated run calls its sample, and begins its title with."""
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
        sensors = self.run.temperature.sensors
        spreads = [sensor.spread for sensor in sensors if sensor.spread is not None]
        return {
            "number": self.run.number,
            "file": self.run.path.name if self.run.path else None,
            "set_point": self.run.temperature.nominal,
            "temperature": self.temperature,
            "sensor_means": [sensor.mean for sensor in sensors],
            "sensor_spreads": spreads or None,
            "readings": sensors[0].n_readings,
            "temperature_error": self.run.temperature.error,
            "field": self.run.field,
            "events": self.events,
            "counts": [int(total) for total in self.run.counts[0].sum(axis=-1)],
            "model": self.model,
            "expression": self.expression,
            "parameters": dict(self.parameters),
        }


def simulate(
    truth: PathLike | Mapping[str, Any],
    folder: PathLike,
    *,
    numbers: Iterable[int] | None = None,
    overwrite: bool = False,
) -> list[Path]:
    """Write the runs of a truth file as PSI-BIN files, with their truth in ``manifest.toml``.

    Files are called ``deltat_tdc_ltf_0001.bin`` after instrument and run number. Every run draws
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
    for plan, path in zip(plans, paths, strict=False):
        simulated = simulate_run(read, plan.number)
        write_psi_bin(simulated.run, path, overwrite=overwrite)
        made.append(simulated)
    write_text(paths[-1], _manifest(read, made), overwrite=overwrite)
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
    sensors = tuple(
        _sensor(read, temperature + offset, generator) for offset in read.thermometry.offsets
    )
    name = read.model_at(series, temperature)
    model: Model = read.models[name].model
    values = read.values(name, temperature, series.field)
    mean = spectrometer.expected(model, values, series.events, transverse=series.transverse)
    t0 = np.array([detector.t0 for detector in spectrometer.detectors])
    run = Run(
        counts=generator.poisson(mean)[np.newaxis],
        bin_width=spectrometer.bin_width,
        t0=t0,
        first_good=np.ceil(t0).astype(int) + spectrometer.first_good,
        last_good=np.full(t0.size, spectrometer.last_good),
        labels=tuple(detector.label for detector in spectrometer.detectors),
        source="continuous",
        facility="PSI",
        instrument=spectrometer.name,
        number=plan.number,
        title=" ".join(filter(None, (MARK, series.title))),
        sample=MARK,
        orientation=series.orientation or None,
        temperature=from_sensors(plan.set_point, sensors),
        field=series.field,
        start=plan.start.isoformat(),
        stop=plan.stop.isoformat(),
        path=Path(file_name(read, plan.number)),
    )
    parameters = {key: float(value) for key, value in zip(model.names, values, strict=True)}
    return SimulatedRun(run, temperature, name, model.expression, parameters, series.events)


def file_name(truth: Truth, number: int) -> str:
    """Name of the file of a run, after instrument and number."""
    return f"deltat_tdc_{truth.spectrometer.name.lower()}_{number:04d}.bin"


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


def _sensor(truth: Truth, kelvin: float, generator: np.random.Generator) -> Sensor:
    """Mean and spread of the readings of one thermometer."""
    thermometry = truth.thermometry
    readings = generator.normal(kelvin, thermometry.noise, thermometry.readings)
    scatters = thermometry.readings > 1 and thermometry.noise > 0
    spread = float(readings.std(ddof=1)) if scatters else None
    if not readings.mean() > 0:
        raise MusrcuError(
            f"[temperature]: noise = {thermometry.noise:g} and offsets make a sensor read "
            f"{readings.mean():g} K"
        )
    return Sensor(None, float(readings.mean()), spread, thermometry.readings)


def _manifest(truth: Truth, made: list[SimulatedRun]) -> str:
    pair = {d.direction % 360: d for d in truth.spectrometer.detectors if d.direction % 180 == 0}
    top: dict[str, Any] = {"seed": truth.seed}
    if set(pair) == {0.0, 180.0}:
        top["forward"], top["backward"] = pair[0.0].label, pair[180.0].label
        top["alpha"] = pair[0.0].efficiency / pair[180.0].efficiency
    tables: dict[str, dict[str, Any]] = {"simulation": top}
    if truth.order is not None:
        order = truth.order
        tables["order"] = {
            "nu0": order.nu0,
            "T_N": order.T_N,
            "beta": order.beta,
            "alpha": order.alpha,
        }
    comment = (
        f"# {MARK}: what the runs beside this file were drawn from; no muon was measured.\n"
        "# K, G, MHz, 1/us, degrees; alpha: efficiency of forward / backward; "
        "counts: by detector.\n\n"
    )
    return comment + toml.dumps(tables) + "".join(_block(one) for one in made)


def _block(one: SimulatedRun) -> str:
    entries = one.to_dict().items()
    lines = [
        f"{key} = {toml.dump_value(_rounded(value))}" for key, value in entries if value is not None
    ]
    return "\n".join(["", "[[runs]]", *lines]) + "\n"


def _rounded(value: Any) -> Any:
    """Numbers to twelve digits: the last ones differ between machines."""
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value
