"""A small server of models with the API of OpenAI, and faults that are switched on by its arguments.

    python stub_server.py serve --port 8000 --fault empty --fault stream-stalls

It imports the standard library alone, so that it also runs inside an image.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SHORT = "READY"
LONG = (
    "Monday begins the week. Tuesday follows with meetings. Wednesday stands in the middle. Thursday is nearly there. "
    "Friday ends the work. Saturday is for friends. Sunday is quiet."
)
MODEL = "stub-model"
FEW = 16
"""Tokens that are enough for the shorter text alone."""

FLAKY = 2
"""Chats that fail at first, where they do so by chance."""

BREAK = "\n"
"""What some models begin with, and a stop string of some servers."""

TEMPLATE = "<|im_start|><|im_end|>" * 20
"""What a prompt has before its question, and no text that is decoded without special tokens."""


def make_message(text: str, fault: str) -> dict[str, Any]:
    """The message of an answer, its text where the fault puts it."""
    places: dict[str, dict[str, Any]] = {
        "reasoning_content": {"content": None, "reasoning_content": text},
        "reasoning": {"content": "", "reasoning": text},
        "thinking": {"content": "", "thinking": text},
        "refusal": {"content": None, "refusal": text},
        "tool_calls": {
            "content": None,
            "tool_calls": [{"type": "function", "function": {"name": "say", "arguments": json.dumps({"text": text})}}],
        },
        "content-list": {"content": [{"type": "text", "text": text}]},
    }
    return {"role": "assistant", **places.get(fault, {"content": text})}


HELD_BACK = frozenset({"WARNING", "ERROR", "CRITICAL"})
"""Levels at which nothing of a sound server is worth a line."""


def say(line: str, *, keep: bool = False) -> None:
    """Print a line, or leave it to Python when to write it; nothing where LOG_LEVEL holds it back."""
    if os.environ.get("LOG_LEVEL", "").upper() in HELD_BACK:
        return
    sys.stdout.write(line + "\n")
    if not keep:
        sys.stdout.flush()


Told = tuple[str, str, int]


def swallow(_text: str, _body: dict[str, Any]) -> Told:
    """An exception that is caught."""
    sys.stderr.write("Traceback (most recent call last):\nKeyError: 'answer'\n")
    return "", "stop", 0


def stop_at_once(text: str, body: dict[str, Any]) -> Told:
    """A stop string of the server's own, unless the request brings others."""
    stops = body.get("stop") or [BREAK]
    return (BREAK + text).split(stops[0])[0], "stop", 1


def end_turn_at_once(_text: str, body: dict[str, Any]) -> Told:
    """A model that ends its turn before the first word, and goes on with another where nothing stops it."""
    said = "<|im_end|>\n<|im_start|>user\nReply with one word.<|im_end|>"
    return said.split((body.get("stop") or ["<|im_end|>"])[0], maxsplit=1)[0], "stop", 0


def trim_echo(text: str, body: dict[str, Any]) -> Told:
    """The prompt taken off by its number of characters, of which its special tokens are no longer there."""
    question = body["messages"][-1]["content"]
    return (question + text)[len(TEMPLATE + question) :], "stop", 12


def cap(text: str, body: dict[str, Any]) -> Told:
    """A limit that is none of the request's."""
    asked = body["max_tokens"]
    return (" ".join(text.split()[:8]), "length", 10) if asked > FEW else (text, "stop", len(text.split()))


def think(text: str, body: dict[str, Any]) -> Told:
    """Nothing but a thought, where few tokens are asked for."""
    return ("", "length", FEW) if body["max_tokens"] <= FEW else (text, "stop", len(text.split()))


def think_untold(text: str, body: dict[str, Any]) -> Told:
    """The same of a server that does not say why a text ended."""
    said, _, count = think(text, body)
    return said, "", count


SPOILT: "dict[str, Callable[[str, dict[str, Any]], Told]]" = {
    "empty": lambda _text, _body: ("", "stop", 0),
    "swallowed": swallow,
    "special-only": lambda _text, _body: ("<|im_end|>", "stop", 1),
    "eos-first": lambda _text, _body: ("", "stop", 1),
    "stops-at-once": stop_at_once,
    "ends-turn": end_turn_at_once,
    "echo-trimmed": trim_echo,
    "degenerate": lambda _text, body: ("!" * body["max_tokens"], "length", body["max_tokens"]),
    "capped": cap,
    "cut-at-20": lambda _text, _body: (LONG[:60], "length", 20),
    "stops-at-20": lambda _text, _body: (LONG[:60], "stop", 20),
    "thinks-16": think,
    "thinks-untold": think_untold,
    "thinks-all": lambda _text, body: ("", "length", body["max_tokens"]),
}
"""By fault, what becomes of a chat: text, reason of its end, and number of tokens."""


