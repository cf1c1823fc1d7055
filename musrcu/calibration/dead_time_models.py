"""What reaches the detectors of a calibration run: two models of a polarisation not of interest."""

from __future__ import annotations

import numpy as np

from musrcu.constants import MUON_LIFETIME
from musrcu.containers.arrays import FloatArray


def lifetime(edges: FloatArray) -> FloatArray:
    """(n_bins,) integral of exp(-t / tau_mu) over each bin, µs."""
    decayed = -MUON_LIFETIME * np.exp(-edges / MUON_LIFETIME)
    return np.asarray(np.diff(decayed))


def wavy(e: FloatArray, n: int) -> FloatArray:
    """(n_bins, m) shapes of a polarisation, whose means weighted by ``e`` are zero.

    Cubic splines with ``n`` knots that have equal numbers of decays between them; with more knots
    than half of the bins, one free number per bin.
    """
    shapes = np.eye(e.size)
    if n < e.size // 2:
        place = (np.cumsum(e) - e / 2) / e.sum()
        knots = np.arange(1, n - 1) / (n - 1)
        powers = [place**k for k in range(4)]
        shapes = np.stack([*powers, *(np.clip(place - k, 0, None) ** 3 for k in knots)], axis=1)
    shapes = shapes - (e @ shapes) / e.sum()
    left, size, _ = np.linalg.svd(np.sqrt(e / e.sum())[:, None] * shapes, full_matrices=False)
    left = left[:, size > 1e-9 * size[0]]
    return np.asarray(left / np.sqrt(e / e.sum())[:, None])


class CommonPolarisation:
    """n_d = N_d [e (1 + s_d a_d P / (1 + s_d a_d q)) + b w]: any P(t), seen with opposite signs.

    e is the integral of exp(-t/tau_mu) over a bin of width w, P a sum of free shapes of mean zero
    (weighted by e), q the mean that was taken off, b a flat background. Own parameters: ln N, a.
    Shared: q, b, then the heights of the shapes.
    """

    n_own = 2

    def __init__(self, edges: FloatArray, sign: FloatArray, shapes: FloatArray) -> None:
        self.e, self.width, self.sign = lifetime(edges), np.diff(edges), sign
        self.shapes = shapes

    def value(self, own: FloatArray, shared: FloatArray) -> FloatArray:
        """(n_detectors, n_bins) positrons."""
        seen = np.outer(self._amplitude(own, shared), self.shapes @ shared[2:])
        rate = self.e * (1 + seen) + shared[1] * self.width
        return np.asarray(np.exp(own[:, :1]) * rate)

    def gradient(self, own: FloatArray, shared: FloatArray) -> tuple[FloatArray, FloatArray]:
        """By ln N and a, and by q, b and the heights."""
        level = np.exp(own[:, 0])
        amplitude = self._amplitude(own, shared)
        part = 1 + self.sign * own[:, 1] * shared[0]
        wave = level[:, None] * self.e * (self.shapes @ shared[2:])
        by_own = np.stack([self.value(own, shared), (self.sign / part**2)[:, None] * wave], axis=1)
        by_shared = np.empty((shared.size, *wave.shape))
        by_shared[0] = -(amplitude**2)[:, None] * wave
        by_shared[1] = level[:, None] * self.width
        by_shared[2:] = (level * amplitude)[:, None] * (self.e[:, None] * self.shapes).T[:, None]
        return by_own, by_shared

    def _amplitude(self, own: FloatArray, shared: FloatArray) -> FloatArray:
        signed = self.sign * own[:, 1]
        return np.asarray(signed / (1 + signed * shared[0]))


class CommonPrecession:
    """n_d = N_d [e + integral of e^{-t/tau_mu - lambda t} (C_d cos + S_d sin) g + b_d w].

    cos and sin are of 2 pi nu t, g = exp(-s t²) at the centre of the bin. Own parameters: ln N, C,
    S, b. Shared: nu (MHz), lambda (1/µs), s (1/µs²). The integrals over a bin are closed forms.
    """

    n_own = 4

    def __init__(self, edges: FloatArray) -> None:
        self.edges, self.e, self.width = edges, lifetime(edges), np.diff(edges)
        self.centre = (edges[1:] + edges[:-1]) / 2

    def value(self, own: FloatArray, shared: FloatArray) -> FloatArray:
        """(n_detectors, n_bins) positrons."""
        wave = self._waves(shared)[0]
        seen = np.outer(own[:, 1], wave.real) + np.outer(own[:, 2], wave.imag)
        rate = self.e + seen + own[:, 3:] * self.width
        return np.asarray(np.exp(own[:, :1]) * rate)

    def gradient(self, own: FloatArray, shared: FloatArray) -> tuple[FloatArray, FloatArray]:
        """By ln N, C, S and b, and by nu, lambda and s."""
        level = np.exp(own[:, :1])
        wave, slope = self._waves(shared)
        flat = np.broadcast_to(self.width, (own.shape[0], self.width.size))
        parts = [level * wave.real, level * wave.imag, level * flat]
        by_own = np.stack([self.value(own, shared), *parts], axis=1)
        both = own[:, 1, None] * slope - 1j * own[:, 2, None] * slope
        turning = (2j * np.pi * both).real
        seen = np.outer(own[:, 1], wave.real) + np.outer(own[:, 2], wave.imag)
        widening = -level * seen * self.centre**2
        return by_own, np.stack([level * turning, -level * both.real, widening])

    def _waves(self, shared: FloatArray) -> tuple[np.ndarray, np.ndarray]:
        """Integral of exp(z t) over each bin and its derivative by z."""
        z = -1 / MUON_LIFETIME - shared[1] + 2j * np.pi * shared[0]
        at = np.exp(z * self.edges)
        integral = np.diff(at) / z
        damping = np.exp(-shared[2] * self.centre**2)
        return integral * damping, (np.diff(self.edges * at) / z - integral / z) * damping
