"""Modules that the image's Python program imports at its beginning, and that its environment does not have."""

import sys
from collections.abc import Iterator

import msgspec

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.python.distributions import find_distributions
from layerscope.facts.python.entry_extractor import PythonEntryExtractor
from layerscope.facts.python.entry_module import find_entry_module
from layerscope.facts.python.environments import PythonEnvironment, find_environments
from layerscope.facts.python.interpreters import find_interpreters
from layerscope.facts.python.metadata_extractor import PythonMetadataExtractor
from layerscope.formats.python_imports import PythonImports


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
        runtime = context.image.config.runtime
        environment = next((each for each in context.shared(find_environments) if each.is_active), None)
        found = find_entry_module(context, (*runtime.entrypoint, *runtime.cmd))
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
