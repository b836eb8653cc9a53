"""Layer indexes made from tar members without a tar, and merged trees made from those."""

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from layerscope.filesystem.merge import merge_layers
from layerscope.filesystem.tree import MergedTree
from layerscope.layers.entry import EntryType
from layerscope.layers.extractor_set import ExtractorSet
from layerscope.layers.index import DIGEST_SIZE, LayerIndex, find_runs
from layerscope.layers.limits import Limits
from layerscope.layers.tar_scanner import TarScanner
from support.tar_member import Kind, TarMember

_TYPES: Final = {
    Kind.FILE: EntryType.FILE,
    Kind.HARDLINK: EntryType.HARDLINK,
    Kind.SYMLINK: EntryType.SYMLINK,
    Kind.CHARACTER_DEVICE: EntryType.CHARACTER_DEVICE,
    Kind.BLOCK_DEVICE: EntryType.BLOCK_DEVICE,
    Kind.DIRECTORY: EntryType.DIRECTORY,
    Kind.FIFO: EntryType.FIFO,
}
_OPAQUE_NAME: Final = ".wh..wh..opq"
_WHITEOUT_PREFIX: Final = ".wh."


def layer(*members: TarMember) -> LayerIndex:
    """The index of a layer with these members, in this order; their names must be normalised."""
    index = LayerIndex([], bytearray(), array("I"), [], array("Q"), array("q"), bytearray(), array("Q"))
    for position, member in enumerate(members):
        path, kind = place_member(member)
        index.paths.append(path)
        index.types.append(kind)
        _add_attributes(index, member)
        has_content = kind is EntryType.FILE
        index.sizes.append(len(member.content) if has_content else 0)
        index.digests.extend(hashlib.sha256(member.content).digest() if has_content else bytes(DIGEST_SIZE))
        index.mtimes_ns.append(member.mtime_ns)
        index.offsets.append(position)
        if member.link:
            index.links[position] = member.link.strip("/") if kind is EntryType.HARDLINK else member.link
        if member.xattrs:
            index.xattrs[position] = dict(member.xattrs)
        if kind in {EntryType.CHARACTER_DEVICE, EntryType.BLOCK_DEVICE}:
            index.devices[position] = member.device
    return replace(index, runs=find_runs(index.paths))


def index_of_tar(content: bytes) -> LayerIndex:
    """The index of a whole tar, read as the layer pass reads it."""
    scanner = TarScanner(iter([content]), ExtractorSet(()), Limits())
    damage = scanner.run()
    assert damage is None, damage
    return scanner.index()


def merged(*layers: Sequence[TarMember]) -> MergedTree:
    """The merged tree of layers given by their members, lowest layer first."""
    return merge_layers([layer(*members) for members in layers])


def place_member(member: TarMember) -> tuple[str, EntryType]:
    """The path that a member acts on, and the type of its entry."""
    name = member.name.strip("/")
    parent, slash, base = name.rpartition("/")
    if base == _OPAQUE_NAME:
        return parent, EntryType.OPAQUE
    if base.startswith(_WHITEOUT_PREFIX):
        return parent + slash + base.removeprefix(_WHITEOUT_PREFIX), EntryType.WHITEOUT
    return name, _TYPES[member.kind]


class MemberContents:
    """Contents of members by layer and position, in tar order, as a layer's reader gives them."""

    def __init__(self, *layers: Sequence[TarMember]) -> None:
        """Remember what each layer holds."""
        self._layers = layers
        self.passes: list[tuple[int, tuple[int, ...]]] = []
        """Every call, as (layer, positions)."""

    def __call__(self, layer_number: int, positions: Iterable[int]) -> Iterator[tuple[int, Iterator[bytes]]]:
        """The contents of a layer's entries, a piece at a time."""
        wanted = tuple(positions)
        self.passes.append((layer_number, wanted))
        for position in sorted(wanted):
            content = self._layers[layer_number][position].content
            yield position, iter([content[:3], content[3:]])


def _add_attributes(index: LayerIndex, member: TarMember) -> None:
    attributes = (member.mode, member.uid, member.gid)
    if attributes not in index.attribute_table:
        index.attribute_table.append(attributes)
    index.attributes.append(index.attribute_table.index(attributes))
