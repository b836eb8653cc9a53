"""Trees are compared path by path and aspect by aspect."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings

from layerscope.diff.change import Change
from layerscope.diff.trees import Aspect, FileChange, iter_file_changes
from support.indexes import merged
from support.tar_member import TarMember, device, directory, file, hardlink, symlink, whiteout
from support.wild_layers import Layers, wild_layers

BASE = (directory("d"), file("d/a", b"one"), symlink("d/s", "a"))


def compare(
    before: Sequence[Sequence[TarMember]], after: Sequence[Sequence[TarMember]], shared: int = 0
) -> list[FileChange]:
    """The changes from one stack of layers to another."""
    return list(iter_file_changes(merged(*before), merged(*after), shared=shared))


@pytest.mark.parametrize(
    ("one", "other", "aspects"),
    [
        (file("f", b"1"), file("f", b"2"), {Aspect.CONTENT}),
        (file("f", b"1"), file("f", b"1", mode=0o755), {Aspect.MODE}),
        (file("f", b"1"), file("f", b"1", gid=3), {Aspect.OWNER}),
        (file("f", b"1"), file("f", b"1", mtime_ns=5), {Aspect.TIME}),
        (file("f", b"1"), file("f", b"1", xattrs={"user.a": b"1"}), {Aspect.XATTRS}),
        (symlink("f", "a"), symlink("f", "b"), {Aspect.CONTENT}),
        (device("f", 1, 3), device("f", 1, 5), {Aspect.CONTENT}),
        (file("f", b""), directory("f", mode=0o644), {Aspect.TYPE}),
        (directory("f"), directory("f", mode=0o700), {Aspect.MODE}),
        (file("f", b"1"), file("f", b"1"), set()),
    ],
)
def test_each_aspect_is_told(one: TarMember, other: TarMember, aspects: set[Aspect]) -> None:
    """What differs, and nothing else."""
    assert {aspect for change in compare([[one]], [[other]]) for aspect in change.aspects} == aspects


def test_paths_come_and_go() -> None:
    """What one side lacks has no aspects, and its bytes are growth or loss."""
    added, removed = compare([[file("a", b"12")]], [[file("b", b"123")]])[::-1]
    assert (added.path, added.change, added.growth, added.aspects) == ("b", Change.ADDED, 3, ())
    assert (removed.path, removed.change, removed.growth) == ("a", Change.REMOVED, -2)


def test_shared_layers_are_not_compared_again() -> None:
    """A layer above both that says the same thing anew makes no difference; one that says another does."""
    same = compare([BASE], [BASE, [directory("d"), file("d/a", b"one")]], shared=1)
    other = compare([BASE], [BASE, [whiteout("d/a")], [file("d/a", b"two")]], shared=1)
    assert (same, [(change.path, change.aspects) for change in other]) == ([], [("d/a", (Aspect.CONTENT,))])


@settings(max_examples=200, deadline=None)
@given(wild_layers, wild_layers, wild_layers)
def test_sharing_saves_time_alone(shared: Layers, before: Layers, after: Layers) -> None:
    """Whether it is known which layers are shared or not, the same paths differ, in the order of a walk."""
    one, other = [*shared, *before], [*shared, *after]
    changes = [(each.path, each.change, each.aspects) for each in compare(one, other, shared=len(shared))]
    assert changes == [(each.path, each.change, each.aspects) for each in compare(one, other)]
    added = [path for path, change, _ in changes if change is Change.ADDED]
    rest = [path for path, change, _ in changes if change is not Change.ADDED]
    assert [*rest, *added] == [path for path, _, _ in changes]
    assert all(sorted(paths, key=lambda path: path.split("/")) == paths for paths in (rest, added))


def test_a_hard_link_above_gives_a_shared_file_another_name() -> None:
    """The file's own layer is shared, and what it is linked to is not."""
    changes = compare([BASE], [BASE, [hardlink("d/b", "d/a")]], shared=1)
    assert {change.path: set(change.aspects) for change in changes} == {"d/a": {Aspect.HARD_LINKS}, "d/b": set()}


def test_content_that_stays_as_a_hard_link_is_no_growth() -> None:
    """What the one path loses, the other one brings; and the last path takes it along."""
    whole = [file("a", b"12"), hardlink("b", "a")]
    changes = compare([whole], [whole, [whiteout("a")]], shared=1)
    assert [(change.path, change.growth) for change in changes] == [("a", -2), ("b", 2)]
    changes = compare([whole, [whiteout("a")]], [whole, [whiteout("a")], [whiteout("b")]], shared=2)
    assert [(change.path, change.growth) for change in changes] == [("b", -2)]


def test_a_hard_link_brings_no_bytes() -> None:
    """Two names of one content are counted once."""
    changes = compare([[file("a", b"12")]], [[file("a", b"12"), hardlink("b", "a")]])
    assert [(change.path, change.growth) for change in changes] == [("a", 0), ("b", 0)]


def test_an_unknown_time_is_no_difference() -> None:
    """A directory that no entry names has the time of whoever unpacks it."""
    assert compare([[file("d/a")]], [[directory("d", mtime_ns=7), file("d/a")]]) == []
