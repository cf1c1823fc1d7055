"""Shapes of terms at the bins of a cost, each computed once for all trials that share it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.cost import AsymmetryCost
from musrcu.fitting.partly_turning import Line, splitter
from musrcu.models.bin_average import average, average_and_gradient
from musrcu.models.bins import Bins

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
QUARTER = 90.0
"""Degrees from a cosine to its sine."""


@dataclass(frozen=True, slots=True)
class Sets:
    """The linear problems of several trials: which rows each of them takes."""

    data: tuple[FloatArray, IntArray]
    """Rows of the data less what is held, in standard deviations; (n_sets,) which."""
    smooth: tuple[FloatArray, IntArray]
    """Rows of the free linear terms, in standard deviations; (n_sets, n_smooth) which."""
    sound: NDArray[np.bool_]
    """(n_sets,) whether all its shapes are numbers."""
    columns: tuple[tuple[int, int], ...] = ()
    """Of each smooth row, (position of its amplitude, position of the parameter that it follows):
    a small change of that is the quotient of the two coefficients. For the sine of a line, -1 less
    the position of its phase."""

    def beside(self, other: tuple[FloatArray, IntArray]) -> Sets:
        """The same with one more row of a linear term in each; (n_sets,) which of the rows."""
        rows, which = self.smooth
        more = np.concatenate([which, len(rows) + other[1][:, None]], axis=1)
        return replace(self, smooth=(np.concatenate([rows, other[0]]), more))

    def of(self, which: IntArray) -> Sets:
        """Some of them, in another order or more than once."""
        data, smooth = self.data[1][which], self.smooth[1][which]
        return Sets((self.data[0], data), (self.smooth[0], smooth), self.sound[which], self.columns)


@dataclass(frozen=True, slots=True)
class Envelopes:
    """A line that does not turn, for several trials, in standard deviations."""

    turning: tuple[FloatArray, IntArray]
    """Rows of what turns; (n_trials,) which."""
    resting: tuple[FloatArray, IntArray] | None
    """The same of what does not, times any factor; None where all of it turns."""


class Shapes:
    """Terms of a model without their amplitudes, in standard deviations of the data.

    Parameters
    ----------
    cost : whose bins and errors they are for.
    """

    def __init__(self, cost: AsymmetryCost) -> None:
        self.cost = cost
        self._rows: list[FloatArray] = []
        self._bad: set[int] = set()
        self._known: dict[tuple[object, ...], int] = {}
        self._data = cost.value * cost.inverse_error
        self._phases = {term: phi for term, _, phi in cost.freedom.model.oscillations()}
        self._free = set(cost.free.tolist())

    @property
    def total(self) -> float:
        """Chi-square of nothing at all."""
        return float(self._data @ self._data)

    def envelopes(self, line: Line, vectors: list[FloatArray]) -> Envelopes:
        """What turns of a line, and what of it does not, at the centres."""
        place = self.cost.freedom.model.terms[line[0]].place
        split = splitter(self.cost, line)
        turning: list[FloatArray] = []
        resting: list[FloatArray] = []
        known: dict[bytes, int] = {}
        which = []
        for full in vectors:
            key = full[place].tobytes()
            if key not in known:
                known[key] = len(turning)
                turns, rests = split(full)
                turning.append(turns * self.cost.inverse_error)
                if rests is not None:
                    resting.append(rests * self.cost.inverse_error)
            which.append(known[key])
        taken = np.array(which)
        rest = (_numbers(resting), taken) if resting else None
        return Envelopes((_numbers(turning), taken), rest)

    def sets(self, vectors: list[FloatArray], absent: frozenset[int], tangent: bool) -> Sets:
        """The linear problem of each trial with some terms left out.

        A term with a frequency that is placed already stays free in phase: its cosine and sine.
        With ``tangent``, so are the rates of the others for small changes.
        """
        model, start = self.cost.freedom.model, self.cost.freedom.start
        held: dict[tuple[tuple[int, float], ...], int] = {(): 0}
        data, smooth, sound = [], [], []
        residuals = [self._data]
        places: list[tuple[int, int]] = []
        for full in vectors:
            columns, fixed, places = [], [], []
            for number, term in enumerate(model.terms):
                if number in absent or term.amplitude is None:
                    continue
                place = self._row(number, full)
                if term.amplitude not in self._free or not np.isnan(start[term.amplitude]):
                    fixed.append((place, float(full[term.amplitude])))
                    continue
                columns.append(place)
                places.append((term.amplitude, term.amplitude))
                turning = self._phases.get(number) in self._free
                if turning:
                    columns.append(self._turned(number, full))
                    places.append((term.amplitude, -1 - self._phases[number]))
                if tangent:
                    following = self._tangents(number, full, turning)
                    columns += following.values()
                    places += [(term.amplitude, k) for k in following]
            key = tuple(fixed)
            if key not in held:
                held[key] = len(residuals)
                residuals.append(self._data - sum(a * self._rows[place] for place, a in fixed))
            data.append(held[key])
            smooth.append(columns)
            sound.append(self._bad.isdisjoint([*columns, *(place for place, _ in fixed)]))
        used, which = np.unique(np.array(smooth, dtype=int), return_inverse=True)
        rows = np.array([self._rows[place] for place in used]).reshape(-1, self._data.size)
        which = which.reshape(len(vectors), -1)
        return Sets(
            (np.array(residuals), np.array(data)), (rows, which), np.array(sound), tuple(places)
        )

    def residuals(self, vectors: list[FloatArray], absent: frozenset[int]) -> Sets:
        """What each trial leaves of the data with its own amplitudes, and nothing beside it."""
        model, cost = self.cost.freedom.model, self.cost
        rows: list[FloatArray] = []
        known: dict[bytes, int] = {}
        which = []
        own = [term.place for k, term in enumerate(model.terms) if k in absent]
        for full in vectors:
            there = full.copy()
            for number in absent:
                there[model.terms[number].amplitude] = 0.0
            for place in own:
                there[place] = vectors[0][place]
            key = there.tobytes()
            if key not in known:
                known[key] = len(rows)
                rows.append((cost.value - model.value(cost.where, there)) * cost.inverse_error)
            which.append(known[key])
        sound = np.array([bool(np.isfinite(row).all()) for row in rows])
        nothing = np.zeros((0, self._data.size)), np.zeros((len(vectors), 0), dtype=int)
        data = np.nan_to_num(np.array(rows)), np.array(which)
        return Sets(data, nothing, sound[np.array(which)])

    def _row(self, number: int, full: FloatArray) -> int:
        term, where = self.cost.freedom.model.terms[number], self.cost.where
        key = (number, full[term.place].tobytes())
        if key not in self._known:
            shape = average(term, where, full) if isinstance(where, Bins) else None
            self._add(key, term.shape(self.cost.time, full) if shape is None else shape)
        return self._known[key]

    def _turned(self, number: int, full: FloatArray) -> int:
        quarter = full.copy()
        quarter[self._phases[number]] += QUARTER
        return self._row(number, quarter)

    def _tangents(self, number: int, full: FloatArray, turning: bool) -> dict[int, int]:
        term, where = self.cost.freedom.model.terms[number], self.cost.where
        places = range(term.place.start, term.place.stop)
        start, turned = self.cost.freedom.start, self._phases[number] if turning else None
        free = [k for k in places if k in self._free and np.isnan(start[k]) and k != turned]
        keys = [(number, full[term.place].tobytes(), k) for k in free]
        if any(key not in self._known for key in keys):
            if isinstance(where, Bins):
                rows = average_and_gradient(term, where, full)[1]
            else:
                rows = term.shape_and_gradient(self.cost.time, full)[1]
            for key, k in zip(keys, free, strict=True):
                self._add(key, rows[k - term.place.start])
        return {k: self._known[key] for k, key in zip(free, keys, strict=True)}

    def _add(self, key: tuple[object, ...], shape: FloatArray) -> None:
        place = self._known[key] = len(self._rows)
        row = np.broadcast_to(shape, self._data.shape) * self.cost.inverse_error
        if not np.isfinite(row).all():
            self._bad.add(place)
            row = np.zeros_like(row)
        self._rows.append(row)


def _numbers(rows: list[FloatArray]) -> FloatArray:
    return np.nan_to_num(np.array(rows), posinf=0.0, neginf=0.0)
