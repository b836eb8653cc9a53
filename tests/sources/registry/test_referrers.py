"""What lies beside an image in a registry: listed by whichever way the registry has."""

import json
from pathlib import Path

import pytest

from layerscope.image.attachment import Attachment
from layerscope.image.digest import Digest
from layerscope.image.platform import Platform
from layerscope.image.reference import Reference
from layerscope.progress import SilentProgress
from layerscope.sources.registry.source import RegistrySource
from support.archives import NothingKnown
from support.images import load_fixture, write_oci_layout
from support.registry_server import Registry, RegistryHandler

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def list_attached(registry: Registry, tmp_path: Path, platform: str | None = None) -> tuple[Attachment, ...]:
    """What lies beside the image."""
    source = RegistrySource(
        Reference.parse(f"{registry.address}/team/demo:1"), environment={"HOME": str(tmp_path / "home")}
    )
    wanted = Platform.parse(platform) if platform else None
    return source.open_image(platform=wanted, known=NothingKnown(), progress=SilentProgress()).list_attached().found


def make_index(*descriptors: tuple[str, bytes]) -> bytes:
    """An index of artifacts: their types and their bytes."""
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [
                {
                    "mediaType": MANIFEST,
                    "digest": str(Digest.of(content)),
                    "size": len(content),
                    "artifactType": kind,
                }
                for kind, content in descriptors
            ],
        }
    ).encode()


REFERRERS = make_index(
    ("application/spdx+json", b"a"),
    ("application/vnd.cncf.notary.signature", b"b"),
    ("application/vnd.in-toto+json", b"c"),
    ("application/vnd.example.scan", b"d"),
)
EXPECTED = {
    "bill of materials": Digest.of(b"a"),
    "signature": Digest.of(b"b"),
    "attestation": Digest.of(b"c"),
    "referrer": Digest.of(b"d"),
}


def test_the_referrers_api_is_asked(demo: Registry, tmp_path: Path) -> None:
    """Each artifact is told by its type."""
    demo.referrers = REFERRERS
    attached = list_attached(demo, tmp_path)
    assert {each.kind: each.digest for each in attached} == EXPECTED
    assert {each.found for each in attached} == {"by the referrers API"}


def test_where_there_is_none_a_tag_leads_to_the_same(demo: Registry, tmp_path: Path) -> None:
    """Clients keep the index under a tag that is made from the digest."""
    digest = Digest.of(demo.manifests["1"][1])
    demo.manifests[f"sha256-{digest.hex}"] = (INDEX, REFERRERS)
    attached = list_attached(demo, tmp_path)
    assert {each.kind: each.digest for each in attached} == EXPECTED
    assert {each.found for each in attached} == {"by its tag"}


def test_cosign_s_tags_are_found(demo: Registry, tmp_path: Path) -> None:
    """A signature lies under the image's digest."""
    digest = Digest.of(demo.manifests["1"][1])
    demo.manifests[f"sha256-{digest.hex}.sig"] = (MANIFEST, b"{}")
    assert list_attached(demo, tmp_path) == (Attachment("signature", Digest.of(b"{}"), MANIFEST, "by its tag"),)


def test_an_image_without_anything_beside_it_has_an_empty_list(demo: Registry, tmp_path: Path) -> None:
    """Nothing is not a failure."""
    assert list_attached(demo, tmp_path) == ()


def test_attestations_of_an_index_belong_to_their_platform(registry: Registry, tmp_path: Path) -> None:
    """Those of another platform's image are not listed; no attestation is taken for an image."""
    write_oci_layout(load_fixture("multi-platform"), tmp_path / "layout")
    top = registry.add_layout(tmp_path / "layout")
    index = json.loads(registry.blobs[str(top)])
    first, second = (each["digest"] for each in index["manifests"][:2])
    for number, subject in enumerate((first, second)):
        index["manifests"].append(
            {
                "mediaType": MANIFEST,
                "digest": str(Digest.of(bytes([number]))),
                "size": 1,
                "platform": {"os": "unknown", "architecture": "unknown"},
                "annotations": {
                    "vnd.docker.reference.type": "attestation-manifest",
                    "vnd.docker.reference.digest": subject,
                },
            }
        )
    registry.manifests["1"] = (INDEX, json.dumps(index).encode())
    platform = index["manifests"][0]["platform"]
    attached = list_attached(registry, tmp_path, f"{platform['os']}/{platform['architecture']}")
    assert {(each.kind, each.found) for each in attached} == {("attestation", "in its index")}
    digests = {each.digest for each in attached}
    assert Digest.of(bytes([0])) in digests
    assert Digest.of(bytes([1])) not in digests


@pytest.mark.parametrize("has_api", [True, False])
def test_what_is_attached_to_an_index_belongs_to_its_images(has_api: bool, registry: Registry, tmp_path: Path) -> None:
    """Clients sign and describe what the tag names, which is the index, however deep the manifest lies under it."""
    write_oci_layout(load_fixture("multi-platform"), tmp_path / "layout")
    inner = registry.add_layout(tmp_path / "layout")
    listed = {"mediaType": INDEX, "digest": str(inner), "size": len(registry.blobs[str(inner)])}
    outer = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [listed]}).encode()
    top = Digest.of(outer)
    registry.manifests["1"] = (INDEX, outer)
    registry.manifests[f"sha256-{top.hex}.sig"] = (MANIFEST, b"{}")
    signature = Attachment("signature", Digest.of(b"{}"), MANIFEST, "by its index's tag")
    if has_api:

        def answer(handler: RegistryHandler, path: str) -> bool:
            if not path.endswith(f"/referrers/{top}"):
                return False
            handler.reply(200, REFERRERS, Content_Type=INDEX)
            return True

        registry.fault = answer
    else:
        registry.manifests[f"sha256-{top.hex}"] = (INDEX, REFERRERS)
    attached = set(list_attached(registry, tmp_path, "linux/amd64"))
    how = "by the referrers API, of its index" if has_api else "by its index's tag"
    assert signature in attached
    assert {each.kind: each.digest for each in attached - {signature} if each.found == how} == EXPECTED


def test_the_index_is_what_the_tag_names(registry: Registry, tmp_path: Path) -> None:
    """And not an index that it lists."""
    write_oci_layout(load_fixture("multi-platform"), tmp_path / "layout")
    inner = registry.add_layout(tmp_path / "layout")
    listed = {"mediaType": INDEX, "digest": str(inner), "size": len(registry.blobs[str(inner)])}
    outer = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [listed]}).encode()
    registry.manifests["1"] = (INDEX, outer)
    source = RegistrySource(Reference.parse(f"{registry.address}/team/demo:1"), environment={"HOME": str(tmp_path)})
    image = source.open_image(platform=None, known=NothingKnown(), progress=SilentProgress())
    assert image.index_digest == Digest.of(outer)


def test_referrers_that_cannot_be_read_are_told(demo: Registry, tmp_path: Path) -> None:
    """What was found otherwise stays."""
    demo.referrers = b"[]"
    source = RegistrySource(Reference.parse(f"{demo.address}/team/demo:1"), environment={"HOME": str(tmp_path)})
    image = source.open_image(platform=None, known=NothingKnown(), progress=SilentProgress())
    assert "referrers" in image.list_attached().trouble
    assert image.list_attached().found == ()
