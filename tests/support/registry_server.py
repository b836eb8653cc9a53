"""A small registry that speaks the distribution API, and that can be told to misbehave.

Real registries are used for everything that they do; this one does what no real one would.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from layerscope.image.digest import Digest

Fault = Callable[["RegistryHandler", str], bool]
"""Answers a request itself and returns True, or leaves it to the registry; it is given the path."""


@dataclass
class Registry:
    """What a registry holds, how it lets people in, and what it was asked."""

    address: str = ""
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """By tag and by digest: media type and bytes."""
    referrers: bytes | None = None
    """What the referrers API answers; None where there is none."""
    user: str | None = None
    password: str = "s3cret"
    scheme: str = "basic"
    ranges: bool = True
    fault: Fault = lambda _handler, _path: False
    post_fault: Fault = lambda _handler, _path: False
    requests: list[str] = field(default_factory=list)
    scopes: list[list[str]] = field(default_factory=list)
    """What tokens were asked for."""
    authorizations: list[str | None] = field(default_factory=list)
    sent: int = 0
    """Bytes of blobs that went out."""

    @property
    def realm(self) -> str:
        """Where tokens are had."""
        return f"http://{self.address}/token"

    def add_layout(self, path: Path, tag: str = "1") -> Digest:
        """Take over the image of an OCI layout, its first one under a tag; returns the digest of that."""
        for blob in (path / "blobs/sha256").iterdir():
            content = blob.read_bytes()
            self.blobs[f"sha256:{blob.name}"] = content
            if content.startswith(b"{"):
                document = json.loads(content)
                if "layers" in document or "manifests" in document:
                    kind = document.get("mediaType") or "application/vnd.oci.image.manifest.v1+json"
                    self.manifests[f"sha256:{blob.name}"] = (kind, content)
        top = json.loads((path / "index.json").read_bytes())["manifests"][0]
        self.manifests[tag] = (top["mediaType"], self.blobs[top["digest"]])
        return Digest.parse(top["digest"])

    def count(self, part: str) -> int:
        """How many requests had that in their path."""
        return sum(part in path for path in self.requests)


class RegistryHandler(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    registry: Registry
    posted: bytes | None = None

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer a token, a manifest or a blob."""
        path = urlsplit(self.path).path
        self.registry.requests.append(path)
        self.registry.authorizations.append(self.headers.get("Authorization"))
        if self.registry.fault(self, path):
            return
        if path == "/token":
            self.registry.scopes.append(parse_qs(urlsplit(self.path).query).get("scope", []))
            self._answer_token()
        elif not self.is_let_in():
            self.challenge()
        elif "/manifests/" in path:
            self._answer_manifest(path.rpartition("/")[2])
        elif "/referrers/" in path and self.registry.referrers is not None:
            self.reply(200, self.registry.referrers, Content_Type="application/vnd.oci.image.index.v1+json")
        elif path.endswith("/tags/list"):
            tags = [name for name in self.registry.manifests if ":" not in name]
            self.reply(200, json.dumps({"name": "team/demo", "tags": tags}).encode())
        elif "/blobs/" in path:
            self._answer_blob(path.rpartition("/")[2])
        else:
            self.reply(404)

    def do_HEAD(self) -> None:
        """Answer as to GET, without the body."""
        self.do_GET()

    def do_POST(self) -> None:
        """Answer a token to whoever has an identity token, a refresh token, or a name and a password."""
        self.registry.requests.append(self.path)
        self.posted = None
        if self.registry.post_fault(self, self.path):
            return
        form = parse_qs(self.read_form().decode())
        self.registry.scopes.append(form.get("scope", []))
        named = (form.get("username"), form.get("password")) == ([self.registry.user], [self.registry.password])
        if form.get("refresh_token") in (["identity"], ["refresh-me"]):
            self.reply(200, b'{"access_token": "let-me-in"}')
        elif form.get("grant_type") == ["password"] and named:
            self.reply(200, b'{"access_token": "let-me-in", "refresh_token": "refresh-me"}')
        else:
            self.reply(401)

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send an answer; underscores in the names of headers are dashes."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def read_form(self) -> bytes:
        """What was posted, as often as it is asked for."""
        if self.posted is None:
            self.posted = self.read_body()
        return self.posted

    def read_body(self) -> bytes:
        """What came with the request."""
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def hang_up(self) -> None:
        """Break the connection off."""
        self.close_connection = True
        self.connection.close()

    def is_let_in(self) -> bool:
        """Whether the request says who is asking."""
        registry, sent = self.registry, self.headers.get("Authorization", "")
        if registry.user is None:
            return True
        if registry.scheme == "basic":
            return sent == _basic(registry)
        return sent == "Bearer let-me-in"

    def challenge(self) -> None:
        """Ask who is asking."""
        registry = self.registry
        if registry.scheme == "basic":
            self.reply(401, b"{}", WWW_Authenticate='Basic realm="test"')
        else:
            self.reply(401, b"{}", WWW_Authenticate=f'Bearer realm="{registry.realm}",service="test"')

    def _answer_token(self) -> None:
        if self.headers.get("Authorization") == _basic(self.registry):
            self.reply(200, b'{"token": "let-me-in", "expires_in": 300}')
        else:
            self.reply(401, b'{"errors": [{"code": "UNAUTHORIZED", "message": "who are you"}]}')

    def _answer_manifest(self, name: str) -> None:
        if name not in self.registry.manifests:
            self.reply(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}')
            return
        kind, content = self.registry.manifests[name]
        self.reply(200, content, Content_Type=kind, Docker_Content_Digest=str(Digest.of(content)))

    def _answer_blob(self, name: str) -> None:
        content = self.registry.blobs.get(name)
        if content is None:
            self.reply(404, b'{"errors": [{"code": "BLOB_UNKNOWN"}]}')
            return
        asked = self.headers.get("Range")
        if asked is None or not self.registry.ranges:
            self.registry.sent += len(content)
            self.reply(200, content)
            return
        first, _, last = asked.removeprefix("bytes=").partition("-")
        piece = content[int(first) : int(last) + 1 if last else None]
        self.registry.sent += len(piece)
        place = f"bytes {first}-{int(first) + len(piece) - 1}/{len(content)}"
        self.reply(206, piece, Content_Range=place)


