"""``musrcu fit --profile`` and ``--contour``: how well parameters are determined, drawn."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musrcu.cli import options, values
from musrcu.cli.terminal import Files, say
from musrcu.errors import MusrcuError, nearest
from musrcu.notation import asymmetric

if TYPE_CHECKING:
    from musrcu.containers.asymmetry import Asymmetry
    from musrcu.containers.counts import Counts
    from musrcu.direct.result import DirectOrder
    from musrcu.fitting.contour import Contour
    from musrcu.fitting.profile import Profile
    from musrcu.fitting.result import FitResult
    from musrcu.ordering.result import OrderParameter

OPTIONS = ("profile", "contour")


def add_profiles(parser: ArgumentParser, names: tuple[str, str] = ("nu2", "lambda2")) -> None:
    """``--profile`` and ``--contour``; ``names`` are those of the examples."""
    one, other = names
    group = parser.add_argument_group("how well parameters are determined")
    for name, metavar, kind, text in (
        (
            "--profile",
            "NAME=FILE",
            partial(values.profile_picture, example=one),
            f"picture of chi-square against a parameter, all others at their best: {one}={one}.png",
        ),
        (
            "--contour",
            "A,B=FILE",
            partial(values.contour_picture, example=f"{one},{other}"),
            "picture of the regions that hold two parameters with 68.3 and 95.4 %%: "
            f"{one},{other}=region.png",
        ),
    ):
        group.add_argument(name, metavar=metavar, type=kind, action=values.Merge, help=text)


def pictures(arguments: Namespace) -> list[Path]:
    """The files that will be drawn."""
    return [file for name in OPTIONS for file in (getattr(arguments, name) or {}).values()]


def follow(
    data: Asymmetry | Counts, result: FitResult, arguments: Namespace, files: Files
) -> dict[str, Any]:
    """Profiles and contours of a fit, drawn and said; as plain data for its JSON.

    One that cannot be made does not stop the others.
    """
    if not pictures(arguments):
        return {}
    if not result.valid:
        if not arguments.json:
            say("no profiles: the fit is not valid\n")
        return {}
    given = options.given_fit(arguments)
    given.pop("minos", None)
    if arguments.cost not in ("auto", "asymmetry"):
        given["cost"] = arguments.cost
    made: dict[str, Any] = {f"{name}s": [] for name in OPTIONS if getattr(arguments, name)}
    for kind, names, file in _wanted(arguments):
        try:
            found = _found(kind, names, data, result, given)
        except MusrcuError as error:
            files.fail(error)
            continue
        made[f"{kind}s"].append(found.to_dict())
        _draw(kind, found, file, arguments)
    return made


def refuse_names(arguments: Namespace, law: OrderParameter | None = None) -> None:
    """Refuse profiles and contours of what a law in two steps has not, or has not left free.

    Parameters
    ----------
    law : the fit; None before it, when its names are those of any law.

    Raises
    ------
    MusrcuError with the names that there are.
    """
    names: tuple[str, ...] = ("nu0", "B0", "A0", "T_N", "beta", "alpha")
    if law is not None:
        names = tuple(name for name in law.quantity.names if not law[name].fixed)
    for kind, given, _ in _wanted(arguments):
        for name in [given] if kind == "profile" else given:
            if name not in names:
                raise MusrcuError(
                    f"--{kind}: {name} is not a free parameter of the law; "
                    f"{', '.join(names)} are" + nearest(name, names)
                )


def follow_law(law: OrderParameter | DirectOrder, arguments: Namespace) -> tuple[Any, list[str]]:
    """Profiles and contours of a law of order, drawn: an entry of its JSON, and what is said.

    One that cannot be made does not stop the others.
    """
    if not pictures(arguments):
        return {}, []
    if not law.valid:
        return {}, ["no profiles: the fit is not valid"]
    made: dict[str, Any] = {f"{name}s": [] for name in OPTIONS if getattr(arguments, name)}
    said = []
    for kind, names, file in _wanted(arguments):
        try:
            found: Any = law.profile(names) if kind == "profile" else law.contour(*names)
        except MusrcuError as error:
            said.append(f"no {kind}: {error}")
            continue
        made[f"{kind}s"].append(found.to_dict())
        said += _saved(kind, found, file, arguments)
    return made, said


def _wanted(arguments: Namespace) -> list[tuple[str, Any, Path]]:
    return [
        (kind, names, file)
        for kind in OPTIONS
        for names, file in (getattr(arguments, kind) or {}).items()
    ]


def _found(
    kind: str, names: Any, data: Asymmetry | Counts, result: FitResult, given: dict[str, Any]
) -> Profile | Contour:
    from musrcu.fitting.contour import contour
    from musrcu.fitting.profile import profile

    if kind == "profile":
        return profile(data, result.model, names, **given)
    return contour(data, result.model, names, **given)


def _draw(kind: str, found: Any, file: Path, arguments: Namespace) -> None:
    """Save the picture, and say what is in it."""
    lines = _saved(kind, found, file, arguments)
    if not arguments.json:
        say("\n".join([*lines, ""]))


def _saved(kind: str, found: Any, file: Path, arguments: Namespace) -> list[str]:
    """Save the picture; what is in it."""
    from musrcu import plot

    picture = getattr(plot, kind)(found)
    plot.save(picture, file, overwrite=arguments.force)
    said = _profile_said(found) if kind == "profile" else f"regions of {', '.join(found.names)}"
    return [said, *(f"  note: {note}" for note in found.notes), f"figure: {file}"]


def _profile_said(found: Profile) -> str:
    """The interval in which chi-square rises by less than one."""
    if found.interval is None:
        return f"profile of {found.name}: chi-square does not rise by one on both sides"
    return f"profile of {found.name}: {asymmetric(found.best, *found.interval, found.unit)}"
