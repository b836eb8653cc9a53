"""The proof of a build: what it removed, what is still there or new, and which files no changed step explains."""

from dataclasses import replace
from pathlib import Path

import pytest

from layerscope.audit.build_fix import BuildFix
from layerscope.audit.built import Built, prove_build
from layerscope.audit.changed_files import FileChange
from layerscope.audit.result import AuditResult
from layerscope.fixes.dockerfile.rebuild import RebuildAdvice
from layerscope.rules.severity import Severity
from support.rebuilt import CACHE, FIXED, PACKAGE, WASTEFUL, WEIGHTS, audit, choose


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> AuditResult:
    """An image with a cache, and weights that are shipped twice."""
    return audit(tmp_path_factory.mktemp("images") / "before", WASTEFUL)


@pytest.fixture(scope="module")
def fix(before: AuditResult) -> BuildFix:
    """Both are edited in the Dockerfile."""
    return choose(before)


def prove(before: AuditResult, fix: BuildFix, after: AuditResult) -> Built:
    """The proof, as a command would have it."""
    return prove_build(before, after, fix, command=("docker", "build"), destination="docker:fixed")


def test_a_build_that_does_what_was_meant_is_proved(before: AuditResult, fix: BuildFix, tmp_path: Path) -> None:
    """The findings are gone, the base's layer is the old one, and only the cache is another for a container."""
    built = prove(before, fix, audit(tmp_path / "after", FIXED))
    assert built.objections == ()
    assert [finding.code for finding in built.findings.removed] == ["LAY103", "LAY104"]
    assert built.findings.added == ()
    assert built.shared == {0}
    assert {folder: dict(counts) for folder, counts in built.files.expected.items()} == {
        "/root": {FileChange.REMOVED: 24}
    }
    assert built.files.others == {}
    assert built.settings == ()


def test_a_finding_that_was_to_go_and_stays_is_an_objection(before: AuditResult, fix: BuildFix, tmp_path: Path) -> None:
    """As where an image's pip is a script that does not heed its options."""
    stubborn = ((FIXED[0][0], f"{PACKAGE}, {CACHE}"), FIXED[1])
    (objection,) = prove(before, fix, audit(tmp_path / "after", stubborn)).objections
    assert objection.startswith("LAY104 is still there: Layer 1 ")


def test_a_finding_that_no_edit_was_made_for_may_stay(before: AuditResult, tmp_path: Path) -> None:
    """Nothing else was promised."""
    fix = choose(before, reviewed=False)
    assert [edit.code for edit in fix.proposal.edits] == ["LAY104"]
    built = prove(before, fix, audit(tmp_path / "after", (FIXED[0], *WASTEFUL[1:])))
    assert built.objections == ()
    assert "LAY103" in [finding.code for finding in built.findings.kept]


def test_a_new_finding_is_an_objection(before: AuditResult, fix: BuildFix, tmp_path: Path) -> None:
    """From low on."""
    twice = (
        *FIXED,
        ("RUN /bin/sh -c chmod 700 /opt/weights # buildkit", (WEIGHTS % 1000).replace("uid", "mode = 0o700, uid")),
    )
    built = prove(before, fix, audit(tmp_path / "after", twice))
    assert any(objection.startswith(("LAY103 is still there", "LAY103 is new")) for objection in built.objections)


def test_what_no_changed_step_explains_is_told_and_no_objection(
    before: AuditResult, fix: BuildFix, tmp_path: Path
) -> None:
    """A build makes files anew; a setting that is another is told, too."""
    extra = (*FIXED, ("RUN /bin/sh -c make # buildkit", '{ file = "usr/lib/made", size = 10, pattern = "x" }'))
    built = prove(before, fix, audit(tmp_path / "after", extra, config='env = ["PATH=/bin", "A=1"]\nworkdir = "/srv"'))
    assert built.is_proved
    assert {folder: dict(counts) for folder, counts in built.files.others.items()} == {"/usr": {FileChange.ADDED: 3}}
    assert built.files.paths == ("usr", "usr/lib", "usr/lib/made")
    assert built.settings == ("environment variable A", "environment variable PATH", "working dir")


