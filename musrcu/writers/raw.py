"""What to do with a run that no writer takes, because its counts are no longer those of a file."""

from __future__ import annotations

from musrcu.containers.run import Run


def raw_remedy(run: Run) -> str:
    """What to do with a run whose counts are no raw ones."""
    if not run.numbers:
        return "write the raw run, as it was read"
    return (
        "its dead times were corrected when the runs were added: write the runs one by one, and "
        "add them after reading"
    )
