"""An image with a real PyTorch: this host's Python, and a folder of packages that pip filled.

`python -m support.torch_image SITE LAYOUT` writes it as an OCI layout; nothing is held in memory but the Python.
"""

import hashlib
import io
import json
import os
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO, Final

from support.built_image import CREATED, digest_of, render_json
from support.python_image import SITE, build_python_image, list_libraries

TAG: Final = "layerscope-torch:demo"
_INDEX: Final = "application/vnd.oci.image.index.v1+json"
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
_COMMAND: Final = "RUN pip install torch transformers"


def write_torch_layout(site: Path, layout: Path) -> str:
    """The image as an OCI layout with plain layers; returns the digest of its manifest."""
    blobs = layout / "blobs/sha256"
    blobs.mkdir(parents=True)
    modules = [path for path in sorted(site.rglob("*.so*")) if path.is_file()]
    base = build_python_image(TAG, *list_libraries(modules, besides=str(site))).layers
    digests = [*(_write_blob(blobs, layer) for layer in base), _write_tree(blobs, site)]
    config = {
        "created": CREATED,
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Cmd": ["python3"], "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": digests},
        "history": [
            {"created": CREATED, "created_by": "ADD python /"},
            {"created": CREATED, "created_by": "RUN apt-get install -y libstdc++6 libgomp1"},
            {"created": CREATED, "created_by": _COMMAND},
        ],
    }
    told = _write_blob(blobs, render_json(config))
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _describe(blobs, told, _CONFIG),
        "layers": [_describe(blobs, digest, _LAYER) for digest in digests],
    }
    digest = _write_blob(blobs, render_json(manifest))
    named = {**_describe(blobs, digest, _MANIFEST), "annotations": {"org.opencontainers.image.ref.name": TAG}}
    index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [named]}
    (layout / "index.json").write_bytes(render_json(index))
    (layout / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    return digest


def _write_blob(blobs: Path, content: bytes) -> str:
    digest = digest_of(content)
    (blobs / digest.removeprefix("sha256:")).write_bytes(content)
    return digest


def _describe(blobs: Path, digest: str, media_type: str) -> Mapping[str, object]:
    size = (blobs / digest.removeprefix("sha256:")).stat().st_size
    return {"mediaType": media_type, "digest": digest, "size": size}


def _write_tree(blobs: Path, site: Path) -> str:
    """The packages as a layer; byte-code stays with the times that it was made for, so that imports take no longer."""
    made = blobs / "unfinished"
    with made.open("wb") as stream, tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.add(site, SITE, filter=_belong_to_root)
    with made.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    made.rename(blobs / digest)
    return f"sha256:{digest}"


def _belong_to_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mode |= 0o755 if member.isdir() else 0o644
    return member


@contextmanager
def stream_docker_archive(layout: Path) -> Iterator[IO[bytes]]:
    """The image of `write_torch_layout` as `docker save` would give it, made while it is read."""
    reader, writer = os.pipe()
    thread = Thread(target=_write_docker_archive, args=(layout, writer), daemon=True)
    thread.start()
    with os.fdopen(reader, "rb") as stream:
        yield stream
    thread.join()


def _write_docker_archive(layout: Path, descriptor: int) -> None:
    blobs = layout / "blobs/sha256"
    index = json.loads((layout / "index.json").read_bytes())
    manifest = json.loads((blobs / _hex(index["manifests"][0])).read_bytes())
    layers = [_hex(layer) for layer in manifest["layers"]]
    config = _hex(manifest["config"])
    told = [{"Config": f"{config}.json", "RepoTags": [TAG], "Layers": [f"{name}/layer.tar" for name in layers]}]
    try:
        with os.fdopen(descriptor, "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as tar:
            tar.add(blobs / config, f"{config}.json")
            for name in layers:
                tar.add(blobs / name, f"{name}/layer.tar")
            content = render_json(told)
            member = tarfile.TarInfo("manifest.json")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    except BrokenPipeError:  # whoever reads has stopped, and says why
        pass


def _hex(descriptor: Mapping[str, str]) -> str:
    return descriptor["digest"].removeprefix("sha256:")


if __name__ == "__main__":
    write_torch_layout(Path(sys.argv[1]), Path(sys.argv[2]))
