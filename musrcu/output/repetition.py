"""A fit made again, beside the one that was saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musrcu.fitting.result import FitResult
from musrcu.joint.result import JointResult
from musrcu.notation import bracket, table
from musrcu.output.moved import CLOSE, SAME_NUMBER, Moved, covariances

KIND = "musrcu repetition"
"""What the JSON of a repetition says it is."""
WORDS = (("model", "model"), ("cost", "cost"), ("n_bins", "number of bins"))
"""What has to be the same in the fits of one run, and how it is called."""
MOST = 12
"""Differences that a verdict names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """A saved fit and the same fit made again."""

    saved: FitResult
    again: FitResult
    path: Path
    """The file that was read."""
    notes: tuple[str, ...] = ()
    """What a reader should know, such as a checksum that was never saved."""

    @property
    def parameters(self) -> tuple[Moved, ...]:
        """Every parameter of either fit."""
        names = dict.fromkeys((*self.saved.parameters, *self.again.parameters))
        return tuple(
            Moved(name, self.saved.parameters.get(name), self.again.parameters.get(name))
            for name in names
        )

    @property
    def differences(self) -> tuple[str, ...]:
        """What does not agree, one clause each; empty where all does."""
        found = [*differ(self.saved, self.again)]
        found += [clause for moved in self.parameters for clause in moved.differences()]
        found += own_covariance(self.saved, self.again)
        one, other = self.saved.alternative, self.again.alternative
        if one is not None and other is not None:
            inner = Repetition(saved=one, again=other, path=self.path)
            found += [f"without the spare term, {clause}" for clause in inner.differences]
        elif one is not other:
            found.append(f"there is {'no' if other is None else 'an'} alternative now")
        return tuple(found)

    @property
    def agrees(self) -> bool:
        """Whether values agree within 0.001 of their errors, and errors within 0.1 %."""
        return not self.differences

    @property
    def verdict(self) -> str:
        """One sentence."""
        one, other = (digits_of(r) for r in (self.saved, self.again))
        return verdict_of(
            self.differences, same_digits=one == other, known_file=self.saved.checksum is not None
        )

    def summary(self) -> str:
        """Both fits side by side, and whether they agree."""
        versions = other_versions(self.saved.versions, self.again.versions)
        lines = [f"{self.saved.name or 'fit'}: {self.saved.model}", f"  file: {self.path}"]
        lines += [f"  note: {note}" for note in (*self.notes, *versions)]
        lines += [*side_by_side(self.parameters), quality(self.saved, self.again)]
        return "\n".join([*lines, self.verdict])

    def to_dict(self) -> dict[str, Any]:
        """The JSON of ``musrcu fit result.json --json``."""
        return {
            "kind": KIND,
            "agrees": self.agrees,
            "differences": list(self.differences),
            "path": str(self.path),
            "notes": [*self.notes, *other_versions(self.saved.versions, self.again.versions)],
            "shifts": {moved.name: moved.shift for moved in self.parameters},
            "saved": self.saved.to_dict(),
            "again": self.again.to_dict(),
        }


def verdict_of(differences: Sequence[str], *, same_digits: bool, known_file: bool) -> str:
    """One sentence.

    Parameters
    ----------
    differences : what does not agree.
    same_digits : whether every number is the same to the last digit.
    known_file : whether checksums were saved, by which files are known to be those fitted.
    """
    if not differences:
        near = f"values within {CLOSE:g} of their errors, errors within {100 * CLOSE:g} %"
        unknown = "" if known_file else "; no checksum was saved: the file may be another one"
        return f"agrees: {near}{', all to the last digit' if same_digits else ''}{unknown}"
    left = len(differences) - MOST
    more = f"; and {left} more" if left > 0 else ""
    return f"DIFFERS: {'; '.join(differences[:MOST])}{more}"


def digits_of(result: FitResult) -> tuple[Any, ...]:
    """All numbers of a fit, to be compared digit by digit."""
    covariance = None if result.covariance is None else result.covariance.tolist()
    return result.chi2, dict(result.parameters), covariance


def own_covariance(saved: FitResult, again: FitResult) -> list[str]:
    """Where the covariances of two fits with the same parameters differ."""
    if saved.names != again.names:
        return []
    return covariances(saved.covariance, again.covariance, "the covariance", saved.names)


def other_versions(saved: Mapping[str, str], again: Mapping[str, str]) -> list[str]:
    """A note where other versions computed the saved fit."""
    changed = [n for n in again if saved.get(n) != again[n]]
    if not changed or not saved:
        return []
    told = ", ".join(f"{name} {saved.get(name, 'unknown')}" for name in changed)
    return [f"saved with {told}; now {', '.join(f'{n} {again[n]}' for n in changed)}"]


def side_by_side(parameters: Sequence[Moved], what: str = "parameter") -> list[str]:
    """Lines of a table of both fits."""
    header = [f"  {what}", "saved", "now", "shift (errors)", "error (%)"]
    return table([_row(moved) for moved in parameters], header).split("\n")


def quality(saved: FitResult | JointResult, again: FitResult | JointResult) -> str:
    """Chi-square of both fits."""
    verdict = "valid" if again.valid else f"NOT VALID: {again.reason}"
    return f"  chi2/ndof saved {chi2_of(saved)}, now {chi2_of(again)}; {verdict}"


def differ(
    saved: FitResult | JointResult,
    again: FitResult | JointResult,
    words: Sequence[tuple[str, str]] = WORDS,
) -> list[str]:
    """What differs in the fits as a whole."""
    found = []
    if saved.valid != again.valid:
        found.append("it is valid now" if again.valid else f"it is not valid now: {again.reason}")
    for name, what in words:
        one, other = getattr(saved, name), getattr(again, name)
        if one != other:
            found.append(f"the {what} was {one}, now {other}")
    if saved.ndof != again.ndof:
        found.append(f"{saved.ndof} degrees of freedom, now {again.ndof}")
    if saved.chi2 is not None and again.chi2 is not None:
        rise = again.chi2 - saved.chi2
        if not abs(rise) <= max(CLOSE, SAME_NUMBER * abs(again.chi2)):
            found.append(f"chi2 by {rise:+.3g}")
    elif saved.chi2 is not again.chi2:
        found.append(f"chi2 was {chi2_of(saved)}, now {chi2_of(again)}")
    return found


def _row(moved: Moved) -> list[str]:
    cells = [
        "" if p is None else bracket(p.value, p.error, p.unit) for p in (moved.saved, moved.again)
    ]
    shift = "" if moved.shift is None else f"{moved.shift:+.1g}"
    growth = "" if moved.growth is None else f"{100 * moved.growth:+.1g}"
    return [f"  {moved.name}", *cells, shift, growth]


def chi2_of(result: FitResult | JointResult) -> str:
    """Chi-square over degrees of freedom, as text."""
    return "unknown" if result.chi2 is None else f"{result.chi2:.3f}/{result.ndof}"
