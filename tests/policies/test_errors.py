"""The table of known errors, and its law."""

import time
from pathlib import Path
from typing import Final

import pytest

from layerscope.errors import PolicyError
from layerscope.policies.errors import PLACEHOLDER, ErrorRow, is_bounded, iter_texts, read_errors
from layerscope.rules.registry import find_rule

KNOWN: Final = read_errors()
LENGTH: Final = 1 << 18
PATIENCE: Final = 3.0
"""Seconds of processor time for an expression on LENGTH characters; it takes 0.1, and a quadratic one takes minutes."""

HEAD: Final = '[policy]\nabout = "a"\ndate = 2026-01-01\nrefresh = "r"\n'
ROW: Final = """[[error]]
id = "first"
title = "t"
message = 'broken (?P<what>[a-z]{1,9})'
examples = ["broken pipe"]
when = "run"
silent = false
meaning = "{what|it} is broken"
causes = ["c"]
host = []
image = []
cures = [{ title = "t", commands = [] }]
rules = []
threads = []
source = "s"
"""
CODE: Final = """[[code]]
number = 7
name = "seven"
text = "the seventh"
suspect = "s"
source = "s"
"""


def tell_id(row: ErrorRow) -> str:
    """How an error is called in the list of tests."""
    return row.id


@pytest.mark.parametrize("row", KNOWN.table.error, ids=tell_id)
def test_evidence_is_looked_for_by_rules_that_exist(row: ErrorRow) -> None:
    """Every rule that an error names is in the registry."""
    assert [name for name in row.rules if find_rule(name) is None] == []


def test_what_was_found_out_is_there() -> None:
    """All messages, the silent failures, and the codes of the CUDA runtime that containers meet."""
    assert len(KNOWN.table.error) >= 47
    assert {row.id for row in KNOWN.table.error if row.silent} >= {"nccl-hang", "ptx-jit-slow", "tf-cpu-fallback"}
    assert len(KNOWN.codes) == 21
    assert {35, 100, 209, 802, 803, 804, 999} <= KNOWN.codes.keys()


@pytest.mark.parametrize("row", KNOWN.table.error, ids=tell_id)
def test_expressions_stay_quick_on_hostile_text(row: ErrorRow) -> None:
    """Long runs of what an expression begins with cost no more than reading them."""
    runs = ["a", "a ", "a.", "1.so", "a>=1,", "!", "/", "_", " ", "\n", "\\", "(", "first "]
    starts = [example[: len(example) * part // 8] for example in row.examples for part in range(1, 9)]
    for pattern in filter(None, (KNOWN.messages.get(row.id), KNOWN.symptoms.get(row.id))):
        for run in filter(None, runs + starts):
            text = (run * LENGTH)[:LENGTH]
            begun = time.process_time()
            sum(1 for _ in pattern.finditer(text))
            assert time.process_time() - begun < PATIENCE


@pytest.mark.parametrize("row", KNOWN.table.error, ids=tell_id)
def test_placeholders_are_spelt_as_such(row: ErrorRow) -> None:
    """No brace with a bar in it is left that nothing would fill."""
    for text in iter_texts(row):
        assert "|" not in "".join(part for part in PLACEHOLDER.sub("", text).split("{")[1:] if "}" in part)


@pytest.mark.parametrize(
    ("expression", "bounded"),
    [
        ("a{1,3}b?", True),
        (r"a\+\*[*+]", True),
        (r"[\]+]x", True),
        ("a{1,3}+b", True),
        ("a*", False),
        ("a+", False),
        ("a{2,}", False),
        ("[ab]+", False),
        ("(?:ab)*", False),
    ],
)
def test_repetition_without_end_is_seen(expression: str, bounded: bool) -> None:
    """Escaped signs and those in classes repeat nothing."""
    assert is_bounded(expression) is bounded


@pytest.mark.parametrize(
    ("broken", "trouble"),
    [
        (ROW + ROW + CODE, "has two rows, expected one"),
        (ROW + CODE + CODE, "the code 7 has two rows, expected one"),
        (ROW.replace("{1,9}", "+") + CODE, "repetitions all have an end"),
        (ROW.replace("(?P<what>", "(") + CODE, "no group of its expressions is called 'what'"),
        (ROW.replace("broken pipe", "whole pipe") + CODE, "its example 'whole pipe' is not recognised"),
        (ROW.replace("[a-z]{1,9})", "[a-z]{1,9}") + CODE, "missing ), unterminated subpattern"),
        (ROW.replace('causes = ["c"]', "causes = []") + CODE, "expected a message or a symptom, causes"),
        (ROW.replace("silent", 'special_case_of = ["second"]\nsilent') + CODE, "cannot be a special case of 'second'"),
        (ROW + CODE.replace("the seventh", ""), "code 7: expected a name, a text and a suspect"),
        (ROW + CODE.replace("suspect", 'error = "second"\nsuspect'), "code 7: there is no error 'second'"),
        (ROW.replace('"run"', '"later"') + CODE, "Invalid enum value 'later'"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(broken: str, trouble: str, tmp_path: Path) -> None:
    """The row and the reason are named."""
    (tmp_path / "errors.toml").write_text(HEAD + broken)
    with pytest.raises(PolicyError) as caught:
        read_errors(tmp_path)
    assert trouble in str(caught.value)


def test_a_table_of_ones_own_is_taken(tmp_path: Path) -> None:
    """A folder may hold another table."""
    (tmp_path / "errors.toml").write_text(HEAD + ROW + CODE)
    assert list(read_errors(tmp_path).rows) == ["first"]
