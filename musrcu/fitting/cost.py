"""Costs of a fit with their gradients and Hessians: chi-square of an asymmetry."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.constraint import Prior
from musrcu.fitting.freedom import Freedom
from musrcu.models.bins import Bins
from musrcu.models.product import gram, onto, scalar

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
        self._x: FloatArray | None = None
        n_means = size if n_means is None else n_means
        self._model = np.empty(n_means)
        self._gradient = np.empty((len(freedom.model.names), n_means))
        self._jacobian = np.empty((self.free.size, size + len(self.prior)))
        self._residual = np.empty(size + len(self.prior))

    @property
    def ndof(self) -> int:
        """Data and constraints less free parameters."""
        return self.size + len(self.prior) - int(self.free.size)

    def with_freedom(self, freedom: Freedom) -> Self:
        """The same cost with other parameters held."""
        raise NotImplementedError

    def _sum(self, model: FloatArray) -> float:
        """The cost of the data where the model is ``model``."""
        raise NotImplementedError

    def _weigh(self, model: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Residuals in standard deviations, and the inverse of these."""
        raise NotImplementedError

    def __call__(self, x: FloatArray) -> float:
        """The cost at ``x``; large and finite where the model is not a number."""
        x = np.asarray(x, dtype=float)
        full = self.freedom.expand(x, self.free)
        if self._x is not None and np.array_equal(x, self._x):
            model = self._model
        else:
            self.evaluations += 1
            model = self.freedom.model.value(self.where, full)
        total = self._sum(model)
        if len(self.prior):
            known = self.prior.residual(full)
            total += float(known @ known)
        return total if np.isfinite(total) else NO_NUMBER

    def linearise(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Residuals (n_data,) and their derivatives (n_free, n_data), in standard deviations.

        The constraints stand behind the data. Both are buffers that the next call overwrites.
        """
        x = np.asarray(x, dtype=float)
        if self._x is None or not np.array_equal(x, self._x):
            self.evaluations += 1
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
            self._x = x.copy()
        return self._residual, self._jacobian

    def _fill(self, model: FloatArray, gradient: FloatArray) -> None:
        """Residuals of the data and their derivatives into the buffers."""
        residual, inverse = self._weigh(model)
        np.multiply(gradient, inverse, out=self._jacobian[:, : self.size])
        self._residual[: self.size] = residual

    def grad(self, x: FloatArray) -> FloatArray:
        """(n_free,) gradient of the cost; zero where the model is not a number."""
        residual, jacobian = self.linearise(x)
        return np.nan_to_num(2.0 * onto(jacobian, residual), posinf=0.0, neginf=0.0)

    def gauss_newton(self, x: FloatArray) -> FloatArray:
        """(n_free, n_free) expected Hessian: without the curvature of the model."""
        jacobian = self.linearise(x)[1]
        return 2.0 * gram(jacobian)

    def hessian(self, x: FloatArray) -> FloatArray:
        """(n_free, n_free) Hessian: central differences of the analytic gradient.

        Steps are a thousandth of the error that the curvature along each parameter implies, where
        differences of an exact gradient are good to about one part in a million.
        """
        x = np.asarray(x, dtype=float)
        curvature = np.maximum(np.diag(self.gauss_newton(x)) / 2, 1e-12)
        steps = np.maximum(1e-3 / np.sqrt(curvature), 1e-9 * np.abs(x))
        steps = np.minimum(steps, 1e-2 * np.maximum(1.0, np.abs(x)))
        lower = self.freedom.lower[self.free]
        upper = self.freedom.upper[self.free]
        matrix = np.empty((x.size, x.size))
        for k, step in enumerate(steps):
            low, high = x.copy(), x.copy()
            low[k], high[k] = max(x[k] - step, lower[k]), min(x[k] + step, upper[k])
            matrix[k] = (self.grad(high) - self.grad(low)) / (high[k] - low[k])
        return 0.5 * (matrix + matrix.T)


class AsymmetryCost(Cost):
    """chi2(x) = sum [(A - model(t; x)) / sigma_A]^2 over the fitted bins, x the free parameters.

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
