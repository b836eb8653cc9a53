"""Damage: what goes wrong with a layer's bytes on disk or on their way."""

from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """Which bytes are damaged."""

    TAR = "tar"
    """The uncompressed tar, before it is compressed."""
    BLOB = "blob"
    """The stored bytes, after compression."""


@dataclass(frozen=True)
class Damage:
    """One change to a layer's bytes.

    `flip` inverts the byte at that offset (from the end where negative), `drop` takes that many bytes off the end,
    `append` puts bytes there. `sealed` damage is described truly by digest, size and DiffID, as a broken build tool
    would leave it; other damage is not, as a broken disk would leave it.
    """

    place: Place = Place.BLOB
    flip: int | None = None
    drop: int = 0
    append: bytes = b""
    sealed: bool = False

    def apply(self, content: bytes) -> bytes:
        """The content, damaged."""
        damaged = bytearray(content)
        if self.flip is not None:
            damaged[self.flip] ^= 0xFF
        if self.drop:
            del damaged[-self.drop :]
        return bytes(damaged) + self.append


def apply_damage(content: bytes, damages: tuple[Damage, ...], place: Place, *, sealed: bool) -> bytes:
    """The content after all damage of one place that is, or is not, sealed."""
    for damage in damages:
        if damage.place is place and damage.sealed is sealed:
            content = damage.apply(content)
    return content
