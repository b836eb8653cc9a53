"""Servers of other dialects, known and unknown, and answers that are no answers."""

import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from layerscope.probe.limits import DEADLINES, Deadline
from layerscope.probe.local_run import run_here
from layerscope.probe.observation import Observation
from layerscope.probe.payload.api_dialects import read_context
from layerscope.probe.payload.http_client import Reply
from layerscope.probe.payload.serving_start import FOREIGN_ANSWERS
from layerscope.probe.serving_spec import ServerAddress, ServingSpec
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.verdict import Outcome, judge
from layerscope.progress import SilentProgress
from support.payload_stages import ask_server
from support.stub_dialects import COG, OLLAMA, TEXT, TGI, TORCHSERVE, TRITON, Answers, serve, tell

SILENT = SilentProgress()


def ask(port: int, **told: object) -> Observation:
    """What the whole probe sees of a server that runs there."""
    given = {"address": ServerAddress("127.0.0.1", port), "is_certain": True, **told}
    serving = ServingSpec(**given)  # type: ignore[arg-type]
    return run_here(ProbeSpec(sys.executable, roles=("serving",), serving=serving), progress=SILENT)


def list_passed(seen: Observation) -> set[str]:
    """The stages that passed."""
    return {stage.name for stage in seen.stages if stage.status == "passed"}


@pytest.mark.parametrize(
    ("answers", "dialect", "model", "missing"),
    [
        (OLLAMA, "ollama", "", set()),
        (TGI, "tgi", "", set()),
        (TRITON, "triton", "", {"completion"}),
        (COG, "cog", "", {"completion", "stream"}),
        (TORCHSERVE, "torchserve", "small", {"completion", "stream"}),
    ],
    ids=["ollama", "tgi", "triton", "cog", "torchserve"],
)
@pytest.mark.parametrize("is_known", [True, False], ids=["known", "unknown"])
def test_each_dialect_is_spoken(
    answers: Answers, dialect: str, model: str, missing: set[str], *, is_known: bool
) -> None:
    """Also where the server itself has to tell which one it is; what a dialect does not have is skipped."""
    with serve(answers) as port:
        seen = ask_server(port, dialect=dialect if is_known else "", model=model)
    verdict = judge(seen)
    assert (verdict.outcome, verdict.root) == (Outcome.GENERATED, ""), verdict
    assert list_passed(seen) == {"listen", "health", "models", "chat-16", "chat-512", "completion", "stream"} - missing
    models = seen.find("models")
    assert models is not None
    assert models.values["dialect"] == dialect


@pytest.mark.parametrize(
    ("row", "size"),
    [
        ({"id": "small", "max_model_len": 4096}, 4096),
        ({"id": "small", "meta": {"n_ctx": 256, "n_ctx_train": 2048}}, 256),
        ({"id": "small", "meta": None}, None),
        ({"id": "another", "max_model_len": 4096}, None),
    ],
)
def test_the_room_of_a_context_is_read_as_each_server_tells_it(row: dict[str, object], size: int | None) -> None:
    """VLLM's way, and llama.cpp's."""
    body = json.dumps({"data": [row]}).encode()
    assert read_context(Reply(200, {}, body, 0.1), "small") == size


def test_a_small_context_is_a_remark() -> None:
    """An answer that ends at it is no fault of the server's."""
    listed = tell({"data": [{"id": "small", "meta": {"n_ctx": 256}}]})
    cut = tell(
        {"choices": [{"message": {"content": TEXT}, "finish_reason": "length"}], "usage": {"completion_tokens": 99}}
    )
    answers = {"GET /health": tell({}), "GET /v1/models": listed, "POST /v1/chat/completions": cut}
    with serve(answers) as port:
        verdict = judge(ask_server(port))
    assert verdict.is_good, verdict
    assert any("room for 256 tokens together" in remark for remark in verdict.remarks)


