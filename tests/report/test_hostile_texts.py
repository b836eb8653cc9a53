"""Text of an image is harmless in every format, for whoever reads it."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from layerscope.report.context import RenderContext
from layerscope.report.registry import FORMATS
from support.hostile_texts import ATTACKS, REVEALED, make_hostile
from support.report_checks import (
    check_cyclonedx,
    check_gitlab,
    check_html,
    check_junit,
    check_markdown,
    check_sarif,
    check_spdx,
    iter_sarif_texts,
    read_commands,
)

OURS: Final = "\n\ufe0f"
"""Ends of lines, and what makes a sign of ours coloured."""


def parse_sarif(text: str) -> None:
    """No viewer sees a link of SARIF's own in a message."""
    for told in iter_sarif_texts(check_sarif(text)):
        assert "](" not in told
        assert told.count("[") == told.count("\\[")
        assert told.count("]") == told.count("\\]")


def parse_junit(text: str) -> None:
    """Every case is one of ours: three findings, a gap, and the families in which nothing was found."""
    root = check_junit(text)
    assert [suite.get("name") for suite in root] == [
        f"layerscope.{name}" for name in ("layers", "system", "elf", "python", "cuda", "config", "gaps")
    ]
    assert len(list(root.iter("testcase"))) == 8
    assert len(list(root.iter("failure"))) == 1


def parse_github(text: str) -> None:
    """Every line is one annotation, and there are as many as findings and gaps."""
    levels = [each.level for each in read_commands(text)]
    assert levels == ["error", "warning", "warning", "notice"]


def parse_gitlab(text: str) -> None:
    """Three findings and a gap."""
    assert len(check_gitlab(text)) == 4


def parse_terminal(text: str) -> None:
    """Nothing to parse: what must not be there is looked for in every format."""
    assert text.endswith("\n")


def parse_html(text: str) -> None:
    """Three findings and two layers; what the script works on is as safe to show as the page itself."""
    page = check_html(text)
    assert (page.tags.count("article"), page.tags.count("script"), page.tags.count("rect")) == (3, 2, 4)
    assert all(sign.isprintable() for value in iter_values(page.data) for sign in value)


PARSERS: Final[dict[str, Callable[[str], Any]]] = {
    "terminal": parse_terminal,
    "json": json.loads,
    "html": parse_html,
    "sarif": parse_sarif,
    "markdown": check_markdown,
    "junit": parse_junit,
    "github": parse_github,
    "gitlab": parse_gitlab,
    "cyclonedx": check_cyclonedx,
    "spdx": check_spdx,
}


def iter_values(document: object) -> Iterator[str]:
    """Every text in a JSON document, keys as well."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from iter_values(value)
    elif isinstance(document, list):
        for value in document:
            yield from iter_values(value)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", FORMATS)
def test_a_hostile_text_is_text(name: str, attack: str) -> None:
    """Each format is read by its own parser, which finds what we wrote and nothing that the image did."""
    text = FORMATS[name]().render(make_hostile(ATTACKS[attack]), RenderContext(exit_code=1))
    text.encode()
    assert not [sign for sign in REVEALED if sign in text]
    assert all(sign.isprintable() or sign in OURS for sign in text)
    PARSERS[name](text)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", ["sarif", "gitlab", "cyclonedx", "spdx"])
def test_what_a_parser_gives_out_is_harmless_as_well(name: str, attack: str) -> None:
    """A viewer shows the values behind JSON's escapes: nothing in them moves a cursor or turns text around."""
    text = FORMATS[name]().render(make_hostile(ATTACKS[attack]), RenderContext())
    for value in iter_values(json.loads(text)):
        assert all(sign.isprintable() or sign == "\n" for sign in value), value


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_in_an_xml_report_is_harmless_as_well(attack: str) -> None:
    """The same for texts and attributes."""
    root = ET.fromstring(FORMATS["junit"]().render(make_hostile(ATTACKS[attack]), RenderContext()))  # noqa: S314
    for element in root.iter():
        for value in (element.text or "", *element.attrib.values()):
            assert all(sign.isprintable() or sign == "\n" for sign in value), value


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_result_gives_the_same_bytes(name: str) -> None:
    """No clock, no chance, no order of a set."""
    first, second = (
        FORMATS[name]().render(make_hostile(ATTACKS["markdown"]), RenderContext(exit_code=1)) for _ in range(2)
    )
    assert first == second
