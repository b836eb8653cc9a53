"""An OCI layout as one tar, which `docker load` of every version and `podman load` read, too.

Engines before 25 look for `manifest.json` alone, later ones and OCI tools for `index.json`; both are in it, as in what
`docker save` writes from version 25 on.
"""

import json
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from layerscope.fixes.surgery.image_writer import NewImage
from layerscope.layers.limits import MIB
from layerscope.layers.tar_header import BLOCK
from layerscope.sources.contents import blob_name

_MODE: Final = 0o644
_END: Final = bytes(2 * BLOCK)


def iter_archive(folder: Path, new: NewImage, tags: Sequence[str]) -> Iterator[bytes]:
    """The tar of the layout in `folder`, the same bytes each time; `tags` are full names for engines."""
    entry = {
        "Config": blob_name(new.config.digest),
        "RepoTags": list(tags) or None,
        "Layers": [blob_name(layer.descriptor.digest) for layer in new.written],
    }
    listing = json.dumps([entry], separators=(",", ":")).encode()
    yield _render_header("manifest.json", len(listing))
    yield listing + bytes(-len(listing) % BLOCK)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield from _iter_file(path, path.relative_to(folder).as_posix())
    yield _END


def _iter_file(path: Path, name: str) -> Iterator[bytes]:
    size = path.stat().st_size
    yield _render_header(name, size)
    with path.open("rb") as file:
        while chunk := file.read(MIB):
            yield chunk
    yield bytes(-size % BLOCK)


def _render_header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, _MODE
    return member.tobuf(tarfile.PAX_FORMAT)
