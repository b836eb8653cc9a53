"""Images from a real registry, pushed there by skopeo: every way in, every compression."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from layerscope.cli.main import run
from support.images import Packing, load_fixture, write_oci_layout
from support.live_engines import LiveEngine
from support.live_images import load
from support.live_registry import PASSWORD, USER, LiveRegistry, is_installed, serve_live_registry

Serve = Callable[..., LiveRegistry]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a registry of one kind."""
    if not is_installed():
        pytest.skip("docker-registry, skopeo or openssl is not installed")
    with ExitStack() as stack:

        def start(*, protected: bool = False, tls: bool = False, tokens: bool = False) -> LiveRegistry:
            folder = tmp_path / "registry"
            folder.mkdir()
            return stack.enter_context(serve_live_registry(folder, protected=protected, tls=tls, tokens=tokens))

        yield start


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder without anything in it."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


def push(
    registry: LiveRegistry, fixture: str, path: Path, *, packing: Packing = Packing.GZIP, name: str = "team/image:1"
) -> Path:
    """Push a bundled image under a name; returns its layout."""
    write_oci_layout(load_fixture(fixture), path, packing=packing)
    registry.push(path, name, "--all")
    return path


def log_in(registry: LiveRegistry, home: Path, password: str) -> Path:
    """Write a name and a password down, as `docker login` does; returns the file."""
    file = home / ".docker" / "config.json"
    file.parent.mkdir(exist_ok=True)
    packed = base64.b64encode(f"{USER}:{password}".encode()).decode()
    file.write_text(json.dumps({"auths": {registry.address: {"auth": packed}}}))
    return file


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
    for password, code in (("hunter2", 3), (PASSWORD, 1)):
        file = log_in(registry, home, password)
        assert run(["audit", image]) == code
        said = capsys.readouterr()
        assert password not in said.err + said.out
    assert str(file) not in said.err


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_is_had_for_a_name_and_a_password(
    method: str, serve: Serve, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a server that signs them, by either way; without credentials or with wrong ones there is none."""
    registry = serve(tokens=True)
    layout = push(registry, "demo", tmp_path / "demo")
    assert registry.tokens is not None
    registry.tokens.methods = {method}
    image, cache = f"registry:{registry.address}/team/image:1", ("--cache-dir", tmp_path / "cache")
    assert run(["audit", image]) == 3
    assert "without credentials" in capsys.readouterr().err
    file = log_in(registry, home, "hunter2")
    assert run(["audit", image]) == 3
    said = capsys.readouterr().err
    assert f"127.0.0.1 refused a token, asked as {USER}, from {file}" in said
    log_in(registry, home, PASSWORD)
    assert tell(audit(image, *cache, capsys=capsys)) == tell(audit(f"oci-dir:{layout}", capsys=capsys))
    assert registry.tokens.granted[-1] == (USER, "repository:team/image:pull")
    kept = b"".join(path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert PASSWORD.encode() not in kept
    assert registry.tokens.last.encode() not in kept


def test_what_is_public_needs_no_credentials(
    serve: Serve, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A token for nobody is enough."""
    del home
    registry = serve(tokens=True)
    push(registry, "demo", tmp_path / "demo", name="public/image:1")
    audit(f"registry:{registry.address}/public/image:1", capsys=capsys)
    assert registry.tokens is not None
    assert registry.tokens.granted[-1] == ("", "repository:public/image:pull")


def test_what_an_engine_pushed_is_what_the_engine_has(
    docker_engine: LiveEngine, serve: Serve, home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The same layers with and without the engine: Docker packs them for the registry, their ChainIDs stay."""
    del home
    registry, built = serve(), load_fixture("demo")
    load(docker_engine, built)
    name = f"{registry.address}/team/pushed"
    docker_engine.client.images.get(built.tag).tag(name, "1")
    answers = docker_engine.client.images.push(name, "1", stream=True, decode=True)
    assert [answer for answer in answers if "error" in answer] == []
    environment = docker_engine.environment
    with pytest.MonkeyPatch.context() as patch:
        for key, value in environment.items():
            patch.setenv(key, value)
        there = audit(f"docker:{built.tag}", "--cache-dir", tmp_path / "engine", capsys=capsys)
    here = audit(f"registry:{name}:1", "--cache-dir", tmp_path / "registry-cache", capsys=capsys)
    assert list_chain(here) == list_chain(there)
    assert here["weight"] == there["weight"]


def list_chain(report: dict[str, object]) -> list[str]:
    """The ChainIDs of a report's layers."""
    layers = report["layers"]
    assert isinstance(layers, list)
    return [each["chain_id"] for each in layers]


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
    for told in ("9 layers read now · ", "9 layers known from the cache · 0 B of layers fetched"):
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
    assert capsys.readouterr().out.splitlines()[1:] == told.out.splitlines()[1:]
