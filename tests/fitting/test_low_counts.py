"""A thousand events: a result, or why there is none; never an exception, never a NaN."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import pytest
from asymmetries import thrown
from throw import paper, paper_parameters

from musrcu.fitting.fit import fit
from musrcu.fitting.result import FitResult

PAPER = "exponential + damped_cosine + constant"
ABOVE = "gaussian + exponential + constant"
SEEDS = 20


def numbers(result: FitResult) -> Iterator[float]:
    for p in result.parameters.values():
        yield from (v for v in (p.value, p.error, *(p.minos or ())) if v is not None)
    yield from (v for v in (result.chi2, result.probability) if v is not None)
    if result.alternative is not None:
        yield from numbers(result.alternative)


@pytest.mark.parametrize(
    ("model", "events", "n_bins", "options"),
    [
        (PAPER, 1000, 60, {}),
        (PAPER, 1000, 15, {"minos": ("nu2",)}),
        (ABOVE, 1000, 30, {}),
        (PAPER, 100, 30, {}),
        (PAPER, 3, 30, {}),
    ],
)
def test_result_or_reason(
    model: str, events: float, n_bins: int, options: dict[str, object]
) -> None:
    truth = paper(paper_parameters(0.06))
    for seed in range(SEEDS):
        data = thrown(truth, events, seed, n_bins=n_bins, width=9 / n_bins)
        result = fit(data, model, **options)  # type: ignore[arg-type]
        json.dumps(result.to_dict(), allow_nan=False)
        assert all(math.isfinite(v) for v in numbers(result))
        if result.valid:
            assert result.chi2 is not None
            assert all(p.value is not None for p in result.parameters.values())
            assert all(p.error is not None for p in result.parameters.values() if not p.at_limit)
        else:
            assert result.reason
        assert result.summary()
