"""A record in `conda-meta`: one conda package of an environment.

The keys are those of a PrefixRecord (https://conda.github.io/conda-libmamba-solver/ and conda's `models/records.py`).
"""

import re
from typing import Final

import msgspec
from msgspec import Struct

from layerscope.errors import FormatError

CONTENT_LIMIT: Final = 16 << 20
"""Bytes of one record, which lists every file with its hash; that of a CUDA toolkit has some 3,000,000."""

DEPENDS_LIMIT: Final = 1_000
"""Dependencies of one package."""

TEXT_LIMIT: Final = 300
"""Characters of one text."""

_TOKEN: Final = re.compile(r"/t/[^/]+")
"""A credential in the address of a channel: https://docs.conda.io/projects/conda/en/stable/user-guide/configuration/."""


class CondaPackage(Struct, frozen=True):
    """Name, version, build string, where it came from, and match specifications of what it needs."""

    name: str
    version: str
    build: str
    channel: str = ""
    depends: tuple[str, ...] = ()


class _Record(msgspec.Struct):
    name: str
    version: str
    build: str = ""
    channel: str = ""
    depends: list[str] = []


def parse_conda_meta(content: bytes) -> CondaPackage:
    """The package; raises FormatError for what is no such record."""
    if len(content) > CONTENT_LIMIT:
        raise FormatError(f"reading a conda record: more than {CONTENT_LIMIT:,} bytes")
    try:
        record = msgspec.json.decode(content, type=_Record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"reading a conda record: {error}") from error
    if len(record.depends) > DEPENDS_LIMIT:
        raise FormatError(f"reading a conda record: {len(record.depends):,} dependencies, limit {DEPENDS_LIMIT:,}")
    return CondaPackage(
        name=record.name[:TEXT_LIMIT],
        version=record.version[:TEXT_LIMIT],
        build=record.build[:TEXT_LIMIT],
        channel=_TOKEN.sub("", record.channel.rpartition("@")[2])[:TEXT_LIMIT],
        depends=tuple(text[:TEXT_LIMIT] for text in record.depends),
    )
