"""What the entry script of a Node.js application loads, and what of it is not there."""

from collections.abc import Iterator
from posixpath import normpath
from typing import Final

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.commands import base_name, find_final_command
from layerscope.facts.system.node_entry_extractor import NodeEntryExtractor
from layerscope.facts.system.node_extractors import MODULES
from layerscope.facts.system.node_packages import find_modules, iter_ancestors
from layerscope.facts.system.programs import join_path
from layerscope.layers.entry import EntryType

BUILT_IN: Final = frozenset({
    "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram",
    "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https", "inspector", "module", "net",
    "os", "path", "perf_hooks", "process", "punycode", "querystring", "readline", "repl", "stream", "string_decoder",
    "sys", "timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm", "wasi", "worker_threads", "zlib",
})  # fmt: skip
"""https://nodejs.org/api/modules.html#built-in-modules; newer ones are only known with `node:` in front."""

_SUFFIXES: Final = (
    "",
    ".js",
    ".json",
    ".node",
    ".mjs",
    ".cjs",
    "/index.js",
    "/index.json",
    "/index.node",
    "/package.json",
)
"""What `require` tries, in its order; for `import` a full name is asked for, which is the first."""

_SELF_CONTAINED: Final = ("--permission", "--check", "-c", "--interactive", "-i", "--test")
"""Switches that take no word after them."""


class MissingImport(Struct, frozen=True):
    """A name that leads to nothing; `removed_by` is the layer that removed the file which was there."""

    name: str
    removed_by: int | None
    instruction: str


class NodeEntry(Fact, frozen=True):
    """The script that the config starts with Node.js, how many names it loads, and those that are not there."""

    path: str
    layer: int
    imports: int
    missing: tuple[MissingImport, ...]


class NodeEntryCollector(Collector):
    """Resolves what the entry script loads as Node.js does."""

    name = "system.node-entry"
    extractors = (NodeEntryExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the entry script, if the config names one that was read."""
        runtime = context.image.config.runtime
        if any(entry.startswith(("NODE_PATH=", "NODE_OPTIONS=")) for entry in runtime.env):
            return
        script = _find_script(find_final_command((*runtime.entrypoint, *runtime.cmd)))
        node = context.tree.resolve(join_path(runtime.working_dir, script)) if script else None
        names = context.extract_of(NodeEntryExtractor.name, node) if node is not None else None
        if node is None or not isinstance(names, list):
            return
        folder = node.path.rpartition("/")[0]
        missing = [str(name) for name in names if not _exists(context, folder, str(name))]
        yield NodeEntry(
            evidence=Evidence(layer=node.layer, path=node.path),
            path=node.path,
            layer=node.layer,
            imports=len(names),
            missing=tuple(_explain(context, folder, name) for name in missing),
        )


def _find_script(words: list[str]) -> str:
    """The script in `node script.js`; empty where switches load something first that may change what is found."""
    if not words or base_name(words[0]) not in {"node", "nodejs"}:
        return ""
    for word in words[1:]:
        if not word.startswith("-"):
            return word
        if (
            "=" not in word
            and word not in _SELF_CONTAINED
            and not word.startswith(("--max", "--enable", "--no-", "--trace"))
        ):
            return ""
        if word.startswith(("--require", "--import", "--loader", "--experimental-loader", "--preserve-symlinks")):
            return ""
    return ""


def _exists(context: FactContext, folder: str, name: str) -> bool:
    """Whether a name leads to something: a built-in module, a file, a package."""
    if name.startswith(("node:", "#", "data:", "http:", "https:", "file:")) or name.partition("/")[0] in BUILT_IN:
        return True
    if name.startswith(("./", "../", "/")) or name in {".", ".."}:
        return _has_file(context, _place(folder, name))
    package = "/".join(name.split("/")[: 2 if name.startswith("@") else 1])
    if context.shared(find_modules).resolve(folder, package) is not None:
        return True
    places = (f"{place}/{MODULES}/{package}".lstrip("/") for place in iter_ancestors(folder))
    return any(_has_file(context, place) for place in places)


def _place(folder: str, name: str) -> str:
    """The path that a relative or absolute name means."""
    return normpath(f"/{name}" if name.startswith("/") else f"/{folder}/{name}").lstrip("/")


def _has_file(context: FactContext, path: str) -> bool:
    """Whether Node.js finds a file for a path."""
    for suffix in _SUFFIXES:
        node = context.tree.resolve(f"{path}{suffix}")
        if node is not None and node.type is not EntryType.DIRECTORY:
            return True
    return False


def _explain(context: FactContext, folder: str, name: str) -> MissingImport:
    """A missing name, with the layer that removed its file where one did."""
    if name.startswith((".", "/")):
        places = [_place(folder, name)]
    else:
        places = [f"{place}/{MODULES}/{name}".lstrip("/") for place in iter_ancestors(folder)]
    candidates = (f"{place}{suffix}" for place in places for suffix in _SUFFIXES)
    removed = next((layer for path in candidates if (layer := context.find_removal(path)) is not None), None)
    return MissingImport(name, removed, context.instruction(removed))
