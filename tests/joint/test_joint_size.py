"""Time and memory of a joint fit grow with the runs, and its blocks are those of each run."""

from __future__ import annotations

import tracemalloc

import numpy as np
from joint_data import PAPER, SHARED, thrown_run, truth

import musrcu as mu
from musrcu.containers.asymmetry import Asymmetry


def many(n: int) -> tuple[list[Asymmetry], dict[str, object]]:
    temperatures = np.linspace(0.02, 0.095, n)
    data = [
        thrown_run(truth(float(T)), k, k, temperature=float(T), n_bins=300, width=0.03)
        for k, T in enumerate(temperatures)
    ]
    first = truth(0.02)
    start: dict[str, object] = {name: first[name] for name in SHARED}
    for name in ("lambda1", "lambda2", "nu2"):
        start[name] = [truth(float(T))[name] for T in temperatures]
    return data, start


def peak(n: int) -> float:
    data, start = many(n)
    tracemalloc.start()
    found = mu.joint_fit(data, PAPER, shared=SHARED, start=start)  # type: ignore[arg-type]
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.valid, found.reason
    assert found.n_free == 4 + 3 * n
    return float(size)


def test_memory_is_linear_in_the_runs() -> None:
    peak(4)
    sizes = [peak(n) for n in (15, 30, 60)]
    assert sizes[1] < 2.3 * sizes[0]
    assert sizes[2] < 2.3 * sizes[1]


def test_the_dense_matrix_has_the_blocks_of_its_runs() -> None:
    data, start = many(5)
    found = mu.joint_fit(data, PAPER, shared=SHARED, start=start)  # type: ignore[arg-type]
    names, covariance = found.covariance()
    assert names[4:7] == ("lambda1[run 0]", "lambda2[run 0]", "nu2[run 0]")
    assert np.linalg.eigvalsh(covariance)[0] > 0
    for k, run in enumerate(found.runs):
        assert run.covariance is not None
        places = [run.names.index(name) for name in (*SHARED, "lambda1", "lambda2", "nu2")]
        block = np.r_[0:4, 4 + 3 * k : 7 + 3 * k]
        expected = run.covariance[np.ix_(places, places)]
        assert np.allclose(covariance[np.ix_(block, block)], expected, rtol=1e-9, atol=0)
    # local parameters of two runs are correlated through what they share
    assert np.abs(covariance[4:7, 7:10]).max() > 0
