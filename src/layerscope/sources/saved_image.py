"""An image by `manifest.json`, as `docker save` and `podman save` write it: a config, and layers by file name.

https://github.com/moby/docker-image-spec/blob/main/spec.md (combined image JSON and filesystem changeset format)
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from layerscope.errors import DocumentError, ImageNotFoundError, UsageError
from layerscope.image.config import ImageConfig, parse_config
from layerscope.image.descriptor import Descriptor, parse_descriptor
from layerscope.image.digest import Digest
from layerscope.image.document import JsonObject, parse_json
from layerscope.image.image import Image
from layerscope.image.layer import Layer
from layerscope.image.manifest import MAX_LAYERS, MAX_MANIFESTS
from layerscope.image.validate import check_digest, check_layer_count
from layerscope.sources.blobs import StoredLayer, is_foreign, make_absent_layer
from layerscope.sources.contents import Contents, missing, read_document
from layerscope.sources.platforms import check_platform
from layerscope.sources.request import ImageRequest
from layerscope.sources.selector import Selector, list_names, spell_choice

MANIFEST_NAME = "manifest.json"

MAX_TAGS: Final = 4096
"""Names of one image; a release image has some dozens."""

_HEX_IN_NAME: Final = re.compile(r"(?:.*/)?(?:sha256:)?([a-f0-9]{64})(?:\.json)?")
"""Config names: `HEX.json` (Docker up to 24), `blobs/sha256/HEX` (from 25 on), `sha256:HEX` (crane)."""


@dataclass(frozen=True, slots=True)
class SavedImage:
    """One entry of `manifest.json`: member names, and by DiffID the descriptors that newer engines add."""

    config: str
    tags: tuple[str, ...]
    layers: tuple[str, ...]
    descriptors: Mapping[str, Descriptor] = field(default_factory=dict)


def open_saved_image(contents: Contents, request: ImageRequest, *, source: str) -> Image:
    """Return the image that `manifest.json` lists and `request` picks; raises ImageError and SourceError."""
    saved = _pick(contents, read_saved_images(contents), request)
    content = read_document(contents, saved.config)
    where = f"{contents.where}: config {saved.config}"
    digest = Digest.of(content)
    named = find_digest(saved.config)
    if named is not None:
        check_digest(content, named, where=where)
    config = parse_config(content, where=where)
    check_layer_count(len(saved.layers), config, where=f"{contents.where}: {MANIFEST_NAME}")
    return Image(
        reference=request.reference,
        source=source,
        config=config,
        config_digest=digest,
        layers=_find_layers(contents, saved, config),
        notes=check_platform(config, request.platform, None, where=contents.where),
    )


def read_saved_images(contents: Contents) -> tuple[SavedImage, ...]:
    """Return every entry of `manifest.json`, in its order; raises DocumentError or LimitError."""
    where = f"{contents.where}: {MANIFEST_NAME}"
    entries = JsonObject({"images": parse_json(read_document(contents, MANIFEST_NAME), where=where)}, where)
    return tuple(_parse_entry(raw, where=place) for raw, place in entries.get_items("images", MAX_MANIFESTS))


def find_digest(name: str) -> Digest | None:
    """Return the digest that a config's name promises, or None for a name that is no digest."""
    match = _HEX_IN_NAME.fullmatch(name)
    return None if match is None else Digest("sha256", match[1])


def _parse_entry(raw: object, *, where: str) -> SavedImage:
    fields = JsonObject.of(raw, where=where)
    sources = fields.get_object("LayerSources")
    return SavedImage(
        config=fields.require_text("Config"),
        tags=fields.get_texts("RepoTags", MAX_TAGS),
        layers=fields.get_texts("Layers", MAX_LAYERS),
        descriptors={}
        if sources is None
        else {
            diff_id: parse_descriptor(descriptor, where=f"{sources.where}: {diff_id[:80]}")
            for diff_id, descriptor in sources.members.items()
        },
    )


def _pick(contents: Contents, images: Sequence[SavedImage], request: ImageRequest) -> SavedImage:
    selector = request.selector
    if not images:
        raise DocumentError(f"reading {contents.where}: {MANIFEST_NAME} lists no image, expected at least one")
    if selector is not None and selector.position is not None:
        if selector.position < len(images):
            return images[selector.position]
        raise ImageNotFoundError(
            f"opening {contents.where}: no image {selector.label}, there are {len(images)}, counted from 0"
        )
    picked = [image for image in images if selector is None or _is_meant(image, selector)]
    if selector is not None and not picked:
        raise ImageNotFoundError(f"opening {contents.where}: no image {selector.label}; there is {_describe(images)}")
    if len({image.config for image in picked}) > 1:
        names = _describe(picked)
        raise UsageError(
            f"opening {contents.where}: it holds several images, choose one as "
            f"{spell_choice(request.reference, 'docker-archive')}; there is {names}"
        )
    return picked[0]


def _is_meant(image: SavedImage, selector: Selector) -> bool:
    """A digest is an image ID here: that of the config, which is the only one that such an archive keeps."""
    if selector.digest is not None:
        return find_digest(image.config) == selector.digest
    return selector.is_named(image.tags)


def _describe(images: Sequence[SavedImage]) -> str:
    names: list[str] = []
    for image in images:
        digest = find_digest(image.config)
        names += image.tags or [f"@{digest}" if digest else image.config]
    return list_names(names)


def _find_layers(contents: Contents, saved: SavedImage, config: ImageConfig) -> tuple[Layer, ...]:
    return tuple(
        _find_layer(contents, name, diff_id, saved.descriptors.get(str(diff_id)))
        for name, diff_id in zip(saved.layers, config.rootfs, strict=True)
    )


def _find_layer(contents: Contents, name: str, diff_id: Digest, descriptor: Descriptor | None) -> StoredLayer:
    stored = contents.find(name)
    if stored is not None:
        return StoredLayer(stored.name, diff_id, descriptor, stored)
    if descriptor is not None and is_foreign(descriptor):
        return make_absent_layer(name, diff_id, descriptor)
    raise missing(contents, f"layer {name}")
