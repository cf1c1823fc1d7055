"""Chi-square of a model on an asymmetry, with its gradient and Hessian."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.freedom import Freedom

FloatArray = NDArray[np.float64]

NO_NUMBER = 1e300
"""Chi-square where the model is not a number; Minuit stops badly on NaN."""


class AsymmetryCost:
    """chi2(x) = sum [(A - model(t; x)) / sigma_A]^2 over the fitted bins, x the free parameters.

    Parameters
    ----------
    time, value, error : (n_bins,) the fitted bins, all finite, errors above zero.
    freedom : which parameters of which model are free.
    """

    errordef = 1.0

    def __init__(
        self, time: FloatArray, value: FloatArray, error: FloatArray, freedom: Freedom
    ) -> None:
        # A read-only array of its own: the model recognises evenly spaced times by it.
        self.time = np.array(time, dtype=float)
        self.time.setflags(write=False)
        self.value = np.asarray(value, dtype=float)
        self.inverse_error = 1.0 / np.asarray(error, dtype=float)
        self.freedom = freedom
        self.free = freedom.free
        self.evaluations = 0
        self._x: FloatArray | None = None
        self._gradient = np.empty((len(freedom.model.names), self.time.size))
        self._jacobian = np.empty((self.free.size, self.time.size))
        self._residual = np.empty(self.time.size)

    @property
    def n_bins(self) -> int:
        """Number of fitted bins."""
        return int(self.time.size)

    def __call__(self, x: FloatArray) -> float:
        """Chi-square at ``x``; large and finite where the model is not a number."""
        x = np.asarray(x, dtype=float)
        if self._x is not None and np.array_equal(x, self._x):
            residual = self._residual
        else:
            self.evaluations += 1
            model = self.freedom.model.value(self.time, self.freedom.expand(x, self.free))
            residual = (model - self.value) * self.inverse_error
        chi2 = float(residual @ residual)
        return chi2 if np.isfinite(chi2) else NO_NUMBER

    def linearise(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Residuals (n_bins,) and their derivatives (n_free, n_bins), in standard deviations.

        Both are buffers that the next call overwrites.
        """
        x = np.asarray(x, dtype=float)
        if self._x is None or not np.array_equal(x, self._x):
            self.evaluations += 1
            full = self.freedom.expand(x, self.free)
            model, gradient = self.freedom.model.value_and_gradient(
                self.time, full, out=self._gradient
            )
            if self.freedom.ties:
                gradient = self.freedom.jacobian(full).T @ gradient
            elif self.freedom.fixed:
                gradient = gradient[self.free]
            np.multiply(gradient, self.inverse_error, out=self._jacobian)
            np.multiply(model - self.value, self.inverse_error, out=self._residual)
            self._x = x.copy()
        return self._residual, self._jacobian

    def grad(self, x: FloatArray) -> FloatArray:
        """(n_free,) gradient of chi-square; zero where the model is not a number."""
        residual, jacobian = self.linearise(x)
        return np.nan_to_num(2.0 * (jacobian @ residual), posinf=0.0, neginf=0.0)

    def gauss_newton(self, x: FloatArray) -> FloatArray:
        """(n_free, n_free) Hessian without the curvature of the model."""
        jacobian = self.linearise(x)[1]
        return 2.0 * (jacobian @ jacobian.T)

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
