"""SARIF is valid, within GitHub's limits, and says where a finding lies."""

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest

from layerscope.probe.probed import Probed
from layerscope.report.context import RenderContext
from layerscope.report.instruction_lines import InstructionLines
from layerscope.report.sarif import log
from layerscope.report.sarif.levels import SECURITY_RULES
from layerscope.report.sarif.results import write_message, write_uri
from layerscope.report.sarif.rules import build_rules
from layerscope.report.sarif.sarif_format import SarifFormat, name_category
from layerscope.rules.registry import RULES
from layerscope.rules.severity import Severity
from support.dockerfiles import match
from support.example_results import CLEAN, DAMAGED, HOSTILE, UNPROVED, WASTEFUL
from support.report_checks import check_markdown_help, check_sarif
from support.results import ResultRecipe, make_finding, make_result


def run_of(recipe: ResultRecipe, context: RenderContext | None = None) -> dict[str, Any]:
    """The run that is told of a result, checked."""
    return check_sarif(SarifFormat().render(make_result(recipe), context or RenderContext()))


@pytest.mark.parametrize("recipe", [WASTEFUL, CLEAN, DAMAGED, UNPROVED, HOSTILE, ResultRecipe()])
def test_reports_are_valid(recipe: ResultRecipe) -> None:
    """Against the schema of OASIS, and what GitHub asks for beside it."""
    run = run_of(recipe)
    assert len(run["results"]) == len(recipe.findings)
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == len(recipe.gaps)


def test_every_rule_is_described() -> None:
    """Whether it found something or not: text and Markdown of its whole documentation, and no address that is none."""
    rules = run_of(CLEAN)["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in RULES]
    for rule in rules:
        assert "helpUri" not in rule
        for heading in ("What it checks", "Remedy", "Blind spots", "References"):
            assert f"\n{heading}:\n" in rule["help"]["text"]
            assert f"\n## {heading}\n" in rule["help"]["markdown"]
        check_markdown_help(rule["help"]["markdown"])


def test_security_rules_are_rules_and_have_a_score() -> None:
    """GitHub calls an alert critical, high, medium or low by it; other rules have none."""
    assert {rule.name() for rule in RULES} >= SECURITY_RULES
    scored = {str(rule["name"]): rule["properties"] for rule in build_rules()}
    for name, properties in scored.items():
        assert isinstance(properties, dict)
        assert ("security-severity" in properties) == (name in SECURITY_RULES) == ("security" in properties["tags"])
    secret = scored["secret-in-layer"]
    assert isinstance(secret, dict)
    assert 7 <= float(secret["security-severity"]) < 9


def test_levels_are_those_of_the_severities() -> None:
    """What is at least high is an error, what is low a note."""
    found = [make_finding("LAY101", (0, str(severity)), severity=severity) for severity in Severity]
    levels = [result["level"] for result in run_of(replace(WASTEFUL, findings=found))["results"]]
    assert levels == ["error", "error", "warning", "note", "note"]


def test_places_are_paths_of_the_image_or_its_config() -> None:
    """Each with the layer by its instruction, which stays where layers are numbered anew."""
    secret, copies = run_of(WASTEFUL)["results"][:2]
    (place,) = secret["locations"]
    assert place["physicalLocation"]["artifactLocation"] == {"uri": "config.json", "uriBaseId": "IMAGECONFIG"}
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "image/config"
    first = copies["locations"][0]
    assert first["physicalLocation"]["artifactLocation"] == {
        "uri": "opt/models/generate/model-1.safetensors",
        "uriBaseId": "IMAGEROOT",
    }
    assert first["logicalLocations"][0]["fullyQualifiedName"] == "image/RUN chmod -R a+rX /opt/models"
    assert copies["properties"]["layers"][0]["index"] == 3


def test_a_known_line_of_the_dockerfile_comes_first() -> None:
    """GitHub shows the first place alone; the fingerprint is the same with and without."""
    matched = match(
        "FROM a\nCOPY models/generate /opt/models/generate\n", "ADD a", "RUN b", "COPY models/generate /opt"
    )
    context = RenderContext(source=InstructionLines("docker/Dockerfile", matched))
    finding = make_finding("LAY105", (2, "opt/models"))
    (placed,) = run_of(replace(WASTEFUL, findings=[finding]), context)["results"]
    (unplaced,) = run_of(replace(WASTEFUL, findings=[finding]))["results"]
    first, second = (place["physicalLocation"] for place in placed["locations"])
    assert first["artifactLocation"] == {"uri": "docker/Dockerfile", "uriBaseId": "%SRCROOT%"}
    assert (first["region"]["startLine"], first["region"]["endColumn"]) == (2, 42)
    assert second["artifactLocation"]["uri"] == "opt/models"
    assert placed["partialFingerprints"] == unplaced["partialFingerprints"]


def test_no_more_results_than_github_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worst stay, and the rest is counted."""
    monkeypatch.setattr(log, "RESULTS_LIMIT", 3)
    found = [make_finding("LAY101", (0, f"a/{number}"), severity=Severity.LOW) for number in range(4)]
    run = run_of(replace(WASTEFUL, findings=[*found, make_finding("LAY102", severity=Severity.HIGH)]))
    assert [result["ruleId"] for result in run["results"]] == ["LAY102", "LAY101", "LAY101"]
    assert run["properties"]["leftOut"] == 2
    assert "2 findings left out" in run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]


def test_no_more_bytes_than_github_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the results, and half of those, until the packed file is small enough."""
    monkeypatch.setattr(log, "PACKED_LIMIT", 75_000)
    found = [make_finding("LAY101", (0, f"{number:x}")) for number in range(2**30, 2**30 + 400)]
    text = SarifFormat().render(make_result(replace(WASTEFUL, findings=found)), RenderContext())
    assert len(gzip.compress(text.encode(), mtime=0)) <= 75_000
    run = check_sarif(text)
    assert 0 < len(run["results"]) < 400
    assert run["properties"]["leftOut"] == 400 - len(run["results"])


@pytest.mark.slow
def test_the_largest_report_is_within_the_limits() -> None:
    """One finding more than GitHub takes."""
    found = [make_finding("ELF001", (0, f"usr/lib/python3/dist-packages/{number}.so")) for number in range(25_001)]
    text = SarifFormat().render(make_result(replace(WASTEFUL, findings=found)), RenderContext())
    run = json.loads(text)["runs"][0]
    assert (len(run["results"]), run["properties"]["leftOut"]) == (25_000, 1)
    assert len(gzip.compress(text.encode(), mtime=0)) <= 10_000_000


def test_a_probe_that_could_not_run_is_no_success() -> None:
    """The run says so itself, with the reason."""
    result = replace(make_result(WASTEFUL), probed=Probed(refusal="there is no engine"))
    run = check_sarif(SarifFormat().render(result, RenderContext(exit_code=5)))
    (invocation,) = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 5)
    assert "there is no engine" in invocation["toolExecutionNotifications"][-1]["message"]["text"]


