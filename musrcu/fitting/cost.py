"""Costs of a fit with their gradients and Hessians: chi-square of an asymmetry."""

from __future__ import annotations

import math
from typing import Self

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.constraint import Prior
from musrcu.fitting.freedom import Freedom
from musrcu.fitting.second_order import by_differences, curved_part, has_curvature
from musrcu.models.bins import Bins
from musrcu.models.product import gram, onto, product, scalar, whole

FloatArray = NDArray[np.float64]

NO_NUMBER = 1e300
"""Cost where the model is not a number; Minuit stops badly on NaN."""


class Cost:
    """A sum over data of squares, or of what Poisson's law has in their place, plus constraints.

    ``x`` are the free parameters. Near the minimum the cost is r @ r with r the residuals of
    :meth:`linearise`, so that J J^T is half its expected Hessian.

    Parameters
    ----------
    time : (n_bins,) centres of the fitted bins, µs, or ``Bins`` over which the model is averaged.
    size : number of data.
    freedom : which parameters of which model are free.
    prior : what is known of them before.
    n_means : numbers that the model gives, where they are not as many as the data.
    """

    errordef = 1.0
    name = ""
    """What is minimised, in words."""

    def __init__(
        self,
        time: FloatArray | Bins,
        size: int,
        freedom: Freedom,
        prior: Prior | None = None,
        n_means: int | None = None,
    ) -> None:
        if isinstance(time, Bins):
            self.time = time.time
        else:
            # A read-only array of its own: the model recognises evenly spaced times by it.
            self.time = np.array(time, dtype=float)
            self.time.setflags(write=False)
        self.where: FloatArray | Bins = time if isinstance(time, Bins) else self.time
        """What the model is computed at: the centres, or the bins themselves."""
        self.size = size
        self.freedom = freedom
        self.free = freedom.free
        self.prior = Prior((), freedom) if prior is None else prior
        self.evaluations = 0
        self._x: bytes | None = None
        n_means = size if n_means is None else n_means
        self._model = np.empty(n_means)
        self._gradient = np.empty((len(freedom.model.names), n_means))
        # One matrix whose product with itself is all that a step needs; rows of zeros make it one
        # that is quickly multiplied.
        n_free = int(self.free.size)
        self._buffer = np.zeros((whole(n_free + 1), size + len(self.prior)))
        self._jacobian, self._residual = self._buffer[:n_free], self._buffer[n_free]
        self._normal: tuple[FloatArray, FloatArray] | None = None
        self._total: float | None = None

    @property
    def ndof(self) -> int:
        """Data and constraints less free parameters."""
        return self.size + len(self.prior) - int(self.free.size)

    @property
    def rows(self) -> FloatArray:
        """(n_parameters, n_means) derivatives of the model where it was last linearised."""
        return self._gradient

    def excess(self, full: FloatArray) -> tuple[float, float] | None:
        """What mean and variance of the cost have beyond those of chi-square, ``ndof`` and twice
        that, where the model of parameters ``full`` is true; None where they are those."""
        return None

    def by_bin(self, values: FloatArray) -> FloatArray:
        """(..., n_data) numbers of data, as :meth:`linearise` orders them, with one for every
        number of the data in front, those of empty bins among them."""
        return values

    def with_freedom(self, freedom: Freedom) -> Self:
        """The same cost with other parameters held."""
        raise NotImplementedError

    def _sum(self, model: FloatArray) -> float:
        """The cost of the data where the model is ``model``."""
        raise NotImplementedError

    def _weigh(self, model: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Residuals in standard deviations, and the inverse of these."""
        raise NotImplementedError

    def _bend(self, model: FloatArray) -> tuple[FloatArray, FloatArray | None] | None:
        """Half the derivative of the cost by each number of the model; and by what its second
        derivative has to be multiplied beside the expected one, None where that is 1.

        None where the cost is no sum over the numbers of the model.
        """
        return None

    def __call__(self, x: FloatArray) -> float:
        """The cost at ``x``; large and finite where the model is not a number."""
        x = np.asarray(x, dtype=float)
        if self._is_here(x):
            if self._total is None:
                self._total = self._summed(self._model, self.freedom.expand(x, self.free))
            return self._total
        self.evaluations += 1
        full = self.freedom.expand(x, self.free)
        return self._summed(self.freedom.model.value(self.where, full), full)

    def _summed(self, model: FloatArray, full: FloatArray) -> float:
        total = self._sum(model)
        if len(self.prior):
            known = self.prior.residual(full)
            total += float(known @ known)
        return total if math.isfinite(total) else NO_NUMBER

    def _is_here(self, x: FloatArray) -> bool:
        """Whether the cost was last linearised at ``x``."""
        return self._x is not None and x.tobytes() == self._x

    def linearise(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Residuals (n_data,) and their derivatives (n_free, n_data), in standard deviations.

        The constraints stand behind the data. Both are buffers that the next call overwrites.
        """
        x = np.asarray(x, dtype=float)
        if not self._is_here(x):
            self.evaluations += 1
            self._x = self._normal = self._total = None
            full = self.freedom.expand(x, self.free)
            self._model, gradient = self.freedom.model.value_and_gradient(
                self.where, full, out=self._gradient
            )
            if self.freedom.ties:
                gradient = self.freedom.jacobian(full).T @ gradient
            elif self.freedom.fixed:
                gradient = gradient[self.free]
            self._fill(self._model, gradient)
            if len(self.prior):
                self._residual[self.size :] = self.prior.residual(full)
                derivatives = self.freedom.jacobian(full)
                self._jacobian[:, self.size :] = self.prior.jacobian(derivatives).T
            self._x = x.tobytes()
        return self._residual, self._jacobian

    def _fill(self, model: FloatArray, gradient: FloatArray) -> None:
        """Residuals of the data and their derivatives into the buffers."""
        residual, inverse = self._weigh(model)
        np.multiply(gradient, inverse, out=self._jacobian[:, : self.size])
        self._residual[: self.size] = residual

    def normal(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Half the expected Hessian (n_free, n_free) and half the gradient (n_free,)."""
        self.linearise(x)
        if self._normal is None:
            n_free = len(self._jacobian)
            squares = gram(self._buffer)
            self._normal = squares[:n_free, :n_free], squares[:n_free, n_free]
        return self._normal

    def grad(self, x: FloatArray) -> FloatArray:
        """(n_free,) gradient of the cost; zero where the model is not a number."""
        residual, jacobian = self.linearise(x)
        slope = onto(jacobian, residual) if self._normal is None else self._normal[1]
        return np.nan_to_num(2.0 * slope, posinf=0.0, neginf=0.0)

    def gauss_newton(self, x: FloatArray) -> FloatArray:
        """(n_free, n_free) expected Hessian: without the curvature of the model."""
        return 2.0 * self.normal(x)[0]

    def hessian(self, x: FloatArray) -> FloatArray:
        """(n_free, n_free) Hessian, from second derivatives of the model.

        Where the model as the data see it does not know these, or the cost is no sum over its
        numbers, by central differences of the analytic gradient.
        """
        x = np.asarray(x, dtype=float)
        if has_curvature(self.freedom.model):
            matrix = self.normal(x)[0]
            bend = self._bend(self._model)
            if bend is not None:
                force, ratio = bend
                if ratio is not None:
                    data = self._jacobian[:, : self.size]
                    matrix = matrix + product(data * (ratio - 1.0), data.T)
                half = matrix + curved_part(self, x, force, np.diag(matrix))
                return half + half.T
        return by_differences(self, x)


class AsymmetryCost(Cost):
    """chi2(x) = sum [(A - model(t; x)) / sigma_A]^2 over the fitted bins, x the free parameters.

    Errors are right where both groups hold 20 counts in every bin. Below, where sigma_A follows
    from the same few counts as A, rates come out low and errors too small. Large asymmetries weigh
    more than they should in any case: of an undamped amplitude A in M bins with N counts of both
    groups together, by A M sqrt(2 / N) of its error. To pack more makes it less.

    Parameters
    ----------
    time : as for :class:`Cost`.
    value, error : (n_bins,) of the fitted bins, all finite, errors above zero.
    freedom : which parameters of which model are free.
    prior : what is known of them before.
    """

    name = "asymmetry chi-square"

    def __init__(
        self,
        time: FloatArray | Bins,
        value: FloatArray,
        error: FloatArray,
        freedom: Freedom,
        prior: Prior | None = None,
    ) -> None:
        super().__init__(time, np.size(value), freedom, prior)
        self.value = np.asarray(value, dtype=float)
        self.inverse_error = 1.0 / np.asarray(error, dtype=float)

    @property
    def n_bins(self) -> int:
        """Number of fitted bins."""
        return self.size

    def with_freedom(self, freedom: Freedom) -> Self:
        """The same bins with other parameters held."""
        return type(self)(self.where, self.value, 1 / self.inverse_error, freedom, self.prior)

    def _sum(self, model: FloatArray) -> float:
        residual = (model - self.value) * self.inverse_error
        return scalar(residual, residual)

    def _weigh(self, model: FloatArray) -> tuple[FloatArray, FloatArray]:
        return (model - self.value) * self.inverse_error, self.inverse_error

    def _bend(self, model: FloatArray) -> tuple[FloatArray, None]:
        return (model - self.value) * self.inverse_error**2, None
