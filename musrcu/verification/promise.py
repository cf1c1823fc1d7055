"""What the certificate of a component promises, in words."""

from __future__ import annotations

from musrcu.models.parameter import LONGEST
from musrcu.models.registry import Component

SLOPE = 1e-6
"""Largest error of a derivative, as a share of the largest one over the times."""
LEAST_SLOPE = 1e-6
"""Derivatives are not measured against scales smaller than this: no fit would see them."""
COLDEST, WARMEST = 1e-3, 1e3
"""Temperatures of a law that has no temperature of its own, K."""
STRONGEST = 1e5
"""Largest field of a law of field, G."""
TURNING = ("MHz", "G", "deg")
"""Units of parameters that make a phase, whose rounding limits what can be promised."""


def domain(component: Component) -> str:
    """The domain in words: ``t 0 to 40 us, delta 0 to 200 1/us``."""
    variable = {
        "t": f"t 0 to {LONGEST:g} us",
        "T": f"T 0 to {WARMEST:g} K",
        "B": f"B 0 to {STRONGEST:g} G",
    }
    words = [variable[component.variable]]
    for p in component.parameters:
        low, high = p.certified
        words.append(f"{p.name} {low:g} to {high:g} {p.unit}".rstrip())
    return ", ".join(words)


def promise(component: Component) -> str:
    """The largest errors in words; empty for a component without a certificate."""
    certificate = component.certificate
    if certificate is None:
        return ""
    text = f"error at most {power(certificate.accuracy)}"
    if component.variable != "t":
        text += ", of values above 1 this share"
    elif certificate.phase is not None or any(p.unit in TURNING for p in component.parameters):
        text += " + 8 eps x largest phase"
    if component.parameters:
        scale = "largest" if component.variable == "t" else "size"
        text += f"; derivatives {power(SLOPE)} of their {scale}"
    return text


def power(number: float) -> str:
    """``1e-9``, with as few digits as it needs."""
    return f"{number:.0e}".replace("e-0", "e-")
