"""The small registry's other side: blobs and manifests are sent to it, in the chunks that the client chooses.

It is as strict as a registry may be: a chunk begins where the last one ended, and goes to the newest address.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from layerscope.image.digest import Digest
from support.registry_server import Registry, RegistryHandler, serve


@dataclass
class Upload:
    """What has arrived of a blob, and how often its address changed."""

    content: bytearray = field(default_factory=bytearray)
    state: int = 0


@dataclass
class WritableRegistry(Registry):
    """A registry that is written to."""

    uploads: dict[str, Upload] = field(default_factory=dict)
    elsewhere: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """Blobs of other repositories, which may be mounted."""
    min_chunk: str = ""
    """What it asks chunks to be."""
    host: str = ""
    """Scheme and host of the addresses that it gives uploads, where they are not its own."""
    opened: int = 0
    log: list[str] = field(default_factory=list)
    """Method, path and query of each request."""
    ranges_sent: list[str] = field(default_factory=list)
    """The Content-Range of each chunk."""

    def list_methods(self) -> list[str]:
        """The method of each request."""
        return [line.partition(" ")[0] for line in self.log]


class WritableHandler(RegistryHandler, BaseHTTPRequestHandler):
    """Answers one request; faults see its body, and leave what they want of it in the upload."""

    registry: WritableRegistry
    body: bytes = b""

    def do_GET(self) -> None:
        """Answer where an upload stands, and all that can be read."""
        self.registry.log.append(f"GET {self.path}")
        path = urlsplit(self.path).path
        if path == "/v2/" and self.is_let_in():
            self.reply(200, b"{}")
        elif "/blobs/uploads/" in path:
            self._answer_write()
        else:
            super().do_GET()

    def do_POST(self) -> None:
        """Open an upload, or answer a token."""
        if "/blobs/uploads/" in self.path:
            self._answer_write()
        else:
            super().do_POST()

    def do_HEAD(self) -> None:
        """Tell whether a blob is there."""
        self._answer_write()

    def do_PATCH(self) -> None:
        """Take a chunk."""
        self._answer_write()

    def do_PUT(self) -> None:
        """Close an upload, or take a manifest."""
        self._answer_write()

    def do_DELETE(self) -> None:
        """Forget an upload."""
        self._answer_write()

    @property
    def upload(self) -> Upload:
        """The upload that is addressed, which is there."""
        return self.registry.uploads[urlsplit(self.path).path.rpartition("/")[2]]

    def reply_place(self, status: int, **headers: str) -> None:
        """Answer with where the upload goes on, which is somewhere else each time."""
        name = headers.pop("name", urlsplit(self.path).path.rpartition("/")[2])
        upload = self.registry.uploads[name]
        upload.state += 1
        place = f"{self.registry.host}/v2/team/demo/blobs/uploads/{name}?_state=S3CRET{upload.state}"
        told = f"0-{max(len(upload.content) - 1, 0)}"
        self.reply(status, b"", **{"Location": place, "Range": told, **headers})

    def reply_error(self, status: int, code: str) -> None:
        """Answer with an error in the words of the specification."""
        self.reply(status, json.dumps({"errors": [{"code": code, "message": code.lower().replace("_", " ")}]}).encode())

    def _answer_write(self) -> None:
        path = urlsplit(self.path).path
        self.body = self.read_body()
        self.registry.requests.append(path)
        self.registry.authorizations.append(self.headers.get("Authorization"))
        if self.command != "GET":
            self.registry.log.append(f"{self.command} {self.path}")
        if "Content-Range" in self.headers:
            self.registry.ranges_sent.append(self.headers["Content-Range"])
        if self.registry.fault(self, path):
            return
        if not self.is_let_in():
            self.challenge()
        elif self.command == "HEAD":
            self._tell_blob(path.rpartition("/")[2])
        elif "/manifests/" in path:
            self._take_manifest(path.rpartition("/")[2])
        elif self.command == "POST":
            self._open_upload()
        elif path.rpartition("/")[2] not in self.registry.uploads:
            self.reply_error(404, "BLOB_UPLOAD_UNKNOWN")
        else:
            self._go_on(path.rpartition("/")[2])

    def _tell_blob(self, name: str) -> None:
        content = self.registry.blobs.get(name)
        if content is None:
            self.reply(404)
        else:
            self.reply(200, Content_Length=str(len(content)), Docker_Content_Digest=name)

    def _take_manifest(self, name: str) -> None:
        digest, kind = str(Digest.of(self.body)), self.headers["Content-Type"]
        self.registry.manifests[name] = self.registry.manifests[digest] = (kind, self.body)
        self.reply(201, Docker_Content_Digest=digest)

    def _open_upload(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        wanted = query.get("mount", [""])[0]
        blobs = self.registry.elsewhere.get(query.get("from", [""])[0], {})
        if wanted in blobs:
            self.registry.blobs[wanted] = blobs[wanted]
            self.reply(201, Docker_Content_Digest=wanted)
            return
        self.registry.opened += 1
        name = f"u{self.registry.opened}"
        self.registry.uploads[name] = Upload()
        asked = {"OCI_Chunk_Min_Length": self.registry.min_chunk} if self.registry.min_chunk else {}
        self.reply_place(202, name=name, **asked)

    def _go_on(self, name: str) -> None:
        """Answer a request about an upload that is there."""
        query, upload = parse_qs(urlsplit(self.path).query), self.upload
        if self.command == "GET":
            self.reply_place(204)
        elif self.command == "DELETE":
            del self.registry.uploads[name]
            self.reply(204)
        elif query["_state"] != [f"S3CRET{upload.state}"]:
            self.reply_error(404, "BLOB_UPLOAD_INVALID")
        elif self.command == "PATCH":
            start = int(self.headers["Content-Range"].partition("-")[0])
            if start != len(upload.content):
                self.reply_place(416)
                return
            upload.content += self.body
            self.reply_place(202)
        else:
            self._close_upload(name, query["digest"][0])

    def _close_upload(self, name: str, digest: str) -> None:
        content = bytes(self.registry.uploads.pop(name).content)
        if str(Digest.of(content)) != digest:
            self.reply_error(400, "DIGEST_INVALID")
            return
        self.registry.blobs[digest] = content
        self.reply(201, Docker_Content_Digest=digest)


@contextmanager
def serve_writable_registry() -> Iterator[WritableRegistry]:
    """A registry on loopback that is written to, for as long as the context lasts."""
    registry = WritableRegistry()
    with serve(registry, WritableHandler):
        yield registry
