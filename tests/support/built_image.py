"""BuiltImage: an image as bytes, ready to be written in any layout."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from support.compression import Packing
from support.damage import Damage, Place, apply_damage
from support.tar_writer import TarMember, write_tar

CREATED: Final = "2026-01-01T00:00:00Z"


@dataclass(frozen=True)
class BuiltLayer:
    """One layer: its tar, and what documents are to say about it where that is not the truth.

    `diff_id` is what the config lists. A layer that is `absent` has a descriptor but no blob in the layout.
    """

    tar: bytes
    diff_id: str
    packing: Packing | None = None
    media_type: str | None = None
    claimed_size: int | None = None
    urls: tuple[str, ...] = ()
    absent: bool = False
    damage: tuple[Damage, ...] = ()


@dataclass(frozen=True)
class Variant:
    """The image for one platform."""

    layers: tuple[BuiltLayer, ...]
    config: bytes
    os: str = "linux"
    architecture: str = "amd64"


@dataclass(frozen=True)
class BuiltImage:
    """An image with a variant for each platform; `docker_types` chooses Docker's media types over OCI's."""

    tag: str
    variants: tuple[Variant, ...]
    attested: bool = False
    docker_types: bool = False
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def layers(self) -> list[bytes]:
        """The uncompressed layers of the first variant, lowest first."""
        return [layer.tar for layer in self.variants[0].layers]

    @property
    def config(self) -> bytes:
        """The config of the first variant."""
        return self.variants[0].config

    @property
    def diff_ids(self) -> list[str]:
        """The DiffIDs that the first variant's config lists."""
        return [layer.diff_id for layer in self.variants[0].layers]


def digest_of(content: bytes) -> str:
    """The SHA-256 digest, as documents spell it."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def render_json(value: object) -> bytes:
    """JSON without blanks, keys in the order given, as engines write it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogateescape")


def build_layer(tar: bytes, *, damage: tuple[Damage, ...] = (), diff_id: str | None = None) -> BuiltLayer:
    """A layer of that tar; damage that is not sealed leaves the DiffID of the sound bytes."""
    sealed = apply_damage(tar, damage, Place.TAR, sealed=True)
    stored = apply_damage(sealed, damage, Place.TAR, sealed=False)
    return BuiltLayer(stored, diff_id or digest_of(sealed), damage=damage)


def build_image(
    layers: Sequence[Sequence[TarMember] | bytes],
    *,
    tag: str = "example/image:1",
    runtime: Mapping[str, object] | None = None,
    history: Sequence[Mapping[str, object]] | None = None,
    architecture: str = "amd64",
) -> BuiltImage:
    """An image of these layers, given as members or as tars; `runtime` is its config as Docker spells it."""
    tars = [layer if isinstance(layer, bytes) else write_tar(layer) for layer in layers]
    built = tuple(build_layer(tar) for tar in tars)
    if history is None:
        history = [{"created": CREATED, "created_by": f"COPY layer-{number} /"} for number, _ in enumerate(built)]
    config = {
        "architecture": architecture,
        "os": "linux",
        "created": CREATED,
        "config": dict(runtime or {}),
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in built]},
        "history": [dict(entry) for entry in history],
    }
    return BuiltImage(tag, (Variant(built, render_json(config), architecture=architecture),))
