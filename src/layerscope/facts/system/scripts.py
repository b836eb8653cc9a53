"""Scripts by interpreter: those on the PATH, and those anywhere whose first line ends in a carriage return."""

from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.programs import Program, ProgramFinder
from layerscope.facts.system.script_extractor import ScriptExtractor, may_be_run
from layerscope.formats.shebang import Shebang, parse_shebang

EXAMPLES: Final = 20
"""Scripts that one fact names."""


class Scripts(Fact, frozen=True):
    """The visible scripts of one layer that name the same interpreter.

    `interpreter` is what runs in the end: the program that env(1) looks up, or the interpreter itself, without carriage
    return. `missing` is the program that is not there, where the interpreter cannot be run.
    """

    layer: int
    instruction: str
    interpreter: str
    has_carriage_return: bool
    is_on_path: bool
    missing: Program | None
    count: int
    paths: tuple[str, ...]


class ScriptCollector(Collector):
    """Looks the interpreters of scripts up in the merged tree."""

    name = "system.scripts"
    extractors = (ScriptExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact a layer, interpreter, line ending and place, in that order."""
        finder = ProgramFinder(context)
        folders = _resolve_folders(context, finder)
        groups: dict[tuple[int, str, bool], list[str]] = {}
        for layer, scan in enumerate(context.scans):
            for path, line in scan.extracts.get(ScriptExtractor.name, {}).items():
                is_on_path = path.rpartition("/")[0] in folders
                if not (is_on_path or str(line)[-1:] == "\r") or not line:
                    continue
                node = context.tree.get(path)
                if node is not None and node.content_layer == layer and may_be_run(path, node.mode):
                    groups.setdefault((layer, str(line), is_on_path), []).append(path)
        for (layer, line, is_on_path), paths in sorted(groups.items()):
            shebang = parse_shebang(line)
            if shebang is not None:
                yield _describe(context, finder, shebang, (layer, is_on_path, sorted(paths)))


def _describe(
    context: FactContext, finder: ProgramFinder, shebang: Shebang, group: tuple[int, bool, list[str]]
) -> Scripts:
    """The fact of one group of scripts."""
    layer, is_on_path, paths = group
    chain = [finder.find(shebang.interpreter)]
    if shebang.program is not shebang.interpreter:
        chain.append(finder.find(shebang.program))
    return Scripts(
        evidence=Evidence(layer=layer, path=paths[0]),
        layer=layer,
        instruction=context.instruction(layer),
        interpreter=shebang.program,
        has_carriage_return=shebang.has_carriage_return,
        is_on_path=is_on_path,
        missing=next((program for program in chain if not program.is_runnable), None),
        count=len(paths),
        paths=tuple(paths[:EXAMPLES]),
    )


def _resolve_folders(context: FactContext, finder: ProgramFinder) -> frozenset[str]:
    """The folders of the search path as the tree spells them: `/bin` is often a link to `usr/bin`."""
    nodes = [context.tree.resolve(folder) for folder in finder.search_path]
    return frozenset(node.path for node in nodes if node is not None)
