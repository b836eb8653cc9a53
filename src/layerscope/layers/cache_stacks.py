"""What the cache keeps of whole stacks of layers: which audited images are made of them."""

from typing import Final

import msgspec

from layerscope.errors import CacheError

MAX_STACK_IMAGES: Final = 8
"""Images kept of one stack: it is known by the first ones, not by every tag that it ever had."""


class StackImage(msgspec.Struct, array_like=True, frozen=True):
    """An image made of exactly these layers: its name, and the digests of its manifest and index where it had them."""

    reference: str
    digests: tuple[str, ...] = ()


_IMAGES = msgspec.msgpack.Decoder(tuple[StackImage, ...])


def encode_stack(images: tuple[StackImage, ...]) -> bytes:
    """Return the bytes that `decode_stack` turns back."""
    return msgspec.msgpack.encode(images)


def decode_stack(content: memoryview) -> tuple[StackImage, ...]:
    """Return the images; raises CacheError for anything else."""
    try:
        return _IMAGES.decode(content)
    except msgspec.MsgspecError as error:
        raise CacheError(f"reading which images a stack of layers makes: {error}") from error
