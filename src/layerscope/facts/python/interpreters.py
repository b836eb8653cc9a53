"""Python interpreters: every one that could run in the container."""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.python.metadata_extractor import PythonMetadataExtractor, read_kept
from layerscope.facts.python.places import INTERPRETER_NAME, find_places
from layerscope.facts.system.script_extractor import ScriptExtractor
from layerscope.filesystem.node import Node
from layerscope.formats.extension_suffix import parse_extension_suffix
from layerscope.formats.sysconfig_data import SysconfigData
from layerscope.layers.entry import EntryType

_CONDA_RECORD: Final = re.compile(r"python-(\d+\.\d+\.\d+[0-9a-z]*)-[^-]+\.json")
_ANY_EXECUTE: Final = 0o111


class Interpreter(Fact, frozen=True):
    """One Python: `path` is the executable after links, `library` its standard library (empty where there is none).

    `series` is `3.11`, `version` that or `3.11.9` where a file says so. `soabi` is the tag of its extension modules
    (`cpython-311-x86_64-linux-gnu`), empty where nothing shows it; `prefix` the directory above `bin` and `lib`.
    """

    path: str
    implementation: str
    series: str
    version: str
    soabi: str
    is_free_threaded: bool
    prefix: str
    library: str
    layer: int
    instruction: str

    @property
    def folder_name(self) -> str:
        """The name of its directories below `lib`."""
        return self.library.rpartition("/")[2] or f"python{self.series}{'t' if self.is_free_threaded else ''}"


def find_interpreters(context: FactContext) -> tuple[Interpreter, ...]:
    """All interpreters, by path; executables that only lead to one of them are not told again."""
    places = context.shared(find_places)
    found: dict[str, Interpreter] = {}
    for library in places.libraries:
        prefix = library.rpartition("/")[0].rpartition("/")[0]
        node = _find_executable(context, f"{prefix}/bin/{library.rpartition('/')[2]}")
        if node is not None and node.path not in found:
            found[node.path] = _describe(context, node, prefix, library)
    for path in places.executables:
        node = _find_executable(context, path)
        prefix = path.rpartition("/")[0].rpartition("/")[0]
        if node is not None and node.path == path and path not in found and f"{prefix}/pyvenv.cfg" not in context.tree:
            found[path] = _describe(context, node, prefix, "")
    return tuple(found[path] for path in sorted(found))


class InterpreterCollector(Collector):
    """Tells the interpreters."""

    name = "python.interpreters"
    extractors = (PythonMetadataExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact an interpreter."""
        yield from context.shared(find_interpreters)


def _find_executable(context: FactContext, path: str) -> Node | None:
    """The program that a path leads to; scripts are none."""
    node = context.tree.resolve(path)
    if node is None or node.type is not EntryType.FILE or not node.mode & _ANY_EXECUTE:
        return None
    return None if context.extract_of(ScriptExtractor.name, node) is not None else node


def _describe(context: FactContext, node: Node, prefix: str, library: str) -> Interpreter:
    """The fact of one executable with its standard library."""
    name = INTERPRETER_NAME.fullmatch(library.rpartition("/")[2] or node.name)
    assert name is not None, "places are found by that name"
    series = f"{name[2]}.{name[3]}"
    data = _read_sysconfig(context, library) if library else SysconfigData()
    return Interpreter(
        evidence=Evidence(layer=node.layer, path=node.path),
        path=node.path,
        implementation="pypy" if name[1] == "pypy" else "cpython",
        series=series,
        version=_find_version(context, prefix, library.rpartition("/")[2] or node.name, series),
        soabi=data.soabi or (_read_module_tag(context, library) if library else ""),
        is_free_threaded=bool(name[4]) or data.is_free_threaded,
        prefix=prefix,
        library=library,
        layer=node.layer,
        instruction=context.instruction(node.layer),
    )


def _read_sysconfig(context: FactContext, library: str) -> SysconfigData:
    """What a standard library says of how it was built; an empty record where it does not."""
    for path in context.tree.children(library):
        if path.startswith(f"{library}/_sysconfigdata"):
            data = read_kept(context, context.tree.resolve(path), SysconfigData)
            if data is not None and data.soabi:
                return data
    return SysconfigData()


def _read_module_tag(context: FactContext, library: str) -> str:
    """The tag that the standard library's own extension modules bear."""
    for path in context.tree.children(f"{library}/lib-dynload"):
        suffix = parse_extension_suffix(path.rpartition("/")[2])
        if suffix is not None and suffix.implementation:
            return suffix.tag
    return ""


def _find_version(context: FactContext, prefix: str, name: str, series: str) -> str:
    """The exact version, from headers, conda's records, the path, or the variable of the official image."""
    stated = [read_kept(context, context.tree.resolve(f"{prefix}/include/{name}/patchlevel.h"), str)]
    records = (path.rpartition("/")[2] for path in context.tree.children(f"{prefix}/conda-meta"))
    stated += [found[1] for found in map(_CONDA_RECORD.fullmatch, records) if found is not None]
    stated += re.findall(r"(?<![\d.])\d\.\d{1,2}\.\d{1,2}(?![\d.])", prefix)
    if prefix == "usr/local":
        variables = context.image.config.runtime.env
        stated += [entry.partition("=")[2] for entry in variables if entry.startswith("PYTHON_VERSION=")]
    return next((text for text in stated if text and text.startswith(f"{series}.")), series)
