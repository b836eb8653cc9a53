"""Tests of the merge on random layers, against a literal model of what engines do."""

from collections.abc import Sequence

from hypothesis import HealthCheck, assume, given, settings

from layerscope.filesystem.merge import merge_pair
from layerscope.filesystem.tree import MergedTree
from layerscope.filesystem.weight import measure_weight
from layerscope.layers.entry import EntryType
from support.indexes import layer, merged
from support.overlay_model import Folder, iter_items, stack
from support.strategies import stacks
from support.tar_member import Kind, TarMember
from support.wild_layers import Layers, wild_layers


def shown(tree: MergedTree) -> list[tuple[object, ...]]:
    """Every path with its type, mode, and the entry that holds its content."""
    return [
        (node.path, node.type, node.mode, None if node.is_implied else (node.content_layer, node.content_position))
        for node in tree.walk()
    ]


def modelled(layers: Layers) -> list[tuple[object, ...]]:
    """The same from the model; hard links that lead nowhere in their layer are left to the tests of hard links."""
    items = sorted(iter_items(stack(layers)), key=lambda item: item[0].split("/"))
    return [
        (path, EntryType.DIRECTORY if isinstance(item, Folder) else item.type, item.mode, item.place)
        for path, item in items
    ]


def has_dangling_links(layers: Layers) -> bool:
    """Whether a hard link has no earlier target in its layer, so that engines refuse it."""
    return any(EntryType.HARDLINK in (row[1] for row in modelled([layer])) for layer in layers)


def is_refused(members: Sequence[TarMember]) -> bool:
    """Whether engines refuse the layer: a hard link to itself, or something below what is no directory."""
    leaves: set[str] = set()
    for member in members:
        path = member.name.strip("/")
        above = path.removesuffix("/.wh..wh..opq")
        parents = {above[:place] for place, letter in enumerate(above) if letter == "/"}
        is_left_out = member.name.rpartition("/")[2].startswith(".wh.") and above == path
        if (parents & leaves and not is_left_out) or (member.kind is Kind.HARDLINK and member.link.strip("/") == path):
            return True
        if member.kind in {Kind.DIRECTORY, Kind.SYMLINK}:
            leaves.discard(path)
        else:
            leaves.add(path)
    return False


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(wild_layers)
def test_tree_equals_the_model(layers: Layers) -> None:
    """Any members in any order give what the literal model gives, where an engine takes them at all."""
    assume(not any(map(is_refused, layers)) and not has_dangling_links(layers))
    assert shown(merged(*layers)) == modelled(layers)


@settings(max_examples=100, deadline=None)
@given(stacks())
def test_orderly_layers_equal_the_model(layers: Layers) -> None:
    """Layers as builders write them give what the literal model gives."""
    assert shown(merged(*layers)) == modelled(layers)


@settings(max_examples=200, deadline=None)
@given(wild_layers, wild_layers, wild_layers)
def test_two_stacks_that_share_layers_are_merged_as_each_alone(shared: Layers, before: Layers, after: Layers) -> None:
    """What went on in one of them leaves no trace in the other."""
    base, one, other = ([layer(*members) for members in layers] for layers in (shared, before, after))
    pair = merge_pair([*base, *one], [*base, *other])
    for tree, alone in zip(pair, (merged(*shared, *before), merged(*shared, *after)), strict=True):
        assert shown(tree) == shown(alone)
        assert (tree.endings, tree.stack.moved) == (alone.endings, alone.stack.moved)
        assert [tree.children(path) for path in tree] == [alone.children(path) for path in tree]


@settings(max_examples=200, deadline=None)
@given(wild_layers)
def test_every_byte_is_accounted_for(layers: Layers) -> None:
    """Shipped bytes are visible, hidden or removed, and the visible ones are those of the nodes."""
    tree = merged(*layers)
    weight = measure_weight(tree)
    visible = {(node.content_layer, node.content_position): node.size for node in tree.walk()}
    assert weight.total == sum(len(member.content) for layer in layers for member in layer)
    assert weight.visible == sum(visible.values())
    assert weight.hidden + weight.removed == sum(hidden.size for hidden in tree.hidden)
    assert min(weight.hidden, weight.removed, weight.repeated, weight.metadata_copies) >= 0
    assert weight.metadata_copies <= weight.hidden
    assert weight.repeated <= weight.visible
    assert 0 <= weight.efficiency <= 1


@settings(max_examples=200, deadline=None)
@given(wild_layers)
def test_lifetimes_end_where_the_tree_says(layers: Layers) -> None:
    """A path is alive after its last event exactly if the container sees it, and its layers never go back."""
    tree = merged(*layers)
    paths = {path for number in range(len(layers)) for path in merged(*layers[: number + 1])}
    for path in paths:
        events = tree.lifetime(path)
        assert (events[-1].kind not in {"removed", "opaqued"}) == (path in tree)
        assert [event.layer for event in events] == sorted(event.layer for event in events)


@settings(max_examples=100, deadline=None)
@given(wild_layers)
def test_tree_is_whole(layers: Layers) -> None:
    """Every node's parent is a directory that lists it, and what is walked is what there is."""
    tree = merged(*layers)
    walked = list(tree.walk_paths())
    assert sorted(walked, key=lambda path: path.split("/")) == walked
    assert (len(walked), set(walked)) == (len(tree), set(tree))
    for path in walked:
        parent = tree.get(path.rpartition("/")[0])
        assert parent is not None
        assert parent.type is EntryType.DIRECTORY
        assert path in tree.children(parent.path)
