"""A registry and a network that fail: what can be mended is, and what cannot ends in one clear error."""

import json
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.audit.result import AuditResult
from layerscope.errors import SourceError, TransferError
from layerscope.image.digest import Digest
from layerscope.image.document import MAX_DOCUMENT_SIZE
from layerscope.progress import SilentProgress
from layerscope.sources.registry import blob_stream, retry_wait, transport
from layerscope.sources.registry.client import RegistryClient
from layerscope.sources.registry.endpoint import Endpoint
from support.images import build_image, write_image
from support.registry_server import Registry, RegistryHandler, always
from support.tar_writer import file

Audit = Callable[..., AuditResult]


def make_flaky(seed: int, share: float) -> Callable[[RegistryHandler, str], bool]:
    """Fails that share of all requests: hangs up, answers 503 or 429, or breaks off within a blob."""
    chance, lock = random.Random(seed), threading.Lock()

    def fail(handler: RegistryHandler, path: str) -> bool:
        with lock:
            fails, how = chance.random() < share, chance.randrange(4)
        if not fails:
            return False
        name = path.rpartition("/")[2]
        content = handler.registry.blobs.get(name) or handler.registry.manifests.get(name, ("", b"{}"))[1]
        if how == 0:
            handler.hang_up()
        elif how == 1:
            handler.reply(503, b"{}")
        elif how == 2:
            handler.reply(429, b"{}", Retry_After="0")
        else:
            handler.reply(200, content[: len(content) // 2], Content_Length=str(len(content)))
            handler.hang_up()
        return True

    return fail


@pytest.fixture
def tall(registry: Registry, tmp_path: Path) -> Registry:
    """A registry with an image of twenty layers, none of which compresses."""
    chance = random.Random(20)
    layers = [[file(f"opt/{number}.bin", chance.randbytes(5000))] for number in range(20)]
    write_image(build_image(layers), tmp_path / "tall", "oci-dir")
    registry.add_layout(tmp_path / "tall")
    return registry


@pytest.mark.parametrize("seed", range(20))
def test_three_requests_in_ten_may_fail(seed: int, audit: Audit, tall: Registry) -> None:
    """In twenty of twenty runs the audit of an image of twenty layers ends right."""
    tall.fault = make_flaky(seed, 0.3)
    result = audit(tall)
    assert result.is_intact
    assert len(result.layers) == 20
    assert all(layer.verified for layer in result.layers)


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_blob_is_taken_up_where_it_broke(ranges: bool, audit: Audit, demo: Registry) -> None:
    """With a range where the registry has them, by reading over what is known where not."""
    demo.ranges = ranges
    broken: set[str] = set()

    def cut(handler: RegistryHandler, path: str) -> bool:
        content = handler.registry.blobs.get(path.rpartition("/")[2], b"")
        if "/blobs/" not in path or path in broken or len(content) < 3000:
            return False
        broken.add(path)
        handler.reply(200, content[:2000], Content_Length=str(len(content)))
        handler.hang_up()
        return True

    demo.fault = cut
    assert audit(demo).is_intact
    assert broken


def test_what_keeps_failing_is_given_up(audit: Audit, demo: Registry) -> None:
    """The error says what was asked for, and of whom."""
    demo.fault = always("/blobs/", 503)
    with pytest.raises(SourceError, match=rf"asking {demo.address}/team/demo for the blob sha256:.*: answered 503"):
        audit(demo)


def test_what_arrived_is_kept(audit: Audit, demo: Registry) -> None:
    """After a failure, the next run fetches only the rest."""
    layers = [layer["digest"] for layer in json.loads(demo.manifests["1"][1])["layers"]]
    lost = min(layers, key=lambda name: len(demo.blobs[name]))  # they are fetched largest first
    content = demo.blobs.pop(lost)
    with pytest.raises(SourceError, match="it is not there"):
        audit(demo, jobs=1)
    fetched = demo.sent
    demo.blobs[lost] = content
    assert audit(demo, jobs=1).is_intact
    assert demo.sent == fetched + len(content)


def test_a_blob_that_is_longer_than_it_should_be_is_refused(audit: Audit, demo: Registry) -> None:
    """Nothing beyond the descriptor's size is read."""
    name = max(demo.blobs, key=lambda name: len(demo.blobs[name]))
    demo.blobs[name] += b"more"
    with pytest.raises(SourceError, match=r"more than the .* bytes of its descriptor"):
        audit(demo)


def test_a_blob_of_other_bytes_is_damage(audit: Audit, demo: Registry) -> None:
    """It is found out as in any other source."""
    name = max(demo.blobs, key=lambda name: len(demo.blobs[name]))
    demo.blobs[name] = demo.blobs[name][:-1] + b"?"
    result = audit(demo)
    assert not result.is_intact
    assert [layer.verified for layer in result.layers].count(False) == 1


def test_a_document_without_end_is_cut(audit: Audit, demo: Registry) -> None:
    """However long a registry goes on."""

    def drone(handler: RegistryHandler, path: str) -> bool:
        if "/manifests/" not in path:
            return False
        handler.reply(200, b" " * (MAX_DOCUMENT_SIZE + 10))
        return True

    demo.fault = drone
    with pytest.raises(SourceError, match=f"more than {MAX_DOCUMENT_SIZE:,} bytes, the limit"):
        audit(demo)


def test_a_document_that_drips_is_given_up(audit: Audit, demo: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then keeps a connection alive for ever."""
    monkeypatch.setattr(transport, "DOCUMENT_SECONDS", 0.1)
    stop = threading.Event()

    def drip(handler: RegistryHandler, path: str) -> bool:
        if "/manifests/" not in path:
            return False
        handler.reply(200, b"", Content_Length="1000")
        for _ in range(1000):
            if stop.wait(0.01):
                break
            try:
                handler.wfile.write(b" ")
            except OSError:
                break
        handler.hang_up()
        return True

    demo.fault = drip
    with pytest.raises(SourceError, match="and still no end"):
        audit(demo)
    stop.set()


def test_a_loop_of_redirects_ends(audit: Audit, demo: Registry) -> None:
    """After a handful."""
    demo.fault = always("/manifests/", 307, Location="/v2/team/demo/manifests/1")
    with pytest.raises(SourceError, match="more than 5 redirects"):
        audit(demo)


def test_nothing_listens(audit: Audit, demo: Registry) -> None:
    """Where nobody is, no other try helps."""
    demo.address = "127.0.0.1:1"
    with pytest.raises(SourceError) as raised:
        audit(demo)
    assert str(raised.value).endswith(
        "the manifest 1: Failed to establish a new connection: [Errno 111] Connection refused"
    )


def test_a_registry_that_comes_back_is_waited_for(audit: Audit, demo: Registry) -> None:
    """One that is restarted in the middle of a layer loses nothing."""
    refused: list[str] = []

    def restart(handler: RegistryHandler, path: str) -> bool:
        if "/blobs/" not in path or refused.count(path) > 2:
            return False
        refused.append(path)
        handler.hang_up()
        return True

    demo.fault = restart
    assert audit(demo).is_intact
    assert refused


@pytest.mark.parametrize("header", ["bytes 1-2/3", "bytes " + "1" * 5000 + "-", "lines 2000-"])
def test_a_range_that_was_not_asked_for_is_refused(header: str, audit: Audit, demo: Registry) -> None:
    """Whatever a registry answers to it, no byte goes to a wrong place."""

    def answer(handler: RegistryHandler, path: str) -> bool:
        content = handler.registry.blobs.get(path.rpartition("/")[2], b"")
        if not content.startswith(b"\x1f\x8b"):
            return False
        handler.reply(206, content, Content_Range=header)
        return True

    demo.fault = answer
    with pytest.raises(SourceError, match="answered 206"):
        audit(demo)


def test_a_blob_is_taken_as_it_is_stored(audit: Audit, demo: Registry) -> None:
    """One that is compressed on the way is another one."""

    def encode(handler: RegistryHandler, path: str) -> bool:
        content = handler.registry.blobs.get(path.rpartition("/")[2], b"")
        if not content.startswith(b"\x1f\x8b"):
            return False
        handler.reply(200, content, Content_Encoding="gzip")
        return True

    demo.fault = encode
    with pytest.raises(SourceError, match=r"Content-Encoding .gzip., expected the bytes as they are stored"):
        audit(demo)


def test_a_blob_that_hardly_comes_is_given_up(audit: Audit, demo: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then is as good as none."""
    monkeypatch.setattr(blob_stream, "WINDOW_SECONDS", 0.05)
    monkeypatch.setattr(blob_stream, "SLOWEST", 10**9)

    def drip(handler: RegistryHandler, path: str) -> bool:
        content = handler.registry.blobs.get(path.rpartition("/")[2], b"")
        if not content.startswith(b"\x1f\x8b"):
            return False
        handler.reply(200, b"", Content_Length=str(len(content)))
        for start in range(0, len(content), 100):
            try:
                handler.wfile.write(content[start : start + 100])
            except OSError:
                break
            time.sleep(0.01)
        return True

    demo.fault = drip
    with pytest.raises(SourceError, match="too slow"):
        audit(demo)


def test_a_registry_says_when_to_come_again(audit: Audit, demo: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """For blobs as for documents."""
    waited: list[str | None] = []
    monkeypatch.setattr(blob_stream, "wait_before_retry", lambda _attempt, after=None, **_: waited.append(after))
    layer = json.loads(demo.manifests["1"][1])["layers"][0]["digest"]
    asked: list[str] = []

    def refuse_once(handler: RegistryHandler, path: str) -> bool:
        if not path.endswith(layer) or path in asked:
            return False
        asked.append(path)
        handler.reply(429, b"", Retry_After="7")
        return True

    demo.fault = refuse_once
    assert audit(demo, jobs=1).is_intact
    assert waited == ["7"]


class Waiting(SilentProgress):
    """Notes what is waited for."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.told: list[tuple[str, float]] = []

    def wait(self, message: str, seconds: float) -> None:
        """Note it."""
        self.told.append((message, seconds))


def test_tries_are_told_while_they_are_waited_for(audit: Audit, demo: Registry) -> None:
    """Which document or layer, why, and in how many seconds; never silence for a minute."""
    layer = json.loads(demo.manifests["1"][1])["layers"][0]["digest"]
    asked: list[str] = []

    def fail_once(handler: RegistryHandler, path: str) -> bool:
        if not path.endswith((layer, "/manifests/1")) or path in asked:
            return False
        asked.append(path)
        handler.reply(503)
        return True

    demo.fault = fail_once
    progress = Waiting()
    assert audit(demo, jobs=1, progress=progress).is_intact
    assert [message for message, _ in progress.told] == [
        f"asking {demo.address}/team/demo for the manifest 1: answered 503",
        f"layer {layer.removeprefix('sha256:')[:12]}: answered 503",
    ]
    assert all(0 < seconds <= retry_wait.LONGEST_WAIT for _, seconds in progress.told)


def test_the_password_of_a_proxy_shows_nowhere(audit: Audit, demo: Registry, tmp_path: Path) -> None:
    """One that cannot be used is an error of its own."""
    demo.address = "registry.invalid"
    for place in ("http://user:PROXYPW@127.0.0.1:99999", "ftp://user:PROXYPW@127.0.0.1:1"):
        with pytest.raises(SourceError) as raised:
            audit(demo, environment={"HOME": str(tmp_path), "https_proxy": place})
        assert "PROXYPW" not in str(raised.value)


def test_a_registry_that_says_nothing_is_not_waited_for_ten_times(
    demo: Registry, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tries and the time that they took are told."""
    monkeypatch.setattr(transport, "RETRY_SECONDS", 0.0)

    def hang_up(handler: RegistryHandler, _path: str) -> bool:
        time.sleep(0.01)
        handler.hang_up()
        return True

    demo.fault = hang_up
    with pytest.raises(SourceError):
        audit(demo)
    assert len(demo.requests) == 1
    monkeypatch.undo()
    monkeypatch.setattr(retry_wait, "FIRST_WAIT", 0.001)
    with pytest.raises(SourceError, match="tried 10 times in"):
        audit(demo)


def test_a_layer_that_does_not_come_is_told_by_its_number(demo: Registry, audit: Audit) -> None:
    """With what had come of it, and what to do."""
    layers = [name for name, content in demo.blobs.items() if content.startswith(b"\x1f\x8b")]
    demo.fault = always(layers[0], 503)
    with pytest.raises(SourceError, match=r"layer \d of 9: .* 0 of [\d,]+ bytes of it had come; .* run it again"):
        audit(demo)


@pytest.mark.parametrize(("status", "is_there"), [(200, True), (404, False), (405, False), (501, False)])
def test_a_foreign_layer_is_there_if_the_registry_says_so(status: int, is_there: bool, registry: Registry) -> None:
    """By a request that not every registry knows."""
    registry.fault = always("/blobs/", status)
    client = RegistryClient(Endpoint("http", registry.address), "team/demo", lambda: None, {})
    assert client.carries_blob(Digest.of(b"layer")) == is_there


def test_a_foreign_layer_is_not_absent_because_the_registry_failed(registry: Registry) -> None:
    """That says nothing about it."""
    registry.fault = always("/blobs/", 503)
    client = RegistryClient(Endpoint("http", registry.address), "team/demo", lambda: None, {})
    with pytest.raises(TransferError, match="503"):
        client.carries_blob(Digest.of(b"layer"))
