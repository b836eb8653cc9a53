"""What a process says by its own words of the models' hub: where its cache is, and whether it may be asked."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from layerscope.facts.system.commands import strip_shell, strip_wrappers
from layerscope.facts.system.launch_words import CACHE_OPTIONS, MODELSCOPE_VARIABLES, VARIABLE_OPTIONS
from layerscope.facts.system.model_words import fill_in, iter_named
from layerscope.facts.system.outer_settings import find_folder, find_sources
from layerscope.facts.system.shell_values import VALUE_LIMIT

Commands = Sequence[Sequence[str]]

_ASSIGNMENT: Final = re.compile(r"([A-Za-z_]\w*)=(.*)", re.ASCII | re.DOTALL)
_DEFAULT: Final = re.compile(r"\$\{([A-Za-z_]\w*):?=[^{}]*\}", re.ASCII)
_YES: Final = frozenset({"1", "true"})
"""What vLLM, SGLang and LMDeploy take for yes."""


class HubWords(Struct, frozen=True):
    """The variables that are set for a command by words before and in front of it, and the folder that it is given.

    `folder` is that of an option; its command may look for some files there, and for others where variables lead.
    """

    variables: Mapping[str, str] = {}
    folder: str = ""
    sources: tuple[str, ...] = ()
    """Files from which it takes more, which are not read; empty for what has no plain path."""
    moves: tuple[str, ...] = ()
    """The folders that are gone to before, one after the other."""

    @property
    def is_clear(self) -> bool:
        """Whether all of it is known without running anything."""
        return not any("$" in value for value in (*self.variables.values(), self.folder))


def read_hub_words(own: Commands, started: Commands, model: str, environment: Mapping[str, str]) -> HubWords:
    """What is said to the command that names this model, else to the last one: of the config, and of its scripts."""
    last = HubWords()
    for command, words in _iter_told(own, environment):
        if _names(command, model, environment):
            return words
        last = words
    above = last.variables
    for command, words in _iter_told(started, {**environment, **above}):
        last = replace(last, variables={**above, **words.variables}, folder=words.folder)
        if _names(command, model, environment):
            return last
    return last


def asks_modelscope(environment: Mapping[str, str]) -> bool:
    """Whether the names of models are those of another hub, whose client has a cache of its own."""
    return any(environment.get(name, "").lower() in _YES for name in MODELSCOPE_VARIABLES)


def _names(command: Sequence[str], model: str, environment: Mapping[str, str]) -> bool:
    return any(fill_in(each.value, environment) == model for each in iter_named(command, ""))


def _iter_told(commands: Commands, environment: Mapping[str, str]) -> Iterator[tuple[Sequence[str], HubWords]]:
    """Each command that starts a program, and what is said to it."""
    lasting: dict[str, str] = {}
    unexported: dict[str, str] = {}
    sources: list[str] = []
    moves: list[str] = []
    for command in commands:
        words = strip_shell(command)
        rest = strip_wrappers(words)
        front = _list_set(words[: len(words) - len(rest)], {**environment, **lasting})
        sources += find_sources(command)
        if (folder := find_folder(command)) is not None:
            moves.append(fill_in(folder, {**environment, **lasting, **unexported}))
        defaults = _list_defaults(words, {**environment, **lasting, **unexported})
        unexported |= defaults
        lasting |= {name: value for name, value in defaults.items() if name in environment or name in lasting}
        if rest[:1] == ["export"]:
            lasting |= {name: unexported[name] for name in rest if name in unexported}
            lasting |= _list_set(rest, {**environment, **lasting})
        elif rest:
            option, folder = _read_option(rest)
            folder = fill_in(folder, environment)
            named = {VARIABLE_OPTIONS[option]: folder} if option in VARIABLE_OPTIONS else {}
            yield (
                command,
                HubWords({**lasting, **front, **named}, "" if named else folder, tuple(sources), tuple(moves)),
            )
        else:
            unexported |= front
            lasting |= {name: value for name, value in front.items() if name in environment or name in lasting}


def _list_set(words: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that words assign."""
    found = filter(None, map(_ASSIGNMENT.fullmatch, words))
    return {match[1]: fill_in(match[2], environment) for match in found}


def _list_defaults(words: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that words give a value if they have none."""
    found = [match for word in words if len(word) <= VALUE_LIMIT for match in _DEFAULT.finditer(word)]
    return {match[1]: fill_in(match[0], environment) for match in found}


def _read_option(words: Sequence[str]) -> tuple[str, str]:
    """The last option that leads to the cache, and its folder."""
    found = ("", "")
    for word, following in zip(words, (*words[1:], ""), strict=False):
        option, equals, value = word.partition("=")
        if option in CACHE_OPTIONS and (equals or following):
            found = (option, value if equals else following)
    return found
