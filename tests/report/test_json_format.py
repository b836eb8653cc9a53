"""The JSON report has the promised keys, is valid against its schema, and says nothing that it may not."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from layerscope.report.context import RenderContext
from layerscope.report.json_format import JsonFormat
from layerscope.report.json_schema import SCHEMA_FILE, render_schema
from layerscope.rules.severity import Severity
from support.example_results import CLEAN, DAMAGED, HOSTILE, UNPROVED, WASTEFUL
from support.results import ResultRecipe, make_finding, make_result

KEYS = {
    "image": "reference source index_digest manifest_digest config_digest platform size created base",
    "weight": "total visible hidden removed repeated efficiency",
    "facts": "system elf python cuda models process",
    "probe": "status stages verdict devices observations",
    "plan": "steps",
    "summary": "counts_by_severity verdict exit_code",
    "tool": "name version",
}
"""The keys that consumers rely on."""

LIST_KEYS = {
    "layers": "index digest diff_id chain_id media_type size uncompressed_size entries created_by verified origin",
    "findings": "code rule title message severity confidence origin locations fixes",
    "gaps": "what where why",
}


def _report(recipe: ResultRecipe, context: RenderContext | None = None) -> dict[str, Any]:
    text = JsonFormat().render(make_result(recipe), context or RenderContext())
    document = json.loads(text)
    assert isinstance(document, dict)
    return document


def test_the_schema_file_is_that_of_the_types() -> None:
    """The committed schema is generated from the types; `make snapshots` writes it."""
    if os.environ.get("LAYERSCOPE_SNAPSHOTS") == "write":
        SCHEMA_FILE.write_text(render_schema())
    assert SCHEMA_FILE.read_text() == render_schema()


@pytest.mark.parametrize("recipe", [WASTEFUL, CLEAN, DAMAGED, UNPROVED, HOSTILE, ResultRecipe()])
def test_reports_are_valid_against_the_schema(recipe: ResultRecipe) -> None:
    """Whatever the image, the report keeps its promise."""
    schema = json.loads(SCHEMA_FILE.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(_report(recipe), schema)


def test_the_promised_keys_are_there() -> None:
    """Every key of version 1 exists, in objects and in the items of lists."""
    report = _report(WASTEFUL)
    assert report["schema_version"] == 1
    assert report["gpus"] == []
    for name, keys in KEYS.items():
        assert set(keys.split()) <= set(report[name]), name
    for name, keys in LIST_KEYS.items():
        assert report[name]
        assert all(set(keys.split()) <= set(item) for item in report[name]), name
    assert set(report["findings"][0]["locations"][0]) == {"path", "layer", "layer_digest", "created_by"}
    assert set(report["findings"][0]["fixes"][0]) == {"title", "kind", "safety", "steps"}
    step = "kind title safety reason steps command patch removes saves alternatives"
    assert set(report["plan"]["steps"][0]) == set(step.split())


def test_a_location_names_its_layer_and_a_path_from_the_root() -> None:
    """A consumer need not look a layer up to know what made it."""
    report = _report(WASTEFUL)
    finding = next(item for item in report["findings"] if item["code"] == "LAY101")
    layer = report["layers"][1]
    assert finding["locations"] == [
        {
            "path": "/var/lib/apt/lists/deb.debian.org_main",
            "layer": 1,
            "layer_digest": layer["digest"],
            "created_by": layer["created_by"],
        }
    ]


def test_the_summary_counts_every_severity() -> None:
    """Severities without findings are counted as none, and the exit code is the one of the process."""
    summary = _report(WASTEFUL, RenderContext(exit_code=1))["summary"]
    assert summary == {
        "counts_by_severity": {"critical": 0, "high": 1, "medium": 1, "low": 1, "info": 1},
        "ignored": 0,
        "verdict": "failed",
        "exit_code": 1,
    }


@pytest.mark.parametrize(
    ("recipe", "exit_code", "verdict"), [(CLEAN, 0, "passed"), (WASTEFUL, 1, "failed"), (DAMAGED, 4, "damaged")]
)
def test_the_verdict_is_one_word(recipe: ResultRecipe, exit_code: int, verdict: str) -> None:
    """Passed, failed at the threshold, or damaged whatever the threshold."""
    assert _report(recipe, RenderContext(exit_code=exit_code))["summary"]["verdict"] == verdict


def test_the_base_is_told_apart_from_ones_own() -> None:
    """With a known base, layers and findings say whose they are."""
    report = _report(WASTEFUL)
    assert [layer["origin"] for layer in report["layers"]] == ["base", "own", "own", "own", "own"]
    assert {item["code"]: item["origin"] for item in report["findings"]} == {
        "CONF002": "unknown",
        "LAY103": "own",
        "LAY101": "own",
        "CONF001": "unknown",
    }


def test_a_finding_in_base_and_own_layers_is_ones_own() -> None:
    """What spans both can be cured in one's own build."""
    findings = [make_finding("LAY101", (0, "a"), (2, "b"))]
    report = _report(ResultRecipe(WASTEFUL.layers, findings=findings, base=WASTEFUL.base))
    assert report["findings"][0]["origin"] == "own"


