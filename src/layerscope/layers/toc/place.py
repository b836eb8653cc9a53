"""Where a layer's table of contents lies, and what the manifest says of it.

eStargz: https://github.com/containerd/stargz-snapshotter/blob/main/docs/estargz.md. zstd:chunked:
https://github.com/containers/storage/blob/main/docs/containers-storage-zstd-chunked.md; its footer and annotations are
those of pkg/chunked/internal/minimal/compression.go there, and of the earlier form that skopeo 1.9 and nerdctl write.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from layerscope.errors import ReferenceSyntaxError
from layerscope.image.digest import Digest

FOOTER_WINDOW: Final = 72
"""Bytes at the end of a blob in which either form's footer lies."""

STARGZ_DIGEST: Final = "containerd.io/snapshot/stargz/toc.digest"
"""The digest of the table as JSON, of either form."""
CHUNKED_PREFIXES: Final = ("io.github.containers.zstd-chunked.", "io.containers.zstd-chunked.")
"""Of `manifest-checksum`, the digest of the table as stored, and `manifest-position`; the second form is older."""

_STARGZ_FOOTER: Final = re.compile(
    rb"\x1f\x8b\x08\x04.{6}(?:\x1a\x00SG)?\x16\x00([0-9a-f]{16})STARGZ\x01\x00\x00\xff\xff\0{8}\Z", re.DOTALL
)
"""With the subfield that RFC 1952 asks for, or without, as the stargz of before wrote it."""
_SKIPPABLE: Final = b"\x50\x2a\x4d\x18"
_CHUNKED_MAGICS: Final = (b"GNUlInUx", b"GnUlInUx")
"""containers/storage writes the first, skopeo 1.9 and nerdctl the second."""
_EXTERNAL_FOOTER: Final = re.compile(rb"\x1f\x8b\x08\x04.{6}\x15\x00SG\x11\x00STARGZEXTERNALTOC.{13}\Z", re.DOTALL)
_CHUNKED_FOOTERS: Final = (64, 40)
_POSITION: Final = re.compile(r"(\d{1,19}):(\d{1,19}):(\d{1,19}):1")


class TableForm(StrEnum):
    """How a table is stored: in the last member of an eStargz blob, or in a skippable frame of a zstd:chunked one."""

    ESTARGZ = "eStargz"
    ZSTD_CHUNKED = "zstd:chunked"


class TablePlace(Struct, frozen=True):
    """The bytes of a blob, from `offset` on, that are a table as stored."""

    form: TableForm
    offset: int
    size: int


class TableClaim(Struct, frozen=True):
    """A table that a runtime would use.

    `digest` is what the manifest says of it, None where only the blob's own end leads to it; it is that of the table as
    stored with `is_of_stored`, else of its JSON. `place` is None where the blob's end has to be asked. `problem` says
    what is wrong with the manifest's own words.
    """

    digest: Digest | None
    is_of_stored: bool = False
    place: TablePlace | None = None
    problem: str | None = None


def list_claims(annotations: Mapping[str, str]) -> tuple[TableClaim, ...]:
    """The tables that a descriptor's annotations name, once each; a claim with a problem where they cannot be read."""
    claims: dict[TableClaim, None] = {}
    if STARGZ_DIGEST in annotations:
        digest = _parse_digest(annotations[STARGZ_DIGEST])
        claims[TableClaim(digest, problem=None if digest else _tell_odd(STARGZ_DIGEST, annotations))] = None
    for prefix in CHUNKED_PREFIXES:
        names = f"{prefix}manifest-checksum", f"{prefix}manifest-position"
        if not any(name in annotations for name in names):
            continue
        digest, position = (
            _parse_digest(annotations.get(names[0], "")),
            _POSITION.fullmatch(annotations.get(names[1], "")),
        )
        if digest is None or position is None:
            claims[TableClaim(digest, problem=_tell_odd(names[position is None], annotations))] = None
        else:
            place = TablePlace(TableForm.ZSTD_CHUNKED, int(position[1]), int(position[2]))
            claims[TableClaim(digest, is_of_stored=True, place=place)] = None
    return tuple(claims)


def parse_footer(tail: bytes, blob_size: int) -> TablePlace | None:
    """The place that the end of a blob names; None where it is no such footer. `tail` is the last bytes of the blob."""
    stargz = _STARGZ_FOOTER.search(tail[-51:])
    if stargz is not None:
        offset = int(stargz[1], 16)
        return TablePlace(TableForm.ESTARGZ, offset, max(blob_size - len(stargz[0]) - offset, 0))
    if not tail.endswith(_CHUNKED_MAGICS):
        return None
    for size in _CHUNKED_FOOTERS:
        if tail[-size - 8 : -size] == _SKIPPABLE + size.to_bytes(4, "little"):
            footer = tail[-size:]
            offset, stored = int.from_bytes(footer[:8], "little"), int.from_bytes(footer[8:16], "little")
            return TablePlace(TableForm.ZSTD_CHUNKED, offset, stored)
    return None


def is_elsewhere(tail: bytes) -> bool:
    """Whether the end of an eStargz blob says that its table lies in another image."""
    return _EXTERNAL_FOOTER.search(tail) is not None


def _tell_odd(name: str, annotations: Mapping[str, str]) -> str:
    found = annotations.get(name, "")[:200]
    return f"the annotation {name} is {found!r}, which runtimes read in different ways or not at all"


def _parse_digest(text: str) -> Digest | None:
    try:
        return Digest.parse(text)
    except ReferenceSyntaxError:
        return None
