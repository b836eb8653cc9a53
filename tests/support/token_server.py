"""A token server for a real registry: it signs what the registry verifies against its certificate.

https://distribution.github.io/distribution/spec/auth/token/, …/auth/oauth/ and …/auth/jwt/; signed by openssl.
"""

import base64
import json
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

ISSUER: Final = "test-issuer"
SERVICE: Final = "test-service"
PUBLIC: Final = "public/"
"""Whoever comes may pull what is called like that."""


@dataclass
class TokenServer:
    """Who may have tokens, by which methods, and who had which."""

    folder: Path
    user: str
    password: str = field(repr=False)
    address: str = ""
    methods: set[str] = field(default_factory=lambda: {"GET", "POST"})
    granted: list[tuple[str, str]] = field(default_factory=list)
    last: str = field(default="", repr=False)
    """The last token that was given."""

    @property
    def realm(self) -> str:
        """Where tokens are had."""
        return f"http://{self.address}/token"

    @property
    def certificate(self) -> Path:
        """What tokens are verified by."""
        return self.folder / "tokens.crt"

    def grant(self, user: str, scopes: list[str], service: str) -> bytes:
        """The answer with a token for as much of that as the user may have."""
        access = []
        for scope in " ".join(scopes).split():
            kind, name, actions = scope.split(":")
            allowed = actions.split(",") if user else ["pull"] if name.startswith(PUBLIC) else []
            access.append({"type": kind, "name": name, "actions": allowed})
            self.granted.append((user, scope))
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": user, "aud": service, "exp": now + 300, "nbf": now - 10, "iat": now}
        self.last = self._sign({**claims, "jti": uuid.uuid4().hex, "access": access})
        return json.dumps({"token": self.last, "access_token": self.last, "expires_in": 300}).encode()

    def _sign(self, claims: dict[str, object]) -> str:
        lines = self.certificate.read_text().splitlines()
        chain = ["".join(line for line in lines if not line.startswith("-"))]
        head = {"typ": "JWT", "alg": "RS256", "x5c": chain}
        text = f"{_pack(json.dumps(head).encode())}.{_pack(json.dumps(claims).encode())}"
        command = ["openssl", "dgst", "-sha256", "-sign", str(self.folder / "tokens.key")]
        signed = subprocess.run(command, input=text.encode(), check=True, capture_output=True)
        return f"{text}.{_pack(signed.stdout)}"


class _Handler(BaseHTTPRequestHandler):
    server_: TokenServer

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer a name and a password, or nobody."""
        query = parse_qs(urlsplit(self.path).query)
        packed = self.headers.get("Authorization", "").removeprefix("Basic ")
        user, _, password = base64.b64decode(packed).decode().partition(":")
        self._answer(user, password, query)

    def do_POST(self) -> None:
        """Answer a form."""
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        user, password = (form.get(key, [""])[0] for key in ("username", "password"))
        self._answer(user, password, form)

    def _answer(self, user: str, password: str, asked: dict[str, list[str]]) -> None:
        own = self.server_
        is_known = (user, password) in {("", ""), (own.user, own.password)}
        status = 404 if self.command not in own.methods else 200 if is_known else 401
        scopes, service = asked.get("scope", []), asked.get("service", [""])[0]
        body = own.grant(user, scopes, service) if status == 200 else b"{}"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _pack(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@contextmanager
def serve_tokens(folder: Path, user: str, password: str) -> Iterator[TokenServer]:
    """A token server on loopback that keeps its key in a folder, for as long as the context lasts."""
    own = TokenServer(folder, user, password)
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test tokens"]
    files = ["-keyout", str(folder / "tokens.key"), "-out", str(own.certificate)]
    subprocess.run([*command, *files], check=True, capture_output=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"server_": own}))
    own.address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield own
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
