"""The comparison of several models: its table, its verdict, and its plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu import notation
from musrcu.comparison.nesting import Nested
from musrcu.comparison.residual_tests import ResidualTests
from musrcu.constants import IMPROBABLE
from musrcu.fitting.result import FitResult
from musrcu.notation import said

KIND = "musrcu comparison"
SAME = 1e-4
"""Difference of chi-square that two minimisations of the same model may leave."""
HARDLY, CLEAR = 2.0, 10.0
"""Differences of a criterion below which two models are hardly told apart, and above which one has
no support (K. P. Burnham and D. R. Anderson, Sociol. Methods Res. 33, 261, 2004)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Several fits of the same data, and which of them the data want."""

    fits: tuple[FitResult, ...]
    tests: tuple[ResidualTests | None, ...]
    """What is left in the residuals of each; None where a fit has no values."""
    pairs: tuple[Nested, ...]
    """Fits that are special cases of others."""
    notes: tuple[str, ...]
    """What a reader should know of the comparison."""

    @property
    def aic(self) -> tuple[float | None, ...]:
        """Akaike's criterion of each fit above the lowest of the valid ones."""
        return self._above("aic")

    @property
    def bic(self) -> tuple[float | None, ...]:
        """Schwarz's criterion of each fit above the lowest of the valid ones."""
        return self._above("bic")

    @property
    def weights(self) -> tuple[float | None, ...]:
        """exp(-delta AIC / 2), normalised: how Akaike's criterion shares one among valid fits."""
        raw = [None if d is None else float(np.exp(-0.5 * d)) for d in self._valid("aic")]
        total = sum(one for one in raw if one is not None)
        return tuple(None if one is None else one / total for one in raw)

    @property
    def best(self) -> FitResult | None:
        """The fit that both criteria prefer; None where they disagree or no fit is valid."""
        chosen = {self._lowest("aic"), self._lowest("bic")}
        place = chosen.pop()
        return None if chosen or place is None else self.fits[place]

    @property
    def verdict(self) -> str:
        """Which model the data want, in words."""
        by_aic, by_bic = self._lowest("aic"), self._lowest("bic")
        if by_aic is None or by_bic is None:
            return "no fit is valid"
        if by_aic != by_bic:
            return (
                f"undecided: AIC prefers {self.fits[by_aic].model!r} by "
                f"{self._lead('aic', by_bic)}, BIC {self.fits[by_bic].model!r} by "
                f"{self._lead('bic', by_aic)}"
            )
        twins = [k for k in range(len(self.fits)) if alike(self.fits[k], self.fits[by_aic])]
        others = [k for k, one in enumerate(self.fits) if one.valid and k not in twins]
        words = [self._head(twins, bool(others))]
        if others:
            lead, by = (
                min(d for k in others if (d := self._valid(name)[k]) is not None)
                for name in ("aic", "bic")
            )
            words.append(f"by {lead:.4g} in AIC and {by:.4g} in BIC ({_strength(min(lead, by))})")
        test = self.tests[by_aic]
        if test is not None and test.probability is not None and test.probability < IMPROBABLE:
            words.append("but does not describe the data within their errors")
        return " ".join(words)

    def _head(self, twins: list[int], preferred: bool) -> str:
        """The model or the models that are best."""
        one = self.fits[twins[0]].model
        if len(twins) == 1:
            return f"{one!r} is preferred"
        numbers = " and ".join(str(k + 1) for k in twins)
        rest = "preferred to the others" if preferred else "there is nothing to prefer"
        if all(self.fits[k].model == one for k in twins):
            return f"{numbers} are the same fit of {one!r}, {rest}"
        return f"{numbers} have the same chi-square with as many parameters, {rest}"

    def summary(self) -> str:
        """The comparison as text: a table, what is nested in what, the verdict, notes."""
        header = ["  ", "model", "k", "chi2/ndof", "p", "AIC", "BIC", "p(runs)", "p(line)", ""]
        rows = []
        for k, result in enumerate(self.fits):
            chi2 = "-" if result.chi2 is None else f"{result.chi2:.1f}/{result.ndof}"
            test = self.tests[k]
            shown = ["-", "-", "-"]
            if test is not None:
                probabilities = (test.probability, test.runs.probability, test.line.probability)
                shown = [_p(value) for value in probabilities]
            rows.append([
                f"  {k + 1}", result.model, str(result.n_free), chi2, shown[0],
                _delta(self.aic[k]), _delta(self.bic[k]), shown[1], shown[2],
                "" if result.valid else "NOT VALID",
            ])  # fmt: skip
        lines = [f"{self.fits[0].name or 'fit'}: {len(self.fits)} models, {self.fits[0].cost}"]
        lines += notation.table(rows, header).split("\n")
        lines += [f"  {self._pair(pair)}" for pair in self.pairs]
        lines.append(f"  {self.verdict}")
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join(lines)

    def _pair(self, pair: Nested) -> str:
        found = f"{pair.smaller + 1} is nested in {pair.larger + 1}: chi-square {pair.gain:+.2f} "
        found += f"for {pair.more} parameter{'s' * (pair.more > 1)}"
        if pair.probability is not None:
            found += f", {said(pair.probability)}"
        return f"{found} ({pair.why})"

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain data, with every fit."""
        return {
            "kind": KIND,
            "verdict": self.verdict,
            "notes": list(self.notes),
            "nested": [pair.to_dict() for pair in self.pairs],
            "models": [
                {
                    "model": result.model,
                    "n_free": result.n_free,
                    "aic": result.aic,
                    "bic": result.bic,
                    "delta_aic": self.aic[k],
                    "delta_bic": self.bic[k],
                    "weight": self.weights[k],
                    "residuals": None if test is None else test.to_dict(),
                    "fit": result.to_dict(),
                }
                for k, (result, test) in enumerate(zip(self.fits, self.tests, strict=True))
            ],
        }

    def _above(self, name: str) -> tuple[float | None, ...]:
        values = [getattr(one, name) for one in self.fits]
        place = self._lowest(name)
        lowest = min((v for v in values if v is not None), default=0.0)
        if place is not None:
            lowest = values[place]
        return tuple(None if value is None else value - lowest for value in values)

    def _valid(self, name: str) -> list[float | None]:
        return [
            value if result.valid else None
            for value, result in zip(self._above(name), self.fits, strict=True)
        ]

    def _lowest(self, name: str) -> int | None:
        places = [
            k for k, one in enumerate(self.fits) if one.valid and getattr(one, name) is not None
        ]
        return min(places, key=lambda k: getattr(self.fits[k], name), default=None)

    def _lead(self, name: str, over: int) -> str:
        return _delta(self._above(name)[over])


def alike(one: FitResult, other: FitResult) -> bool:
    """Whether two valid fits have the same chi-square with as many free parameters."""
    if not (one.valid and other.valid) or one.chi2 is None or other.chi2 is None:
        return False
    return one.n_free == other.n_free and abs(one.chi2 - other.chi2) <= SAME


def _strength(delta: float) -> str:
    if delta < HARDLY:
        return "hardly told apart"
    return "clearly" if delta > CLEAR else "moderately"


def _delta(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _p(value: float | None) -> str:
    return "-" if value is None else notation.probability(value)
