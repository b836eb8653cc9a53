"""The reference: what the standard library alone takes to check every digest of an image, one layer after the other."""

import gzip
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path
from typing import IO, BinaryIO

CHUNK = 1 << 20


class HashingReader(io.RawIOBase):
    """A readable stream that hashes what passes through it."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile) -> None:
        """Read from this stream."""
        super().__init__()
        self._stream = stream
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read up to this many bytes and hash them."""
        content = self._stream.read(size)
        self.sha256.update(content)
        return content


def audit_archive(path: Path) -> dict[str, int]:
    """Prove every DiffID of a docker archive and hash every file; returns the entries by layer."""
    with tarfile.open(path, "r:") as archive:
        members = {member.name: member for member in archive}
        manifest = json.loads(_read(archive, members["manifest.json"]))[0]
        config = json.loads(_read(archive, members[manifest["Config"]]))
        entries = {}
        for name, diff_id in zip(manifest["Layers"], config["rootfs"]["diff_ids"], strict=True):
            stream = archive.extractfile(members[name])
            assert stream is not None
            _prove(_hash(stream), diff_id)
            stream.seek(0)
            with tarfile.open(fileobj=stream, mode="r:") as layer:
                entries[name] = _hash_files(layer)
    return entries


def audit_layout(path: Path) -> dict[str, int]:
    """Prove every blob and DiffID of an OCI layout with gzip'ed layers and hash every file."""
    index = json.loads((path / "index.json").read_bytes())
    manifest = json.loads(_blob(path, index["manifests"][0]["digest"]).read_bytes())
    config = json.loads(_blob(path, manifest["config"]["digest"]).read_bytes())
    entries = {}
    for layer, diff_id in zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True):
        with _blob(path, layer["digest"]).open("rb") as file:
            stored = HashingReader(file)
            entries[layer["digest"]] = _audit_compressed(gzip.GzipFile(fileobj=stored), diff_id)
            _exhaust(stored)
        _prove(stored.sha256.hexdigest(), layer["digest"])
    return entries


def _audit_compressed(stream: gzip.GzipFile, diff_id: str) -> int:
    """The entries of a stream that can be read once only."""
    plain = HashingReader(stream)
    with tarfile.open(fileobj=plain, mode="r|", bufsize=CHUNK) as layer:
        count = _hash_files(layer)
    _exhaust(plain)
    _prove(plain.sha256.hexdigest(), diff_id)
    return count


def _hash_files(layer: tarfile.TarFile) -> int:
    count = 0
    for member in layer:
        count += 1
        content = layer.extractfile(member) if member.isreg() else None
        if content:
            _hash(content)
    return count


def _hash(stream: IO[bytes]) -> str:
    sha256 = hashlib.sha256()
    while content := stream.read(CHUNK):
        sha256.update(content)
    return sha256.hexdigest()


def _exhaust(stream: HashingReader) -> None:
    while stream.read(CHUNK):
        pass


def _prove(found: str, expected: str) -> None:
    if f"sha256:{found}" != expected:
        raise SystemExit(f"auditing with the standard library: found sha256:{found}, expected {expected}")


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    assert stream is not None
    return stream.read()


def _blob(path: Path, digest: str) -> Path:
    return path / "blobs" / digest.replace(":", "/")


if __name__ == "__main__":
    place = Path(sys.argv[1])
    found = audit_layout(place) if place.is_dir() else audit_archive(place)
    print(json.dumps({"layers": len(found), "entries": sum(found.values())}))
