"""The tail of the gamma distribution beside SciPy and 40 digits of mpmath."""

from __future__ import annotations

import math
import subprocess
import sys

import mpmath
import pytest
from scipy.special import gammaincc

from musrcu.fitting.gamma_tail import gamma_tail

STEPS = (-30.0, -8.0, -3.0, -1.0, -0.3, 0.0, 0.01, 0.3, 1.0, 3.0, 8.0, 20.0, 30.0)


@pytest.mark.parametrize("a", [0.5, 1.0, 1.5, 3.0, 7.5, 19.5, 20.0, 20.5, 55.0, 400.0, 4088.0, 5e4])
def test_against_forty_digits(a: float) -> None:
    for step in STEPS:
        x = a + step * math.sqrt(a)
        if x > 0:
            with mpmath.workdps(40):
                true = mpmath.gammainc(mpmath.mpf(a), mpmath.mpf(x), regularized=True)
            assert gamma_tail(a, x) == pytest.approx(float(true), rel=1e-12), (a, x)


@pytest.mark.parametrize("a", [0.5, 12.0, 3e5, 1e6])
def test_against_scipy(a: float) -> None:
    for step in (*STEPS, 100.0, 1000.0):
        x = max(a + step * math.sqrt(a), 1e-3)
        assert gamma_tail(a, x) == pytest.approx(float(gammaincc(a, x)), rel=1e-10, abs=1e-305)


def test_ends() -> None:
    assert gamma_tail(3.0, 0.0) == 1.0
    assert gamma_tail(3.0, -1.0) == 1.0
    assert gamma_tail(3.0, math.inf) == 0.0
    assert gamma_tail(3.0, 1e300) == 0.0
    assert gamma_tail(5e3, 1e300) == 0.0
    assert math.isnan(gamma_tail(3.0, math.nan))


def test_a_fit_loads_no_scipy() -> None:
    code = (
        "import sys, numpy as np; from musrcu.fitting.result import chi2_probability; "
        "chi2_probability(8200.0, 8176); assert 'scipy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
