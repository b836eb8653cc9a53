"""The Dockerfile of a build lies outside of the context, and is gone afterwards."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from layerscope.errors import UsageError
from layerscope.fixes.builds.request import BuildRequest
from layerscope.fixes.builds.workplace import hold_name, open_dockerfile_place
from layerscope.fixes.destinations.engine import EngineDestination
from layerscope.image.reference import Reference
from support.engine_stub import EngineStub, StubImage, run_engine


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A folder with a Dockerfile and a list of what is not copied for it."""
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "app.Dockerfile").write_text("FROM scratch\n")
    (folder / "app.Dockerfile.dockerignore").write_text("secret\n")
    return folder


def test_the_text_lies_elsewhere_under_the_same_name(context: Path) -> None:
    """Beside it is the list that builders look for by that name; line ends stay."""
    request = BuildRequest("FROM x\r\n", context, context / "app.Dockerfile")
    with open_dockerfile_place(request) as path:
        assert path.name == "app.Dockerfile"
        assert path.read_bytes() == b"FROM x\r\n"
        assert path.with_name("app.Dockerfile.dockerignore").read_text() == "secret\n"
        assert not path.is_relative_to(context)
    assert not path.parent.exists()
    assert (context / "app.Dockerfile").read_text() == "FROM scratch\n"


def test_the_list_for_clients_leaves_out_the_place_itself(context: Path) -> None:
    """By the highest folder that the context has none of that name."""
    request = BuildRequest("FROM x\n", context, context / "app.Dockerfile")
    with open_dockerfile_place(request) as path:
        top = path.parts[1]
        assert path.with_name("ignored").read_text() == f"secret\n\n{top}\n"
    (context / top).mkdir()
    with open_dockerfile_place(request) as path:
        assert path.with_name("ignored").read_text() == f"secret\n\n{Path(*path.parts[1:3])}\n"


def test_a_place_within_the_context_is_refused(context: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The image would get it, too."""
    monkeypatch.setattr("tempfile.tempdir", str(context))
    request = BuildRequest("FROM x\n", context, context / "app.Dockerfile")
    with (
        pytest.raises(UsageError, match="lies in the context; TMPDIR names another one"),
        open_dockerfile_place(request),
    ):
        pass
    assert len(list(context.iterdir())) == 2


@pytest.fixture
def destination(tmp_path: Path) -> Iterator[tuple[EngineStub, EngineDestination]]:
    """A place in an engine."""
    with run_engine(tmp_path) as stub:
        yield stub, EngineDestination("docker", Reference.parse("app:fixed"), environment=stub.environment)


def test_a_name_is_gone_in_the_end(destination: tuple[EngineStub, EngineDestination]) -> None:
    """Whatever happened; one that nothing has is as good."""
    stub, place = destination
    complaints: list[str] = []
    with suppress(KeyboardInterrupt), hold_name(place, complaints.append) as name:
        stub.images[name] = StubImage({})
        raise KeyboardInterrupt
    assert stub.images == {}
    with hold_name(place, complaints.append) as other:
        assert other != name
    assert other.startswith("localhost/layerscope-fix-")
    assert complaints == []


def test_a_name_that_the_engine_does_not_remove_is_told(destination: tuple[EngineStub, EngineDestination]) -> None:
    """It hides nothing of what happened before."""
    stub, place = destination
    complaints: list[str] = []
    with hold_name(place, complaints.append) as name:
        stub.failure = (409, b'{"message": "it is in use"}')
    (complaint,) = complaints
    assert complaint.startswith(f"{name} may be left: ")
    assert "it is in use" in complaint
