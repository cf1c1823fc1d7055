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


def test_values_that_print_alike_are_said_once() -> None:
    runs = [{"rebin": {"t_max": 9.694 + k, "late": [4.0011 + k, 9.0]}} for k in (0.0, 1e-6)]
    assert assumptions_of(runs) == ["rebin: t_max = 9.694, late = [4.001, 9]"]


def test_a_long_row_is_said_by_its_smallest_and_largest() -> None:
    runs = [{"take_calibration": {"dead_time": [0.001 * k for k in range(96)]}}] * 2
    assert assumptions_of(runs) == ["take_calibration: dead_time = 0 to 0.095 for 96"]


def test_notes_that_differ_in_measured_numbers_are_one_with_a_range() -> None:
    runs = [
        {
            "group": {
                "t0_from": f"the prompt peak, +-0.3{k} bins",
                "note": f"labels of LTF; no Gaussian: 1 Forw by 0.{33 - k}, 2 Back by 0.4; 1-48",
            }
        }
        for k in range(5)
    ]
    assert assumptions_of(runs) == [
        "group: t0_from = the prompt peak, +-0.30 to 0.34 bins: labels of LTF; "
        "no Gaussian: 1 Forw by 0.29 to 0.33, 2 Back by 0.4; 1-48"
    ]


def test_numbers_that_are_names_are_no_range() -> None:
    few, many = ([{"form": {"note": f"from EMU {k}"}} for k in range(n)] for n in (2, 20))
    assert assumptions_of(few) == ["form: from EMU 0; from EMU 1"]
    assert assumptions_of(many) == ["form: from EMU 0, and alike in 19 runs"]


def test_tables_of_options_are_said_by_both_names() -> None:
    runs = [{"rebin": {"packing": {"bins": bins}}} for bins in (2186, 2190)]
    assert assumptions_of(runs[:1]) == ["rebin: packing bins = 2186"]
    assert assumptions_of(runs) == ["rebin: packing bins = 2186 to 2190"]


def test_no_runs_no_lines() -> None:
    assert assumptions_of([]) == []
