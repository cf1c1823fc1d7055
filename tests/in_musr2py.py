"""The same file in musr2py, the compiled reader of PSI; tests that import this skip without it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

musr2py = pytest.importorskip("musr2py")


def opened(path: Path) -> Any:
    """The file as musr2py reads it; fails the test where musr2py refuses it."""
    other = musr2py.MuSR_td_PSI_bin()
    assert other.read(str(path)) == 0
    assert other.readingOK()
    return other


def stripped(texts: Sequence[str]) -> list[str]:
    """Texts without the blanks and NULs that musr2py leaves in them."""
    return [text.split("\0")[0].strip() for text in texts]
