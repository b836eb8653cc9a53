"""RPATH and RUNPATH entries that lead to where others may write, or that depend on the folder one starts in."""

from collections.abc import Iterator
from posixpath import normpath
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.elf.objects import ImageObject, find_objects
from layerscope.facts.elf.reach import Place
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap

EXAMPLES: Final = 3
"""Objects that a fact names."""

_WORLD_WRITABLE: Final = 0o002
_TEMPORARY: Final = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - paths that an image's objects name


class UnsafeSearchPath(Fact, frozen=True):
    """Entries of one kind in one layer: `tag` is RPATH or RUNPATH, `kind` is `relative`, `empty` or `writable`.

    `has_privileges` says that one of the objects is set-uid or set-gid.
    """

    tag: str
    entry: str
    kind: str
    objects: int
    examples: tuple[Place, ...]
    has_privileges: bool


class UnsafeSearchPathCollector(Collector):
    """Looks at the search paths of all objects."""

    name = "elf.unsafe-search-paths"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact for each entry and layer."""
        found: dict[tuple[int, str, str, str], list[ImageObject]] = {}
        kinds: dict[str, str] = {}
        for _, item in sorted(context.shared(find_objects).items()):
            for tag, text in (("RPATH", item.elf.rpath), ("RUNPATH", item.elf.runpath)):
                if not text or (tag == "RPATH" and item.elf.runpath is not None):
                    continue
                for entry in dict.fromkeys(text.split(":")):
                    if entry not in kinds:
                        kinds[entry] = find_kind(context, entry)
                    if kinds[entry]:
                        found.setdefault((item.layer, tag, entry, kinds[entry]), []).append(item)
        for (layer, tag, entry, kind), items in sorted(found.items(), key=lambda each: each[0]):
            instruction = context.instruction(layer)
            yield UnsafeSearchPath(
                evidence=Evidence(layer=layer, path=items[0].path, detail=entry),
                tag=tag,
                entry=entry,
                kind=kind,
                objects=len(items),
                examples=tuple(Place(item.path, layer, instruction) for item in items[:EXAMPLES]),
                has_privileges=any(_has_privileges(context, item.path) for item in items),
            )


def find_kind(context: FactContext, entry: str) -> str:
    """What is wrong with an entry; empty where nothing is."""
    if not entry:
        return "empty"
    if entry.startswith("$"):
        return ""
    if not entry.startswith("/"):
        return "relative"
    folder = normpath(entry).replace("//", "/")
    if any(folder == place or folder.startswith(f"{place}/") for place in _TEMPORARY):
        return "writable"
    node = context.tree.resolve(folder)
    while node is None and folder != "/":
        folder = folder.rpartition("/")[0] or "/"
        node = context.tree.resolve(folder)
    return "writable" if node is not None and node.path and node.mode & _WORLD_WRITABLE else ""


def _has_privileges(context: FactContext, path: str) -> bool:
    """Whether a file is set-uid or set-gid."""
    node = context.tree.get(path)
    return node is not None and bool(node.mode & 0o6000)
