"""Writes docker-archives in the four layouts that `docker save` and `podman save` have produced."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from support.built_image import BuiltImage, BuiltLayer, digest_of, render_json
from support.compression import Packing, compress
from support.damage import Place, apply_damage
from support.layouts import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Blobs, add_image, add_layer
from support.tar_writer import USTAR, TarMember, directory, file, symlink, write_tar


class Style(StrEnum):
    """Who saved the archive."""

    DOCKER_20 = "docker-20"
    """Docker up to 24: `ID/layer.tar`, equal layers as symlinks, manifest.json near the end."""
    DOCKER_26 = "docker-26"
    """Docker from 25 on with overlay2: blobs, index.json, and manifest.json with LayerSources."""
    CONTAINERD = "containerd"
    """Docker with the containerd image store: the blobs as pushed, still compressed."""
    PODMAN = "podman"
    """Podman: `DIFFID.tar`, with `ID/layer.tar` as symlinks to them."""


def write_docker_archive(
    image: BuiltImage, path: Path, *, style: Style = Style.DOCKER_20, outer: Packing = Packing.NONE
) -> None:
    """Write the image as a docker-archive, which `outer` compresses as a whole."""
    writers: dict[Style, Callable[[BuiltImage], list[TarMember]]] = {
        Style.DOCKER_20: _docker_20,
        Style.DOCKER_26: _docker_26,
        Style.CONTAINERD: _containerd,
        Style.PODMAN: _podman,
    }
    path.write_bytes(compress(write_tar(writers[style](image), dialect=USTAR), outer))


def _docker_20(image: BuiltImage) -> list[TarMember]:
    members: dict[str, TarMember] = {}
    paths: dict[str, str] = {}
    names: list[str] = []
    for layer, identifier in zip(image.variants[0].layers, _legacy_ids(image), strict=True):
        names.append(f"{identifier}/layer.tar")
        members[f"{identifier}/"] = directory(identifier)
        members[f"{identifier}/VERSION"] = file(f"{identifier}/VERSION", b"1.0")
        members[f"{identifier}/json"] = file(f"{identifier}/json", render_json({"id": identifier, "os": "linux"}))
        if layer.diff_id in paths:
            members[names[-1]] = symlink(names[-1], f"../{paths[layer.diff_id]}")
        else:
            members[names[-1]] = file(names[-1], _stored(layer))
        paths.setdefault(layer.diff_id, names[-1])
    config = _hex(digest_of(image.config)) + ".json"
    members[config] = file(config, image.config)
    members["manifest.json"] = file("manifest.json", _manifest(image, config, names))
    members["repositories"] = file("repositories", _repositories(image, names[-1].partition("/")[0] if names else ""))
    return [members[name] for name in sorted(members)]


def _docker_26(image: BuiltImage) -> list[TarMember]:
    blobs = Blobs()
    sources: dict[str, object] = {}
    descriptors: list[dict[str, object]] = []
    for layer in image.variants[0].layers:
        media_type = "application/vnd.oci.image.layer.v1.tar"
        sources[layer.diff_id] = {"mediaType": media_type, "size": len(layer.tar), "digest": layer.diff_id}
        descriptors.append({"mediaType": media_type, "digest": layer.diff_id, "size": len(layer.tar)})
        blobs.content[layer.diff_id] = _stored(layer)
    config = blobs.add(image.config, OCI_CONFIG)
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": descriptors}
    name, _, tag = image.tag.rpartition(":")
    marks = {"io.containerd.image.name": f"docker.io/{name}:{tag}", "org.opencontainers.image.ref.name": tag}
    top = blobs.add(render_json(document), OCI_MANIFEST, annotations=marks)
    names = [f"blobs/sha256/{_hex(layer.diff_id)}" for layer in image.variants[0].layers]
    manifest = _manifest(image, f"blobs/sha256/{_hex(digest_of(image.config))}", names, LayerSources=sources)
    repositories = _repositories(image, _hex(image.diff_ids[-1]) if names else "")
    return [*_oci_members(blobs, top, manifest), file("repositories", repositories)]


def _containerd(image: BuiltImage) -> list[TarMember]:
    blobs = Blobs()
    top = add_image(image, blobs, Packing.GZIP)
    built = image.variants[0].layers
    stored = [add_layer(layer, blobs, Packing.GZIP, docker_types=image.docker_types) for layer in built]
    layers = [f"blobs/sha256/{_hex(str(descriptor['digest']))}" for descriptor in stored]
    return _oci_members(blobs, top, _manifest(image, f"blobs/sha256/{_hex(digest_of(image.config))}", layers))


def _podman(image: BuiltImage) -> list[TarMember]:
    members: list[TarMember] = []
    names: list[str] = []
    for layer, identifier in zip(image.variants[0].layers, _legacy_ids(image), strict=True):
        name = f"{_hex(layer.diff_id)}.tar"
        if name not in names:
            members.append(file(name, _stored(layer)))
        names.append(name)
        members.append(symlink(f"{identifier}/layer.tar", f"../{name}"))
        members.append(file(f"{identifier}/VERSION", b"1.0"))
        members.append(file(f"{identifier}/json", render_json({"id": identifier, "os": "linux"})))
    config = _hex(digest_of(image.config)) + ".json"
    last = _legacy_ids(image)[-1] if names else ""
    members.append(file(config, image.config))
    members.append(file("repositories", _repositories(image, last)))
    members.append(file("manifest.json", _manifest(image, config, names)))
    return members


def _oci_members(blobs: Blobs, top: dict[str, object], manifest: bytes) -> list[TarMember]:
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [top]}
    return [
        directory("blobs"),
        directory("blobs/sha256"),
        *(file(f"blobs/sha256/{_hex(digest)}", content) for digest, content in sorted(blobs.content.items())),
        file("index.json", render_json(index)),
        file("manifest.json", manifest),
        file("oci-layout", render_json({"imageLayoutVersion": "1.0.0"})),
    ]


def _manifest(image: BuiltImage, config: str, layers: list[str], **more: object) -> bytes:
    return render_json([{"Config": config, "RepoTags": [image.tag], "Layers": layers, **more}])


def _repositories(image: BuiltImage, top: str) -> bytes:
    name, _, tag = image.tag.rpartition(":")
    return render_json({name: {tag: top}})


def _legacy_ids(image: BuiltImage) -> list[str]:
    """An id for each layer that depends on all below it, as Docker's did before digests."""
    identifiers: list[str] = []
    for diff_id in image.diff_ids:
        below = identifiers[-1] if identifiers else ""
        identifiers.append(_hex(digest_of(f"{below} {diff_id}".encode())))
    return identifiers


def _stored(layer: BuiltLayer) -> bytes:
    """The layer's bytes as an archive of uncompressed layers holds them, with what damage a blob would have."""
    sound = apply_damage(layer.tar, layer.damage, Place.BLOB, sealed=True)
    return apply_damage(sound, layer.damage, Place.BLOB, sealed=False)


def _hex(digest: str) -> str:
    return digest.partition(":")[2]
