"""A joint fit made again, beside the one that was saved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from musrcu.joint.result import JointResult, RunBlock
from musrcu.notation import table
from musrcu.output.moved import Moved, covariances
from musrcu.output.repetition import (
    chi2_of,
    differ,
    digits_of,
    other_versions,
    own_covariance,
    quality,
    side_by_side,
    verdict_of,
)

KIND = "musrcu joint repetition"
"""What the JSON of a repeated joint fit says it is."""
WORDS = (("model", "model"), ("cost", "cost"), ("n_free", "number of free parameters"))
"""What has to be the same in joint fits, and how it is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JointRepetition:
    """A saved joint fit and the same fit made again."""

    saved: JointResult
    again: JointResult
    paths: tuple[Path, ...]
    """The file of each run that was read."""
    notes: tuple[str, ...] = ()
    """What a reader should know, such as a checksum that was never saved."""

    @property
    def shared(self) -> tuple[Moved, ...]:
        """Every shared parameter of either fit."""
        names = dict.fromkeys((*self.saved.shared, *self.again.shared))
        return tuple(
            Moved(name, self.saved.shared.get(name), self.again.shared.get(name)) for name in names
        )

    @property
    def local(self) -> tuple[tuple[Moved, ...], ...]:
        """For each run every parameter of either fit that is not shared."""
        return tuple(self._local(k) for k in range(len(self.saved.runs)))

    def _local(self, k: int) -> tuple[Moved, ...]:
        one, other = self.saved.runs[k], self.again.runs[k]
        both = _shared_of(self.saved, k) & _shared_of(self.again, k)
        names = dict.fromkeys((*one.parameters, *other.parameters))
        return tuple(
            Moved(name, one.parameters.get(name), other.parameters.get(name))
            for name in names
            if name not in both
        )

    @property
    def differences(self) -> tuple[str, ...]:
        """What does not agree, one clause each; empty where all does."""
        found = differ(self.saved, self.again, WORDS)
        found += [clause for moved in self.shared for clause in moved.differences()]
        runs = zip(self.saved.runs, self.again.runs, self.local, strict=True)
        for k, (one, other, local) in enumerate(runs, start=1):
            clauses = differ(one, other)
            clauses += [clause for moved in local for clause in moved.differences()]
            clauses += own_covariance(one, other)
            found += [f"{one.name or f'run {k}'}: {clause}" for clause in clauses]
        return (*found, *self._covariances())

    def _covariances(self) -> list[str]:
        """Where those of shared and of local parameters differ."""
        saved, again = self.saved, self.again
        if saved.names != again.names or len(saved.blocks) != len(again.blocks):
            return ["what is shared"] if saved.names != again.names else ["blocks of runs"]
        found = covariances(
            saved.shared_covariance, again.shared_covariance, "the covariance", saved.names
        )
        for k, (one, other) in enumerate(zip(saved.blocks, again.blocks, strict=True), start=1):
            if (one.local, one.shared) != (other.local, other.shared):
                found.append(f"block {k} has other parameters")
                continue
            what = f"block {k}: the covariance"
            found += covariances(one.covariance, other.covariance, what, one.local)
            found += self._response(k, one, other)
        return found

    def _response(self, k: int, one: RunBlock, other: RunBlock) -> list[str]:
        """Where local parameters follow shared ones otherwise, by how much in errors."""
        errors = [self.again.shared[name].error or 0.0 for name in one.shared]
        local = np.sqrt(np.diag(other.covariance))
        scale = local[:, None] / np.array([error or np.inf for error in errors])
        what = f"block {k}: the response"
        return covariances(one.response, other.response, what, one.local, one.shared, scale)

    @property
    def agrees(self) -> bool:
        """Whether values agree within 0.001 of their errors, and errors within 0.1 %."""
        return not self.differences

    @property
    def verdict(self) -> str:
        """One sentence."""
        one, other = (
            (r.chi2, dict(r.shared), [digits_of(run) for run in r.runs])
            for r in (self.saved, self.again)
        )
        known = all(run.checksum is not None for run in self.saved.runs)
        return verdict_of(self.differences, same_digits=one == other, known_file=known)

    def summary(self) -> str:
        """Both fits side by side, one line for each run, and whether they agree."""
        lines = [f"joint fit of {len(self.saved.runs)} runs: {self.saved.model}"]
        lines += [f"  file: {path}" for path in dict.fromkeys(self.paths)]
        versions = other_versions(self.saved.versions, self.again.versions)
        lines += [f"  note: {note}" for note in (*self.notes, *versions)]
        if self.shared:
            lines += side_by_side(self.shared, "shared parameter")
        lines += self._table()
        return "\n".join([*lines, quality(self.saved, self.again), self.verdict])

    def _table(self) -> list[str]:
        """One line for each run: what moved most."""
        rows = []
        for one, other, local in zip(self.saved.runs, self.again.runs, self.local, strict=True):
            shifts = {moved.name: moved.shift for moved in local if moved.shift is not None}
            most = max(shifts, key=lambda name: abs(shifts[name]), default=None)
            told = "" if most is None else f"{shifts[most]:+.1g} ({most})"
            rows.append([f"  {one.name}", told, chi2_of(one), chi2_of(other)])
        header = ["  run", "largest shift (errors)", "chi2/ndof saved", "now"]
        return table(rows, header).split("\n")

    def to_dict(self) -> dict[str, Any]:
        """The JSON of ``musrcu fit joint.json --json``."""
        return {
            "kind": KIND,
            "agrees": self.agrees,
            "differences": list(self.differences),
            "paths": [str(path) for path in self.paths],
            "notes": [*self.notes, *other_versions(self.saved.versions, self.again.versions)],
            "shifts": {moved.name: moved.shift for moved in self.shared},
            "local_shifts": [{moved.name: moved.shift for moved in one} for one in self.local],
            "saved": self.saved.to_dict(),
            "again": self.again.to_dict(),
        }


def _shared_of(result: JointResult, k: int) -> set[str]:
    """Names of the parameters of a run that others have too."""
    labels = result.blocks[k].shared if result.blocks else result.shared
    # nu2 is the name of what is shared as nu2[field=100 G]
    return {label.partition("[")[0] for label in labels}
