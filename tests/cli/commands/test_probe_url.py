"""`layerscope probe --url`: a server that runs already."""

import json
from collections.abc import Callable

import pytest

from layerscope.cli import exit_codes
from support.stub_dialects import OLLAMA, serve, tell

Answer = Callable[..., tuple[int, bytes, str]]


def test_a_server_that_generates_is_told(answer: Answer) -> None:
    """With its model and its speed."""
    with serve(OLLAMA) as port:
        code, out, _ = answer("probe", "--url", f"http://127.0.0.1:{port}")
    page = out.decode()
    assert code == exit_codes.CLEAN, page
    assert page.splitlines()[0].startswith(("✔ GENERATED", "+ GENERATED")) or "GENERATED" in page.splitlines()[0]
    assert f"http://127.0.0.1:{port}" in page
    assert "small:latest" in page
    assert "first text after" in page


def test_a_server_that_gives_no_text_is_told(answer: Answer) -> None:
    """By the exit code, the outcome and the stage."""
    silent = {**OLLAMA, "POST /api/chat": tell({"message": {"content": ""}, "done": True, "done_reason": "stop"})}
    with serve(silent) as port:
        code, out, _ = answer("probe", "--url", f"http://127.0.0.1:{port}", "-o", "json")
    document = json.loads(out)["probe"]
    assert code == exit_codes.FINDINGS
    assert (document["verdict"]["outcome"], document["verdict"]["root"]) == ("empty", "chat-16")
    assert document["server"]["model"] == "small:latest"


def test_a_server_elsewhere_is_no_proof_of_a_gpu(answer: Answer) -> None:
    """On what it computes is not seen from here."""
    with serve(OLLAMA) as port:
        code, _, _ = answer("probe", "--url", f"http://127.0.0.1:{port}", "--require-gpu")
    assert code == exit_codes.PROBE


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--url", "http://h:1", "image"), "expected one of IMAGE, --local, --url URL and --read FILE, found two"),
        (("--url", "http://h:1", "--local"), "expected one of IMAGE, --local, --url URL and --read FILE, found two"),
        ((), "--read FILE, found none"),
        (("--read", "x.log", "--runtime", "bundle"), "--read and --runtime bundle"),
        (("--url", "h:1"), "expected http://HOST:PORT"),
        (
            ("--url", "http://h:1", "--api-key-env", "LAYERSCOPE_NO_SUCH_KEY"),
            "LAYERSCOPE_NO_SUCH_KEY, which is not set",
        ),
    ],
)
def test_contradictions_are_refused(answer: Answer, arguments: tuple[str, ...], said: str) -> None:
    """Before anything is asked."""
    code, _, err = answer("probe", *arguments)
    assert code == exit_codes.USAGE
    assert said in " ".join(err.split())


def test_a_key_is_sent_and_not_shown(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in the report, and not in a complaint."""
    monkeypatch.setenv("SERVER_KEY", "sesame-7391")
    refusing = {**OLLAMA, "GET /api/tags": tell({"error": "unknown key sesame-7391"}, 401)}
    with serve(refusing) as port:
        code, out, err = answer(
            "probe", "--url", f"http://127.0.0.1:{port}", "--api-key-env", "SERVER_KEY", "-o", "json"
        )
    assert code == exit_codes.FINDINGS
    assert "unknown key (key)" in out.decode()
    assert "sesame-7391" not in out.decode() + err
    monkeypatch.setenv("SERVER_KEY", "two words")
    code, _, err = answer("probe", "--url", "http://127.0.0.1:1", "--api-key-env", "SERVER_KEY")
    assert code == exit_codes.USAGE
    assert "two words" not in err
