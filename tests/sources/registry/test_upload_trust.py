"""Where a registry may send an upload: elsewhere, but without our credentials, and not where only we can go."""

import io
import re
from collections.abc import Iterator

import pytest

from layerscope.errors import TransferError
from layerscope.sources.registry import address_check
from layerscope.sources.registry.address_check import ForbiddenAddressError, Reach
from layerscope.sources.registry.credentials import Credential
from layerscope.sources.registry.origin import Origin, follow_place
from layerscope.sources.registry.transport import Answer
from layerscope.sources.registry.upload_place import find_place
from support.registry_server import RegistryHandler
from support.registry_uploads import WritableHandler, WritableRegistry, serve_writable_registry
from support.upload_faults import BLOB, CONTENT, NAME, answer, on, open_publisher

ME = Credential("tester", "s3cret", origin="the test")


@pytest.fixture
def other(writable: WritableRegistry) -> Iterator[WritableRegistry]:
    """Another host, which has the registry's uploads; the registry itself asks who we are."""
    writable.user = "tester"
    with serve_writable_registry() as server:
        server.uploads, server.blobs = writable.uploads, writable.blobs
        yield server


def upload(registry: WritableRegistry) -> bool:
    """Send the blob as somebody."""
    return open_publisher(registry, ME).upload_blob(BLOB, lambda: io.BytesIO(CONTENT))


def test_an_upload_elsewhere_gets_no_credential(writable: WritableRegistry, other: WritableRegistry) -> None:
    """It is sent there and closed there; the registry itself is told who we are."""
    writable.host = f"http://{other.address}"
    assert upload(writable)
    assert writable.blobs == {NAME: CONTENT}
    assert other.list_methods() == [*["PATCH"] * 5, "PUT"]
    assert set(other.authorizations) == {None}
    assert writable.authorizations[-1] is not None


@pytest.mark.parametrize("is_absolute", [True, False])
def test_an_upload_at_home_is_authorized(is_absolute: bool, writable: WritableRegistry) -> None:
    """However its address is spelt."""
    writable.user = "tester"
    writable.host = f"http://{writable.address}" if is_absolute else ""
    assert upload(writable)
    assert writable.authorizations.count(None) == 1


def test_who_is_led_to_is_not_told_who_we_are(writable: WritableRegistry, other: WritableRegistry) -> None:
    """Even if it asks."""
    writable.host, other.user = f"http://{other.address}", "tester"
    with pytest.raises(TransferError, match="where it leads, asks who we are, and is not told"):
        upload(writable)
    assert set(other.authorizations) == {None}


def test_who_is_led_to_cannot_use_what_we_may_do(writable: WritableRegistry, other: WritableRegistry) -> None:
    """It names an address of the registry itself, and nothing is sent there."""
    writable.host = f"http://{other.address}"
    on(other, "PATCH", answer(202, Location=f"http://{writable.address}/v2/team/secret/blobs/uploads/x?_state=1"))
    with pytest.raises(TransferError, match=r"leads an upload back to 127\.0\.0\.1, expected its own"):
        upload(writable)
    assert writable.count("secret") == 0


