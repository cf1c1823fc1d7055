"""The recipe: saved, compared, refused, and every step in the history."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_of import decay, run_of

from musrcu import toml
from musrcu.containers.calibration import Calibration
from musrcu.containers.run import Run
from musrcu.errors import MusrcuError, ReductionError
from musrcu.readers.registry import read
from musrcu.reduction.asymmetry import form_asymmetry
from musrcu.reduction.background import subtract_background
from musrcu.reduction.dead_time import correct_dead_time
from musrcu.reduction.grouping import group
from musrcu.reduction.rebin import rebin
from musrcu.reduction.recipe import Reduction, reduce

NUMBERS = st.floats(0.1, 1e3, allow_nan=False)
BACKGROUNDS = st.one_of(
    st.sampled_from(["auto", "none", "fit"]),
    st.builds(
        lambda start, length: {"before_t0": (-start - length, -start)},
        st.floats(0.0, 5.0),
        st.floats(0.1, 5.0),
    ),
    st.builds(lambda pair: {"given": pair}, st.tuples(NUMBERS, NUMBERS)),
    st.builds(
        lambda name, pair, error: {"error": error, name: pair},
        st.sampled_from(["given", "per_frame"]),
        st.tuples(NUMBERS, NUMBERS),
        st.tuples(NUMBERS, NUMBERS),
    ),
    st.builds(
        lambda start, length: {"late": (start, start + length)},
        st.floats(0.0, 20.0),
        st.floats(0.1, 20.0),
    ),
)
SELECTIONS = st.sampled_from(["Back", "1-4,7", 3]) | st.lists(st.integers(1, 9), min_size=1)


@st.composite
def recipes(draw: st.DrawFn) -> Reduction:
    def maybe(values: st.SearchStrategy[Any]) -> Any:
        return draw(st.none() | values)

    dead_time = st.sampled_from(["auto", "file", "none"]) | NUMBERS | st.lists(NUMBERS, min_size=1)
    alpha = st.builds(lambda a, e: Calibration(alpha=a, alpha_error=e, run=3), NUMBERS, NUMBERS)
    return Reduction(
        forward=maybe(SELECTIONS),
        backward=maybe(SELECTIONS),
        exclude=maybe(SELECTIONS | st.just("bad")),
        geometry=maybe(st.sampled_from(["longitudinal", "transverse"])),
        period=maybe(st.integers(1, 4)),
        alpha=maybe(NUMBERS),
        packing=maybe(st.integers(1, 500)),
        t_max=maybe(NUMBERS),
        t0=maybe(NUMBERS | st.lists(NUMBERS, min_size=1)),
        first_good=maybe(st.integers(0, 500)),
        background=draw(BACKGROUNDS),
        dead_time=draw(dead_time),
        calibration=maybe(alpha),
    )


@given(recipes())
def test_a_recipe_is_the_same_after_toml(tmp_path_factory: Any, recipe: Reduction) -> None:
    path = tmp_path_factory.mktemp("recipe") / "recipe.toml"
    recipe.save(path)
    assert Reduction.load(path) == recipe
    assert Reduction.from_dict(recipe.to_dict(), recipe.calibration) == recipe
    for there in (pickle.loads(pickle.dumps(recipe)), copy.deepcopy(recipe)):  # noqa: S301
        assert there == recipe


def test_only_what_was_set_is_saved(tmp_path: Path) -> None:
    Reduction(alpha=1.08, packing=20).save(tmp_path / "a.toml")
    assert toml.load(tmp_path / "a.toml") == {"reduction": {"alpha": 1.08, "packing": 20}}
    assert Reduction().to_dict() == {}
    assert Reduction().summary() == "all defaults"
    assert Reduction(alpha=1.08, forward="Back").summary() == 'forward = "Back"\nalpha = 1.08'


def test_numpy_options_are_saved_as_plain_numbers(tmp_path: Path) -> None:
    recipe = Reduction(
        alpha=np.float64(1.08),
        packing=np.int64(20),
        t0=np.array([1.5, 2.5]),
        background={"given": np.array([1.0, 2.0])},
        forward=np.array([1, 2]),
    )
    recipe.save(tmp_path / "a.toml")
    assert Reduction.load(tmp_path / "a.toml") == recipe
    assert recipe == Reduction(
        alpha=1.08, packing=20, t0=(1.5, 2.5), background={"given": (1.0, 2.0)}, forward=(1, 2)
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[reduction]\npakcing = 2",
            r"\[reduction\] has no option 'pakcing'; did you mean 'packing'",
        ),
        ("[reduction]\nbackgruond = 'none'", "did you mean 'background'"),
        ("[reduction]\ncalibration = 1", "has no option 'calibration'"),
        ("[reduction]\nqqq = 1", r"a\.toml: \[reduction\] has no option 'qqq'$"),
        ("[fit]\n", r"a\.toml has no table \[reduction\]"),
        ("[reduction]\npacking = '20'", "packing = '20'; expected a whole number"),
        ("[reduction]\npacking = 20.5", "packing = 20.5; expected a whole number"),
        ("[reduction]\npacking = true", "packing = True; expected a whole number"),
        ("[reduction]\nalpha = '1.08'", "alpha = '1.08'; expected a number"),
        ("[reduction]\nt0 = 'early'", "t0 = 'early'; expected finite bin numbers"),
        ("[reduction]\nt0 = [1.0, nan]", "expected finite bin numbers"),
        ("[reduction]\nbackground = 'flat'", "background = 'flat'; expected 'auto', 'none'"),
        ("[reduction]\nbackground = 3", "background = 3; expected 'auto', 'none'"),
        ("[reduction]\nbackground = {before = [1, 2]}", "name before_t0, given, per"),
        ("[reduction]\nbackground = {}", "name before_t0, given, per_frame or late"),
        (
            "[reduction]\ndead_time = 'off'",
            "dead_time = 'off'; expected 'auto', 'file', 'none' or numbers",
        ),
        (
            "[reduction]\ndead_time = [0.1, 'x']",
            "dead_time = .* expected .auto., .file., .none.",
        ),
        (
            "[reduction]\n[calibration]\nalpha = 0\nalpha_error = 1",
            "alpha = 0 in a calibration; it must be a number above 0",
        ),
        ("[reduction]\n[calibration]\nalpah = 1", r"has no entry 'alpah'; did you mean 'alpha'"),
        ("[reduction", "is not valid TOML"),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(MusrcuError, match=sentence):
        Reduction.load(path)


HUGE = 99999999999999999999999
NEVER = {
    "alpha": ["0", "-1.0", "nan", "inf", "1e-4", "2000", f"{HUGE}", "1e308", "2026-01-05", "[1.0]"],
    "t_max": ["nan", "inf", "0.0", "-3", "'8'", f"{HUGE}{'0' * 300}", "2026-01-05T08:00:00"],
    "packing": [
        "0", "-1", f"{HUGE}", "nan", "{a = 1}", "[2]", "'fixed'", "true", "{}", "{bins = 0}",
        "{first = 1.5}", "{edges = 1}", "{edges = [1]}", "{edges = [2, 1]}", "{edges = [0, inf]}",
        "{bins = 2, first = 1}",
    ],
    "detector_beta": ["0", "-1", "nan", "2000", "'1'", "true"],
    "period": ["0", "-1", f"{HUGE}", "1.0", "08:00:00"],
    "first_good": ["-1", "-300", f"{HUGE}", "2.5", "true"],
    "forward": ["0", "-2", "1.5", "true", "''", "[]", "[0]", "[1.5]", "[[1]]", "{a = 1}"],
    "geometry": ["''", "'TF'", "true", "1", "['transverse']", "{a = 1}"],
    "exclude": ["0", "''", "[]", "true", "1.5", "{a = 1}"],
    "backward": ["2026-01-05", "nan", f"{HUGE}", "['']"],
    "t0": ["-1", "inf", "[]", "[[1, 2]]", "'1.5'", "true", f"[1, {HUGE}{'0' * 300}]", "{}"],
    "dead_time": ["nan", "[[0.1], [0.1, 0.2]]", "1e308", "true", "{a = 1}", "[]"],
    "background": [
        "true", "['none']", "2026-01-05", "{given = [1, nan]}", "{given = 3}", "{given = [1]}",
        "{given = [1, 1e308]}", "{given = [1, 2], before_t0 = [-1, 0]}", "{given = [1, true]}",
        "{late = [3, 2]}", "{late = [-1, 2]}", "{per_frame = [1]}", "{given = [1, 1], error = 1}",
        "{error = [1, 1]}", "{late = [1, 2], error = [1, 1]}", "{given = [1, 1], error = [1, -1]}",
        "{before_t0 = [-0.1, -0.2]}", "{before_t0 = [-0.1, 0.2]}", "{before_t0 = ['a', 'b']}",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("option", "value"), [(name, value) for name, values in NEVER.items() for value in values]
)
def test_what_can_never_work_is_refused_when_built(option: str, value: str) -> None:
    table = tomllib.loads(f"{option} = {value}")
    with pytest.raises(ReductionError, match=rf"^{option}") as caught:
        Reduction(**table)
    assert len(str(caught.value)) < 250
    with pytest.raises(ReductionError, match=rf"^here\.toml: \[reduction\] {option}"):
        Reduction.from_dict(table, where="here.toml: [reduction]")


def test_a_calibration_is_one() -> None:
    with pytest.raises(ReductionError, match="calibration = 'cal.toml'; expected a Calibration"):
        Reduction(calibration="cal.toml")  # type: ignore[arg-type]


def test_the_background_cannot_be_changed() -> None:
    """Two recipes that are equal stay so, and can be kept in a set."""
    given = {"given": [1, 2]}
    recipe, same = Reduction(background=given), Reduction(background={"given": (1.0, 2.0)})
    given["given"] = [3, 4]
    assert recipe == same and hash(recipe) == hash(same)
    assert recipe != Reduction(background={"given": (1, 3)})
    assert recipe.background == {"given": (1, 2)}
    assert repr(recipe.background) == "{'given': (1, 2)}"
    with pytest.raises(TypeError):
        recipe.background["given"] = (3, 4)  # type: ignore[index]
    with pytest.raises(AttributeError, match="read-only"):
        recipe.background._items = ()  # type: ignore[union-attr]
    with pytest.raises(KeyError):
        recipe.background["before_t0"]
    assert dataclasses.replace(recipe, alpha=1.0).background == recipe.background


def beam_run(**more: Any) -> Run:
    rng = np.random.default_rng(9)
    means = np.full((2, 3000), 5.0)
    means[:, 500:] += decay(2500, 0.004, 4e5)
    options: dict[str, Any] = {
        "bin_width": 0.004,
        "t0": [500.0, 500.0],
        "first_good": [505, 506],
        "labels": ("Forw", "Back"),
        "instrument": "LTF",
    }
    return run_of(rng.poisson(means), **(options | more))


def test_a_recipe_does_what_the_stages_do() -> None:
    run = beam_run()
    recipe = Reduction(
        forward="Back",
        backward="Forw",
        alpha=1.08,
        packing=20,
        t_max=8.0,
        background={"before_t0": (-0.5, -0.05)},
    )
    found = reduce(run, recipe)
    counts = group(correct_dead_time(run), forward="Back", backward="Forw")
    counts = subtract_background(counts, before_t0=(-0.5, -0.05))
    expected = form_asymmetry(rebin(counts, packing=20, t_max=8.0), alpha=1.08)
    np.testing.assert_array_equal(found.time, expected.time)
    np.testing.assert_array_equal(found.value, expected.value)
    np.testing.assert_array_equal(found.error, expected.error)
    assert str(found.history) == str(expected.history)
    assert found.run is not None and found.run.number == run.number


STAGES = ["correct_dead_time", "group", "subtract_background", "rebin", "form_asymmetry"]


@pytest.mark.parametrize(
    ("recipe", "notes"),
    [
        (
            Reduction(),
            {"correct_dead_time": "not applied: none known", "form_asymmetry": "alpha = 1 assumed"},
        ),
        (
            Reduction(background="none", dead_time="none", alpha=1.1),
            {
                "correct_dead_time": "not applied: as asked",
                "subtract_background": "not applied: as asked",
            },
        ),
        (
            Reduction(calibration=Calibration(alpha=1.1, alpha_error=0.01, total=0.23)),
            {"rebin": "every bin holds at least 20"},
        ),
        (
            Reduction(forward="1", backward="2", background={"given": (5, 5)}),
            {"group": "pair given"},
        ),
    ],
)
def test_the_history_names_every_stage(recipe: Reduction, notes: dict[str, str]) -> None:
    history = reduce(beam_run(), recipe).history
    assert [step.stage for step in history] == STAGES
    for stage, note in notes.items():
        step = history.find(stage)
        assert step is not None and note in step.note
    last = history[-1]
    assert last.options["alpha"] == (1.0 if recipe == Reduction() else last.options["alpha"])
    packing = history.find("rebin")
    assert packing is not None and packing.options["packing"] >= 1
    assert len(str(history).split("\n")) == 5


def test_calibration_and_alpha() -> None:
    calibration = Calibration(alpha=1.1, alpha_error=0.01, total=0.23, total_error=0.004)
    found = reduce(beam_run(), Reduction(calibration=calibration, packing=50))
    assert (found.alpha, found.alpha_error) == (1.1, 0.01)
    assert (found.total, found.total_error) == (0.23, 0.004)
    # alpha by hand: the calibration still bounds the total asymmetry, with its error
    found = reduce(beam_run(), Reduction(alpha=1.3, calibration=calibration, packing=50))
    assert (found.alpha, found.alpha_error) == (1.3, None)
    assert (found.total, found.total_error) == (0.23, 0.004)
    found = reduce(beam_run(), Reduction(alpha=1.3, packing=50))
    assert (found.total, found.total_error) == (None, None)


def test_a_stage_that_fails_says_which_run() -> None:
    with pytest.raises(ReductionError, match="LTF 7: no bin before the late cut"):
        reduce(beam_run(), Reduction(t_max=1e-5))


def test_real_run_reversed(real: Path) -> None:
    """The reversed pair with 1/alpha is the same data with the other sign."""
    run = read(real / "psi-bin" / "deltat_pta_gps_4255.bin")
    alpha = 1 / 0.82
    ahead = reduce(run, Reduction(forward="2", backward="1", alpha=alpha, packing=30, t_max=8.0))
    back = reduce(run, Reduction(forward="1", backward="2", alpha=0.82, packing=30, t_max=8.0))
    n = min(ahead.value.size, back.value.size)
    # the common t0 is that of the first detector: both lie on whole bins here
    np.testing.assert_allclose(back.time[:n], ahead.time[:n], atol=1e-12)
    np.testing.assert_allclose(back.value[:n], -ahead.value[:n], atol=1e-13)
    np.testing.assert_allclose(back.error[:n], ahead.error[:n], rtol=1e-12)
