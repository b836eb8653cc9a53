"""The directories that a dynamic loader searches whatever object asks: the environment's and ldconfig's."""

from dataclasses import dataclass, field
from typing import Final

from layerscope.facts.context import FactContext
from layerscope.layers.extractor import Wants

CONF_LIMIT: Final = 65536
"""Bytes of a file that names directories; they have a few lines."""

_FOLDER: Final = "etc/ld.so.conf.d/"
_MAIN: Final = "etc/ld.so.conf"


@dataclass(frozen=True)
class CudaLoaderConfExtractor:
    """Keeps the directories that ldconfig's files name."""

    name: str = "cuda-ld-conf"
    version: int = 1
    wants: Wants = field(default=Wants(paths=frozenset({_MAIN}), suffixes=frozenset({".conf"}), limit=CONF_LIMIT))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The lines that are directories."""
        del size, mode
        if path != _MAIN and not path.startswith(_FOLDER):
            return None
        lines = (line.partition("#")[0].strip() for line in content.decode("utf-8", "replace").splitlines())
        return [line for line in lines if line.startswith("/")] or None


@dataclass(frozen=True, slots=True)
class SearchFolder:
    """A directory that is searched, by its real path in the tree, with what names it."""

    path: str
    named_by: str
    """`LD_LIBRARY_PATH`, or the file of ldconfig."""


def find_search_folders(context: FactContext) -> tuple[SearchFolder, ...]:
    """The directories in the order in which they are searched; those that do not exist are left out."""
    named: list[tuple[str, str]] = []
    for entry in reversed(context.image.config.runtime.env):
        name, _, value = entry.partition("=")
        if name == "LD_LIBRARY_PATH":
            named += [(folder, name) for folder in value.replace(";", ":").split(":") if folder]
            break
    for path in (_MAIN, *context.tree.children(_FOLDER.rstrip("/"))):
        lines = context.find_extract(CudaLoaderConfExtractor.name, path)
        named += [(str(line), f"/{path}") for line in lines] if isinstance(lines, list) else []
    found: dict[str, str] = {}
    for folder, named_by in named:
        node = context.tree.resolve(folder)
        if node is not None:
            found.setdefault(node.path, named_by)
    return tuple(SearchFolder(path, named_by) for path, named_by in found.items())
