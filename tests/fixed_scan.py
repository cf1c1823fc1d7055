"""The fixed data set of 13 points around nu0 = 1.59 MHz, T_N = 0.105 K, beta = 0.12, alpha = 3."""

from __future__ import annotations

import numpy as np

T = np.array([0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.085, 0.09, 0.095, 0.099, 0.102, 0.104])
"""K."""
NU = np.array([1.58733, 1.60106, 1.56821, 1.55628, 1.54083, 1.51595, 1.47023, 1.44711, 1.4186,
               1.34559, 1.27579, 1.17632, 1.03168])  # fmt: skip
"""MHz."""
NU_ERROR = np.array([0.012] * 7 + [0.015, 0.015, 0.02, 0.03, 0.04, 0.06])
"""MHz."""
