"""What is known of parameters before a joint fit, each piece of knowledge counted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import FitError
from musrcu.fitting.constraint import Constraint
from musrcu.joint.member import Draft
from musrcu.joint.scopes import Scopes, having
from musrcu.joint.sources import Source, is_part, parts, sources
from musrcu.joint.words import Words, is_label
from musrcu.notation import bracket

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """Constraints of a joint fit."""

    scopes: Scopes
    """What is shared, with what all runs know from one source."""
    shared: tuple[tuple[tuple[str, ...], Constraint], ...]
    """Labels of shared parameters, and what is known of them."""
    local: tuple[tuple[Constraint, ...], ...]
    """What each run knows of its own."""
    notes: tuple[str, ...]

    def rows(
        self, labels: Sequence[str]
    ) -> tuple[tuple[NDArray[np.int64], FloatArray, FloatArray], ...]:
        """(positions, values, W) with W^T W the inverse covariance."""
        return tuple(
            (
                np.array([labels.index(label) for label in names]),
                one.values,
                np.linalg.inv(np.linalg.cholesky(one.covariance)),
            )
            for names, one in self.shared
        )

    def of(self, label: str) -> tuple[float, float] | None:
        """Value and error of a shared parameter."""
        for names, one in self.shared:
            if label in names:
                k = names.index(label)
                return float(one.values[k]), float(np.sqrt(one.covariance[k, k]))
        return None


def knowledge(drafts: Sequence[Draft], scopes: Scopes, words: Words) -> Knowledge:
    """The constraints of the runs sorted into those of shared and those of local parameters.

    What several runs know with the same value and error comes from one measurement, as the alpha
    of a calibration does: it is one parameter that they share, unless it was named as local or by
    groups.

    Raises
    ------
    FitError where one piece of knowledge is about shared and local parameters together, or where
    runs know a shared parameter differently.
    """
    spoken = {*(words.local or ()), *words.by, *(n for c in words.constraints for n in c.names)}
    pieces = [[part for one in draft.constraints for part in parts(one)] for draft in drafts]
    found = [one for one in sources(drafts, pieces, spoken) if len(one.runs) > 1]
    scopes, notes = _with_sources(drafts, scopes, found)
    shared: list[tuple[tuple[str, ...], Constraint]] = []
    local: list[tuple[Constraint, ...]] = []
    for r, draft in enumerate(drafts):
        own = []
        for one in pieces[r]:
            if _is_shared(one, scopes, r, draft):
                _add(shared, tuple(scopes.labels[scopes.of_run[r][n]] for n in one.names), one)
            else:
                own.append(one)
        local.append(tuple(own))
    for one in words.constraints:
        if set(one.names) & words.extra.keys() or any(map(is_label, one.names)):
            _extra_known(shared, one, scopes)
    return Knowledge(scopes, tuple(shared), tuple(local), tuple(notes))


def _with_sources(
    drafts: Sequence[Draft], scopes: Scopes, found: Sequence[Source]
) -> tuple[Scopes, list[str]]:
    """Parameters that runs know from one source in common to them, and a sentence about these."""
    said: dict[tuple[int, ...], list[str]] = {}
    for one in found:
        for k, name in enumerate(one.known.names):
            runs = tuple(
                r for r in one.runs if r in having(name, drafts) and name not in scopes.of_run[r]
            )
            if len(runs) < 2:
                continue
            text = bracket(float(one.known.values[k]), float(np.sqrt(one.known.covariance[k, k])))
            everywhere = runs == having(name, drafts)
            scopes = scopes.more(name if everywhere else f"{name}[known {text}]", name, runs)
            said.setdefault(runs, []).append(f"{name} = {text}")
    notes = []
    for runs, texts in said.items():
        verb = "are" if len(texts) > 1 else "is"
        whose = "all runs"
        if len(runs) < len(drafts):
            names = [drafts[r].name for r in runs]
            names = names if len(names) < 5 else [*names[:2], f"{len(names) - 3} more", names[-1]]
            whose = f"{', '.join(names[:-1])} and {names[-1]}"
        notes.append(
            f"{', '.join(texts)} {verb} known to {whose} from one source: shared, constrained once"
        )
    return scopes, notes


def _is_shared(one: Constraint, scopes: Scopes, r: int, draft: Draft) -> bool:
    inside = [name in scopes.of_run[r] for name in one.names]
    if all(inside):
        return True
    if any(inside):
        raise FitError(
            f"{draft.name}: {', '.join(one.names)} are known together, and only some of them are "
            "shared; share all of them or none"
        )
    return False


def _add(
    shared: list[tuple[tuple[str, ...], Constraint]], labels: tuple[str, ...], one: Constraint
) -> None:
    """One more piece of knowledge, unless it is there already."""
    mine = one.named(labels)
    for k, (names, other) in enumerate(shared):
        if not set(names) & set(labels):
            continue
        if is_part(mine, other.named(names)):
            return
        if is_part(other.named(names), mine):
            shared[k] = labels, one
            return
        raise FitError(
            f"{labels[0]} is shared, but known as {_known(other)} and as {_known(one)}; say which "
            "with constraints=, or make it local"
        )
    shared.append((labels, one))


def _known(one: Constraint) -> str:
    return bracket(float(one.values[0]), float(np.sqrt(one.covariance[0, 0])))


def _extra_known(
    shared: list[tuple[tuple[str, ...], Constraint]], one: Constraint, scopes: Scopes
) -> None:
    """What is known of extra parameters or those of groups, alone or with other shared ones."""
    for name in one.names:
        if name not in scopes.labels:
            raise FitError(
                f"constraint of {', '.join(one.names)}: {name} is not shared; shared are "
                f"{', '.join(scopes.labels)}"
            )
    _add(shared, one.names, one)
