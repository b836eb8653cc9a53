"""Tests of hidden entries: what became of what the container does not see."""

import pytest

from layerscope.filesystem.endings import Ending, Hidden
from support.indexes import merged
from support.tar_member import TarMember, directory, file, hardlink, opaque, symlink, whiteout


@pytest.mark.parametrize(
    ("upper", "ending"),
    [
        ([file("a", b"two")], Ending.OVERWRITTEN),
        ([file("a", b"one", mode=0o600)], Ending.METADATA),
        ([file("a", b"one")], Ending.METADATA),
        ([whiteout("a")], Ending.REMOVED),
        ([symlink("a", "b")], Ending.REMOVED),
        ([directory("a")], Ending.REMOVED),
        ([file("a/b")], Ending.REMOVED),
        ([file("x", b"one"), hardlink("a", "x")], Ending.METADATA),
        ([file("x", b"two"), hardlink("a", "x")], Ending.OVERWRITTEN),
        ([whiteout("a"), file("a", b"two")], Ending.OVERWRITTEN),
    ],
)
def test_ending_of_a_file(upper: list[TarMember], ending: Ending) -> None:
    """Removal, other content and mere metadata are told apart."""
    assert [hidden.ending for hidden in merged([file("a", b"one")], upper).hidden] == [ending]


def test_hidden_entry_names_what_hid_it() -> None:
    """Both the hidden entry and the one that hid it are named."""
    tree = merged([file("x"), file("a", b"one")], [], [file("y"), file("a", b"two")])
    assert list(tree.hidden) == [
        Hidden(layer=0, position=1, by_layer=2, ending=Ending.OVERWRITTEN, by_position=1, path="a", size=3)
    ]


def test_removed_directory_hides_all_below() -> None:
    """Every entry below goes with its directory, in order of layer and position."""
    tree = merged([directory("d"), file("d/b"), file("d/a")], [file("d/c")], [whiteout("d")])
    assert [(hidden.layer, hidden.position, hidden.path) for hidden in tree.hidden] == [
        (0, 0, "d"),
        (0, 1, "d/b"),
        (0, 2, "d/a"),
        (1, 0, "d/c"),
    ]


def test_opaque_directory_lives_on_without_its_children() -> None:
    """The directory itself is not hidden."""
    tree = merged([directory("d"), file("d/a")], [directory("d"), opaque("d")])
    assert [(hidden.path, hidden.ending, hidden.by_position) for hidden in tree.hidden] == [("d/a", Ending.REMOVED, 1)]


def test_directory_with_new_attributes_is_not_hidden() -> None:
    """A directory over a directory hides nothing."""
    assert len(merged([directory("d", mode=0o700)], [directory("d")]).hidden) == 0


def test_content_seen_through_a_hard_link_is_not_hidden() -> None:
    """While another name shows the content, its bytes are not in vain."""
    tree = merged([file("a", b"one"), hardlink("b", "a")], [whiteout("a")])
    assert list(tree.hidden) == []


def test_content_is_hidden_when_all_its_names_are_gone() -> None:
    """With the last name the content goes too."""
    tree = merged([file("a", b"one"), hardlink("b", "a")], [whiteout("a")], [whiteout("b")])
    assert [hidden.path for hidden in tree.hidden] == ["a", "b"]


def test_entry_replaced_in_its_own_layer_is_hidden_by_it() -> None:
    """A repeated path ships bytes in vain, too."""
    tree = merged([file("a", b"one"), file("a", b"two")])
    assert [(hidden.layer, hidden.by_layer, hidden.ending) for hidden in tree.hidden] == [(0, 0, Ending.OVERWRITTEN)]


def test_hidden_entries_are_a_sequence() -> None:
    """They can be counted, indexed and cut without making them all."""
    hidden = merged([file("a"), file("b"), file("c")], [whiteout("a"), whiteout("b"), whiteout("c")]).hidden
    assert (len(hidden), hidden[-1].path, [entry.path for entry in hidden[:2]]) == (3, "c", ["a", "b"])
