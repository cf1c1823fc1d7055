"""Reading back what musrcu saved."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from musrcu.analysis.scan_result import KIND as SCAN
from musrcu.analysis.scan_result import Scan
from musrcu.containers.kinds import an
from musrcu.direct.result import KIND as DIRECT
from musrcu.direct.result import DirectOrder
from musrcu.errors import MusrcuError
from musrcu.files import PathLike, read_text
from musrcu.fitting.result import KIND as FIT
from musrcu.fitting.result import FitResult
from musrcu.joint.result import KIND as JOINT
from musrcu.joint.result import JointResult
from musrcu.ordering.result import KIND as ORDER
from musrcu.ordering.result import OrderParameter
from musrcu.planning.result import KIND as PLAN
from musrcu.planning.result import Plan
from musrcu.systematics.robustness_result import KIND as ROBUSTNESS
from musrcu.systematics.robustness_result import Robustness

Loaded = FitResult | JointResult | Scan | OrderParameter | DirectOrder | Plan | Robustness

_KINDS: dict[str, Callable[[Mapping[str, Any]], Loaded]] = {
    FIT: FitResult.from_dict,
    JOINT: JointResult.from_dict,
    SCAN: Scan.from_dict,
    ORDER: OrderParameter.from_dict,
    DIRECT: DirectOrder.from_dict,
    PLAN: Plan.from_dict,
    ROBUSTNESS: Robustness.from_dict,
}


def load(path: PathLike) -> Loaded:
    """The fit, joint fit, scan, order parameter, plan or budget in a JSON file that musrcu wrote.

    Parameters
    ----------
    path : the file; its entry ``kind`` says what is in it. The budget that ``--robust`` saves in
        the file of a fit or scan is read by :meth:`musrcu.Robustness.load`.

    Raises
    ------
    MusrcuError if the file cannot be read, is not JSON, or is not the JSON of musrcu.
    """
    return _from_json(_parsed(path), path)


def all_in(path: PathLike) -> list[Loaded]:
    """Everything in a JSON file of ``musrcu fit``, which holds a list where it fitted several runs.

    Raises
    ------
    MusrcuError as :func:`load`.
    """
    data = _parsed(path)
    if isinstance(data, list) and data:
        return [_from_json(one, f"{path}: entry {k}") for k, one in enumerate(data, start=1)]
    return [_from_json(data, path)]


def _parsed(path: PathLike) -> Any:
    if not isinstance(path, (str, os.PathLike)):
        raise MusrcuError(f"load takes the path of a file, not {an(path)}")
    text = read_text(path)
    try:
        return json.loads(text)
    except ValueError as error:  # a number of thousands of digits too
        raise MusrcuError(f"{path} is not JSON: {error}") from error
    except RecursionError as error:
        raise MusrcuError(f"{path} is not JSON of musrcu: it is nested too deeply") from error


def _from_json(data: Any, path: PathLike) -> Loaded:
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        found = "no entry 'kind'" if kind is None else f"kind {kind!r}"
        raise MusrcuError(f"{path} has {found}; musrcu saves {', '.join(_KINDS)}")
    try:
        return _KINDS[kind](data)
    except MusrcuError as error:
        raise MusrcuError(f"{path}: {error}") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise MusrcuError(f"{path} is not a whole {kind}: {error!r} in it") from error
