"""The scripts that a container starts, as far as they may read a package manager's cache."""

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from layerscope.facts.context import FactContext
from layerscope.facts.system.cache_script_extractor import CacheScript, CacheScriptExtractor, list_started
from layerscope.facts.system.commands import find_shell_script, strip_wrappers
from layerscope.facts.system.programs import ProgramFinder, join_path
from layerscope.facts.system.started_commands import find_started
from layerscope.filesystem.node import Node

SCRIPTS_LIMIT: Final = 60
"""Scripts that name one another."""


class StartedScript(Struct, frozen=True):
    """A script by its path, and what it does."""

    path: str
    script: CacheScript


def find_started_scripts(context: FactContext) -> tuple[StartedScript, ...]:
    """The scripts that the config's words lead to, and those that they name, in order; ask through `context.shared`."""
    return tuple(_Follower(context).follow())


def tell_command(context: FactContext) -> str:
    """The config's words as one text, which is a shell's where it is given one."""
    runtime = context.image.config.runtime
    words = (*runtime.entrypoint, *runtime.cmd)
    return find_shell_script(strip_wrappers(words)) or " ".join(words)


class _Follower:
    """Follows names to scripts, none of them twice."""

    def __init__(self, context: FactContext) -> None:
        self._context, self._finder = context, ProgramFinder(context)
        self._folder = context.image.config.runtime.working_dir

    def follow(self) -> Iterator[StartedScript]:
        """Yield each script once."""
        nodes, seen = list(self._iter_first()), set[str]()
        for node in nodes:
            if node.path in seen or len(seen) >= SCRIPTS_LIMIT:
                continue
            seen.add(node.path)
            kept = self._context.extract_of(CacheScriptExtractor.name, node)
            if isinstance(kept, dict):
                script = msgspec.convert(kept, CacheScript)
                yield StartedScript(node.path, script)
                nodes += self._iter_named(script.started)

    def _iter_first(self) -> Iterator[Node]:
        """What the config's words name, its programs by the search path, and what those hand over to."""
        text = tell_command(self._context)
        runtime = self._context.image.config.runtime
        started = [each.words for each in self._context.shared(find_started)]
        for word in dict.fromkeys(
            (*runtime.entrypoint, *runtime.cmd, *text.split(), *(word for words in started for word in words))
        ):
            path = self._finder.find(word).path if word and " " not in word else None
            if path is not None and (node := self._context.tree.resolve(path)) is not None:
                yield node
        yield from self._iter_named(
            (*list_started(text), *(name for words in started for name in list_started(" ".join(words))))
        )

    def _iter_named(self, names: tuple[str, ...]) -> Iterator[Node]:
        """The files of these names, from the root or the folder in which the container starts."""
        for name in names:
            node = self._context.tree.resolve(join_path(self._folder, name))
            if node is not None:
                yield node
