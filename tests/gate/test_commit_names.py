"""Names of images are made of branches, tags and commits."""

import pytest

from layerscope.gate.commit_names import CommitNames, KnownCommits, fill_name, tell_unfilled, write_slug, write_tag

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MAIN = CommitNames(COMMIT, branch="main")
FIX = CommitNames("f" * 40, branch="fix/GPU_mem")
RELEASE = CommitNames(COMMIT, tag="v1.5.0+cu128")


@pytest.mark.parametrize(
    ("branch", "slug"),
    [
        ("main", "main"),
        ("feature/New_Model", "feature-new-model"),
        ("release-1.5", "release-1-5"),
        ("/__x__/", "x"),
        ("a//b", "a--b"),
        ("ärger", "rger"),
        ("x" * 70, "x" * 63),
        ("x" * 62 + "/y", "x" * 62),
        ("___", ""),
    ],
)
def test_a_branch_is_spelled_as_gitlab_spells_it(branch: str, slug: str) -> None:
    """Cut before what is left at the ends is taken off."""
    assert write_slug(branch) == slug


@pytest.mark.parametrize(
    ("tag", "written"), [("v1.5.0", "v1.5.0"), ("V1_a", "V1_a"), ("rel/1.5+cu128", "rel-1.5-cu128"), (".x", "x")]
)
def test_a_tag_stays_as_far_as_it_can(tag: str, written: str) -> None:
    """Dots and capitals are for images' tags, too."""
    assert write_tag(tag) == written


def test_every_commit_that_has_all_of_it_gives_a_name() -> None:
    """Twice the same is one image; a tag gives none to a branch's."""
    commits = (MAIN, FIX, RELEASE, MAIN)
    assert fill_name("a:{branch}", commits) == ("a:main", "a:fix-gpu-mem")
    assert fill_name("a:{tag}", commits) == ("a:v1.5.0-cu128",)
    assert fill_name("a:{branch}-{short-commit}", commits) == ("a:main-01234567", "a:fix-gpu-mem-ffffffff")
    assert fill_name("a:{commit}", commits) == (f"a:{COMMIT}", f"a:{'f' * 40}")
    assert fill_name("a:{branch}", [CommitNames(COMMIT, branch="___")]) == ()


def test_what_stands_for_nothing_is_named() -> None:
    """Of several placeholders, the one that is to blame; all where only both together are missing."""
    known = KnownCommits((MAIN,), "HEAD has no tag")
    assert tell_unfilled(["tag", "commit"], known) == "nothing stands for {tag}: HEAD has no tag"
    both = KnownCommits((MAIN, RELEASE), "no ref has both")
    assert tell_unfilled(["branch", "tag"], both) == "nothing stands for {branch} and {tag}: no ref has both"
