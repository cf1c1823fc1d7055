"""The entrance: from the words on the command line to a verb and its exit code."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn, TextIO

from musrcu.cli.terminal import UsageError, complain, printable
from musrcu.errors import MusrcuError, MusrcuWarning, nearest

DONE, FAILED, WRONG_USAGE, NOT_VALID = 0, 1, 2, 3
INTERRUPTED, NO_READER = 130, 141
"""What a shell reports of a program stopped by Ctrl-C, and by the end of its pipe."""

_STOPS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
_SOON = 0.01
"""Seconds."""

VERBS = {
    "info": "what is in a file: instrument, number, title, T, B, counts",
    "list": "the known formats, models or instruments",
    "init": "a commented scan file that runs as it is; --script: a fit script",
    "calibrate": "the balance alpha from a transverse-field run",
    "reduce": "the asymmetry of a run as CSV or NeXus",
    "fit": "fit one run, or several one by one",
    "compare": "several models of one run, or how many lines it has",
    "scan": "fit every run, then nu0, T_N and beta",
    "order": "the order parameter alone, from a scan or a table",
    "plan": "where the next run says most of T_N or beta, and what errors to expect",
    "plot": "pictures of runs, fits and scans",
    "fourier": "frequencies of runs: Fourier spectra, periodograms, peaks",
    "convert": "raw runs as ISIS NeXus (.nxs) or PSI-BIN (.bin)",
    "simulate": "files of simulated runs, from a truth file",
    "verify": "recompute the certificates of the model functions",
}

_CODES = """musrcu VERB --help explains a verb.
Exit code: 0 done, 1 an error (one line on standard error), 2 wrong usage,
3 done but some fit is not valid or, of calibrate, does not describe its run,
or, of verify, a promise is broken."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and leave with exit code 2."""
        line = printable(" ".join(message.splitlines()))
        self.exit(WRONG_USAGE, f"{self.prog}: {line}; see {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``musrcu`` with the given words, by default those of the command line.

    Returns
    -------
    0 done; 1 a MusrcuError, printed as one line on standard error; 2 wrong usage; 3 done, but some
    fit is not valid.
    """
    if argv is None:
        _settle_in()
    words = list(sys.argv[1:] if argv is None else argv)
    if hasattr(sys.stdout, "reconfigure"):  # a title may hold what the terminal cannot show
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            _print_doubts()
            code = _run(words)
        sys.stdout.flush()
    except MusrcuError as error:
        complain(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO_READER
    except OSError as error:  # a full disk, a file that went away
        complain(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    else:
        return code
    return FAILED


def _settle_in() -> None:
    """What a process of its own needs; where another program calls :func:`main`, it decides."""
    handle = 0
    while handle < 3:  # where a stream is closed, a file opened later would take its place
        handle = os.open(os.devnull, os.O_RDWR)
    os.close(handle)
    for place, name in enumerate(("stdout", "stderr"), start=1):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(place, "w", encoding="utf-8", closefd=False))
    os.environ["MPLBACKEND"] = "Agg"  # a notebook's is handed down to us, and may not be installed
    for number in _STOPS:
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _leave)
    if hasattr(signal, "setitimer"):
        sys.unraisablehook = _leave_after_all


def _leave(number: int, frame: FrameType | None) -> None:
    """Stop in an orderly way, so that no half-written file stays behind."""
    for other in _STOPS:  # often sent together; a second one would break off the tidying up
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _leave_after_all(lost: sys.UnraisableHookArgs) -> None:
    """Ask again for a stop that came while a destructor ran, where Python drops exceptions."""
    if not isinstance(lost.exc_value, (SystemExit, KeyboardInterrupt)):
        sys.__unraisablehook__(lost)
        return
    dropped = lost.exc_value.with_traceback(None)

    def stop(number: int, frame: FrameType | None) -> None:
        raise dropped

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, _SOON)


def _run(words: list[str]) -> int:
    try:
        parser = _parser(words)
        arguments, unknown = parser.parse_known_args(words)
        if unknown:  # said by the parser of the verb, whose help lists what is known
            known = getattr(arguments, "parser", parser)
            known.error(f"unrecognized arguments: {' '.join(unknown)}")
    except SystemExit as leaving:  # --help, --version and wrong usage
        return leaving.code if isinstance(leaving.code, int) else WRONG_USAGE
    try:
        _declare(getattr(arguments, "functions", None) or ())
        code: int = arguments.run(arguments)
    except UsageError as error:
        complain(f"{error}; see musrcu {arguments.verb} --help")
        return WRONG_USAGE
    return code


def _declare(files: Sequence[str]) -> None:
    """Run the files of functions that were named."""
    if files:
        from musrcu.models.functions_file import load_functions

        for file in files:
            load_functions(file)


def _parser(words: Sequence[str]) -> Parser:
    """The parser of the whole command; only the verb that was typed gets its options."""
    listed = "\n".join(f"  {verb:<11}{text}" for verb, text in VERBS.items())
    parser = Parser(
        prog="musrcu",
        description="Muon spin rotation: from raw facility files to an ordering temperature.",
        epilog=f"verbs:\n{listed}\n\n{_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=_version())
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=Parser)
    typed = next((word for word in words if not word.startswith("-")), None)
    if typed is None:
        return parser
    if typed not in VERBS:
        parser.error(f"there is no verb {typed!r}{nearest(typed, list(VERBS))}")
    module = importlib.import_module(f"musrcu.cli.{typed}")
    verb = verbs.add_parser(
        typed,
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(verb)
    verb.set_defaults(run=module.run, verb=typed, parser=verb)
    return parser


def _version() -> str:
    from musrcu import __version__

    return f"musrcu {__version__}"


def _print_doubts() -> None:
    """Print every warning as one line on standard error, each text once."""
    shown: set[str] = set()

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if str(message) not in shown:
            shown.add(str(message))
            complain(f"warning: {message}")

    warnings.simplefilter("always", MusrcuWarning)
    warnings.showwarning = show
