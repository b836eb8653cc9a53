"""A listing drawn as a tree, and told to a program."""

import json
from collections.abc import Callable

import pytest

from layerscope.filesystem.listing import ListingOptions, Order, list_changes, list_tree
from layerscope.filesystem.merge import merge_layers
from layerscope.filesystem.tree import MergedTree
from layerscope.report import context
from layerscope.report.context import RenderContext
from layerscope.report.terminal.page import Page
from layerscope.report.tree_json import render_tree_json
from layerscope.report.tree_view import TreePage, render_tree_text
from support.example_results import HOSTILE, WASTEFUL
from support.results import ResultRecipe, make_result, merge_result
from support.tar_writer import directory, file, hardlink, whiteout

Snapshot = Callable[[str, str], None]
PLAIN = RenderContext()


@pytest.fixture
def tree() -> MergedTree:
    """The tree of the wasteful example."""
    return merge_result(make_result(WASTEFUL))


def test_the_merged_tree_is_drawn(tree: MergedTree, snapshot: Snapshot) -> None:
    """Largest first, links with their targets, layers beside the names."""
    snapshot("tree-merged.txt", render_tree_text(list_tree(tree), TreePage("acme/generate:2.4.1"), PLAIN))


def test_modes_and_owners_are_drawn_when_asked_for(tree: MergedTree, snapshot: Snapshot) -> None:
    """`--long`, sorted by name."""
    listing = list_tree(tree, options=ListingOptions(order=Order.NAME))
    snapshot("tree-long.txt", render_tree_text(listing, TreePage("acme/generate:2.4.1", is_long=True), PLAIN))


@pytest.mark.parametrize(
    ("name", "context"),
    [
        ("tree-changes.txt", PLAIN),
        ("tree-changes-ascii.txt", RenderContext(unicode=False)),
        ("tree-changes-color.txt", RenderContext(color=True)),
    ],
)
def test_changes_are_marked(name: str, context: RenderContext, tree: MergedTree, snapshot: Snapshot) -> None:
    """Added, given other attributes, removed: each has its sign, counted above the tree."""
    page = TreePage("acme/generate:2.4.1: changes of layers 3 to 4", has_marks=True)
    snapshot(name, render_tree_text(list_changes(tree, 3, 4), page, context))


def test_a_tree_is_narrow_where_a_page_is(tree: MergedTree, monkeypatch: pytest.MonkeyPatch) -> None:
    """One number of columns decides of both."""
    page, listing = TreePage("acme/generate:2.4.1"), list_tree(tree)
    wide = render_tree_text(listing, page, PLAIN)
    monkeypatch.setattr(context, "NARROW", PLAIN.width + 1)
    narrow = render_tree_text(listing, page, PLAIN)
    assert Page(PLAIN).is_narrow
    assert len(narrow.partition("path")[0]) < len(wide.partition("path")[0])


def test_what_is_below_the_last_level_is_counted(tree: MergedTree) -> None:
    """A cut tree says how much it leaves out."""
    text = render_tree_text(list_tree(tree, options=ListingOptions(depth=0)), TreePage(""), PLAIN)
    assert "/opt/  (5 below)" in text


def test_a_layer_without_changes_says_so(tree: MergedTree) -> None:
    """An empty listing is not an empty page."""
    listing = list_changes(tree, 4, 4, "nowhere")
    assert "nothing changed" in render_tree_text(listing, TreePage("", has_marks=True), PLAIN)


def test_a_hard_link_names_what_it_shares() -> None:
    """The path that holds the content stands beside it."""
    tree = merge_result(make_result(ResultRecipe(layers=[[file("a", b"x"), hardlink("b", "a")]])))
    assert "b (hard link to /a)" in render_tree_text(list_tree(tree), TreePage(""), PLAIN)


def test_a_removed_file_that_a_hard_link_still_shows_says_so() -> None:
    """Nothing of it is gone, and the link alone is a file like others."""
    layers = [[file("a", bytes(10)), hardlink("b", "a")], [whiteout("a")]]
    tree = merge_result(make_result(ResultRecipe(layers=layers)))
    text = render_tree_text(list_changes(tree, 1, 1), TreePage("", has_marks=True), PLAIN)
    assert "/a (its content stays as /b)\n\n0 B in 1 path\n" in text
    (entry,) = json.loads(render_tree_json(list_changes(tree, 1, 1), reference="x"))["entries"]
    assert (entry["size"], entry["removed"], entry["kept_at"]) == (10, 0, "b")
    assert "     10 B     0  /b\n\n10 B in 1 path\n" in render_tree_text(list_tree(tree), TreePage(""), PLAIN)


def test_a_hard_link_to_nothing_names_what_it_leads_to() -> None:
    """Not itself."""
    tree = merge_result(make_result(ResultRecipe(layers=[[directory("d"), hardlink("a", "d"), hardlink("b", "gone")]])))
    text = render_tree_text(list_tree(tree), TreePage(""), PLAIN)
    assert "/a (hard link to /d)\n" in text
    assert "/b (hard link to /gone)\n" in text


