"""The `direct_url.json` of a dist-info: a distribution that was installed from an address instead of an index.

https://packaging.python.org/en/latest/specifications/direct-url-data-structure/
"""

import re
from typing import Final

import msgspec
from msgspec import Struct

from layerscope.errors import FormatError

CONTENT_LIMIT: Final = 65536
"""Bytes of the file; real ones have some 200."""

TEXT_LIMIT: Final = 500
"""Characters of an address that are kept."""

_CREDENTIALS: Final = re.compile(r"(?<=://)[^/@\s]*@")


class DirectUrl(Struct, frozen=True):
    """The address without credentials and query; the commit, where it is that of a repository."""

    url: str
    is_editable: bool = False
    commit: str = ""


class _VcsInfo(msgspec.Struct):
    commit_id: str = ""


class _DirInfo(msgspec.Struct):
    editable: bool = False


class _Document(msgspec.Struct):
    url: str
    vcs_info: _VcsInfo = msgspec.field(default_factory=_VcsInfo)
    dir_info: _DirInfo = msgspec.field(default_factory=_DirInfo)


def parse_direct_url(content: bytes) -> DirectUrl:
    """The address; raises FormatError for what is no such document."""
    if len(content) > CONTENT_LIMIT:
        raise FormatError(f"reading a direct_url.json: more than {CONTENT_LIMIT:,} bytes")
    try:
        document = msgspec.json.decode(content, type=_Document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"reading a direct_url.json: {error}") from error
    url = _CREDENTIALS.sub("", document.url.partition("?")[0])[:TEXT_LIMIT]
    return DirectUrl(url, document.dir_info.editable, document.vcs_info.commit_id[:64])
