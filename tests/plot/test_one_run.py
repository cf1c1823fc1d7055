from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from made_runs import ABOVE, ABOVE_TN, BELOW_TN, ORDERED, made_asymmetry, made_fit, made_run

import musrcu as mu
from musrcu.containers.temperature import Temperature
from musrcu.fitting.fitted import Fitted


def texts(axes: Any) -> str:
    from matplotlib.text import Text

    return "\n".join(found.get_text() for found in axes.findobj(Text))


def test_data_fit_and_residuals() -> None:
    data, result = made_asymmetry(), made_fit()
    axes = mu.plot.asymmetry(data, result)
    top, below = axes.figure.axes
    assert top is axes
    assert (below.get_xlabel(), axes.get_ylabel()) == ("Time (µs)", "Asymmetry")
    assert below.get_ylabel() == "Resid. (σ)"
    points, curve = axes.lines
    assert 50 < points.get_xdata().size <= 250
    assert curve.get_xdata().size >= 1500
    t = curve.get_xdata()
    assert curve.get_ydata() == pytest.approx(mu.Model(ORDERED).value(t, result.values))
    residuals = below.lines[-1].get_ydata()
    assert residuals.size == points.get_xdata().size
    assert np.abs(residuals).max() < below.get_ylim()[1]


def test_the_run_and_its_parameters_are_written() -> None:
    axes = mu.plot.asymmetry(made_asymmetry(), made_fit())
    said = texts(axes)
    assert "LTF 7, 0.0200(2) K, ZF" in said
    assert r"$\nu_{2}$ = 1.59(2) MHz" in said
    assert r"$\lambda_{1}$ = 0.900(9) µs⁻¹" in said
    assert r"$A_\mathrm{bg}$ = 0.110(1)" in said
    assert "χ²/ndof = 3990.5/3993" in said
    bins = 4000 // axes.lines[0].get_xdata().size
    assert f"packing {2 * bins} (display)" in said  # the asymmetry has 2 raw bins in a bin
    assert "not valid" not in said


def test_per_cent_is_only_shown() -> None:
    data = made_asymmetry()
    plain, percent = (mu.plot.asymmetry(data, made_fit(), percent=p) for p in (False, True))
    assert percent.get_ylabel() == "Asymmetry (%)"
    for one, other in zip(plain.lines, percent.lines, strict=True):
        assert other.get_ydata() == pytest.approx(100 * one.get_ydata())
    assert r"$A_\mathrm{bg}$ = 11.0(1) %" in texts(percent)
    assert r"$\nu_{2}$ = 1.59(2) MHz" in texts(percent)


def test_text_hides_no_point() -> None:
    rising = {**ABOVE_TN, "A1": -0.1, "A_bg": 0.3}
    axes = mu.plot.asymmetry(made_asymmetry(ABOVE, rising), made_fit(ABOVE, rising))
    axes.figure.draw_without_rendering()
    box = next(artist for artist in axes.artists).get_window_extent()
    lines = [axes.transData.transform(line.get_xydata()) for line in axes.lines]
    drawn = np.concatenate(lines)
    inside = (drawn[:, 0] > box.x0) & (drawn[:, 0] < box.x1) & (drawn[:, 1] > box.y0)
    assert not inside.any()


def behind_text(axes: Any) -> int:
    """Points of the spectrum that lie behind the text."""
    axes.figure.draw_without_rendering()
    (box,) = axes.artists
    frame = box.get_window_extent()
    return sum(
        frame.contains(*place) for place in axes.transData.transform(axes.lines[0].get_xydata())
    )


@pytest.mark.parametrize("offset", [-0.15, 0.0, 0.2])
@pytest.mark.parametrize("decay", [-0.2, 0.2])
def test_noise_stays_inside_and_text_hides_none_of_it(offset: float, decay: float) -> None:
    values = {**ABOVE_TN, "A1": decay, "A_bg": offset}
    data = made_asymmetry(ABOVE, values, n=7000, events=3e4)  # late points of error 0.3 and more
    axes = mu.plot.asymmetry(data, made_fit(ABOVE, values, t_range=(0.01, 14.0)))
    assert behind_text(axes) == 0
    low, high = axes.get_ylim()
    shown = axes.lines[0].get_ydata()
    assert low < shown.min()
    assert shown.max() < high
    assert "fitted" not in texts(axes)


