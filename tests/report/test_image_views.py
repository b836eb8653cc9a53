"""Layers and config of an image, drawn and told to a program."""

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from msgspec import structs

from layerscope.audit.result import AuditResult
from layerscope.image.config import RuntimeConfig
from layerscope.report.context import RenderContext
from layerscope.report.inspect_json import render_inspect_json
from layerscope.report.inspect_view import render_inspect_text
from layerscope.report.layers_view import render_layers_json, render_layers_text
from support.example_results import DAMAGED, HOSTILE, UNPROVED, WASTEFUL
from support.results import MemoryLayer, ResultRecipe, make_result

Snapshot = Callable[[str, str], None]
TOKEN = "vT8mKq2LxWz5RbN7cJ4d"


@pytest.fixture
def result() -> AuditResult:
    """The wasteful example."""
    return make_result(WASTEFUL)


@pytest.mark.parametrize("width", [80, 140])
def test_layers_are_listed(width: int, result: AuditResult, snapshot: Snapshot) -> None:
    """Digests told apart, sizes, and the instruction below or beside."""
    snapshot(f"layers-{width}.txt", render_layers_text(result.image, result.layers, RenderContext(width=width)))


@pytest.mark.parametrize("width", [40, 50, 60, 74])
def test_a_layer_is_told_in_whole_lines_on_a_narrow_page(width: int, result: AuditResult) -> None:
    """What does not fit beside the sizes stands below them, each digest with its name."""
    text = render_layers_text(result.image, result.layers, RenderContext(width=width))
    assert max(map(len, text.splitlines())) <= width
    for layer in result.layers:
        assert f"ChainID {layer.chain_id.short}," in text
        assert re.search(rf"^ *{layer.index}  \S  {layer.diff_id.short} .*\d \w?B$", text, re.MULTILINE)


def test_a_path_of_a_history_breaks_after_a_slash() -> None:
    """In an instruction as in a variable, on every page."""
    long = "/opt/models/generate-small/of-a-team/with-a-long-name"
    runtime = RuntimeConfig(env=(f"MODELS={long}",))
    result = make_result(ResultRecipe(layers=[[]], instructions=[f"COPY models {long}"], runtime=runtime))
    text = render_inspect_text(result.image, result.steps, RenderContext(width=50))
    config, _, history = text.partition("\nHistory")
    for part in (config, history):
        ends = [line.rpartition(" ")[2] for line in part.splitlines() if "/" in line]
        assert any(end.endswith("/") for end in ends)
        assert "".join(ends[-3:]).endswith(long)


def test_a_history_keeps_room_for_instructions_on_a_narrow_page(result: AuditResult) -> None:
    """Times of steps give way."""
    text = render_inspect_text(result.image, result.steps, RenderContext(width=40))
    assert "  instruction\n" in text
    assert "created (UTC)" not in text
    assert "created (UTC)" in render_inspect_text(result.image, result.steps, RenderContext(width=60))


@pytest.mark.parametrize(
    ("recipe", "explanation"),
    [
        (DAMAGED, "✘ is not what its digest says, or cannot be read; layerscope audit says why"),
        (UNPROVED, "? could not be checked"),
    ],
)
def test_a_mark_that_is_not_good_is_explained(recipe: ResultRecipe, explanation: str) -> None:
    """A damaged layer and an unread one are told apart."""
    result = make_result(recipe)
    assert explanation in render_layers_text(result.image, result.layers, RenderContext())


def test_layers_are_told_with_whole_digests(result: AuditResult) -> None:
    """The keys are those of the report."""
    document = json.loads(render_layers_json(result.image, result.layers, result.weight))
    assert [layer["diff_id"] for layer in document["layers"]] == [str(layer.diff_id) for layer in result.layers]
    assert document["image"]["config_digest"] == str(result.image.config_digest)


@pytest.mark.parametrize(
    ("name", "context"),
    [
        ("inspect-80.txt", RenderContext()),
        ("inspect-120-color.txt", RenderContext(width=120, color=True)),
        ("inspect-80-ascii.txt", RenderContext(unicode=False)),
    ],
)
def test_an_image_is_shown_at_a_glance(
    name: str, context: RenderContext, result: AuditResult, snapshot: Snapshot
) -> None:
    """Digests, config and the history as the Dockerfile it might have been."""
    snapshot(name, render_inspect_text(result.image, result.steps, context))


def test_the_config_is_told_to_a_program(result: AuditResult) -> None:
    """Every step of the history with its layer, or none."""
    document = json.loads(render_inspect_json(result.image, result.steps))
    assert [step["layer"] for step in document["history"]] == [0, 1, 2, 3, 4, None, None]
    assert document["labels"] == {"org.opencontainers.image.title": "generate"}
    assert document["process"]["health_check"] == ["CMD", "/usr/bin/python3", "-c", "pass"]


def test_credentials_are_not_shown(result: AuditResult) -> None:
    """Neither in the drawing nor in the document."""
    assert TOKEN not in render_inspect_text(result.image, result.steps, RenderContext(width=160))
    assert TOKEN not in render_inspect_json(result.image, result.steps)
    assert TOKEN not in render_layers_json(result.image, result.layers, result.weight)


def test_no_line_is_wider_than_the_page(result: AuditResult) -> None:
    """Long instructions and values are wrapped."""
    long = structs.replace(result.image.config.runtime, env=("A=" + "b" * 500,), labels={"k" * 90: "v" * 300})
    image = replace(result.image, config=structs.replace(result.image.config, runtime=long))
    text = render_inspect_text(image, result.steps, RenderContext())
    assert max(map(len, text.splitlines())) <= 80


def test_hostile_text_is_escaped() -> None:
    """Reference, history and notes cannot write to the terminal."""
    result = make_result(HOSTILE)
    for text in (
        render_inspect_text(result.image, result.steps, RenderContext()),
        render_layers_text(result.image, result.layers, RenderContext()),
    ):
        assert all(line.isprintable() for line in text.splitlines())


def test_sizes_that_an_engine_knows_nearly_are_told_as_such() -> None:
    """Its folders have no size as stored before they are read: about so much for a person, nothing for a program."""
    result = make_result(WASTEFUL)
    layers = [layer for layer in result.image.layers if isinstance(layer, MemoryLayer)]
    folders = tuple(replace(layer, suits_workers=True, descriptor=None) for layer in layers)
    image = replace(result.image, layers=folders)
    assert " layers, about " in render_inspect_text(image, result.steps, RenderContext())
    sizes = [step["size"] for step in json.loads(render_inspect_json(image, result.steps))["history"]]
    assert set(sizes) == {None}
