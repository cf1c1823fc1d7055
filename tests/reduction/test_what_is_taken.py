"""What a stage cannot take is refused in one sentence, never with an attribute that is missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from run_of import decay, run_of

import musrcu as mu
from musrcu.reduction.forms import lifetime_corrected, rotating_frame, single_histogram

RUN = run_of(np.array([decay(2e4, 0.01, 500)] * 4), source="pulsed")
COUNTS = mu.group(RUN, forward="1-2", backward="3-4")
ASYMMETRY = mu.reduce(RUN, mu.Reduction(forward="1-2", backward="3-4", packing=5))
STAGES = {
    mu.Run: (
        mu.find_t0, mu.inspect_detectors, mu.group, mu.correct_dead_time, mu.reduce,
        mu.reduce_counts, mu.measure_background,
    ),
    mu.Counts: (
        mu.subtract_background, mu.rebin, mu.form_asymmetry, single_histogram, lifetime_corrected,
    ),
    mu.Asymmetry: (rotating_frame,),
}  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "kind"), [(stage, kind) for kind, stages in STAGES.items() for stage in stages]
)
def test_another_kind(stage: Any, kind: type) -> None:
    more = (1.0,) if stage is rotating_frame else ()
    for wrong in (None, 3, "7.bin", [RUN], RUN, COUNTS, ASYMMETRY):
        if not isinstance(wrong, kind):
            sentence = rf"{stage.__name__} takes an? .*, not an? {type(wrong).__name__}"
            with pytest.raises(mu.MusrcuError, match=sentence):
                stage(wrong, *more)


@pytest.mark.parametrize("recipe", [5, "x", {"packing": 3}, False])
def test_another_recipe(recipe: Any) -> None:
    for stage in (mu.reduce, mu.reduce_counts, mu.measure_background):
        with pytest.raises(mu.MusrcuError, match="takes a Reduction, not a"):
            stage(RUN, recipe)


@pytest.mark.parametrize("name", ["alpha_error", "total_error", "total", "alpha", "detector_beta"])
def test_numbers_of_an_asymmetry(name: str) -> None:
    wrong = ["x", np.nan, np.inf, True, [1.0], 1j]
    for value in wrong if name == "total" else [*wrong, -0.01]:
        with pytest.raises(mu.MusrcuError, match=f"{name} = .*; expected a number"):
            mu.form_asymmetry(COUNTS, **{name: value})
    if name.endswith("error"):
        assert getattr(mu.form_asymmetry(COUNTS, **{name: 0.0}), name) == 0


@pytest.mark.parametrize("t_max", ["x", np.nan, True, [1.0], np.array([1.0, 2.0])])
def test_the_late_cut_is_a_number(t_max: Any) -> None:
    for packing in (None, 5, "variable"):
        with pytest.raises(mu.MusrcuError, match="t_max = .*; expected a time in us"):
            mu.rebin(COUNTS, packing=packing, t_max=t_max)


@pytest.mark.parametrize("packing", ["x", 0, -3, 1.5, True, np.nan])
def test_the_pack_of_a_rotating_frame_is_a_whole_number(packing: Any) -> None:
    with pytest.raises(mu.MusrcuError, match="packing = .* of a rotating frame; expected a whole"):
        rotating_frame(ASYMMETRY, 1.0, packing=packing)


@pytest.mark.parametrize(
    ("detectors", "sentence"),
    [
        ([0, 999], "0"), ([999], "999"), ([1.5], "1.5"), ([], "empty"),
        ("1-9", "9 does not exist: the run has 4"),
        ([None], "None"), (3.0, "3.0"), ({}, ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", [None, "edge", "file", "prompt"])
def test_detectors_of_t0_are_looked_at_whatever_the_source(
    detectors: Any, sentence: str, method: Any
) -> None:
    with pytest.raises(mu.MusrcuError, match=f"detector .*{sentence}"):
        mu.find_t0(RUN, method, detectors=detectors)


def test_detectors_of_t0_by_range() -> None:
    for detectors in ("1-3", [1, 2, 3], np.array([3, 1, 2]), 2):
        assert mu.find_t0(RUN, "file", detectors=detectors).method == "file"
