"""Values of options as they are typed."""

from __future__ import annotations

from argparse import ArgumentTypeError

import pytest

from musrcu.cli import values


def test_the_label_of_a_group_is_part_of_the_name() -> None:
    assert values.limit("nu2[temperature=9 K]=3,4") == {"nu2[temperature=9 K]": (3.0, 4.0)}
    assert values.limit("nu2 [field=100 G] = ,4") == {"nu2 [field=100 G]": (None, 4.0)}
    assert values.assignments("nu2[f=1, 2]=3,A1=4") == {"nu2[f=1, 2]": 3.0, "A1": 4.0}
    assert values.known("nu2[field=100 G]=3,0.1,A1=4,0.2, x[f=2, 1]=5,0.3") == {
        "nu2[field=100 G]": (3.0, 0.1),
        "A1": (4.0, 0.2),
        "x[f=2, 1]": (5.0, 0.3),
    }
    assert values.tie("lambda2=2*lambda1") == {"lambda2": "2*lambda1"}
    for text in ("nu2[temperature=9 K]", "nu2[temperature=9 K]=", "=3", "nu2", "nu2["):
        with pytest.raises(ArgumentTypeError, match="is not of the form"):
            values.tie(text)


def test_several_constraints_in_one_option() -> None:
    found = values.known("A1=0.055,0.002, lambda2=0.35,0.01")
    assert found == {"A1": (0.055, 0.002), "lambda2": (0.35, 0.01)}
    assert values.known("A1=0.055,0.002") == {"A1": (0.055, 0.002)}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("A1=0.05", "'A1=0.05' is not a name, its value and its error, such as A1=0.055,0.002"),
        ("A1=0.05,0.1,lambda2=3", "'lambda2=3' is not a name"),
        ("A1=1,2,A1=2,3", "A1 is given twice"),
        ("A1=1,0", "the error is not above 0"),
        ("0.055,0.002", "is not of the form A1=0.055,0.002"),
    ],
)
def test_constraints_that_are_none(text: str, sentence: str) -> None:
    with pytest.raises(ArgumentTypeError, match=sentence):
        values.known(text)


@pytest.mark.parametrize("text", ["abc", "20:3", "1.5", "bins", "x=3"])
def test_a_wrong_packing_is_told_what_there_is(text: str) -> None:
    with pytest.raises(
        ArgumentTypeError, match="not a whole number, variable, bins=40, first=4 or"
    ):
        values.packing(text)


def test_packings() -> None:
    assert values.packing("20") == 20
    assert values.packing("bins=40") == {"bins": 40}
    with pytest.raises(ArgumentTypeError, match="0 is not 1 or above"):
        values.packing("0")
