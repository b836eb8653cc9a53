"""Random stacks of layers, edited in every way: a container sees the same files, and nothing is shipped twice."""

from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.errors import UsageError
from layerscope.filesystem.merge import merge_layers
from layerscope.filesystem.tree import MergedTree
from layerscope.fixes.surgery.cuts import Range
from layerscope.fixes.surgery.new_content import read_new_file
from layerscope.fixes.surgery.whiteouts import list_above
from layerscope.layers.entry import WHITEOUTS, EntryType
from layerscope.rules.layer_edit import DropPath, LayerEdit
from support.edited_layers import Layers, drop_everything, edit_tars
from support.linked_stacks import make_linked_stack
from support.strategies import SECOND, stacks
from support.tar_header import DIALECTS, GNU, PAX, Dialect
from support.tar_member import Kind, TarMember, directory, file, hardlink, opaque, symlink, whiteout
from support.tar_writer import write_tar

NEW_FILE = read_new_file(Path(__file__))
CALM = settings(suppress_health_check=[HealthCheck.too_slow], max_examples=200)
NAMES = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)


@st.composite
def members(draw: st.DrawFn) -> TarMember:
    """A member at one of few paths, with one of few contents and attributes."""
    path, mode = draw(NAMES), draw(st.sampled_from([0o600, 0o755]))
    uid, when = draw(st.sampled_from([0, 7, 3_000_000])), draw(st.sampled_from([SECOND, 5 * SECOND + 7]))
    match draw(st.sampled_from(["file", "file", "file", "directory", "symlink", "hard link", "whiteout", "opaque"])):
        case "file":
            return file(path, draw(st.sampled_from([b"", b"1", b"22" * 300])), mode=mode, uid=uid, mtime_ns=when)
        case "directory":
            return directory(path, mode=mode, uid=uid, mtime_ns=when)
        case "symlink":
            return symlink(path, draw(st.sampled_from(["a", "/b", "../c"])))
        case "hard link":
            return hardlink(path, draw(NAMES))
        case "whiteout":
            return whiteout(path)
        case _:
            return opaque(path)


wild_stacks = st.lists(st.lists(members(), max_size=6), min_size=1, max_size=4)


def list_paths(layers: Layers, *kinds: Kind) -> list[str]:
    """The paths of all members, or of those of some kinds."""
    return [member.name.strip("/") for layer in layers for member in layer if not kinds or member.kind in kinds]


@CALM
@given(wild_stacks, st.integers(1, 3))
def test_a_base_image_stays_bit_for_bit(layers: Layers, base_layers: int) -> None:
    """Whatever the layers above it hide of it, and however they are edited: a container sees the same files."""
    tars = [write_tar(layer) for layer in layers]
    edited = edit_tars(tars, drop_everything(len(tars)), base_layers=base_layers)
    assert edited.differences == ()
    assert list(edited.tars[:base_layers]) == tars[:base_layers]


@given(stacks(), st.integers(1, 3))
def test_above_a_base_image_what_is_hidden_goes(layers: Layers, base_layers: int) -> None:
    """As it would without one: no byte of the layers above is kept for the base's sake."""
    tars = [write_tar(layer) for layer in layers]
    kept, whole = (edit_tars(tars, drop_everything(len(tars)), base_layers=base) for base in (base_layers, 0))
    assert kept.differences == ()
    assert list(kept.tars[:base_layers]) == tars[:base_layers]
    assert kept.cuts.saved <= whole.cuts.saved


def check_same(tars: Sequence[bytes], edits: Sequence[LayerEdit]) -> MergedTree:
    """The tree after edits, which is to show what the one before shows, but for the named paths."""
    edited = edit_tars(tars, edits)
    assert edited.differences == ()
    return edited.after


@given(stacks(), st.sampled_from(DIALECTS))
def test_what_is_hidden_goes_and_nothing_else(layers: Layers, dialect: Dialect) -> None:
    """In every dialect; hidden afterwards is what hard links keep, and files at paths that were directories, too."""
    tars = [write_tar(layer, dialect=dialect) for layer in layers]
    after = check_same(tars, drop_everything(len(tars)))
    hidden = [entry for entry in after.hidden if entry.size and entry.layer != entry.by_layer]
    linked, starts = set(after.stack.hard_links.values()), after.stack.starts
    left = [entry for entry in hidden if starts[entry.layer] + entry.position not in linked]
    folders = {above for path in list_paths(layers) for above in list_above(path.rpartition("/")[0])}
    folders |= set(list_paths(layers, Kind.DIRECTORY))
    assert {entry.path for entry in left} <= folders


@CALM
@given(wild_stacks)
def test_wild_stacks_stay_as_they_are_seen(layers: Layers) -> None:
    """Entries that replace each other, links into nowhere, whiteouts of what is there again."""
    check_same([write_tar(layer, dialect=PAX) for layer in layers], drop_everything(len(layers)))


@CALM
@given(wild_stacks, st.data())
def test_any_choice_of_edits_changes_nothing_else(layers: Layers, data: st.DataObject) -> None:
    """One step's leftovers may go while another's stay."""
    edits = data.draw(st.lists(st.sampled_from(drop_everything(len(layers))), max_size=3, unique=True))
    check_same([write_tar(layer, dialect=PAX) for layer in layers], edits)


