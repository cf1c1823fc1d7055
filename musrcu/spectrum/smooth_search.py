"""The search for smooth terms beside the strongest line, on weighted means of neighbouring bins."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.arrays import FloatArray
from musrcu.fitting.projection import Gains, Spectrum, line_gains

Terms = tuple[str, ...]

SLIGHT = 9.0
"""A relaxation that lowers chi-square by less is left out."""
LINE = 30.0
"""Nor does a line stand beside them that lowers it by less: a strongly damped one imitates them."""
SLOWEST = 0.6
"""Rate times the length of the data."""
STEPS = 12
"""Rates that are tried for each term."""
ENVELOPES = (
    ("exponential", 0.0), ("exponential", 1.0), ("exponential", 5.0),
    ("gaussian", 1.0), ("gaussian", 5.0),
)  # fmt: skip
"""Damping of the line that stands beside the smooth terms, rates in 1/µs."""
ALIKE = (0.5, 2.0)
"""Shares of the rate 2 pi nu at which the line turns between which no relaxation beside it may lie:
one as fast describes the first turn of a broad line, and takes it away."""
MUCH_SLOWER = 0.25
"""The same share, below which a relaxation may also be smaller than the line."""
DAMPED = 0.6
"""Share of it that the damping of the line may have: what decays before it turns is no line here.
"""
LARGEST = 1.2
"""Times the range of the data that a smooth amplitude may be; two that nearly cancel are larger."""
LOOKED_AT = 40
"""Places of the grid that are looked at for the best sensible one."""
STEPS_DOWN = 40
SETTLED = 0.01
"""Chi-square that a step must gain to be followed by another."""

SHAPES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "exponential": lambda x: np.exp(-x),
    "gaussian": lambda x: np.exp(-0.5 * x * x),
}
SLOPES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "exponential": lambda x: -x * np.exp(-x),
    "gaussian": lambda x: -x * x * np.exp(-0.5 * x * x),
}
"""Derivatives by the logarithm of the rate."""


class Turn(NamedTuple):
    """A damped line."""

    nu: float
    """MHz."""
    rate: float
    """1/µs."""
    shape: str


class Best(NamedTuple):
    """Where chi-square is lowest."""

    terms: Terms
    rates: tuple[float, ...]
    """1/µs; 0 of a constant."""
    line: Turn | None
    chi2: float

    @property
    def price(self) -> float:
        """Chi-square, and what terms and a line must be worth."""
        return self.chi2 + SLIGHT * len(self.terms) + (0.0 if self.line is None else LINE)


def term_columns(time: FloatArray, terms: Terms, rates: tuple[float, ...]) -> FloatArray:
    """(n_terms, n_bins) the terms at amplitude one."""
    rows = [
        np.ones(time.size) if term == "constant" else SHAPES[term](rate * time)
        for term, rate in zip(terms, rates, strict=True)
    ]
    return np.asarray(rows, dtype=float).reshape(-1, time.size)


def line_columns(time: FloatArray, line: Turn | None) -> FloatArray:
    """(2, n_bins) cosine and sine, damped; (0, n_bins) of no line."""
    if line is None:
        return np.empty((0, time.size))
    turn = 2 * np.pi * line.nu * time
    return np.asarray(SHAPES[line.shape](line.rate * time) * np.array([np.cos(turn), np.sin(turn)]))


class SmoothSearch:
    """Chi-square of smooth terms and a line.

    Parameters
    ----------
    time, value, weight : (n_bins,) µs, data, 1 / sigma^2.
    """

    def __init__(self, time: FloatArray, value: FloatArray, weight: FloatArray) -> None:
        self.time, self.value, self.weight = time, value, weight
        self.root = np.sqrt(weight)
        self.data = value * self.root
        self.span = float(np.ptp(time))
        self.spectrum = Spectrum(time, weight, padding=2)
        self.largest = LARGEST * _range(value, self.root)

    def with_value(self, value: FloatArray) -> SmoothSearch:
        """The same bins with other data."""
        return SmoothSearch(self.time, value, self.weight)

    def candidates(self, terms: Terms) -> list[Best]:
        """The lowest chi-square of every choice of the relaxing terms, with a line and without.

        Of two relaxing terms either may be the faster: chi-square has a minimum on both sides.
        """
        found = []
        for chosen in _fewer(terms):
            for rates in _trials(self.time, chosen):
                for line in (False, True):
                    found += [self.refined(one) for one in self._grid(chosen, rates, line)]
        return found

    def strongest(self, beside: FloatArray) -> tuple[float, Turn]:
        """The gain of the line that gains most beside some columns, and the line."""
        rows = (self.root * beside, np.arange(len(beside))[None])
        gains, sets = self._gains(rows)
        k, n = np.unravel_index(int(np.argmax(gains)), gains.shape)
        shape, rate = ENVELOPES[sets[k][1]]
        return float(gains[k, n]), Turn(float(self.spectrum.nu[n]), rate, shape)

    def solved(self, best: Best) -> FloatArray:
        """Amplitudes of the terms, then of cosine and sine."""
        return _least_squares(self._design(best), self.data)[0]

    def _design(self, best: Best) -> FloatArray:
        columns = term_columns(self.time, best.terms, best.rates)
        return np.concatenate([columns, line_columns(self.time, best.line)]) * self.root

    def _gains(
        self, smooth: tuple[FloatArray, NDArray[np.int64]]
    ) -> tuple[FloatArray, list[tuple[int, int]]]:
        """(n_sets, n_nu) what terms and a line gain together, and (terms, envelope) of the sets."""
        rows, which = smooth
        sets = [(s, e) for s in range(len(which)) for e in range(len(ENVELOPES))]
        envelopes = np.array([SHAPES[shape](rate * self.time) for shape, rate in ENVELOPES])
        picked = np.array([s for s, _ in sets])
        found: Gains = line_gains(
            self.spectrum,
            (self.data[None], np.zeros(len(sets), dtype=int)),
            (rows, which[picked]),
            (envelopes * self.root, np.array([e for _, e in sets])),
            None,
        )
        slowest = np.array(
            [max(0.5 / self.span, ENVELOPES[e][1] / (2 * np.pi * DAMPED)) for _, e in sets]
        )
        open_ = self.spectrum.nu > slowest[:, None]
        return np.where(open_, found.gain, 0.0) + found.left[:, None], sets

    def _grid(self, terms: Terms, trials: list[tuple[float, ...]], turning: bool) -> Iterator[Best]:
        """The best sensible place of a grid of rates and lines, if there is one."""
        places = self._lines(terms, trials) if turning else self._no_lines(terms, trials)
        for rates, line in itertools.islice(places, LOOKED_AT):
            one = self._placed(Best(terms, rates, line, np.inf))
            if one is not None:
                yield one
                return

    def _no_lines(
        self, terms: Terms, trials: list[tuple[float, ...]]
    ) -> Iterator[tuple[tuple[float, ...], Turn | None]]:
        data = float(self.data @ self.data)
        chi2 = [
            _least_squares(term_columns(self.time, terms, rates) * self.root, self.data)[1]
            if terms else data
            for rates in trials
        ]  # fmt: skip
        return ((trials[k], None) for k in np.argsort(chi2))

    def _lines(
        self, terms: Terms, trials: list[tuple[float, ...]]
    ) -> Iterator[tuple[tuple[float, ...], Turn | None]]:
        pairs = sorted({pair for one in trials for pair in zip(terms, one, strict=True)})
        rows = [term_columns(self.time, (term,), (rate,))[0] for term, rate in pairs]
        smooth = np.array(rows).reshape(-1, self.time.size) * self.root
        which = np.array(
            [[pairs.index(pair) for pair in zip(terms, one, strict=True)] for one in trials],
            dtype=int,
        ).reshape(len(trials), len(terms))
        gains, sets = self._gains((smooth, which))
        turning = 2 * np.pi * self.spectrum.nu
        alike = [
            [(rate > ALIKE[0] * turning) & (rate < ALIKE[1] * turning) for rate in one]
            for one in trials
        ]
        for row, (s, _) in zip(gains, sets, strict=True):
            for refused in alike[s]:
                row[refused] = 0.0
        tops = gains.argmax(axis=1)
        for k in np.argsort(-gains[np.arange(len(sets)), tops]):
            shape, rate = ENVELOPES[sets[k][1]]
            yield trials[sets[k][0]], Turn(float(self.spectrum.nu[tops[k]]), rate, shape)

    def _placed(self, best: Best) -> Best | None:
        """With its chi-square, where it is sensible."""
        if best.line is not None:
            turning = 2 * np.pi * best.line.nu
            if any(ALIKE[0] * turning < rate < ALIKE[1] * turning for rate in best.rates):
                return None
        values, chi2 = _least_squares(self._design(best), self.data)
        return best._replace(chi2=chi2) if self._sensible(best, values) else None

    def _sensible(self, best: Best, values: FloatArray) -> bool:
        """Whether amplitudes are no larger than the data and relaxations of one sign.

        Nor is a relaxation smaller than the line unless it is much slower: it would be its first
        turn, or the misfit of its shape.
        """
        sizes = values[: len(best.terms)]
        moving = [size for size, rate in zip(sizes, best.rates, strict=True) if rate > 0]
        if np.abs(sizes).max(initial=0.0) > self.largest:
            return False
        if min(moving, default=0.0) * max(moving, default=0.0) < 0:
            return False
        if best.line is None:
            return True
        height, turning = float(np.hypot(*values[-2:])), 2 * np.pi * best.line.nu
        return not any(
            rate > MUCH_SLOWER * turning and abs(size) < height
            for size, rate in zip(sizes, best.rates, strict=True)
        )

    def refined(self, best: Best) -> Best:
        """At the minimum of chi-square by Levenberg's steps, as far as these are sensible."""
        damping = 1e-3
        best = self._placed(best) or best._replace(chi2=np.inf)
        if not np.isfinite(best.chi2):
            return best
        for _ in range(STEPS_DOWN):
            gradient, bend = self._slopes(best)
            if not gradient.size:
                break
            while damping < 1e6:
                eased = bend + damping * np.diag(np.diag(bend) + 1e-12)
                step = np.asarray(np.linalg.solve(eased, gradient), dtype=float)
                tried = self._placed(self._moved(best, step))
                if tried is not None and tried.chi2 < best.chi2:
                    break
                damping *= 8
            else:
                break
            gained, best, damping = best.chi2 - tried.chi2, tried, max(0.1 * damping, 1e-9)
            if gained < SETTLED:
                break
        return best

    def _moved(self, best: Best, step: FloatArray) -> Best:
        logs = iter(np.clip(step, -1, 1))
        rates = tuple(rate * float(np.exp(next(logs))) if rate > 0 else 0.0 for rate in best.rates)
        slow = SLOWEST / self.span
        rates = tuple(max(rate, slow) if rate > 0 else 0.0 for rate in rates)
        if best.line is None:
            return best._replace(rates=rates)
        nu = best.line.nu + float(np.clip(step[-2], -0.2 / self.span, 0.2 / self.span))
        nu = max(nu, 0.5 / self.span)
        rate = min(abs(best.line.rate + float(np.clip(step[-1], -1, 1))), DAMPED * 2 * np.pi * nu)
        return best._replace(rates=rates, line=best.line._replace(nu=nu, rate=rate))

    def _slopes(self, best: Best) -> tuple[FloatArray, FloatArray]:
        """Gradient and bend of chi-square with the amplitudes solved for: rates, nu, damping."""
        design, time = self._design(best), self.time
        values = _least_squares(design, self.data)[0]
        rows = [
            value * SLOPES[term](rate * time)
            for term, rate, value in zip(best.terms, best.rates, values, strict=False)
            if term != "constant"
        ]
        if best.line is not None:
            cosine, sine = line_columns(time, best.line)
            turned = 2 * np.pi * time * (values[-1] * cosine - values[-2] * sine)
            power = time if best.line.shape == "exponential" else best.line.rate * time**2
            rows += [turned, -power * (values[-2] * cosine + values[-1] * sine)]
        if not rows:
            return np.empty(0), np.empty((0, 0))
        moves = np.array(rows) * self.root
        left = self.data - values @ design
        inner = np.linalg.pinv(design @ design.T, rcond=1e-12, hermitian=True)
        moves = moves - (moves @ design.T) @ inner @ design
        return moves @ left, moves @ moves.T


