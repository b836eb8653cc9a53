"""An upload that breaks off, by the network or by the registry: it goes on from where it is."""

import io
import random
import threading

import pytest

from layerscope.errors import LoginError, TransferError
from layerscope.sources.registry import blob_upload
from layerscope.sources.registry.credentials import Credential
from support.registry_server import RegistryHandler
from support.registry_uploads import WritableHandler, WritableRegistry
from support.upload_faults import (
    BLOB,
    CONTENT,
    NAME,
    Act,
    answer,
    finish,
    forget,
    keep,
    leave,
    on,
    open_publisher,
    upload,
)


@pytest.mark.parametrize("kept", [0, 1, 2, 400, 1000])
@pytest.mark.parametrize("chunk", [0, 2, 4])
def test_a_broken_chunk_is_gone_on_with(kept: int, chunk: int, writable: WritableRegistry) -> None:
    """From the byte that the registry says; only where that is none or one, which it cannot tell apart, anew."""
    on(writable, "PATCH", *[leave] * chunk, keep(kept))
    assert upload(writable)
    assert writable.blobs == {NAME: CONTENT}
    told = min(kept, len(CONTENT) - chunk * 1000)
    if chunk or kept > 1:
        assert writable.opened == 1
        if chunk < 4:
            assert writable.ranges_sent[chunk + 1].startswith(f"{chunk * 1000 + told}-")
    else:
        assert writable.opened == 2


@pytest.mark.parametrize("status", [408, 416, 429, 500, 502, 503, 504])
def test_a_passing_refusal_is_not_the_end(status: int, writable: WritableRegistry) -> None:
    """The registry is asked where it stands, and the chunk is sent again."""
    on(writable, "PATCH", leave, leave, answer(status), answer(status))
    assert upload(writable)
    assert writable.blobs == {NAME: CONTENT}
    assert writable.list_methods()[3:10] == ["PATCH", "PATCH", "GET", "PATCH", "GET", "PATCH", "PATCH"]