def test_no_upload_goes_inside(
    writable: WritableRegistry, other: WritableRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A public registry that names an address of this host gets nothing sent there, not even a farewell."""
    reaches = iter([Reach.PUBLIC])
    monkeypatch.setattr(address_check, "judge_address", lambda _address: next(reaches, Reach.LOOPBACK))
    writable.host = f"http://{other.address}"
    with pytest.raises(ForbiddenAddressError, match=r"leads to 127\.0\.0\.1 \(127\.0\.0\.1\), a loopback address"):
        upload(writable)
    assert other.log == []


@pytest.mark.parametrize(
    "place", ["ftp://127.0.0.1/x", "http://user@127.0.0.1/x", "http://[x/", "http://a\\.localhost/x"]
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_an_upload_goes_to_web_addresses_only(method: str, place: str, writable: WritableRegistry) -> None:
    """And to none with a name in it."""
    on(writable, method, answer(202, Location=place))
    with pytest.raises(TransferError, match=r"an upload.*expected an"):
        upload(writable)
    assert writable.blobs == {}


def test_tls_does_not_become_plain() -> None:
    """Neither by a redirect nor by the address of an upload; the query, which may be signed, shows nowhere."""
    for place in ("http://registry.example/v2/x?sig=S3CRET", "http://elsewhere.example/?sig=S3CRET"):
        with pytest.raises(TransferError, match="an upload from TLS to plain HTTP, at http://") as raised:
            follow_place("https://registry.example/v2/", place, task="sending", what="an upload")
        assert "S3CRET" not in str(raised.value)


@pytest.mark.parametrize(
    ("place", "url"),
    [
        ("/v2/a/blobs/uploads/1?x=1&y=%2F", "https://registry.example/v2/a/blobs/uploads/1?x=1&y=%2F"),
        ("2?_state=a==", "https://registry.example/v2/a/blobs/uploads/2?_state=a=="),
        ("//store.example/u", "https://store.example/u"),
        ("https://store.example:8443/u?sig=1#part", "https://store.example:8443/u?sig=1"),
    ],
)
def test_a_place_is_relative_or_absolute(place: str, url: str) -> None:
    """Its query is kept as it is."""
    home = Origin("https", "registry.example", 443)
    told = Answer(202, {"location": place}, (), b"", home, "https://registry.example/v2/a/blobs/uploads/1")
    assert find_place(told, home, task="sending") == url


@pytest.mark.parametrize("status", [307, 308])
def test_a_chunk_is_led_elsewhere_without_a_credential(
    status: int, writable: WritableRegistry, other: WritableRegistry
) -> None:
    """With its body, by the redirects that keep it."""

    def lead_away(handler: WritableHandler) -> bool:
        handler.reply(status, b"", Location=f"http://{other.address}{handler.path}")
        return True

    on(writable, "PATCH", lead_away)
    assert upload(writable)
    assert writable.blobs == {NAME: CONTENT}
    assert set(other.authorizations) == {None}


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_chunk_does_not_become_a_question(status: int, writable: WritableRegistry, other: WritableRegistry) -> None:
    """Redirects that may turn a request into a GET are not followed."""
    on(writable, "PATCH", answer(status, Location=f"http://{other.address}/x?sig=S3CRET"))
    with pytest.raises(TransferError, match=f"by {status}, expected 307 or 308 for PATCH") as raised:
        upload(writable)
    assert "S3CRET" not in str(raised.value)
    assert other.log == []


def test_neither_a_signed_address_nor_a_password_shows(writable: WritableRegistry, other: WritableRegistry) -> None:
    """Whatever goes wrong at it."""
    writable.host = "http://127.0.0.1:1"
    with pytest.raises(TransferError) as raised:
        upload(writable)
    error: BaseException | None = raised.value
    assert "at http://127.0.0.1:1/v2/team/demo/blobs/uploads/u" in str(error)
    while error is not None:
        if isinstance(error, TransferError):
            assert not re.search("S3CRET|s3cret", str(error))
        error = error.__cause__
    assert other.log == []


def test_an_upload_elsewhere_that_breaks_goes_on_there(writable: WritableRegistry, other: WritableRegistry) -> None:
    """It is asked where it stands without a credential, too."""
    writable.host = f"http://{other.address}"
    left = [True]

    def fault(handler: RegistryHandler, _path: str) -> bool:
        assert isinstance(handler, WritableHandler)
        if handler.command != "PATCH" or not left:
            return False
        left.clear()
        handler.upload.content += handler.body[:300]
        handler.hang_up()
        return True

    other.fault = fault
    assert upload(writable)
    assert writable.blobs == {NAME: CONTENT}
    assert other.ranges_sent[1] == "300-999"
    assert set(other.authorizations) == {None}


@pytest.mark.parametrize("how", ["place", "words"])
def test_what_a_registry_says_back_is_struck_out(how: str, writable: WritableRegistry) -> None:
    """Neither where it sends an upload nor what it says of an error shows our password."""
    writable.user = "tester"

    def echo(handler: RegistryHandler, _path: str) -> bool:
        if handler.command != "POST" or "Authorization" not in handler.headers:
            return False
        if how == "place":
            handler.reply(202, b"", Location="ftp://x.test/s3cret/")
        else:
            handler.reply(400, b'{"errors": [{"message": "who is s3cret"}]}')
        return True

    writable.fault = echo
    with pytest.raises(TransferError) as raised:
        upload(writable)
    assert "s3cret" not in str(raised.value)
    assert "***" in str(raised.value)
