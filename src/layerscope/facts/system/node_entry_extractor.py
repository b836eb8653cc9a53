"""What the layer pass keeps of scripts that may be a Node.js application's entry."""

from dataclasses import dataclass, field
from typing import Final

from layerscope.facts.system.node_extractors import MODULES
from layerscope.formats.javascript_imports import SIZE_LIMIT, parse_imports
from layerscope.layers.extractor import FileReading, Wants

_NAMES: Final = ("index", "server", "app", "main", "start", "worker", "cli", "api", "bot", "run", "www", "web")
ENTRY_NAMES: Final = frozenset(f"{name}{suffix}" for name in _NAMES for suffix in (".js", ".mjs", ".cjs"))
"""What entries are called; every script of an image would be too many to look at."""


@dataclass
class _ScriptReading:
    """Holds a script until it is there as a whole; nothing of one that is not wanted."""

    is_wanted: bool
    pieces: list[bytes] = field(default_factory=list)

    def feed(self, piece: memoryview) -> None:
        """Keep the piece."""
        if self.is_wanted:
            self.pieces.append(bytes(piece))

    def finish(self) -> object:
        """The names that the script loads, none of one that is not wanted."""
        return list(parse_imports(b"".join(self.pieces))) if self.is_wanted else None


@dataclass(frozen=True)
class NodeEntryExtractor:
    """Keeps what a script outside node_modules loads at its top level."""

    name: str = "node-entries"
    version: int = 1
    wants: Wants = field(default=Wants(names=ENTRY_NAMES))

    def open_file(self, path: str, *, size: int, mode: int) -> FileReading:
        """What reads one script."""
        del mode
        return _ScriptReading(size <= SIZE_LIMIT and f"/{MODULES}/" not in f"/{path}")
