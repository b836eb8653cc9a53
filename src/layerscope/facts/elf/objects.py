"""The ELF objects that the container sees, by path."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from layerscope.facts.context import FactContext
from layerscope.facts.elf.numpy_marks import NumpyAbi
from layerscope.facts.elf.object_extractor import ElfObjectExtractor
from layerscope.facts.elf.object_record import unpack_object
from layerscope.filesystem.node import Node
from layerscope.formats.device_code import DeviceCode
from layerscope.formats.elf_object import ElfObject
from layerscope.layers.entry import EntryType


class ImageObject(Struct, frozen=True):
    """One file with an object: its layer is that of its entry, which a hard link does not share with its content."""

    path: str
    layer: int
    size: int
    elf: ElfObject
    code: DeviceCode | None = None
    """Its device code, None where it has none."""
    numpy_abi: NumpyAbi = NumpyAbi.NONE
    """For an extension module that uses NumPy, what tells for which it was built."""


class BrokenObject(Struct, frozen=True):
    """A file that begins like an object and is none, and why."""

    path: str
    layer: int
    size: int
    problem: str


def find_objects(context: FactContext) -> Mapping[str, ImageObject]:
    """Every ELF file that the container sees, by path, sorted; hard links are paths of their own.

    Asked for through `context.shared`, since it takes a while.
    """
    made: dict[tuple[int, str], ImageObject] = {}
    found = {}
    for node, value in sorted(_iter_nodes(context), key=lambda each: each[0].path):
        if "elf" in value:
            place = node.content_layer, node.content_path
            known = made.get(place) or made.setdefault(place, _make(node, value))
            found[node.path] = known if known.path == node.path else replace(known, path=node.path, layer=node.layer)
    return found


def find_broken_objects(context: FactContext) -> tuple[BrokenObject, ...]:
    """The files that the container sees which begin like an object and are none, sorted by path."""
    broken = [
        BrokenObject(node.path, node.layer, node.size, str(value["problem"]))
        for node, value in _iter_nodes(context)
        if "problem" in value
    ]
    return tuple(sorted(broken, key=lambda each: each.path))


def _iter_nodes(context: FactContext) -> Iterator[tuple[Node, Mapping[str, Any]]]:
    """Nodes and what was kept of them, in no order; hard links lead to what was kept of their target."""
    tree = context.tree
    for layer, scan in enumerate(context.scans):
        for path, value in scan.extracts.get(ElfObjectExtractor.name, {}).items():
            node = tree.get(path)
            if node is not None and (node.content_layer, node.content_path) == (layer, path):
                assert isinstance(value, Mapping), "the extractor keeps maps"
                yield node, value
        for position in scan.index.links:
            if scan.index.types[position] != EntryType.HARDLINK:
                continue
            node = tree.get(scan.index.paths[position])
            if node is not None and (node.layer, node.position) == (layer, position) and node.is_hard_link:
                value = context.extract_of(ElfObjectExtractor.name, node)
                if isinstance(value, Mapping):
                    yield node, value


def _make(node: Node, value: Mapping[str, Any]) -> ImageObject:
    code = value.get("code")
    return ImageObject(
        path=node.path,
        layer=node.layer,
        size=node.size,
        elf=unpack_object(value["elf"]),
        code=msgspec.convert(code, DeviceCode) if code is not None else None,
        numpy_abi=NumpyAbi(value.get("numpy", 0)),
    )