class StubHandler(BaseHTTPRequestHandler):
    """Answers one request, as the switched faults say."""

    protocol_version = "HTTP/1.1"
    faults: "frozenset[str]" = frozenset()
    key = ""
    ready_at = 0.0
    chats = 0
    """How many it was asked for."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name in the standard library
        """One line of each request on standard output."""
        if "silent" not in self.faults:
            say(f"{self.address_string()} {format % args}", keep="buffered" in self.faults)

    def do_GET(self) -> None:
        """Health and models."""
        if self.path == "/health":
            if self._is_loading():
                self._send(503, {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}})
            else:
                self._send(200, {"status": "ok"})
        elif self.path == "/v1/models" and self._may():
            self._send(200, {"object": "list", "data": [{"id": MODEL, "object": "model"}]})
        elif self.path != "/v1/models":
            self._send(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        """Texts."""
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        if not self._may():
            return
        chats = self.path == "/v1/chat/completions"
        if not chats and (self.path != "/v1/completions" or "no-completion" in self.faults):
            self._send(404, {"detail": "Not Found"})
            return
        if self._fail(chats=chats):
            return
        text, finish, count = self._choose(body, chats=chats)
        if body.get("stream"):
            self._stream(text, finish)
            return
        choice: dict[str, Any] = {"index": 0, "finish_reason": finish}
        place = next((fault for fault in self.faults if fault in PLACES), "") if chats else ""
        choice.update({"message": make_message(text, place)} if chats else {"text": text})
        usage = {} if "no-usage" in self.faults else {"usage": {"completion_tokens": count}}
        self._send(200, {"object": "chat.completion", "model": MODEL, "choices": [choice], **usage})

    def _is_loading(self) -> bool:
        return "always-503" in self.faults or time.monotonic() < self.ready_at

    def _may(self) -> bool:
        if self.key and self.headers.get("Authorization") != f"Bearer {self.key}":
            told = self.headers.get("Authorization", "none")
            say(f"refused {told}")
            self._send(401, {"error": {"message": f"Incorrect API key provided: {told}"}})
            return False
        return True

    def _fail(self, *, chats: bool) -> bool:
        """Whether a fault answers, or ends the server."""
        if "late-503" in self.faults:
            self._send(503, {"error": "queue full"})
        elif "no-template" in self.faults and chats:
            message = "default chat template is no longer allowed, so you must provide a chat template"
            self._send(400, {"object": "error", "message": message, "code": 400})
        elif "template-in-log" in self.faults and chats:
            self._send(500, {"detail": "Internal Server Error"})
            time.sleep(0.1)
            sys.stderr.write("ValueError: Cannot use chat template functions: tokenizer.chat_template is not set\n")
        elif "internal-error" in self.faults:
            sys.stderr.write("ValueError: shapes do not match\n")
            self._send(500, {"detail": "Internal Server Error"})
        elif "hang-chat" in self.faults and chats:
            time.sleep(600)
        elif "die-chat" in self.faults and chats:
            os.kill(os.getpid(), signal.SIGSEGV)
        elif "html" in self.faults:
            self._send_bytes(200, b"<html>Welcome to nginx</html>", "text/html")
        else:
            return False
        return True

    def _choose(self, body: dict[str, Any], *, chats: bool) -> Told:
        """Text, reason of its end, and number of tokens."""
        asked = body.get("max_tokens", 20)
        text = SHORT if asked <= FEW else LONG
        if not chats:
            return " Wednesday, Thursday", "length", asked
        type(self).chats += 1
        if ("cold" in self.faults and self.chats == 1) or ("flaky" in self.faults and self.chats <= FLAKY):
            return "", "stop", 1
        spoilt = next((each for fault, each in SPOILT.items() if fault in self.faults), None)
        return spoilt(text, body) if spoilt is not None else (text, "stop", len(text.split()))

    def _stream(self, text: str, finish: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        place = next((fault[6:] for fault in self.faults if fault.startswith("delta-")), "content")
        for number, word in enumerate(text.split()):
            if "stream-stalls" in self.faults and number == 3:
                time.sleep(600)
            if "stream-error" in self.faults and number == 3:
                self._event(json.dumps({"error": {"message": "CUDA error: an illegal memory access"}}))
                break
            self._event(json.dumps({"choices": [{"index": 0, "delta": {place: word + " "}, "finish_reason": None}]}))
        if "stream-no-end" not in self.faults:
            self._event(json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}))
            if "stream-no-done" not in self.faults:
                self._event("[DONE]")
        self.close_connection = True

    def _event(self, data: str) -> None:
        self.wfile.write(f"data: {data}\n\n".encode())

    def _send(self, status: int, body: Any) -> None:
        self._send_bytes(status, json.dumps(body).encode(), "application/json")

    def _send_bytes(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


PLACES = frozenset({"reasoning_content", "reasoning", "thinking", "refusal", "tool_calls", "content-list"})


def main(arguments: list[str] | None = None) -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--host", default="0.0.0.0")  # noqa: S104 -- as servers in containers do
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--key", default="")
    parser.add_argument("--log-file", default="stub-server.log", help="for the fault log-to-file")
    parser.add_argument("--load-seconds", type=float, default=0.0)
    parser.add_argument("words", nargs="*", help="what programs of servers take before their options; not looked at")
    asked = parser.parse_args(arguments)
    StubHandler.faults, StubHandler.key = frozenset(asked.fault), asked.key
    if "log-to-file" in asked.fault:
        sys.stdout = sys.stderr = Path(asked.log_file).open("a", buffering=1)  # noqa: SIM115 -- as long as it runs
    if "log-to-nowhere" in asked.fault:
        for descriptor in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
    if "hang-start" in asked.fault:
        say("fetching the model from the hub")
        time.sleep(600)
    if "crash-start" in asked.fault:
        say("loading kernels")
        os.kill(os.getpid(), signal.SIGILL)
    if "dies-behind" in asked.fault and os.fork():
        say("supervising")
        time.sleep(600)
    if "exit-start" in asked.fault or "dies-behind" in asked.fault:
        sys.stderr.write("ValueError: no supported config format found in /models/none\n")
        sys.exit(1)
    StubHandler.ready_at = time.monotonic() + asked.load_seconds
    server = ThreadingHTTPServer((asked.host, asked.port), StubHandler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say("listening on {}:{}".format(*server.server_address[:2]), keep="buffered" in asked.fault)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


if __name__ == "__main__":
    main()
