"""A digest: the algorithm and hexadecimal value that name content.

Grammar: https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
"""

import hashlib
import re

from msgspec import Struct

from layerscope.errors import ReferenceSyntaxError

HEX_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
"""Registered algorithms and the length of their lower-case hexadecimal value."""

_HEX = re.compile(r"[a-f0-9]+")


class Digest(Struct, frozen=True, order=True):
    """An `algorithm:hex` pair; always valid once constructed by `parse`."""

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """Return the digest that `text` spells; raises ReferenceSyntaxError otherwise."""
        algorithm, colon, value = text.partition(":")
        expected = HEX_LENGTHS.get(algorithm)
        if not colon or expected is None:
            known = ", ".join(HEX_LENGTHS)
            raise ReferenceSyntaxError(f"digest {text[:80]!r}: expected ALGORITHM:HEX with one of {known}")
        if len(value) != expected or not _HEX.fullmatch(value):
            raise ReferenceSyntaxError(f"digest {text[:160]!r}: expected {expected} lower-case hexadecimal digits")
        return cls(algorithm, value)

    @classmethod
    def of(cls, content: bytes | memoryview, algorithm: str = "sha256") -> "Digest":
        """Return the digest of `content` by a registered algorithm."""
        return cls(algorithm, hashlib.new(algorithm, content).hexdigest())

    @property
    def short(self) -> str:
        """The first twelve hexadecimal digits, as engines print them."""
        return self.hex[:12]

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"
