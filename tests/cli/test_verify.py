"""The certificates from the command line: the table, the file, the exit code."""

from __future__ import annotations

import csv
import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command import Musrcu

from musrcu.cli.main import INTERRUPTED
from musrcu.models import registry
from musrcu.models.certificate import Certificate
from musrcu.models.parameter import Parameter
from musrcu.models.registry import Component, find_component
from musrcu.verification import series

RATE = Parameter("rate", "1/us", 0.5, "a rate", lower=0.0)
TRUE = Certificate(lambda mp, t, rate: mp.exp(-rate * t), "the exponential, 40 digits")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three components that no package has: right, wrong for fast rates, without a certificate."""

    def wrong(t: np.ndarray, rate: float) -> np.ndarray:
        return np.exp(-rate * t) + (5e-9 if rate > 1.0 else 0.0)

    right = Component(
        "right_decay", "exp(-rate t)", (RATE,), lambda t, rate: np.exp(-rate * t),
        lambda t, value, rate: (-t * value,), (), "none", certificate=TRUE,
    )  # fmt: skip
    known = {
        "right_decay": right,
        "wrong_decay": dataclasses.replace(right, key="wrong_decay", function=wrong),
        "plain_decay": dataclasses.replace(right, key="plain_decay", certificate=None),
    }
    registry.components()
    monkeypatch.setattr(registry, "_components", {**registry._components, **known})


def rows(path: Path) -> list[dict[str, str]]:
    lines = path.read_text("utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


@pytest.mark.usefixtures("made")
def test_a_kept_promise(musrcu: Musrcu, here: Path) -> None:
    done = musrcu("verify", "right_decay", "right_decay", "--sets", "30", "-o", "a.csv")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split()[:3] == ["function", "sets", "error"]
    assert lines[1].split()[:2] == ["right_decay", "30"]
    assert lines[1].endswith("yes")
    assert lines[2] == "    t 0 to 40 us, rate 0 to 200 1/us"
    assert lines[3] == "    truth: the exponential, 40 digits"
    assert lines[4].startswith("    worst value: rate = ")
    assert lines[5].startswith("    worst d/drate: rate = ")
    assert "1 of 1 function keeps the promise; 30 sets in " in done.out
    assert lines[-1] == "table: a.csv"
    (row,) = rows(here / "a.csv")
    assert (row["function"], row["sets"], row["promised"]) == ("right_decay", "30", "1e-9")
    assert (row["domain"], row["kept"]) == ("t 0 to 40 us, rate 0 to 200 1/us", "yes")
    assert 0 < float(row["worst_error"]) < 1e-15
    assert 0 < float(row["worst_derivative"]) < 1e-12
    assert row["derivative_of"] == "rate"
    assert 0 < float(row["ms_median"]) <= float(row["ms_largest"])
    head = [line for line in (here / "a.csv").read_text().splitlines() if line.startswith("# ")]
    assert [line.split(":")[0] for line in head[1:4]] == ["# version", "# date", "# seed"]


@pytest.mark.usefixtures("made")
def test_a_broken_promise_is_code_three(musrcu: Musrcu, here: Path) -> None:
    done = musrcu("verify", "right_decay", "wrong_decay", "--sets", "60", "-o", "a.csv")
    assert done.code == 3
    assert "1 of 2 functions keep the promise; 120 sets" in done.out
    assert "    BROKEN: wrong_decay at rate = " in done.out
    assert "value off by 5e-09, promised 1e-09" in " ".join(done.out.split())
    right, wrong = rows(here / "a.csv")
    assert right["kept"] == "yes"
    assert wrong["kept"].startswith("no, ")
    assert float(wrong["worst_error"]) == pytest.approx(5e-9, rel=1e-3)
    assert wrong["worst_at"].startswith("rate = ")


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(("other", "code"), [("right_decay", 0), ("wrong_decay", 3)])
def test_of_what_has_no_certificate_nothing_is_promised(
    musrcu: Musrcu, here: Path, other: str, code: int
) -> None:
    done = musrcu("verify", "plain_decay", other, "--sets", "60", "-o", "a.csv")
    assert (done.code, done.err) == (code, "")
    assert "\nno certificate, so nothing is promised of its numbers: plain_decay\n" in done.out
    assert [row["function"] for row in rows(here / "a.csv")] == [other]


@pytest.mark.usefixtures("made")
def test_refused_before_any_work(
    musrcu: Musrcu, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(item: object) -> None:
        raise AssertionError("work was done")

    monkeypatch.setattr(series, "_piece", work)
    (here / "mine.csv").write_text("mine")
    for words, text in (
        (["plain_decay"], "component plain_decay: no certificate, so there is nothing to verify"),
        (["right_decay", "rihgt_decay"], "did you mean 'right_decay'"),
        (["right_decay", "-o", "mine.csv"], "mine.csv exists and is not overwritten"),
        (["right_decay", "-o", "no/a.csv"], "there is no folder"),
    ):
        done = musrcu("verify", *words)
        assert (done.code, done.out) == (1, "")
        assert text in done.complaint
    for words in (["--sets", "0"], ["--jobs", "0"], ["--seed", "-1"], ["--sets", "5", "--full"]):
        done = musrcu("verify", "right_decay", *words)
        assert (done.code, done.out) == (2, "")
        assert words[0] in done.complaint
    assert (here / "mine.csv").read_text() == "mine"


def test_lines_fit_a_terminal_and_processes_agree(musrcu: Musrcu) -> None:
    alone = musrcu("verify", "order_parameter", "--sets", "3")
    shared = musrcu("verify", "order_parameter", "--sets", "3", "--jobs", "2")
    assert alone.code == shared.code == 0
    assert max(map(len, alone.out.splitlines())) <= 100
    for one in (alone, shared):
        assert "nan" not in one.out
    assert alone.out.splitlines()[2:6] == shared.out.splitlines()[2:6]
    assert find_component("order_parameter").certificate is not None


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interrupt_stops_every_process() -> None:
    """Ctrl-C in a terminal reaches all of them at once."""
    words = ["verify", "constant", "exponential", "gaussian", "cosine", "--sets", "500"]
    program = "import signal, sys; from musrcu.cli.main import main; "
    program += "signal.signal(signal.SIGINT, signal.default_int_handler); sys.exit(main())"
    with subprocess.Popen(
        [sys.executable, "-c", program, *words, "--jobs", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        assert running.stdout.readline().startswith("function ")
        os.killpg(running.pid, signal.SIGINT)
        _, complaint = running.communicate(timeout=30)
    assert (running.returncode, complaint) == (INTERRUPTED, "")
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)
