"""What is asked and published besides blobs' bytes: whether they are there, from elsewhere, and their manifests."""

import json
from pathlib import Path

import pytest

from layerscope.errors import DigestMismatchError, LoginError, ReferenceSyntaxError, TransferError
from layerscope.image.descriptor import Descriptor, parse_descriptor
from layerscope.image.digest import Digest
from layerscope.image.mediatype import OCI_MANIFEST
from layerscope.image.reference import Reference
from layerscope.sources.contents import MissingContentError
from layerscope.sources.layout import DirectoryContents
from layerscope.sources.registry.credentials import Credential
from layerscope.sources.registry.destination import open_destination
from layerscope.sources.registry.image_push import push_image
from layerscope.sources.registry.lookup import Access
from layerscope.sources.registry.publisher import TagTakenError
from support.images import load_fixture, write_oci_layout
from support.registry_server import RegistryHandler, always
from support.registry_uploads import WritableHandler, WritableRegistry
from support.upload_faults import BLOB, CONTENT, NAME, answer, on, open_publisher

MANIFEST = b'{"schemaVersion": 2, "config": {}, "layers": []}'
DIGEST = Digest.of(MANIFEST)
OTHER = b'{"schemaVersion": 2, "config": {}, "layers": [] }'


def once(writable: WritableRegistry, method: str, status: int, body: bytes = b"", **headers: str) -> None:
    """Let the first request of a method be answered so."""
    left = [True]

    def fault(handler: RegistryHandler, _path: str) -> bool:
        if handler.command != method or not left:
            return False
        left.clear()
        handler.reply(status, body, **headers)
        return True

    writable.fault = fault


def test_a_blob_is_asked_for(writable: WritableRegistry) -> None:
    """It is there with its size, or it is not."""
    publisher = open_publisher(writable)
    assert not publisher.has_blob(BLOB.digest)
    writable.blobs[NAME] = CONTENT
    found = publisher.find_blob(BLOB.digest)
    assert found is not None
    assert found.size == len(CONTENT)


@pytest.mark.parametrize("length", ["", "many", "9" * 30])
def test_a_size_that_is_not_told_is_not_known(length: str, writable: WritableRegistry) -> None:
    """The blob is there all the same, and is not sent."""

    def fault(handler: RegistryHandler, _path: str) -> bool:
        handler.send_response(200)
        if length:
            handler.send_header("Content-Length", length)
        handler.end_headers()
        return True

    writable.fault = fault
    found = open_publisher(writable).find_blob(BLOB.digest)
    assert found is not None
    assert found.size is None
    assert not open_publisher(writable).upload_blob(BLOB, lambda: pytest.fail("opened"))


@pytest.mark.parametrize(("status", "error"), [(400, TransferError), (500, TransferError), (403, LoginError)])
def test_no_answer_is_not_a_no(status: int, error: type[Exception], writable: WritableRegistry) -> None:
    """An error says what was asked."""
    writable.fault = always("/blobs/", status)
    with pytest.raises(error, match=f"asking {writable.address}/team/demo whether it has the blob {NAME}: "):
        open_publisher(writable).has_blob(BLOB.digest)


def test_a_blob_that_is_another_there_is_an_error(writable: WritableRegistry) -> None:
    """By its digest, or by its size: a descriptor with a wrong one is not published."""
    writable.blobs[NAME] = CONTENT + b"?"
    with pytest.raises(TransferError, match="it has 4,501 bytes there, expected 4,500"):
        open_publisher(writable).upload_blob(BLOB, lambda: pytest.fail("opened"))
    once(writable, "HEAD", 200, Docker_Content_Digest=str(DIGEST))
    with pytest.raises(TransferError, match=f"it has it as '{DIGEST}', expected {NAME}"):
        open_publisher(writable).has_blob(BLOB.digest)