def test_a_model_that_takes_no_text_is_not_asked() -> None:
    """A classifier of images is no failure."""
    images = {**TRITON, "GET /v2/models/small": tell({"name": "small", "inputs": [{"name": "INPUT0"}]})}
    with serve(images) as port:
        verdict = judge(ask_server(port, dialect="triton"))
    assert (verdict.outcome, verdict.root) == (Outcome.UNPROVED, "")
    assert "takes no text" in verdict.title


@pytest.mark.parametrize(
    ("changed", "outcome", "root", "words"),
    [
        ({"GET /health-check": tell({"status": "SETUP_FAILED"})}, Outcome.ERROR, "health", "GET /health-check"),
        ({"POST /predictions": tell({"status": "succeeded", "output": None})}, Outcome.EMPTY, "chat-16", "no text"),
        ({"POST /predictions": tell({"detail": "no"}, 302)}, Outcome.ERROR, "chat-16", "302"),
    ],
)
def test_a_cog_image_that_fails_says_why(changed: Answers, outcome: Outcome, root: str, words: str) -> None:
    """Its health check answers 200 whatever its status is."""
    with serve({**COG, **changed}) as port:
        verdict = judge(ask_server(port, dialect="cog", health=("/health-check",)))
    assert (verdict.outcome, verdict.root) == (outcome, root), verdict
    assert words in verdict.reason


def test_an_ollama_that_only_loaded_gives_no_text() -> None:
    """200, `done`, and nothing said."""
    loaded = {**OLLAMA, "POST /api/chat": tell({"message": {"content": ""}, "done": True, "done_reason": "load"})}
    with serve(loaded) as port:
        verdict = judge(ask_server(port, dialect="ollama"))
    assert (verdict.outcome, verdict.root) == (Outcome.EMPTY, "chat-16")