def test_a_range_that_is_not_shown_in_full_is_named() -> None:
    fast = {**BELOW_TN, "nu2": 50.0}
    axes = mu.plot.asymmetry(made_asymmetry(), made_fit(ORDERED, fast))
    assert axes.get_xlim()[1] < 1
    assert "fitted 0.01–8 µs" in texts(axes)
    whole = mu.plot.asymmetry(made_asymmetry(), made_fit(ORDERED, fast), packing=1)
    assert whole.get_xlim()[1] == 8.0
    assert whole.lines[0].get_xdata().size > 3990
    assert whole.get_title("right") == "packing 2"  # of the asymmetry
    assert "fitted" not in texts(whole)
    part = mu.plot.asymmetry(made_asymmetry(), made_fit(), t_range=(0.0, 2.0))
    assert "fitted 0.01–8 µs" in texts(part)


def test_without_a_fit() -> None:
    axes = mu.plot.asymmetry(made_asymmetry(run=made_run(None, None, instrument=None, field=98.0)))
    assert axes.figure.axes == [axes]
    assert len(axes.lines) == 1
    assert axes.get_xlabel() == "Time (µs)"
    assert axes.get_title("left") == "run, 98 G"


def test_in_axes_of_yours() -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3))
    left, right = figure.subplots(1, 2)
    assert mu.plot.asymmetry(made_asymmetry(), made_fit(), ax=right) is right
    assert figure.axes == [left, right]
    assert not left.lines
    assert len(right.lines) == 2


def test_a_fit_that_is_not_valid_says_so() -> None:
    spare = made_fit(
        "exponential1 + damped_cosine2", {k: v for k, v in BELOW_TN.items() if k != "A_bg"}
    )
    data = made_asymmetry()
    bad = made_fit(valid=False, reason="spare term", alternative=spare)
    assert "fit without the spare term" in texts(mu.plot.asymmetry(data, bad))
    assert "fit not valid" in texts(mu.plot.asymmetry(data, made_fit(valid=False, reason="x")))


def test_a_fit_without_numbers_draws_the_data() -> None:
    nothing = {name: Fitted(name, None, None) for name in mu.Model(ORDERED).names}
    failed = made_fit(parameters=nothing, covariance=None, chi2=None, valid=False, reason="failed")
    axes = mu.plot.asymmetry(made_asymmetry(), failed)
    assert axes.figure.axes == [axes]
    assert len(axes.lines) == 1
    assert "unknown" in texts(axes)


def test_a_real_run(real: Any, tmp_path: Any) -> None:
    run = mu.read(real / "psi-bin" / "deltat_pta_gps_4255.bin")
    data = mu.reduce(run, mu.Reduction(forward="2", backward="1", alpha=1 / 0.82, packing=30))
    axes = mu.plot.asymmetry(data, mu.fit(data, ORDERED, t_range=(0.01, 8.0)))
    assert axes.get_title("left") == "GPS 4255, 29.64 K, ZF"
    assert axes.get_xlim()[1] == pytest.approx(8.0, abs=0.05)
    assert mu.plot.save(axes, tmp_path / "gps.png").stat().st_size > 10_000


def of_period(number: int, labels: tuple[str, str]) -> Any:
    from musrcu.containers.history import History, Step

    one = made_run(3, None, instrument="HIFI", field=2000.0)
    run = one.replace(
        counts=np.zeros((2, 2, 4)),
        period_labels=labels,
        temperature=Temperature(nominal=300.0),
    )
    label = {"label": labels[number - 1]} if labels[number - 1] else {}
    step = Step("select_periods", "", {"period": number, **label})
    return made_asymmetry(run=run).replace(history=History((step,)))


def test_period_and_set_point_are_named() -> None:
    for number, label in ((1, "Laser on"), (2, "Laser off")):
        title = mu.plot.asymmetry(of_period(number, ("Laser on", "Laser off"))).get_title("left")
        assert title.replace("\n", " ") == (
            f"HIFI 3, period {number} ({label}), 300 K (set point), 2000 G"
        )
    plain = mu.plot.asymmetry(of_period(2, ("", ""))).get_title("left")
    assert "period 2, 300 K" in plain.replace("\n", " ")
    assert "period" not in mu.plot.asymmetry(made_asymmetry()).get_title("left")
    assert "HIFI 3" in mu.plot.scan([of_period(2, ("a", "b"))]).get_title("left")
    assert "period 2 (b)" in mu.plot.scan([of_period(2, ("a", "b"))]).get_title("left")


def test_a_long_title_does_not_run_into_its_note() -> None:
    from matplotlib.text import Text

    axes = mu.plot.asymmetry(of_period(1, ("Laser on, field up", "off")))
    axes.figure.draw_without_rendering()
    left, note = (
        next(t for t in axes.findobj(Text) if t.get_text() == axes.get_title(loc))
        for loc in ("left", "right")
    )
    last = left.get_window_extent()
    assert note.get_fontsize() > 5
    assert "\n" in left.get_text() or last.x1 < note.get_window_extent().x0
    assert last.x1 < axes.get_window_extent().x1 + 5
