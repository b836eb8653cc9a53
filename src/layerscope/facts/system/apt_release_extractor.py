"""What the layer pass keeps of apt's package lists."""

from dataclasses import dataclass, field
from typing import Final

from layerscope.formats.apt_release import HEAD_LIMIT, parse_release_date
from layerscope.layers.extractor import Wants

LISTS: Final = "var/lib/apt/lists/"
"""Where apt keeps what repositories publish."""


@dataclass(frozen=True)
class AptReleaseExtractor:
    """Keeps when a repository's signed InRelease file was published, in seconds since 1970."""

    name: str = "apt-release"
    version: int = 1
    wants: Wants = field(default=Wants(magics=frozenset({b"-----BEGIN PGP SIGNED"}), limit=HEAD_LIMIT))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The date, for files among apt's lists."""
        del size, mode
        date = parse_release_date(content) if path.startswith(LISTS) else None
        return None if date is None else int(date.timestamp())
