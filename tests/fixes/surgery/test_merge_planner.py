"""Layers that become one: what is visible after the last of them, whiteouts where something lies below, links right."""

import re

import pytest

from layerscope.errors import UsageError
from layerscope.fixes.surgery.cuts import Range
from layerscope.rules.layer_edit import DropHidden, LayerEdit
from support.edited_layers import EditedLayers, Layers, edit_tars
from support.strategies import SECOND
from support.tar_header import DIALECTS, PAX, USTAR, Dialect
from support.tar_member import (
    Sparse,
    TarMember,
    device,
    directory,
    fifo,
    file,
    hardlink,
    opaque,
    sparse_file,
    symlink,
    whiteout,
)
from support.tar_writer import can_hold, write_global_header, write_member, write_tar

LONG = "f" * 60 + "/" + "n" * 150


def merge(
    layers: Layers, first: int, last: int, *edits: LayerEdit, dialect: Dialect = PAX, latest: int | None = None
) -> EditedLayers:
    """The layers of which some became one, and of which a container sees what it saw."""
    tars = [write_tar(layer, dialect=dialect) for layer in layers]
    edited = edit_tars(tars, edits, merged=Range(first, last), latest=latest)
    assert edited.differences == ()
    assert len(edited.tars) == len(tars) - (last - first)
    return edited


def test_what_is_visible_last_is_there_once() -> None:
    """Neither what was overwritten nor what was removed, and no whiteout where nothing lies below."""
    layers = [[file("a", b"1"), file("b", b"1"), file("c")], [file("a", b"2"), whiteout("b")]]
    assert merge(layers, 0, 1).names == [["c", "a"]]


def test_whiteouts_are_left_for_what_lies_below() -> None:
    """Each once; what was removed between is not mentioned."""
    layers = [[file("a"), directory("d"), file("d/x")], [whiteout("a"), file("b")], [whiteout("b"), whiteout("d/x")]]
    assert merge(layers, 1, 2).names == [["a", "d", "d/x"], [".wh.a", "d/.wh.x"]]


def test_a_folder_that_was_made_anew_hides_what_it_held() -> None:
    """By whiteouts of what lies directly in it, and with attributes of its own."""
    old, new = directory("d", mode=0o700), directory("d", mode=0o750, uid=7, mtime_ns=5 * SECOND)
    layers = [[old, file("d/x"), directory("d/e"), file("d/e/y"), file("d/kept")], [whiteout("d")]]
    edited = merge([*layers, [new, file("d/kept", b"2")]], 1, 2)
    assert edited.names[1] == ["d", "d/kept", "d/.wh.e", "d/.wh.x"]
    assert (edited.node("d").mode, edited.node("d").uid) == (0o750, 7)


def test_a_folder_that_no_entry_names_any_more_is_named() -> None:
    """One below with other attributes would be seen otherwise."""
    edited = merge([[directory("d", mode=0o700)], [whiteout("d")], [file("d/x")]], 1, 2)
    assert edited.names[1] == ["d", "d/x"]
    assert edited.node("d").mode == 0o755


def test_an_opaque_folder_hides_by_whiteouts() -> None:
    """Of what lies below the layers alone."""
    layers = [[directory("d"), file("d/x")], [file("d/y")], [directory("d"), opaque("d"), file("d/z")]]
    assert merge(layers, 1, 2).names[1] == ["d", "d/z", "d/.wh.x"]


def test_folders_stand_first_with_their_last_attributes() -> None:
    """Whichever layer gave them."""
    layers = [
        [directory("d", mode=0o700), file("d/x")],
        [directory("d", mode=0o711, uid=3, mtime_ns=SECOND, xattrs={"user.k": b"v"}), file("c")],
    ]
    edited = merge(layers, 0, 1)
    assert edited.names == [["d", "d/x", "c"]]
    assert (edited.node("d").mode, dict(edited.node("d").xattrs)) == (0o711, {"user.k": b"v"})


@pytest.mark.parametrize("dialect", DIALECTS, ids=str)
def test_members_of_every_kind_pass_by_as_they_are(dialect: Dialect) -> None:
    """In every dialect."""
    members = [file("a", b"1" * 700), symlink("s", "a"), hardlink("h", "a"), device("null", 1, 3), fifo("pipe")]
    members = [member for member in members if can_hold(member, dialect)]
    edited = merge([[file("first")], members, [file("last", b"2")]], 1, 2, dialect=dialect)
    assert edited.names[1] == [*(member.name for member in members), "last"]
    assert edited.tars[1].startswith(b"".join(write_member(member, dialect) for member in members))


def test_a_link_takes_the_place_of_a_file_that_is_gone() -> None:
    """With its content, and the other links lead to it."""
    layers = [
        [file("a", b"content", mode=0o600), hardlink("b", "a"), hardlink(LONG, "a", mode=0o755)],
        [file("a", b"other")],
    ]
    edited = merge(layers, 0, 1)
    assert edited.names == [["f" * 60, "b", LONG, "a"]]
    assert edited.node("b").mode == edited.node(LONG).mode == 0o755
    assert edited.node(LONG).content_path == "b"


