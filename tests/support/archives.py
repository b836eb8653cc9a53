"""Opens images the way a command does, and builds archives by hand where a test wants an odd one."""

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.image import Image
from layerscope.image.layer import ByteStream
from layerscope.image.platform import Platform
from layerscope.progress import SilentProgress
from layerscope.sources.archive_stream import ArchiveStream
from layerscope.sources.select import SourceOptions, select_source
from layerscope.sources.source import Source
from support.built_image import digest_of, render_json
from support.tar_writer import file, write_tar

MANIFEST_TYPE: Final = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE: Final = "application/vnd.oci.image.index.v1+json"
CONFIG_TYPE: Final = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE: Final = "application/vnd.oci.image.layer.v1.tar"

Members = Mapping[str, bytes | tarfile.TarInfo]
"""What `pack` writes: content, or a link."""

EMPTY: Final[Mapping[str, object]] = {}

TINY_LAYER: Final = write_tar([file("greeting", b"hello")])
"""A layer with one file."""


class NothingKnown:
    """What earlier audits left behind: nothing."""

    def find_document(self, digest: Digest) -> bytes | None:
        """Nothing is kept."""
        del digest
        return None

    def keep_document(self, content: bytes, algorithm: str = "sha256") -> Digest:
        """Keep nothing."""
        return Digest.of(content, algorithm)

    def has_layer(self, diff_id: Digest) -> bool:
        """No layer is known."""
        del diff_id
        return False

    def open_part(self, blob: Descriptor) -> None:
        """Nothing is kept of blobs."""
        del blob

    def find_name(self, name: str) -> Digest | None:
        """No name leads anywhere."""
        del name
        return None

    def keep_name(self, name: str, digest: Digest) -> None:
        """Keep nothing."""


@dataclass(frozen=True)
class Opened:
    """An image and the bytes of its layers by name; `passed` are the names that a stream handed on, in order."""

    image: Image
    layers: dict[str, bytes]
    passed: list[str] = field(default_factory=list)

    @property
    def contents(self) -> list[bytes]:
        """The stored bytes of each layer, lowest first."""
        return [self.layers[layer.name] for layer in self.image.layers]


def read_image(text: str | Path, *, platform: str | None = None, stdin: bytes | BinaryIO | None = None) -> Opened:
    """Open IMAGE as a command does and read all of its layers."""
    file = io.BytesIO(stdin) if isinstance(stdin, bytes) else stdin
    return read_source(select_source(str(text), stdin=file), platform=platform)


def open_image(text: str | Path, *, platform: str | None = None) -> Image:
    """Open IMAGE for random access."""
    source = select_source(str(text), options=SourceOptions(random_access=True))
    image = source.open_image(platform=parse(platform), known=NothingKnown(), progress=SilentProgress())
    assert isinstance(image, Image)
    return image


def read_source(source: Source, *, platform: str | None = None) -> Opened:
    """Open a source and read all layers of its image."""
    opened = source.open_image(platform=parse(platform), known=NothingKnown(), progress=SilentProgress())
    if isinstance(opened, Image):
        layers = {layer.name: drain(layer.open()) for layer in opened.layers if layer.absent is None}
        return Opened(opened, layers)
    assert isinstance(opened, ArchiveStream)
    return consume(opened)


def consume(stream: ArchiveStream) -> Opened:
    """Read an image that passes by, and every layer of it."""
    passed: list[str] = []
    layers: dict[str, bytes] = {}

    def scan(name: str, body: ByteStream) -> None:
        passed.append(name)
        layers[name] = drain(body)

    return Opened(stream.consume(scan), layers, passed)


def drain(stream: ByteStream, piece: int = 1000) -> bytes:
    """Everything a stream holds, read in pieces of an odd size."""
    chunks = []
    while chunk := stream.read(piece):
        assert len(chunk) <= piece
        chunks.append(chunk)
    stream.close()
    return b"".join(chunks)


def parse(platform: str | None) -> Platform | None:
    """A platform as the command line gives it."""
    return None if platform is None else Platform.parse(platform)


