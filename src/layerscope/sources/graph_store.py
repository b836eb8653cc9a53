"""Images in a Docker engine's own store, read in place: `image/DRIVER` describes them, the driver keeps the files.

https://github.com/moby/moby/blob/v26.1.5/layer/filestore.go and image/fs.go
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from layerscope.errors import ImageError, SourceError
from layerscope.image.chain import chain_ids
from layerscope.image.config import parse_config
from layerscope.image.digest import Digest
from layerscope.image.image import Image
from layerscope.image.validate import check_digest
from layerscope.sources.contents import MissingContentError, read_document
from layerscope.sources.folder_layer import FolderLayer, make_folder_layer
from layerscope.sources.layout import DirectoryContents
from layerscope.sources.platforms import check_platform
from layerscope.sources.request import ImageRequest

LAYER_FOLDERS: Final[Mapping[str, Callable[[str], str]]] = {
    "overlay2": lambda cache_id: f"overlay2/{cache_id}/diff",
    "fuse-overlayfs": lambda cache_id: f"fuse-overlayfs/{cache_id}/diff",
    "vfs": lambda cache_id: f"vfs/dir/{cache_id}",
}
"""Where each driver keeps the files of a layer. That of vfs holds all files of the layers below as well."""

_CACHE_ID: Final = re.compile(r"[a-z0-9]{1,128}(?:-init)?")


def open_graph_image(root: Path, driver: str, image_id: Digest, request: ImageRequest, *, source: str) -> Image:
    """Return the image of that ID; raises SourceError and ImageError where it is not there or not as expected."""
    if driver not in LAYER_FOLDERS:
        raise SourceError(f"the storage driver {driver} is none of {', '.join(LAYER_FOLDERS)}")
    contents = DirectoryContents(str(root / "image" / driver))
    where = f"{contents.where}: config {image_id}"
    try:
        content = read_document(contents, f"imagedb/content/{image_id.algorithm}/{image_id.hex}")
    except MissingContentError as error:
        raise SourceError(f"{root} on this host is not the engine's storage: it has no image {image_id}") from error
    check_digest(content, image_id, where=where)
    config = parse_config(content, where=where)
    chains = chain_ids(config.rootfs)
    notes = check_platform(config, request.platform, None, where=request.reference)
    return Image(
        reference=request.reference,
        source=source,
        config=config,
        config_digest=image_id,
        layers=tuple(
            _find_layer(root, driver, contents, diff_id, chain)
            for diff_id, chain in zip(config.rootfs, chains, strict=True)
        ),
        notes=notes,
    )


def _find_layer(root: Path, driver: str, contents: DirectoryContents, diff_id: Digest, chain: Digest) -> FolderLayer:
    name = f"layerdb/{chain.algorithm}/{chain.hex}"
    if _read_word(contents, f"{name}/diff") != str(diff_id):
        raise ImageError(f"reading {contents.where}: {name}/diff: expected {diff_id}")
    cache_id = _read_word(contents, f"{name}/cache-id")
    if not _CACHE_ID.fullmatch(cache_id):
        raise ImageError(f"reading {contents.where}: {name}/cache-id: {cache_id[:80]!r}, expected a folder's name")
    folder = root / LAYER_FOLDERS[driver](cache_id)
    records = Path(contents.where) / name / "tar-split.json.gz"
    size = _read_word(contents, f"{name}/size")
    content_size = int(size) if size.isdecimal() else 0
    return make_folder_layer(diff_id, records=records, folder=folder, tar_size=None, content_size=content_size)


def _read_word(contents: DirectoryContents, name: str) -> str:
    return read_document(contents, name).decode("ascii", "replace").strip()
