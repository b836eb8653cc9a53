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
    """A whiteout of a directory shows all that went."""
    rows = list_changes(merged(*LAYERS), 2, 2).rows
    assert {str(row.change) for row in rows} == {"removed"}
    assert (rows[0].path, rows[0].removed, len(rows)) == ("usr", 310, 4)


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
