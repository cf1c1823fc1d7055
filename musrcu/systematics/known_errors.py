"""How well the constants of a reduction are known, where somebody measured them."""

from __future__ import annotations

import numpy as np

from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.run import Run
from musrcu.reduction.recipe import Reduction


def t0_error(asymmetry: Asymmetry, recipe: Reduction, detectors: list[int]) -> float | None:
    """Error of t0 that is common to the detectors, in raw bins: the mean of theirs.

    Parameters
    ----------
    asymmetry : whose history has the error where t0 was found in the counts of the run.
    recipe : whose calibration has it where t0 is that of a calibration.
    detectors : numbers from 1 of those that were used.

    Returns
    -------
    None where t0 is the file's or was given, of one detector at least.
    """
    step = asymmetry.history.find("group")
    if step is not None and "t0_error" in step.options:
        return float(step.options["t0_error"]) or None
    found = recipe.calibration
    if recipe.t0 is not None or found is None or not (found.t0 and found.t0_error):
        return None
    errors = dict(zip(found.detectors, found.t0_error, strict=True))
    if not set(detectors) <= set(errors):
        return None
    return float(np.mean([errors[d] for d in detectors])) or None


def dead_time_error(run: Run, asymmetry: Asymmetry, recipe: Reduction) -> float | None:
    """Error of the mean of the dead times of a calibration, µs, those of detectors independent.

    None where the dead times are not those of a calibration, or have no errors.
    """
    step, found = asymmetry.history.find("correct_dead_time"), recipe.calibration
    if step is None or "dead_time" not in step.options or run.variance is not None:
        return None
    if found is None or recipe.dead_time != "auto" or not found.dead_time_error:
        return None
    return float(np.linalg.norm(found.dead_time_error)) / len(found.dead_time_error) or None
