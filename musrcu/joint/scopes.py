"""Which parameters all runs have in common, which groups of them, and which none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from musrcu.errors import FitError, ModelError
from musrcu.joint.grouping import groups
from musrcu.joint.member import Draft
from musrcu.joint.words import Words


@dataclass(frozen=True, slots=True)
class Scopes:
    """The shared parameters and the runs that have them."""

    labels: tuple[str, ...]
    """``A1``, or ``nu2[field=100 G]`` of a group."""
    names: tuple[str, ...]
    runs: tuple[tuple[int, ...], ...]
    """Which runs have each."""
    of_run: tuple[Mapping[str, int], ...]
    """Position among the shared ones by name, for each run."""

    def more(self, label: str, name: str, runs: tuple[int, ...]) -> Scopes:
        """The same with a local parameter in common to some runs."""
        found = list(zip(self.labels, self.names, self.runs, strict=True))
        while label in self.labels:
            label = label.removesuffix("]") + "']"
        return _scopes([*found, (label, name, runs)], len(self.of_run))


def scopes(drafts: Sequence[Draft], words: Words) -> Scopes:
    """What a user wants to share.

    Raises
    ------
    ModelError for an unknown name; FitError for one that is held, tied, or named twice.
    """
    shared, by = _names(drafts, words, words.shared), dict(words.by)
    if words.local is not None:
        local = set(_names(drafts, words, words.local))
        shared = [name for name in _own(drafts) if name not in local]
    by = {_names(drafts, words, [name])[0]: key for name, key in by.items()}
    for name in by:
        if words.local is None and name in shared:
            raise FitError(f"{name} is shared by all and by {by[name]!r}; choose one")
    shared = [name for name in shared if name not in by]
    shared += [name for name in words.extra if name not in shared and name not in by]
    found: list[tuple[str, str, tuple[int, ...]]] = []
    for name in shared:
        found.append((name, name, having(name, drafts)))
    data = [draft.data for draft in drafts]
    for name, key in by.items():
        those = set(having(name, drafts))
        for label, runs in groups(key, data):
            inside = tuple(r for r in runs if r in those)
            if inside:
                found.append((f"{name}[{label}]", name, inside))
    return _scopes(found, len(drafts))


def _scopes(found: Sequence[tuple[str, str, tuple[int, ...]]], n_runs: int) -> Scopes:
    found = [one for one in found if one[2]]
    of_run: tuple[dict[str, int], ...] = tuple({} for _ in range(n_runs))
    for index, (_, name, runs) in enumerate(found):
        for r in runs:
            of_run[r][name] = index
    labels = tuple(label for label, _, _ in found)
    names = tuple(name for _, name, _ in found)
    return Scopes(labels, names, tuple(runs for _, _, runs in found), of_run)


def _own(drafts: Sequence[Draft]) -> list[str]:
    """Free parameters of the model itself in any run."""
    found: dict[str, None] = {}
    for draft in drafts:
        model = draft.freedom.model
        own = getattr(model, "own", len(model.names))
        found |= {model.names[k]: None for k in draft.untied if k < own}
    return list(found)


def having(name: str, drafts: Sequence[Draft]) -> tuple[int, ...]:
    """Runs in which a parameter is free, or, of an extra one, in whose ties it is."""
    return tuple(
        r
        for r, draft in enumerate(drafts)
        if any(draft.freedom.model.names[k] == name for k in draft.untied)
        or any(name in tie.names for tie in draft.ties.values())
    )


def _names(drafts: Sequence[Draft], words: Words, given: Sequence[str]) -> list[str]:
    """Full names of parameters that are free in every run that has them."""
    found = []
    for name in given:
        if name in words.extra:
            found.append(name)
            continue
        try:
            full = _full(name, drafts)
        except ModelError as error:
            if words.extra:
                raise ModelError(f"{error}; extra are {', '.join(words.extra)}") from error
            raise
        if full in found:
            raise FitError(f"{full} is named twice")
        _check_free(full, drafts)
        found.append(full)
    return found


def _full(name: str, drafts: Sequence[Draft]) -> str:
    """The full name of a parameter in the first run that has it."""
    for draft in drafts:
        model = draft.freedom.model
        try:
            return str(model.names[model.index(name)])
        except ModelError:
            continue
    model = drafts[0].freedom.model
    return str(model.names[model.index(name)])


def _check_free(name: str, drafts: Sequence[Draft]) -> None:
    for draft in drafts:
        freedom = draft.freedom
        if name not in freedom.model.names:
            continue
        place = freedom.model.index(name)
        if place in freedom.fixed or place in draft.ties:
            how = "fixed" if place in freedom.fixed else "tied"
            raise FitError(f"{name} is {how} and cannot be shared or local too; choose one")
