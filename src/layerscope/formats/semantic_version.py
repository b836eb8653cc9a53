"""SemanticVersion: https://semver.org/spec/v2.0.0.html, as npm reads it."""

import re
from dataclasses import dataclass
from functools import total_ordering
from typing import Final

LENGTH_LIMIT: Final = 256
"""Characters of a version that npm accepts (MAX_LENGTH of node-semver)."""

_NUMBER: Final = r"(?:0|[1-9][0-9]{0,15})"
_LABEL: Final = r"[0-9A-Za-z-]+"
_VERSION: Final = re.compile(
    rf"[v=\s]*({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_LABEL}(?:\.{_LABEL})*))?(?:\+{_LABEL}(?:\.{_LABEL})*)?\s*"
)


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class SemanticVersion:
    """Three numbers and the labels of a prerelease; build metadata says nothing and is dropped."""

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[int, int, int]:
        """The three numbers."""
        return self.major, self.minor, self.patch

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SemanticVersion) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __lt__(self, other: "SemanticVersion") -> bool:
        return self._key() < other._key()

    def __str__(self) -> str:
        text = ".".join(map(str, self.numbers))
        return f"{text}-{'.'.join(self.prerelease)}" if self.prerelease else text

    def _key(self) -> tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]:
        """What precedence compares (item 11): a release is above its prereleases, numbers below words."""
        labels = tuple((not label.isdigit(), int(label) if label.isdigit() else 0, label) for label in self.prerelease)
        return (*self.numbers, not labels, labels)


def parse_semantic_version(text: str) -> SemanticVersion | None:
    """The version, with a `v` or `=` in front as npm tolerates; None for anything else."""
    match = _VERSION.fullmatch(text) if len(text) <= LENGTH_LIMIT else None
    if match is None:
        return None
    labels = tuple(match[4].split(".")) if match[4] else ()
    return SemanticVersion(int(match[1]), int(match[2]), int(match[3]), labels)
