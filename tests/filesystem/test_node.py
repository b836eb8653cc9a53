"""Tests of nodes: what is asked of one path."""

from layerscope.filesystem.node import Node
from layerscope.filesystem.tree import MergedTree
from layerscope.layers.entry import EntryType
from support.indexes import layer, merged
from support.tar_member import TarMember, device, directory, file, hardlink, symlink, whiteout


def node(path: str, *members: TarMember) -> Node:
    """One node of a layer above an empty one."""
    return find(merged([], members), path)


def find(tree: MergedTree, path: str) -> Node:
    """One node of a tree."""
    found = tree.get(path)
    assert found is not None
    return found


def test_node_of_a_file_is_its_entry() -> None:
    """Every column of the index can be asked for."""
    members = [directory("d"), file("d/a", b"one", mode=0o4750, uid=1, gid=2, mtime_ns=3, xattrs={"user.k": b"v"})]
    found = node("d/a", *members)
    assert found.entry == layer(*members)[1]
    assert (found.layer, found.position, found.index.paths[1], found.name) == (1, 1, "d/a", "a")
    assert (found.mode, found.uid, found.gid, found.mtime_ns, found.size) == (0o4750, 1, 2, 3, 3)
    assert (found.xattrs, found.link, found.device) == ({"user.k": b"v"}, None, None)


def test_symlink_has_linux_s_mode() -> None:
    """Linux shows 0777 for every symlink."""
    found = node("l", symlink("l", "x", mode=0o600))
    assert (found.mode, found.link, found.digest) == (0o777, "x", None)


def test_device_has_its_number() -> None:
    """Major and minor number are kept."""
    assert node("n", device("n", 1, 3)).device == (1, 3)


def test_hard_link_brings_the_bytes_of_content_whose_own_path_is_gone() -> None:
    """One of several alone."""
    tree = merged([file("a", b"one"), hardlink("b", "a"), hardlink("c", "a")], [whiteout("a")])
    assert [each.own_size for each in tree.walk()] == [3, 0]


def test_hard_link_brings_no_bytes_of_its_own() -> None:
    """The size is the content's, its own size is nothing."""
    found = node("b", file("a", b"one"), hardlink("b", "a"))
    assert (found.size, found.own_size, found.content_path) == (3, 0, "a")


def test_entry_below_a_symlink_keeps_its_true_path() -> None:
    """The entry of the node has the path in the tree, not the name in the tar."""
    found = node("b/c", directory("b"), symlink("a", "b"), file("a/c", b"one"))
    assert (found.entry.path, found.content_path, found.index.paths[2]) == ("b/c", "a/c", "a/c")


def test_implied_directory_is_an_entry_too() -> None:
    """What no layer names has the attributes that runtimes give it."""
    entry = node("d", file("d/a")).entry
    assert (entry.type, entry.mode, entry.uid, entry.gid, entry.size) == (EntryType.DIRECTORY, 0o755, 0, 0, 0)


def test_nodes_of_one_path_are_equal() -> None:
    """A node is a value."""
    tree = merged([file("a"), file("b")])
    assert find(tree, "a") == find(tree, "a") != find(tree, "b")
