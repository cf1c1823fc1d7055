"""Which lines are those of an accelerator: folding by hand."""

from __future__ import annotations

import dataclasses

import pytest
from asymmetries import RUN

from musrcu.containers.accelerator import accelerator_line


@pytest.mark.parametrize(
    ("facility", "nu", "bin_ns", "text"),
    [
        ("PSI", 50.63, 0.625, "the accelerator's 50.63 MHz"),
        ("PSI", 49.37, 10.0, "the accelerator's 50.63 MHz, folded"),  # 100 - 50.63
        ("PSI", 101.27, 1.25, "2 times the accelerator's 50.63 MHz"),
        ("PSI", 0.63, 20.0, ""),  # 1 - 50.63 / 50 turns in a bin: averaged away
        ("TRIUMF", 23.06, 1.25, "the accelerator's 23.06 MHz"),
        ("PSI", 23.06, 1.25, ""),
        ("PSI", 50.3, 0.625, ""),
        ("ISIS", 50.63, 0.625, ""),
        (None, 50.63, 0.625, ""),
    ],
)
def test_lines(facility: str | None, nu: float, bin_ns: float, text: str) -> None:
    run = dataclasses.replace(RUN, facility=facility, field=100.0)
    assert accelerator_line(run, nu, 1e-3 * bin_ns, 0.05) == text


def test_the_line_of_the_field_is_a_muon() -> None:
    run = dataclasses.replace(RUN, facility="PSI", field=3735.0)  # 50.62 MHz
    assert accelerator_line(run, 50.63, 0.000625, 0.05) == ""
