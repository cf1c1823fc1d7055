"""What every test may ask for: where real files lie, and the sample runs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "sample_runs"


def real_data() -> Path | None:
    """The folder of real facility files: MUSRCU_REAL_DATA, else ../shared/data, else None."""
    named = os.environ.get("MUSRCU_REAL_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    return folder if (folder / "expected.json").is_file() else None


def expected_files() -> dict[str, dict[str, Any]]:
    """What other programs read in each real file; empty without real files."""
    folder = real_data()
    if folder is None:
        return {}
    return dict(json.loads((folder / "expected.json").read_text())["files"])


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real files; skips without it, fails where they are required."""
    folder = real_data()
    if folder is None:
        message = "no real facility files: set MUSRCU_REAL_DATA to their folder"
        if os.environ.get("MUSRCU_REQUIRE_REAL_DATA"):
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of simulated sample runs."""
    return SAMPLES
