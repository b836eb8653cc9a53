"""The grammar of IMAGE."""

from pathlib import Path

import pytest

from layerscope.errors import ImageNotFoundError, ReferenceSyntaxError, UsageError
from layerscope.sources.archive import ArchiveSource
from layerscope.sources.bare_name import BareNameSource
from layerscope.sources.daemon import DaemonSource
from layerscope.sources.layout import LayoutSource
from layerscope.sources.registry.source import RegistrySource
from layerscope.sources.select import MAX_LENGTH, select_source
from layerscope.sources.standard_input import InputSource
from support.archives import LayoutBuilder, pack, saved

HEX = "a" * 64


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    layout = LayoutBuilder()
    layout.list(layout.image()).write(Path("layout"))
    Path("image.tar").write_bytes(pack(saved()))
    Path("colon:1.tar").write_bytes(pack(saved()))
    Path("myapp").mkdir()
    Path("Dockerfile").write_text("FROM scratch\n")
    Path("notes").write_text("hello\n")


@pytest.mark.parametrize(
    ("text", "kind", "describe"),
    [
        ("layout", LayoutSource, "oci-dir:layout"),
        ("./layout", LayoutSource, "oci-dir:./layout"),
        ("layout:1.0", LayoutSource, "oci-dir:layout:1.0"),
        ("oci-dir:layout", LayoutSource, "oci-dir:layout"),
        ("oci-dir://layout", LayoutSource, "oci-dir:layout"),
        ("oci:layout:1.0", LayoutSource, "oci-dir:layout:1.0"),
        (f"oci:layout@sha256:{HEX}", LayoutSource, f"oci-dir:layout@sha256:{HEX}"),
        ("image.tar", ArchiveSource, "image.tar"),
        ("image.tar:app:1", ArchiveSource, "image.tar:app:1"),
        ("archive://image.tar", ArchiveSource, "image.tar"),
        ("docker-archive:image.tar", ArchiveSource, "docker-archive:image.tar"),
        ("docker-archive:image.tar:docker.io/library/app:1", ArchiveSource, None),
        ("docker-archive:colon:1.tar", ArchiveSource, "docker-archive:colon:1.tar"),
        ("docker-archive:colon:1.tar:app:1", ArchiveSource, "docker-archive:colon:1.tar:app:1"),
        ("colon:1.tar", ArchiveSource, "colon:1.tar"),
        ("oci-archive:image.tar:@0", ArchiveSource, "oci-archive:image.tar:@0"),
        ("-", InputSource, "-"),
        ("docker-archive:-", InputSource, "docker-archive:-"),
        ("docker-archive:-:app:1", InputSource, "docker-archive:-:app:1"),
        ("docker:python:3.12", DaemonSource, "docker:python:3.12"),
        ("docker-daemon:python:3.12", DaemonSource, "docker:python:3.12"),
        ("local://python:3.12", DaemonSource, "docker:python:3.12"),
        ("podman:python", DaemonSource, "podman:python"),
        ("podman://python", DaemonSource, "podman:python"),
        (f"docker:sha256:{HEX}", DaemonSource, f"docker:sha256:{HEX}"),
        (f"docker:{HEX}", DaemonSource, f"docker:{HEX}"),
        ("python:3.12-slim", BareNameSource, "python:3.12-slim"),
        ("localhost:5000/a/b@sha256:" + HEX, BareNameSource, None),
        ("ghcr.io/owner/name", BareNameSource, "ghcr.io/owner/name"),
        (HEX, BareNameSource, HEX),
        ("sha256:" + HEX, BareNameSource, "sha256:" + HEX),
        ("myapp", BareNameSource, "myapp"),
        ("notes:1", BareNameSource, "notes:1"),
    ],
)
def test_every_form_has_its_source(text: str, kind: type, describe: str | None) -> None:
    """Scheme, path, standard input, or name."""
    source = select_source(text)
    assert isinstance(source, kind)
    assert source.describe == (text if describe is None else describe)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", UsageError, "IMAGE is ''"),
        ("a\0b", UsageError, "expected a name"),
        ("x" * (MAX_LENGTH + 1), UsageError, "expected a name"),
        ("docker:", UsageError, "nothing after the scheme"),
        ("oci-dir:", UsageError, "nothing after the scheme"),
        ("ftp://host/image.tar", UsageError, "unknown scheme ftp://; expected one of docker:, podman:, registry:"),
        ("https://ghcr.io/a/b:1", UsageError, "opening https://ghcr.io/a/b:1: leave out https://, an image's name"),
        ("http://r.corp/a", UsageError, "leave out http://, .* and add --insecure to ask in the clear"),
        ("docker://https://ghcr.io/a/b", UsageError, "opening https://ghcr.io/a/b: leave out https://"),
        ("registry:http://r.corp/a", UsageError, "opening http://r.corp/a: leave out http://"),
        ("https://me:hidden@r.corp/a", UsageError, "opening https://r.corp/a: leave out"),
        ("Dockerfile", UsageError, "Dockerfile: a Dockerfile, from which an image is yet to be built"),
        ("./myapp", UsageError, r"\./myapp: a directory without index\.json, expected an image archive"),
        ("./notes", UsageError, r"\./notes: a text file"),
        ("./gone.tar", ImageNotFoundError, r"\./gone\.tar: no such file"),
        ("/gone", ImageNotFoundError, "/gone: no such file"),
        ("gone.tar:app:1", ImageNotFoundError, "no such file"),
        ("oci-dir:gone", ImageNotFoundError, "gone: no such file"),
        ("docker-archive:gone.tar:app:1", ImageNotFoundError, "no such file"),
        (
            "oci-dir:image.tar",
            UsageError,
            "expected an OCI layout directory; for an archive write oci-archive:image.tar",
        ),
        ("oci-archive:layout", UsageError, "expected an image archive; for a layout write oci-dir:layout"),
        ("docker-archive:Dockerfile", UsageError, "a Dockerfile"),
        ("oci-dir:myapp", UsageError, "a directory without"),
        ("oci-dir:-", ImageNotFoundError, "no such file"),
        ("docker:UPPER", ReferenceSyntaxError, "lower case"),
        ("nosuchscheme:a/b", ReferenceSyntaxError, "schemes are docker: podman: registry: oci-dir:"),
        ("Not A Name", ReferenceSyntaxError, "there is no such file, and as a name: reference"),
        ("image.tar@sha256:short", UsageError, "hexadecimal"),
    ],
)
def test_everything_else_is_one_clear_error(text: str, error: type[Exception], message: str) -> None:
    """What was given, what it is, and what was expected."""
    with pytest.raises(error, match=message):
        select_source(text)


@pytest.mark.parametrize("text", ["registry:python:3.12", "docker://python:3.12", "registry://python:3.12"])
def test_a_registry_s_image_is_named_in_full(text: str) -> None:
    """As Docker completes it; nothing is asked yet."""
    source = select_source(text)
    assert isinstance(source, RegistrySource)
    assert source.describe == "registry:docker.io/library/python:3.12"


def test_local_image_called_registry_is_pointed_at() -> None:
    """The name of Docker's own registry image is also a scheme."""
    source = select_source("registry:2")
    assert isinstance(source, RegistrySource)
    assert source.hint == "for the local image called registry:2 write docker:registry:2"


def test_path_that_is_no_image_is_mentioned_when_the_name_is_not_found() -> None:
    """A folder of sources often has its image's name."""
    source = select_source("myapp")
    assert isinstance(source, BareNameSource)
    assert source.attempts == ("myapp is a directory without index.json",)
    assert [kind for kind, _ in source.sources] == ["docker", "podman", "registry"]
