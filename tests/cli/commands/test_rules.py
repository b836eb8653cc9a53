"""`layerscope rules`."""

from collections.abc import Callable
from typing import Any

import pytest

from layerscope.rules.registry import RULES

Answer = Callable[..., tuple[int, bytes, str]]


def test_every_rule_is_listed(answer: Answer, document: Callable[..., Any]) -> None:
    """By code and name."""
    text = answer("rules", "list")[1].decode()
    assert all(rule.code in text and rule.name() in text for rule in RULES)
    assert [rule["code"] for rule in document("rules", "list")] == [rule.code for rule in RULES]


@pytest.mark.parametrize("handle", ["LAY101", "lay101", "deleted-in-later-layer"])
def test_a_rule_is_explained_by_code_or_name(handle: str, answer: Answer) -> None:
    """In any case."""
    code, out, _ = answer("rules", "explain", handle)
    assert code == 0
    assert out.decode().startswith("LAY101 deleted-in-later-layer\n")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_can_be_explained(rule: Any, answer: Answer) -> None:
    """No explanation is wider than the page, but for commands, which are there to be copied."""
    code, out, _ = answer("rules", "explain", rule.code)
    assert code == 0
    assert max(len(line) for line in out.decode().splitlines() if not line.startswith("  $ ")) <= 80


def test_a_rule_that_is_not_there_names_the_nearest(answer: Answer) -> None:
    """A slip is corrected."""
    code, _, err = answer("rules", "explain", "root-usr")
    assert code == 2
    assert "did you mean root-user?" in err


@pytest.mark.parametrize("handle", ["CUDA999", "zzz", "user"])
def test_a_rule_that_resembles_none_is_not_guessed(handle: str, answer: Answer) -> None:
    """Codes all look alike, so that another number is no slip."""
    code, _, err = answer("rules", "explain", handle)
    assert code == 2
    assert "did you mean" not in err
    assert "'layerscope rules list' names them all" in err


def test_a_code_may_lack_its_noughts(answer: Answer) -> None:
    """It is told in full."""
    assert "did you mean CONF007?" in answer("rules", "explain", "conf7")[2]
