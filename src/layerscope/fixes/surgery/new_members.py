"""Members of a layer that no layer had before: directories, and files with the content of one of the host."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

from layerscope.fixes.surgery.cuts import Attributes, NewFile
from layerscope.fixes.surgery.new_content import iter_content
from layerscope.fixes.surgery.new_header import make_directory, make_file
from layerscope.fixes.surgery.raw_members import RawMember
from layerscope.fixes.surgery.times import clamp_head
from layerscope.layers.path import WHITEOUT_PREFIX
from layerscope.layers.stages import Chunk
from layerscope.layers.tar_header import BLOCK

_NOBODYS: Final = Attributes(0, 0, 0, 0)


def iter_members(top: Mapping[str, NewFile | Attributes], latest: int | None) -> Iterator[Chunk]:
    """Each of the files and, given by their attributes alone, directories; in order, without what ends a tar."""
    for path, new in top.items():
        yield from iter_file(path, new, latest) if isinstance(new, NewFile) else iter_directory(path, new, latest)


def iter_file(path: str, file: NewFile, latest: int | None) -> Iterator[Chunk]:
    """The member of a file, whose time is not after `latest`; raises SourceError."""
    member = make_file(path, file.attributes, file.size)
    return chain((_render(member, latest),), iter_content(file), (bytes(-file.size % BLOCK),))


def iter_directory(path: str, attributes: Attributes, latest: int | None) -> Iterator[Chunk]:
    """The member of a directory, whose time is not after `latest`."""
    yield _render(make_directory(path, attributes), latest)


def iter_whiteout(path: str, latest: int | None) -> Iterator[Chunk]:
    """What removes a path from the layers below."""
    parent, slash, name = path.rpartition("/")
    yield _render(make_file(f"{parent}{slash}{WHITEOUT_PREFIX}{name}", _NOBODYS, 0), latest)


def _render(member: RawMember, latest: int | None) -> bytes:
    return member.head if latest is None else clamp_head(member, latest)
