"""Sphinx: Markdown pages (MyST), tables made from the registries, warnings as errors."""

from __future__ import annotations

import sys
from pathlib import Path

import musrcu

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "musrcu"
author = "The musrcu developers"
version = release = musrcu.__version__

extensions = [
    "myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax",
    "registry_tables", "model_pages", "house",
]  # fmt: skip
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
root_doc = "index"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "separated"
autodoc_default_options = {"members": True, "exclude-members": "__init__, __new__"}
autodoc_type_aliases = {name: name for name in ("ArrayLike", "FloatArray", "IntArray", "PathLike")}
add_module_names = False

html_theme = "alabaster"
html_theme_options = {
    "description": "From raw muon files to an ordering temperature",
    "fixed_sidebar": True,
    "page_width": "62em",
}
html_show_sourcelink = False
html_show_copyright = False
