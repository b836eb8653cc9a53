"""ImageFacts: what the contents and the config of an image amount to, and the bytes it is kept as between audits."""

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from layerscope.errors import CacheError
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.gap import Gap
from layerscope.filesystem.weight import Weight


class ImageFacts(Struct, frozen=True):
    """An image's weight, its facts and its gaps."""

    weight: Weight
    facts: FactSet
    gaps: tuple[Gap, ...]


class _Record(msgspec.Struct, array_like=True, frozen=True):
    """Facts are grouped by the name of their type."""

    weight: Weight
    gaps: tuple[Gap, ...]
    facts: dict[str, msgspec.Raw]


_ENCODER: Final = msgspec.msgpack.Encoder()


def encode_image_facts(known: ImageFacts) -> bytes:
    """Return the bytes that `decode_image_facts` turns back; raises CacheError for values that cannot be stored.

    Those are names that are not UTF-8 and numbers beyond 64 bits.
    """
    groups: dict[str, list[Fact]] = {}
    for fact in known.facts:
        groups.setdefault(_name(type(fact)), []).append(fact)
    try:
        facts = {name: msgspec.Raw(_ENCODER.encode(group)) for name, group in groups.items()}
        return _ENCODER.encode(_Record(known.weight, known.gaps, facts))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise CacheError(f"writing the facts of an image to the cache: {error}") from error


def decode_image_facts(content: memoryview) -> ImageFacts:
    """Return what `encode_image_facts` was given; raises CacheError for anything else."""
    try:
        record = msgspec.msgpack.decode(content, type=_Record)
        types = {_name(kind): kind for kind in _iter_types(Fact)}
        facts: list[Fact] = []
        for name, group in record.facts.items():
            facts.extend(msgspec.msgpack.decode(group, type=list[types[name]]))  # type: ignore[valid-type] # by name
    except (msgspec.MsgspecError, KeyError, ValueError, TypeError, RecursionError) as error:
        raise CacheError(f"reading the facts of an image from the cache: {error}") from error
    return ImageFacts(record.weight, FactSet(facts), record.gaps)


def _iter_types(kind: type[Fact]) -> Iterator[type[Fact]]:
    """All kinds of fact below one."""
    for below in kind.__subclasses__():
        yield below
        yield from _iter_types(below)


def _name(kind: type[Fact]) -> str:
    """What a kind of fact is called in the cache."""
    return f"{kind.__module__}.{kind.__qualname__}"
