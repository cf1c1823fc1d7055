"""Components in the families in which a person looks for them: by the module they come from."""

from __future__ import annotations

import inspect
import re
import sys

from musrcu.models.registry import Component, components

TITLES = {
    "relaxation": "Relaxation",
    "power_relaxation": "Relaxation",
    "oscillation": "Precession",
    "bessel": "Precession",
    "internal_field": "Spontaneous fields in a powder",
    "kornilov": "Spontaneous fields in a powder",
    "kubo_toyabe": "Kubo-Toyabe, static, zero field",
    "kubo_toyabe_lf": "Kubo-Toyabe, static, longitudinal field",
    "dynamic_gaussian": "Kubo-Toyabe, dynamic",
    "dynamic_lorentzian": "Kubo-Toyabe, dynamic",
    "fluctuation": "Fluctuating fields",
    "dipolar": "Muon beside a few nuclei",
    "nuclei": "Muon beside a few nuclei",
    "muonium": "Muonium",
    "muonium_axial": "Muonium",
    "temperature_laws": "Laws of temperature",
    "superconductors": "Laws of temperature: superconductors",
    "field_laws": "Laws of field",
}
"""Title of a family by the last part of its module's name, in the order of the lists."""
_END = re.compile(r"[.:;,]")


def families() -> dict[str, list[Component]]:
    """Every known component by the title of its family; those of other packages come last."""
    found: dict[str, list[Component]] = {title: [] for title in TITLES.values()}
    for one in components().values():
        found.setdefault(family(one), []).append(one)
    return {title: group for title, group in found.items() if group}


def family(component: Component) -> str:
    """Title of a component's family; of an unknown module the beginning of its docstring."""
    module = component.function.__module__
    name = module.rpartition(".")[2]
    if name in TITLES and module.startswith("musrcu.models."):
        return TITLES[name]
    text = inspect.getdoc(sys.modules.get(module)) or ""
    title = _END.split(text.split("\n")[0])[0].strip()
    return title or module
