"""From what a person wrote to the place that a new image goes to."""

import os
from pathlib import Path
from typing import Final

from layerscope.errors import UsageError
from layerscope.fixes.destinations.archive import ArchiveDestination
from layerscope.fixes.destinations.destination import Destination
from layerscope.fixes.destinations.engine import EngineDestination
from layerscope.fixes.destinations.layout import LayoutDestination
from layerscope.fixes.destinations.registry import RegistryDestination
from layerscope.image.reference import Reference, parse_tag
from layerscope.sources.registry.credentials import Credential
from layerscope.sources.registry.lookup import Access

SCHEMES: Final = ("oci-dir", "oci-archive", "docker", "podman", "registry")


def select_destination(
    text: str, *, replaces: bool = False, insecure: bool = False, credential: Credential | None = None
) -> Destination:
    """The place that SCHEME:REST names; raises UsageError and ReferenceSyntaxError."""
    scheme, colon, rest = text.partition(":")
    if not colon or not rest or scheme not in SCHEMES or "\0" in text:
        raise UsageError(f"destination {text[:200]!r}: expected one of {', '.join(f'{each}:…' for each in SCHEMES)}")
    match scheme:
        case "oci-dir":
            path, tag = _split_tag(rest)
            return LayoutDestination(path, tag, replaces)
        case "oci-archive":
            path, tag = _split_tag(rest)
            return ArchiveDestination(path, tag, replaces)
        case "docker" | "podman":
            return EngineDestination("docker" if scheme == "docker" else "podman", _parse_name(rest), replaces)
        case _:
            access = Access(os.environ, insecure=insecure, credential=credential)
            return RegistryDestination(_parse_name(rest), access, replaces)


def _split_tag(text: str) -> tuple[Path, str | None]:
    """A colon behind the last slash begins the tag, as in IMAGE."""
    head, slash, last = text.rpartition("/")
    name, colon, tag = last.partition(":")
    if not name:
        raise UsageError(f"destination {text[:200]!r}: expected a path, found none before {':' + tag!r}")
    return Path(head + slash + name), parse_tag(tag) if colon else None


def _parse_name(text: str) -> Reference:
    """A name with a tag: what is written has no digest before it is written."""
    reference = Reference.parse(text)
    if reference.digest is not None:
        raise UsageError(f"destination {text[:200]!r}: expected NAME[:TAG], found a digest")
    return reference
