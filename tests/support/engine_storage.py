"""Lays out images as engines store them: unpacked layers with tar-split records, or blobs by digest."""

import base64
import gzip
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from layerscope.image.chain import chain_ids
from layerscope.image.digest import Digest
from support.built_image import BuiltImage, digest_of
from support.compression import Packing
from support.engine_stub import StubImage
from support.layouts import layout_files

GRAPH_FOLDERS: Final = {"overlay2": "overlay2/{}/diff", "fuse-overlayfs": "fuse-overlayfs/{}/diff", "vfs": "vfs/dir/{}"}


def iter_records(tar: bytes) -> Iterator[dict[str, object]]:
    """The tar-split records of a tar, as Docker writes them: headers and padding raw, files by name and size."""
    end = 0
    with tarfile.open(fileobj=io.BytesIO(tar), errors="surrogateescape") as archive:
        for member in archive:
            yield segment(tar[end : member.offset_data])
            size = member.size if member.isreg() else 0
            yield file_entry(member.name, size)
            end = member.offset_data + size
    yield segment(tar[end:])
    yield segment(b"")


def segment(content: bytes) -> dict[str, object]:
    """A record of raw bytes."""
    return {"type": 2, "payload": base64.b64encode(content).decode()}


def file_entry(name: str, size: int) -> dict[str, object]:
    """A record of a file, with a checksum that nobody checks; a name that is not UTF-8 is written raw."""
    raw = name.encode("utf-8", "surrogateescape")
    try:
        key, spelt = "name", raw.decode()
    except UnicodeDecodeError:
        key, spelt = "name_raw", base64.b64encode(raw).decode()
    found: dict[str, object] = {"type": 1, key: spelt}
    return found | ({"size": size, "payload": "AAAAAAAAAAA="} if size else {"payload": None})


def pack_records(records: Iterator[dict[str, object]] | list[dict[str, object]]) -> bytes:
    """Records as an engine stores them."""
    lines = ({**record, "position": number} for number, record in enumerate(records))
    return gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in lines), mtime=0)


def unpack_layer(tar: bytes, folder: Path) -> int:
    """Write the files of a layer below `folder`; returns their size. Only what holds content, and links to it."""
    size = 0
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(tar), errors="surrogateescape") as archive:
        for member in archive:
            target = folder / member.name.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            if member.issym():
                target.symlink_to(member.linkname)
            elif member.isreg():
                body = archive.extractfile(member)
                assert body is not None
                target.write_bytes(body.read())
                size += member.size
    return size


def write_graph(image: BuiltImage, root: Path, *, driver: str = "overlay2") -> dict[str, Path]:
    """Store an image as a Docker Engine does; returns the folder of each layer by its DiffID."""
    described = root / "image" / driver
    config = Digest.parse(digest_of(image.config))
    write(described / f"imagedb/content/sha256/{config.hex}", image.config)
    folders: dict[str, Path] = {}
    diff_ids = [Digest.parse(diff_id) for diff_id in image.diff_ids]
    for tar, diff_id, chain in zip(image.layers, diff_ids, chain_ids(diff_ids), strict=True):
        cache_id = chain.hex[::-1]
        folders[str(diff_id)] = root / GRAPH_FOLDERS[driver].format(cache_id)
        size = unpack_layer(tar, folders[str(diff_id)])
        entry = described / f"layerdb/sha256/{chain.hex}"
        write(entry / "diff", str(diff_id).encode())
        write(entry / "cache-id", cache_id.encode())
        write(entry / "size", str(size).encode())
        write(entry / "tar-split.json.gz", pack_records(iter_records(tar)))
    return folders


def write_podman(image: BuiltImage, root: Path) -> dict[str, Path]:
    """Store an image as podman does; returns the folder of each layer by its DiffID."""
    config = Digest.parse(digest_of(image.config))
    manifest = render({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"} | _listed(image))
    documents = root / "overlay-images" / config.hex
    write(documents / ("=" + base64.b64encode(str(config).encode()).decode()), image.config)
    write(documents / "manifest", manifest)
    folders: dict[str, Path] = {}
    listed: list[dict[str, object]] = []
    parent = ""
    diff_ids = [Digest.parse(diff_id) for diff_id in image.diff_ids]
    for tar, diff_id, chain in zip(image.layers, diff_ids, chain_ids(diff_ids), strict=True):
        folders[str(diff_id)] = root / "overlay" / chain.hex / "diff"
        unpack_layer(tar, folders[str(diff_id)])
        write(root / "overlay-layers" / f"{chain.hex}.tar-split.gz", pack_records(iter_records(tar)))
        listed.append({"id": chain.hex, "parent": parent, "diff-digest": str(diff_id), "diff-size": len(tar)})
        parent = chain.hex
    write(root / "overlay-layers/layers.json", render(listed[::-1]))
    write(root / "overlay-images/images.json", render([{"id": config.hex, "layer": parent}]))
    return folders


def write_containerd(image: BuiltImage, root: Path, *, packing: Packing = Packing.GZIP) -> str:
    """Store an image as containerd does; returns its ID, the digest of its manifest or index."""
    files = layout_files(image, packing)
    top = json.loads(files.pop("index.json"))["manifests"][0]
    for name, content in files.items():
        write(root / "io.containerd.content.v1.content" / name, content)
    return str(top["digest"])


def inspect(image: BuiltImage, image_id: str | None = None, *, export: bytes = b"") -> StubImage:
    """What an engine says of an image, and its export."""
    config = json.loads(image.config)
    described = {
        "Id": image_id or digest_of(image.config),
        "RepoTags": [image.tag],
        "Os": config["os"],
        "Architecture": config["architecture"],
        "RootFS": {"Type": "layers", "Layers": image.diff_ids},
    }
    return StubImage(described, export)


def write(path: Path, content: bytes) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def render(value: object) -> bytes:
    """A JSON document."""
    return json.dumps(value).encode()


def _listed(image: BuiltImage) -> dict[str, object]:
    layer = "application/vnd.oci.image.layer.v1.tar"
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest_of(image.config)}
    layers = [
        {"mediaType": layer, "digest": diff_id, "size": len(tar)}
        for tar, diff_id in zip(image.layers, image.diff_ids, strict=True)
    ]
    return {"config": config | {"size": len(image.config)}, "layers": layers}
