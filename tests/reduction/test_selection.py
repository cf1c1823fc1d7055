"""Detectors by label and number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musrcu.errors import ReductionError
from musrcu.reduction.selection import select_detectors

LABELS = ("Forw", "Back", "Up", "Down", "Righ")
N_MOST = 200


def refused(selection: object, labels: tuple[str, ...] = LABELS) -> str:
    with pytest.raises(ReductionError) as caught:
        select_detectors(selection, labels)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize(
    "selection, numbers",
    [
        ("1-4", (1, 2, 3, 4)),
        ("1-3,5", (1, 2, 3, 5)),
        ("5, 1 - 2", (5, 1, 2)),
        ("3", (3,)),
        (3, (3,)),
        (np.int64(3), (3,)),
        (np.array(3), (3,)),
        ([1, 2], (1, 2)),
        ((2, 1), (2, 1)),
        (np.array([4, 2]), (4, 2)),
        (range(1, 4), (1, 2, 3)),
        ("Back", (2,)),
        ("back", (2,)),
        (" BACK ", (2,)),
        ("Back,1", (2, 1)),
        (["Back", "up"], (2, 3)),
        (["Back", 1], (2, 1)),
        (["1-2", "Up"], (1, 2, 3)),
        ("Ba", (2,)),
        ("D", (4,)),
        ("Backward", (2,)),
        ("Right", (5,)),
    ],
)
def test_selected(selection: object, numbers: tuple[int, ...]) -> None:
    assert select_detectors(selection, LABELS) == numbers  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "selection, sentence",
    [
        ("Bakc", "no detector is called 'Bakc'; did you mean 'Back'?"),
        ("xyz", "no detector is called 'xyz'; choose from 1 Forw, 2 Back, 3 Up, 4 Down, 5 Righ"),
        ("6", "detector 6 does not exist: the run has 5"),
        (0, "detector 0 does not exist"),
        (-1, "detector -1 does not exist"),
        ("0-2", "detector 0 does not exist"),
        ("1-999999999", "detector 999999999 does not exist"),
        ("4-2", "detector range 4-2 runs backwards; write 2-4"),
        ("Back,2", "names detector 2 twice"),
        ("1-3,2", "names detector 2 twice"),
        ([1, 1], "names detector 1 twice"),
        ("", "empty part"),
        ("1,,2", "empty part"),
        ("1,", "empty part"),
        ([], "is empty"),
        (True, "detector True is neither a number nor a label"),
        (1.0, "detector 1.0 is neither a number nor a label"),
        ([1.5], "detector 1.5 is neither"),
        (None, "detector None is neither"),
        ("9" * 5000, "no detector is called '999"),
    ],
)
def test_refused(selection: object, sentence: str) -> None:
    assert sentence in refused(selection)


def test_exact_label_before_prefix() -> None:
    assert select_detectors("F1", ("F10", "F1", "F11")) == (2,)
    assert "may be 1 and 3" in refused("F", ("F10", "B", "F11"))
    assert "may be 1 and 2" in refused("Back", ("Back", "back"))


def test_labels_that_look_like_something_else() -> None:
    assert select_detectors("2", ("2", "1")) == (2,)  # a number is a number
    assert select_detectors("Up,in", ("Down", "Up,in")) == (2,)
    assert select_detectors("B-1", ("F-1", "B-1")) == (2,)


def test_a_short_label_is_not_found_in_a_longer_name() -> None:
    assert "no detector is called 'Upper'" in refused("Upper")


def test_runs_without_labels_list_numbers() -> None:
    assert refused("Back", ("",) * 96).endswith("choose from 1-96")
    assert "choose from none" in refused("Back", ())


def as_text(numbers: list[int]) -> str:
    """A selection text of the numbers, consecutive ones written as a range."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(str(p[0]) if len(p) == 1 else f"{p[0]}-{p[-1]}" for p in parts)


@given(st.lists(st.integers(1, N_MOST), min_size=1, unique=True))
def test_text_and_numbers_agree(numbers: list[int]) -> None:
    labels = ("",) * N_MOST
    assert select_detectors(as_text(numbers), labels) == tuple(numbers)
    assert select_detectors(numbers, labels) == tuple(numbers)


@given(st.text(max_size=20), st.lists(st.text(max_size=6), max_size=6))
def test_any_text_is_selected_or_refused(selection: str, labels: list[str]) -> None:
    try:
        numbers = select_detectors(selection, labels)
    except ReductionError as error:
        assert str(error)
    else:
        assert len(set(numbers)) == len(numbers) > 0
        assert all(1 <= number <= len(labels) for number in numbers)


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, unique=True), st.data())
def test_every_label_selects_its_detector(letters: list[str], data: st.DataObject) -> None:
    labels = [f"{letter}{k}x" for k, letter in enumerate(letters)]
    position = data.draw(st.integers(0, len(labels) - 1))
    label = labels[position]
    written = data.draw(st.sampled_from([label, label.upper(), label[:1], f" {label}ward"]))
    assert select_detectors(written, labels) == (position + 1,)
