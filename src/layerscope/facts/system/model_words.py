"""What commands, scripts and variables name as the model, and as its revision."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final

from msgspec import Struct

from layerscope.facts.system.launch_words import (
    CHAT_SERVERS,
    MODEL_OPTIONS,
    MODEL_VARIABLES,
    REVISION_OPTION,
    SERVER_PROGRAMS,
    SHORT_MODEL_OPTION,
    SUBCOMMANDS,
    takes_model,
)
from layerscope.facts.system.shell_values import resolve_value
from layerscope.facts.system.started_commands import StartedCommand
from layerscope.formats.shell_script import parse_shell_text
from layerscope.formats.shell_words import PLAIN_DOLLAR, UNKNOWN

_CHAT_MODULES: Final = ("vllm.", "sglang.")
_REVISION: Final = re.compile(r"\w[\w-]{0,63}(?:[./][\w-]{1,64}){0,4}", re.ASCII)
_SHELLS: Final = frozenset({"sh", "bash", "dash", "ash", "zsh"})
_TEXT_OPTION: Final = re.compile("-[A-Za-z]*c")
_PRINTED: Final = re.compile(re.escape(UNKNOWN) + r"(?![^)]{0,256}\))")
"""What a command would print, and not one that stands as it is written in the default of a variable.

The look ahead is bounded, else its time would grow with the square of a word's length.
"""

_BARE: Final = re.compile(r"\$(?:(?P<bare>\w+)|\{(?P<braced>\w+)\})", re.ASCII)
MOST_WORDS: Final = 4096
"""Words of a command that are looked at."""

Started = tuple[StartedCommand, ...]


class Named(Struct, frozen=True):
    """What a command or a variable says."""

    value: str
    evidence: str
    revision: str = ""


_END: Final = ";"
"""Stands between the commands of a shell's text."""


def split_words(words: Sequence[str]) -> tuple[str, ...]:
    """The words of a command; those of a shell's text as the shell takes them."""
    place = _find_text(words)
    if place is None:
        return tuple(words[:MOST_WORDS])
    parsed = (part for each in parse_shell_text(words[place]) for part in (*map(_tell_word, each.words), _END))
    return (*words[:place], *parsed, *words[place + 1 :])[:MOST_WORDS]


def _tell_word(word: str) -> str:
    """A word of a shell's text as it may be shown."""
    return _PRINTED.sub("$(...)", word.replace(PLAIN_DOLLAR, "$"))


def _find_text(words: Sequence[str]) -> int | None:
    """Where a shell's text stands: behind its option `c` and those that follow."""
    if not words or PurePosixPath(words[0]).name not in _SHELLS:
        return None
    options = (place for place, word in enumerate(words) if _TEXT_OPTION.fullmatch(word))
    place = next(options, len(words)) + 1
    while place < len(words) and words[place].startswith("-"):
        place += 1
    return place if place < len(words) else None


def split_commands(words: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The commands that words are which a shell takes, one after the other."""
    found: list[list[str]] = [[]]
    for word in words:
        if word == _END:
            found.append([])
        else:
            found[-1].append(word)
    return tuple(tuple(each) for each in found if each)


def list_named(words: Sequence[str], environment: Mapping[str, str], started: Started = ()) -> list[Named]:
    """What options and a `serve` name, then the same in scripts, then variables, in that order."""
    found = [*iter_named(words, "the image's command")]
    for each in started:
        found += iter_named(each.words, f"/{each.evidence.path}")
    for each in started:
        found += _iter_set(dict(each.variables), f"/{each.evidence.path}")
    found += _iter_set(environment, "the image's environment")
    return [Named(fill_in(each.value, environment), each.evidence) for each in found]


def _iter_set(environment: Mapping[str, str], told: str) -> Iterator[Named]:
    """What variables name."""
    values = ((name, environment.get(name, "")) for name in MODEL_VARIABLES)
    return (Named(value, f"named by {name} in {told}") for name, value in values if value)


def iter_named(words: Sequence[str], told: str) -> Iterator[Named]:
    """What a command names."""
    for place, word in enumerate(words):
        option, equals, value = word.partition("=")
        following = words[place + 1] if place + 1 < len(words) and words[place + 1] != _END else ""
        server = _name_server(words, place)
        if option in MODEL_OPTIONS and (equals or following):
            yield Named(value if equals else following, f"named by {option} in {told}")
        elif word == SHORT_MODEL_OPTION and following and not _is_for_python(words[:place]):
            yield Named(following, f"named by -m in {told}")
        elif server and following and not following.startswith("-") and following not in SUBCOMMANDS:
            yield Named(following, f"named by `{server}` in {told}")


def find_revision(value: str, commands: Iterable[Sequence[str]], environment: Mapping[str, str]) -> str:
    """The revision for which the command asks the hub that names that model; empty where it asks for none.

    A server whose words name no model takes it from the environment.
    """
    for words in commands:
        named = [fill_in(each.value, environment) for each in iter_named(words, "")]
        from_variable = not named and any(environment.get(each) == value for each in MODEL_VARIABLES)
        if value in named or (from_variable and _has_server(words)):
            return _read_option(words, environment)
    return ""


def _read_option(words: Sequence[str], environment: Mapping[str, str]) -> str:
    """What a command says of the revision."""
    for word, following in zip(words, (*words[1:], ""), strict=False):
        option, equals, value = word.partition("=")
        if option == REVISION_OPTION:
            return read_revision(fill_in(value if equals else following, environment))
    return ""


def _has_server(words: Sequence[str]) -> bool:
    """Whether a command starts a server, or a Python program that may be one."""
    names = [PurePosixPath(word).name for word in words]
    return any(each in SERVER_PROGRAMS or each.startswith("python") for each in names)


def read_revision(text: str) -> str:
    """What can be the name of a revision, or its commit; empty for that which is taken anyhow."""
    return text if _REVISION.fullmatch(text) and text != "main" else ""


def _is_for_python(words: Sequence[str]) -> bool:
    """Whether what follows is an option of Python's own."""
    program = next((word for word in reversed(words) if not word.startswith("-")), "")
    return PurePosixPath(program).name.startswith("python")


def _name_server(words: Sequence[str], place: int) -> str:
    """The words up to this one, if they are a server's behind which a model stands."""
    for start in range(max(place - 2, 0), place + 1):
        program = PurePosixPath(words[start]).name
        if takes_model(program, words[place]) and all(word in SUBCOMMANDS for word in words[start + 1 : place + 1]):
            return " ".join((program, *words[start + 1 : place + 1]))
    return ""


def fill_in(value: str, environment: Mapping[str, str]) -> str:
    """A value with the variables that a shell would put in; those that are not known stay as they are written."""
    filled = resolve_value(value, environment)
    if filled is not None:
        return filled
    return _BARE.sub(lambda match: environment.get(match["bare"] or match["braced"], match[0]), value)


def is_chat_server(words: Sequence[str]) -> bool:
    """Whether a command starts a server of chats."""
    programs = {PurePosixPath(word).name for word in words[:4]}
    return bool(programs & CHAT_SERVERS) or any(word.startswith(_CHAT_MODULES) for word in words[:6])
