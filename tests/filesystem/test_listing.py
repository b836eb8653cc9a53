"""Tests of listings: rows, sizes and filters."""

from collections.abc import Sequence

from layerscope.filesystem.changes import Change
from layerscope.filesystem.listing import Listing, ListingOptions, Order, list_changes, list_tree
from layerscope.layers.entry import EntryType
from support.indexes import merged
from support.tar_member import TarMember, directory, file, hardlink, symlink, whiteout

LAYERS: Sequence[Sequence[TarMember]] = (
    [
        directory("etc"),
        file("etc/conf", bytes(10)),
        directory("usr"),
        directory("usr/lib"),
        file("usr/lib/a.so", bytes(300)),
        file("usr/lib/b.so", bytes(200)),
        hardlink("usr/lib/c.so", "usr/lib/a.so"),
        symlink("lib", "usr/lib"),
    ],
    [
        directory("etc", mtime_ns=5),
        file("etc/new", bytes(50)),
        whiteout("usr/lib/b.so"),
        file("usr/lib/a.so", bytes(310)),
    ],
    [whiteout("usr")],
)


def brief(listing: Listing) -> list[str]:
    """Each row as depth, path and sum of what is there."""
    return [f"{row.depth} {row.path} {row.present}" for row in listing.rows]


def test_merged_tree_is_listed_largest_first() -> None:
    """Directories are as large as what lies below them, and hard links cost nothing."""
    assert brief(list_tree(merged(LAYERS[0]))) == [
        "0 usr 500",
        "1 usr/lib 500",
        "2 usr/lib/a.so 300",
        "2 usr/lib/b.so 200",
        "2 usr/lib/c.so 0",
        "0 etc 10",
        "1 etc/conf 10",
        "0 lib 0",
    ]


def test_rows_can_be_sorted_by_name() -> None:
    """Order by name ignores sizes."""
    listing = list_tree(merged(LAYERS[0]), options=ListingOptions(order=Order.NAME, depth=0))
    assert brief(listing) == ["0 etc 10", "0 lib 0", "0 usr 500"]


def test_links_say_where_they_lead() -> None:
    """A symlink shows its target, a hard link the path of its content."""
    rows = {row.path: row for row in list_tree(merged(LAYERS[0])).rows}
    assert (rows["lib"].link, rows["lib"].type) == ("usr/lib", EntryType.SYMLINK)
    assert (rows["usr/lib/c.so"].link, rows["usr/lib/c.so"].type) == ("usr/lib/a.so", EntryType.HARDLINK)


def test_hard_links_without_content_say_where_their_layer_leads_them() -> None:
    """To a directory or to nothing, which no runtime unpacks."""
    rows = {row.path: row for row in list_tree(merged([directory("d"), hardlink("h", "d"), hardlink("n", "no")])).rows}
    assert (rows["h"].link, rows["n"].link) == ("d", "no")


def test_depth_folds_what_lies_deeper() -> None:
    """Sums include what is folded, and its paths are counted."""
    listing = list_tree(merged(LAYERS[0]), options=ListingOptions(depth=1))
    assert [(row.path, row.folded) for row in listing.rows if row.folded] == [("usr/lib", 3)]
    assert (listing.present, listing.counts) == (510, {Change.UNCHANGED: 8})


def test_small_rows_are_folded() -> None:
    """What is smaller than asked for has no row."""
    listing = list_tree(merged(LAYERS[0]), options=ListingOptions(min_size=250))
    assert [(row.path, row.folded) for row in listing.rows] == [("usr", 0), ("usr/lib", 2), ("usr/lib/a.so", 0)]


def test_patterns_choose_paths_and_show_the_way_to_them() -> None:
    """Sums are of chosen paths alone; directories on the way are marked."""
    listing = list_tree(merged(LAYERS[0]), options=ListingOptions(patterns=("b.so", "/etc")))
    assert [(row.path, row.present, row.is_chosen) for row in listing.rows] == [
        ("usr", 200, False),
        ("usr/lib", 200, False),
        ("usr/lib/b.so", 200, True),
        ("etc", 10, True),
        ("etc/conf", 10, True),
    ]
    assert listing.counts == {Change.UNCHANGED: 3}


def test_listing_can_start_at_a_path() -> None:
    """The path itself is the first row."""
    assert brief(list_tree(merged(LAYERS[0]), "etc")) == ["0 etc 10", "1 etc/conf 10"]
    assert brief(list_tree(merged(LAYERS[0]), "nowhere")) == []


def test_changes_of_a_layer_are_listed_with_their_directories() -> None:
    """Removed bytes are kept apart from present ones."""
    listing = list_changes(merged(*LAYERS), 1, 1)
    assert [(row.path, str(row.change), row.present, row.removed) for row in listing.rows] == [
        ("usr", "unchanged", 310, 200),
        ("usr/lib", "unchanged", 310, 200),
        ("usr/lib/a.so", "changed", 310, 0),
        ("usr/lib/b.so", "removed", 0, 200),
        ("etc", "unchanged", 50, 0),
        ("etc/new", "added", 50, 0),
    ]
    assert (listing.present, listing.removed) == (360, 200)
    assert listing.counts == {Change.ADDED: 1, Change.CHANGED: 1, Change.REMOVED: 1}


def test_directory_on_the_way_shows_the_attributes_it_had() -> None:
    """A directory that a later layer removed is shown as it was above the listed layers."""
    layers = [[directory("d", mode=0o700)], [file("d/a")], [directory("d", mode=0o711)], [whiteout("d")]]
    assert [(row.path, row.mode, row.layer) for row in list_changes(merged(*layers), 1, 1).rows] == [
        ("d", 0o700, 0),
        ("d/a", 0o644, 1),
    ]


