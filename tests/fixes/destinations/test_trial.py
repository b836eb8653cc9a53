"""Images on trial: an engine has them under a name that nobody knows, and under no other."""

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.fixes.destinations.engine import CONTAINERD_NAME, EngineDestination
from layerscope.fixes.destinations.trial import INDEX, hold_on_trial
from layerscope.image.reference import Reference
from support.engine_stub import EngineStub, run_engine
from support.new_images import write_new_image

NAME = "docker.io/acme/app:fixed"


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[EngineStub]:
    """An engine without images."""
    with run_engine(tmp_path, None) as engine:
        yield engine


def test_the_name_is_gone_afterwards_and_the_layout_is_as_it_was(stub: EngineStub, tmp_path: Path) -> None:
    """Nothing that is loaded bears the destination's own name, by which engines with containerd's store would go."""
    destination = EngineDestination("docker", Reference.parse("acme/app:fixed"), environment=stub.environment)
    new = write_new_image(destination, tmp_path)
    index = (tmp_path / "layout" / INDEX).read_bytes()
    with hold_on_trial(destination, tmp_path / "layout", new, pytest.fail) as name:
        assert name.startswith("localhost/layerscope-fix-")
        assert list(stub.images) == [name]
    assert stub.images == {}
    assert (tmp_path / "layout" / INDEX).read_bytes() == index
    with tarfile.open(fileobj=io.BytesIO(stub.loaded[0])) as archive:
        loaded = archive.extractfile(INDEX)
        assert loaded is not None
        (entry,) = json.loads(loaded.read())["manifests"]
    assert entry["annotations"][CONTAINERD_NAME] == name
    assert NAME not in json.dumps(entry)


def test_the_name_goes_whatever_happens(stub: EngineStub, tmp_path: Path) -> None:
    """Also where the trial breaks off."""
    destination = EngineDestination("docker", Reference.parse("acme/app:fixed"), environment=stub.environment)
    new = write_new_image(destination, tmp_path)
    with pytest.raises(KeyboardInterrupt), hold_on_trial(destination, tmp_path / "layout", new, pytest.fail):
        raise KeyboardInterrupt
    assert stub.images == {}
