"""A model as an experiment sees it: through the balance of two groups and their background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musrcu.containers.losses import Losses
from musrcu.fitting.seen_curvature import Ratio, of_counts, of_losses, of_ratio
from musrcu.models.bins import Bins
from musrcu.models.model import Model, as_model
from musrcu.models.parameter import Parameter

FloatArray = NDArray[np.float64]

PER_BIN = "per raw bin"
"""Unit of decays and backgrounds, whatever the packing."""
ALPHA = Parameter("alpha", "", 1.0, "balance of the pair", lower=1e-3, upper=1e3)
DETECTOR_BETA = Parameter(
    "detector_beta", "", 1.0, "ratio of intrinsic asymmetries, backward / forward", 1e-3, 1e3
)
N0 = Parameter("N0", PER_BIN, 1.0, "decays per raw bin at t = 0, geometric mean of the groups", 0.0)
B_F = Parameter("b_F", PER_BIN, 0.0, "background per raw bin of forward")
B_B = Parameter("b_B", PER_BIN, 0.0, "background per raw bin of backward")


class Seen(Model):
    """A model with the parameters of the experiment behind its own.

    By itself it is the bare asymmetry, whatever these are.

    Parameters
    ----------
    model : of the asymmetry, or its expression.
    extra : the parameters of the experiment.
    """

    __slots__ = ("inner", "own")

    def __init__(self, model: Model | str, extra: Sequence[Parameter]) -> None:
        self.inner = inner = as_model(model)
        self.own = len(inner.names)
        """Parameters of the model itself; those of the experiment follow."""
        self.expression, self.terms = inner.expression, inner.terms
        self.parameters: tuple[Parameter, ...] = (*inner.parameters, *extra)
        self.names: tuple[str, ...] = tuple(one.name for one in self.parameters)
        self._index = {name: place for place, name in enumerate(self.names)}

    def bare(self) -> Seen:
        """The asymmetry itself, under the same parameters."""
        return Seen(self.inner, self.parameters[self.own :])

    def value(self, t: ArrayLike | Bins, values: Sequence[float] | FloatArray) -> FloatArray:
        """The asymmetry at times ``t``, µs, or averaged over bins."""
        return self.inner.value(t, self._checked(values)[: self.own])

    def value_and_gradient(
        self,
        t: ArrayLike | Bins,
        values: Sequence[float] | FloatArray,
        out: FloatArray | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """The asymmetry and its derivatives, zero for the parameters of the experiment."""
        inner = self._checked(values)[: self.own]
        if out is None and self.own == len(self.names):
            return self.inner.value_and_gradient(t, inner)
        if out is None:
            size = t.time.size if isinstance(t, Bins) else np.size(t)
            out = np.empty((len(self.names), size))
        value, _ = self.inner.value_and_gradient(t, inner, out[: self.own])
        out[self.own :] = 0.0
        return value, out

    def curvature(
        self, t: FloatArray | Bins, values: FloatArray, weights: FloatArray, steps: FloatArray
    ) -> FloatArray:
        """Second derivatives of the asymmetry, as :meth:`musrcu.Model.curvature` gives them."""
        own = slice(0, self.own)
        found = np.zeros((len(self.names), len(self.names)))
        found[own, own] = self.inner.curvature(t, values[own], weights, steps[own])
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Formed:
    """How the fitted bins of an asymmetry were formed."""

    alpha: float
    """Balance with which they were formed."""
    detector_beta: float = 1.0
    level: FloatArray | None = None
    """(n_bins,) expected beta F + alpha B; None where no background is among the parameters."""
    raw_bins: FloatArray | None = None
    """(n_bins,) raw bins in each."""
    background: tuple[float, float] = (0.0, 0.0)
    """What was subtracted per raw bin."""


class SeenAsymmetry(Seen):
    """The asymmetry that is formed with one alpha and background where others are true.

    With s = sqrt(alpha / alpha0), a(t) the model, and r = (1 + beta) k / level the weight of a
    background in a bin of k raw bins,

        F = s (1 + a) + r (b_F - b_F0),   alpha0 B = (1 - beta a) / s + alpha0 r (b_B - b_B0)
        A = (F - alpha0 B) / (beta F + alpha0 B),

    which is a(t) where alpha = alpha0 and the backgrounds are those subtracted. The data and their
    errors stay what they are while alpha and the backgrounds vary.

    Parameters
    ----------
    model : of the asymmetry, or its expression.
    formed : the bins.
    extra : which of ``ALPHA``, ``B_F``, ``B_B`` are parameters.
    """

    __slots__ = ("_weight", "extra", "formed")

    def __init__(self, model: Model | str, formed: Formed, extra: Sequence[Parameter]) -> None:
        super().__init__(model, extra)
        self.formed = formed
        self.extra = tuple(extra)
        self._weight: FloatArray | float = 0.0
        if formed.level is not None and formed.raw_bins is not None:
            self._weight = (1 + formed.detector_beta) * formed.raw_bins / formed.level

    def without(self, term: int) -> Self:
        """This without one term of the model."""
        return type(self)(super().without(term).expression, self.formed, self.extra)

    def value(self, t: ArrayLike | Bins, values: Sequence[float] | FloatArray) -> FloatArray:
        """The formed asymmetry at the bins, (n_bins,)."""
        a = super().value(t, values)
        if not self.extra:
            return a
        above, below = self._sides(a, values)
        above /= below
        return above

    def value_and_gradient(
        self,
        t: ArrayLike | Bins,
        values: Sequence[float] | FloatArray,
        out: FloatArray | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """The formed asymmetry and its derivatives, those of the experiment last."""
        a, gradient = super().value_and_gradient(t, values, out)
        if not self.extra:
            return a, gradient
        above, below = self._sides(a, values)
        seen = above / below
        alpha, s, _ = self._balance(values)
        alpha0, beta = self.formed.alpha, self.formed.detector_beta
        gradient[: self.own] *= ((s + beta / s) - beta * (s - 1 / s) * seen) / below
        for place, one in enumerate(self.extra, self.own):
            if one is ALPHA:
                rising = (s + 1 / s) + (s - beta / s) * a
                falling = (beta * s - 1 / s) + beta * (s + 1 / s) * a
                gradient[place] = (rising - seen * falling) / (2 * alpha * below)
            elif one is B_F:
                gradient[place] = self._weight * (1 - beta * seen) / below
            else:
                gradient[place] = -alpha0 * self._weight * (1 + seen) / below
        return seen, gradient

    def curvature(
        self, t: FloatArray | Bins, values: FloatArray, weights: FloatArray, steps: FloatArray
    ) -> FloatArray:
        """Second derivatives of the formed asymmetry, as those of a model."""

        def bend(own: FloatArray) -> FloatArray:
            return super(SeenAsymmetry, self).curvature(t, values, own, steps)

        if not self.extra:
            return bend(weights)
        a, inner = super().value_and_gradient(t, values)
        inner = inner[: self.own].copy()
        seen, rows = self.value_and_gradient(t, values)
        alpha, s, _ = self._balance(values)
        names = [one.name for one in self.extra]
        below = self._sides(a, values)[1]
        ratio = Ratio(self.own, names, s, alpha, self.formed.detector_beta, below, seen)
        weight = (self._weight, self.formed.alpha * self._weight)
        return of_ratio(ratio, a, inner, rows, weights, weight, bend)

    def _balance(
        self, values: Sequence[float] | FloatArray
    ) -> tuple[float, float, tuple[float, float]]:
        """alpha, s, and how far (F, alpha0 B) are off by their backgrounds, per raw bin."""
        formed = self.formed
        given = dict(zip(self.names[self.own :], values[self.own :], strict=True))
        alpha = float(given.get("alpha", formed.alpha))
        off = (
            float(given.get("b_F", formed.background[0])) - formed.background[0],
            formed.alpha * (float(given.get("b_B", formed.background[1])) - formed.background[1]),
        )
        return alpha, float(np.sqrt(alpha / formed.alpha)), off

    def _sides(
        self, a: FloatArray, values: Sequence[float] | FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """(n_bins,) F - alpha0 B and beta F + alpha0 B, in units of the decays of the bin."""
        beta = self.formed.detector_beta
        _, s, (off_f, off_b) = self._balance(values)
        above = (s + beta / s) * a
        above += s - 1 / s
        below = beta * (s - 1 / s) * a
        below += beta * s + 1 / s
        if off_f or off_b:
            above += (off_f - off_b) * self._weight
            below += (beta * off_f + off_b) * self._weight
        return above, below


@dataclass(frozen=True, slots=True, eq=False)
class CountBins:
    """The fitted bins of a pair of groups."""

    decay: FloatArray
    """(n_bins,) decays in each bin over the rate at t = 0 in a raw bin (``Counts.decay``)."""
    raw_bins: FloatArray
    """(n_bins,) raw bins in each."""
    width: FloatArray
    """(n_bins,) µs."""
    losses: tuple[Losses, Losses] | None = None


class SeenCounts(Seen):
    """Counts of forward and backward together, as the detectors saw them.

        mu_F = N0 sqrt(alpha) E (1 + a) + k b_F,   mu_B = N0 / sqrt(alpha) E (1 - beta a) + k b_B

    with a(t) the model, E the decay law integrated over the bin, k its raw bins; what was seen of
    mu is less by the dead time (:class:`musrcu.containers.losses.Losses`). The roots make N0 and
    alpha nearly uncorrelated.

    Parameters
    ----------
    model : of the asymmetry, or its expression.
    bins : the fitted bins.
    """

    __slots__ = ("bins",)

    def __init__(self, model: Model | str, bins: CountBins) -> None:
        super().__init__(model, (N0, ALPHA, DETECTOR_BETA, B_F, B_B))
        self.bins = bins

    def without(self, term: int) -> Self:
        """This without one term of the model."""
        return type(self)(super().without(term).expression, self.bins)

    def value(self, t: ArrayLike | Bins, values: Sequence[float] | FloatArray) -> FloatArray:
        """Mean counts of forward, then of backward, (2 n_bins,)."""
        return self._seen(super().value(t, values), values)[0].reshape(-1)

    def value_and_gradient(
        self,
        t: ArrayLike | Bins,
        values: Sequence[float] | FloatArray,
        out: FloatArray | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Mean counts (2 n_bins,) and their derivatives (n_parameters, 2 n_bins)."""
        a, inner = super().value_and_gradient(t, values)
        seen, slope, unit, decays = self._seen(a, values)
        n0, alpha, beta = (float(v) for v in values[self.own : self.own + 3])
        shape = (len(self.names), 2, a.size)
        gradient = np.empty(shape) if out is None else out.reshape(shape)
        gradient[: self.own, 0] = n0 * unit[0] * inner[: self.own]
        gradient[: self.own, 1] = -beta * n0 * unit[1] * inner[: self.own]
        by_n0, by_alpha, by_beta, by_f, by_b = gradient[self.own :]
        by_n0[:] = unit * np.array([1 + a, 1 - beta * a])
        by_alpha[:] = decays / (2 * alpha) * np.array([[1.0], [-1.0]])
        by_beta[0], by_beta[1] = 0.0, -n0 * unit[1] * a
        by_f[0], by_f[1] = self.bins.raw_bins, 0.0
        by_b[0], by_b[1] = 0.0, self.bins.raw_bins
        gradient *= slope
        return seen.reshape(-1), gradient.reshape(len(self.names), -1)

    def curvature(
        self, t: FloatArray | Bins, values: FloatArray, weights: FloatArray, steps: FloatArray
    ) -> FloatArray:
        """Second derivatives of the mean counts, as those of a model."""

        def bend(own: FloatArray) -> FloatArray:
            return super(SeenCounts, self).curvature(t, values, own, steps)

        a, inner = super().value_and_gradient(t, values)
        slope, unit, decays = self._seen(a, values)[1:]
        both = weights.reshape(2, -1)
        numbers = [float(v) for v in values[self.own : self.own + 3]]
        found = of_counts(numbers, a, inner[: self.own], unit, both * slope, bend)
        if self.bins.losses is None:
            return found
        there = decays + self.bins.raw_bins * np.asarray(values[self.own + 3 :])[:, None]
        rows = self.value_and_gradient(t, values)[1] / slope.reshape(-1)
        return found + of_losses(self.bins.losses, there, self.bins.width, both, rows)

    def _seen(
        self, a: FloatArray, values: Sequence[float] | FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """(2, n_bins) counts seen, their derivatives by what there is, E of each, and decays."""
        n0, alpha, beta, b_f, b_b = (float(v) for v in values[self.own :])
        root = np.sqrt(alpha)
        unit = self.bins.decay * np.array([[root], [1 / root]])
        decays = n0 * unit * np.array([1 + a, 1 - beta * a])
        there = decays + self.bins.raw_bins * np.array([[b_f], [b_b]])
        if self.bins.losses is None:
            return there, np.ones_like(there), unit, decays
        pairs = [
            losses.seen(row, self.bins.width)
            for losses, row in zip(self.bins.losses, there, strict=True)
        ]
        return np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs]), unit, decays
