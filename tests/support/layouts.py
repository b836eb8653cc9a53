"""Writes images as OCI layout directories and OCI archives."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from support.built_image import BuiltImage, BuiltLayer, Variant, digest_of, render_json
from support.compression import Packing, compress
from support.damage import Place, apply_damage
from support.tar_writer import USTAR, directory, file, write_tar

OCI: Final = "application/vnd.oci.image."
DOCKER: Final = "application/vnd.docker."
OCI_MANIFEST: Final = OCI + "manifest.v1+json"
OCI_INDEX: Final = OCI + "index.v1+json"
OCI_CONFIG: Final = OCI + "config.v1+json"
IN_TOTO: Final = "application/vnd.in-toto+json"


@dataclass
class Blobs:
    """The blobs of a layout, by their digest as documents give it."""

    content: dict[str, bytes] = field(default_factory=dict)

    def add(self, content: bytes, media_type: str, **more: object) -> dict[str, object]:
        """Keep a blob and return its descriptor."""
        digest = digest_of(content)
        self.content[digest] = content
        return {"mediaType": media_type, "digest": digest, "size": len(content), **more}


def write_oci_layout(image: BuiltImage, path: Path, *, packing: Packing = Packing.GZIP) -> None:
    """Write the image as an OCI layout directory."""
    for name, content in layout_files(image, packing).items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def write_oci_archive(
    image: BuiltImage, path: Path, *, packing: Packing = Packing.GZIP, outer: Packing = Packing.NONE
) -> None:
    """Write the image as an OCI layout in a tar, which `outer` compresses as a whole."""
    files = sorted(layout_files(image, packing).items())
    members = [directory("blobs"), directory("blobs/sha256"), *(file(name, content) for name, content in files)]
    path.write_bytes(compress(write_tar(members, dialect=USTAR), outer))


def layout_files(image: BuiltImage, packing: Packing) -> dict[str, bytes]:
    """The files of an OCI layout by their paths."""
    blobs = Blobs()
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [add_image(image, blobs, packing)]}
    files = {f"blobs/sha256/{digest.partition(':')[2]}": content for digest, content in blobs.content.items()}
    return files | {"index.json": render_json(index), "oci-layout": render_json({"imageLayoutVersion": "1.0.0"})}


def add_image(image: BuiltImage, blobs: Blobs, packing: Packing) -> dict[str, object]:
    """Add all blobs of the image; return the descriptor of its manifest, or of its index where it has one."""
    name, _, tag = image.tag.rpartition(":")
    names = {"io.containerd.image.name": f"docker.io/{name}:{tag}", "org.opencontainers.image.ref.name": tag}
    manifests = [add_variant(image, variant, blobs, packing) for variant in image.variants]
    if len(manifests) == 1 and not image.attested:
        return manifests[0] | {"annotations": names}
    if image.attested:
        manifests += [_add_attestation(manifest, blobs) for manifest in manifests]
    media_type = f"{DOCKER}distribution.manifest.list.v2+json" if image.docker_types else OCI_INDEX
    index = {"schemaVersion": 2, "mediaType": media_type, "manifests": manifests}
    return blobs.add(render_json(index), media_type, annotations=names)


def add_variant(image: BuiltImage, variant: Variant, blobs: Blobs, packing: Packing) -> dict[str, object]:
    """Add the blobs of one platform's image; return the descriptor of its manifest."""
    docker = image.docker_types
    media_type = f"{DOCKER}distribution.manifest.v2+json" if docker else OCI_MANIFEST
    config = blobs.add(variant.config, f"{DOCKER}container.image.v1+json" if docker else OCI_CONFIG)
    layers = [add_layer(layer, blobs, packing, docker_types=docker) for layer in variant.layers]
    manifest: dict[str, object] = {"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers}
    if image.annotations:
        manifest["annotations"] = dict(image.annotations)
    platform = {"architecture": variant.architecture, "os": variant.os}
    return blobs.add(render_json(manifest), media_type, platform=platform)


def add_layer(layer: BuiltLayer, blobs: Blobs, packing: Packing, *, docker_types: bool) -> dict[str, object]:
    """Add a layer's blob, damaged as it is to be; return its descriptor."""
    chosen = layer.packing or packing
    sound = apply_damage(compress(layer.tar, chosen), layer.damage, Place.BLOB, sealed=True)
    descriptor = blobs.add(sound, layer.media_type or _layer_type(chosen, docker_types=docker_types))
    blobs.content[str(descriptor["digest"])] = apply_damage(sound, layer.damage, Place.BLOB, sealed=False)
    if layer.absent:
        del blobs.content[str(descriptor["digest"])]
    if layer.claimed_size is not None:
        descriptor["size"] = layer.claimed_size
    return descriptor | ({"urls": list(layer.urls)} if layer.urls else {})


def _layer_type(packing: Packing, *, docker_types: bool) -> str:
    if docker_types:
        return f"{DOCKER}image.rootfs.diff.tar" + ("" if packing is Packing.NONE else f".{packing.suffix}")
    return f"{OCI}layer.v1.tar" + ("" if packing is Packing.NONE else f"+{packing.suffix}")


def _add_attestation(manifest: dict[str, object], blobs: Blobs) -> dict[str, object]:
    """A provenance statement about a manifest, as BuildKit stores it: an image for no platform."""
    digest = str(manifest["digest"])
    subject = [{"name": "image", "digest": {"sha256": digest.partition(":")[2]}}]
    statement = {"_type": "https://in-toto.io/Statement/v0.1", "subject": subject, "predicate": {"buildType": "test"}}
    layer = blobs.add(render_json(statement), IN_TOTO, annotations={"in-toto.io/predicate-type": "test"})
    rootfs = {"type": "layers", "diff_ids": [layer["digest"]]}
    config = blobs.add(render_json({"architecture": "unknown", "os": "unknown", "rootfs": rootfs}), OCI_CONFIG)
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [layer]}
    marks = {"vnd.docker.reference.digest": digest, "vnd.docker.reference.type": "attestation-manifest"}
    platform = {"architecture": "unknown", "os": "unknown"}
    return blobs.add(render_json(document), OCI_MANIFEST, annotations=marks, platform=platform)
