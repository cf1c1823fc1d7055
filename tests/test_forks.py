"""Work shared out among copies of a process: the same as done by one, whatever happens to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

from musrcu.errors import MusrcuError
from musrcu.forks import BATCH, Forks, can_fork, processors

pytestmark = pytest.mark.skipif(not can_fork(), reason="this system does not fork")


def slow_square(k: int) -> tuple[int, int]:
    time.sleep(0.01)
    return k * k, os.getpid()


@pytest.mark.parametrize("jobs", [1, 2, 3, 7])
def test_results_come_in_order(jobs: int) -> None:
    found = list(Forks(jobs).map(slow_square, range(50)))
    assert [square for square, _ in found] == [k * k for k in range(50)]
    workers = {who for _, who in found}
    assert len(workers) <= jobs
    assert len(workers) > 1 or (jobs == 1 and workers == {os.getpid()})


def test_more_than_a_batch_and_nothing_at_all() -> None:
    items = range(3 * BATCH + 5)
    assert list(Forks(2).map(abs, items)) == list(items)
    assert list(Forks(2).map(abs, [])) == []
    assert list(Forks(5).map(abs, [-1])) == [1]


def test_large_results_come_through() -> None:
    found = list(Forks(2).map(lambda k: np.full(300_000, k), range(8)))
    assert [array[0] for array in found] == list(range(8))
    assert all(array.size == 300_000 for array in found)


def test_a_copy_that_dies_costs_no_result() -> None:
    here = os.getpid()

    def deadly(k: int) -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.005)
        return k

    assert list(Forks(3).map(deadly, range(10))) == list(range(10))


def test_warnings_come_once_and_in_order() -> None:
    def doubtful(k: int) -> int:
        time.sleep(0.002)
        warnings.warn(f"doubt {k}", UserWarning, stacklevel=1)
        return k

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)  # from 3.12 on, fork has doubts of its own
        assert list(Forks(2).map(doubtful, range(12))) == list(range(12))
    assert [str(one.message) for one in caught] == [f"doubt {k}" for k in range(12)]


def test_errors_are_those_of_the_work(capfd: pytest.CaptureFixture[str]) -> None:
    def wrong(k: int) -> int:
        raise MusrcuError(f"item {k}")

    with pytest.raises(MusrcuError, match="item"):
        list(Forks(2).map(wrong, range(6)))


def test_numbers_are_the_same_to_the_last_digit() -> None:
    def sums(seed: int) -> float:
        matrix = np.random.default_rng(seed).standard_normal((60, 60))
        return float(np.linalg.solve(matrix, matrix[0] ** 2).sum())

    alone = list(map(sums, range(30)))
    assert list(Forks(2).map(sums, range(30))) == alone


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_interrupt_leaves_no_copy_behind() -> None:
    code = (
        "import os, signal, time\n"
        "from musrcu.forks import Forks\n"
        # as at a terminal, whatever ran the tests: nohup and "&" ignore it
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def work(k):\n"
        "    os.write(1, b'%d\\n' % os.getpid())\n"
        "    time.sleep(30)\n"
        "list(Forks(2).map(work, range(4)))\n"
    )
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        numbers = {int(running.stdout.readline()) for _ in range(2)}
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=10) != 0
    end = time.monotonic() + 10
    while any(map(is_there, numbers)) and time.monotonic() < end:
        time.sleep(0.01)
    assert not any(map(is_there, numbers))


def test_there_is_a_processor() -> None:
    assert 1 <= processors() <= (os.cpu_count() or 1)
