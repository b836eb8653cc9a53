"""What is cut where something is hidden: one small stack of layers for each rule."""

import pytest

from layerscope.rules.layer_edit import DropHidden, DropPath
from support.edited_layers import drop_everything, edit_layers, edit_tars
from support.strategies import SECOND
from support.tar_member import Sparse, TarMember, directory, file, hardlink, opaque, sparse_file, symlink, whiteout
from support.tar_writer import write_tar

CONTENT = b"content"


def test_what_is_removed_later_goes_with_its_whiteout() -> None:
    """Nothing is left for the whiteout to hide."""
    edited = edit_layers([[file("a", CONTENT), file("b")], [whiteout("a"), file("c")]], DropHidden("removed", 1))
    assert edited.names == [["b"], ["c"]]
    assert edited.cuts.saved == len(CONTENT)


def test_what_is_overwritten_goes() -> None:
    """The later content stays where it is."""
    edited = edit_layers([[file("a", CONTENT), file("b")], [file("a", b"other")]], DropHidden("overwritten", 1))
    assert edited.names == [["b"], ["a"]]
    assert edited.cuts.saved == len(CONTENT)


@pytest.mark.parametrize(
    "edit", [DropHidden("removed", 1), DropHidden("overwritten", 2), DropHidden("metadata", 1)], ids=repr
)
def test_what_another_step_hides_otherwise_stays(edit: DropHidden) -> None:
    """An edit is about one layer, and about one way in which things end there."""
    edited = edit_layers([[file("a", CONTENT)], [file("a", b"other")], [file("b")]], edit)
    assert edited.names == [["a"], ["a"], ["b"]]
    assert edited.cuts.saved == 0


def test_a_copy_for_its_attributes_is_joined_in_place() -> None:
    """The first one gets owner, mode, time and extended attributes of the second, which goes."""
    copy = file("a", CONTENT, mode=0o755, uid=7, gid=3_000_000, mtime_ns=5 * SECOND + 7, xattrs={"user.k": b"new"})
    edited = edit_layers(
        [[file("a", CONTENT, mode=0o600, xattrs={"user.k": b"old", "user.l": b"1"})], [copy, file("b")]],
        DropHidden("metadata", 1),
    )
    assert edited.names == [["a"], ["b"]]
    node = edited.node("a")
    assert (node.mode, node.uid, node.gid, node.mtime_ns) == (0o755, 7, 3_000_000, 5 * SECOND + 7)
    assert dict(node.xattrs) == {"user.k": b"new"}


def test_of_three_copies_the_first_stays() -> None:
    """As the last one was."""
    modes = (0o600, 0o640, 0o755)
    layers = [[file("a", CONTENT, mode=mode)] for mode in modes]
    edited = edit_layers(layers, DropHidden("metadata", 1), DropHidden("metadata", 2))
    assert edited.names == [["a"], [], []]
    assert edited.node("a").mode == modes[-1]
    assert edited.cuts.saved == 2 * len(CONTENT)


def test_copies_of_what_is_removed_all_go() -> None:
    """No copy is kept for the sake of a file that nobody sees."""
    layers = [[file("a", CONTENT)], [file("a", CONTENT, mode=0o755)], [whiteout("a")]]
    assert edit_layers(layers, *drop_everything(3)).names == [[], [], []]


@pytest.mark.parametrize("first", ["hard link", "sparse"])
def test_a_first_copy_that_cannot_change_goes_instead(first: str) -> None:
    """Its header holds for other names, too, or has more than attributes: then the last one is the one that stays."""
    content = CONTENT + bytes(1000)
    if first == "sparse":
        below = [sparse_file("a", ((0, CONTENT),), len(content), Sparse.PAX_10)]
        edited = edit_layers([below, [file("a", content, mode=0o755)]], DropHidden("metadata", 1))
        assert edited.names == [[], ["a"]]
    else:
        below = [file("a", content), hardlink("b", "a")]
        edited = edit_layers([below, [file("a", content, mode=0o755)]], DropHidden("metadata", 1))
        assert edited.names == [["a", "b"], ["a"]]


