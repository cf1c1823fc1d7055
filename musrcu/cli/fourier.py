"""Frequencies in runs: Fourier spectra with noise and peaks, or periodograms.

Examples:

  musrcu fourier run.bin
  musrcu fourier run.bin --counts forward --apodise gaussian,2 --phase auto --real --plot run.png
  musrcu fourier "run_{0001-0004}.bin" --unit G --plot runs.pdf
  musrcu fourier run.bin --periodogram --nu-range 0.3,10 --plot run.png -o run.csv
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musrcu.cli import options, values
from musrcu.cli.targets import check_targets
from musrcu.cli.terminal import RUNS, Files, UsageError, add_data, dumps, reduction_text, say
from musrcu.errors import MusrcuError

if TYPE_CHECKING:
    from musrcu.containers.asymmetry import Asymmetry
    from musrcu.containers.counts import Counts
    from musrcu.containers.run import Run
    from musrcu.spectrum.periodogram_result import Periodogram
    from musrcu.spectrum.spectrum_result import Spectrum

TEXT = (".csv", ".txt", ".dat")
_OF_A_TRANSFORM = ("apodise", "pad", "shift", "real", "power")
"""Options that a periodogram has no use for."""


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu fourier``."""
    parser.add_argument("runs", metavar="RUN", nargs="+", help=RUNS)
    add_data(parser)
    group = parser.add_argument_group("spectrum")
    group.add_argument(
        "--counts",
        metavar="GROUP",
        choices=("forward", "backward"),
        help="counts of forward or backward, decay taken out, instead of the asymmetry",
    )
    group.add_argument("--range", metavar="A,B", type=values.interval, help="times, us")
    group.add_argument(
        "--apodise",
        metavar="SHAPE[,US]",
        type=apodisation,
        help="errors (weights 1/sigma^2, the default), none, exponential, gaussian, hann, blackman "
        "or cosine, with its width",
    )
    group.add_argument("--pad", metavar="X", type=values.above_zero, help="padding; default: 4")
    group.add_argument(
        "--phase",
        metavar="DEG",
        type=_phase,
        help="of the real part, or auto: that of the highest peak; of a periodogram: of its lines",
    )
    group.add_argument(
        "--shift", metavar="US", type=values.number, help="the time at which phases are taken, us"
    )
    group.add_argument(
        "--detrend",
        metavar="TERMS",
        help="smooth terms that are taken out: constant, exponential, gaussian with + between "
        "them, or none; default: all three, as far as they are there, the constant alone where the "
        "strongest line is that of the field",
    )
    group.add_argument(
        "--periodogram",
        action="store_true",
        help="how much a line of each frequency lowers chi-square, instead of a transform",
    )
    group.add_argument(
        "--nu-range", metavar="A,B", type=values.interval, help="where peaks are looked for, MHz"
    )
    group.add_argument(
        "--chance",
        metavar="P",
        type=values.above_zero,
        help="peaks that noise makes anywhere with a larger probability are left out; "
        "default: 0.01",
    )
    _add_picture(parser)
    options.add_output(parser, f"columns of one spectrum: {', '.join(TEXT)}")
    options.add_reduction(parser)


def _add_picture(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("picture")
    group.add_argument("--plot", metavar="FIG", type=Path, help="picture: .png, .pdf or .svg")
    view = group.add_mutually_exclusive_group()
    view.add_argument("--real", action="store_true", help="the real part, not the amplitude")
    view.add_argument("--power", action="store_true", help="the power")
    group.add_argument("--unit", choices=("MHz", "G", "T"), default="MHz", help="of the axis")
    group.add_argument("--log", action="store_true", help="logarithmic vertical axis")


def apodisation(text: str) -> tuple[str, float | None]:
    """``gaussian,2``: a shape and its width in us, which may be left out."""
    shape, comma, width = text.partition(",")
    if comma and not width.strip():
        raise ArgumentTypeError(f"{text!r} is not a shape, or one and a width in us")
    return shape.strip(), values.above_zero(width) if comma else None


def _phase(text: str) -> float | str:
    return text if text == "auto" else values.number(text)


def run(arguments: Namespace) -> int:
    """Print every spectrum; write columns and picture where asked."""
    _refuse(arguments)
    files = Files(arguments.runs, arguments.data)
    target: Path | None = arguments.output
    if target is not None and target.suffix.lower() not in TEXT:
        raise MusrcuError(f"{target}: a spectrum is written to {', '.join(TEXT)}")
    if target is not None and files.several:
        raise UsageError("fourier: -o writes one spectrum; name one run")
    check_targets(
        [*files.paths, arguments.calibration],
        force=arguments.force,
        files=[target],
        pictures=[arguments.plot],
    )
    found = []
    for one in files.runs():
        try:
            data = _data(one, arguments)
            found.append(_spectrum(data, arguments))
        except MusrcuError as error:
            files.fail(error)
            continue
        if not arguments.json:
            say("\n".join([str(one), reduction_text(data), found[-1].summary(), ""]))
    if arguments.json:
        say(dumps([one.to_dict() for one in found]))
    _write(found, arguments)
    return int(files.failures > 0)


def _refuse(arguments: Namespace) -> None:
    """Refuse options that do not go together.

    Raises
    ------
    UsageError naming them.
    """
    if arguments.periodogram:
        for name in _OF_A_TRANSFORM:
            if getattr(arguments, name) not in (None, False):
                raise UsageError(f"fourier: --{name} is of no use for a periodogram")
        if arguments.phase == "auto":
            raise UsageError("fourier: --phase auto is of no use for a periodogram, which solves")
    if arguments.real and arguments.log:
        raise UsageError("fourier: a real part falls below zero and has no logarithmic axis")


def _data(run: Run, arguments: Namespace) -> Asymmetry | Counts:
    from musrcu.reduction.rebin import rebin
    from musrcu.reduction.recipe import grouped_counts, reduce

    recipe = options.recipe(arguments)
    if arguments.counts is None:
        return reduce(run, recipe)
    return rebin(grouped_counts(run, recipe), packing=recipe.packing, t_max=recipe.t_max)


def _spectrum(data: Asymmetry | Counts, arguments: Namespace) -> Spectrum | Periodogram:
    from musrcu.spectrum.fourier import fourier
    from musrcu.spectrum.periodogram import periodogram

    shape, width = arguments.apodise or (None, None)
    periodic = arguments.periodogram
    given: dict[str, Any] = {
        "t_range": arguments.range,
        "nu_range": arguments.nu_range,
        "chance": arguments.chance,
        "phase": arguments.phase,
        "group": arguments.counts,
        "smooth" if periodic else "detrend": arguments.detrend,
        "apodisation": shape,
        "width": width,
        "padding": arguments.pad,
        "t0": arguments.shift,
    }
    given = {name: value for name, value in given.items() if value is not None}
    return periodogram(data, **given) if periodic else fourier(data, **given)


def _write(found: list[Spectrum | Periodogram], arguments: Namespace) -> None:
    if not found:
        return
    if arguments.output is not None:
        from musrcu.output.spectrum_table import write_spectrum

        write_spectrum(found[0], arguments.output, overwrite=arguments.force)
        if not arguments.json:
            say(f"{arguments.output}: {found[0].nu.size} frequencies")
    if arguments.plot is not None:
        from musrcu import plot

        view = "real" if arguments.real else "power" if arguments.power else "amplitude"
        axes = plot.spectrum(
            found, view=view, unit=arguments.unit, nu_range=arguments.nu_range, log=arguments.log
        )
        plot.save(axes, arguments.plot, overwrite=arguments.force)
        if not arguments.json:
            say(f"figure: {arguments.plot}")
