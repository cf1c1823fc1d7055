"""The manifest beside simulated runs: what they were drawn from."""

from __future__ import annotations

from typing import Any

import numpy as np

from musrcu import toml
from musrcu.simulation.detectors import Spectrometer
from musrcu.simulation.pulsed import PulsedSpectrometer
from musrcu.simulation.truth import Truth

MARK = "SIMULATED"
"""What every simulated run calls its sample, and begins its title with."""


def manifest(truth: Truth, blocks: list[dict[str, Any]]) -> str:
    """The manifest: truth of the spectrometer and the order parameter, then one block a run."""
    top: dict[str, Any] = {"seed": truth.seed}
    if isinstance(truth.spectrometer, PulsedSpectrometer):
        top |= _banks(truth.spectrometer)
    else:
        top |= {**_pair(truth.spectrometer), "average_bins": truth.spectrometer.average_bins}
    tables: dict[str, dict[str, Any]] = {"simulation": top}
    if truth.order is not None:
        order = truth.order
        tables["order"] = {
            "nu0": order.nu0,
            "T_N": order.T_N,
            "beta": order.beta,
            "alpha": order.alpha,
        }
    comment = (
        f"# {MARK}: what the runs beside this file were drawn from; no muon was measured.\n"
        "# K, G, MHz, 1/us, degrees; alpha: efficiency of forward / backward; "
        "counts: by detector.\n\n"
    )
    return comment + toml.dumps(tables) + "".join(map(_block, blocks))


def _pair(spectrometer: Spectrometer) -> dict[str, Any]:
    pair = {d.direction % 360: d for d in spectrometer.detectors if d.direction % 180 == 0}
    if set(pair) != {0.0, 180.0}:
        return {}
    return {
        "forward": pair[0.0].label,
        "backward": pair[180.0].label,
        "alpha": pair[0.0].efficiency / pair[180.0].efficiency,
    }


def _banks(spectrometer: PulsedSpectrometer) -> dict[str, Any]:
    """Detectors of each bank from 1, their balance, and the dead times."""
    along, _ = spectrometer.cosines()
    share = spectrometer.shares()
    forward = along > 0
    return {
        "forward": [int(d) for d in np.flatnonzero(forward) + 1],
        "backward": [int(d) for d in np.flatnonzero(~forward) + 1],
        "alpha": float(share[forward].sum() / share[~forward].sum()),
        "dead_times": [float(tau) for tau in spectrometer.dead_times()],
    }


def _block(one: dict[str, Any]) -> str:
    entries = one.items()
    lines = [
        f"{key} = {toml.dump_value(_rounded(value))}" for key, value in entries if value is not None
    ]
    return "\n".join(["", "[[runs]]", *lines]) + "\n"


def _rounded(value: Any) -> Any:
    """Numbers to twelve digits: the last ones differ between machines."""
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value
