"""Modules that the image's Python program imports at its beginning, and that its environment does not have."""

import sys
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.python.distributions import find_distributions
from layerscope.facts.python.entry_extractor import PythonEntryExtractor
from layerscope.facts.python.environments import PythonEnvironment, find_environments
from layerscope.facts.python.interpreters import find_interpreters
from layerscope.facts.python.metadata_extractor import PythonMetadataExtractor
from layerscope.facts.system.commands import find_final_command, is_python
from layerscope.facts.system.programs import join_path
from layerscope.filesystem.node import Node
from layerscope.formats.python_imports import PythonImports

_VALUED: Final = frozenset({"-W", "-X", "--check-hash-based-pycs"})
"""The interpreter's options that take the next word."""


class UnresolvedImports(Fact, frozen=True):
    """Top-level modules that a script imports outside of any condition and that lie nowhere on its module path."""

    script: str
    environment: str
    names: tuple[str, ...]
    layer: int
    instruction: str


class EntryImportCollector(Collector):
    """Follows the config's command to a script, and its imports to the environment in use."""

    name = "python.entry-imports"
    extractors = (PythonEntryExtractor(), PythonMetadataExtractor())

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact where something is not found; nothing where the program arranges its path by itself."""
        environment = next((each for each in context.shared(find_environments) if each.is_active), None)
        found = _find_script(context)
        if environment is None or found is None:
            return
        node, folder = found
        kept = context.extract_of(PythonEntryExtractor.name, node)
        imports = msgspec.convert(kept, type=PythonImports) if kept is not None else PythonImports(())
        if imports.changes_path or any(item.is_editable for item in context.shared(find_distributions)):
            return
        known = _list_modules(context, environment, folder)
        names = tuple(name for name in imports.names if name not in known)
        if names:
            yield UnresolvedImports(
                evidence=Evidence(layer=node.content_layer, path=node.path),
                script=node.path,
                environment=environment.place,
                names=names,
                layer=node.content_layer,
                instruction=context.instruction(node.content_layer),
            )


def _find_script(context: FactContext) -> tuple[Node, str] | None:
    """The script that the command runs, and the folder that Python puts in front of its module path."""
    runtime = context.image.config.runtime
    words = find_final_command((*runtime.entrypoint, *runtime.cmd))
    if not words:
        return None
    here = runtime.working_dir
    if words[0].endswith(".py"):
        return _locate(context, join_path(here, words[0]))
    rest = _skip_options(words[1:]) if is_python(words[0]) else []
    if rest[:1] == ["-m"] and len(rest) > 1:
        path = join_path(here, rest[1].replace(".", "/"))
        found = _locate(context, f"{path}.py") or _locate(context, f"{path}/__main__.py")
        return None if found is None else (found[0], here.strip("/"))
    return _locate(context, join_path(here, rest[0])) if rest and rest[0].endswith(".py") else None


def _skip_options(words: Sequence[str]) -> list[str]:
    """The words from the script or `-m` on."""
    position = 0
    while position < len(words) and words[position].startswith("-") and words[position] != "-m":
        position += 2 if words[position] in _VALUED else 1
    return list(words[position:])


def _locate(context: FactContext, path: str) -> tuple[Node, str] | None:
    """A script, links followed, with its folder."""
    node = context.tree.resolve(path)
    return None if node is None else (node, node.path.rpartition("/")[0])


def _list_modules(context: FactContext, environment: PythonEnvironment, folder: str) -> set[str]:
    """All names that an import may find: in the script's folder, the site directories and the standard library."""
    libraries = [each.library for each in context.shared(find_interpreters) if each.path == environment.interpreter]
    known = set(sys.stdlib_module_names)
    for place in (
        folder,
        *environment.sites,
        *environment.borrowed,
        *libraries,
        *(f"{x}/lib-dynload" for x in libraries),
    ):
        known.update(path.rpartition("/")[2].partition(".")[0] for path in context.tree.children(place))
    return known