@pytest.mark.parametrize("identity", ["", "identity"])
def test_a_blob_is_mounted(identity: str, writable: WritableRegistry) -> None:
    """From a repository that the login may read, besides writing to ours; the next one takes no other login."""
    writable.user, writable.scheme = "tester", "bearer"
    writable.elsewhere = {"base/image": {NAME: CONTENT}}
    publisher = open_publisher(writable, Credential("tester", "s3cret", identity))
    for _ in range(2):
        assert publisher.mount_blob(BLOB.digest, "base/image")
    assert writable.blobs == {NAME: CONTENT}
    own, other = "repository:team/demo:pull,push", "repository:base/image:pull"
    assert writable.scopes == [[f"{own} {other}"] if identity else [own, other], [own]]
    assert f"POST /v2/team/demo/blobs/uploads/?mount=sha256%3A{BLOB.digest.hex}&from=base%2Fimage" in writable.log


def test_a_blob_that_is_not_mounted_leaves_nothing(writable: WritableRegistry) -> None:
    """The upload that was opened instead is cancelled."""
    assert not open_publisher(writable).mount_blob(BLOB.digest, "base/image")
    assert writable.opened == 1
    assert writable.uploads == {}


def test_a_mount_is_looked_at(writable: WritableRegistry) -> None:
    """That it is said is not enough; another digest is an error, and a refusal one of its own."""
    publisher = open_publisher(writable)
    for act, said in (
        (answer(201), "answered that it is there, and it is not"),
        (answer(201, Docker_Content_Digest=str(DIGEST)), f"it has it as '{DIGEST}'"),
        (answer(404), r"it is not there \(so it goes\)"),
        (answer(403), r"refused, without credentials.* \(so it goes\)"),
    ):
        on(writable, "POST", act)
        with pytest.raises(TransferError, match=f"^mounting the blob {NAME} of base/image in .*{said}"):
            publisher.mount_blob(BLOB.digest, "base/image")


def test_a_manifest_is_published_under_a_tag(writable: WritableRegistry) -> None:
    """With its media type; once more is no matter, and nothing is sent."""
    publisher = open_publisher(writable)
    for _ in range(2):
        assert publisher.put_manifest(MANIFEST, OCI_MANIFEST, "1") == DIGEST
    assert writable.manifests["1"] == (str(OCI_MANIFEST), MANIFEST)
    assert writable.list_methods() == ["GET", "PUT", "GET"]


def test_a_tag_that_is_taken_is_not_replaced(writable: WritableRegistry) -> None:
    """The error names both and says what to do; told to, it is done without a look."""
    publisher = open_publisher(writable)
    publisher.put_manifest(OTHER, OCI_MANIFEST, "1")
    with pytest.raises(TagTakenError) as raised:
        publisher.put_manifest(MANIFEST, OCI_MANIFEST, "1")
    assert str(raised.value) == (
        f"publishing {DIGEST} as {writable.address}/team/demo:1: the tag names {Digest.of(OTHER)}, expected none; "
        "choose another tag, or say that it is to be replaced"
    )
    assert writable.manifests["1"][1] == OTHER
    publisher.put_manifest(MANIFEST, OCI_MANIFEST, "1", replace=True)
    assert writable.manifests["1"][1] == MANIFEST


def test_a_tag_is_looked_at_and_not_believed(writable: WritableRegistry) -> None:
    """A registry that cannot say whether there is one gets nothing."""
    writable.fault = lambda handler, path: handler.command == "GET" and always("/manifests/", 500)(handler, path)
    with pytest.raises(TransferError, match="for the manifest 1: answered 500"):
        open_publisher(writable).put_manifest(MANIFEST, OCI_MANIFEST, "1")
    assert writable.manifests == {}


def test_a_manifest_is_published_under_its_digest(writable: WritableRegistry) -> None:
    """There is nothing to replace, and no other digest to publish it under."""
    publisher = open_publisher(writable)
    publisher.put_manifest(MANIFEST, OCI_MANIFEST, str(DIGEST))
    assert writable.list_methods() == ["PUT"]
    with pytest.raises(DigestMismatchError, match="the manifest to be published: its digest is"):
        publisher.put_manifest(OTHER, OCI_MANIFEST, str(DIGEST))


@pytest.mark.parametrize("reference", ["", "../1", "a/b", "-x", "sha256:12", "x" * 129])
def test_a_reference_is_a_tag_or_a_digest(reference: str, writable: WritableRegistry) -> None:
    """Anything else would be another address."""
    with pytest.raises(ReferenceSyntaxError):
        open_publisher(writable).put_manifest(MANIFEST, OCI_MANIFEST, reference)
    assert writable.log == []


