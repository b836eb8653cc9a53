"""Tests of net changes over one layer and over several."""

from collections.abc import Sequence

from hypothesis import given, settings

from layerscope.filesystem.changes import Change, iter_changes
from support.indexes import merged
from support.strategies import stacks
from support.tar_member import TarMember, directory, file, opaque, symlink, whiteout


def changes(first: int, last: int, *layers: Sequence[TarMember]) -> dict[str, Change]:
    """The change of every path that differs."""
    return {change.path: change.change for change in iter_changes(merged(*layers), first, last)}


LAYERS = (
    [directory("d", mtime_ns=1), file("d/a", b"1"), file("d/b", b"1"), file("d/c", b"1"), file("e/f")],
    [directory("d", mtime_ns=2), file("d/a", b"2"), file("d/b", b"1", mode=0o600), whiteout("d/c"), file("d/new")],
    [whiteout("d/new"), file("d/c", b"1"), whiteout("e")],
)


def test_changes_of_one_layer() -> None:
    """What a layer added, changed, touched or removed; a directory merely listed again is no change."""
    assert changes(1, 1, *LAYERS) == {
        "d/a": Change.CHANGED,
        "d/b": Change.METADATA,
        "d/c": Change.REMOVED,
        "d/new": Change.ADDED,
    }


def test_changes_of_several_layers_are_net() -> None:
    """What was added and removed again does not show; what was removed and added again is a copy."""
    assert changes(1, 2, *LAYERS) == {
        "d/a": Change.CHANGED,
        "d/b": Change.METADATA,
        "d/c": Change.METADATA,
        "e": Change.REMOVED,
        "e/f": Change.REMOVED,
    }


def test_changes_of_the_lowest_layer_are_additions() -> None:
    """Below the lowest layer there is nothing; implied directories are added too."""
    found = changes(0, 0, *LAYERS)
    assert (set(found), set(found.values())) == ({"d", "d/a", "d/b", "d/c", "e", "e/f"}, {Change.ADDED})


def test_later_layers_play_no_part() -> None:
    """A layer's changes are the same whatever lies above it."""
    assert changes(1, 1, *LAYERS[:2]) == changes(1, 1, *LAYERS)


def test_other_type_is_a_change() -> None:
    """A symlink in a directory's place changes it and removes what was below."""
    found = changes(1, 1, [directory("d"), file("d/a")], [symlink("d", "x")])
    assert found == {"d": Change.CHANGED, "d/a": Change.REMOVED}


def test_file_shipped_again_below_an_opaque_directory_is_a_copy() -> None:
    """The directory is unchanged, its children are compared."""
    layers = [[directory("d"), file("d/a"), file("d/b")], [directory("d"), opaque("d"), file("d/a")]]
    assert changes(1, 1, *layers) == {"d/a": Change.METADATA, "d/b": Change.REMOVED}


@settings(max_examples=100, deadline=None)
@given(stacks())
def test_changes_lead_from_one_tree_to_the_next(layers: list[list[TarMember]]) -> None:
    """The paths of the lower tree, with the changes applied, are those of the upper tree."""
    for last in range(len(layers)):
        for first in range(last + 1):
            before, after = set(merged(*layers[:first])), set(merged(*layers[: last + 1]))
            found = changes(first, last, *layers)
            removed = {path for path, change in found.items() if change is Change.REMOVED}
            added = {path for path, change in found.items() if change is Change.ADDED}
            assert (before - removed) | added == after
            assert removed <= before
            assert not added & before
