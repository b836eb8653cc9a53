"""Statement: one sentence of what an image's facts say of an error."""

from enum import StrEnum

from msgspec import Struct


class Bearing(StrEnum):
    """What a statement means for the error."""

    EXPLAINS = "explains"
    """The image shows why the error comes."""
    OPEN = "open"
    """It depends on what is not known: the GPU, the folder that is searched."""
    CONTRADICTS = "contradicts"
    """By its files the image has what the error misses."""


class Statement(Struct, frozen=True):
    """A sentence, and what it means for the error."""

    text: str
    bearing: Bearing
