"""Servers that speak other dialects than OpenAI's, in a thread of the test: a table of paths and answers each."""

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

from support.served_handler import serve_handler

Answers = Mapping[str, tuple[int, str, bytes]]
"""By method and path: status, type of content, content."""

TEXT: Final = "Monday begins the week, and Sunday ends it."


def tell(body: Any, status: int = 200) -> tuple[int, str, bytes]:
    """JSON."""
    return status, "application/json", json.dumps(body).encode()


def stream_events(*events: Any) -> tuple[int, str, bytes]:
    """Events of a server, one JSON each."""
    return 200, "text/event-stream", b"".join(f"data: {json.dumps(each)}\n\n".encode() for each in events)


def stream_lines(*rows: Any) -> tuple[int, str, bytes]:
    """JSON line by line."""
    return 200, "application/x-ndjson", b"".join(json.dumps(each).encode() + b"\n" for each in rows)


OLLAMA: Final[Answers] = {
    "GET /": (200, "text/plain", b"Ollama is running"),
    "GET /api/tags": tell({"models": [{"name": "small:latest"}]}),
    "POST /api/chat": tell({"message": {"content": TEXT}, "done": True, "done_reason": "stop", "eval_count": 10}),
    "POST /api/generate": tell({"response": TEXT, "done": True, "done_reason": "stop", "eval_count": 10}),
    "POST /api/chat stream": stream_lines(
        {"message": {"content": "Monday "}, "done": False},
        {"message": {"content": "begins"}, "done": False},
        {"message": {"content": ""}, "done": True, "done_reason": "stop"},
    ),
}
TGI: Final[Answers] = {
    "GET /health": (200, "text/plain", b""),
    "GET /info": tell({"model_id": "small", "version": "3.3.0"}),
    "POST /generate": tell({"generated_text": TEXT, "details": {"finish_reason": "eos_token", "generated_tokens": 10}}),
    "POST /generate_stream": stream_events(
        {"token": {"id": 1, "text": "Monday "}, "generated_text": None},
        {
            "token": {"id": 2, "text": "begins"},
            "generated_text": "Monday begins",
            "details": {"finish_reason": "eos_token"},
        },
    ),
}
TRITON: Final[Answers] = {
    "GET /v2/health/ready": (200, "text/plain", b""),
    "POST /v2/repository/index": tell([{"name": "small", "version": "1", "state": "READY"}]),
    "GET /v2/models/small": tell({"name": "small", "inputs": [{"name": "text_input"}], "outputs": []}),
    "POST /v2/models/small/generate": tell({"model_name": "small", "text_output": TEXT}),
    "POST /v2/models/small/generate_stream": stream_events({"text_output": "Monday "}, {"text_output": "begins"}),
}
COG: Final[Answers] = {
    "GET /health-check": tell({"status": "READY"}),
    "GET /openapi.json": tell(
        {"paths": {"/predictions": {}}, "components": {"schemas": {"Input": {"properties": {"prompt": {}}}}}}
    ),
    "POST /predictions": tell({"status": "succeeded", "output": TEXT}),
}
TORCHSERVE: Final[Answers] = {
    "GET /ping": tell({"status": "Healthy"}),
    "POST /predictions/small": (200, "text/plain", TEXT.encode()),
}


@contextmanager
def serve(
    answers: Answers,
    before: Mapping[str, Callable[[str], None]] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[int]:
    """The port of a server that gives those answers, and 404 to all else; `before` is done before some of them."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name in the standard library
            """Say nothing."""

        def do_GET(self) -> None:
            """Look it up."""
            self._answer(f"GET {self.path}")

        def do_POST(self) -> None:
            """Look it up, a stream apart where there is one."""
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")
            key = f"POST {self.path}"
            streams = isinstance(body, dict) and body.get("stream") is True
            self._answer(f"{key} stream" if streams and f"{key} stream" in answers else key)

        def _answer(self, key: str) -> None:
            (before or {}).get(key, str)(key)
            status, kind, content = answers.get(key, (404, "text/plain", b"Not Found"))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(content)

    with serve_handler(Handler, tls) as port:
        yield port
