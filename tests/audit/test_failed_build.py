"""A build that broke: the line of the user's own file, the edits behind it, and what explains its words."""

from dataclasses import replace

import pytest

from layerscope.audit.failed_build import FailedBuild, explain_failure
from layerscope.audit.result import AuditResult
from layerscope.fixes.builds.output import Breakdown, BuildRun
from layerscope.fixes.dockerfile.rebuild import RebuildAdvice
from layerscope.policies.policies import Policies
from layerscope.report.failed_build_view import tell_causes, tell_edits, tell_place
from support.rebuilt import WASTEFUL, audit, choose


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> AuditResult:
    """An image with a cache, and weights that are shipped twice."""
    return audit(tmp_path_factory.mktemp("images") / "before", WASTEFUL)


def explain(before: AuditResult, breakdown: Breakdown) -> FailedBuild:
    """What is known of a build that broke."""
    run = BuildRun(("docker", "build"), 1, breakdown)
    return explain_failure(before, choose(before), run, destination="docker:fixed", policies=Policies())


def test_an_edited_step_is_told_with_its_edit(before: AuditResult) -> None:
    """It could be made before, so that the edit is what a person looks at first."""
    failed = explain(
        before, Breakdown("RUN pip install --no-cache-dir numpy", 0, 3, ("no such option: --no-cache-dir",))
    )
    assert (failed.line, [edit.code for edit in failed.edits]) == (3, ["LAY104"])
    assert list(tell_edits(failed)) == ["changed by LAY104: Let pip keep no cache in line 3"]
    assert tell_place(failed) == (
        "Not built: line 3 failed: `RUN pip install --no-cache-dir numpy`; docker:fixed stays as it is"
    )


def test_a_step_below_an_edit_is_told_with_the_edits_above(before: AuditResult) -> None:
    """And a known error in its output is explained."""
    words = ("Traceback (most recent call last):", "ModuleNotFoundError: No module named 'numpy'")
    failed = explain(before, Breakdown('CMD ["/bin/sh"]', 0, None, words))
    assert failed.line == 6
    assert failed.edits == ()
    assert [edit.code for edit in failed.edits_above] == ["LAY104", "LAY103"]
    assert next(tell_causes(failed)).startswith("no-module: A Python module is not found.")


def test_an_edited_step_is_told_with_the_edits_above_it_too(before: AuditResult) -> None:
    """What one above took away may be what it needs."""
    failed = explain(before, Breakdown("COPY --chown=1000:1000 weights/ /opt/weights/", 0, 4, ("not found",)))
    assert list(tell_edits(failed)) == [
        "changed by LAY103: Copy with --chown=1000:1000 and drop line 5's chown",
        "changed above it by LAY104: Let pip keep no cache in line 3",
    ]


def test_a_base_image_that_cannot_be_pulled_is_told_with_who_asked_for_that(before: AuditResult) -> None:
    """By the finding, so that a person can leave it out; the registry did not answer."""
    pull = RebuildAdvice("LAY201", ("--pull",), "layer 0 is of the base image")
    anew = RebuildAdvice("LAY202", ("--no-cache",), "line 3 came from the build cache")
    fix = replace(choose(before), advice=(pull, anew))
    words = 'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host'
    run = BuildRun(("docker", "build"), 1, Breakdown("FROM base", 1, None, (words,)))
    failed = explain_failure(before, fix, run, destination="docker:fixed", policies=Policies())
    assert list(tell_edits(failed)) == ["LAY201 asks for --pull: layer 0 is of the base image"]
    assert [cause.explanation.id for cause in failed.causes] == ["base-image-refused"]


def test_a_builder_that_never_began_is_told_as_such(before: AuditResult) -> None:
    """With its exit code and its words."""
    failed = explain(before, Breakdown("", 0, None, ("permission denied",)))
    assert tell_place(failed) == (
        "Not built: the builder ended with exit code 1 before any step failed; docker:fixed stays as it is"
    )
    assert failed.output == ("permission denied",)


@pytest.mark.parametrize(
    ("words", "known"),
    [
        ('"/requirements.txt": not found', "copy-source-missing"),
        ("E: Unable to locate package git", "package-not-found"),
        ("Temporary failure resolving 'deb.debian.org'", "no-network-in-build"),
        ("pull access denied for acme/base, repository does not exist", "base-image-refused"),
        ("tar: write error: No space left on device", "disk-full"),
    ],
)
def test_what_builds_mostly_break_by_is_known(before: AuditResult, words: str, known: str) -> None:
    """By the words of builders, package managers and the kernel."""
    lead = "failed to calculate checksum of ref a::b: " if words.startswith('"') else ""
    failed = explain(before, Breakdown("RUN pip install --no-cache-dir numpy", 0, 3, (f"{lead}{words}",)))
    assert [cause.explanation.id for cause in failed.causes] == [known]
