"""Changes of a config, written as the instructions that a builder would make them by: what `docker commit -c` takes.

https://docs.docker.com/reference/cli/docker/container/commit/
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from layerscope.errors import FormatError, UsageError
from layerscope.formats.dockerfile import Instruction, parse_dockerfile
from layerscope.formats.dockerfile_words import find_assignments, find_words, strip_quotes

KEYWORDS: Final = ("CMD", "ENTRYPOINT", "ENV", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR")
LAST_PORT: Final = 65535
_SHELL: Final = ("/bin/sh", "-c")
_CLOSED: Final = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*\"""")
_OPEN_QUOTE: Final = re.compile(r"""["']""")
_PORTS: Final = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?(?:/(tcp|udp|sctp))?", re.IGNORECASE)
_SIGNAL: Final = re.compile(
    r"[1-9]|[1-5][0-9]|6[0-4]"
    r"|(?:SIG)?(?:ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IO|IOT|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|STKFLT|STOP|SYS"
    r"|TERM|TRAP|TSTP|TTIN|TTOU|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ|RTMIN(?:\+(?:[1-9]|1[0-5]))?|RTMAX(?:-(?:[1-9]|1[0-4]))?)",
    re.IGNORECASE,
)
"""As Docker takes it: https://github.com/moby/sys/blob/main/signal/signal_linux.go."""


class ConfigChange(Struct, frozen=True):
    """One change: the instruction as it is told, and parsed."""

    text: str
    instruction: Instruction


def parse_changes(texts: Sequence[str]) -> tuple[ConfigChange, ...]:
    """The changes in order; raises UsageError for what is no instruction that changes a config alone."""
    return tuple(map(_parse, texts))


def _parse(text: str) -> ConfigChange:
    wrong = f"--change {text!r}: expected one instruction of {', '.join(KEYWORDS)}, as Dockerfiles have it"
    try:
        instructions = parse_dockerfile(f"FROM scratch\n{text}\n".encode()).instructions
    except (FormatError, UnicodeEncodeError) as error:
        raise UsageError(wrong) from error
    if len(instructions) != 2 or "\n" in text or instructions[1].keyword not in KEYWORDS:  # noqa: PLR2004 - FROM, it
        raise UsageError(wrong)
    instruction = instructions[1]
    if "$" in instruction.operands and instruction.keyword not in {"CMD", "ENTRYPOINT"}:
        raise UsageError(f"--change {text!r}: expected no variables: nothing expands them here")
    if instruction.keyword == "WORKDIR" and not strip_quotes(instruction.operands).startswith("/"):
        raise UsageError(f"--change {text!r}: expected an absolute path")
    if expected := _find_expected(instruction):
        raise UsageError(f"--change {text!r}: expected {expected}")
    return ConfigChange(f"{instruction.keyword} {instruction.operands}", instruction)


def _find_expected(instruction: Instruction) -> str:
    """What a builder or an engine takes in place of these operands; empty where it takes them."""
    keyword, operands = instruction.keyword, instruction.operands
    if keyword in {"ENV", "LABEL"} and _OPEN_QUOTE.search(_CLOSED.sub("", operands)):
        return "every quote to be closed"
    if keyword in {"ENV", "LABEL"} and not _is_assignment(operands):
        return "NAME=VALUE"
    if keyword == "EXPOSE" and None in map(_read_ports, _list_words(instruction)):
        return "ports from 1 to 65535, as 8000, 8000-8010 or 53/udp"
    if keyword == "STOPSIGNAL" and not _SIGNAL.fullmatch(strip_quotes(operands)):
        return "a signal by its name or number, as SIGTERM or 15"
    if keyword == "VOLUME" and not all(word.startswith("/") for word in _list_words(instruction)):
        return "absolute paths, as words or as a JSON list of strings"
    if keyword in {"CMD", "ENTRYPOINT"} and instruction.words is None and _is_list(operands):
        return "a JSON list of strings, or a command"
    return ""


def _is_list(operands: str) -> bool:
    """Whether it is a list in JSON, whatever of: a shell's test begins with a bracket, too."""
    try:
        return isinstance(json.loads(operands), list)
    except (ValueError, RecursionError):
        return False


def _list_words(instruction: Instruction) -> tuple[str, ...]:
    """The operands one by one, in either form."""
    return instruction.words or tuple(map(strip_quotes, find_words(instruction.operands)))


def _read_ports(word: str) -> list[str] | None:
    """The ports that a word of EXPOSE names, each with its protocol; None where that is no port."""
    match = _PORTS.fullmatch(word)
    if match is None:
        return None
    first, last = int(match[1]), int(match[2] or match[1])
    if not 1 <= first <= last <= LAST_PORT:
        return None
    return [f"{port}/{(match[3] or 'tcp').lower()}" for port in range(first, last + 1)]


def _is_assignment(operands: str) -> bool:
    """Whether each word gives a name a value, or the first names what the rest is."""
    first, *others = find_words(operands)
    if "=" not in first:
        return bool(others)
    return all("=" in word[1:] for word in (first, *others))


def make_changes(document: dict[str, Any], changes: Sequence[ConfigChange]) -> None:
    """Change the part of a config document that containers run with; each instruction adds to or replaces a field."""
    runtime = document.get("config")
    document["config"] = runtime = dict(runtime) if isinstance(runtime, dict) else {}
    has_command = False
    for change in changes:
        has_command |= change.instruction.keyword == "CMD"
        if change.instruction.keyword == "ENTRYPOINT" and not has_command:
            runtime.pop("Cmd", None)  # those are words for the program that is started no more
        _change(runtime, change.instruction)


def _change(runtime: dict[str, Any], instruction: Instruction) -> None:
    keyword, operands = instruction.keyword, instruction.operands
    if keyword in {"CMD", "ENTRYPOINT"}:
        words = instruction.words
        shell = runtime.get("Shell") or _SHELL
        runtime["Cmd" if keyword == "CMD" else "Entrypoint"] = [*shell, operands] if words is None else list(words)
    elif keyword == "ENV":
        runtime["Env"] = set_variables(runtime.get("Env") or [], dict(find_assignments(operands)))
    elif keyword == "LABEL":
        runtime["Labels"] = {**(runtime.get("Labels") or {}), **dict(find_assignments(operands))}
    elif keyword == "EXPOSE":
        ports: dict[str, Any] = {port: {} for word in _list_words(instruction) for port in _read_ports(word) or ()}
        runtime["ExposedPorts"] = {**(runtime.get("ExposedPorts") or {}), **ports}
    elif keyword == "VOLUME":
        runtime["Volumes"] = {**(runtime.get("Volumes") or {}), **{word: {} for word in _list_words(instruction)}}
    else:
        field = {"USER": "User", "WORKDIR": "WorkingDir", "STOPSIGNAL": "StopSignal"}[keyword]
        runtime[field] = strip_quotes(operands)


def set_variables(environment: Sequence[str], variables: Mapping[str, str | None]) -> list[str]:
    """The environment with these variables; of one that stands there twice, both are as wanted."""
    names = [entry.partition("=")[0] for entry in environment]
    kept = [
        f"{name}={variables[name]}" if name in variables else entry
        for name, entry in zip(names, environment, strict=True)
        if variables.get(name, entry) is not None
    ]
    added = (f"{name}={value}" for name, value in variables.items() if value is not None and name not in names)
    return [*kept, *added]
