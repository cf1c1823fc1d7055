"""Certificates as text for a terminal and as comma-separated values for the pages."""

from __future__ import annotations

import csv
import datetime
import io
import math
import textwrap
from collections.abc import Iterable, Sequence

from musrcu.verification.promise import SLOPE, power
from musrcu.verification.verify import Verification, Worst

WIDTH = 100
"""Columns of a terminal that the text needs."""
COLUMNS = (
    "function", "domain", "truth", "sets", "promised", "worst_error", "promised_there",
    "worst_at", "worst_derivative", "derivative_of", "derivative_at", "ms_median", "ms_largest",
    "kept",
)  # fmt: skip
_HEADER = ("sets", "error", "promised", "slope", "ms", "at most", "kept")
_WIDTHS = (5, 8, 8, 8, 8, 8)


def header(names: Iterable[str]) -> str:
    """The line above the rows of functions with these names."""
    columns = [f"{name:>{width}}" for name, width in zip(_HEADER, _WIDTHS, strict=False)]
    return "  ".join([f"{'function':<{_longest(names)}}", *columns, _HEADER[-1]])


def block(one: Verification, names: Iterable[str], most: int = 5) -> str:
    """The row of one function; below it domain, truth, the worst places and what is broken."""
    cells = (
        f"{one.tried:d}",
        _error(one.value),
        f"{one.value.allowed:.1e}",
        _error(one.slope) if one.slope.what else "-",
        _short(one.milliseconds[0]),
        _short(one.milliseconds[1]),
    )
    columns = [f"{cell:>{width}}" for cell, width in zip(cells, _WIDTHS, strict=True)]
    kept = "yes" if one.valid else f"NO ({len(one.findings)})"
    row = "  ".join([f"{one.key:<{_longest(names)}}", *columns, kept])
    notes = [one.domain, f"truth: {one.method}"]
    notes += [
        f"worst {worst.what}: {place(worst)}" for worst in (one.value, one.slope) if _is(worst)
    ]
    notes += [f"BROKEN: {sentence}" for sentence in one.findings[:most]]
    if len(one.findings) > most:
        notes.append(f"and {len(one.findings) - most} more")
    return "\n".join([row, *(line for note in notes for line in _wrapped(note))])


def summary(found: Sequence[Verification], seconds: float = math.nan) -> str:
    """What the columns are, and how many functions keep their promise."""
    kept = sum(one.valid for one in found)
    tried = sum(one.tried for one in found)
    took = f" in {seconds:.0f} s" if math.isfinite(seconds) else ""
    what = "function keeps" if len(found) == 1 else "functions keep"
    return "\n".join(
        [
            "error: largest of the values, and what is promised there; slope: largest of a "
            "derivative,",
            f"as a share of its scale, promised {power(SLOPE)}; ms: 2000 values, median and "
            "largest.",
            f"{kept} of {len(found)} {what} the promise; {tried} sets{took}.",
        ]
    )


def text(found: Sequence[Verification], most: int = 5) -> str:
    """Header, a block for each function, summary."""
    names = [one.key for one in found]
    blocks = [block(one, names, most) for one in found]
    return "\n".join([header(names), *blocks, "", summary(found)])


def place(worst: Worst) -> str:
    """Where it was: ``lambda = 3, t = 0.2 (early)``."""
    return f"{worst.trial} ({worst.trial.where})" if worst.trial is not None else ""


def csv_text(found: Sequence[Verification], version: str, seed: int = 1) -> str:
    """Comma-separated values, one function a line, below lines that begin with ``#``.

    Columns: ``function``; ``domain``; ``truth`` (how it is computed); ``sets``; ``promised`` (the
    constant part) and ``promised_there``; ``worst_error`` of a value, ``worst_at``;
    ``worst_derivative`` as a share of its scale, ``derivative_of``, ``derivative_at``;
    ``ms_median`` and ``ms_largest`` for 2000 values; ``kept`` (``yes`` or the number of findings).
    """
    today = datetime.datetime.now(datetime.UTC).date()
    head = [
        "certificates of the model functions, written by musrcu verify",
        f"version: {version}",
        f"date: {today.isoformat()}",
        f"seed: {seed}",
        f"worst_derivative: share of the largest over the times, promised {power(SLOPE)}",
        "ms_median, ms_largest: of 2000 values, on the machine of this run",
    ]
    stream = io.StringIO()
    stream.writelines(f"# {line}\n" for line in head)
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_cells(one) for one in found)
    return stream.getvalue()


def _cells(one: Verification) -> list[str]:
    slope = _is(one.slope)
    return [
        one.key,
        one.domain,
        one.method,
        str(one.tried),
        power(one.accuracy),
        f"{one.value.error:.2g}",
        f"{one.value.allowed:.2g}",
        place(one.value),
        f"{one.slope.error:.2g}" if slope else "",
        one.slope.what.removeprefix("d/d") if slope else "",
        place(one.slope) if slope else "",
        f"{one.milliseconds[0]:.3g}",
        f"{one.milliseconds[1]:.3g}",
        "yes" if one.valid else f"no, {len(one.findings)} findings",
    ]


def _is(worst: Worst) -> bool:
    return worst.trial is not None and bool(worst.what)


def _longest(names: Iterable[str]) -> int:
    return max(len(name) for name in (*names, "function"))


def _error(worst: Worst) -> str:
    return f"{worst.error:.1e}" if worst.error else "0"


def _short(milliseconds: float) -> str:
    return f"{milliseconds:.3g}" if milliseconds < 1000 else f"{milliseconds:.0f}"


def _wrapped(note: str) -> list[str]:
    return textwrap.wrap(
        note, WIDTH, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False
    )
