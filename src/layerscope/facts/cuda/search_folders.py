"""The directories that a dynamic loader searches whatever object asks: the environment's and ldconfig's."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from layerscope.facts.context import FactContext
from layerscope.facts.elf.loader_extractor import CONF_PATH, LoaderConfExtractor
from layerscope.facts.elf.search_path import find_library_path

VARIABLE: Final = "LD_LIBRARY_PATH"
_FOLDER: Final = f"{CONF_PATH}.d"


class SearchFolder(Struct, frozen=True):
    """A directory that is searched, by its real path in the tree, with what names it."""

    path: str
    named_by: str
    """`LD_LIBRARY_PATH`, or the file of ldconfig."""


def find_search_folders(context: FactContext) -> tuple[SearchFolder, ...]:
    """The directories in the order in which they are searched; those that do not exist are left out."""
    found: dict[str, str] = {}
    for folder, named_by in _iter_named(context):
        node = context.tree.resolve(folder)
        if node is not None:
            found.setdefault(node.path, named_by)
    return tuple(SearchFolder(path, named_by) for path, named_by in found.items())


def _iter_named(context: FactContext) -> Iterator[tuple[str, str]]:
    """Directories with what names them; of ldconfig's files those that distributions and NVIDIA's packages write."""
    for part in find_library_path(context):
        if part.text:
            yield part.folder, VARIABLE
    for path in (CONF_PATH, *context.tree.children(_FOLDER)):
        kept = context.find_extract(LoaderConfExtractor.name, path)
        for line in kept.get("lines", ()) if isinstance(kept, dict) else ():
            if str(line).startswith("/"):
                yield str(line), f"/{path}"
