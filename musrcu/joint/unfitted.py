"""The record of a joint fit that could not begin."""

from __future__ import annotations

from musrcu.fitting.fitted import Fitted, number
from musrcu.fitting.outcome import unfitted_result, versions
from musrcu.joint.assemble import Assembly
from musrcu.joint.result import JointResult


def unfitted_joint(parts: Assembly, reason: str) -> JointResult:
    """A result without values, and why."""
    runs = tuple(
        unfitted_result(one.draft.data, one.cost, one.draft.freedom, reason)
        for one in parts.members
    )
    shared = parts.shared
    n_free = shared.n + sum(len(one.local) for one in parts.members)
    data = sum(one.cost.size + len(one.cost.prior) for one in parts.members)
    known = sum(values.size for _, values, _ in shared.prior)
    return JointResult(
        model=runs[0].model,
        shared={
            label: Fitted(label, number(float(shared.start[k])), None, shared.units[k])
            for k, label in enumerate(shared.labels)
        },
        runs=runs, fields=tuple(number(one.draft.data.run.field) for one in parts.members),
        shared_covariance=None, chi2=None, ndof=data + known - n_free, n_free=n_free,
        valid=False, reason=reason, versions=versions(),
    )  # fmt: skip
