"""What the layer pass keeps of os-release files."""

from dataclasses import dataclass, field
from typing import Final

from layerscope.formats.os_release import parse_os_release
from layerscope.layers.extractor import Wants

PATHS: Final = ("etc/os-release", "usr/lib/os-release")
"""In the order that os-release(5) sets."""

_KEPT: Final = ("ID", "VERSION_ID", "PRETTY_NAME", "VERSION_CODENAME", "ID_LIKE")


@dataclass(frozen=True)
class OsReleaseExtractor:
    """Keeps the fields that name the release."""

    name: str = "os-release"
    version: int = 1
    wants: Wants = field(default=Wants(paths=frozenset(PATHS), limit=16384))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The fields by name."""
        del path, size, mode
        values = parse_os_release(content)
        return {name: values[name][:200] for name in _KEPT if name in values}
