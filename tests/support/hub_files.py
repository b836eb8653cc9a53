"""A model in the hub's cache as members of a layer: blobs by digest, a snapshot of links, and a reference."""

import hashlib
from collections.abc import Mapping
from typing import Final

from support.tar_member import TarMember, file, symlink

WHOLE: Final[Mapping[str, bytes]] = {"config.json": b"{}", "model.safetensors": b"weights"}


def cache(place: str, files: Mapping[str, bytes] = WHOLE) -> list[TarMember]:
    """acme/tiny in the cache at that place, its one snapshot named abc."""
    folder = f"{place}/models--acme--tiny"
    blobs = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return [
        *(file(f"{folder}/blobs/{blobs[name]}", content) for name, content in files.items()),
        *(symlink(f"{folder}/snapshots/abc/{name}", f"../../blobs/{digest}") for name, digest in blobs.items()),
        file(f"{folder}/refs/main", b"abc"),
    ]
