"""A small container engine that speaks the real HTTP API over a unix socket, for what real engines do too rarely."""

import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Final
from urllib.parse import unquote, urlsplit

from layerscope.engine.endpoint import Endpoint

PIECE: Final = 1 << 16


@dataclass
class StubImage:
    """One image of the engine: what inspecting says of it, and what exporting sends."""

    inspected: Mapping[str, object]
    export: bytes = b""


@dataclass
class StubContainer:
    """One container of the engine: what inspecting says of it, what it changed (None: that fails), and its export."""

    inspected: Mapping[str, object]
    changes: object = ()
    export: bytes = b""


@dataclass
class EngineStub:
    """What the engine answers; `requests` are the paths that it was asked for, in order."""

    socket: Path
    version: Mapping[str, object]
    info: Mapping[str, object] = field(default_factory=dict)
    images: dict[str, StubImage] = field(default_factory=dict)
    containers: dict[str, StubContainer] = field(default_factory=dict)
    breaks_off_after: int | None = None
    """Bytes of an export after which the connection is cut."""
    stalls_after: int | None = None
    """Bytes of an export after which nothing more comes until the engine stops."""
    failure: tuple[int, bytes] | None = None
    """Status and body of every answer but that to `/version`."""
    loaded: list[bytes] = field(default_factory=list)
    """The archives that were loaded, in order."""
    load_answer: bytes = b'{"stream":"Loaded image"}\n'
    """What is said of a load."""
    forgets_names: bool = False
    """Whether an image that was loaded is not known by its names."""
    requests: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        return Endpoint(f"unix://{self.socket}", "DOCKER_HOST")

    @property
    def environment(self) -> dict[str, str]:
        """The environment that leads to it, for docker and podman alike."""
        return {"DOCKER_HOST": self.endpoint.url, "CONTAINER_HOST": self.endpoint.url}

    def count(self, ending: str) -> int:
        """How often it was asked for a path of that ending."""
        return sum(path.endswith(ending) for path in self.requests)


def docker_version(version: str = "20.10.24", api: str = "1.41", oldest: str = "1.12") -> dict[str, object]:
    """What a Docker Engine says of itself."""
    return {"Version": version, "ApiVersion": api, "MinAPIVersion": oldest, "Components": [{"Name": "Engine"}]}


def podman_version() -> dict[str, object]:
    """What podman 4.3.1 says of itself."""
    components = [{"Name": "Podman Engine"}, {"Name": "Conmon"}]
    return {"Version": "4.3.1", "ApiVersion": "1.41", "MinAPIVersion": "1.24", "Components": components}


@contextmanager
def run_engine(folder: Path, version: Mapping[str, object] | None = None) -> Iterator[EngineStub]:
    """Serve an engine on a socket in `folder` until the block ends; its answers may be changed at any time."""
    stub = EngineStub(folder / "engine.sock", version or docker_version())
    server = _Server(stub)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        stub.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True

    def __init__(self, stub: EngineStub) -> None:
        self.stub = stub
        super().__init__(str(stub.socket), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        del request, client_address  # whoever closes an export early breaks the pipe


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def stub(self) -> EngineStub:
        assert isinstance(self.server, _Server)
        return self.server.stub

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.stub.requests.append(path)
        _, _, rest = path.removeprefix("/").partition("/")
        if path == "/version":
            self.send_json(200, self.stub.version)
        elif self.stub.failure is not None:
            self.send_body(*self.stub.failure)
        elif rest == "info":
            self.send_json(200, self.stub.info)
        elif rest.startswith("containers/"):
            self.answer_container(rest)
        else:
            self.answer_image(rest)

    def do_POST(self) -> None:
        self.stub.requests.append(unquote(urlsplit(self.path).path))
        archive = b"".join(self.iter_body())
        if self.stub.failure is not None:
            self.send_body(*self.stub.failure)
            return
        self.stub.loaded.append(archive)
        if not self.stub.forgets_names:
            self.stub.images |= _list_images(archive)
        self.send_body(200, self.stub.load_answer)

    def do_DELETE(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.stub.requests.append(path)
        name = path.partition("/images/")[2]
        if self.stub.failure is not None:
            self.send_body(*self.stub.failure)
        elif self.stub.images.pop(name, None) is None:
            self.send_json(404, {"message": f"No such image: {name}"})
        else:
            self.send_json(200, [{"Untagged": name}])

    def iter_body(self) -> Iterator[bytes]:
        """The chunks that were sent."""
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def answer_image(self, rest: str) -> None:
        name, _, what = rest.removeprefix("images/").rpartition("/")
        image = self.stub.images.get(name)
        if image is None:
            self.send_json(404, {"message": f"No such image: {name}"})
        elif what == "json":
            self.send_json(200, image.inspected)
        else:
            self.send_export(image.export)

    def answer_container(self, rest: str) -> None:
        name, _, what = rest.removeprefix("containers/").rpartition("/")
        container = self.stub.containers.get(name)
        if container is None:
            self.send_json(404, {"message": f"No such container: {name}"})
        elif what == "json":
            self.send_json(200, container.inspected)
        elif what == "export":
            self.send_export(container.export)
        elif container.changes is None:
            self.send_json(500, {"message": "stat x: not a directory"})
        else:
            self.send_json(200, container.changes)

    def send_export(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        ending = self.stub.breaks_off_after if self.stub.stalls_after is None else self.stub.stalls_after
        self.send_chunks(content[:ending])
        if self.stub.stalls_after is not None:
            self.stub.closing.wait()
        if ending is None:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True

    def send_chunks(self, content: bytes) -> None:
        for start in range(0, len(content), PIECE):
            piece = content[start : start + PIECE]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def send_json(self, status: int, document: object) -> None:
        self.send_body(status, json.dumps(document).encode())

    def send_body(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "client"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        del format, args


def _list_images(archive: bytes) -> dict[str, StubImage]:
    """The images of an archive by their names, as `manifest.json` gives them."""
    found: dict[str, StubImage] = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        listing = members.extractfile("manifest.json")
        assert listing is not None
        for image in json.loads(listing.read()):
            content = members.extractfile(image["Config"])
            assert content is not None
            config = content.read()
            document = json.loads(config)
            layers = document["rootfs"]["diff_ids"]
            assert len(layers) == len(image["Layers"])
            inspected = {"Id": f"sha256:{hashlib.sha256(config).hexdigest()}", "RootFS": {"Layers": layers}}
            inspected |= {"Os": document["os"], "Architecture": document["architecture"]}
            found |= {name: StubImage(inspected | {"RepoTags": [name]}) for name in image["RepoTags"] or ()}
    return found
