"""A platform: the operating system and processor an image is made for.

Spelling and normal forms are containerd's: https://github.com/containerd/platforms/blob/main/platforms.go
"""

import platform
import re

from msgspec import Struct

from layerscope.errors import ReferenceSyntaxError
from layerscope.image.document import JsonObject

UNKNOWN = "unknown"
"""What stands where a document names no operating system or architecture; builders write it for attestations."""

_WORD = r"([a-z0-9_][a-z0-9_.-]{0,63})"
_SPELLING = re.compile(f"{_WORD}/{_WORD}(?:/{_WORD})?")

_ARCHITECTURES = {
    "x86_64": ("amd64", None),
    "x86-64": ("amd64", None),
    "aarch64": ("arm64", None),
    "armhf": ("arm", "v7"),
    "armv7l": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "armv6l": ("arm", "v6"),
    "i386": ("386", None),
    "i686": ("386", None),
}
_IMPLIED_VARIANTS = {"amd64": "v1", "arm64": "v8", "arm": "v7"}
"""The variant that is meant where none is written."""


class Platform(Struct, frozen=True):
    """Operating system, architecture and, where it matters, variant and OS version, as written."""

    os: str
    architecture: str
    variant: str | None = None
    os_version: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Platform":
        """Return the platform that `OS/ARCHITECTURE[/VARIANT]` spells; raises ReferenceSyntaxError otherwise."""
        spelling = _SPELLING.fullmatch(text.lower())
        if spelling is None:
            raise ReferenceSyntaxError(f"platform {text[:80]!r}: expected OS/ARCHITECTURE[/VARIANT], as linux/amd64")
        return cls(*spelling.groups()).normal

    @property
    def normal(self) -> "Platform":
        """The same platform in containerd's normal form: `linux/aarch64/v8` is `linux/arm64`."""
        architecture, variant = _ARCHITECTURES.get(self.architecture, (self.architecture, None))
        variant = self.variant or variant
        if variant is not None and variant.isdigit():
            variant = f"v{variant}"
        if architecture == "arm":
            variant = variant or _IMPLIED_VARIANTS["arm"]
        elif variant == _IMPLIED_VARIANTS.get(architecture):
            variant = None
        return Platform(self.os, architecture, variant, self.os_version)

    @property
    def is_known(self) -> bool:
        """Whether it names something that could run; false for what attestations carry."""
        return UNKNOWN not in (self.os, self.architecture)

    def matches(self, other: "Platform") -> bool:
        """Tell whether `other` is what this platform asks for; what is not asked for does not matter."""
        wanted, offered = self.normal, other.normal
        return (
            (wanted.os, wanted.architecture) == (offered.os, offered.architecture)
            and wanted.variant in (None, offered.variant)
            and wanted.os_version in (None, offered.os_version)
        )

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


def parse_platform(raw: object, *, where: str) -> Platform:
    """Return the platform that a descriptor carries; raises DocumentError for a member of the wrong type."""
    fields = JsonObject.of(raw, where=where)
    return Platform(
        os=fields.get_text("os") or UNKNOWN,
        architecture=fields.get_text("architecture") or UNKNOWN,
        variant=fields.get_text("variant") or None,
        os_version=fields.get_text("os.version") or None,
    )


def host_platform() -> Platform:
    """Linux on this host's processor: what a container engine here runs by default."""
    return Platform("linux", platform.machine().lower() or UNKNOWN).normal
