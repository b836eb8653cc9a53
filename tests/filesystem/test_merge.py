"""Tests of the merge: what a container sees after all layers."""

import pytest

from layerscope.errors import LimitError
from layerscope.filesystem import changeset
from layerscope.filesystem.merge import isolate_layer, merge_layers
from layerscope.filesystem.tree import MergedTree
from layerscope.layers.entry import EntryType
from support.indexes import layer, merged
from support.tar_member import Kind, TarMember, device, directory, fifo, file, hardlink, opaque, symlink, whiteout


def shown(tree: MergedTree) -> dict[str, str]:
    """Every path with a letter for its type and the layer that put it there."""
    return {node.path: f"{chr(node.type)}{node.layer}" for node in tree.walk()}


def test_no_layers_make_an_empty_tree() -> None:
    """An image without layers has a root and nothing else."""
    tree = merge_layers([])
    assert (len(tree), list(tree.walk()), tree.get("") is not None) == (0, [], True)


def test_upper_file_replaces_lower_file() -> None:
    """The container sees the file of the highest layer."""
    tree = merged([file("a", b"one")], [file("a", b"two")])
    node = tree.get("a")
    assert node is not None
    assert (node.layer, node.size) == (1, 3)


def test_whiteout_removes_lower_file() -> None:
    """A whiteout hides the path it names."""
    assert shown(merged([file("a"), file("b")], [whiteout("a")])) == {"b": "f0"}


def test_whiteout_removes_whole_directory() -> None:
    """A whiteout of a directory hides all that lower layers put below it."""
    lower = [directory("d"), directory("d/e"), file("d/e/f"), file("dd")]
    assert shown(merged(lower, [whiteout("d")])) == {"dd": "f0"}


@pytest.mark.parametrize("whiteout_first", [True, False])
def test_whiteout_leaves_file_of_its_own_layer(*, whiteout_first: bool) -> None:
    """Whiteouts hide lower layers only, whatever the order in the tar."""
    members = [whiteout("a"), file("a", b"new")]
    tree = merged([file("a", b"old")], members if whiteout_first else members[::-1])
    assert shown(tree) == {"a": "f1"}


def test_directory_after_its_whiteout_is_merged_with_the_lower_one() -> None:
    """Docker and containerd make the directory in the whiteout's place, so the kernel merges it with the lower one."""
    tree = merged([directory("d"), file("d/old")], [whiteout("d"), directory("d"), file("d/new")])
    assert shown(tree) == {"d": "d1", "d/new": "f1", "d/old": "f0"}


def test_whiteout_after_a_directory_hides_the_lower_one() -> None:
    """Where engines refuse the layer, the specification is followed: the own directory stays, the lower one goes."""
    tree = merged([directory("d"), file("d/old")], [directory("d"), file("d/new"), whiteout("d")])
    assert shown(tree) == {"d": "d1", "d/new": "f1"}


@pytest.mark.parametrize("parent", [whiteout("d"), device("d", 0, 0), file("d")])
def test_a_whiteout_below_what_is_no_directory_is_left_out(parent: TarMember) -> None:
    """So podman does, and others refuse the layer."""
    tree = merged([directory("d"), file("d/a"), file("d/b")], [parent, whiteout("d/a"), whiteout("d/e/a")])
    assert shown(tree) == ({"d": "f1"} if parent.name == "d" and parent.kind is Kind.FILE else {})


def test_a_whiteout_of_what_another_one_lies_in_is_obeyed() -> None:
    """Engines refuse that; the directory is made for the lower one."""
    tree = merged([directory("d"), file("d/a"), file("d/b")], [whiteout("d/a"), whiteout("d")])
    assert shown(tree) == {"d": "d1"}


def test_whiteout_of_nothing_is_harmless() -> None:
    """A whiteout may name a path that no lower layer has."""
    assert shown(merged([file("a")], [whiteout("b")])) == {"a": "f0"}


def test_whiteout_in_a_directory_that_is_nowhere_makes_it() -> None:
    """The unpacker needs the directory to put the whiteout in, so the container sees it."""
    assert shown(merged([file("a")], [whiteout("d/b")])) == {"a": "f0", "d": "d1"}


def test_whiteout_below_a_lower_file_replaces_it_by_a_directory() -> None:
    """The directory made for the whiteout lies over the lower file."""
    assert shown(merged([file("a")], [whiteout("a/b")])) == {"a": "d1"}


def test_whiteout_of_the_root_is_ignored() -> None:
    """No whiteout can remove the root."""
    tree = merged([file("a")], [file("b")])
    index = layer(whiteout("x"))
    index.paths[0] = ""
    assert shown(merge_layers([*tree.stack.indexes, index])) == {"a": "f0", "b": "f1"}


def test_overlay_device_is_a_whiteout() -> None:
    """A character device 0:0 is how overlayfs itself stores a whiteout."""
    assert shown(merged([file("a"), file("b")], [device("a", 0, 0)])) == {"b": "f0"}


def test_other_devices_and_pipes_are_shown() -> None:
    """Devices with real numbers and pipes are nodes like others."""
    assert shown(merged([device("null", 1, 3), device("sda", 8, 0, block=True), fifo("pipe")])) == {
        "null": "c0",
        "pipe": "p0",
        "sda": "b0",
    }


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (2, 1, 0)])
def test_opaque_whiteout_hides_lower_children_wherever_it_stands(order: tuple[int, ...]) -> None:
    """An opaque whiteout comes before its siblings whatever its place in the tar."""
    members = [directory("d"), opaque("d"), file("d/new")]
    lower = [directory("d"), file("d/old"), directory("d/sub"), file("d/sub/x"), file("e")]
    tree = merged(lower, [members[place] for place in order])
    assert shown(tree) == {"d": "d1", "d/new": "f1", "e": "f0"}