def write_docker_config(folder: Path, registry: Registry, **entry: str) -> dict[str, str]:
    """Docker's file with an entry for a registry; returns the environment that leads to it, and to nothing else."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"auths": {registry.address: entry}}))
    return {"DOCKER_CONFIG": str(folder), "HOME": str(folder)}


def pack_password(name: str, password: str) -> str:
    """A name and a password as Docker's file has them."""
    return base64.b64encode(f"{name}:{password}".encode()).decode()


def always(part: str, status: int, **headers: str) -> Fault:
    """A fault that answers every request with that in its path alike."""

    def answer(handler: RegistryHandler, path: str) -> bool:
        if part not in path:
            return False
        handler.reply(status, b"", **headers)
        return True

    return answer


def _basic(registry: Registry) -> str:
    return "Basic " + base64.b64encode(f"{registry.user}:{registry.password}".encode()).decode()


class _QuietServer(ThreadingHTTPServer):
    """A server that says nothing of clients that hang up."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


@contextmanager
def serve_registry(host: str = "127.0.0.1") -> Iterator[Registry]:
    """A registry on loopback for as long as the context lasts."""
    registry = Registry()
    with serve(registry, RegistryHandler, host):
        yield registry


@contextmanager
def serve(registry: Registry, kind: type[RegistryHandler], host: str = "127.0.0.1") -> Iterator[None]:
    """Answer for a registry on loopback for as long as the context lasts."""
    handler = type("Handler", (kind,), {"registry": registry})
    server = _QuietServer((host, 0), handler)
    server.daemon_threads = True
    registry.address = f"{host}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
