"""Tests of hard links: whose content they show, and whose attributes."""

import pytest

from layerscope.errors import LimitError
from layerscope.filesystem.merge import merge_pair
from layerscope.filesystem.tree import MergedTree
from layerscope.layers import own_symlinks
from layerscope.layers.entry import EntryType
from support.indexes import layer, merged
from support.tar_member import TarMember, device, directory, file, hardlink, symlink, whiteout


def content(tree: MergedTree, path: str) -> tuple[int, int]:
    """Layer and position of what a path shows."""
    node = tree.get(path)
    assert node is not None
    return node.content_layer, node.content_position


def test_hard_link_shows_its_target() -> None:
    """Type, size and digest of a hard link are its target's, its layer and position its own."""
    tree = merged([file("a", b"one"), hardlink("b", "a")])
    one, other = tree.get("a"), tree.get("b")
    assert one is not None
    assert other is not None
    assert (other.type, other.size, other.digest) == (EntryType.FILE, 3, one.digest)
    assert (other.is_hard_link, other.position, other.content_position, other.content_path) == (True, 1, 0, "a")
    assert (other.entry.path, other.entry.digest, other.entry.type) == ("b", one.digest, EntryType.FILE)


def test_last_header_sets_the_attributes_of_all_links() -> None:
    """Runtimes set mode, owner and time from every link's header, so the last one's hold for the whole inode."""
    tree = merged(
        [
            file("a", mode=0o600, uid=1, mtime_ns=10),
            hardlink("b", "a", mode=0o755, uid=2, mtime_ns=20),
            hardlink("c", "b", mode=0o711, uid=3, mtime_ns=30),
        ]
    )
    nodes = [tree.get(path) for path in "abc"]
    assert [(node.mode, node.uid, node.mtime_ns) for node in nodes if node] == [(0o711, 3, 30)] * 3


def test_chain_of_hard_links_ends_at_the_content() -> None:
    """A hard link to a hard link shares the same content."""
    assert content(merged([file("a"), hardlink("b", "a"), hardlink("c", "b")]), "c") == (0, 0)


def test_hard_link_keeps_content_when_the_target_is_removed_above() -> None:
    """Removing one name of an inode leaves the other."""
    tree = merged([file("a", b"one"), hardlink("b", "a")], [whiteout("a")])
    assert ("a" in tree, content(tree, "b")) == (False, (0, 0))


def test_hard_link_keeps_content_when_the_target_is_overwritten_above() -> None:
    """An upper layer replaces a name, not the inode."""
    tree = merged([file("a", b"one"), hardlink("b", "a")], [file("a", b"two!")])
    assert (content(tree, "a"), content(tree, "b")) == ((1, 0), (0, 0))


def test_hard_link_keeps_content_when_the_target_is_repeated_in_its_layer() -> None:
    """A later entry of the same layer replaces a name, not the inode."""
    tree = merged([file("a", b"one"), hardlink("b", "a"), file("a", b"two!")])
    assert (content(tree, "a"), content(tree, "b")) == ((0, 2), (0, 0))


def test_hard_link_to_a_lower_layer_shows_the_lower_content() -> None:
    """Unpackers that work on the whole tree copy the target up."""
    assert content(merged([file("a", b"one")], [hardlink("b", "a")]), "b") == (0, 0)


def test_hard_link_prefers_its_own_layer() -> None:
    """A target in the same layer hides one below."""
    assert content(merged([file("a", b"one")], [file("a", b"two"), hardlink("b", "a")]), "b") == (1, 0)


def test_hard_link_before_its_target_is_connected() -> None:
    """Engines refuse such a layer; what it means is clear all the same."""
    assert content(merged([hardlink("b", "a"), file("a")]), "b") == (0, 1)


def test_hard_link_to_a_symlink_is_one() -> None:
    """The link itself is linked, not what it points to."""
    node = merged([file("a"), symlink("s", "a"), hardlink("b", "s")]).get("b")
    assert node is not None
    assert (node.type, node.link) == (EntryType.SYMLINK, "a")


def test_hard_link_through_a_symlinked_directory_is_found() -> None:
    """The target's parents may be symlinks of the same layer."""
    tree = merged([directory("d"), file("d/f", b"one"), symlink("s", "d"), hardlink("b", "s/f")])
    assert content(tree, "b") == (0, 1)


