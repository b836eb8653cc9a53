"""Spooling: a stream written to a temporary file without a name, for reading at any place."""

import os

from layerscope.errors import SourceError
from layerscope.image.layer import ByteStream
from layerscope.sources.stored_file import HeldFile

_CHUNK = 1 << 20


def spool(stream: ByteStream, directory: str | None = None, *, where: str) -> HeldFile:
    """Return a file with everything that `stream` holds, in `directory` or where temporary files go.

    The file has no name (O_TMPFILE), so that it is gone with the process, however that ends.
    """
    import tempfile

    folder = directory or tempfile.gettempdir()
    try:
        file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  # it lives as long as the HeldFile
    except OSError as error:
        raise SourceError(f"spooling {where}: no temporary file in {folder}: {error.strerror}") from error
    try:
        while chunk := stream.read(_CHUNK):
            _write(file.fileno(), chunk)
    except OSError as error:
        file.close()
        raise SourceError(f"spooling {where} in {folder}: {error.strerror}, expected room for all of it") from error
    except BaseException:
        file.close()
        raise
    return HeldFile(file, where=where, identity=None)


def _write(descriptor: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
