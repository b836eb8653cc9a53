"""A fix that was applied by a build, and a build that broke, in every format."""

import json
import os
import re
from pathlib import Path

import pytest

from layerscope import __version__
from layerscope.audit.built import Built, prove_build
from layerscope.audit.failed_build import FailedBuild, explain_failure
from layerscope.fixes.builds.output import Breakdown, BuildRun
from layerscope.policies.policies import Policies
from layerscope.report.built_markdown import render_built_markdown, render_failed_markdown
from layerscope.report.built_view import render_built_json, render_built_text
from layerscope.report.context import RenderContext
from layerscope.report.failed_build_view import render_failed_json, render_failed_text
from support.rebuilt import FIXED, WASTEFUL, audit, choose
from support.results import check_snapshot

SNAPSHOTS = Path(__file__).parent / "snapshots"
PLAIN = RenderContext(width=80, color=False, unicode=True, is_terminal=False)
COMMAND = ("docker", "build", "-t", "localhost/x", "--build-arg=API_TOKEN=vT8mKq2LxWz5RbN7cJ4d", ".")
EXTRA = ("RUN /bin/sh -c make # buildkit", '{ file = "usr/lib/made", size = 10, pattern = "x" }')
WORDS = ("Collecting numpy", "ModuleNotFoundError: No module named 'setuptools'", "API_TOKEN=vT8mKq2LxWz5RbN7cJ4d")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """An image that was built again, with a file and a variable that nobody asked for."""
    folder = tmp_path_factory.mktemp("images")
    before = audit(folder / "before", WASTEFUL)
    after = audit(folder / "after", (*FIXED, EXTRA), config='env = ["PATH=/bin"]')
    return prove_build(before, after, choose(before), command=COMMAND, destination="docker:acme/app:fixed")


@pytest.fixture(scope="module")
def failed(built: Built) -> FailedBuild:
    """The same where the builder broke off at an edited step."""
    run = BuildRun(COMMAND, 1, Breakdown("RUN pip install --no-cache-dir numpy", 0, 3, WORDS))
    return explain_failure(built.before, built.fix, run, destination="docker:acme/app:fixed", policies=Policies())


def compare(name: str, text: str, built: Built) -> None:
    """Compare an output with its snapshot."""
    folder = built.before.image.reference.removeprefix("oci-dir:").removesuffix("/before/image")
    text = re.sub("sha256:[0-9a-f]{64}", "sha256:…", text).replace(folder, "FOLDER")
    text = text.replace(f'"{__version__}"', '"VERSION"')
    check_snapshot(SNAPSHOTS / name, text, is_update=os.environ.get("LAYERSCOPE_SNAPSHOTS") == "write")


def test_a_build_is_told_on_a_terminal(built: Built) -> None:
    """The verdict, what was done, before and after, layers, findings, files."""
    compare("built.txt", render_built_text(built, PLAIN), built)


def test_a_build_is_told_in_a_merge_request(built: Built) -> None:
    """With the diff; all text of the image in code spans."""
    compare("built.md", render_built_markdown(built), built)


def test_a_program_reads_what_was_built(built: Built) -> None:
    """The command without credentials, and files by folder."""
    document = json.loads(render_built_json(built))
    assert document["failure"] is None
    assert document["result"]["written"] is True
    assert document["shared_layers"] == [0]
    assert document["files"]["changed_too"] == {"/usr": {"added": 3, "removed": 0, "changed": 0}}
    assert document["files"]["expected"] == {"/root": {"added": 0, "removed": 24, "changed": 0}}
    assert [finding["code"] for finding in document["removed"]] == ["LAY103", "LAY104"]
    assert "CONF001" in [finding["code"] for finding in document["kept"]]
    assert document["settings"] == ["environment variable PATH"]
    assert "vT8mKq2LxWz5RbN7cJ4d" not in json.dumps(document)


def test_a_broken_build_is_told_in_every_format(built: Built, failed: FailedBuild) -> None:
    """The line, the edit behind it, the last words without credentials, and the known error in them."""
    compare("failed-build.txt", render_failed_text(failed, PLAIN), built)
    compare("failed-build.md", render_failed_markdown(failed), built)
    assert "vT8mKq2LxWz5RbN7cJ4d" not in render_failed_text(failed, PLAIN) + render_failed_markdown(failed)
    failure = json.loads(render_failed_json(failed))["failure"]
    assert (failure["line"], failure["exit_code"]) == (3, 1)
    assert [edit["code"] for edit in failure["edits"]] == ["LAY104"]
    assert [cause["id"] for cause in failure["causes"]] == ["no-module"]
    assert "vT8mKq2LxWz5RbN7cJ4d" not in json.dumps(failure)


def test_a_credential_that_the_build_brings_is_told_in_full(tmp_path: Path) -> None:
    """Its place and kind, and what to do; its value is nowhere."""
    token = "vT8mKq2LxWz5RbN7cJ4d"
    before = audit(tmp_path / "before", WASTEFUL)
    after = audit(tmp_path / "after", FIXED, config=f'env = ["API_TOKEN={token}"]')
    done = prove_build(before, after, choose(before), command=COMMAND, destination="docker:acme/app:fixed")
    text = " ".join(render_built_text(done, PLAIN).split())
    told = text.partition("New findings")[2].partition("Findings kept")[0]
    assert "CONF002 secret-in-environment" in told
    assert "API_TOKEN holds a token (20 characters)" in told
    assert "Revoke it where it was issued" in told
    markdown = render_built_markdown(done)
    assert "  - " in markdown.partition("## New findings")[2].partition("##")[0]
    assert token not in text + markdown + render_built_json(done)
