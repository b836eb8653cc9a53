"""Images that only measure memory, written byte by byte: a million entries, and one layer of 20 GB."""

import hashlib
import json
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from isal import isal_zlib

BLOCK = 512
GZIP_WINDOW = 31  # zlib's word for a gzip stream
MILLION = 1_000_000
FILES_PER_FOLDER = 1_000
TWENTY_FILES = 40
TWENTY_FILE_SIZE = 500 * 10**6
PIECE = 1 << 20
NOISE = 1 << 14  # repeats within deflate's window, so 20 GB need little disk
MODIFIED = 1_700_000_000


def write_million(folder: Path) -> None:
    """Write an OCI layout whose one layer has a million entries, each with its own content."""
    write_layout(folder, _million_entries())


def write_twenty(folder: Path) -> None:
    """Write an OCI layout whose one layer holds 20 GB: 40 files of 500 MB."""
    write_layout(folder, _twenty_gigabytes())


def write_layout(folder: Path, tar: Iterable[bytes]) -> None:
    """Write an OCI layout of one gzip'ed layer, in constant memory."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    diff_id, layer = write_layer(blobs, tar)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        "history": [{"created": "2024-01-01T00:00:00Z", "created_by": "COPY . /"}],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": write_document(blobs, config, "application/vnd.oci.image.config.v1+json"),
        "layers": [layer],
    }
    described = write_document(blobs, manifest, "application/vnd.oci.image.manifest.v1+json")
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [described]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def write_layer(blobs: Path, tar: Iterable[bytes]) -> tuple[str, dict[str, object]]:
    """The DiffID and the descriptor of a layer written as gzip."""
    plain, stored = hashlib.sha256(), hashlib.sha256()
    deflate = isal_zlib.compressobj(level=1, wbits=GZIP_WINDOW)
    passing = blobs / "layer"
    with passing.open("wb") as file:
        for chunk in tar:
            plain.update(chunk)
            packed = deflate.compress(chunk)
            stored.update(packed)
            file.write(packed)
        packed = deflate.flush()
        stored.update(packed)
        file.write(packed)
    size = passing.stat().st_size
    passing.rename(blobs / stored.hexdigest())
    return f"sha256:{plain.hexdigest()}", {
        "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
        "digest": f"sha256:{stored.hexdigest()}",
        "size": size,
    }


def write_document(blobs: Path, document: object, media_type: str) -> dict[str, object]:
    """The descriptor of a document written as JSON."""
    content = json.dumps(document).encode()
    digest = hashlib.sha256(content).hexdigest()
    (blobs / digest).write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def _million_entries() -> Iterator[bytes]:
    for folder in range(MILLION // FILES_PER_FOLDER):
        chunk = bytearray(_header(f"srv/data/part-{folder:04}/", 0, kind=b"5"))
        for number in range(FILES_PER_FOLDER - 1):
            content = b"record %d of part %d\n" % (number, folder)
            chunk += _header(f"srv/data/part-{folder:04}/record-{number:04}.json", len(content))
            chunk += content.ljust(BLOCK, b"\0")
        yield bytes(chunk)
    yield bytes(2 * BLOCK)


def _twenty_gigabytes() -> Iterator[bytes]:
    noise = random.Random(1).randbytes(NOISE)  # noqa: S311 -- the same image every time, and no secret
    piece = noise * (PIECE // NOISE)
    for number in range(TWENTY_FILES):
        yield _header(f"opt/models/weights-{number:05}-of-{TWENTY_FILES:05}.bin", TWENTY_FILE_SIZE)
        whole, rest = divmod(TWENTY_FILE_SIZE, PIECE)
        for position in range(whole):
            yield b"%16d" % (number * whole + position) + piece[16:]
        yield piece[:rest].ljust(-(-rest // BLOCK) * BLOCK, b"\0")
    yield bytes(2 * BLOCK)


def _header(name: str, size: int, *, kind: bytes = b"0") -> bytes:
    """A ustar header."""
    mode = 0o755 if kind == b"5" else 0o644
    fields = b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (mode, 0, 0, size, MODIFIED)
    head = name.encode().ljust(100, b"\0") + fields
    tail = kind + bytes(100) + b"ustar\x0000" + b"root".ljust(32, b"\0") + b"root".ljust(32, b"\0") + bytes(BLOCK - 329)
    total = sum(head) + sum(tail) + 8 * ord(" ")
    return head + b"%06o\0 " % total + tail


SYNTHETIC: dict[str, Callable[[Path], None]] = {"million": write_million, "twenty": write_twenty}
