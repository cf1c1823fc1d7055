"""Certificates as text and as a Markdown table."""

from __future__ import annotations

from collections.abc import Sequence

from musrcu.notation import table
from musrcu.verification.verify import Verification

HEADER = (
    "function",
    "sets",
    "worst error",
    "promised",
    "worst derivative",
    "2000 times, ms",
    "largest, ms",
    "kept",
)


def rows(found: Sequence[Verification]) -> list[list[str]]:
    """One row per component."""
    return [
        [
            one.key,
            str(one.tried),
            f"{one.value.error:.1e}",
            f"{one.value.allowed:.1e}",
            f"{one.slope.error:.1e}" if one.slope.what else "-",
            f"{one.milliseconds[0]:.3f}",
            f"{one.milliseconds[1]:.3f}",
            "yes" if one.valid else f"NO ({len(one.findings)})",
        ]
        for one in found
    ]


def text(found: Sequence[Verification], most: int = 5) -> str:
    """The table, then where the worst errors were, then every promise that was not kept."""
    lines = [table(rows(found), list(HEADER))]
    for one in found:
        lines += ["", f"{one.key}: {one.domain}", f"  truth: {one.method}"]
        for worst in (one.value, one.slope):
            if worst.trial is not None and worst.what:
                lines.append(
                    f"  worst {worst.what}: {worst.error:.1e} at {worst.trial} "
                    f"({worst.trial.where})"
                )
        lines += [f"  BROKEN: {sentence}" for sentence in one.findings[:most]]
        if len(one.findings) > most:
            lines.append(f"  and {len(one.findings) - most} more")
    return "\n".join(lines)
