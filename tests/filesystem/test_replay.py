"""Tests of layers whose tar order matters: repeated paths, and entries below symlinks or files of their own layer."""

import pytest

from layerscope.errors import LimitError
from layerscope.filesystem.tree import MergedTree
from layerscope.layers import own_symlinks
from layerscope.layers.limits import PATH_MAX
from support.indexes import merged
from support.tar_member import TarMember, device, directory, fifo, file, hardlink, opaque, symlink, whiteout


def shown(*layers: list[TarMember]) -> dict[str, str]:
    """Every path with a letter for its type, the layer and the position of its entry."""
    return {node.path: f"{chr(node.type)}{node.layer}.{node.position}" for node in merged(*layers).walk()}


def resolved(tree: MergedTree, path: str) -> str:
    """Where a path leads."""
    node = tree.resolve(path)
    return "" if node is None else node.path


def test_last_of_two_files_wins() -> None:
    """A repeated path shows its last entry."""
    assert shown([file("a", b"1"), file("a", b"2")]) == {"a": "f0.1"}


def test_repeated_directory_keeps_its_children() -> None:
    """A directory over itself only takes new attributes."""
    assert shown([directory("d"), file("d/x"), directory("d", mode=0o700)]) == {"d": "d0.2", "d/x": "f0.1"}


def test_file_over_directory_of_its_layer_removes_what_is_below() -> None:
    """Within a layer too, anything but a directory replaces a directory whole."""
    assert shown([directory("d"), directory("d/e"), file("d/e/f"), file("d")]) == {"d": "f0.3"}


def test_directory_over_symlink_of_its_layer_replaces_it() -> None:
    """The symlink is not followed for the entry's own name."""
    layer = [directory("b"), symlink("a", "b"), directory("a"), file("a/x")]
    assert shown(layer) == {"a": "d0.2", "a/x": "f0.3", "b": "d0.0"}


def test_entry_below_a_symlink_lands_in_its_target() -> None:
    """The unpacker follows symlinks of the same layer in the parent."""
    layer = [directory("b"), symlink("a", "b"), file("a/c")]
    assert shown(layer) == {"a": "l0.1", "b": "d0.0", "b/c": "f0.2"}


def test_entry_below_an_absolute_symlink_stays_in_the_root() -> None:
    """Absolute targets start at the layer's root, and `..` stops there."""
    layer = [directory("b"), symlink("a", "/../b"), symlink("b/up", "../../.."), file("a/c"), file("b/up/d")]
    assert shown(layer) == {"a": "l0.1", "b": "d0.0", "b/c": "f0.3", "b/up": "l0.2", "d": "f0.4"}


def test_entry_below_links_to_links_lands_at_the_end() -> None:
    """Links are followed through links."""
    layer = [directory("a"), directory("a/b"), symlink("x", "a"), symlink("y", "x/b"), file("y/c")]
    assert shown(layer)["a/b/c"] == "f0.4"


def test_missing_target_of_a_symlinked_parent_is_made() -> None:
    """The directories that the symlink names are implied, as containerd makes them."""
    assert shown([symlink("a", "no/where"), file("a/c")]) == {
        "a": "l0.0",
        "no": "d0.-1",
        "no/where": "d0.-1",
        "no/where/c": "f0.1",
    }


def test_target_in_a_lower_layer_keeps_its_attributes() -> None:
    """The implied directory is merged with the lower one."""
    upper = [symlink("a", "b"), file("a/c")]
    assert shown([directory("b", mode=0o711), file("b/z")], upper) == {
        "a": "l1.0",
        "b": "d0.0",
        "b/c": "f1.1",
        "b/z": "f0.1",
    }


def test_symlink_of_a_lower_layer_is_not_followed() -> None:
    """What a lower symlink says plays no part, even in a layer with symlinks of its own."""
    lower = [directory("b"), symlink("a", "b")]
    assert shown(lower, [directory("t"), symlink("s", "t"), file("s/x"), file("a/c")]) == {
        "a": "d1.-1",
        "a/c": "f1.3",
        "b": "d0.0",
        "s": "l1.1",
        "t": "d1.0",
        "t/x": "f1.2",
    }