def test_a_layer_that_was_not_here_is_null_and_not_zero() -> None:
    """What is not known is not told as nothing."""
    (layer,) = _report(UNPROVED)["layers"]
    assert (layer["entries"], layer["uncompressed_size"], layer["verified"]) == (None, None, False)


def test_waste_is_what_is_shipped_and_not_seen() -> None:
    """The number that the terminal shows too, of the image and of each layer; dive's own has its own name."""
    report = _report(WASTEFUL)
    weight = report["weight"]
    assert (
        weight["wasted"] == weight["hidden"] + weight["removed"] == sum(layer["wasted"] for layer in report["layers"])
    )
    assert (weight["dive_wasted"], weight["complete"]) == (1032000, True)


def test_sums_of_an_image_that_was_not_read_whole_claim_nothing() -> None:
    """No score, no size of all layers, no waste of layers below the unread one; those above are known."""
    report = _report(replace(WASTEFUL, absent=frozenset({3})))
    assert (report["weight"]["efficiency"], report["weight"]["dive_wasted"]) == (None, None)
    assert report["weight"]["complete"] is False
    assert report["image"]["uncompressed_size"] is None
    assert [layer["wasted"] for layer in report["layers"]] == [None, None, None, None, 0]


def test_credentials_are_nowhere_in_the_report() -> None:
    """Environment, command line and history are told without the token that stands in each of them."""
    text = json.dumps(_report(WASTEFUL))
    assert "vT8mKq2LxWz5RbN7cJ4d" not in text
    assert {"name": "HUB_TOKEN", "value": "***"} in _report(WASTEFUL)["facts"]["process"]["environment"]
    assert _report(WASTEFUL)["facts"]["process"]["command"] == ["--port", "8000", "--api-key", "***"]


def test_hostile_text_is_printable_ascii() -> None:
    """A report shown on a terminal cannot write to it, and names that are not UTF-8 are legible."""
    text = JsonFormat().render(make_result(HOSTILE), RenderContext())
    assert all(line.isascii() and line.isprintable() for line in text.splitlines())
    paths = [place["path"] for place in json.loads(text)["findings"][0]["locations"]]
    assert paths == ["/a\x1b[2J[red]b", r"/byte-\xff"]


def test_the_same_result_gives_the_same_bytes(snapshot: Callable[[str, str], None]) -> None:
    """No clock, no host: the whole report is a snapshot, but for the version."""
    context = RenderContext(exit_code=1)
    text = JsonFormat().render(make_result(WASTEFUL), context)
    assert text == JsonFormat().render(make_result(WASTEFUL), context)
    version = json.loads(text)["tool"]["version"]
    snapshot("wasteful.json", text.replace(f'"version": "{version}"', '"version": "VERSION"'))


def test_what_fails_nothing_passes() -> None:
    """Findings below the threshold leave the verdict at passed."""
    recipe = ResultRecipe(findings=[make_finding(severity=Severity.LOW)])
    assert _report(recipe)["summary"]["verdict"] == "passed"