def test_a_registry_says_when_to_come_again(writable: WritableRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of an upload, too."""
    waited: list[str | None] = []
    monkeypatch.setattr(blob_upload, "wait_before_retry", lambda _attempt, after=None: waited.append(after))
    on(writable, "PATCH", answer(429, Retry_After="7"), answer(503))
    assert upload(writable)
    assert waited == ["7", None]


def test_an_upload_that_is_gone_begins_anew(writable: WritableRegistry) -> None:
    """The blob is opened again, from its start."""
    opened: list[io.BytesIO] = []

    def open_stream() -> io.BytesIO:
        opened.append(io.BytesIO(CONTENT))
        return opened[-1]

    on(writable, "PATCH", leave, leave, forget)
    assert open_publisher(writable).upload_blob(BLOB, open_stream)
    assert writable.blobs == {NAME: CONTENT}
    assert writable.opened == len(opened) == 2
    assert all(stream.closed for stream in opened)


def test_an_upload_does_not_begin_anew_for_ever(writable: WritableRegistry) -> None:
    """Whether it is lost at its start, or after some of it arrived."""
    on(writable, "PATCH", *[forget] * 50)
    with pytest.raises(TransferError, match=r"the upload is gone \(blob upload unknown\)"):
        upload(writable)
    assert writable.opened == blob_upload.TRIES
    writable.opened = 0
    on(writable, "PATCH", *[leave, leave, forget] * 50)
    with pytest.raises(TransferError, match="the upload is gone"):
        upload(writable)
    assert writable.opened <= blob_upload.MAX_RESTARTS + 2


def test_what_a_registry_loses_is_sent_again(writable: WritableRegistry) -> None:
    """From where it says, but not for ever; the bytes before that are read over, and hashed once more."""

    def lose(handler: WritableHandler) -> bool:
        del handler.upload.content[500:]
        handler.reply(502)
        return True

    on(writable, "PATCH", leave, leave, leave, lose)
    assert upload(writable)
    assert writable.blobs == {NAME: CONTENT}
    assert writable.ranges_sent[4] == "500-1499"
    writable.blobs.clear()
    on(writable, "PATCH", *[leave, lose] * 50)
    with pytest.raises(TransferError, match="lost what had arrived after byte 500, 6 times"):
        upload(writable)


def test_what_was_closed_unheard_is_done(writable: WritableRegistry) -> None:
    """An answer that is lost does not make it be sent twice."""
    on(writable, "PUT", finish)
    assert upload(writable)
    assert writable.list_methods() == ["HEAD", "POST", *["PATCH"] * 5, "PUT", "HEAD"]


@pytest.mark.parametrize("act", [answer(504), keep(0), forget])
def test_closing_is_tried_again(act: Act, writable: WritableRegistry) -> None:
    """Where the blob did not get there."""
    on(writable, "PUT", act)
    assert upload(writable)
    assert writable.blobs == {NAME: CONTENT}


@pytest.mark.parametrize("seed", range(10))
def test_three_requests_in_ten_may_fail(seed: int, writable: WritableRegistry) -> None:
    """In ten of ten runs the blob arrives as it is."""
    chance, lock = random.Random(seed), threading.Lock()

    def fail(handler: RegistryHandler, path: str) -> bool:
        assert isinstance(handler, WritableHandler)
        with lock:
            fails, how = chance.random() < 0.3, chance.randrange(3)
        if not fails or "/blobs/uploads/u" not in path:
            return False
        if how == 0:
            return answer(503)(handler)
        if handler.command == "PATCH":
            return keep(chance.randrange(1001))(handler)
        return keep(0)(handler)

    writable.fault = fail
    assert upload(writable)
    assert writable.blobs == {NAME: CONTENT}


def test_what_keeps_failing_is_given_up(writable: WritableRegistry) -> None:
    """With the registry's own words, and the upload is cancelled."""
    on(writable, "PATCH", *[answer(503)] * 50)
    with pytest.raises(TransferError, match=rf"^sending the blob {NAME} to .*: answered 503 \(so it goes\)$"):
        upload(writable)
    assert writable.uploads == {}


def test_a_registry_that_takes_less_than_it_is_sent(writable: WritableRegistry) -> None:
    """Is sent the rest, but not for ever."""

    def take_some(handler: WritableHandler) -> bool:
        handler.upload.content += handler.body[:10]
        handler.reply_place(202)
        return True

    on(writable, "PATCH", leave, take_some, take_some)
    assert upload(writable)
    assert writable.blobs == {NAME: CONTENT}
    writable.blobs.clear()
    on(writable, "PATCH", leave, *[take_some] * 500)
    with pytest.raises(TransferError, match="not all of"):
        upload(writable)


@pytest.mark.parametrize("told", ["0-0", ""])
def test_a_registry_that_never_tells_gets_all_of_it_again(told: str, writable: WritableRegistry) -> None:
    """Where an upload stands is not guessed."""

    def fault(handler: RegistryHandler, _path: str) -> bool:
        assert isinstance(handler, WritableHandler)
        if handler.command == "GET":
            handler.reply(204, b"", **({"Range": told} if told else {}))
            return True
        is_first = handler.headers.get("Content-Range") == "2000-2999" and writable.opened == 1
        return is_first and answer(502)(handler)

    writable.fault = fault
    assert upload(writable)
    assert writable.blobs == {NAME: CONTENT}
    assert writable.opened == 2


def test_a_login_that_ran_out_is_renewed_in_the_middle(writable: WritableRegistry) -> None:
    """The chunk is sent again, and the upload goes on."""
    writable.user, writable.scheme = "tester", "bearer"
    realm = f'Bearer realm="{writable.realm}",service="test"'
    on(writable, "PATCH", leave, answer(401, WWW_Authenticate=realm), leave, answer(401, WWW_Authenticate=realm))
    publisher = open_publisher(writable, Credential("tester", "s3cret"))
    assert publisher.upload_blob(BLOB, lambda: io.BytesIO(CONTENT))
    assert writable.blobs == {NAME: CONTENT}
    assert writable.opened == 1
    assert writable.scopes == [["repository:team/demo:pull,push"]] * 3


def test_a_login_that_does_not_hold_is_an_error(writable: WritableRegistry) -> None:
    """After a handful of tries."""
    writable.user = "tester"
    on(writable, "PATCH", leave, *[answer(401, WWW_Authenticate='Basic realm="x"')] * 9)
    with pytest.raises(LoginError, match=r"refused, as tester, from the test") as raised:
        open_publisher(writable, Credential("tester", "s3cret", origin="the test")).upload_blob(
            BLOB, lambda: io.BytesIO(CONTENT)
        )
    assert "s3cret" not in str(raised.value)
    assert writable.uploads == {}