def test_a_copy_beside_a_whiteout_of_the_same_path_stays() -> None:
    """Its layer hides what was there, so that the content has to come after that."""
    layers = [[file("a", CONTENT)], [whiteout("a"), file("a", CONTENT, mode=0o755)]]
    edited = edit_layers(layers, *drop_everything(2))
    assert edited.node("a").mode == 0o755
    assert edited.names[1][-1] == "a"


def test_a_hard_link_keeps_what_it_shares() -> None:
    """The removed name stays with its content, and the whiteout that hides it."""
    layers = [[file("a", CONTENT), hardlink("b", "a")], [whiteout("a")]]
    edited = edit_layers(layers, DropHidden("removed", 1))
    assert edited.names == [["a", "b"], [".wh.a"]]
    assert edited.cuts.saved == 0


def test_hard_links_that_are_all_removed_go() -> None:
    """Nobody shows the content any more."""
    layers = [[file("a", CONTENT), hardlink("b", "a"), file("c")], [whiteout("a"), whiteout("b")]]
    edited = edit_layers(layers, DropHidden("removed", 1))
    assert edited.names == [["c"], []]
    assert edited.cuts.saved == len(CONTENT)


def test_a_removed_hard_link_leaves_its_attributes() -> None:
    """Its header came last, and set mode and owner of the content for both names."""
    layers = [[file("a", CONTENT, mode=0o600), hardlink("b", "a", mode=0o755, uid=7)], [whiteout("b")]]
    edited = edit_layers(layers, DropHidden("removed", 1))
    assert edited.names == [["a"], []]
    assert (edited.node("a").mode, edited.node("a").uid) == (0o755, 7)


def test_a_removed_hard_link_leaves_its_attributes_to_other_links() -> None:
    """Whose headers would set others again."""
    members = [file("a", CONTENT, mode=0o600), hardlink("b", "a", mode=0o640), hardlink("c", "a", mode=0o755)]
    edited = edit_layers([members], DropPath("c"))
    assert edited.names == [["a", "b"]]
    assert (edited.node("a").mode, edited.node("b").mode) == (0o755, 0o755)


def test_a_whiteout_with_something_left_to_hide_stays() -> None:
    """An older file at the path would be seen again."""
    layers = [[file("a", b"1")], [file("a", b"2")], [whiteout("a")]]
    assert edit_layers(layers, DropHidden("removed", 2)).names == [["a"], [], [".wh.a"]]


def test_an_opaque_whiteout_stays() -> None:
    """What it hides goes; that the directory is a new one is still said."""
    layers = [[directory("d"), file("d/old", CONTENT)], [directory("d"), opaque("d"), file("d/new")]]
    edited = edit_layers(layers, DropHidden("removed", 1))
    assert edited.names == [["d"], ["d", "d/.wh..wh..opq", "d/new"]]
    assert edited.cuts.saved == len(CONTENT)


def test_a_directory_that_is_removed_and_comes_back() -> None:
    """All of the first one goes, with the whiteout between the two."""
    layers = [[directory("d", mode=0o700), file("d/x", CONTENT)], [whiteout("d")], [directory("d"), file("d/y")]]
    edited = edit_layers(layers, DropHidden("removed", 1))
    assert edited.names == [[], [], ["d", "d/y"]]


def test_a_removed_directory_goes_from_every_layer_that_named_it() -> None:
    """Layers between had given it new attributes."""
    layers = [[directory("d"), file("d/x", CONTENT)], [directory("d", mode=0o700), file("d/y")], [whiteout("d")]]
    assert edit_layers(layers, DropHidden("removed", 2)).names == [[], [], []]


