"""MavenRange: `[1.0,2.0)`, `(,1.0],[1.2,)`, and the soft requirement `1.0`.

https://maven.apache.org/pom.html#dependency-version-requirement-specification.
"""

import re
from typing import Final

from msgspec import Struct

from layerscope.formats.maven_version import MavenVersion

LENGTH_LIMIT: Final = 1024
"""Characters of a range; real ones have about 20."""

_INTERVAL: Final = re.compile(r"\s*([\[(])([^\[\](),]*)(?:(,)([^\[\](),]*))?([\])])\s*(?:,|$)")


class Interval(Struct, frozen=True):
    """From one version to another; None leaves an end open."""

    low: MavenVersion | None
    high: MavenVersion | None
    has_low: bool
    has_high: bool

    def accepts(self, version: MavenVersion) -> bool:
        """Whether a version lies inside."""
        if self.low is not None and (version < self.low or (version == self.low and not self.has_low)):
            return False
        return self.high is None or version < self.high or (version == self.high and self.has_high)


class MavenRange(Struct, frozen=True):
    """Intervals, one of which has to hold; a soft requirement accepts all, and `preferred` is what it asks for."""

    intervals: tuple[Interval, ...]
    preferred: str = ""

    def accepts(self, version: MavenVersion) -> bool:
        """Whether a version is accepted."""
        return not self.intervals or any(interval.accepts(version) for interval in self.intervals)


def parse_maven_range(text: str) -> MavenRange | None:
    """The range, or None where it does not parse."""
    text = text.strip()
    if not text or len(text) > LENGTH_LIMIT:
        return None
    if text[0] not in "[(":
        return None if set(text) & set("[](),") else MavenRange((), text)
    intervals: list[Interval] = []
    place = 0
    while place < len(text):
        match = _INTERVAL.match(text, place)
        interval = _read_interval(match) if match is not None else None
        if match is None or interval is None:
            return None
        intervals.append(interval)
        place = match.end()
    return MavenRange(tuple(intervals))


def _read_interval(match: re.Match[str]) -> Interval | None:
    """One interval; `[1.0]` is a single version and has to be closed."""
    low, high = match[2].strip(), (match[4] or "").strip()
    has_low, has_high = match[1] == "[", match[5] == "]"
    if match[3] is None:
        only = MavenVersion(low)
        return Interval(only, only, has_low=True, has_high=True) if low and has_low and has_high else None
    return Interval(MavenVersion(low) if low else None, MavenVersion(high) if high else None, has_low, has_high)
