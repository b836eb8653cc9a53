"""Every rule is listed, documented, named after its file, and shown from both sides by its test."""

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from layerscope.facts.fact import Fact
from layerscope.rules.documentation import HEADINGS, document_rule
from layerscope.rules.registry import FAMILIES, RULES, find_rule
from layerscope.rules.rule import Rule

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = {
    "LAY": "layers",
    "SYS": "system",
    "ELF": "elf",
    "PY": "python",
    "CUDA": "cuda",
    "CONF": "config",
    "PROBE": "probe",
}
LONGEST: Final = 120
"""Lines of a rule's file: one reason to flag, and its documentation."""


def iter_modules() -> Iterator[tuple[str, str]]:
    """Family and module of every file in the families' folders."""
    for prefix, folder in FOLDERS.items():
        for path in sorted((ROOT / "src" / "layerscope" / "rules" / folder).glob("*.py")):
            if path.stem != "__init__":
                yield prefix, path.stem


def name_rule(rule: Rule) -> str:
    """How a rule is called in the list of tests."""
    return f"{rule.code} {rule.name()}"


@pytest.mark.parametrize(("prefix", "module"), list(iter_modules()))
def test_every_file_of_a_family_is_one_listed_rule(prefix: str, module: str) -> None:
    """The tuple of the family and its folder say the same, and file, class and name are one word."""
    loaded = importlib.import_module(f"layerscope.rules.{FOLDERS[prefix]}.{module}")
    defined = [
        value
        for value in vars(loaded).values()
        if inspect.isclass(value) and issubclass(value, Rule) and value.__module__ == loaded.__name__
    ]
    (rule,) = defined
    assert rule.name() == module.replace("_", "-")
    assert rule in [type(listed) for listed in FAMILIES[prefix]]


def test_families_list_no_rule_twice_and_none_that_has_no_file() -> None:
    """As many rules as files."""
    assert len(RULES) == len(list(iter_modules()))
    assert len({rule.code for rule in RULES}) == len({rule.name() for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("prefix", FAMILIES)
def test_codes_bear_their_family_and_ascend(prefix: str) -> None:
    """A code is the family's prefix and three digits, and the tuple is in their order."""
    codes = [rule.code for rule in FAMILIES[prefix]]
    assert all(re.fullmatch(rf"{prefix}\d{{3}}", code) for code in codes)
    assert codes == sorted(codes)


@pytest.mark.parametrize("rule", RULES, ids=name_rule)
def test_every_rule_is_documented(rule: Rule) -> None:
    """Seven headings with text, and a title that fits on a line."""
    documentation = document_rule(rule)
    assert [section.heading for section in documentation.sections] == list(HEADINGS)
    assert 10 < len(documentation.title) <= 80
    assert all(len(section.text) > 20 for section in documentation.sections)


@pytest.mark.parametrize("rule", RULES, ids=name_rule)
def test_every_rule_declares_the_facts_it_needs(rule: Rule) -> None:
    """What a rule imports as a fact and asks for, it declares."""
    assert rule.needs
    assert all(issubclass(kind, Fact) for kind in rule.needs)
    asked = set(re.findall(r"facts\.(?:of|find)\((\w+)\)", Path(inspect.getfile(type(rule))).read_text()))
    assert asked <= {kind.__name__ for kind in rule.needs}


@pytest.mark.parametrize("rule", RULES, ids=name_rule)
def test_every_rule_is_shown_from_both_sides(rule: Rule) -> None:
    """Its test module holds a case that flags and a neighbour that does not."""
    path = Path(inspect.getfile(type(rule)))
    test = ROOT / "tests" / "rules" / path.parent.name / f"test_{path.stem}.py"
    text = re.sub(r"\s+", "", test.read_text())
    assert f"flags({type(rule).__name__}," in text
    assert f"ignores({type(rule).__name__}," in text


@pytest.mark.parametrize("rule", RULES, ids=name_rule)
def test_rule_files_stay_short(rule: Rule) -> None:
    """A rule that needs more has more than one reason to flag."""
    assert Path(inspect.getfile(type(rule))).read_text().count("\n") <= LONGEST


def test_rules_are_found_by_code_and_by_name() -> None:
    """In any case; anything else is no rule."""
    for rule in RULES:
        assert find_rule(rule.code.lower()) is rule
        assert find_rule(rule.name()) is rule
    assert find_rule("LAY999") is None
