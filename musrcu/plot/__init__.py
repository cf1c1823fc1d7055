"""Pictures, ready for a paper: the only importer of matplotlib, which is loaded by the first one.

Every function returns matplotlib axes on a figure of its own (``axes.figure``), made without
pyplot: nothing is shown, no window opens, the user's rcParams are neither changed nor needed.
:func:`save` writes the figure. With ``ax=`` a picture is drawn into axes of yours.
"""

from __future__ import annotations

from musrcu.plot.chain_curves import chain
from musrcu.plot.component_curve import component
from musrcu.plot.critical_curve import critical_region
from musrcu.plot.influence_rows import influence
from musrcu.plot.one_run import asymmetry
from musrcu.plot.order_curve import order
from musrcu.plot.plan_curve import plan
from musrcu.plot.profile_curve import contour, profile
from musrcu.plot.saving import save
from musrcu.plot.spectrum_panels import spectrum
from musrcu.plot.stack import scan
from musrcu.plot.traces import traces

__all__ = [
    "asymmetry",
    "chain",
    "component",
    "contour",
    "critical_region",
    "influence",
    "order",
    "plan",
    "profile",
    "save",
    "scan",
    "spectrum",
    "traces",
]
