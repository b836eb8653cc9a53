"""Writes layers with a table of contents, eStargz and zstd:chunked, truthful ones and others."""

import base64
import gzip
import hashlib
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.mediatype import MediaType
from support.built_image import digest_of, render_json
from support.compression import Packing, compress
from support.layouts import OCI, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Blobs
from support.memory_layer import MemoryLayer
from support.tar_writer import TRAILER, Kind, TarMember, file, write_member

Entries = list[dict[str, Any]]
Tamper = Callable[[Entries], object]

TYPES: Final = {
    Kind.FILE: "reg",
    Kind.HARDLINK: "hardlink",
    Kind.SYMLINK: "symlink",
    Kind.CHARACTER_DEVICE: "char",
    Kind.BLOCK_DEVICE: "block",
    Kind.DIRECTORY: "dir",
    Kind.FIFO: "fifo",
}


@dataclass(frozen=True)
class TableLayer:
    """A layer as stored, the tar in it, and what the manifest says of its table."""

    stored: bytes
    tar: bytes
    media_type: str
    annotations: Mapping[str, str] = field(default_factory=dict)


def list_entries(members: Sequence[TarMember]) -> Entries:
    """The entries that a truthful table has of these members; a file of several chunks has one for each."""
    entries: Entries = []
    for member in members:
        moment = datetime.fromtimestamp(member.mtime_ns // 10**9, UTC)
        entry: dict[str, Any] = {
            "name": member.name,
            "type": TYPES[member.kind],
            "mode": member.mode,
            "uid": member.uid,
            "gid": member.gid,
            "modtime": moment.isoformat().replace("+00:00", "Z"),
        }
        if member.kind is Kind.FILE and member.content:
            entry |= {"size": len(member.content), "digest": digest_of(member.content)}
        if member.link:
            entry["linkName"] = member.link
        if member.kind in {Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE}:
            entry |= {"devMajor": member.device[0], "devMinor": member.device[1]}
        if member.xattrs:
            entry["xattrs"] = {name: base64.b64encode(value).decode() for name, value in member.xattrs.items()}
        entries.append(entry)
        if len(member.content) > 1:
            entries.append({"name": member.name, "type": "chunk", "chunkOffset": 1})
    return entries


def write_estargz(
    members: Sequence[TarMember], tamper: Tamper = lambda _entries: None, *, behind: bool = False
) -> TableLayer:
    """An eStargz layer; `tamper` may change its table's entries.

    With `behind` the table follows the end of the tar, whose bytes BuildKit keeps as they are.
    """
    table = _render(members, tamper)
    pieces = [write_member(member) for member in members] + [TRAILER] * behind
    ending = write_member(file("stargz.index.json", table)) + TRAILER
    stored = b"".join(gzip.compress(piece, 6, mtime=0) for piece in pieces)
    stored += gzip.compress(ending, 6, mtime=0) + write_footer(len(stored))
    annotations = {"containerd.io/snapshot/stargz/toc.digest": digest_of(table)}
    return TableLayer(stored, b"".join(pieces) + ending, f"{OCI}layer.v1.tar+gzip", annotations)


def write_footer(offset: int) -> bytes:
    """The footer of an eStargz blob whose table begins at that byte."""
    extra = b"SG" + struct.pack("<H", 22) + b"%016xSTARGZ" % offset
    return (
        b"\x1f\x8b\x08\x04" + bytes(5) + b"\xff" + struct.pack("<H", len(extra)) + extra + b"\1\0\0\xff\xff" + bytes(8)
    )


def write_chunked(
    members: Sequence[TarMember], tamper: Tamper = lambda _entries: None, *, older: bool = False
) -> TableLayer:
    """A zstd:chunked layer as containers/storage writes it, or as its earlier versions did."""
    table = _render(members, tamper)
    tar = b"".join(write_member(member) for member in members) + TRAILER
    stored = compress(tar, Packing.ZSTD)
    packed = compress(table, Packing.ZSTD)
    offset = len(stored) + 8
    numbers = struct.pack("<4Q", offset, len(packed), len(table), 1)
    stored += _skippable(packed)
    if not older:
        stored += _skippable(b"tar-split")
        numbers += struct.pack("<3Q", offset + len(packed) + 8, 9, 9)
    stored += _skippable(numbers + b"GnUlInUx")
    prefix = "io.containers." if older else "io.github.containers."
    annotations = {
        f"{prefix}zstd-chunked.manifest-checksum": digest_of(packed),
        f"{prefix}zstd-chunked.manifest-position": f"{offset}:{len(packed)}:{len(table)}:1",
    }
    return TableLayer(stored, tar, f"{OCI}layer.v1.tar+zstd", annotations)


def write_table_layout(path: Path, layers: Sequence[TableLayer]) -> str:
    """Write an image of these layers as an OCI layout; returns how it is named."""
    blobs = Blobs()
    diff_ids = [f"sha256:{hashlib.sha256(layer.tar).hexdigest()}" for layer in layers]
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}}
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": blobs.add(render_json(config), OCI_CONFIG),
        "layers": [blobs.add(each.stored, each.media_type, annotations=dict(each.annotations)) for each in layers],
    }
    top = blobs.add(render_json(manifest), OCI_MANIFEST)
    (path / "blobs/sha256").mkdir(parents=True)
    for digest, content in blobs.content.items():
        (path / "blobs/sha256" / digest.partition(":")[2]).write_bytes(content)
    (path / "oci-layout").write_bytes(render_json({"imageLayoutVersion": "1.0.0"}))
    (path / "index.json").write_bytes(render_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [top]}))
    return f"oci-dir:{path}"


def make_layer(written: TableLayer) -> MemoryLayer:
    """The layer as a source offers it."""
    descriptor = Descriptor(
        MediaType(written.media_type), Digest.of(written.stored), len(written.stored), annotations=written.annotations
    )
    return MemoryLayer("layer", written.stored, Digest.of(written.tar), descriptor)


def _render(members: Sequence[TarMember], tamper: Tamper) -> bytes:
    entries = list_entries(members)
    tamper(entries)
    return render_json({"version": 1, "entries": entries})


def _skippable(content: bytes) -> bytes:
    return b"\x50\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content
