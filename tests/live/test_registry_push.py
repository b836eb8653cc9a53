"""Images pushed into a real registry: read back by skopeo and by an audit, they are what they were."""

import base64
import io
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from layerscope.cli.main import run
from layerscope.errors import DigestMismatchError, LoginError
from layerscope.image.descriptor import Descriptor, parse_descriptor
from layerscope.image.digest import Digest
from layerscope.image.reference import Reference
from layerscope.sources.layout import DirectoryContents
from layerscope.sources.registry import blob_upload, retry_wait, transport
from layerscope.sources.registry.credentials import Credential
from layerscope.sources.registry.destination import open_destination
from layerscope.sources.registry.image_push import push_image
from layerscope.sources.registry.lookup import Access
from layerscope.sources.registry.publisher import RegistryPublisher, TagTakenError
from support.images import Packing, load_fixture, write_oci_layout
from support.live_registry import PASSWORD, USER, LiveRegistry, is_installed, serve_live_registry

Serve = Callable[..., LiveRegistry]


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts a registry of one kind; chunks are small, and nobody waits long before another try."""
    if not is_installed():
        pytest.skip("docker-registry, skopeo or openssl is not installed")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(blob_upload, "CHUNK", 1000)
    monkeypatch.setattr(retry_wait, "FIRST_WAIT", 0.001)
    with ExitStack() as stack:

        def start(*, protected: bool = False, tls: bool = False) -> LiveRegistry:
            folder = tmp_path / "registry"
            folder.mkdir()
            registry = stack.enter_context(serve_live_registry(folder, protected=protected, tls=tls))
            if registry.authority is not None:
                monkeypatch.setenv("SSL_CERT_FILE", str(registry.authority))
            return registry

        yield start


def write_layout(
    path: Path, fixture: str = "demo", *, packing: Packing = Packing.GZIP
) -> tuple[DirectoryContents, Descriptor]:
    """A bundled image as a layout, and what names it there."""
    write_oci_layout(load_fixture(fixture), path, packing=packing)
    index = json.loads((path / "index.json").read_bytes())
    return DirectoryContents(str(path)), parse_descriptor(index["manifests"][0], where="index.json")


def open_publisher(
    registry: LiveRegistry, name: str = "team/image", *, password: str | None = PASSWORD
) -> RegistryPublisher:
    """A repository of the registry, by a name and a password or by nobody's."""
    credential = None if password is None else Credential(USER, password, origin="the test")
    environment = {} if registry.authority is None else {"SSL_CERT_FILE": str(registry.authority)}
    access = Access({"HOME": "/nonexistent", **environment}, credential=credential)
    return open_destination(Reference.parse(f"{registry.address}/{name}"), access)


def inspect(registry: LiveRegistry, name: str = "team/image:1") -> Digest:
    """The digest of the manifest or index that skopeo finds."""
    command = ["skopeo", "inspect", "--raw", "--tls-verify=false", "--creds", f"{USER}:{PASSWORD}"]
    done = subprocess.run([*command, f"docker://{registry.address}/{name}"], check=True, capture_output=True)
    return Digest.of(done.stdout)


def copy_back(registry: LiveRegistry, path: Path, name: str = "team/image:1") -> set[str]:
    """The blobs that skopeo brings back, each held to its digest by skopeo."""
    command = ["skopeo", "copy", "--all", "--insecure-policy", "--src-tls-verify=false"]
    command += ["--src-creds", f"{USER}:{PASSWORD}", f"docker://{registry.address}/{name}", f"oci:{path}"]
    subprocess.run(command, check=True, capture_output=True)
    return {blob.name for blob in (path / "blobs/sha256").iterdir()}


