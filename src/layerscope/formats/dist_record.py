"""The `RECORD` of a dist-info: every file that its distribution put there, with hash and size.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

import csv
from array import array
from binascii import Error as Base64Error
from binascii import a2b_base64
from io import StringIO
from typing import Final

from msgspec import Struct

from layerscope.errors import FormatError

ROWS_LIMIT: Final = 500_000
"""Files of one distribution; the largest seen has some 20,000."""

DIGEST_SIZE: Final = 32
"""Bytes of a SHA-256."""

NO_DIGEST: Final = bytes(DIGEST_SIZE)
"""Stands where a row gives no SHA-256: that of RECORD itself, and byte-code."""

NO_SIZE: Final = -1
"""Stands where a row gives no size."""

_SIZE_DIGITS: Final = 15
_TRANSLATION: Final = bytes.maketrans(b"-_", b"+/")


class DistRecord(Struct, frozen=True):
    """Rows in columns: paths as written, 32 bytes of SHA-256 a row, and sizes."""

    paths: tuple[str, ...]
    digests: bytes
    sizes: "array[int]"


def parse_dist_record(content: bytes) -> DistRecord:
    """The rows; raises FormatError for what csv refuses and for too many rows. Bytes beside UTF-8 become surrogates."""
    paths: list[str] = []
    digests = bytearray()
    sizes = array("q")
    try:
        for row in csv.reader(StringIO(content.decode("utf-8", "surrogateescape"), newline="")):
            if not row or not row[0] or "\0" in row[0]:
                continue
            paths.append(row[0])
            digests += _read_digest(row[1]) if len(row) > 1 else NO_DIGEST
            sizes.append(_read_size(row[2]) if len(row) > 2 else NO_SIZE)  # noqa: PLR2004 - path, hash and size
            if len(paths) > ROWS_LIMIT:
                raise FormatError(f"reading a RECORD: more than {ROWS_LIMIT:,} rows")
    except csv.Error as error:
        raise FormatError(f"reading a RECORD: row {len(paths) + 1:,}: {error}") from error
    return DistRecord(tuple(paths), bytes(digests), sizes)


def _read_digest(text: str) -> bytes:
    """The raw SHA-256 of `sha256=…` (base64 for URLs, without padding); zeros for anything else."""
    if not text.startswith("sha256="):
        return NO_DIGEST
    try:
        digest = a2b_base64(text[7:].encode().translate(_TRANSLATION) + b"==")
    except (Base64Error, UnicodeEncodeError):
        return NO_DIGEST
    return digest if len(digest) == DIGEST_SIZE else NO_DIGEST


def _read_size(text: str) -> int:
    """The number of bytes, where there is one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _SIZE_DIGITS else NO_SIZE