def test_removed_directory_lists_what_was_in_it() -> None:
    """A whiteout of a directory shows all that went, and what a hard link had kept of an overwritten file."""
    rows = list_changes(merged(*LAYERS), 2, 2).rows
    assert {str(row.change) for row in rows} == {"removed"}
    assert (rows[0].path, rows[0].removed, len(rows)) == ("usr", 610, 4)


def test_changes_below_a_path() -> None:
    """Only what lies there is listed, the path itself as the first row."""
    assert brief(list_changes(merged(*LAYERS), 1, 1, "usr/lib")) == [
        "0 usr/lib 310",
        "1 usr/lib/a.so 310",
        "1 usr/lib/b.so 0",
    ]


def test_rows_are_in_order_whatever_the_tar() -> None:
    """Equal sizes are sorted by path, so that the same image lists the same."""
    paths = ["c", "a", "b"]
    assert [row.path for row in list_tree(merged([file(path) for path in paths])).rows] == sorted(paths)


def test_parents_that_no_entry_names_have_the_layer_that_made_them() -> None:
    """Whether they are listed for themselves or only lead to what was chosen."""
    tree = merged([file("a/x")], [file("b/c/y.so", bytes(5))], [whiteout("b/c")])
    upto = merged([file("a/x")], [file("b/c/y.so", bytes(5))])
    chosen = list_tree(upto, options=ListingOptions(patterns=("*.so",)))
    assert [(row.path, row.layer) for row in chosen.rows] == [("b", 1), ("b/c", 1), ("b/c/y.so", 1)]
    removed = list_changes(tree, 2, 2, options=ListingOptions(patterns=("*.so",)))
    assert [(row.path, row.layer) for row in removed.rows] == [("b", 1), ("b/c", 1), ("b/c/y.so", 1)]


LINKED: Sequence[Sequence[TarMember]] = (
    [file("d/one", bytes(10)), hardlink("d/two", "d/one"), hardlink("c/three", "d/one")],
    [whiteout("d/one")],
    [whiteout("c/three")],
    [whiteout("d/two")],
)


def files(listing: Listing) -> list[tuple[str, int, str | None]]:
    """Path, bytes and link of what is no directory."""
    return [(row.path, row.size, row.link) for row in listing.rows if row.type is not EntryType.DIRECTORY]


def test_content_that_only_hard_links_show_is_counted_at_the_first_of_them() -> None:
    """The others lead there, not to the path that is gone; the last one is a file like others."""
    assert files(list_tree(merged(*LINKED[:2]))) == [("c/three", 10, None), ("d/two", 0, "c/three")]
    assert files(list_tree(merged(*LINKED[:3]))) == [("d/two", 10, None)]
    assert [list_tree(merged(*LINKED[:number])).present for number in range(1, 5)] == [10, 10, 10, 0]


def test_a_hard_link_to_a_file_that_was_overwritten_keeps_the_old_bytes() -> None:
    """Old and new content are both there."""
    tree = merged(LINKED[0][:2], [file("d/one", bytes(300))])
    assert files(list_tree(tree)) == [("d/one", 300, None), ("d/two", 10, None)]
    assert files(list_changes(tree, 1, 1)) == [("d/one", 300, None)]
    assert list_changes(tree, 0, 1).present == 310


def test_a_hard_link_that_stands_for_content_is_large_enough() -> None:
    """By its bytes, the folder above it as well."""
    listing = list_tree(merged(*LINKED[:2]), options=ListingOptions(min_size=8))
    assert [(row.path, row.present, row.folded) for row in listing.rows] == [
        ("c", 10, 0),
        ("c/three", 10, 0),
    ]


def test_what_a_hard_link_still_shows_is_not_removed() -> None:
    """Only with the last of its paths it is, and then counted once."""
    tree = merged(*LINKED)
    told = [
        [(row.path, row.removed, row.kept_at) for row in list_changes(tree, layer, layer).rows if row.is_chosen]
        for layer in (1, 2, 3)
    ]
    assert told == [
        [("d/one", 0, "c/three")],
        [("c/three", 0, "d/two")],
        [("d/two", 10, None)],
    ]
    assert [list_changes(tree, 1, last).removed for last in (1, 2, 3)] == [0, 0, 10]
    assert files(list_changes(tree, 1, 3)) == [("d/one", 10, None), ("d/two", 0, "d/one"), ("c/three", 0, "d/one")]


def test_changes_of_several_layers_count_what_they_leave_of_a_hard_link() -> None:
    """A file that comes and goes among them, and its link that stays."""
    below: Sequence[TarMember] = [file("base", bytes(3))]
    tree = merged(below, *LINKED[:2])
    assert files(list_changes(tree, 1, 2)) == [("c/three", 10, None), ("d/two", 0, "c/three")]
    assert files(list_changes(tree, 1, 1)) == [("d/one", 10, None), ("d/two", 0, "d/one"), ("c/three", 0, "d/one")]
    assert list_changes(tree, 1, 2).present == 10


def test_a_hard_link_of_an_upper_layer_brings_nothing_while_one_of_a_lower_layer_is_there() -> None:
    """The bytes are the lower layer's."""
    tree = merged(LINKED[0][:2], [hardlink("a", "d/one")], [whiteout("d/one")])
    assert files(list_tree(tree)) == [("d/two", 10, None), ("a", 0, "d/two")]
    assert list_changes(tree, 1, 2).present == 0


def test_a_hard_link_to_a_symlink_shows_its_target_once_it_is_alone() -> None:
    """It is a symlink like others."""
    tree = merged([symlink("s", "target"), hardlink("t", "s")], [whiteout("s")])
    assert [(row.type, row.link) for row in list_tree(tree).rows] == [(EntryType.SYMLINK, "target")]