@pytest.mark.parametrize("dialect", [dialect for dialect in DIALECTS if dialect.name not in {"v7", "ustar"}], ids=str)
def test_long_names_are_taken_and_given_up(dialect: Dialect) -> None:
    """By records or by GNU's headers, of files and of what links lead to."""
    other = LONG + "2"
    layers = [[file("a", b"1"), hardlink(LONG, "a"), hardlink(other, "a")], [whiteout("a")]]
    edited = merge(layers, 0, 1, dialect=dialect)
    assert edited.node(other).content_path == LONG
    layers = [[file(LONG, b"1"), hardlink("a", LONG), hardlink("b", LONG)], [whiteout(LONG)]]
    edited = merge(layers, 0, 1, dialect=dialect)
    assert edited.node("b").content_path == "a"


def test_a_name_in_two_parts_is_given_up() -> None:
    """A header holds its folder apart from it."""
    split = file("n" * 50, b"1", fields={"prefix": b"p" * 30})
    path = "p" * 30 + "/" + "n" * 50
    edited = merge([[split, hardlink("a", path)], [whiteout(path)]], 0, 1, dialect=USTAR)
    assert edited.names == [["p" * 30, "a"]]
    assert edited.node("a").size == 1


def test_a_link_into_a_layer_below_stays_one() -> None:
    """Where the file is still to be seen."""
    edited = merge([[file("a", b"1")], [hardlink("b", "a"), file("c")], [file("c", b"2")]], 1, 2)
    assert edited.names[1] == ["b", "c"]
    assert edited.node("b").content_path == "a"


@pytest.mark.parametrize("later", [whiteout("a"), file("a", b"2")], ids=["removed", "overwritten"])
def test_a_link_to_what_is_hidden_below_is_refused(later: TarMember) -> None:
    """Its content would have to be read from a layer that is none of them."""
    with pytest.raises(UsageError, match="merging layers 1-2: a hard link leads to /a below them, which is hidden"):
        merge([[file("a", b"1")], [hardlink("b", "a")], [later]], 1, 2)


def test_a_link_to_a_file_with_holes_is_refused_where_it_would_change() -> None:
    """Its map stands in a header of its own kind."""
    holed = sparse_file("a", ((512, b"x" * 512),), 9000, Sparse.PAX_10)
    assert merge([[holed, hardlink("b", "a")], [file("c")]], 0, 1).names == [["a", "b", "c"]]
    with pytest.raises(UsageError, match="a hard link of a file with holes, /a, is hidden later"):
        merge([[holed, hardlink("b", "a")], [whiteout("a")]], 0, 1)


def test_entries_that_replace_each_other_are_refused() -> None:
    """Nobody could say what they would do beside others."""
    with pytest.raises(UsageError, match=re.escape("merging layers 0-1: the entries of layer 1 replace each other")):
        merge([[file("b")], [file("a", b"1"), file("a", b"2")]], 0, 1)


def test_what_edits_leave_becomes_one() -> None:
    """Copies stay where the edit wants them, within the layers and below them."""
    copy = file("a", b"content", mode=0o755)
    layers = [[file("a", b"content"), file("b", b"1")], [copy, file("c")], [whiteout("b"), file("d")]]
    edited = merge(layers, 1, 2, DropHidden("metadata", 1), DropHidden("removed", 2))
    assert edited.names == [["a"], ["c", "d"]]
    assert edited.node("a").mode == 0o755


def test_times_are_clamped_in_all_that_is_made() -> None:
    """Folders and files; whiteouts have none."""
    layers = [[file("x")], [directory("d", mtime_ns=9 * SECOND), file("d/a", mtime_ns=9 * SECOND)], [whiteout("x")]]
    edited = merge(layers, 1, 2, latest=5)
    assert edited.after.stack.indexes[1].mtimes_ns.tolist() == [5 * SECOND, 5 * SECOND, 0]


def test_headers_for_a_whole_archive_go() -> None:
    """They would speak of another layer's entries, too."""
    tars = [write_global_header({"comment": b"a commit"}) + write_tar([file("a")]), write_tar([file("b")])]
    edited = edit_tars(tars, [], merged=Range(0, 1))
    assert b"a commit" not in edited.tars[0]
    assert edited.names == [["a", "b"]]


@pytest.mark.parametrize(("first", "last"), [(0, 2), (1, 1), (1, 0)])
def test_layers_that_are_not_there_are_refused(first: int, last: int) -> None:
    """And so is a single one."""
    with pytest.raises(UsageError, match=f"merging layers {first}-{last}: expected two of the layers 0 to 1"):
        merge([[file("a")], [file("b")]], first, last)
