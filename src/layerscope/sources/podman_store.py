"""Images in podman's store (containers-storage), read in place.

https://github.com/containers/storage/blob/v1.43.0/images.go and layers.go: `DRIVER-images` holds configs and manifests
by image, `DRIVER-layers` the tree of layers with their tar-split records, and the driver's folder their files.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layerscope.errors import ImageError, SourceError
from layerscope.image.config import parse_config
from layerscope.image.digest import Digest
from layerscope.image.document import JsonObject, parse_json
from layerscope.image.image import Image
from layerscope.image.manifest import MAX_LAYERS, Manifest, parse_document
from layerscope.image.validate import check_digest
from layerscope.sources.contents import read_document
from layerscope.sources.folder_layer import FolderLayer, make_folder_layer
from layerscope.sources.layout import DirectoryContents
from layerscope.sources.platforms import check_platform
from layerscope.sources.request import ImageRequest
from layerscope.sources.stored_file import HostFile

MAX_LAYER_LIST: Final = 64 << 20
"""Bytes of `layers.json`, which lists every layer of the host in some 600 bytes each."""
MAX_HOST_LAYERS: Final = 100_000
"""Layers of one host."""

_LAYER_FOLDERS: Final = {"overlay": "overlay/{}/diff", "vfs": "vfs/dir/{}"}
_PLAIN_KEY: Final = re.compile(r"[.0-9a-z]*")
_LAYER_ID: Final = re.compile(r"[a-z0-9]{1,128}")


@dataclass(frozen=True, slots=True)
class ListedLayer:
    """One layer of the host, as `layers.json` lists it."""

    id: str
    parent: str
    diff_id: str
    size: int


def open_podman_image(root: Path, driver: str, image_id: Digest, request: ImageRequest, *, source: str) -> Image:
    """Return the image of that ID; raises SourceError and ImageError where it is not there or not as expected."""
    if driver not in _LAYER_FOLDERS:
        raise SourceError(f"the storage driver {driver} is none of {', '.join(_LAYER_FOLDERS)}")
    top = _find_top_layer(root, driver, image_id)
    contents = DirectoryContents(str(root / f"{driver}-images" / image_id.hex))
    where = f"{contents.where}: config {image_id}"
    content = read_document(contents, name_big_data(str(image_id)))
    check_digest(content, image_id, where=where)
    config = parse_config(content, where=where)
    notes = check_platform(config, request.platform, None, where=request.reference)
    stack = _stack_layers(_read_layers(root, driver), top)
    found = [layer.diff_id for layer in stack]
    if found != [str(diff_id) for diff_id in config.rootfs]:
        raise ImageError(f"reading {root}: layers of image {image_id}: their DiffIDs are not those of the config")
    manifest, manifest_digest = _find_manifest(contents, image_id)
    return Image(
        reference=request.reference,
        source=source,
        config=config,
        config_digest=image_id,
        layers=tuple(
            _make_layer(root, driver, layer, diff_id) for layer, diff_id in zip(stack, config.rootfs, strict=True)
        ),
        manifest=manifest,
        manifest_digest=manifest_digest,
        notes=notes,
    )


def name_big_data(key: str) -> str:
    """Return the file that holds an image's document: keys with other than small letters, digits and dots in base64."""
    return key if _PLAIN_KEY.fullmatch(key) else "=" + base64.b64encode(key.encode()).decode()


def _find_top_layer(root: Path, driver: str, image_id: Digest) -> str:
    for entry in _read_list(root / f"{driver}-images" / "images.json"):
        if entry.get_text("id") == image_id.hex:
            return entry.require_text("layer")
    raise SourceError(f"{root} on this host is not podman's storage: it has no image {image_id}")


def _read_layers(root: Path, driver: str) -> Mapping[str, ListedLayer]:
    layers: dict[str, ListedLayer] = {}
    for entry in _read_list(root / f"{driver}-layers" / "layers.json"):
        layer = ListedLayer(
            id=entry.require_text("id"),
            parent=entry.get_text("parent"),
            diff_id=entry.get_text("diff-digest"),
            size=entry.get_integer("diff-size"),
        )
        layers[layer.id] = layer
    return layers


def _stack_layers(layers: Mapping[str, ListedLayer], top: str) -> list[ListedLayer]:
    """Return a layer and all below it, bottom first."""
    stack: list[ListedLayer] = []
    name = top
    while name:
        layer = layers.get(name)
        if layer is None or len(stack) >= MAX_LAYERS:
            raise SourceError(f"layer {name[:64]} of the image is not in podman's storage itself")
        stack.append(layer)
        name = layer.parent
    return stack[::-1]


def _make_layer(root: Path, driver: str, layer: ListedLayer, diff_id: Digest) -> FolderLayer:
    if not _LAYER_ID.fullmatch(layer.id):
        raise ImageError(f"reading {root}: layer {layer.id[:80]!r}: expected an ID of small letters and digits")
    folder = root / _LAYER_FOLDERS[driver].format(layer.id)
    records = root / f"{driver}-layers" / f"{layer.id}.tar-split.gz"
    return make_folder_layer(diff_id, records=records, folder=folder, tar_size=layer.size if layer.size > 0 else None)


def _find_manifest(contents: DirectoryContents, image_id: Digest) -> tuple[Manifest | None, Digest | None]:
    """Return the manifest that the image was made from with its digest, where podman kept one that fits."""
    if contents.find("manifest") is None:
        return None, None
    content = read_document(contents, "manifest")
    document = parse_document(content, where=f"{contents.where}: manifest")
    if isinstance(document, Manifest) and document.config.digest == image_id:
        return document, Digest.of(content)
    return None, None


def _read_list(path: Path) -> list[JsonObject]:
    """Return the entries of one of podman's lists."""
    file = HostFile.find(str(path))
    if file is None:
        raise SourceError(f"there is no {path} on this host")
    if file.size > MAX_LAYER_LIST:
        raise SourceError(f"reading {path}: {file.size} bytes, limit {MAX_LAYER_LIST}")
    content = path.read_bytes()
    entries = JsonObject({"list": parse_json(content, where=str(path), limit=MAX_LAYER_LIST)}, str(path))
    return [JsonObject.of(raw, where=where) for raw, where in entries.get_items("list", MAX_HOST_LAYERS)]