def test_whiteout_below_a_symlink_acts_on_its_target() -> None:
    """The whiteout lands where the symlink leads."""
    lower = [directory("b"), file("b/c"), file("b/d")]
    assert shown(lower, [directory("b"), symlink("a", "b"), whiteout("a/c")]) == {
        "a": "l1.1",
        "b": "d1.0",
        "b/d": "f0.2",
    }


def test_opaque_whiteout_below_a_symlink_acts_on_its_target() -> None:
    """The directory that the symlink leads to becomes opaque."""
    lower = [directory("b"), file("b/c")]
    assert shown(lower, [directory("b"), symlink("a", "b"), opaque("a")]) == {"a": "l1.1", "b": "d1.0"}


def test_opaque_whiteout_of_a_file_leaves_the_file() -> None:
    """Whatever is no directory cannot hide anything; the engines that take the mark keep it as it is."""
    assert shown([file("a"), opaque("a")]) == {"a": "f0.0"}
    assert shown([fifo("a"), opaque("a")]) == {"a": "p0.0"}
    assert shown([file("t"), hardlink("a", "t"), opaque("a")]) == {"a": "f0.1", "t": "f0.0"}
    assert shown([file("t"), symlink("a", "t"), opaque("a")]) == {"a": "l0.1", "t": "f0.0"}
    assert shown([directory("a"), file("a/x")], [file("a"), opaque("a")]) == {"a": "f1.0"}


def test_opaque_whiteout_of_a_removed_path_makes_no_directory() -> None:
    """The path stays removed, whether by a whiteout or by overlayfs's own."""
    lower = [directory("low"), file("low/x")]
    assert shown(lower, [whiteout("low"), opaque("low")]) == {}
    assert shown(lower, [device("low", 0, 0), opaque("low")]) == {}
    assert shown(lower, [whiteout("low"), symlink("s", "low"), opaque("s")]) == {"s": "l1.1"}


def test_opaque_whiteout_before_a_directory_over_a_file_is_lost() -> None:
    """The mark on the file goes with it."""
    lower = [directory("a"), file("a/x")]
    assert shown(lower, [file("a"), opaque("a"), directory("a")]) == {"a": "d1.2", "a/x": "f0.1"}


def test_whiteout_device_replaces_what_its_layer_put_there() -> None:
    """Overlayfs's own whiteout is an entry like others: what is there goes, and what lies below it."""
    assert shown([file("d/b"), device("d", 0, 0)]) == {}
    assert shown([directory("d"), file("d/b"), device("d", 0, 0)]) == {}
    assert shown([file("d"), device("d", 0, 0)]) == {}
    assert shown([file("d")], [file("d"), device("d", 0, 0)]) == {}
    assert shown([opaque("d"), device("d", 0, 0)]) == {}


def test_whiteout_device_is_replaced_by_what_comes_later() -> None:
    """In the order of the tar, the later entry is the one on disk."""
    assert shown([directory("d"), file("d/x")], [device("d", 0, 0), file("d")]) == {"d": "f1.1"}
    assert shown([file("d/x")], [device("d", 0, 0), directory("d")]) == {"d": "d1.1", "d/x": "f0.0"}


def test_loop_of_symlinked_parents_ends() -> None:
    """Runtimes refuse a parent that leads in a circle; here the entry's own name is taken literally."""
    assert shown([symlink("a", "b"), symlink("b", "a"), file("a/x")]) == {"a": "d0.-1", "a/x": "f0.2", "b": "l0.1"}


def test_entry_below_a_file_replaces_it() -> None:
    """Runtimes refuse an entry below a file; here the later entry wins."""
    assert shown([file("a"), file("a/x")]) == {"a": "d0.-1", "a/x": "f0.1"}


