"""Images from a real registry, pushed there by skopeo: every way in, every compression."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from layerscope.cli.main import run
from support.images import Packing, load_fixture, write_oci_layout
from support.live_registry import PASSWORD, USER, LiveRegistry, is_installed, serve_live_registry

Serve = Callable[..., LiveRegistry]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a registry of one kind."""
    if not is_installed():
        pytest.skip("docker-registry, skopeo or openssl is not installed")
    with ExitStack() as stack:

        def start(*, protected: bool = False, tls: bool = False) -> LiveRegistry:
            folder = tmp_path / "registry"
            folder.mkdir()
            return stack.enter_context(serve_live_registry(folder, protected=protected, tls=tls))

        yield start


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder without anything in it."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


def push(registry: LiveRegistry, fixture: str, path: Path, *, packing: Packing = Packing.GZIP) -> Path:
    """Push a bundled image as `team/image:1`; returns its layout."""
    write_oci_layout(load_fixture(fixture), path, packing=packing)
    registry.push(path, "team/image:1", "--all")
    return path


def audit(image: str, *options: object, capsys: pytest.CaptureFixture[str], code: int = 1) -> dict[str, object]:
    """The report of an image."""
    capsys.readouterr()
    assert run(["audit", image, "-o", "json", *map(str, options)]) == code
    report: dict[str, object] = json.loads(capsys.readouterr().out)
    return report


def tell(report: dict[str, object]) -> list[object]:
    """What a report says of the image, whatever its source."""
    layers = report["layers"]
    assert isinstance(layers, list)
    return [report["weight"], report["findings"], [(each["chain_id"], each["digest"]) for each in layers]]


@pytest.mark.parametrize("packing", [Packing.GZIP, Packing.ZSTD])
def test_an_image_is_what_its_layout_is(
    packing: Packing, serve: Serve, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same digests, ChainIDs, weight and findings, by scheme and by bare name."""
    del home
    registry = serve()
    layout = push(registry, "demo", tmp_path / "demo", packing=packing)
    expected = tell(audit(f"oci-dir:{layout}", capsys=capsys))
    name = f"{registry.address}/team/image:1"
    for number, image in enumerate((f"registry:{name}", name)):
        assert tell(audit(image, "--cache-dir", tmp_path / f"cache{number}", capsys=capsys)) == expected


def test_a_password_is_taken_from_where_docker_login_keeps_it(
    serve: Serve, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without it, the error says how to get in; with a wrong one, whose it was."""
    registry = serve(protected=True)
    push(registry, "demo", tmp_path / "demo")
    image = f"registry:{registry.address}/team/image:1"
    assert run(["audit", image]) == 3
    assert "without credentials; `docker login` or `podman login` first" in capsys.readouterr().err
    file = home / ".docker" / "config.json"
    file.parent.mkdir()
    for password, code in (("hunter2", 3), (PASSWORD, 1)):
        packed = base64.b64encode(f"{USER}:{password}".encode()).decode()
        file.write_text(json.dumps({"auths": {registry.address: {"auth": packed}}}))
        assert run(["audit", image]) == code
        said = capsys.readouterr()
        assert password not in said.err + said.out
    assert str(file) not in said.err


def test_a_registry_behind_tls_is_held_to_its_certificate(
    serve: Serve, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown authority is refused; one for this registry alone, or for every program, is taken."""
    registry = serve(tls=True)
    push(registry, "demo", tmp_path / "demo")
    assert registry.authority is not None
    image = f"registry:{registry.address}/team/image:1"
    assert run(["audit", image]) == 3
    assert "was not accepted" in capsys.readouterr().err
    own = home / ".config" / "containers" / "certs.d" / registry.address
    own.mkdir(parents=True)
    (own / "ca.crt").write_bytes(registry.authority.read_bytes())
    assert run(["audit", image]) == 1
    (own / "ca.crt").unlink()
    monkeypatch.setenv("SSL_CERT_FILE", str(registry.authority))
    assert run(["audit", image, "--no-cache-read"]) == 1


def test_a_platform_is_chosen(serve: Serve, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From an index that a registry serves, as from a layout."""
    del home
    registry = serve()
    layout = push(registry, "multi-platform", tmp_path / "multi")
    image = f"registry:{registry.address}/team/image:1"
    for platform in ("linux/amd64", "linux/arm64"):
        reports = [run_quietly(source, platform, capsys) for source in (image, f"oci-dir:{layout}")]
        assert reports[0] == reports[1]


def run_quietly(image: str, platform: str, capsys: pytest.CaptureFixture[str]) -> object:
    """The DiffIDs of the image for a platform."""
    capsys.readouterr()
    assert run(["inspect", image, "--platform", platform, "-o", "json"]) == 0
    return json.loads(capsys.readouterr().out)["diff_ids"]


def test_what_was_fetched_is_told(serve: Serve, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything at first, then nothing."""
    del home
    registry = serve()
    push(registry, "demo", tmp_path / "demo")
    image = f"registry:{registry.address}/team/image:1"
    for told in ("8 layers read now · ", "8 layers known from the cache · 0 B of layers fetched"):
        capsys.readouterr()
        assert run(["audit", image, "--cache-dir", str(tmp_path / "cache")]) == 1
        out = " ".join(capsys.readouterr().out.split())
        assert told in out
        assert "of layers fetched" in out


def test_the_tables_that_skopeo_writes_are_true(
    serve: Serve, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And tell the same tree as the layers, for a fraction of their bytes."""
    del home
    registry = serve()
    write_oci_layout(load_fixture("demo"), tmp_path / "demo")
    registry.push(tmp_path / "demo", "team/image:1", "--all", "--dest-compress-format", "zstd:chunked")
    image = f"registry:{registry.address}/team/image:1"
    assert run(["tree", image, "--toc", "--long", "--cache-dir", str(tmp_path / "cache")]) == 0
    told = capsys.readouterr()
    assert "told from the table of contents alone" in told.err
    report = audit(image, "--cache-dir", tmp_path / "cache", capsys=capsys)
    findings, layers = report["findings"], report["layers"]
    assert isinstance(findings, list)
    assert isinstance(layers, list)
    assert {layer["media_type"] for layer in layers} == {"application/vnd.oci.image.layer.v1.tar+zstd"}
    assert not [finding for finding in findings if finding["code"] == "LAY011"]
    assert run(["tree", image, "--long", "--cache-dir", str(tmp_path / "cache")]) == 0
    assert capsys.readouterr().out == told.out
