"""The next version of a benchmark image: the same layers and one more, which shares their bytes on disk."""

import json
import os
import random
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.store import Form, StoredImage
from benchmarks.synthetic import MODIFIED, PIECE, write_document, write_layer

LIBRARY_PIECES = 48
SOURCES = 2_000
FOLDER = "srv/release"
REMOVED = "app/main.py"
STEP = {"created": "2024-02-01T00:00:00Z", "created_by": "COPY release /"}


def write_next(image: StoredImage, folder: Path) -> None:
    """Write an OCI layout of an image with one more layer: new files, one that is changed, one that is gone."""
    assert image.form is not Form.DOCKER_ARCHIVE
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    manifest, config = _read_documents(image.path)
    for descriptor in manifest["layers"]:
        _link(_blob(image.path, descriptor), _blob(folder, descriptor))
    diff_id, layer = write_layer(blobs, _release_layer())
    config["rootfs"]["diff_ids"].append(diff_id)
    config["history"].append(STEP)
    _write_layout(folder, config, [*manifest["layers"], layer])


def write_top(following: StoredImage, folder: Path) -> None:
    """Write an OCI layout of the last layer of an image alone."""
    (folder / "blobs" / "sha256").mkdir(parents=True)
    manifest, config = _read_documents(following.path)
    layer = manifest["layers"][-1]
    _link(_blob(following.path, layer), _blob(folder, layer))
    config["rootfs"]["diff_ids"] = config["rootfs"]["diff_ids"][-1:]
    config["history"] = config["history"][-1:]
    _write_layout(folder, config, [layer])


def _write_layout(folder: Path, config: dict[str, Any], layers: list[dict[str, Any]]) -> None:
    blobs = folder / "blobs" / "sha256"
    described = write_document(blobs, config, "application/vnd.oci.image.config.v1+json")
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": described,
        "layers": layers,
    }
    found = write_document(blobs, manifest, str(manifest["mediaType"]))
    found["annotations"] = {"org.opencontainers.image.ref.name": "1"}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [found]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def _read_documents(layout: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """An image's manifest and config."""
    index = json.loads((layout / "index.json").read_bytes())
    manifest = json.loads(_blob(layout, index["manifests"][0]).read_bytes())
    return manifest, json.loads(_blob(layout, manifest["config"]).read_bytes())


def _blob(layout: Path, descriptor: dict[str, Any]) -> Path:
    algorithm, _, encoded = str(descriptor["digest"]).partition(":")
    return layout / "blobs" / algorithm / encoded


def _link(source: Path, target: Path) -> None:
    """The same bytes under another name; a copy where the two lie on different disks."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _release_layer() -> Iterator[bytes]:
    """A layer as a release brings it: a large library, many small sources, a changed file, a whiteout."""
    choice = random.Random(2)  # noqa: S311 -- the same layer every time, and no secret
    yield _header(f"{FOLDER}/libmodel.so", LIBRARY_PIECES * PIECE)
    for _ in range(LIBRARY_PIECES):  # what this process holds would be taken for the peak of all that it starts
        yield choice.randbytes(PIECE)
    for number in range(SOURCES):
        yield _entry(f"{FOLDER}/part_{number % 40:02}/step_{number:04}.py", f"RELEASE = {number}\n".encode())
    yield _entry("etc/issue", b"release\n")
    folder, _, name = REMOVED.rpartition("/")
    yield _entry(f"{folder}/.wh.{name}", b"")
    yield bytes(2 * tarfile.BLOCKSIZE)


def _entry(name: str, content: bytes) -> bytes:
    """A file with its header, padded."""
    return _header(name, len(content)) + content + bytes(-len(content) % tarfile.BLOCKSIZE)


def _header(name: str, size: int) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime = size, MODIFIED
    return entry.tobuf(tarfile.USTAR_FORMAT)