def test_dangling_hard_link_stays_a_hard_link() -> None:
    """A hard link to nothing has no content, and no size."""
    node = merged([hardlink("b", "nowhere")]).get("b")
    assert node is not None
    assert (node.type, node.size, node.digest, node.entry.link) == (EntryType.HARDLINK, 0, None, "nowhere")


def test_hard_link_to_a_directory_stays_a_hard_link() -> None:
    """No file system links directories."""
    node = merged([directory("d"), hardlink("b", "d")]).get("b")
    assert node is not None
    assert node.type is EntryType.HARDLINK


def test_hard_link_to_itself_stays_a_hard_link() -> None:
    """A link that leads in a circle leads nowhere."""
    node = merged([hardlink("b", "b"), hardlink("c", "b")]).get("c")
    assert node is not None
    assert node.type is EntryType.HARDLINK


@pytest.mark.parametrize("mark", [whiteout("lo"), device("lo", 0, 0)])
def test_hard_link_to_a_whiteout_is_one(mark: TarMember) -> None:
    """The inode that it shares is overlayfs's whiteout, so that it hides what lower layers have at its path."""
    tree = merged([file("lo"), file("z", b"low z"), file("y", b"y")], [mark, hardlink("z", "lo"), hardlink("y", "z")])
    assert list(tree.walk_paths()) == []
    assert [(hidden.path, hidden.by_position, hidden.ending) for hidden in tree.hidden] == [
        ("lo", 0, "removed"),
        ("z", 1, "removed"),
        ("y", 2, "removed"),
    ]


def test_hard_link_to_a_whiteout_replaces_what_its_layer_put_there() -> None:
    """It is an entry like others in that."""
    assert list(merged([whiteout("lo"), file("z/x"), hardlink("z", "lo")]).walk_paths()) == []


def test_hard_link_to_a_whiteout_through_a_symlink_is_one() -> None:
    """The target's parents may be symlinks of the same layer."""
    layers = [[file("d/lo"), file("z")], [directory("d"), symlink("s", "d"), whiteout("d/lo"), hardlink("z", "s/lo")]]
    assert list(merged(*layers).walk_paths()) == ["d", "s"]


def test_hard_link_to_what_came_after_a_whiteout_is_no_whiteout() -> None:
    """A file that takes the whiteout's place is what is linked."""
    assert content(merged([file("lo")], [whiteout("lo"), file("lo", b"new"), hardlink("z", "lo")]), "z") == (1, 1)


def test_hard_link_to_a_whiteout_stays_one_in_two_stacks() -> None:
    """Stacks that share a layer share what is known of its links."""
    shared = [layer(file("lo"), file("z")), layer(whiteout("lo"), hardlink("z", "lo"))]
    one, other = merge_pair([*shared, layer(file("a"))], [*shared, layer(file("b"))])
    assert (list(one.walk_paths()), list(other.walk_paths())) == (["a"], ["b"])
    assert [hidden.ending for hidden in other.hidden] == [hidden.ending for hidden in one.hidden]


def test_hard_link_to_a_symlink_is_followed_like_it() -> None:
    """What a later hard link finds below it is what the symlink leads to."""
    tree = merged([directory("d"), file("d/f"), symlink("s", "d"), hardlink("s2", "s"), hardlink("h", "s2/f")])
    assert content(tree, "h") == (0, 1)


def test_links_that_lead_to_longer_and_longer_paths_are_not_followed_to_their_end() -> None:
    """A hard link through them leads nowhere."""
    links = [symlink(f"k{number}", f"k{number + 1}/" + "/".join(["p"] * 2000)) for number in range(254)]
    node = merged([*links, hardlink("h", "k0/1")]).get("h")
    assert node is not None
    assert node.type is EntryType.HARDLINK


def test_links_that_lead_up_and_down_without_end_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The layer is named, and what of it is too much."""
    monkeypatch.setattr(own_symlinks, "MOST_STEPS", 1_000_000)
    links = [symlink(f"k{number}", "p/../" * 700 + f"k{number + 1}") for number in range(200)]
    with pytest.raises(LimitError, match=r"^merging layer 0: its symlinks and whiteouts lead over more names than "):
        merged([*links, hardlink("h", "k0/1")])
