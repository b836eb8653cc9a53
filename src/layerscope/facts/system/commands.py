"""What a command line runs in the end: shells, init programs and other wrappers looked through."""

import re
import shlex
from collections.abc import Sequence
from typing import Final

from layerscope.formats.shell_helpers import HELPERS

COMMAND_LIMIT: Final = 16384
"""Characters of a shell command that are split; longer ones are programs of their own."""

PASSED_ARGUMENTS: Final = "$@"
"""Stands where a script hands over to its own arguments."""

_SHELLS: Final = frozenset({"sh", "bash", "dash", "ash", "zsh", "busybox"})
_PYTHON: Final = re.compile(r"(?:python|pypy)[0-9.]*t?")
_VALUED_SWITCH: Final = re.compile(r"[-+][a-z]*o")
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*=")
_SEPARATORS: Final = frozenset({"&&", "||", ";", "|", "&", ";;", "(", ")", "{", "}", "then", "do", "else"})

_WRAPPERS: Final = {
    "exec": 0, "env": 0, "nohup": 0, "time": 0, "stdbuf": 0, "setsid": 0, "command": 0, "nice": 0, "ionice": 0,
    "tini": 0, "tini-static": 0, "docker-init": 0, "dumb-init": 0, "catatonit": 0, "s6-setuidgid": 1, "chpst": 0,
    "gosu": 1, "su-exec": 1, "setpriv": 0, "numactl": 0, "taskset": 1, "timeout": 1, "xvfb-run": 0, "catchsegv": 0,
    "nvidia_entrypoint.sh": 0, "opentelemetry-instrument": 0, "ddtrace-run": 0, "newrelic-admin": 1,
}  # fmt: skip
"""Programs that run the command that follows, with how many words of their own come before it."""

_RUNNERS: Final = {"uv": "run", "poetry": "run", "pipenv": "run", "pdm": "run", "rye": "run", "hatch": "run",
                   "conda": "run", "mamba": "run", "micromamba": "run", "pixi": "run"}  # fmt: skip
"""Programs that run the command that follows their subcommand."""

_VALUED_OPTIONS: Final = frozenset({
    "-n", "-p", "-a", "-e", "-g", "-u", "-s", "-k", "--name", "--prefix", "--python", "--with", "--extra", "--group",
    "--project", "--directory", "--cwd", "--package", "--env-file", "--cpunodebind", "--membind", "--reuid", "--regid",
})  # fmt: skip
"""Wrappers' options that take the next word as their value."""


INSTALLERS: Final = frozenset({
    "apk", "apt", "apt-get", "bun", "bundle", "cargo", "composer", "conda", "corepack", "cypress", "dnf", "gem", "go",
    "gradle", "hatch", "make", "mamba", "micromamba", "mvn", "npm", "npx", "pdm", "pip", "pip3", "pipenv", "pipx",
    "pixi", "playwright", "pnpm", "poetry", "rye", "uv", "uvx", "yarn", "yum",
})  # fmt: skip
"""Programs that install, build and test: what they tell is of that, also where they start a server at last."""


def base_name(word: str) -> str:
    """The last part of a path."""
    return word.rpartition("/")[2]


def is_shell(word: str) -> bool:
    """Whether a program is a POSIX shell."""
    return base_name(word) in _SHELLS


def is_python(word: str) -> bool:
    """Whether a program is a Python interpreter."""
    return _PYTHON.fullmatch(base_name(word)) is not None


def find_shell_script(command: Sequence[str]) -> str | None:
    """The text that `sh -c TEXT` would run, if the command is of that form."""
    if not command or not is_shell(command[0]):
        return None
    for position, word in enumerate(command[1:], start=1):
        if re.fullmatch(r"-[a-z]*c", word):
            return command[position + 1] if position + 1 < len(command) else ""
        if not word.startswith(("-", "+")) and not re.fullmatch(r"[-+][a-z]*o", command[position - 1]):
            return None
    return None


def split_commands(text: str) -> list[list[str]]:
    """The simple commands of a shell text, in order; what does not parse is split at blanks."""
    lexer = shlex.shlex(
        text[:COMMAND_LIMIT].replace("\\\n", " ").replace("\n", " ; "), posix=True, punctuation_chars=";&|()"
    )
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        words = list(lexer)
    except ValueError:
        words = text[:COMMAND_LIMIT].split()
    commands: list[list[str]] = [[]]
    for word in words:
        if word in _SEPARATORS or (word and not word.strip(";&|()")):
            commands.append([])
        else:
            commands[-1].append(word)
    return [command for command in commands if command]


def find_server_command(commands: Sequence[Sequence[str]]) -> list[str]:
    """The last of the commands of a shell's text that is no helper's, without wrappers; empty where it installs."""
    stripped = (strip_wrappers(strip_shell(words)) for words in reversed(commands))
    words = next((each for each in stripped if each and base_name(each[0]) not in HELPERS), [])
    return [] if words and base_name(words[0]) in INSTALLERS else words


def strip_shell(words: Sequence[str]) -> list[str]:
    """A command without the shell that takes it as its text, and that shell's options."""
    place = 1 if words and is_shell(words[0]) else 0
    while place and place < len(words) and words[place].startswith(("-", "+")):
        place += 2 if _VALUED_SWITCH.fullmatch(words[place]) else 1
    return list(words[place:])


def strip_wrappers(command: Sequence[str]) -> list[str]:
    """The command without assignments, init programs, user switchers and environment managers in front of it."""
    words = list(command)
    while words:
        while words and (_ASSIGNMENT.match(words[0]) or words[0] == "--"):
            del words[0]
        if not words:
            break
        name = base_name(words[0])
        if name in _WRAPPERS and len(words) > 1:
            words = _skip_options(words[1:])[_WRAPPERS[name] :]
        elif name in _RUNNERS and _RUNNERS[name] in words[1:3]:
            words = _skip_options(words[words.index(_RUNNERS[name]) + 1 :])
        else:
            break
    return words


def find_final_command(command: Sequence[str]) -> list[str]:
    """The command that a config's words run in the end: the last one of a shell text, wrappers stripped."""
    words = strip_wrappers(command)
    for _ in range(3):
        script = find_shell_script(words)
        if script is None:
            break
        commands = [strip_wrappers(simple) for simple in split_commands(script)]
        words = next((simple for simple in reversed(commands) if simple), [])
    return words


def _skip_options(words: list[str]) -> list[str]:
    """The words after a wrapper's own options."""
    position = 0
    while position < len(words) and words[position].startswith("-"):
        if words[position] == "--":
            return words[position + 1 :]
        position += 2 if words[position] in _VALUED_OPTIONS else 1
    return words[position:]
