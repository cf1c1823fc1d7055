"""Temperatures of a scan that cannot all be in kelvin, and what is known of T_N without a law."""

from __future__ import annotations

import numpy as np

from musrcu.ordering.left_out import joined
from musrcu.ordering.minimum import bound_above
from musrcu.ordering.points import OrderPoints

GAP = 400.0
"""Neighbours in a scan never differ by this factor; millikelvin taken as kelvin by about 1000."""
OUT_OF_ORDER = 100.0
"""An ordered run is never hotter by this factor than one without order."""


def two_scales(points: OrderPoints) -> str:
    """Why the temperatures cannot all be in one unit; empty where they can.

    A window of temperatures that was asked for is taken as the word of somebody who looked.
    """
    if points.window is not None or not len(points):
        return ""
    order = np.argsort(points.temperature, kind="stable")
    T = points.temperature[order]
    ratio = T[1:] / np.maximum(T[:-1], 1e-12) * (T[:-1] > 0)
    if len(ratio) and ratio.max() > GAP:
        cut = int(ratio.argmax()) + 1
        cold, hot = (
            f"{_span(T[part])} ({joined([points.labels[k] for k in sorted(order[part])])})"
            for part in (slice(cut), slice(cut, None))
        )
        return (
            f"ordered runs lie at {cold} and at {hot} with nothing between: mK taken for K? "
            "Correct the temperatures, or give a temperature range in K that holds the right ones"
        )
    bound = points.upper_bound
    if bound and T[-1] > OUT_OF_ORDER * bound:
        return (
            f"ordered runs lie at {_span(T)}, but the run at {bound:.5g} K is not ordered: mK "
            "taken for K? Correct the temperatures, or give a temperature range in K that holds "
            "the right ones"
        )
    return ""


def scale_notes(points: OrderPoints) -> list[str]:
    """What is odd in the temperatures, though a law can be fitted to them."""
    notes = list(points.doubts)
    bound, hottest = points.upper_bound, float(points.temperature.max())
    if bound is None:
        notes.append("all runs are ordered: T_N rests on the shape of the law alone, without bound")
    elif 0 < GAP * hottest < bound:
        notes.append(
            f"no run lies between {hottest:.5g} K and {bound:.5g} K, the lowest without order, "
            "which hardly bounds T_N; mK taken for K?"
        )
    return notes


def bracket_text(points: OrderPoints) -> str:
    """What the runs say of T_N without a law."""
    bound, above = points.upper_bound, bound_above(points)
    hottest = float(points.temperature.max()) if len(points) else None
    if hottest is not None and bound is not None and hottest >= bound:
        return (
            f"T_N is not bracketed: there is an ordered run at {hottest:.5g} K and one without "
            f"order at {bound:.5g} K"
        )
    known = [] if hottest is None else [f"above {hottest:.5g} K (highest ordered run)"]
    if above is not None:
        known.append(f"not above {above:.5g} K (run without order at {bound:.5g} K)")
    return f"without a fit: T_N {', '.join(known)}" if known else "nothing is known of T_N"


def _span(temperatures: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    low, high = temperatures.min(), temperatures.max()
    return f"{low:.5g} K" if low == high else f"{low:.5g} to {high:.5g} K"
