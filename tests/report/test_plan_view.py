"""The plan alone, for a terminal, a program and a merge request."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec
import pytest

from layerscope.audit.result import AuditResult
from layerscope.fixes.proposal import Proposal, propose
from layerscope.report.context import RenderContext
from layerscope.report.plan_markdown import render_plan_markdown
from layerscope.report.plan_view import render_plan_json, render_plan_text
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, Safety
from layerscope.rules.layer_edit import DropCache
from support.example_results import CLEAN, DAMAGED, HOSTILE, UNPROVED, WASTEFUL
from support.results import ResultRecipe, make_finding, make_result

IN_LAYERS = Fix(
    "Leave the lists out of layer 1",
    ("layerscope fix IMAGE --apply   (as it is copied)",),
    Safety.REVIEW,
    FixKind.LAYER_EDIT,
    (DropCache("apt-lists", "var/lib/apt/lists"),),
)


def make_planned() -> AuditResult:
    """A result whose plan has a fix without a build, and a fix that is left out for another."""
    lists = make_finding(
        "LAY104", (1, "var/lib/apt/lists"), message="30.0 kB of lists", fix="Remove them where they are fetched"
    )
    stale = make_finding(
        "LAY202",
        (2, None),
        (1, "var/lib/apt/lists"),
        message="The lists are old",
        fix="Fetch them where they are used",
        steps=["RUN apt-get update && apt-get install -y git   (and remove them there)", "Then build again"],
    )
    stale = msgspec.structs.replace(stale, fixes=(*stale.fixes, IN_LAYERS))
    return make_result(replace(WASTEFUL, findings=[*WASTEFUL.findings, lists, stale]))


def show(result: AuditResult, context: RenderContext | None = None) -> str:
    """The plan of a result as a person sees it."""
    return render_plan_text(result, propose(result.findings), context or RenderContext())


@pytest.mark.parametrize("unicode", [True, False])
def test_a_plan_is_drawn(snapshot: Callable[[str, str], None], unicode: bool) -> None:
    """Steps by number with their lines, the sum, what was left out, and what has no fix."""
    name = "plan-80.txt" if unicode else "plan-80-ascii.txt"
    snapshot(name, show(make_planned(), RenderContext(unicode=unicode)))


def test_a_plan_is_written_for_a_merge_request(snapshot: Callable[[str, str], None]) -> None:
    """A table, then each step with what is to be copied."""
    result = make_planned()
    snapshot("plan.md", render_plan_markdown(result, propose(result.findings)))


def test_a_plan_is_told_to_a_program() -> None:
    """Under the keys of the report; what is left out names the step that is planned instead."""
    result = make_planned()
    told = json.loads(render_plan_json(result, propose(result.findings)))
    assert told["image"]["reference"] == result.image.reference
    steps, (left_out,) = told["plan"]["steps"], told["plan"]["left_out"]
    assert steps[left_out["step"]]["removes"] == ["LAY104", "LAY202"]
    assert (left_out["codes"], left_out["cured"]) == (["LAY104"], True)
    (alternative,) = steps[left_out["step"]]["alternatives"]
    assert (alternative["kind"], steps[0]["safety"]) == ("layer-edit", "review")
    assert [finding["code"] for finding in told["uncured"]] == ["CONF001"]
    assert (told["intact"], told["withheld"], len(told["gaps"])) == (True, 0, 1)


@pytest.mark.parametrize(
    ("recipe", "findings", "words"),
    [
        (CLEAN, (), "Nothing to fix: nothing was found"),
        (CLEAN, (make_finding("CONF001"),), "Nothing to fix: no fix is known for it (1 finding)"),
        (DAMAGED, DAMAGED.findings, "The image is not what its digests say"),
        (UNPROVED, (), "1 part could not be read, and may need more: see layerscope audit"),
    ],
)
def test_what_is_beside_the_steps_is_said(recipe: ResultRecipe, findings: Sequence[Finding], words: str) -> None:
    """To a person as in a merge request."""
    result = make_result(replace(recipe, findings=findings))
    assert words in show(result)
    assert words in render_plan_markdown(result, propose(findings))


def test_what_may_not_be_applied_unread_is_counted() -> None:
    """With --safe; of the base image, what was left out on request."""
    result = make_planned()
    proposal = propose(result.findings, is_safe=True)
    text = render_plan_text(replace(result, ignored=2), proposal, RenderContext())
    assert proposal.plan.steps == ()
    assert "Nothing that may be fixed unread: 6 findings" in text
    assert "5 findings left aside" in text
    assert "2 findings of the base image left out on request" in text


@pytest.mark.parametrize("render", [render_plan_json, render_plan_markdown])
def test_nothing_of_an_image_moves_a_cursor(render: Callable[[AuditResult, Proposal], str]) -> None:
    """Names and instructions are written out, in every form; Markdown has them in code spans."""
    result = make_result(HOSTILE)
    proposal = propose(result.findings)
    for text in (show(result), render(result, proposal)):
        assert all(character.isprintable() or character == "\n" for character in text)
    assert "Rename `a\\x1b[2J`" in render_plan_markdown(result, proposal)