@pytest.mark.parametrize("width", [40, 50, 59, 60, 80])
def test_a_name_is_broken_on_a_terminal_alone(width: int) -> None:
    """The tree goes on beside it; in a pipe, a path is one line."""
    long = "opt/lib/a_name_of_many_words_without_a_slash_or_anything_else_to_break_it_at"
    layers = [[file(long, bytes(215_000)), file("opt/z", b"x"), hardlink("opt/lib/b", long)]]
    listing = list_tree(merge_result(make_result(ResultRecipe(layers=layers))))
    lines = render_tree_text(listing, TreePage(""), RenderContext(width=width, is_terminal=True)).splitlines()
    assert max(map(len, lines)) <= width
    text = render_tree_text(listing, TreePage(""), RenderContext(width=width))
    assert f"{long.rpartition('/')[2]}\n" in text
    assert f"b (hard link to /{long})\n" in text
    place = next(number for number, line in enumerate(lines) if "a_name" in line)
    column = lines[place].index("a_name")
    assert lines[place][column - 8 : column] == "│   ├── "
    assert lines[place + 1][column - 8 : column] == "│   │   "


@pytest.mark.parametrize("width", [40, 50, 60])
def test_a_name_without_room_beside_its_columns_stands_below_them(width: int) -> None:
    """Mode and owner leave too little on a narrow terminal, and so does a branch that is deep."""
    deep = "usr/lib/python3/dist-packages/numpy/core"
    layers = [[file("etc/passwd", b"x"), hardlink("h", "etc/passwd"), file(f"{deep}/_umath_tests.so", b"x")]]
    listing = list_tree(merge_result(make_result(ResultRecipe(layers=layers))))
    page = TreePage("", is_long=True)
    text = render_tree_text(listing, page, RenderContext(width=width, is_terminal=True))
    assert max(map(len, text.splitlines())) <= width
    assert ("  0:0     0\n  /h (hard link to /etc/passwd)\n" in text) == (width == 40)
    assert text.count(" /h ") == 1
    piped = render_tree_text(listing, page, RenderContext(width=width))
    assert "     0  /h (hard link to /etc/passwd)\n" in piped


@pytest.mark.parametrize("symbols", ["unicode", "ascii"])
def test_a_branch_that_is_too_deep_for_its_name_is_shortened(symbols: str) -> None:
    """The name stays whole where a line can hold it, and no line goes on at the edge of the terminal."""
    deep = "usr/lib/python3/dist-packages/torch/lib/deeper/than"
    names = ["libtorch_cuda.so", "a", "a-name-that-is-wider-than-any-line-of-a-narrow-terminal.so"]
    listing = list_tree(merge_result(make_result(ResultRecipe(layers=[[file(f"{deep}/{name}") for name in names]]))))
    context = RenderContext(width=40, is_terminal=True, unicode=symbols == "unicode")
    lines = render_tree_text(listing, TreePage(""), context).splitlines()
    assert max(map(len, lines)) <= 40
    (shortened,) = (line for line in lines if line.endswith("libtorch_cuda.so"))
    (whole,) = (line for line in lines if line.endswith(("── a", "-- a")))
    assert (shortened.split()[0], whole.split()[0]) == (("…", "├──") if symbols == "unicode" else ("...", "|--"))
    assert len(whole) == 2 + 4 * 8 + 1


def test_a_narrow_page_has_no_room_to_give_away() -> None:
    """Sizes take the columns that they need, and a page without rows has none."""
    layers = [[file("lib64/ld-linux-x86-64.so.2", bytes(215_000))], [whiteout("lib64")], []]
    tree = merge_result(make_result(ResultRecipe(layers=layers)))
    before = merge_result(make_result(ResultRecipe(layers=layers[:1])))
    narrow = RenderContext(width=40)
    assert max(map(len, render_tree_text(list_tree(before), TreePage(""), narrow).splitlines())) == 40
    marked = render_tree_text(list_changes(tree, 1, 1), TreePage("", has_marks=True), narrow)
    assert "\n      size  removed layer  path\n" in marked
    assert "nothing changed" in render_tree_text(list_changes(tree, 2, 2), TreePage("", has_marks=True), narrow)


def test_names_cannot_write_to_the_terminal() -> None:
    """Hostile names are written out."""
    text = render_tree_text(list_tree(merge_result(make_result(HOSTILE))), TreePage("x"), PLAIN)
    assert all(line.isprintable() for line in text.splitlines())
    assert r"/a\x1b[2J[red]b" in text


def test_a_program_gets_every_row(tree: MergedTree) -> None:
    """Paths from the root, modes in octal, sums of directories."""
    document = json.loads(render_tree_json(list_changes(tree, 4, 4), reference="acme/generate:2.4.1"))
    assert document["counts"] == {"added": 2, "removed": 1}
    entries = {entry["path"]: entry for entry in document["entries"]}
    assert entries["/app/serve.py"] == {
        "path": "/app/serve.py",
        "change": "added",
        "type": "file",
        "mode": "0644",
        "uid": 0,
        "gid": 0,
        "size": 19,
        "present": 19,
        "removed": 0,
        "link": None,
        "kept_at": None,
        "layer": 4,
        "below": 0,
    }
    assert entries["/var/lib/apt/lists/deb.debian.org_main"]["change"] == "removed"
    assert entries["/var"]["removed"] == 30_000


def test_a_tree_of_nothing_is_drawn() -> None:
    """An image without layers has an empty tree."""
    assert "0 B in 0 paths" in render_tree_text(list_tree(merge_layers([])), TreePage("x"), PLAIN)
