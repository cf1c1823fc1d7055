"""Recompute the certificates of the model functions against independent references.

Examples:

  musrcu verify                       every function, quickly
  musrcu verify dynamic_gaussian_kt_lf --sets 300
  musrcu verify --full --jobs 4       2000 sets each (300 where a reference is slow)
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from musrcu.cli.terminal import UsageError, say

QUICK, QUICK_SLOW = 60, 12


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu verify``."""
    parser.add_argument("names", metavar="NAME", nargs="*", help="components; none means all")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--sets", type=int, metavar="N", help="parameter sets for each function")
    size.add_argument("--full", action="store_true", help="2000 sets, 300 of slow references")
    parser.add_argument("--seed", type=int, default=1, help="of the sets (default 1)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")


def run(arguments: Namespace) -> int:
    """Verify and print; exit code 3 where a promise is broken."""
    from musrcu.models.registry import components, find_component
    from musrcu.verification.series import verify_all
    from musrcu.verification.table import text

    if arguments.sets is not None and arguments.sets < 1:
        raise UsageError(f"--sets {arguments.sets}: expected 1 or more")
    if arguments.jobs < 1:
        raise UsageError(f"--jobs {arguments.jobs}: expected 1 or more")
    names = arguments.names or [
        key for key, one in components().items() if one.certificate is not None
    ]
    wanted = [find_component(name) for name in names]
    sets = {
        one.key: arguments.sets or (None if arguments.full else QUICK_SLOW if _slow(one) else QUICK)
        for one in wanted
    }
    found = verify_all(wanted, sets, seed=arguments.seed, jobs=arguments.jobs)
    say(text(found))
    return 0 if all(one.valid for one in found) else 3


def _slow(component: object) -> bool:
    certificate = getattr(component, "certificate", None)
    return certificate is not None and bool(certificate.slow)
