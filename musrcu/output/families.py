"""Components in the families in which a person looks for them: by the module they come from."""

from __future__ import annotations

import inspect
import re
import sys

from musrcu.models.registry import Component, components

TITLES = {
    "relaxation": "Relaxation",
    "oscillation": "Precession",
    "temperature_laws": "Laws of temperature",
    "superconductors": "Laws of temperature: superconductors",
    "field_laws": "Laws of field",
}
"""Title of a family by the last part of its module's name; several modules may share one."""
_END = re.compile(r"[.:;,]")


def families() -> dict[str, list[Component]]:
    """Every known component by the title of its family: functions of time first, then the laws."""
    found: dict[str, list[Component]] = {}
    known = components().values()
    for one in sorted(known, key=lambda one: ("t", "T", "B").index(one.variable)):
        found.setdefault(family(one), []).append(one)
    return found


def family(component: Component) -> str:
    """Title of a component's family; of an unknown module the beginning of its docstring."""
    module = component.function.__module__
    name = module.rpartition(".")[2]
    if name in TITLES and module.startswith("musrcu.models."):
        return TITLES[name]
    text = inspect.getdoc(sys.modules.get(module)) or ""
    title = _END.split(text.split("\n")[0])[0].strip()
    return title or module
