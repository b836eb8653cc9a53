"""Hostile registries as tables: what one does, how the command line has to end, and what has to be said."""

import gzip
import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pytest

from support.archives import CONFIG_TYPE, INDEX_TYPE, MANIFEST_TYPE, render_config
from support.built_image import digest_of, render_json
from support.registry_server import Fault, Registry, RegistryHandler
from support.tar_writer import directory, file, write_tar

LAYER_TYPE: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
NAME: Final = "team/demo"
PASSWORD: Final = "pw-Zt7pWq4hYd2k"
PROXY_PASSWORD: Final = "proxy-Kx3mVb9s"
TAR: Final = write_tar(
    [
        directory("etc"),
        file("etc/os-release", b"ID=debian\n"),
        file("etc/passwd", b"app:x:65532:65532::/:/app\n"),
        file("app", b"a program\n", mode=0o755),
    ]
)
LAYER: Final = gzip.compress(TAR, mtime=0)
RUNTIME: Final = {"User": "65532", "Entrypoint": ["/app"]}

Document = dict[str, object]


@dataclass(frozen=True)
class Case:
    """One thing that a registry does, the exit code that it ends in, and words of what is said then."""

    name: str
    arrange: Callable[[Registry], object]
    code: int
    words: str
    options: tuple[str, ...] = ()
    command: str = "audit"
    digest: str = ""
    """What the reference is pinned to, in place of its tag."""


Attack = Callable[[Case], str]
"""Runs a case and returns everything that was said."""


def each(cases: Iterable[Case]) -> pytest.MarkDecorator:
    """One test for each case, by its name."""
    listed = list(cases)
    return pytest.mark.parametrize("case", listed, ids=[case.name for case in listed])


def put_blob(registry: Registry, content: bytes, kind: str, *, algorithm: str = "sha256", **more: object) -> Document:
    """Keep a blob; returns its descriptor."""
    digest = f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"
    registry.blobs[digest] = content
    return {"mediaType": kind, "digest": digest, "size": len(content), **more}


def put_document(
    registry: Registry,
    content: bytes | Mapping[str, object],
    kind: str = MANIFEST_TYPE,
    *,
    tag: str = "1",
    algorithm: str = "sha256",
) -> Document:
    """Keep a manifest or index under its digest and a tag; returns its descriptor."""
    raw = content if isinstance(content, bytes) else render_json(content)
    digest = f"{algorithm}:{hashlib.new(algorithm, raw).hexdigest()}"
    registry.manifests[digest] = (kind, raw)
    if tag:
        registry.manifests[tag] = (kind, raw)
    return {"mediaType": kind, "digest": digest, "size": len(raw)}


def put_config(registry: Registry, tars: Sequence[bytes] = (TAR,), *, algorithm: str = "sha256") -> Document:
    """Keep the config of an image of these layers; returns its descriptor."""
    content = render_config([digest_of(tar) for tar in tars], config=RUNTIME)
    return put_blob(registry, content, CONFIG_TYPE, algorithm=algorithm)


def make_manifest(registry: Registry, **changes: object) -> Document:
    """A manifest of one small layer, its blobs kept; `changes` are members in place of its own."""
    layers = [put_blob(registry, LAYER, LAYER_TYPE)]
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": put_config(registry), "layers": layers}
    return {**manifest, **changes}


def put_image(registry: Registry, **changes: object) -> Document:
    """Keep a small image under the tag; returns its manifest's descriptor."""
    return put_document(registry, make_manifest(registry, **changes))


def make_index(*manifests: Document, **more: object) -> Document:
    """An index of these descriptors."""
    return {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": list(manifests), **more}


def find_layer(registry: Registry) -> str:
    """The digest of the image's layer."""
    found: str = json.loads(registry.manifests["1"][1])["layers"][0]["digest"]
    return found


def on(part: str, act: Callable[[RegistryHandler], object]) -> Fault:
    """A fault that acts on every request with that in its path."""

    def answer(handler: RegistryHandler, path: str) -> bool:
        if part not in path:
            return False
        act(handler)
        return True

    return answer


def arranged(fault: Fault, **changes: object) -> Callable[[Registry], None]:
    """Arranges a small image, and a registry that misbehaves when it is asked for."""

    def arrange(registry: Registry) -> None:
        put_image(registry)
        registry.fault = fault
        for name, value in changes.items():
            setattr(registry, name, value)

    return arrange


def write_raw(content: bytes) -> Callable[[RegistryHandler], None]:
    """Answers with these very bytes, and hangs up."""

    def answer(handler: RegistryHandler) -> None:
        handler.wfile.write(content)
        handler.wfile.flush()
        handler.hang_up()

    return answer


def drip(piece: bytes, *, head: bytes = b"") -> Callable[[RegistryHandler], None]:
    """Answers without end, a piece every hundredth of a second."""

    def answer(handler: RegistryHandler) -> None:
        wait, broken = threading.Event(), False
        handler.wfile.write(head)
        for _ in range(1500):
            try:
                handler.wfile.write(piece)
            except OSError:
                broken = True
            if broken or wait.wait(0.01):
                break
        handler.close_connection = True

    return answer


def first(times: int, fault: Fault) -> Fault:
    """That fault, as often as that for each path, and then none."""
    seen: dict[str, int] = {}

    def answer(handler: RegistryHandler, path: str) -> bool:
        if seen.get(path, 0) >= times or not fault(handler, path):
            return False
        seen[path] = seen.get(path, 0) + 1
        return True

    return answer
