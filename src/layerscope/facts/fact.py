"""Fact and Evidence: something read from the image, and what it rests on."""

from msgspec import Struct


class Evidence(Struct, frozen=True):
    """Where a fact was seen: a layer (zero-based, bottom first), a path in it, both, or neither (the config).

    `path` has no leading slash; the report adds it.
    """

    layer: int | None = None
    path: str | None = None
    detail: str = ""


class Fact(Struct, frozen=True):
    """Base of every fact: a frozen struct with the evidence it rests on."""

    evidence: Evidence
