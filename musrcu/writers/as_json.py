"""Headers and options as JSON, whatever is in them."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

import numpy as np

DEEPEST = 20
"""Levels of mappings and lists within each other that are kept; what lies deeper is left out."""
_LEFT_OUT = object()


def as_json(values: Mapping[Any, Any], *, finite: bool = True, indent: int | None = None) -> str:
    """The mapping as a JSON object.

    Keys become texts, arrays and sets lists, paths and times texts; bytes and other objects are
    left out, in lists too.

    Parameters
    ----------
    finite : whether a number that is not finite becomes null, as JSON has none; else it is written
        as Python does, which reads it back.
    """
    plain = _plain(values, finite, 0)
    return json.dumps(plain, allow_nan=not finite, indent=indent, ensure_ascii=False)


def _plain(value: Any, finite: bool, depth: int) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) or not finite else None
    if isinstance(value, (Path, datetime.date, datetime.time)):
        return str(value)
    if depth > DEEPEST:
        return _LEFT_OUT
    if isinstance(value, Mapping):
        pairs = ((str(key), _plain(one, finite, depth + 1)) for key, one in value.items())
        return {key: one for key, one in pairs if one is not _LEFT_OUT}
    if isinstance(value, (list, tuple, Set)):
        found = (_plain(one, finite, depth + 1) for one in value)
        return [one for one in found if one is not _LEFT_OUT]
    return _LEFT_OUT
