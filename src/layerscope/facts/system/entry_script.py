"""What a shell script starts, with the script's own variables put in, and without what may be secret."""

import re
from collections.abc import Sequence
from itertools import dropwhile, pairwise
from typing import Final

from msgspec import Struct

from layerscope.facts.system.commands import PASSED_ARGUMENTS, base_name, find_shell_script, is_python, strip_wrappers
from layerscope.facts.system.launch_words import SERVER_PROGRAMS, keep_words, may_keep
from layerscope.facts.system.outer_settings import find_folder, find_sources, names_hub
from layerscope.facts.system.shell_values import VALUE_LIMIT, fold_in
from layerscope.formats.secret_text import names_secret
from layerscope.formats.shell_script import SimpleCommand, parse_shell_script, parse_shell_text
from layerscope.formats.shell_words import PLAIN_DOLLAR

COMMANDS_LIMIT: Final = 20
"""Commands kept of one entry script."""

VARIABLES_LIMIT: Final = 200
"""Variables of a script that are followed."""

WORDS_LIMIT: Final = 200
"""Words of one command that are looked at."""

SOURCES_LIMIT: Final = 20
"""Files that are kept of those which a script reads."""

PATH_LIMIT: Final = 400
"""Characters of their paths."""

LOOKS_LIMIT: Final = 60
"""Commands that are not handed over to, and looked at as they may be servers."""

_ASSIGNMENT: Final = re.compile(r"(?P<name>[A-Za-z_]\w*)(?P<more>\+?)=(?P<value>.*)", re.ASCII | re.DOTALL)
_DEFAULT: Final = re.compile(r"\$\{([A-Za-z_]\w*):?=.*\}", re.ASCII | re.DOTALL)
_WHOLE: Final = re.compile(r"\$(?:\{(\w+)(?:\[[@*]\])?\}|(\w+))", re.ASCII)
_DECLARING: Final = frozenset({"export", "declare", "typeset", "readonly", "local"})
_PASSING: Final = frozenset({PASSED_ARGUMENTS, "${@}", "$*", "${*}", "${@:1}"})
_ARGUMENTS: Final = "@"
_USER_SHELLS: Final = frozenset({"su", "runuser"})


class EntryScript(Struct, frozen=True):
    """The commands that a script becomes, those that it starts beside, and what it sets of variables that matter.

    Values name variables of the environment as `${NAME}` or `${NAME:-default}`.
    """

    commands: tuple[tuple[str, ...], ...] = ()
    others: tuple[tuple[str, ...], ...] = ()
    variables: dict[str, str] = {}
    is_unbuffered: bool = False
    """Whether it switches Python's buffering off."""
    sources: tuple[str, ...] = ()
    """Files from which it takes variables, empty for what has no plain path."""
    is_moved: bool = False
    """Whether it goes to another folder."""
    names_hub: bool = False
    """Whether it says something of the models' hub, or may by what it reads."""


def read_entry_script(content: bytes) -> EntryScript:
    """What is kept of a script, whatever the bytes are."""
    commands = parse_shell_script(content)
    handovers, variables = _find_handovers(commands), _Variables()
    kept: list[tuple[str, ...]] = []
    others: list[tuple[str, ...]] = []
    looked_at = 0
    for place, command in enumerate(commands):
        if variables.assign(command):
            continue
        if place not in handovers:
            looked_at += _may_be_server(command.words)
            if looked_at > LOOKS_LIMIT or not _may_be_server(command.words):
                continue
        words = keep_words(_reach_command(command.words, variables))
        if words and place in handovers:
            kept.append(tuple(words))
        elif words and _is_server(words):
            others.append(tuple(words))
    return EntryScript(
        tuple(kept),
        tuple(others[:COMMANDS_LIMIT]),
        variables.list_known(),
        b"PYTHONUNBUFFERED=" in content,
        tuple(dict.fromkeys(source[:PATH_LIMIT] for each in commands for source in find_sources(each.words)))[
            :SOURCES_LIMIT
        ],
        any(find_folder(each.words) is not None for each in commands),
        names_hub(content),
    )


def _find_handovers(commands: Sequence[SimpleCommand]) -> frozenset[int]:
    """Which commands a script becomes: those behind `exec`, or those on its last line."""
    found = [place for place, each in enumerate(commands) if _is_exec(each.words)]
    if found or not commands:
        return frozenset(found[:COMMANDS_LIMIT])
    last = commands[-1].line
    return frozenset([place for place, each in enumerate(commands) if each.line == last][-COMMANDS_LIMIT:])


def _is_exec(words: Sequence[str]) -> bool:
    """Whether a command takes the shell's place; without words it only redirects."""
    rest = list(dropwhile(_ASSIGNMENT.fullmatch, words))
    return len(rest) > 1 and rest[0] == "exec"


def _may_be_server(words: Sequence[str]) -> bool:
    """Whether it is worth looking closer at a command which is not handed over to."""
    return words[0].startswith("$") or any(base_name(word) in SERVER_PROGRAMS for word in words[:12])


