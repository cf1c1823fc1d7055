"""The figure of a scan: nu(T) with its law, and a spectrum from below and one from above T_N."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from musrcu.errors import MusrcuError

if TYPE_CHECKING:
    from musrcu.analysis.scan_result import Scan
    from musrcu.direct.result import DirectOrder
    from musrcu.reduction.recipe import Reduction


def draw(
    scan: Scan, recipe: Reduction, path: Path, *, overwrite: bool, where: str = "",
    law: DirectOrder | None = None,
) -> str:  # fmt: skip
    """Write the figure; the line that names it, or says why there is none.

    ``where`` is the file that the scan was loaded from, if it was; ``law`` the fit of all spectra,
    if it was made.
    """
    from musrcu import plot

    if all(one.verdict == "failed" for one in scan.runs):
        return "no figure: no run was fitted"
    spectra = insets(scan, recipe, where)
    try:
        axes = plot.order(law or scan.order, scan, insets=spectra)
    except MusrcuError as error:
        return f"no figure: {error}"
    plot.save(axes, path, overwrite=overwrite)
    left_out = [one.run.name for one, _ in spectra[len(axes.child_axes) :]]
    said = f" (no room in it for the spectrum of {' and '.join(left_out)})" if left_out else ""
    return f"figure: {path}{said}"


def insets(scan: Scan, recipe: Reduction, where: str = "") -> list[tuple[Any, Any]]:
    """(asymmetry, fit) of the coldest ordered run and the warmest without order.

    A spectrum whose file is gone is left out.
    """
    from musrcu.cli.saved import reduced

    known = [one for one in scan.runs if one.temperature is not None and one.result is not None]
    chosen = [one for one in known if one.verdict == "ordered"][:1]
    chosen += [one for one in known if one.verdict == "not ordered"][-1:]
    found = []
    for one in chosen:
        try:
            found.append((reduced(one.path, recipe, where, one.result), one.result))
        except MusrcuError:  # the figure is worth having without it
            continue
    return found
