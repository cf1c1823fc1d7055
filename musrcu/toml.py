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
        lines += [f"{_key(k)} = {_entry(v)}" for k, v in content.items() if v is not None]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _entry(value: Any) -> str:
    """One TOML value of a table: a matrix has a line for each of its rows."""
    rows = value.tolist() if hasattr(value, "tolist") else value
    several = isinstance(rows, (list, tuple)) and len(rows) > 1
    if several and all(isinstance(row, (list, tuple)) for row in rows):
        return "[\n" + "".join(f"    {dump_value(row)},\n" for row in rows) + "]"
    return dump_value(value)


def dump_value(value: Any) -> str:
    """One TOML value: text, number, true/false, list or inline table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return repr(float(value))  # a NumPy number prints its type too
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        items = ((k, v) for k, v in value.items() if v is not None)
        inside = ", ".join(f"{_key(k)} = {dump_value(v)}" for k, v in items)
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(dump_value(item) for item in value) + "]"
    if hasattr(value, "tolist"):  # a NumPy scalar or array
        return dump_value(value.tolist())
    raise MusrcuError(f"a {type(value).__name__} cannot be written to TOML")


def _key(name: str) -> str:
    return name if _BARE.match(name) else _quoted(name)


def _quoted(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MusrcuError(
            f"{text!r} cannot be written to TOML: it is not UTF-8; rename the file that is "
            "called so"
        ) from error
    # JSON and TOML escape alike, but for the one control character that JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
