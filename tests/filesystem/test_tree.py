"""Tests of asking a merged tree."""

import pytest

from layerscope.filesystem.tree import MergedTree
from layerscope.layers.entry import EntryType
from support.indexes import merged
from support.tar_member import directory, file, symlink


@pytest.fixture
def tree() -> MergedTree:
    """Names whose order differs from that of their paths' characters."""
    return merged([file("a/z"), file("a.b"), file("a-b/c"), symlink("l", "a"), directory("d")])


def test_walk_goes_by_parts(tree: MergedTree) -> None:
    """Parents come first, and a directory's content before its next neighbour."""
    assert list(tree.walk_paths()) == ["a", "a/z", "a-b", "a-b/c", "a.b", "d", "l"]


def test_walk_can_start_anywhere(tree: MergedTree) -> None:
    """The start is part of the walk; a file is a walk of one, and nothing is none."""
    assert [node.path for node in tree.walk("a")] == ["a", "a/z"]
    assert [node.path for node in tree.walk("a.b")] == ["a.b"]
    assert list(tree.walk("nowhere")) == []


def test_children_are_full_paths_in_order(tree: MergedTree) -> None:
    """Only directories have children."""
    assert tree.children("") == ["a", "a-b", "a.b", "d", "l"]
    assert (tree.children("a"), tree.children("d"), tree.children("l"), tree.children("x")) == (["a/z"], [], [], [])


def test_get_takes_paths_literally(tree: MergedTree) -> None:
    """Links are not followed, neither the last nor on the way."""
    node = tree.get("l")
    assert node is not None
    assert (node.type, tree.get("l/z"), tree.get("x")) == (EntryType.SYMLINK, None, None)


def test_root_is_there_but_not_counted(tree: MergedTree) -> None:
    """The root is a directory that no entry names."""
    root = tree.get("")
    assert root is not None
    assert (root.type, root.mode, root.is_implied, "" in tree, len(tree)) == (EntryType.DIRECTORY, 0o755, True, True, 7)


def test_membership_and_iteration_are_by_path(tree: MergedTree) -> None:
    """A tree holds its paths."""
    assert set(tree) == set(tree.walk_paths())
    assert ("a/z" in tree, "a/y" in tree) == (True, False)


def test_number_of_layers_counts_empty_ones() -> None:
    """A layer that changes nothing is a layer."""
    assert merged([], [file("a")], []).layers == 3
