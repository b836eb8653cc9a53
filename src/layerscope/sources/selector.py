"""Selector: which of several images in one place is meant."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from layerscope.errors import ReferenceSyntaxError, UsageError
from layerscope.image.digest import Digest
from layerscope.image.reference import Reference
from layerscope.sources.streams import STANDARD_INPUT, is_standard_input

_POSITION = re.compile(r"@[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Selector:
    """Exactly one of a name or tag, a digest, or a position (skopeo's `@0`); `text` is as written, `:` included."""

    text: str
    name: str | None = None
    digest: Digest | None = None
    position: int | None = None

    @property
    def label(self) -> str:
        """What is selected, for an error message."""
        return self.text.removeprefix(":")

    def is_named(self, names: Iterable[str]) -> bool:
        """Tell whether one of an image's names is the one asked for, in full, in Docker's short form, or by tag."""
        return self.name is not None and any(_is_same_name(self.name, name) for name in names)

    def __str__(self) -> str:
        return self.text


def parse_selector(text: str) -> Selector | None:
    """Return what `:NAME`, `:@POSITION` or `@DIGEST` selects, None for nothing; raises UsageError otherwise."""
    rest = text.removeprefix(":")
    if not rest:
        return None
    if _POSITION.fullmatch(rest):
        return Selector(text, position=int(rest[1:]))
    if rest.startswith("@"):
        return Selector(text, digest=Digest.parse(rest[1:]))
    if text == rest:
        raise UsageError(f"selecting {text[:200]!r} in it: expected :NAME, :TAG or @DIGEST")
    return Selector(text, name=rest)


def spell_choice(reference: str, scheme: str) -> str:
    """Return how one of several images in an archive is chosen; on standard input, a scheme keeps it from an option."""
    return f"{scheme}:{STANDARD_INPUT}:NAME" if is_standard_input(reference) else "PATH:NAME"


def list_names(names: Iterable[str]) -> str:
    """Return names for an error message: sorted, once each, not too many, and printable whatever an image says."""
    found = sorted(set(names))
    shown = ", ".join(name[:200] if name.isprintable() else repr(name[:200]) for name in found[:_MOST_SHOWN])
    return shown + (f" and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else "")


_MOST_SHOWN = 20
_LOCAL = "localhost/"


def _is_same_name(wanted: str, name: str) -> bool:
    """Podman puts `localhost/` before names that come from no registry, and nobody types it."""
    parsed, asked = _find_reference(name), _find_reference(wanted)
    if parsed is None:
        return wanted == name
    is_tag = not set(wanted) & set(":/@")
    return name in (wanted, f"{_LOCAL}{wanted}") or parsed == asked or (is_tag and parsed.tag == wanted and ":" in name)


def _find_reference(text: str) -> Reference | None:
    try:
        return Reference.parse(text)
    except ReferenceSyntaxError:
        return None