@CALM
@given(wild_stacks, NAMES)
def test_a_dropped_path_is_gone_from_every_layer(layers: Layers, path: str) -> None:
    """With all below it; only what a hard link elsewhere needs stays, and then that is told."""
    tars = [write_tar(layer, dialect=PAX) for layer in layers]
    edited = edit_tars(tars, [DropPath(path)])
    assert edited.differences == ()
    assert edited.cuts.left or path not in edited.after


@CALM
@given(wild_stacks, st.sets(NAMES, min_size=1, max_size=2), st.data())
def test_files_are_put_beside_any_edits_or_refused(layers: Layers, paths: set[str], data: st.DataObject) -> None:
    """Nothing else changes, and what the path held before is in no layer, but for what is told."""
    tars = [write_tar(layer, dialect=PAX) for layer in layers]
    edits = data.draw(st.lists(st.sampled_from(drop_everything(len(layers))), max_size=3, unique=True))
    try:
        edited = edit_tars(tars, edits, files=dict.fromkeys(paths, NEW_FILE))
    except UsageError:
        return
    assert edited.differences == ()
    linked = {*edited.after.stack.hard_links.values()}
    for ordinal, kind in enumerate(edited.after.stack.types):
        if kind == EntryType.FILE and edited.after.stack.path(ordinal) in paths and not edited.cuts.left:
            is_new = edited.after.stack.sizes[ordinal] == NEW_FILE.size
            assert is_new or ordinal in linked or is_lid(edited.after, ordinal)


def is_lid(tree: MergedTree, ordinal: int) -> bool:
    """Whether a file stands between two directories, which would be one without it."""
    ended = [lower for lower, upper in tree.endings if upper == ordinal]
    return any(tree.stack.is_directory(lower) for lower in ended)


@CALM
@given(wild_stacks, st.data(), st.integers(0, 5))
def test_times_are_clamped_beside_any_edits(layers: Layers, data: st.DataObject, latest: int) -> None:
    """No entry is later, and a second run changes no byte."""
    tars = [write_tar(layer, dialect=data.draw(st.sampled_from([PAX, GNU]))) for layer in layers]
    edits = data.draw(st.lists(st.sampled_from(drop_everything(len(layers))), max_size=3, unique=True))
    edited = edit_tars(tars, edits, latest=latest)
    assert edited.differences == ()
    assert max(max(index.mtimes_ns, default=0) for index in edited.after.stack.indexes) <= latest * SECOND
    assert edit_tars(edited.tars, [], latest=latest).tars == edited.tars


def draw_range(data: st.DataObject, layers: int) -> Range:
    """Some layers that follow each other."""
    first, last = sorted(data.draw(st.sets(st.integers(0, layers - 1), min_size=2, max_size=2)))
    return Range(first, last)


@CALM
@given(wild_stacks.filter(lambda layers: len(layers) > 1), st.data())
def test_layers_become_one_beside_any_edits_or_are_refused(layers: Layers, data: st.DataObject) -> None:
    """A container sees what it saw, and each path is once in what they became."""
    tars = [write_tar(layer, dialect=data.draw(st.sampled_from([PAX, GNU]))) for layer in layers]
    edits = data.draw(st.lists(st.sampled_from(drop_everything(len(layers))), max_size=3, unique=True))
    merged, latest = draw_range(data, len(layers)), data.draw(st.sampled_from([None, 2]))
    try:
        edited = edit_tars(tars, edits, merged=merged, latest=latest)
    except UsageError:
        return
    assert edited.differences == ()
    assert len(edited.tars) == len(tars) - (merged.last - merged.first)
    paths = edited.after.stack.indexes[merged.first].paths
    assert len(paths) == len(set(paths))


@given(stacks().filter(lambda layers: len(layers) > 1), st.data())
def test_sound_layers_become_one(layers: Layers, data: st.DataObject) -> None:
    """None is refused; what is hidden below them is hidden by a whiteout that hides something."""
    merged = draw_range(data, len(layers))
    edited = edit_tars([write_tar(layer, dialect=PAX) for layer in layers], [], merged=merged)
    assert edited.differences == ()
    below = merge_layers(edited.after.stack.indexes[: merged.first])
    index = edited.after.stack.indexes[merged.first]
    assert all(path in below for path, kind in zip(index.paths, index.types, strict=True) if kind in WHITEOUTS)


@CALM
@given(st.integers(0, 1 << 32), st.data())
def test_linked_layers_become_one_beside_any_edits_or_are_refused(seed: int, data: st.DataObject) -> None:
    """Hard links across layers lead to what they led to, with the attributes that all of them share."""
    layers = make_linked_stack(seed)
    tars = [write_tar(layer, dialect=data.draw(st.sampled_from([PAX, GNU]))) for layer in layers]
    edits = data.draw(st.lists(st.sampled_from(drop_everything(len(layers))), max_size=3, unique=True))
    files = dict.fromkeys(data.draw(st.sets(NAMES, max_size=1)), NEW_FILE)
    merged, latest = draw_range(data, len(layers)), data.draw(st.sampled_from([None, 2]))
    try:
        edited = edit_tars(tars, edits, merged=merged, files=files, latest=latest)
    except UsageError:
        return
    assert edited.differences == () or edit_tars(tars, edits, files=files).differences
