"""What commands do to a package manager's cache that they name: read it, need the folder alone, or nothing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from posixpath import basename, dirname
from typing import Final

from layerscope.facts.system.cache_paths import name_alone, name_folder, name_shared
from layerscope.formats.dockerfile_words import UNKNOWN, expand_variables
from layerscope.formats.shell_list import ListedCommand

UNMADE: Final = frozenset({"pip", "uv", "poetry"})
"""The kinds whose folder is not made at all where they keep no cache."""

_STAYING: Final = frozenset({"apt-lists", "apt-archives", "apk", "conda", "npm"})
"""The kinds whose folder is there, without content, when they are told to clean up."""

_SHARED: Final = ".cache"
"""The folder of a home that the first cache makes."""

_LEADS: Final = r"(?:\w+=\S*\s+|sudo\s+)*"
_MAKES: Final = re.compile(rf"{_LEADS}(?:mkdir|install\s+(?:\S+\s+)*-\w*d)\s")
_REMOVES: Final = re.compile(rf"{_LEADS}(?:rm|rmdir|unlink)\s")
_FORCED: Final = re.compile(r"\s(?:-[a-zA-Z]*f[a-zA-Z]*|--force)(?=\s)")
_EMPTIES: Final = re.compile(rf"{_LEADS}find\s.*\s-delete\b", re.DOTALL)
_TOUCHES: Final = re.compile(rf"{_LEADS}(?:chown|chgrp|chmod|touch|ls|stat|du|test|\[)\s")
_GIVES_AWAY: Final = re.compile(r"(?:chown|chgrp|chmod)\s+(?:-\S+\s+)*[^\s/~]+\s+([^\s<>|]+)")
_GLOB: Final = re.compile(r"[*?\[]")
_CACHE_SETTING: Final = re.compile(r"\b\w*CACHE\w*=\S*|\s--cache(?:-dir|-folder)?(?:=|\s+)\S+")
"""Where a program is to keep its cache: it does without what is there."""


@dataclass(frozen=True)
class CacheUse:
    """A kind of cache in a folder, as the commands of one stage may name it."""

    kind: str
    folder: str

    @property
    def named(self) -> re.Pattern[str]:
        """What names the folder, or something in it."""
        return name_folder(self.folder)

    @property
    def parent(self) -> str:
        """The folder above, where it is made with the cache, and is not there without it; else empty."""
        above = dirname(self.folder)
        return above if self.kind in UNMADE and basename(above) == _SHARED else ""

    def is_made(self, made: str) -> bool:
        """Whether the folder is there whatever the cache's program does; `made` tells what commands have made."""
        return self.kind in _STAYING or self.named.search(made) is not None

    def needs_parent(self, text: str, made: str) -> bool:
        """Whether a text names the folder above, which may not be there any more."""
        parent = self.parent
        return bool(parent and name_alone(parent).search(text) and not name_folder(parent).search(made))

    def takes_shared(self, text: str) -> bool:
        """Whether a text names the folder above, with the caches of a home, and does more than make or remove it."""
        shared = name_shared(self.folder)
        is_harmless = any(each.match(text) for each in (_MAKES, _REMOVES, _EMPTIES, _TOUCHES))
        return shared is not None and not is_harmless and shared.search(text) is not None

    def is_matched(self, sources: Sequence[str]) -> bool:
        """Whether a pattern of a COPY matches the folder, or the one above that may not be there any more."""
        wanted = [each.split("/") for each in (self.folder, self.parent) if each]
        found = [source.strip("/").split("/") for source in sources if _GLOB.search(source)]
        return any(
            len(parts) == len(names) and all(map(fnmatchcase, names, parts)) for parts in found for names in wanted
        )

    def list_users(self, commands: Sequence[ListedCommand], settings: Mapping[str, str], made: str = "") -> list[int]:
        """The places of the commands that read the cache, or would fail without it."""
        found: list[int] = []
        for place, command in enumerate(commands):
            text = _CACHE_SETTING.sub("", expand_known(command.text, settings))
            if makes_folder(text):
                made = f"{made} {text}"
                continue
            if self._is_user(text, made, is_caught=_is_caught(commands[place + 1 :])):
                found.append(place)
        return found

    def is_given_away(self, command: ListedCommand) -> bool:
        """Whether a command does nothing but change the owner or the mode of the folder, and of what is in it."""
        match = _GIVES_AWAY.fullmatch(command.text)
        return match is not None and name_alone(self.folder).fullmatch(match[1].strip("\"'")) is not None

    def _is_user(self, text: str, made: str, *, is_caught: bool) -> bool:
        named, alone = self.named, name_alone(self.folder)
        if self.takes_shared(text):
            return True
        if not named.search(text):
            needs = self.needs_parent(text, made)
            return needs and not is_caught and not (_REMOVES.match(text) and _FORCED.search(text))
        is_bare = not named.search(alone.sub("", text))
        is_there = self.is_made(made)
        if _REMOVES.match(text):
            has_pattern = re.search(r"[*?]", text) is not None
            return not (is_caught or _FORCED.search(text) or (is_bare and is_there and not has_pattern))
        if _EMPTIES.match(text):
            return not (is_caught or is_there)
        if _TOUCHES.match(text):
            return not (is_bare and (is_caught or is_there))
        return True


def _is_caught(rest: Sequence[ListedCommand]) -> bool:
    """Whether what follows a command goes on where it fails: `|| true`, behind whatever is to follow it."""
    separator = next((each.separator for each in rest if each.separator != "&&"), "")
    return separator == "||"


def makes_folder(text: str) -> bool:
    """Whether a command makes the folders that it names."""
    return _MAKES.match(text) is not None


def expand_known(text: str, settings: Mapping[str, str]) -> str:
    """A command with the values of the variables that the Dockerfile sets; others stay."""
    return re.sub(
        r"\$(?:\w+|\{\w+\})",
        lambda match: match[0] if UNKNOWN in (value := expand_variables(match[0], settings)) else value,
        text,
    )
