"""Text of an image, of a policy and of a path is harmless in every format of a check."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date
from typing import Final

import pytest
from msgspec.structs import replace as replace_struct

from layerscope.audit.result import AuditResult
from layerscope.gate.baseline import Baseline
from layerscope.gate.image_choice import ImageChoice
from layerscope.gate.limit import Breach
from layerscope.gate.outcome import GateOutcome
from layerscope.gate.policy import DEFAULTS, make_policy
from layerscope.gate.policy_places import FileLine, PolicyPlaces
from layerscope.gate.setting import Setting
from layerscope.gate.subject import Subject
from layerscope.gate.suppression import Suppression
from layerscope.gate.verdict import ImageVerdict, State, judge_subject
from layerscope.report.context import RenderContext
from layerscope.report.fingerprint import fingerprint_findings
from layerscope.report.gate.formats import CHECK_RENDERERS
from layerscope.report.gate.words import GateReport
from support.hostile_texts import ATTACKS, REVEALED, make_hostile
from support.report_checks import (
    check_gitlab,
    check_html,
    check_junit,
    check_markdown,
    check_sarif,
    iter_sarif_texts,
    read_commands,
)

OURS: Final = "\n\ufe0f"
"""Ends of lines, and what makes a sign of ours coloured."""

LIMITS: Final = {"max-layers": 1, "max-size": "1B", "max-wasted": "1B", "forbid": ["new-secret"], "max-growth": "1B"}


def make(attack: str) -> AuditResult:
    """The hostile image with a config that can be compared."""
    result = make_hostile(attack)
    return replace(result, image=replace(result.image, config=replace_struct(result.image.config, content=b"{}")))


def judge(attack: str) -> GateReport:
    """Images of hostile names: one that breaks everything, and one in each state in which nothing is known of it."""
    result = make(attack)
    said = {**LIMITS, "rules": {"CONF": "warn", "LAY105": "fail"}, "fail-on": "low"}
    policy = make_policy({key: Setting(key, said.get(key, default)) for key, default in DEFAULTS.items()})
    suppression = Suppression("LAY104", attack, expires=date(2999, 1, 1), place="check.suppress[0]")
    gone = Suppression("LAY101", attack, attack, attack, date(2020, 1, 1), "check.suppress[1]")
    broken = judge_subject(
        Subject(f"a{attack}", result, make("plain"), attack),
        policy.__class__(policy.levels, policy.limits, (suppression,)),
        fingerprinted=[(finding, mark.text) for finding, mark in fingerprint_findings(result.findings, result)],
        baseline=Baseline(),
        today=date(2026, 12, 1),
    )
    others = [
        ImageVerdict(f"{name}{attack}", state, trouble=attack, policy=policy)
        for name, state in (("b", State.ABSENT), ("c", State.SKIPPED), ("d", State.UNFINISHED), ("e", State.DAMAGED))
    ]
    choice = ImageChoice(broken.name, said_at="check.images[0]")
    places = PolicyPlaces(choices={broken.name: choice}, files={broken.name: FileLine(attack.strip() or "x", 3)})
    outcome = GateOutcome((broken, *others), (gone,), (suppression,), 2)
    return GateReport(outcome, places=places)


def render(name: str, attack: str) -> str:
    """The report in a format."""
    return CHECK_RENDERERS[name]()(judge(ATTACKS[attack]), RenderContext(exit_code=4))


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", CHECK_RENDERERS)
def test_a_hostile_text_is_text(name: str, attack: str) -> None:
    """Nothing moves a cursor, hides, or turns text around."""
    text = render(name, attack)
    text.encode()
    assert not [sign for sign in REVEALED if sign in text]
    assert all(sign.isprintable() or sign in OURS for sign in text)
    assert text == render(name, attack), "the same result gives the same bytes"


@pytest.mark.parametrize("attack", ATTACKS)
def test_its_own_parser_finds_what_we_wrote(attack: str) -> None:
    """And nothing that the image did: of limits, images, suppressions and findings, the counts are ours."""
    run = check_sarif(render("sarif", attack))
    assert len(run["results"]) == 11
    for told in iter_sarif_texts(run):
        assert told.count("[") == told.count("\\[")
        assert told.count("]") == told.count("\\]")
    assert len(check_gitlab(render("gitlab", attack))) == 10
    suites = check_junit(render("junit", attack))
    assert len(suites) == 6
    page = check_html(render("html", attack))
    assert (page.tags.count("table"), page.tags.count("script")) == (4, 1)
    check_markdown(render("markdown", attack))
    assert {each.level for each in read_commands(render("github", attack))} <= {"error", "warning"}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_parser_gives_out_is_harmless_as_well(attack: str) -> None:
    """A viewer shows the values behind the escapes of JSON and XML."""
    texts = [sign for name in ("sarif", "gitlab") for sign in iter_texts(json.loads(render(name, attack)))]
    for element in ET.fromstring(render("junit", attack)).iter():  # noqa: S314 -- our own report
        texts += [element.text or "", *element.attrib.values()]
    for text in texts:
        assert all(sign.isprintable() or sign == "\n" for sign in text), text


def test_what_no_limit_demands_is_told_as_well() -> None:
    """A breach that is not of the policy's limits has a rule and a case of its own."""
    report = judge("plain")
    (broken, *_) = report.outcome.verdicts
    stale = replace(broken, breaches=(Breach("dockerfile", "not what Dockerfile builds"),), findings=())
    report = GateReport(GateOutcome((stale,)))
    (result,) = check_sarif(CHECK_RENDERERS["sarif"]()(report, RenderContext(exit_code=1)))["results"]
    assert result["ruleId"] == "check/dockerfile"
    root = check_junit(CHECK_RENDERERS["junit"]()(report, RenderContext(exit_code=1)))
    assert [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None] == ["dockerfile"]


def iter_texts(value: object) -> list[str]:
    """Every text of a document."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in iter_texts(each)]
