"""Tests of lifetimes: which layer did what to a path."""

from collections.abc import Sequence

from layerscope.filesystem.lifetime import Event, EventKind
from support.indexes import merged
from support.tar_member import TarMember, directory, file, hardlink, opaque, symlink, whiteout


def life(path: str, *layers: Sequence[TarMember]) -> list[str]:
    """The events of a path, in short."""
    return [f"{event.layer} {event.kind}" for event in merged(*layers).lifetime(path)]


def test_untouched_path_was_added_once() -> None:
    """Most paths have one event."""
    assert merged([directory("d"), file("d/a")], []).lifetime("d/a") == (Event(0, EventKind.ADDED, 1),)


def test_path_that_no_layer_had_has_no_events() -> None:
    """Neither the root nor an unknown path has a lifetime."""
    assert (life("x", [file("a")]), life("", [file("a")])) == ([], [])


def test_every_change_is_told() -> None:
    """Adding, other attributes, other content, removal and return are told apart."""
    layers = [[file("a", b"1")], [file("a", b"1", mode=0o600)], [file("a", b"2")], [whiteout("a")], [], [file("a")]]
    assert life("a", *layers) == ["0 added", "1 metadata", "2 changed", "3 removed", "5 added"]


def test_position_is_that_of_the_entry_at_work() -> None:
    """The event leads to the whiteout that removed the path."""
    tree = merged([file("a")], [file("b"), whiteout("a")])
    assert tree.lifetime("a")[-1] == Event(1, EventKind.REMOVED, 1)


def test_removal_of_a_directory_above_removes_the_path() -> None:
    """A whiteout further up ends what is below."""
    assert life("d/a", [directory("d"), file("d/a")], [whiteout("d")]) == ["0 added", "1 removed"]


def test_file_in_the_place_of_a_directory_above_removes_the_path() -> None:
    """A replaced directory takes its children along."""
    layers = [[directory("d"), file("d/a")], [file("d")]]
    assert (life("d/a", *layers), life("d", *layers)) == (["0 added", "1 removed"], ["0 added", "1 changed"])


def test_opaque_whiteout_is_told_apart() -> None:
    """What an opaque directory hides is opaqued, and may be added in the same layer again."""
    layers = [[directory("d"), file("d/a"), file("d/b")], [directory("d"), opaque("d"), file("d/a")]]
    assert (life("d/a", *layers), life("d/b", *layers)) == (
        ["0 added", "1 opaqued", "1 added"],
        ["0 added", "1 opaqued"],
    )


def test_directory_listed_again_without_change_has_no_event() -> None:
    """Layers list the parents of what they change; that alone is no change."""
    layers = [[directory("d", mtime_ns=1)], [directory("d", mtime_ns=2), file("d/a")], [directory("d", mode=0o700)]]
    assert life("d", *layers) == ["0 added", "2 metadata"]


def test_implied_directory_has_a_lifetime() -> None:
    """A directory that no entry names is added by what lies in it."""
    layers = [[file("d/a")], [whiteout("d")], [file("d/b")]]
    assert merged(*layers).lifetime("d") == (
        Event(0, EventKind.ADDED, -1),
        Event(1, EventKind.REMOVED, 0),
        Event(2, EventKind.ADDED, -1),
    )


def test_directory_that_gets_an_entry_has_its_attributes_changed() -> None:
    """Naming an implied directory gives it attributes."""
    assert life("d", [file("d/a")], [directory("d", mode=0o700)]) == ["0 added", "1 metadata"]


def test_other_type_is_a_change() -> None:
    """A symlink in a file's place is a change, and so is another target."""
    assert life("a", [file("a")], [symlink("a", "b")], [symlink("a", "c")], [symlink("a", "c")]) == [
        "0 added",
        "1 changed",
        "2 changed",
        "3 metadata",
    ]


def test_hard_link_to_equal_content_is_no_change_of_content() -> None:
    """A hard link is judged by the content it shows."""
    assert life("a", [file("a", b"1")], [file("x", b"1"), hardlink("a", "x")]) == ["0 added", "1 metadata"]


def test_repeated_entries_of_one_layer_are_one_event() -> None:
    """What a layer replaces within itself never was in a container."""
    assert life("a", [file("a", b"1"), file("a", b"2")], [file("a", b"3"), file("a", b"4")]) == ["0 added", "1 changed"]
