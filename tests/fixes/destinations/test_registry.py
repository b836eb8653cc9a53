"""New images in a registry: blobs that it has are not sent, and a tag is not moved by accident."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.errors import SourceError, TransferError, UsageError
from layerscope.fixes.destinations.registry import RegistryDestination
from layerscope.image.reference import Reference
from layerscope.sources.registry.credentials import Credential
from layerscope.sources.registry.lookup import Access
from layerscope.sources.registry.source import RegistrySource
from support.new_images import PATHS, publish, read
from support.registry_uploads import WritableRegistry, serve_writable_registry


@pytest.fixture
def registry() -> Iterator[WritableRegistry]:
    """An empty registry that is written to."""
    with serve_writable_registry() as server:
        yield server


def place_in(
    registry: WritableRegistry, *, replaces: bool = False, credential: Credential | None = None
) -> RegistryDestination:
    """The destination in that registry."""
    reference = Reference.parse(f"{registry.address}/team/demo:fixed")
    return RegistryDestination(reference, Access({}, credential=credential), replaces=replaces)


def test_an_image_is_pushed_under_its_tag(registry: WritableRegistry, tmp_path: Path) -> None:
    """And read back from there."""
    destination = place_in(registry)
    destination.check()
    new = publish(destination, tmp_path)
    assert registry.manifests["fixed"] == registry.manifests[str(new.manifest.digest)]
    assert registry.uploads == {}
    found = read(RegistrySource(destination.reference, environment={}), tmp_path)
    assert found.image.manifest_digest == new.manifest.digest
    assert list(found.tree) == PATHS


def test_a_tag_that_is_taken_stays(registry: WritableRegistry, tmp_path: Path) -> None:
    """Before any work is done."""
    publish(place_in(registry), tmp_path)
    before = registry.manifests.copy()
    with pytest.raises(UsageError, match="the tag names an image; choose another tag, or add --replace"):
        place_in(registry).check()
    assert registry.manifests == before


def test_layers_that_the_registry_has_are_not_sent(registry: WritableRegistry, tmp_path: Path) -> None:
    """Of an image that is there already, nothing but the manifest goes there."""
    publish(place_in(registry), tmp_path)
    registry.log.clear()
    publish(place_in(registry, replaces=True), tmp_path)
    assert "POST" not in registry.list_methods()


def test_a_tag_taken_in_the_meantime_stays(registry: WritableRegistry, tmp_path: Path) -> None:
    """Between the question and the answer, minutes pass."""
    destination = place_in(registry)
    destination.check()
    other = ("application/vnd.oci.image.manifest.v1+json", b'{"schemaVersion": 2, "config": {}, "layers": []}')
    registry.manifests["fixed"] = other
    with pytest.raises(SourceError):
        publish(destination, tmp_path)
    assert registry.manifests["fixed"] == other


def test_a_registry_that_does_not_let_us_in_is_told_before_any_work(registry: WritableRegistry) -> None:
    """With a wrong password, or with none."""
    registry.user = "somebody"
    for credential in (None, Credential("somebody", "wrong")):
        with pytest.raises(TransferError):
            place_in(registry, credential=credential).check()
    place_in(registry, credential=Credential("somebody", registry.password)).check()


def test_a_push_that_fails_leaves_no_tag(registry: WritableRegistry, tmp_path: Path) -> None:
    """The manifest comes last."""

    def fault(handler: object, path: str) -> bool:
        if getattr(handler, "command", "") != "PUT" or "/blobs/" not in path:
            return False
        handler.reply_error(403, "DENIED")  # type: ignore[attr-defined] # the writable registry's own handler
        return True

    registry.fault = fault
    with pytest.raises(TransferError):
        publish(place_in(registry), tmp_path)
    assert registry.manifests == {}
