from __future__ import annotations

import numpy as np
import pytest
from made_runs import TEMPERATURES, made_asymmetries, made_asymmetry, made_run, made_scan

import musrcu as mu
from musrcu.containers.temperature import Temperature
from musrcu.errors import MusrcuError


def test_runs_are_stacked_by_temperature() -> None:
    data, scan = made_asymmetries(), made_scan()
    axes = mu.plot.scan(data, scan, step=0.1)
    labels = [text.get_text() for text in axes.texts]
    assert labels == [
        "0.020",
        "0.060",
        "0.090",
        "0.100",
        "0.103",
        "0.104",
        "0.110",
        "0.130",
        "$T$ (K)",
    ]
    heights = [text.get_position()[1] for text in axes.texts[:-1]]
    assert np.all(np.diff(heights) > 0.05)
    assert len(axes.lines) == 2 * len(TEMPERATURES)  # points and curve of each
    assert axes.get_title("left") == "LTF 1–8"
    assert axes.get_title("right").endswith("(display), offset 0.1, fits to 8 µs")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Time (µs)", "Asymmetry + offset")


def test_each_run_is_moved_by_its_place() -> None:
    data = made_asymmetries()
    plain = mu.plot.scan(data, step=0.0, packing=10)
    moved = mu.plot.scan(data, step=0.25, packing=10)
    for k, (one, other) in enumerate(zip(plain.lines, moved.lines, strict=True)):
        assert other.get_ydata() - one.get_ydata() == pytest.approx(0.25 * k, abs=1e-12)


def test_early_times_are_shown() -> None:
    data, scan = made_asymmetries(), made_scan()
    fastest = max(run.result["nu2"].value for run in scan.runs[:6])
    assert mu.plot.scan(data, scan).get_xlim()[1] == pytest.approx(5 / fastest)
    assert mu.plot.scan(data).get_xlim()[1] == pytest.approx(3.0)
    assert mu.plot.scan(data, t_range=(0.0, 1.0)).get_xlim()[1] == 1.0


def test_colours_differ_and_are_those_of_the_curves() -> None:
    axes = mu.plot.scan(made_asymmetries(), made_scan())
    colours = [tuple(text.get_color()) for text in axes.texts[:-1]]
    assert len(set(colours)) == len(colours)
    assert [tuple(line.get_color()) for line in axes.lines[1::2]] == colours


def test_results_in_the_order_of_the_runs() -> None:
    data, scan = made_asymmetries(), made_scan()
    fits = {run.run: run.result for run in scan.runs}
    results = [fits[one.run.number] for one in data]
    by_scan, by_list = mu.plot.scan(data, scan), mu.plot.scan(data, results)
    for one, other in zip(by_scan.lines, by_list.lines, strict=True):
        assert one.get_xydata() == pytest.approx(other.get_xydata())
    some = mu.plot.scan(data, [None, *results[1:]])
    assert len(some.lines) == len(by_scan.lines) - 1


def test_unknown_temperatures_and_kelvin() -> None:
    data = [made_asymmetry(run=made_run(k, T)) for k, T in enumerate((None, 0.02, 1.5))]
    labels = [text.get_text() for text in mu.plot.scan(data, percent=True).texts]
    assert labels == ["0.02", "1.50", "?", "$T$ (K)"]
    assert mu.plot.scan(data, percent=True).get_ylabel() == "Asymmetry + offset (%)"


def test_set_points_are_marked() -> None:
    run = made_run(1, None).replace(temperature=Temperature(nominal=5.0))
    texts = [text.get_text() for text in mu.plot.scan([made_asymmetry(run=run)]).texts]
    assert texts == ["5*", "$T$ (K)", "* set\npoint"]


def test_wrong_numbers_of_runs() -> None:
    with pytest.raises(MusrcuError, match="no runs to draw"):
        mu.plot.scan([])
    with pytest.raises(MusrcuError, match="1 results for 8 asymmetries"):
        mu.plot.scan(made_asymmetries(), [None])
