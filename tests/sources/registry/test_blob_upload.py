"""A blob sent to a registry: in chunks, closed only if its bytes are right, and refusals told."""

import io
import re

import pytest

from layerscope.errors import DigestMismatchError, LoginError, TransferError
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.mediatype import OCI_LAYER_GZIP
from support.registry_server import always
from support.registry_uploads import WritableHandler, WritableRegistry
from support.upload_faults import (
    BLOB,
    CONTENT,
    NAME,
    answer,
    on,
    open_publisher,
    upload,
)


def test_a_blob_is_sent_in_chunks(writable: WritableRegistry) -> None:
    """Each where the last one ended and to the newest address; the digest closes it."""
    assert upload(writable)
    assert writable.blobs == {NAME: CONTENT}
    assert writable.ranges_sent == ["0-999", "1000-1999", "2000-2999", "3000-3999", "4000-4499"]
    assert writable.list_methods() == ["HEAD", "POST", *["PATCH"] * 5, "PUT"]
    assert writable.log[-1] == f"PUT /v2/team/demo/blobs/uploads/u1?_state=S3CRET6&digest=sha256%3A{BLOB.digest.hex}"


def test_what_is_there_is_not_sent(writable: WritableRegistry) -> None:
    """The registry is asked, and the blob is not even opened."""
    writable.blobs[NAME] = CONTENT
    assert not open_publisher(writable).upload_blob(BLOB, lambda: pytest.fail("opened"))
    assert writable.list_methods() == ["HEAD"]


def test_an_empty_blob_has_no_chunks(writable: WritableRegistry) -> None:
    """It is opened and closed."""
    empty = Descriptor(OCI_LAYER_GZIP, Digest.of(b""), 0)
    assert upload(writable, b"", empty)
    assert writable.blobs == {str(empty.digest): b""}
    assert writable.list_methods() == ["HEAD", "POST", "PUT"]


@pytest.mark.parametrize(("asked", "sizes"), [("2500", ["0-2499", "2500-4499"]), ("10", ["0-999"])])
def test_a_registry_may_ask_for_larger_chunks(asked: str, sizes: list[str], writable: WritableRegistry) -> None:
    """Smaller ones than ours it does not get."""
    writable.min_chunk = asked
    upload(writable)
    assert writable.ranges_sent[: len(sizes)] == sizes


@pytest.mark.parametrize(("asked", "said"), [("4001", "of 4,001 bytes, limit 4,000"), ("many", "chunks of 'many'")])
def test_chunks_have_a_limit(asked: str, said: str, writable: WritableRegistry) -> None:
    """What is asked for has to be at hand at once; the upload is cancelled."""
    writable.min_chunk = asked
    with pytest.raises(TransferError, match=said):
        upload(writable)
    assert writable.uploads == {}


@pytest.mark.parametrize("status", [400, 405, 413, 200, 201])
def test_a_refusal_is_one_clear_error(status: int, writable: WritableRegistry) -> None:
    """It is not tried again."""
    on(writable, "PATCH", answer(status))
    with pytest.raises(TransferError, match=rf": answered {status} \(so it goes\)$"):
        upload(writable)
    assert writable.list_methods() == ["HEAD", "POST", "PATCH", "DELETE"]


def test_a_refusals_words_are_bounded_and_tell_no_address(writable: WritableRegistry) -> None:
    """The query of an address may be a credential."""

    def refuse(handler: WritableHandler) -> bool:
        words = f"no {handler.path} " + "x" * 5000
        handler.reply(413, f'{{"errors": [{{"message": "{words}"}}]}}'.encode())
        return True

    on(writable, "PATCH", refuse)
    with pytest.raises(TransferError) as raised:
        upload(writable)
    assert "S3CRET" not in str(raised.value)
    assert len(str(raised.value)) < 600


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (CONTENT[:-1] + b"?", rf"its bytes have the digest sha256:\w+, expected {NAME}"),
        (CONTENT + b"?", "more than the 4,500 bytes of its descriptor"),
        (CONTENT[:-1], "it ends after 4,499 of 4,500 bytes"),
    ],
)
def test_wrong_bytes_are_never_published(content: bytes, said: str, writable: WritableRegistry) -> None:
    """The upload is not closed, but cancelled."""
    with pytest.raises(DigestMismatchError, match=said):
        upload(writable, content)
    assert "PUT" not in writable.list_methods()
    assert writable.list_methods()[-1] == "DELETE"
    assert (writable.blobs, writable.uploads) == ({}, {})


def test_an_error_of_the_blob_is_not_the_registrys(writable: WritableRegistry) -> None:
    """Reading it is not tried again, whatever it raises, and the upload is cancelled."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() >= 2000:
                raise TransferError("reading the blob elsewhere: it broke off")
            return super().read(min(size or 0, 500))

    with pytest.raises(TransferError, match="reading the blob elsewhere: it broke off"):
        open_publisher(writable).upload_blob(BLOB, lambda: Broken(CONTENT))
    assert writable.list_methods() == ["HEAD", "POST", "PATCH", "PATCH", "DELETE"]


@pytest.mark.parametrize("told", ["0-1000", "1-999", "lines 0-999", "0-" + "9" * 40, "bytes=0-4499"])
def test_a_range_that_cannot_be_is_refused(told: str, writable: WritableRegistry) -> None:
    """More than was sent, or no range from the first byte."""
    on(writable, "PATCH", answer(202, Range=told))
    with pytest.raises(TransferError, match="it says that it has"):
        upload(writable)
    assert writable.blobs == {}


@pytest.mark.parametrize("told", ["bytes=0-999", "0-0", None])
def test_a_range_may_have_a_unit_or_not_be_told(told: str | None, writable: WritableRegistry) -> None:
    """As Quay has it; a chunk that was accepted without a word, or with one that says nothing, is there."""

    def take(handler: WritableHandler) -> bool:
        handler.upload.content += handler.body
        place = f"{handler.path.partition('?')[0]}?_state=S3CRET{handler.upload.state}"
        handler.reply(202, b"", Location=place, **({"Range": told} if told else {}))
        return True

    on(writable, "PATCH", take)
    assert upload(writable)
    assert writable.opened == 1


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "GET"])
def test_who_may_not_write_is_told(method: str, writable: WritableRegistry) -> None:
    """As whom it was tried."""
    if method == "GET":
        on(writable, "PATCH", answer(502))
        first = writable.fault
        writable.fault = lambda handler, path: first(handler, path) or always("uploads", 403)(handler, path)
    else:
        on(writable, method, answer(403))
    with pytest.raises(LoginError, match="refused, without credentials"):
        upload(writable)


def test_another_digest_is_an_error(writable: WritableRegistry) -> None:
    """Whatever the registry made of it."""
    other = str(Digest.of(b"other"))
    on(writable, "PUT", answer(201, Docker_Content_Digest=other))
    with pytest.raises(TransferError, match=re.escape(f"it has it as '{other}', expected {NAME}")):
        upload(writable)


def test_an_upload_without_a_place_is_an_error(writable: WritableRegistry) -> None:
    """There is nowhere to send it."""
    on(writable, "POST", answer(202))
    with pytest.raises(TransferError, match="expected a Location"):
        upload(writable)
