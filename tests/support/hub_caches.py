"""Caches of the hub, whole or with one fault, as its client lays them out."""

from pathlib import Path
from typing import Final

from support import faulty_models as faulty

NAME: Final = "layerscope/canary"
REVISION: Final = "4d" * 20


def put_in_cache(
    home: Path,
    name: str = NAME,
    *,
    has_ref: bool = True,
    has_blobs: bool = True,
    change: faulty.Change | None = None,
) -> Path:
    """The canary under that name in the cache of an HF_HOME, with that changed; returns the repository's folder."""
    place = home / "hub" / f"models--{name.replace('/', '--')}"
    faulty.write_model(place / "blobs", change)
    snapshot = place / "snapshots" / REVISION
    snapshot.mkdir(parents=True)
    for blob in sorted((place / "blobs").iterdir()):
        (snapshot / blob.name).symlink_to(f"../../blobs/{blob.name}")
        if not has_blobs:
            blob.unlink()
    if not has_blobs:
        (place / "blobs").rmdir()
    if has_ref:
        (place / "refs").mkdir()
        (place / "refs/main").write_text(REVISION)
    return place
