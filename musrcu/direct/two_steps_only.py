"""What the fit in two steps can be told and the fit of all spectra cannot."""

from __future__ import annotations

TWO_STEPS_ONLY = {
    "unit": "the law is fitted in the unit of the model",
    "temperature_range": "every run is in the likelihood; name those that shall be",
    "above": "spectra without a line are in the likelihood as they are",
    "nu_det": "spectra without a line are in the likelihood as they are",
}
"""Options of the order parameter, and why the one-step fit does not have them."""
