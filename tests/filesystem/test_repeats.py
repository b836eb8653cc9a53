"""Visible files with equal content, told by their whole digests."""

from layerscope.filesystem.repeats import find_repeats
from layerscope.filesystem.tree import MergedTree
from support.indexes import merged
from support.tar_member import directory, file, hardlink, whiteout


def repeats(tree: MergedTree) -> list[tuple[str, str]]:
    """Every copy with the file that it repeats, by path."""
    assert sum(map(len, tree.repeats.positions)) == len(tree.repeats.first)
    found = []
    for layer, positions in enumerate(tree.repeats.positions):
        for position in positions:
            ordinal = tree.stack.starts[layer] + position
            found.append((tree.stack.path(ordinal), tree.stack.path(tree.repeats.first[ordinal])))
    return found


def test_copies_are_found_in_every_layer() -> None:
    """Each is paired with the first file of its content, of its own layer or a lower one."""
    tree = merged([directory("d"), file("d/a", b"x"), file("d/b", b"x")], [file("e", b"y"), file("f", b"x")])
    assert repeats(tree) == [("d/b", "d/a"), ("f", "d/a")]


def test_what_is_not_seen_repeats_nothing() -> None:
    """Removed and replaced files count neither as copies nor as originals; a hard link keeps its content visible."""
    lower = [file("gone", b"x"), file("old", b"y"), file("kept", b"z"), hardlink("link", "kept")]
    tree = merged(lower, [whiteout("gone"), file("old", b"new"), whiteout("kept"), file("a", b"x"), file("b", b"z")])
    assert repeats(tree) == [("b", "kept")]


def test_empty_files_are_no_copies() -> None:
    """They cost nothing."""
    assert repeats(merged([file("a"), file("b")])) == []


def test_content_that_was_not_hashed_equals_nothing() -> None:
    """Two huge sparse files have no digest, and neither is a copy of the other."""
    tree = merged([file("a", b"x"), file("b", b"x")])
    digests = tree.stack.indexes[0].digests
    digests[:] = bytes(len(digests))
    assert repeats(tree) == []


def test_digests_that_agree_in_part_are_no_repeats() -> None:
    """Whoever makes two contents whose digests begin alike gains nothing."""
    tree = merged([file("a", b"1"), file("b", b"2"), file("c", b"3"), file("d", b"3"), file("e", b"1")])
    digests = tree.stack.indexes[0].digests
    for position in range(5):
        digests[position * 32 : position * 32 + 8] = b"the same"
    assert find_repeats(tree.stack, tree.covered).first == {3: 2, 4: 0}
