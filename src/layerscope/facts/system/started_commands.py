"""The commands that the config's process becomes, or starts: through entry scripts that hand over to one another."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.commands import PASSED_ARGUMENTS, find_final_command, is_shell
from layerscope.facts.system.entry_script import EntryScript
from layerscope.facts.system.launch_words import MORE_WORDS, keep_words, may_keep
from layerscope.facts.system.programs import ProgramFinder, join_path
from layerscope.facts.system.script_extractor import EntryScriptExtractor, ScriptExtractor
from layerscope.facts.system.shell_values import resolve_value
from layerscope.filesystem.node import Node

FOLLOWED_SCRIPTS: Final = 4
"""Entry scripts that hand over to one another."""

STARTED_LIMIT: Final = 60
"""Commands that are listed."""

_VALUED_SWITCHES: Final = frozenset({"-o", "+o", "-O", "+O", "--rcfile", "--init-file"})


class StartedCommand(Fact, frozen=True):
    """A command that an entry script starts, as far as its words may be kept, in this config's environment.

    The evidence is the script. `is_handover` tells that the script becomes it; `variables` are what the script sets of
    those that name a model, a port, or the place of the hub's cache.
    """

    words: tuple[str, ...]
    is_handover: bool
    variables: tuple[tuple[str, str], ...] = ()


class StartedCommandCollector(Collector):
    """Follows the config's words to entry scripts."""

    name = "system.started-commands"
    extractors = (ScriptExtractor(), EntryScriptExtractor())

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact for each command, in the order in which they are reached."""
        for each in context.shared(find_started):
            words = tuple(keep_words(each.words))
            if words:
                yield StartedCommand(each.evidence, words, each.is_handover, each.variables)


class Started(Struct, frozen=True):
    """A command behind an entry script, with all of its words that are known; those of the config may be secret."""

    evidence: Evidence
    words: tuple[str, ...]
    is_handover: bool
    is_unbuffered: bool
    variables: tuple[tuple[str, str], ...]
    sources: tuple[str, ...] = ()
    is_moved: bool = False


def find_started(context: FactContext) -> tuple[Started, ...]:
    """The commands behind the config's entry script; none where it starts a program itself."""
    runtime = context.image.config.runtime
    pairs = (entry.partition("=") for entry in runtime.env)
    follower = _Follower(context, {name: value for name, _, value in pairs})
    follower.follow((*runtime.entrypoint, *runtime.cmd), FOLLOWED_SCRIPTS, is_unbuffered=False)
    return tuple(follower.found)


class _Follower:
    """Follows commands to scripts, none of them twice."""

    def __init__(self, context: FactContext, environment: Mapping[str, str]) -> None:
        self.found: list[Started] = []
        self._context, self._environment = context, environment
        self._finder = ProgramFinder(context)
        self._seen: set[str] = set()

    def follow(self, command: Sequence[str], depth: int, *, is_unbuffered: bool) -> None:
        """Note what the script that a command runs starts, and what that starts."""
        words = find_final_command(command)
        node, arguments = self._find_script(words) if words and depth else (None, [])
        kept = None if node is None else self._context.extract_of(EntryScriptExtractor.name, node)
        if node is None or not isinstance(kept, dict) or node.path in self._seen:
            return
        self._seen.add(node.path)
        script = msgspec.convert(kept, EntryScript)
        is_unbuffered = is_unbuffered or script.is_unbuffered
        environment = dict(self._environment)
        if depth == FOLLOWED_SCRIPTS:  # of what a script gives to another, not every word is known
            environment.update((str(place), word) for place, word in enumerate(arguments, start=1))
        resolved = ((name, resolve_value(value, environment)) for name, value in script.variables.items())
        variables = tuple((name, value) for name, value in resolved if value and may_keep(name, value))
        evidence = Evidence(layer=node.content_layer, path=node.path)
        for place, given in enumerate((*script.commands, *script.others)):
            words = _put_in(given, arguments, environment)
            is_handover = place < len(script.commands)
            if words and len(self.found) < STARTED_LIMIT:
                self.found.append(
                    Started(
                        evidence, tuple(words), is_handover, is_unbuffered, variables, script.sources, script.is_moved
                    )
                )
                if is_handover:
                    self.follow(words, depth - 1, is_unbuffered=is_unbuffered)

    def _find_script(self, words: Sequence[str]) -> tuple[Node | None, list[str]]:
        """The file that a command runs, or gives to a shell, and its arguments."""
        if not is_shell(words[0]):
            program = self._finder.find(words[0])
            return None if program.path is None else self._context.tree.resolve(program.path), list(words[1:])
        place = 1
        while place < len(words) and words[place].startswith(("-", "+")):
            place += 2 if words[place] in _VALUED_SWITCHES else 1
        if place >= len(words):
            return None, []
        path = join_path(self._context.image.config.runtime.working_dir, words[place])
        return self._context.tree.resolve(path), list(words[place + 1 :])


def _put_in(words: Sequence[str], arguments: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The words with the script's arguments and the environment put in, unknown ones empty."""
    found: list[str] = []
    for word in words:
        if word == PASSED_ARGUMENTS:
            found += arguments
            continue
        value = resolve_value(word, environment) or ""
        if not MORE_WORDS.fullmatch(word):
            found.append(value)
        elif value.startswith("-"):  # what else it may be, would stand in the place of another word
            found += value.split()
    return found
