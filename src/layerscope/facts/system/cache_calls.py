"""Calls of package managers that need what their cache holds: with an index that is there, or without a network."""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from layerscope.formats.shell_script import SimpleCommand

INDEX_USES: Final = {
    "apt-lists": (
        re.compile(
            r"\bapt(?:-get|itude)?\s(?:[^&;|]{0,500}\s)?(?:(?:re)?install|(?:dist-|full-)?upgrade|build-dep|source|download"
            r"|satisfy|show|policy|search|list)\b|\bapt-cache\s"
        ),
        re.compile(r"\bapt(?:-get|itude)?\s(?:[^&;|]{0,500}\s)?update\b"),
    ),
    "apk": (
        re.compile(
            r"\bapk\s(?!(?:[^&;|]{0,500}\s)?(?:--no-cache|--update(?:-cache)?|-U)\b)(?:[^&;|]{0,500}\s)?(?:add|upgrade|fix|fetch)\b"
        ),
        re.compile(r"\bapk\s(?:[^&;|]{0,500}\s)?update\b"),
    ),
}
"""By kind: what installs with an index that is there already, and what fetches it."""

OFFLINE_USES: Final = {
    "apt-lists": ("apt|apt-get", "--no-download"),
    "apt-archives": ("apt|apt-get", "--no-download"),
    "apk": ("apk", "--no-network"),
    "dnf": ("dnf5?|microdnf|yum|zypper", "-C|--cacheonly|--no-refresh"),
    "uv": ("uv|uvx", "--offline"),
    "conda": ("conda|mamba|micromamba", "--offline|--use-local"),
    "npm": ("npm|npx", "--offline|--prefer-offline"),
    "yarn": ("yarn", "--offline|--prefer-offline"),
}
"""By kind: the programs that read its cache, and the options by which they do without a network."""

OFFLINE_SETTINGS: Final = {
    "uv": ("UV_OFFLINE",),
    "conda": ("CONDA_OFFLINE", "MAMBA_OFFLINE"),
    "npm": ("NPM_CONFIG_OFFLINE", "NPM_CONFIG_PREFER_OFFLINE"),
    "pip": ("PIP_NO_INDEX",),
}
"""By kind: the variables that do what such an option does."""

_TELLING: Final = frozenset({"echo", "printf", "cat", "log", "logger"})
"""Programs that only print what they are given."""

_MARKS: Final = re.compile(
    r"\b(?:apt|aptitude|apk|dnf5?|microdnf|yum|zypper|uvx?|conda|mamba|micromamba|np[mx]|yarn)\b"
)
_QUOTES: Final = re.compile(r"[\"'`\[\](){},]+")
_RUN: Final = re.compile(r"\buv(?:x\s|\s+(?:-\S+\s+)*(?:tool\s+)?run\s)")
"""What takes a program out of an environment of uv's: whether it needs the cache is asked elsewhere."""

_WORD: Final = re.compile(r"[\w-]+")
_TOLD: Final = 60
"""Characters of a call that are told."""

_COMMENT: Final = re.compile(r"(?m)(?:^|\s)#.*$")
_GOES_ON: Final = re.compile(r"\\\r?\n|,\s*\n|(?<=[\[({])\s*\n")
_MESSAGE: Final = re.compile(r"\b(?:print|raise|warn\w*|log\w*(?:\.\w+)?)\b\W")


class CacheCall(Struct, frozen=True):
    """A call of a package manager: the kind of its cache, and the call as it may be told.

    `is_needed` says that it reads the cache as it stands; any other does so where a variable takes the network away.
    """

    kind: str
    told: str
    is_needed: bool


def find_cache_calls(text: str) -> tuple[CacheCall, ...]:
    """The calls in a text of commands, each kind's first, those that need the cache before others."""
    plain = flatten_quotes(text)
    if _MARKS.search(plain) is None:
        return ()
    found: dict[str, CacheCall] = {}
    for call in (*_iter_index_users(plain), *_iter_others(plain)):
        found.setdefault(call.kind, call)
    return tuple(found.values())


def tell_script_calls(commands: tuple[SimpleCommand, ...]) -> str:
    """The commands of a shell script as one text, without those that only print."""
    return " ; ".join(" ".join(each.words) for each in commands if each.words[0] not in _TELLING)


def tell_python_calls(content: str) -> str:
    """The lines of a program of Python as one text, without comments and messages; lists are on one line."""
    lines = _GOES_ON.sub(" ", _COMMENT.sub("", content)).splitlines()
    return " ; ".join(line for line in lines if not _MESSAGE.search(line))


def flatten_quotes(text: str) -> str:
    """A text without quotes, brackets and commas, as if the words in them were a shell's."""
    return _QUOTES.sub(" ", text)


def _iter_index_users(text: str) -> Iterator[CacheCall]:
    """What installs with an index that it has not fetched before."""
    for kind, (reads, fetches) in INDEX_USES.items():
        read, fetched = reads.search(text), fetches.search(text)
        if read is not None and not (fetched is not None and fetched.start() < read.start()):
            yield CacheCall(kind, _tell(read[0]), is_needed=True)


def _iter_others(text: str) -> Iterator[CacheCall]:
    """What is to do without a network, and then what is not told to."""
    others: list[CacheCall] = []
    for kind, (programs, options) in OFFLINE_USES.items():
        settings = "|".join(OFFLINE_SETTINGS.get(kind, ()))
        is_set = bool(settings) and re.search(rf"(?i)\b(?:{settings})=(?:1|t|true|y|yes|on)\b", text) is not None
        for match in re.finditer(rf"\b(?:{programs})\s[^&;|]*", text):
            option = re.search(rf"\s({options})(?=\s|$)", match[0])
            if kind == "uv" and _RUN.match(match[0]):
                continue
            told = f"{match[0].split()[0]} {option[1] if option else ''}".strip()
            call = CacheCall(kind, told, is_needed=option is not None or is_set)
            if call.is_needed:
                yield call
            elif settings:
                others.append(call)
    yield from others


def _tell(call: str) -> str:
    """The program and what it is to do."""
    words = _WORD.findall(call)
    return " ".join(dict.fromkeys((words[0], words[-1])))[:_TOLD]
