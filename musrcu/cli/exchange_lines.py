"""``--J``: the coupling between chains, printed beside T_N."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import TYPE_CHECKING, Any

from musrcu.errors import MusrcuError
from musrcu.notation import parsed

if TYPE_CHECKING:
    from musrcu.direct.result import DirectOrder
    from musrcu.ordering.result import OrderParameter


def add_exchange(parser: ArgumentParser) -> None:
    """The option ``--J``."""
    group = parser.add_argument_group("coupled chains of spins 1/2")
    group.add_argument(
        "--J",
        metavar='"VALUE(ERROR)"',
        type=chain_coupling,
        help="coupling along the chains, \"13.7(1)\" K: print J', J'/J and the moment from T_N",
    )


def chain_coupling(text: str) -> str:
    """The text if it is a positive value, with or without an error, in K or mK."""
    try:
        value, _, unit = parsed(text)
    except MusrcuError as error:
        raise ArgumentTypeError(str(error)) from None
    if value <= 0 or unit not in ("", "K", "mK"):
        raise ArgumentTypeError(f"{text!r} is not a positive coupling in K, such as '13.7(1)'")
    return text


def exchange_of(
    law: OrderParameter | DirectOrder | None, J: str | None
) -> tuple[dict[str, Any], list[str]]:
    """What T_N and J say, as an entry of the JSON and as lines; both empty where J is not given.

    The entry ``exchange`` is null where there is no T_N to be used.
    """
    if J is None:
        return {}, []
    if law is None or not law.valid:
        return {"exchange": None}, ["no J': there is no valid T_N"]
    from musrcu.exchange import interchain_coupling

    try:
        coupling = interchain_coupling(law.T_N, J)
    except MusrcuError as error:
        return {"exchange": None}, [f"no J': {error}"]
    return {"exchange": coupling.to_dict()}, coupling.summary().splitlines()