def test_a_file_between_two_directories_stays_as_a_lid() -> None:
    """Without it, the first directory's files would be in the second."""
    layers = [[directory("d"), file("d/x")], [file("d", CONTENT)], [directory("d"), file("d/y")]]
    edited = edit_layers(layers, DropHidden("removed", 2))
    assert edited.names == [["d", "d/x"], ["d"], ["d", "d/y"]]
    assert "d/x" not in edited.after


def test_a_layer_whose_entries_replace_each_other_is_left_and_told() -> None:
    """Who knows what it would do without one of them?"""
    layers = [[file("a", b"1"), file("a", b"2"), file("b", CONTENT)], [whiteout("a"), whiteout("b")]]
    edited = edit_layers(layers, DropHidden("removed", 1))
    assert edited.names == [["a", "a", "b"], [".wh.a", ".wh.b"]]
    assert edited.cuts.left == ("layer 0: its entries replace each other, so that it is left as it is",)


def test_a_layer_that_unpacks_through_its_own_link_is_left() -> None:
    """Its files lie elsewhere than their names say."""
    layers = [[directory("real"), symlink("link", "real"), file("link/a", CONTENT)], [whiteout("real/a")]]
    edited = edit_layers(layers, DropHidden("removed", 1))
    assert edited.names == [["real", "link", "link/a"], ["real/.wh.a"]]
    assert len(edited.cuts.left) == 1


@pytest.mark.parametrize("last", [hardlink("z", "a"), opaque("a")], ids=["hard link", "opaque"])
def test_a_whiteout_that_something_asks_for_stays(last: TarMember) -> None:
    """Without it the hard link would lead nowhere, and the opaque whiteout would make a directory."""
    lower = [file("a", CONTENT), file("z")]
    edited = edit_layers([lower, [whiteout("a"), last], [file("b")]], DropHidden("removed", 1))
    assert edited.names[1:] == [[".wh.a", last.name], ["b"]]


def test_a_hard_link_into_nowhere_makes_every_layer_odd() -> None:
    """After an edit it might lead somewhere."""
    layers = [[file("a", CONTENT)], [whiteout("a")], [hardlink("b", "nowhere")]]
    tars = [write_tar(layer) for layer in layers]
    edited = edit_tars(tars, [DropHidden("removed", 1)])
    assert list(edited.tars) == tars
    assert edited.cuts.saved == 0


def test_a_directory_that_only_its_files_named_gets_an_entry() -> None:
    """With those gone it would be gone, too; its time is that of the last of them."""
    layers = [
        [file("d/e/x", mtime_ns=3 * SECOND), file("d/e/y", mtime_ns=9 * SECOND)],
        [whiteout("d/e/x"), whiteout("d/e/y")],
    ]
    edited = edit_layers(layers, DropHidden("removed", 1))
    assert edited.names == [["d", "d/e"], []]
    assert (edited.node("d/e").mode, edited.node("d/e").mtime_ns) == (0o755, 9 * SECOND)


def test_a_directory_with_something_left_needs_no_entry() -> None:
    """What is left names it on its way."""
    layers = [[file("d/x"), file("d/y")], [whiteout("d/x")]]
    assert edit_layers(layers, DropHidden("removed", 1)).names == [["d/y"], []]


def test_a_link_that_another_one_names_stays() -> None:
    """The tar writes the later one as a link to it."""
    layers = [[file("a", CONTENT), hardlink("b", "a"), hardlink("c", "b")]]
    edited = edit_layers(layers, DropPath("b"))
    assert edited.names == [["a", "b", "c"]]
    assert any("/b stays" in reason for reason in edited.cuts.left)


def test_a_copy_that_is_a_link_keeps_its_place() -> None:
    """It shares its content with another name, which a file of its own would not."""
    edited = edit_layers([[file("c", CONTENT)], [file("b", CONTENT), hardlink("c", "b")]], DropHidden("metadata", 1))
    assert edited.names == [[], ["b", "c"]]
