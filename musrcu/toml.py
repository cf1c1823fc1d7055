"""TOML in and out: the standard library reads it, a few lines write the tables musrcu uses."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from musrcu.errors import MusrcuError
from musrcu.files import PathLike, read_text

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")


def load(path: PathLike) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises
    ------
    MusrcuError if the file cannot be read or is not TOML; the text names the line.
    """
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise MusrcuError(f"{path} is not valid TOML: {error}") from error


def dumps(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """TOML text of ``{table: {key: value}}``; keys whose value is None are left out."""
    blocks = []
    for name, content in tables.items():
        lines = [f"[{_key(name)}]"]
        lines += [f"{_key(k)} = {dump_value(v)}" for k, v in content.items() if v is not None]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def dump_value(value: Any) -> str:
    """One TOML value: text, number, true/false, list or inline table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return repr(value)
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(k)} = {dump_value(v)}" for k, v in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(dump_value(item) for item in value) + "]"
    if hasattr(value, "item"):  # a NumPy scalar
        return dump_value(value.item())
    raise MusrcuError(f"a {type(value).__name__} cannot be written to TOML")


def _key(name: str) -> str:
    return name if _BARE.match(name) else json.dumps(name, ensure_ascii=False)