def test_opaque_whiteout_without_its_directory_keeps_the_lower_attributes() -> None:
    """A directory that is only implied stays the lower layer's."""
    tree = merged([directory("d", mode=0o700), file("d/old")], [opaque("d"), file("d/new")])
    assert shown(tree) == {"d": "d0", "d/new": "f1"}


def test_opaque_whiteout_of_nothing_makes_the_directory() -> None:
    """The unpacker needs the directory to mark it."""
    assert shown(merged([file("a")], [opaque("d")])) == {"a": "f0", "d": "d1"}


def test_opaque_whiteout_of_the_root_hides_nothing() -> None:
    """The kernel does not look for the mark on a layer's root, so neither engine hides anything."""
    assert shown(merged([file("a")], [opaque(""), file("b")])) == {"a": "f0", "b": "f1"}


def test_directory_over_directory_keeps_children_and_takes_attributes() -> None:
    """Directories are merged."""
    tree = merged([directory("d", mode=0o700, uid=5), file("d/a")], [directory("d", mode=0o711), file("d/b")])
    node = tree.get("d")
    assert node is not None
    assert (shown(tree), node.mode, node.uid) == ({"d": "d1", "d/a": "f0", "d/b": "f1"}, 0o711, 0)


def test_file_over_directory_removes_what_is_below() -> None:
    """Anything but a directory replaces a directory whole."""
    assert shown(merged([directory("d"), directory("d/e"), file("d/e/f")], [file("d")])) == {"d": "f1"}


def test_directory_over_file_replaces_it() -> None:
    """A directory replaces a file."""
    assert shown(merged([file("d")], [directory("d"), file("d/a")])) == {"d": "d1", "d/a": "f1"}


def test_directory_over_symlink_replaces_it() -> None:
    """The symlink of a lower layer is not followed, and its target stays as it was."""
    tree = merged([directory("t"), file("t/a"), symlink("d", "t")], [directory("d"), file("d/b")])
    assert shown(tree) == {"d": "d1", "d/b": "f1", "t": "d0", "t/a": "f0"}


def test_children_below_a_file_of_the_middle_layer_stay_gone() -> None:
    """A file between two directories cuts the lower one off."""
    layers = [[directory("d"), file("d/a")], [file("d")], [directory("d"), file("d/b")]]
    assert shown(merged(*layers)) == {"d": "d2", "d/b": "f2"}


def test_removed_path_can_come_back() -> None:
    """A path that was removed may be added again."""
    layers = [[directory("d"), file("d/a")], [whiteout("d")], [directory("d"), file("d/a")]]
    assert shown(merged(*layers)) == {"d": "d2", "d/a": "f2"}


def test_parents_that_no_layer_names_are_implied() -> None:
    """Missing parents are root's directories with mode 0755 and no time."""
    tree = merged([file("a/b/c")])
    node = tree.get("a/b")
    assert node is not None
    assert (node.is_implied, node.mode, node.uid, node.gid, node.mtime_ns) == (True, 0o755, 0, 0, None)
    assert (node.layer, node.position, node.type, node.entry.type) == (0, -1, EntryType.DIRECTORY, EntryType.DIRECTORY)
    assert shown(tree) == {"a": "d0", "a/b": "d0", "a/b/c": "f0"}


def test_implied_parent_keeps_the_attributes_of_a_lower_layer() -> None:
    """A directory that a lower layer named is not reset by a file put into it."""
    tree = merged([directory("tmp", mode=0o1777)], [file("tmp/a")])
    node = tree.get("tmp")
    assert node is not None
    assert (node.mode, node.layer) == (0o1777, 0)


def test_implied_parent_replaces_a_lower_symlink() -> None:
    """Only symlinks of the same layer are followed: the unpacker sees no lower layer."""
    tree = merged([directory("b"), symlink("a", "b")], [file("a/c")])
    assert shown(tree) == {"a": "d1", "a/c": "f1", "b": "d0"}


def test_directory_entry_takes_the_place_of_an_implied_one() -> None:
    """A later layer that names the directory gives it its attributes."""
    tree = merged([file("d/a")], [directory("d", mode=0o700)])
    assert shown(tree) == {"d": "d1", "d/a": "f0"}


def test_entry_of_the_root_is_ignored() -> None:
    """Unpackers skip the root's own entry."""
    tree = merged([directory("./".strip(".")), file("a")])
    assert (shown(tree), tree.get("").__class__.__name__) == ({"a": "f0"}, "Node")


def test_too_many_implied_directories_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tar of deep names cannot make the tree explode."""
    monkeypatch.setattr(changeset, "MAX_IMPLIED_CHARACTERS", 10)
    with pytest.raises(LimitError, match="merging layer 1"):
        merged([file("x")], [file("a/b/c/d/e/f")])


def test_layer_alone_keeps_its_number() -> None:
    """A layer merged alone shows its own entries under its own number."""
    indexes = [layer(file("a")), layer(file("b"), hardlink("c", "b"), whiteout("a"))]
    assert shown(isolate_layer(indexes, 1)) == {"b": "f1", "c": "f1"}
