from __future__ import annotations

from pathlib import Path

import numpy as np
from made_runs import made_scan

from musrcu.ordering.left_out import grouped, joined
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.table import read_order_table


def test_equal_reasons_are_said_once() -> None:
    same = tuple(f"LTF {number}: its fit has no nu1" for number in range(1, 16))
    assert grouped(same) == "its fit has no nu1: LTF 1-15"
    mixed = ("LTF 3: undecided", *same[:2], "LTF 5: its fit has no nu1", "run 9")
    assert grouped(mixed) == "LTF 3: undecided; its fit has no nu1: LTF 1-2, LTF 5; run 9"


def test_names_in_a_row() -> None:
    assert joined(["1", "2", "3", "7"]) == "1-3, 7"
    assert joined(["a", "b", "LTF 2", "GPS 3"]) == "a, b, LTF 2, GPS 3"
    assert joined(["run 009", "run 010"]) == "run 009, run 010"


def test_every_run_of_a_scan_is_known() -> None:
    points = made_scan().points()
    assert points.not_ordered == (0.11, 0.13)
    ((temperature, nu),) = points.left_out_at
    assert temperature == 0.104
    assert nu > 0
    again = OrderPoints.from_dict(points.to_dict())
    assert (again.not_ordered, again.left_out_at) == (points.not_ordered, points.left_out_at)
    later = ("not_ordered", "left_out_at", "not_ordered_error", "detectable")
    old = {k: v for k, v in points.to_dict().items() if k not in later}
    assert OrderPoints.from_dict(old).not_ordered == (0.11,)  # as saved before: the bound alone


def test_every_line_of_a_table_is_known(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "T,nu,nu_error,verdict\n1,2,0.1,ordered\n5,,,not ordered\n20,,,not ordered\n"
        "30,1.5,0.1,undecided\n40,,,failed\n,,,failed\n"
    )
    points = read_order_table(path)
    assert points.upper_bound == 5.0
    assert points.not_ordered == (5.0, 20.0)
    assert np.array_equal(points.left_out_at, [(30.0, 1.5), (40.0, 0.0)])
    assert len(points.left_out) == 3
