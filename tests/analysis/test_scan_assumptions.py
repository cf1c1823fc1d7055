"""What was assumed in a scan is said once, with ranges where runs differ."""

from __future__ import annotations

from musrcu.analysis.scan_assumptions import assumptions_of


def test_shared_options_once_and_ranges_where_runs_differ() -> None:
    runs = [
        {
            "correct_dead_time": {"note": "not applied: none known"},
            "rebin": {"packing": packing, "t_max": t_max, "windows": [-0.2, packing]},
        }
        for packing, t_max in ((1, 9.7), (3, 8.25))
    ]
    assert assumptions_of(runs) == [
        "correct_dead_time: not applied: none known",
        "rebin: packing = 1 to 3, t_max = 8.25 to 9.7, windows = [-0.2, 1 to 3]",
    ]


def test_different_words_are_said_to_differ() -> None:
    runs = [{"group": {"forward": name, "note": name}} for name in ("2 Back", "1 Forw")]
    assert assumptions_of(runs) == ["group: forward = different in each run: 2 Back; 1 Forw"]


def test_what_all_detectors_share_is_said_once() -> None:
    runs = [{"group": {"t0": [9.5] * 96}}] * 2
    assert assumptions_of(runs) == ["group: t0 = 9.5 for all 96"]


def test_many_detectors_that_differ_are_a_range() -> None:
    runs = [{"group": {"t0": [9.5 + run] * 96}} for run in (0, 4)]
    assert assumptions_of(runs) == ["group: t0 = 9.5 to 13.5"]


def test_no_runs_no_lines() -> None:
    assert assumptions_of([]) == []
