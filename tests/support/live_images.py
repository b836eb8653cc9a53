"""Images for tests on engines, and what a reading of them proves."""

import io
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from layerscope.image.image import Image
from layerscope.image.layer import ByteStream
from layerscope.image.platform import Platform
from layerscope.layers.reading import Reading, read_layer
from layerscope.progress import SilentProgress
from layerscope.sources.source import Source
from support.archives import NothingKnown
from support.built_image import BuiltImage, build_image
from support.docker_archives import write_docker_archive
from support.layouts import write_oci_archive
from support.live_engines import LiveEngine
from support.tar_writer import (
    PAX,
    TarMember,
    device,
    directory,
    fifo,
    file,
    hardlink,
    opaque,
    symlink,
    whiteout,
    write_tar,
)

LONG: Final = "deep/" + "/".join(["a-folder-with-a-rather-long-name"] * 8) + "/file"

LOWEST: Final = (
    directory("etc"),
    file("etc/passwd", b"root:x:0:0::/:/bin/sh\n"),
    file("etc/empty"),
    directory("usr"),
    directory("usr/lib"),
    symlink("lib", "usr/lib"),
    file("lib/through-a-link", b"unpacked below usr/lib"),
    file("usr/lib/large", bytes(range(256)) * 12_000),
    file("usr/lib/medium", b"m" * ((1 << 18) + 1)),
    hardlink("usr/lib/linked", "usr/lib/medium"),
    file("usr/lib/tool", b"#!/bin/sh\n", mode=0o4755, uid=1000, gid=1000),
    file("usr/lib/capable", b"capable", xattrs={"security.capability": bytes.fromhex("0100000200040000" + "00" * 12)}),
    directory("secret", mode=0o700),
    file("secret/closed", b"nobody may read this", mode=0),
    file("./usr//dotted", b"a name to clean"),
    file("na\udcefve", b"a name that is not UTF-8"),
    file("grüße <&>", b"a name that JSON escapes"),
    file(LONG, b"a long name"),
    fifo("etc/pipe"),
    device("etc/null", 1, 3),
    directory("opaque"),
    file("opaque/below", b"hidden"),
)
MIDDLE: Final = (
    whiteout("etc/passwd"),
    directory("opaque"),
    opaque("opaque"),
    file("opaque/above", b"seen"),
    file("usr/lib/medium", b"changed"),
)
HIGHEST: Final = (file("etc/passwd", b"root:x:0:0::/root:/bin/sh\n", mtime_ns=1_700_000_000_123_456_789),)


def build_odd_image(tag: str = "layerscope/odd:1") -> BuiltImage:
    """An image with everything that the way through an engine's storage could lose; two of its layers are the same."""
    layers: list[list[TarMember] | bytes] = [write_tar(LOWEST, dialect=PAX), list(MIDDLE), list(HIGHEST), list(HIGHEST)]
    return build_image(layers, tag=tag)


def load(engine: LiveEngine, image: BuiltImage, *, as_oci: bool = False) -> None:
    """Load an image into an engine, from a docker-archive or an OCI archive."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "image.tar"
        if as_oci:
            write_oci_archive(image, path)
        else:
            write_docker_archive(image, path)
        engine.client.images.load(io.BytesIO(path.read_bytes()))


@dataclass(frozen=True)
class Proven:
    """An image, and the DiffIDs of what its layers hold."""

    image: Image
    diff_ids: list[str]


def prove(source: Source, *, platform: str | None = None) -> Proven:
    """Open an image, and read every layer of it to its end."""
    wanted = None if platform is None else Platform.parse(platform)
    opened = source.open_image(platform=wanted, known=NothingKnown(), progress=SilentProgress())
    if isinstance(opened, Image):
        return Proven(opened, [hash_layer(layer.open(), layer.name) for layer in opened.layers])
    passed: dict[str, str] = {}

    def scan(name: str, stream: ByteStream) -> None:
        passed[name] = hash_layer(stream, name)

    try:
        image = opened.consume(scan)
    finally:
        opened.close()
    return Proven(image, [passed[layer.name] for layer in image.layers])


def hash_layer(stream: ByteStream, name: str) -> str:
    """The DiffID of a layer as the layer pass reads it."""
    scan = read_layer(stream, name, Reading())
    assert scan.damage is None, scan.damage
    return str(scan.diff_id)