@contextmanager
def speak(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does that with each connection on which a request came."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection:
            try:
                if connection.recv(1 << 16):
                    talk(connection)
            except OSError:
                return

    threading.Thread(target=run, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def drip(connection: socket.socket) -> None:
    """A header without an end, a byte at a time: each wait is short, and all of them together are long."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(600):
        time.sleep(0.1)
        connection.sendall(b"x")


def flood(connection: socket.socket) -> None:
    """A body without an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    for _ in range(4000):
        connection.sendall(b"x" * (1 << 16))


def mumble(connection: socket.socket) -> None:
    """No HTTP."""
    connection.sendall(b"220 smtp.example.org ready\r\n")


def encrypt(connection: socket.socket) -> None:
    """The alert of a server that speaks TLS alone."""
    connection.sendall(b"\x15\x03\x03\x00\x02\x02\x46")


@pytest.mark.parametrize("talk", [mumble, encrypt])
def test_what_speaks_no_http_is_told_at_once(talk: Callable[[socket.socket], None]) -> None:
    """Not after the ten minutes that a model may take to load, and with what to name in its place."""
    began = time.monotonic()
    with speak(talk) as port:
        seen = ask_server(port)
    verdict = judge(seen)
    stage = seen.find("health")
    assert stage is not None
    assert stage.kind == "error"
    assert (verdict.outcome, verdict.root) == (Outcome.ERROR, "health"), verdict
    assert f"127.0.0.1 port {port} is no HTTP server: the answer is no HTTP" in verdict.reason
    assert any("--url" in cure and "https://" in cure for cure in verdict.cures)
    assert time.monotonic() - began < 10


def test_a_server_that_is_asked_by_tls_and_speaks_none_is_told_at_once() -> None:
    """The other way round."""
    with serve(OLLAMA) as port:
        verdict = judge(ask_server(port, is_tls=True, dialect="ollama"))
    assert verdict.root == "health", verdict
    assert "the answer is no TLS" in verdict.reason


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of an authority that nobody knows, with its key in the same file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    place = tmp_path_factory.mktemp("tls") / "server.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    made = [*request, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "-", "-out", "-"]
    place.write_bytes(subprocess.run(made, capture_output=True, check=True).stdout)
    return place


def test_a_certificate_that_nobody_knows_is_told_at_once(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It will be no other in ten minutes; with its authority named, the server is asked as any other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serve(OLLAMA, tls=context) as port:
        address = ServerAddress("127.0.0.1", port, is_tls=True)
        seen = ask(port, address=address, dialect="ollama")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        trusted = ask(port, address=address, dialect="ollama")
    stage, verdict = seen.find("health"), judge(seen)
    assert stage is not None
    assert (stage.kind, verdict.outcome, verdict.root) == ("untrusted", Outcome.ERROR, "health")
    assert re.search("the server's certificate was not accepted: self.signed certificate", verdict.reason)
    assert any("SSL_CERT_FILE=" in cure for cure in verdict.cures)
    assert judge(trusted).is_good, trusted


def test_a_server_that_mumbles_before_it_speaks_is_waited_for() -> None:
    """Fewer answers of another kind than would tell that none will come."""
    asked: list[int] = []

    def hesitate(connection: socket.socket) -> None:
        asked.append(1)
        if len(asked) < FOREIGN_ANSWERS:
            mumble(connection)
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}")

    with speak(hesitate) as port:
        seen = ask_server(port)
    assert "health" in list_passed(seen)


def test_a_page_in_place_of_a_list_of_models_has_its_cure() -> None:
    """The port of something else, or a proxy before the server."""
    page = (200, "text/html", b"<html>Welcome to nginx</html>")
    with serve({"GET /health": page, "GET /v1/models": page}) as port:
        verdict = judge(ask_server(port))
    assert (verdict.outcome, verdict.root) == (Outcome.ERROR, "models"), verdict
    assert any("curl -i" in cure for cure in verdict.cures)


def nest(connection: socket.socket) -> None:
    """JSON that is too deep."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"[" * 1_000_000)


@pytest.mark.parametrize("talk", [drip, flood, mumble, nest])
def test_a_hostile_server_holds_nothing_up(
    talk: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it sends, the probe ends in time and says where."""
    short = dict.fromkeys(("health", "models", "chat-16", "chat-512", "completion", "stream"), Deadline(1, 3))
    monkeypatch.setattr("layerscope.probe.spec.DEADLINES", {**DEADLINES, **short})
    began = time.monotonic()
    with speak(talk) as port:
        seen = ask(port, dialect="openai")
    verdict = judge(seen)
    assert seen.is_complete
    assert verdict.root in {"health", "models"}, verdict
    assert verdict.outcome in {Outcome.HANG, Outcome.ERROR}
    assert time.monotonic() - began < 30


def test_the_text_is_told() -> None:
    """In the values of its stage."""
    with serve(OLLAMA) as port:
        stage = ask_server(port, dialect="ollama").find("chat-512")
    assert stage is not None
    assert stage.values["text"] == TEXT


def test_halves_of_characters_and_long_names_are_told() -> None:
    """A server may answer with what no reader of JSON takes."""
    odd = {
        **OLLAMA,
        "POST /api/chat": (200, "application/json", b'{"message": {"content": "a\\ud800b"}, "done": true}'),
    }
    with serve({**odd, "GET /api/tags": tell({"models": [{"name": "m" * 1000}, {"name": "small"}]})}) as port:
        seen = ask_server(port, dialect="ollama")
    stage = seen.find("chat-16")
    assert stage is not None
    assert stage.status == "passed"
    assert stage.values["text"] == "a\ufffdb"


def test_a_server_that_is_too_slow_for_a_long_text_is_not_called_hanging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pace is measured twice, for the first call may have been slow alone."""
    monkeypatch.setattr("layerscope.probe.spec.DEADLINES", {**DEADLINES, "chat-512": Deadline(1, 3)})
    chats = 0

    def slow(_key: str) -> None:
        nonlocal chats
        chats += 1
        time.sleep(0.5)

    with serve(OLLAMA, before={"POST /api/chat": slow}) as port:
        seen = ask_server(port, dialect="ollama")
    stage = seen.find("chat-512")
    assert stage is not None
    assert stage.status == "skipped"
    assert "--patience" in stage.detail
    assert judge(seen).is_good
    assert chats == 2
