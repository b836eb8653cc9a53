"""Random stacks of layers, edited in every way: a container sees the same files, and nothing is shipped twice."""

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.filesystem.endings import Ending
from layerscope.filesystem.merge import merge_layers
from layerscope.filesystem.tree import MergedTree
from layerscope.fixes.surgery.cut_planner import plan_cuts
from layerscope.fixes.surgery.cuts import ImageCuts
from layerscope.fixes.surgery.tar_editor import edit_tar
from layerscope.fixes.surgery.tree_check import find_differences
from layerscope.fixes.surgery.whiteouts import list_above
from layerscope.rules.layer_edit import DropHidden, DropPath, LayerEdit
from support.indexes import index_of_tar
from support.strategies import SECOND, stacks
from support.tar_header import DIALECTS, PAX, Dialect
from support.tar_member import Kind, TarMember, directory, file, hardlink, opaque, symlink, whiteout
from support.tar_writer import write_tar

Layers = Sequence[Sequence[TarMember]]
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


def make_tree(tars: Sequence[bytes]) -> MergedTree:
    """What a container sees of these layers."""
    return merge_layers([index_of_tar(tar) for tar in tars])


def edit(tars: Sequence[bytes], edits: Sequence[LayerEdit]) -> tuple[ImageCuts, MergedTree, list[bytes]]:
    """The cuts, the tree before them, and the tars after."""
    before = make_tree(tars)
    cuts = plan_cuts(before, edits)
    pairs = zip(tars, before.stack.indexes, cuts.layers, strict=True)
    return cuts, before, [b"".join(edit_tar(iter([tar]), index, cut)) if cut else tar for tar, index, cut in pairs]


def drop_everything(layers: int) -> list[LayerEdit]:
    """Edits that leave out whatever is hidden."""
    return [DropHidden(ending.value, layer) for layer in range(layers) for ending in Ending]


def list_paths(layers: Layers, *kinds: Kind) -> list[str]:
    """The paths of all members, or of those of some kinds."""
    return [member.name.strip("/") for layer in layers for member in layer if not kinds or member.kind in kinds]


def check_same(tars: Sequence[bytes], edits: Sequence[LayerEdit]) -> MergedTree:
    """The tree after edits, which is to show what the one before shows, but for the named paths."""
    cuts, before, edited = edit(tars, edits)
    after = make_tree(edited)
    assert find_differences(before, after, cuts.paths) == ()
    return after


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
    cuts, before, edited = edit(tars, [DropPath(path)])
    after = make_tree(edited)
    assert find_differences(before, after, cuts.paths) == ()
    assert cuts.left or path not in after
