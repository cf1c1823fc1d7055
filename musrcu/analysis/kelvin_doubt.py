"""Whether a temperature may be in millikelvin where kelvin are expected."""

from __future__ import annotations

from musrcu.analysis.title import read_title
from musrcu.containers.run import Run

ROUGHLY = 1.5
"""Set points, titles and sensors of one run agree within this factor, or tell different units."""


def kelvin_doubt(run: Run) -> str:
    """What contradicts the temperature of a run by a factor of 1000; empty where nothing does.

    Compared with the temperature that is used: the set point, and the temperature in the title.
    """
    used, stated = run.temperature.value, run.temperature.nominal
    if used is None:
        return ""
    source = "set point" if run.temperature.mean is None else "mean temperature"
    said = read_title(run.title).temperature
    for name, other in (("set point", stated), ("temperature in the title", said)):
        if other is not None and _a_thousand(used, other):
            return f"{source} {used:.5g} K, {name} {other:.5g} K"
    return ""


def _a_thousand(one: float, other: float) -> bool:
    low, high = sorted((one, other))
    return low > 0 and 1000 / ROUGHLY < high / low < 1000 * ROUGHLY
