"""What musrcu writes into an ISIS NeXus file beyond the definition, so that no Run loses by it.

Detector labels, and what is known of the temperature; see
:func:`musrcu.writers.isis_nexus_v2.write_isis_nexus_v2` for the places.
"""

from __future__ import annotations

import numpy as np

from musrcu.containers.temperature import Sensor, Temperature
from musrcu.readers.muon_entry import KELVIN, attempt, quantity, text
from musrcu.readers.tree import Node

MOST_SENSORS = 64


def read_labels(group: Node, n_detectors: int, warnings: list[str]) -> tuple[str, ...]:
    """(n_detectors,) names in ``labels`` of the detector group; empty texts without it."""
    node = attempt(group.child, "labels", warnings)
    if node is None or node.is_group:
        return ("",) * n_detectors
    stored = attempt(lambda _: np.ravel(node._small()), "labels", warnings)
    if stored is None or stored.size != n_detectors or stored.dtype.kind not in "SUO":
        warnings.append(f"{node.place} holds no {n_detectors} names; labels are left out")
        return ("",) * n_detectors
    found = attempt(lambda _: [str(node.plain(one) or "") for one in stored], "labels", warnings)
    return tuple(found or ("",) * n_detectors)


def with_sensors(temperature: Temperature, entry: Node, warnings: list[str]) -> Temperature:
    """The temperature with mean, spread, error and sensors where the file holds them itself."""

    def kelvin(place: str) -> float | None:
        return quantity(entry, (place,), KELVIN, warnings, lowest=0.0)

    sensors = []
    for number in range(1, MOST_SENSORS + 1):
        place = f"sample/temperature_sensor_{number}"
        mean = kelvin(f"{place}/average_value")
        if mean is None:
            break
        count = attempt(entry.number, f"{place}/n_readings", warnings)
        name = text(entry, (f"{place}/description",), warnings)
        spread = kelvin(f"{place}/average_value_errors")
        sensors.append(Sensor(name, mean, spread, None if count is None else int(count)))
    mean = kelvin("sample/temperature_mean")
    if mean is None and not sensors:
        return temperature
    spread, error = kelvin("sample/temperature_spread"), kelvin("sample/temperature_error")
    return Temperature(temperature.nominal, mean, error, spread, tuple(sensors))
