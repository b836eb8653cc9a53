"""The key of `--api-key-env`: no server gets it into a report, however it says it back."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Final

import pytest

from layerscope.cli import exit_codes
from support.built_image import build_image
from support.layouts import write_oci_archive
from support.served_handler import serve_handler
from support.tar_writer import directory, file

KEY: Final = "sk-SECRET-abcdef-0123456789"
ESCAPED: Final = "".join(f"\\u{ord(letter):04x}" for letter in KEY)

Answer = Callable[..., tuple[int, bytes, str]]


class Echo(BaseHTTPRequestHandler):
    """Says the key back in the way that its server is told."""

    how = ""

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Refuse, or list a model."""
        if self.how == "garbage":
            self.wfile.write(f"GARBAGE {KEY} here\r\n".encode())
        elif self.how == "escaped":
            self._send(401, f'{{"error": {{"message": "Incorrect API key provided: {ESCAPED}"}}}}'.encode())
        else:
            self._send(200, json.dumps({"data": [{"id": "small"}]}).encode())

    def do_POST(self) -> None:
        """A sound answer, or one in pieces, of which each has a half of the key."""
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        if not asked.get("stream"):
            message = {"role": "assistant", "content": "Monday, Tuesday and Wednesday are days."}
            choice = {"message": message, "text": message["content"], "finish_reason": "stop"}
            self._send(200, json.dumps({"choices": [choice]}).encode())
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for piece in (KEY[:9], KEY[9:]):
            told = json.dumps({"choices": [{"delta": {"content": piece}}]})
            self.wfile.write(f"data: {told}\n\n".encode())
            self.wfile.flush()

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serve_echo(way: str) -> Iterator[int]:
    """The port of a server that says the key back."""

    class Handler(Echo):
        how = way

    with serve_handler(Handler) as port:
        yield port


@pytest.mark.parametrize("form", ["terminal", "json"])
@pytest.mark.parametrize("way", ["garbage", "escaped", "pieces"])
def test_a_key_that_is_said_back_is_struck_out(
    way: str, form: str, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a line that is no HTTP, in escapes of JSON, and in halves that a stream brings."""
    monkeypatch.setenv("MY_KEY", KEY)
    with serve_echo(way) as port:
        url = f"http://127.0.0.1:{port}"
        code, out, err = answer("probe", "--url", url, "--api-key-env", "MY_KEY", "-o", form, "--patience", "0.05")
    told = out.decode() + err
    assert code == 1
    assert "(key)" in told or (form, way) == ("terminal", "pieces"), "else it would prove nothing"
    for spelling in (KEY, ESCAPED, KEY[4:]):
        assert spelling.lower() not in "".join(told.split()).lower()


def test_a_key_that_is_not_set_is_a_slip_of_the_pen(answer: Answer, tmp_path: Path) -> None:
    """Of an image without a server, too."""
    write_oci_archive(build_image([[directory("bin"), file("bin/sh", b"", mode=0o755)]]), tmp_path / "plain.tar")
    asked = ("probe", str(tmp_path / "plain.tar"), "--runtime", "bundle")
    code, _, err = answer(*asked, "--api-key-env", "LAYERSCOPE_NO_SUCH_KEY")
    assert code == exit_codes.USAGE
    assert "LAYERSCOPE_NO_SUCH_KEY" in err
