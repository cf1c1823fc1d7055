"""The pages about model functions: nothing is missing, and the table of certificates is ours."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import musrcu
from musrcu.models.other_programs import NAMES
from musrcu.models.registry import components
from musrcu.output.families import TITLES, families
from musrcu.verification.promise import SLOPE, domain, power
from musrcu.verification.table import COLUMNS
from musrcu.verification.verify import SETS, SLOW_SETS

DOCS = Path(__file__).resolve().parent.parent / "docs"
BUILT_IN = components()
LINES = (DOCS / "certificates.csv").read_text(encoding="utf-8").splitlines()
ROWS = {
    row["function"]: row
    for row in csv.DictReader(line for line in LINES if not line.startswith("#"))
}


def test_every_function_has_a_row_and_no_other() -> None:
    assert set(ROWS) == set(BUILT_IN)
    assert list(next(iter(ROWS.values()))) == list(COLUMNS)
    head = dict(line[2:].split(": ", 1) for line in LINES if line.startswith("# ") and ": " in line)
    assert head["version"] == musrcu.__version__
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", head["date"])


def test_rows_promise_what_the_code_promises() -> None:
    for key, row in ROWS.items():
        certificate = BUILT_IN[key].certificate
        assert certificate is not None
        assert row["domain"] == domain(BUILT_IN[key]), key
        assert row["promised"] == power(certificate.accuracy), key
        assert float(row["promised_there"]) >= 0.99 * certificate.accuracy, key


def test_every_promise_was_kept() -> None:
    for key, row in ROWS.items():
        assert row["kept"] == "yes", key
        assert float(row["worst_error"]) <= 1.01 * float(row["promised_there"]), key
        if BUILT_IN[key].parameters:
            assert float(row["worst_derivative"]) <= SLOPE, key
            assert row["derivative_of"] in [p.name for p in BUILT_IN[key].parameters], key


def test_the_verification_was_a_full_one() -> None:
    for key, row in ROWS.items():
        certificate = BUILT_IN[key].certificate
        assert certificate is not None
        assert int(row["sets"]) >= (SLOW_SETS if certificate.slow else SETS), key


def test_every_function_is_somewhere_in_the_table_of_samples() -> None:
    text = (DOCS / "models.md").read_text(encoding="utf-8")
    table = text.partition("## Which function for which sample")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z0-9_]+)`", table))
    assert set(BUILT_IN) <= named
    parameters = {p.name for made in BUILT_IN.values() for p in made.parameters}
    assert named <= set(BUILT_IN) | parameters


def test_every_built_in_module_has_a_family() -> None:
    ours = {  # other tests of this process may have declared functions of their own
        title: kept
        for title, members in families().items()
        if (kept := [one for one in members if one.key in BUILT_IN])
    }
    assert set(ours) <= set(TITLES.values())
    assert sum(map(len, ours.values())) == len(BUILT_IN)


def test_the_page_of_other_programs_is_made_of_their_names() -> None:
    text = (DOCS / "other-programs.md").read_text(encoding="utf-8")
    assert "\n```{other-programs}\n```\n" in text
    source = (DOCS / "_extensions" / "model_pages.py").read_text(encoding="utf-8")
    assert 'add_directive("other-programs", OtherPrograms)' in source
    assert all(program in text for program in {one.program for one in NAMES})
    for page in ("index.md", "models.md"):
        assert "other-programs" in (DOCS / page).read_text(encoding="utf-8")