def test_hard_link_to_a_symlink_is_followed_as_a_parent() -> None:
    """A hard link to a symlink is a symlink."""
    layer = [directory("b"), symlink("a", "b"), hardlink("h", "a"), file("h/x")]
    assert shown(layer) == {"a": "l0.1", "b": "d0.0", "b/x": "f0.3", "h": "l0.2"}


def test_replaced_symlink_is_no_longer_followed() -> None:
    """A symlink counts only until something takes its place."""
    layer = [directory("b"), symlink("a", "b"), file("a/x"), directory("a"), file("a/y")]
    assert shown(layer) == {"a": "d0.3", "a/y": "f0.4", "b": "d0.0", "b/x": "f0.2"}


def test_moved_entry_is_found_through_its_link() -> None:
    """The name in the tar and the true path lead to the same node."""
    tree = merged([directory("b"), symlink("a", "b"), file("a/c")])
    assert (resolved(tree, "a/c"), tree.get("a/c")) == ("b/c", None)


def test_names_too_long_for_linux_are_left_out() -> None:
    """No runtime can unpack them, and deep ones would be costly."""
    deep = "/".join("d" * (PATH_MAX // 2 + 1))
    tree = merged([file("a"), file(deep, b"12345")])
    assert ([node.path for node in tree.walk()], [entry.size for entry in tree.hidden]) == (["a"], [5])


def test_deep_names_need_no_recursion() -> None:
    """Two thousand directories in each other are unpacked, replaced and walked."""
    deep = "/".join("d" * (PATH_MAX // 2 - 1))
    layers = [[file(deep), file("x"), file("x")], [directory("d"), file("d/a")]]
    tree = merged(*layers)
    assert len(list(tree.walk())) == PATH_MAX // 2 + 1
    assert len(list(tree.glob("**/a"))) == 1
    assert len(merged(*layers, [whiteout("d")])) == 1


def test_whiteouts_far_below_a_file_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in their way is found by halving, and remembered."""
    deep = "/".join("a" * 1900)
    monkeypatch.setattr(own_symlinks, "MOST_STEPS", 10_000)
    assert shown([file("f"), *(whiteout(f"f/{deep}/{number}") for number in range(500))]) == {"f": "f0.0"}
    monkeypatch.setattr(own_symlinks, "MOST_STEPS", 500 * 3 * len(deep))
    either = (whiteout(f"{'fg'[number % 2]}/{deep}/{number}") for number in range(500))
    assert shown([file("f"), file("g"), *either]) == {"f": "f0.0", "g": "f0.1"}


def test_whiteouts_far_below_many_files_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each costs what its name does, and a layer may not ask for more than the ceiling."""
    monkeypatch.setattr(own_symlinks, "MOST_STEPS", 500_000)
    deep = "/".join("a" * 1900)
    either = (whiteout(f"{'fg'[number % 2]}/{deep}/{number}") for number in range(500))
    with pytest.raises(LimitError, match=r"^merging layer 0: its symlinks and whiteouts lead over more names than "):
        merged([file("f"), file("g"), *either])


@pytest.mark.parametrize("depth", range(12))
def test_files_are_in_the_way_of_whiteouts_at_any_depth(depth: int) -> None:
    """What lies in directories alone is removed, what lies below a file is not."""
    names = ["a", "bcd", "e", "fghijklmno", "p", "q", "rs", "t", "uvwxyzuvwxyz", "a", "a", "a", "b"]
    lower, path = [file("/".join(names))], "/".join(names[: depth + 1])
    whites = [whiteout("/".join(names[:stop])) for stop in range(depth + 2, len(names) + 1)]
    marked = merged(lower, [directory(path), *whites[-1:]])
    assert marked.get("/".join(names)) is None
    alone = shown([file(path), *whites])
    assert alone[path] == "f0.0"
    assert len(alone) == depth + 1
