"""What a one-step fit says of the spectrum of one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import FitError, nearest
from musrcu.fitting.fitted import Fitted
from musrcu.models.bins import Bins

if TYPE_CHECKING:
    from musrcu.direct.followed import Followed
    from musrcu.direct.result import DirectOrder, DirectRun
    from musrcu.direct.transition import Transition

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RunCurve:
    """The fitted asymmetry of one run: w A_ordered + (1 - w) A_paramagnetic + A_bg."""

    name: str
    run: int | None
    path: str | None
    model: Transition
    parameters: Mapping[str, Fitted]
    """All parameters of the run, those of the experiment last; shared and held ones too."""
    nu: float | None
    """Of the law at the true temperature, MHz; None above T_N."""
    t_range: tuple[float, float] | None
    average_bins: bool

    @property
    def values(self) -> FloatArray:
        """(n_parameters,) their values."""
        return np.array([one.value for one in self.parameters.values()], dtype=float)

    def curve(self, t: Any, width: Any = None) -> FloatArray:
        """The fitted asymmetry at times ``t``, µs; with ``width``, µs, averaged over bins."""
        where = t if width is None else Bins(t, width)
        return self.model.value(where, self.values[: len(self.model.names)])


def curve_of_run(order: DirectOrder, run: DirectRun | str | int) -> RunCurve:
    """The curve of a run, chosen by its name or number, or as one of ``order.runs``.

    Raises
    ------
    FitError where there is no such run, several, or no likelihood as in a loaded result.
    """
    if order.problem is None:
        loaded = "a loaded result has no spectra and no curves; fit again"
        raise FitError(loaded if order.names else f"there are no curves: {order.reason}")
    found = [k for k, one in enumerate(order.runs) if run is one or run in (one.name, one.run)]
    if len(found) != 1:
        names = [one.name for one in order.runs]
        many = f"{len(found)} runs" if found else "no run"
        raise FitError(
            f"the fit has {many} {getattr(run, 'name', run)!r}; its runs are {', '.join(names)}"
            + nearest(str(run), names)
        )
    return _made(order, order.problem, found[0])


def _made(order: DirectOrder, followed: Followed, r: int) -> RunCurve:
    problem, state, one = followed.problem, followed.lowest.state, order.runs[r]
    stack, member = problem.stack, problem.stack.members[r]
    x, _ = stack.x(state.s, state.local, np.array([r]))
    full = member.full(x[0, : member.cost.free.size])
    model = member.cost.freedom.model
    parameters = {
        parameter.name: Fitted(parameter.name, float(value), None, parameter.unit)
        for parameter, value in zip(model.parameters, full, strict=True)
    }
    return RunCurve(
        one.name, one.run, one.path, problem.models[r], parameters, one.nu,
        problem.choices.t_range, problem.choices.average_bins,
    )  # fmt: skip
