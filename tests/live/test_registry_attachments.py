"""What lies beside an image in a real registry without a referrers API: attestations, signatures, a referrers tag."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.cli.main import run
from layerscope.image.descriptor import parse_descriptor
from layerscope.image.reference import Reference
from layerscope.sources.layout import DirectoryContents
from layerscope.sources.registry.destination import open_destination
from layerscope.sources.registry.image_push import push_image
from layerscope.sources.registry.lookup import Access
from support.built_image import digest_of, render_json
from support.images import load_fixture, write_oci_layout
from support.layouts import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Blobs
from support.live_registry import LiveRegistry, is_installed, serve_live_registry

SPDX = "application/spdx+json"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveRegistry]:
    """A registry with an image for two platforms, each with BuildKit's attestations."""
    if not is_installed():
        pytest.skip("docker-registry, skopeo or openssl is not installed")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(tmp_path / "cache"))
    write_oci_layout(load_fixture("multi-platform"), tmp_path / "image")
    (tmp_path / "registry").mkdir()
    with serve_live_registry(tmp_path / "registry") as server:
        server.push(tmp_path / "image", "team/image:1", "--all")
        yield server


def inspect(
    registry: LiveRegistry, capsys: pytest.CaptureFixture[str], subject: str
) -> tuple[str, list[tuple[str, str]]]:
    """The digest of the image's manifest or index, and the kind of everything beside it with the way it was found."""
    capsys.readouterr()
    assert run(["inspect", f"registry:{registry.address}/team/image:1", "--platform", "linux/amd64", "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    return document["image"][f"{subject}_digest"], [(each["kind"], each["found"]) for each in document["attached"]]


def push(registry: LiveRegistry, layout: Path, tag: str) -> None:
    """Push a layout byte for byte: skopeo writes an index anew, and forgets what kind of artifact it lists."""
    top = json.loads((layout / "index.json").read_bytes())["manifests"][0]
    publisher = open_destination(Reference.parse(f"{registry.address}/team/image"), Access({"HOME": "/nonexistent"}))
    push_image(publisher, DirectoryContents(str(layout)), parse_descriptor(top, where="index.json"), tag)


def write_artifact(path: Path, subject: str) -> None:
    """A layout of an index of one manifest that names its subject, as clients keep it under the referrers tag."""
    blobs = Blobs()
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": SPDX,
        "config": blobs.add(b"{}", OCI_CONFIG),
        "layers": [blobs.add(b'{"spdxVersion": "SPDX-2.3"}', SPDX)],
        "subject": {"mediaType": OCI_MANIFEST, "digest": subject, "size": 100},
    }
    listed = {**blobs.add(render_json(manifest), OCI_MANIFEST), "artifactType": SPDX}
    top = blobs.add(render_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [listed]}), OCI_INDEX)
    (path / "blobs/sha256").mkdir(parents=True)
    for content in blobs.content.values():
        (path / "blobs/sha256" / digest_of(content).partition(":")[2]).write_bytes(content)
    (path / "oci-layout").write_bytes(render_json({"imageLayoutVersion": "1.0.0"}))
    (path / "index.json").write_bytes(render_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [top]}))


@pytest.mark.parametrize(("subject", "way"), [("manifest", "by its tag"), ("index", "by its index's tag")])
def test_everything_beside_an_image_is_listed(
    subject: str, way: str, registry: LiveRegistry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the image's own index, by the referrers tag, and by the tags that cosign makes; none is taken for an image.

    What a tag names is the index, and that is what clients attach to.
    """
    digest, found = inspect(registry, capsys, subject)
    assert found
    assert {kind for kind, _ in found} <= {"attestation", "bill of materials", "provenance"}
    tag = digest.replace(":", "-")
    write_artifact(tmp_path / "sbom", digest)
    push(registry, tmp_path / "sbom", tag)
    registry.push(tmp_path / "image", f"team/image:{tag}.sig")
    _, more = inspect(registry, capsys, subject)
    assert sorted(set(more) - set(found)) == [("bill of materials", way), ("signature", way)]