@pytest.mark.parametrize(
    ("reference", "source", "name"),
    [
        ("docker.io/acme/generate:2.4.1", "docker", "docker.io/acme/generate"),
        ("localhost:5000/acme/generate:2", "registry", "localhost:5000/acme/generate"),
        ("acme/generate@sha256:" + "0" * 64, "registry", "acme/generate"),
        ("oci-dir:/home/me/generate", "oci-dir", "generate"),
        ("./generate.tar", "docker-archive", "generate"),
        ("oci-archive:/tmp/build-7/generate.tar.gz", "oci-archive", "generate"),
        ("-", "docker-archive", "image"),
    ],
)
def test_the_category_is_the_image_in_all_its_versions(reference: str, source: str, name: str) -> None:
    """Neither a tag nor a folder of this host makes another category on GitHub."""
    result = make_result(replace(CLEAN, reference=reference, source=source))
    assert name_category(result) == name.replace(":", "-")


def test_a_path_is_a_relative_address() -> None:
    """No byte of it is a scheme, a host, a query, or the end of the address."""
    assert write_uri("usr/bin/[") == "usr/bin/%5B"
    assert write_uri("javascript:x") == "javascript%3Ax"
    assert write_uri("a?b#c d\udcff\u202e") == "a%3Fb%23c%20d%FF%E2%80%AE"


def test_brackets_are_no_links() -> None:
    """Not behind a backslash of the image's own either."""
    assert write_message("a[0]") == "a\\[0\\]"
    assert "](" not in write_message("\\[x\\](http://example.org)")