def _is_server(words: Sequence[str]) -> bool:
    """Whether a command starts a server, by itself or as a module of Python."""
    if is_python(words[0]):
        return any(first == "-m" and second in SERVER_PROGRAMS for first, second in pairwise(words))
    return base_name(words[0]) in SERVER_PROGRAMS


def _reach_command(words: Sequence[str], variables: "_Variables") -> list[str]:
    """The command with its variables put in and without wrappers, or the last one of a shell's text in it."""
    text = _find_text(strip_wrappers(words))
    commands = parse_shell_text(text.replace(PLAIN_DOLLAR, "$")) if text else ()
    return strip_wrappers(variables.expand(commands[-1].words if commands else words))


def _find_text(words: Sequence[str]) -> str | None:
    """What a shell is given to run, be it one of another user."""
    if words and base_name(words[0]) in _USER_SHELLS and "-c" in words[:-1]:
        return words[list(words).index("-c") + 1]
    return find_shell_script(words)


class _Variables:
    """What a script has assigned so far; None where that depends on more than the environment, or may be secret."""

    def __init__(self) -> None:
        self._values: dict[str, str | None] = {}
        self._lists: dict[str, list[str]] = {}
        self._maybe: set[str] = set()

    def list_known(self) -> dict[str, str]:
        """Those that name a model or a port."""
        return {name: value for name, value in sorted(self._values.items()) if value and may_keep(name, value)}

    def assign(self, command: SimpleCommand) -> bool:
        """Follow a command that only assigns; False for any other."""
        words = list(command.words)
        if words[0] == "set" and "--" in words:
            if command.is_certain:
                self._lists[_ARGUMENTS] = self.expand(words[words.index("--") + 1 :])
            return True
        if words[0] == ":":
            for word in words[1:]:
                if match := _DEFAULT.fullmatch(word):
                    self._set(match[1], fold_in(word, self._values), is_certain=True)
            return True
        is_declaring = words[0] in _DECLARING
        if not is_declaring and _ASSIGNMENT.match(words[0]) is None:
            return False
        if "(" in words[:3] and words[-1] == ")":
            return self._assign_list(words, command)
        pairs = [_ASSIGNMENT.fullmatch(word) for word in words[1 if is_declaring else 0 :][:WORDS_LIMIT]]
        if not is_declaring and None in pairs:
            self._note_prefix(pairs, command)
            return False
        for match in filter(None, pairs):
            self._take(match, is_certain=command.is_certain)
        return True

    def _take(self, match: re.Match[str], *, is_certain: bool) -> None:
        """Follow one assignment, or what is put behind a value."""
        value, before = self._fold(match["value"]), self._values.get(match["name"], "")
        if match["more"]:
            value = None if value is None or before is None else f"{before}{value}"
        self._set(match["name"], value, is_certain=is_certain)

    def _note_prefix(self, pairs: Sequence[re.Match[str] | None], command: SimpleCommand) -> None:
        """Follow what stands in front of a command, which alone sees it, as far as it is a server's."""
        for match in pairs:
            if match is None:
                return
            value = self._fold(match["value"])
            if may_keep(match["name"], value):
                self._set(match["name"], value, is_certain=command.is_certain)

    def _assign_list(self, words: list[str], command: SimpleCommand) -> bool:
        """Follow the assignment of an array."""
        place = words.index("(")
        match = _ASSIGNMENT.fullmatch(words[place - 1]) if place else None
        if match is None:
            return False
        if command.is_certain and len(self._lists) < VARIABLES_LIMIT and not names_secret(match["name"]):
            before = self._lists.get(match["name"], []) if match["more"] else []
            self._lists[match["name"]] = [*before, *self.expand(words[place + 1 : -1])][:WORDS_LIMIT]
        return True

    def _set(self, name: str, value: str | None, *, is_certain: bool) -> None:
        """Take a value; of a branch that may not be gone it is a default, and two of them leave none."""
        if name not in self._values and len(self._values) >= VARIABLES_LIMIT:
            return
        if names_secret(name):
            value = None
        if is_certain:
            self._values[name] = value
            self._maybe.discard(name)
        elif name not in self._values:
            self._values[name] = None if value is None else fold_in(f"${{{name}:-{value}}}", {})
            self._maybe.add(name)
        elif name in self._maybe:
            self._values[name] = None

    def expand(self, words: Sequence[str]) -> list[str]:
        """The words with variables put in, unknown ones empty; a variable and no more may become several."""
        expanded: list[str] = []
        for word in words[:WORDS_LIMIT]:
            whole = _WHOLE.fullmatch(word)
            name = (whole[1] or whole[2]) if whole is not None else _ARGUMENTS if word in _PASSING else ""
            if name in self._lists:
                expanded += self._lists[name]
            elif name == _ARGUMENTS:
                expanded.append(PASSED_ARGUMENTS)
            else:
                value = self._fold(word) or ""
                expanded += value.split() if whole is not None and " " in value else [value]
        return expanded[:WORDS_LIMIT]

    def _fold(self, word: str) -> str | None:
        return fold_in(word, self._values) if len(word) <= VALUE_LIMIT else None
