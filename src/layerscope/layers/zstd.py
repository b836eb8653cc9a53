"""The zstd binding: the standard library's from Python 3.14 on, its backport before."""

import sys

if sys.version_info >= (3, 14):
    from compression.zstd import DecompressionParameter, ZstdDecompressor, ZstdError
else:
    from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdError

__all__ = ["ZstdDecompressor", "ZstdError", "open_decoder"]


def open_decoder(window_log: int) -> ZstdDecompressor:
    """A decoder of one frame that refuses windows above two to the power of `window_log` bytes."""
    return ZstdDecompressor(options={DecompressionParameter.window_log_max: window_log})
