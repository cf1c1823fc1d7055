"""Products in pieces against products in one, and that no other thread has work with them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from musrcu.models.product import gram, onto, product, real_product, scalar, weighted

SIZES = [(1, 1, 1), (3, 200, 7), (80, 300, 128), (5, 61, 2047), (300, 3, 512)]


@pytest.mark.parametrize(("m", "k", "n"), SIZES)
def test_products_of_matrices(m: int, k: int, n: int) -> None:
    rng = np.random.default_rng(m + k + n)
    a = rng.normal(size=(m, k)) + 1j * rng.normal(size=(m, k))
    b = rng.normal(size=(k, n)) + 1j * rng.normal(size=(k, n))
    tolerance = 1e-13 * k
    np.testing.assert_allclose(product(a.real, b.real), a.real @ b.real, atol=tolerance)
    np.testing.assert_allclose(real_product(a, b), (a @ b).real, atol=tolerance)
    np.testing.assert_allclose(weighted(a[0].real, b), a[0].real @ b, atol=tolerance)


@pytest.mark.parametrize("n", [1, 5000, 30001])
def test_sums_over_bins(n: int) -> None:
    rng = np.random.default_rng(n)
    rows, vector = rng.normal(size=(12, n)), rng.normal(size=n)
    np.testing.assert_allclose(gram(rows), np.einsum("in,jn->ij", rows, rows), atol=1e-12 * n)
    np.testing.assert_allclose(onto(rows, vector), (rows * vector).sum(1), atol=1e-12 * n)
    assert scalar(vector, vector) == pytest.approx((vector * vector).sum(), rel=1e-13)


PROGRAM = """
import os, threading, time
import numpy as np
import musrcu as mu
from musrcu.models.registry import components
from musrcu.models.product import gram, onto, scalar

def others():
    tasks = set(os.listdir("/proc/self/task")) - {str(threading.get_native_id())}
    return sum(int(open(f"/proc/self/task/{one}/schedstat").read().split()[0]) for one in tasks)

t = np.array(np.linspace(0.0, 10.0, 2000))
rows = np.ones((12, 30000))
shared = np.ones((300, 300))
line = mu.dipolar_component(
    "on_a_line", [("F", (0, 0, 1.2)), ("H", (0, 0, -1.6))], longitudinal=True
)
chain = mu.dipolar_component(
    "chain", [("H", (0, 0, z)) for z in (3.0, -3.0, 5.0, -5.0)], longitudinal=True
)
short = t[::100].copy()
import scipy.special  # before the count: it starts threads

def work():
    for key, values in (("gaussian_kt_lf", [0.3, 10.0, 1.0]), ("voigtian_kt", [0.3, 0.2, 1.0])):
        made = components()["dynamic_" + key]
        made.value_and_gradient(t, values)
    line.value_and_gradient(t, [1.0, 20.0])
    chain.value_and_gradient(short, [1.0, 20.0])
    gram(rows), onto(rows, rows[0]), scalar(rows[0], rows[0])

def spent(function):
    time.sleep(0.3)
    before = others()
    function()
    time.sleep(0.3)
    return others() - before


print(spent(work), spent(lambda: shared @ shared))
"""


@pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.4.0", reason="older OpenBLAS may share out more"
)
@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="Linux alone counts this")
def test_no_other_thread_works() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    environment["OPENBLAS_NUM_THREADS"] = "2"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    ours, shared = map(int, done.stdout.split())
    if shared == 0:
        pytest.skip("this BLAS takes one thread for every product")
    assert ours == 0