def _range(value: FloatArray, root: FloatArray) -> float:
    """From the lowest to the highest of the data and zero, the noise of late bins left out."""
    known, error = root >= 0.4 * root.max(), 3 / root
    high = max(0.0, float(value[known].max()), float((value - error).max()))
    return high - min(0.0, float(value[known].min()), float((value + error).min()))


def _least_squares(design: FloatArray, data: FloatArray) -> tuple[FloatArray, float]:
    """Amplitudes of the rows of a design, and chi-square."""
    if not len(design):
        return np.empty(0), float(data @ data)
    size = np.sqrt(np.maximum((design * design).sum(axis=1), 1e-300))
    unit = design / size[:, None]
    right = unit @ data
    values = np.linalg.pinv(unit @ unit.T, rcond=1e-12, hermitian=True) @ right
    left = data - values @ unit
    return values / size, float(left @ left)


def _fewer(terms: Terms) -> list[Terms]:
    """The constant with every choice of the relaxing terms, all of them last."""
    relaxing = [term for term in terms if term != "constant"]
    choices = [
        set(some) for n in range(len(relaxing) + 1) for some in itertools.combinations(relaxing, n)
    ]
    return [tuple(t for t in terms if t == "constant" or t in some) for some in choices]


def _trials(time: FloatArray, terms: Terms) -> list[list[tuple[float, ...]]]:
    """Rates to try; of two, those with the first the faster apart from the others."""
    span = float(np.ptp(time))
    slow, fast = SLOWEST / span, 0.3 / float(np.median(np.diff(time)))
    several = sum(term != "constant" for term in terms) > 1
    tried = np.geomspace(slow, max(fast, 2 * slow), STEPS)[:: 2 if several else 1].tolist()
    choices = [(0.0,) if term == "constant" else tuple(tried) for term in terms]
    every = list(itertools.product(*choices))
    if not several:
        return [every]
    first, second = (k for k, term in enumerate(terms) if term != "constant")
    sides = [[r for r in every if (r[first] > r[second]) is faster] for faster in (False, True)]
    return [side for side in sides if side]
