"""What makes the temperature of a run doubtful: another unit, or a sensor that was left out."""

from __future__ import annotations

from musrcu.analysis.title import read_title
from musrcu.containers.run import Run

ROUGHLY = 1.5
"""Set points, titles and sensors of one run agree within this factor, or tell different units."""


def temperature_doubt(run: Run) -> str:
    """What contradicts the temperature that is used of a run; empty where nothing does.

    A set point or a temperature in the title that differ by a factor of 1000 tell that one of them
    is in millikelvin. Where a sensor was left out with a warning the set point is used.
    """
    used, stated = run.temperature.value, run.temperature.nominal
    if used is None:
        return ""
    source = "set point" if run.temperature.mean is None else "mean temperature"
    said = read_title(run.title).temperature
    for name, other in (("set point", stated), ("title", said)):
        if other is not None and _a_thousand(used, other):
            return (
                f"the {source} says {used:.5g} K, the {name} {other:.5g} K: mK taken for K? The "
                "former is used"
            )
    if run.temperature.mean is None:
        told = [warning for warning in run.warnings if "temperature sensor" in warning]
        return "; ".join([*told, f"the set point, {used:.5g} K, is used"]) if told else ""
    return ""


def _a_thousand(one: float, other: float) -> bool:
    low, high = sorted((one, other))
    return low > 0 and 1000 / ROUGHLY < high / low < 1000 * ROUGHLY