MADE = "RUN /bin/sh -c make # buildkit"
TWO_STAGES = """\
FROM base AS build
RUN pip install numpy
RUN make
"""


def make(letter: str) -> tuple[str, str]:
    """A step that makes one file."""
    return (MADE, f'{{ file = "usr/made", size = 10, pattern = "{letter}" }}')


def test_a_step_that_was_not_changed_explains_nothing(tmp_path: Path) -> None:
    """Though it stands in the Dockerfile, and was made anew since one above it was changed."""
    before = audit(tmp_path / "before", (WASTEFUL[0], make("x")))
    fix = choose(before, TWO_STAGES)
    built = prove(before, fix, audit(tmp_path / "after", (FIXED[0], make("y"))))
    assert {folder: dict(counts) for folder, counts in built.files.others.items()} == {"/usr": {FileChange.CHANGED: 1}}
    assert set(built.files.expected) == {"/root"}


@pytest.mark.parametrize("flags", ["--no-cache", "--no-cache-filter build"])
def test_a_step_that_was_to_be_made_anew_does(tmp_path: Path, flags: str) -> None:
    """By the name of its stage, or with all."""
    before = audit(tmp_path / "before", (WASTEFUL[0], make("x")))
    advice = RebuildAdvice("LAY201", tuple(flags.split()), "it is old")
    fix = replace(choose(before, TWO_STAGES), advice=(advice,))
    assert fix.flags == tuple(flags.split())
    built = prove(before, fix, audit(tmp_path / "after", (FIXED[0], make("y"))))
    assert built.files.others == {}
    assert set(built.files.expected) == {"/root", "/usr"}


def test_steps_of_today_above_those_of_the_cache_are_no_objection(
    before: AuditResult, fix: BuildFix, tmp_path: Path
) -> None:
    """Every edit of an old image brings that, where its lower steps are still in the cache."""
    after = audit(tmp_path / "after", FIXED, months=("03", "11"))
    built = prove(before, fix, after)
    assert [(finding.code, finding.severity) for finding in built.findings.added] == [("LAY201", Severity.LOW)]
    assert built.is_proved


THREE_CHANGES = """\
FROM base
COPY one/ /opt/weights/one/
COPY two/ /opt/weights/two/
RUN chown -R 1000:1000 /opt/weights/one
RUN chown -R 1000:1000 /opt/weights/two
RUN %s
"""
SHARD = '{ file = "opt/weights/%s/shard", size = 4000000, pattern = "weights %s ", uid = %d }'


def test_a_like_finding_that_no_edit_was_made_for_may_stay(tmp_path: Path) -> None:
    """It is about the same paths and, beside its own layer, about those of the others."""
    ones, twos = ([SHARD % (name, name, uid) for uid in (0, 1000, 1001)] for name in ("one", "two"))
    third = "for f in one two; do chown -R 1001 /opt/weights/$f; done"
    last = (f"RUN /bin/sh -c {third} # buildkit", f"{ones[2]}, {twos[2]}")
    before = audit(
        tmp_path / "before",
        (
            ("COPY one/ /opt/weights/one/ # buildkit", ones[0]),
            ("COPY two/ /opt/weights/two/ # buildkit", twos[0]),
            ("RUN /bin/sh -c chown -R 1000:1000 /opt/weights/one # buildkit", ones[1]),
            ("RUN /bin/sh -c chown -R 1000:1000 /opt/weights/two # buildkit", twos[1]),
            last,
        ),
    )
    fix = choose(before, THREE_CHANGES % third)
    assert [(edit.code, edit.layer) for edit in fix.proposal.edits] == [("LAY103", 3), ("LAY103", 4)]
    after = audit(
        tmp_path / "after",
        (
            ("COPY --chown=1000:1000 one/ /opt/weights/one/ # buildkit", ones[1]),
            ("COPY --chown=1000:1000 two/ /opt/weights/two/ # buildkit", twos[1]),
            last,
        ),
    )
    assert prove(before, fix, after).objections == ()