def test_a_manifest_is_taken_for_what_it_is(writable: WritableRegistry) -> None:
    """Any other answer is an error, in the registry's own words."""
    words = b'{"errors": [{"code": "MANIFEST_BLOB_UNKNOWN", "message": "blob unknown to registry"}]}'
    for status, headers, said in (
        (201, {"Docker_Content_Digest": NAME}, f"it has it as '{NAME}', expected {DIGEST}"),
        (202, {}, r"answered 202 \(blob unknown to registry\)"),
        (400, {}, r"answered 400 \(blob unknown to registry\)"),
        (413, {}, r"answered 413 \(blob unknown to registry\)"),
        (404, {}, r"it is not there \(blob unknown to registry\)"),
    ):
        once(writable, "PUT", status, words, **headers)
        with pytest.raises(TransferError, match=rf"^publishing the manifest {DIGEST} as .*/team/demo:1: {said}$"):
            open_publisher(writable).put_manifest(MANIFEST, OCI_MANIFEST, "1")


@pytest.mark.parametrize("status", [429, 503])
def test_a_manifest_is_sent_again(status: int, writable: WritableRegistry) -> None:
    """It is the same one, however often it arrives."""
    once(writable, "PUT", status)
    open_publisher(writable).put_manifest(MANIFEST, OCI_MANIFEST, "1")
    assert writable.list_methods() == ["GET", "PUT", "PUT"]


def write_layout(path: Path, fixture: str) -> tuple[DirectoryContents, Descriptor]:
    """A bundled image as a layout, and what names it there."""
    write_oci_layout(load_fixture(fixture), path)
    index = json.loads((path / "index.json").read_bytes())
    return DirectoryContents(str(path)), parse_descriptor(index["manifests"][0], where="index.json")


def test_an_image_is_pushed_from_below(writable: WritableRegistry, tmp_path: Path) -> None:
    """Each manifest finds what it names, and the tag comes last."""
    contents, top = write_layout(tmp_path / "multi", "multi-platform")
    unknown: list[str] = []

    def fault(handler: RegistryHandler, path: str) -> bool:
        assert isinstance(handler, WritableHandler)
        if handler.command == "PUT" and "/manifests/" in path:
            document = json.loads(handler.body)
            named = document.get("manifests") or [document["config"], *document["layers"]]
            have = {**writable.blobs, **writable.manifests}
            unknown.extend(each["digest"] for each in named if each["digest"] not in have)
        return False

    writable.fault = fault
    access = Access({"HOME": str(tmp_path)})
    publisher = open_destination(Reference.parse(f"{writable.address}/team/demo:1"), access)
    assert push_image(publisher, contents, top, "1") == top.digest
    assert unknown == []
    assert writable.log[-1] == "PUT /v2/team/demo/manifests/1"
    assert Digest.of(writable.manifests["1"][1]) == top.digest
    sent = {*writable.blobs, *writable.manifests} - {"1"}
    assert sent == {f"sha256:{path.name}" for path in (tmp_path / "multi/blobs/sha256").iterdir()}


def test_nothing_is_sent_for_a_tag_that_is_taken(writable: WritableRegistry, tmp_path: Path) -> None:
    """It is looked at before the blobs."""
    writable.manifests["1"] = (str(OCI_MANIFEST), OTHER)
    with pytest.raises(TagTakenError):
        push_image(open_publisher(writable), *write_layout(tmp_path / "demo", "demo"), "1")
    assert writable.list_methods() == ["GET"]


def test_an_image_that_lacks_a_layer_gets_no_manifest(writable: WritableRegistry, tmp_path: Path) -> None:
    """What is missing is named."""
    contents, top = write_layout(tmp_path / "demo", "demo")
    manifest = json.loads((tmp_path / "demo/blobs/sha256" / top.digest.hex).read_bytes())
    lost = Digest.parse(manifest["layers"][-1]["digest"])
    (tmp_path / "demo/blobs/sha256" / lost.hex).unlink()
    with pytest.raises(MissingContentError, match=f"it holds no blobs/sha256/{lost.hex}"):
        push_image(open_publisher(writable), contents, top, "1")
    assert writable.manifests == {}