def tell(image: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[object]:
    """What an audit says of the digests of an image; nothing of an earlier one is used."""
    capsys.readouterr()
    assert run(["audit", image, "-o", "json", "--no-cache-read", "--cache-dir", str(tmp_path / "cache")]) == 1
    report = json.loads(capsys.readouterr().out)
    layers = [(layer["digest"], layer["chain_id"], layer["verified"]) for layer in report["layers"]]
    return [layers, report["weight"], report["image"]["manifest_digest"]]


@pytest.mark.parametrize("kind", [{}, {"protected": True}, {"tls": True}, {"protected": True, "tls": True}], ids=str)
def test_an_image_is_what_it_was(
    kind: dict[str, bool], serve: Serve, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the clear, with a password, and behind TLS: equal digests by skopeo and by an audit."""
    registry = serve(**kind)
    contents, top = write_layout(tmp_path / "demo")
    push_image(open_publisher(registry), contents, top, "1")
    assert inspect(registry) == top.digest
    assert copy_back(registry, tmp_path / "back") == {path.name for path in (tmp_path / "demo/blobs/sha256").iterdir()}
    if "protected" in kind:
        write_login(registry, tmp_path / "home")
    expected = tell(f"oci-dir:{tmp_path / 'demo'}", tmp_path, capsys)
    assert tell(f"registry:{registry.address}/team/image:1", tmp_path, capsys) == expected


@pytest.mark.parametrize("packing", [Packing.NONE, Packing.ZSTD, Packing.GZIP_MEMBERS, Packing.ZSTD_FRAMES])
def test_layers_are_sent_and_read_as_they_are_stored(
    packing: Packing, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However they are compressed, or not at all; skopeo would compress them."""
    monkeypatch.setattr(blob_upload, "CHUNK", 1 << 20)
    registry = serve()
    contents, top = write_layout(tmp_path / "demo", packing=packing)
    push_image(open_publisher(registry), contents, top, "1")
    expected = tell(f"oci-dir:{tmp_path / 'demo'}", tmp_path, capsys)
    assert tell(f"registry:{registry.address}/team/image:1", tmp_path, capsys) == expected


def write_login(registry: LiveRegistry, home: Path) -> None:
    """What `docker login` leaves in a home folder."""
    (home / ".docker").mkdir(parents=True)
    packed = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    (home / ".docker/config.json").write_text(json.dumps({"auths": {registry.address: {"auth": packed}}}))


def test_an_index_comes_after_what_it_names(serve: Serve, tmp_path: Path) -> None:
    """The registry refuses one that names what it does not have."""
    registry = serve()
    contents, top = write_layout(tmp_path / "multi", "multi-platform")
    assert top.media_type.is_index
    push_image(open_publisher(registry), contents, top, "1")
    assert inspect(registry) == top.digest
    assert copy_back(registry, tmp_path / "back") == {path.name for path in (tmp_path / "multi/blobs/sha256").iterdir()}


def test_a_tag_that_is_taken_is_left_alone(serve: Serve, tmp_path: Path) -> None:
    """Unless it is said that it may be replaced; the same image once more is no matter."""
    registry = serve()
    publisher = open_publisher(registry)
    first, second = write_layout(tmp_path / "demo"), write_layout(tmp_path / "multi", "multi-platform")
    push_image(publisher, *first, "1")
    push_image(publisher, *first, "1")
    with pytest.raises(TagTakenError, match=f"names {first[1].digest}"):
        push_image(publisher, *second, "1")
    assert inspect(registry) == first[1].digest
    push_image(publisher, *second, "1", replace=True)
    assert inspect(registry) == second[1].digest


def test_a_blob_is_mounted_from_another_repository(serve: Serve, tmp_path: Path) -> None:
    """Without a byte sent; what that one does not have is not mounted."""
    registry = serve(protected=True)
    contents, top = write_layout(tmp_path / "demo")
    push_image(open_publisher(registry), contents, top, "1")
    layer = json.loads((tmp_path / "demo/blobs/sha256" / top.digest.hex).read_bytes())["layers"][0]
    other = open_publisher(registry, "other/image")
    digest = Digest.parse(layer["digest"])
    assert not other.has_blob(digest)
    assert not other.mount_blob(digest, "empty/image")
    assert other.mount_blob(digest, "team/image")
    found = other.find_blob(digest)
    assert found is not None
    assert found.size == layer["size"]


@pytest.mark.parametrize("source", ["same", "file"])
def test_a_fixed_image_is_pushed_with_the_password_that_was_given(
    source: str, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the same registry or from a file: read once, and used for both."""
    registry = serve(protected=True)
    contents, top = write_layout(tmp_path / "demo")
    image = f"oci-dir:{tmp_path / 'demo'}"
    if source == "same":
        push_image(open_publisher(registry), contents, top, "1")
        image = f"registry:{registry.address}/team/image:1"
    target = f"registry:{registry.address}/team/fixed:1"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{PASSWORD}\n".encode())))
    words = ["fix", image, "--apply", "--layers", "--to", target, "--username", USER, "--password-stdin"]
    assert run([*words, "--cache-dir", str(tmp_path / "cache"), "-q"]) == 0
    assert inspect(registry, "team/fixed:1") != top.digest


def test_the_password_of_one_registry_is_not_told_to_another(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That one is entered by its own login, and lets nobody in without."""
    registry = serve(protected=True)
    target = f"registry:{registry.address}/team/fixed:1"
    words = ["--apply", "--layers", "--to", target, "--username", USER, "--password-stdin", "-q"]
    for login in (False, True):
        if login:
            write_login(registry, tmp_path / "home")
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{PASSWORD}\n".encode())))
        assert run(["fix", "registry:localhost:9/team/image:1", *words, "--cache-dir", str(tmp_path)]) == 3
        said = capsys.readouterr().err
        assert ("without credentials" in said) is not login
        assert ("localhost:9" in said) is login


def test_a_broken_chunk_is_sent_again(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that breaks in the middle of a chunk costs no more than the upload."""
    registry = serve()
    contents, top = write_layout(tmp_path / "demo")
    whole, broken = transport._iter_slices, []

    def cut(body: bytes | memoryview) -> Iterator[bytes]:
        """Half of some chunks goes out."""
        broken.append(len(body))
        if len(broken) not in {1, 6, 7, 20}:
            yield from whole(body)
            return
        yield bytes(body[: len(body) // 2])
        raise ConnectionResetError

    monkeypatch.setattr(transport, "_iter_slices", cut)
    push_image(open_publisher(registry), contents, top, "1")
    assert len(broken) > 20
    assert copy_back(registry, tmp_path / "back") == {path.name for path in (tmp_path / "demo/blobs/sha256").iterdir()}


def test_wrong_bytes_are_not_published(serve: Serve, tmp_path: Path) -> None:
    """Neither by us nor, were we to try, by the registry."""
    publisher = open_publisher(serve())
    _, top = write_layout(tmp_path / "demo")
    source = (tmp_path / "demo/blobs/sha256" / top.digest.hex).read_bytes().replace(b"config", b"gifnoc")
    (tmp_path / "wrong").write_bytes(source)
    with pytest.raises(DigestMismatchError, match="expected sha256:"):
        publisher.upload_blob(top, lambda: (tmp_path / "wrong").open("rb"))
    assert not publisher.has_blob(top.digest)


@pytest.mark.parametrize(
    ("password", "said"), [("hunter2", f"as {USER}, from the test"), (None, "without credentials")]
)
def test_who_is_not_let_in_is_told(password: str | None, said: str, serve: Serve) -> None:
    """With the credentials that were tried, and never a password."""
    with pytest.raises(LoginError, match=said) as raised:
        open_publisher(serve(protected=True), password=password)
    assert "hunter2" not in str(raised.value)
