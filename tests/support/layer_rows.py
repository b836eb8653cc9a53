"""Rows: what a container sees at each path, as an engine shows it and as layerscope says it."""

import hashlib
import io
import stat
import tarfile
from collections.abc import Sequence
from typing import Final, NamedTuple

from layerscope.filesystem.merge import merge_layers
from layerscope.layers.entry import EntryType
from layerscope.layers.index import LayerIndex

PERMISSIONS: Final = 0o7777
ENGINES_OWN: Final = frozenset({"", ".dockerenv", "dev", "etc", "proc", "run", "sys"})
"""What engines put into a container's root; random layers use no such name."""
_KINDS: Final = {
    tarfile.REGTYPE: EntryType.FILE,
    tarfile.DIRTYPE: EntryType.DIRECTORY,
    tarfile.SYMTYPE: EntryType.SYMLINK,
    tarfile.CHRTYPE: EntryType.CHARACTER_DEVICE,
    tarfile.BLKTYPE: EntryType.BLOCK_DEVICE,
    tarfile.FIFOTYPE: EntryType.FIFO,
}


class Row(NamedTuple):
    """What is at one path; `detail` is a symlink's target, a device's numbers, or the digest of a file's content."""

    kind: EntryType
    mode: int
    uid: int
    gid: int
    detail: str

    def __str__(self) -> str:
        detail = f" {self.detail[:12]}" if self.detail else ""
        return f"{self.kind.name.lower().replace('_', ' ')} {self.mode:04o} {self.uid}:{self.gid}{detail}"


def read_exported(content: bytes) -> dict[str, Row]:
    """The rows of an exported container, without what the engine put there."""
    rows: dict[str, Row] = {}
    with tarfile.open(fileobj=io.BytesIO(content), errors="surrogateescape") as archive:
        for member in archive:
            path = member.name.strip("/").removeprefix("./")
            if path.partition("/")[0] in ENGINES_OWN:
                continue
            rows[path] = rows[member.linkname.strip("/")] if member.islnk() else _describe(archive, member)
    return rows


def read_merged(indexes: Sequence[LayerIndex]) -> dict[str, Row]:
    """The rows of the merged tree."""
    rows = {}
    for node in merge_layers(indexes).walk():
        detail = node.link or (node.digest or b"").hex()
        if node.type in {EntryType.CHARACTER_DEVICE, EntryType.BLOCK_DEVICE}:
            detail = f"{node.device}"
        rows[node.path] = Row(node.type, node.mode, node.uid, node.gid, detail)
    return rows


def _describe(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Row:
    kind, detail = _KINDS[member.type], ""
    if kind is EntryType.SYMLINK:
        detail = member.linkname
    elif kind in {EntryType.CHARACTER_DEVICE, EntryType.BLOCK_DEVICE}:
        detail = f"{(member.devmajor, member.devminor)}"
    elif stream := archive.extractfile(member):
        detail = hashlib.sha256(stream.read()).hexdigest()
    return Row(kind, stat.S_IMODE(member.mode) & PERMISSIONS, member.uid, member.gid, detail)
