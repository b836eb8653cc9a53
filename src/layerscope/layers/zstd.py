"""The zstd binding: the standard library's from Python 3.14 on, its backport before."""

import sys

if sys.version_info >= (3, 14):
    from compression.zstd import (
        CompressionParameter,
        DecompressionParameter,
        ZstdCompressor,
        ZstdDecompressor,
        ZstdError,
    )
else:
    from backports.zstd import CompressionParameter, DecompressionParameter, ZstdCompressor, ZstdDecompressor, ZstdError

__all__ = ["ZstdCompressor", "ZstdDecompressor", "ZstdError", "open_decoder", "open_encoder"]


def open_decoder(window_log: int) -> ZstdDecompressor:
    """A decoder of one frame that refuses windows above two to the power of `window_log` bytes."""
    return ZstdDecompressor(options={DecompressionParameter.window_log_max: window_log})


def open_encoder(level: int, *, workers: int, job_size: int) -> ZstdCompressor:
    """An encoder of one frame that carries a checksum; it compresses jobs of that many bytes in threads of its own."""
    options: dict[int, int] = {
        CompressionParameter.compression_level: level,
        CompressionParameter.nb_workers: workers,
        CompressionParameter.job_size: job_size,
        CompressionParameter.checksum_flag: 1,
    }
    return ZstdCompressor(options=options)
