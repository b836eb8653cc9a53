"""A run that was cut off in the middle of a layer: the next one asks for the rest of it alone."""

import gzip
import hashlib
import json
import os
import random
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from layerscope.audit.result import AuditResult
from layerscope.errors import SourceError, TransferError
from layerscope.layers.cache_parts import SMALLEST_BLOB
from layerscope.sources.registry import resumed_blob
from support.registry_server import Registry, RegistryHandler

Audit = Callable[..., AuditResult]

MIB = 1 << 20

AUDIT_SLOWLY = """
import sys
from layerscope.cli.main import run
from layerscope.sources.registry import resumed_blob
resumed_blob.WORTH_SECONDS = 0.0
sys.exit(run(sys.argv[1:]))
"""
OCI = "application/vnd.oci.image"


def add_large_image(registry: Registry) -> str:
    """An image of one layer, larger than the smallest blob of which a part is kept; returns the layer's digest."""
    tar = BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        header = tarfile.TarInfo("weights.bin")
        header.size = SMALLEST_BLOB + 3 * MIB
        archive.addfile(header, BytesIO(random.Random(1).randbytes(header.size)))
    blob = gzip.compress(tar.getvalue(), 1)
    diff_id = f"sha256:{hashlib.sha256(tar.getvalue()).hexdigest()}"
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [diff_id]}}
    documents = [json.dumps(config).encode(), blob]
    described = [
        {"mediaType": kind, "digest": f"sha256:{hashlib.sha256(content).hexdigest()}", "size": len(content)}
        for kind, content in zip((f"{OCI}.config.v1+json", f"{OCI}.layer.v1.tar+gzip"), documents, strict=True)
    ]
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{OCI}.manifest.v1+json",
        "config": described[0],
        "layers": described[1:],
    }
    registry.blobs.update({str(each["digest"]): content for each, content in zip(described, documents, strict=True)})
    registry.manifests["1"] = (f"{OCI}.manifest.v1+json", json.dumps(manifest).encode())
    return str(described[1]["digest"])


def pull_the_plug(layer: str, after: int) -> Callable[[RegistryHandler, str], bool]:
    """The registry sends so many bytes of a layer, and nobody gets any more of it."""

    def answer(handler: RegistryHandler, path: str) -> bool:
        if not path.endswith(layer):
            return False
        content = handler.registry.blobs[layer]
        if "Range" in handler.headers:
            handler.reply(503)
        else:
            handler.reply(200, content[:after], Content_Length=str(len(content)))
            handler.hang_up()
        return True

    return answer


@pytest.fixture(autouse=True)
def keep_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every blob of a test takes long enough to be kept, however fast this host is."""
    monkeypatch.setattr(resumed_blob, "WORTH_SECONDS", 0.0)


def list_parts(cache: Path) -> list[Path]:
    """The parts that a cache holds."""
    return [path for path in cache.glob("v1/parts/*/*") if path.is_file()]


@pytest.fixture
def cut(registry: Registry, audit: Audit, tmp_path: Path) -> str:
    """A registry whose image was audited until the plug was pulled after 9 MiB and a half; the layer's digest."""
    layer = add_large_image(registry)
    registry.fault = pull_the_plug(layer, 9 * MIB + MIB // 2)
    with pytest.raises(SourceError):
        audit(registry)
    registry.fault = lambda _handler, _path: False
    registry.sent = 0
    assert len(list_parts(tmp_path / "cache")) == 1
    return layer


def test_the_next_run_fetches_only_the_rest(registry: Registry, audit: Audit, cut: str, tmp_path: Path) -> None:
    """To the byte, which its scan says; the part is gone then."""
    result = audit(registry)
    [layer] = result.layers
    assert registry.sent == len(registry.blobs[cut]) - 9 * MIB - MIB // 2
    assert layer.verified
    assert layer.scan is not None
    assert layer.scan.resumed_at == 9 * MIB + MIB // 2
    assert not list_parts(tmp_path / "cache")


def test_a_part_of_other_bytes_is_forgotten(registry: Registry, audit: Audit, cut: str, tmp_path: Path) -> None:
    """The layer is not blamed: nobody knows which half is wrong. The run after that has all of it."""
    content = bytearray(registry.blobs[cut])
    content[5 * MIB] ^= 1
    registry.fault = pull_the_plug(cut, 8 * MIB)
    [part] = list_parts(tmp_path / "cache")
    part.unlink()
    right, registry.blobs[cut] = registry.blobs[cut], bytes(content)
    with pytest.raises(SourceError):
        audit(registry)
    registry.blobs[cut], registry.fault = right, lambda _handler, _path: False
    with pytest.raises(TransferError, match="had kept and the rest do not have that digest"):
        audit(registry)
    assert not list_parts(tmp_path / "cache")
    assert audit(registry).layers[0].verified


def test_a_whole_reading_leaves_no_part(registry: Registry, audit: Audit, tmp_path: Path) -> None:
    """Nor does one of small layers."""
    add_large_image(registry)
    audit(registry)
    assert not list_parts(tmp_path / "cache")


def test_a_killed_run_leaves_what_it_had(registry: Registry, audit: Audit, tmp_path: Path) -> None:
    """All whole frames of it, by SIGKILL in the middle of a layer that comes slowly."""
    layer, arrived = add_large_image(registry), 9 * MIB + MIB // 2
    ended = threading.Event()

    def stall(handler: RegistryHandler, path: str) -> bool:
        if path.endswith(layer):
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(registry.blobs[layer])))
            handler.end_headers()
            handler.wfile.write(registry.blobs[layer][:arrived])
            ended.wait(60)
            handler.hang_up()
        return path.endswith(layer)

    registry.fault = stall
    image = f"registry:{registry.address}/team/demo:1"
    command = [sys.executable, "-c", AUDIT_SLOWLY, "audit", image, "--cache-dir", str(tmp_path / "cache")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "HOME": str(tmp_path)}) as process:
        while sum(part.stat().st_size for part in list_parts(tmp_path / "cache")) < 8 * MIB:
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    ended.set()
    registry.fault, registry.sent = lambda _handler, _path: False, 0
    [found] = audit(registry).layers
    assert found.verified
    assert found.scan is not None
    assert found.scan.resumed_at > 7 * MIB
    assert registry.sent == len(registry.blobs[layer]) - found.scan.resumed_at


def test_a_blob_that_comes_fast_is_not_kept(
    registry: Registry, audit: Audit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for what arrived before its speed was known, if it broke off by then."""
    layer = add_large_image(registry)
    monkeypatch.setattr(resumed_blob, "WORTH_SECONDS", 1e9)
    monkeypatch.setattr(resumed_blob, "DECIDE_SECONDS", 1e9)
    for after, kept in ((7 * MIB, 7 * MIB), (9 * MIB, 0)):
        registry.fault = pull_the_plug(layer, after)
        with pytest.raises(SourceError):
            audit(registry)
        parts = list_parts(tmp_path / "cache")
        assert sum(part.stat().st_size for part in parts) // MIB == kept // MIB
        for part in parts:
            part.unlink()


def test_a_large_blob_is_kept_however_fast_it_comes(
    registry: Registry, audit: Audit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fetching it again is a waste for everybody."""
    monkeypatch.setattr(resumed_blob, "WORTH_SECONDS", 1e9)
    monkeypatch.setattr(resumed_blob, "LARGE_BLOB", SMALLEST_BLOB)
    registry.fault = pull_the_plug(add_large_image(registry), 12 * MIB)
    with pytest.raises(SourceError):
        audit(registry)
    assert len(list_parts(tmp_path / "cache")) == 1
