"""Tests of symlinks followed inside the merged tree."""

import pytest

from layerscope.filesystem.links import MAX_SYMLINKS, LinkFailure, LinkStep
from layerscope.filesystem.tree import MergedTree
from support.indexes import merged
from support.tar_member import directory, file, symlink, whiteout


@pytest.fixture
def tree() -> MergedTree:
    """A small root with links of every sort."""
    return merged(
        [
            directory("usr"),
            directory("usr/bin"),
            file("usr/bin/python3.12"),
            symlink("usr/bin/python3", "python3.12"),
            symlink("usr/bin/python", "./python3"),
            symlink("bin", "usr/bin"),
            directory("opt"),
            symlink("opt/abs", "/bin/python"),
            symlink("opt/up", "../../../../usr/bin"),
            symlink("opt/self", "self"),
            symlink("opt/gone", "nothing/here"),
            symlink("opt/file", "../usr/bin/python3.12/"),
            symlink("opt/empty", ""),
            symlink("root", "/"),
        ]
    )


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("usr/bin/python3.12", "usr/bin/python3.12"),
        ("usr/bin/python", "usr/bin/python3.12"),
        ("bin/python", "usr/bin/python3.12"),
        ("/bin//./python", "usr/bin/python3.12"),
        ("opt/abs", "usr/bin/python3.12"),
        ("opt/up/python", "usr/bin/python3.12"),
        ("bin/../bin/python3.12", "usr/bin/python3.12"),
        ("../../usr", "usr"),
        ("bin/", "usr/bin"),
        ("root/root/usr", "usr"),
        ("", ""),
        ("/", ""),
        ("usr/..", ""),
    ],
)
def test_path_leads_to_a_node(tree: MergedTree, path: str, found: str) -> None:
    """Links are followed from the tree's root, and `..` stays in it."""
    node = tree.resolve(path)
    assert node is not None
    assert node.path == found


@pytest.mark.parametrize(
    ("path", "failure", "stopped_at"),
    [
        ("nowhere", LinkFailure.MISSING, "nowhere"),
        ("usr/nowhere/else", LinkFailure.MISSING, "usr/nowhere"),
        ("opt/gone", LinkFailure.MISSING, "opt/nothing"),
        ("opt/empty", LinkFailure.MISSING, "opt/empty"),
        ("opt/self", LinkFailure.TOO_MANY_LINKS, "opt/self"),
        ("opt/file", LinkFailure.NOT_A_DIRECTORY, "usr/bin/python3.12"),
        ("bin/python/x", LinkFailure.NOT_A_DIRECTORY, "usr/bin/python3.12"),
        ("usr/bin/python3.12/..", LinkFailure.NOT_A_DIRECTORY, "usr/bin/python3.12"),
        ("nowhere/..", LinkFailure.MISSING, "nowhere"),
    ],
)
def test_path_that_leads_nowhere_is_explained(
    tree: MergedTree, path: str, failure: LinkFailure, stopped_at: str
) -> None:
    """The failure and the place are those at which the kernel would stop."""
    resolution = tree.resolve_steps(path)
    assert (resolution.node, resolution.failure, resolution.stopped_at) == (None, failure, stopped_at)


def test_last_link_can_be_left_alone(tree: MergedTree) -> None:
    """Without following the last part, the link itself is found, its parents' links followed."""
    node = tree.resolve("bin/python", follow_last=False)
    assert node is not None
    assert (node.path, node.link) == ("usr/bin/python", "./python3")


def test_steps_are_told(tree: MergedTree) -> None:
    """Every link followed is named with its target."""
    steps = tree.resolve_steps("bin/python3").steps
    assert steps == (LinkStep("bin", "usr/bin"), LinkStep("usr/bin/python3", "python3.12"))


@pytest.mark.parametrize(("links", "is_found"), [(MAX_SYMLINKS, True), (MAX_SYMLINKS + 1, False)])
def test_forty_links_are_followed(*, links: int, is_found: bool) -> None:
    """As many links are followed as Linux follows."""
    chain = [symlink(f"l{number}", f"l{number + 1}") for number in range(links)]
    tree = merged([*chain, file(f"l{links}")])
    assert (tree.resolve("l0") is not None) is is_found


def test_link_to_a_removed_file_dangles() -> None:
    """A target that a whiteout removed is not found."""
    tree = merged([file("a"), symlink("l", "a")], [whiteout("a")])
    assert tree.resolve_steps("l").failure is LinkFailure.MISSING
