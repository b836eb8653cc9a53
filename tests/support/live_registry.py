"""A real registry on loopback: Debian's docker-registry, in the clear, with a password or tokens, or behind TLS."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from support.token_server import ISSUER, SERVICE, TokenServer, serve_tokens

PROGRAM: Final = "docker-registry"
USER: Final = "tester"
PASSWORD: Final = "s3cret"
_HTPASSWD: Final = f"{USER}:$2b$04$wo4JsniwRGJijm8euL5vxOy3iWdKR2CZRVHyCMwnXoOUr9cEQrRzK\n"
"""That name and that password, as bcrypt."""


@dataclass(frozen=True)
class LiveRegistry:
    """A running registry.

    `authority` is the certificate that it is trusted by, where it speaks TLS; `tokens` is who gives tokens for it.
    """

    address: str
    authority: Path | None = None
    tokens: TokenServer | None = None

    def push(self, layout: Path, name: str, *options: str) -> None:
        """Push the image of an OCI layout by skopeo."""
        command = ["skopeo", "copy", "--quiet", "--insecure-policy", "--dest-tls-verify=false", *options]
        command += ["--dest-creds", f"{USER}:{PASSWORD}", f"oci:{layout}", f"docker://{self.address}/{name}"]
        subprocess.run(command, check=True, capture_output=True)


def is_installed() -> bool:
    """Whether the programs are there that this takes."""
    return all(shutil.which(program) for program in (PROGRAM, "skopeo", "openssl"))


@contextmanager
def serve_live_registry(
    folder: Path, *, protected: bool = False, tls: bool = False, tokens: bool = False
) -> Iterator[LiveRegistry]:
    """A registry that keeps its files in a folder, for as long as the context lasts."""
    with ExitStack() as stack:
        server = stack.enter_context(serve_tokens(folder, USER, PASSWORD)) if tokens else None
        yield stack.enter_context(_serve(folder, protected=protected, tls=tls, tokens=server))


@contextmanager
def _serve(folder: Path, *, protected: bool, tls: bool, tokens: TokenServer | None) -> Iterator[LiveRegistry]:
    port = _find_port()
    authority = _make_certificates(folder) if tls else None
    (folder / "htpasswd").write_text(_HTPASSWD)
    lines = [
        "version: 0.1",
        "log: {level: error, accesslog: {disabled: true}}",
        f"storage: {{filesystem: {{rootdirectory: {folder}/data}}}}",
        f"http: {{addr: 127.0.0.1:{port}{_tls(folder) if tls else ''}}}",
        *([f"auth: {{htpasswd: {{realm: test, path: {folder}/htpasswd}}}}"] if protected else []),
        *([_require_tokens(tokens)] if tokens else []),
    ]
    (folder / "config.yml").write_text("\n".join(lines))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "serve", str(folder / "config.yml")], stdout=log, stderr=log)
        try:
            _await(port, process, folder / "log")
            yield LiveRegistry(f"localhost:{port}", authority, tokens)
        finally:
            process.terminate()
            process.wait()


def _require_tokens(tokens: TokenServer) -> str:
    place = f"realm: {tokens.realm!r}, rootcertbundle: {tokens.certificate}"
    return f"auth: {{token: {{{place}, service: {SERVICE}, issuer: {ISSUER}}}}}"


def _tls(folder: Path) -> str:
    return f", tls: {{certificate: {folder}/server.crt, key: {folder}/server.key}}"


def _find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _make_certificates(folder: Path) -> Path:
    """An authority, and a certificate of localhost by it."""
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    for command in (
        ["req", "-x509", *curve, "-days", "2", "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.crt"],
        ["req", *curve, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr"],
        ["x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
         "-extfile", "names", "-out", "server.crt"],
    ):  # fmt: skip
        subprocess.run(["openssl", *command], cwd=folder, check=True, capture_output=True)
    return folder / "ca.crt"


def _await(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the registry takes connections."""
    while True:
        if process.poll() is not None:
            raise RuntimeError(f"the registry did not come up: {log.read_text()}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
