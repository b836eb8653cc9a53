"""Which server of models an image runs, and where it will listen: from its command, environment, files and packages."""

import re
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from posixpath import basename
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from layerscope.facts.system.started_commands import StartedCommand
from layerscope.policies.servers import MAX_PORT, ModelServers, ServerRow
from layerscope.probe.serving_spec import ServingSpec

MAX_WORDS: Final = 4096
"""Words of a command that are looked at."""

_SHELLS: Final = frozenset({"sh", "bash", "dash", "ash", "zsh"})
_IDLE: Final = re.compile(
    r"(?:python|pypy)[0-9.]*|sh|bash|dash|ash|zsh|sleep|tail|cat|true|ipython|nvidia_entrypoint\.sh"
)
"""Programs that serve nothing when they are started alone, as base images are."""

_WAITING: Final = frozenset({"sleep", "tail", "cat", "true"})
_WRAPPERS: Final = frozenset({"tini", "dumb-init", "exec", "env", "nvidia_entrypoint.sh", "catatonit", "--", "-g"})
_PORT: Final = re.compile(r"(?:.*[:/])?([0-9]{1,5})/?")


class ImageHints(Struct, frozen=True):
    """What is known of an image: its command, environment, exposed ports, Python distributions, and its files.

    `started` is what the scripts start that the command runs.
    """

    command: tuple[str, ...]
    env: Mapping[str, str]
    ports: tuple[int, ...]
    distributions: Collection[str]
    has_file: Callable[[str], bool]
    started: tuple[StartedCommand, ...] = ()


def recognise_server(hints: ImageHints, servers: ModelServers) -> ServingSpec | None:
    """The server that the image starts; None where it starts none."""
    words = split_command(hints.command)
    if not words:
        return None
    for row in servers.rows:
        if mark := _find_command(row, words):
            return _describe(row, hints, _find_last_words(row, hints) or words, f"by its command: {mark}")
    if (found := _recognise_started(hints, servers)) is not None:
        return found
    if _is_idle(words):
        return None
    for row in servers.rows:
        how = _find_mark(row, hints)
        if how:
            return _describe(row, hints, words, how)
    framework = next((name for name in sorted(servers.frameworks) if name in hints.distributions), None)
    if framework is None or not hints.ports:
        return None
    how = f"by {framework} and the exposed port {hints.ports[0]}"
    return ServingSpec(how=how, argv=hints.command, port=hints.ports[0])


def name_program(command: Sequence[str]) -> str:
    """What a command starts, for a person: a program, a script, or a module; empty where it is idle.

    Options are left out: keys stand in them.
    """
    words = split_command(command)
    if not words or _is_idle(words):
        return ""
    program, *rest = words
    if _IDLE.fullmatch(basename(program)) is None:
        return program
    for place, word in enumerate(rest):
        if word == "-m":
            return " ".join((program, *rest[place : place + 2]))
        if word == "-c":
            break
        if not word.startswith("-"):
            return word
    return program


def split_command(command: Sequence[str]) -> tuple[str, ...]:
    """The words of a command, the text of a shell form split into its own, wrappers before it left out."""
    words = list(command[:MAX_WORDS])
    for place, word in enumerate(words[:-1]):
        if word in {"-c", "-lc", "-ec"} and place and basename(words[place - 1]) in _SHELLS:
            words[place - 1 :] = _split_text(words[place + 1])
            break
    while words and basename(words[0]) in _WRAPPERS:
        del words[0]
    return tuple(words[:MAX_WORDS])


def _split_text(text: str) -> list[str]:
    try:
        return shlex.split(text.replace("&&", " ").replace(";", " "))
    except ValueError:
        return text.split()


def _stands_in(mark: str, words: Sequence[str]) -> bool:
    """Whether the words of a mark stand together; a program may be named by its path."""
    wanted = mark.split()
    for place in range(len(words) - len(wanted) + 1):
        given = words[place : place + len(wanted)]
        if all(word in {each, basename(each)} for word, each in zip(wanted, given, strict=True)):
            return True
    return False


def _is_idle(words: Sequence[str]) -> bool:
    """Whether a command waits for a person, or for nothing."""
    program = basename(words[0])
    return program in _WAITING or (len(words) == 1 and _IDLE.fullmatch(program) is not None)


def _find_mark(row: ServerRow, hints: ImageHints) -> str:
    """By what an image is known to run that server, though its command does not say so; empty where it is not."""
    for name in row.variables:
        if name in hints.env:
            return f"by the variable {name}"
    for path in row.files:
        if hints.has_file(path):
            return f"by the file {path}"
    for name in row.distributions:
        if name in hints.distributions and hints.ports:
            return f"by the package {name} and the exposed port {hints.ports[0]}"
    return ""


def _find_command(row: ServerRow, words: Sequence[str]) -> str:
    """The mark of a server that stands in a command; empty where none does."""
    return next((mark for mark in row.commands if _stands_in(mark, words)), "")


def _find_last_words(row: ServerRow, hints: ImageHints) -> tuple[str, ...]:
    """The server's command with what a script that passes it on adds; empty where none does."""
    return next((each.words for each in hints.started if _find_command(row, each.words)), ())


def _recognise_started(hints: ImageHints, servers: ModelServers) -> ServingSpec | None:
    """The server that a script starts: what the script becomes goes before what it starts beside."""
    for each in sorted(hints.started, key=lambda each: not each.is_handover):
        for row in servers.rows:
            if mark := _find_command(row, each.words):
                how = f"by its command in /{each.evidence.path}: {mark}"
                seen = replace(hints, env={**hints.env, **dict(each.variables)})
                return _describe(row, seen, each.words, how)
    return None


def _describe(row: ServerRow, hints: ImageHints, words: Sequence[str], how: str) -> ServingSpec:
    port = _find_flag(row, words) or _find_variable(row, hints.env)
    if port is None and len(hints.ports) == 1 and not how.startswith("by its command:"):
        port = hints.ports[0]
    return ServingSpec(
        name=row.title,
        how=how,
        argv=hints.command,
        port=port or row.port,
        health=row.health,
        dialect=row.dialect,
        is_certain=True,
    )


def _find_flag(row: ServerRow, words: Sequence[str]) -> int | None:
    """The port that a flag sets; the last one wins."""
    found = None
    for place, word in enumerate(words):
        flag, _, value = word.partition("=")
        if flag in row.port_flags:
            given = value or (words[place + 1] if place + 1 < len(words) else "")
            found = _parse_port(given) or found
    return found


def _find_variable(row: ServerRow, env: Mapping[str, str]) -> int | None:
    """The port that a variable sets, alone or at the end of an address."""
    return next((port for name in row.port_variables if (port := _parse_port(env.get(name, "")))), None)


def _parse_port(text: str) -> int | None:
    match = _PORT.fullmatch(text.strip("\"' "))
    port = int(match[1]) if match else 0
    return port if 1 <= port <= MAX_PORT else None
