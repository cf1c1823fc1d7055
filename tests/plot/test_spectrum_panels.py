"""Pictures of spectra: what is drawn is what the spectrum holds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from asymmetries import thrown

from musrcu import Asymmetry, fourier, periodogram, plot
from musrcu.errors import MusrcuError
from musrcu.plot.style import figure_of


@pytest.fixture(scope="module")
def data() -> Asymmetry:
    return thrown(lambda t: 0.1 * np.cos(2 * np.pi * 3 * t) + 0.05, 1e6, 3, n_bins=400, width=0.02)


@pytest.mark.parametrize("view", ["amplitude", "power", "real"])
@pytest.mark.parametrize("unit", ["MHz", "G", "T"])
def test_a_spectrum(data: Asymmetry, view: str, unit: str) -> None:
    found = fourier(data, phase="auto")
    axes = plot.spectrum(found, view=view, unit=unit)
    threshold, curve = axes.lines
    low, high = axes.get_xlim()
    shown = (found.axis(unit) >= low) & (found.axis(unit) <= high)
    points = np.asarray(curve.get_xydata())
    np.testing.assert_allclose(points[:, 0], found.axis(unit)[shown])
    np.testing.assert_allclose(points[:, 1], getattr(found, view)[shown])
    assert 3 < high / found.axis(unit)[1] * found.nu[1] < 10
    bottom, top = axes.get_ylim()
    assert bottom <= points[:, 1].min() < points[:, 1].max() < top
    noise = np.asarray(threshold.get_ydata())[-1]
    assert noise == pytest.approx(found.threshold ** (2 if view == "power" else 1), rel=0.02)
    texts = [text.get_text() for text in axes.texts if text.get_text()]
    assert len(texts) == 2
    assert float(texts[0].split("(")[0]) == pytest.approx(axes_value(found, unit), rel=0.01)
    assert texts[1] == "1 %"
    assert axes.get_xlabel() == ("Frequency (MHz)" if unit == "MHz" else f"Field ({unit})")


def axes_value(found: object, unit: str) -> float:
    scale = {"MHz": 1.0, "G": 1 / 0.01355388, "T": 1 / 135.5388}[unit]
    return float(found.peaks[0].nu * scale)  # type: ignore[attr-defined]


def test_several_below_each_other_with_a_common_axis(data: Asymmetry) -> None:
    axes = plot.spectrum(
        [fourier(data), periodogram(data)], view="power", log=True, nu_range=(0, 6)
    )
    first, second = figure_of(axes).axes
    assert axes is first
    assert first.get_yscale() == second.get_yscale() == "log"
    assert first.get_xlim() == second.get_xlim() == (0, 6)
    assert second.get_title("right") == "periodogram"
    assert "chi" in second.get_ylabel()


def test_into_axes_of_ones_own(data: Asymmetry) -> None:
    own = plot.spectrum(fourier(data))
    own.clear()
    assert plot.spectrum(fourier(data), ax=own) is own
    with pytest.raises(MusrcuError, match="axes of yours one"):
        plot.spectrum([fourier(data)] * 2, ax=own)


def test_names_of_near_peaks_stand_side_by_side() -> None:
    close = thrown(
        lambda t: 0.1 * np.cos(2 * np.pi * 3 * t) + 0.1 * np.cos(2 * np.pi * 3.2 * t), 2e7, 3,
        n_bins=400, width=0.02,
    )  # fmt: skip
    found = fourier(close)
    assert len(found.peaks) == 2
    axes = plot.spectrum(found, nu_range=(0, 20))
    places = [text.xy[0] for text in axes.texts if "(" in text.get_text()]
    assert np.diff(sorted(places))[0] == pytest.approx(0.04 * 20, rel=1e-6)


@pytest.mark.parametrize("panels", [1, 4])
@pytest.mark.parametrize("log", [False, True])
def test_no_name_touches_another_or_the_frame(panels: int, log: bool) -> None:
    close = thrown(
        lambda t: 0.1 * np.cos(2 * np.pi * 0.2 * t) + 0.12 * np.cos(2 * np.pi * 0.6 * t)
        + 0.11 * np.cos(2 * np.pi * 3.2 * t) + 0.05 * np.cos(2 * np.pi * 3.5 * t), 2e7, 3,
        n_bins=400, width=0.02,
    )  # fmt: skip
    found = [fourier(close, detrend="constant", nu_range=(0.1, 10))] * panels
    assert len(found[0].peaks) == 4
    figure = figure_of(plot.spectrum(found, view="power", unit="G", nu_range=(0, 20), log=log))
    figure.draw_without_rendering()
    for panel in figure.axes:
        frame = panel.get_window_extent()
        boxes = [text.get_window_extent() for text in panel.texts if "(" in text.get_text()]
        assert len(boxes) == 4
        for k, box in enumerate(boxes):
            assert frame.x0 < box.x0 < box.x1 < frame.x1
            assert frame.y0 < box.y0 < box.y1 < frame.y1
            assert not any(box.overlaps(other) for other in boxes[k + 1 :])
        (level,) = (text for text in panel.texts if "%" in text.get_text())
        assert level.get_window_extent().x0 > frame.x1
        assert frame.y0 < level.get_window_extent().y1 < frame.y1


def test_the_axis_ends_behind_the_muons_not_the_accelerator(data: Asymmetry) -> None:
    found = fourier(data)
    (peak,) = found.peaks
    other = dataclasses.replace(peak, nu=24.0, amplitude=0.5 * peak.amplitude, origin="accelerator")
    both = plot.spectrum(dataclasses.replace(found, peaks=(peak, other)))
    assert both.get_xlim() == plot.spectrum(found).get_xlim()


def test_what_cannot_be_drawn(data: Asymmetry) -> None:
    found = fourier(data)
    for options, text in (
        ({"view": "imaginary"}, "view = 'imaginary'"),
        ({"view": "real", "log": True}, "no logarithmic axis"),
        ({"nu_range": (90.0, 95.0)}, "no spectrum between 90 and 95"),
        ({"unit": "Oe"}, "unit = 'Oe'"),
    ):
        with pytest.raises(MusrcuError, match=text):
            plot.spectrum(found, **options)  # type: ignore[arg-type]
    with pytest.raises(MusrcuError, match="0 spectra"):
        plot.spectrum([])
