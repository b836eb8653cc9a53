"""The xz decoder: the standard library's, with a ceiling on the memory that a stream's dictionary takes."""

from lzma import FORMAT_XZ, LZMADecompressor, LZMAError

from layerscope.layers.limits import MAX_XZ_MEMORY, MIB, LimitPassedError

__all__ = ["LZMAError", "XzDecoder"]

_PASSED = "Memory usage limit exceeded"
"""What the standard library calls LZMA_MEMLIMIT_ERROR; it has no class of its own."""


class XzDecoder:
    """A decoder of one xz stream; raises LimitPassedError where that takes too much memory, else LZMAError."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._decoder = LZMADecompressor(FORMAT_XZ, memlimit=MAX_XZ_MEMORY)

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        """What came beyond the stream."""
        return self._decoder.unused_data

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes out without further bytes."""
        return self._decoder.needs_input

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """At most `max_length` bytes more."""
        try:
            return self._decoder.decompress(data, max_length)
        except LZMAError as error:
            if str(error) != _PASSED:
                raise
            detail = f"xz: a dictionary that takes more than {MAX_XZ_MEMORY // MIB} MiB of memory, the limit"
            raise LimitPassedError(detail) from error
