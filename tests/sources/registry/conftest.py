"""A registry with a bundled image in it, and audits of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import cache_fingerprint
from layerscope.audit.result import AuditResult
from layerscope.image.reference import Reference
from layerscope.layers.cache import LayerCache
from layerscope.progress import Progress, SilentProgress
from layerscope.sources.registry import blob_upload, retry_wait, tls_probe
from layerscope.sources.registry.source import RegistrySource
from support.images import load_fixture, write_oci_layout
from support.registry_server import Registry, serve_registry
from support.registry_uploads import WritableRegistry, serve_writable_registry

Audit = Callable[..., AuditResult]


@pytest.fixture
def registry() -> Iterator[Registry]:
    """An empty registry on loopback."""
    with serve_registry() as server:
        yield server


@pytest.fixture
def writable(monkeypatch: pytest.MonkeyPatch) -> Iterator[WritableRegistry]:
    """An empty registry that is written to, in chunks of a thousand bytes."""
    monkeypatch.setattr(blob_upload, "CHUNK", 1000)
    monkeypatch.setattr(blob_upload, "MAX_CHUNK", 4000)
    with serve_writable_registry() as server:
        yield server


@pytest.fixture
def demo(registry: Registry, tmp_path: Path) -> Registry:
    """A registry whose repository `team/demo` has the demo image under the tag 1."""
    write_oci_layout(load_fixture("demo"), tmp_path / "demo")
    registry.add_layout(tmp_path / "demo")
    return registry


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long before another try, and no proxy of this host is in the way."""
    monkeypatch.setattr(tls_probe, "PROBE_SECONDS", 0.1)
    monkeypatch.setattr(retry_wait, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(retry_wait, "LONGEST_WAIT", 0.002)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    """Audits an image of a registry, with a home folder and a cache of this test."""
    environment = {"HOME": str(tmp_path / "home")}

    def run(
        registry: Registry,
        name: str = "team/demo:1",
        *,
        jobs: int = 2,
        environment: dict[str, str] = environment,
        offline: bool = False,
        progress: Progress | None = None,
    ) -> AuditResult:
        options = AuditOptions(LayerCache(tmp_path / "cache", fingerprint=cache_fingerprint()), jobs=jobs)
        source = RegistrySource(Reference.parse(f"{registry.address}/{name}"), environment=environment, offline=offline)
        return audit_image(source, options=options, progress=progress or SilentProgress())

    return run
