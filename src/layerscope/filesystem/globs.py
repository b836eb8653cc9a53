"""Glob patterns over full paths: `*`, `?` and `[...]` stay within one name, `**` is any number of names."""

import re
from collections.abc import Callable, Iterator
from fnmatch import translate
from functools import lru_cache
from typing import Final

from msgspec import Struct

_ANY_NAMES: Final = "**"
_MAGIC: Final = re.compile(r"[*?\[]")


class Glob(Struct, frozen=True):
    """A pattern, part by part; a trailing `**` is everything below."""

    parts: tuple[str, ...]

    @classmethod
    def of(cls, pattern: str) -> "Glob":
        """Return the glob that `pattern` spells; slashes around it mean nothing."""
        parts: list[str] = []
        for part in pattern.split("/"):
            if part not in {"", "."} and not (part == _ANY_NAMES and parts[-1:] == [_ANY_NAMES]):
                parts.append(part)
        return cls((*parts, "*") if parts[-1:] == [_ANY_NAMES] else tuple(parts))

    @property
    def pattern(self) -> str:
        """What spells it, from the root on."""
        parts = self.parts[:-1] if self.parts[-2:] == (_ANY_NAMES, "*") else self.parts
        return f"/{'/'.join(parts)}"

    def matches(self, path: str) -> bool:
        """Whether the whole path matches."""
        states = self._reach({0})
        for name in path.split("/"):
            states = self._step(states, name)
        return len(self.parts) in states

    def find(self, children: Callable[[str], list[str]], exists: Callable[[str], bool]) -> Iterator[str]:
        """The paths of a tree that match, parents first, sorted; only directories that can hold one are listed."""
        pending = [("", self._reach({0}))]
        while pending:
            path, states = pending.pop()
            if path and len(self.parts) in states:
                yield path
            ahead = [self.parts[state] for state in states if state < len(self.parts)]
            if len(ahead) == 1 and not _MAGIC.search(ahead[0]):
                only = f"{path}/{ahead[0]}" if path else ahead[0]
                below = [only] if exists(only) else []
            else:
                below = children(path) if ahead else []
            for child in reversed(below):
                after = self._step(states, child.rpartition("/")[2])
                if after:
                    pending.append((child, after))

    def _step(self, states: frozenset[int], name: str) -> frozenset[int]:
        """The states after one more name."""
        after = set()
        for state in states:
            if state == len(self.parts):
                continue
            if self.parts[state] == _ANY_NAMES:
                after.add(state)
            elif _name_matcher(self.parts[state])(name):
                after.add(state + 1)
        return self._reach(after)

    def _reach(self, states: set[int]) -> frozenset[int]:
        """The states and those that a `**` of no names leads on to."""
        skipped = {state + 1 for state in states if state < len(self.parts) and self.parts[state] == _ANY_NAMES}
        return frozenset(states | skipped)


class PathFilter(Struct, frozen=True):
    """Patterns as a user types them: one without a slash is matched against the name alone, as in .gitignore."""

    whole: tuple[Glob, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, patterns: tuple[str, ...]) -> "PathFilter":
        """Return the filter for `patterns`."""
        names = tuple(pattern for pattern in patterns if "/" not in pattern and pattern != _ANY_NAMES)
        return cls(tuple(Glob.of(pattern) for pattern in patterns if pattern not in names), names)

    @property
    def is_empty(self) -> bool:
        """Whether there is no pattern, so that every path matches."""
        return not self.whole and not self.names

    def matches(self, path: str) -> bool:
        """Whether any pattern matches; every path does where there is no pattern."""
        if self.is_empty:
            return True
        name = path.rpartition("/")[2]
        if any(_name_matcher(pattern)(name) for pattern in self.names):
            return True
        return any(glob.matches(path) for glob in self.whole)


@lru_cache(maxsize=256)
def _name_matcher(pattern: str) -> Callable[[str], bool]:
    """A test of one name against one part of a pattern, case and all."""
    if not _MAGIC.search(pattern):
        return pattern.__eq__
    compiled = re.compile(translate(pattern))
    return lambda name: compiled.match(name) is not None
