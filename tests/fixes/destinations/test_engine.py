"""New images in an engine: loaded as one archive, and known by their name afterwards."""

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.errors import EngineError, SourceError, UsageError
from layerscope.fixes.destinations.engine import CONTAINERD_NAME, EngineDestination
from layerscope.image.reference import Reference
from support.engine_stub import EngineStub, StubImage, podman_version, run_engine
from support.new_images import publish

NAME = "docker.io/acme/app:fixed"


@pytest.fixture(params=["docker", "podman"])
def stub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EngineStub]:
    """An engine without images."""
    with run_engine(tmp_path, podman_version() if request.param == "podman" else None) as engine:
        yield engine


def place_in(stub: EngineStub, *, replaces: bool = False) -> EngineDestination:
    """The destination in that engine."""
    kind = "podman" if stub.version == podman_version() else "docker"
    assert kind in {"docker", "podman"}
    return EngineDestination(
        "podman" if kind == "podman" else "docker",
        Reference.parse("acme/app:fixed"),
        replaces=replaces,
        environment=stub.environment,
    )


def test_an_image_is_loaded_under_its_name(stub: EngineStub, tmp_path: Path) -> None:
    """The same archive names it for engines of every kind."""
    destination = place_in(stub)
    destination.check()
    new = publish(destination, tmp_path)
    assert stub.images[NAME].inspected["Id"] == str(new.config.digest)
    with tarfile.open(fileobj=io.BytesIO(stub.loaded[0])) as archive:
        index = archive.extractfile("index.json")
        assert index is not None
        (entry,) = json.loads(index.read())["manifests"]
    assert entry["annotations"] == {CONTAINERD_NAME: NAME, "org.opencontainers.image.ref.name": "fixed"}


def test_a_name_that_is_taken_stays(stub: EngineStub) -> None:
    """Unless it is said that it may go."""
    stub.images[NAME] = StubImage({"Id": "sha256:" + "0" * 64, "RootFS": {"Layers": []}})
    with pytest.raises(UsageError, match="the engine has such an image; choose another name, or --replace"):
        place_in(stub).check()
    place_in(stub, replaces=True).check()
    assert stub.loaded == []


def test_what_the_engine_says_of_a_failed_load_is_told(stub: EngineStub, tmp_path: Path) -> None:
    """It answers 200, and tells of the error in what follows."""
    stub.load_answer = b'{"stream":"Loading"}\r\n{"error":"no space left on device","errorDetail":{}}\r\n'
    with pytest.raises(EngineError, match="says: no space left on device"):
        publish(place_in(stub), tmp_path)


def test_an_answer_that_breaks_off_is_told(stub: EngineStub, tmp_path: Path) -> None:
    """Half a line is no JSON, and no traceback either."""
    stub.load_answer = b'{"stream":"Loa'
    with pytest.raises(EngineError, match="fixed: expected lines of JSON from "):
        publish(place_in(stub), tmp_path)


def test_an_engine_that_refuses_is_told(stub: EngineStub, tmp_path: Path) -> None:
    """With its status and its words."""
    destination = place_in(stub)
    stub.failure = (500, b'{"message": "the store is read-only"}')
    with pytest.raises(EngineError, match="the store is read-only"):
        publish(destination, tmp_path)


def test_an_engine_that_forgets_the_name_is_told(stub: EngineStub, tmp_path: Path) -> None:
    """Old ones load what they cannot name without a word."""
    stub.forgets_names = True
    with pytest.raises(SourceError, match="loaded the image, and does not know its name"):
        publish(place_in(stub), tmp_path)


def test_no_engine_is_told_before_any_work(tmp_path: Path) -> None:
    """The check asks."""
    nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    with pytest.raises(SourceError, match=r"none\.sock"):
        EngineDestination("docker", Reference.parse("acme/app:1"), environment=nowhere).check()


def test_the_workplace_of_an_engine_is_the_temporary_folder(
    stub: EngineStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it is empty afterwards."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    destination = place_in(stub)
    with destination.open_workplace() as work:
        assert work.parent == temporary
    publish(destination, tmp_path)
    assert list(temporary.iterdir()) == []