def pack(members: Members, *, form: int = tarfile.USTAR_FORMAT) -> bytes:
    """An archive of these members, written by the standard library."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=form) as archive:
        for name, body in members.items():
            if isinstance(body, tarfile.TarInfo):
                body.name = name
                archive.addfile(body)
            else:
                info = tarfile.TarInfo(name)
                info.size = len(body)
                archive.addfile(info, io.BytesIO(body))
    return content.getvalue()


def link(target: str, *, hard: bool = False) -> tarfile.TarInfo:
    """A link for `pack`."""
    info = tarfile.TarInfo()
    info.type = tarfile.LNKTYPE if hard else tarfile.SYMTYPE
    info.linkname = target
    return info


def saved(
    layers: Mapping[str, bytes] | None = None, *, tags: Sequence[str] = ("app:1",), **config: object
) -> dict[str, bytes]:
    """The members of a docker-archive with these layers, `manifest.json` last, as Docker up to 24 writes it."""
    layers = {"one/layer.tar": TINY_LAYER} if layers is None else layers
    document = render_config([digest_of(layer) for layer in layers.values()], **config)
    name = digest_of(document).removeprefix("sha256:") + ".json"
    entry = {"Config": name, "RepoTags": list(tags), "Layers": list(layers)}
    return {**layers, name: document, "manifest.json": render_json([entry])}


def render_config(diff_ids: Sequence[str], **more: object) -> bytes:
    """A config for linux/amd64 unless `more` says otherwise."""
    config: dict[str, object] = {"architecture": "amd64", "os": "linux"}
    return render_json({**config, "rootfs": {"type": "layers", "diff_ids": list(diff_ids)}, **more})


class LayoutBuilder:
    """Builds the files of an OCI layout piece by piece, so that any piece can be wrong."""

    def __init__(self) -> None:
        """Start with an empty index."""
        self.files: dict[str, bytes] = {"oci-layout": render_json({"imageLayoutVersion": "1.0.0"})}
        self.listed: list[dict[str, object]] = []

    def blob(self, content: bytes, media_type: str, **more: object) -> dict[str, object]:
        """Add a blob and return its descriptor."""
        digest = digest_of(content)
        self.files[blob_path(digest)] = content
        return {"mediaType": media_type, "digest": digest, "size": len(content), **more}

    def image(
        self,
        platform: str = "linux/amd64",
        layers: Sequence[bytes] = (TINY_LAYER,),
        extra: Mapping[str, object] = EMPTY,
    ) -> dict[str, object]:
        """Add an image and return its manifest's descriptor, which `extra` extends."""
        descriptors = [self.blob(layer, LAYER_TYPE) for layer in layers]
        config = render_config([digest_of(layer) for layer in layers], **split(platform))
        return self.manifest(self.blob(config, CONFIG_TYPE), descriptors, **extra)

    def listed_image(self, platform: str, layers: Sequence[bytes] = (TINY_LAYER,)) -> dict[str, object]:
        """Add an image and return its manifest's descriptor as an index lists it, with its platform."""
        return self.image(platform, layers, on(platform))

    def manifest(
        self, config: Mapping[str, object], layers: Sequence[Mapping[str, object]], **more: object
    ) -> dict[str, object]:
        """Add a manifest and return its descriptor, which `more` extends."""
        document = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": layers}
        return self.blob(render_json(document), MANIFEST_TYPE, **more)

    def index(self, manifests: Sequence[Mapping[str, object]], **more: object) -> dict[str, object]:
        """Add an index and return its descriptor, which `more` extends."""
        document = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": manifests}
        return self.blob(render_json(document), INDEX_TYPE, **more)

    def list(self, *descriptors: dict[str, object]) -> "LayoutBuilder":
        """List manifests or indexes in the layout's own index."""
        self.listed += descriptors
        self.files["index.json"] = render_json({"schemaVersion": 2, "manifests": self.listed})
        return self

    def write(self, folder: Path) -> Path:
        """Write the layout as a directory."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder

    def pack(self) -> bytes:
        """The layout as an archive."""
        return pack(self.files)


def named(name: str, tag: str = "") -> dict[str, object]:
    """The annotations that name an image in a layout, for a descriptor."""
    annotations = {"org.opencontainers.image.ref.name": tag or name}
    if tag:
        annotations["io.containerd.image.name"] = name
    return {"annotations": annotations}


def on(platform: str) -> dict[str, object]:
    """The platform of a descriptor."""
    return {"platform": split(platform)}


def split(platform: str) -> dict[str, object]:
    """A platform as documents write it."""
    return dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))


def blob_path(digest: object) -> str:
    """Where a layout keeps the blob of a digest."""
    return "blobs/" + str(digest).replace(":", "/")


def change(content: bytes, **changes: object) -> bytes:
    """A JSON object with some members replaced."""
    return json.dumps(json.loads(content) | changes).encode()
